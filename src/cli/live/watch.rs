//! Counting what is captured, interval by interval.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::merge::Merge;
use portolan::meter::Meter;
use portolan::net::Timestamp;
use portolan::pseudonyms::Pseudonyms;
use portolan::report::printable;
use portolan::sink::WriteError;
use portolan::source::{Drops, Frame};
use portolan::summary::{IntervalSummary, Summary};

use super::super::interrupt::Interrupt;
use super::clock::{Clock, Span};
use super::detail::{Collector, Detail, Request, Scope};
use super::queue::{Sender, Tick};
use super::recording::Recording;
use super::reload::Reload;

/// Who hears of what happens to inputs.
#[derive(Clone, Debug)]
pub(super) enum Audience {
    /// Nobody; but what nobody may miss goes to standard error.
    Nobody,
    /// Standard error.
    Stderr,
    /// The screen, which also asks for details.
    Screen(Request),
}

/// How far back the flows began to be silent that the screen shows, in ns of capture time.
const RECENT_NS: i64 = 60_000_000_000;
/// How often the screen is listened to when nothing comes any more.
const LISTEN_EVERY: Duration = Duration::from_millis(50);

/// A meter that hands out what each interval had.
pub(super) struct Watch {
    meter: Meter<'static>,
    clock: Clock,
    ticks: Sender,
    audience: Audience,
    /// What was last looked into.
    looked: Scope,
    /// When the latest packet came.
    latest: Option<Timestamp>,
    /// What the receiver had no room for: it gets it together with what follows. Nothing is lost, and nothing waits.
    behind: Option<IntervalSummary>,
    /// The last notice that it had no room for.
    unsaid: Option<String>,
    /// Drops that the meter knows of.
    drops: Drops,
    packets: u64,
    /// Where packets are kept, if they are, and as long as that goes well.
    recording: Option<Recording>,
    /// Whether all are kept that should be.
    is_kept: bool,
    /// Where the rules can change.
    reload: Option<Reload>,
    /// Whether the receiver is waited for.
    waits: bool,
    is_closed: bool,
}

impl Watch {
    /// Counts by `table`; closed intervals go to `ticks`.
    pub(super) fn new(
        table: Arc<PortTable>,
        options: &FlowOptions,
        ticks: Sender,
        audience: Audience,
    ) -> Self {
        Self {
            meter: Meter::new(table, options).with_intervals(),
            clock: Clock::new(options.interval_ns.unwrap_or(u64::MAX)),
            ticks,
            audience,
            looked: Scope::Nothing,
            latest: None,
            behind: None,
            unsaid: None,
            drops: Drops::default(),
            packets: 0,
            recording: None,
            is_kept: true,
            reload: None,
            waits: false,
            is_closed: false,
        }
    }

    /// Waits for the receiver, interval by interval: for an input that waits as well.
    pub(super) fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Counts talkers, and shows addresses by pseudonyms, if either is asked for.
    pub(super) fn showing(mut self, talkers: Vec<Option<String>>, pseudonyms: Option<Pseudonyms>) -> Self {
        self.meter = self.meter.with_talkers(talkers);
        if let Some(pseudonyms) = pseudonyms {
            self.meter = self.meter.with_pseudonyms(pseudonyms);
        }
        self
    }

    /// Decides by other rules when they change.
    pub(super) fn reloading(mut self, reload: Option<Reload>) -> Self {
        self.reload = reload;
        self
    }

    /// Keeps the packets, too, if there is where.
    pub(super) fn keeping(mut self, recording: Option<Recording>) -> Self {
        self.recording = recording;
        self
    }

    /// Frames counted.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// Counts a frame of an input.
    pub(super) fn frame(&mut self, input: usize, frame: &Frame<'_>) {
        if let Some(time) = frame.timestamp {
            while let Some(span) = self.clock.packet(time) {
                self.close(span, false);
            }
            self.latest = self.latest.max(Some(time));
        }
        self.packets += 1;
        self.meter.frame(frame);
        if let Some(recording) = &mut self.recording {
            let kept = recording.frame(input, frame);
            self.check(kept);
        }
    }

    /// Closes what is over by the wall's clock.
    pub(super) fn silence(&mut self) {
        while let Some(span) = self.clock.silence() {
            self.close(span, false);
        }
    }

    /// Does what is due now and then, whether packets come or not.
    pub(super) fn meanwhile(&mut self) {
        self.answer();
        self.reload();
        if let Some(recording) = &mut self.recording {
            let kept = recording.flush_if_due();
            self.check(kept);
        }
    }

