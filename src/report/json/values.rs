//! What the objects of the document share: volumes, counts, distributions.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::summary;

#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct Volume {
    packets: u64,
    bytes: u64,
}

impl From<summary::Volume> for Volume {
    fn from(volume: summary::Volume) -> Self {
        Self { packets: volume.packets, bytes: volume.bytes }
    }
}

#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct Counts {
    #[serde(flatten)]
    volume: Volume,
    flows: u64,
}

impl From<summary::Counts> for Counts {
    fn from(counts: summary::Counts) -> Self {
        Self { volume: counts.volume.into(), flows: counts.flows }
    }
}

/// The distributions over flows.
#[derive(JsonSchema, Serialize)]
pub(super) struct Distributions {
    flow_bytes: Distribution,
    flow_packets: Distribution,
    flow_duration_ns: Distribution,
    handshake_rtt_ns: Distribution,
}

impl Distributions {
    pub(super) fn of(totals: &summary::ServiceTotals) -> Self {
        Self {
            flow_bytes: (&totals.flow_bytes).into(),
            flow_packets: (&totals.flow_packets).into(),
            flow_duration_ns: (&totals.flow_duration_ns).into(),
            handshake_rtt_ns: (&totals.handshake_rtt_ns).into(),
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct Distribution {
    #[serde(flatten)]
    percentiles: Percentiles,
    /// `[smallest value, count]`, by rising value; on one line, for there can be hundreds.
    #[schemars(with = "Vec<(u64, u64)>")]
    buckets: Box<RawValue>,
}

impl From<&summary::Distribution> for Distribution {
    fn from(distribution: &summary::Distribution) -> Self {
        Self {
            percentiles: distribution.into(),
            buckets: serde_json::value::to_raw_value(&distribution.buckets())
                .expect("pairs of integers are JSON"),
        }
    }
}

/// A distribution without its buckets.
#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct Percentiles {
    count: u64,
    sum: u128,
    min: Option<u64>,
    max: Option<u64>,
    p50: Option<u64>,
    p90: Option<u64>,
    p99: Option<u64>,
}

impl From<&summary::Distribution> for Percentiles {
    fn from(distribution: &summary::Distribution) -> Self {
        let [p50, p90, p99] = distribution
            .percentiles([50.0, 90.0, 99.0])
            .map_or([None; 3], |percentiles| percentiles.map(Some));
        Self {
            count: distribution.count(),
            sum: distribution.sum(),
            min: distribution.min(),
            max: distribution.max(),
            p50,
            p90,
            p99,
        }
    }
}
