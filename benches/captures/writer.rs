//! pcap and pcapng files.

use std::io::{self, Write};

pub(crate) struct Writer<W> {
    out: W,
    pcapng: bool,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(mut out: W, pcapng: bool, link_type: u16) -> io::Result<Self> {
        let link = link_type.to_le_bytes();
        if pcapng {
            out.write_all(&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0])?;
            out.write_all(&[0xff; 8])?;
            out.write_all(&[28, 0, 0, 0])?;
            out.write_all(&[1, 0, 0, 0, 20, 0, 0, 0, link[0], link[1], 0, 0, 0, 0, 4, 0, 20, 0, 0, 0])?;
        } else {
            out.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0])?;
            out.write_all(&[link[0], link[1], 0, 0])?;
        }
        Ok(Self { out, pcapng })
    }

    pub(crate) fn write(&mut self, time_ns: u64, frame: &[u8]) -> io::Result<()> {
        let micros = time_ns / 1000;
        let length = u32::try_from(frame.len()).unwrap();
        let words =
            |out: &mut W, words: &[u32]| words.iter().try_for_each(|word| out.write_all(&word.to_le_bytes()));
        if self.pcapng {
            let padding = frame.len().next_multiple_of(4) - frame.len();
            let total = 32 + u32::try_from(frame.len() + padding).unwrap();
            let (high, low) =
                (u32::try_from(micros >> 32).unwrap(), u32::try_from(micros & 0xffff_ffff).unwrap());
            words(&mut self.out, &[6, total, 0, high, low, length, length])?;
            self.out.write_all(frame)?;
            self.out.write_all(&[0; 4][..padding])?;
            words(&mut self.out, &[total])
        } else {
            let (seconds, rest) =
                (u32::try_from(micros / 1_000_000).unwrap(), u32::try_from(micros % 1_000_000).unwrap());
            words(&mut self.out, &[seconds, rest, length, length])?;
            self.out.write_all(frame)
        }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
