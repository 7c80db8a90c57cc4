//! The entry of a flow in its table: 64 bytes over IPv4, 96 over IPv6.

use super::details::{Detail, Details, NEVER};
use super::key::{Key, Seed};
use super::record::{FlowRecord, Handshake, Traffic};
use crate::collections::{Id, NONE};
use crate::net::{Endpoint, PortPair, Side, Timestamp, Transport};
use crate::packet::TcpFlags;

/// What a packet adds to its flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch<K> {
    pub(super) key: K,
    /// The key's hash.
    pub(super) mark: u32,
    /// The segment that it probably belongs to.
    pub(super) guess: Id,
    pub(super) transport: Transport,
    pub(super) sender: Side,
    pub(super) flags: TcpFlags,
    pub(super) bytes: u32,
    /// In ns; [`NEVER`] without a time stamp.
    pub(super) time: i64,
}

impl<K> Touch<K> {
    #[inline]
    fn is_timed(&self) -> bool {
        self.time != NEVER
    }

    /// The time in ns as it counts for a handshake: without a time stamp the earliest of all.
    #[inline]
    fn handshake_time(&self) -> i64 {
        if self.is_timed() { self.time } else { i64::MIN }
    }
}

/// Packets of one key with no gap wider than the idle timeout, among those read so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<K: Key> {
    /// Takes no room; segments begin where cache lines do.
    _line: [K::Line; 0],
    key: K,
    transport: Transport,
    flags: [TcpFlags; 2],
    marks: u8,
    /// Earliest and latest time in ns; `first > last` while no packet had a time stamp.
    first: i64,
    last: i64,
    bytes: [u64; 2],
    packets: [u32; 2],
    /// Another segment of the same key.
    pub(super) older: Id,
    pub(super) detail: Id,
}

/// B sent the earliest packet, and A none at that time.
const OPENED_BY_B: u8 = 1;
/// The detail holds a plain ACK of A; shifted by one, of B.
const ACK_SEEN: u8 = 2;
/// A sent a SYN at the segment's first time; shifted by one, B did. So the flows of a scan need no detail.
const BEGAN_WITH_SYN: u8 = 8;
const EITHER_BEGAN_WITH_SYN: u8 = BEGAN_WITH_SYN | BEGAN_WITH_SYN << 1;
/// A sent a SYN without ACK; shifted by one, B did.
const SENT_SYN: u8 = 32;

impl<K: Key> Segment<K> {
    pub(super) fn new(touch: &Touch<K>) -> Self {
        Self {
            _line: [],
            key: touch.key,
            transport: touch.transport,
            flags: [TcpFlags::default(); 2],
            marks: 0,
            first: i64::MAX,
            last: i64::MIN,
            bytes: [0; 2],
            packets: [0; 2],
            older: NONE,
            detail: NONE,
        }
    }

    #[inline]
    pub(super) fn is_of(&self, key: &K, transport: Transport) -> bool {
        self.key == *key && self.transport == transport
    }

    /// Whether a guess can be right that this segment takes a packet: always, but where it is in no use, or just had 2^32 packets.
    #[inline]
    pub(super) fn is_in_use(&self) -> bool {
        self.packets[0] | self.packets[1] != 0
    }

    /// Lets no guess be right any more.
    pub(super) fn end_use(&mut self) {
        self.packets = [0; 2];
    }

    pub(super) fn mark(&self, seed: &Seed) -> u32 {
        self.key.mark(self.transport, seed)
    }

    pub(super) fn key(&self) -> (K, Transport) {
        (self.key, self.transport)
    }

    pub(super) fn endpoints(&self) -> [Endpoint; 2] {
        self.key.endpoints()
    }

    /// The same with its detail in another place.
    pub(super) fn with_detail(self, detail: Id) -> Self {
        Self { detail, ..self }
    }

    /// When the flow began and ended, in ns; `None` while no packet had a time stamp.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }

    /// Whether a packet of that time belongs to this segment. Without a timeout every one does; else packets
    /// without time stamps keep among themselves until the flow is over.
    #[inline]
    pub(super) fn takes(&self, time: i64, timeout: Option<i64>) -> bool {
        let Some(timeout) = timeout else { return true };
        if time == NEVER {
            return self.span().is_none();
        }
        (self.first.saturating_sub(timeout) <= time) & (time <= self.last.saturating_add(timeout))
    }

