//! The header walk: from a frame to a packet's endpoints, or the bucket of a packet without ports.

mod tcp_flags;

pub use tcp_flags::TcpFlags;
