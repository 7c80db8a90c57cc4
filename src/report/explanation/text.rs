//! An explanation for people.

use std::io;

use super::Told;
use crate::classify::{Basis, Explanation, ServiceId};
use crate::net::{Endpoint, PortClass, Side};
use crate::report::text::{Cell, Column, Page, Table, Tone};

/// Where the values stand beside their keys.
const MARGIN: usize = 14;

/// Writes what was decided, why, and what else it may be.
pub(super) fn write(told: &Told<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(0, Tone::Strong, &told.headline())?;
    for (key, text) in told.entries() {
        page.entry(2, key, MARGIN, Tone::Plain, &text)?;
    }
    told.evidence(page)?;
    told.candidates(page)
}

impl Told<'_> {
    fn endpoint(&self, side: Side) -> Endpoint {
        self.explanation.flow.endpoint(side)
    }

    /// `51234 -> 5432/tcp: postgresql, database`.
    fn headline(&self) -> String {
        let Explanation { flow, decision, .. } = self.explanation;
        let [source, destination] = [self.source, self.source.other()].map(|side| flow.endpoint(side).port);
        let name = self.name(decision.service);
        let what = if decision.service == ServiceId::UNKNOWN {
            "service unknown".to_owned()
        } else {
            format!("{name}, category {}", self.table.category(decision.category).id)
        };
        format!("{source} -> {destination}/{}: {what}", flow.transport)
    }

    /// A name with the everyday one.
    fn name(&self, service: ServiceId) -> String {
        let name = self.table.service_name(service);
        self.table.alias(service).map_or_else(|| name.to_owned(), |alias| format!("{name} ({alias})"))
    }

    fn entries(&self) -> Vec<(&'static str, String)> {
        let Explanation { decision, entry, odd_client, .. } = self.explanation;
        let mut entries =
            vec![("Side", self.side()), ("Name", self.why_the_name()), ("Classes", self.classes())];
        if decision.service != ServiceId::UNKNOWN {
            let (service, side) = (share(decision.service_confidence), share(decision.side_confidence));
            let trust = share(entry.standing.trust());
            entries.push(("Confidence", format!("{service}: side {side}, name {trust}")));
        }
        if decision.refused {
            entries.push(("Note", "the SYN was refused with RST".to_owned()));
        } else if decision.unanswered {
            entries.push(("Note", "no SYN/ACK to the SYN was seen".to_owned()));
        }
        if let Some((port, service)) = *odd_client {
            let name = self.table.service_name(service);
            entries
                .push(("Note", format!("{port}, the client's port, is that of {name}: a scan, or a test")));
        }
        entries
    }

    fn side(&self) -> String {
        let decision = &self.explanation.decision;
        let sure = share(decision.side_confidence);
        match (decision.basis, decision.service_port) {
            (Basis::Symmetric, Some(port)) => format!("both ends use {port} ({sure})"),
            (_, Some(port)) => format!("{port} is the service's ({sure}, {})", decision.basis),
            (_, None) => "none: nothing shows which end is a service".to_owned(),
        }
    }

    fn why_the_name(&self) -> String {
        let Explanation { decision, entry, .. } = self.explanation;
        match decision.service_port {
            Some(port) if entry.is_listed() => {
                format!("{} on {port}: {}", self.table.service_name(entry.service), entry.standing.describe())
            }
            Some(port) => format!("{port} is not in the table"),
            None => "unknown".to_owned(),
        }
    }

    fn classes(&self) -> String {
        let class = |side| PortClass::of(self.endpoint(side).port);
        format!("{} -> {}", class(self.source), class(self.source.other()))
    }

    fn evidence(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.explanation.evidence.is_empty() {
            return Ok(());
        }
        page.title("Evidence")?;
        let mut table = Table::new(vec![
            Column::right("Port"),
            Column::right("Weight"),
            Column::names("What speaks for it, or against it", 20),
        ]);
        for piece in &self.explanation.evidence {
            let port = self.endpoint(piece.side).port.to_string();
            table.row(vec![port.into(), weight(piece.kind.points()).into(), piece.kind.describe().into()]);
        }
        table.write(page)
    }

    fn candidates(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.explanation.candidates.is_empty() {
            return Ok(());
        }
        page.title("Could also be")?;
        let mut table = Table::new(vec![
            Column::names("Service", 8),
            Column::right("Port"),
            Column::names("Category", 8),
            Column::left("Rank"),
            Column::left("Source"),
        ]);
        for other in &self.explanation.candidates {
            table.row(vec![
                Cell::new(Tone::Strong, self.name(other.service)),
                other.port.to_string().into(),
                (&*self.table.category(other.category).id).into(),
                other.rank.name().into(),
                other.origin.name().into(),
            ]);
        }
        table.write(page)
    }
}

/// Hundredths as a weight: `+4.00`, `-1.50`.
fn weight(points: i32) -> String {
    let sign = if points < 0 { '-' } else { '+' };
    let points = points.unsigned_abs();
    format!("{sign}{}.{:02}", points / 100, points % 100)
}

/// Permille as a share of one: `0.99`, `0.985`.
pub(super) fn share(permille: u16) -> String {
    let digits = format!("{:03}", permille % 1000);
    let digits = if digits.ends_with('0') { &digits[..2] } else { &digits };
    format!("{}.{digits}", permille / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([weight(400), weight(-150), weight(5)], ["+4.00", "-1.50", "+0.05"]);
        assert_eq!([share(990), share(985), share(1000), share(0)], ["0.99", "0.985", "1.00", "0.00"]);
    }
}
