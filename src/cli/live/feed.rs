//! Where what the capture tells comes out: the metrics hear of it first, whoever else does.

use std::sync::mpsc::TryRecvError;

use super::metrics::Metrics;
use super::queue::{Queue, Tick};

/// What the capture tells.
pub(super) struct Feed {
    queue: Queue,
    metrics: Option<Metrics>,
}

impl Feed {
    /// From a queue, by way of the metrics if there are any.
    pub(super) const fn new(queue: Queue, metrics: Option<Metrics>) -> Self {
        Self { queue, metrics }
    }

    /// The next tick, which is waited for; `None` when nothing more comes.
    pub(super) fn next(&self) -> Option<Tick> {
        self.queue.next().inspect(|tick| self.measure(tick))
    }

    /// The next tick, if it is there.
    pub(super) fn next_now(&self) -> Result<Tick, TryRecvError> {
        self.queue.next_now().inspect(|tick| self.measure(tick))
    }

    fn measure(&self, tick: &Tick) {
        if let (Some(metrics), Some(interval)) = (&self.metrics, &tick.interval) {
            metrics.interval(interval);
        }
    }
}
