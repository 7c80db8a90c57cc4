//! The recorded captures: golden results, what was really spoken, and the laws on real traffic.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portolan::classify::{Basis, Decision, PortTable};
use portolan::flow::{FlowOptions, FlowRecord};
use portolan::merge::Merge;
use portolan::meter::{DecidedFlow, FlowSink, Meter};
use portolan::net::{Endpoint, Side, Transport};
use portolan::packet::{Packet, TcpFlags, walk};
use portolan::read;
use portolan::report::{self, Format, ReportOptions};
use portolan::source::{CaptureReader, OwnedFrame, Source};
use portolan::summary::{Counts, Summary};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn captures() -> Vec<PathBuf> {
    let folder = Path::new("testdata");
    let mut captures: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    captures.retain(|path| {
        path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng")
    });
    captures.sort();
    assert!(captures.len() > 30, "{} captures", captures.len());
    captures
}

fn frames_of(path: &Path) -> Vec<OwnedFrame> {
    let mut capture = CaptureReader::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame().unwrap() {
        frames.push(frame.into());
    }
    frames
}

#[test]
fn summaries_are_golden() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for path in captures() {
        let summary = read::summarise([&path], &FlowOptions::default());
        let mut found = Vec::new();
        report::write(
            Format::Csv,
            &summary,
            &ReportOptions { top: 0, ..ReportOptions::default() },
            &mut found,
        )
        .unwrap();
        let golden = Path::new("testdata/golden").join(path.file_name().unwrap()).with_added_extension("csv");
        if update {
            fs::write(&golden, &found).unwrap();
        }
        let golden_bytes = fs::read(&golden).unwrap_or_default();
        assert!(found == golden_bytes, "{} differs; UPDATE_GOLDEN=1 writes it anew", golden.display());
    }
}

#[derive(Default)]
struct Decisions(Vec<(FlowRecord, Decision, String)>);

impl FlowSink for Decisions {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> std::io::Result<()> {
        let DecidedFlow { record, decision, table, .. } = *flow;
        self.0.push((record.clone(), *decision, table.service_name(decision.service).to_owned()));
        Ok(())
    }
}

fn decisions_of(path: &Path) -> Decisions {
    decisions_of_frames(&frames_of(path))
}

fn decisions_of_frames(frames: &[OwnedFrame]) -> Decisions {
    let mut decisions = Decisions::default();
    let mut meter =
        Meter::new(Arc::new(PortTable::built_in()), &FlowOptions::default()).with_sink(&mut decisions);
    for frame in frames {
        meter.frame(&frame.as_frame());
    }
    meter.finish().unwrap();
    decisions
}

/// Where the port alone cannot tell what was spoken: a server on another's port, or on one without a name.
fn is_beyond_ports(note: &str) -> bool {
    ["odd port", "passive", "new port", "another service", "tracker", "to a proxy", "display 7"]
        .iter()
        .any(|reason| note.contains(reason))
}

