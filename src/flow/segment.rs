//! The entry of a flow in its table: 64 bytes over IPv4, 96 over IPv6.

mod handshake;

use super::details::{Detail, Details, More, NEVER};
use super::key::{Key, Seed};
use super::record::{FlowRecord, Traffic};
use crate::collections::Id;
use crate::net::{Endpoint, Side, Timestamp, Transport};
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
    /// Modulo 2^32; how often they passed that is in the detail.
    bytes: [u32; 2],
    packets: [u32; 2],
    /// Nanoseconds from the first packet to the earliest SYN/ACK of one side, and to the earliest plain ACK of each; [`UNSEEN`]
    /// if there was none. What is further away, or of the other side, is in the detail.
    syn_ack: u32,
    ack: [u32; 2],
    pub(super) more: More,
}

const UNSEEN: u32 = u32::MAX;

/// B sent the earliest packet, and A none at that time.
const OPENED_BY_B: u8 = 1;
/// A sent a plain ACK; shifted by one, B did.
const ACK_SEEN: u8 = 2;
/// A sent a SYN at the segment's first time; shifted by one, B did.
const BEGAN_WITH_SYN: u8 = 8;
const EITHER_BEGAN_WITH_SYN: u8 = BEGAN_WITH_SYN | BEGAN_WITH_SYN << 1;
/// A sent a SYN without ACK; shifted by one, B did.
const SENT_SYN: u8 = 32;
/// The time of a SYN/ACK in the entry is B's.
const SYN_ACK_OF_B: u8 = 128;

impl<K: Key> Segment<K> {
    /// One of a first packet.
    #[inline]
    pub(super) fn new(touch: &Touch<K>, details: &mut Details) -> Self {
        let (first, last) = if touch.is_timed() { (touch.time, touch.time) } else { (i64::MAX, i64::MIN) };
        let mut segment = Self {
            _line: [],
            key: touch.key,
            transport: touch.transport,
            flags: [TcpFlags::default(); 2],
            marks: if touch.sender == Side::B { OPENED_BY_B } else { 0 },
            first,
            last,
            bytes: [0; 2],
            packets: [0; 2],
            syn_ack: UNSEEN,
            ack: [UNSEEN; 2],
            more: More::NOTHING,
        };
        if touch.is_timed() {
            segment.learn_first(touch.flags, touch.sender);
        } else {
            segment.learn(touch, details);
        }
        segment.count(touch, details);
        segment
    }

    /// Notes what the first packet tells of the handshake, as [`Segment::learn`] would: its time is the segment's own.
    #[inline]
    fn learn_first(&mut self, flags: TcpFlags, sender: Side) {
        let side = sender.index();
        if flags.is_plain_ack() {
            self.marks |= ACK_SEEN << side;
            self.ack[side] = 0;
        } else if flags.is_syn() {
            self.marks |= (SENT_SYN | BEGAN_WITH_SYN) << side;
        } else if flags.intersects(TcpFlags::SYN) {
            self.marks |= if sender == Side::B { SYN_ACK_OF_B } else { 0 };
            self.syn_ack = 0;
        }
    }

    #[inline]
    pub(super) fn is_of(&self, key: &K, transport: Transport) -> bool {
        self.key == *key && self.transport == transport
    }

    pub(super) fn is_of_key_of(&self, other: &Self) -> bool {
        self.is_of(&other.key, other.transport)
    }

    /// Whether packets that are not usual ones may belong here: always, but where this segment is in no use, or just had 2^32
    /// packets.
    #[inline]
    fn is_in_use(&self) -> bool {
        self.packets[0] | self.packets[1] != 0
    }

