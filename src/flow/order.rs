//! The order in which flows come out of a table: by what they are, not by where they lie.

use super::key::{V4Key, V6Key};
use crate::collections::Id;
use crate::net::Transport;

/// Where a flow is in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// When it began, in ns.
    pub(super) begin: Option<i64>,
    pub(super) is_v6: bool,
    pub(super) shard: u8,
    pub(super) id: Id,
}

impl Place {
    /// By the times flows began (those without times first), then by endpoints and transport, which `v4` and `v6` look up.
    pub(super) fn sort(
        places: &mut [Self],
        v4: impl Fn(&Self) -> (V4Key, Transport),
        v6: impl Fn(&Self) -> (V6Key, Transport),
    ) {
        places.sort_unstable_by(|one, other| {
            (one.begin, one.is_v6)
                .cmp(&(other.begin, other.is_v6))
                .then_with(|| if one.is_v6 { v6(one).cmp(&v6(other)) } else { v4(one).cmp(&v4(other)) })
        });
    }
}
