//! What a job's file says, made ready for the crawl: compiled scope, counting trap guard, the
//! request it sends and the network it sends it through.
//!
//! Deliberately reads no file and keeps no queue.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{HostKey, MediaType, TargetUri, Timestamp};
use crate::capture::{CaptureRequest, Capturer};
use crate::http::Head;
use crate::politeness::Gate;
use crate::schedule::clean::Variant;
use crate::schedule::scope::{Scope, ScopeError};
use crate::schedule::traps::{Trap, TrapGuard};
use crate::schedule::{DiscoveryPath, JobSpec, Secret, Step};

use super::entry_words::{is_named_by_source, variant_word};
use super::job_book::named_hash;
use super::sources::Role;

/// The word in a queue entry's settings before the address as it was before it was cleaned.
const FOUND_AS: &str = "found-as=";

/// A job, ready to be followed.
pub struct JobRules {
    /// What its file says.
    pub spec: JobSpec,
    /// Which pages belong.
    pub scope: Arc<Scope>,
    /// Its own network, where it has a proxy or a limit of its own.
    pub capturer: Option<Arc<Capturer>>,
    /// Its own gate, where robots.txt is asked for another name than that of the program.
    pub gate: Option<Gate>,
    request: CaptureRequest,
    /// Hashes of what its file names, in order.
    named: Box<[u64]>,
    /// The guard, and the hosts whose URLs of the day it has counted, by the hash of their names.
    guard: Mutex<(TrapGuard, HashSet<u64>)>,
}

impl std::fmt::Debug for JobRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobRules").field("name", &self.spec.name).finish_non_exhaustive()
    }
}

impl JobRules {
    /// Makes a job ready. `request` is what it sends without its own header fields.
    ///
    /// # Errors
    /// For the first rule of its scope that cannot be used.
    pub fn new(
        spec: JobSpec,
        request: CaptureRequest,
        capturer: Option<Arc<Capturer>>,
    ) -> Result<Self, ScopeError> {
        let scope = Arc::new(Scope::new(spec.scope.clone())?);
        let guard = Mutex::new((TrapGuard::new(spec.traps.clone()), HashSet::new()));
        let mut named: Vec<u64> = spec.named().map(|uri| named_hash(&uri)).collect();
        named.sort_unstable();
        let named = named.into();
        Ok(Self { spec, scope, capturer, gate: None, request, named, guard })
    }

    /// The same with a gate of its own.
    #[must_use]
    pub fn with_gate(mut self, gate: Option<Gate>) -> Self {
        self.gate = gate;
        self
    }

    /// Whether its file names this URL.
    #[must_use]
    pub fn names(&self, uri: &TargetUri) -> bool {
        self.named.binary_search(&named_hash(uri)).is_ok()
    }

    /// Hashes of what its file names, in order.
    #[must_use]
    pub(super) fn named(&self) -> &[u64] {
        &self.named
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The request for one URL: the job's header fields, and what that host alone is sent.
    #[must_use]
    pub fn request_for(&self, uri: &TargetUri) -> CaptureRequest {
        let mut request = self.request.clone();
        let plain = |name: &str, value: &Secret| (name.to_owned(), value.expose().to_owned());
        request.headers.extend(self.spec.headers.iter().map(|(name, value)| plain(name, value)));
        let secrets = self.spec.credentials.fields_for(uri);
        request.credentials.extend(secrets.into_iter().map(|(name, value)| plain(name, value)));
        request
    }

    /// Whether a URL that is not known yet may be queued; counts it against the budgets of the day.
    ///
    /// # Errors
    /// The guard that it trips.
    pub fn admit(&self, uri: &TargetUri, now: Timestamp) -> Result<(), Trap> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).0.admit(uri, now)
    }

    /// Whether the guard has to be given what was let in of a host: true once a day for each host,
    /// and never where no budget is set.
    #[must_use]
    pub fn is_first_of(&self, host: &HostKey, now: Timestamp) -> bool {
        if !self.spec.traps.has_budgets() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        host.as_str().hash(&mut hasher);
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, counted) = &mut *guard;
        if guard.begin_day(now) {
            counted.clear();
        }
        counted.insert(hasher.finish())
    }

    /// Counts a URL that was let in before, on the same day.
    pub fn count(&self, uri: &TargetUri, now: Timestamp) {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).0.count_in(uri, now);
    }

    /// Whether the target of a redirect belongs: for a source only what is excluded does not, and what
    /// a source names belongs wherever it went.
    #[must_use]
    pub fn follows(
        &self,
        to: &TargetUri,
        path: &DiscoveryPath,
        role: Role,
        (from, settings): (&TargetUri, &str),
    ) -> bool {
        let ruling = if role != Role::Page {
            self.scope.judge(to, &DiscoveryPath::seed().then(Step::Redirect), Some(from))
        } else if is_named_by_source(settings) {
            self.scope.judge_named(to, path, Some(from))
        } else {
            self.scope.judge(to, path, Some(from))
        };
        ruling.is_in()
    }
}

