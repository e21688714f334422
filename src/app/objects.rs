//! The object storage that sealed WARC files are sent to, by the settings.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::AppError;
use super::route::route;
use crate::archive::{ChangeableObjects, ObjectError, ObjectErrorKind, Objects};
use crate::base::{Clock, SystemClock};
use crate::config::{Settings, keys};
use crate::remote::s3::{KeySources, S3Objects, S3Options};
use crate::store::bucket::{Bucket, BucketOptions};
use crate::store::upload::{RebuildError, UploadOptions, is_outdated, rebuild};
use crate::store::{Layout, Lock};

/// The object storage that the settings name; `None` where they name none. Nothing is asked yet.
///
/// # Errors
/// When its address, or the way to it, cannot be used.
pub fn objects(settings: &Settings) -> Result<Option<Arc<dyn Objects>>, AppError> {
    let place = settings.text(keys::STORE_REMOTE);
    if place.is_empty() {
        return Ok(None);
    }
    let objects = s3(settings, place).map_err(|why| {
        AppError::usage(format!("reading the settings: {}: {why}", keys::STORE_REMOTE.path()))
    })?;
    Ok(Some(Arc::new(objects)))
}

/// The objects below `s3://BUCKET/PREFIX` at the server that the settings or the environment name, to be replaced and
/// removed as well. Nothing is asked yet.
///
/// # Errors
/// What of the address, or the way to it, cannot be used, as text.
pub fn changeable(settings: &Settings, place: &str) -> Result<Arc<dyn ChangeableObjects>, String> {
    Ok(Arc::new(s3(settings, place)?))
}

fn s3(settings: &Settings, place: &str) -> Result<S3Objects, String> {
    let aws = settings.aws();
    let endpoint = match settings.text(keys::STORE_REMOTE_ENDPOINT) {
        "" => aws.endpoint(),
        set => set,
    };
    let region = match settings.text(keys::STORE_REMOTE_REGION) {
        "" => aws.region(),
        set => set,
    };
    let options = S3Options {
        place: place.to_owned(),
        endpoint: endpoint.to_owned(),
        region: region.to_owned(),
        keys: KeySources {
            keys: aws.keys(),
            files: aws.files(),
            profile: aws.profile().to_owned(),
        },
        time_max: settings.duration(keys::STORE_REMOTE_TIME_MAX),
        user_agent: settings.user_agent(),
        route: route(settings),
    };
    S3Objects::new(options, Arc::new(SystemClock))
}

/// The archive at `root` with the object storage that the settings name. Where its contents are not known, it is
/// asked for them; the second part says why that failed.
///
/// # Errors
/// As [`objects`].
pub fn layout(settings: &Settings, root: &Path) -> Result<(Layout, Option<String>), AppError> {
    let layout = Layout::new(root);
    let Some(objects) = objects(settings)? else { return Ok((layout, None)) };
    let options = BucketOptions {
        cache_bytes_max: settings.bytes(keys::STORE_REMOTE_CACHE_BYTES_MAX),
        requests_max: requests_max(settings),
    };
    // An archive that does not exist yet has nothing in it, and one that cannot be written stays as it is.
    let note = if layout.format_file().exists() { listed(&*objects, &layout)? } else { None };
    let cache = layout.remote_cache_dir();
    Ok((layout.with_bucket(Arc::new(Bucket::new(objects, &cache, options))), note))
}

