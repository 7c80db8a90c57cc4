//! Where packets come from: interfaces, or a capture that is replayed.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use portolan::net::Timestamp;
use portolan::report::printable;
use portolan::sink::InterfaceDescription;
use portolan::source::{CaptureError, CaptureOptions, CaptureReader, Drops, Frame, LiveCapture, Source as _};
use portolan::summary::{InputReport, Summary};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::interrupt::Interrupt;
use super::watch::Watch;
use super::{Arguments, clock};

/// When to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) packets: Option<u64>,
    pub(super) duration_ns: Option<u64>,
}

/// What came of it.
pub(super) struct Ended {
    pub(super) summary: Summary,
    /// Whether an interface was lost.
    pub(super) is_lost: bool,
    /// Whether all frames are kept that should be.
    pub(super) is_kept: bool,
}

/// How fast a capture is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Speed {
    /// So many times as fast as it was captured.
    Times(f64),
    /// As fast as can be.
    Max,
}

/// `max`, `1x`, `0.5x` or `10`.
pub(super) fn parse_speed(text: &str) -> Result<Speed, String> {
    let times = || text.strip_suffix('x').unwrap_or(text).parse().ok();
    match text {
        "max" => Ok(Speed::Max),
        _ => match times() {
            Some(times) if (0.001..=1e6).contains(&times) => Ok(Speed::Times(times)),
            _ => Err("has to be max, or from 0.001x to 1000000x".to_owned()),
        },
    }
}

/// Where the packets come from.
pub(super) enum Packets {
    Live(LiveSource),
    Replay(Replay),
}

impl Packets {
    /// Opens what was asked for.
    pub(super) fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        match &arguments.replay {
            Some(path) => Replay::open(path, arguments).map(Self::Replay),
            None => LiveSource::open(arguments).map(Self::Live),
        }
    }

    /// What is known of where they come from, before the first of them.
    pub(super) fn interfaces(&self) -> Vec<InterfaceDescription> {
        match self {
            Self::Live(live) => live.interfaces(),
            Self::Replay(_) => Vec::new(),
        }
    }

    /// Says what is listened to.
    pub(super) fn announce(&self) {
        if let Self::Live(live) = self {
            live.announce();
        }
    }

    /// Counts them until something ends it.
    pub(super) fn run(self, watch: Watch, limits: Limits, interrupt: &Interrupt) -> io::Result<Ended> {
        match self {
            Self::Live(live) => live.run(watch, limits, interrupt),
            Self::Replay(replay) => replay.run(watch.waiting(), limits, interrupt),
        }
    }
}

/// Frames taken from an interface before another one has its turn.
const TURN: usize = 4096;
/// How long a silent interface is waited for before anything else is looked at.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// Longer than the kernel holds packets back.
const DRAINED_AFTER: Duration = Duration::from_millis(150);
/// How often drops are asked for, and a lost interface is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// Interfaces that are listened to.
pub(super) struct LiveSource {
    inputs: Vec<Listening>,
    options: CaptureOptions,
    once: bool,
}

/// An interface, and what came of it.
struct Listening {
    /// Its place among the interfaces.
    number: usize,
    name: String,
    /// None while it is lost.
    capture: Option<LiveCapture>,
    packets: u64,
    is_down: bool,
    /// Drops before it was last lost.
    drops: Drops,
    message: String,
}

