//! The flows of a finished table.

use std::ops::Range;

use super::details::Details;
use super::key::{V4Key, V6Key};
use super::record::FlowRecord;
use super::segment::Segment;
use crate::collections::{Id, Slab};
use crate::net::{Endpoint, PortPair};

/// All flows of an input that has ended.
#[derive(Debug)]
pub struct Flows {
    v4: Slab<Segment<V4Key>>,
    v6: Slab<Segment<V6Key>>,
    details: Details,
    interval_ns: Option<u64>,
    evicted: u64,
}

/// Some of the flows, for one of several threads.
#[derive(Clone, Debug)]
pub struct Part {
    v4: Range<Id>,
    v6: Range<Id>,
}

impl Flows {
    pub(super) fn new(
        v4: Slab<Segment<V4Key>>,
        v6: Slab<Segment<V6Key>>,
        details: Details,
        interval_ns: Option<u64>,
        evicted: u64,
    ) -> Self {
        Self { v4, v6, details, interval_ns, evicted }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The width of the intervals in ns, as [`FlowTable::interval_ns`](super::FlowTable::interval_ns).
    pub const fn interval_ns(&self) -> Option<u64> {
        self.interval_ns
    }

    /// Flows that were evicted to keep within the bound.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// All flows in so many parts.
    pub fn parts(&self, parts: usize) -> Vec<Part> {
        self.v4.parts(parts).zip(self.v6.parts(parts)).map(|(v4, v6)| Part { v4, v6 }).collect()
    }

    /// Shows the flows of a part, in no particular order.
    pub fn visit(&self, part: &Part, mut each: impl FnMut(&FlowRecord)) {
        self.v4.range(part.v4.clone()).for_each(|segment| each(&segment.record(&self.details)));
        self.v6.range(part.v6.clone()).for_each(|segment| each(&segment.record(&self.details)));
    }

    /// Shows the flows of a part but those of which exactly one side sent a SYN, and so is the client.
    pub fn visit_unopened(&self, part: &Part, mut each: impl FnMut(&FlowRecord)) {
        let v4 = self.v4.range(part.v4.clone()).filter(|segment| !segment.is_opened());
        v4.for_each(|segment| each(&segment.record(&self.details)));
        let v6 = self.v6.range(part.v6.clone()).filter(|segment| !segment.is_opened());
        v6.for_each(|segment| each(&segment.record(&self.details)));
    }

    /// Shows the flows of a part whose endpoints are wanted.
    pub fn visit_between(
        &self,
        part: &Part,
        is_wanted: impl Fn([Endpoint; 2]) -> bool,
        mut each: impl FnMut(&FlowRecord),
    ) {
        let v4 = self.v4.range(part.v4.clone()).filter(|segment| is_wanted(segment.endpoints()));
        v4.for_each(|segment| each(&segment.record(&self.details)));
        let v6 = self.v6.range(part.v6.clone()).filter(|segment| is_wanted(segment.endpoints()));
        v6.for_each(|segment| each(&segment.record(&self.details)));
    }

    /// Shows all flows by the time they began (those without times first), then by transport and endpoints: the same order
    /// whatever the order of reading.
    pub fn visit_in_order(&self, mut each: impl FnMut(&FlowRecord)) {
        let begin = |span: Option<(i64, i64)>| span.map(|(first, _)| first);
        let (v4, v6) = (&self.v4, &self.v6);
        let mut order: Vec<(Option<i64>, bool, Id)> = Vec::with_capacity(self.len());
        order.extend(v4.ids().into_iter().map(|id| (begin(v4[id].span()), false, id)));
        order.extend(v6.ids().into_iter().map(|id| (begin(v6[id].span()), true, id)));
        order.sort_unstable_by(|one, other| {
            (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| {
                if one.1 {
                    v6[one.2].key().cmp(&v6[other.2].key())
                } else {
                    v4[one.2].key().cmp(&v4[other.2].key())
                }
            })
        });
        for (_, is_v6, id) in order {
            let details = &self.details;
            each(&if is_v6 { v6[id].record(details) } else { v4[id].record(details) });
        }
    }

    /// Hands out the port pair, the packets and the bytes of each flow, and gives the memory of the flows back along the way.
    pub fn into_volumes(self, mut each: impl FnMut(PortPair, u64, u64)) {
        let Self { v4, v6, details, .. } = self;
        let mut each = |(pair, packets, bytes)| each(pair, packets, bytes);
        v4.into_iter().for_each(|segment| each(segment.volume(&details)));
        v6.into_iter().for_each(|segment| each(segment.volume(&details)));
    }
}
