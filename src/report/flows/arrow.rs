//! Arrow IPC, the file format.

use std::io::{self, Write};

use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};

use super::FlowLine;
use super::columns::{Columns, io_error};
use crate::classify::PortTable;

/// Batches of rows; where each of them is comes in the end.
pub(super) struct Rows<W: Write> {
    columns: Columns,
    writer: FileWriter<W>,
}

impl<W: Write> Rows<W> {
    pub(super) fn new(table: &PortTable, out: W) -> io::Result<Self> {
        let columns = Columns::new(table);
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(CompressionType::ZSTD))
            .map_err(io_error)?
            // A file has one dictionary a column, to which batches may add.
            .with_dictionary_handling(DictionaryHandling::Delta);
        let writer = FileWriter::try_new_with_options(out, &columns.schema(), options).map_err(io_error)?;
        Ok(Self { columns, writer })
    }

    pub(super) fn write(&mut self, line: &FlowLine<'_>) -> io::Result<()> {
        match self.columns.push(line)? {
            Some(batch) => self.writer.write(&batch).map_err(io_error),
            None => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if let Some(batch) = self.columns.take()? {
            self.writer.write(&batch).map_err(io_error)?;
        }
        self.writer.into_inner().map_err(io_error)
    }
}
