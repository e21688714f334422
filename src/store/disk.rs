//! How much disk is free.

use std::path::Path;

/// Free bytes for us on the disk of `path`; `None` where the system does not tell.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
