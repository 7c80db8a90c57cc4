//! Messages: a header, then sets of templates and of records (RFC 7011, section 3).

use super::template::{Template, template_records};

/// The version of IPFIX (RFC 7011, section 3.1).
const VERSION: u16 = 10;

/// The number of a set of templates (RFC 7011, section 3.3.2).
const TEMPLATE_SET: u16 = 2;

/// Bytes of a message's header.
const HEADER: usize = 16;

/// Bytes of a set's header.
const SET_HEADER: usize = 4;

/// Fills one message after the other with records.
#[derive(Debug)]
pub(super) struct Messages {
    /// The most bytes that a message may have.
    limit: usize,
    /// Templates come again with every so many messages; `None`: never.
    repeat: Option<u32>,
    /// Messages that are complete.
    complete: u32,
    /// Records in them, modulo 2^32.
    sequence: u32,
    /// The one under way; empty before its first set.
    message: Vec<u8>,
    /// Records in it.
    records: u32,
    /// The set under way: its template, and where in the message it begins.
    set: Option<(Template, usize)>,
}

impl Messages {
    /// No record yet.
    pub(super) const fn new(limit: usize, repeat: Option<u32>) -> Self {
        Self { limit, repeat, complete: 0, sequence: 0, message: Vec::new(), records: 0, set: None }
    }

    /// Adds a record. Returns the message that has no room for it, exported at `time`, in seconds since 1970.
    pub(super) fn push(&mut self, template: Template, record: &[u8], time: u32) -> Option<Vec<u8>> {
        if self.message.is_empty() {
            self.begin();
        }
        let complete = (!self.has_room(template, record)).then(|| {
            let complete = self.take(time);
            self.begin();
            complete
        });
        if !self.is_open(template) {
            self.end_set();
            self.set = Some((template, self.message.len()));
            self.message.extend([template.id(), 0].map(u16::to_be_bytes).as_flattened());
        }
        self.message.extend(record);
        self.records += 1;
        complete
    }

    fn has_room(&self, template: Template, record: &[u8]) -> bool {
        let header = if self.is_open(template) { 0 } else { SET_HEADER };
        self.message.len() + header + record.len() <= self.limit
    }

    fn is_open(&self, template: Template) -> bool {
        self.set.is_some_and(|(open, _)| open == template)
    }

    /// The last message, if anything is left to tell: without any record, what the templates are.
    pub(super) fn finish(mut self, time: u32) -> Option<Vec<u8>> {
        if self.message.is_empty() && self.complete == 0 {
            self.begin();
        }
        (!self.message.is_empty()).then(|| self.take(time))
    }

    fn begin(&mut self) {
        self.message.resize(HEADER, 0);
        if self.repeat.map_or(self.complete == 0, |every| self.complete.is_multiple_of(every)) {
            let start = self.message.len();
            self.message.extend([TEMPLATE_SET, 0].map(u16::to_be_bytes).as_flattened());
            self.message.extend(template_records());
            write_length(&mut self.message, start);
        }
    }

    fn end_set(&mut self) {
        if let Some((_, start)) = self.set.take() {
            write_length(&mut self.message, start);
        }
    }

    /// Completes the message under way.
    fn take(&mut self, time: u32) -> Vec<u8> {
        self.end_set();
        let length = u16::try_from(self.message.len()).expect("the limit of a message is less");
        // The observation domain, in the last four bytes, is 0: there is but one (RFC 7011, section 3.1).
        self.message[..4].copy_from_slice([VERSION, length].map(u16::to_be_bytes).as_flattened());
        self.message[4..12].copy_from_slice([time, self.sequence].map(u32::to_be_bytes).as_flattened());
        self.sequence = self.sequence.wrapping_add(self.records);
        self.complete = self.complete.wrapping_add(1);
        self.records = 0;
        std::mem::take(&mut self.message)
    }
}

/// Puts the length of the set from `start` to the end into its header.
fn write_length(message: &mut [u8], start: usize) {
    let length = u16::try_from(message.len() - start).expect("the limit of a message is less");
    message[start + 2..start + SET_HEADER].copy_from_slice(&length.to_be_bytes());
}
