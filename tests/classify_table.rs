//! The port table: its data is sound, and what it is to hold is in it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeSet, HashMap, HashSet};

use csv::StringRecord;
use portolan::classify::{
    CategoryId, EvidenceKind, Learned, Listing, Origin, PortTable, Rank, ServiceId, Standing, weigh,
};
use portolan::flow::{FlowRecord, Handshake, Traffic};
use portolan::net::{Endpoint, Side, Transport};

const SERVICES: &str = include_str!("../data/services.csv");
const REGISTRY: &str = include_str!("../data/registry.csv");
const CATEGORIES: &str = include_str!("../data/categories.csv");
const ALIASES: &str = include_str!("../data/aliases.csv");
const ARTICLE: &str = include_str!("../data/article-ports.csv");
const CLIENT_RANGES: &str = include_str!("../data/client-ranges.csv");

fn records(text: &'static str) -> Vec<StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

fn number(record: &StringRecord, column: usize) -> u16 {
    record[column].parse().unwrap()
}

fn ports(listing: &Listing) -> impl Iterator<Item = (Transport, u16)> + use<> {
    let transport = listing.transport;
    (listing.first..=listing.last).map(move |port| (transport, port))
}

fn listed_names(table: &PortTable, transport: Transport, port: u16, rank: Rank) -> Vec<&str> {
    let rows = table.listings_of(transport, port).filter(|row| row.rank == rank);
    rows.map(|row| table.service_name(row.service)).collect()
}

#[test]
fn rows_are_sorted_and_need_no_quotes() {
    for text in [SERVICES, REGISTRY] {
        assert!(!text.contains(['"', '\r']));
        assert!(text.ends_with('\n'));
        let ranges: Vec<_> = records(text).iter().map(|row| (number(row, 0), number(row, 1))).collect();
        assert!(ranges.is_sorted(), "by port");
    }
}

#[test]
fn no_row_stands_twice() {
    let table = PortTable::built_in();
    let mut seen = HashSet::new();
    for row in table.listings() {
        for place in ports(row) {
            let name = table.service_name(row.service);
            assert!(seen.insert((place, row.service, row.category, row.rank)), "{place:?} {name} twice");
        }
    }
}

#[test]
fn a_port_has_at_most_one_primary_name() {
    let table = PortTable::built_in();
    let mut primary = HashMap::new();
    for row in table.listings().iter().filter(|row| row.rank == Rank::Primary) {
        for place in ports(row) {
            let name = table.service_name(row.service);
            if let Some(other) = primary.insert(place, name) {
                panic!("{place:?} is {other} and {name}");
            }
        }
    }
}

#[test]
fn every_name_of_iana_is_in_the_registry() {
    let registry: HashSet<_> = records(REGISTRY).iter().map(|row| row[3].to_owned()).collect();
    // The registry gives these ports without a transport, so the importer leaves them out.
    let without_transport = ["flex-lm", "vrml-multi-use"];
    for row in records(SERVICES).iter().filter(|row| &row[6] == "iana") {
        assert!(registry.contains(&row[3]) || without_transport.contains(&&row[3]), "{row:?}");
    }
}

#[test]
fn only_wide_ranges_are_candidates() {
    let table = PortTable::built_in();
    for row in table.listings().iter().filter(|row| row.rank == Rank::Candidate) {
        assert!(row.last - row.first >= 5, "{}", table.service_name(row.service));
    }
    let rtp = table.entry(Transport::Udp, 16_500);
    assert_eq!(rtp.standing, Standing::Unlisted);
    assert_eq!(listed_names(&table, Transport::Udp, 16_500, Rank::Candidate), ["rtp"]);
}

#[test]
fn ids_stay_within_the_table() {
    let table = PortTable::built_in();
    assert_eq!(table.service_name(ServiceId::UNKNOWN), "unknown");
    assert_eq!(&*table.category(CategoryId::UNKNOWN).id, "unknown");
    assert_eq!(&*table.category(CategoryId::UNKNOWN).family, "unknown");
    let mut names = HashSet::new();
    for id in 0..table.service_count() {
        let name = table.service_name(ServiceId(u16::try_from(id).unwrap()));
        assert!(!name.is_empty() && names.insert(name), "\"{name}\"");
        assert_eq!(name, name.to_lowercase());
    }
    for row in table.listings() {
        assert_ne!(row.service, ServiceId::UNKNOWN);
        assert_ne!(row.category, CategoryId::UNKNOWN);
        assert!(!table.category(row.category).id.is_empty());
    }
}

#[test]
fn there_are_37_categories_of_6_families_and_unknown() {
    let table = PortTable::built_in();
    let (unknown, known) = table.categories().split_first().unwrap();
    assert_eq!((known.len(), &*unknown.id), (37, "unknown"));
    let families: BTreeSet<_> = known.iter().map(|category| &*category.family).collect();
    assert_eq!(families, BTreeSet::from(["access", "apps", "data", "infra", "media", "web"]));
    let ids: HashSet<_> = table.categories().iter().map(|category| &*category.id).collect();
    assert_eq!(ids.len(), table.categories().len());
    assert!(known.iter().all(|category| !category.description.is_empty()));
}

#[test]
fn every_category_is_used() {
    let table = PortTable::built_in();
    let used: HashSet<_> = table.listings().iter().map(|row| row.category).collect();
    assert_eq!(used.len(), 37);
}

#[test]
fn every_port_of_the_article_is_in_the_table_under_its_group() {
    let table = PortTable::built_in();
    let categories = records(CATEGORIES);
    let mut category_of = HashMap::new();
    for row in &categories {
        for group in row[3].split("; ").filter(|group| !group.is_empty()) {
            assert_eq!(category_of.insert(group, &row[0]), None, "{group} is in two categories");
        }
    }
    let (mut checked, mut missing) = (0, Vec::new());
    for row in records(ARTICLE) {
        let Ok(port) = row[2].parse() else { continue };
        // Two lists of the article show the classes of ports, and group no services.
        let category = category_of.get(&row[1]);
        assert!(category.is_some() || row[1].to_lowercase().contains("well-known ports"), "{row:?}");
        let listed = Transport::ALL.into_iter().flat_map(|transport| table.listings_of(transport, port));
        let found = listed
            .filter(|listing| matches!(listing.rank, Rank::Primary | Rank::Alternate))
            .any(|listing| category.is_none_or(|name| &*table.category(listing.category).id == *name));
        checked += 1;
        if !found {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(checked, 107);
}

#[test]
fn the_entry_follows_from_the_rows() {
    let table = PortTable::built_in();
    for (transport, port, name, category, standing) in [
        (Transport::Tcp, 443, "https", "web-tls", Standing::IanaPrimary),
        (Transport::Tcp, 8443, "https-alt", "web-tls", Standing::CommonPrimary),
        (Transport::Tcp, 514, "shell", "remote-access", Standing::IanaPrimary),
        (Transport::Udp, 514, "syslog", "monitoring", Standing::IanaPrimary),
        (Transport::Tcp, 3201, "cpq-tasksmart", "application", Standing::RegistryAndAlternate),
        (Transport::Udp, 33_500, "traceroute", "monitoring", Standing::Alternate),
        (Transport::Tcp, 4660, "smaclmgr", "application", Standing::Registry),
        (Transport::Tcp, 1024, "asana", "collaboration", Standing::Article),
        (Transport::Tcp, 39_001, "unknown", "unknown", Standing::Unlisted),
        (Transport::Sctp, 0, "unknown", "unknown", Standing::Unlisted),
        (Transport::Sctp, 65_535, "unknown", "unknown", Standing::Unlisted),
    ] {
        let entry = table.entry(transport, port);
        assert_eq!(table.service_name(entry.service), name, "{port}/{transport}");
        assert_eq!(&*table.category(entry.category).id, category, "{port}/{transport}");
        assert_eq!(entry.standing, standing, "{port}/{transport}");
    }
}

#[test]
fn a_port_lists_its_names_by_rank_and_origin() {
    let table = PortTable::built_in();
    for transport in Transport::ALL {
        for port in 0..=u16::MAX {
            let rows: Vec<_> = table.listings_of(transport, port).map(|row| (row.rank, row.origin)).collect();
            assert!(rows.is_sorted());
        }
    }
    assert_eq!(table.registered_name(Transport::Tcp, 2049).map(|id| table.service_name(id)), Some("shilp"));
    assert_eq!(listed_names(&table, Transport::Tcp, 2049, Rank::Registry), ["shilp", "nfs"]);
    assert_eq!(listed_names(&table, Transport::Tcp, 2049, Rank::Primary), ["nfs"]);
    assert_eq!(table.registered_name(Transport::Tcp, 61_212), None);
}

#[test]
fn rows_reach_every_port_of_their_range_and_no_other() {
    let table = PortTable::built_in();
    let mut expected: HashMap<(Transport, u16), usize> = HashMap::new();
    for row in table.listings() {
        ports(row).for_each(|place| *expected.entry(place).or_default() += 1);
    }
    for transport in Transport::ALL {
        for port in 0..=u16::MAX {
            let rows = table.listings_of(transport, port);
            assert!(
                rows.clone().all(|row| row.transport == transport && (row.first..=row.last).contains(&port))
            );
            assert_eq!(rows.count(), expected.get(&(transport, port)).copied().unwrap_or(0));
        }
    }
}

#[test]
fn aliases_name_services_and_are_found_again() {
    let table = PortTable::built_in();
    let mut seen = HashSet::new();
    for row in records(ALIASES) {
        let (service, alias) = (&row[0], &row[1]);
        assert!(seen.insert((service.to_owned(), alias.to_owned())), "{row:?} twice");
        assert_ne!(service, alias);
        let [id] = table.services_named(service)[..] else { panic!("{service} is no service, or several") };
        assert_eq!(table.service_name(id), service);
        assert!(table.aliases(id).any(|known| known == alias));
        assert!(table.services_named(alias).contains(&id));
    }
    let of = |name| table.services_named(name)[0];
    assert_eq!(table.alias(of("domain")), Some("dns"));
    assert_eq!(table.aliases(of("epmap")).collect::<Vec<_>>(), ["msrpc", "dcerpc"]);
    assert_eq!(table.alias(of("ssh")), None);
    assert_eq!(table.services_named("DNS"), [of("domain")]);
    assert_eq!(table.services_named("no such service"), []);
}

#[test]
fn the_version_is_a_date_and_a_hash() {
    let version = PortTable::built_in().version();
    let (date, hash) = version.split_once('+').unwrap();
    assert_eq!(date, "2026-02-25");
    assert!(hash.len() == 8 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{version}");
    assert_eq!(PortTable::built_in().version(), version);
}

#[test]
fn curated_rows_have_every_origin() {
    let table = PortTable::built_in();
    let origins: BTreeSet<_> = table.listings().iter().map(|row| row.origin).collect();
    let all = BTreeSet::from(Origin::ALL);
    assert_eq!(origins, all.into_iter().filter(|origin| *origin != Origin::User).collect());
}

/// The kinds of evidence that a port has of its own, on a transport where it is not listed.
fn kinds_of(table: &PortTable, port: u16) -> Vec<EvidenceKind> {
    let record = FlowRecord {
        transport: Transport::Sctp,
        endpoints: [Endpoint::new([10, 0, 0, 1].into(), port), Endpoint::new([10, 0, 0, 2].into(), 0)],
        span: None,
        sent: [Traffic::default(); 2],
        opener: Side::A,
        handshake: Handshake::default(),
        intervals: Vec::new(),
    };
    let mut kinds = Vec::new();
    weigh(&(&record).into(), table, &Learned::new(), |side, kind| {
        kinds.extend((side == Side::A).then_some(kind));
    });
    kinds
}

#[test]
fn ranges_of_evidence_are_those_of_the_client_range_data() {
    let table = PortTable::built_in();
    let ranges = records(CLIENT_RANGES);
    let range = |system: &str, first: u16| {
        let row = ranges.iter().find(|row| &row[0] == system && number(row, 2) == first).unwrap();
        number(row, 2)..=number(row, 3)
    };
    let dynamic = range("iana", 49_152);
    let linux = range("linux", 32_768);
    let old = range("bsd-classic", 1024);
    assert!(linux.contains(dynamic.start()), "the ranges overlap, and the dynamic one goes first");
    for port in (0..=u16::MAX).filter(|port| !table.entry(Transport::Sctp, *port).is_listed()) {
        let expected = if dynamic.contains(&port) {
            Some(EvidenceKind::DynamicRange)
        } else if linux.contains(&port) {
            Some(EvidenceKind::LinuxClientRange)
        } else if old.contains(&port) {
            Some(EvidenceKind::OldClientRange)
        } else {
            (port < 512).then_some(EvidenceKind::LowSystemPort)
        };
        let kinds: Vec<_> =
            kinds_of(&table, port).into_iter().filter(|kind| *kind != EvidenceKind::ClientRole).collect();
        assert_eq!(kinds, Vec::from_iter(expected), "{port}");
    }
}