#[test]
fn services_are_what_was_spoken() {
    let mut rows = csv::Reader::from_path("testdata/services.csv").unwrap();
    let mut wrong = Vec::new();
    for row in rows.records().map(Result::unwrap) {
        let decisions = decisions_of(&Path::new("testdata").join(&row[0]));
        let transport = Transport::from_name(&row[1]).unwrap();
        let server = Endpoint::new(row[2].parse::<IpAddr>().unwrap(), row[3].parse().unwrap());
        let (spoken, has_handshake, note) = (&row[4], &row[5] == "yes", &row[6]);
        let of_server = decisions
            .0
            .iter()
            .filter(|(record, ..)| record.transport == transport && record.endpoints.contains(&server));
        let is_tunnel = spoken == "vxlan" || note.contains("answers to what was sent");
        assert!(of_server.clone().count() > 0 || is_tunnel, "{row:?} has no flow");
        for (record, decision, name) in of_server {
            let side = if record.endpoints[0] == server { Side::A } else { Side::B };
            let is_client = record.handshake.client() == Some(side);
            let is_callback = decision.basis == Basis::Callback && spoken == "ftp-data";
            if has_handshake && !is_client && !is_callback && decision.service_side != Some(side) {
                wrong.push(format!("{row:?}: side {:?}", decision.service_side));
            }
            if !is_client && spoken != "none" && !is_beyond_ports(note) && name != spoken {
                wrong.push(format!("{row:?}: {name} by {:?}", decision.basis));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn sum(counts: impl IntoIterator<Item = Counts>) -> Counts {
    counts.into_iter().fold(Counts::default(), |mut sum, counts| {
        sum.merge(counts);
        sum
    })
}

#[test]
fn every_total_closes() {
    let options = FlowOptions { interval_ns: Some(1_000_000_000), ..FlowOptions::default() };
    for path in captures() {
        let summary = read::summarise([&path], &options);
        let with_ports = summary.classified();
        let mut all = summary.unclassified.total();
        all.merge(with_ports.volume);
        assert_eq!((all.packets, all.bytes), (summary.capture.packets, summary.capture.wire_bytes));
        assert_eq!(sum(summary.port_pairs.iter().map(|(_, counts)| *counts)), with_ports);
        assert_eq!(sum(summary.port_classes.values().copied()), with_ports);
        assert_eq!(
            sum(summary.services_by(|key| &key.category).into_values().map(|totals| totals.counts)),
            with_ports
        );
        assert_eq!(sum(summary.certainty.bases), with_ports);
        assert_eq!(sum(summary.certainty.bands), with_ports);
        let unknown = summary.services_by(|key| key.service == "unknown").remove(&true).unwrap_or_default();
        assert_eq!(sum(summary.unknown_endpoints.iter().map(|(_, counts)| *counts)), unknown.counts);
        let series = summary.series.as_ref().unwrap();
        let of_intervals = series.intervals.values().flat_map(|interval| interval.values());
        let volume = sum(of_intervals.map(|&volume| Counts { volume, flows: 0 })).volume;
        assert_eq!(volume, with_ports.volume, "{}", path.display());
        assert_eq!(summary.packet_size.sum(), u128::from(summary.capture.wire_bytes));
        for totals in summary.services.values() {
            assert_eq!(totals.flow_bytes.sum(), u128::from(totals.counts.volume.bytes));
            assert_eq!(totals.flow_packets.count(), totals.counts.flows);
            let confidence = totals.confidence;
            assert_eq!(confidence.high + confidence.medium + confidence.low, totals.counts.flows);
            assert_eq!(totals.bases.iter().sum::<u64>(), totals.counts.flows);
        }
    }
}

/// The same capture, begun after the handshakes of about every second connection: the others tell who listens.
fn without_half_the_handshakes(mut frames: Vec<OwnedFrame>) -> Vec<OwnedFrame> {
    frames.retain(|frame| match walk(&frame.as_frame()) {
        Packet::Ports(packet) if packet.flags.contains(TcpFlags::SYN) => {
            (packet.source_port ^ packet.destination_port) & 2 == 0
        }
        _ => true,
    });
    frames
}

#[test]
fn connections_that_began_earlier_are_decided_by_what_the_others_show() {
    let whole = frames_of(Path::new("testdata/office.pcapng"));
    let truth = decisions_of_frames(&whole);
    let later = decisions_of_frames(&without_half_the_handshakes(whole));
    let mut learned = 0;
    for (record, decision, _) in &later.0 {
        let same = |other: &&(FlowRecord, Decision, String)| other.0.endpoints == record.endpoints;
        let (shown, shown_decision, _) = truth.0.iter().find(same).unwrap();
        let is_hidden = shown.handshake.answered() && !record.handshake.answered();
        if is_hidden && decision.basis == Basis::Evidence {
            assert_eq!(decision.service_side, shown_decision.service_side, "{record:?}");
            learned += 1;
        }
    }
    assert!(learned > 20, "{learned}");
}

fn meter_of<'a>(frames: impl IntoIterator<Item = &'a OwnedFrame>, options: &FlowOptions) -> Meter<'static> {
    let mut meter = Meter::new(Arc::new(PortTable::built_in()), options);
    for frame in frames {
        meter.frame(&frame.as_frame());
    }
    meter
}

#[test]
fn cut_anywhere_and_merged_in_any_order_equals_the_whole() {
    let timeouts = [None, Some(1_000_000), Some(FlowOptions::DEFAULT_IDLE_TIMEOUT_NS)];
    let mut runner = TestRunner::new(ProptestConfig { cases: 4, ..ProptestConfig::default() });
    for path in captures() {
        let frames = without_half_the_handshakes(frames_of(&path));
        let cuts = (prop::collection::vec(0..frames.len(), 0..6), any::<bool>(), 0..timeouts.len());
        let law = |(mut cuts, backwards, timeout): (Vec<usize>, bool, usize)| {
            let options = FlowOptions {
                idle_timeout_ns: timeouts[timeout],
                interval_ns: Some(50_000_000),
                ..FlowOptions::default()
            };
            cuts.extend([0, frames.len()]);
            cuts.sort_unstable();
            let mut parts: Vec<Meter> =
                cuts.windows(2).map(|cut| meter_of(&frames[cut[0]..cut[1]], &options)).collect();
            if backwards {
                parts.reverse();
            }
            let mut merged = meter_of([], &options);
            for part in parts {
                merged.merge(part);
            }
            let whole = meter_of(&frames, &options).finish().unwrap();
            prop_assert_eq!(merged.finish().unwrap(), whole);
            Ok(())
        };
        runner.run(&cuts, law).unwrap();
    }
}

#[test]
fn summaries_merge_in_any_order() {
    let options = FlowOptions { interval_ns: Some(1_000_000_000), ..FlowOptions::default() };
    let summaries: Vec<Summary> = captures().iter().map(|path| read::summarise([path], &options)).collect();
    let merged = |order: &mut dyn Iterator<Item = &Summary>| {
        order.fold(Summary::default(), |mut merged, summary| {
            merged.merge(summary.clone());
            merged
        })
    };
    let forwards = merged(&mut summaries.iter());
    assert_eq!(forwards, merged(&mut summaries.iter().rev()));
    let (one, other) = summaries.split_at(summaries.len() / 3);
    let mut grouped = merged(&mut one.iter());
    grouped.merge(merged(&mut other.iter()));
    assert_eq!(forwards, grouped);
    let mut with_nothing = forwards.clone();
    with_nothing.merge(Summary::default());
    assert_eq!(forwards, with_nothing);
}

#[test]
fn every_variant_of_a_capture_says_the_same() {
    let mut said = BTreeSet::new();
    let mut formats = BTreeSet::new();
    for entry in fs::read_dir("testdata/variants").unwrap() {
        let path = entry.unwrap().path();
        let mut summary = read::summarise([&path], &FlowOptions::default());
        assert!(summary.is_complete(), "{:?}", summary.inputs);
        formats.insert(summary.inputs[0].format.clone());
        summary.inputs.clear();
        let mut report = Vec::new();
        report::write(
            Format::Csv,
            &summary,
            &ReportOptions { top: 0, ..ReportOptions::default() },
            &mut report,
        )
        .unwrap();
        said.insert(report);
    }
    assert_eq!(said.len(), 1);
    for format in ["pcap", "pcapng", "pcap+gzip", "pcap+zstd", "pcap+lz4", "pcap+xz"] {
        assert!(formats.contains(format), "{format} is not among {formats:?}");
    }
}
