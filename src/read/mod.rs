//! Reading captures to the end: sources through a [`Meter`](crate::meter::Meter) into a [`Summary`].

mod counting;
mod plan;
mod workers;

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::classify::PortTable;
#[cfg(feature = "capture")]
use crate::filter::Filter;
use crate::flow::FlowOptions;
use crate::meter::FlowSink;
use crate::source::{CaptureReader, Drops, Input, Source, SourceError};
use crate::summary::{InputReport, Summary};
use counting::{Counting, Ended};
use plan::Job;
use workers::Done;

/// Watches a reading, and may end it.
pub trait Observer {
    /// So many bytes of all inputs were read. `input` is the one at hand; empty while several are read at the same time.
    fn progress(&mut self, input: &str, bytes: u64) -> ControlFlow<()>;

    /// An input is done with.
    fn done(&mut self, report: &InputReport);
}

/// The reading of one or more captures as one: flows carry across.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use portolan::{flow::FlowOptions, read::Reading, source::CaptureReader};
///
/// let mut reading = Reading::new(&FlowOptions::default());
/// for path in ["monday.pcap", "tuesday.pcap.zst"] {
///     reading.read(path, CaptureReader::open(path), &mut |_| ControlFlow::Continue(()));
/// }
/// let summary = reading.finish()?;
/// println!("{} packets", summary.capture.packets);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Reading<'a> {
    counting: Counting<'a>,
    table: Arc<PortTable>,
    options: FlowOptions,
    shortest_piece: u64,
    inputs: Vec<InputReport>,
}

impl<'a> Reading<'a> {
    /// Pieces of a file are at least that long where nothing else is asked for: 32 MiB. Shorter ones are read before a thread
    /// has begun.
    pub const SHORTEST_PIECE: u64 = 32 << 20;

    /// Nothing read yet. Services are decided by the built-in port table.
    pub fn new(options: &FlowOptions) -> Self {
        Self::with_table(Arc::new(PortTable::built_in()), options)
    }

    /// Nothing read yet. Services are decided by `table`, which may have rules of the user.
    pub fn with_table(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        Self {
            counting: Counting::new(Arc::clone(&table), options),
            table,
            options: *options,
            shortest_piece: Self::SHORTEST_PIECE,
            inputs: Vec::new(),
        }
    }

    /// Reads pieces of files at the same time that are at least so many bytes long. The numbers are the same for any.
    #[must_use]
    pub const fn with_shortest_piece(mut self, bytes: u64) -> Self {
        self.shortest_piece = bytes;
        self
    }

