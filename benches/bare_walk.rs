//! The bound: a capture read in large blocks, its record headers followed, and nothing else.
//!
//! `cargo run --release --example bare-walk -- FILE` prints how many records there are. Nothing that reads files can be
//! faster; whatever else a program does comes on top.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::Read;

const BLOCK: usize = 512 * 1024;

fn main() {
    let mut file = File::open(std::env::args_os().nth(1).expect("a capture")).unwrap();
    let mut buffer = vec![0; 2 * BLOCK];
    let (mut start, mut end) = (0, file.read(&mut buffer[..BLOCK]).unwrap());
    let is_pcapng = buffer[..4] == [0x0a, 0x0d, 0x0d, 0x0a];
    let mut records = 0_u64;
    // Behind the header of a pcap file; a pcapng file is blocks from its first byte on.
    start += if is_pcapng { 0 } else { 24 };
    loop {
        while let Some(length) = record(&buffer[start..end], is_pcapng) {
            start += length;
            records += 1;
        }
        buffer.copy_within(start..end, 0);
        (start, end) = (0, end - start);
        match file.read(&mut buffer[end..end + BLOCK]).unwrap() {
            0 => break,
            read => end += read,
        }
    }
    println!("{records}");
}

/// The length of the first record, if all of it is there.
fn record(bytes: &[u8], is_pcapng: bool) -> Option<usize> {
    let word =
        |at: usize| bytes.get(at..at + 4).map(|word| u32::from_le_bytes(word.try_into().unwrap()) as usize);
    let length = if is_pcapng { word(4)? } else { 16 + word(8)? };
    (length <= bytes.len()).then_some(length)
}
