//! Amounts of bytes as people write them: "512 KiB" in and out.

use std::fmt;
use std::str::FromStr;

/// An amount of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSize(pub u64);

/// Why a text is not an amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount of bytes such as \"512 KiB\", \"10MB\" or \"4096\", but found {0:?}")]
pub struct ByteSizeError(String);

const UNITS: [(&str, u64); 12] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("tib", 1 << 40),
];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let error = || ByteSizeError(text.to_owned());
        let folded = text.trim().to_ascii_lowercase().replace('_', "");
        let digits = folded.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(folded.len());
        let (number, unit) = folded.split_at(digits);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(error)?;
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(*factor).map(Self).ok_or_else(error);
        }
        let value: f64 = number.parse().map_err(|_| error())?;
        let bytes = value * *factor as f64;
        // 2^53 is where a fraction of an amount stops being exact; nothing here is that large.
        if !(0.0..9_007_199_254_740_992.0).contains(&bytes) {
            return Err(error());
        }
        Ok(Self(bytes.round() as u64))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEPS: [(&str, u64); 4] =
            [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        for (unit, size) in STEPS {
            if self.0 >= size {
                return if self.0.is_multiple_of(size) {
                    write!(f, "{} {unit}", self.0 / size)
                } else {
                    write!(f, "{:.1} {unit}", self.0 as f64 / size as f64)
                };
            }
        }
        write!(f, "{} B", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_printed_with_units() {
        for (text, bytes, printed) in [
            ("512 KiB", 524_288, "512 KiB"),
            ("10MB", 10_000_000, "9.5 MiB"),
            ("4096", 4096, "4 KiB"),
            ("1.5GiB", 1_610_612_736, "1.5 GiB"),
            ("0", 0, "0 B"),
            ("1_000 b", 1000, "1000 B"),
        ] {
            let got: ByteSize = text.parse().unwrap();
            assert_eq!((got.0, got.to_string().as_str()), (bytes, printed), "{text}");
        }
        for text in ["", "KiB", "-1", "5 parsecs", "99999999999 GiB", "1.2.3"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
