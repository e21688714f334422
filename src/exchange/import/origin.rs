//! Where an imported file came from.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
    /// The package that it was taken out of.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// over.
    pub files: std::collections::BTreeMap<String, String>,
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

    /// Where the origin of a file of this name lies.
    #[must_use]
    pub fn path(dir: &Path, name: &str) -> PathBuf {
        dir.join(format!("{name}{ENDING}"))
    }

    /// Writes it; it is durable when this returns.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        make_whole(
            &Self::path(dir, &self.name),
            |why| why,
            |mut file: &fs::File| file.write_all(text.as_bytes()),
        )
    }

    /// The origins of a folder whose files are there, by digest.
    pub(super) fn all(dir: &Path) -> io::Result<HashMap<String, Self>> {
        let mut known = HashMap::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if !path.to_string_lossy().ends_with(ENDING) {
                continue;
            }
            // One that cannot be read says nothing: its file is taken for unknown, and named again.
            let origin = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            let Some(origin) = origin else { continue };
            let origin: Self = origin;
            let length = fs::metadata(dir.join(&origin.name)).map(|m| m.len());
            if length.is_ok_and(|length| length == origin.bytes) {
                known.insert(origin.digest.clone(), origin);
            }
        }
        Ok(known)
    }
}
