//! Merging the flows of two tables. Most flows of one have no counterpart in the other, so those are not even looked at: their
//! memory comes over as it is.

use super::super::details::Details;
use super::super::key::Key;
use super::super::segment::Segment;
use super::{BATCH, Family, LOOK_BACK};
use crate::collections::{Id, Index, NONE, Slab, in_huge_pages};

/// What is left of another table once the segments that touch those here are joined with them, by mark and place.
struct Rest {
    /// Of keys that are not here, one of each.
    new: Vec<(u32, Id)>,
    /// Of keys that are here, or among the new ones.
    further: Vec<(u32, Id)>,
}

impl<K: Key> Family<K> {
    /// Takes over the segments of another table, with their details.
    pub(in super::super) fn merge(&mut self, mut other: Self, details: &mut Details, others: &mut Details) {
        if other.len() == 0 {
            return;
        }
        self.index_all();
        other.index_all();
        let older = other.older_segments(others);
        let Self { index, mut segments, is_chained, .. } = other;
        let rest = self.join_with(&index, &older, &mut segments, details, others);
        // Before this one grows.
        drop(index);
        if is_chained || !others.is_empty() {
            for segment in segments.places_mut() {
                segment.more = details.adopt(others, segment.more);
            }
        }
        let moved = self.segments.append(segments);
        self.unindexed = rest.new;
        self.unindexed.iter_mut().for_each(|(_, id)| *id = moved.place_of(*id));
        if !rest.further.is_empty() {
            self.index_all();
        }
        for (mark, id) in rest.further {
            self.take(mark, moved.place_of(id), details);
        }
    }

    /// Puts into the index what came with another table.
    #[inline]
    pub(super) fn index_all(&mut self) {
        if !self.unindexed.is_empty() {
            let unindexed = std::mem::take(&mut self.unindexed);
            self.index.reserve(unindexed.len());
            for (mark, id) in unindexed {
                self.index.insert(mark, id);
            }
        }
    }

    /// All segments that are not the head of their key.
    fn older_segments(&self, details: &Details) -> Vec<(u32, Id)> {
        if !self.is_chained {
            return Vec::new();
        }
        let older = self.ids().into_iter().map(|id| details.older(self.segments[id].more));
        let marked = |id| (self.segments[id].mark(&self.seed), id);
        older.filter(|&id| id != NONE).map(marked).collect()
    }

