//! Flow records as columns: those of CSV, with types.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    Float64Builder, ListBuilder, StringBuilder, StringDictionaryBuilder, TimestampNanosecondBuilder,
    UInt8Builder, UInt16Builder, UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;

use super::csv::COLUMNS;
use super::{FlowEnd, FlowLine};
use crate::classify::PortTable;
use crate::net::Transport;

/// Rows that are kept until they are written together: what memory has to hold, and what a reader has to read for one of them.
pub(super) const ROWS_PER_BATCH: usize = 1 << 17;

/// The name and version of the schema.
const SCHEMA: &str = "portolan.flow/1";

/// Columns with values that may not be known.
const NULLABLE: [&str; 6] = [
    "event.start",
    "event.end",
    "event.duration",
    "portolan.tcp_flags.source",
    "portolan.tcp_flags.destination",
    "portolan.handshake_rtt_ns",
];

/// Names of which there are few. Each batch keeps those of the batches before, so that numbers stay what they are in a file.
type Names = StringDictionaryBuilder<Int32Type>;

/// Collects rows until there are enough for a batch.
pub(super) struct Columns {
    schema: SchemaRef,
    builders: Builders,
    /// When each row's flow began, in ns since 1970.
    starts: Vec<Option<i64>>,
}

impl Columns {
    /// No rows yet, of flows that are decided by `table`.
    pub(super) fn new(table: &PortTable) -> Self {
        let mut builders = Builders::new();
        let types = builders.finish();
        let fields = COLUMNS
            .iter()
            .zip(types)
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), NULLABLE.contains(name)));
        let metadata = [("portolan.schema", SCHEMA.to_owned()), ("portolan.table", table.version())];
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value));
        let schema =
            Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata.collect::<HashMap<_, _>>());
        Self { schema: Arc::new(schema), builders, starts: Vec::new() }
    }

    /// Names and types of the columns; in the metadata what they mean and where names of services are from.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Adds a row. Returns a batch when there are enough.
    pub(super) fn push(&mut self, line: &FlowLine<'_>) -> io::Result<Option<RecordBatch>> {
        self.starts.push(line.span.map(|(first, _)| first.as_nanos()));
        self.builders.push(line);
        if self.starts.len() < ROWS_PER_BATCH { Ok(None) } else { self.take() }
    }

    /// Takes the rows that no batch has yet, in the order in which their flows began: evicted flows come out of it.
    pub(super) fn take(&mut self) -> io::Result<Option<RecordBatch>> {
        let starts = std::mem::take(&mut self.starts);
        if starts.is_empty() {
            return Ok(None);
        }
        let batch = RecordBatch::try_new(self.schema(), self.builders.finish()).map_err(io_error)?;
        if starts.is_sorted() {
            return Ok(Some(batch));
        }
        let mut order: Vec<u32> = (0..).take(starts.len()).collect();
        order.sort_by_key(|row| starts[*row as usize]);
        take_record_batch(&batch, &UInt32Array::from(order)).map(Some).map_err(io_error)
    }
}

/// What went wrong in the end, without the words of the crate around it.
pub(super) fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// One for each of [`COLUMNS`].
struct Builders {
    start: TimestampNanosecondBuilder,
    end: TimestampNanosecondBuilder,
    duration: UInt64Builder,
    client: EndBuilders,
    server: EndBuilders,
    transport: Names,
    ip_version: Names,
    service: Names,
    community_id: StringBuilder,
    packets: UInt64Builder,
    bytes: UInt64Builder,
    category: Names,
    basis: Names,
    side_confidence: Float64Builder,
    service_confidence: Float64Builder,
    candidates: ListBuilder<StringBuilder>,
    handshake_rtt: UInt64Builder,
}

/// Those that there are for both sides.
#[derive(Default)]
struct EndBuilders {
    ip: StringBuilder,
    port: UInt16Builder,
    packets: UInt64Builder,
    bytes: UInt64Builder,
    port_class: Names,
    tcp_flags: UInt8Builder,
}

impl Builders {
    fn new() -> Self {
        let time = || TimestampNanosecondBuilder::new().with_timezone("UTC");
        Self {
            start: time(),
            end: time(),
            duration: UInt64Builder::new(),
            client: EndBuilders::default(),
            server: EndBuilders::default(),
            transport: Names::new(),
            ip_version: Names::new(),
            service: Names::new(),
            community_id: StringBuilder::new(),
            packets: UInt64Builder::new(),
            bytes: UInt64Builder::new(),
            category: Names::new(),
            basis: Names::new(),
            side_confidence: Float64Builder::new(),
            service_confidence: Float64Builder::new(),
            candidates: ListBuilder::new(StringBuilder::new()),
            handshake_rtt: UInt64Builder::new(),
        }
    }

    fn push(&mut self, line: &FlowLine<'_>) {
        let permille = |confidence| f64::from(confidence) / 1000.0;
        self.start.append_option(line.span.map(|(first, _)| first.as_nanos()));
        self.end.append_option(line.span.map(|(_, last)| last.as_nanos()));
        self.duration.append_option(line.span.map(|(first, last)| last.nanos_since(first)));
        self.client.push(&line.client, line.transport);
        self.server.push(&line.server, line.transport);
        self.transport.append_value(line.transport.name());
        self.ip_version.append_value(line.ip_version());
        self.service.append_value(line.service);
        self.community_id.append_value(line.community_id());
        self.packets.append_value(line.packets());
        self.bytes.append_value(line.bytes());
        self.category.append_value(line.category);
        self.basis.append_value(line.basis.name());
        self.side_confidence.append_value(permille(line.side_confidence));
        self.service_confidence.append_value(permille(line.service_confidence));
        self.candidates.append_value(line.candidates.iter().map(Some));
        self.handshake_rtt.append_option(line.handshake_rtt_ns);
    }

    /// The columns in their order; nothing is left but the names.
    fn finish(&mut self) -> Vec<ArrayRef> {
        let Self { client, server, .. } = self;
        vec![
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.duration.finish()),
            Arc::new(client.ip.finish()),
            Arc::new(client.port.finish()),
            Arc::new(client.packets.finish()),
            Arc::new(client.bytes.finish()),
            Arc::new(server.ip.finish()),
            Arc::new(server.port.finish()),
            Arc::new(server.packets.finish()),
            Arc::new(server.bytes.finish()),
            Arc::new(self.transport.finish_preserve_values()),
            Arc::new(self.ip_version.finish_preserve_values()),
            Arc::new(self.service.finish_preserve_values()),
            Arc::new(self.community_id.finish()),
            Arc::new(self.packets.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.category.finish_preserve_values()),
            Arc::new(server.port_class.finish_preserve_values()),
            Arc::new(client.port_class.finish_preserve_values()),
            Arc::new(self.basis.finish_preserve_values()),
            Arc::new(self.side_confidence.finish()),
            Arc::new(self.service_confidence.finish()),
            Arc::new(self.candidates.finish()),
            Arc::new(client.tcp_flags.finish()),
            Arc::new(server.tcp_flags.finish()),
            Arc::new(self.handshake_rtt.finish()),
        ]
    }
}

impl EndBuilders {
    fn push(&mut self, end: &FlowEnd, transport: Transport) {
        self.ip.append_value(end.endpoint.address.to_string());
        self.port.append_value(end.endpoint.port);
        self.packets.append_value(end.sent.packets);
        self.bytes.append_value(end.sent.bytes);
        self.port_class.append_value(end.port_class().name());
        self.tcp_flags.append_option((transport == Transport::Tcp).then_some(end.sent.flags.0));
    }
}
