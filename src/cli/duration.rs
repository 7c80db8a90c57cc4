//! Durations as people write them: `120s`, `1.5m`, `250ms`.

/// Nanoseconds in one of each unit.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const TOO_LONG: &str = "longer than 584 years";

/// A duration in ns: a number and its unit, `s` if there is none.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let explain = || "a duration is a number and ns, us, ms, s, m, h or d, such as 120s".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = if unit.is_empty() { "s" } else { unit };
    let &(_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(explain)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.is_empty() || number == "." {
        return Err(explain());
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| explain())? };
    let mut total = whole.checked_mul(nanos).ok_or(TOO_LONG)?;
    let mut part = nanos;
    for digit in fraction.chars() {
        part /= 10;
        let digit = u64::from(digit.to_digit(10).ok_or_else(explain)?);
        total = total.checked_add(digit * part).ok_or(TOO_LONG)?;
    }
    Ok(total)
}

/// A duration that is not nothing.
pub(super) fn parse_positive(text: &str) -> Result<u64, String> {
    match parse(text)? {
        0 => Err("has to be longer than nothing".to_owned()),
        nanos => Ok(nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_fractions() {
        assert_eq!(parse("120s"), Ok(120_000_000_000));
        assert_eq!(parse("120"), parse("2m"));
        assert_eq!(parse("1.5ms"), Ok(1_500_000));
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse(".5s"), parse("500ms"));
        assert_eq!(parse("2d"), Ok(172_800_000_000_000));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "s",
            "5 s",
            "5x",
            "-1s",
            "1.2.3s",
            "99999999999999999999s",
            "99999999999d",
            ".",
            ".s",
            "18446744073.9s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_positive("0s").is_err());
    }
}
