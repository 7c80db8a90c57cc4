//! A file of rules, in either form: what is wrong is said, and what is taken can be laid over the table and checked.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portolan::classify::{PortTable, Rules};

static TABLE: LazyLock<PortTable> = LazyLock::new(PortTable::built_in);

/// Longer files only take longer.
const LONGEST: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(&input[..input.len().min(LONGEST)]) else { return };
    let Ok(rules) = Rules::read("fuzzed", text) else { return };
    assert_eq!(TABLE.clone().with_rules(&rules).is_ok(), rules.check(&TABLE).is_ok());
});
