//! Storage that grows without moving what it holds, once that is more than a little.

use std::sync::Arc;

use super::memory::{in_huge_pages, prefetch};

/// The place of an item in a [`Slab`].
pub(crate) type Id = u32;

/// The place that no item has.
pub(crate) const NONE: Id = Id::MAX;

const BOUNDED: &str = "a slab is bounded far below four billion items";

/// Chunks are so large that nearly all of them lies in huge pages. What is not used of one takes no memory. Tests fill several.
const CHUNK_BITS: u32 = if cfg!(test) { 13 } else { 18 };
const CHUNK: usize = 1 << CHUNK_BITS;

/// So many items are in ordinary pages, of which only those are taken that are used: a few megabytes.
const FEW: usize = if cfg!(test) { 1 << 12 } else { 1 << 15 };

/// Items by number, in chunks that never move; freed places are used again.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<Id>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Makes room behind the last item. There are many slabs with few items, so they move once.
    #[cold]
    fn make_room(&mut self) {
        match self.chunks.last_mut() {
            None => self.chunks.push(Vec::with_capacity(FEW)),
            Some(few) if few.len() < CHUNK => {
                let mut whole = in_huge_pages(Vec::with_capacity(CHUNK));
                whole.append(few);
                *few = whole;
            }
            Some(_) => self.chunks.push(in_huge_pages(Vec::with_capacity(CHUNK))),
        }
    }

    /// Items held now.
    pub(crate) fn len(&self) -> usize {
        self.places() - self.free.len()
    }

    fn places(&self) -> usize {
        self.chunks.split_last().map_or(0, |(last, full)| full.len() * CHUNK + last.len())
    }

    /// Sorts what is free, as [`Slab::part`] needs it.
    pub(crate) fn sort_free(&mut self) {
        self.free.sort_unstable();
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(crate) fn insert(&mut self, item: T) -> Id {
        if let Some(id) = self.free.pop() {
            self[id] = item;
            return id;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == chunk.capacity().min(CHUNK)) {
            self.make_room();
        }
        let chunk = self.chunks.len() - 1;
        let place = self.chunks[chunk].len();
        self.chunks[chunk].push(item);
        Self::id(chunk, place)
    }

    /// An item; nothing in the place that no item has.
    #[inline]
    pub(crate) fn get(&self, id: Id) -> Option<&T> {
        self.chunks.get((id >> CHUNK_BITS) as usize)?.get(id as usize & (CHUNK - 1))
    }

    /// The same, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.chunks.get_mut((id >> CHUNK_BITS) as usize)?.get_mut(id as usize & (CHUNK - 1))
    }

    /// Asks for the memory of an item; [`NONE`] asks for nothing.
    #[inline]
    pub(crate) fn prefetch(&self, id: Id) {
        if let Some(item) = self.get(id) {
            prefetch(item);
        }
    }

    /// What is in all places, the free ones too, in the order of memory, to be changed.
    pub(crate) fn places_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }

    /// The places of all items, in the order of memory.
    pub(crate) fn ids(&self) -> Vec<Id> {
        let mut freed = self.free.clone();
        freed.sort_unstable();
        let mut freed = freed.into_iter().peekable();
        let mut ids = Vec::with_capacity(self.len());
        for (chunk, items) in self.chunks.iter().enumerate() {
            let first = Self::id(chunk, 0);
            ids.extend((first..).zip(items).map(|(id, _)| id).filter(|&id| freed.next_if_eq(&id).is_none()));
        }
        ids
    }

    fn id(chunk: usize, place: usize) -> Id {
        Id::try_from(chunk * CHUNK + place).expect(BOUNDED)
    }

    /// Gives a place back. The item stays until the place is used again.
    pub(crate) fn remove(&mut self, id: Id) {
        self.free.push(id);
    }
}

impl<T: Copy> Slab<T> {
    /// Takes over all items of another slab, and most of its memory as it is: only as many items move as it takes to leave no
    /// place unused, the last ones of the other.
    pub(crate) fn append(&mut self, mut other: Self) -> Moved {
        let end = other.places();
        let mut is_free = vec![false; end];
        other.free.iter().for_each(|&id| is_free[id as usize] = true);
        let mut first_free = 0;
        let mut tail = Vec::new();
        for last in (0..end).rev() {
            let has_room = !self.free.is_empty() || !self.places().is_multiple_of(CHUNK);
            let target = if is_free[last] || has_room {
                None
            } else {
                let Some(hole) = (first_free..last).find(|&place| is_free[place]) else { break };
                Some(hole)
            };
            let Some(item) = other.pop() else { break };
            tail.push(match target {
                _ if is_free[last] => NONE,
                None => self.insert(item),
                Some(hole) => {
                    (is_free[hole], first_free) = (false, hole + 1);
                    other[Self::id(0, hole)] = item;
                    Self::id(self.chunks.len(), hole)
                }
            });
        }
        let moved = Moved { offset: Self::id(self.chunks.len(), 0), end, tail };
        self.chunks.append(&mut other.chunks);
        moved
    }

