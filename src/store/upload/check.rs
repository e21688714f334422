//! The checks of `verify` in the object storage: whether every object that is relied on is there, unchanged.
//!
//! Files that lie nowhere else are read from their objects, and have to have the SHA-256 that was sent. For files that
//! are also on the local disk, the objects are compared by length and entity tag.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use crate::archive::ObjectInfo;
use crate::base::Finding;

use crate::store::Layout;
use crate::store::bucket::is_place;

/// Compares the objects with what is known of them; each finding is handed to `found`.
pub(in crate::store) fn check(layout: &Layout, found: &mut dyn FnMut(Finding)) {
    let name_of =
        |file: &str| Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = match layout.ledger().all() {
        Ok(entries) => entries,
        Err(why) => {
            return found(Finding::error("remote/files", None, "unreadable", why.to_string()));
        }
    };
    let Some(bucket) = layout.bucket() else {
        let there = entries.iter().filter(|entry| entry.is_there()).count();
        if there > 0 {
            let what = format!(
                "{there} files are in an object storage that the settings do not name, and were not compared with it (store.remote)"
            );
            found(Finding::warning("remote/files", None, "remote-unchecked", what));
        }
        return;
    };
    let mut objects: HashMap<String, ObjectInfo> = HashMap::new();
    let listed = bucket.objects().list("", &mut |object| {
        objects.insert(object.key.clone(), object);
        ControlFlow::Continue(())
    });
    let place = bucket.objects().place();
    if let Err(why) = listed {
        let what = format!("the objects cannot be listed: {why}");
        return found(Finding::error(place, None, "remote-unreadable", what));
    }
    for entry in entries {
        let object = objects.remove(&entry.file);
        if !entry.is_there() {
            continue;
        }
        let name = name_of(&entry.file);
        let is_here = layout.root().join(&entry.file).exists();
        let advice = if is_here {
            "the file is here; without remote/files the next run sends what is missing"
        } else {
            "there is no other copy"
        };
        match object {
            None => {
                let what = format!("its object in {place} is gone; {advice}");
                found(Finding::error(&name, None, "remote-missing", what));
            }
            Some(object) if object.bytes != entry.bytes => {
                let what = format!(
                    "its object in {place} has {} bytes, and was sent with {}; {advice}",
                    object.bytes, entry.bytes
                );
                found(Finding::error(&name, None, "remote-changed", what));
            }
            Some(object)
                if !entry.etag.is_empty()
                    && !object.etag.is_empty()
                    && object.etag != entry.etag =>
            {
                let what = format!(
                    "its object in {place} was replaced: it has another entity tag; {advice}"
                );
                found(Finding::error(&name, None, "remote-changed", what));
            }
            Some(_) => {}
        }
    }
    for file in objects.into_keys().filter(|key| is_place(key)) {
        if !layout.root().join(&file).exists() {
            let what = format!(
                "an object of this name is in {place} and the archive does not know it; without remote/files the next run finds it"
            );
            found(Finding::warning(&name_of(&file), None, "remote-unknown", what));
        }
    }
}

/// Whether the object of a file that is not here has other bytes than were sent, as text; `None` where it has the
/// same, or is here. What was just read from its start to its end is not read again.
pub(in crate::store) fn changed(layout: &Layout, path: &Path) -> io::Result<Option<String>> {
    if path.exists() {
        return Ok(None);
    }
    let (Some(bucket), Some(entry)) = (layout.bucket(), layout.elsewhere(path)?) else {
        return Ok(None);
    };
    let Some(wanted) = &entry.sha256 else { return Ok(None) };
    let mut read = bucket.digest_of(&entry.file);
    if read.is_none() {
        io::copy(&mut layout.open_file(path)?, &mut io::sink())?;
        read = bucket.digest_of(&entry.file);
    }
    Ok(read.filter(|read| read != wanted).map(|read| {
        format!(
            "its object has the SHA-256 {read}, and was sent with {wanted}; there is no other copy"
        )
    }))
}
