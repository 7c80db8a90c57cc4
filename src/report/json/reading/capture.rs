//! What was captured, read and lost, and the packets without ports.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::{Count, Volume};
use crate::net::Timestamp;
use crate::summary::{self, CaptureTotals, InputReport};

#[derive(Deserialize)]
pub(super) struct Capture {
    packets: Count,
    captured_bytes: Count,
    wire_bytes: Count,
    first_ts_ns: Option<i64>,
    last_ts_ns: Option<i64>,
}

impl From<Capture> for CaptureTotals {
    fn from(capture: Capture) -> Self {
        let span = capture.first_ts_ns.zip(capture.last_ts_ns);
        Self {
            packets: capture.packets.0,
            captured_bytes: capture.captured_bytes.0,
            wire_bytes: capture.wire_bytes.0,
            span: span.map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last))),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Read {
    pub(super) inputs: Vec<Input>,
}

#[derive(Deserialize)]
pub(super) struct Input {
    path: String,
    format: String,
    packets: Count,
    complete: bool,
    message: String,
}

impl From<Input> for InputReport {
    fn from(input: Input) -> Self {
        let Input { path, format, packets, complete, message } = input;
        Self { path, format, packets: packets.0, complete, refused: false, message }
    }
}

#[derive(Deserialize)]
pub(super) struct Loss {
    kernel_dropped: Count,
    interface_dropped: Count,
    evicted_flows: Count,
}

impl From<Loss> for summary::Loss {
    fn from(loss: Loss) -> Self {
        Self {
            kernel_dropped: loss.kernel_dropped.0,
            interface_dropped: loss.interface_dropped.0,
            evicted_flows: loss.evicted_flows.0,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Unclassified {
    fragment: Volume,
    malformed: Volume,
    other_ip: OtherIp,
    non_ip: Volume,
}

#[derive(Deserialize)]
pub(super) struct OtherIp {
    by_protocol: BTreeMap<u8, Volume>,
}

impl From<Unclassified> for summary::Unclassified {
    fn from(unclassified: Unclassified) -> Self {
        let protocols = unclassified.other_ip.by_protocol.into_iter();
        Self {
            fragment: unclassified.fragment.into(),
            malformed: unclassified.malformed.into(),
            other_ip: protocols.map(|(protocol, volume)| (protocol, volume.into())).collect(),
            non_ip: unclassified.non_ip.into(),
        }
    }
}
