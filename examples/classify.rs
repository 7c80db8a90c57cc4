//! What a port pair is, without a capture; it needs no feature of the library:
//!
//! ```text
//! cargo run --example classify --no-default-features -- 51234 5432
//! ```

use std::net::Ipv4Addr;
use std::process::ExitCode;

use portolan::classify::{Learned, Observed, PortTable, ServiceId, explain};
use portolan::net::{Endpoint, Transport};

fn main() -> ExitCode {
    let ports: Vec<u16> = std::env::args().skip(1).filter_map(|port| port.parse().ok()).collect();
    let [source, destination] = ports[..] else {
        eprintln!("two ports are needed: classify 51234 5432");
        return ExitCode::FAILURE;
    };
    let table = PortTable::built_in();
    let endpoints = [source, destination].map(|port| Endpoint::new(Ipv4Addr::UNSPECIFIED.into(), port));
    let flow = Observed::without_handshake(Transport::Tcp, endpoints);

    let explanation = explain(&flow, &table, &Learned::new());
    let decision = explanation.decision;
    if decision.service == ServiceId::UNKNOWN {
        println!("unknown");
    } else {
        let category = &table.category(decision.category).id;
        println!("{}, {category}, by {}", table.service_name(decision.service), decision.basis);
    }
    for piece in explanation.evidence {
        let port = flow.endpoint(piece.side).port;
        println!("{port:>6} {:+5} {}", piece.kind.points(), piece.kind.describe());
    }
    ExitCode::SUCCESS
}
