//! The rows of a port table: one form for the built-in data and for a user's own.
//!
//! Fields are parted by commas, and the first line names the columns, which may come in any order. No field needs a
//! comma, so that there is no quoting. Blank lines and lines that begin with `#` are skipped.

use super::listing::{Origin, Rank};
use crate::net::Transport;

/// A row, before its names have become ids.
pub(super) struct Row<'t> {
    pub(super) first: u16,
    pub(super) last: u16,
    /// Whether the row speaks of a transport, in the order of [`Transport::ALL`].
    pub(super) transports: [bool; Transport::ALL.len()],
    pub(super) service: &'t str,
    pub(super) category: &'t str,
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
    /// Not as many fields as the header has.
    #[error("{found} fields instead of {expected}")]
    Fields {
        /// How many there are.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// Not a number from 0 to 65535.
    #[error("bad port \"{0}\"")]
    Port(String),
    /// The range ends before it begins.
    #[error("ports {0}-{1} end before they begin")]
    Range(u16, u16),
    /// Not `tcp`, `udp` or `sctp`, or several of them joined by `+`.
    #[error("bad transport \"{0}\"")]
    Transport(String),
    /// Empty, or with white space, control characters or quotes (of ASCII) in it.
    #[error("bad service name \"{0}\"")]
    Service(String),
    /// No category of that name.
    #[error("unknown category \"{0}\"")]
    Category(String),
    /// None of [`Rank::ALL`].
    #[error("bad rank \"{0}\"")]
    Rank(String),
    /// None of [`Origin::ALL`].
    #[error("bad source \"{0}\"")]
    Origin(String),
    /// More than 65,536 names or rows, counted once a transport, or more than 256 categories.
    #[error("too many: a table has at most 65536 rows and names and 256 categories")]
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
pub(super) fn read_rows<'t>(
    text: &'t str,
    defaults: &Defaults,
    mut take: impl FnMut(&Row<'t>) -> Result<(), RowProblem>,
) -> Result<(), RowError> {
    read_records(text, Columns::of, |columns, fields| take(&columns.row(fields, defaults)?))
}

/// Hands the fields of each line of `text` to `take`, with what `columns` made of the header.
pub(super) fn read_records<'t, C>(
    text: &'t str,
    columns: impl FnOnce(&[&str]) -> Result<C, RowProblem>,
    mut take: impl FnMut(&C, &[&'t str]) -> Result<(), RowProblem>,
) -> Result<(), RowError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..)
        .zip(text.split('\n').map(str::trim_ascii))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (line, header) = lines.next().unwrap_or((1, ""));
    let mut fields: Vec<_> = fields_of(header).collect();
    let expected = fields.len();
    let columns = columns(&fields).map_err(|problem| RowError { line, problem })?;
    for (line, text) in lines {
        fields.clear();
        fields.extend(fields_of(text));
        let found = fields.len();
        let read = if found == expected {
            take(&columns, &fields)
        } else {
            Err(RowProblem::Fields { found, expected })
        };
        read.map_err(|problem| RowError { line, problem })?;
    }
    Ok(())
}

/// The fields of a line.
fn fields_of(line: &str) -> impl Iterator<Item = &str> {
    split(line, b',').map(str::trim_ascii)
}

/// The parts of a text between separators. By bytes: for parts as short as fields are, a search for a character takes longer.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == separator);
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// The place of a column that a file must have.
pub(super) fn column(header: &[&str], name: &'static str) -> Result<usize, RowProblem> {
    optional_column(header, name).ok_or(RowProblem::Column(name))
}

fn optional_column(header: &[&str], name: &str) -> Option<usize> {
    header.iter().position(|column| *column == name)
}

impl Columns {
    fn of(header: &[&str]) -> Result<Self, RowProblem> {
        Ok(Self {
            first: column(header, "port_start")?,
            last: column(header, "port_end")?,
            transport: column(header, "transport")?,
            service: column(header, "service")?,
            category: optional_column(header, "category"),
            rank: optional_column(header, "rank"),
            origin: optional_column(header, "source"),
        })
    }

    fn row<'t>(&self, fields: &[&'t str], defaults: &Defaults) -> Result<Row<'t>, RowProblem> {
        let field = |place: usize| fields[place];
        let (first, last) = range(field(self.first), field(self.last))?;
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

/// A port. By its digits: the standard library's numbers may have a sign.
pub(super) fn port(text: &str) -> Result<u16, RowProblem> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    let number = text
        .bytes()
        .try_fold(0_u32, |number, byte| Some(number.saturating_mul(10).saturating_add(digit(byte)?)));
    let port = number.filter(|_| !text.is_empty()).and_then(|number| number.try_into().ok());
    port.ok_or_else(|| RowProblem::Port(text.to_owned()))
}

/// Ports from the first to the last one.
pub(super) fn range(first: &str, last: &str) -> Result<(u16, u16), RowProblem> {
    let (first, last) = (port(first)?, port(last)?);
    if first <= last { Ok((first, last)) } else { Err(RowProblem::Range(first, last)) }
}

/// Transports, joined by `+`.
pub(super) fn transports(text: &str) -> Result<[bool; Transport::ALL.len()], RowProblem> {
    let mut named = [false; Transport::ALL.len()];
    for name in split(text, b'+') {
        let transport = Transport::from_name(name).ok_or_else(|| RowProblem::Transport(text.to_owned()))?;
        named[transport as usize] = true;
    }
    Ok(named)
}

/// A name of a service, checked.
pub(super) fn service(name: &str) -> Result<&str, RowProblem> {
    let bad = |byte: u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || byte == b'"';
    if name.is_empty() || name.bytes().any(bad) {
        Err(RowProblem::Service(name.to_owned()))
    } else {
        Ok(name)
    }
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
            ("1,+2,tcp,a,b,primary,iana\n", "line 3: bad port \"+2\""),
            (",2,tcp,a,b,primary,iana\n", "line 3: bad port \"\""),
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
        assert_eq!(error_of("\n#,\n1,2,tcp,a\n"), "line 4: 4 fields instead of 7");
        assert_eq!(error_of("1,2,tcp,\"a\",b,primary,iana\n"), "line 2: bad service name \"\"a\"\"");
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
