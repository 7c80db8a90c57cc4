//! Rules of the user: which of them wins, what is wrong with them, and what the program makes of them.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::net::IpAddr;

use portolan::classify::{Entry, Learned, Observed, Origin, PortTable, Rank, Rules, Standing, decide};
use portolan::net::{Endpoint, Network, Transport};
use proptest::prelude::*;

fn table(text: &str) -> PortTable {
    PortTable::built_in().with_rules(&Rules::read("rules.toml", text).unwrap()).unwrap()
}

fn error(text: &str) -> String {
    let read = Rules::read("rules.toml", text);
    let table = read.and_then(|rules| PortTable::built_in().with_rules(&rules));
    table.err().unwrap().to_string()
}

fn rule(name: &str, rest: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\n{rest}\n")
}

fn answer(table: &PortTable, entry: Entry) -> (&str, &str) {
    (table.service_name(entry.service), &table.category(entry.category).id)
}

fn names(table: &PortTable, transport: Transport, port: u16) -> Vec<&str> {
    table.listings_of(transport, port).map(|row| table.service_name(row.service)).collect()
}

#[test]
fn a_rule_wins_over_the_table() {
    let table = table(&rule("orders", "category = \"database\"\ntransport = \"tcp\"\nports = [443]"));
    let entry = table.entry(Transport::Tcp, 443);
    assert_eq!(answer(&table, entry), ("orders", "database"));
    assert_eq!((entry.standing, entry.standing.points(), entry.standing.trust()), (Standing::Rule, 600, 990));
    assert_eq!(entry.standing.describe(), "a rule of the user");
    assert_eq!(names(&table, Transport::Tcp, 443)[..2], ["orders", "https"]);
    let first = table.listings_of(Transport::Tcp, 443).next().unwrap();
    assert_eq!((first.rank, first.origin), (Rank::Rule, Origin::User));
    assert_eq!(answer(&table, table.entry(Transport::Udp, 443)), ("https", "web-tls"));
    let built_in = PortTable::built_in();
    for port in (0..=u16::MAX).filter(|port| *port != 443) {
        let entry = built_in.entry(Transport::Tcp, port);
        assert_eq!(table.entry(Transport::Tcp, port), entry);
        assert_eq!(table.entry_at(Transport::Tcp, Endpoint::new([10, 0, 0, 1].into(), port)), entry);
    }
}

/// Clients draw their ports from wide ranges, so a rule for one names the port and says nothing of the side.
#[test]
fn a_rule_for_many_ports_does_not_choose_the_side() {
    let hosts = "hosts = [\"10.20.0.0/16\"]";
    for hosts in ["", hosts] {
        let table = table(&rule("wide", &format!("ports = [\"1024-65535\"]\n{hosts}")));
        let host = |third| Endpoint::new([10, 20, third, 1].into(), if third == 0 { 41_000 } else { 22 });
        let flow = Observed::without_handshake(Transport::Tcp, [host(0), host(1)]);
        let decision = decide(&flow, &table, &Learned::new());
        assert_eq!(table.service_name(decision.service), "ssh");
        assert_eq!(table.entry_at(Transport::Tcp, host(0)).standing, Standing::WideRule);
    }
}

/// Where both ends have the port, the rule for the fewest hosts counts, whichever end they are.
#[test]
fn between_equal_ports_the_most_specific_rule_wins() {
    let rules = rule("anywhere", "ports = [9000]")
        + &rule("orders", "ports = [9000]\nhosts = [\"10.20.0.0/16\"]")
        + &rule("shop", "ports = [9000]\nhosts = [\"10.0.0.0/8\"]");
    let table = table(&rules);
    let with = |other: [u8; 4]| {
        let endpoints = [[10, 20, 0, 1], other].map(|address| Endpoint::new(address.into(), 9000));
        [endpoints, [endpoints[1], endpoints[0]]].map(|endpoints| {
            let flow = Observed::without_handshake(Transport::Tcp, endpoints);
            table.service_name(decide(&flow, &table, &Learned::new()).service)
        })
    };
    for other in [[10, 99, 0, 1], [10, 9, 0, 1], [192, 0, 2, 1], [1, 2, 3, 4]] {
        assert_eq!(with(other), ["orders"; 2], "{other:?}");
    }
}

