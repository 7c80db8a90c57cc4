//! Threads that read files and pieces of files at the same time, each into meters of its own.
//!
//! No thread evicts flows: one whose share of the flows is full stops, and what it left is read by the one that puts all
//! together. So memory is bounded as it is for one thread, and so are the numbers the same.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::counting::{Counting, Ended, LOOK_EVERY};
use super::format_of;
use super::plan::Job;
use crate::source::{CaptureReader, Drops, Source};

/// What became of a job.
pub(super) struct Done {
    pub(super) format: String,
    pub(super) packets: u64,
    pub(super) ended: Ended,
    pub(super) drops: Drops,
    /// The reader, if there may be more to read.
    pub(super) capture: Option<CaptureReader>,
    /// What it counted, if where it began was a guess; else its thread counts it together with other jobs.
    pub(super) guessed: Option<Counting<'static>>,
}

/// What the threads share.
struct Shared<'a> {
    jobs: &'a [Job],
    next: AtomicUsize,
    bytes: AtomicU64,
    is_stopped: AtomicBool,
    /// The most flows that one thread may hold.
    share: usize,
    new: &'a (dyn Fn() -> Counting<'static> + Sync),
}

/// What the threads leave.
pub(super) struct Outcome {
    /// By job; `None` where none was begun.
    pub(super) done: Vec<Option<Done>>,
    pub(super) counted: Vec<Counting<'static>>,
}

/// Has so many threads do the jobs, in their order. `watch` is called now and then, with the bytes read so far, and may stop
/// them. `max_flows` bounds the flows of all together.
pub(super) fn run(
    jobs: &[Job],
    threads: usize,
    max_flows: usize,
    new: &(dyn Fn() -> Counting<'static> + Sync),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Outcome {
    const WATCH_EVERY: Duration = Duration::from_millis(50);
    let shared = Shared {
        jobs,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        is_stopped: AtomicBool::new(false),
        share: max_flows / threads,
        new,
    };
    let mut outcome = Outcome { done: jobs.iter().map(|_| None).collect(), counted: Vec::new() };
    thread::scope(|scope| {
        let (alive, finished) = channel::<()>();
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (shared, alive) = (&shared, alive.clone());
                scope.spawn(move || {
                    let worked = shared.work();
                    drop(alive);
                    worked
                })
            })
            .collect();
        drop(alive);
        while finished.recv_timeout(WATCH_EVERY) == Err(RecvTimeoutError::Timeout) {
            if watch(shared.bytes.load(Ordering::Relaxed)).is_break() {
                shared.is_stopped.store(true, Ordering::Relaxed);
            }
        }
        for worker in workers {
            let (done, counted) = worker.join().expect("a thread panics only where one alone would");
            outcome.counted.push(counted);
            for (job, done) in done {
                outcome.done[job] = done;
            }
        }
    });
    outcome
}

impl Shared<'_> {
    /// Does jobs until there is none left, or no room.
    fn work(&self) -> (Vec<(usize, Option<Done>)>, Counting<'static>) {
        let mut counted = (self.new)();
        let mut all = Vec::new();
        let mut held = 0;
        while !self.is_stopped.load(Ordering::Relaxed) && self.has_room(held + counted.meter.flows()) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(number) else { break };
            let done = self.do_job(job, &mut counted, held);
            held += done.as_ref().and_then(|done| done.guessed.as_ref()).map_or(0, |own| own.meter.flows());
            all.push((number, done));
        }
        (all, counted)
    }

    fn has_room(&self, flows: usize) -> bool {
        flows + 2 * LOOK_EVERY <= self.share
    }

    /// `None` if no record was found where the piece begins: it is the rest of the one before.
    fn do_job(&self, job: &Job, counted: &mut Counting<'static>, held: usize) -> Option<Done> {
        let is_guess = job.piece.begin > 0;
        let mut guessed = is_guess.then(|| (self.new)());
        let mut capture = match CaptureReader::open_piece(&job.path, job.piece) {
            Ok(capture) => capture?,
            Err(error) => {
                let (format, ended) = (String::new(), Ended::Broken(error));
                return Some(Done {
                    format,
                    packets: 0,
                    ended,
                    drops: Drops::default(),
                    capture: None,
                    guessed,
                });
            }
        };
        let held = held + if is_guess { counted.meter.flows() } else { 0 };
        let (mut packets, mut bytes_before) = (0, 0);
        let mut look = |bytes: u64, flows: usize| {
            self.bytes.fetch_add(bytes - bytes_before, Ordering::Relaxed);
            bytes_before = bytes;
            let goes_on = self.has_room(held + flows) && !self.is_stopped.load(Ordering::Relaxed);
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let ended = guessed.as_mut().unwrap_or(counted).frames(&mut capture, &mut packets, &mut look);
        let (format, drops) = (format_of(&capture), capture.drops());
        let is_over = matches!(ended, Ended::Whole | Ended::Broken(_)) && !is_guess;
        Some(Done { format, packets, ended, drops, capture: (!is_over).then_some(capture), guessed })
    }
}
