//! The collector that IPFIX goes to.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use portolan::report::{IpfixCarrier, IpfixExporter};

use super::output::Output;

/// How long a collector may take to accept a connection, and to take what it is sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where IPFIX goes.
#[derive(Clone, Debug)]
pub(super) enum Collector {
    /// `HOST:PORT`.
    Udp(String),
    /// The same behind `tcp:`.
    Tcp(String),
    File(PathBuf),
}

impl FromStr for Collector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let has_port = |text: &str| {
            let parts = text.rsplit_once(':');
            parts.is_some_and(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        let (host, is_tcp) = text.strip_prefix("tcp:").map_or((text, false), |host| (host, true));
        if has_port(host) {
            Ok(if is_tcp { Self::Tcp(host.to_owned()) } else { Self::Udp(host.to_owned()) })
        } else if Path::new(text).extension().is_some_and(|extension| extension == "ipfix") {
            Ok(Self::File(PathBuf::from(text)))
        } else {
            Err("has to be HOST:PORT (UDP), tcp:HOST:PORT, or a file that ends in .ipfix")
        }
    }
}

impl Collector {
    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Udp(_) | Self::Tcp(_) => None,
        }
    }

    /// Reaches for it.
    pub(super) fn open(&self) -> anyhow::Result<IpfixExporter<Connection>> {
        let (carrier, connection) = match self {
            Self::Udp(host) => (IpfixCarrier::Datagrams, Datagrams::to(host).map(Connection::Datagrams)),
            Self::Tcp(host) => (IpfixCarrier::Stream, connect(host).map(Connection::Stream)),
            Self::File(path) => (IpfixCarrier::Stream, Ok(Connection::File(Output::create(Some(path))?))),
        };
        let connection = connection.with_context(|| format!("cannot reach the collector {self}"))?;
        Ok(IpfixExporter::new(carrier, connection))
    }
}

impl std::fmt::Display for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Udp(host) => f.write_str(host),
            Self::Tcp(host) => write!(f, "tcp:{host}"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The first address of a host that `open` has success with.
fn first<T>(host: &str, open: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in host.to_socket_addrs()? {
        match open(address) {
            Ok(opened) => return Ok(opened),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn connect(host: &str) -> io::Result<TcpStream> {
    first(host, |address| {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    })
}

/// What messages are written to.
#[derive(Debug)]
pub(super) enum Connection {
    Datagrams(Datagrams),
    Stream(TcpStream),
    File(Output),
}

impl Connection {
    /// Hands over what is left.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Datagrams(_) => Ok(()),
            Self::Stream(stream) => stream.shutdown(Shutdown::Write).context("the collector has gone"),
            Self::File(output) => output.finish(),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Datagrams(datagrams) => datagrams.send(bytes),
            Self::Stream(stream) => stream.write(bytes),
            Self::File(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Datagrams(_) => Ok(()),
            Self::Stream(stream) => stream.flush(),
            Self::File(output) => output.flush(),
        }
    }
}

/// A socket that does not send faster than collectors take.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    sent: u64,
}

impl Datagrams {
    /// As many go at once: they have room in the usual buffer of a socket, 208 KiB, several times.
    const BURST: u64 = 16;

    /// Then this long nothing.
    const PAUSE: Duration = Duration::from_millis(1);

    fn to(host: &str) -> io::Result<Self> {
        let socket = first(host, |address| {
            let any = match address {
                SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
            let socket = UdpSocket::bind(any)?;
            socket.connect(address)?;
            Ok(socket)
        })?;
        Ok(Self { socket, sent: 0 })
    }

    fn send(&mut self, message: &[u8]) -> io::Result<usize> {
        let length = self.socket.send(message)?;
        self.sent += 1;
        if self.sent.is_multiple_of(Self::BURST) {
            thread::sleep(Self::PAUSE);
        }
        Ok(length)
    }
}
