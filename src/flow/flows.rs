//! The flows of a finished table.

use std::sync::Arc;

use super::details::Details;
use super::key::{Key, V4Key, V6Key};
use super::order::Place;
use super::record::FlowRecord;
use super::segment::Segment;
use crate::collections::{Slab, SlabPart};
use crate::net::{Endpoint, Transport};

/// All flows of an input that has ended.
#[derive(Debug)]
pub struct Flows {
    shards: Vec<Ended>,
    evicted: u64,
}

/// The flows of a shard.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) v4: Slab<Segment<V4Key>>,
    pub(super) v6: Slab<Segment<V6Key>>,
    pub(super) details: Details,
}

/// Some of the flows, for one of several threads: some of each shard.
#[derive(Clone, Debug)]
pub struct Part {
    number: usize,
    of: usize,
}

/// Who is shown flows. Not a closure, for those are not inlined in several places; where a visit is, what it does not ask of a record
/// need not be made.
pub trait FlowVisitor {
    /// Takes one flow.
    fn visit(&mut self, record: &FlowRecord);
}

/// Some of the flows, which are held no longer than until they are shown.
#[derive(Debug)]
pub struct OwnedPart {
    shards: Vec<EndedPart>,
}

#[derive(Debug)]
struct EndedPart {
    v4: SlabPart<Segment<V4Key>>,
    v6: SlabPart<Segment<V6Key>>,
    details: Arc<Details>,
}

impl OwnedPart {
    /// Shows its flows, in no particular order.
    pub fn visit(self, visitor: &mut impl FlowVisitor) {
        for EndedPart { v4, v6, details } in self.shards {
            show(v4, &details, visitor);
            show(v6, &details, visitor);
        }
    }
}

fn show<K: Key>(part: SlabPart<Segment<K>>, details: &Details, visitor: &mut impl FlowVisitor) {
    part.for_each(|segment| match details.get(segment.more) {
        None => visitor.visit(&segment.plain_record()),
        Some(_) => show_with_detail(segment, details, visitor),
    });
}

/// Apart from the others, whose record so has no list and nothing else that has to be in memory.
#[cold]
#[inline(never)]
fn show_with_detail<K: Key>(segment: &Segment<K>, details: &Details, visitor: &mut impl FlowVisitor) {
    visitor.visit(&segment.record(details));
}

impl Flows {
    pub(super) const fn new(shards: Vec<Ended>, evicted: u64) -> Self {
        Self { shards, evicted }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.v4.len() + shard.v6.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The width of the intervals in ns, as [`FlowTable::interval_ns`](super::FlowTable::interval_ns).
    pub fn interval_ns(&self) -> Option<u64> {
        self.shards[0].details.width().map(i64::unsigned_abs)
    }

    /// Flows that were evicted to keep within the bound.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// All flows in so many parts.
    pub fn parts(&self, parts: usize) -> Vec<Part> {
        (0..parts).map(|number| Part { number, of: parts }).collect()
    }

    /// All flows in so many parts, which give back the memory of flows along the way.
    pub fn into_parts(self, parts: usize) -> Vec<OwnedPart> {
        let mut owned: Vec<OwnedPart> = (0..parts).map(|_| OwnedPart { shards: Vec::new() }).collect();
        for Ended { v4, v6, details } in self.shards {
            let details = Arc::new(details);
            let slabs = v4.into_parts(parts).into_iter().zip(v6.into_parts(parts));
            for (part, (v4, v6)) in owned.iter_mut().zip(slabs) {
                part.shards.push(EndedPart { v4, v6, details: Arc::clone(&details) });
            }
        }
        owned
    }

    /// Shows the flows of a part whose transport and endpoints are wanted, but those of which exactly one side sent a SYN, and
    /// so is the client.
    pub fn visit_unopened(
        &self,
        part: &Part,
        is_wanted: impl Fn(Transport, [Endpoint; 2]) -> bool,
        mut each: impl FnMut(&FlowRecord),
    ) {
        let v4 = |segment: &Segment<V4Key>| {
            !segment.is_opened() && is_wanted(segment.key().1, segment.endpoints())
        };
        let v6 = |segment: &Segment<V6Key>| {
            !segment.is_opened() && is_wanted(segment.key().1, segment.endpoints())
        };
        self.visit_if(part, v4, v6, &mut each);
    }

    /// Shows the flows of a part whose endpoints are wanted.
    pub fn visit_between(
        &self,
        part: &Part,
        is_wanted: impl Fn([Endpoint; 2]) -> bool,
        mut each: impl FnMut(&FlowRecord),
    ) {
        let v4 = |segment: &Segment<V4Key>| is_wanted(segment.endpoints());
        let v6 = |segment: &Segment<V6Key>| is_wanted(segment.endpoints());
        self.visit_if(part, v4, v6, &mut each);
    }

    fn visit_if(
        &self,
        part: &Part,
        v4: impl Fn(&Segment<V4Key>) -> bool,
        v6: impl Fn(&Segment<V6Key>) -> bool,
        each: &mut impl FnMut(&FlowRecord),
    ) {
        for shard in &self.shards {
            let wanted = shard.v4.part(part.number, part.of).filter(|segment| v4(segment));
            wanted.for_each(|segment| each(&segment.record(&shard.details)));
            let wanted = shard.v6.part(part.number, part.of).filter(|segment| v6(segment));
            wanted.for_each(|segment| each(&segment.record(&shard.details)));
        }
    }

    /// Shows all flows by the time they began (those without times first), then IPv4 before IPv6, by endpoints and
    /// transport: the same order whatever the order of reading.
    pub fn visit_in_order(&self, mut each: impl FnMut(&FlowRecord)) {
        let mut places: Vec<Place> = Vec::with_capacity(self.len());
        for (shard, Ended { v4, v6, .. }) in (0..).zip(&self.shards) {
            let begin = |span: Option<(i64, i64)>| span.map(|(first, _)| first);
            let place = |id, is_v6, span| Place { begin: begin(span), is_v6, shard, id };
            places.extend(v4.ids().into_iter().map(|id| place(id, false, v4[id].span())));
            places.extend(v6.ids().into_iter().map(|id| place(id, true, v6[id].span())));
        }
        let shard = |place: &Place| &self.shards[usize::from(place.shard)];
        Place::sort(
            &mut places,
            |place| shard(place).v4[place.id].key(),
            |place| shard(place).v6[place.id].key(),
        );
        for place in places {
            let Ended { v4, v6, details } = shard(&place);
            each(&if place.is_v6 { v6[place.id].record(details) } else { v4[place.id].record(details) });
        }
    }
}
