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
    pub(in super::super) fn merge(&mut self, other: Self, details: &mut Details, others: &mut Details) {
        let older = other.older_segments(others);
        let Self { index, mut segments, is_chained, .. } = other;
        let rest = self.join_with(index, &older, &mut segments, details, others);
        if is_chained || !others.is_empty() {
            for segment in segments.places_mut() {
                segment.more = details.adopt(others, segment.more);
            }
        }
        let moved = self.segments.append(segments);
        self.index.reserve(rest.new.len());
        for (mark, id) in rest.new {
            self.index.insert(mark, moved.place_of(id));
        }
        for (mark, id) in rest.further {
            self.take(mark, moved.place_of(id), details);
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
    /// They come in the order of the other index, in which keys are looked for here from the first line to the last.
    fn join_with(
        &mut self,
        index: Index,
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
