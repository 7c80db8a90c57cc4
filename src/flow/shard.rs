//! One of the parts of a flow table: flows whose keys' hashes begin alike. Parts have nothing in common, so that threads can
//! work on them at the same time.

use super::details::Details;
use super::family::Family;
use super::flows::Ended;
use super::key::{Key, V4Key, V6Key};
use super::order::Place;
use super::record::FlowRecord;
use crate::collections::{Id, NONE};

#[derive(Debug)]
pub(super) struct Shard {
    pub(super) v4: Family<V4Key>,
    pub(super) v6: Family<V6Key>,
    pub(super) details: Details,
}

impl Shard {
    /// An empty one; times in ns.
    pub(super) fn new(timeout: Option<i64>, width: Option<i64>, most_cells: usize) -> Self {
        let details = Details::new(width, most_cells);
        Self { v4: Family::new(timeout), v6: Family::new(timeout), details }
    }

    /// Segments held now.
    pub(super) fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Packets not yet added.
    pub(super) fn waiting(&self) -> usize {
        self.v4.waiting() + self.v6.waiting()
    }

    /// Adds all packets that are on their way.
    pub(super) fn arrive(&mut self) {
        self.v4.arrive(&mut self.details);
        self.v6.arrive(&mut self.details);
    }

    /// Takes over the segments of another one; in neither are packets waiting.
    pub(super) fn merge(&mut self, mut other: Self) {
        while self.details.width() < other.details.width() {
            self.details.widen(&self.detail_ids());
        }
        while other.details.width() < self.details.width() {
            other.details.widen(&other.detail_ids());
        }
        other.details.adopt_intervals(&self.details);
        self.details.adopt_intervals(&other.details);
        self.v4.merge(other.v4, &mut self.details, &mut other.details);
        self.v6.merge(other.v6, &mut self.details, &mut other.details);
    }

    /// Joins what belongs together, and fits the series into its bound.
    pub(super) fn settle(&mut self) {
        self.v4.settle(&mut self.details);
        self.v6.settle(&mut self.details);
        if self.details.width().is_some() {
            self.details.fit(&self.detail_ids());
        }
    }

    /// The places of all details.
    fn detail_ids(&self) -> Vec<Id> {
        let v4 = self.v4.ids().into_iter().map(|id| self.v4.segment(id).more.detail());
        let v6 = self.v6.ids().into_iter().map(|id| self.v6.segment(id).more.detail());
        v4.chain(v6).filter(|&id| id != NONE).collect()
    }

    /// When each segment ended.
    pub(super) fn last_times(&self) -> impl Iterator<Item = Option<i64>> {
        let last = |span: Option<(i64, i64)>| span.map(|(_, last)| last);
        let v4 = self.v4.ids().into_iter().map(move |id| last(self.v4.segment(id).span()));
        v4.chain(self.v6.ids().into_iter().map(move |id| last(self.v6.segment(id).span())))
    }

    /// Shows the segments that had packets at `since` or later, in ns, or have a series.
    pub(super) fn visit_active(&self, since: i64, each: &mut impl FnMut(&FlowRecord)) {
        visit_active(&self.v4, &self.details, since, each);
        visit_active(&self.v6, &self.details, since, each);
    }

    /// Takes the series out of all segments.
    pub(super) fn clear_series(&mut self) {
        for id in self.detail_ids() {
            self.details.clear_series(id);
        }
        self.details.clear_intervals();
    }

    /// The places of the segments that ended by `horizon`, in the shard of that number.
    pub(super) fn ended_by(&self, horizon: Option<i64>, number: u8) -> impl Iterator<Item = Place> {
        let place = move |is_v6| move |(begin, id)| Place { begin, is_v6, shard: number, id };
        ended_by(&self.v4, horizon).map(place(false)).chain(ended_by(&self.v6, horizon).map(place(true)))
    }

    /// The record of the segment at a place.
    pub(super) fn record(&self, place: &Place) -> FlowRecord {
        if place.is_v6 {
            self.v6.segment(place.id).record(&self.details)
        } else {
            self.v4.segment(place.id).record(&self.details)
        }
    }

    /// Removes the segments that ended by `horizon`; all have to be settled.
    pub(super) fn remove_ended_by(&mut self, horizon: Option<i64>) {
        let details = &mut self.details;
        self.v4.remove_ended_by(horizon, details);
        self.v6.remove_ended_by(horizon, details);
    }

    /// Ends the input: what belongs together is joined.
    pub(super) fn finish(mut self) -> Ended {
        self.settle();
        Ended { v4: self.v4.into_segments(), v6: self.v6.into_segments(), details: self.details }
    }
}

fn visit_active<K: Key>(
    family: &Family<K>,
    details: &Details,
    since: i64,
    each: &mut impl FnMut(&FlowRecord),
) {
    for id in family.ids() {
        let segment = family.segment(id);
        if segment.span().is_some_and(|(_, last)| last >= since) || details.has_series(segment.more) {
            each(&segment.record(details));
        }
    }
}

/// When each segment began that ended by `horizon`, and where it is.
fn ended_by<K: Key>(family: &Family<K>, horizon: Option<i64>) -> impl Iterator<Item = (Option<i64>, Id)> {
    let ids = family.ids().into_iter();
    let spans = ids.map(|id| (family.segment(id).span(), id));
    let ended = spans.filter(move |(span, _)| span.map(|(_, last)| last) <= horizon);
    ended.map(|(span, id)| (span.map(|(first, _)| first), id))
}
