//! What rules claim: which of them win, and which cannot stand beside each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::{Conflict, MAX_CLAIMS, Rule, RuleProblem, Rules, RulesError};
use crate::classify::builder::Builder;
use crate::classify::listing::{CategoryId, Listing, Origin, Rank, ServiceId};
use crate::classify::rows::Row;
use crate::classify::table::PortTable;
use crate::net::{Network, Transport};

/// What a rule says of some ports of one transport in one place.
#[derive(Clone, Copy, Debug)]
pub(in crate::classify) struct Claim {
    /// The place of the rule in [`Rules::rules`].
    pub(in crate::classify) rule: usize,
    /// `None` if everywhere.
    pub(in crate::classify) network: Option<Network>,
    pub(in crate::classify) listing: Listing,
}

impl Claim {
    /// How many ports there are after the first one: of two claims in one place the smaller wins.
    pub(in crate::classify) const fn width(&self) -> u16 {
        self.listing.last - self.listing.first
    }
}

/// All claims of `rules`, as the file lists them, with the ids that `builder` gives. It is to hold what `table` has,
/// where services have their usual categories.
pub(in crate::classify) fn claims<'t>(
    rules: &'t Rules,
    table: &'t PortTable,
    builder: &mut Builder<'t>,
) -> Result<Vec<Claim>, RulesError> {
    let usual = UsualCategories::of(table);
    let mut claims = Vec::new();
    let mut room = MAX_CLAIMS;
    for (place, rule) in rules.rules().iter().enumerate() {
        let pairs = rule.ports.len().saturating_mul(rule.hosts.len().max(1));
        room = room
            .checked_sub(pairs.saturating_mul(rule.transports().count()))
            .ok_or_else(|| rules.error(rule, RuleProblem::TooManyClaims))?;
        let category = rule.category.as_deref().unwrap_or_else(|| usual.of_service(&rule.service));
        builder.add_custom_category(category).map_err(|problem| rules.error(rule, problem))?;
        for &(first, last) in &rule.ports {
            let (service, transports, rank) = (rule.service.as_str(), rule.transports, rule.rank);
            let row = Row { first, last, transports, service, category, rank, origin: Origin::User };
            for listing in builder.listings_of(&row).map_err(|problem| rules.error(rule, problem))? {
                let claim = |network| Claim { rule: place, network, listing };
                if rule.hosts.is_empty() {
                    claims.push(claim(None));
                }
                claims.extend(rule.hosts.iter().map(|network| claim(Some(*network))));
            }
        }
    }
    match conflict(&claims) {
        Some((claim, other)) => Err(describe(rules, builder, &claim, &other)),
        None => Ok(claims),
    }
}

/// The category that each service of a table is in where it stands best.
struct UsualCategories<'t> {
    table: &'t PortTable,
    services: HashMap<&'t str, CategoryId>,
}

impl<'t> UsualCategories<'t> {
    fn of(table: &'t PortTable) -> Self {
        let mut by_id: HashMap<ServiceId, CategoryId> = HashMap::new();
        for listing in table.listings().iter().filter(|listing| listing.origin != Origin::User) {
            by_id.entry(listing.service).or_insert(listing.category);
        }
        let names = (0..=u16::MAX).map(ServiceId).zip(table.service_names());
        let aliases = table.all_aliases().iter().map(|(id, alias)| (*id, &**alias));
        let mut services = HashMap::new();
        for (id, name) in names.chain(aliases) {
            if let Some(category) = by_id.get(&id) {
                services.entry(name).or_insert(*category);
            }
        }
        Self { table, services }
    }

    fn of_service(&self, name: &str) -> &'t str {
        self.services.get(name).map_or("application", |id| &self.table.category(*id).id)
    }
}

/// The first claim that cannot stand beside an earlier one, and that one.
fn conflict(claims: &[Claim]) -> Option<(Claim, Claim)> {
    // Of ranges of one width that agree so far, the nearest ones on both sides overlap a new range if any does.
    let mut equals: HashMap<_, BTreeMap<u16, Claim>> = HashMap::new();
    for claim in claims.iter().filter(|claim| claim.listing.rank == Rank::Rule) {
        let Listing { transport, first, last, .. } = claim.listing;
        let earlier = equals.entry((claim.network, transport, claim.width())).or_default();
        let before = earlier.range(..=first).next_back().filter(|(_, other)| first <= other.listing.last);
        let after = earlier.range(first..).next().filter(|(start, _)| **start <= last);
        let answer = |claim: &Claim| (claim.listing.service, claim.listing.category);
        let differs = |(_, other): &(&u16, &Claim)| answer(other) != answer(claim);
        if let Some((_, other)) = before.into_iter().chain(after).find(differs) {
            return Some((*claim, *other));
        }
        earlier.insert(first, *claim);
    }
    None
}

fn describe(rules: &Rules, builder: &Builder<'_>, claim: &Claim, other: &Claim) -> RulesError {
    let rule = |claim: &Claim| -> &Rule { &rules.rules()[claim.rule] };
    let (ours, theirs) = (claim.listing, other.listing);
    let conflict = Conflict {
        other_line: rule(other).line,
        services: [claim, other].map(|claim| rule(claim).service.clone()),
        categories: [ours, theirs].map(|listing| builder.category_name(listing.category).to_owned()),
        transport: ours.transport,
        ports: (ours.first.max(theirs.first), ours.last.min(theirs.last)),
        network: claim.network,
    };
    rules.error(rule(claim), RuleProblem::Conflict(Box::new(conflict)))
}

/// Ports for which one claim wins in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classify) struct Stretch {
    pub(in crate::classify) first: u16,
    pub(in crate::classify) last: u16,
    /// The place of the claim.
    pub(in crate::classify) claim: usize,
}

/// By transport and network, the stretches of ports and who wins there, by rising port.
pub(in crate::classify) fn stretches(
    claims: &[Claim],
) -> HashMap<(Transport, Option<Network>), Vec<Stretch>> {
    let mut places: HashMap<_, Vec<usize>> = HashMap::new();
    for (number, claim) in claims.iter().enumerate().filter(|(_, claim)| claim.listing.rank == Rank::Rule) {
        places.entry((claim.listing.transport, claim.network)).or_default().push(number);
    }
    places.into_iter().map(|(place, numbers)| (place, narrowest(claims, numbers))).collect()
}

/// Who wins among claims of one place, in one sweep over the ports.
fn narrowest(claims: &[Claim], mut numbers: Vec<usize>) -> Vec<Stretch> {
    numbers.sort_by_key(|number| claims[*number].listing.first);
    let mut coming = numbers.into_iter().peekable();
    let mut begun = BinaryHeap::new();
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut next = Some(0);
    while let Some(port) = next {
        while let Some(number) = coming.next_if(|number| claims[*number].listing.first <= port) {
            begun.push(Reverse((claims[number].width(), number)));
        }
        while begun.peek().is_some_and(|Reverse((_, number))| claims[*number].listing.last < port) {
            begun.pop();
        }
        let start = coming.peek().map(|number| claims[*number].listing.first);
        let Some(&Reverse((_, claim))) = begun.peek() else {
            next = start;
            continue;
        };
        let end = claims[claim].listing.last;
        let last = start.map_or(end, |start| end.min(start - 1));
        match stretches.last_mut().filter(|before| before.claim == claim) {
            Some(before) => before.last = last,
            None => stretches.push(Stretch { first: port, last, claim }),
        }
        next = last.checked_add(1);
    }
    stretches
}
