//! Flows: packets with one 5-tuple that are never further apart than the idle timeout.

mod record;

pub use record::{FlowRecord, Handshake, Traffic};
