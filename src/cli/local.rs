//! Local HTML and text files where a URL stands.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::extract::page::Extraction;
use crate::extract::{Hints, extract as extract_html, extract_text_file};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The file that `target` names: a `file:` URL, or a path that exists. None for anything else.
#[must_use]
pub fn path_of(target: &str) -> Option<PathBuf> {
    if target.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        let url = url::Url::parse(target).ok()?;
        return url.to_file_path().ok().or_else(|| Some(PathBuf::from(&target[5..])));
    }
    let path = PathBuf::from(target);
    path.exists().then_some(path)
}

/// The bytes of a local file.
///
/// # Errors
/// When it cannot be read, or is larger than is taken.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let what = format!("reading {}", path.display());
    let meta = std::fs::metadata(path).map_err(|e| CliError::failed(&what, e))?;
    if meta.is_dir() {
        return Err(CliError::failed(&what, "it is a directory"));
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err(CliError::failed(&what, format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read(path).map_err(|e| CliError::failed(&what, e))
}

/// What a local file says: as HTML where its name or its first bytes say so, else as plain text.
#[must_use]
pub fn extract(path: &Path, bytes: &[u8]) -> Extraction {
    if is_html(path, bytes) {
        return extract_html(bytes, &Hints::default());
    }
    extract_text_file(&String::from_utf8_lossy(bytes))
}

fn is_html(path: &Path, bytes: &[u8]) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("html" | "htm" | "xhtml" | "shtml") => return true,
        Some("txt" | "md" | "text") => return false,
        _ => {}
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<article", "<p>", "<p ", "<div"]
        .iter()
        .any(|mark| start.contains(mark))
}
