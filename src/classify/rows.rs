//! The rows of a port table: one CSV form for the built-in data and for a user's own.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::listing::{Origin, Rank};
use crate::net::Transport;

/// A row, before its names have become ids.
pub(super) struct Row<'r> {
    pub(super) first: u16,
    pub(super) last: u16,
    /// Whether the row speaks of a transport, in the order of [`Transport::ALL`].
    pub(super) transports: [bool; Transport::ALL.len()],
    pub(super) service: &'r str,
    pub(super) category: &'r str,
    pub(super) rank: Rank,
    pub(super) origin: Origin,
}

/// What a file's rows are where it has no column for it.
pub(super) struct Defaults {
    pub(super) category: &'static str,
    pub(super) rank: Rank,
    pub(super) origin: Origin,
}

/// A row that cannot be used, and the line where it begins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RowError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The header lacks a column.
    #[error("no column \"{0}\"")]
    Column(&'static str),
    /// Not CSV, or not as many fields as the header has.
    #[error("{0}")]
    Csv(String),
    /// Not a number from 0 to 65535.
    #[error("bad port \"{0}\"")]
    Port(String),
    /// The range ends before it begins.
    #[error("ports {0}-{1} end before they begin")]
    Range(u16, u16),
    /// Not `tcp`, `udp` or `sctp`, or several of them joined by `+`.
    #[error("bad transport \"{0}\"")]
    Transport(String),
    /// Empty, or with white space or control characters in it.
    #[error("bad service name \"{0}\"")]
    Service(String),
    /// No category of that name.
    #[error("unknown category \"{0}\"")]
    Category(String),
    /// Not `primary`, `alternate`, `registry` or `candidate`.
    #[error("bad rank \"{0}\"")]
    Rank(String),
    /// Not `iana`, `common` or `article`.
    #[error("bad source \"{0}\"")]
    Origin(String),
    /// More than 65,536 names or rows, counted once a transport, or more than 256 categories.
    #[error("too many rows")]
    TooMany,
}

/// The places of the columns in a file.
struct Columns {
    first: usize,
    last: usize,
    transport: usize,
    service: usize,
    category: Option<usize>,
    rank: Option<usize>,
    origin: Option<usize>,
}

/// Hands each row of `text` to `take`, up to the first one that cannot be used.
pub(super) fn read_rows(
    text: &str,
    defaults: &Defaults,
    mut take: impl FnMut(&Row<'_>) -> Result<(), RowProblem>,
) -> Result<(), RowError> {
    read_records(text, Columns::of, |columns, record| take(&columns.row(record, defaults)?))
}

/// Hands each record of a CSV text to `take`, with what `columns` made of the header.
pub(super) fn read_records<C>(
    text: &str,
    columns: impl FnOnce(&StringRecord) -> Result<C, RowProblem>,
    mut take: impl FnMut(&C, &StringRecord) -> Result<(), RowProblem>,
) -> Result<(), RowError> {
    let mut reader = ReaderBuilder::new().trim(Trim::Headers).from_reader(text.as_bytes());
    let at = |line| move |problem| RowError { line, problem };
    let not_csv = |error: csv::Error| RowProblem::Csv(error.to_string());
    let columns = reader.headers().map_err(not_csv).and_then(columns).map_err(at(1))?;
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(not_csv).map_err(at(line))? {
            return Ok(());
        }
        let line = record.position().map_or(line, csv::Position::line);
        take(&columns, &record).map_err(at(line))?;
    }
}

/// The place of a column that a file must have.
pub(super) fn column(headers: &StringRecord, name: &'static str) -> Result<usize, RowProblem> {
    optional_column(headers, name).ok_or(RowProblem::Column(name))
}

fn optional_column(headers: &StringRecord, name: &str) -> Option<usize> {
    headers.iter().position(|header| header == name)
}

impl Columns {
    fn of(headers: &StringRecord) -> Result<Self, RowProblem> {
        Ok(Self {
            first: column(headers, "port_start")?,
            last: column(headers, "port_end")?,
            transport: column(headers, "transport")?,
            service: column(headers, "service")?,
            category: optional_column(headers, "category"),
            rank: optional_column(headers, "rank"),
            origin: optional_column(headers, "source"),
        })
    }

