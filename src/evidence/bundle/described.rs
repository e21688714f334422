//! `bundle.json`: what the files of a bundle are, for programs.
//!
//! Every value in it follows from the records, the log or the tokens, and is compared with them when
//! a bundle is checked, but for what the archive alone knows: when and by what the bundle was made,
//! and where in the archive a record is. Those rest on the signature over the list of files.
//! A field that is not known here, or that occurs twice, makes it unreadable.

use serde::{Deserialize, Deserializer, Serialize};

/// The format that is written.
pub const FORMAT: &str = "pressmark/bundle/2";
/// The format before it: without the statements of keys, without proofs of consistency, and with a
/// list of files that need not be signed.
pub const FORMAT_1: &str = "pressmark/bundle/1";

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// `pressmark/bundle/2`.
    pub format: String,
    /// The page: the target URI of the capture, without the angle brackets of old files.
    pub url: String,
    /// When it was captured: the date of that record.
    pub date: String,
    /// When the bundle was made.
    pub made: String,
    /// By what.
    pub software: String,
    /// What made the article's text.
    pub extractor: String,
    /// The file with the records.
    pub warc: String,
    /// The records, in the order of that file; those that are withheld at their places between.
    pub records: Vec<DescribedRecord>,
    /// The checkpoint that the proofs of the records lead to.
    pub checkpoint: DescribedCheckpoint,
    /// The newest one when the bundle was made.
    pub newest: DescribedCheckpoint,
    /// The keys of the log, oldest first.
    pub keys: Vec<DescribedKey>,
    /// The time stamps over the checkpoint.
    pub timestamps: Vec<DescribedStamp>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedRecord {
    /// From 1; the number of its leaf's and proof's files.
    pub number: u64,
    /// Its role for the capture.
    pub role: String,
    /// `WARC-Type`, as the leaf has it, and so are the three that follow: `-` for none.
    #[serde(rename = "type")]
    pub kind: String,
    /// `WARC-Target-URI`.
    pub uri: String,
    /// `WARC-Date`.
    pub date: String,
    /// `WARC-Record-ID`.
    pub record_id: String,
    /// The index of its leaf.
    pub leaf: u64,
    /// Where it is in the file with the records; `None` where it is withheld.
    #[serde(deserialize_with = "there")]
    pub offset: Option<u64>,
    /// How long its member is.
    #[serde(deserialize_with = "there")]
    pub length: Option<u64>,
    /// SHA-256 of its member, hexadecimal.
    #[serde(deserialize_with = "there")]
    pub sha256: Option<String>,
    /// What of it is withheld: the names of fields, or `body`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Vec<String>>,
    /// Its file in the archive.
    pub archive_file: String,
    /// Where it is in that.
    pub archive_offset: u64,
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedCheckpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves it covers.
    pub size: u64,
    /// The root hash, base64.
    pub root: String,
    /// When it was signed, by the archive's clock.
    #[serde(deserialize_with = "there")]
    pub time: Option<String>,
    /// The number of the key that signed it.
    pub key: u64,
}

/// A key of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedKey {
    /// From 1; the number of its files.
    pub number: u64,
    /// The index of the leaf that names it.
    pub leaf: u64,
    /// The key, as c2sp.org/signed-note writes it.
    pub key: String,
}

/// A time stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedStamp {
    /// The authority, as the names of its files have it.
    pub authority: String,
    /// When.
    pub time: String,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Who signed it.
    pub signer: String,
}

/// A value that may be null, and must be there.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// A value that may be missing, and is not null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl Description {
    /// As the file has it.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and numbers are always JSON.
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The names of the files that a bundle of this description has; those that a reader may do
    /// without, and the list of files, not among them.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> =
            ["bundle.json", "checkpoint", "log/newest", "log/consistency", &self.warc]
                .map(str::to_owned)
                .to_vec();
        for record in &self.records {
            let n = record.number;
            names.push(format!("leaves/{n:02}.txt"));
            names.push(format!("proofs/{n:02}.tlog-proof"));
            names.push(format!("proofs/{n:02}.path"));
            if record.withheld.is_some() {
                names.push(format!("withheld/{n:02}.header"));
                names.push(format!("withheld/{n:02}.txt"));
            }
        }
        for DescribedKey { number: n, .. } in &self.keys {
            names.extend(["txt", "tlog-proof", "pem"].map(|end| format!("keys/{n:02}.{end}")));
        }
        for DescribedStamp { authority, .. } in &self.timestamps {
            names.extend(["tsr", "pem"].map(|end| format!("timestamps/{authority}.{end}")));
        }
        names
    }
}
