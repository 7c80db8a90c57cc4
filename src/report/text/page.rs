//! The page: indented, wrapped lines of a given width, with or without colour.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

use crate::report::ReportOptions;
use crate::report::units::printable;

/// Below this nothing reads well any more.
const LEAST_WIDTH: usize = 60;

/// What a piece of text is, for the eye. The words say everything; colours only help to find it, and no two that some
/// people cannot tell apart stand for different things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    #[default]
    Plain,
    /// Titles and names.
    Strong,
    /// Column heads, explanations, rests.
    Soft,
    /// Bars.
    Bar,
    /// Losses.
    Alarm,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Soft => Style::new().dimmed(),
            Self::Bar => AnsiColor::Cyan.on_default(),
            Self::Alarm => AnsiColor::Yellow.on_default().bold(),
        }
    }
}

/// Where the report goes.
pub(in crate::report) struct Page<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) width: usize,
    pub(super) colour: bool,
}

impl<'a> Page<'a> {
    pub(in crate::report) fn new(out: &'a mut dyn Write, options: &ReportOptions) -> Self {
        Self { out, width: options.width.max(LEAST_WIDTH), colour: options.colour }
    }
}

impl Page<'_> {
    /// A blank line and a title.
    pub(in crate::report) fn title(&mut self, title: &str) -> io::Result<()> {
        self.end_line()?;
        self.put(Tone::Strong, title)?;
        self.end_line()
    }

    /// `text` from column `indent` on, in as many lines as it needs.
    pub(in crate::report) fn paragraph(&mut self, indent: usize, tone: Tone, text: &str) -> io::Result<()> {
        self.entry(indent, "", indent, tone, text)
    }

    /// `key` at column `indent`, and `text` beside it from column `margin` on; nothing if `text` is blank.
    pub(in crate::report) fn entry(
        &mut self,
        indent: usize,
        key: &str,
        margin: usize,
        tone: Tone,
        text: &str,
    ) -> io::Result<()> {
        let lines = wrap(&printable(text), self.width.saturating_sub(margin));
        for (number, line) in lines.iter().enumerate() {
            let key = if number == 0 { key } else { "" };
            self.space(indent)?;
            self.put(Tone::Soft, key)?;
            self.space(margin.saturating_sub(indent + text_width(key)))?;
            self.put(tone, line)?;
            self.end_line()?;
        }
        Ok(())
    }

    /// `text` as it is; nothing that has not been through [`printable`] may come here.
    pub(super) fn put(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        let style = tone.style();
        if self.colour && !text.is_empty() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            self.out.write_all(text.as_bytes())
        }
    }

    pub(super) fn space(&mut self, columns: usize) -> io::Result<()> {
        write!(self.out, "{:columns$}", "")
    }

    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }
}

/// The columns that `text` takes, counted letter by letter as terminals do.
pub(super) fn text_width(text: &str) -> usize {
    text.chars().map(letter_width).sum()
}

fn letter_width(letter: char) -> usize {
    letter.width().unwrap_or(0)
}

/// `text` if it fits into `width` columns; else its beginning and `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let (beginning, _) = split(text, width.saturating_sub(1));
    format!("{beginning}…")
}

/// The longest beginning of `text` that fits into `width` columns, and what follows.
fn split(text: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find(|(_, letter)| {
        used += letter_width(*letter);
        used > width
    });
    text.split_at(end.map_or(text.len(), |(place, _)| place))
}

/// `text` in lines of at most `width` columns, broken at spaces, and inside words that are longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // Two columns take every letter.
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in text.split_whitespace() {
        if !line.is_empty() && text_width(&line) + 1 + text_width(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        while text_width(word) > width {
            let (beginning, rest) = split(word, width);
            lines.push(beginning.to_owned());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fits() {
        assert_eq!(cut("postgresql", 10), "postgresql");
        assert_eq!(cut("postgresql", 6), "postg…");
        assert_eq!(cut("東京都", 4), "東…");
        assert_eq!(cut("東京都", 1), "…");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("a 123456789 b", 4), ["a", "1234", "5678", "9 b"]);
        assert!(wrap(" ", 4).is_empty());
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let line = |colour| {
            let mut out = Vec::new();
            let mut page = Page { out: &mut out, width: 40, colour };
            page.entry(2, "Time", 8, Tone::Strong, "now").expect("memory takes everything");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(line(false), "  Time  now\n");
        assert_eq!(line(true), "  \u{1b}[2mTime\u{1b}[0m  \u{1b}[1mnow\u{1b}[0m\n");
    }
}