    fn row<'r>(&self, record: &'r StringRecord, defaults: &Defaults) -> Result<Row<'r>, RowProblem> {
        let field = |place: usize| record[place].trim();
        let (first, last) = (port(field(self.first))?, port(field(self.last))?);
        if last < first {
            return Err(RowProblem::Range(first, last));
        }
        let rank = self.rank.map(field).map_or(Ok(defaults.rank), |name| {
            Rank::from_name(name).ok_or_else(|| RowProblem::Rank(name.to_owned()))
        })?;
        let origin = self.origin.map(field).map_or(Ok(defaults.origin), |name| {
            Origin::from_name(name).ok_or_else(|| RowProblem::Origin(name.to_owned()))
        })?;
        Ok(Row {
            first,
            last,
            transports: transports(field(self.transport))?,
            service: service(field(self.service))?,
            category: self.category.map_or(defaults.category, field),
            rank,
            origin,
        })
    }
}

fn port(text: &str) -> Result<u16, RowProblem> {
    text.parse().map_err(|_| RowProblem::Port(text.to_owned()))
}

fn transports(text: &str) -> Result<[bool; Transport::ALL.len()], RowProblem> {
    let mut named = [false; Transport::ALL.len()];
    for name in text.split('+') {
        let transport = Transport::from_name(name).ok_or_else(|| RowProblem::Transport(text.to_owned()))?;
        named[transport as usize] = true;
    }
    Ok(named)
}

fn service(name: &str) -> Result<&str, RowProblem> {
    let bad = name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control());
    if bad { Err(RowProblem::Service(name.to_owned())) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "port_start,port_end,transport,service,category,rank,source\n";
    const DEFAULTS: Defaults = Defaults { category: "mail", rank: Rank::Alternate, origin: Origin::Common };

    fn error_of(rows: &str) -> String {
        read_rows(&format!("{HEADER}{rows}"), &DEFAULTS, |_| Ok(()))
            .map_or_else(|e| e.to_string(), |()| String::new())
    }

    #[test]
    fn errors_name_the_line_and_the_field() {
        let good = "1,2,tcp,a,b,primary,iana\n";
        for (row, expected) in [
            ("1,65536,tcp,a,b,primary,iana\n", "line 3: bad port \"65536\""),
            ("-1,2,tcp,a,b,primary,iana\n", "line 3: bad port \"-1\""),
            ("2,1,tcp,a,b,primary,iana\n", "line 3: ports 2-1 end before they begin"),
            ("1,2,tcp+dccp,a,b,primary,iana\n", "line 3: bad transport \"tcp+dccp\""),
            ("1,2,,a,b,primary,iana\n", "line 3: bad transport \"\""),
            ("1,2,tcp,a b,b,primary,iana\n", "line 3: bad service name \"a b\""),
            ("1,2,tcp, ,b,primary,iana\n", "line 3: bad service name \"\""),
            ("1,2,tcp,a,b,first,iana\n", "line 3: bad rank \"first\""),
            ("1,2,tcp,a,b,primary,rumour\n", "line 3: bad source \"rumour\""),
        ] {
            assert_eq!(error_of(&format!("{good}{row}")), expected);
        }
        assert!(error_of("1,2,tcp,a\n").starts_with("line 2: "), "{}", error_of("1,2,tcp,a\n"));
        assert_eq!(error_of(good), "");
        assert_eq!(
            read_rows("port_start,port_end,service\n", &DEFAULTS, |_| Ok(())),
            Err(RowError { line: 1, problem: RowProblem::Column("transport") })
        );
    }

    #[test]
    fn what_a_file_has_no_column_for_is_the_default() {
        let mut rows = 0;
        let text = "\u{feff}service,transport,port_start,port_end\r\nbuoy, UDP+sctp, 7, 8\r\n";
        let read = read_rows(text, &DEFAULTS, |row| {
            rows += 1;
            assert_eq!((row.service, row.first, row.last), ("buoy", 7, 8));
            assert_eq!(row.transports, [false, true, true]);
            assert_eq!((row.category, row.rank, row.origin), ("mail", Rank::Alternate, Origin::Common));
            Ok(())
        });
        assert_eq!((read, rows), (Ok(()), 1));
    }
}
