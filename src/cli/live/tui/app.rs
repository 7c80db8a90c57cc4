//! What the interface knows and shows.

use std::sync::Arc;

use portolan::classify::{Explanation, PortTable};
use portolan::merge::Merge;
use portolan::summary::{IntervalSummary, Loss};

use super::super::detail::{Detail, Request};
use super::super::queue::Tick;
use super::columns::{self, Column, Style};
use super::history::{self, History, Window};
use super::lines::{Key, List};
use super::place::{Level, Place};

/// Whether more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live,
    /// The picture stands still; the capture goes on.
    Paused,
    /// The capture is over.
    Ended,
}

/// What keys do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They go from place to place.
    Walking,
    /// Letters go to the filter.
    Typing,
    /// Any key ends the help.
    Help,
}

/// The whole interface.
pub(super) struct App {
    /// What is watched.
    pub(super) title: String,
    /// Nanoseconds of an interval.
    pub(super) interval: u64,
    pub(super) table: Arc<PortTable>,
    pub(super) history: History,
    /// Since the beginning, also while the picture stands still.
    pub(super) loss: Loss,
    pub(super) state: State,
    pub(super) window: Window,
    pub(super) bits: bool,
    pub(super) colour: bool,
    pub(super) mode: Mode,
    /// What happened to an input last.
    pub(super) notice: Option<String>,
    /// Where the user is, below where he came from; never empty.
    pub(super) levels: Vec<Level>,
    /// The lines that are shown.
    pub(super) list: List,
    /// Lines that fit the screen.
    pub(super) page: usize,
    /// Columns that do.
    pub(super) columns: Vec<Column>,
    request: Request,
    /// What came while the picture stood still.
    waiting: Vec<IntervalSummary>,
    /// Whether the capture ended then.
    has_ended: bool,
    detail: Option<Detail>,
}

impl App {
    pub(super) fn new(title: String, interval: u64, request: Request, table: Arc<PortTable>) -> Self {
        Self {
            title,
            interval,
            table,
            history: History::default(),
            loss: Loss::default(),
            state: State::Live,
            window: Window::Minute,
            bits: true,
            colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            mode: Mode::Walking,
            notice: None,
            levels: vec![Level::new(Place::Categories)],
            list: List::default(),
            page: 1,
            columns: Vec::new(),
            request,
            waiting: Vec::new(),
            has_ended: false,
            detail: None,
        }
    }

    /// Takes what the capture tells.
    pub(super) fn tick(&mut self, tick: Tick) {
        self.has_ended |= tick.is_last;
        self.notice = tick.notice.or_else(|| self.notice.take());
        if let Some(interval) = tick.interval {
            self.loss.merge(interval.loss);
            self.waiting.push(interval);
        }
        if let Some(detail) = tick.detail.filter(|detail| detail.scope == self.level().place.scope()) {
            // What stands still changes only when another question is asked.
            if self.state != State::Paused || self.shown_detail().is_none() {
                self.detail = Some(detail);
            }
        }
        if self.state == State::Paused {
            self.bound_waiting();
        } else {
            self.catch_up();
        }
    }

    /// Keeps as many intervals as the history does, and all that came before as one.
    fn bound_waiting(&mut self) {
        while self.waiting.len() > history::KEPT
            || self.waiting.len() > 1 && history::is_heavy(self.waiting.iter())
        {
            let oldest = self.waiting.remove(0);
            self.waiting[0].merge(oldest);
        }
    }

    fn catch_up(&mut self) {
        self.waiting.drain(..).for_each(|interval| self.history.push(interval));
        if self.has_ended {
            self.state = State::Ended;
        }
    }

    /// Stands still, or goes on.
    pub(super) fn pause(&mut self) {
        match self.state {
            State::Live => self.state = State::Paused,
            State::Paused => {
                self.state = State::Live;
                self.catch_up();
            }
            State::Ended => {}
        }
    }

