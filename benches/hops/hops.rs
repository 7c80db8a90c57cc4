//! The hops in the way of a packet, one by one and all together, each as the program does it.

use std::hint::black_box;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use portolan::classify::{Decision, Learned, Observed, PortTable, decide};
use portolan::flow::{FlowOptions, FlowRecord, FlowTable};
use portolan::meter::{DecidedFlow, FlowSink};
use portolan::packet::{Packet, PacketMeta, walk};
use portolan::read::Reading;
use portolan::source::CaptureReader;
use portolan::summary::Tally;

use crate::capture::{PACKETS, Shape, Wrap};

/// What a hop does so many of.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    Packets(u64),
    Flows(u64),
}

/// Whatever can measure a hop.
pub(crate) trait Measure {
    /// A capture, opened.
    fn open(capture: &'static [u8]) -> CaptureReader;

    /// Measures `work`, which takes what `fresh` makes for each time. Only `work` is measured, without dropping what
    /// it returns. `input` is called at most once.
    fn hop<I, F, O>(
        &mut self,
        name: &str,
        input: impl FnOnce() -> (Load, I),
        fresh: impl Fn(&I) -> F,
        work: impl Fn(&I, F) -> O,
    );
}

/// Measures all of them.
pub(crate) fn measure<M: Measure>(to: &mut M) {
    read("read pcap", Shape::ORDINARY, to);
    read("read pcapng", Shape { pcapng: true, ..Shape::ORDINARY }, to);
    walk_headers("walk ipv4", Shape { is_v6: Some(false), ..Shape::ORDINARY }, to);
    walk_headers("walk ipv6", Shape { is_v6: Some(true), ..Shape::ORDINARY }, to);
    walk_headers("walk vlan", Shape { wrap: Wrap::Qinq, ..Shape::ORDINARY }, to);
    walk_headers("walk vxlan", Shape { wrap: Wrap::Vxlan, ..Shape::ORDINARY }, to);
    walk_headers("walk cooked", Shape { wrap: Wrap::Cooked, ..Shape::ORDINARY }, to);
    flow_table(to);
    classify("classify by handshake", |observed| observed, to);
    let unseen = |observed: Observed| Observed::without_handshake(observed.transport, observed.endpoints);
    classify("classify by evidence", unseen, to);
    tally(to);
    end_to_end(to);
}

fn read<M: Measure>(name: &str, shape: Shape, to: &mut M) {
    let input = || (Load::Packets(PACKETS), shape.capture());
    to.hop(
        name,
        input,
        |capture| M::open(capture),
        |_, mut reader| {
            while reader
                .frames(usize::MAX, |frames| {
                    black_box(frames);
                })
                .unwrap()
            {}
            reader
        },
    );
}

fn walk_headers(name: &str, shape: Shape, to: &mut impl Measure) {
    let input = || (Load::Packets(PACKETS), shape.frames());
    to.hop(
        name,
        input,
        |_| (),
        |frames, ()| {
            for frame in frames {
                black_box(walk(&frame.as_frame()));
            }
        },
    );
}

fn flow_table(to: &mut impl Measure) {
    let input = || {
        let metas = Shape::ORDINARY.frames().into_iter().map(|frame| match walk(&frame.as_frame()) {
            Packet::Ports(meta) => meta,
            Packet::NoPorts(bucket) => panic!("{bucket:?}"),
        });
        let metas: Vec<PacketMeta> = metas.collect();
        (Load::Packets(PACKETS), metas)
    };
    to.hop(
        "flow table",
        input,
        |_| FlowTable::new(&FlowOptions::default()),
        |metas, mut table| {
            for meta in metas {
                table.add(meta, &mut |_| ());
            }
            table.finish()
        },
    );
}

fn classify(name: &str, as_seen: impl Fn(Observed) -> Observed, to: &mut impl Measure) {
    let input = || {
        let flows = Decided::all().into_iter().map(|flow| as_seen(flow.observed));
        let flows: Vec<Observed> = flows.collect();
        (Load::Flows(flows.len() as u64), (flows, PortTable::built_in(), Learned::new()))
    };
    to.hop(
        name,
        input,
        |_| (),
        |(flows, table, learned), ()| {
            for flow in flows {
                black_box(decide(flow, table, learned));
            }
        },
    );
}

fn tally(to: &mut impl Measure) {
    let input = || {
        let flows = Decided::all();
        (Load::Flows(flows.len() as u64), (flows, PortTable::built_in()))
    };
    to.hop(
        "tally",
        input,
        |_| Tally::new(FlowOptions::DEFAULT_MAX_FLOWS),
        |(flows, table), mut tally| {
            for flow in flows {
                tally.flow(&flow.record, &flow.decision, table);
            }
            tally
        },
    );
}

fn end_to_end<M: Measure>(to: &mut M) {
    let input = || (Load::Packets(PACKETS), (Shape::ORDINARY.capture(), Arc::new(PortTable::built_in())));
    to.hop(
        "end to end",
        input,
        |(capture, table)| {
            (Reading::with_table(Arc::clone(table), &FlowOptions::default()), M::open(capture))
        },
        |_, (mut reading, capture)| {
            reading.read("made up", Ok(capture), &mut |_| ControlFlow::Continue(()));
            reading.finish().unwrap()
        },
    );
}

/// A flow of the ordinary capture, and what was decided of it.
struct Decided {
    record: FlowRecord,
    observed: Observed,
    decision: Decision,
}

impl Decided {
    fn all() -> Vec<Self> {
        let mut flows = Flows::default();
        let mut reading = Reading::new(&FlowOptions::default()).with_sink(&mut flows);
        let capture = CaptureReader::from_reader(Shape::ORDINARY.capture());
        reading.read("made up", capture, &mut |_| ControlFlow::Continue(()));
        reading.finish().unwrap();
        flows.0
    }
}

#[derive(Default)]
struct Flows(Vec<Decided>);

impl FlowSink for Flows {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let (record, observed, decision) = (flow.record.clone(), *flow.observed, *flow.decision);
        self.0.push(Decided { record, observed, decision });
        Ok(())
    }
}
