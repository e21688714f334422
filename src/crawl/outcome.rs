//! What became of one URL, and the line that the crawl log gets for it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::printable::is_plain;
use crate::base::{Digest, TargetUri, Timestamp};

/// What was stored for an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// A response with its payload.
    New,
    /// A revisit: the payload was there already.
    Revisit,
    /// A revisit: the server said that nothing changed.
    NotModified,
}

/// What became of one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was a response, whatever its status.
    Fetched {
        /// The status; `None` where the status line could not be read.
        status: Option<u16>,
        /// What was stored.
        stored: Stored,
        /// `WARC-Truncated`, where it was cut short.
        truncated: Option<&'static str>,
    },
    /// There was no response.
    Failed {
        /// The step: `dns`, `connect`, `tls`, `timeout`, `reset`, `address-refused`.
        step: &'static str,
        /// Why, as text.
        why: String,
    },
    /// robots.txt forbids it.
    Refused {
        /// The rule.
        why: String,
    },
    /// Its robots.txt cannot be reached, so that it is unknown whether the URL may be asked for. It
    /// stays queued.
    RobotsUnreachable {
        /// The result of the newest attempt, and when the next is made.
        why: String,
    },
}

/// Why what a capture says was not read, though it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It took longer than `crawl.reading_max`.
    TooLong,
    /// The reader failed with this message.
    Broken(String),
    /// A stop was asked for meanwhile; the URL is asked for again by the next run.
    Stopped,
    /// The index of captures did not answer; the URL is asked for again when it does.
    IndexAway,
}

impl Unread {
    /// Whether the URL is asked for again, since nothing is wrong with what was captured.
    #[must_use]
    pub fn is_asked_again(&self) -> bool {
        matches!(self, Self::Stopped | Self::IndexAway)
    }

    /// The word for it in the log and in metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Broken(_) => "broken",
            Self::Stopped => "stopped",
            Self::IndexAway => "index-away",
        }
    }
}

/// Everything the log says of one URL.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The URL.
    pub uri: TargetUri,
    /// When the exchange began, or was refused.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// How it was found, a letter a step.
    pub path: String,
    /// Where it was found.
    pub via: Option<String>,
    /// The media type of the response.
    pub media_type: Option<String>,
    /// Bytes received.
    pub bytes: u64,
    /// How long the exchange took.
    pub took: Duration,
    /// The payload digest.
    pub digest: Option<Digest>,
    /// WARC file, offset and record id of what was stored.
    pub place: Option<(String, u64, String)>,
    /// Why what it says was not read, where it was to be.
    pub unread: Option<Unread>,
}

impl Finished {
    /// A URL of which nothing was received: the caller adds how it was found.
    #[must_use]
    pub fn without_exchange(uri: TargetUri, at: Timestamp, outcome: Outcome) -> Self {
        Self {
            uri,
            at,
            outcome,
            path: String::new(),
            via: None,
            media_type: None,
            bytes: 0,
            took: Duration::ZERO,
            digest: None,
            place: None,
            unread: None,
        }
    }

    /// The line of the crawl log, without its end. Fourteen fields separated by one space each;
    /// `-` where there is nothing; what holds spaces is percent-encoded. The fields are described
    /// in `docs/reference/crawl-log.md`.
    #[must_use]
    pub fn log_line(&self) -> String {
        let (code, stored, note) = match &self.outcome {
            Outcome::Fetched { status, stored, truncated } => (
                status.map_or_else(|| "-".to_owned(), |s| s.to_string()),
                match stored {
                    Stored::New => "new",
                    Stored::Revisit => "revisit",
                    Stored::NotModified => "not-modified",
                },
                truncated.map(|t| format!("truncated:{t}")),
            ),
            Outcome::Failed { step, why } => ((*step).to_owned(), "failure", Some(why.clone())),
            Outcome::Refused { why } => ("robots".to_owned(), "-", Some(why.clone())),
            Outcome::RobotsUnreachable { why } => {
                ("robots-unreachable".to_owned(), "-", Some(why.clone()))
            }
        };
        let unread = self.unread.as_ref().map(|why| format!("unread:{}", why.label()));
        let notes: Vec<String> = note.into_iter().chain(unread).collect();
        let (file, offset, record) = match &self.place {
            Some((file, offset, record)) => (file.as_str(), offset.to_string(), record.as_str()),
            None => ("-", "-".to_owned(), "-"),
        };
        let mut line = String::new();
        // Writing into a String cannot fail.
        let _ = write!(
            line,
            "{} {code} {} {} {} {} {} {} {} {stored} {file} {offset} {record} {}",
            self.at.to_warc_date(),
            self.bytes,
            word(self.uri.as_str()),
            word(&self.path),
            word(self.via.as_deref().unwrap_or("")),
            word(self.media_type.as_deref().unwrap_or("")),
            self.took.as_millis(),
            self.digest.map_or_else(|| "-".to_owned(), |d| d.to_string()),
            word(&notes.join(",")),
        );
        line
    }
}

/// A text as one word: white space and what cannot be printed as it is are percent-encoded.
fn word(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || !is_plain(c) {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_has_fourteen_words_whatever_it_says() {
        let finished = Finished {
            uri: TargetUri::parse("http://a.example/x y").unwrap(),
            at: Timestamp::from_unix_seconds(0),
            outcome: Outcome::Failed {
                step: "dns",
                why: "no such\nhost\u{1b}[2J\u{202e}\u{200b}".into(),
            },
            path: String::new(),
            via: None,
            media_type: None,
            bytes: 0,
            took: Duration::from_millis(12),
            digest: None,
            place: None,
            unread: None,
        };
        let line = finished.log_line();
        assert_eq!(line.split(' ').count(), 14, "{line}");
        assert!(line.contains("http://a.example/x%20y"), "{line}");
        assert!(line.ends_with("no%20such%0Ahost%1B[2J%E2%80%AE%E2%80%8B"), "{line}");
        let outcome =
            Outcome::Fetched { status: Some(200), stored: Stored::New, truncated: Some("time") };
        let line = Finished { outcome, unread: Some(Unread::TooLong), ..finished }.log_line();
        assert!(line.ends_with(" truncated:time,unread:too-long"), "{line}");
    }
}
