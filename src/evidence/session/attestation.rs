//! What a relay signs of a session: a signed note (c2sp.org/signed-note).
//!
//! ```text
//! pressmark relay session 1
//! session 0f3a…                          16 random bytes of the relay, hexadecimal
//! target news.example:443                what was asked for: a name, which the relay looked up itself
//! peer 192.0.2.7:443                     the address of that name
//! begin 2026-11-30T02:00:00.000000Z      when the connection was established, and
//! end 2026-11-30T02:00:01.000000Z          when both ends had closed it
//! sent 1234 9f…                          bytes to the server, and their SHA-256
//! received 56789 3c…                     bytes from the server
//!
//! — relay.example BASE64
//! ```

use std::net::SocketAddr;

use data_encoding::HEXLOWER;

use crate::base::Timestamp;
use crate::evidence::LogKey;
use crate::evidence::note::{Note, VerifierKey};

/// The first line.
const TITLE: &str = "pressmark relay session 1";
/// The longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 4096;
/// The longest name of a host.
const HOST_BYTES_MAX: usize = 253;

/// One direction of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// How many bytes.
    pub length: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

/// What a relay says of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The session.
    pub session: [u8; 16],
    /// The host that was asked for.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that the relay was connected to.
    pub peer: SocketAddr,
    /// When the connection was established.
    pub begin: Timestamp,
    /// When both ends had closed it.
    pub end: Timestamp,
    /// Bytes to the server.
    pub sent: Flow,
    /// Bytes from the server.
    pub received: Flow,
}

impl Attestation {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let flow = |flow: &Flow| format!("{} {}", flow.length, HEXLOWER.encode(&flow.sha256));
        format!(
            "{TITLE}\nsession {}\ntarget {}:{}\npeer {}\nbegin {}\nend {}\nsent {}\nreceived {}\n",
            HEXLOWER.encode(&self.session),
            self.host,
            self.port,
            self.peer,
            self.begin.to_warc_date(),
            self.end.to_warc_date(),
            flow(&self.sent),
            flow(&self.received)
        )
    }

    /// The note that a relay of this name signs.
    #[must_use]
    pub fn signed(&self, key: &LogKey, name: &str) -> String {
        let mut note = Note { text: self.text(), signatures: Vec::new() };
        key.sign_note(name, &mut note);
        note.render()
    }

    /// Reads a note, with its signatures; `None` where it is not exactly of the form.
    #[must_use]
    pub fn parse(note: &[u8]) -> Option<(Self, Note)> {
        if note.len() > NOTE_BYTES_MAX {
            return None;
        }
        let note = Note::parse(std::str::from_utf8(note).ok()?)?;
        let mut lines = note.text.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let session = HEXLOWER.decode(field("session")?.as_bytes()).ok()?.try_into().ok()?;
        let (host, port) = field("target")?.rsplit_once(':')?;
        let peer = field("peer")?.parse().ok()?;
        let begin = Timestamp::parse(field("begin")?)?;
        let end = Timestamp::parse(field("end")?)?;
        let flow = |text: &str| {
            let (length, digest) = text.split_once(' ')?;
            let sha256 = HEXLOWER.decode(digest.as_bytes()).ok()?.try_into().ok()?;
            Some(Flow { length: length.parse().ok()?, sha256 })
        };
        let sent = flow(field("sent")?)?;
        let received = flow(field("received")?)?;
        let host = host.to_owned();
        let fits = !host.is_empty()
            && host.len() <= HOST_BYTES_MAX
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        let own =
            Self { session, host, port: port.parse().ok()?, peer, begin, end, sent, received };
        // Exactly this text, so that each statement has one form.
        (fits && begin <= end && own.text() == note.text).then_some((own, note))
    }
}

/// The signature of this relay on a note.
#[must_use]
pub fn signed_by<'k>(note: &Note, relays: &'k [VerifierKey]) -> Option<&'k VerifierKey> {
    relays.iter().find(|relay| note.signed_by(relay))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attestation() -> Attestation {
        let at = Timestamp::from_unix_seconds(1_770_000_000);
        Attestation {
            session: [7; 16],
            host: "news.example".to_owned(),
            port: 443,
            peer: "192.0.2.7:443".parse().unwrap(),
            begin: at,
            end: at,
            sent: Flow { length: 12, sha256: [1; 32] },
            received: Flow { length: 34, sha256: [2; 32] },
        }
    }

    #[test]
    fn a_note_is_read_back_and_nothing_like_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("k")).unwrap();
        let own = attestation();
        let note = own.signed(&key, "relay.example");
        let (read, signed) = Attestation::parse(note.as_bytes()).unwrap();
        assert_eq!(read, own);
        let keys = [key.verifier("relay.example")];
        assert!(signed_by(&signed, &keys).is_some());
        assert!(signed_by(&signed, &[key.verifier("other.example")]).is_none());
        for (from, to) in [
            ("sent 12", "sent 012"),
            ("sent 12", "sent 13"),
            ("port", "port"),
            ("news.example", "news example"),
            ("session 1", "session 2"),
            ("end 2", "end 1"),
        ] {
            let changed = note.replace(from, to);
            let is_same = changed == note;
            let read = Attestation::parse(changed.as_bytes());
            let holds = read.is_some_and(|(_, note)| signed_by(&note, &keys).is_some());
            assert_eq!(holds, is_same, "{from} as {to}");
        }
    }

    #[test]
    fn a_host_that_the_relay_connects_to_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("k")).unwrap();
        for (host, fits) in [("a_b.news-1.example", true), ("a/b.example", false), ("", false)] {
            let own = Attestation { host: host.to_owned(), ..attestation() };
            let read = Attestation::parse(own.signed(&key, "relay.example").as_bytes());
            assert_eq!(read.map(|(read, _)| read), fits.then_some(own), "{host}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let _ = Attestation::parse(&bytes);
        }

        #[test]
        fn what_is_read_prints_as_it_was(port in 1u16.., sent in 0u64..1 << 60, second in 0i64..4_000_000_000) {
            let at = Timestamp::from_unix_seconds(second);
            let own = Attestation { port, begin: at, end: at, sent: Flow { length: sent, sha256: [9; 32] }, ..attestation() };
            let dir = tempfile::tempdir().unwrap();
            let key = LogKey::make(&dir.path().join("k")).unwrap();
            let read = Attestation::parse(own.signed(&key, "r").as_bytes());
            proptest::prop_assert_eq!(read.map(|(read, _)| read), Some(own));
        }
    }
}
