//! Hosts and conversations.

use maud::{Markup, html};

use super::table::{Cell, Table};
use super::{section, share_cell};
use crate::report::talkers::{self, TalkerTable};
use crate::report::units::printable;
use crate::report::view;
use crate::summary::{Summary, TalkerCounts};

/// The lists that there are; nothing without any.
pub(super) fn section_of(summary: &Summary, top: usize) -> Markup {
    let lists = talkers::tables(summary, top);
    if lists.is_empty() {
        return html! {};
    }
    let whole = view::everything(summary).bytes;
    section("talkers", "Who talks", &html! { @for list in &lists { (table(list, whole)) } })
}

fn table(list: &TalkerTable, whole: u64) -> Markup {
    let columns = [(list.head, false), ("Share", true), ("Bytes", true), ("Packets", true), ("Flows", true)];
    let mut table = Table::new(&list.title, &columns);
    let cells = |name: &str, counts: TalkerCounts| {
        let count = |count: Option<u64>| count.map_or_else(|| Cell::text(""), Cell::count);
        let share = share_cell(counts.bytes, whole, "c0");
        [Cell::text(name), share, Cell::bytes(counts.bytes), count(counts.packets), count(counts.flows)]
    };
    for (name, counts) in &list.rows {
        table.row(cells(name, *counts));
    }
    if let Some((name, counts)) = &list.others {
        match counts {
            Some(counts) => table.rest(cells(name, *counts)),
            None => table.rest([Cell::text(name)]),
        }
    }
    html! {
        (table.markup())
        @if let Some(remark) = &list.remark { p.losses { (printable(remark)) } }
    }
}
