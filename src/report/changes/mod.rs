//! What changed from one summary to another.

mod document;
mod listing;
mod page;

pub(super) use document::schema;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::view::{self, Share};
use super::{ReportOptions, units};
use crate::net::{PortClass, Transport};
use crate::summary::{Counts, ServiceKey, Summary, Unclassified};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes on the wire.
    Bytes,
    /// Packets.
    Packets,
    /// Flows.
    Flows,
}

impl Measure {
    /// `bytes`, `packets` or `flows`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::Flows => "flows",
        }
    }

    /// What it measures.
    const fn of(self, counts: Counts) -> u64 {
        match self {
            Self::Bytes => counts.volume.bytes,
            Self::Packets => counts.volume.packets,
            Self::Flows => counts.flows,
        }
    }

    fn show(self, number: u64) -> String {
        match self {
            Self::Bytes => units::bytes(number),
            Self::Packets | Self::Flows => units::thousands(number),
        }
    }
}

/// What makes summaries of different lengths comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Nothing: the numbers as they are.
    Total,
    /// The time from the first packet to the last.
    Second,
    /// The sum of everything with ports; for packets without ports that of everything.
    Share,
}

impl Per {
    /// `total`, `second` or `share`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Second => "second",
            Self::Share => "share",
        }
    }
}

/// How summaries are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeOptions {
    /// What is compared.
    pub measure: Measure,
    /// What it is divided by.
    pub per: Per,
    /// Rows that are less than this share in both summaries are left out, in millionths: of everything with ports, and packets
    /// without ports of everything.
    pub ignore_below: u64,
}

/// Why two summaries cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// There is no time to divide by.
    #[error("a summary whose packets have no time, or all the same, has no rate")]
    NoTime,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
    /// There is more of it.
    Grown,
    /// There is less of it.
    Shrunk,
    /// Nothing changed.
    Same,
}

impl Fate {
    /// `new`, `gone`, `grown`, `shrunk` or `same`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Grown => "grown",
            Self::Shrunk => "shrunk",
            Self::Same => "same",
        }
    }
}

/// One row before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change<K> {
    key: K,
    before: Counts,
    after: Counts,
    /// Both in what they can be compared by.
    scaled: [u128; 2],
    fate: Fate,
    /// Millionths of what there was before, rounded up, so that no change is none; `None` of what is new.
    relative: Option<i128>,
}

/// What changed from one summary to another.
#[derive(Debug)]
pub struct Changes<'a> {
    before: &'a Summary,
    after: &'a Summary,
    options: ChangeOptions,
    whole: Change<()>,
    categories: Vec<Change<(&'a str, &'a str)>>,
    services: Vec<Change<&'a ServiceKey>>,
    port_classes: Vec<Change<(PortClass, PortClass)>>,
    unclassified: Vec<Change<BucketKey>>,
}

