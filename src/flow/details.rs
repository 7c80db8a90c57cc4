//! What few flows need, kept apart so that the entry of a flow stays one cache line: handshake times that are far from its
//! first packet, very large counts, and the volumes of each interval.

use std::collections::HashSet;

use super::record::IntervalVolume;
use crate::collections::{Id, NONE, Slab};
use crate::net::{Side, Timestamp};

/// "Not seen", and later than every time.
pub(super) const NEVER: i64 = i64::MAX;

/// What a segment has besides its entry: nothing, an older segment of the same key, or a detail, which knows of the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More(Id);

/// The bit that tells older segments from details. No slab has that many items.
const IS_OLDER: Id = 1 << 31;

impl More {
    pub(super) const NOTHING: Self = Self(NONE);

    const fn of_older(older: Id) -> Self {
        Self(older | IS_OLDER)
    }

    /// The place of the detail; [`NONE`] without one.
    pub(super) const fn detail(self) -> Id {
        if self.0 & IS_OLDER == 0 { self.0 } else { NONE }
    }
}

/// The details of one flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    /// Earliest SYN of each side that the entry does not tell, in ns; [`NEVER`] if there was none.
    pub(super) syn: [i64; 2],
    /// Earliest SYN/ACK of each side that the entry does not tell.
    pub(super) syn_ack: [i64; 2],
    /// Earliest plain ACK of each side that the entry does not tell.
    pub(super) ack: [i64; 2],
    /// How many times 2^32 packets each side sent, besides what the entry counts.
    pub(super) packets_high: [u32; 2],
    /// How many times 2^32 bytes.
    pub(super) bytes_high: [u32; 2],
    /// The latest cell of the series; the others follow.
    newest_cell: Id,
    /// The older segment of the same key.
    older: Id,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            syn: [NEVER; 2],
            syn_ack: [NEVER; 2],
            ack: [NEVER; 2],
            packets_high: [0; 2],
            bytes_high: [0; 2],
            newest_cell: NONE,
            older: NONE,
        }
    }
}

/// What a flow sent in one interval.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Number of the interval since 1970; [`UNTIMED`] for packets without a time stamp.
    interval: i64,
    packets: [u64; 2],
    bytes: [u64; 2],
    older: Id,
}

impl Cell {
    fn absorb(&mut self, packets: [u64; 2], bytes: [u64; 2]) {
        for side in 0..2 {
            self.packets[side] += packets[side];
            self.bytes[side] += bytes[side];
        }
    }
}

const UNTIMED: i64 = i64::MIN;

/// The details of all flows of a table.
#[derive(Debug)]
pub(super) struct Details {
    slab: Slab<Detail>,
    cells: Slab<Cell>,
    /// The width of an interval in ns, if a series is wanted.
    width: Option<i64>,
    most_cells: usize,
    /// The intervals that have packets.
    intervals: HashSet<i64, foldhash::fast::RandomState>,
}

/// The most intervals of a series: a day and a half of seconds. With more, they get twice as wide.
const MOST_INTERVALS: usize = 1 << 17;

impl Details {
    /// No details yet. `width` is that of an interval in ns; at most `most_cells` interval volumes are kept, of
    /// at most [`MOST_INTERVALS`] intervals: past that the intervals become twice as wide.
    pub(super) fn new(width: Option<i64>, most_cells: usize) -> Self {
        Self {
            slab: Slab::default(),
            cells: Slab::default(),
            width,
            most_cells,
            intervals: HashSet::default(),
        }
    }

    /// The width of the intervals now, in ns.
    pub(super) const fn width(&self) -> Option<i64> {
        self.width
    }

    /// The older segment of the same key; [`NONE`] if there is none.
    #[inline]
    pub(super) fn older(&self, more: More) -> Id {
        match more {
            More::NOTHING => NONE,
            More(id) if id & IS_OLDER == 0 => self.slab[id].older,
            More(id) => id & !IS_OLDER,
        }
    }

    /// Notes the older segment of the same key.
    pub(super) fn set_older(&mut self, more: &mut More, older: Id) {
        match more.detail() {
            NONE => *more = More::of_older(older),
            id => self.slab[id].older = older,
        }
    }

    /// The detail, which is made if there is none.
    pub(super) fn entry(&mut self, more: &mut More) -> &mut Detail {
        let id = self.place(more);
        &mut self.slab[id]
    }

    fn place(&mut self, more: &mut More) -> Id {
        if more.detail() == NONE {
            let older = self.older(*more);
            *more = More(self.slab.insert(Detail { older, ..Detail::default() }));
        }
        more.detail()
    }

    /// Whether no segment has one.
    pub(super) fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    pub(super) fn get(&self, more: More) -> Option<&Detail> {
        self.slab.get(more.detail())
    }

    /// Adds a packet to the series, if there is one. `time` is in ns, or [`NEVER`].
    #[inline]
    pub(super) fn count(&mut self, more: &mut More, time: i64, sender: Side, bytes: u32) {
        if let Some(width) = self.width {
            self.count_in(more, if time == NEVER { UNTIMED } else { time.div_euclid(width) }, sender, bytes);
        }
    }

    #[inline(never)]
    fn count_in(&mut self, more: &mut More, interval: i64, sender: Side, bytes: u32) {
        let of_sender = |number| match sender {
            Side::A => [number, 0],
            Side::B => [0, number],
        };
        let id = self.place(more);
        self.add(id, interval, of_sender(1), of_sender(u64::from(bytes)));
    }

    fn add(&mut self, id: Id, interval: i64, packets: [u64; 2], bytes: [u64; 2]) {
        let newest = self.slab[id].newest_cell;
        if newest != NONE && self.cells[newest].interval == interval {
            self.cells[newest].absorb(packets, bytes);
            return;
        }
        self.intervals.insert(interval);
        self.slab[id].newest_cell = self.cells.insert(Cell { interval, packets, bytes, older: newest });
    }

