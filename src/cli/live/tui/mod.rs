//! The terminal interface of `portolan live`.
//!
//! `app` is what is known and shown, `keys` what the user does to it, `draw` how it looks, `screen` the terminal.

mod app;
mod columns;
mod draw;
mod figures;
mod history;
mod keys;
mod lines;
mod pen;
mod place;
mod screen;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use portolan::classify::PortTable;

use super::super::interrupt::Interrupt;
use super::detail::Request;
use super::feed::Feed;
use app::App;
use keys::Wish;
use screen::Screen;

/// How long news may wait for keys.
const LISTEN_EVERY: Duration = Duration::from_millis(40);
/// How often the picture changes by itself, at most.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// Shows what `feed` brings until the user has seen enough, or the capture of an interface ends. An interval takes `interval` ns.
pub(super) fn run(
    title: String,
    interval: u64,
    feed: &Feed,
    request: Request,
    table: Arc<PortTable>,
    interrupt: &Interrupt,
) -> io::Result<()> {
    let mut app = App::new(title, interval, request, table);
    let mut screen = Screen::enter()?;
    screen.draw(&mut app)?;
    let (mut is_stale, mut drawn) = (false, Instant::now());
    let mut patience = LISTEN_EVERY;
    while !interrupt.is_raised() {
        let wish = screen.listen(&mut app, patience)?;
        match wish {
            Wish::Quit => break,
            Wish::DrawAnew => screen.clear()?,
            Wish::Suspend => screen.suspend()?,
            Wish::Nothing | Wish::Draw => {}
        }
        // While much comes, there is no time to wait for keys.
        patience = LISTEN_EVERY;
        match feed.next_now() {
            Ok(tick) => {
                app.tick(tick);
                (is_stale, patience) = (true, Duration::ZERO);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => break,
        }
        if wish != Wish::Nothing || is_stale && drawn.elapsed() >= DRAW_EVERY {
            screen.draw(&mut app)?;
            (is_stale, drawn) = (false, Instant::now());
        }
    }
    Ok(())
}
