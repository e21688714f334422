//! Where an imported file came from.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lists::Lists;
use crate::store::durable::make_whole;

/// What is written first into an origin.
const FORMAT: &str = "pressmark origin 1";
const ENDING: &str = ".origin.json";

/// Where an imported file came from: `imported/NAME.origin.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `pressmark origin 1`.
    pub format: String,
    /// The file's name in the archive.
    pub name: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Where it was, as it was given.
    pub from: String,
    /// When it was imported, RFC 3339.
    pub imported: String,
    /// Records and captures in it.
    pub records: u64,
    /// Captures among the records.
    pub captures: u64,
    /// The package that it was taken out of. Written apart, with the lists of the package.
    #[serde(skip_serializing, default)]
    pub package: Option<PackageOrigin>,
}

/// The package of an imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageOrigin {
    /// The package's name.
    pub name: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
    /// The path of the file in it.
    pub path: String,
    /// The package's list of files and the digest over it, as text, by their paths: what its signature is
    /// over. They are with the file of the package that was imported first, and with no other.
    #[serde(skip_serializing, default)]
    pub files: BTreeMap<String, String>,
}

/// An origin as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    origin: &'a Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<WrittenPackage<'a>>,
}

#[derive(Serialize)]
struct WrittenPackage<'a> {
    #[serde(flatten)]
    package: &'a PackageOrigin,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a Lists<'a>>,
}

/// What is kept in memory of the origin of every file of an archive.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Known {
    pub name: String,
    pub digest: String,
    pub bytes: u64,
    pub records: u64,
    pub captures: u64,
}

impl Origin {
    /// An origin of this format.
    #[must_use]
    pub fn new(name: &str, digest: &str, bytes: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            name: name.to_owned(),
            digest: digest.to_owned(),
            bytes,
            from: String::new(),
            imported: String::new(),
            records: 0,
            captures: 0,
            package: None,
        }
    }

    /// Where the origin of a file of this name is.
    #[must_use]
    pub fn path(dir: &Path, name: &str) -> PathBuf {
        dir.join(format!("{name}{ENDING}"))
    }

    /// Writes it, with the lists of its package where they are to be with it; it is durable when this
    /// returns.
    pub(super) fn write(&self, dir: &Path, lists: Option<&Lists<'_>>) -> io::Result<()> {
        let package = self.package.as_ref().map(|package| WrittenPackage { package, files: lists });
        let written = Written { origin: self, package };
        make_whole(
            &Self::path(dir, &self.name),
            |why| why,
            |file: &fs::File| {
                let mut out = BufWriter::new(file);
                serde_json::to_writer_pretty(&mut out, &written)?;
                out.write_all(b"\n")?;
                out.flush()
            },
        )
    }

    /// The files of a folder that are there and have an origin, by digest.
    pub(super) fn all(dir: &Path) -> io::Result<HashMap<String, Known>> {
        let mut known = HashMap::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if !path.to_string_lossy().ends_with(ENDING) {
                continue;
            }
            // One that cannot be read is ignored: its file counts as unknown, and is named again.
            let file = fs::File::open(&path).map(BufReader::new);
            let origin = file.ok().and_then(|file| serde_json::from_reader(file).ok());
            let Some(origin) = origin else { continue };
            let origin: Known = origin;
            let length = fs::metadata(dir.join(&origin.name)).map(|m| m.len());
            if length.is_ok_and(|length| length == origin.bytes) {
                known.insert(origin.digest.clone(), origin);
            }
        }
        Ok(known)
    }
}