    /// Hands all flows to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: &'a mut (dyn FlowSink + Send)) -> Self {
        self.counting.meter = self.counting.meter.with_sink(sink);
        self
    }

    /// Counts only the frames that pass `filter`.
    #[cfg(feature = "capture")]
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.counting.filter = Some(filter);
        self
    }

    /// The filter.
    #[cfg(feature = "capture")]
    pub const fn filter(&self) -> Option<&Filter> {
        self.counting.filter.as_ref()
    }

    /// What became of the inputs so far.
    pub fn inputs(&self) -> &[InputReport] {
        &self.inputs
    }

    /// Reads one capture to its end or its first defect; both are in the report of the input, which is returned. `watch`
    /// is called every few thousand packets with the bytes read from the file so far, and may end the reading.
    pub fn read(
        &mut self,
        name: &str,
        capture: Result<CaptureReader, SourceError>,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> &InputReport {
        let mut part = Part::of(capture);
        self.go_on(&mut part, watch);
        self.note(name, part)
    }

    /// Reads inputs to their ends or first defects, as many at the same time as [`FlowOptions::threads`]. `open` opens what is no
    /// file, and what one thread reads.
    pub fn read_all(
        &mut self,
        inputs: &[Input],
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        observer: &mut dyn Observer,
    ) {
        let threads = self.options.threads;
        let jobs = if threads > 1 { plan::jobs(inputs, threads, self.shortest_piece) } else { Vec::new() };
        let mut bytes_before = 0;
        let mut parts = self.at_once(&jobs, &mut |bytes| {
            bytes_before = bytes;
            observer.progress("", bytes)
        });
        let mut is_stopped = observer.progress("", bytes_before).is_break();
        for (number, input) in inputs.iter().enumerate() {
            let name = input.name();
            let of_input = parts.iter().take_while(|(job, _)| job.input == number).count();
            let pieces: Vec<_> = parts.drain(..of_input).collect();
            let is_begun = pieces.first().is_some_and(|(_, done)| done.is_some());
            if is_stopped && !is_begun {
                let message = "interrupted".to_owned();
                self.inputs.push(InputReport { path: name, message, ..InputReport::default() });
                continue;
            }
            let mut bytes_here = 0;
            let mut watch = |bytes| {
                // What the threads have read is in the sum.
                bytes_here = if is_begun { 0 } else { bytes };
                observer.progress(&name, bytes_before + bytes_here)
            };
            let part = self.put_together(input, pieces, open, &mut watch);
            bytes_before += bytes_here;
            let report = self.note(&name, part);
            observer.done(report);
            is_stopped |= observer.progress(&name, bytes_before).is_break();
        }
    }

    /// Has the threads do what they can at the same time, if there are several jobs.
    fn at_once(
        &mut self,
        jobs: &[Job],
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> VecDeque<(Job, Option<Done>)> {
        if jobs.len() < 2 {
            return VecDeque::new();
        }
        let (table, options) = (Arc::clone(&self.table), self.options);
        #[cfg(feature = "capture")]
        let filter = self.counting.filter.clone();
        let new = move || Counting {
            #[cfg(feature = "capture")]
            filter: filter.clone(),
            ..Counting::new(Arc::clone(&table), &options)
        };
        let threads = self.options.threads.min(jobs.len());
        let outcome = workers::run(jobs, threads, self.options.max_flows, &new, watch);
        outcome.counted.into_iter().for_each(|counted| self.counting.absorb(counted));
        jobs.iter().cloned().zip(outcome.done).collect()
    }

    /// Makes one of the pieces of an input. What no thread has read, or not as it has to be, is read now.
    fn put_together(
        &mut self,
        input: &Input,
        pieces: Vec<(Job, Option<Done>)>,
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Part {
        let mut pieces = pieces.into_iter();
        let mut part = match pieces.next() {
            Some((_, Some(done))) => Part::from(done),
            _ => Part::of(open(input)),
        };
        self.go_on(&mut part, watch);
        for (job, done) in pieces {
            if !part.is_paused() {
                break;
            }
            if let Some(counted) = part.join(done) {
                self.counting.absorb(counted);
            } else if let Some(capture) = &mut part.capture {
                capture.read_until(job.piece.end);
            }
            self.go_on(&mut part, watch);
        }
        part
    }

    /// Reads the rest of a part, if there is any.
    fn go_on(&mut self, part: &mut Part, watch: &mut dyn FnMut(u64) -> ControlFlow<()>) {
        let capture = match (&mut part.capture, &part.ended) {
            (Some(capture), Ended::Paused | Ended::Stopped) => capture,
            // The opening of a pipe ends so when the user interrupts.
            (None, Ended::Broken(_)) if part.packets == 0 && watch(0).is_break() => {
                part.ended = Ended::Stopped;
                return;
            }
            _ => return,
        };
        let ended = self.counting.frames(capture, &mut part.packets, &mut |bytes, _| watch(bytes));
        part.ended = match ended {
            // A pipe tells of an interrupt by an error.
            Ended::Broken(_) if watch(capture.bytes_read()).is_break() => Ended::Stopped,
            ended => ended,
        };
        part.drops = capture.drops();
    }

    /// Reports what became of an input.
    fn note(&mut self, name: &str, part: Part) -> &InputReport {
        self.counting.meter.lost(part.drops);
        let mut report = InputReport {
            path: name.to_owned(),
            format: part.format,
            packets: part.packets,
            ..InputReport::default()
        };
        match part.ended {
            Ended::Whole | Ended::Paused => report.complete = true,
            Ended::Stopped => "interrupted".clone_into(&mut report.message),
            Ended::Broken(error) => {
                report.refused = error.is_refusal();
                report.message = error.to_string();
            }
        }
        self.inputs.push(report);
        &self.inputs[self.inputs.len() - 1]
    }

    /// Ends the input and sums up.
    ///
    /// # Errors
    /// Only those of the sink.
    pub fn finish(self) -> io::Result<Summary> {
        let mut summary = self.counting.meter.finish()?;
        summary.inputs = self.inputs;
        Ok(summary)
    }
}

/// What was read of an input so far.
struct Part {
    format: String,
    packets: u64,
    ended: Ended,
    drops: Drops,
    /// Where reading may go on.
    capture: Option<CaptureReader>,
}

impl Part {
    /// An input of which nothing has been read.
    fn of(capture: Result<CaptureReader, SourceError>) -> Self {
        let (format, ended, capture) = match capture {
            Ok(capture) => (format_of(&capture), Ended::Stopped, Some(capture)),
            Err(error) => (String::new(), Ended::Broken(error), None),
        };
        Self { format, packets: 0, ended, drops: Drops::default(), capture }
    }

    fn is_paused(&self) -> bool {
        matches!(self.ended, Ended::Paused)
    }

    /// Adds the next piece, if it began where this part ended, and hands out what it counted.
    fn join(&mut self, next: Option<Done>) -> Option<Counting<'static>> {
        let Done { packets, ended, capture, guessed, .. } = next?;
        let reader = self.capture.as_mut()?;
        reader.join(capture?).ok()?;
        self.drops = reader.drops();
        self.packets += packets;
        self.ended = ended;
        guessed
    }
}

impl From<Done> for Part {
    fn from(done: Done) -> Self {
        let Done { format, packets, ended, drops, capture, .. } = done;
        Self { format, packets, ended, drops, capture }
    }
}

/// `pcap`, or with what is around it `pcap+gzip`.
fn format_of(capture: &CaptureReader) -> String {
    match capture.compression() {
        Some(compression) => format!("{}+{}", capture.format(), compression.name()),
        None => capture.format().to_owned(),
    }
}

/// Reads captures as one and sums up.
///
/// ```no_run
/// let summary = portolan::read::summarise(["office.pcapng"], &Default::default());
/// for (key, totals) in &summary.services {
///     println!("{} {}", key.service, totals.counts.volume.bytes);
/// }
/// ```
///
/// What could not be read is in [`Summary::inputs`].
///
/// # Panics
/// Never: only a sink could fail, and there is none.
pub fn summarise<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, options: &FlowOptions) -> Summary {
    let mut reading = Reading::new(options);
    for path in paths {
        let path = path.as_ref();
        let name = path.display().to_string();
        reading.read(&name, CaptureReader::open(path), &mut |_| ControlFlow::Continue(()));
    }
    reading.finish().expect("no sink that could fail")
}
