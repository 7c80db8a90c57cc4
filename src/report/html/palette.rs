//! Which colour a category has, on the whole page.

use crate::report::view;
use crate::summary::Summary;

/// The categories with most bytes have a colour of their own, the others one in common.
pub(super) struct Palette {
    names: Vec<String>,
}

/// What stands for the categories without a colour of their own.
pub(super) const OTHERS: &str = "all others";

impl Palette {
    /// Colours of their own, as in `style.css`: told apart by people who see few colours, too.
    const COLOURS: usize = 6;
    /// The class of the common colour.
    const COMMON: &str = "c6";

    pub(super) fn of(summary: &Summary) -> Self {
        let categories = view::categories(summary);
        Self { names: categories.iter().take(Self::COLOURS).map(|row| row.name.to_owned()).collect() }
    }

    /// Its place: those without a colour of their own come last.
    pub(super) fn place(&self, category: &str) -> usize {
        self.names.iter().position(|name| name == category).unwrap_or(self.names.len())
    }

    /// The class that a place has in `style.css`.
    pub(super) fn class(&self, place: usize) -> &'static str {
        const OWN: [&str; Palette::COLOURS] = ["c0", "c1", "c2", "c3", "c4", "c5"];
        if place < self.names.len() { OWN[place] } else { Self::COMMON }
    }

    /// The names by place, the common one last.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).chain([OTHERS])
    }
}
