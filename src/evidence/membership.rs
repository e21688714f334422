//! What a log that several archives share calls this one, and which files it has of others.

use std::collections::BTreeSet;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

use super::EvidenceError;
use super::error::{damaged, io as disk};
use super::files::write_whole;
use super::leaf::Statement;
use crate::store::Layout;

/// The first line of the file that names the archive.
const FORM: &str = "pressmark/shared-log/1";

fn place(layout: &Layout) -> PathBuf {
    layout.evidence_dir().join("shared")
}

/// What the shared log calls this archive; `None` where its log is its own.
///
/// # Errors
/// When the file that says so cannot be read.
pub(super) fn archive_of(layout: &Layout) -> Result<Option<String>, EvidenceError> {
    let path = place(layout);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(disk("reading", &path)(why)),
    };
    let archive = text.strip_prefix(FORM).and_then(|rest| rest.strip_prefix("\narchive "));
    let archive = archive.and_then(|rest| rest.strip_suffix('\n'));
    let plain = |name: &&str| name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
    match archive.filter(plain) {
        Some(archive) => Ok(Some(archive.to_owned())),
        None => Err(damaged("evidence/shared", "it should name this archive and nothing else")),
    }
}

/// Gives this archive a name in the shared log.
pub(super) fn make(layout: &Layout) -> Result<String, EvidenceError> {
    let mut name = [0; 16];
    let failed = |_| EvidenceError::Shared { why: "the system gives no random bytes".to_owned() };
    SystemRandom::new().fill(&mut name).map_err(failed)?;
    let archive = HEXLOWER.encode(&name);
    let path = place(layout);
    write_whole(&path, format!("{FORM}\narchive {archive}\n").as_bytes())
        .map_err(disk("writing", &path))?;
    Ok(archive)
}

/// The files that the log has of other archives than this one; none where its log is its own.
pub(super) fn elsewhere(
    archive: Option<&str>,
    statements: &[(u64, Statement)],
) -> BTreeSet<String> {
    let Some(own) = archive else { return BTreeSet::new() };
    let other = |(_, statement): &(u64, Statement)| match statement {
        Statement::Kept { name, archive } if archive != own => Some(name.clone()),
        _ => None,
    };
    statements.iter().filter_map(other).collect()
}