#[test]
fn a_rule_without_a_category_has_the_usual_one_of_its_name() {
    let table = table(
        &(rule("redis", "ports = 16380") + &rule("DNS", "ports = 16381") + &rule("buoy", "ports = 16382")),
    );
    let at = |port| answer(&table, table.entry(Transport::Udp, port));
    assert_eq!(at(16380), ("redis", "database"));
    assert_eq!(at(16381), ("dns", "name-service"));
    assert_eq!(at(16382), ("buoy", "application"));
}

#[test]
fn a_new_category_is_custom() {
    let table = table(&rule("orders", "category = \"Shop\"\nports = 1"));
    let category = table.category(table.entry(Transport::Tcp, 1).category);
    assert_eq!((&*category.id, &*category.family), ("shop", "custom"));
    assert_eq!(table.categories().len(), PortTable::built_in().categories().len() + 1);
}

#[test]
fn narrower_ranges_and_longer_prefixes_win() {
    let table = table(
        &(rule("wide", "ports = \"9000-9099\"")
            + &rule("narrow", "ports = \"9010-9019\"")
            + &rule("net", "ports = \"9000-9099\"\nhosts = \"10.20.0.0/16\"")
            + &rule("subnet", "ports = \"0-65535\"\nhosts = [\"10.20.1.0/24\", \"2001:db8::/32\"]")
            + &rule("host", "ports = 9015\nhosts = \"10.20.1.1\"")),
    );
    let at = |address: &str, port| {
        let endpoint = Endpoint::new(address.parse().unwrap(), port);
        answer(&table, table.entry_at(Transport::Tcp, endpoint)).0
    };
    assert_eq!([at("10.9.0.1", 9009), at("10.9.0.1", 9010), at("::1", 9020)], ["wide", "narrow", "wide"]);
    assert_eq!(
        [at("10.20.0.1", 9010), at("10.20.1.2", 9010), at("2001:db8::1", 9010)],
        ["net", "subnet", "subnet"]
    );
    assert_eq!([at("10.20.1.1", 9014), at("10.20.1.1", 9015)], ["subnet", "host"]);
    assert_eq!([at("10.20.0.1", 443), at("10.20.1.1", 443)], ["https", "subnet"]);
    assert_eq!(names(&table, Transport::Tcp, 9010)[..2], ["narrow", "wide"]);
    let scoped = table.scoped_listings_of(Transport::Tcp, 9015);
    let scoped: Vec<_> =
        scoped.map(|row| format!("{} {}", table.service_name(row.listing.service), row.network)).collect();
    let expected = ["host 10.20.1.1", "subnet 2001:db8::/32", "subnet 10.20.1.0/24", "net 10.20.0.0/16"];
    assert_eq!(scoped, expected);
}

#[test]
fn rules_that_clash_are_refused_with_both_lines() {
    let clash =
        |one: (&str, &str), other: (&str, &str)| error(&(rule(one.0, one.1) + &rule(other.0, other.1)));
    assert_eq!(
        clash(("billing", "ports = 9000"), ("orders", "transport = 'tcp'\nports = 9000")),
        "rules.toml:4: \"orders\" and \"billing\" (line 1) both claim 9000/tcp"
    );
    assert_eq!(
        clash(
            ("billing", "ports = \"1-10\"\nhosts = ['::1', '10.20.0.0/16']"),
            ("orders", "ports = [70, \"6-15\"]\ntransport = 'udp'\nhosts = '10.20.0.0/16'")
        ),
        "rules.toml:5: \"orders\" and \"billing\" (line 1) both claim 6-10/udp on 10.20.0.0/16"
    );
    assert_eq!(
        clash(("a", "ports = 1\ncategory = 'web'"), ("a", "ports = 1\ncategory = 'mail'")),
        "rules.toml:5: \"a\" in \"mail\" and in \"web\" (line 1) both claim 1/tcp"
    );
}

