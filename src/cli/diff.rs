//! `portolan diff`: what changed between two summaries.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum, ValueHint};
use portolan::report::{self, ChangeOptions, Changes, ChangesFormat};

use super::documents::Addresses;
use super::output::{Output, check_inputs};
use super::{Exit, documents, page};

/// Say what changed between two summaries: what is new, gone, grown or shrunk
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The earlier summary, as JSON
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    before: PathBuf,

    /// The later one
    #[arg(value_name = "AFTER", value_hint = ValueHint::FilePath)]
    after: PathBuf,

    /// What is compared
    #[arg(long, value_enum, default_value_t = Measure::Bytes)]
    measure: Measure,

    /// What that is divided by, where captures are not of the same length
    #[arg(long, value_enum, default_value_t = Per::Total)]
    per: Per,

    /// Leave out what is less than this share of the whole in both, such as 0.1%
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = parse_share)]
    ignore_below: u64,

    /// Exit with status 5 if anything that is not left out came, went, or changed by more than this, such as 20%
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    fail_over: Option<u64>,

    /// Rows in each list; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// How the changes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write to a file, which is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Bytes on the wire
    Bytes,
    /// Packets
    Packets,
    /// Flows
    Flows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Per {
    /// The numbers as they are
    Total,
    /// Rates over the time of each capture
    Second,
    /// Shares of all that has ports; of packets without ports, of everything
    Share,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in a terminal
    Text,
    /// For programs: all rows, as portolan.diff/1
    Json,
    /// For tickets and wikis
    Markdown,
    /// For browsers: one page that loads nothing
    Html,
}

/// A share in millionths: `20%`, `0.5%`.
fn parse_share(text: &str) -> Result<u64, String> {
    const MOST: u64 = 1_000_000;
    let explain = || "has to be per cent, such as 20% or 0.5%".to_owned();
    let (whole, decimals) = {
        let number = text.strip_suffix('%').ok_or_else(explain)?;
        number.split_once('.').unwrap_or((number, ""))
    };
    if decimals.len() > 4 || !decimals.chars().all(|digit| digit.is_ascii_digit()) {
        return Err(explain());
    }
    let whole: u64 = whole.parse().map_err(|_| explain())?;
    let decimals: u64 = format!("{decimals:0<4}").parse().map_err(|_| explain())?;
    if whole > MOST {
        return Err(format!("has to be at most {MOST}%"));
    }
    Ok(whole * 10_000 + decimals)
}

/// Runs `portolan diff`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    super::usage(check_inputs(arguments.output.as_deref(), [&arguments.before, &arguments.after]));
    let [before, after] = [documents::read(&arguments.before)?, documents::read(&arguments.after)?];
    let mut addresses = Addresses::default();
    addresses.add(&arguments.before, &before)?;
    addresses.add(&arguments.after, &after)?;
    let options = ChangeOptions {
        measure: match arguments.measure {
            Measure::Bytes => report::Measure::Bytes,
            Measure::Packets => report::Measure::Packets,
            Measure::Flows => report::Measure::Flows,
        },
        per: match arguments.per {
            Per::Total => report::Per::Total,
            Per::Second => report::Per::Second,
            Per::Share => report::Per::Share,
        },
        ignore_below: arguments.ignore_below,
    };
    let changes = Changes::new(&before, &after, options).context("cannot compare")?;
    let format = match arguments.format {
        Format::Text => ChangesFormat::Text,
        Format::Json => ChangesFormat::Json,
        Format::Markdown => ChangesFormat::Markdown,
        Format::Html => ChangesFormat::Html,
    };
    let mut output = Output::create(arguments.output.as_deref())?;
    report::write_changes(format, &changes, &page::options(arguments.top, &output), &mut output)
        .context("cannot write the result")?;
    output.finish()?;
    Ok(match arguments.fail_over {
        Some(limit) if changes.exceed(limit) => Exit::Changed,
        _ => Exit::Done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_cent() {
        assert_eq!(["20%", "0.5%", "0.0001%"].map(parse_share), [Ok(200_000), Ok(5_000), Ok(1)]);
        for wrong in ["20", "%", ".5%", "0.00001%", "-1%", "9999999%", "1.x%"] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
