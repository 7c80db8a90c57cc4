//! Hosts and conversations.

use std::io;

use super::lists::{count_cells, count_columns};
use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::report::talkers;
use crate::report::view;
use crate::summary::Summary;

/// Writes the lists that there are.
pub(super) fn write(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    let whole = view::everything(summary).bytes;
    for list in talkers::tables(summary, top) {
        let mut columns = vec![Column::names(list.head, 12)];
        columns.extend(count_columns());
        let mut table = Table::new(columns);
        for (name, counts) in list.rows {
            let mut cells = vec![Cell::new(Tone::Strong, name)];
            cells.extend(count_cells(talkers::known(counts), whole));
            table.row(cells);
        }
        if let Some((name, counts)) = list.others {
            let mut cells = vec![Cell::new(Tone::Soft, name)];
            cells.extend(
                counts.map(|counts| count_cells(talkers::known(counts), whole)).into_iter().flatten(),
            );
            table.row(cells);
        }
        page.title(&list.title)?;
        table.write(page)?;
        if let Some(remark) = list.remark {
            page.paragraph(2, Tone::Soft, &remark)?;
        }
    }
    Ok(())
}
