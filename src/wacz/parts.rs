//! What a package is made of, and why it could not be made.

use std::io::{self, Read};

use serde_json::{Map, Value};

use crate::base::Timestamp;

/// Why no package was written.
#[derive(Debug, thiserror::Error)]
pub enum WaczError {
    /// The file cannot be written, or a member cannot be read.
    #[error("writing {path}: {why}")]
    Io {
        /// The file inside the package.
        path: String,
        /// What happened.
        why: io::Error,
    },
    /// The ZIP writer gave up.
    #[error("packing {path}: {why}")]
    Zip {
        /// The file inside the package.
        path: String,
        /// What happened.
        why: zip::result::ZipError,
    },
    /// A record is not a gzip member of its own.
    #[error("record {number} of {name} is not compressed with gzip")]
    NotGzip {
        /// The WARC file.
        name: String,
        /// Which one, from 0.
        number: usize,
    },
    /// A record has another number of bytes than was stated.
    #[error("record {number} of {name} has {found} bytes, not {expected}")]
    Length {
        /// The WARC file.
        name: String,
        /// Which one, from 0.
        number: usize,
        /// The bytes that came.
        found: u64,
        /// The bytes that were promised.
        expected: u64,
    },
    /// A name that the format has no place for.
    #[error("{0:?} cannot be the name of a file in a WACZ")]
    Name(String),
    /// A package needs at least one of them.
    #[error("a WACZ needs at least one {0}")]
    Nothing(&'static str),
    /// The key cannot be made or read.
    #[error("the signing key: {0}")]
    Key(String),
}

/// What goes into a package.
pub struct Package<'a> {
    /// The name of the WARC file: `NAME.warc.gz`.
    pub warc_name: String,
    /// Its records, in the order of the file.
    pub members: Vec<Member<'a>>,
    /// The pages that a reader may begin with; the first is the main one.
    pub pages: Vec<PageEntry>,
    /// What it is.
    pub title: Option<String>,
    /// The same in more words, Markdown.
    pub description: Option<String>,
    /// The program that makes it: `pressmark/0.1.0`.
    pub software: String,
    /// When it is made.
    pub created: Timestamp,
    /// Who signs the list of files besides, where someone does.
    pub seal: Option<Seal<'a>>,
    /// Further files: neither in `archive/`, `indexes/`, `pages/` nor one of the package's own.
    pub extra: Vec<Extra>,
}

/// A second signature over the list of files, which other readers pass over.
pub struct Seal<'a> {
    /// The key of the log that signs, as text.
    pub key: String,
    /// Signs `datapackage.json`.
    pub sign: &'a dyn Fn(&[u8]) -> Vec<u8>,
}

/// A record: one gzip member, byte for byte as it is in the archive.
pub struct Member<'a> {
    /// How many bytes it has.
    pub length: u64,
    /// The bytes.
    pub bytes: Box<dyn Read + 'a>,
    /// Its line of the index; none for records that are not captures.
    pub index: Option<IndexLine>,
}

/// A line of CDXJ, without what depends on the file it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexLine {
    /// The SURT urlkey.
    pub urlkey: String,
    /// The capture time.
    pub at: Timestamp,
    /// `url`, `mime`, `status`, `digest` and what else there is; `offset`, `length`, `filename` and
    /// `recordDigest` are set here.
    pub fields: Map<String, Value>,
}

/// A line of `pages.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEntry {
    /// The URL as it is in the index.
    pub url: String,
    /// The capture time.
    pub at: Timestamp,
    /// The headline.
    pub title: Option<String>,
    /// The article text, which readers search.
    pub text: Option<String>,
}

/// A further file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Where it is in the package.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The digest of `datapackage.json`, which stands for everything in the package: `sha256:…`.
    pub digest: String,
    /// How many records the WARC file has.
    pub records: usize,
    /// How many of them the index lists.
    pub indexed: usize,
}

/// Who signs a package.
pub trait Signer {
    /// The signature of a text: ECDSA over its SHA-256, `r` and `s` one after the other.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, WaczError>;

    /// The public key: a DER `SubjectPublicKeyInfo` (RFC 5480).
    ///
    /// # Errors
    /// When the key cannot be written.
    fn public_key(&self) -> Result<Vec<u8>, WaczError>;
}
