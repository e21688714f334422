//! The typed view of a record's fields, its accessors named as the standard names the fields.
//!
//! It reads leniently and judges nothing; see [`super::rules`] for what a field should be.
//!
//! ISO 28500:2017 (WARC/1.1) section 5.

use std::borrow::Cow;
use std::net::IpAddr;

use super::fields::{Fields, name, value_text};
use super::record::{RecordId, RecordKind};
use crate::base::{Digest, Timestamp};

/// The typed view: each accessor gives `None` where the field is missing or cannot be read.
impl Fields {
    /// `WARC-Type`.
    #[must_use]
    pub fn record_kind(&self) -> Option<RecordKind> {
        self.text(name::TYPE).map(|text| RecordKind::parse(&text))
    }

    /// `WARC-Record-ID`.
    #[must_use]
    pub fn record_id(&self) -> Option<RecordId> {
        self.id_in(name::RECORD_ID)
    }

    /// `WARC-Date`, at the precision it was written in (the start of the period it names).
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.text(name::DATE).and_then(|text| Timestamp::parse(text.trim()))
    }

    /// `WARC-Target-URI`, without the angle brackets that WARC/1.0 writers put around it.
    #[must_use]
    pub fn target_uri(&self) -> Option<Cow<'_, str>> {
        self.uri_in(name::TARGET_URI)
    }

    /// `Content-Type` of the block.
    #[must_use]
    pub fn content_type(&self) -> Option<Cow<'_, str>> {
        self.text(name::CONTENT_TYPE)
    }

    /// `WARC-Block-Digest`, where its algorithm is a known one.
    #[must_use]
    pub fn block_digest(&self) -> Option<Digest> {
        self.text(name::BLOCK_DIGEST)?.parse().ok()
    }

    /// `WARC-Payload-Digest`, where its algorithm is a known one.
    #[must_use]
    pub fn payload_digest(&self) -> Option<Digest> {
        self.text(name::PAYLOAD_DIGEST)?.parse().ok()
    }

    /// Every `WARC-Concurrent-To`, in order.
    #[must_use]
    pub fn concurrent_to(&self) -> Vec<RecordId> {
        self.all(name::CONCURRENT_TO)
            .filter_map(|value| RecordId::parse(&value_text(value)))
            .collect()
    }

    /// `WARC-Warcinfo-ID`.
    #[must_use]
    pub fn warcinfo_id(&self) -> Option<RecordId> {
        self.id_in(name::WARCINFO_ID)
    }

    /// `WARC-IP-Address`.
    #[must_use]
    pub fn ip_address(&self) -> Option<IpAddr> {
        self.text(name::IP_ADDRESS)?.trim().parse().ok()
    }

    /// `WARC-Refers-To`.
    #[must_use]
    pub fn refers_to(&self) -> Option<RecordId> {
        self.id_in(name::REFERS_TO)
    }

    /// `WARC-Refers-To-Target-URI`.
    #[must_use]
    pub fn refers_to_target_uri(&self) -> Option<Cow<'_, str>> {
        self.uri_in(name::REFERS_TO_TARGET_URI)
    }

    /// `WARC-Refers-To-Date`.
    #[must_use]
    pub fn refers_to_date(&self) -> Option<Timestamp> {
        self.text(name::REFERS_TO_DATE).and_then(|text| Timestamp::parse(text.trim()))
    }

    /// `WARC-Profile`, as written.
    #[must_use]
    pub fn profile(&self) -> Option<Cow<'_, str>> {
        self.uri_in(name::PROFILE)
    }

    /// `WARC-Truncated`, as written.
    #[must_use]
    pub fn truncated(&self) -> Option<Cow<'_, str>> {
        self.text(name::TRUNCATED)
    }

    /// `WARC-Filename`.
    #[must_use]
    pub fn filename(&self) -> Option<Cow<'_, str>> {
        self.text(name::FILENAME)
    }

    fn id_in(&self, field: &str) -> Option<RecordId> {
        self.text(field).and_then(|text| RecordId::parse(&text))
    }

    fn uri_in(&self, field: &str) -> Option<Cow<'_, str>> {
        let strip = |text: &str| {
            let text = text.trim();
            let inner = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
            inner.to_owned()
        };
        self.text(field).map(|text| match text {
            Cow::Borrowed(text) if !text.starts_with('<') => Cow::Borrowed(text.trim()),
            other => Cow::Owned(strip(&other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brackets_of_old_target_uris_are_taken_off() {
        let mut fields = Fields::new();
        fields.push(name::TARGET_URI, "<http://example.org/>");
        assert_eq!(fields.target_uri().as_deref(), Some("http://example.org/"));
    }
}
