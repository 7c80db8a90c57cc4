//! Storage that grows without moving what it holds, once that is more than a little.

use super::memory::{in_huge_pages, prefetch};

/// The place of an item in a [`Slab`].
pub(crate) type Id = u32;

/// The place that no item has.
pub(crate) const NONE: Id = Id::MAX;

const BOUNDED: &str = "a slab is bounded far below four billion items";

/// Chunks are so large that nearly all of them lies in huge pages. What is not used of one takes no memory.
const CHUNK_BITS: u32 = 18;
const CHUNK: usize = 1 << CHUNK_BITS;

/// So many items are in ordinary pages, of which only those are taken that are used.
const FEW: usize = 1 << 12;

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
        match self.chunks.as_mut_slice() {
            [] => self.chunks.push(Vec::with_capacity(FEW)),
            [few] if few.len() < CHUNK => {
                let mut whole = in_huge_pages(Vec::with_capacity(CHUNK));
                whole.append(few);
                *few = whole;
            }
            _ => self.chunks.push(in_huge_pages(Vec::with_capacity(CHUNK))),
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

    /// The items of one of so many parts that are about as long, in the order of memory; what is free has to be sorted.
    pub(crate) fn part(&self, number: usize, parts: usize) -> impl Iterator<Item = &T> {
        let bound = |part: usize| self.places() * part / parts;
        let (begin, end) = (bound(number), bound(number + 1));
        let items = self.chunks.iter().enumerate().flat_map(move |(chunk, items)| {
            let within = |place: usize| place.saturating_sub(chunk * CHUNK).min(items.len());
            &items[within(begin)..within(end)]
        });
        let passed = self.free.partition_point(|&id| (id as usize) < begin);
        in_use(items, begin, self.free[passed..].iter().copied())
    }

    pub(crate) fn insert(&mut self, item: T) -> Id {
        if let Some(id) = self.free.pop() {
            self[id] = item;
            return id;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK || chunk.len() == chunk.capacity()) {
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

impl<T> Slab<T> {
    /// Takes all items out, in the order of memory, which is given back along the way.
    pub(crate) fn into_iter(mut self) -> impl Iterator<Item = T> {
        self.free.sort_unstable();
        in_use(self.chunks.into_iter().flatten(), 0, self.free.into_iter())
    }
}

/// All items but those that are free, whose places are sorted; the first item is in the place `first`.
fn in_use<I: Iterator>(
    items: I,
    first: usize,
    free: impl Iterator<Item = Id>,
) -> impl Iterator<Item = I::Item> {
    let mut free = free.peekable();
    let mut is_free = move |place: usize| free.next_if(|&id| id as usize == first + place).is_some();
    items.enumerate().filter(move |(place, _)| !is_free(*place)).map(|(_, item)| item)
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
            let items: Vec<usize> = (0..parts).flat_map(|part| slab.part(part, parts)).copied().collect();
            assert_eq!(items, (0..CHUNK + 3).filter(|&item| item != 5).collect::<Vec<_>>());
        }
        assert_eq!(slab.insert(99), ids[5]);
        assert_eq!(slab[ids[5]], 99);
    }
}
