//! Records that describe others and come from no exchange: warcinfo, metadata, conversion,
//! resource.
//!
//! ISO 28500:2017 (WARC/1.1) sections 6.2, 6.4, 6.6 and 6.8; the fields of warcinfo as section 6.2
//! and the Dublin Core terms name them.

use super::compose::escaped_uri;
use super::fields::{Fields, name};
use super::record::{Block, Record, RecordId, RecordKind};
use super::warc_fields;
use crate::base::{DigestAlgorithm, Timestamp};

/// What a file states about itself in its first record. Empty parts are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warcinfo {
    /// The program and its version: `pressmark/0.1.0`.
    pub software: String,
    /// Who runs it, and how to reach them.
    pub operator: Option<String>,
    /// The machine's name.
    pub hostname: Option<String>,
    /// The robots policy as text: `RFC 9309`.
    pub robots: Option<String>,
    /// The `User-Agent` sent.
    pub user_agent: Option<String>,
    /// The `From` sent: the contact.
    pub from: Option<String>,
    /// What the file holds, as text.
    pub description: Option<String>,
    /// The collection or job it is part of.
    pub is_part_of: Option<String>,
    /// The digest of the config that the crawl ran with.
    pub config_digest: Option<String>,
    /// Whether certificates were verified; said only where they were not.
    pub tls_verified: bool,
    /// Further fields.
    pub more: Vec<(String, String)>,
}

impl Warcinfo {
    /// The block's fields.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::new();
        let mut push = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                fields.push(name, value);
            }
        };
        push("software", Some(&self.software));
        push("format", Some("WARC File Format 1.1"));
        push(
            "conformsTo",
            Some("http://bibnum.bnf.fr/WARC/WARC_ISO_28500_version1-1_latestdraft.pdf"),
        );
        push("operator", self.operator.as_deref());
        push("hostname", self.hostname.as_deref());
        push("robots", self.robots.as_deref());
        push("http-header-user-agent", self.user_agent.as_deref());
        push("http-header-from", self.from.as_deref());
        push("description", self.description.as_deref());
        push("isPartOf", self.is_part_of.as_deref());
        push("configDigest", self.config_digest.as_deref());
        push("tlsVerified", (!self.tls_verified).then_some("false"));
        for (name, value) in &self.more {
            push(name, Some(value));
        }
        fields
    }

    /// The warcinfo record of a file of this name (the finished one).
    #[must_use]
    pub fn record(
        &self,
        filename: &str,
        id: &RecordId,
        date: Timestamp,
        algorithm: DigestAlgorithm,
    ) -> Record<'static> {
        let block = warc_fields::write(&self.fields());
        Record::build(&RecordKind::Warcinfo, id, date)
            .field(name::FILENAME, filename)
            .field(name::BLOCK_DIGEST, algorithm.digest(&block).to_string())
            .field(name::CONTENT_TYPE, warc_fields::MEDIA_TYPE)
            .block(block)
    }
}

/// What records that describe or accompany another have in common.
#[derive(Debug, Clone)]
pub struct Described<'a> {
    /// The new record's identifier.
    pub id: &'a RecordId,
    /// Its date.
    pub date: Timestamp,
    /// The target URI of the record described.
    pub target_uri: &'a str,
    /// The record described, where there is one.
    pub refers_to: Option<&'a RecordId>,
    /// The warcinfo record of the file.
    pub warcinfo_id: Option<&'a RecordId>,
    /// The algorithm of its digests.
    pub algorithm: DigestAlgorithm,
}

impl Described<'_> {
    /// A `metadata` record that describes another.
    #[must_use]
    pub fn metadata(&self, fields: &Fields) -> Record<'static> {
        let block = warc_fields::write(fields);
        self.record(&RecordKind::Metadata, warc_fields::MEDIA_TYPE, block)
    }

    /// A `conversion` record: another form of the content of the record it refers to.
    #[must_use]
    pub fn conversion(&self, content_type: &str, block: Vec<u8>) -> Record<'static> {
        self.record(&RecordKind::Conversion, content_type, block)
    }

    /// A `resource` record, such as a config or a report, under a URI of its own. It refers to no
    /// other record, which the standard forbids.
    #[must_use]
    pub fn resource(&self, content_type: &str, block: Vec<u8>) -> Record<'static> {
        self.record(&RecordKind::Resource, content_type, block)
    }

    fn record(&self, kind: &RecordKind, content_type: &str, block: Vec<u8>) -> Record<'static> {
        let refers_to = self.refers_to.filter(|_| *kind != RecordKind::Resource);
        let digest = self.algorithm.digest(&block).to_string();
        // The payload of a metadata record is not defined; that of the others is the block.
        let payload = (*kind != RecordKind::Metadata).then_some(&digest);
        Record::build(kind, self.id, self.date)
            .field(name::TARGET_URI, escaped_uri(self.target_uri).as_ref())
            .maybe(name::WARCINFO_ID, self.warcinfo_id.map(ToString::to_string))
            .maybe(name::REFERS_TO, refers_to.map(ToString::to_string))
            .maybe(name::PAYLOAD_DIGEST, payload)
            .field(name::BLOCK_DIGEST, &digest)
            .field(name::CONTENT_TYPE, content_type)
            .block(Block::from(block))
    }
}

/// Whether a warcinfo block is one that this program wrote.
pub(crate) fn is_ours(block: &[u8]) -> bool {
    warc_fields::read(block)
        .is_ok_and(|fields| fields.text("software").is_some_and(|s| s.starts_with("pressmark/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity;

    #[test]
    fn a_warcinfo_says_who_and_how_and_leaves_out_what_is_empty() {
        let info = Warcinfo {
            software: "pressmark/0.1.0".into(),
            operator: Some("A Person <a@example.org>".into()),
            hostname: Some(" ".into()),
            tls_verified: false,
            more: vec![("jobId".into(), "daily".into())],
            ..Warcinfo::default()
        };
        let id = RecordId::from_uuid_bytes([1; 16]);
        let date = Timestamp::from_unix_seconds(0);
        let record = info.record("a.warc.gz", &id, date, DigestAlgorithm::Sha256);
        let mut block = Vec::new();
        record.block.write_to(&mut block).unwrap();
        let fields = warc_fields::read(&block).unwrap();
        assert_eq!(fields.text("operator").as_deref(), Some("A Person <a@example.org>"));
        assert_eq!(fields.text("tlsVerified").as_deref(), Some("false"));
        assert!(!fields.contains("hostname"));
        assert_eq!(super::super::rules::check(&record.fields, "f", 0), []);
    }

    #[test]
    fn descriptions_keep_to_the_rules_of_their_kind() {
        let (id, other) = (RecordId::from_uuid_bytes([1; 16]), RecordId::from_uuid_bytes([2; 16]));
        let described = Described {
            id: &id,
            date: Timestamp::from_unix_seconds(0),
            target_uri: "http://example.org/ü",
            refers_to: Some(&other),
            warcinfo_id: Some(&other),
            algorithm: DigestAlgorithm::Sha1,
        };
        let mut fields = Fields::new();
        fields.push("via", "http://example.org/");
        for record in [
            described.metadata(&fields),
            described.conversion("text/plain", b"text".to_vec()),
            described.resource("text/plain", b"log".to_vec()),
        ] {
            assert_eq!(record.fields.target_uri().as_deref(), Some("http://example.org/%C3%BC"));
            let findings = super::super::rules::check(&record.fields, "f", 0);
            assert!(findings.iter().all(|f| f.severity != Severity::Error), "{findings:?}");
        }
    }
}
