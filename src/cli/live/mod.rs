//! `portolan live`: an interface by service, as it happens.

mod clock;
mod detail;
mod feed;
mod metrics;
mod privileges;
mod queue;
mod recording;
mod reload;
mod source;
mod tui;
mod watch;

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::Context as _;
use clap::{Args, ValueEnum, ValueHint};
use portolan::flow::FlowOptions;
use portolan::report::{self, IntervalFormat, ReportOptions};
use portolan::source::{CaptureOptions, Frame};
use portolan::summary::Summary;

use super::anonymize::AnonymizeOptions;
use super::interrupt::Interrupt;
use super::output::{Output, check_inputs, is_same_place};
use super::rules::RulesOptions;
use super::talkers::TalkersOptions;
use super::{Exit, duration, page};
use detail::Request;
use feed::Feed;
use metrics::Metrics;
use privileges::{Needs, User};
use queue::queue;
use recording::{Recording, RecordingOptions};
use reload::Reload;
use source::{Ended, Limits, Packets};
use watch::{Audience, Watch};

/// Watch interfaces by service, as it happens
///
/// One record for each interval, and the whole in the end, counted as `portolan read` counts. On a terminal it is a screen that
/// goes with the traffic, with help on `?`, unless --format or --output is given.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is an option of its own
pub(super) struct Arguments {
    /// Interfaces to listen to; any is all of them
    #[arg(required_unless_present = "replay", value_name = "INTERFACE")]
    interfaces: Vec<String>,

    /// Count only packets that match a pcap-filter(7) expression, such as 'tcp port 443'
    #[arg(short, long, value_name = "BPF", conflicts_with = "replay")]
    filter: Option<String>,

    /// Capture so many bytes of each packet [default: 256, for headers; with --write 262144, for whole packets]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(64..=i64::from(Frame::MAX_CAPTURED)), conflicts_with = "replay")]
    snaplen: Option<u32>,

    /// The kernel's buffer for each interface, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=2047), conflicts_with = "replay")]
    buffer: u32,

    /// Leave interfaces as they are, and see only what is for this host
    #[arg(long, conflicts_with = "replay")]
    no_promiscuous: bool,

    /// End when an interface is lost; else its return is waited for
    #[arg(long, conflicts_with = "replay")]
    once: bool,

    /// Take the packets of a capture for what comes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "interfaces")]
    replay: Option<PathBuf>,

    /// How fast a capture is replayed: max, or a number of times as fast as it was captured
    #[arg(long, value_name = "TIMES", default_value = "1x", value_parser = source::parse_speed, requires = "replay")]
    speed: source::Speed,

    #[command(flatten)]
    recording: RecordingOptions,

    /// The length of an interval, on the clock of the capture
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration::parse_positive)]
    interval: u64,

    /// End after this time
    #[arg(long, value_name = "TIME", value_parser = duration::parse_positive)]
    duration: Option<u64>,

    /// End after so many packets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    packets: Option<u64>,

    /// Packets of one 5-tuple further apart than this are two flows; none: one flow for each 5-tuple
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = super::read::parse_timeout)]
    idle_timeout: super::read::Timeout,

    /// Keep at most this many flows in memory; the longest idle ones are evicted, and counted
    #[arg(long, value_name = "N", default_value_t = 1 << 20, value_parser = super::read::parse_max_flows)]
    max_flows: usize,

    #[command(flatten)]
    rules: RulesOptions,

    /// Rows in each list of the summary; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    #[command(flatten)]
    talkers: TalkersOptions,

    #[command(flatten)]
    anonymize: AnonymizeOptions,

    /// text, ndjson and csv: a record for each interval; json: the summary in the end alone. Without this: a screen on a
    /// terminal, else text
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write to a file: the summary of --format json in the end, whole or not at all, the records of others as they come
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Serve metrics to Prometheus at this address, such as 127.0.0.1:9477; port 0: one that is free
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,

    /// Become this user, by name or number, once everything is open. All capabilities but those that a lost interface needs are
    /// given up with or without this
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// Exit with status 4 if packets were dropped or flows evicted
    #[arg(long)]
    fail_on_loss: bool,

    /// No warnings, and no summary behind the records of --format text
    #[arg(short, long)]
    quiet: bool,
}

impl Arguments {
    /// Bytes to capture of each packet: headers are enough to count, not to keep.
    fn snap_length(&self) -> u32 {
        let default =
            if self.recording.write.is_some() { Frame::MAX_CAPTURED } else { CaptureOptions::HEADERS };
        self.snaplen.unwrap_or(default)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a line for each interval, and the summary in the end
    Text,
    /// For programs: an object for each interval, as portolan.interval/1
    Ndjson,
    /// For spreadsheets: rows for each interval
    Csv,
    /// For programs: the summary in the end, as portolan.summary/1
    Json,
}

impl Format {
    const fn of_intervals(self) -> Option<IntervalFormat> {
        match self {
            Self::Text => Some(IntervalFormat::Text),
            Self::Ndjson => Some(IntervalFormat::Ndjson),
            Self::Csv => Some(IntervalFormat::Csv),
            Self::Json => None,
        }
    }
}

impl Arguments {
    /// Whether the result is for eyes that watch it.
    fn wants_screen(&self) -> bool {
        let is_dumb = std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb");
        self.format.is_none() && self.output.is_none() && io::stdout().is_terminal() && !is_dumb
    }

    fn format(&self) -> Format {
        self.format.unwrap_or(Format::Text)
    }

