//! One request: signed, sent, read to its end, and sent again where that may help.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::answer;
use super::credentials::KeySources;
use super::signed::{Place, Verb};
use crate::archive::{FilePart, ObjectError, ObjectErrorKind};
use crate::base::{Clock, Timestamp, chance};

/// How often a request is sent at most, while it fails for transient reasons.
const ATTEMPTS_MAX: u32 = 4;
/// The wait after the first failure, which doubles after each further one; half of it is random.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// A server whose clock is this far from ours is asked by its own clock. Signatures are refused beyond 15 minutes.
const SKEW_MIN: Duration = Duration::from_mins(2);
/// How much of an answer that is an error is read, in bytes.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Body {
    None,
    Bytes(Arc<[u8]>),
    Part(FilePart),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    verb: Verb,
    /// The whole key; none asks the bucket.
    key: Option<String>,
    query: Vec<(&'static str, String)>,
    signed: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    pub body: Body,
    /// The longest valid answer, in bytes.
    pub body_max: usize,
    /// Whether a shorter answer counts as truncated.
    pub body_exact: bool,
}

impl Ask {
    pub fn of(verb: Verb, key: Option<String>) -> Self {
        Self {
            verb,
            key,
            query: Vec::new(),
            signed: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            body_max: ERROR_BYTES_MAX,
            body_exact: false,
        }
    }

    pub fn query(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self.query.sort();
        self
    }

    /// A header that is signed: those of the server's own names have to be. In lower case.
    pub fn signed(mut self, name: &'static str, value: &str) -> Self {
        self.signed.push((name, value.to_owned()));
        self.signed.sort();
        self
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The request as text, for messages.
    fn name(&self) -> String {
        let verb = self.verb.name();
        let lists = |(name, _): &(&'static str, String)| match *name {
            "list-type" => Some("listing the bucket"),
            "versions" => Some("listing the versions of objects"),
            "uploads" => Some("listing the uploads"),
            _ => None,
        };
        match &self.key {
            Some(key) => format!("{verb} {key}"),
            None => self.query.iter().find_map(lists).unwrap_or(verb).to_owned(),
        }
    }
}

/// A successful answer.
#[derive(Debug)]
pub(super) struct Got {
    pub status: u16,
    pub etag: String,
    pub length: Option<u64>,
    pub sha256: Option<String>,
    pub modified: Option<Timestamp>,
    pub body: Vec<u8>,
}

impl Got {
    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends requests.
pub(super) struct Asker {
    client: reqwest::Client,
    place: Place,
    keys: KeySources,
    clock: Arc<dyn Clock>,
    /// How many microseconds the server's clock is ahead of ours, where that is much: requests are signed by it.
    skew: AtomicI64,
    /// The same as the last answer had it, however little.
    ahead: AtomicI64,
}

/// A failure, and the server's clock where it said it.
struct Failed {
    error: ObjectError,
    status: u16,
    server_time: Option<Timestamp>,
}

impl From<ObjectError> for Failed {
    fn from(error: ObjectError) -> Self {
        Self { error, status: 0, server_time: None }
    }
}

impl Asker {
    pub fn new(
        client: reqwest::Client,
        place: Place,
        keys: KeySources,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (skew, ahead) = (AtomicI64::new(0), AtomicI64::new(0));
        Self { client, place, keys, clock, skew, ahead }
    }

    /// The time by the server's clock, to a second or so; ours before its first answer.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(self.clock.now().unix_micros().saturating_add(ahead))
    }

    /// Asks until there is an answer, or asking again soon does not help.
    pub async fn ask(&self, ask: &Ask) -> Result<Got, ObjectError> {
        let mut wait = WAIT_FIRST;
        let mut is_set = false;
        let mut attempt = 1;
        loop {
            let failed = match self.once(ask).await {
                Ok(got) => return Ok(got),
                Err(failed) => failed,
            };
            // A clock that is set by the server's is a reason to ask again at once, and once.
            if !is_set && failed.status == 403 && self.set_clock(failed.server_time) {
                is_set = true;
                continue;
            }
            if failed.error.kind != ObjectErrorKind::Away || attempt >= ATTEMPTS_MAX {
                return Err(failed.error);
            }
            attempt += 1;
            tokio::time::sleep(wait.mul_f64(0.5 + chance::fraction())).await;
            wait *= 2;
        }
    }

    /// Takes the server's clock for ours where they are far apart; whether that changed anything.
    fn set_clock(&self, server: Option<Timestamp>) -> bool {
        let Some(server) = server else { return false };
        let apart = server.unix_micros() - self.clock.now().unix_micros();
        let known = self.skew.load(Ordering::Relaxed);
        if Duration::from_micros(apart.abs_diff(known)) < SKEW_MIN {
            return false;
        }
        self.skew.store(apart, Ordering::Relaxed);
        tracing::warn!(
            seconds = apart / 1_000_000,
            "the clock of the object storage differs from ours; requests are signed with its time"
        );
        true
    }