    /// Adds a packet.
    #[inline]
    pub(super) fn add(&mut self, touch: &Touch<K>, details: &mut Details) {
        let side = touch.sender.index();
        self.flags[side] |= touch.flags;
        self.bytes[side] = self.bytes[side].saturating_add(u64::from(touch.bytes));
        let (packets, carry) = self.packets[side].overflowing_add(1);
        self.packets[side] = packets;
        if carry {
            details.entry(&mut self.detail).packets_high[side] += 1;
        }
        if self.learns_of_handshake(touch) {
            self.note_syn_times_before(touch, details);
            self.note_handshake(touch, details);
        }
        if touch.is_timed() {
            self.note_time(touch.time, touch.sender);
        }
        details.count(&mut self.detail, touch.time, touch.sender, u64::from(touch.bytes));
    }

    #[inline]
    fn note_time(&mut self, time: i64, sender: Side) {
        if time < self.first {
            self.first = time;
            self.marks = self.marks & !OPENED_BY_B | if sender == Side::B { OPENED_BY_B } else { 0 };
        } else if time == self.first && sender == Side::A {
            self.marks &= !OPENED_BY_B;
        }
        self.last = self.last.max(time);
    }

    /// Whether adding a packet in order is to look into the detail.
    #[inline]
    pub(super) fn needs_detail(&self, touch: &Touch<K>) -> bool {
        let is_new_ack = touch.flags.is_plain_ack() & (self.marks & (ACK_SEEN << touch.sender.index()) == 0);
        is_new_ack | touch.flags.intersects(TcpFlags::SYN)
    }

    /// Whether a packet changes anything of what is known of the handshake. As one condition without branches: no processor
    /// can foretell the flags of the next packet, but nearly all packets change nothing.
    #[inline]
    #[allow(clippy::needless_bitwise_bool)]
    fn learns_of_handshake(&self, touch: &Touch<K>) -> bool {
        let is_new_ack = self.marks & (ACK_SEEN << touch.sender.index()) == 0;
        let is_ack = touch.flags.is_plain_ack() & (is_new_ack | (touch.handshake_time() < self.last));
        let moves_syn = (self.marks & EITHER_BEGAN_WITH_SYN != 0) & (touch.time < self.first);
        is_ack | moves_syn | touch.flags.intersects(TcpFlags::SYN)
    }

    /// Notes SYN, SYN/ACK and plain ACK. Called before the packet's time is noted.
    fn note_handshake(&mut self, touch: &Touch<K>, details: &mut Details) {
        let side = touch.sender.index();
        let time = touch.handshake_time();
        if touch.flags.is_plain_ack() {
            let seen = ACK_SEEN << side;
            // Nearly always: later than all before, so it cannot be the earliest.
            if self.marks & seen == 0 || time < self.last {
                self.marks |= seen;
                let ack = &mut details.entry(&mut self.detail).ack[side];
                *ack = time.min(*ack);
            }
        } else if touch.flags.is_syn() {
            self.marks |= SENT_SYN << side;
            if touch.is_timed() && time <= self.first {
                self.marks |= BEGAN_WITH_SYN << side;
            } else {
                self.put_syn(touch.sender, time, details);
            }
        } else if touch.flags.intersects(TcpFlags::SYN) {
            let earliest = &mut details.entry(&mut self.detail).syn_ack[side];
            *earliest = time.min(*earliest);
        }
    }

    /// Where a packet is the new first one, the SYN at the first time so far needs a detail.
    fn note_syn_times_before(&mut self, touch: &Touch<K>, details: &mut Details) {
        if self.marks & EITHER_BEGAN_WITH_SYN != 0 && touch.time < self.first {
            for side in Side::BOTH {
                self.put_syn(side, self.syn_at_first(side), details);
            }
            self.marks &= !EITHER_BEGAN_WITH_SYN;
        }
    }

    /// The segment's first time, if that side sent a SYN then; [`NEVER`] else.
    fn syn_at_first(&self, side: Side) -> i64 {
        if self.marks & (BEGAN_WITH_SYN << side.index()) == 0 { NEVER } else { self.first }
    }

    fn put_syn(&mut self, side: Side, time: i64, details: &mut Details) {
        if time != NEVER {
            let earliest = &mut details.entry(&mut self.detail).syn[side.index()];
            *earliest = time.min(*earliest);
        }
    }

