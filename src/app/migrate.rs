//! The captures of an archive moved to where other settings keep them.

use std::path::Path;

use super::captures::{captures_address, given_captures, open_own_reader};
use super::{AppError, store_error, writing_error};
use crate::config::{Settings, keys};
use crate::store::{Layout, MigrateError, Migrated, OwnIndex, Stage, Stay, migrate};

/// Where captures are kept, for people: without a password.
///
/// # Errors
/// When the address is invalid.
pub fn place_of_captures(settings: &Settings) -> Result<String, AppError> {
    Ok(match captures_address(settings)? {
        Some(address) => format!("PostgreSQL at {}, schema {}", address.shown(), address.schema()),
        None => "the archive's own index".to_owned(),
    })
}

/// Moves the captures of the archive at `root` from where `from` keeps them to where `to` does. The first part of
/// the result says where that is; the notes say what was done to its tables or before.
///
/// # Errors
/// When both are the same place, either does not answer, another process writes to the archive, or the two sides
/// are not the same in the end.
pub fn migrate_captures(
    from: &Settings,
    to: &Settings,
    root: &Path,
    progress: &mut dyn FnMut(Stage, u64),
) -> Result<(Migrated, Vec<String>), AppError> {
    let (here, there) = (place_of_captures(from)?, place_of_captures(to)?);
    if here == there {
        let what = format!("migrating: both configurations keep the captures in {here}");
        return Err(AppError::usage(what).hint(
            "--to must name a configuration with a different store.captures or store.remote",
        ));
    }
    let doing = format!("migrating the captures to {there}");
    let failed = |error: MigrateError| {
        match error {
        MigrateError::Store(error) => writing_error(&doing, root, error),
        error @ MigrateError::Strangers { .. } => AppError::failed(&doing, error).hint(
            "name a schema of this archive's own (store.captures_schema); if those captures are left over from earlier, `pressmark reindex` with that configuration removes them",
        ),
        error => AppError::failed(&doing, error).hint(
            "the captures there are of another archive or an earlier state: name an empty schema (store.captures_schema), or move index/ aside",
        ),
    }
    };
    let (reader, mut notes) = open_own_reader(from, root, Stay::Brief)?;
    let done = match given_captures(to)? {
        Some((captures, more)) => {
            notes.extend(more);
            migrate(&reader, &*captures, &there, progress).map_err(failed)?
        }
        None => {
            let cache_bytes = to.bytes(keys::STORE_INDEX_CACHE_BYTES);
            let layout = Layout::new(root);
            let own =
                OwnIndex::take(&layout, cache_bytes).map_err(|why| store_error(&doing, why))?;
            let done = migrate(&reader, own.captures(), &there, progress).map_err(failed)?;
            own.close().map_err(|why| store_error(&doing, why))?;
            done
        }
    };
    Ok((done, notes))
}
