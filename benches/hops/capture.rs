//! Made-up captures in memory, the same ones every time.

use portolan::source::{CaptureReader, OwnedFrame, Source};

#[allow(dead_code)] // the program that writes them to files uses the rest
#[path = "../captures"]
mod made_up {
    pub(crate) mod flows;
    pub(crate) mod frame;
    mod random;
    pub(crate) mod writer;
}

use made_up::flows::{Flows, Kind};
pub(crate) use made_up::frame::Wrap;
use made_up::writer::Writer;

/// How many packets a capture has.
pub(crate) const PACKETS: u64 = 16_384;
/// As few packets a flow as the `mix` of a whole gigabyte has.
const FLOWS: u64 = PACKETS / 8;

/// What a capture is made of.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) wrap: Wrap,
    /// IPv6 alone or IPv4 alone; without it, a fifth is IPv6.
    pub(crate) is_v6: Option<bool>,
    pub(crate) pcapng: bool,
}

impl Shape {
    /// Ethernet with both address families, as pcap.
    pub(crate) const ORDINARY: Self = Self { wrap: Wrap::Nothing, is_v6: None, pcapng: false };

    /// The capture. It stays in memory, so that readers can borrow it for as long as they like.
    pub(crate) fn capture(self) -> &'static [u8] {
        let mut plan = Kind::Mix.plan();
        (plan.packets, plan.flows) = (PACKETS, FLOWS);
        let mut flows = Flows::new(&plan);
        let mut capture = Vec::new();
        let mut writer = Writer::new(&mut capture, self.pcapng, self.wrap.link_type()).unwrap();
        let mut frame = Vec::new();
        for _ in 0..plan.packets {
            let mut packet = flows.next_packet();
            packet.is_v6 = self.is_v6.unwrap_or(packet.is_v6);
            frame.clear();
            made_up::frame::write(&packet, self.wrap, flows.payload(&packet), &mut frame);
            writer.write(packet.time_ns, &frame).unwrap();
        }
        writer.finish().unwrap();
        capture.leak()
    }

    /// Its frames.
    pub(crate) fn frames(self) -> Vec<OwnedFrame> {
        let mut reader = CaptureReader::from_reader(self.capture()).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame().unwrap() {
            frames.push(frame.into());
        }
        frames
    }
}
