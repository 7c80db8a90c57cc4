//! How far a long reading is, on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Work shorter than this shows nothing.
const QUIET_FOR: Duration = Duration::from_millis(500);
const PER_SECOND: u8 = 8;

/// A progress line on standard error, or nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `total` is the length of all inputs in bytes, if that is known.
    pub(super) fn new(total: Option<u64>, is_wanted: bool) -> Self {
        if !is_wanted || !std::io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(PER_SECOND));
        let template = match total {
            Some(_) => {
                "{bar:30} {percent:>3}%  {bytes} of {total_bytes}  {binary_bytes_per_sec}  {left}  {msg}"
            }
            None => "{spinner} {bytes}  {binary_bytes_per_sec}  {msg}",
        };
        let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{} s left", state.eta().as_secs());
        };
        let style = ProgressStyle::with_template(template)
            .expect("a valid template")
            .with_key("left", left)
            .progress_chars("━╸ ");
        bar.set_style(style);
        Self { bar: Some(bar) }
    }

    /// Shows that `bytes` of all inputs were read; `input` is the one at hand.
    pub(super) fn show(&self, input: &str, bytes: u64) {
        if let Some(bar) = self.bar.as_ref().filter(|bar| bar.elapsed() > QUIET_FOR) {
            if bar.message() != input {
                bar.set_message(input.to_owned());
            }
            bar.set_position(bytes);
        }
    }

    /// Writes to standard error beside the line.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Wipes the line.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
