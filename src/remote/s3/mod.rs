//! Objects in S3, or in a store with the same protocol.
//!
//! In reading order: credentials ([`KeySources`]), signed addresses (`signed`), what comes back (`answer`), one request with
//! its repetitions (`request`), and the store of objects made of them ([`S3Objects`]).
//!
//! WARC files are never deleted or overwritten: an object is made only where there is none. What is derived may be replaced
//! and removed, by way of another trait (`change`). A request that fails for a transient reason is sent again a few times at
//! short intervals; callers that need longer waits wait themselves.

mod answer;
mod change;
mod credentials;
mod request;
mod signed;

use std::ops::{ControlFlow, Range};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Runtime;

use self::request::{Ask, Asker, Body, Got};
use self::signed::{Place, Verb};
use super::Route;
use super::client::client;
use crate::archive::{
    FilePart, ObjectError, ObjectErrorKind, ObjectInfo, Objects, Pending, UploadInfo,
};
use crate::base::{Clock, Timestamp};

pub use credentials::KeySources;

/// The name of the metadata that holds the SHA-256 of an object.
const SHA256: &str = "x-amz-meta-sha256";
/// More pages than this hold more objects than any archive has files: the server repeats itself.
const PAGES_MAX: usize = 100_000;
/// A listing of a thousand objects has a tenth of it.
const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// Few threads: they mostly wait.
const THREADS: usize = 2;

/// Where objects are kept, and how they are asked for.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// `s3://BUCKET/PREFIX`.
    pub place: String,
    /// The address of the server; empty for Amazon's.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The credentials.
    pub keys: KeySources,
    /// How long one request may take in all.
    pub time_max: Duration,
    /// What the client calls itself.
    pub user_agent: String,
    /// The proxy and the roots.
    pub route: Route,
}

