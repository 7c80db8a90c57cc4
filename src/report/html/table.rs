//! Tables whose columns sort.

use maud::{Markup, html};

use crate::report::units::{bytes, duration, printable, thousands};

/// Rows from which on a table is long enough to sort: in less, all is seen at once.
const SORTED_FROM: usize = 6;

/// A cell, and the number it is sorted by if it is one.
pub(in crate::report) struct Cell {
    content: Markup,
    number: Option<u128>,
}

impl Cell {
    pub(in crate::report) fn text(text: &str) -> Self {
        Self { content: html! { (printable(text)) }, number: None }
    }

    pub(in crate::report) fn count(count: u64) -> Self {
        Self::marked(count, html! { (thousands(count)) })
    }

    pub(in crate::report) fn bytes(count: u64) -> Self {
        Self::marked(count, html! { (bytes(count)) })
    }

    /// Nothing, if it was not measured.
    pub(in crate::report) fn duration(nanos: Option<u64>) -> Self {
        let shown = nanos.map(duration).unwrap_or_default();
        Self::marked(nanos.unwrap_or_default(), html! { (shown) })
    }

    /// Markup that stands for a number.
    pub(in crate::report) fn marked(number: impl Into<u128>, content: Markup) -> Self {
        Self { content, number: Some(number.into()) }
    }
}

/// What scrolls within the page where it is wider; the script lets it take the focus there.
pub(super) fn scroll(name: &str, content: &Markup) -> Markup {
    html! { div.scroll role="group" aria-label=(name) { (content) } }
}

/// A table; of each column its name, and whether it holds numbers.
pub(in crate::report) struct Table<'a> {
    caption: &'a str,
    columns: &'a [(&'a str, bool)],
    rows: Vec<Vec<Cell>>,
    rest: Option<Vec<Cell>>,
    is_titled: bool,
}

impl<'a> Table<'a> {
    pub(in crate::report) const fn new(caption: &'a str, columns: &'a [(&'a str, bool)]) -> Self {
        Self { caption, columns, rows: Vec::new(), rest: None, is_titled: false }
    }

    /// The same under a heading that says what the caption does.
    pub(in crate::report) fn titled(self) -> Self {
        Self { is_titled: true, ..self }
    }

    pub(in crate::report) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// What the rows leave out: it stays below them however they are sorted.
    pub(in crate::report) fn rest(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rest = Some(cells.into_iter().collect());
    }

    pub(in crate::report) fn markup(&self) -> Markup {
        let sorts = self.rows.len() >= SORTED_FROM;
        let table = html! {
            table.sorts[sorts] {
                caption.unseen[self.is_titled] { (self.caption) }
                thead { tr {
                    @for (name, is_number) in self.columns {
                        th scope="col" class=[is_number.then_some("number")] {
                            @if sorts { button type="button" { (name) } } @else { (name) }
                        }
                    }
                } }
                tbody { @for row in &self.rows { (self.line(row)) } }
                @if let Some(rest) = &self.rest { tfoot { (self.line(rest)) } }
            }
        };
        scroll(self.caption, &table)
    }

    fn line(&self, cells: &[Cell]) -> Markup {
        html! {
            tr {
                @for (place, (cell, (_, is_number))) in cells.iter().zip(self.columns).enumerate() {
                    @if place == 0 {
                        th scope="row" data-sort=[cell.number] { (cell.content) }
                    } @else {
                        td class=[is_number.then_some("number")] data-sort=[cell.number] { (cell.content) }
                    }
                }
                @if cells.len() < self.columns.len() { td colspan=(self.columns.len() - cells.len()) {} }
            }
        }
    }
}
