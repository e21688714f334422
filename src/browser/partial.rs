//! A range that a script asks for, cut from the whole answer: servers are asked for whole answers only, which are what
//! is kept.

use std::sync::Arc;

use crate::http::range::{Part, part_of};
use crate::http::{Exchange, Head, decode_body, payload_of};

/// The longest answer that is cut, in bytes; a longer one is handed on whole.
const WHOLE_BYTES_MAX: usize = 64 << 20;
/// How many answers are kept, so that the next range of one is cut from it without asking its server again.
const KEPT_MAX: usize = 8;
/// Fields of the whole that are not true of a part of it, or belong to a connection.
const OF_WHOLE: [&str; 7] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "keep-alive",
    "trailer",
    "transfer-encoding",
];

/// The range that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The `Range` field.
    pub range: String,
    /// The `If-Range` field, where there is one.
    pub condition: Option<String>,
}

/// An answer that was made of a whole one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// All of it, its head included.
    pub bytes: Vec<u8>,
    /// What was made, as text.
    pub what: String,
}

/// Whether ranges can be cut from an answer.
pub(super) fn is_whole(exchange: &Exchange) -> bool {
    exchange.shape.status == Some(200) && exchange.truncated.is_none()
}

impl Wanted {
    /// The range of an answer. None where the answer is to be handed on as it is: it is not whole, no single range of it
    /// is asked for, or it is too long. Reads all of the answer.
    pub fn cut(&self, exchange: &Exchange) -> Option<Cut> {
        if !is_whole(exchange) {
            return None;
        }
        let head_len = usize::try_from(exchange.shape.head_len).ok()?;
        let head = Head::parse(&exchange.response.prefix(head_len).ok()?);
        let etag = head.get_text("etag");
        // A weak tag does not say that the bytes are the same, and a date not that it has not changed within its second.
        let is_same = |condition: &str| {
            !condition.starts_with("W/") && etag.as_deref().is_some_and(|etag| etag == condition)
        };
        if self.condition.as_deref().is_some_and(|condition| !is_same(condition)) {
            return None;
        }
        let payload = payload_of(&exchange.response, &exchange.shape).ok()?;
        // Scripts count the bytes that they get, not the packed ones.
        let whole = decode_body(payload, &head, WHOLE_BYTES_MAX);
        if whole.cut.is_some() {
            return None;
        }
        let length = whole.bytes.len();
        let place = |at: u64| usize::try_from(at).unwrap_or(length);
        let (status, range) = match part_of(&self.range, length as u64) {
            Part::Whole => return None,
            Part::Bytes(range) => {
                ("206 Partial Content", Some(place(range.start)..place(range.end)))
            }
            Part::Unsatisfiable => ("416 Range Not Satisfiable", None),
        };
        let (named, what) = match &range {
            Some(range) => {
                let named = format!("{}-{}", range.start, range.end - 1);
                let what = format!("sent bytes {named} of {length} with status 206");
                (named, what)
            }
            None => ("*".to_owned(), format!("sent status 416: {} of {length}", self.range)),
        };
        let body = range.map(|range| &whole.bytes[range]).unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
        for field in head.fields().filter(|field| !OF_WHOLE.iter().any(|name| field.is(name))) {
            bytes.extend_from_slice(field.name);
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(&field.unfolded());
            bytes.extend_from_slice(b"\r\n");
        }
        let made = format!(
            "Content-Range: bytes {named}/{length}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        bytes.extend_from_slice(made.as_bytes());
        bytes.extend_from_slice(body);
        Some(Cut { bytes, what })
    }
}

/// What an answer is kept under: its address, and what else was sent for it.
pub(super) type Key = (String, Vec<(String, String)>, Option<String>);

/// An exchange, and the record that has it.
pub(super) type Answer = (Arc<Exchange>, Option<String>);

/// The last answers of which ranges were asked for.
#[derive(Debug, Default)]
pub(super) struct Wholes(std::collections::VecDeque<(Key, Answer)>);

impl Wholes {
    /// The answer that is kept under a key.
    pub fn get(&self, key: &Key) -> Option<Answer> {
        self.0.iter().find(|(kept, _)| kept == key).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer in place of the oldest.
    pub fn keep(&mut self, key: Key, answer: Answer) {
        if self.0.len() >= KEPT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((key, answer));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::{TargetUri, Timestamp};
    use crate::http::{Method, Stored, Timing, Truncated, shape_of};

    fn exchange(bytes: &[u8]) -> Exchange {
        let none = Duration::ZERO;
        Exchange {
            uri: TargetUri::parse("https://a.example/").unwrap(),
            method: "GET",
            date: Timestamp::from_unix_seconds(0),
            peer: None,
            request: Vec::new(),
            has_credentials: false,
            interim: Vec::new(),
            shape: shape_of(bytes, Method::Get),
            response: Stored::Memory(bytes.to_vec()),
            surplus: Vec::new(),
            truncated: None,
            session: None,
            tls: None,
            dns: None,
            timing: Timing { connect: none, first_byte: none, total: none },
        }
    }

    fn wanted(range: &str) -> Wanted {
        Wanted { range: range.to_owned(), condition: None }
    }

    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n\
        Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n";

    #[test]
    fn a_range_is_cut_from_the_whole() {
        let cut = wanted("bytes=2-7").cut(&exchange(WHOLE)).unwrap();
        assert_eq!(cut.what, "sent bytes 2-7 of 10 with status 206");
        assert_eq!(
            String::from_utf8(cut.bytes).unwrap(),
            "HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n\
             Access-Control-Allow-Origin: *\r\nContent-Range: bytes 2-7/10\r\nContent-Length: 6\r\n\
             Connection: close\r\n\r\n234567"
        );
        let none = wanted("bytes=10-").cut(&exchange(WHOLE)).unwrap();
        let head = String::from_utf8(none.bytes).unwrap();
        assert!(head.starts_with("HTTP/1.1 416 "), "{head}");
        assert!(head.contains("\r\nContent-Range: bytes */10\r\n"), "{head}");
        assert!(head.ends_with("Content-Length: 0\r\nConnection: close\r\n\r\n"), "{head}");
    }

    #[test]
    fn a_packed_answer_is_unpacked_first() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, b"0123456789").unwrap();
        let body = packer.finish().unwrap();
        let mut bytes = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&body);
        let cut = String::from_utf8(wanted("bytes=-3").cut(&exchange(&bytes)).unwrap().bytes);
        let cut = cut.unwrap();
        assert!(cut.ends_with("\r\n\r\n789") && !cut.contains("gzip"), "{cut}");
    }

