//! Landlock (landlock(7)): of all files only those that are needed, and no TCP connections.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, path_beneath_rules,
};

use super::super::super::output::folder_of;
use super::Needs;

/// What this was written for. An older kernel does what it can.
const NEWEST: ABI = ABI::V5;
/// Where libpcap and this program look after interfaces.
const INTERFACES: &str = "/sys";
/// What a screen asks for its size.
const TERMINAL: &str = "/dev/tty";

/// Restricts this thread, and those that it begins.
pub(super) fn restrict(needs: &Needs) -> Result<(), RulesetError> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // An editor puts another file in the place of one, so it is the folder that counts: of a link, and of what it leads to.
    let targets: Vec<PathBuf> = needs.reads.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let files = needs.reads.iter().chain(&targets);
    let reads = files.map(|path| folder_of(path)).chain([Path::new(INTERFACES)]);
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?
        .create()?
        .add_rules(path_beneath_rules(reads, read))?
        .add_rules(path_beneath_rules(&needs.writes, all & !AccessFs::Execute))?
        .add_rules(path_beneath_rules([TERMINAL], all & !AccessFs::Execute))?
        .restrict_self()
        .map(drop)
}