    /// Interval volumes held now.
    pub(super) fn cells_held(&self) -> usize {
        self.cells.len()
    }

    /// Whether the series takes so much room that [`Details::fit`] is due.
    pub(super) fn is_full(&self) -> bool {
        self.width.is_some()
            && (self.cells.len() >= self.most_cells.saturating_mul(2)
                || self.intervals.len() > MOST_INTERVALS)
    }

    /// Brings the series to at most the number of cells it may have, by intervals twice as wide, as often as it takes;
    /// `ids` are all details in use. Only the grid gets coarser: packets and bytes stay. The width reached is the same for
    /// every order of reading in which it is not overstepped by segments that only a later packet joins.
    pub(super) fn fit(&mut self, ids: &[Id]) {
        self.rewrite(ids, |interval| interval);
        while self.width.is_some_and(|width| width < i64::MAX)
            && (self.cells.len() > self.most_cells || self.intervals.len() > MOST_INTERVALS)
        {
            self.widen(ids);
        }
    }

    /// Makes the intervals twice as wide.
    pub(super) fn widen(&mut self, ids: &[Id]) {
        let coarser = |interval| if interval == UNTIMED { UNTIMED } else { interval >> 1 };
        self.width = self.width.map(|width| width.saturating_mul(2));
        self.intervals = self.intervals.iter().copied().map(coarser).collect();
        self.rewrite(ids, coarser);
    }

    /// Renumbers the intervals and leaves one cell for each.
    fn rewrite(&mut self, ids: &[Id], renumber: impl Fn(i64) -> i64) {
        for &id in ids {
            for cell in self.take_cells(id) {
                self.add(id, renumber(cell.interval), cell.packets, cell.bytes);
            }
        }
    }

    /// The cells of a detail, one an interval, by rising interval.
    fn cells(&self, id: Id) -> Vec<Cell> {
        let newest = self.slab[id].newest_cell;
        let place = |id: Id| (id != NONE).then_some(id);
        let places = std::iter::successors(place(newest), |&id| place(self.cells[id].older));
        let mut cells: Vec<Cell> = places.map(|id| self.cells[id]).collect();
        cells.sort_unstable_by_key(|cell: &Cell| cell.interval);
        cells.dedup_by(|later, earlier| {
            let same = later.interval == earlier.interval;
            if same {
                earlier.absorb(later.packets, later.bytes);
            }
            same
        });
        cells
    }

    /// Takes the cells of a detail out of it, as [`Details::cells`] gives them.
    fn take_cells(&mut self, id: Id) -> Vec<Cell> {
        let cells = self.cells(id);
        let mut next = std::mem::replace(&mut self.slab[id].newest_cell, NONE);
        while next != NONE {
            self.cells.remove(next);
            next = self.cells[next].older;
        }
        cells
    }

    /// Whether there is a series.
    pub(super) fn has_series(&self, more: More) -> bool {
        self.get(more).is_some_and(|detail| detail.newest_cell != NONE)
    }

    /// Takes the series out of a detail.
    pub(super) fn clear_series(&mut self, id: Id) {
        self.take_cells(id);
    }

    /// Forgets which intervals had packets; no detail may have a series.
    pub(super) fn clear_intervals(&mut self) {
        self.intervals.clear();
    }

    /// Removes the detail, if there is one.
    pub(super) fn remove(&mut self, more: More) {
        let id = more.detail();
        if id != NONE {
            self.take_cells(id);
            self.slab.remove(id);
        }
    }

    /// What was sent in each interval, if there is a series.
    pub(super) fn series(&self, more: More) -> Vec<IntervalVolume> {
        let id = more.detail();
        let Some(width) = self.width.filter(|_| id != NONE) else { return Vec::new() };
        let volume = |cell: Cell| IntervalVolume {
            start: (cell.interval != UNTIMED)
                .then(|| Timestamp::from_nanos(cell.interval.saturating_mul(width))),
            packets: cell.packets,
            bytes: cell.bytes,
        };
        self.cells(id).into_iter().map(volume).collect()
    }

    /// Adds the detail of `from` to that of `into`, and removes it.
    pub(super) fn absorb(&mut self, into: &mut More, from: More) {
        let Some(&other) = self.get(from) else { return };
        let id = self.place(into);
        let merged = &mut self.slab[id];
        for side in 0..2 {
            merged.syn[side] = merged.syn[side].min(other.syn[side]);
            merged.syn_ack[side] = merged.syn_ack[side].min(other.syn_ack[side]);
            merged.ack[side] = merged.ack[side].min(other.ack[side]);
            merged.packets_high[side] = merged.packets_high[side].saturating_add(other.packets_high[side]);
            merged.bytes_high[side] = merged.bytes_high[side].saturating_add(other.bytes_high[side]);
        }
        for cell in self.take_cells(from.detail()) {
            self.add(id, cell.interval, cell.packets, cell.bytes);
        }
        self.slab.remove(from.detail());
    }

    /// Takes over the intervals of another table, those of evicted flows too.
    pub(super) fn adopt_intervals(&mut self, other: &Self) {
        self.intervals.extend(&other.intervals);
    }

    /// Takes over a detail of another table whose intervals have the same width. What is older stays there.
    pub(super) fn adopt(&mut self, other: &mut Self, more: More) -> More {
        let Some(detail) = other.get(more) else { return More::NOTHING };
        let id = self.slab.insert(Detail { newest_cell: NONE, older: NONE, ..*detail });
        for cell in other.take_cells(more.detail()) {
            self.add(id, cell.interval, cell.packets, cell.bytes);
        }
        More(id)
    }
}