    /// What is watched.
    fn title(&self) -> String {
        match &self.replay {
            Some(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            None => self.interfaces.join(" "),
        }
    }

    /// What is needed once packets come.
    fn needs(&self, user: Option<User>, output: &Output) -> Needs {
        let folders = output.folder().into_iter().chain(self.recording.folder());
        Needs {
            user,
            listens_again: self.replay.is_none() && !self.once,
            reads: self.rules.path().into_iter().collect(),
            writes: folders.map(Path::to_owned).collect(),
        }
    }

    fn flow_options(&self) -> FlowOptions {
        FlowOptions {
            idle_timeout_ns: self.idle_timeout.0,
            max_flows: self.max_flows,
            interval_ns: Some(self.interval),
            threads: 1,
        }
    }
}

/// Runs `portolan live`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    super::usage(check_outputs(arguments));
    let table = Arc::new(arguments.rules.table()?);
    let within = super::usage(arguments.talkers.within(&table));
    let pseudonyms = arguments.anonymize.pseudonyms()?;
    let user = arguments.user.as_deref().map(User::find).transpose()?;
    let (sender, queue) = queue();
    let listener = listen_for_metrics(arguments)?;
    let request = arguments.wants_screen().then(Request::default);
    let audience = match &request {
        Some(request) => Audience::Screen(request.clone()),
        None if arguments.quiet => Audience::Nobody,
        None => Audience::Stderr,
    };
    // Without a screen, which ends when its terminal is closed.
    let reload = request.is_none().then(|| Reload::listen(&arguments.rules)).transpose()?;
    let watch = Watch::new(Arc::clone(&table), &arguments.flow_options(), sender, audience)
        .showing(within, pseudonyms)
        .reloading(reload);
    let packets = Packets::open(arguments)?;
    user.map(privileges::become_user).transpose()?;
    let mut output = match arguments.format() {
        Format::Json => Output::create(arguments.output.as_deref())?,
        _ => Output::stream(arguments.output.as_deref())?,
    };
    let watch = watch.keeping(Recording::open(&arguments.recording, &packets.interfaces())?);
    // Not before: to open a FIFO is to wait for its other end, and a signal has to end that.
    let interrupt = Interrupt::listen().context("cannot listen to signals")?;
    if request.is_some() {
        interrupt.heed_hangup().context("cannot listen to signals")?;
    }
    // Not before: whoever reads this may send a signal at once.
    if !arguments.quiet {
        packets.announce();
    }
    let limits = Limits { packets: arguments.packets, duration_ns: arguments.duration };
    let stop = interrupt.clone();
    // From here on there are threads, and packets.
    privileges::give_up_all_but(&arguments.needs(user, &output))?;
    let serve = |listener| Metrics::serve(listener, table.version(), queue.waiting());
    let metrics = listener.map(serve).transpose()?;
    let counting = thread::Builder::new()
        .name("capture".to_owned())
        .spawn(move || packets.run(watch, limits, &stop))
        .context("cannot start a thread")?;
    let feed = Feed::new(queue, metrics);
    let shown = match request {
        Some(request) => tui::run(arguments.title(), arguments.interval, &feed, request, table, &interrupt)
            .context("cannot use the terminal"),
        None => write_intervals(&feed, arguments.format(), &mut output).context("cannot write the records"),
    };
    // Where nobody looks any more, nothing needs to be captured.
    interrupt.raise();
    drop(feed);
    let Ended { summary, is_lost, is_kept } =
        counting.join().expect("the capture does not panic").context("cannot count")?;
    shown?;
    write_summary(arguments, &summary, &mut output).context("cannot write the result")?;
    output.finish()?;
    Ok(if is_lost || !is_kept || !summary.is_complete() {
        Exit::Partial
    } else if arguments.fail_on_loss && summary.loss.is_any() {
        Exit::Loss
    } else {
        Exit::Done
    })
}

/// Refuses to write over an input, or the packets over the records.
fn check_outputs(arguments: &Arguments) -> Result<(), String> {
    let packets = arguments.recording.write.as_deref();
    if let (Some(packets), Some(records)) = (packets, arguments.output.as_deref())
        && is_same_place(packets, records)
    {
        return Err(format!("both the packets and the records would go to {}", packets.display()));
    }
    for output in [packets, arguments.output.as_deref()] {
        let inputs = arguments.replay.iter().chain(arguments.rules.file()).chain(arguments.anonymize.file());
        check_inputs(output, inputs)?;
    }
    Ok(())
}

/// Takes the address for metrics if they are wanted, and says which.
fn listen_for_metrics(arguments: &Arguments) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = arguments.metrics else { return Ok(None) };
    let (listener, bound) = Metrics::bind(address)?;
    if !arguments.quiet {
        super::say(&format!("metrics on http://{bound}/metrics"));
    }
    Ok(Some(listener))
}

fn write_intervals(feed: &Feed, format: Format, output: &mut Output) -> io::Result<()> {
    let format = format.of_intervals();
    if let Some(format) = format {
        report::write_interval_header(format, output)?;
        output.flush()?;
    }
    while let Some(tick) = feed.next() {
        if let (Some(format), Some(interval)) = (format, tick.interval) {
            report::write_interval(format, &interval, output)?;
            output.flush()?;
        }
    }
    Ok(())
}

fn write_summary(arguments: &Arguments, summary: &Summary, output: &mut Output) -> io::Result<()> {
    let format = match arguments.format() {
        Format::Json => report::Format::Json,
        Format::Text if !arguments.quiet => report::Format::Text,
        _ => return Ok(()),
    };
    if format == report::Format::Text {
        writeln!(output)?;
    }
    let options = ReportOptions { talkers: arguments.talkers.rows(), ..page::options(arguments.top, output) };
    report::write(format, summary, &options, output)
}
