//! Intervals on their way from the capture to the output, in bounded room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use portolan::summary::IntervalSummary;

/// Intervals that there is room for.
pub(super) const ROOM: usize = 16;

/// How many intervals wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(super) fn count(&self) -> usize {
        // Counted before they are in the queue, so that the count never falls below zero.
        self.0.load(Ordering::Relaxed).min(ROOM)
    }
}

/// What became of an interval that was offered.
#[derive(Debug, PartialEq)]
pub(super) enum Offered {
    Taken,
    NoRoom(Box<IntervalSummary>),
    /// Nobody wants intervals any more.
    Unwanted,
}

/// Where intervals come from.
#[derive(Debug)]
pub(super) struct Sender {
    sender: SyncSender<IntervalSummary>,
    waiting: Waiting,
}

/// Where they go.
#[derive(Debug)]
pub(super) struct Queue {
    receiver: Receiver<IntervalSummary>,
    waiting: Waiting,
}

/// Both ends.
pub(super) fn queue() -> (Sender, Queue) {
    let (sender, receiver) = sync_channel(ROOM);
    let waiting = Waiting::default();
    (Sender { sender, waiting: waiting.clone() }, Queue { receiver, waiting })
}

impl Sender {
    /// Sends an interval without waiting.
    pub(super) fn offer(&self, interval: IntervalSummary) -> Offered {
        self.waiting.0.fetch_add(1, Ordering::Relaxed);
        let Err(error) = self.sender.try_send(interval) else { return Offered::Taken };
        self.waiting.0.fetch_sub(1, Ordering::Relaxed);
        match error {
            TrySendError::Full(interval) => Offered::NoRoom(Box::new(interval)),
            TrySendError::Disconnected(_) => Offered::Unwanted,
        }
    }

    /// Sends the last interval, and waits for room.
    pub(super) fn finish(&self, interval: IntervalSummary) {
        self.waiting.0.fetch_add(1, Ordering::Relaxed);
        // If nobody wants it any more, nobody counts what waits either.
        let _ = self.sender.send(interval);
    }
}

impl Queue {
    pub(super) fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// What comes, until the sender is gone.
    pub(super) fn iter(&self) -> impl Iterator<Item = IntervalSummary> {
        self.receiver.iter().inspect(|_| {
            self.waiting.0.fetch_sub(1, Ordering::Relaxed);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_and_bounded() {
        let (sender, queue) = queue();
        let waiting = queue.waiting();
        let offered = (0..ROOM + 3).map(|_| sender.offer(IntervalSummary::default()));
        let refused = offered.filter(|offered| matches!(offered, Offered::NoRoom(_))).count();
        assert_eq!((refused, waiting.count()), (3, ROOM));
        assert!(queue.iter().next().is_some());
        assert_eq!(waiting.count(), ROOM - 1);
        drop(queue);
        assert_eq!(sender.offer(IntervalSummary::default()), Offered::Unwanted);
    }
}
