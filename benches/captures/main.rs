//! Captures to measure on, the same ones every time.
//!
//! `cargo run --release --example make-capture -- KIND FILE [--packets N] [--flows N] [--size BYTES] [--pcapng] [--within WRAP]`
//!
//! | kind | what it is |
//! |---|---|
//! | `mix` | 3.82 GB: 6.2 million packets of 600 bytes on average, 200,000 flows, few of them with most packets; TCP with handshakes and UDP, a fifth IPv6 |
//! | `small` | 10 million packets of 64 to 90 bytes, 1 million flows |
//! | `scan` | 10 million flows of one SYN each, in no order that can be seen; one packet in eleven refuses |
//! | `collide` | flows whose addresses and ports add up to the same, and differ in few bits |
//!
//! `--within` puts each packet behind two VLAN tags (`qinq`), into VXLAN (`vxlan`), or behind a Linux cooked header (`cooked`).
#![allow(clippy::unwrap_used)]

mod flows;
mod frame;
mod random;
mod writer;

use std::fs::File;
use std::io::BufWriter;

use flows::{Flows, Kind};
use frame::Wrap;
use writer::Writer;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next();
    let usage = "make-capture mix|small|scan|collide FILE [--packets N] [--flows N] [--size BYTES] [--pcapng] [--within WRAP]";
    let kind = next().and_then(|name| Kind::from_name(&name)).expect(usage);
    let path = next().expect(usage);
    let (mut plan, mut wrap, mut pcapng) = (kind.plan(), Wrap::Nothing, false);
    while let Some(option) = next() {
        let mut number = || next().and_then(|number| number.parse().ok()).expect(usage);
        match option.as_str() {
            "--packets" => plan.packets = number(),
            "--flows" => plan.flows = number(),
            "--size" => plan.size = Some(number()),
            "--pcapng" => pcapng = true,
            "--within" => wrap = next().and_then(|name| Wrap::from_name(&name)).expect(usage),
            _ => panic!("{usage}"),
        }
    }
    let out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut writer = Writer::new(out, pcapng, wrap.link_type()).unwrap();
    let mut flows = Flows::new(&plan);
    let mut frame = Vec::with_capacity(2048);
    for _ in 0..plan.packets {
        let packet = flows.next_packet();
        frame.clear();
        frame::write(&packet, wrap, flows.payload(&packet), &mut frame);
        writer.write(packet.time_ns, &frame).unwrap();
    }
    writer.finish().unwrap();
}