/// A bucket of packets without ports: its name, and in `other-ip` the protocol's number.
type BucketKey = (&'static str, Option<u8>);

impl<'a> Changes<'a> {
    /// Compares them.
    ///
    /// # Errors
    /// If rates are asked for where there is no time.
    pub fn new(
        before: &'a Summary,
        after: &'a Summary,
        options: ChangeOptions,
    ) -> Result<Self, Incomparable> {
        let scale = Scale::new(before, after, options, Summary::classified)?;
        let scale_of_all = Scale::new(before, after, options, everything)?;
        let by_category = |summary: &'a Summary| {
            let groups = summary.services_by(|key| (&*key.category, &*key.family));
            groups.into_iter().map(|(key, totals)| (key, totals.counts)).collect()
        };
        let names = names(before, after);
        let by_service = |summary: &'a Summary| {
            let rows = summary.services.iter();
            rows.map(|(key, totals)| (names[&key.identity()], totals.counts)).collect()
        };
        Ok(Self {
            before,
            after,
            options,
            whole: scale.change((), before.classified(), after.classified()),
            categories: scale.changes(&by_category(before), &by_category(after)),
            services: scale.changes(&by_service(before), &by_service(after)),
            port_classes: scale.changes(&before.port_classes, &after.port_classes),
            unclassified: scale_of_all.changes(&buckets(before), &buckets(after)),
        })
    }

    /// Whether anything that is listed changed by more than so many millionths, came or went.
    pub fn exceed(&self, millionths: u64) -> bool {
        fn exceeds<K>(change: &Change<K>, millionths: u64) -> bool {
            let is_more = |relative: i128| relative.unsigned_abs() > millionths.into();
            matches!(change.fate, Fate::New | Fate::Gone) || change.relative.is_some_and(is_more)
        }
        exceeds(&self.whole, millionths)
            || self.categories.iter().any(|change| exceeds(change, millionths))
            || self.services.iter().any(|change| exceeds(change, millionths))
            || self.port_classes.iter().any(|change| exceeds(change, millionths))
            || self.unclassified.iter().any(|change| exceeds(change, millionths))
    }

    /// Whether there is nothing on either side but packets without ports.
    fn is_without_ports(&self) -> bool {
        let nothing = Counts::default();
        self.whole.before == nothing && self.whole.after == nothing && !self.unclassified.is_empty()
    }

    /// What there is more or less of, in one sentence.
    fn headline(&self) -> String {
        let Change { before, after, fate, .. } = self.whole;
        let measure = self.options.measure;
        let [before, after] = [before, after].map(|counts| measure.show(measure.of(counts)));
        let what = match (fate, self.options.per) {
            _ if self.is_without_ports() => return "Nothing has ports, before or after.".to_owned(),
            (_, Per::Share) => {
                return format!(
                    "What each has of all {}: of {before} before, of {after} after.",
                    measure.name()
                );
            }
            (Fate::Same, _) => "As much with ports as before".to_owned(),
            (Fate::New, _) => "Nothing had ports before".to_owned(),
            (Fate::Gone, _) => "Nothing with ports is left".to_owned(),
            (Fate::Grown, _) => format!("{} more {}", self.whole.amount(), measure.name()),
            (Fate::Shrunk, _) => format!("{} fewer {}", self.whole.amount(), measure.name()),
        };
        let per = if self.options.per == Per::Second { " a second" } else { "" };
        format!("{what}{per}: {before} before, {after} after.")
    }
}

