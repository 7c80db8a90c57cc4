//! A capture in one file, or in many of which the oldest go.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use super::names::numbered;
use super::writer::{CaptureWriter, is_pcapng};
use super::{Attempt, InterfaceDescription, WriteError};
use crate::net::{LinkType, Timestamp};
use crate::source::{Drops, Frame};

/// When another file begins, and how many are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Before a file would be larger than so many bytes. A frame that is larger by itself has a file of its own.
    pub size: Option<u64>,
    /// At multiples of so many ns on the clock of the frames: with the first frame behind them. No file is without frames.
    pub time_ns: Option<u64>,
    /// Only so many files are kept, of those begun here; any number if `None`.
    pub keep: Option<NonZero<usize>>,
}

impl Rotation {
    const fn is_any(&self) -> bool {
        self.size.is_some() || self.time_ns.is_some()
    }
}

/// Writes frames to capture files: pcapng if the name ends in `.pcapng`, else pcap, with time stamps in nanoseconds.
///
/// Frames come from inputs, which are numbered from 0. What is written is buffered: [`CaptureFiles::flush`] it now and then.
/// After an error nothing more can be written; all files are whole then.
///
/// ```no_run
/// use portolan::net::{LinkType, Timestamp};
/// use portolan::sink::{CaptureFiles, InterfaceDescription, Rotation};
/// use portolan::source::Frame;
///
/// let eth0 = InterfaceDescription { name: Some("eth0".to_owned()), link: LinkType::ETHERNET, snap_length: 262_144 };
/// let now = || Timestamp::from_nanos(1_700_000_000_000_000_000);
/// let mut files = CaptureFiles::create("eth0.pcapng".as_ref(), Rotation::default(), &[eth0], now)?;
/// let frame = Frame { link: LinkType::ETHERNET, timestamp: Some(now()), captured: &[0; 60], wire_len: 60 };
/// files.frame(0, &frame)?;
/// files.finish()?;
/// # Ok::<(), portolan::sink::WriteError>(())
/// ```
#[derive(Debug)]
pub struct CaptureFiles {
    path: PathBuf,
    rotation: Rotation,
    now: fn() -> Timestamp,
    interfaces: Vec<Interface>,
    /// The place of each in `interfaces`.
    numbers: BTreeMap<(usize, LinkType), u32>,
    writer: CaptureWriter,
    /// Files begun.
    begun: u64,
    /// Those that are there, if only some are kept; the oldest first.
    kept: VecDeque<PathBuf>,
    /// The first ns of the file's period, once it has a frame.
    period: Option<i64>,
    /// Of the last frame that had one.
    time: Timestamp,
}

/// An interface, and what came of it.
#[derive(Debug)]
struct Interface {
    input: usize,
    description: InterfaceDescription,
    /// In the file at hand.
    packets: u64,
    drops: Drops,
    /// Drops before the file at hand.
    drops_before: Drops,
}

impl CaptureFiles {
    /// Creates the file; under a rotation the first one, with its number and what time it is `now` before the extension. A file
    /// that is there is emptied; under a rotation that is an error.
    ///
    /// `interfaces` describes the inputs in the order of their numbers. An input that is not described there is
    /// when its first frame comes.
    ///
    /// # Errors
    /// If the file cannot be created or written, or if it is pcap and the link types differ.
    pub fn create(
        path: &Path,
        rotation: Rotation,
        interfaces: &[InterfaceDescription],
        now: fn() -> Timestamp,
    ) -> Result<Self, WriteError> {
        if let Some((one, other)) = differing_links(interfaces).filter(|_| !is_pcapng(path)) {
            return Err(WriteError::LinkTypes(one, other));
        }
        let interfaces: Vec<Interface> = interfaces
            .iter()
            .enumerate()
            .map(|(input, known)| Interface::new(input, known.clone()))
            .collect();
        let first = if rotation.is_any() { numbered(path, 1, now()) } else { path.to_owned() };
        let writer = begin(&first, rotation.is_any(), &interfaces)?;
        Ok(Self {
            path: path.to_owned(),
            rotation,
            now,
            numbers: (0..).zip(&interfaces).map(|(number, interface)| (interface.key(), number)).collect(),
            interfaces,
            writer,
            begun: 1,
            kept: VecDeque::from([first]),
            period: None,
            time: Timestamp::from_nanos(0),
        })
    }

