//! The flows of one address family.

mod merge;

use super::details::{Details, NEVER};
use super::key::{Found, Key, Seed, seed};
use super::segment::{Segment, Touch};
use crate::collections::{Id, Index, NONE, Room, Slab};
use crate::net::{Timestamp, Transport};
use crate::packet::PacketMeta;

/// Packets are added in batches of this many.
const BATCH: usize = 16;
/// Batches of a family on the way at the same time.
const STAGES: usize = 3;

/// How many segments of a key are looked at for a packet. Packets that fit none of them open another one, which is
/// joined with its neighbours when the segments are settled: so no order of packets makes a packet expensive.
const LOOK_BACK: usize = 4;

/// Flows of keys of one kind.
#[derive(Debug)]
pub(super) struct Family<K: Key> {
    index: Index,
    segments: Slab<Segment<K>>,
    /// Segments that came with another table, by mark, and are not in the index yet: after the last merge nobody looks for any.
    unindexed: Vec<(u32, Id)>,
    /// Packets on their way into the table: the batch that fills, for which slots of the index are asked; the one whose slots
    /// are coming; and the one whose segments are coming. So each waits for memory while the others are worked on.
    batches: [Vec<Touch<K>>; STAGES],
    /// Whether any key may have several segments.
    is_chained: bool,
    /// The idle timeout in ns; `None` for one flow a key.
    timeout: Option<i64>,
    seed: Seed,
}

impl<K: Key> Family<K> {
    pub(super) fn new(timeout: Option<i64>) -> Self {
        Self {
            index: Index::default(),
            segments: Slab::default(),
            unindexed: Vec::new(),
            batches: std::array::from_fn(|_| Vec::with_capacity(BATCH)),
            is_chained: false,
            timeout,
            seed: seed(),
        }
    }

    /// Ends looking for keys, and gives back the memory for it.
    pub(super) fn into_segments(mut self) -> Slab<Segment<K>> {
        self.segments.sort_free();
        self.segments
    }

