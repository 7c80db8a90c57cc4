//! Sizes as people write them: `100MB`, `64KiB`.

/// Bytes in one of each unit.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// A size in bytes that is not nothing: a whole number and its unit in any case, `B` if there is none.
pub(super) fn parse_positive(text: &str) -> Result<u64, String> {
    let explain = || "a size is a whole number and B, kB, MB, GB, KiB, MiB or GiB, such as 100MB".to_owned();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = if unit.is_empty() { "B" } else { unit };
    let &(_, bytes) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(explain)?;
    let number: u64 = number.parse().map_err(|_| explain())?;
    match number.checked_mul(bytes) {
        Some(0) => Err("has to be more than nothing".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("more than there can be".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, bytes) in
            [("1500", 1500), ("1B", 1), ("100MB", 100_000_000), ("64KiB", 65_536), ("3gb", 3_000_000_000)]
        {
            assert_eq!(parse_positive(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "MB", "1.5MB", "-1", "1 MB", "1M", "0", "0GB", "99999999999999TB"] {
            assert!(parse_positive(text).is_err(), "{text}");
        }
    }
}
