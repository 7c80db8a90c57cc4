//! The header walk: from a frame to a packet's endpoints, or the bucket of a packet without ports.
//!
//! [`walk`] judges every frame by its own headers alone: no reassembly, no state, no payload. The walk goes from
//! the outside in; the innermost TCP, UDP or SCTP header gives transport and ports, the IP header around it the
//! addresses. It ends quietly at the first thing that is too short or unknown, and what was found until then
//! stands.
//!
//! One file per group of headers: [`link`](self) types and their dispatch, `ethernet`, `ppp`, `wifi`, `mpls`,
//! `ip`, `gre`, and the tunnels over `udp`. `plain` is a shortcut for the frames that nearly all traffic is made
//! of, tested equal to the full walk.

mod bytes;
mod ethernet;
mod gre;
mod ip;
mod link;
mod meta;
mod mpls;
mod plain;
mod ppp;
mod tcp_flags;
#[cfg(test)]
mod testing;
mod udp;
mod walk;
mod wifi;

pub use meta::{Addresses, Bucket, Packet, PacketMeta};
pub(crate) use plain::plainest;
pub use tcp_flags::TcpFlags;
pub(crate) use walk::walk_other;
pub use walk::{walk, walk_every_header};
