//! Flows: packets with one 5-tuple that are never further apart than the idle timeout.
//!
//! [`FlowTable`] takes packets in any order and hands out [`FlowRecord`]s. Inside, from the bottom up: `slab` stores,
//! `index` finds, `key` tells flows apart, `segment` counts, `details` holds what only some flows need, `family` is
//! the table of one address family, `shard` both families of a part of the table, `flows` what a table ends as, `order` how flows come
//! out of both.

mod details;
mod family;
mod flows;
mod key;
mod order;
mod record;
mod segment;
mod shard;
mod table;

pub use flows::{FlowVisitor, Flows, OwnedPart, Part};
pub use record::{FlowRecord, Handshake, IntervalVolume, Traffic};
pub use table::{FlowOptions, FlowTable};
