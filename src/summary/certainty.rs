//! How much of the picture is certain.

use super::Counts;
use super::rows::Kind;
use crate::classify::{Basis, Confidence, Learned};
use crate::merge::Merge;

/// Flows and what they carried, by how their services were decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certainty {
    /// By basis, in the order of [`Basis::ALL`].
    pub bases: [Counts; Basis::ALL.len()],
    /// By the band of service confidence, in the order of [`Confidence::ALL`].
    pub bands: [Counts; Confidence::ALL.len()],
    /// Endpoints in doubt of which something was learned elsewhere in the input, as far as they were kept.
    pub endpoints_learned: u64,
    /// How often the endpoints in doubt had to be halved to fit into memory: one in 2^n was kept.
    pub learned_halvings: u32,
}

impl Certainty {
    pub(super) fn add(&mut self, kind: Kind, counts: Counts) {
        self.bases[kind.basis.index()].merge(counts);
        self.bands[kind.confidence.index()].merge(counts);
    }

    pub(super) fn note(&mut self, learned: &Learned) {
        self.endpoints_learned = learned.len() as u64;
        self.learned_halvings = learned.one_in().trailing_zeros();
    }

    /// The counts of a band.
    pub const fn band(&self, band: Confidence) -> Counts {
        self.bands[band.index()]
    }
}

impl Merge for Certainty {
    fn merge(&mut self, other: Self) {
        for (counts, others) in self.bases.iter_mut().zip(other.bases) {
            counts.merge(others);
        }
        for (counts, others) in self.bands.iter_mut().zip(other.bands) {
            counts.merge(others);
        }
        self.endpoints_learned += other.endpoints_learned;
        self.learned_halvings = self.learned_halvings.max(other.learned_halvings);
    }
}
