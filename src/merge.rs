//! Adding up results of parts.

use std::collections::BTreeMap;

/// What can be added up, in any order and grouping, with the same result.
///
/// Laws: merging is associative and commutative, and [`Default`] is its identity. Only integers and sets are
/// merged: averages, rates, ranks and shares are worked out in reports.
pub trait Merge: Default {
    /// Adds `other` to `self`.
    fn merge(&mut self, other: Self);
}

/// Adds the values of `from` to those under the same keys of `into`.
pub fn merge_maps<K: Ord, V: Merge>(into: &mut BTreeMap<K, V>, from: BTreeMap<K, V>) {
    for (key, value) in from {
        into.entry(key).or_default().merge(value);
    }
}
