//! Rules are read again at SIGHUP, as daemons do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portolan::classify::PortTable;
use signal_hook::consts::SIGHUP;

use super::super::rules::RulesOptions;

/// Whether the rules are to be read again, and which.
#[derive(Debug)]
pub(super) struct Reload {
    asked: Arc<AtomicBool>,
    rules: RulesOptions,
}

impl Reload {
    /// Listens to SIGHUP from now on.
    pub(super) fn listen(rules: &RulesOptions) -> io::Result<Self> {
        let asked = Arc::default();
        signal_hook::flag::register(SIGHUP, Arc::clone(&asked))?;
        Ok(Self { asked, rules: rules.clone() })
    }

    /// The port table by the rules as they are now, if somebody asked for that.
    pub(super) fn table(&self) -> Option<anyhow::Result<PortTable>> {
        self.asked.swap(false, Ordering::Relaxed).then(|| self.rules.table())
    }
}
