//! `portolan read`: capture files to a summary.

use std::fs;
use std::iter;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::Context;
use clap::{Args, ValueHint};
use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::read::{Observer, Reading};
use portolan::report::{self, ExplainTarget, ExplainedFlows, ReportOptions};
use portolan::source::{self, CaptureReader, Input, SourceError};
use portolan::summary::{InputReport, Summary};

use super::anonymize::AnonymizeOptions;
use super::interrupt::{self, Interrupt};
use super::output::{Output, check_inputs, is_same_place};
use super::page::SummaryFormat;
use super::progress::Progress;
use super::records::RecordsOptions;
use super::rules::RulesOptions;
use super::talkers::TalkersOptions;
use super::{Exit, duration, page};

/// Summarise capture files by service
///
/// Takes pcap and pcapng, also inside gzip, zstd, lz4 or xz; what a file is, its content tells. Several files are read
/// as one capture: flows carry across.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures, directories with captures in them, or - for standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    files: Vec<PathBuf>,

    /// Count only packets that match a pcap-filter(7) expression, such as 'tcp port 443'
    #[cfg(feature = "capture")]
    #[arg(short, long, value_name = "BPF")]
    filter: Option<String>,

    /// Packets of one 5-tuple further apart than this are two flows; none: one flow for each 5-tuple
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = parse_timeout)]
    idle_timeout: Timeout,

    /// Add volumes for each interval of this length
    #[arg(long, value_name = "TIME", value_parser = duration::parse_positive)]
    interval: Option<u64>,

    /// Keep at most this many flows in memory; the longest idle ones are evicted, and counted
    #[arg(long, value_name = "N", default_value_t = FlowOptions::DEFAULT_MAX_FLOWS, value_parser = parse_max_flows)]
    max_flows: usize,

    /// Read, and decide flows, by this many threads: files at the same time, and large ones in pieces [default: one for each
    /// processor]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,

    #[command(flatten)]
    rules: RulesOptions,

    /// Rows in each list; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    #[command(flatten)]
    talkers: TalkersOptions,

    #[command(flatten)]
    anonymize: AnonymizeOptions,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,

    /// Write the summary to a file, which is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Show the page in the browser, once it is written
    #[arg(long, requires = "output")]
    open: bool,

    #[command(flatten)]
    records: RecordsOptions,

    /// Instead of the summary, explain the decisions about an endpoint, tcp:10.0.0.5:9000, or about a flow, with its
    /// peer behind a comma
    #[arg(long, value_name = "ENDPOINT", conflicts_with_all = ["flows", "ipfix", "anonymize"])]
    explain: Option<ExplainTarget>,

    /// Exit with status 4 if packets were dropped or flows evicted
    #[arg(long)]
    fail_on_loss: bool,

    /// No progress and no warnings
    #[arg(short, long)]
    quiet: bool,
}

/// An idle timeout in ns, or none. A type of its own: clap takes an `Option` for an argument that may be left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout(pub(super) Option<u64>);

pub(super) fn parse_timeout(text: &str) -> Result<Timeout, String> {
    if text == "none" { Ok(Timeout(None)) } else { duration::parse(text).map(|nanos| Timeout(Some(nanos))) }
}

pub(super) fn parse_max_flows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(flows) if (FlowOptions::FEWEST_FLOWS..=FlowOptions::MOST_FLOWS).contains(&flows) => Ok(flows),
        _ => Err(format!("has to be from {} to {}", FlowOptions::FEWEST_FLOWS, FlowOptions::MOST_FLOWS)),
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    const MOST: usize = 256;
    match text.parse() {
        Ok(threads) if (1..=MOST).contains(&threads) => Ok(threads),
        _ => Err(format!("has to be from 1 to {MOST}")),
    }
}

/// Runs `portolan read`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    super::usage(page::check_open(arguments.open, arguments.format));
    super::usage(check_outputs(arguments));
    let warn = |line: &str| {
        if !arguments.quiet {
            super::say(line);
        }
    };
    let table = Arc::new(arguments.rules.table()?);
    let mut reading = reading(arguments, &table)?;
    let mut output = Output::create(arguments.output.as_deref())?;
    let mut records = arguments.records.open(&table)?;
    let mut explained =
        arguments.explain.map(|target| ExplainedFlows::new(target, arguments.top, Arc::clone(&table)));
    if let Some(explained) = &mut explained {
        reading = reading.with_sink(explained);
    } else if records.is_wanted() {
        reading = reading.with_sink(&mut records);
    }
    let summary = read_all(arguments, reading, &warn)?;
    let is_nothing_read = summary.inputs.iter().all(|input| input.refused);
    let recorded = if is_nothing_read { Ok(()) } else { records.finish() };
    if !is_nothing_read || (arguments.format == SummaryFormat::Json && output.is_stdout()) {
        let options =
            ReportOptions { talkers: arguments.talkers.rows(), ..page::options(arguments.top, &output) };
        match (explained, arguments.format) {
            (Some(mut explained), SummaryFormat::Json) => explained.write_json(&summary, &mut output),
            (Some(mut explained), _) => explained.write_text(&summary, &options, &mut output),
            (None, format) => report::write(format.into(), &summary, &options, &mut output),
        }
        .context("cannot write the result")?;
        output.finish()?;
        if let Some(path) = arguments.output.as_deref().filter(|_| arguments.open) {
            page::show(path)?;
        }
    }
    // Told behind the summary, which is true all the same.
    recorded?;
    Ok(exit_of(&summary, is_nothing_read, arguments.fail_on_loss))
}

