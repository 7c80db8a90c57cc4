//! Shapes that charts share.

use maud::{Markup, html};

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

/// A cell of a heat map: the more of the whole, the stronger.
pub(super) fn heat(share: Share, text: &str) -> Markup {
    html! { span.heat style={ "--heat:" (per_cent(share)) } { (text) } }
}

/// To the thousandth, for a style.
fn per_cent(share: Share) -> String {
    tenths(share.of(1000)) + "%"
}

/// Tenths of a unit, for a drawing.
pub(super) fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}
