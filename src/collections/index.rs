//! A hash index from flow keys to places in a slab: open addressing by cache lines, eight bytes a slot.

use super::memory::{in_huge_pages, prefetch};
use super::slab::{Id, NONE};

/// Slots in a line.
const LINE: usize = 8;
const FIRST_LINES: usize = 1 << 7;

/// A cache line of slots, filled from the first one on.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line {
    /// 32 bits of each key's hash, whose low ones also tell the line to start from, so that growing needs no keys.
    marks: [u32; LINE],
    /// The ids; [`NONE`] in empty slots.
    ids: [Id; LINE],
}

impl Line {
    const EMPTY: Self = Self { marks: [0; LINE], ids: [NONE; LINE] };

    /// The id under `mark`; [`NONE`] without one, and any number where there are several, which is rare. All slots are compared
    /// at once, without branches.
    #[inline]
    fn guess(&self, mark: u32) -> Id {
        let slots = self.marks.iter().zip(&self.ids);
        slots.fold(NONE, |found, (&other, &id)| found & if other == mark { id } else { NONE })
    }

    /// The first free slot of a line that is not full, without branches: no processor can foretell how full it is.
    #[inline]
    fn first_free(&self) -> usize {
        // They are used from the first one on, so that halving finds it.
        let step =
            |from: usize, slots: usize| from + if self.ids[from + slots - 1] == NONE { 0 } else { slots };
        [4, 2, 1].into_iter().fold(0, step)
    }

    /// How many slots are used.
    fn used(&self) -> usize {
        if self.is_full() { LINE } else { self.first_free() }
    }

    /// Whether any slot is under `mark`, used or not. All are compared at once, without branches.
    #[inline]
    fn may_have(&self, mark: u32) -> bool {
        self.marks.iter().fold(0, |found, &other| found | if other == mark { u32::MAX } else { 0 }) != 0
    }

    fn is_full(&self) -> bool {
        self.ids[LINE - 1] != NONE
    }

    fn put(&mut self, slot: usize, (mark, id): (u32, Id)) {
        (self.marks[slot], self.ids[slot]) = (mark, id);
    }

    /// The slots that are used.
    fn slots(&self) -> impl Iterator<Item = (u32, Id)> {
        self.marks.iter().copied().zip(self.ids.iter().copied()).take_while(|&(_, id)| id != NONE)
    }
}

/// The first line with a free slot for some mark, until anything is added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    line: usize,
}

/// The index. It knows marks, not keys: the caller tells whether an id is the one it looks for.
#[derive(Debug)]
pub(crate) struct Index {
    /// A power of two. What a line has no room for stands in the next one that has.
    lines: Vec<Line>,
    used: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self { lines: vec![Line::EMPTY; FIRST_LINES], used: 0 }
    }
}

impl Index {
    /// The line where the search for a mark starts.
    #[inline]
    fn home(&self, mark: u32) -> usize {
        mark as usize & (self.lines.len() - 1)
    }

    #[inline]
    fn after(&self, line: usize) -> usize {
        (line + 1) & (self.lines.len() - 1)
    }

    /// Asks for the memory of the line where the search for a mark starts.
    #[inline]
    pub(crate) fn prefetch(&self, mark: u32) {
        prefetch(&self.lines[self.home(mark)]);
    }

    /// The id under `mark`, if it stands where the search starts or in the line behind it, as nearly all do; [`NONE`] else.
    /// A guess: the key may be another one, and where several ids have this mark, it may be the id of nothing.
    #[inline(always)]
    #[allow(clippy::inline_always)] // called for every packet, at one place
    pub(crate) fn guess(&self, mark: u32) -> Id {
        let home = self.home(mark);
        match self.lines[home].guess(mark) {
            NONE if self.lines[home].is_full() => self.lines[self.after(home)].guess(mark),
            found => found,
        }
    }

    /// The id under `mark` for which `is_it` holds, or where there is room for one.
    #[inline]
    pub(crate) fn find(&self, mark: u32, is_it: impl FnMut(Id) -> bool) -> Result<Id, Room> {
        self.place_of(mark, is_it).map(|(line, slot)| self.lines[line].ids[slot])
    }

    /// Line and slot of that id, or where there is room for one.
    #[inline]
    fn place_of(&self, mark: u32, mut is_it: impl FnMut(Id) -> bool) -> Result<(usize, usize), Room> {
        let mut line = self.home(mark);
        loop {
            let here = &self.lines[line];
            if here.may_have(mark) {
                let mut slots = here.slots();
                if let Some(slot) = slots.position(|(other, id)| other == mark && is_it(id)) {
                    return Ok((line, slot));
                }
            }
            if !here.is_full() {
                return Err(Room { line });
            }
            line = self.after(line);
        }
    }

    /// Puts `new` where `old` is.
    pub(crate) fn replace(&mut self, mark: u32, old: Id, new: Id) {
        if let Ok((line, slot)) = self.place_of(mark, |id| id == old) {
            self.lines[line].ids[slot] = new;
        }
    }

    /// Adds an id that is not there yet.
    #[inline]
    pub(crate) fn insert(&mut self, mark: u32, id: Id) {
        let mut line = self.home(mark);
        while self.lines[line].is_full() {
            line = self.after(line);
        }
        self.insert_at(Room { line }, mark, id);
    }

