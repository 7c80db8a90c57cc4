//! portolan: which services the traffic of a capture is, true to the packet.

pub mod classify;
#[cfg(feature = "capture")]
pub mod filter;
pub mod flow;
pub mod merge;
pub mod meter;
pub mod net;
pub mod packet;
pub mod read;
pub mod report;
pub mod source;
pub mod summary;
