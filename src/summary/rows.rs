//! What flows are counted by, in ids, while they come in.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::services::{ServiceKey, ServiceTotals};
use super::{Counts, Distribution, Volume};
use crate::classify::{Basis, CategoryId, Confidence, Decision, PortTable, ServiceId};
use crate::flow::FlowRecord;
use crate::merge::Merge;
use crate::net::{PortClass, Side, Transport};

/// What a row of services stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    service: ServiceId,
    category: CategoryId,
    transport: Transport,
    port: Option<u16>,
}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.in_one_word());
    }
}

impl Row {
    /// The row that a flow is counted in.
    #[inline]
    pub(super) fn of(record: &FlowRecord, decision: &Decision) -> Self {
        Self {
            service: decision.service,
            category: decision.category,
            transport: record.transport,
            port: decision.summary_port(),
        }
    }

    pub(super) fn key(self, table: &PortTable) -> ServiceKey {
        let category = table.category(self.category);
        ServiceKey {
            service: table.service_name(self.service).to_owned(),
            alias: table.alias(self.service).map(str::to_owned),
            category: category.id.to_string(),
            family: category.family.to_string(),
            transport: self.transport,
            port: self.port,
        }
    }

    /// In 43 bits.
    #[inline]
    fn in_one_word(self) -> u64 {
        let port = self.port.map_or(0, |port| 1 << 16 | u64::from(port));
        let name = u64::from(self.service.0) << 8 | u64::from(self.category.0);
        name << 19 | port << 2 | self.transport as u64
    }
}

/// What a summary tells flows apart by: the row, and all that is counted without their sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) row: Row,
    pub(super) basis: Basis,
    pub(super) confidence: Confidence,
    /// Of the service port and of its peer; of the lower and the higher port where no side was chosen.
    pub(super) classes: [PortClass; 2],
    pub(super) unanswered: bool,
    pub(super) refused: bool,
}

impl Kind {
    #[inline]
    pub(super) fn of(record: &FlowRecord, decision: &Decision) -> Self {
        Self {
            row: Row::of(record, decision),
            basis: decision.basis,
            confidence: decision.confidence(),
            classes: classes(record, decision),
            unanswered: decision.unanswered,
            refused: decision.refused,
        }
    }

    #[inline]
    fn in_one_word(self) -> u64 {
        let answer = u64::from(self.unanswered) << 1 | u64::from(self.refused);
        let [service, peer] = self.classes.map(|class| class as u64);
        let decision = (self.basis as u64) << 2 | self.confidence as u64;
        self.row.in_one_word() << 11 | decision << 6 | service << 4 | peer << 2 | answer
    }
}

/// The classes of the service port and of its peer; of the lower and the higher port where no side was chosen.
#[inline]
pub(super) fn classes(record: &FlowRecord, decision: &Decision) -> [PortClass; 2] {
    let pair = record.port_pair();
    let class = |side: Side| PortClass::of(record.endpoint(side).port);
    match decision.service_side {
        Some(side) => [class(side), class(side.other())],
        None => [PortClass::of(pair.low), PortClass::of(pair.high)],
    }
}

/// How large the flows of a row are, and how long they take.
#[derive(Debug, Default)]
pub(super) struct FlowSizes {
    bytes: Distribution,
    packets: Distribution,
    duration_ns: Distribution,
    handshake_rtt_ns: Distribution,
}

impl FlowSizes {
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(super) fn record(&mut self, record: &FlowRecord, volume: Volume) {
        self.bytes.record(volume.bytes);
        self.packets.record(volume.packets);
        self.duration_ns.record(record.duration_ns());
        if let Some(rtt) = record.handshake_rtt_ns() {
            self.handshake_rtt_ns.record(rtt);
        }
    }

    /// The row's totals as far as they are known from these.
    fn into_totals(self) -> ServiceTotals {
        ServiceTotals {
            flow_bytes: self.bytes,
            flow_packets: self.packets,
            flow_duration_ns: self.duration_ns,
            handshake_rtt_ns: self.handshake_rtt_ns,
            ..ServiceTotals::default()
        }
    }
}

impl Merge for FlowSizes {
    fn merge(&mut self, other: Self) {
        self.bytes.merge(other.bytes);
        self.packets.merge(other.packets);
        self.duration_ns.merge(other.duration_ns);
        self.handshake_rtt_ns.merge(other.handshake_rtt_ns);
    }
}

/// What flows of a kind have.
#[derive(Debug)]
struct KindCounts {
    /// The kind, in one word.
    word: u64,
    kind: Kind,
    /// Where its row is.
    row: usize,
    counts: Counts,
}

/// Places for kinds that are probably asked for again.
const RECENT: usize = 256;

/// The totals of all rows: counts by kind, and sizes by row.
#[derive(Debug)]
pub(super) struct Rows {
    kinds: Vec<KindCounts>,
    sizes: Vec<(Row, FlowSizes)>,
    kind_places: HashMap<u64, usize, foldhash::fast::RandomState>,
    row_places: HashMap<Row, usize, foldhash::fast::RandomState>,
    /// Where the last kind is whose word has such a hash: mostly the one of the next flow.
    recent: [usize; RECENT],
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            sizes: Vec::new(),
            kind_places: HashMap::default(),
            row_places: HashMap::default(),
            recent: [0; RECENT],
        }
    }
}