    /// Adds another segment of the same key.
    pub(super) fn absorb(&mut self, other: &Self, details: &mut Details) {
        for side in 0..2 {
            self.flags[side] |= other.flags[side];
            self.bytes[side] = self.bytes[side].saturating_add(other.bytes[side]);
            let (packets, carry) = self.packets[side].overflowing_add(other.packets[side]);
            self.packets[side] = packets;
            if carry {
                details.entry(&mut self.detail).packets_high[side] += 1;
            }
        }
        let opened_by_b = match (self.span(), other.span()) {
            (None, _) => other.marks,
            (_, None) => self.marks,
            _ if self.first < other.first => self.marks,
            _ if self.first > other.first => other.marks,
            _ => self.marks & other.marks,
        } & OPENED_BY_B;
        let syns = Side::BOTH.map(|side| self.syn_at_first(side).min(other.syn_at_first(side)));
        self.marks = (self.marks | other.marks) & !(OPENED_BY_B | EITHER_BEGAN_WITH_SYN) | opened_by_b;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        details.absorb(&mut self.detail, other.detail);
        for (side, syn) in Side::BOTH.into_iter().zip(syns) {
            if syn == self.first && syn != NEVER {
                self.marks |= BEGAN_WITH_SYN << side.index();
            } else {
                self.put_syn(side, syn, details);
            }
        }
    }

    /// Whether exactly one side sent a SYN: that side is the client, whatever else there is.
    pub(super) fn is_opened(&self) -> bool {
        (self.marks & SENT_SYN != 0) != (self.marks & SENT_SYN << 1 != 0)
    }

    /// The flow's ports, packets and bytes.
    pub(super) fn volume(&self, details: &Details) -> (PortPair, u64, u64) {
        let [a, b] = self.key.ports();
        let packets = |side| self.packets(side, &details.get(self.detail));
        let pair = PortPair::new(self.transport, a, b);
        (pair, packets(0) + packets(1), self.bytes[0].saturating_add(self.bytes[1]))
    }

    fn packets(&self, side: usize, detail: &Detail) -> u64 {
        u64::from(detail.packets_high[side]) << 32 | u64::from(self.packets[side])
    }

    /// The flow's record.
    pub(super) fn record(&self, details: &Details) -> FlowRecord {
        let detail = details.get(self.detail);
        let sent = |side: usize| Traffic {
            packets: self.packets(side, &detail),
            bytes: self.bytes[side],
            flags: self.flags[side],
        };
        let span =
            self.span().map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last)));
        FlowRecord {
            transport: self.transport,
            endpoints: self.key.endpoints(),
            span,
            sent: [sent(0), sent(1)],
            opener: if self.opened_by_b(&detail) { Side::B } else { Side::A },
            handshake: self.handshake(&detail),
            intervals: details.series(self.detail),
        }
    }

    /// Whether B sent the earliest packet: by time, and where no packet has one, because A sent none.
    fn opened_by_b(&self, detail: &Detail) -> bool {
        match self.span() {
            Some(_) => self.marks & OPENED_BY_B != 0,
            None => self.packets[0] == 0 && detail.packets_high[0] == 0,
        }
    }

    fn handshake(&self, detail: &Detail) -> Handshake {
        let begin = self.span().map_or(0, |(first, _)| first);
        let seen = |time: i64| (time != NEVER).then(|| Timestamp::from_nanos(time.max(begin)));
        let syn = Side::BOTH.map(|side| detail.syn[side.index()].min(self.syn_at_first(side)));
        Handshake { syn: syn.map(seen), syn_ack: detail.syn_ack.map(seen), ack: detail.ack.map(seen) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::key::{V4Key, V6Key};

    #[test]
    fn an_ipv4_entry_is_one_cache_line() {
        assert_eq!((size_of::<Segment<V4Key>>(), align_of::<Segment<V4Key>>()), (64, 64));
        assert_eq!((size_of::<Segment<V6Key>>(), align_of::<Segment<V6Key>>()), (96, 32));
    }

    #[test]
    fn more_packets_than_32_bits_count() {
        let (key, sender) = V4Key::new([10, 0, 0, 1].into(), 1, [10, 0, 0, 2].into(), 2);
        let touch = Touch {
            key,
            mark: 0,
            guess: NONE,
            transport: Transport::Udp,
            sender,
            flags: TcpFlags::default(),
            bytes: 60,
            time: 5,
        };
        let mut details = Details::new(None, 0);
        let mut segment = Segment::new(&touch);
        segment.packets[0] = u32::MAX;
        let other = segment;
        segment.add(&touch, &mut details);
        segment.absorb(&other, &mut details);
        assert_eq!(segment.record(&details).sent[0].packets, u64::from(u32::MAX) * 2 + 1);
    }
}
