//! `portolan completions`: what a shell needs to complete this program's arguments.

use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Exit;

/// Write completions for a shell to standard output
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs `portolan completions`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut completions = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "portolan", &mut completions);
    io::Write::write_all(&mut io::stdout(), &completions)?;
    Ok(Exit::Done)
}
