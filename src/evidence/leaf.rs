//! The contents of the log: a leaf as text, its entry, its hash.
//!
//! ```text
//! pressmark/leaf/1 record            what the text is about
//! id <urn:uuid:…>                    a line for each fact, in this order
//! type response
//! uri https://www.example.org/a
//! date 2025-11-05T00:00:00.123456Z
//! block sha256:…
//! payload sha256:…                   `-` where the record has none
//! header sha256:…                    of the record's header, `WARC/1.1` to the empty line
//! ```
//!
//! The entry in the log is the SHA-256 of that text, 32 bytes; the leaf hash is that of RFC 6962
//! section 2.1 over the entry. So the log holds no text of pages or URIs, and every leaf can be
//! made again from the WARC files. Facts of the archive itself (a sealed file, a key) are leaves of
//! the same form, whose texts are kept as [`Statement`]s.

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, digest};
use tlog_tiles::Hash;

use crate::warc::{Fields, name};

/// The length of an entry.
pub const ENTRY_LEN: usize = 32;

/// SHA-256 of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// The entry of a leaf's text.
#[must_use]
pub fn entry_of(text: &str) -> [u8; ENTRY_LEN] {
    sha256(text.as_bytes())
}

/// The entry of a record that is being written: as it will be derived from the file.
#[must_use]
pub fn mark_of(fields: &Fields, header: &[u8]) -> [u8; ENTRY_LEN] {
    entry_of(&record_text(fields, header, None))
}

/// The leaf hash of an entry (RFC 6962 section 2.1).
#[must_use]
pub fn hash_of(entry: &[u8; ENTRY_LEN]) -> Hash {
    tlog_tiles::record_hash(entry)
}

/// The leaf of a record. `block` is the digest of its block where the header states none.
#[must_use]
pub fn record_text(fields: &Fields, header: &[u8], block: Option<&str>) -> String {
    let value = |name: &str| fields.get(name).map_or_else(|| "-".to_owned(), plain);
    let block = match (fields.get(name::BLOCK_DIGEST), block) {
        (Some(stated), _) => plain(stated),
        (None, Some(counted)) => counted.to_owned(),
        (None, None) => "-".to_owned(),
    };
    format!(
        "{RECORD}\nid {}\ntype {}\nuri {}\ndate {}\nblock {block}\npayload {}\nheader sha256:{}\n",
        value(name::RECORD_ID),
        value(name::TYPE),
        value(name::TARGET_URI),
        value(name::DATE),
        value(name::PAYLOAD_DIGEST),
        HEXLOWER.encode(&sha256(header)),
    )
}

/// The first line of a record's leaf.
const RECORD: &str = "pressmark/leaf/1 record";

/// What the leaf of a record says, each value as the text has it: `-` for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLeaf<'a> {
    /// `WARC-Record-ID`.
    pub id: &'a str,
    /// `WARC-Type`.
    pub kind: &'a str,
    /// `WARC-Target-URI`.
    pub uri: &'a str,
    /// `WARC-Date`.
    pub date: &'a str,
    /// The digest of the block.
    pub block: &'a str,
    /// `WARC-Payload-Digest`.
    pub payload: &'a str,
    /// The digest of the header.
    pub header: &'a str,
}

impl<'a> RecordLeaf<'a> {
    /// Reads a leaf; `None` where it is not one of a record, or not exactly of the form.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != RECORD {
            return None;
        }
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let leaf = Self {
            id: value("id")?,
            kind: value("type")?,
            uri: value("uri")?,
            date: value("date")?,
            block: value("block")?,
            payload: value("payload")?,
            header: value("header")?,
        };
        lines.next().is_none().then_some(leaf)
    }
}

