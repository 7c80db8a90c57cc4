//! The one place with `unsafe`: asking the processor for memory before it is needed.
//!
//! Most packets miss the caches twice, at their slot of the index and at their flow. Plain loads issued ahead fill the
//! processor's window of instructions in flight, and stall it; a prefetch does not. Measured by `benches/compare` on `small`:
//! see the profile in `docs/speed.md`.

/// Starts to bring the cache line in which `place` begins. Where there is no such instruction it does nothing.
#[inline]
#[allow(unsafe_code)]
pub(super) fn prefetch<T>(place: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is a hint that neither reads nor writes, and never faults, whatever the address; it is
        // part of SSE, which every x86-64 processor has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}
