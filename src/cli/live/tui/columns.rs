//! The columns of lists: what they show, what they are sorted by, and which are given up first where there is no room.

use portolan::report::share;

use super::figures::{compact, per_second, short_time};
use super::lines::{Key, Line, List};

/// A column behind the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Rate,
    Packets,
    Share,
    /// Sent to the service's side.
    ToService,
    /// Sent by the service's side.
    ByService,
    /// Bytes since the flows began.
    Total,
    Flows,
    /// How long a flow has lasted.
    Lasted,
    RttMedian,
    RttMost,
    Sure,
    Refused,
    Unanswered,
}

use Column::{
    ByService, Flows, Lasted, Name, Packets, Rate, Refused, RttMedian, RttMost, Share, Sure, ToService,
    Total, Unanswered,
};

/// Of categories and services.
pub(super) const OF_TOTALS: &[Column] =
    &[Name, Rate, ToService, ByService, Packets, Share, Flows, RttMedian, RttMost, Refused, Unanswered];
/// Of endpoints.
pub(super) const OF_ENDPOINTS: &[Column] =
    &[Name, Rate, Packets, Total, Flows, RttMedian, RttMost, Refused, Unanswered];
/// Of flows.
pub(super) const OF_FLOWS: &[Column] =
    &[Name, Rate, Packets, Total, Lasted, RttMedian, Sure, Refused, Unanswered];

/// What goes first where names have less room than this.
const GIVEN_UP: [(Column, usize); 13] = [
    (ToService, 30),
    (ByService, 30),
    (Sure, 16),
    (RttMost, 16),
    (Lasted, 16),
    (Packets, 16),
    (RttMedian, 16),
    (Share, 16),
    (Total, 16),
    (Flows, 16),
    (Unanswered, 16),
    (Refused, 16),
    (Rate, 16),
];

/// What a name gets at most: the eye has to find the way to its numbers. An IPv6 address with a port has room.
const MOST_NAME: usize = 50;

/// How numbers are to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Bits a second rather than bytes.
    pub(super) bits: bool,
    /// A list of single flows.
    pub(super) of_flows: bool,
}

impl Column {
    pub(super) const fn heading(self, style: Style) -> &'static str {
        match self {
            Name => "name",
            Rate if style.bits => "bit/s",
            Rate => "B/s",
            Packets => "pkt/s",
            Share => "share",
            ToService => "to svc",
            ByService => "by svc",
            Total => "bytes",
            Flows => "flows",
            Lasted => "lasted",
            RttMedian if style.of_flows => "RTT",
            RttMedian => "RTT50",
            RttMost => "RTT99",
            Sure => "sure",
            Refused => "refused",
            Unanswered => "no reply",
        }
    }

    /// Columns of the terminal that its numbers take.
    pub(super) const fn width(self) -> usize {
        match self {
            Name => 0,
            Refused => 7,
            Unanswered => 8,
            Sure => 4,
            Rate | Packets | Total | Flows => 5,
            Share | ToService | ByService | Lasted | RttMedian | RttMost => 6,
        }
    }

    pub(super) fn cell(self, line: &Line, list: &List, style: Style) -> String {
        let rate = |count: u64, times| {
            let rate = list.nanos.map(|nanos| per_second(count.saturating_mul(times), nanos));
            match rate {
                None => "-".to_owned(),
                Some(0) if count > 0 => "<1".to_owned(),
                Some(rate) => compact(rate),
            }
        };
        let unit = if style.bits { 8 } else { 1 };
        match self {
            Name => line.name.clone(),
            Flows if line.key == Key::WithoutPorts => "-".to_owned(),
            Rate => rate(line.volume.bytes, unit),
            ToService => rate(line.to_service, unit),
            ByService => rate(line.by_service, unit),
            Packets => rate(line.volume.packets, 1),
            Share => share(line.volume.bytes, list.whole),
            Total => compact(line.total.bytes.into()),
            Flows => compact(line.flows.into()),
            Lasted => short_time(line.lasted_ns),
            RttMedian => time(line.rtt.map(|rtt| rtt[0])),
            RttMost => time(line.rtt.map(|rtt| rtt[1])),
            Sure => format!("{}%", (line.sure + 5) / 10),
            Refused => count(line.refused, style),
            Unanswered => count(line.unanswered, style),
        }
    }

    /// What lines are sorted by. Names have none.
    pub(super) fn weight(self, line: &Line) -> u64 {
        match self {
            Name => 0,
            Rate | Share => line.volume.bytes,
            ToService => line.to_service,
            ByService => line.by_service,
            Packets => line.volume.packets,
            Total => line.total.bytes,
            Flows => line.flows,
            Lasted => line.lasted_ns,
            RttMedian => line.rtt.map_or(0, |rtt| rtt[0]),
            RttMost => line.rtt.map_or(0, |rtt| rtt[1]),
            Sure => line.sure.into(),
            Refused => line.refused,
            Unanswered => line.unanswered,
        }
    }
}

pub(super) fn time(nanos: Option<u64>) -> String {
    nanos.map_or_else(|| "-".to_owned(), short_time)
}

fn count(count: u64, style: Style) -> String {
    match count {
        0 => "-".to_owned(),
        _ if style.of_flows => "yes".to_owned(),
        _ => compact(count.into()),
    }
}

/// The columns that fit beside a name, and the width of the name.
pub(super) fn fitting(columns: &[Column], width: usize) -> (Vec<Column>, usize) {
    let mut columns = columns.to_vec();
    let rest = |columns: &[Column]| {
        let taken: usize =
            columns.iter().filter(|column| **column != Name).map(|column| column.width() + 1).sum();
        width.saturating_sub(taken)
    };
    for (column, least) in GIVEN_UP {
        if rest(&columns) < least {
            columns.retain(|other| *other != column);
        }
    }
    let name = rest(&columns).min(MOST_NAME);
    (columns, name)
}

/// The lines that were typed for, in order. Equal ones are in the order of total bytes, then names, so that they stay.
pub(super) fn arrange(list: &mut List, column: Column, reversed: bool, typed: &str) {
    let typed = typed.to_lowercase();
    list.lines.retain(|line| line.matches(&typed));
    list.lines.sort_by(|one, other| {
        let order = column.weight(other).cmp(&column.weight(one));
        let order = if reversed { order.reverse() } else { order };
        let by_name = || one.name.cmp(&other.name).then_with(|| one.key.cmp(&other.key));
        if column == Name {
            return if reversed { by_name().reverse() } else { by_name() };
        }
        order.then_with(|| other.total.bytes.cmp(&one.total.bytes)).then_with(by_name)
    });
}