impl LiveSource {
    /// Begins to listen to all of them.
    pub(super) fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let options = CaptureOptions {
            snap_length: arguments.snap_length(),
            buffer: arguments.buffer << 20,
            promiscuous: !arguments.no_promiscuous,
            filter: arguments.filter.clone(),
        };
        let listen = |(number, name): (usize, &String)| {
            let capture = LiveCapture::open(name, &options).map_err(|error| refusal(name, &error))?;
            Ok(Listening {
                number,
                name: name.clone(),
                capture: Some(capture),
                packets: 0,
                is_down: false,
                drops: Drops::default(),
                message: String::new(),
            })
        };
        let inputs: Vec<_> =
            arguments.interfaces.iter().enumerate().map(listen).collect::<anyhow::Result<_>>()?;
        Ok(Self { inputs, options, once: arguments.once })
    }

    fn announce(&self) {
        for input in &self.inputs {
            if let Some(capture) = &input.capture {
                super::super::say(&format!("{}: listening, {}", input.name, capture.link()));
            }
        }
    }

    /// What there is to listen to.
    fn interfaces(&self) -> Vec<InterfaceDescription> {
        let describe = |capture: &LiveCapture| InterfaceDescription {
            name: Some(capture.name().to_owned()),
            link: capture.link(),
            snap_length: self.options.snap_length,
        };
        self.inputs.iter().filter_map(|input| input.capture.as_ref()).map(describe).collect()
    }

    /// Counts what comes until something ends it.
    pub(super) fn run(
        mut self,
        mut watch: Watch,
        limits: Limits,
        interrupt: &Interrupt,
    ) -> io::Result<Ended> {
        let begin = Instant::now();
        let end = limits.duration_ns.map(|nanos| begin + Duration::from_nanos(nanos));
        let mut looked = begin;
        let mut is_lost = false;
        while !interrupt.is_raised() && !is_lost {
            let most = limits.packets.map_or(u64::MAX, |packets| packets - watch.packets());
            if most == 0 || end.is_some_and(|end| end <= Instant::now()) {
                break;
            }
            let mut frames = 0;
            for input in &mut self.inputs {
                let turn = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(frames).min(TURN);
                frames += input.take(turn, &mut watch, |_| true);
            }
            watch.meanwhile();
            if frames == 0 {
                self.wait()?;
                watch.silence();
            }
            let is_due = looked.elapsed() >= RETRY_EVERY;
            if frames == 0 || is_due {
                is_lost = self.look(&mut watch, is_due);
            }
            if is_due {
                watch.close_overdue();
                looked = Instant::now();
            }
        }
        if limits.packets.is_none_or(|packets| watch.packets() < packets) {
            self.drain(&mut watch)?;
        }
        self.look(&mut watch, false);
        let is_kept = watch.end_recording();
        let mut summary = watch.finish()?;
        summary.inputs = self.inputs.into_iter().map(Listening::into_report).collect();
        Ok(Ended { summary, is_lost, is_kept })
    }

    /// Takes what was captured until now, which the kernel may hold back for a while.
    fn drain(&mut self, watch: &mut Watch) -> io::Result<()> {
        let (now, begin) = (clock::now(), Instant::now());
        while begin.elapsed() < DRAINED_AFTER {
            let mut frames = 0;
            for input in &mut self.inputs {
                frames += input.take(TURN, watch, |frame| frame.timestamp.is_none_or(|time| time <= now));
            }
            if frames == 0 {
                self.wait()?;
            }
        }
        Ok(())
    }

    /// Waits until something comes, but not for long.
    fn wait(&self) -> io::Result<()> {
        let captures: Vec<&LiveCapture> =
            self.inputs.iter().filter_map(|input| input.capture.as_ref()).collect();
        let mut polled: Vec<PollFd<'_>> =
            captures.iter().map(|capture| PollFd::new(*capture, PollFlags::IN)).collect();
        match poll(&mut polled, Some(&LOOK_EVERY)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for drops, and after interfaces that are lost. Returns whether one is lost for good.
    fn look(&mut self, watch: &mut Watch, is_due: bool) -> bool {
        let mut drops = Drops::default();
        let mut is_lost = false;
        for input in &mut self.inputs {
            if is_due {
                input.look(&self.options, self.once, watch);
            }
            is_lost |= self.once && (input.capture.is_none() || input.is_down);
            let of_input = input.drops + input.capture.as_mut().map(LiveCapture::drops).unwrap_or_default();
            watch.recording_dropped(input.number, of_input);
            drops = drops + of_input;
        }
        watch.dropped(drops);
        is_lost
    }
}

impl Listening {
    /// Takes at most so many frames that are there, and counts those that are due. Returns how many there were.
    fn take(&mut self, most: usize, watch: &mut Watch, is_due: impl Fn(&Frame<'_>) -> bool) -> usize {
        let Some(capture) = &mut self.capture else { return 0 };
        if most == 0 {
            return 0;
        }
        let packets = &mut self.packets;
        let count = |frame: &Frame<'_>| {
            if is_due(frame) {
                *packets += 1;
                watch.frame(self.number, frame);
            }
        };
        match capture.frames(most, count) {
            Ok(frames) => frames,
            Err(error) => {
                self.drops = self.drops + capture.drops();
                self.capture = None;
                self.lost(&error, watch);
                0
            }
        }
    }

    /// Looks whether the interface is there and up, and listens to it again if it had gone.
    fn look(&mut self, options: &CaptureOptions, once: bool, watch: &mut Watch) {
        match &self.capture {
            Some(capture) => {
                let is_down = !capture.is_up();
                if is_down && !self.is_down {
                    self.lost(&CaptureError::Down, watch);
                } else if self.is_down && !is_down {
                    watch.tell(&self.name, "is back");
                }
                self.is_down = is_down;
            }
            None if once => {}
            None => {
                if let Ok(capture) = LiveCapture::open(&self.name, options) {
                    self.capture = Some(capture);
                    watch.tell(&self.name, "is back");
                }
            }
        }
    }

    fn lost(&mut self, why: &CaptureError, watch: &mut Watch) {
        self.message = format!("lost: {why}");
        watch.tell(&self.name, &self.message);
    }

    fn into_report(self) -> InputReport {
        InputReport {
            path: self.name,
            format: "live".to_owned(),
            packets: self.packets,
            complete: self.message.is_empty(),
            message: self.message,
            ..InputReport::default()
        }
    }
}

/// What to do where an interface cannot be listened to.
fn refusal(name: &str, error: &CaptureError) -> anyhow::Error {
    let name = printable(name);
    match error {
        CaptureError::Permission => anyhow!(
            "{name}: {error}: run as root, or allow it once with: sudo setcap cap_net_raw=ep $(command -v portolan)"
        ),
        CaptureError::NoInterface => anyhow!("{name}: {error}: portolan interfaces lists those there are"),
        CaptureError::Down => anyhow!("{name}: {error}: ip link set {name} up"),
        _ => anyhow!("{name}: {error}"),
    }
}

/// A capture in place of an interface.
pub(super) struct Replay {
    name: String,
    capture: CaptureReader,
    speed: Speed,
}

impl Replay {
    pub(super) fn open(path: &Path, arguments: &Arguments) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let capture = CaptureReader::open(path).with_context(|| name.clone())?;
        Ok(Self { name, capture, speed: arguments.speed })
    }

    /// Counts the capture's packets, each in its time.
    pub(super) fn run(
        mut self,
        mut watch: Watch,
        limits: Limits,
        interrupt: &Interrupt,
    ) -> io::Result<Ended> {
        let begin = Instant::now();
        let mut first: Option<Timestamp> = None;
        let mut report =
            InputReport { path: self.name.clone(), format: "replay".to_owned(), ..InputReport::default() };
        loop {
            if interrupt.is_raised() {
                "interrupted".clone_into(&mut report.message);
                break;
            }
            if limits.packets.is_some_and(|most| watch.packets() >= most) {
                report.complete = true;
                break;
            }
            match self.capture.next_frame() {
                Ok(Some(frame)) => {
                    let since =
                        frame.timestamp.map_or(0, |time| time.nanos_since(*first.get_or_insert(time)));
                    if limits.duration_ns.is_some_and(|duration| since >= duration) {
                        report.complete = true;
                        break;
                    }
                    wait_until(begin, since, self.speed, &mut watch, interrupt);
                    watch.frame(0, &frame);
                }
                Ok(None) => {
                    report.complete = true;
                    break;
                }
                Err(error) => {
                    report.message = error.to_string();
                    watch.alarm(&self.name, &report.message);
                    break;
                }
            }
        }
        watch.dropped(self.capture.drops());
        watch.recording_dropped(0, self.capture.drops());
        let is_kept = watch.end_recording();
        watch.linger(interrupt);
        report.packets = watch.packets();
        let mut summary = watch.finish()?;
        summary.inputs = vec![report];
        Ok(Ended { summary, is_lost: false, is_kept })
    }
}

/// Waits until a packet so many ns after the first one is due.
fn wait_until(begin: Instant, since_ns: u64, speed: Speed, watch: &mut Watch, interrupt: &Interrupt) {
    const STEP: Duration = Duration::from_millis(50);
    let Speed::Times(times) = speed else { return };
    let due = begin + Duration::from_nanos(since_ns).div_f64(times);
    loop {
        watch.meanwhile();
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() || interrupt.is_raised() {
            return;
        }
        std::thread::sleep(left.min(STEP));
    }
}