/// A field's value on one line: controls, and bytes that are no ASCII, percent-encoded.
pub(super) fn plain(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.trim_ascii() {
        match byte {
            0x20..=0x7e => out.push(char::from(*byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    if out.is_empty() { "-".to_owned() } else { out }
}

/// A leaf that is about no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A WARC file is complete.
    File {
        /// Its name.
        name: String,
        /// Its length in bytes.
        length: u64,
        /// SHA-256 of all of it.
        sha256: [u8; 32],
    },
    /// A stretch of a WARC file that is still being written.
    Span {
        /// The file's name, as it will be.
        name: String,
        /// From this byte.
        from: u64,
        /// To before this byte.
        to: u64,
        /// SHA-256 of these bytes.
        sha256: [u8; 32],
    },
    /// From here on this key signs.
    Key {
        /// The log's name.
        origin: String,
        /// The key, as c2sp.org/signed-note writes verifier keys.
        key: String,
        /// The one it replaces.
        before: Option<String>,
        /// The signature of the one it replaces; `None` for the first, and where that was lost.
        signature: Option<Vec<u8>>,
    },
    /// Which of several archives that share the log a file is of.
    Kept {
        /// The name of the file.
        name: String,
        /// What the log calls the archive.
        archive: String,
    },
    /// A file that was made elsewhere was taken in; its records are as old as they say.
    Adopted {
        /// Its name.
        name: String,
    },
    /// A time stamp over an earlier checkpoint is kept.
    Stamp {
        /// The size of the checkpoint that it is over.
        checkpoint: u64,
        /// The authority, as file names have it.
        authority: String,
        /// SHA-256 of the response.
        response: [u8; 32],
        /// SHA-256 of the chain that is kept with it.
        chain: [u8; 32],
    },
    /// A record was removed by order.
    Purged {
        /// The file it was in.
        name: String,
        /// Where.
        offset: u64,
        /// SHA-256 of its signed tombstone.
        tombstone: [u8; 32],
        /// SHA-256 of the whole file since then.
        sha256: [u8; 32],
    },
}

/// What the key before signs when it hands over.
#[must_use]
pub fn key_change_text(origin: &str, before: &str, key: &str) -> String {
    format!("pressmark/key-change/1\norigin {origin}\nbefore {before}\nkey {key}\n")
}

impl Statement {
    /// The leaf's text.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::File { name, length, sha256 } => format!(
                "pressmark/leaf/1 file\nname {}\nlength {length}\nsha256 {}\n",
                plain(name.as_bytes()),
                HEXLOWER.encode(sha256)
            ),
            Self::Span { name, from, to, sha256 } => format!(
                "pressmark/leaf/1 span\nname {}\nfrom {from}\nto {to}\nsha256 {}\n",
                plain(name.as_bytes()),
                HEXLOWER.encode(sha256)
            ),
            Self::Key { origin, key, before, signature } => format!(
                "pressmark/leaf/1 key\norigin {origin}\nkey {key}\nbefore {}\nsignature {}\n",
                before.as_deref().unwrap_or("-"),
                signature.as_ref().map_or_else(|| "-".to_owned(), |s| BASE64.encode(s)),
            ),
            Self::Adopted { name } => {
                format!("pressmark/leaf/1 adopted\nname {}\n", plain(name.as_bytes()))
            }
            Self::Stamp { checkpoint, authority, response, chain } => format!(
                "pressmark/leaf/1 stamp\ncheckpoint {checkpoint}\nauthority {}\nresponse {}\nchain {}\n",
                plain(authority.as_bytes()),
                HEXLOWER.encode(response),
                HEXLOWER.encode(chain)
            ),
            Self::Kept { name, archive } => format!(
                "pressmark/leaf/1 kept\nname {}\narchive {}\n",
                plain(name.as_bytes()),
                plain(archive.as_bytes())
            ),
            Self::Purged { name, offset, tombstone, sha256 } => format!(
                "pressmark/leaf/1 purged\nname {}\noffset {offset}\ntombstone {}\nsha256 {}\n",
                plain(name.as_bytes()),
                HEXLOWER.encode(tombstone),
                HEXLOWER.encode(sha256)
            ),
        }
    }

    /// Reads a text back; `None` where it is not exactly what [`Self::text`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let kind = lines.next()?.strip_prefix("pressmark/leaf/1 ")?;
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let some = |v: &str| (v != "-").then(|| v.to_owned());
        let hash = |v: &str| <[u8; 32]>::try_from(HEXLOWER.decode(v.as_bytes()).ok()?).ok();
        let statement = match kind {
            "file" => Self::File {
                name: value("name")?.to_owned(),
                length: value("length")?.parse().ok()?,
                sha256: hash(value("sha256")?)?,
            },
            "span" => Self::Span {
                name: value("name")?.to_owned(),
                from: value("from")?.parse().ok()?,
                to: value("to")?.parse().ok()?,
                sha256: hash(value("sha256")?)?,
            },
            "key" => Self::Key {
                origin: value("origin")?.to_owned(),
                key: value("key")?.to_owned(),
                before: some(value("before")?),
                signature: match value("signature")? {
                    "-" => None,
                    signature => Some(BASE64.decode(signature.as_bytes()).ok()?),
                },
            },
            "adopted" => Self::Adopted { name: value("name")?.to_owned() },
            "stamp" => Self::Stamp {
                checkpoint: value("checkpoint")?.parse().ok()?,
                authority: value("authority")?.to_owned(),
                response: hash(value("response")?)?,
                chain: hash(value("chain")?)?,
            },
            "kept" => {
                let name = value("name")?.to_owned();
                Self::Kept { name, archive: value("archive")?.to_owned() }
            }
            "purged" => Self::Purged {
                name: value("name")?.to_owned(),
                offset: value("offset")?.parse().ok()?,
                tombstone: hash(value("tombstone")?)?,
                sha256: hash(value("sha256")?)?,
            },
            _ => return None,
        };
        (statement.text() == text).then_some(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_leaf_names_the_record_and_its_digests() {
        let mut fields = Fields::new();
        fields.push("WARC-Type", "response");
        fields.push("WARC-Record-ID", "<urn:uuid:1>");
        fields.push("WARC-Target-URI", "http://a.example/x\u{e9}");
        fields.push("WARC-Date", "2025-11-05T00:00:00Z");
        fields.push("WARC-Block-Digest", "sha256:00");
        let text = record_text(&fields, b"WARC/1.1\r\n\r\n", Some("ignored"));
        let header = HEXLOWER.encode(&sha256(b"WARC/1.1\r\n\r\n"));
        assert_eq!(
            text,
            format!(
                "pressmark/leaf/1 record\nid <urn:uuid:1>\ntype response\nuri http://a.example/x%C3%A9\ndate 2025-11-05T00:00:00Z\nblock sha256:00\npayload -\nheader sha256:{header}\n"
            )
        );
        let leaf = RecordLeaf::parse(&text).unwrap();
        assert_eq!((leaf.uri, leaf.payload), ("http://a.example/x%C3%A9", "-"));
        for wrong in [text.trim_end(), &text.replace("uri", "url"), &format!("{text}more\n")] {
            assert_eq!(RecordLeaf::parse(wrong), None);
        }
        assert_eq!(plain(b" a\x07b\n"), "a%07b");
        assert_ne!(record_text(&fields, b"WARC/1.1\r\n\n", None), text);
    }

    #[test]
    fn statements_read_back_and_nothing_else_does() {
        let key = |before: Option<&str>, signature| Statement::Key {
            origin: "o".into(),
            key: "o+1+k".into(),
            before: before.map(str::to_owned),
            signature,
        };
        for statement in [
            Statement::File { name: "a.warc.gz".into(), length: 7, sha256: [9; 32] },
            Statement::Span { name: "a.warc.gz".into(), from: 7, to: 9, sha256: [1; 32] },
            key(None, None),
            key(Some("o+1+j"), Some(vec![3; 64])),
            Statement::Adopted { name: "b.warc".into() },
            Statement::Kept { name: "b.warc".into(), archive: "0123abcd".into() },
            Statement::Stamp {
                checkpoint: 7,
                authority: "a.example_ts".into(),
                response: [2; 32],
                chain: [4; 32],
            },
            Statement::Purged {
                name: "a.warc.gz".into(),
                offset: 7,
                tombstone: [5; 32],
                sha256: [6; 32],
            },
        ] {
            let text = statement.text();
            assert_eq!(Statement::parse(&text), Some(statement));
            assert_eq!(Statement::parse(&format!("{text}more\n")), None);
            assert_eq!(Statement::parse(text.trim_end()), None);
        }
        assert_eq!(Statement::parse("pressmark/leaf/1 file\nname a\nlength 07\nsha256 00\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "(pressmark/leaf/1 (file|span|key|adopted|kept|stamp|purged)\n)?[ -~\n]{0,120}") {
            let _ = Statement::parse(&text);
        }

        #[test]
        fn a_value_is_always_one_line(value in proptest::collection::vec(0u8.., 0..40)) {
            proptest::prop_assert!(!plain(&value).contains(['\n', '\r']));
        }
    }
}
