//! Reading captures to the end: sources through a [`Meter`] into a [`Summary`].

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::classify::PortTable;
#[cfg(feature = "capture")]
use crate::filter::Filter;
use crate::flow::FlowOptions;
use crate::meter::{FlowSink, Meter};
use crate::source::{CaptureReader, Source, SourceError};
use crate::summary::{InputReport, Summary};

/// Frames between two looks at whether to go on.
const LOOK_EVERY: u32 = 4096;

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
    meter: Meter<'a>,
    inputs: Vec<InputReport>,
    #[cfg(feature = "capture")]
    filter: Option<Filter>,
}

impl<'a> Reading<'a> {
    /// Nothing read yet. Services are decided by the built-in port table.
    pub fn new(options: &FlowOptions) -> Self {
        Self::with_table(Arc::new(PortTable::built_in()), options)
    }

    /// Nothing read yet. Services are decided by `table`, which may have rules of the user.
    pub fn with_table(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        Self {
            meter: Meter::new(table, options),
            inputs: Vec::new(),
            #[cfg(feature = "capture")]
            filter: None,
        }
    }

    /// Hands all flows to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: &'a mut (dyn FlowSink + Send)) -> Self {
        self.meter = self.meter.with_sink(sink);
        self
    }

    /// Counts only the frames that pass `filter`.
    #[cfg(feature = "capture")]
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// The filter.
    #[cfg(feature = "capture")]
    pub const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// What became of the inputs so far.
    pub fn inputs(&self) -> &[InputReport] {
        &self.inputs
    }

    /// Notes an input that was not read at all, and why.
    pub fn not_read(&mut self, name: &str, why: &str) {
        let (path, message) = (name.to_owned(), why.to_owned());
        self.inputs.push(InputReport { path, message, ..InputReport::default() });
    }

    /// Reads a capture to its end or its first defect; both are in the report of the input, which is returned. `watch`
    /// is called every few thousand packets with the bytes read from the file so far, and may end the reading.
    pub fn read(
        &mut self,
        name: &str,
        capture: Result<CaptureReader, SourceError>,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> &InputReport {
        let mut report = InputReport { path: name.to_owned(), ..InputReport::default() };
        let ended = match capture {
            Ok(mut capture) => {
                report.format = format_of(&capture);
                let ended = match self.frames(&mut capture, &mut report.packets, watch) {
                    // A pipe tells of an interrupt by an error.
                    Ended::Broken(_) if watch(capture.bytes_read()).is_break() => Ended::Interrupted,
                    ended => ended,
                };
                self.meter.lost(capture.drops());
                ended
            }
            Err(_) if watch(0).is_break() => Ended::Interrupted,
            Err(error) => Ended::Broken(error),
        };
        match ended {
            Ended::Whole => report.complete = true,
            Ended::Interrupted => "interrupted".clone_into(&mut report.message),
            Ended::Broken(error) => {
                report.refused = error.is_refusal();
                report.message = error.to_string();
            }
        }
        self.inputs.push(report);
        &self.inputs[self.inputs.len() - 1]
    }

    fn frames(
        &mut self,
        capture: &mut CaptureReader,
        packets: &mut u64,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Ended {
        loop {
            for _ in 0..LOOK_EVERY {
                let frame = match capture.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => return Ended::Whole,
                    Err(error) => return Ended::Broken(error),
                };
                *packets += 1;
                #[cfg(feature = "capture")]
                if self.filter.as_mut().is_some_and(|filter| !filter.passes(&frame)) {
                    continue;
                }
                self.meter.frame(&frame);
            }
            if watch(capture.bytes_read()).is_break() || self.meter.has_failed() {
                return Ended::Interrupted;
            }
        }
    }

    /// Ends the input and sums up.
    ///
    /// # Errors
    /// Only those of the sink.
    pub fn finish(self) -> io::Result<Summary> {
        let mut summary = self.meter.finish()?;
        summary.inputs = self.inputs;
        Ok(summary)
    }
}

/// How the reading of an input ended.
enum Ended {
    Whole,
    Interrupted,
    Broken(SourceError),
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
