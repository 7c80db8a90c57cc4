//! The nouns of the field: transports, ports, endpoints, link types, time stamps.
//!
//! Nothing here reads or counts; every other module speaks in these words.

mod endpoint;
mod link_type;
mod network;
mod port;
mod timestamp;
mod transport;

pub use endpoint::{Endpoint, Side};
pub use link_type::LinkType;
pub use network::{Network, NetworkError};
pub use port::{PortClass, PortPair};
pub use timestamp::Timestamp;
pub use transport::Transport;
