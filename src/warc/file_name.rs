//! Names of WARC files: `PREFIX-TIMESTAMP17-SERIAL5-HOST.warc.gz`, and `.open` behind it while one
//! process appends.
//!
//! The form is that of Heritrix and of ISO 28500:2017 annex B. Prefixes may hold dashes, which is
//! why a name is read from the end of its timestamp outwards. Where files are is not known here.

use std::fmt;

use super::member::Compression;
use crate::base::Timestamp;

/// What a file is called while it is being written, behind its name.
pub const OPEN_SUFFIX: &str = ".open";

/// The parts of a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName {
    prefix: String,
    stamp: String,
    serial: u32,
    host: String,
    suffix: String,
    open: bool,
}

impl FileName {
    /// A name; bytes of prefix and host that do not belong in a file name become `_`, and empty
    /// ones `warc` and `localhost`.
    #[must_use]
    pub fn new(
        prefix: &str,
        at: Timestamp,
        serial: u32,
        host: &str,
        compression: Compression,
    ) -> Self {
        let stem = if prefix.is_empty() { "warc" } else { prefix };
        let host = if host.is_empty() { "localhost" } else { host };
        Self {
            prefix: clean(stem),
            stamp: at.to_stamp17(),
            serial: serial % 100_000,
            host: clean(host),
            suffix: compression.suffix().to_owned(),
            open: false,
        }
    }

    /// Reads a name; `None` where it is not of this form.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (rest, open) = match name.strip_suffix(OPEN_SUFFIX) {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let suffix = [".warc.gz", ".warc.zst", ".warc"].into_iter().find(|s| rest.ends_with(s))?;
        let stem = rest.strip_suffix(suffix)?;
        // The stamp is the first part of 17 digits that a part of 5 digits follows.
        let parts: Vec<&str> = stem.split('-').collect();
        let digits =
            |part: &str, count| part.len() == count && part.bytes().all(|c| c.is_ascii_digit());
        let at = (1..parts.len().saturating_sub(2))
            .find(|&i| digits(parts[i], 17) && digits(parts[i + 1], 5))?;
        let (prefix, host) = (parts[..at].join("-"), parts[at + 2..].join("-"));
        if prefix.is_empty() || host.is_empty() || clean(stem) != stem {
            return None;
        }
        Some(Self {
            prefix,
            stamp: parts[at].to_owned(),
            serial: parts[at + 1].parse().ok()?,
            host,
            suffix: suffix.to_owned(),
            open,
        })
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The serial number, below 100 000.
    #[must_use]
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// When the file was begun, to the millisecond; `None` where the digits are not a time.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let (seconds, millis) = self.stamp.split_at_checked(14)?;
        let at = Timestamp::parse(seconds)?;
        let millis = i64::from(millis.parse::<u16>().ok()?);
        Some(Timestamp::from_unix_micros(at.unix_micros() + millis * 1000))
    }

    /// Whether one process is appending to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The name while the file is written.
    #[must_use]
    pub fn opened(mut self) -> Self {
        self.open = true;
        self
    }

    /// The name once it is finished: the one that `WARC-Filename` holds.
    #[must_use]
    pub fn finished(mut self) -> Self {
        self.open = false;
        self
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, stamp, serial, host, suffix, open } = self;
        write!(f, "{prefix}-{stamp}-{serial:05}-{host}{suffix}")?;
        if *open { f.write_str(OPEN_SUFFIX) } else { Ok(()) }
    }
}

/// Letters, digits, dots, dashes and underscores; no dot at the start, so that no name is hidden
/// and none leads out of its folder.
fn clean(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.char_indices()
        .map(|(at, c)| if plain(c) && !(at == 0 && c == '.') { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_micros(1_762_300_800_123_456);

    #[test]
    fn names_are_printed_and_read() {
        for (prefix, host, compression, expected) in [
            ("news", "box", Compression::default(), "news-20251105000000123-00007-box.warc.gz"),
            (
                "a-b-c",
                "my-host.example",
                Compression::Zstd(3),
                "a-b-c-20251105000000123-00007-my-host.example.warc.zst",
            ),
            ("../x y", "", Compression::None, "_._x_y-20251105000000123-00007-localhost.warc"),
        ] {
            let name = FileName::new(prefix, AT, 7, host, compression);
            assert_eq!(name.to_string(), expected);
            assert_eq!(FileName::parse(expected), Some(name.clone()));
            let open = name.clone().opened();
            assert_eq!(open.to_string(), format!("{expected}.open"));
            assert_eq!(FileName::parse(&open.to_string()), Some(open.clone()));
            assert_eq!(open.finished(), name);
            assert_eq!(name.timestamp().map(Timestamp::unix_micros), Some(1_762_300_800_123_000));
        }
    }

    #[test]
    fn other_names_are_none_of_ours() {
        for name in [
            "",
            "news.warc.gz",
            "news-20251105000000123-00007.warc.gz",
            "news-20251105000000-00007-box.warc.gz",
            "news-20251105000000123-7-box.warc.gz",
            "-20251105000000123-00007-box.warc.gz",
            "news-20251105000000123-00007-box.warc.gz.partial",
            "a/b-20251105000000123-00007-box.warc.gz",
        ] {
            assert_eq!(FileName::parse(name), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_reads_back(prefix in "\\PC{1,20}", host in "[a-z0-9.\\-]{1,20}", serial in 0u32..100_000) {
            let name = FileName::new(&prefix, AT, serial, &host, Compression::default());
            let read = FileName::parse(&name.to_string());
            proptest::prop_assert_eq!(read.map(|n| n.to_string()), Some(name.to_string()));
        }
    }
}
