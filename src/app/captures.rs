//! The store of capture locations that the settings name: the archive's own index, or a database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::AppError;
use crate::archive::{ArchiveError, CaptureStore, Captures};
use crate::config::{Settings, keys};
use crate::postgres::{Address, PostgresCaptures, Rights};
use crate::store::{Reader, Stay};

/// The database that the settings name; `None` where captures are kept in the archive itself.
///
/// # Errors
/// When the address is invalid, or the file of the password cannot be read.
pub fn captures_address(settings: &Settings) -> Result<Option<Address>, AppError> {
    let file = keys::STORE_CAPTURES_PASSWORD_FILE;
    database(settings, keys::STORE_CAPTURES, keys::STORE_CAPTURES_SCHEMA, file)
}

/// A database, by the keys of its address, its schema and its password's file.
pub(super) fn database(
    settings: &Settings,
    place: keys::TextKey,
    schema: keys::TextKey,
    password_file: keys::TextKey,
) -> Result<Option<Address>, AppError> {
    let text = settings.text(place);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |key: keys::TextKey, why: &dyn std::fmt::Display| {
        AppError::usage(format!("reading the settings: {}: {why}", key.path()))
    };
    let address = Address::parse(text, settings.text(schema)).map_err(|why| wrong(place, &why))?;
    let file = settings.text(password_file);
    let password = match file {
        "" => None,
        file => {
            let key = password_file;
            let text = std::fs::read_to_string(file)
                .map_err(|why| wrong(key, &format!("reading {file}: {why}")))?;
            let line = text.lines().next().unwrap_or_default().to_owned();
            if line.is_empty() {
                return Err(wrong(key, &format!("{file} is empty")));
            }
            Some(line)
        }
    };
    let roots = Some(settings.text(keys::TLS_ROOTS_FILE)).filter(|path| !path.is_empty());
    Ok(Some(address.or_password(password.as_deref()).with_roots(roots.map(PathBuf::from))))
}

/// The capture store, and what was done to its tables, as text.
type Given = (Arc<dyn CaptureStore>, Vec<String>);

/// The capture store where that is not the archive itself, and what was done to its tables.
///
/// # Errors
/// When the address is invalid, or the database does not answer or refuses.
pub fn given_captures(settings: &Settings) -> Result<Option<Given>, AppError> {
    let Some(address) = captures_address(settings)? else { return Ok(None) };
    let (captures, notes) = PostgresCaptures::open(address).map_err(|why| opening_error(&why))?;
    Ok(Some((Arc::new(captures), notes)))
}

/// What the user of the database that the settings name may do there; `None` where they name none.
///
/// # Errors
/// As [`given_captures`].
pub fn rights(settings: &Settings) -> Result<Option<Rights>, AppError> {
    let Some(address) = captures_address(settings)? else { return Ok(None) };
    Rights::of(address).map(Some).map_err(|why| opening_error(&why))
}

fn opening_error(why: &ArchiveError) -> AppError {
    let error = AppError::failed("opening the captures", why);
    if why.is_away() {
        return error
            .away()
            .hint("store.captures names the database; `pressmark config check` tries it");
    }
    error
}

/// Captures that lie in blocks, where the settings name such; nothing is read yet.
///
/// # Errors
/// When the place cannot be used.
pub fn captures_in_blocks(settings: &Settings) -> Result<Option<Arc<dyn Captures>>, AppError> {
    super::blocks::captures_in(settings).map_err(|why| {
        AppError::usage(format!("reading the settings: {}: {why}", keys::STORE_ZIPNUM.path()))
    })
}

/// The archive at `root`, to read from, with the captures that lie in blocks. The second part says what was unexpected.
///
/// # Errors
/// When there is no archive, or it or its capture store cannot be opened.
pub fn open_reader(
    settings: &Settings,
    root: &Path,
    stay: Stay,
) -> Result<(Reader, Vec<String>), AppError> {
    let (reader, notes) = open_own_reader(settings, root, stay)?;
    Ok(match captures_in_blocks(settings)? {
        Some(more) => (reader.beside(more), notes),
        None => (reader, notes),
    })
}

/// The same with the captures of the index alone.
///
/// # Errors
/// As [`open_reader`].
pub fn open_own_reader(
    settings: &Settings,
    root: &Path,
    stay: Stay,
) -> Result<(Reader, Vec<String>), AppError> {
    let fail = |why| super::store_error("opening the archive", why);
    let (layout, note) = super::objects::layout(settings, root)?;
    let (given, notes) = given_captures(settings)?.unzip();
    let (reader, more) = match given {
        Some(captures) => Reader::open_given(layout, captures, stay),
        None => Reader::open_for(layout, settings.bytes(keys::STORE_INDEX_CACHE_BYTES), stay),
    }
    .map_err(fail)?;
    let mut notes = notes.unwrap_or_default();
    notes.extend(note);
    notes.extend(more);
    Ok((reader, notes))
}
