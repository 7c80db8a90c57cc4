//! One of the parts of a flow table: flows whose keys' hashes begin alike. Parts have nothing in common, so that threads can
//! work on them at the same time.

use super::details::Details;
use super::family::Family;
use super::flows::Ended;
use super::key::{Key, V4Key, V6Key};
use super::record::FlowRecord;
use crate::collections::Id;

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

    /// Takes all batches of packets one step further.
    pub(super) fn step(&mut self) {
        self.v4.step(&mut self.details);
        self.v6.step(&mut self.details);
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
        if self.len() == 0 {
            *self = other;
            return;
        }
        self.v4.merge(other.v4, &mut self.details, &mut other.details);
        self.v6.merge(other.v6, &mut self.details, &mut other.details);
    }

    /// Joins what belongs together, and fits the series into its bound.
    pub(super) fn settle(&mut self) {
        self.v4.forget_guesses();
        self.v6.forget_guesses();
        self.v4.settle(&mut self.details);
        self.v6.settle(&mut self.details);
        if self.details.width().is_some() {
            self.details.fit(&self.detail_ids());
        }
    }

    fn detail_ids(&self) -> Vec<Id> {
        let v4 = self.v4.ids().into_iter().map(|id| self.v4.segment(id).detail);
        let v6 = self.v6.ids().into_iter().map(|id| self.v6.segment(id).detail);
        v4.chain(v6).collect()
    }

    /// When each segment ended.
    pub(super) fn last_times(&self) -> impl Iterator<Item = Option<i64>> {
        let last = |span: Option<(i64, i64)>| span.map(|(_, last)| last);
        let v4 = self.v4.ids().into_iter().map(move |id| last(self.v4.segment(id).span()));
        v4.chain(self.v6.ids().into_iter().map(move |id| last(self.v6.segment(id).span())))
    }

    /// Hands out the segments that ended by `horizon`; all have to be settled.
    pub(super) fn evict(&mut self, horizon: Option<i64>, mut evict: impl FnMut(FlowRecord)) {
        evict_family(&mut self.v4, &mut self.details, horizon, &mut evict);
        evict_family(&mut self.v6, &mut self.details, horizon, &mut evict);
    }

    /// Ends the input: what belongs together is joined.
    pub(super) fn finish(mut self) -> Ended {
        self.settle();
        Ended { v4: self.v4.into_segments(), v6: self.v6.into_segments(), details: self.details }
    }
}

fn evict_family<K: Key>(
    family: &mut Family<K>,
    details: &mut Details,
    horizon: Option<i64>,
    evict: &mut impl FnMut(FlowRecord),
) {
    for segment in family.remove(|segment| segment.span().map(|(_, last)| last) > horizon) {
        evict(segment.record(details));
        details.remove(segment.detail);
    }
}
