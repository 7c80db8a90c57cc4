//! Flow records as IPFIX (RFC 7011), both directions of a flow in one (RFC 5103).

mod message;
mod template;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::SystemTime;

use super::FlowLine;
use crate::meter::{DecidedFlow, FlowSink};
use message::Messages;
use template::Template;

/// What carries IPFIX messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IpfixCarrier {
    /// Each write is a datagram, which may be lost: they have at most 512 bytes (RFC 7011, section 10.3.3), and templates
    /// come again with every 64th.
    Datagrams,
    /// TCP, or a file (RFC 5655): messages of up to 16 KiB, templates in the first one alone.
    Stream,
}

impl IpfixCarrier {
    const fn messages(self) -> Messages {
        match self {
            Self::Datagrams => Messages::new(512, Some(64)),
            Self::Stream => Messages::new(1 << 14, None),
        }
    }
}

/// Exports a record of each flow as IPFIX.
///
/// ```
/// use portolan::report::{IpfixCarrier, IpfixExporter};
///
/// let message = IpfixExporter::new(IpfixCarrier::Stream, Vec::new()).finish()?;
/// assert_eq!(message[..2], [0, 10]); // without flows: what records would have in them
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct IpfixExporter<W: Write + Send> {
    out: W,
    messages: Messages,
    /// The record at hand.
    record: Vec<u8>,
}

impl<W: Write + Send> IpfixExporter<W> {
    /// Writes to `out`, a message at a time.
    pub const fn new(carrier: IpfixCarrier, out: W) -> Self {
        Self { out, messages: carrier.messages(), record: Vec::new() }
    }

    /// Writes what is left, and returns what was written to.
    ///
    /// # Errors
    ///
    /// Those of what is written to.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(message) = self.messages.finish(export_time()) {
            self.out.write_all(&message)?;
        }
        Ok(self.out)
    }
}

impl<W: Write + Send> FlowSink for IpfixExporter<W> {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let line = FlowLine::of(flow);
        self.record.clear();
        template::encode(&line, &mut self.record);
        match self.messages.push(Template::of(&line), &self.record, export_time()) {
            Some(message) => self.out.write_all(&message),
            None => Ok(()),
        }
    }
}

/// Now, in seconds since 1970, modulo 2^32 as the header wants it.
#[allow(clippy::cast_possible_truncation)]
fn export_time() -> u32 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs() as u32)
}
