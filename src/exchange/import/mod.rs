//! WARC files of other programs, taken into an archive.
//!
//! A file is copied into `imported/`, its bytes untouched, and read as a whole before it gets its name there;
//! beside it is `NAME.origin.json`, which says where it came from ([`Origin`]). From then on it is one more
//! WARC file: index, readings and the evidence log follow it as they follow our own. The WARC files of a
//! package are taken out of it and compared with its list of files; what else is needed to check
//! the package later is kept with the first of them.
//!
//! The same bytes are taken once, by their SHA-256. A process that is killed leaves a file without a name,
//! which the next import removes, or an origin without its file, which is written again.

mod check;
mod findings;
mod lists;
mod origin;
mod take;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::{Finding, Timestamp};
use crate::store::{Layout, StoreError};

pub use origin::Origin;
use take::Taking;

/// How files are taken.
pub struct ImportOptions<'a> {
    /// Take what is damaged, too, as far as it can be read.
    pub lenient: bool,
    /// The time of the import.
    pub now: Timestamp,
    /// Called with the file, how many of its bytes were read, and how many it has.
    pub progress: &'a mut dyn FnMut(&str, u64, u64),
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in the archive now.
    Imported,
    /// It was in the archive before.
    Known,
    /// It was not taken.
    Refused,
}

/// A file that was to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Where it was found; inside a package, with its path there.
    pub path: String,
    /// Its name in the archive.
    pub file: Option<String>,
    /// `sha256:…` of its bytes.
    pub digest: Option<String>,
    /// How many bytes it has.
    pub bytes: u64,
    /// Records that were read.
    pub records: u64,
    /// Captures among them.
    pub captures: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused.
    pub why: Option<String>,
    /// What was found wrong with it.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

/// Takes the files in, one by one; `found` is called for each. The index has to be brought up to date afterwards
/// ([`crate::store::bring_up`]).
///
/// # Errors
/// When another import is under way, or the archive cannot be written. A problem with one file is reported
/// for it, and the next is taken.
pub fn import(
    layout: &Layout,
    paths: &[PathBuf],
    options: &mut ImportOptions<'_>,
    found: &mut dyn FnMut(Taken),
) -> Result<(), StoreError> {
    let mut taking = Taking::begin(layout, options)?;
    for path in paths {
        taking.path(path, found)?;
    }
    Ok(())
}

/// A name that a file may have in the archive, after the one that it has.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '=' | ',');
    let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let name = name.trim_start_matches('.').trim_end_matches(".open");
    // Long names leave room for what is put before and after them.
    let start = name.len().saturating_sub(180);
    name[start..].to_owned()
}

#[cfg(test)]
mod tests;
