//! Parquet: a row group for each batch.

use std::io::{self, Write};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;

use super::FlowLine;
use super::columns::{Columns, ROWS_PER_BATCH};
use crate::classify::PortTable;

/// Rows under their schema; what makes a file of them comes in the end.
pub(super) struct Rows<W: Write + Send> {
    columns: Columns,
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Rows<W> {
    pub(super) fn new(table: &PortTable, out: W) -> io::Result<Self> {
        let columns = Columns::new(table);
        let schema = columns.schema();
        let metadata = schema.metadata().iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let by_start = SortingColumn { column_idx: 0, descending: false, nulls_first: true };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_PER_BATCH))
            .set_sorting_columns(Some(vec![by_start]))
            .set_key_value_metadata(Some(metadata.collect()))
            .build();
        let writer = ArrowWriter::try_new(out, schema, Some(properties)).map_err(io_error)?;
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

/// What went wrong in the end, without the words of the crate around it.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => {
            error.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        other => io::Error::other(other),
    }
}
