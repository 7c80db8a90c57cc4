//! Tables that fit a width: first the extra columns go, then long names are cut, then other columns go.

use std::io;

use super::page::{Page, Tone, cut, text_width};
use crate::report::units::printable;

const INDENT: usize = 2;
const GAP: usize = 2;

/// Columns from this rank on are extras: they stand only where names keep twice their least width.
const EXTRA: u8 = 3;

/// How a column looks, and how much it matters.
pub(in crate::report) struct Column {
    title: &'static str,
    right: bool,
    /// The least width that names are cut to; `None` if nothing is to be cut.
    least: Option<usize>,
    /// 0 stays; of the others the highest goes first where there is no room, extras ([`EXTRA`]) before names are cut.
    rank: u8,
}

impl Column {
    /// Names, from the left.
    pub(in crate::report) const fn names(title: &'static str, least: usize) -> Self {
        Self { title, right: false, least: Some(least), rank: 0 }
    }

    /// Short texts that are not cut, from the left.
    pub(in crate::report) const fn left(title: &'static str) -> Self {
        Self { title, right: false, least: None, rank: 0 }
    }

    /// Numbers, to the right.
    pub(in crate::report) const fn right(title: &'static str) -> Self {
        Self { title, right: true, least: None, rank: 0 }
    }

    /// The same with another rank.
    pub(in crate::report) const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

/// What stands in one row and column.
#[derive(Default)]
pub(in crate::report) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// `text`, made fit for a terminal.
    pub(in crate::report) fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        Self { text: printable(text.as_ref()), tone }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// Rows under their columns.
pub(in crate::report) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(in crate::report) const fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: a cell for each column, in their order. What is missing at its end stays empty.
    pub(in crate::report) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Writes the heads, unless none has a title, and the rows.
    pub(in crate::report) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let widths = self.fit(page.width.saturating_sub(INDENT));
        if self.columns.iter().any(|column| !column.title.is_empty()) {
            let heads: Vec<Cell> =
                self.columns.iter().map(|column| Cell::new(Tone::Soft, column.title)).collect();
            self.write_row(page, &widths, &heads)?;
        }
        self.rows.iter().try_for_each(|row| self.write_row(page, &widths, row))
    }

    fn write_row(&self, page: &mut Page<'_>, widths: &[Option<usize>], cells: &[Cell]) -> io::Result<()> {
        // Blanks wait until something follows them, so that no line ends with any.
        let mut blanks = INDENT;
        for ((column, width), cell) in self.columns.iter().zip(widths).zip(cells) {
            let Some(width) = *width else { continue };
            let text = cut(&cell.text, width);
            let padding = width - text_width(&text);
            let (before, after) = if column.right { (padding, 0) } else { (0, padding) };
            blanks += before;
            if !text.is_empty() {
                page.space(blanks)?;
                page.put(cell.tone, &text)?;
                blanks = 0;
            }
            blanks += after + GAP;
        }
        page.end_line()
    }

    /// The width of each column; `None` for those that are left out.
    fn fit(&self, room: usize) -> Vec<Option<usize>> {
        let mut widths: Vec<Option<usize>> =
            (0..self.columns.len()).map(|column| Some(self.natural_width(column))).collect();
        for (rank, comfort) in [(EXTRA, 2), (1, 1)] {
            while self.total_with_cuts(&widths, comfort) > room {
                let leaving = |&column: &usize| widths[column].is_some() && self.columns[column].rank >= rank;
                let last = (0..widths.len()).filter(leaving).max_by_key(|&column| self.columns[column].rank);
                let Some(last) = last else { break };
                widths[last] = None;
            }
        }
        while total(&widths) > room {
            let kindly = self.widest(&widths, |column| column.least);
            let Some(widest) = kindly.or_else(|| self.widest(&widths, |_| Some(1))) else { break };
            widths[widest] = widths[widest].map(|width| width - 1);
        }
        widths
    }

    /// The widest column that is wider than `least` says; `None` of that is never enough.
    fn widest(&self, widths: &[Option<usize>], least: impl Fn(&Column) -> Option<usize>) -> Option<usize> {
        let may_shrink = |&column: &usize| {
            let least = least(&self.columns[column]);
            least.is_some() && widths[column] > least
        };
        (0..widths.len()).filter(may_shrink).max_by_key(|&column| widths[column])
    }

    fn natural_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| text_width(&cell.text));
        cells.max().unwrap_or(0).max(text_width(self.columns[column].title))
    }

    /// The room that is needed if names are cut to `comfort` times their least width.
    fn total_with_cuts(&self, widths: &[Option<usize>], comfort: usize) -> usize {
        let cut =
            |column: &Column, width: usize| column.least.map_or(width, |least| width.min(least * comfort));
        let shown = self.columns.iter().zip(widths);
        let cuts: Vec<Option<usize>> =
            shown.map(|(column, width)| width.map(|width| cut(column, width))).collect();
        total(&cuts)
    }
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table, width: usize) -> String {
        let mut out = Vec::new();
        table.write(&mut Page { out: &mut out, width, colour: false }).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    fn example() -> Table {
        let columns = vec![Column::names("Name", 6), Column::right("Count"), Column::left("Note").rank(1)];
        let mut table = Table::new(columns);
        table.row(vec!["a long name".into(), "1,000".into(), "x".into()]);
        table.row(vec!["b".into(), "7".into()]);
        table
    }

    #[test]
    fn everything_stands_where_there_is_room() {
        let expected = "  Name         Count  Note\n  a long name  1,000  x\n  b                7\n";
        assert_eq!(text(&example(), 40), expected);
    }

    #[test]
    fn names_are_cut_before_anything_goes() {
        let expected = "  Name    Count  Note\n  a lon…  1,000  x\n  b           7\n";
        assert_eq!(text(&example(), 21), expected);
    }

    #[test]
    fn extras_go_before_names_are_cut_much() {
        let mut table = example();
        table.columns[0].least = Some(4);
        table.columns[2].rank = EXTRA;
        assert!(text(&table, 23).starts_with("  Name      Count  Note\n"), "{}", text(&table, 23));
        assert!(text(&table, 22).starts_with("  Name         Count\n"), "{}", text(&table, 22));
    }

    #[test]
    fn columns_of_lesser_rank_go_where_names_are_short_already() {
        assert_eq!(
            text(&example(), 20),
            "  Name         Count\n  a long name  1,000\n  b                7\n"
        );
        assert_eq!(text(&example(), 9), "  Na…  C…\n  a …  1…\n  b     7\n");
    }
}