    async fn once(&self, ask: &Ask) -> Result<Got, Failed> {
        let name = ask.name();
        let refused = |why: String| ObjectError::new(ObjectErrorKind::Refused, why);
        let keys = self.keys.keys().map_err(refused)?;
        let now = self.clock.now().unix_micros().saturating_add(self.skew.load(Ordering::Relaxed));
        let query: Vec<_> = ask.query.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let signed: Vec<_> = ask.signed.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let url = self
            .place
            .address(
                (ask.verb, ask.key.as_deref()),
                &query,
                &signed,
                &keys,
                Timestamp::from_unix_micros(now),
            )
            .map_err(|why| ObjectError::new(ObjectErrorKind::Other, format!("{name}: {why}")))?;
        let mut request = match ask.verb {
            Verb::Get => self.client.get(url),
            Verb::Head => self.client.head(url),
            Verb::Put => self.client.put(url),
            Verb::Post => self.client.post(url),
            Verb::Delete => self.client.delete(url),
        };
        for (name, value) in ask.signed.iter().chain(&ask.headers) {
            request = request.header(*name, value);
        }
        request = match &ask.body {
            // A length of zero is stated as well: some servers require it.
            Body::None if matches!(ask.verb, Verb::Put | Verb::Post) => {
                request.header("content-length", "0")
            }
            Body::None => request,
            Body::Bytes(bytes) => request.body(bytes.to_vec()),
            Body::Part(part) => request.body(bytes_of(part).map_err(|why| {
                ObjectError::new(ObjectErrorKind::Other, format!("{name}: reading the file: {why}"))
            })?),
        };
        let away = |why: reqwest::Error| {
            let why = keys.masked(&chain(&why.without_url()));
            ObjectError::new(ObjectErrorKind::Away, format!("{name}: {why}"))
        };
        let mut reply = request.send().await.map_err(away)?;
        let status = reply.status().as_u16();
        let header = |name: &str| {
            reply.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let server_time = header("date").and_then(|date| Timestamp::parse_http_date(&date));
        if let Some(server) = server_time {
            let apart = server.unix_micros() - self.clock.now().unix_micros();
            self.ahead.store(apart, Ordering::Relaxed);
        }
        let region = header("x-amz-bucket-region");
        let mut got = Got {
            status,
            etag: header("etag").map(|etag| answer::bare(&etag)).unwrap_or_default(),
            length: header("content-length").and_then(|text| text.parse().ok()),
            sha256: header("x-amz-meta-sha256"),
            modified: header("last-modified").and_then(|at| Timestamp::parse_http_date(&at)),
            body: Vec::new(),
        };
        let is_good = reply.status().is_success();
        let max = if is_good { ask.body_max } else { ERROR_BYTES_MAX };
        if is_good && ask.body_exact {
            got.body.reserve_exact(max);
        }
        while let Some(piece) = reply.chunk().await.map_err(away)? {
            if got.body.len() + piece.len() > max {
                let why = format!("{name}: the answer is longer than {max} bytes");
                return Err(ObjectError::new(ObjectErrorKind::Changed, why).into());
            }
            got.body.extend_from_slice(&piece);
        }
        if is_good {
            return Ok(got);
        }
        let (code, message) = answer::error(&got.text()).unwrap_or_default();
        let kind = match answer::kind_of(status, &code) {
            // What is read under a condition is not there in that form.
            ObjectErrorKind::Exists if ask.verb == Verb::Get => ObjectErrorKind::Changed,
            kind => kind,
        };
        let region = match (status, region) {
            (301 | 307 | 400, Some(region)) => {
                let region: String =
                    region.chars().filter(char::is_ascii_graphic).take(40).collect();
                format!("; the bucket is in the region {region}: set store.remote_region")
            }
            _ => String::new(),
        };
        let masked = keys.masked(&format!("{code} {message}"));
        let why = format!("{name}: status {status} {}{region}", masked.trim());
        let error = ObjectError::new(kind, why.trim_end().to_owned());
        Err(Failed { error, status, server_time })
    }
}

fn bytes_of(part: &FilePart) -> std::io::Result<Vec<u8>> {
    let length = part.range.end.saturating_sub(part.range.start);
    let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
    part.file.read_exact_at(&mut bytes, part.range.start)?;
    Ok(bytes)
}

/// An error with what caused it.
fn chain(why: &reqwest::Error) -> String {
    let mut text = why.to_string();
    let mut cause = std::error::Error::source(why);
    while let Some(why) = cause {
        text.push_str(&format!(": {why}"));
        cause = why.source();
    }
    text
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker").field("keys", &self.keys).finish_non_exhaustive()
    }
}