/// Makes the list of objects again where there is none, or where it is about another storage; what there is to say of
/// that.
///
/// # Errors
/// When the storage has the files of another archive.
fn listed(objects: &dyn Objects, layout: &Layout) -> Result<Option<String>, AppError> {
    let place = objects.place();
    let not_made = |why: &dyn std::fmt::Display| {
        format!(
            "the list of files that are only in {place} could not be made; they are not found until it is: {why}"
        )
    };
    let before = match is_outdated(objects, layout) {
        Ok(None) => return Ok(None),
        Ok(Some(before)) => before,
        Err(why) => return Ok(Some(not_made(&why))),
    };
    // A process that sends files relies on the list.
    let lock = before.as_ref().map(|_| Lock::take(layout)).transpose();
    if let Err(why) = lock {
        return Ok(Some(not_made(&why)));
    }
    let rebuilt = match rebuild(objects, layout, SystemClock.now()) {
        Ok(rebuilt) => rebuilt,
        Err(why @ RebuildError::Prefix(_)) => {
            let key = keys::STORE_REMOTE.path();
            return Err(AppError::usage(format!("reading the settings: {key}: {why}")));
        }
        Err(why) => return Ok(Some(not_made(&why))),
    };
    Ok(before.map(|before| {
        let said = format!(
            "store.remote was {before} and is {place}: the list of objects was made again, and {} files are there",
            rebuilt.there
        );
        match rebuilt.elsewhere.first() {
            None => said,
            Some(first) => format!(
                "{said}; {} files are only in {before} ({first} among them) and cannot be read: set store.remote back, or move them with `pressmark migrate`",
                rebuilt.elsewhere.len()
            ),
        }
    }))
}

/// How many parts of a file are under way at once, by the settings.
#[must_use]
pub fn requests_max(settings: &Settings) -> usize {
    usize::try_from(settings.integer(keys::STORE_REMOTE_REQUESTS_MAX)).unwrap_or(1).max(1)
}

/// What is sent, and which local files may be removed, by the settings.
#[must_use]
pub fn upload_options(settings: &Settings) -> UploadOptions {
    let age = settings.duration(keys::STORE_LOCAL_AGE_MAX);
    let bytes = settings.bytes(keys::STORE_LOCAL_BYTES_MAX);
    UploadOptions {
        requests_max: requests_max(settings),
        local_age_max: Some(age).filter(|age| *age > Duration::ZERO),
        local_bytes_max: Some(bytes).filter(|bytes| *bytes > 0),
        ..UploadOptions::default()
    }
}

/// What cannot be done at a place that was tried.
#[derive(Debug)]
pub struct Trouble {
    /// What and why, as text.
    pub what: String,
    /// Whether that is because the server does not answer: the settings may be right.
    pub is_away: bool,
}

impl From<String> for Trouble {
    fn from(what: String) -> Self {
        Self { what, is_away: false }
    }
}

/// Whether the object storage can be listed and written, as text; `None` where the settings name none. Nothing is left
/// there: an upload is begun and aborted.
///
/// # Errors
/// What cannot be done there.
#[must_use]
pub fn try_objects(settings: &Settings) -> Option<Result<String, Trouble>> {
    let objects = match objects(settings) {
        Ok(objects) => objects?,
        Err(why) => return Some(Err(why.message.into())),
    };
    let tried = || -> Result<String, ObjectError> {
        let (mut count, mut bytes) = (0_u64, 0_u64);
        objects.list("", &mut |object| {
            count += 1;
            bytes += object.bytes;
            ControlFlow::Continue(())
        })?;
        try_writing(&*objects)?;
        Ok(format!(
            "{} answers and may be written; {count} objects, {bytes} bytes",
            objects.place()
        ))
    };
    let rights = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:AbortMultipartUpload";
    Some(tried().map_err(|why| with_advice(objects.place(), &why, rights)))
}

/// Begins an upload and aborts it, so that nothing is left.
///
/// # Errors
/// When the storage does not take it.
pub(super) fn try_writing(objects: &(impl Objects + ?Sized)) -> Result<(), ObjectError> {
    // No file of an archive has this name.
    let key = "config-check";
    let upload = objects.begin(key, &"0".repeat(64))?;
    objects.abort(key, &upload)
}

/// What failed in a storage, and what to do about it; `rights` are those that its user needs.
pub(super) fn with_advice(place: &str, why: &ObjectError, rights: &str) -> Trouble {
    let what = match why.kind {
        ObjectErrorKind::Refused => format!("{place}: {why}; it needs {rights}"),
        ObjectErrorKind::Missing => format!("{place}: {why}; the bucket must exist"),
        _ => format!("{place}: {why}"),
    };
    Trouble { what, is_away: why.kind == ObjectErrorKind::Away }
}