/// The bucket and the prefix of `s3://BUCKET/PREFIX`. The prefix has no slash at its ends.
///
/// # Errors
/// What is wrong with it, as text.
pub fn parse_place(text: &str) -> Result<(String, String), String> {
    let wrong = |why: &str| Err(format!("{text:?} is not s3://BUCKET/PREFIX: {why}"));
    let Some(rest) = text.strip_prefix("s3://") else {
        return wrong("it does not begin with s3://");
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if bucket.is_empty() || !bucket.chars().all(is_name) {
        return wrong("the name of a bucket consists of letters, digits, dots and hyphens");
    }
    // A URL parser resolves such parts as path steps.
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    let is_plain = |c: char| !c.is_control() && c != '?' && c != '#';
    let is_named = prefix.split('/').all(is_part) && prefix.chars().all(is_plain);
    if !(prefix.is_empty() || is_named) {
        return wrong(
            "its prefix has an empty part, a part `.` or `..`, or a character that ends an address",
        );
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// A store of objects in S3. It has threads of its own, made when it is first asked.
pub struct S3Objects {
    place: String,
    prefix: String,
    asker: Arc<Asker>,
    runtime: OnceLock<Option<Runtime>>,
}

impl std::fmt::Debug for S3Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Objects").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Drop for S3Objects {
    fn drop(&mut self) {
        // The last handle may be dropped where blocking is not allowed.
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl S3Objects {
    /// The objects that the options name. Nothing is asked yet.
    ///
    /// # Errors
    /// What of the place, the endpoint or the client cannot be used, as text.
    pub fn new(options: S3Options, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let (bucket, prefix) = parse_place(&options.place)?;
        let place = Place::new(&options.endpoint, &options.region, &bucket)?;
        let client = client(&options.user_agent, options.time_max, &options.route)?;
        let name = format!("s3://{bucket}/{prefix}").trim_end_matches('/').to_owned();
        Ok(Self {
            place: name,
            prefix: if prefix.is_empty() { prefix } else { format!("{prefix}/") },
            asker: Arc::new(Asker::new(client, place, options.keys, clock)),
            runtime: OnceLock::new(),
        })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn runtime(&self) -> Option<&Runtime> {
        let make = || {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(THREADS)
                .thread_name("s3")
                .enable_all()
                .build()
                .ok()
        };
        self.runtime.get_or_init(make).as_ref()
    }

    /// Begins a request, and passes the answer on through `read`.
    fn begin_asking<T: Send + 'static>(
        &self,
        ask: Ask,
        read: impl FnOnce(Got) -> Result<T, ObjectError> + Send + 'static,
    ) -> Pending<T> {
        let (send, receive) = sync_channel(1);
        let Some(runtime) = self.runtime() else {
            let why = "the system gives no threads";
            let _ = send.send(Err(ObjectError::new(ObjectErrorKind::Away, why)));
            return receive;
        };
        let asker = Arc::clone(&self.asker);
        runtime.spawn(async move {
            let got = asker.ask(&ask).await.and_then(read);
            // The caller may no longer wait for it.
            let _ = send.send(got);
        });
        receive
    }

    fn ask<T: Send + 'static>(
        &self,
        ask: Ask,
        read: impl FnOnce(Got) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let gone = || ObjectError::new(ObjectErrorKind::Away, "the request was abandoned");
        self.begin_asking(ask, read).recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Asks for page after page of a listing, and hands on what is in each, until `each` stops.
    fn pages<T: Send + 'static>(
        &self,
        query: &[(&'static str, String)],
        read: fn(&str) -> Result<answer::Page<T>, String>,
        each: &mut dyn FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), ObjectError> {
        let mut from: Vec<(&'static str, String)> = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut ask = Ask::of(Verb::Get, None);
            for (name, value) in query.iter().chain(&from) {
                ask = ask.query(name, value);
            }
            ask.body_max = DOCUMENT_BYTES_MAX;
            let place = self.place.clone();
            let page = self.ask(ask, move |got| {
                read(&got.text()).map_err(|why| answer::nonsense(&place, &why))
            })?;
            for item in page.items {
                if each(item).is_break() {
                    return Ok(());
                }
            }
            if page.next.is_empty() {
                return Ok(());
            }
            if page.next == from {
                break;
            }
            from = page.next;
        }
        Err(answer::nonsense(&self.place, "the listing does not end"))
    }

    /// The request that makes an object of its parts.
    fn completing(&self, key: &str, upload: &str, etags: &[String]) -> Ask {
        let mut body = String::from("<CompleteMultipartUpload>");
        for (at, etag) in etags.iter().enumerate() {
            let number = at + 1;
            let etag = quick_escape(etag);
            body.push_str(&format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>"
            ));
        }
        body.push_str("</CompleteMultipartUpload>");
        let mut ask = Ask::of(Verb::Post, Some(self.key(key))).query("uploadId", upload);
        ask.body = Body::Bytes(body.into_bytes().into());
        ask.body_max = DOCUMENT_BYTES_MAX;
        ask
    }

    /// As [`Self::ask`] of something that is made only where there is none. A server that does not know that
    /// condition is asked whether there is one, and then without it.
    fn make<T: Send + 'static>(
        &self,
        key: &str,
        ask: Ask,
        read: impl Fn(Got) -> Result<T, ObjectError> + Clone + Send + 'static,
    ) -> Result<T, ObjectError> {
        let conditional = ask.clone().with("if-none-match", "*");
        match self.ask(conditional, read.clone()) {
            Err(why) if why.kind == ObjectErrorKind::Unsupported => {}
            done => return done,
        }
        match self.head(key)? {
            Some(_) => {
                let why = format!("{}/{key} already exists", self.place);
                Err(ObjectError::new(ObjectErrorKind::Exists, why))
            }
            None => self.ask(ask, read),
        }
    }
}

impl Objects for S3Objects {
    fn place(&self) -> &str {
        &self.place
    }

    fn now(&self) -> Timestamp {
        self.asker.now()
    }

    fn list(
        &self,
        below: &str,
        each: &mut dyn FnMut(ObjectInfo) -> ControlFlow<()>,
    ) -> Result<(), ObjectError> {
        let query = [("list-type", "2".to_owned()), ("prefix", self.key(below))];
        self.pages(&query, answer::listing, &mut |object| match object
            .key
            .strip_prefix(&self.prefix)
        {
            Some(key) => each(ObjectInfo { key: key.to_owned(), ..object }),
            None => ControlFlow::Continue(()),
        })
    }

    fn uploads(&self) -> Result<Vec<UploadInfo>, ObjectError> {
        let mut found = Vec::new();
        let query = [("prefix", self.prefix.clone()), ("uploads", String::new())];
        self.pages(&query, answer::uploads, &mut |upload| {
            if let Some(key) = upload.key.strip_prefix(&self.prefix) {
                found.push(UploadInfo { key: key.to_owned(), ..upload });
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ObjectError> {
        let ask = Ask::of(Verb::Head, Some(self.key(key)));
        let key = key.to_owned();
        let asked = self.ask(ask, move |got| {
            let bytes = got.length.ok_or_else(|| answer::nonsense(&key, "it states no length"))?;
            Ok(ObjectInfo {
                key,
                bytes,
                etag: got.etag,
                sha256: got.sha256,
                modified: got.modified,
            })
        });
        match asked {
            Ok(info) => Ok(Some(info)),
            Err(why) if why.kind == ObjectErrorKind::Missing => Ok(None),
            Err(why) => Err(why),
        }
    }

    fn read(&self, key: &str, range: Range<u64>, etag: &str) -> Pending<Vec<u8>> {
        let wanted = range.end.saturating_sub(range.start);
        let last = range.end.saturating_sub(1);
        let mut ask = Ask::of(Verb::Get, Some(self.key(key)))
            .with("range", &format!("bytes={}-{last}", range.start));
        if !etag.is_empty() {
            ask = ask.with("if-match", &format!("\"{etag}\""));
        }
        ask.body_max = usize::try_from(wanted).unwrap_or(usize::MAX);
        ask.body_exact = true;
        let (key, etag, start) = (key.to_owned(), etag.to_owned(), range.start);
        self.begin_asking(ask, move |got| {
            let is_part = got.status == 206 || (got.status == 200 && start == 0);
            let is_same = etag.is_empty() || got.etag.is_empty() || got.etag == etag;
            if is_part && is_same && got.body.len() as u64 == wanted {
                return Ok(got.body);
            }
            let why = format!(
                "{key}: {wanted} bytes from {start} on were requested, and {} were received with status {}",
                got.body.len(),
                got.status
            );
            Err(ObjectError::new(ObjectErrorKind::Changed, why))
        })
    }

    fn put(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError> {
        let mut ask = Ask::of(Verb::Put, Some(self.key(key))).signed(SHA256, sha256);
        ask.body = Body::Part(part);
        let named = key.to_owned();
        self.make(key, ask, move |got| tagged(&named, got.etag))
    }

    fn begin(&self, key: &str, sha256: &str) -> Result<String, ObjectError> {
        let mut ask = Ask::of(Verb::Post, Some(self.key(key))).query("uploads", "");
        ask = ask.signed(SHA256, sha256);
        ask.body_max = DOCUMENT_BYTES_MAX;
        let key = key.to_owned();
        self.ask(ask, move |got| {
            answer::upload(&got.text()).ok_or_else(|| answer::nonsense(&key, "it names no upload"))
        })
    }

    fn put_part(&self, key: &str, upload: &str, number: u16, part: FilePart) -> Pending<String> {
        let number = number.to_string();
        let mut ask = Ask::of(Verb::Put, Some(self.key(key)))
            .query("partNumber", &number)
            .query("uploadId", upload);
        ask.body = Body::Part(part);
        let key = key.to_owned();
        self.begin_asking(ask, move |got| tagged(&key, got.etag))
    }

    fn complete(&self, key: &str, upload: &str, etags: &[String]) -> Result<String, ObjectError> {
        let named = key.to_owned();
        self.make(key, self.completing(key, upload, etags), move |got| completed(&named, &got))
    }

    fn abort(&self, key: &str, upload: &str) -> Result<(), ObjectError> {
        let ask = Ask::of(Verb::Delete, Some(self.key(key))).query("uploadId", upload);
        match self.ask(ask, |_| Ok(())) {
            Err(why) if why.kind == ObjectErrorKind::Missing => Ok(()),
            done => done,
        }
    }
}

/// An entity tag as text of XML.
fn quick_escape(etag: &str) -> String {
    etag.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The entity tag of an object that was made of parts. A server begins to answer before it knows whether that can be
/// done.
fn completed(key: &str, got: &Got) -> Result<String, ObjectError> {
    answer::completed(&got.text()).map_err(|error| {
        let (code, message) = error.unwrap_or_default();
        let kind = match answer::kind_of(200, &code) {
            _ if code == "PreconditionFailed" => ObjectErrorKind::Exists,
            _ if code.is_empty() => ObjectErrorKind::Away,
            kind => kind,
        };
        ObjectError::new(kind, format!("completing {key}: {code} {message}"))
    })
}

fn tagged(key: &str, etag: String) -> Result<String, ObjectError> {
    if etag.is_empty() {
        return Err(answer::nonsense(key, "it has no entity tag"));
    }
    Ok(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_a_bucket_and_a_prefix() {
        let good = [("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b.c-d/x/y/", "b.c-d", "x/y")];
        for (text, bucket, prefix) in good {
            assert_eq!(parse_place(text), Ok((bucket.to_owned(), prefix.to_owned())), "{text}");
        }
        for text in [
            "",
            "b",
            "s3:/b",
            "s3://",
            "s3:///x",
            "s3://b/x//y",
            "s3://b/../y",
            "s3://b/x?y",
            "s3://u@b",
        ] {
            assert!(parse_place(text).is_err(), "{text}");
        }
    }
}
