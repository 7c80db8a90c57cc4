//! `portolan schema`: what the documents look like, for programs that read them.

use std::io::{self, Write as _};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use portolan::report::DocumentKind;

use super::Exit;

/// Write the JSON Schema of a document to standard output
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The document: the name in its `schema`, without portolan and the version
    #[arg(value_name = "DOCUMENT", value_parser = documents())]
    document: DocumentKind,
}

fn documents() -> impl clap::builder::TypedValueParser<Value = DocumentKind> {
    PossibleValuesParser::new(DocumentKind::ALL.map(DocumentKind::name)).map(|name| {
        DocumentKind::ALL.into_iter().find(|kind| kind.name() == name).expect("clap takes no other name")
    })
}

/// Runs `portolan schema`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let schema = serde_json::to_string_pretty(&arguments.document.schema())?;
    writeln!(io::stdout(), "{schema}")?;
    Ok(Exit::Done)
}
