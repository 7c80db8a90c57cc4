//! What keys do.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Mode};

/// Keys, and what they do, as the help shows them.
pub(super) const HELP: [(&str, &str); 14] = [
    ("↑ ↓ PgUp PgDn Home End", "select a line; also j, k, g, G"),
    ("Enter →", "open: category, service, endpoint, flow and reasons"),
    ("Esc ← Backspace", "back to where that was opened"),
    ("Tab", "all services at once, or categories"),
    ("/", "filter by typing; Enter keeps the filter, Esc drops it"),
    ("s S", "sort by the next column, or the one before"),
    ("r", "the least first, or the most"),
    ("w", "numbers now, of the last minute, 5 minutes, or all"),
    ("b", "bits or bytes a second"),
    ("p Space", "stand still, or go on; losses are counted meanwhile"),
    ("Ctrl-L", "draw anew"),
    ("Ctrl-Z", "suspend; fg comes back"),
    ("q Ctrl-C", "quit, and print the summary"),
    ("?", "this help"),
];

/// What only the terminal can do; of several, the last is what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// Nothing: the event changed nothing that is shown.
    Nothing,
    Draw,
    DrawAnew,
    Suspend,
    Quit,
}

/// Does what the user wants.
pub(super) fn take(app: &mut App, event: &Event) -> Wish {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            app.notice = None;
            let wish = press(app, *key);
            app.refresh();
            wish
        }
        Event::Resize(..) => Wish::Draw,
        _ => Wish::Nothing,
    }
}

fn press(app: &mut App, key: KeyEvent) -> Wish {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Wish::Quit,
            KeyCode::Char('z') => Wish::Suspend,
            KeyCode::Char('l') => Wish::DrawAnew,
            _ => Wish::Nothing,
        };
    }
    if app.mode == Mode::Help {
        app.mode = Mode::Walking;
        return if key.code == KeyCode::Char('q') { Wish::Quit } else { Wish::Draw };
    }
    if app.mode == Mode::Typing && type_key(app, key.code) {
        return Wish::Draw;
    }
    if walk(app, key.code) {
        return Wish::Draw;
    }
    match key.code {
        KeyCode::Char('q') => return Wish::Quit,
        KeyCode::Char('?') => app.mode = Mode::Help,
        KeyCode::Char('p' | ' ') => app.pause(),
        KeyCode::Char('b') => app.bits = !app.bits,
        KeyCode::Char('w') => app.window = app.window.next(),
        KeyCode::Char('s') => app.sort(true),
        KeyCode::Char('S') => app.sort(false),
        KeyCode::Char('r') => app.level_mut().reversed ^= true,
        KeyCode::Char('/') => app.mode = Mode::Typing,
        KeyCode::Tab => app.switch(),
        _ => return Wish::Nothing,
    }
    Wish::Draw
}

/// Keys of the filter. Returns whether it was one.
fn type_key(app: &mut App, key: KeyCode) -> bool {
    match key {
        KeyCode::Char(letter) => {
            app.level_mut().filter.push(letter);
            app.level_mut().selected = None;
        }
        KeyCode::Backspace => {
            app.level_mut().filter.pop();
        }
        KeyCode::Enter => app.mode = Mode::Walking,
        KeyCode::Esc => {
            app.mode = Mode::Walking;
            app.level_mut().filter.clear();
        }
        _ => return false,
    }
    true
}

/// Keys that move. Returns whether it was one.
fn walk(app: &mut App, key: KeyCode) -> bool {
    let page = isize::try_from(app.page).unwrap_or(isize::MAX).max(1);
    match key {
        KeyCode::Up | KeyCode::Char('k') => app.step(-1),
        KeyCode::Down | KeyCode::Char('j') => app.step(1),
        KeyCode::PageUp => app.step(-page),
        KeyCode::PageDown => app.step(page),
        KeyCode::Home | KeyCode::Char('g') => app.step(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => app.step(isize::MAX),
        KeyCode::Enter | KeyCode::Right | KeyCode::Char('l') => app.open(),
        KeyCode::Esc | KeyCode::Left | KeyCode::Backspace | KeyCode::Char('h') => app.back(),
        _ => return false,
    }
    true
}
