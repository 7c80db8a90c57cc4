//! Live capture through libpcap.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use pcap::{Active, Address, Capture, ConnectionStatus, Device, Linktype, Precision};

use super::{Drops, Frame};
use crate::net::{LinkType, Timestamp};

/// How an interface is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureOptions {
    /// Bytes captured of each packet, at most [`Frame::MAX_CAPTURED`].
    pub snap_length: u32,
    /// The kernel's buffer in bytes.
    pub buffer: u32,
    /// Whether to ask for packets that are for others.
    pub promiscuous: bool,
    /// A pcap-filter(7) expression, which the kernel applies.
    pub filter: Option<String>,
}

impl CaptureOptions {
    /// Enough for the headers that are walked, through tunnels as well: 256 bytes.
    pub const HEADERS: u32 = 256;
    /// Half a second of small packets at 10 Gbit/s, or a second of ordinary ones: 64 MiB.
    pub const BUFFER: u32 = 64 << 20;
}

impl Default for CaptureOptions {
    fn default() -> Self {
        Self { snap_length: Self::HEADERS, buffer: Self::BUFFER, promiscuous: true, filter: None }
    }
}

/// Why an interface cannot be listened to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// There is no such interface.
    #[error("there is no such interface")]
    NoInterface,
    /// The interface is down.
    #[error("the interface is down")]
    Down,
    /// This user may not capture.
    #[error("this user may not capture packets")]
    Permission,
    /// The filter is no pcap-filter(7) expression, or makes no sense for the link type.
    #[error("the filter makes no sense: {0}")]
    Filter(String),
    /// Whatever else libpcap says.
    #[error("{0}")]
    Other(String),
}

/// An interface that is listened to.
pub struct LiveCapture {
    name: String,
    capture: Capture<Active>,
    link: LinkType,
    /// What libpcap last counted, in 32 bits that wrap around.
    counted: [u32; 2],
    drops: Drops,
}

/// How long the kernel keeps packets back to hand out many at once, in ms.
const RETIRE_MS: i32 = 100;

impl LiveCapture {
    /// Begins to listen.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn open(name: &str, options: &CaptureOptions) -> Result<Self, CaptureError> {
        let of_open = |error: pcap::Error| of_message(&message(error));
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let inactive = Capture::from_device(name)
            .map_err(of_open)?
            .snaplen(number(options.snap_length.min(Frame::MAX_CAPTURED)))
            .buffer_size(number(options.buffer))
            .promisc(options.promiscuous)
            .timeout(RETIRE_MS)
            .precision(Precision::Nano);
        let mut capture = inactive.open().map_err(of_open)?;
        if let Some(expression) = &options.filter {
            capture.filter(expression, true).map_err(|error| CaptureError::Filter(message(error)))?;
        }
        let capture = capture.setnonblock().map_err(of_open)?;
        let link = link_of(capture.get_datalink());
        Ok(Self { name: name.to_owned(), capture, link, counted: [0; 2], drops: Drops::default() })
    }

    /// The interface.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its frames begin.
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// Whether the interface is up. libpcap waits in silence for one that is down.
    pub fn is_up(&self) -> bool {
        const IFF_UP: u32 = 1;
        let flags = std::fs::read_to_string(format!("/sys/class/net/{}/flags", self.name)).ok();
        let flags =
            flags.as_deref().and_then(|flags| u32::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok());
        // What has no flags, such as any, cannot be down.
        flags.is_none_or(|flags| flags & IFF_UP != 0)
    }

    /// Hands out at most so many frames that are there, without waiting. Returns how many there were.
    ///
    /// # Errors
    /// If the interface is gone or down.
    pub fn frames(&mut self, most: usize, mut each: impl FnMut(&Frame<'_>)) -> Result<usize, CaptureError> {
        let link = self.link;
        let handed_out = self.capture.dispatch(Some(most), |packet| {
            let time = packet.header.ts;
            // Asked for nanoseconds, libpcap puts them where microseconds are called for.
            let nanos = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_usec);
            each(&Frame {
                link,
                timestamp: Some(Timestamp::from_nanos_saturating(nanos)),
                captured: packet.data,
                wire_len: packet.header.len,
            });
        });
        handed_out.map_err(|error| of_message(&message(error)))
    }

    /// What was dropped since it was opened.
    pub fn drops(&mut self) -> Drops {
        if let Ok(now) = self.capture.stats() {
            let since = |now: u32, before: u32| u64::from(now.wrapping_sub(before));
            self.drops.kernel += since(now.dropped, self.counted[0]);
            self.drops.interface += since(now.if_dropped, self.counted[1]);
            self.counted = [now.dropped, now.if_dropped];
        }
        self.drops
    }
}

