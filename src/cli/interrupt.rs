//! Ctrl-C: the first one ends the reading, and what was counted is shown; the second ends the program.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
#[cfg(feature = "live")]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};

/// Whether the reading is to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to SIGINT and SIGTERM from now on.
    pub(super) fn listen() -> io::Result<Self> {
        let interrupt = Self::default();
        // Not what `raise` sets: the first signal never ends the program at once, whatever else has ended the reading.
        let came = Arc::<AtomicBool>::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order: a signal ends the program only if one came before it.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            signal_hook::flag::register(signal, Arc::clone(&came))?;
            signal_hook::flag::register(signal, Arc::clone(&interrupt.0))?;
        }
        Ok(interrupt)
    }

    /// Ends the reading as a signal does.
    #[cfg(feature = "live")]
    pub(super) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Listens to SIGHUP as well: the terminal is gone.
    #[cfg(feature = "live")]
    pub(super) fn heed_hangup(&self) -> io::Result<()> {
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.0)).map(drop)
    }

    pub(super) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Standard input, without the buffer that Rust puts before it: what is in there no poll can see.
pub(super) fn stdin(interrupt: Interrupt) -> io::Result<impl Read + Send + 'static> {
    let pipe = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(InterruptiblePipe { pipe, interrupt })
}

/// A FIFO or device. It is opened without waiting for a writer, which is what no signal would end.
pub(super) fn open_pipe(path: &Path, interrupt: Interrupt) -> io::Result<impl Read + Send + 'static> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let pipe = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    Ok(InterruptiblePipe { pipe, interrupt })
}

/// A pipe that ends when the user interrupts, also while nobody writes into it.
#[derive(Debug)]
struct InterruptiblePipe {
    pipe: File,
    interrupt: Interrupt,
}

impl Read for InterruptiblePipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        loop {
            if self.interrupt.is_raised() {
                // Not `Interrupted`, which would be tried again.
                return Err(io::Error::other("interrupted"));
            }
            let mut pipe = [PollFd::new(&self.pipe, PollFlags::IN)];
            match poll(&mut pipe, Some(&LOOK_EVERY)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => match self.pipe.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                },
                Err(error) => return Err(error.into()),
            }
        }
    }
}
