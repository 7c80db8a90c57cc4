//! How services were decided.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::{Bands, Count, Counts, basis};
use crate::merge::Merge as _;
use crate::summary::{self, ServiceKey, ServiceTotals, Volume};

#[derive(Default, Deserialize)]
pub(super) struct Certainty {
    confidence: Option<Bands<Counts>>,
    basis: Option<BTreeMap<String, Counts>>,
    #[serde(default)]
    learned: Learned,
}

#[derive(Default, Deserialize)]
struct Learned {
    endpoints: Count,
    one_in: u64,
}

impl Certainty {
    /// What documents do not say that are older than this, the rows of services do, as far as they can.
    pub(super) fn of(self, services: &BTreeMap<ServiceKey, ServiceTotals>) -> summary::Certainty {
        let mut found = summary::Certainty {
            endpoints_learned: self.learned.endpoints.0,
            learned_halvings: self.learned.one_in.max(1).ilog2(),
            ..summary::Certainty::default()
        };
        if let Some(bands) = self.confidence {
            found.bands = bands.in_order().map(Into::into);
        } else {
            for totals in services.values() {
                let summary::ConfidenceFlows { high, medium, low } = totals.confidence;
                spread(totals.counts, [high, medium, low], &mut found.bands);
            }
        }
        if let Some(bases) = self.basis {
            for (name, counts) in bases {
                found.bases[basis(&name).index()].merge(counts.into());
            }
        } else {
            for totals in services.values() {
                spread(totals.counts, totals.bases, &mut found.bases);
            }
        }
        found
    }
}

/// Adds the flows of a row to what they were decided by. Nobody knows what those of each had, so the least certain ones have
/// everything.
fn spread<const N: usize>(row: summary::Counts, flows: [u64; N], sums: &mut [summary::Counts; N]) {
    let last = flows.iter().rposition(|flows| *flows > 0).unwrap_or(N - 1);
    let mut left = row;
    for (sum, flows) in sums.iter_mut().zip(flows).take(last) {
        sum.merge(summary::Counts { volume: Volume::default(), flows });
        left.flows = left.flows.saturating_sub(flows);
    }
    sums[last].merge(left);
}