/// Whether a job wants the body that a head announces.
pub(super) fn judge(scope: &Scope, head: &Head) -> Result<(), String> {
    let media_type = head.get_text("content-type").map(|v| MediaType::parse(&v));
    let length = head.get_text("content-length").and_then(|v| v.trim().parse().ok());
    let ruling = scope.judge_body(&media_type.unwrap_or_else(|| MediaType::parse("")), length);
    if ruling.is_in() { Ok(()) } else { Err(ruling.rule().to_owned()) }
}

/// A queue entry's settings, with the address as it was added.
pub(super) fn found_as(settings: &str, original: &TargetUri) -> String {
    format!("{settings} {FOUND_AS}{original}").trim_start().to_owned()
}

/// A queue entry's settings, with what the page was last seen to be a variant of.
pub(super) fn with_variant(settings: &str, variant: Option<&Variant>) -> String {
    let mut words: Vec<&str> =
        settings.split_whitespace().filter(|word| !word.starts_with("variant-of=")).collect();
    let word = variant.map(|found| variant_word("variant-of", found.kind, &found.of));
    words.extend(word.as_deref());
    words.join(" ")
}

/// What a queue entry's settings say of variants, for the metadata record: each with its field.
pub(super) fn variants_in(settings: &str) -> Vec<(String, String)> {
    let fields = [("variant-of=", "variantOf"), ("variant=", "variant")];
    settings
        .split_whitespace()
        .filter_map(|word| {
            let (said, field) =
                fields.iter().find_map(|(mark, field)| Some((word.strip_prefix(mark)?, field)))?;
            let (kind, url) = said.split_once(':')?;
            Some(((*field).to_owned(), format!("{url} ({kind})")))
        })
        .collect()
}

/// The address as it was before it was cleaned, from a queue entry's settings.
pub(super) fn original_of(settings: &str) -> Option<&str> {
    settings.split_whitespace().find_map(|word| word.strip_prefix(FOUND_AS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Credentials, HostCredentials};

    fn uri(text: &str) -> TargetUri {
        TargetUri::parse(text).unwrap()
    }

    #[test]
    fn a_host_is_sent_its_own_secrets_and_no_other_is() {
        let mut spec = JobSpec::new("a");
        spec.headers = vec![("Accept-Language".to_owned(), Secret::new("sv"))];
        spec.credentials = Credentials::new(vec![HostCredentials {
            host: "a.example".to_owned(),
            https_port: Some(443),
            http_port: None,
            fields: vec![("Cookie".to_owned(), Secret::new("s=1"))],
        }]);
        let rules = JobRules::new(spec, CaptureRequest::new("test"), None).unwrap();
        let names = |text: &str| -> Vec<String> {
            let request = rules.request_for(&uri(text));
            request.headers.into_iter().chain(request.credentials).map(|(name, _)| name).collect()
        };
        assert_eq!(names("https://a.example/"), ["Accept-Language", "Cookie"]);
        assert_eq!(names("https://b.example/"), ["Accept-Language"]);
        assert_eq!(names("https://a.example:444/"), ["Accept-Language"]);
        assert_eq!(names("http://a.example/"), ["Accept-Language"]);
        assert!(!format!("{rules:?}").contains("s=1"));
    }

    #[test]
    fn what_a_url_was_found_as_is_read_back() {
        let settings = found_as("tags=feed", &uri("https://a.example/x?utm_source=b"));
        assert_eq!(original_of(&settings), Some("https://a.example/x?utm_source=b"));
        assert_eq!(original_of("tags=feed"), None);
        let of = TargetUri::parse("https://a.example/x").unwrap();
        let page = uri("https://a.example/amp/x");
        let variant = crate::schedule::clean::variant(&page, &of).unwrap();
        let both = with_variant(&with_variant(&settings, Some(&variant)), Some(&variant));
        assert_eq!(both, format!("{settings} variant-of=amp:https://a.example/x"));
        let said = vec![("variantOf".to_owned(), "https://a.example/x (amp)".to_owned())];
        assert_eq!(variants_in(&both), said);
        assert_eq!(with_variant(&both, None), settings);
        assert_eq!(found_as("", &uri("https://a.example/")), "found-as=https://a.example/");
    }
}
