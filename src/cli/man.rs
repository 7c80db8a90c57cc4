//! `portolan man`: the manual, a page for the program and one for each command.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _, ValueHint};

use super::Exit;

/// Write the manual page, or all pages into a folder
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder that gets the pages of the program and of each command
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
}

/// Runs `portolan man`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let command = super::Arguments::command();
    if let Some(folder) = &arguments.output {
        clap_mangen::generate_to(command, folder)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        io::stdout().write_all(&page)?;
    }
    Ok(Exit::Done)
}