    pub(super) fn level(&self) -> &Level {
        self.levels.last().expect("there is always one")
    }

    pub(super) fn level_mut(&mut self) -> &mut Level {
        self.levels.last_mut().expect("there is always one")
    }

    /// What the capture told of this place, if it has yet.
    fn shown_detail(&self) -> Option<&Detail> {
        let scope = self.level().place.scope();
        self.detail.as_ref().filter(|detail| detail.scope == scope)
    }

    /// Whether the capture has been asked and has not answered yet.
    pub(super) fn is_asking(&self) -> bool {
        self.level().place.is_detail() && self.shown_detail().is_none()
    }

    /// Why the flow was decided so.
    pub(super) fn explanation(&self) -> Option<&Explanation> {
        self.shown_detail().and_then(|detail| detail.explanation.as_ref())
    }

    pub(super) fn style(&self) -> Style {
        Style {
            bits: self.bits,
            of_flows: matches!(self.level().place, Place::Endpoint(..) | Place::Flow { .. }),
        }
    }

    /// As above the list, whatever that is of.
    pub(super) const fn style_of_totals(&self) -> Style {
        Style { bits: self.bits, of_flows: false }
    }

    /// Makes the list anew.
    pub(super) fn refresh(&mut self) {
        let level = self.levels.last().expect("there is always one");
        let mut list = match &level.place {
            Place::Categories => List::of_categories(&self.history, self.window),
            Place::Services => List::of_services(&self.history, self.window, None),
            Place::Category(category) => List::of_services(&self.history, self.window, Some(category)),
            Place::Service(_) | Place::Endpoint(..) | Place::Flow { .. } => {
                self.shown_detail().map(List::of_detail).unwrap_or_default()
            }
        };
        columns::arrange(&mut list, level.sort, level.reversed, &level.filter);
        self.list = list;
        let level = self.levels.last_mut().expect("there is always one");
        level.keep_selection(&self.list);
    }

    /// Opens what is selected.
    pub(super) fn open(&mut self) {
        let Some(line) = self.list.lines.get(self.level().index) else { return };
        if let Some(place) = self.level().place.within(&line.key) {
            self.levels.push(Level::new(place));
            self.moved();
        }
    }

    /// Goes back to where this was opened.
    pub(super) fn back(&mut self) {
        if !self.level().filter.is_empty() {
            self.level_mut().filter.clear();
        } else if self.levels.len() > 1 {
            self.levels.pop();
            self.moved();
        }
    }

    /// Categories, or all services at once.
    pub(super) fn switch(&mut self) {
        let place = match self.levels[0].place {
            Place::Categories => Place::Services,
            _ => Place::Categories,
        };
        self.levels = vec![Level::new(place)];
        self.moved();
    }

    fn moved(&mut self) {
        self.mode = Mode::Walking;
        self.detail = None;
        self.request.set(self.level().place.scope());
    }

    /// Moves the selection, or the text of an explanation.
    pub(super) fn step(&mut self, lines: isize) {
        let last = self.list.lines.len().saturating_sub(1);
        let level = self.level_mut();
        if matches!(level.place, Place::Flow { .. }) {
            level.offset = level.offset.saturating_add_signed(lines);
            return;
        }
        level.index = level.index.saturating_add_signed(lines).min(last);
        let index = level.index;
        let selected: Option<Key> = self.list.lines.get(index).map(|line| line.key.clone());
        self.level_mut().selected = selected;
    }

    /// Sorts by the next column that is shown, or the one before.
    pub(super) fn sort(&mut self, forward: bool) {
        let columns = self.columns.len();
        let at = self.columns.iter().position(|column| *column == self.level().sort).unwrap_or(0);
        let step = if forward { 1 } else { columns.saturating_sub(1) };
        if let Some(column) = self.columns.get((at + step) % columns.max(1)).copied() {
            self.level_mut().sort = column;
            self.level_mut().reversed = false;
        }
    }
}