#[test]
fn rules_that_agree_or_differ_in_specificity_do_not_clash() {
    let first = rule("redis", "ports = \"1-10\"\nhosts = '10.0.0.0/8'");
    for other in [
        rule("redis", "ports = \"1-10\"\nhosts = '10.0.0.0/8'"),
        rule("redis", "ports = \"1-10\"\nhosts = '10.0.0.0/8'\ncategory = 'database'"),
        rule("redis", "ports = \"5-14\"\nhosts = '10.0.0.0/8'"),
        rule("mysql", "ports = \"5-13\"\nhosts = '10.0.0.0/8'"),
        rule("mysql", "ports = \"11-20\"\nhosts = '10.0.0.0/8'"),
        rule("mysql", "ports = \"1-10\"\nhosts = '10.0.0.0/9'"),
        rule("mysql", "ports = \"1-10\""),
        rule("mysql", "ports = \"1-10\"\nhosts = '10.0.0.0/8'\ntransport = 'sctp'"),
    ] {
        table(&(first.clone() + &other));
    }
}

#[test]
fn what_a_table_cannot_hold_is_refused() {
    let categories = |count: usize| -> String {
        let one = |n| rule(&format!("s{n}"), &format!("category = 'c{n}'\nports = {n}"));
        (0..count).map(one).collect()
    };
    let free = 256 - PortTable::built_in().categories().len();
    table(&categories(free));
    let limit = "too many: a table has at most 65536 rows and names and 256 categories";
    assert_eq!(error(&categories(free + 1)), format!("rules.toml:{}: {limit}", free * 4 + 1));
    let ports: Vec<String> = (0..30_000).map(|port| port.to_string()).collect();
    let ports = format!("ports = [{}]", ports.join(", "));
    assert_eq!(error(&rule("a", &ports)), format!("rules.toml:1: {limit}"));
    let hosts: Vec<String> = (0..5).map(|n| format!("'10.0.0.{n}'")).collect();
    let text = rule("a", &format!("{ports}\nhosts = [{}]", hosts.join(", ")));
    assert_eq!(error(&text), "rules.toml:1: more than 262144 pairs of ports and hosts in all rules");
}

#[test]
fn the_version_changes_with_the_rules() {
    let built_in = PortTable::built_in().version();
    let [one, other] = ["ports = 1", "ports = 2"].map(|ports| table(&rule("a", ports)).version());
    for version in [&one, &other] {
        let digest = version.strip_prefix(&format!("{built_in}+")).unwrap();
        assert!(digest.len() == 8 && digest.chars().all(|digit| digit.is_ascii_hexdigit()), "{version}");
    }
    assert_ne!(one, other);
    assert_eq!(table("# none\n").version(), built_in);
}

#[test]
fn new_rules_take_the_place_of_old_ones() {
    let old = table(&(rule("a", "ports = 443") + &rule("a", "ports = 80\nhosts = '::/0'")));
    let new = old.with_rules(&Rules::read("services", "b 22/tcp\n").unwrap()).unwrap();
    assert_eq!(answer(&new, new.entry(Transport::Tcp, 443)).0, "https");
    assert_eq!(answer(&new, new.entry(Transport::Tcp, 22)).0, "b");
    assert!(new.scoped_listings().is_empty());
}

