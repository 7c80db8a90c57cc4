//! Capabilities (capabilities(7)): all are given up, in every set, but for what a lost interface or a foreign folder needs.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
};

use super::{Needs, User};

/// Changes the user. What root had stays permitted, and has no effect.
pub(super) fn change_user(user: User) -> anyhow::Result<()> {
    leave_bounding_set()?;
    set_keep_capabilities(true).context("cannot keep capabilities")?;
    user.become_it().context("cannot become the user of --user")
}

/// Reduces them. Returns a path that is needed and cannot be used after that, if there is one.
pub(super) fn reduce(needs: &Needs) -> anyhow::Result<Option<(PathBuf, Access)>> {
    let had = capabilities(None).context("cannot ask for capabilities")?.permitted;
    // Whoever may capture without this capability, as where the kernel asks for none, needs it not.
    let mut kept = if needs.listens_again { had & CapabilitySet::NET_RAW } else { CapabilitySet::empty() };
    leave_bounding_set()?;
    set(kept, had & CapabilitySet::DAC_OVERRIDE)?;
    let unusable = unusable(needs);
    // Root writes where others own the folder. Another user does so no more.
    if unusable.is_some() && needs.user.is_none() {
        kept |= had & CapabilitySet::DAC_OVERRIDE;
    }
    set(kept, CapabilitySet::empty())?;
    set_no_new_privs(true).context("cannot forbid new privileges")?;
    Ok(unusable.filter(|_| needs.user.is_some()))
}

/// What no program that were executed could ever get.
fn leave_bounding_set() -> anyhow::Result<()> {
    let effective = capabilities(None).context("cannot ask for capabilities")?.effective;
    if !effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    // Those that this kernel does not know are none of its.
    let leave = |one| match remove_capability_from_bounding_set(one) {
        Err(Errno::INVAL) => Ok(()),
        result => result,
    };
    CapabilitySet::all().iter().try_for_each(leave).context("cannot reduce the bounding set")
}

/// Has these in effect, and others for later.
fn set(effective: CapabilitySet, later: CapabilitySet) -> anyhow::Result<()> {
    let permitted = effective | later;
    clear_ambient_capability_set()
        .and_then(|()| {
            set_capabilities(
                None,
                CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() },
            )
        })
        .context("cannot give up capabilities")
}

fn unusable(needs: &Needs) -> Option<(PathBuf, Access)> {
    let reads = needs.reads.iter().map(|path| (path, Access::READ_OK));
    let writes = needs.writes.iter().map(|path| (path, Access::WRITE_OK));
    let found = reads.chain(writes).find(|(path, access)| !is_usable(path, *access));
    found.map(|(path, access)| (path.clone(), access))
}

/// Whether what is there may be used so.
fn is_usable(path: &Path, access: Access) -> bool {
    !matches!(accessat(CWD, path, access, AtFlags::EACCESS), Err(Errno::ACCESS | Errno::PERM))
}
