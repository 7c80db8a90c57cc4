//! The one place with `unsafe`: what plain Rust cannot tell the processor and the kernel about memory. Neither changes what
//! any memory holds.
//!
//! Most packets miss the caches at their slot of the index, and at their flow. How much both hints gain stands in
//! `docs/speed.md`.

#![allow(unsafe_code)]

/// Starts to bring the cache lines of `place`, as far as the second level. Plain loads issued ahead would fill the
/// processor's window of instructions in flight, and stall it. Where there is no such instruction this does nothing.
#[inline]
pub(super) fn prefetch<T>(place: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        const LINE: usize = 64;
        for offset in (0..size_of::<T>()).step_by(LINE) {
            let line = std::ptr::from_ref(place).cast::<i8>().wrapping_add(offset);
            // SAFETY: the instruction is a hint that neither reads nor writes, and never faults, whatever the address; it
            // is part of SSE, which every x86-64 processor has.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(line) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}

/// Asks for huge pages where `items` are and will be, which has to be before they are: random access to ordinary pages
/// misses the processor's table of pages nearly each time. Where the kernel has none this does nothing.
pub(crate) fn in_huge_pages<T>(items: Vec<T>) -> Vec<T> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use rustix::mm::{Advice, madvise};
        const PAGE: usize = 4096;
        let begin = items.as_ptr().cast::<u8>().align_offset(PAGE);
        let length = items.capacity() * size_of::<T>();
        if let Some(length) = length.checked_sub(begin) {
            let start = items.as_ptr().cast::<u8>().wrapping_add(begin).cast_mut().cast();
            // SAFETY: the range lies within one allocation, which `items` owns, and this advice changes nothing but which
            // pages will back it. Where it is refused, all stays as it is.
            let _ = unsafe { madvise(start, length, Advice::LinuxHugepage) };
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_change_nothing() {
        let mut items = in_huge_pages(Vec::with_capacity(1 << 20));
        items.extend(0..1_u64 << 20);
        for place in [0, 7, (1 << 20) - 1] {
            prefetch(&items[place]);
        }
        assert!(items.iter().copied().eq(0..1 << 20));
        assert!(in_huge_pages(Vec::<u8>::new()).is_empty());
        assert_eq!(in_huge_pages(vec![7_u8; 3]), [7; 3]);
    }
}