    /// Writes a frame of an input. One without a time stamp gets that of the one before it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn frame(&mut self, input: usize, frame: &Frame<'_>) -> Result<(), WriteError> {
        let time = frame.timestamp.unwrap_or(self.time);
        let number = match self.numbers.get(&(input, frame.link)) {
            Some(number) => *number,
            None => self.describe(input, frame.link)?,
        };
        if self.period.is_some() && (self.is_full(frame) || self.is_over(time)) {
            self.rotate()?;
        }
        self.time = time;
        self.period.get_or_insert_with(|| self.rotation.period(time));
        self.interfaces[number as usize].packets += 1;
        self.writer.frame(number, time, frame)
    }

    /// Takes over what was dropped of an input since the beginning. It is written when a file ends.
    pub fn dropped(&mut self, input: usize, drops: Drops) {
        if let Some(interface) = self.interfaces.iter_mut().find(|interface| interface.input == input) {
            interface.drops = drops;
        }
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.writer.flush()
    }

    /// Ends the last file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.end()
    }

    /// Describes an input, or one whose frames begin in another way than before.
    fn describe(&mut self, input: usize, link: LinkType) -> Result<u32, WriteError> {
        let known = self.interfaces.iter().find(|interface| interface.input == input);
        let description = match known {
            Some(known) => InterfaceDescription { link, ..known.description.clone() },
            None => InterfaceDescription::unnamed(link),
        };
        self.writer.describe(&description)?;
        let number =
            u32::try_from(self.interfaces.len()).expect("fewer interfaces than that fit into memory");
        self.interfaces.push(Interface::new(input, description));
        self.numbers.insert((input, link), number);
        Ok(number)
    }

    fn is_full(&self, frame: &Frame<'_>) -> bool {
        self.rotation.size.is_some_and(|size| self.writer.length_with(frame) > size)
    }

    /// Whether a time belongs into another file. A little back it does not: frames of several interfaces are not in order.
    fn is_over(&self, time: Timestamp) -> bool {
        let Some(width) = self.rotation.time_ns else { return false };
        let (there, here) = (self.rotation.period(time), self.period.unwrap_or_default());
        there > here || here.abs_diff(there) > width
    }

    fn rotate(&mut self) -> Result<(), WriteError> {
        self.end()?;
        self.begun += 1;
        let path = numbered(&self.path, self.begun, (self.now)());
        self.writer = begin(&path, true, &self.interfaces)?;
        self.period = None;
        for interface in &mut self.interfaces {
            interface.packets = 0;
            interface.drops_before = interface.drops;
        }
        let Some(most) = self.rotation.keep else { return Ok(()) };
        self.kept.push_back(path);
        while self.kept.len() > most.get() {
            self.kept.pop_front().map_or(Ok(()), remove)?;
        }
        Ok(())
    }

    /// Ends the file at hand.
    fn end(&mut self) -> Result<(), WriteError> {
        for (number, interface) in (0..).zip(&self.interfaces) {
            self.writer.statistics(number, self.time, interface.packets, interface.drops_of_file())?;
        }
        self.writer.finish()
    }
}

impl Rotation {
    /// The first ns of the period that a time lies in.
    fn period(&self, time: Timestamp) -> i64 {
        let width = self.time_ns.and_then(|width| i64::try_from(width).ok()).unwrap_or(i64::MAX).max(1);
        time.as_nanos().div_euclid(width).saturating_mul(width)
    }
}

impl Interface {
    fn new(input: usize, description: InterfaceDescription) -> Self {
        let (drops, drops_before) = (Drops::default(), Drops::default());
        Self { input, description, packets: 0, drops, drops_before }
    }

    const fn key(&self) -> (usize, LinkType) {
        (self.input, self.description.link)
    }

    const fn drops_of_file(&self) -> Drops {
        Drops {
            kernel: self.drops.kernel.saturating_sub(self.drops_before.kernel),
            interface: self.drops.interface.saturating_sub(self.drops_before.interface),
        }
    }
}

/// Two link types that are not the same, if there are.
fn differing_links(interfaces: &[InterfaceDescription]) -> Option<(LinkType, LinkType)> {
    let mut pairs = interfaces.windows(2).map(|pair| (pair[0].link, pair[1].link));
    pairs.find(|(one, other)| one != other)
}

/// Begins a file. What describes it is written at once: whoever follows it knows, and so do we whether it can be written.
fn begin(path: &Path, is_new: bool, interfaces: &[Interface]) -> Result<CaptureWriter, WriteError> {
    let mut writer = CaptureWriter::create(path, is_new)?;
    for interface in interfaces {
        writer.describe(&interface.description)?;
    }
    writer.flush()?;
    Ok(writer)
}

fn remove(path: PathBuf) -> Result<(), WriteError> {
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(WriteError::Io { attempt: Attempt::Remove, path, error })
        }
        _ => Ok(()),
    }
}