    /// Takes the last item out; no place may be free.
    fn pop(&mut self) -> Option<T> {
        let chunk = self.chunks.last_mut()?;
        let item = chunk.pop();
        if chunk.is_empty() {
            self.chunks.pop();
        }
        item
    }
}

/// Where the items of a slab are that another one took over.
#[derive(Debug)]
pub(crate) struct Moved {
    /// What came over as it was is so much further behind.
    offset: Id,
    /// How many places there were.
    end: usize,
    /// The new places of the last ones that moved, from the end on.
    tail: Vec<Id>,
}

impl Moved {
    /// The place of what was in that one.
    #[inline]
    pub(crate) fn place_of(&self, id: Id) -> Id {
        self.tail.get(self.end - 1 - id as usize).copied().unwrap_or_else(|| id + self.offset)
    }
}

/// Parts get so many items in turn: what lies together is alike, and each part should get some of everything. Chunks hold
/// several.
const STRIPE: usize = 1 << 10;

/// Which of the places of a slab belong to one of so many parts.
#[derive(Clone, Copy, Debug)]
struct Share {
    number: usize,
    parts: usize,
}

impl Share {
    fn has(self, place: usize) -> bool {
        place / STRIPE % self.parts == self.number
    }

    /// The stripes of a chunk that belong here, with the places of their first items.
    fn of_chunk<T>(self, chunk: usize, items: &[T]) -> impl Iterator<Item = (usize, &[T])> {
        let stripes = (chunk * CHUNK..).step_by(STRIPE).zip(items.chunks(STRIPE));
        stripes.filter(move |(first, _)| self.has(*first))
    }

    /// Those of some places that belong here.
    fn of_free(self, free: &[Id]) -> Vec<Id> {
        free.iter().copied().filter(|&id| self.has(id as usize)).collect()
    }
}

/// Tells of places, in their order, whether they are among those, which are sorted.
fn is_among(free: Vec<Id>) -> impl FnMut(usize) -> bool {
    let mut free = free.into_iter().peekable();
    move |place| free.next_if(|&id| id as usize == place).is_some()
}

/// Some of the items of a slab, for one of several threads. Chunks are given back once no part needs them.
#[derive(Debug)]
pub(crate) struct SlabPart<T> {
    chunks: Vec<Arc<Vec<T>>>,
    /// Its places that are free, sorted.
    free: Vec<Id>,
    share: Share,
}

impl<T> Slab<T> {
    /// The items of one of so many parts that are about as long, in the order of memory; what is free has to be sorted.
    pub(crate) fn part(&self, number: usize, parts: usize) -> impl Iterator<Item = &T> {
        let share = Share { number, parts };
        let mut is_free = is_among(share.of_free(&self.free));
        let stripes = (0..).zip(&self.chunks).flat_map(move |(chunk, items)| share.of_chunk(chunk, items));
        let items = stripes.flat_map(|(first, stripe)| (first..).zip(stripe));
        items.filter(move |(place, _)| !is_free(*place)).map(|(_, item)| item)
    }

    /// All items in so many parts that are about as long; what is free has to be sorted.
    pub(crate) fn into_parts(self, parts: usize) -> Vec<SlabPart<T>> {
        let chunks: Vec<Arc<Vec<T>>> = self.chunks.into_iter().map(Arc::new).collect();
        let shares = (0..parts).map(|number| Share { number, parts });
        let part = |share: Share| SlabPart { chunks: chunks.clone(), free: share.of_free(&self.free), share };
        shares.map(part).collect()
    }
}

impl<T> SlabPart<T> {
    /// Shows all items, in the order of memory.
    pub(crate) fn for_each(self, mut each: impl FnMut(&T)) {
        let mut is_free = is_among(self.free);
        for (chunk, items) in self.chunks.into_iter().enumerate() {
            for (first, stripe) in self.share.of_chunk(chunk, &items) {
                for (place, item) in (first..).zip(stripe) {
                    if !is_free(place) {
                        each(item);
                    }
                }
            }
        }
    }
}

impl<T> std::ops::Index<Id> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, id: Id) -> &T {
        &self.chunks[(id >> CHUNK_BITS) as usize][id as usize & (CHUNK - 1)]
    }
}

