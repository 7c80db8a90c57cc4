//! What a live capture counts, for Prometheus, over HTTP.
//!
//! The thread that receives the intervals adds them up; another one answers scrapes. Neither is the one that captures, and
//! nothing that a client does can hold it up.

mod counts;
mod exposition;
mod histogram;
mod server;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use portolan::summary::IntervalSummary;
use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::queue::Waiting;
use counts::Counts;
use exposition::Exposition;

/// The metrics of this process.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    counts: Arc<Mutex<Counts>>,
    registry: Arc<Registry>,
}

impl Metrics {
    /// Takes an address, and returns which: a port of 0 is one that is free.
    pub(super) fn bind(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
        let bind = || {
            let listener = TcpListener::bind(address)?;
            let bound = listener.local_addr()?;
            std::io::Result::Ok((listener, bound))
        };
        bind().with_context(|| format!("cannot serve metrics on {address}"))
    }

    /// Serves metrics from now on. `table` is the version of the port table.
    pub(super) fn serve(listener: TcpListener, table: String, waiting: Waiting) -> anyhow::Result<Self> {
        let metrics = Self::new(table, waiting);
        server::start(listener, metrics.clone()).context("cannot serve metrics")?;
        Ok(metrics)
    }

    fn new(table: String, waiting: Waiting) -> Self {
        let counts = Arc::new(Mutex::new(Counts::new()));
        let mut registry = Registry::with_prefix("portolan");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION").to_owned()), ("table", table)]);
        registry.register("build", "The program and its port table", build);
        registry.register_collector(Box::new(Exposition { counts: Arc::clone(&counts), waiting }));
        Self { counts, registry: Arc::new(registry) }
    }

    /// Adds an interval.
    pub(super) fn interval(&self, interval: &IntervalSummary) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).add(interval);
    }

    /// All that was counted, as it is scraped.
    fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a string takes any text");
        text
    }
}

#[cfg(test)]
mod tests;
