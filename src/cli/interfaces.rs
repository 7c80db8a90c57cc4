//! `portolan interfaces`: what can be listened to.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Args;
use portolan::report::printable;
use portolan::source::{self, Interface};

use super::Exit;
use super::output::Output;

/// List the interfaces that can be watched
#[derive(Debug, Args)]
pub(super) struct Arguments {}

/// Runs `portolan interfaces`.
pub(super) fn run(_: &Arguments) -> anyhow::Result<Exit> {
    let interfaces = source::interfaces().context("cannot list the interfaces")?;
    let mut output = Output::create(None)?;
    let rows: Vec<[String; 5]> =
        std::iter::once(["interface", "state", "link type", "addresses", ""].map(str::to_owned))
            .chain(interfaces.iter().map(row))
            .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    for [name, state, link, addresses, hint] in &rows {
        let [first, second, third, fourth] = widths;
        let line = format!("{name:first$}  {state:second$}  {link:third$}  {addresses:fourth$}  {hint}");
        writeln!(output, "{}", line.trim_end()).context("cannot write the list")?;
    }
    output.finish()?;
    Ok(Exit::Done)
}

fn row(interface: &Interface) -> [String; 5] {
    let state = match (interface.is_up, interface.is_connected) {
        (false, _) => "down",
        (true, Some(false)) => "no carrier",
        (true, _) => "up",
    };
    let (link, hint) = match &interface.link {
        Ok(link) => (link.name().map_or_else(|| link.to_string(), str::to_owned), String::new()),
        Err(error) => ("-".to_owned(), error.to_string()),
    };
    let address = |(address, prefix): &(std::net::IpAddr, Option<u8>)| match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address.to_string(),
    };
    let addresses: Vec<String> = interface.addresses.iter().map(address).collect();
    [printable(&interface.name), state.to_owned(), link, addresses.join(", "), printable(&hint)]
}
