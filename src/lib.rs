//! portolan: which services the traffic of a capture is, true to the packet.

pub mod classify;
pub mod flow;
pub mod net;
pub mod packet;
pub mod source;
