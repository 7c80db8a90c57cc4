//! Becoming another user.

use anyhow::{Context as _, anyhow, bail};
use nix::unistd::{self, Gid, Uid};

/// Somebody to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct User {
    id: Uid,
    group: Gid,
}

impl User {
    /// The user of that name, or number, who this process may become.
    pub(in super::super) fn find(name: &str) -> anyhow::Result<Self> {
        let found = match name.parse() {
            Ok(number) => unistd::User::from_uid(Uid::from_raw(number)),
            Err(_) => unistd::User::from_name(name),
        };
        let found = found.context("cannot look for users")?.ok_or_else(|| anyhow!("no user {name}"))?;
        if !Uid::effective().is_root() {
            bail!("only root can become {name}: run as root, or without --user");
        }
        Ok(Self { id: found.uid, group: found.gid })
    }

    /// Becomes that user, with no group but theirs.
    pub(super) fn become_it(self) -> nix::Result<()> {
        unistd::setgroups(&[self.group])?;
        unistd::setresgid(self.group, self.group, self.group)?;
        unistd::setresuid(self.id, self.id, self.id)
    }
}
