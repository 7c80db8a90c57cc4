//! Volumes over time.

use serde::Deserialize;

use super::values::Volume;
use crate::merge::Merge as _;
use crate::net::Timestamp;
use crate::summary::Series;

#[derive(Deserialize)]
pub(super) struct Interval {
    start_ns: Option<i64>,
    services: Vec<IntervalService>,
}

#[derive(Deserialize)]
struct IntervalService {
    service: String,
    category: String,
    #[serde(flatten)]
    volume: Volume,
}

pub(super) fn series((width_ns, rows): (u64, Vec<Interval>)) -> Series {
    let mut series = Series { width_ns, ..Series::default() };
    for row in rows {
        let interval = series.intervals.entry(row.start_ns.map(Timestamp::from_nanos)).or_default();
        for IntervalService { service, category, volume } in row.services {
            interval.entry((service, category)).or_default().merge(volume.into());
        }
    }
    series
}