    /// Segments held now.
    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }

    /// Packets not yet added.
    pub(super) fn waiting(&self) -> usize {
        self.batches.iter().map(Vec::len).sum()
    }

    /// Takes a packet on its way.
    #[inline]
    pub(super) fn wait(&mut self, packet: &PacketMeta, found: Found<K>, details: &mut Details) {
        let Found { key, mark, sender } = found;
        self.index.prefetch(mark);
        let batch = &mut self.batches[0];
        batch.push(Touch {
            key,
            mark,
            guess: NONE,
            transport: packet.transport,
            sender,
            flags: packet.flags,
            bytes: packet.wire_len,
            time: packet.timestamp.map_or(NEVER, Timestamp::as_nanos),
        });
        if batch.len() >= BATCH {
            self.step(details);
        }
    }

    /// Adds all packets that are on their way. Where none is, nothing is looked for.
    pub(super) fn arrive(&mut self, details: &mut Details) {
        while self.waiting() > 0 {
            self.step(details);
        }
    }

    /// Takes all batches one step further, which adds the last one.
    fn step(&mut self, details: &mut Details) {
        self.index_all();
        self.add(details);
        for touch in &mut self.batches[1] {
            touch.guess = self.index.guess(touch.mark);
            self.segments.prefetch(touch.guess);
        }
        self.batches.rotate_right(1);
    }

    /// Adds the last batch.
    fn add(&mut self, details: &mut Details) {
        let mut batch = std::mem::take(&mut self.batches[STAGES - 1]);
        let timeout = self.timeout;
        for touch in &batch {
            // Packets added since may have moved the head of the key; a segment it still is, and the one that a packet in
            // order belongs to.
            let guessed = self.segments.get_mut(touch.guess);
            if !guessed.is_some_and(|segment| segment.add_if_taken(touch, timeout, details)) {
                self.add_slowly(touch, details);
            }
        }
        batch.clear();
        self.batches[STAGES - 1] = batch;
    }

    /// Adds a packet to the segment that takes it, or opens one with it.
    #[inline(never)]
    fn add_slowly(&mut self, touch: &Touch<K>, details: &mut Details) {
        let head = self.head(touch.mark, &touch.key, touch.transport);
        let taking = head.ok().and_then(|head| self.taking(head, touch.time, details));
        if let Some(id) = taking {
            self.segments[id].add(touch, details);
        } else {
            let id = self.segments.insert(Segment::new(touch, details));
            self.link(touch.mark, head, id, details);
        }
    }

    /// The segment of a key that packets of that time belong to, among the latest few.
    fn taking(&self, head: Id, time: i64, details: &Details) -> Option<Id> {
        let takes = |&id: &Id| self.segments[id].takes(time, self.timeout);
        self.chain(head, details).take(LOOK_BACK).find(takes)
    }

    /// The newest segment of a key, or where there is room for one in the index.
    #[inline]
    fn head(&self, mark: u32, key: &K, transport: Transport) -> Result<Id, Room> {
        self.index.find(mark, |id| self.segments[id].is_of(key, transport))
    }

    /// Makes a segment the head of its key, whose head so far, or the room for one, was just found.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    fn link(&mut self, mark: u32, head: Result<Id, Room>, id: Id, details: &mut Details) {
        match head {
            Ok(head) => {
                details.set_older(&mut self.segments[id].more, head);
                self.is_chained = true;
                self.index.replace(mark, head, id);
            }
            Err(room) => self.index.insert_at(room, mark, id),
        }
    }

    /// The ids of all segments, in the order of memory.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.segments.ids()
    }

    /// The segments of one key.
    fn chain(&self, head: Id, details: &Details) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(head), |&id| {
            let older = details.older(self.segments[id].more);
            (older != NONE).then_some(older)
        })
    }

    pub(super) fn segment(&self, id: Id) -> &Segment<K> {
        &self.segments[id]
    }

    /// Joins the segments of each key between which no gap is wider than the timeout, and those without times with
    /// the earliest of their key. Segments are flows after that, as far as the input was read.
    pub(super) fn settle(&mut self, details: &mut Details) {
        if !self.is_chained {
            return;
        }
        self.index_all();
        for head in self.heads_of_chains(details) {
            let mut chain: Vec<Id> = self.chain(head, details).collect();
            // Those without time come first: `None` is the smallest.
            chain.sort_unstable_by_key(|&id| self.segments[id].span());
            let newest = self.join(&chain, details);
            let mark = self.segments[newest].mark(&self.seed);
            self.index.replace(mark, head, newest);
        }
    }

    /// The newest segment of each key that has several.
    fn heads_of_chains(&self, details: &Details) -> Vec<Id> {
        let older = |&id: &Id| details.older(self.segments[id].more);
        let mut heads = self.segments.ids();
        heads.retain(|id| older(id) != NONE);
        let mut others: Vec<Id> = heads.iter().map(older).collect();
        others.sort_unstable();
        let mut others = others.into_iter().peekable();
        heads.retain(|&id| {
            while others.next_if(|&other| other < id).is_some() {}
            others.peek() != Some(&id)
        });
        heads
    }

    /// Joins a chain sorted by time and links what stays, the newest as head.
    fn join(&mut self, chain: &[Id], details: &mut Details) -> Id {
        let mut newest = chain[0];
        details.set_older(&mut self.segments[newest].more, NONE);
        for &id in &chain[1..] {
            let segment = self.segments[id];
            let mut joined = self.segments[newest];
            // What has no time belongs to the earliest.
            if joined.span().is_none() || self.touch_each_other(&joined, &segment) {
                joined.absorb(&segment, details);
                self.segments[newest] = joined;
                self.free(id);
            } else {
                details.set_older(&mut self.segments[id].more, newest);
                newest = id;
            }
        }
        newest
    }

    /// Whether no gap between two segments of a key is wider than the timeout. Those without times touch all others only
    /// where there is no timeout, or once the segments are settled.
    fn touch_each_other(&self, one: &Segment<K>, other: &Segment<K>) -> bool {
        let Some(timeout) = self.timeout else { return true };
        match (one.span(), other.span()) {
            (Some((first, last)), Some((other_first, other_last))) => {
                other_first <= last.saturating_add(timeout) && first <= other_last.saturating_add(timeout)
            }
            (None, None) => true,
            _ => false,
        }
    }

    /// Removes the segments that ended by `horizon`, which have to be settled, with their details.
    pub(super) fn remove_ended_by(&mut self, horizon: Option<i64>, details: &mut Details) {
        self.index_all();
        let leaves = |segment: &Segment<K>| segment.span().map(|(_, last)| last) <= horizon;
        let ids = self.segments.ids();
        // Older segments of a key leave before newer ones.
        for &id in &ids {
            let older = details.older(self.segments[id].more);
            if older != NONE && leaves(&self.segments[older]) {
                details.set_older(&mut self.segments[id].more, NONE);
            }
        }
        for id in ids {
            let segment = &self.segments[id];
            if leaves(segment) {
                self.index.remove(segment.mark(&self.seed), id);
                details.remove(segment.more);
                self.free(id);
            }
        }
    }

    fn free(&mut self, id: Id) {
        self.segments[id].end_use();
        self.segments.remove(id);
    }
}
