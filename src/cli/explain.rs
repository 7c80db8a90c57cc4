//! `portolan explain`: the decision for a port pair, and why.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use portolan::classify::{self, Learned, Observed, Opening};
use portolan::net::{Endpoint, Side, Transport};
use portolan::report::{self, Told};

use super::Exit;
use super::output::Output;
use super::page::{self, PageFormat};
use super::rules::RulesOptions;

/// Say which service a port pair is, and why
///
/// The pair is that of a packet: its source port, then its destination port.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Source port, such as 51234
    #[arg(value_name = "SOURCE")]
    source: PortArgument,

    /// Destination port, such as 5432/tcp; without a transport it is tcp
    #[arg(value_name = "DESTINATION")]
    destination: PortArgument,

    /// The packet is a SYN
    #[arg(long, conflicts_with = "syn_ack")]
    syn: bool,

    /// The packet is a SYN/ACK
    #[arg(long)]
    syn_ack: bool,

    /// Source address
    #[arg(long, value_name = "ADDRESS")]
    src_ip: Option<IpAddr>,

    /// Destination address
    #[arg(long, value_name = "ADDRESS")]
    dst_ip: Option<IpAddr>,

    /// Where a UDP packet goes
    #[arg(long, value_enum, default_value_t = Destination::Unicast)]
    dest: Destination,

    #[command(flatten)]
    rules: RulesOptions,

    /// How the explanation is written
    #[arg(long, value_enum, default_value_t = PageFormat::Text)]
    format: PageFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Destination {
    /// One host
    Unicast,
    /// A group of hosts
    Multicast,
    /// All hosts of a network
    Broadcast,
}

/// A port, with the transport if it was said.
#[derive(Clone, Copy, Debug)]
struct PortArgument {
    port: u16,
    transport: Option<Transport>,
}

impl FromStr for PortArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (port, transport) = match text.split_once('/') {
            Some((port, transport)) => (port, Some(transport)),
            None => (text, None),
        };
        let port = port.parse().map_err(|_| "a port is a number from 0 to 65535".to_owned())?;
        let known = |name| Transport::from_name(name).ok_or("a transport is tcp, udp or sctp".to_owned());
        Ok(Self { port, transport: transport.map(known).transpose()? })
    }
}

/// Runs `portolan explain`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let flow = super::usage(observed(arguments));
    let table = arguments.rules.table()?;
    let explanation = classify::explain(&flow, &table, &Learned::new());
    let mut output = Output::create(None)?;
    let told = Told { explanation: &explanation, source: Side::A, table: &table };
    report::write_explanation(arguments.format.into(), &told, &page::options(0, &output), &mut output)
        .context("cannot write the answer")?;
    output.finish()?;
    Ok(Exit::Done)
}

/// What the arguments say of a flow; the source is side A.
fn observed(arguments: &Arguments) -> Result<Observed, String> {
    let transport = transport(arguments)?;
    let is_shake = arguments.syn || arguments.syn_ack;
    if is_shake && transport != Transport::Tcp {
        return Err("--syn and --syn-ack are of tcp alone".to_owned());
    }
    if arguments.dest != Destination::Unicast && transport == Transport::Tcp {
        return Err("tcp goes to one host, so --dest has to be unicast".to_owned());
    }
    let unspecified = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    let endpoints = [
        Endpoint::new(arguments.src_ip.unwrap_or(unspecified), arguments.source.port),
        Endpoint::new(arguments.dst_ip.unwrap_or(unspecified), arguments.destination.port),
    ];
    let mut flow = Observed {
        opener: Some(Side::A),
        opening: is_shake.then_some(Opening {
            client: if arguments.syn { Side::A } else { Side::B },
            seen_syn: arguments.syn,
            // The question is about this packet; nobody said that an answer was missing.
            answered: true,
            refused: false,
        }),
        ..Observed::without_handshake(transport, endpoints)
    };
    flow.is_group[Side::B.index()] |= arguments.dest != Destination::Unicast;
    Ok(flow)
}

fn transport(arguments: &Arguments) -> Result<Transport, String> {
    match (arguments.source.transport, arguments.destination.transport) {
        (Some(source), Some(destination)) if source != destination => {
            Err(format!("one packet cannot be {source} and {destination}"))
        }
        (source, destination) => Ok(destination.or(source).unwrap_or(Transport::Tcp)),
    }
}
