//! What the capture tells, on its way to those who watch it, in bounded room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use portolan::summary::IntervalSummary;

use super::detail::Detail;

/// Ticks that there is room for.
pub(super) const ROOM: usize = 16;

/// What the capture tells at a time.
#[derive(Debug, Default)]
pub(super) struct Tick {
    /// An interval that is over, or several.
    pub(super) interval: Option<IntervalSummary>,
    /// What the screen asked for.
    pub(super) detail: Option<Detail>,
    /// What happened to an input.
    pub(super) notice: Option<String>,
    /// Nothing more will be captured.
    pub(super) is_last: bool,
}

/// How many ticks wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(super) fn count(&self) -> usize {
        // Counted before they are in the queue, so that the count never falls below zero.
        self.0.load(Ordering::Relaxed).min(ROOM)
    }
}

/// Where ticks come from.
#[derive(Debug)]
pub(super) struct Sender {
    sender: SyncSender<Tick>,
    waiting: Waiting,
}

/// Where they go.
#[derive(Debug)]
pub(super) struct Queue {
    receiver: Receiver<Tick>,
    waiting: Waiting,
}

/// Both ends.
pub(super) fn queue() -> (Sender, Queue) {
    let (sender, receiver) = sync_channel(ROOM);
    let waiting = Waiting::default();
    (Sender { sender, waiting: waiting.clone() }, Queue { receiver, waiting })
}

impl Sender {
    /// Sends a tick without waiting. Returns it if there is no room. If nobody is there any more, nobody misses it.
    pub(super) fn offer(&self, tick: Tick) -> Option<Tick> {
        self.waiting.0.fetch_add(1, Ordering::Relaxed);
        let refused = self.sender.try_send(tick).err()?;
        self.waiting.0.fetch_sub(1, Ordering::Relaxed);
        match refused {
            TrySendError::Full(tick) => Some(tick),
            TrySendError::Disconnected(_) => None,
        }
    }

    /// Sends a tick, and waits for room.
    pub(super) fn send(&self, tick: Tick) {
        self.waiting.0.fetch_add(1, Ordering::Relaxed);
        // If nobody wants it any more, nobody counts what waits either.
        let _ = self.sender.send(tick);
    }
}

impl Queue {
    pub(super) fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// The next tick, which is waited for; `None` when nothing more comes.
    pub(super) fn next(&self) -> Option<Tick> {
        self.receiver.recv().ok().inspect(|_| self.taken())
    }

    /// The next tick, if it is there.
    pub(super) fn next_now(&self) -> Result<Tick, TryRecvError> {
        self.receiver.try_recv().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.waiting.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_and_bounded() {
        let (sender, queue) = queue();
        let waiting = queue.waiting();
        let refused = (0..ROOM + 3).filter(|_| sender.offer(Tick::default()).is_some()).count();
        assert_eq!((refused, waiting.count()), (3, ROOM));
        assert!(queue.next().is_some() && queue.next_now().is_ok());
        assert_eq!(waiting.count(), ROOM - 2);
        drop(queue);
        assert!(sender.offer(Tick::default()).is_none());
    }
}