impl AsFd for LiveCapture {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.capture.as_fd()
    }
}

impl std::fmt::Debug for LiveCapture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveCapture")
            .field("name", &self.name)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

/// The link type that capture files state. libpcap's own numbers are the same, but for those that differ between systems.
fn link_of(datalink: Linktype) -> LinkType {
    match LinkType(u16::try_from(datalink.0).unwrap_or(u16::MAX)) {
        LinkType::RAW_12 | LinkType::RAW_14 => LinkType::RAW,
        link => link,
    }
}

fn message(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(message) => message,
        other => other.to_string(),
    }
}

/// libpcap tells by text alone what happened.
fn of_message(message: &str) -> CaptureError {
    let has = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if has(&["permission", "not permitted", "Permission"]) {
        CaptureError::Permission
    } else if has(&["No such device", "disappeared", "doesn't exist"]) {
        CaptureError::NoInterface
    } else if has(&["not up", "went down", "is down"]) {
        CaptureError::Down
    } else {
        CaptureError::Other(message.to_owned())
    }
}

/// An interface that could be listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What libpcap says about it.
    pub description: Option<String>,
    /// Its addresses, and the lengths of their prefixes.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether it has a carrier; `None` where that means nothing.
    pub is_connected: Option<bool>,
    /// Whether it is a loopback.
    pub is_loopback: bool,
    /// How its frames begin, or why this user cannot open it.
    pub link: Result<LinkType, CaptureError>,
}

/// All interfaces that libpcap knows, each of which is opened for a moment.
///
/// # Errors
/// What libpcap says.
pub fn interfaces() -> Result<Vec<Interface>, CaptureError> {
    let devices = Device::list().map_err(|error| of_message(&message(error)))?;
    // Not what the firewall hands out: to open that takes packets from those who wait for them.
    let is_interface = |device: &Device| !["nflog", "nfqueue"].contains(&&*device.name);
    Ok(devices.into_iter().filter(is_interface).map(Interface::of).collect())
}

impl Interface {
    fn of(device: Device) -> Self {
        let options = CaptureOptions { promiscuous: false, buffer: 1 << 20, ..CaptureOptions::default() };
        let link = LiveCapture::open(&device.name, &options).map(|capture| capture.link);
        Self {
            addresses: device.addresses.iter().map(|address| (address.addr, prefix(address))).collect(),
            is_up: device.flags.is_up(),
            is_connected: match device.flags.connection_status {
                ConnectionStatus::Connected => Some(true),
                ConnectionStatus::Disconnected => Some(false),
                ConnectionStatus::Unknown | ConnectionStatus::NotApplicable => None,
            },
            is_loopback: device.flags.is_loopback(),
            description: device.desc,
            name: device.name,
            link,
        }
    }
}

fn prefix(address: &Address) -> Option<u8> {
    let bits = match address.netmask? {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    u8::try_from(bits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpcap_says_is_understood() {
        for (message, error) in [
            ("x: You don't have permission to perform this capture on that device", CaptureError::Permission),
            ("x: No such device exists (SIOCGIFHWADDR: No such device)", CaptureError::NoInterface),
            ("The interface disappeared", CaptureError::NoInterface),
            ("x: That device is not up", CaptureError::Down),
            ("The interface went down", CaptureError::Down),
            ("odd", CaptureError::Other("odd".to_owned())),
        ] {
            assert_eq!(of_message(message), error);
        }
        assert_eq!(
            LiveCapture::open("no-such-interface", &CaptureOptions::default()).err(),
            Some(CaptureError::NoInterface)
        );
    }
}
