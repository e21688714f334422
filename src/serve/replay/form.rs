//! A capture rewritten for a browser, in one of its forms: as a page, as a part, on which origin, under which
//! banner. Those that were sent recently are kept.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use super::super::kept::Kept;
use super::super::range::is_known;
use super::record::{Key, Record};
use crate::base::DigestAlgorithm;
use crate::replay::headers::Status;
use crate::replay::parts::Part;
use crate::replay::{Answer, Kind};

/// Identifies a form: the capture, and a text of everything else that it is made from.
pub type FormKey = (Key, Arc<str>);

/// Forms of captures that were sent recently.
pub struct Forms(Kept<FormKey, Arc<Form>>);

impl Forms {
    /// Keeps forms with a total of this many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self(Kept::new(bytes_max, bytes_max / 4))
    }

    /// The form that is kept under a key.
    pub fn get(&self, key: &FormKey) -> Option<Arc<Form>> {
        self.0.get(key)
    }

    /// Keeps a form.
    pub fn keep(&self, key: FormKey, form: &Arc<Form>) {
        let bytes = form.bytes() + key.1.len();
        self.0.keep(key, Arc::clone(form), bytes);
    }
}

/// A capture rewritten for a browser.
pub struct Form {
    /// The status; as an error the captured status, if it cannot be sent.
    pub status: Result<StatusCode, Option<u16>>,
    /// How the payload is treated.
    pub kind: Kind,
    /// The header fields.
    pub fields: HeaderMap,
    /// A weak validator; `None` where the payload has no digest.
    pub etag: Option<String>,
    /// What is sent.
    pub body: FormBody,
    /// The parts that the page names.
    pub parts: Vec<Part>,
}

/// What is sent of a form.
pub enum FormBody {
    /// The payload as it was captured.
    AsCaptured,
    /// These bytes.
    Rewritten(Bytes),
    /// Nothing: the page was only scanned for its parts, or the client already has the form.
    None,
}

impl Form {
    /// A form that is not rewritten yet, from the answer of replay. `text` is that of its key.
    pub fn of(record: &Record, answer: &Answer, text: &str) -> Self {
        let status = match answer.status {
            Status::Kept(status) => {
                Ok(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
            }
            Status::Stated(status) => Err(status),
        };
        let mut fields = HeaderMap::with_capacity(answer.headers.len() + 8);
        for (name, value) in &answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
                // Archived fields may be repeated.
                fields.append(name, value);
            }
        }
        let body = match answer.body.is_identity() {
            true => FormBody::AsCaptured,
            false => FormBody::None,
        };
        let etag = record.etag(&digest(text, &answer.headers)).map(|tag| format!("W/{tag}"));
        Self { status, kind: answer.kind, fields, etag, body, parts: Vec::new() }
    }

    /// Whether the client has it already.
    pub fn is_known(&self, asked: &HeaderMap) -> bool {
        let is_good = self.status.is_ok_and(|status| status.is_success());
        is_good && is_known(asked, self.etag.as_deref(), None)
    }

    fn bytes(&self) -> usize {
        let fields =
            self.fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 100);
        let body = match &self.body {
            FormBody::Rewritten(bytes) => bytes.len(),
            FormBody::AsCaptured | FormBody::None => 0,
        };
        let parts = self.parts.iter().map(|part| part.url.len() + 50);
        body + fields.sum::<usize>() + parts.sum::<usize>()
    }
}

/// Distinguishes the forms of one payload.
fn digest(text: &str, fields: &[(String, String)]) -> String {
    let text = format!("{} {text} {fields:?}", env!("CARGO_PKG_VERSION"));
    let digest = DigestAlgorithm::Sha1.digest(text.as_bytes()).to_string();
    digest.rsplit(':').next().unwrap_or_default().to_owned()
}