    #[test]
    fn what_is_not_whole_or_not_asked_for_in_one_range_is_handed_on() {
        assert_eq!(wanted("bytes=0-1,3-4").cut(&exchange(WHOLE)), None);
        assert_eq!(wanted("lines=0-1").cut(&exchange(WHOLE)), None);
        let other = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(wanted("bytes=0-1").cut(&exchange(other)), None);
        let short = Exchange { truncated: Some(Truncated::Length), ..exchange(WHOLE) };
        assert_eq!(wanted("bytes=0-1").cut(&short), None);
        for (condition, is_cut) in [("\"a\"", true), ("\"b\"", false), ("W/\"a\"", false)] {
            let wanted = Wanted { condition: Some(condition.to_owned()), ..wanted("bytes=0-1") };
            assert_eq!(wanted.cut(&exchange(WHOLE)).is_some(), is_cut, "{condition}");
        }
    }

    #[test]
    fn answers_are_kept_by_what_was_sent_and_not_without_end() {
        let mut wholes = Wholes::default();
        let key = |number: usize, value: &str| -> Key {
            (format!("https://a.example/{number}"), vec![("x".to_owned(), value.to_owned())], None)
        };
        for number in 0..=KEPT_MAX {
            wholes.keep(key(number, "1"), (Arc::new(exchange(WHOLE)), None));
        }
        assert!(wholes.get(&key(0, "1")).is_none(), "the oldest went");
        assert!(wholes.get(&key(1, "1")).is_some());
        assert!(wholes.get(&key(1, "2")).is_none());
    }
}