    /// Joins segments of another table with those here that they touch, and frees their places. The others stay where they are.
    ///
    /// They come in the order of the other index, in which keys are looked for here nearly from the first line to the last.
    fn join_with(
        &mut self,
        index: &Index,
        older: &[(u32, Id)],
        segments: &mut Slab<Segment<K>>,
        details: &mut Details,
        others: &mut Details,
    ) -> Rest {
        let new = in_huge_pages(Vec::with_capacity(index.len()));
        let mut rest = Rest { new, further: Vec::new() };
        let heads = index.entries().map(|(mark, id)| (mark, id, true));
        let mut entries = heads.chain(older.iter().map(|&(mark, id)| (mark, id, false)));
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            batch.extend(entries.by_ref().take(BATCH));
            if batch.is_empty() {
                return rest;
            }
            for &(mark, id, _) in &batch {
                let guess = self.index.guess(mark);
                if guess != NONE {
                    self.segments.prefetch(guess);
                    segments.prefetch(id);
                }
            }
            for &(mark, id, is_head) in &batch {
                match self.index.find(mark, |own| self.segments[own].is_of_key_of(&segments[id])) {
                    Ok(head) => {
                        if !self.join_one(head, id, segments, details, others) {
                            rest.further.push((mark, id));
                        }
                    }
                    Err(_) if is_head => rest.new.push((mark, id)),
                    Err(_) => rest.further.push((mark, id)),
                }
            }
        }
    }

    /// Joins a segment of another table with one of the same key here, unless it touches none.
    fn join_one(
        &mut self,
        head: Id,
        id: Id,
        segments: &mut Slab<Segment<K>>,
        details: &mut Details,
        others: &mut Details,
    ) -> bool {
        let segment = segments[id];
        let Some(own) = self.touching(head, &segment, details) else { return false };
        let segment = segment.with_more(details.adopt(others, segment.more));
        self.segments[own].absorb(&segment, details);
        segments[id].end_use();
        segments.remove(id);
        true
    }

    /// The segment of a key that touches another one, among the latest few.
    fn touching(&self, head: Id, segment: &Segment<K>, details: &Details) -> Option<Id> {
        let touches = |&id: &Id| self.touch_each_other(&self.segments[id], segment);
        self.chain(head, details).take(LOOK_BACK).find(touches)
    }

    /// Joins a segment that is in its place, but not in the index, with one of its key, or links it with them.
    fn take(&mut self, mark: u32, id: Id, details: &mut Details) {
        let segment = self.segments[id];
        let (key, transport) = segment.key();
        let head = self.head(mark, &key, transport);
        match head.ok().and_then(|head| self.touching(head, &segment, details)) {
            Some(own) => {
                self.segments[own].absorb(&segment, details);
                self.free(id);
            }
            None => self.link(mark, head, id, details),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::flow::details::NEVER;
    use crate::flow::key::{Found, Seed, V4Key};
    use crate::flow::segment::Touch;
    use crate::net::Transport;
    use crate::packet::TcpFlags;

    const TIMEOUT: i64 = 10;

    type Flows = (Family<V4Key>, Details);

    /// A segment of each of those ports for each of those times, in ns.
    fn flows_of(ports: Range<u16>, times: &[i64]) -> Flows {
        let (mut family, mut details) = (Family::new(Some(TIMEOUT)), Details::new(None, 0));
        for (port, &time) in ports.flat_map(|port| times.iter().map(move |time| (port, time))) {
            let touch = touch(port, time, &family.seed);
            family.add_slowly(&touch, &mut details);
        }
        (family, details)
    }

    fn touch(port: u16, time: i64, seed: &Seed) -> Touch<V4Key> {
        let (hosts, transport) = ([[10, 0, 0, 1].into(), [10, 0, 0, 2].into()], Transport::Tcp);
        let Found { key, mark, sender } = V4Key::of(hosts, [port, 53], transport, seed);
        let (flags, bytes) = (TcpFlags::SYN, 60);
        Touch { key, mark, guess: NONE, transport, sender, flags, bytes, time }
    }

    fn merge((family, details): &mut Flows, (other, mut others): Flows) {
        family.merge(other, details, &mut others);
    }

    fn places(family: &mut Family<V4Key>) -> usize {
        family.segments.places_mut().count()
    }

    #[test]
    fn the_same_flows_again_and_again_take_no_more_places() {
        let mut flows = flows_of(0..10_000, &[0]);
        for round in 1..10 {
            merge(&mut flows, flows_of(0..10_000, &[round]));
            assert_eq!((flows.0.len(), places(&mut flows.0)), (10_000, 10_000));
        }
    }

    #[test]
    fn places_of_segments_that_are_joined_are_used_again() {
        let mut flows = flows_of(0..4_000, &[0, 100]);
        // Between the two segments of each key, both of which it touches.
        for _ in 0..10 {
            merge(&mut flows, flows_of(0..4_000, &[10, 20, 30, 40, 50, 60, 70, 80, 90]));
            flows.0.settle(&mut flows.1);
            assert_eq!(flows.0.len(), 4_000);
        }
        let most = places(&mut flows.0);
        assert!(most <= 12_000, "{most}");
        merge(&mut flows, flows_of(4_000..6_000, &[0, 100]));
        assert_eq!((flows.0.len(), places(&mut flows.0)), (8_000, most));
    }

    #[test]
    fn segments_that_touch_none_stay_apart_and_are_found() {
        for (own, other) in [(100, 9_000), (9_000, 100), (5_000, 5_000)] {
            let mut flows = flows_of(0..own, &[0, 100]);
            merge(&mut flows, flows_of(0..other, &[50, 150]));
            let (mut family, mut details) = flows;
            assert_eq!(family.len(), 2 * usize::from(own) + 2 * usize::from(other));
            assert_eq!(family.heads_of_chains(&details).len(), usize::from(own.max(other)));
            family.settle(&mut details);
            assert_eq!(family.len(), 2 * usize::from(own) + 2 * usize::from(other));
            for id in family.ids() {
                let (key, transport) = family.segments[id].key();
                let head = family.head(key.mark(transport, &family.seed), &key, transport).ok();
                let of_key = head.into_iter().flat_map(|head| family.chain(head, &details)).take(4);
                assert_eq!(of_key.filter(|&of_key| of_key == id).count(), 1);
            }
        }
    }

    #[test]
    fn packets_find_what_came_with_another_table() {
        for (own, other, flows) in
            [(0..100, 100..9_000, 9_000), (0..9_000, 9_000..9_100, 9_100), (0..0, 0..9_000, 9_000)]
        {
            let mut merged = flows_of(own, &[0]);
            merge(&mut merged, flows_of(other, &[0]));
            let (mut family, mut details) = merged;
            family.step(&mut details);
            for port in 0..9_000 {
                let touch = touch(port, 0, &family.seed);
                family.add_slowly(&touch, &mut details);
            }
            let packets = family.ids().into_iter().map(|id| family.segments[id].record(&details).packets());
            assert_eq!((family.len() as u64, packets.sum::<u64>()), (flows, flows + 9_000));
        }
    }

    #[test]
    fn what_comes_with_the_last_table_stays_out_of_the_index() {
        let mut flows = flows_of(0..100, &[0]);
        merge(&mut flows, flows_of(100..300, &[0]));
        merge(&mut flows, flows_of(0..0, &[0]));
        flows.0.arrive(&mut flows.1);
        flows.0.settle(&mut flows.1);
        assert_eq!((flows.0.len(), flows.0.unindexed.len()), (300, 200));
    }

    #[test]
    fn details_come_over_with_their_segments() {
        // What is known of a SYN without a time stamp is in a detail.
        for (own, other) in [(0..3_000, 2_000..9_000), (2_000..9_000, 0..3_000), (0..9_000, 0..0)] {
            let mut flows = flows_of(own, &[NEVER, 0]);
            merge(&mut flows, flows_of(other, &[0, NEVER]));
            let (family, details) = flows;
            assert_eq!(family.len(), 18_000);
            for id in family.ids() {
                let record = family.segments[id].record(&details);
                assert_eq!(record.handshake.syn.iter().flatten().count(), 1, "{record:?}");
            }
        }
    }
}
