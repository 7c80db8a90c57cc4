//! Text on the screen, cut to its room.

use portolan::report::printable;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What a piece of text is, for the eye. The words say everything; colours only help to find it, and no two that some people
/// cannot tell apart stand for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Names and titles.
    Strong,
    /// Column heads and hints.
    Soft,
    /// The chart.
    Bar,
    /// Losses.
    Alarm,
    /// The line that opens.
    Selected,
}

impl Tone {
    fn style(self, colour: bool) -> Style {
        let (modifier, hue) = match self {
            Self::Plain => (Modifier::empty(), None),
            Self::Strong => (Modifier::BOLD, None),
            Self::Soft => (Modifier::DIM, None),
            Self::Bar => (Modifier::empty(), Some(Color::Cyan)),
            Self::Alarm => (Modifier::BOLD, Some(Color::Yellow)),
            Self::Selected => (Modifier::REVERSED, None),
        };
        let style = Style::new().add_modifier(modifier);
        hue.filter(|_| colour).map_or(style, |hue| style.fg(hue))
    }
}

/// Writes into a rectangle; what does not fit is left out.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    colour: bool,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(buffer: &'a mut Buffer, area: Rect, colour: bool) -> Self {
        Self { buffer, area, colour }
    }

    /// Columns.
    pub(super) fn width(&self) -> usize {
        self.area.width.into()
    }

    /// Lines.
    pub(super) fn height(&self) -> usize {
        self.area.height.into()
    }

    /// So many lines from `top` on.
    pub(super) fn part(&mut self, top: usize, height: usize) -> Pen<'_> {
        let top = small(top).min(self.area.height);
        let height = small(height).min(self.area.height - top);
        let area = Rect { y: self.area.y + top, height, ..self.area };
        Pen { buffer: self.buffer, area, colour: self.colour }
    }

    /// `text` from column `x` on, in at most `width` columns.
    pub(super) fn put(&mut self, x: usize, y: usize, width: usize, text: &str, tone: Tone) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let text = cut(&printable(text), width.min(self.width() - x));
        let (column, line) = (self.area.x + small(x), self.area.y + small(y));
        self.buffer.set_stringn(column, line, text, width, tone.style(self.colour));
    }

    /// `text` so that it ends before column `end`.
    pub(super) fn put_right(&mut self, end: usize, y: usize, text: &str, tone: Tone) {
        let width = text.width();
        self.put(end.saturating_sub(width), y, width, text, tone);
    }

    /// Gives a line the look of a tone, whatever stands in it.
    pub(super) fn wash(&mut self, y: usize, tone: Tone) {
        if y < self.height() {
            let line = Rect { y: self.area.y + small(y), height: 1, ..self.area };
            self.buffer.set_style(line, tone.style(self.colour));
        }
    }
}

fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// `text` if it fits into `width` columns; else its beginning and `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |letter: &char| {
        used += letter.width().unwrap_or(0);
        used < width
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if width > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_text_fits() {
        let cut = |width| cut("東京都", width);
        assert_eq!([cut(6), cut(5), cut(4), cut(1), cut(0)], ["東京都", "東京…", "東…", "…", ""]);
    }
}
