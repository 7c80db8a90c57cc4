//! The result: bounded, plain, mergeable.
//!
//! [`Tally`] counts while packets and flows come in, by ids; [`Summary`] is what it becomes, by names and in order.

mod buckets;
mod capture;
mod certainty;
mod counts;
mod distribution;
mod frames;
mod input;
mod interval;
mod pair_counter;
mod port_pairs;
mod rows;
mod series;
mod services;
mod talkers;
mod tally;
mod unknown;

pub use capture::{CaptureTotals, Loss, Unclassified};
pub use certainty::Certainty;
pub use counts::{Counts, Volume};
pub use distribution::Distribution;
pub use input::InputReport;
pub use interval::{Begun, IntervalSummary, IntervalTally, IntervalTotals};
pub use port_pairs::PortPairs;
pub use series::{Interval, Series};
pub(crate) use services::one_row_each;
pub use services::{ConfidenceFlows, ServiceKey, ServiceTotals};
pub use talkers::{Conversation, Heaviest, TalkerCounts, TalkerTally, Talkers};
pub use tally::Tally;
pub use unknown::{UnknownEndpoint, UnknownEndpoints};

use std::collections::{BTreeMap, BTreeSet};

use crate::merge::{Merge, merge_maps};
use crate::net::{PortClass, Transport};

/// What is known of one capture, or of several that were merged.
///
/// Merging summaries is exact for everything but flows that were cut between them: those count once on each side.
/// Parts of one capture are therefore merged as [`Meter`](crate::meter::Meter)s, which hold the flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Versions of the port tables that decided the services.
    pub tables: BTreeSet<String>,
    /// Fingerprints of the keys that made [pseudonyms](crate::pseudonyms) of the addresses; none of true ones. Whoever gives the
    /// pseudonyms sets it.
    pub anonymized: BTreeSet<String>,
    /// What was read, by path.
    pub inputs: Vec<InputReport>,
    /// Everything that was captured.
    pub capture: CaptureTotals,
    /// What was lost on the way.
    pub loss: Loss,
    /// Packets without ports.
    pub unclassified: Unclassified,
    /// Packet sizes on the wire in bytes, of all packets.
    pub packet_size: Distribution,
    /// One row for each service, transport and service port.
    pub services: BTreeMap<ServiceKey, ServiceTotals>,
    /// By the class of the service port and that of its peer; where no side was chosen, of the lower and the higher
    /// port.
    pub port_classes: BTreeMap<(PortClass, PortClass), Counts>,
    /// By port pair.
    pub port_pairs: PortPairs,
    /// What port pairs past the bound of [`FlowOptions::max_flows`](crate::flow::FlowOptions::max_flows) had, and those that a
    /// document left out.
    pub other_port_pairs: Counts,
    /// How the services were decided.
    pub certainty: Certainty,
    /// What unknown traffic goes to.
    pub unknown_endpoints: UnknownEndpoints,
    /// What endpoints had that a document left out from which this was read.
    pub other_unknown_endpoints: Counts,
    /// Who talks, if that was asked for: in all flows, without a name, or in those of the service or category of that name.
    pub talkers: BTreeMap<Option<String>, Talkers>,
    /// Volumes over time, if intervals were asked for.
    pub series: Option<Series>,
}

impl Summary {
    /// The counts of one transport.
    pub fn transport(&self, transport: Transport) -> Counts {
        self.sum(|key| key.transport == transport)
    }

    /// The counts of everything with ports: TCP, UDP and SCTP together.
    pub fn classified(&self) -> Counts {
        self.sum(|_| true)
    }

    fn sum(&self, wanted: impl Fn(&ServiceKey) -> bool) -> Counts {
        let mut sum = Counts::default();
        for (_, totals) in self.services.iter().filter(|(key, _)| wanted(key)) {
            sum.merge(totals.counts);
        }
        sum
    }

    /// All services' rows added up by what `group` says of them.
    pub fn services_by<'a, G: Ord>(
        &'a self,
        group: impl Fn(&'a ServiceKey) -> G,
    ) -> BTreeMap<G, ServiceTotals> {
        let mut groups: BTreeMap<G, ServiceTotals> = BTreeMap::new();
        for (key, totals) in &self.services {
            groups.entry(group(key)).or_default().merge(totals.clone());
        }
        groups
    }

    /// Whether it has addresses of hosts, be they true ones or pseudonyms.
    pub fn has_addresses(&self) -> bool {
        let mut endpoints = self.unknown_endpoints.iter();
        self.talkers.values().any(|talkers| !talkers.hosts.listed.is_empty())
            || endpoints.any(|(endpoint, _)| endpoint.address.is_some())
    }

    /// Whether every input was read to its end and whole.
    pub fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.complete)
    }
}

/// One row for each service, transport and port; and what not all parts have is left out of the sum, for it would not add up to the
/// whole: [`Summary::talkers`] by name, and [`Summary::series`]. A part in which nothing has ports lacks nothing.
impl Merge for Summary {
    fn merge(&mut self, mut other: Self) {
        let lack = [&*self, &other].map(|part| part.classified() != Counts::default());
        let names: BTreeSet<_> = self.talkers.keys().chain(other.talkers.keys()).cloned().collect();
        let talkers = names.into_iter().filter_map(|name| {
            let lists = [self.talkers.remove(&name), other.talkers.remove(&name)];
            Some((name, merge_optional(lists, lack)?))
        });
        self.talkers = talkers.collect();
        self.series = merge_optional([self.series.take(), other.series], lack);
        self.tables.extend(other.tables);
        self.anonymized.extend(other.anonymized);
        self.inputs.extend(other.inputs);
        self.inputs.sort();
        self.capture.merge(other.capture);
        self.loss.merge(other.loss);
        self.unclassified.merge(other.unclassified);
        self.packet_size.merge(other.packet_size);
        self.services = one_row_each(std::mem::take(&mut self.services).into_iter().chain(other.services));
        merge_maps(&mut self.port_classes, other.port_classes);
        self.port_pairs.merge(other.port_pairs);
        self.other_port_pairs.merge(other.other_port_pairs);
        self.certainty.merge(other.certainty);
        self.unknown_endpoints.merge(other.unknown_endpoints);
        self.other_unknown_endpoints.merge(other.other_unknown_endpoints);
    }
}

/// What both have is added up. Who has none of it lacks something, or has nothing to add.
fn merge_optional<T: Merge>(parts: [Option<T>; 2], lack: [bool; 2]) -> Option<T> {
    match (parts, lack) {
        ([Some(mut one), Some(other)], _) => {
            one.merge(other);
            Some(one)
        }
        ([Some(part), None], [_, false]) | ([None, Some(part)], [false, _]) => Some(part),
        _ => None,
    }
}