impl Rows {
    /// Counts a flow.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(super) fn add(&mut self, record: &FlowRecord, decision: &Decision, counts: Counts) {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let word = Kind::of(record, decision).in_one_word();
        #[allow(clippy::cast_possible_truncation)] // the first bits only
        let recent = (word.wrapping_mul(SPREAD) >> (u64::BITS - RECENT.ilog2())) as usize % RECENT;
        let mut place = self.recent[recent];
        if self.kinds.get(place).is_none_or(|known| known.word != word) {
            place = self.place(Kind::of(record, decision));
            self.recent[recent] = place;
        }
        self.count(place, counts).record(record, counts.volume);
    }

    /// Adds counts to those of the kind there, and gives the sizes of its row.
    #[inline]
    fn count(&mut self, place: usize, counts: Counts) -> &mut FlowSizes {
        let known = &mut self.kinds[place];
        known.counts.merge(counts);
        &mut self.sizes[known.row].1
    }

    #[inline(never)]
    fn place(&mut self, kind: Kind) -> usize {
        let word = kind.in_one_word();
        *self.kind_places.entry(word).or_insert_with(|| {
            let row = *self.row_places.entry(kind.row).or_insert_with(|| {
                self.sizes.push((kind.row, FlowSizes::default()));
                self.sizes.len() - 1
            });
            self.kinds.push(KindCounts { word, kind, row, counts: Counts::default() });
            self.kinds.len() - 1
        })
    }

    /// Hands out the counts of each kind.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, Counts)> {
        self.kinds.iter().map(|known| (known.kind, known.counts))
    }

    /// The totals of each row.
    pub(super) fn into_totals(self) -> impl Iterator<Item = (Row, ServiceTotals)> {
        let totals = self.sizes.into_iter().map(|(row, sizes)| (row, sizes.into_totals()));
        let mut totals: Vec<(Row, ServiceTotals)> = totals.collect();
        for KindCounts { kind, row, counts, .. } in self.kinds {
            totals[row].1.add(kind, counts);
        }
        totals.into_iter()
    }
}

impl Merge for Rows {
    fn merge(&mut self, other: Self) {
        let mut sizes: Vec<Option<FlowSizes>> =
            other.sizes.into_iter().map(|(_, sizes)| Some(sizes)).collect();
        for KindCounts { kind, row, counts, .. } in other.kinds {
            let place = self.place(kind);
            let own = self.count(place, counts);
            if let Some(others) = sizes[row].take() {
                own.merge(others);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// All kinds of some rows.
    fn kinds() -> impl Iterator<Item = Kind> {
        let rows = [(0, 0), (1, 0), (0, 1), (0, u8::MAX), (u16::MAX, u8::MAX)].into_iter().flat_map(
            |(service, category)| {
                let ports = [None, Some(0), Some(1), Some(u16::MAX)].into_iter();
                ports.flat_map(move |port| {
                    Transport::ALL.into_iter().map(move |transport| Row {
                        service: ServiceId(service),
                        category: CategoryId(category),
                        transport,
                        port,
                    })
                })
            },
        );
        rows.flat_map(|row| {
            let answers = [(false, false), (true, false), (true, true)];
            let classes = PortClass::ALL.into_iter().flat_map(|one| PortClass::ALL.map(|other| [one, other]));
            let sides = classes.flat_map(move |classes| answers.map(|answer| (classes, answer)));
            let decisions =
                Basis::ALL.into_iter().flat_map(|basis| Confidence::ALL.map(|band| (basis, band)));
            let decisions: Vec<_> = decisions.collect();
            sides.flat_map(move |(classes, (unanswered, refused))| {
                let kind =
                    move |(basis, confidence)| Kind { row, basis, confidence, classes, unanswered, refused };
                decisions.clone().into_iter().map(kind)
            })
        })
    }

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        let words: HashSet<u64> = kinds().map(Kind::in_one_word).collect();
        assert_eq!(words.len(), kinds().count());
    }

    #[test]
    fn parts_add_up_to_the_rows_of_the_whole() {
        let add = |rows: &mut Rows, kind, flows| {
            let place = rows.place(kind);
            let counts = Counts { volume: Volume { packets: flows * 2, bytes: flows * 100 }, flows };
            rows.count(place, counts).bytes.record(flows);
        };
        let (mut whole, mut one, mut other) = (Rows::default(), Rows::default(), Rows::default());
        for (number, kind) in (1..).zip(kinds()) {
            for (part, is_in) in
                [(&mut whole, true), (&mut one, number % 3 != 0), (&mut other, number % 3 != 1)]
            {
                if is_in {
                    add(part, kind, number);
                }
            }
            // What is in both parts is twice in the whole.
            if number % 3 == 2 {
                add(&mut whole, kind, number);
            }
        }
        one.merge(other);
        let totals = |rows: Rows| {
            let words = rows.into_totals().map(|(row, totals)| (row.in_one_word(), totals));
            words.collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(
            one.kinds().map(|(_, counts)| counts.flows).sum::<u64>(),
            whole.kinds().map(|(_, counts)| counts.flows).sum::<u64>()
        );
        let whole = totals(whole);
        assert_eq!(whole.len(), 60);
        assert_eq!(totals(one), whole);
        let first = &whole[&0];
        assert_eq!(
            first.confidence.high + first.confidence.medium + first.confidence.low,
            first.counts.flows
        );
        assert!(first.unanswered > first.refused && first.refused > 0);
    }
}
