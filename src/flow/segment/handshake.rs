//! What a segment knows of its handshake and its first packet: times in the entry where they fit, in the detail where not.

use super::super::details::{Detail, Details, NEVER};
use super::super::key::Key;
use super::super::record::Handshake;
use super::{
    ACK_SEEN, BEGAN_WITH_SYN, EITHER_BEGAN_WITH_SYN, OPENED_BY_B, SENT_SYN, SYN_ACK_OF_B, Segment, Touch,
    UNSEEN,
};
use crate::net::{Side, Timestamp};
use crate::packet::TcpFlags;

impl<K: Key> Segment<K> {
    /// Notes what a packet tells of the handshake, and its time.
    #[inline(never)]
    pub(super) fn learn(&mut self, touch: &Touch<K>, details: &mut Details) {
        if touch.is_timed() {
            self.note_first(touch.time, touch.sender, details);
        }
        self.note_handshake(touch, details);
        if touch.is_timed() {
            self.last = self.last.max(touch.time);
        }
    }

    fn note_first(&mut self, time: i64, sender: Side, details: &mut Details) {
        if time < self.first {
            self.begin_at(time, details);
            self.marks = self.marks & !OPENED_BY_B | if sender == Side::B { OPENED_BY_B } else { 0 };
        } else if time == self.first && sender == Side::A {
            self.marks &= !OPENED_BY_B;
        }
    }

    /// Lets the segment begin at that time, which is no later than its first so far: what is told by that one is now told anew.
    fn begin_at(&mut self, time: i64, details: &mut Details) {
        let told = *self;
        self.marks &= !EITHER_BEGAN_WITH_SYN;
        (self.syn_ack, self.ack) = (UNSEEN, [UNSEEN; 2]);
        self.first = time;
        self.put_all_of(&told, details);
    }

    /// Notes SYN, SYN/ACK and plain ACK.
    fn note_handshake(&mut self, touch: &Touch<K>, details: &mut Details) {
        let (side, time) = (touch.sender, touch.handshake_time());
        if touch.flags.is_plain_ack() {
            if self.may_be_first_ack(side.index(), time) {
                self.put_ack(side, time, details);
            }
        } else if touch.flags.is_syn() {
            self.marks |= SENT_SYN << side.index();
            self.put_syn(side, time, details);
        } else if touch.flags.intersects(TcpFlags::SYN) {
            self.put_syn_ack(side, time, details);
        }
    }

    /// Whether a plain ACK may be the earliest of its side: unless the entry tells of one that is no later, or all that is known
    /// is earlier.
    fn may_be_first_ack(&self, side: usize, time: i64) -> bool {
        let is_seen = self.marks & (ACK_SEEN << side) != 0;
        let is_known = self.ack[side] != UNSEEN && time >= self.time_after(self.ack[side]);
        !is_seen || (time < self.last && !is_known)
    }

    /// Notes the times that the entry of another segment tells.
    pub(super) fn put_all_of(&mut self, other: &Self, details: &mut Details) {
        let seen = |times: [i64; 2]| Side::BOTH.into_iter().zip(times).filter(|(_, time)| *time != NEVER);
        seen(other.syns()).for_each(|(side, time)| self.put_syn(side, time, details));
        seen(other.syn_acks()).for_each(|(side, time)| self.put_syn_ack(side, time, details));
        seen(other.acks()).for_each(|(side, time)| self.put_ack(side, time, details));
    }

    fn put_syn(&mut self, side: Side, time: i64, details: &mut Details) {
        if time == self.first {
            self.marks |= BEGAN_WITH_SYN << side.index();
        } else if time < side.of(self.syns()) {
            lower(&mut details.entry(&mut self.more).syn[side.index()], time);
        }
    }

    fn put_syn_ack(&mut self, side: Side, time: i64, details: &mut Details) {
        let of_side = if side == Side::B { SYN_ACK_OF_B } else { 0 };
        let has_room = self.syn_ack == UNSEEN || self.marks & SYN_ACK_OF_B == of_side;
        let since = self.after_first(time);
        if has_room && since != UNSEEN {
            self.syn_ack = self.syn_ack.min(since);
            self.marks = self.marks & !SYN_ACK_OF_B | of_side;
        } else if time < side.of(self.syn_acks()) {
            lower(&mut details.entry(&mut self.more).syn_ack[side.index()], time);
        }
    }

    fn put_ack(&mut self, side: Side, time: i64, details: &mut Details) {
        let at = side.index();
        self.marks |= ACK_SEEN << at;
        let since = self.after_first(time);
        if since != UNSEEN {
            self.ack[at] = self.ack[at].min(since);
        } else if time < side.of(self.acks()) {
            lower(&mut details.entry(&mut self.more).ack[at], time);
        }
    }

    /// Nanoseconds from the first packet to a time; [`UNSEEN`] if they do not fit.
    fn after_first(&self, time: i64) -> u32 {
        time.checked_sub(self.first).and_then(|since| u32::try_from(since).ok()).unwrap_or(UNSEEN)
    }

    /// The time so long after the first packet; [`NEVER`] if nothing was seen then.
    fn time_after(&self, since: u32) -> i64 {
        if since == UNSEEN { NEVER } else { self.first + i64::from(since) }
    }

    /// The segment's first time for each side that sent a SYN then; [`NEVER`] else.
    fn syns(&self) -> [i64; 2] {
        [0, 1].map(|side| if self.marks & (BEGAN_WITH_SYN << side) == 0 { NEVER } else { self.first })
    }

    /// What the entry tells of SYN/ACK.
    fn syn_acks(&self) -> [i64; 2] {
        let time = self.time_after(self.syn_ack);
        if self.marks & SYN_ACK_OF_B == 0 { [time, NEVER] } else { [NEVER, time] }
    }

    /// What the entry tells of plain ACK.
    fn acks(&self) -> [i64; 2] {
        self.ack.map(|since| self.time_after(since))
    }

    /// The handshake as far as the entry tells of it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(super) fn handshake(&self) -> Handshake {
        let seen = |times: [i64; 2]| times.map(Timestamp::checked_from_nanos);
        Handshake { syn: seen(self.syns()), syn_ack: seen(self.syn_acks()), ack: seen(self.acks()) }
    }

    /// The handshake as the entry and the detail tell of it.
    pub(super) fn handshake_with(&self, detail: &Detail) -> Handshake {
        let begin = self.span().map_or(0, |(first, _)| first);
        let seen = |time: i64| (time != NEVER).then(|| Timestamp::from_nanos(time.max(begin)));
        let earliest = |own: [i64; 2], far: [i64; 2]| [0, 1].map(|side| seen(own[side].min(far[side])));
        Handshake {
            syn: earliest(self.syns(), detail.syn),
            syn_ack: earliest(self.syn_acks(), detail.syn_ack),
            ack: earliest(self.acks(), detail.ack),
        }
    }
}

/// Notes a time if it is earlier.
fn lower(earliest: &mut i64, time: i64) {
    *earliest = time.min(*earliest);
}