#[test]
fn a_check_tells_what_changes_and_what_never_wins() {
    let text = rule("wide", "transport = 'tcp'\nports = \"79-81\"\ncategory = 'shop'")
        + &rule("left", "ports = 79")
        + &rule("right", "transport = 'tcp'\nports = \"80-81\"")
        + &rule("right", "transport = 'tcp'\nports = \"80-81\"\nhosts = ['10.0.0.1', '10.0.0.2']");
    let table = PortTable::built_in();
    let checked = Rules::read("rules.toml", &text).unwrap().check(&table).unwrap();
    let before: Vec<_> = checked[0]
        .before
        .iter()
        .map(|run| (run.transport, run.first, run.last, table.service_name(run.entry.service)))
        .collect();
    let tcp = Transport::Tcp;
    assert_eq!(before, [(tcp, 79, 79, "finger"), (tcp, 80, 80, "http"), (tcp, 81, 81, "http-alt")]);
    let categories: Vec<_> = checked.iter().map(|rule| (&*rule.category, rule.is_new_category)).collect();
    let usual = ("application", false);
    assert_eq!(categories, [("shop", true), usual, usual, usual]);
    let covered: Vec<Vec<u64>> =
        checked.iter().map(|rule| rule.covered_by.iter().copied().collect()).collect();
    assert_eq!(covered, [vec![6, 9], vec![], vec![], vec![]]);
    assert_eq!(checked[3].before.len(), 2, "once, not for every host");
}

#[test]
fn a_large_services_file_names_every_port_once() {
    let mut text = "# generated\n".to_owned();
    for port in 0..20_000_u16 {
        for protocol in ["tcp", "ddp", "udp"] {
            writeln!(text, "name-{port}\t{port}/{protocol}\talias-{port} # {port}").unwrap();
        }
        writeln!(text, "other-{port} {port}/tcp").unwrap();
    }
    let rules = Rules::read("services", &text).unwrap();
    assert_eq!((rules.rules().len(), rules.left_out()), (60_000, 20_000));
    let error = PortTable::built_in().with_rules(&rules).err().unwrap().to_string();
    assert!(error.starts_with("services:") && error.contains("too many"), "{error}");

    let fewer = text.lines().take(1 + 4 * 10_000).collect::<Vec<_>>().join("\n");
    let table = PortTable::built_in().with_rules(&Rules::read("services", &fewer).unwrap()).unwrap();
    for port in 0..10_000 {
        let (name, other) = (format!("name-{port}"), format!("other-{port}"));
        for transport in [Transport::Tcp, Transport::Udp] {
            let entry = table.entry(transport, port);
            assert_eq!((answer(&table, entry).0, entry.standing), (name.as_str(), Standing::Rule));
        }
        let mut listed = table.listings_of(Transport::Tcp, port);
        let alternate = listed.find(|row| row.rank == Rank::Alternate && row.origin == Origin::User).unwrap();
        assert_eq!(table.service_name(alternate.service), other);
        let alias = format!("alias-{port}");
        assert_eq!(table.alias(table.entry(Transport::Udp, port).service), Some(alias.as_str()));
    }
}

/// A rule for the naive search: name, first port, last port, networks.
type Drawn = (u8, u16, u16, Vec<Network>);

fn drawn_network() -> impl Strategy<Value = Network> {
    let v4 = (0_u32..4, 29_u8..=32)
        .prop_map(|(bits, length)| Network::holding(IpAddr::from(bits.to_be_bytes()), length));
    let v6 = (0_u128..4, 125_u8..=128)
        .prop_map(|(bits, length)| Network::holding(IpAddr::from(bits.to_be_bytes()), length));
    let whole = Just(Network::holding(IpAddr::from([0; 4]), 0));
    prop_oneof![4 => v4, 2 => v6, 1 => whole]
}

fn drawn_rules() -> impl Strategy<Value = Vec<Drawn>> {
    let ports = (0_u16..24, 0_u16..8).prop_map(|(first, width)| (first, first + width));
    let rule = (0_u8..3, ports, prop::collection::vec(drawn_network(), 0..3));
    prop::collection::vec(rule.prop_map(|(name, (first, last), hosts)| (name, first, last, hosts)), 0..10)
}