    /// Adds an id where there is room for its mark, as was just found.
    #[inline]
    pub(crate) fn insert_at(&mut self, room: Room, mark: u32, id: Id) {
        let line = &mut self.lines[room.line];
        line.put(line.first_free(), (mark, id));
        self.used += 1;
        if self.used * 4 > self.lines.len() * LINE * 3 {
            self.reserve(1);
        }
    }

    /// Makes room for so many more, at once.
    #[inline(never)]
    pub(crate) fn reserve(&mut self, more: usize) {
        let needed = ((self.used + more) * 4).div_ceil(LINE * 3).next_power_of_two();
        if needed > self.lines.len() {
            let mut larger = in_huge_pages(Vec::with_capacity(needed));
            larger.resize(needed, Line::EMPTY);
            let smaller = std::mem::replace(&mut self.lines, larger);
            // How full each line is, so that no line is searched for it.
            let mut used = vec![0_u8; needed];
            for (mark, id) in smaller.iter().flat_map(Line::slots) {
                let mut line = self.home(mark);
                while usize::from(used[line]) == LINE {
                    line = self.after(line);
                }
                self.lines[line].put(used[line].into(), (mark, id));
                used[line] += 1;
            }
        }
    }

    /// Ids held now.
    pub(crate) const fn len(&self) -> usize {
        self.used
    }

    /// All marks and ids, in the order of lines. An index as large is visited in order too by who looks for them there, and a larger
    /// or smaller one in few orders at once: searches start from the same bits of the same marks.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, Id)> {
        self.lines.iter().flat_map(Line::slots)
    }

    /// Takes an entry out, if it is there. Where its line was full, one that had no room there moves in, so that it is still
    /// found; and so on where that one was.
    pub(crate) fn remove(&mut self, mark: u32, id: Id) {
        let mut place = self.place_of(mark, |found| found == id).ok();
        self.used -= usize::from(place.is_some());
        while let Some((line, slot)) = place {
            let hole = &mut self.lines[line];
            let last = hole.used() - 1;
            hole.put(slot, (hole.marks[last], hole.ids[last]));
            hole.put(last, (0, NONE));
            place = if last == LINE - 1 { self.overflow_of(line) } else { None };
            if let Some((from, slot)) = place {
                let moved = (self.lines[from].marks[slot], self.lines[from].ids[slot]);
                self.lines[line].put(last, moved);
            }
        }
    }

    /// The next entry that stands behind `line` because that was full.
    fn overflow_of(&self, line: usize) -> Option<(usize, usize)> {
        let steps = |from: usize, to: usize| to.wrapping_sub(from) & (self.lines.len() - 1);
        let mut behind = self.after(line);
        loop {
            let is_one = |(mark, _)| steps(self.home(mark), behind) >= steps(line, behind);
            if let Some(slot) = self.lines[behind].slots().position(is_one) {
                return Some((behind, slot));
            }
            if !self.lines[behind].is_full() {
                return None;
            }
            behind = self.after(behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some marks are of several ids.
    fn mark(id: Id) -> u32 {
        (id % 100) * 0x0100_0001
    }

    fn index_of(ids: impl Iterator<Item = Id>) -> Index {
        let mut index = Index::default();
        ids.for_each(|id| index.insert(mark(id), id));
        index
    }

    fn find(index: &Index, id: Id) -> Option<Id> {
        index.find(mark(id), |found| found == id).ok()
    }

    #[test]
    fn equal_marks_and_growth_lose_nothing() {
        let mut index = index_of(0..5000);
        for id in 0..5000 {
            assert_eq!(find(&index, id), Some(id));
        }
        assert_eq!(index.find(mark(7), |found| found == 5001).ok(), None);
        for id in (1..5000).step_by(2) {
            index.remove(mark(id), id);
        }
        assert_eq!(index.len(), 2500);
        for id in 0..5000 {
            assert_eq!(find(&index, id), (id % 2 == 0).then_some(id));
        }
        index.replace(mark(4), 4, 6000);
        assert_eq!(index.find(mark(4), |found| found == 6000).ok(), Some(6000));
        assert_eq!(find(&index, 4), None);
    }

    #[test]
    fn room_that_was_found_is_where_the_id_is_looked_for() {
        let mut index = Index::default();
        for id in 0..5000 {
            let room = index.find(mark(id), |found| found == id).expect_err("it is not there yet");
            index.insert_at(room, mark(id), id);
            assert!(index.len() * 4 <= index.lines.len() * LINE * 3);
        }
        assert!((0..5000).all(|id| find(&index, id) == Some(id)));
    }

    #[test]
    fn what_is_asked_for_at_once_is_room_enough() {
        for (held, more) in [(0, 0), (0, 1), (700, 68), (700, 69), (5000, 1), (5000, 200_000)] {
            let mut index = index_of(0..held);
            index.reserve(more);
            let lines = index.lines.len();
            assert!((0..held).all(|id| find(&index, id) == Some(id)));
            (held..).take(more).for_each(|id| index.insert(id.wrapping_mul(0x9E37_79B9), id));
            assert_eq!(index.lines.len(), lines, "{held} {more}");
            assert_eq!(index.len(), held as usize + more);
        }
    }

    #[test]
    fn entries_are_what_was_put_in() {
        let index = index_of(0..5000);
        let mut entries: Vec<(u32, Id)> = index.entries().collect();
        entries.sort_unstable_by_key(|&(_, id)| id);
        assert_eq!(entries, (0..5000).map(|id| (mark(id), id)).collect::<Vec<_>>());
    }
}