/// Refuses to write over an input, or one result over another.
fn check_outputs(arguments: &Arguments) -> Result<(), String> {
    if arguments.explain.is_some() && !matches!(arguments.format, SummaryFormat::Text | SummaryFormat::Json) {
        return Err("an explanation is written as text or json".to_owned());
    }
    let stdout = Path::new("-");
    let summary = arguments.output.as_deref().unwrap_or(stdout);
    let outputs: Vec<&Path> = iter::once(summary).chain(arguments.records.files()).collect();
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().any(|other| is_same_place(other, output)) {
            let place = if *output == stdout {
                "standard output; -o takes a file".into()
            } else {
                output.to_string_lossy()
            };
            return Err(format!("two results would go to {place}"));
        }
        let inputs = arguments.files.iter().chain(arguments.rules.file()).chain(arguments.anonymize.file());
        check_inputs(Some(output), inputs)?;
    }
    Ok(())
}

fn exit_of(summary: &Summary, is_nothing_read: bool, fail_on_loss: bool) -> Exit {
    if is_nothing_read {
        Exit::NothingRead
    } else if !summary.is_complete() {
        Exit::Partial
    } else if fail_on_loss && summary.loss.is_any() {
        Exit::Loss
    } else {
        Exit::Done
    }
}

/// What is to be read how, and what is to be shown of it.
fn reading<'a>(arguments: &Arguments, table: &Arc<PortTable>) -> anyhow::Result<Reading<'a>> {
    let options = FlowOptions {
        idle_timeout_ns: arguments.idle_timeout.0,
        max_flows: arguments.max_flows,
        interval_ns: arguments.interval.or(arguments.format.usual_interval()),
        threads: arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get)),
    };
    let within = super::usage(arguments.talkers.within(table));
    let mut reading = Reading::with_table(Arc::clone(table), &options).with_talkers(within);
    if let Some(pseudonyms) = arguments.anonymize.pseudonyms()? {
        reading = reading.with_pseudonyms(pseudonyms);
    }
    #[cfg(feature = "capture")]
    if let Some(expression) = &arguments.filter {
        reading = reading.with_filter(super::usage(portolan::filter::Filter::new(expression)));
    }
    Ok(reading)
}

/// Reads all inputs into one summary. What is wrong with an input is told at once.
fn read_all(arguments: &Arguments, mut reading: Reading<'_>, warn: &dyn Fn(&str)) -> anyhow::Result<Summary> {
    let interrupt = Interrupt::listen().context("cannot listen to signals")?;
    let inputs = inputs_of(&arguments.files, warn)?;
    let progress = Progress::new(total_length(&inputs), !arguments.quiet);
    let mut watch = Watch { progress, interrupt: interrupt.clone() };
    reading.read_all(&inputs, &|input| open(input, &interrupt), &mut watch);
    watch.progress.finish();
    #[cfg(feature = "capture")]
    if let Some(filter) = reading.filter() {
        for link in filter.unusable_links() {
            warn(&format!("the filter makes no sense for {link}: none of its packets was counted"));
        }
    }
    let summary = reading.finish().context("cannot take the flows")?;
    if let (Some(asked), Some(series)) = (arguments.interval, &summary.series)
        && series.width_ns > asked
    {
        let times = series.width_ns / asked;
        warn(&format!(
            "the intervals are {times} times as long as asked for: more would not fit into memory"
        ));
    }
    Ok(summary)
}

/// Shows how far the reading is, tells what is wrong with an input once it is done with, and looks for Ctrl-C.
struct Watch {
    progress: Progress,
    interrupt: Interrupt,
}

impl Observer for Watch {
    fn progress(&mut self, input: &str, bytes: u64) -> ControlFlow<()> {
        self.progress.show(input, bytes);
        if self.interrupt.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn done(&mut self, report: &InputReport) {
        if !report.message.is_empty() {
            self.progress.suspend(|| super::say(&format!("{}: {}", report.path, report.message)));
        }
    }
}

/// What the user names, with directories replaced by the captures in them.
fn inputs_of(files: &[PathBuf], warn: &dyn Fn(&str)) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in files {
        if path == Path::new("-") {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            let (captures, others) =
                source::captures_in(path).with_context(|| format!("directory {}", path.display()))?;
            if !others.is_empty() {
                warn(&format!("{}: left out what is no capture: {}", path.display(), names_of(&others)));
            }
            inputs.extend(captures.into_iter().map(Input::Path));
        } else {
            inputs.push(Input::Path(path.clone()));
        }
    }
    Ok(inputs)
}

/// The names of files, the first few of them.
fn names_of(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 3;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().display().to_string();
    let names: Vec<String> = paths.iter().take(SHOWN).map(name).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// The length of all inputs in bytes, if all are files.
fn total_length(inputs: &[Input]) -> Option<u64> {
    let length = |input: &Input| match input {
        Input::Path(path) => fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len()),
        Input::Stdin => None,
    };
    inputs.iter().map(length).sum()
}

fn open(input: &Input, interrupt: &Interrupt) -> Result<CaptureReader, SourceError> {
    let interrupt = interrupt.clone();
    match input {
        Input::Stdin => CaptureReader::from_reader(interrupt::stdin(interrupt)?),
        Input::Path(path) => {
            let kind = fs::metadata(path)?.file_type();
            if kind.is_fifo() || kind.is_char_device() || kind.is_socket() {
                CaptureReader::from_reader(interrupt::open_pipe(path, interrupt)?)
            } else {
                CaptureReader::open(path)
            }
        }
    }
}