/// How each service of two summaries is called, whatever their port tables call it.
fn names<'a>(
    before: &'a Summary,
    after: &'a Summary,
) -> BTreeMap<(&'a str, Transport, Option<u16>), &'a ServiceKey> {
    before.services.keys().chain(after.services.keys()).map(|key| (key.identity(), key)).collect()
}

/// What the buckets without ports have.
fn buckets(summary: &Summary) -> BTreeMap<BucketKey, Counts> {
    let Unclassified { fragment, malformed, other_ip, non_ip } = &summary.unclassified;
    let buckets = [("fragment", *fragment), ("malformed", *malformed), ("non-ip", *non_ip)];
    let protocols = other_ip.iter().map(|(&number, &volume)| (("other-ip", Some(number)), volume));
    let all = buckets.into_iter().map(|(name, volume)| ((name, None), volume)).chain(protocols);
    all.map(|(key, volume)| (key, Counts { volume, flows: 0 })).collect()
}

/// Everything, with ports or without.
fn everything(summary: &Summary) -> Counts {
    Counts { volume: view::everything(summary), flows: summary.classified().flows }
}

impl<K: Copy> Change<K> {
    /// The same without saying of what.
    const fn unnamed(&self) -> Change<()> {
        let Self { before, after, scaled, fate, relative, .. } = *self;
        Change { key: (), before, after, scaled, fate, relative }
    }

    const fn difference(&self) -> u128 {
        self.scaled[0].abs_diff(self.scaled[1])
    }

    /// `12.3%`, without a sign; whole from ten times as much on.
    fn amount(&self) -> String {
        let millionths = self.relative.unwrap_or_default().unsigned_abs();
        let tenths = millionths.saturating_add(500) / 1000;
        match (tenths, self.fate) {
            (0, Fate::Grown | Fate::Shrunk) => "<0.1%".to_owned(),
            (0..10_000, _) => format!("{}.{}%", tenths / 10, tenths % 10),
            _ => format!("{}%", units::thousands(millionths.saturating_add(5_000) / 10_000)),
        }
    }

    /// `+12.3%`, `−4.0%`, `new`, `gone`, `=`.
    fn describe(&self) -> String {
        match self.fate {
            Fate::New | Fate::Gone => self.fate.name().to_owned(),
            Fate::Same => "=".to_owned(),
            Fate::Grown => format!("+{}", self.amount()),
            Fate::Shrunk => format!("−{}", self.amount()),
        }
    }
}

/// By what both sides are multiplied so that they can be compared.
struct Scale {
    measure: Measure,
    before: u64,
    after: u64,
    wholes: [u64; 2],
    ignore_below: u64,
}

impl Scale {
    /// For rows of what is `whole`.
    fn new(
        before: &Summary,
        after: &Summary,
        options: ChangeOptions,
        whole: impl Fn(&Summary) -> Counts,
    ) -> Result<Self, Incomparable> {
        let wholes = [before, after].map(|summary| options.measure.of(whole(summary)));
        // What is divided by one is multiplied with the other.
        let [before, after] = match options.per {
            Per::Total => [1, 1],
            Per::Second => [after, before].map(view::duration_ns),
            Per::Share => [wholes[1].max(1), wholes[0].max(1)],
        };
        if before == 0 || after == 0 {
            return Err(Incomparable::NoTime);
        }
        Ok(Self { measure: options.measure, before, after, wholes, ignore_below: options.ignore_below })
    }

    fn change<K>(&self, key: K, before: Counts, after: Counts) -> Change<K> {
        let scaled @ [old, new] = self.scaled(before, after);
        let fate = match (old, new) {
            _ if old == new => Fate::Same,
            (0, _) => Fate::New,
            (_, 0) => Fate::Gone,
            _ if new > old => Fate::Grown,
            _ => Fate::Shrunk,
        };
        Change { key, before, after, scaled, fate, relative: relative(old, new) }
    }

    /// Every key of either side that is worth a row, by falling difference.
    fn changes<K: Copy + Ord>(
        &self,
        before: &BTreeMap<K, Counts>,
        after: &BTreeMap<K, Counts>,
    ) -> Vec<Change<K>> {
        let keys: BTreeSet<K> = before.keys().chain(after.keys()).copied().collect();
        let find = |counts: &BTreeMap<K, Counts>, key| counts.get(&key).copied().unwrap_or_default();
        let mut changes: Vec<_> = keys
            .into_iter()
            .map(|key| self.change(key, find(before, key), find(after, key)))
            .filter(|change| self.is_worth_it(change))
            .collect();
        changes.sort_by_key(|change| Reverse(change.difference()));
        changes
    }

    fn is_worth_it<K>(&self, change: &Change<K>) -> bool {
        [change.before, change.after].into_iter().zip(self.wholes).any(|(counts, whole)| {
            let part = self.measure.of(counts);
            part > 0 && Share { part, whole }.of(1_000_000) >= self.ignore_below
        })
    }

    /// Both sides in what they can be compared by.
    fn scaled(&self, before: Counts, after: Counts) -> [u128; 2] {
        [(before, self.before), (after, self.after)]
            .map(|(counts, by)| u128::from(self.measure.of(counts)) * u128::from(by))
    }
}

/// How many millionths of `old` there are more or less, rounded up; none of nothing.
fn relative(old: u128, new: u128) -> Option<i128> {
    // A million has 20 bits: where the numbers leave no room for it, their last bits do not matter.
    let shift = 20_u32.saturating_sub(old.max(new).leading_zeros());
    let (was, is) = (old >> shift, new >> shift);
    let magnitude = (old > 0).then(|| (was.abs_diff(is) * 1_000_000).div_ceil(was.max(1)))?;
    let magnitude = i128::try_from(magnitude.max(u128::from(old != new))).unwrap_or(i128::MAX);
    Some(if new < old { -magnitude } else { magnitude })
}

/// Writes the changes.
///
/// # Errors
/// Those of `out`.
pub fn write_changes(
    format: ChangesFormat,
    changes: &Changes<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        ChangesFormat::Text => listing::write_text(changes, options, out),
        ChangesFormat::Json => document::write(changes, out),
        ChangesFormat::Markdown => listing::write_markdown(changes, options.top, out),
        ChangesFormat::Html => page::write(changes, options.top, out),
    }
}

/// What changes are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangesFormat {
    /// For people, in a terminal.
    Text,
    /// For programs: all of them, as the schema `portolan.diff/1`.
    Json,
    /// For tickets and wikis.
    Markdown,
    /// For browsers.
    Html,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_told_in_per_cent() {
        let told = |old: u64, new: u64| {
            let [before, after] = [old, new].map(|flows| Counts { flows, ..Counts::default() });
            let scaled = [old, new].map(u128::from);
            let fate = if new > old { Fate::Grown } else { Fate::Shrunk };
            Change { key: (), before, after, scaled, fate, relative: relative(scaled[0], scaled[1]) }
                .describe()
        };
        assert_eq!([told(8, 9), told(8, 4), told(10_000, 10_001)], ["+12.5%", "−50.0%", "+<0.1%"]);
        assert_eq!([told(100, 1_099), told(1, 11), told(1, 1_000)], ["+999.0%", "+1,000%", "+99,900%"]);
    }
}