    /// Takes over the rules as they are now, if that was asked for. Bad ones change nothing.
    fn reload(&mut self) {
        match self.reload.as_ref().and_then(Reload::table) {
            None => {}
            Some(Ok(table)) => {
                let version = table.version();
                self.meter.change_table(Arc::new(table));
                self.tell("rules", &format!("read again, port table {version} from the next interval on"));
            }
            Some(Err(error)) => self.alarm("rules", &format!("{error:#}; those before stay")),
        }
    }

    /// Takes over what was dropped of an input since the beginning, for its recording.
    pub(super) fn recording_dropped(&mut self, input: usize, drops: Drops) {
        if let Some(recording) = &mut self.recording {
            recording.dropped(input, drops);
        }
    }

    /// Ends the last file. Returns whether all packets are kept that should be.
    pub(super) fn end_recording(&mut self) -> bool {
        if let Some(recording) = self.recording.take() {
            let kept = recording.finish();
            self.check(kept);
        }
        self.is_kept
    }

    /// After an error the counting goes on alone.
    fn check(&mut self, kept: Result<(), WriteError>) {
        if let Err(error) = kept {
            self.alarm("--write", &format!("{error}; from here on packets are counted and not kept"));
            self.recording = None;
            self.is_kept = false;
        }
    }

    /// Closes what packets and their clock leave open.
    pub(super) fn close_overdue(&mut self) {
        if let Some(span) = self.clock.overdue() {
            self.close(span, false);
        }
    }

    /// Says what happened to an input.
    pub(super) fn tell(&mut self, name: &str, message: &str) {
        if !matches!(self.audience, Audience::Nobody) {
            self.alarm(name, message);
        }
    }

    /// Says what nobody may miss.
    pub(super) fn alarm(&mut self, name: &str, message: &str) {
        let notice = format!("{}: {}", printable(name), printable(message));
        match &self.audience {
            Audience::Nobody | Audience::Stderr => super::super::say(&notice),
            Audience::Screen(_) => {
                let refused = self.ticks.offer(Tick { notice: Some(notice), ..Tick::default() });
                self.unsaid = refused.and_then(|tick| tick.notice);
            }
        }
    }

    /// Takes over what was dropped since the beginning.
    pub(super) const fn dropped(&mut self, drops: Drops) {
        self.meter.lost(Drops {
            kernel: drops.kernel.saturating_sub(self.drops.kernel),
            interface: drops.interface.saturating_sub(self.drops.interface),
        });
        self.drops = drops;
    }

    fn close(&mut self, span: Span, is_last: bool) {
        // Closing takes what flows sent in the interval.
        let detail = self.look(Some(span.1.nanos_since(span.0)));
        let mut interval = self.behind.take().unwrap_or_default();
        interval.merge(self.meter.close_interval(span, is_last, &mut |_| ()));
        let tick = Tick { interval: Some(interval), detail, notice: self.unsaid.take(), is_last };
        self.is_closed = is_last;
        if is_last || self.waits {
            self.ticks.send(tick);
        } else if let Some(refused) = self.ticks.offer(tick) {
            (self.behind, self.unsaid) = (refused.interval, refused.notice);
        }
    }

    /// Looks into what the screen asks for.
    fn look(&mut self, nanos: Option<u64>) -> Option<Detail> {
        let Audience::Screen(request) = &self.audience else { return None };
        self.looked = request.get();
        if self.looked == Scope::Nothing {
            return None;
        }
        let since = self.latest.map_or(i64::MIN, |latest| latest.as_nanos().saturating_sub(RECENT_NS));
        let mut collector = Collector::new(&self.looked);
        self.meter.visit_recent(Timestamp::from_nanos(since), &mut |flow| collector.flow(flow));
        Some(collector.finish(nanos))
    }

    /// Answers a new question of the screen, if there is one, without waiting for the interval to end.
    fn answer(&mut self) {
        let Audience::Screen(request) = &self.audience else { return };
        if request.get() != self.looked {
            let detail = self.look(None);
            if self.ticks.offer(Tick { detail, ..Tick::default() }).is_some() {
                // Then later.
                self.looked = Scope::Nothing;
            }
        }
    }

    /// The capture has ended, but the screen has not: answers what it asks until it is interrupted.
    pub(super) fn linger(&mut self, interrupt: &Interrupt) {
        if !matches!(self.audience, Audience::Screen(_)) {
            return;
        }
        self.close(self.clock.last(), true);
        while !interrupt.is_raised() {
            self.answer();
            thread::sleep(LISTEN_EVERY);
        }
    }

    /// Ends the watching.
    pub(super) fn finish(mut self) -> std::io::Result<Summary> {
        if !self.is_closed {
            self.close(self.clock.last(), true);
        }
        self.meter.finish()
    }
}
