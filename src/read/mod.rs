//! Reading captures to the end: sources through a [`Meter`](crate::meter::Meter) into a [`Summary`].

mod counting;
mod free;
mod part;
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
use crate::pseudonyms::Pseudonyms;
use crate::source::{CaptureReader, Input, SourceError};
use crate::summary::{InputReport, Summary};
use counting::{Counting, Ended};
use part::Part;
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

    /// As [`Meter::with_talkers`](crate::meter::Meter::with_talkers).
    #[must_use]
    pub fn with_talkers(mut self, within: impl IntoIterator<Item = Option<String>>) -> Self {
        self.counting.meter = self.counting.meter.with_talkers(within);
        self
    }

    /// As [`Meter::with_pseudonyms`](crate::meter::Meter::with_pseudonyms).
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Pseudonyms) -> Self {
        self.counting.meter = self.counting.meter.with_pseudonyms(pseudonyms);
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
        part.go_on(&mut self.counting, usize::MAX, watch);
        self.note(name, part)
    }

    /// Reads inputs to their ends or first defects, as many at the same time as [`FlowOptions::threads`]. `open` opens what one
    /// thread reads.
    ///
    /// Where the flows do not fit into their bound, or not all inputs are files, one thread reads them all: what is evicted
    /// depends on the order of reading, and a pipe cannot be read again.
    pub fn read_all(
        &mut self,
        inputs: &[Input],
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        observer: &mut dyn Observer,
    ) {
        if let Some(parts) = self.read_at_once(inputs, open, observer) {
            for (input, part) in inputs.iter().zip(parts) {
                observer.done(self.note(&input.name(), part));
            }
        } else {
            self.read_in_order(inputs, open, observer);
        }
    }

    fn read_in_order(
        &mut self,
        inputs: &[Input],
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        observer: &mut dyn Observer,
    ) {
        let mut bytes_before = 0;
        for input in inputs {
            let name = input.name();
            let mut part = Part::default();
            if observer.progress(&name, bytes_before).is_continue() {
                let mut bytes_here = 0;
                part = Part::of(open(input));
                part.go_on(&mut self.counting, usize::MAX, &mut |bytes| {
                    bytes_here = bytes;
                    observer.progress(&name, bytes_before + bytes)
                });
                bytes_before += bytes_here;
            }
            observer.done(self.note(&name, part));
        }
    }

    /// Has threads read the inputs, and puts what they read together. `None` if that cannot be done, or would not give the
    /// numbers of one thread; nothing is counted then.
    fn read_at_once(
        &mut self,
        inputs: &[Input],
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        observer: &mut dyn Observer,
    ) -> Option<Vec<Part>> {
        let threads = self.options.threads;
        let jobs = if threads > 1 { plan::jobs(inputs, threads, self.shortest_piece) } else { None }?;
        let (table, options) = (Arc::clone(&self.table), self.options);
        #[cfg(feature = "capture")]
        let filter = self.counting.filter.clone();
        let new = move || Counting {
            #[cfg(feature = "capture")]
            filter: filter.clone(),
            ..Counting::new(Arc::clone(&table), &options)
        };
        let room = self.options.max_flows.saturating_sub(self.counting.meter.load());
        let mut bytes_read = 0;
        let outcome = workers::run(&jobs, threads.min(jobs.len()), room, &new, &mut |bytes| {
            bytes_read = bytes;
            observer.progress("", bytes)
        });
        if outcome.is_full {
            return None;
        }
        let mut all = new();
        outcome.counted.into_iter().for_each(|counted| all.absorb(counted));
        let mut done = VecDeque::from(outcome.done);
        let mut pending = done.iter().filter_map(|(_, done)| done.as_ref()).map(Done::load).sum();
        let mut parts = Vec::with_capacity(inputs.len());
        for (number, input) in inputs.iter().enumerate() {
            let of_input = done.iter().take_while(|(job, _)| job.input == number).count();
            let pieces = done.drain(..of_input);
            let mut watch = |_| observer.progress(&input.name(), bytes_read);
            parts.push(Part::put_together(input, pieces, &mut all, (room, &mut pending), open, &mut watch)?);
        }
        self.counting.absorb(all);
        Some(parts)
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
            // Why, the result will say, and then there is no summary.
            Ended::Stopped if self.counting.meter.has_failed() => {}
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
