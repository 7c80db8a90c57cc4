//! Storage for many small things that are found by a hash, several at once.
//!
//! A search in [`Index`] is split into steps, so that a caller with a batch of keys can ask for the memory of all before it
//! uses the first: its latency is paid once a batch rather than once a key. [`Slab`] holds what is found.

mod index;
mod memory;
mod slab;

pub(crate) use index::{Index, Room};
pub(crate) use memory::in_huge_pages;
pub(crate) use slab::{Id, NONE, Slab, SlabPart};
