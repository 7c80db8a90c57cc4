//! Hosts and conversations, ranked and cut: what all formats show of them.

use std::cmp::Reverse;
use std::net::IpAddr;

use super::units::{bytes, printable};
use super::view::Rest;
use super::words;
use crate::merge::Merge as _;
use crate::summary::{Conversation, Counts, Heaviest, Summary, TalkerCounts, Volume};

/// A list with the most bytes first, cut.
pub(super) struct Listed<'a, K> {
    pub(super) rows: Vec<(&'a K, TalkerCounts)>,
    /// How many are left out; `None` if nobody knows.
    pub(super) left_out: Option<usize>,
    pub(super) others: TalkerCounts,
    /// Bytes that a row may have more than it shows.
    pub(super) error: u64,
    pub(super) others_most: u64,
}

impl<'a, K: Ord> Listed<'a, K> {
    /// The first `top` of them; 0 for all.
    pub(super) fn of(heaviest: &'a Heaviest<K>, top: usize) -> Self {
        let mut rows: Vec<_> = heaviest.listed.iter().map(|(key, counts)| (key, *counts)).collect();
        // Ties stay in the order of the keys.
        rows.sort_by_key(|(_, counts)| Reverse((counts.bytes, counts.packets)));
        let kept = if top == 0 { rows.len() } else { top.min(rows.len()) };
        let left_out = rows.split_off(kept);
        let mut others = heaviest.others;
        for (_, counts) in &left_out {
            others.merge(*counts);
        }
        let most = left_out.first().map(|(_, counts)| counts.bytes.saturating_add(heaviest.listed_error));
        let are_all_told_apart = heaviest.others == TalkerCounts::default() && heaviest.others_most == 0;
        Self {
            rows,
            left_out: are_all_told_apart.then_some(left_out.len()),
            others,
            error: heaviest.listed_error,
            others_most: heaviest.others_most.max(most.unwrap_or_default()),
        }
    }
}

/// A list as it is shown.
pub(super) struct TalkerTable {
    /// `Hosts`, `Conversations of https`.
    pub(super) title: String,
    /// What a row is.
    pub(super) head: &'static str,
    pub(super) rows: Vec<(String, TalkerCounts)>,
    /// A name for what is left out, if anything is, and its counts: none of hosts, whose flows count for others as well.
    pub(super) others: Option<(String, Option<TalkerCounts>)>,
    /// How far off the rows may be, if they are not exact.
    pub(super) remark: Option<String>,
}

/// All lists, those of all flows first; `top` rows of each, 0 for all.
pub(super) fn tables(summary: &Summary, top: usize) -> Vec<TalkerTable> {
    let lists = summary.talkers.iter().flat_map(|(within, talkers)| {
        let title = |what: &str| {
            within.as_ref().map_or_else(|| what.to_owned(), |name| format!("{what} of {}", printable(name)))
        };
        let hosts = table(title("Hosts"), "Host", &talkers.hosts, (top, false), IpAddr::to_string);
        let conversations =
            table(title("Conversations"), "Conversation", &talkers.conversations, (top, true), conversation);
        [hosts, conversations]
    });
    lists.filter(|list| !list.rows.is_empty() || list.others.is_some()).collect()
}

/// `sums` is whether the rows add up to something.
fn table<K: Ord>(
    title: String,
    head: &'static str,
    heaviest: &Heaviest<K>,
    (top, sums): (usize, bool),
    name: impl Fn(&K) -> String,
) -> TalkerTable {
    let listed = Listed::of(heaviest, top);
    let rest = Rest { rows: listed.left_out, counts: Counts::default() };
    let is_cut = !rest.is_none() && listed.others.bytes > 0;
    let remark = (listed.error > 0).then(|| {
        let error = bytes(listed.error);
        format!("Not exact: a row may have up to {error} more than it shows.")
    });
    TalkerTable {
        title,
        head,
        rows: listed.rows.into_iter().map(|(key, counts)| (name(key), counts)).collect(),
        others: is_cut.then(|| (words::more(rest), sums.then_some(listed.others))),
        remark,
    }
}

fn conversation(conversation: &Conversation) -> String {
    format!("{} – {}", conversation.low, conversation.high)
}

/// The counts that are known; the others are 0.
pub(super) fn known(counts: TalkerCounts) -> Counts {
    let TalkerCounts { bytes, packets, flows } = counts;
    Counts {
        volume: Volume { packets: packets.unwrap_or_default(), bytes },
        flows: flows.unwrap_or_default(),
    }
}
