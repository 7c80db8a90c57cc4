//! portolan: which services the traffic of a capture is, true to the packet.

pub mod flow;
pub mod merge;
pub mod net;
pub mod packet;
pub mod report;
pub mod source;
pub mod summary;