    /// Lets no guess be right any more, and no detail or older segment be looked for.
    pub(super) fn end_use(&mut self) {
        self.packets = [0; 2];
        // Nothing else keeps a guess from adding a usual packet here: none is one where no packet has a time.
        (self.first, self.last) = (i64::MAX, i64::MIN);
        self.more = More::NOTHING;
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

    /// The same with something else besides the entry.
    pub(super) fn with_more(self, more: More) -> Self {
        Self { more, ..self }
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

    /// Adds a packet if it belongs to this segment. Returns whether it does.
    #[inline]
    pub(super) fn add_if_taken(
        &mut self,
        touch: &Touch<K>,
        timeout: Option<i64>,
        details: &mut Details,
    ) -> bool {
        if !self.is_of(&touch.key, touch.transport) {
            return false;
        }
        if self.is_usual(touch, timeout) {
            self.last = self.last.max(touch.time);
        } else if self.is_in_use() && self.takes(touch.time, timeout) {
            self.learn(touch, details);
        } else {
            return false;
        }
        self.count(touch, details);
        true
    }

    /// Adds a packet, which has to belong to this segment.
    pub(super) fn add(&mut self, touch: &Touch<K>, details: &mut Details) {
        self.learn(touch, details);
        self.count(touch, details);
    }

    #[inline]
    fn count(&mut self, touch: &Touch<K>, details: &mut Details) {
        let side = touch.sender.index();
        self.flags[side] |= touch.flags;
        self.add_counts(side, (1, touch.bytes), details);
        details.count(&mut self.more, touch.time, touch.sender, touch.bytes);
    }

    #[inline]
    fn add_counts(&mut self, side: usize, (packets, bytes): (u32, u32), details: &mut Details) {
        let (packets, has_many) = self.packets[side].overflowing_add(packets);
        let (bytes, is_large) = self.bytes[side].overflowing_add(bytes);
        (self.packets[side], self.bytes[side]) = (packets, bytes);
        if has_many | is_large {
            self.carry(side, has_many, is_large, details);
        }
    }

    #[cold]
    fn carry(&mut self, side: usize, has_many: bool, is_large: bool, details: &mut Details) {
        let detail = details.entry(&mut self.more);
        detail.packets_high[side] = detail.packets_high[side].saturating_add(has_many.into());
        detail.bytes_high[side] = detail.bytes_high[side].saturating_add(is_large.into());
    }

    /// Whether a packet belongs to this segment and changes nothing but counts, flags and the latest time. As one condition without
    /// branches: no processor can foretell the flags of the next packet, but nearly all packets are so.
    #[inline]
    #[allow(clippy::needless_bitwise_bool)]
    fn is_usual(&self, touch: &Touch<K>, timeout: Option<i64>) -> bool {
        // How much later the flow ends with this packet: any two times differ by less than 2^64.
        let later = self.last.max(touch.time).wrapping_sub(self.last).cast_unsigned();
        let is_near = later <= timeout.map_or(u64::MAX, i64::cast_unsigned);
        let (since, known) = (touch.time.wrapping_sub(self.first), self.ack[touch.sender.index()]);
        let is_new_ack = (since < i64::from(known)) | (known == UNSEEN);
        let tells = touch.flags.is_plain_ack() & is_new_ack | touch.flags.intersects(TcpFlags::SYN);
        is_near & !tells & (self.first < touch.time) & (touch.time != NEVER)
    }

    /// Adds another segment of the same key.
    pub(super) fn absorb(&mut self, other: &Self, details: &mut Details) {
        for side in 0..2 {
            self.flags[side] |= other.flags[side];
            self.add_counts(side, (other.packets[side], other.bytes[side]), details);
        }
        // What the later one tells needs a detail, unless the earlier one has told it before.
        let [earlier, later] = if other.first < self.first { [*other, *self] } else { [*self, *other] };
        // Of two that begin at the same time, A may have sent the first packet of either.
        let openers = if earlier.first == later.first { later.marks } else { OPENED_BY_B };
        (self.first, self.last) = (earlier.first, self.last.max(other.last));
        (self.syn_ack, self.ack) = (earlier.syn_ack, earlier.ack);
        let laters = later.marks & !(EITHER_BEGAN_WITH_SYN | SYN_ACK_OF_B);
        self.marks = (earlier.marks | laters) & !OPENED_BY_B | earlier.marks & openers & OPENED_BY_B;
        self.put_all_of(&later, details);
        details.absorb(&mut self.more, other.more);
    }

    /// Whether exactly one side sent a SYN: that side is the client, whatever else there is.
    pub(super) fn is_opened(&self) -> bool {
        (self.marks & SENT_SYN != 0) != (self.marks & SENT_SYN << 1 != 0)
    }

    /// The flow's record.
    pub(super) fn record(&self, details: &Details) -> FlowRecord {
        let mut record = self.plain_record();
        if let Some(detail) = details.get(self.more) {
            self.complete(&mut record, detail);
            record.intervals = details.series(self.more);
        }
        record
    }

    /// The flow's record as far as the entry knows it: that is all where there is no detail.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(super) fn plain_record(&self) -> FlowRecord {
        let span =
            self.span().map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last)));
        let sent = |side: usize| Traffic {
            packets: self.packets[side].into(),
            bytes: self.bytes[side].into(),
            flags: self.flags[side],
        };
        // Where no packet has a time, B began only if A sent none.
        let is_of_b = if span.is_some() { self.marks & OPENED_BY_B != 0 } else { self.packets[0] == 0 };
        FlowRecord {
            transport: self.transport,
            endpoints: self.key.endpoints(),
            span,
            sent: [sent(0), sent(1)],
            opener: if is_of_b { Side::B } else { Side::A },
            handshake: self.handshake(),
            intervals: Vec::new(),
        }
    }

    /// Adds to a record what the entry has no room for.
    #[cold]
    fn complete(&self, record: &mut FlowRecord, detail: &Detail) {
        for (side, sent) in record.sent.iter_mut().enumerate() {
            sent.packets |= u64::from(detail.packets_high[side]) << 32;
            sent.bytes |= u64::from(detail.bytes_high[side]) << 32;
        }
        record.handshake = self.handshake_with(detail);
        if record.span.is_none() && record.sent[0].packets > 0 {
            record.opener = Side::A;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::key::{Found, V4Key, V6Key, seed};

    #[test]
    fn an_ipv4_entry_is_one_cache_line() {
        assert_eq!((size_of::<Segment<V4Key>>(), align_of::<Segment<V4Key>>()), (64, 64));
        assert_eq!((size_of::<Segment<V6Key>>(), align_of::<Segment<V6Key>>()), (96, 32));
    }

    fn touch() -> Touch<V4Key> {
        let hosts = [[10, 0, 0, 1].into(), [10, 0, 0, 2].into()];
        let Found { key, mark, sender } = V4Key::of(hosts, [1, 2], Transport::Udp, &seed());
        Touch {
            key,
            mark,
            guess: crate::collections::NONE,
            transport: Transport::Udp,
            sender,
            flags: TcpFlags::default(),
            bytes: 60,
            time: 5,
        }
    }

    #[test]
    fn no_packet_is_added_where_no_flow_is_any_more() {
        let mut details = Details::new(None, 0);
        for time in [4, 5, 6, NEVER] {
            for timeout in [None, Some(10)] {
                let mut segment = Segment::new(&touch(), &mut details);
                segment.end_use();
                assert!(!segment.add_if_taken(&Touch { time, ..touch() }, timeout, &mut details));
            }
        }
    }

    #[test]
    fn a_later_repetition_of_a_handshake_takes_no_detail() {
        const FAR: i64 = 10_000_000_000;
        let (syn, ack) = (TcpFlags::SYN, TcpFlags::ACK);
        let packets = [(Side::A, syn), (Side::B, syn | ack), (Side::A, ack), (Side::B, ack)];
        let timed = |begin: i64| {
            let at = |((sender, flags), time)| Touch { sender, flags, time, ..touch() };
            packets.into_iter().zip(begin..).map(at)
        };
        let mut details = Details::new(None, 0);
        let mut of = |begin| {
            let mut touches = timed(begin);
            let mut segment = touches.next().map(|first| Segment::new(&first, &mut details))?;
            touches.for_each(|touch| segment.add(&touch, &mut details));
            Some(segment)
        };
        let (Some(first), Some(later)) = (of(0), of(FAR)) else { panic!("there are packets") };
        for (mut segment, other) in [(first, later), (later, first)] {
            segment.absorb(&other, &mut details);
            timed(FAR + 5).for_each(|touch| segment.add(&touch, &mut details));
            assert_eq!(segment.record(&details).handshake, first.record(&details).handshake);
            assert!(details.is_empty());
        }
    }

    #[test]
    fn more_packets_than_32_bits_count() {
        let touch = touch();
        let mut details = Details::new(None, 0);
        let mut segment = Segment::new(&touch, &mut details);
        segment.packets[0] = u32::MAX;
        let other = segment;
        segment.add(&touch, &mut details);
        segment.absorb(&other, &mut details);
        assert_eq!(segment.record(&details).sent[0].packets, u64::from(u32::MAX) * 2 + 1);
    }
}
