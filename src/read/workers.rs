//! Threads that read files and pieces of files at the same time, each into meters of its own.
//!
//! No thread evicts flows: where all of them have no room together, all stop, and nothing of it counts. What is evicted depends
//! on the order of reading, so the numbers would not be those of one thread.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::counting::{Counting, Ended, LOOK_EVERY};
use super::free::Free;
use super::part::format_of;
use super::plan::Job;
use crate::source::{CaptureReader, Drops, Piece, Source};

/// What became of a job, or of several pieces of a file that one thread read one after the other.
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

/// So many pieces left to another thread are worth a table more.
const WORTH_A_TABLE: usize = 4;

/// What the threads share.
struct Shared<'a> {
    jobs: &'a [Job],
    free: Mutex<Free<'a>>,
    bytes: AtomicU64,
    is_stopped: AtomicBool,
    is_full: AtomicBool,
    /// What all threads hold, as [`Meter::load`](crate::meter::Meter::load), and may hold.
    load: AtomicUsize,
    room: usize,
    new: &'a (dyn Fn() -> Counting<'static> + Sync),
}

/// Jobs that one thread did one after the other, by number: one, or pieces of a file that follow each other.
struct Run {
    jobs: Range<usize>,
    /// `None` if no record was found where they begin.
    done: Option<Done>,
}

/// What the threads leave.
pub(super) struct Outcome {
    /// In the order of the jobs. What one thread read without a stop is one; `None` where nothing was begun, or no record found.
    pub(super) done: Vec<(Job, Option<Done>)>,
    pub(super) counted: Vec<Counting<'static>>,
    /// Whether there were too many flows.
    pub(super) is_full: bool,
}

/// Has so many threads do the jobs. `watch` is called now and then, with the bytes read so far, and may stop
/// them. All together have room for so many flows.
pub(super) fn run(
    jobs: &[Job],
    threads: usize,
    room: usize,
    new: &(dyn Fn() -> Counting<'static> + Sync),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Outcome {
    const WATCH_EVERY: Duration = Duration::from_millis(50);
    // Each thread may pass the bound by what comes between two looks.
    let Some(room) = room.checked_sub(2 * LOOK_EVERY * threads) else {
        return Outcome { done: Vec::new(), counted: Vec::new(), is_full: true };
    };
    let shared = Shared {
        jobs,
        free: Mutex::new(Free::all(jobs)),
        bytes: AtomicU64::new(0),
        is_stopped: AtomicBool::new(false),
        is_full: AtomicBool::new(false),
        load: AtomicUsize::new(0),
        room,
        new,
    };
    let (mut done, mut counted) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let (alive, finished) = channel::<()>();
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (shared, alive) = (&shared, alive.clone());
                // Taken here, so that a thread that is late to begin finds some left.
                let first = shared.free().take_middle(1);
                scope.spawn(move || {
                    let worked = shared.work(first);
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
            let (of_one, counted_by_one) = worker.join().expect("a thread panics only where one alone would");
            done.extend(of_one);
            counted.push(counted_by_one);
        }
    });
    Outcome { done: in_order(jobs, done), counted, is_full: shared.is_full.into_inner() }
}

/// What was done, and between that what nobody has begun.
fn in_order(jobs: &[Job], mut done: Vec<Run>) -> Vec<(Job, Option<Done>)> {
    done.sort_unstable_by_key(|run| run.jobs.start);
    let mut done = done.into_iter().peekable();
    let mut all = Vec::new();
    let mut number = 0;
    while let Some(job) = jobs.get(number) {
        let mut job = job.clone();
        let (end, done) = match done.next_if(|run| run.jobs.start == number) {
            Some(run) => (run.jobs.end, run.done),
            None => (number + 1, None),
        };
        job.piece.end = jobs[end - 1].piece.end;
        all.push((job, done));
        number = end;
    }
    all
}

impl<'a> Shared<'a> {
    /// Does jobs, from the first one that it has, until there is none left, or no room.
    fn work(&self, mut next: Option<usize>) -> (Vec<Run>, Counting<'static>) {
        let mut counted = (self.new)();
        let mut all = Vec::new();
        while self.goes_on()
            && let Some(first) = next
        {
            let mut end = first + 1;
            let done = self.do_jobs(first, &mut end, &mut counted);
            all.push(Run { jobs: first..end, done });
            let mut free = self.free();
            next = free.take_behind(end - 1).or_else(|| free.take_middle(WORTH_A_TABLE));
        }
        (all, counted)
    }

    fn free(&self) -> MutexGuard<'_, Free<'a>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn goes_on(&self) -> bool {
        if self.load.load(Ordering::Relaxed) > self.room {
            self.is_full.store(true, Ordering::Relaxed);
            self.is_stopped.store(true, Ordering::Relaxed);
        }
        !self.is_stopped.load(Ordering::Relaxed)
    }

    /// Does a job, and the pieces of the same file that follow it as long as they are free, up to `end`. `None` if no record was
    /// found where the piece begins: it is the rest of the one before.
    fn do_jobs(&self, first: usize, end: &mut usize, counted: &mut Counting<'static>) -> Option<Done> {
        let job = &self.jobs[first];
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
        let mut look = |bytes: u64, load: usize| {
            self.bytes.fetch_add(bytes - bytes_before, Ordering::Relaxed);
            self.load.fetch_add(load.wrapping_sub(load_before), Ordering::Relaxed);
            (bytes_before, load_before) = (bytes, load);
            if self.goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let ended = loop {
            let ended = counting.frames(&mut capture, &mut packets, &mut look);
            let goes_on = look(capture.bytes_read(), counting.meter.load()).is_continue();
            let may_go_on = goes_on && matches!(ended, Ended::Paused);
            let Some(piece) = may_go_on.then(|| self.next_piece(*end)).flatten() else { break ended };
            capture.read_until(piece.end);
            *end += 1;
        };
        let (format, drops) = (format_of(&capture), capture.drops());
        let is_over = matches!(ended, Ended::Whole | Ended::Broken(_)) && !is_guess;
        Some(Done { format, packets, ended, drops, capture: (!is_over).then_some(capture), guessed })
    }

    /// Takes that job, if it is free and the next piece of the same file.
    fn next_piece(&self, number: usize) -> Option<Piece> {
        let piece = self.jobs.get(number)?.piece;
        let is_next = piece.begin > 0 && self.free().take_behind(number - 1).is_some();
        is_next.then_some(piece)
    }
}
