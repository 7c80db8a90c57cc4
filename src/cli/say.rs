//! What is said beside the results, on standard error. That nobody hears it any more stops nothing.

use std::io::{self, Write as _};

use portolan::report::printable;

/// Says one line, made fit for a terminal.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "portolan: {}", printable(line));
}