impl<T> std::ops::IndexMut<Id> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, id: Id) -> &mut T {
        &mut self.chunks[(id >> CHUNK_BITS) as usize][id as usize & (CHUNK - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_places_are_used_again() {
        let mut slab = Slab::default();
        let ids: Vec<Id> = (0..CHUNK + 3).map(|item| slab.insert(item)).collect();
        assert_eq!(slab.len(), CHUNK + 3);
        assert_eq!(slab[ids[CHUNK + 1]], CHUNK + 1);
        slab.remove(ids[5]);
        assert_eq!(slab.len(), CHUNK + 2);
        assert_eq!(slab.ids(), [&ids[..5], &ids[6..]].concat());
        for parts in [1, 2, 7] {
            let mut items: Vec<usize> = (0..parts).flat_map(|part| slab.part(part, parts)).copied().collect();
            items.sort_unstable();
            assert!(items.into_iter().eq((0..CHUNK + 3).filter(|&item| item != 5)));
        }
        assert_eq!(slab.insert(99), ids[5]);
        assert_eq!(slab[ids[5]], 99);
    }

    /// A slab of that many places, of which some are free, and its items with their places.
    fn slab_of(
        places: usize,
        first: usize,
        is_free: impl Fn(usize) -> bool,
    ) -> (Slab<usize>, Vec<(Id, usize)>) {
        let mut slab = Slab::default();
        let items: Vec<(Id, usize)> = (first..first + places).map(|item| (slab.insert(item), item)).collect();
        let (free, kept): (Vec<_>, Vec<_>) = items.into_iter().partition(|&(_, item)| is_free(item - first));
        // Not in the order of memory.
        free.iter().rev().for_each(|&(id, _)| slab.remove(id));
        (slab, kept)
    }

    #[test]
    fn a_slab_takes_over_another_without_a_gap() {
        let free: [fn(usize) -> bool; 5] = [
            |_| false,
            |place| place == 0,
            |place| place % 3 == 1,
            |place| place % 100 != 7,
            |place| !(20..=FEW).contains(&place),
        ];
        let sizes = [0, 1, 30, FEW, FEW + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 50];
        for (own, other) in sizes.into_iter().flat_map(|own| sizes.map(|other| (own, other))) {
            for (own_free, other_free) in free.into_iter().zip(free.into_iter().cycle().skip(own % 5)) {
                let (mut slab, own_items) = slab_of(own, 0, own_free);
                let (others, other_items) = slab_of(other, 1 << 30, other_free);
                let most = slab.places().max(own_items.len() + other_items.len());
                let moved = slab.append(others);
                assert_eq!(slab.len(), own_items.len() + other_items.len());
                assert_eq!(slab.places(), most, "{own} {other}");
                let all = own_items.iter().copied();
                let mut all: Vec<(Id, usize)> =
                    all.chain(other_items.iter().map(|&(id, item)| (moved.place_of(id), item))).collect();
                assert!(all.iter().all(|&(id, item)| slab[id] == item));
                all.sort_unstable();
                assert!(all.iter().map(|&(id, _)| id).eq(slab.ids()));
                // Whole chunks but for the last one, so that what comes next finds its place.
                let new: Vec<Id> = (0..FEW + 2).map(|item| slab.insert(item)).collect();
                assert!(new.iter().zip(0..).all(|(&id, item)| slab[id] == item));
                assert!(all_but_last_are_whole(&slab));
            }
        }
    }

    fn all_but_last_are_whole(slab: &Slab<usize>) -> bool {
        slab.chunks.split_last().is_none_or(|(_, whole)| whole.iter().all(|chunk| chunk.len() == CHUNK))
    }

    #[test]
    fn what_is_taken_over_again_and_again_takes_no_more_places() {
        let (mut slab, mut items) = slab_of(CHUNK + 9, 0, |_| false);
        for round in 1..20 {
            let left = items.split_off(items.len() / 2);
            for (id, _) in &left {
                slab.remove(*id);
            }
            let (others, new) = slab_of(left.len(), round << 20, |_| false);
            let moved = slab.append(others);
            items.extend(new.into_iter().map(|(id, item)| (moved.place_of(id), item)));
            assert_eq!((slab.len(), slab.places()), (CHUNK + 9, CHUNK + 9));
        }
    }

    #[test]
    fn each_part_has_some_of_all_that_lies_together() {
        let mut slab = Slab::default();
        (0..4 * CHUNK).for_each(|item| _ = slab.insert(item));
        for parts in [2, 3, 7] {
            let borrowed = |number| slab.part(number, parts).copied().collect::<Vec<_>>();
            let all: Vec<Vec<usize>> = (0..parts).map(borrowed).collect();
            for begin in (0..4 * CHUNK).step_by(CHUNK) {
                let within = |part: &Vec<usize>| {
                    part.iter().filter(|item| (begin..begin + CHUNK).contains(item)).count()
                };
                assert!(all.iter().all(|part| within(part).abs_diff(CHUNK / parts) <= STRIPE));
            }
        }
    }

    #[test]
    fn owned_parts_are_the_whole_and_give_back_what_they_have_shown() {
        for parts in [1, 2, 7] {
            let mut slab = Slab::default();
            let counted = Arc::new(());
            let ids: Vec<Id> = (0..CHUNK + 3).map(|item| slab.insert((item, Arc::clone(&counted)))).collect();
            let is_free = |item: usize| item % 1000 == 5 || item == CHUNK + 2;
            ids.iter().rev().filter(|&&id| is_free(id as usize)).for_each(|&id| slab.remove(id));
            slab.sort_free();
            let mut shown = Vec::new();
            for part in slab.into_parts(parts) {
                part.for_each(|(item, _)| {
                    shown.push(*item);
                    // In the last chunk there are three, and one is here.
                    assert!(parts > 1 || *item < CHUNK || Arc::strong_count(&counted) <= 4);
                });
            }
            shown.sort_unstable();
            assert!(shown.into_iter().eq((0..CHUNK + 3).filter(|&item| !is_free(item))));
            assert_eq!(Arc::strong_count(&counted), 1);
        }
    }
}
