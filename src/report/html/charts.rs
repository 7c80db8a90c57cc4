//! Shapes that charts share.

use maud::{Markup, html};

use super::axis::{FULL, Mark, place};
use super::table::Cell;
use crate::report::view::Share;

/// A bar for a share, with its number.
pub(super) fn bar(share: Share, text: &str, class: &str) -> Markup {
    html! {
        span.share {
            span.track aria-hidden="true" {
                @if share.part > 0 { span class={ "fill " (class) } style={ "width:" (per_cent(share)) } {} }
            }
            span.amount { (text) }
        }
    }
}

/// A number beside another one, as a bar by which they compare, and as it is shown.
pub(in crate::report) fn compared(number: u128, longest: u128, text: &str, class: &str) -> Cell {
    let share = Share { part: place(number, longest), whole: FULL };
    Cell::marked(number, bar(share, text, class))
}

/// A drawing with its axes: marks beside it, below it, and above it those of lines through all of it.
///
/// The drawing is stretched to the room that there is; what is written keeps its size, for it is no part of it.
pub(super) struct Plot<'a> {
    pub(super) label: &'a str,
    pub(super) drawing: Markup,
    pub(super) beside: Vec<Mark>,
    pub(super) below: Vec<Mark>,
    pub(super) above: Vec<Mark>,
}

impl Plot<'_> {
    pub(super) fn markup(&self) -> Markup {
        html! {
            div.plot {
                svg viewBox={ "0 0 " (FULL) " " (FULL) } preserveAspectRatio="none" role="img" aria-label=(self.label) {
                    @for mark in &self.beside {
                        line x1="0" x2=(FULL) y1=(FULL - mark.place) y2=(FULL - mark.place) {}
                    }
                    (self.drawing)
                }
                @for mark in &self.beside { (written("beside", "bottom", mark)) }
                @for mark in &self.below { (written("below", "left", mark)) }
                @for mark in &self.above { (written("above", "left", mark)) }
            }
        }
    }
}

fn written(class: &str, from: &str, mark: &Mark) -> Markup {
    let (whole, rest) = (mark.place / 100, mark.place % 100);
    html! { span class=(class) style={ (from) ":" (whole) "." (format!("{rest:02}")) "%" } aria-hidden="true" { (mark.text) } }
}

/// A cell of a heat map: the more of the whole, the stronger.
pub(super) fn heat(share: Share, text: &str) -> Markup {
    html! { span.heat style={ "--heat:" (per_cent(share)) } { (text) } }
}

/// To the thousandth, for a style.
fn per_cent(share: Share) -> String {
    tenths(share.of(1000)) + "%"
}

/// Tenths of a unit.
fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}
