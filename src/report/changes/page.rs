//! Changes as a page for a browser.

use std::io::{self, Write};

use maud::{Markup, html};

use super::listing::{self, List, Row};
use super::{Change, Changes};
use crate::report::html::{Card, Cell, Table, cards, compared, losses, section, write_page};
use crate::report::units::{bytes, counted, duration, thousands, time_span};
use crate::report::{view, words};
use crate::summary::Summary;

/// Inputs of a side that are named.
const NAMED: usize = 3;

pub(super) fn write(changes: &Changes<'_>, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let sides = [("before", changes.before), ("after", changes.after)];
    let lost = sides.into_iter().flat_map(|(when, summary)| {
        words::losses(summary).into_iter().map(move |(head, text)| (head, format!("{when}: {text}")))
    });
    let content = html! {
        (losses(&lost.collect::<Vec<_>>()))
        (cards(&[side(changes, "Before", changes.before), side(changes, "After", changes.after)]))
        @if changes.before.tables != changes.after.tables {
            p.note { "Services were decided by port tables that differ." }
        }
        div.changes {
            @for list in listing::lists(changes, top) {
                (section(&list.title.to_lowercase().replace(' ', "-"), list.title, &table(&list)))
            }
        }
    };
    write_page("What changed", &changes.headline(), &content, out)
}

/// What was compared, from where and from when.
fn side(changes: &Changes<'_>, name: &'static str, summary: &Summary) -> Card {
    let measure = changes.options.measure;
    let whole = summary.classified();
    let mut remarks = vec![inputs(summary)];
    if let Some((first, last)) = summary.capture.span {
        remarks.push(format!("{} ({})", time_span(first, last), duration(view::duration_ns(summary))));
    }
    let (packets, flows) = (counted(whole.volume.packets, "packet"), counted(whole.flows, "flow"));
    remarks.push(format!("{}, {packets} and {flows} with ports", bytes(whole.volume.bytes)));
    Card { name, value: measure.show(measure.of(whole)), remarks }
}

/// The first inputs by their names, and how many more there are.
fn inputs(summary: &Summary) -> String {
    let mut names: Vec<String> = summary.inputs.iter().take(NAMED).map(|input| input.path.clone()).collect();
    let more = summary.inputs.len() - names.len();
    if more > 0 {
        names.push(format!("… {} more", thousands(more as u128)));
    }
    names.join(", ")
}

/// All bars of a list are of one scale, that of its longest.
fn table(list: &List) -> Markup {
    let names = list.columns.len() - 3;
    let columns: Vec<(&str, bool)> =
        list.columns.iter().enumerate().map(|(place, name)| (*name, place >= names)).collect();
    let longest = list.rows.iter().flat_map(|row| row.change.scaled).max().unwrap_or_default();
    let mut table = Table::new(list.title, &columns).titled();
    for Row { names, shown: [before, after], change } in &list.rows {
        let [old, new] = change.scaled;
        let numbers =
            [compared(old, longest, before, "c6"), compared(new, longest, after, "c0"), told(change)];
        table.row(names.iter().map(|name| Cell::text(name)).chain(numbers));
    }
    if let Some(rest) = list.rest() {
        table.rest([Cell::text(&rest)]);
    }
    table.markup()
}

/// The change in its tone. What is new has grown most, what is gone has shrunk by all.
fn told(change: &Change<()>) -> Cell {
    let order =
        change.relative.map_or(u128::MAX, |relative| relative.saturating_add(1_000_000).unsigned_abs());
    Cell::marked(order, html! { span class=(change.fate.name()) { (change.describe()) } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ChangeOptions, Measure, Per};
    use crate::summary::InputReport;

    #[test]
    fn no_byte_of_a_name_is_markup() {
        let hostile = "</script><img src=x onerror=alert(1)>\"'&\u{202e}";
        let input =
            InputReport { path: hostile.to_owned(), message: hostile.to_owned(), ..InputReport::default() };
        let summary = Summary { inputs: vec![input; 5], ..Summary::default() };
        let options = ChangeOptions { measure: Measure::Flows, per: Per::Total, ignore_below: 0 };
        let nothing = Summary::default();
        let changes = Changes::new(&nothing, &summary, options).expect("totals need no time");
        let mut page = Vec::new();
        write(&changes, 0, &mut page).expect("memory takes everything");
        let page = String::from_utf8(page).expect("a page is UTF-8");
        assert!(!page.contains("<img") && !page.contains('\u{202e}'));
        assert!(page.contains("… 2 more") && page.contains("after: "), "{page}");
    }
}
