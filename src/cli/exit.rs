//! How the program ends.

/// The exit statuses besides 1, which is an error, and 2, which is wrong usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// There was nothing that could be read.
    NothingRead = 1,
    /// The input ended early or was broken; what came before is in the result.
    Partial = 3,
    /// There was loss, and `--fail-on-loss` was given.
    Loss = 4,
    /// Summaries differ by more than `--fail-over` allows.
    Changed = 5,
}
