//! The terminal: taken, given back whole, and taken again.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, event, execute};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCONT, SIGTSTP};

use super::app::App;
use super::draw;
use super::keys::{self, Wish};

/// Room for a picture, so that the terminal gets it at once.
const BUFFER: usize = 1 << 16;

/// Whether the terminal is taken: it must be given back once, by whoever comes to it first.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    /// Somebody wants the program to stop, from outside.
    stops: Arc<AtomicBool>,
    /// It goes on after that.
    goes_on: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal; a panic gives it back before it says anything.
    pub(super) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                report(panic);
            }));
        });
        let (stops, goes_on) = (Arc::default(), Arc::default());
        signal_hook::flag::register(SIGTSTP, Arc::clone(&stops))?;
        signal_hook::flag::register(SIGCONT, Arc::clone(&goes_on))?;
        take()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, io::stdout()));
        match Terminal::new(backend) {
            Ok(terminal) => Ok(Self { terminal, stops, goes_on }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Shows how things are.
    pub(super) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        app.refresh();
        self.terminal.draw(|frame| draw::draw(app, frame)).map(drop)
    }

    /// Waits for the user, but no longer than that, and does what was asked for. Returns what is left to do.
    pub(super) fn listen(&mut self, app: &mut App, patience: Duration) -> io::Result<Wish> {
        if self.stops.swap(false, Ordering::Relaxed) {
            return Ok(Wish::Suspend);
        }
        if self.goes_on.swap(false, Ordering::Relaxed) {
            // Whoever had the terminal meanwhile may have changed it.
            take()?;
            return Ok(Wish::DrawAnew);
        }
        if is_gone_within(patience)? {
            return Ok(Wish::Quit);
        }
        let mut left = Wish::Nothing;
        while left != Wish::Quit && left != Wish::Suspend && event::poll(Duration::ZERO)? {
            left = left.max(keys::take(app, &event::read()?));
        }
        Ok(left)
    }

    /// Forgets what the terminal shows.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal where its cursor is, and takes what is typed for the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Gives the terminal back and stops until the shell lets the program go on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        take()?;
        self.goes_on.store(false, Ordering::Relaxed);
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Waits until something is typed, but no longer than that. Returns whether the terminal is gone, which has to be known before
/// it is read from: crossterm would read the nothing that comes from there for ever.
fn is_gone_within(patience: Duration) -> io::Result<bool> {
    let terminal = io::stdout();
    let mut polled = [PollFd::new(&terminal, PollFlags::IN)];
    let patience = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
    match poll(&mut polled, Some(&patience)) {
        Ok(_) => Ok(polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn take() -> io::Result<()> {
    IS_TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode().and_then(|()| execute!(io::stdout(), EnterAlternateScreen, cursor::Hide));
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Leaves the terminal as it was. There is nobody to hear of errors.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}
