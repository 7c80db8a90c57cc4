//! A hash index from flow keys to places in a slab: open addressing, linear probing, eight bytes a slot.

use super::memory::{in_huge_pages, prefetch};
use super::slab::{Id, NONE};

/// Upper half: the mark, 32 bits of the key's hash, whose low bits are also the slot to start from, so that growing
/// needs no keys. Lower half: the id plus one; 0 is an empty slot.
type Slot = u64;

const EMPTY: Slot = 0;
const FIRST_SLOTS: usize = 1 << 10;
/// Slots that a guess looks at: a cache line of them.
const NEAR: usize = 8;

/// The index. It knows marks, not keys: the caller tells whether an id is the one it looks for.
#[derive(Debug)]
pub(crate) struct Index {
    slots: Vec<Slot>,
    used: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![EMPTY; FIRST_SLOTS], used: 0 }
    }
}

const fn pack(mark: u32, id: Id) -> Slot {
    (mark as u64) << 32 | (id as u64 + 1)
}

#[allow(clippy::cast_possible_truncation)] // the halves of a slot
const fn unpack(slot: Slot) -> (u32, Id) {
    ((slot >> 32) as u32, (slot as u32).wrapping_sub(1))
}

impl Index {
    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// Asks for the memory of the slot where the search for a mark starts.
    #[inline]
    pub(crate) fn prefetch(&self, mark: u32) {
        prefetch(&self.slots[mark as usize & self.mask()]);
    }

    /// The first id under `mark`, if it stands near where the search starts, as nearly all do; [`NONE`] else. A guess, for
    /// the key may be another one.
    #[inline]
    pub(crate) fn guess(&self, mark: u32) -> Id {
        let mut place = mark as usize & self.mask();
        for _ in 0..NEAR {
            let slot = self.slots[place];
            let (found, id) = unpack(slot);
            if slot == EMPTY {
                return NONE;
            }
            if found == mark {
                return id;
            }
            place = (place + 1) & self.mask();
        }
        NONE
    }

    /// The id under `mark` for which `is_it` holds.
    pub(crate) fn find(&self, mark: u32, is_it: impl FnMut(Id) -> bool) -> Option<Id> {
        self.find_slot(mark, is_it).map(|slot| unpack(self.slots[slot]).1)
    }

    fn find_slot(&self, mark: u32, mut is_it: impl FnMut(Id) -> bool) -> Option<usize> {
        let mut place = mark as usize & self.mask();
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            let (found, id) = unpack(slot);
            if found == mark && is_it(id) {
                return Some(place);
            }
            place = (place + 1) & self.mask();
        }
    }

    /// Puts `new` where `old` is.
    pub(crate) fn replace(&mut self, mark: u32, old: Id, new: Id) {
        if let Some(slot) = self.find_slot(mark, |id| id == old) {
            self.slots[slot] = pack(mark, new);
        }
    }

    /// Adds an id that is not there yet.
    pub(crate) fn insert(&mut self, mark: u32, id: Id) {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        self.place(pack(mark, id));
        self.used += 1;
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.mask();
        let mut place = unpack(slot).0 as usize & mask;
        while self.slots[place] != EMPTY {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }

    fn grow(&mut self) {
        let doubled = in_huge_pages(vec![EMPTY; self.slots.len() * 2]);
        let slots = std::mem::replace(&mut self.slots, doubled);
        for slot in slots.into_iter().filter(|&slot| slot != EMPTY) {
            self.place(slot);
        }
    }

    /// Takes an entry out, if it is there. What was placed behind it moves up, so that it is still found.
    pub(crate) fn remove(&mut self, mark: u32, id: Id) {
        let Some(mut hole) = self.find_slot(mark, |found| found == id) else { return };
        let bits = self.mask();
        let steps = |from: usize, to: usize| to.wrapping_sub(from) & bits;
        let mut place = hole;
        loop {
            place = (place + 1) & bits;
            let slot = self.slots[place];
            if slot == EMPTY {
                break;
            }
            let wanted = unpack(slot).0 as usize & bits;
            if steps(wanted, place) >= steps(hole, place) {
                self.slots[hole] = slot;
                hole = place;
            }
        }
        self.slots[hole] = EMPTY;
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_marks_and_growth_lose_nothing() {
        let mut index = Index::default();
        let mark = |id: Id| (id % 100) * 0x0100_0001;
        for id in 0..5000 {
            index.insert(mark(id), id);
        }
        for id in 0..5000 {
            assert_eq!(index.find(mark(id), |found| found == id), Some(id));
        }
        assert_eq!(index.find(mark(7), |found| found == 5001), None);
        for id in (1..5000).step_by(2) {
            index.remove(mark(id), id);
        }
        assert_eq!(index.used, 2500);
        for id in 0..5000 {
            assert_eq!(index.find(mark(id), |found| found == id), (id % 2 == 0).then_some(id));
        }
        index.replace(mark(4), 4, 6000);
        assert_eq!(index.find(mark(4), |found| found == 6000), Some(6000));
        assert_eq!(index.find(mark(4), |found| found == 4), None);
    }
}
