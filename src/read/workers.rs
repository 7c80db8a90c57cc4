//! Threads that read files and pieces of files at the same time, each into meters of its own.
//!
//! No thread evicts flows: where all of them have no room together, all stop, and nothing of it counts. What is evicted depends
//! on the order of reading, so the numbers would not be those of one thread.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::counting::{Counting, Ended, LOOK_EVERY};
use super::part::format_of;
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

impl Done {
    /// The load of what it holds itself.
    pub(super) fn load(&self) -> usize {
        self.guessed.as_ref().map_or(0, |guessed| guessed.meter.load())
    }
}

/// What the threads share.
struct Shared<'a> {
    jobs: &'a [Job],
    next: AtomicUsize,
    bytes: AtomicU64,
    is_stopped: AtomicBool,
    is_full: AtomicBool,
    /// What all threads hold, as [`Meter::load`](crate::meter::Meter::load), and may hold.
    load: AtomicUsize,
    room: usize,
    new: &'a (dyn Fn() -> Counting<'static> + Sync),
}

/// What the threads leave.
pub(super) struct Outcome {
    /// By job; `None` where none was begun.
    pub(super) done: Vec<Option<Done>>,
    pub(super) counted: Vec<Counting<'static>>,
    /// Whether there were too many flows.
    pub(super) is_full: bool,
}

/// Has so many threads do the jobs, in their order. `watch` is called now and then, with the bytes read so far, and may stop
/// them. All together have room for so many flows.
pub(super) fn run(
    jobs: &[Job],
    threads: usize,
    room: usize,
    new: &(dyn Fn() -> Counting<'static> + Sync),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Outcome {
    const WATCH_EVERY: Duration = Duration::from_millis(50);
    let mut outcome =
        Outcome { done: jobs.iter().map(|_| None).collect(), counted: Vec::new(), is_full: false };
    // Each thread may pass the bound by what comes between two looks.
    let Some(room) = room.checked_sub(2 * LOOK_EVERY * threads) else {
        return Outcome { is_full: true, ..outcome };
    };
    let shared = Shared {
        jobs,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        is_stopped: AtomicBool::new(false),
        is_full: AtomicBool::new(false),
        load: AtomicUsize::new(0),
        room,
        new,
    };
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
    outcome.is_full = shared.is_full.into_inner();
    outcome
}

impl Shared<'_> {
    /// Does jobs until there is none left, or no room.
    fn work(&self) -> (Vec<(usize, Option<Done>)>, Counting<'static>) {
        let mut counted = (self.new)();
        let mut all = Vec::new();
        while self.goes_on() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(number) else { break };
            all.push((number, self.do_job(job, &mut counted)));
        }
        (all, counted)
    }

    fn goes_on(&self) -> bool {
        if self.load.load(Ordering::Relaxed) > self.room {
            self.is_full.store(true, Ordering::Relaxed);
            self.is_stopped.store(true, Ordering::Relaxed);
        }
        !self.is_stopped.load(Ordering::Relaxed)
    }

    /// `None` if no record was found where the piece begins: it is the rest of the one before.
    fn do_job(&self, job: &Job, counted: &mut Counting<'static>) -> Option<Done> {
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
        let counting = guessed.as_mut().unwrap_or(counted);
        let (mut packets, mut bytes_before, mut load_before) = (0, 0, counting.meter.load());
        let ended = counting.frames(&mut capture, &mut packets, &mut |bytes, load| {
            self.bytes.fetch_add(bytes - bytes_before, Ordering::Relaxed);
            self.load.fetch_add(load.wrapping_sub(load_before), Ordering::Relaxed);
            (bytes_before, load_before) = (bytes, load);
            if self.goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.load.fetch_add(counting.meter.load().wrapping_sub(load_before), Ordering::Relaxed);
        let (format, drops) = (format_of(&capture), capture.drops());
        let is_over = matches!(ended, Ended::Whole | Ended::Broken(_)) && !is_guess;
        Some(Done { format, packets, ended, drops, capture: (!is_over).then_some(capture), guessed })
    }
}
