//! Which services the traffic of a capture is, true to the packet.
//!
//! portolan reads packets, puts each into exactly one bucket by its headers, joins those with ports into flows, decides
//! from ports, handshake and port table which service a flow is, and sums up. The program `portolan` is a thin layer
//! over this library.
//!
//! # Captures to a report
//!
//! ```no_run
//! use portolan::{flow::FlowOptions, read, report};
//!
//! let summary = read::summarise(["monday.pcap", "tuesday.pcapng.zst"], &FlowOptions::default());
//! let options = report::ReportOptions::default();
//! report::write(report::Format::Text, &summary, &options, &mut std::io::stdout())?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`read::Reading`] does the same step by step: with a [`filter`], a progress, or a [`meter::FlowSink`] that takes every
//! flow.
//!
//! # The classifier alone
//!
//! ```
//! use portolan::classify::{Learned, Observed, PortTable, decide};
//! use portolan::net::{Endpoint, Side, Transport};
//!
//! let table = PortTable::built_in();
//! let client = Endpoint::new([192, 0, 2, 7].into(), 40_112);
//! let server = Endpoint::new([192, 0, 2, 9].into(), 5432);
//! let flow = Observed::without_handshake(Transport::Tcp, [client, server]);
//!
//! let decision = decide(&flow, &table, &Learned::new());
//! assert_eq!(table.service_name(decision.service), "postgresql");
//! assert_eq!(decision.service_side, Some(Side::B));
//! ```
//!
//! # Packets of one's own
//!
//! A [`meter::Meter`] takes frames from anywhere; here it is one DNS query that begins with its IPv4 header:
//!
//! ```
//! use std::sync::Arc;
//! use portolan::classify::PortTable;
//! use portolan::flow::FlowOptions;
//! use portolan::meter::Meter;
//! use portolan::net::{LinkType, Timestamp};
//! use portolan::source::Frame;
//!
//! let mut query = [0; 28];
//! query[0] = 0x45; // IPv4 with a header of 20 bytes
//! query[9] = 17; // UDP
//! query[12..16].copy_from_slice(&[192, 0, 2, 7]);
//! query[16..20].copy_from_slice(&[192, 0, 2, 53]);
//! query[20..22].copy_from_slice(&51_234_u16.to_be_bytes());
//! query[22..24].copy_from_slice(&53_u16.to_be_bytes());
//!
//! let mut meter = Meter::new(Arc::new(PortTable::built_in()), &FlowOptions::default());
//! meter.frame(&Frame {
//!     link: LinkType::RAW,
//!     timestamp: Some(Timestamp::from_nanos(1_700_000_000_000_000_000)),
//!     captured: &query,
//!     wire_len: 28,
//! });
//! let summary = meter.finish()?;
//!
//! let (service, totals) = summary.services.first_key_value().expect("one flow has one service");
//! assert_eq!((service.service.as_str(), service.port), ("domain", Some(53)));
//! assert_eq!(service.alias.as_deref(), Some("dns"));
//! assert_eq!(totals.counts.volume.bytes, 28);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Modules
//!
//! In the way of a packet:
//!
//! | module | what it does |
//! |---|---|
//! | [`source`] | captures and memory to frames |
//! | [`filter`] | which frames count, in the language of libpcap |
//! | [`packet`] | a frame's headers to its endpoints, or to the bucket of packets without ports |
//! | [`flow`] | packets to flows, in bounded memory |
//! | [`classify`] | a flow to its service: port table, evidence, decision |
//! | [`summary`] | the result: plain and mergeable |
//! | [`report`] | the result as text, JSON, CSV, Markdown; flows as NDJSON |
//!
//! [`sink`] keeps frames in capture files, [`pseudonyms`] gives addresses other names. [`net`] holds the nouns that all of them speak in, [`merge`] what adding up results means. [`meter`] joins the hops
//! from the frame to the summary, [`read`] puts captures in front of it.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | [`net`], [`merge`] and [`classify`]: the port table and the decision, without input and output |
//! | `read` | captures to summaries and reports: all other modules but one |
//! | `capture`, on by default | [`filter`], by the C library libpcap |
//! | `arrow`, on by default | flow records as Parquet and Arrow |
//! | `cli`, on by default | the program |
// Some modules are there with their features alone.
#![cfg_attr(not(all(feature = "capture", feature = "read")), allow(rustdoc::broken_intra_doc_links))]

pub mod classify;
#[cfg(feature = "read")]
mod collections;
#[cfg(feature = "capture")]
pub mod filter;
#[cfg(feature = "read")]
pub mod flow;
pub mod merge;
#[cfg(feature = "read")]
pub mod meter;
pub mod net;
#[cfg(feature = "read")]
pub mod packet;
#[cfg(feature = "read")]
pub mod pseudonyms;
#[cfg(feature = "read")]
pub mod read;
#[cfg(feature = "read")]
pub mod report;
#[cfg(feature = "read")]
pub mod sink;
#[cfg(feature = "read")]
pub mod source;
#[cfg(feature = "read")]
pub mod summary;
#[cfg(feature = "read")]
mod threads;

/// The README's examples, as doc tests.
#[cfg(all(doctest, feature = "read"))]
#[doc = include_str!("../README.md")]
struct Readme;