fn written(rules: &[Drawn]) -> String {
    let tell = |(name, first, last, hosts): &Drawn| {
        let hosts: Vec<String> = hosts.iter().map(|network| format!("\"{network}\"")).collect();
        let hosts = if hosts.is_empty() { String::new() } else { format!("hosts = [{}]", hosts.join(", ")) };
        rule(&format!("drawn-{name}"), &format!("ports = \"{first}-{last}\"\n{hosts}"))
    };
    rules.iter().map(tell).collect()
}

/// The name that the most specific rules give an endpoint, by a look at all of them.
fn naive(rules: &[Drawn], endpoint: Endpoint) -> Option<u8> {
    let specificity = |(_, first, last, hosts): &Drawn| {
        if !(*first..=*last).contains(&endpoint.port) {
            return None;
        }
        let inside = hosts.iter().filter(|network| network.contains(endpoint.address));
        let longest = inside.map(|network| i16::from(network.length())).max();
        // No hosts are less than every prefix.
        let length = longest.or(hosts.is_empty().then_some(-1))?;
        Some((length, Reverse(last - first)))
    };
    let ranked = rules.iter().filter_map(|rule| specificity(rule).map(|specificity| (specificity, rule.0)));
    ranked.max_by_key(|(specificity, _)| *specificity).map(|(_, name)| name)
}

/// Whether two rules of one specificity say different things of one port in one place.
fn clash(rules: &[Drawn]) -> bool {
    let overlap = |one: &Drawn, other: &Drawn| {
        let is_anywhere = one.3.is_empty() && other.3.is_empty();
        let same_place = is_anywhere || one.3.iter().any(|network| other.3.contains(network));
        let same_width = one.2 - one.1 == other.2 - other.1;
        one.0 != other.0 && same_width && same_place && one.1 <= other.2 && other.1 <= one.2
    };
    let mut later = rules.iter().enumerate().map(|(number, one)| (one, &rules[number + 1..]));
    later.any(|(one, others)| others.iter().any(|other| overlap(one, other)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_most_specific_rule_is_found(rules in drawn_rules()) {
        let read = Rules::read("rules.toml", &written(&rules)).unwrap();
        let table = PortTable::built_in().with_rules(&read);
        prop_assert_eq!(table.is_err(), clash(&rules));
        let Ok(table) = table else { return Ok(()) };
        let v4 = (0_u32..9).map(|bits| IpAddr::from(bits.to_be_bytes()));
        let v6 = (0_u128..9).map(|bits| IpAddr::from(bits.to_be_bytes()));
        for address in v4.chain(v6) {
            for port in 0..32 {
                let endpoint = Endpoint::new(address, port);
                let found = table.entry_at(Transport::Udp, endpoint);
                if let Some(name) = naive(&rules, endpoint) {
                    let name = format!("drawn-{name}");
                    prop_assert_eq!(table.service_name(found.service), name, "{}", endpoint);
                    prop_assert_eq!(found.standing, Standing::Rule);
                } else {
                    prop_assert_ne!(found.standing, Standing::Rule);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = Rules::read("text", &text);
    }

    #[test]
    fn no_text_that_looks_like_rules_panics(pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        if let Ok(rules) = Rules::read("text", &text) {
            let _ = rules.check(&PortTable::built_in());
        }
    }
}

/// What rules are written with.
const PIECES: [&str; 32] = [
    "[[rule]]",
    "\n",
    "\nname",
    "=",
    "'a'",
    "\nports",
    "[",
    "]",
    "1",
    "-",
    "65535",
    "'1-9'",
    "\nhosts",
    ",",
    "'::/0'",
    "'10.0.0.1/8'",
    "\ntransport",
    "'tcp'",
    "\ncategory",
    "{",
    "}",
    "#",
    " ",
    "http 80/tcp",
    "/udp",
    ".",
    "'''",
    "\u{feff}",
    "é",
    "0x10",
    "1e9",
    "99999999999999999999",
];
