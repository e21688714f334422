//! What was made from a captured document, as records: the document as a browser had it in the end, its text,
//! pictures of it, and what is known of how it was rendered.
//!
//! The document is a `conversion` of the one that was captured; the others are `resource` records under names
//! that other tools know (`urn:view:`, `urn:thumbnail:`, `urn:text:`, `urn:pageinfo:`, as Browsertrix writes
//! them). `WARC-Page-ID` joins them with each other and with the exchanges that were made for the page.

use super::compose::{Composer, escaped_uri};
use super::fields::name;
use super::record::{Record, RecordId, RecordIds, RecordKind};
use crate::base::Timestamp;

/// What was made from a document at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// When.
    pub date: Timestamp,
    /// Joins its records.
    pub page_id: String,
    /// The record of the captured document.
    pub refers_to: Option<RecordId>,
    /// The records, in order.
    pub parts: Vec<DerivedPart>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedPart {
    /// Whether it is the document in another form; else it is a resource of its own.
    pub is_conversion: bool,
    /// Its target URI.
    pub uri: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub block: Vec<u8>,
}

impl Composer {
    /// The records of what was made from a document, in its order. Each names the warcinfo record, since none
    /// has a capture event beside it.
    #[must_use]
    pub fn derived_records<'a>(
        &self,
        derived: &'a Derived,
        ids: &mut dyn RecordIds,
    ) -> Vec<Record<'a>> {
        let record = |part: &'a DerivedPart| {
            let kind =
                if part.is_conversion { RecordKind::Conversion } else { RecordKind::Resource };
            let digest = self.algorithm.digest(&part.block).to_string();
            let refers_to = derived.refers_to.as_ref().filter(|_| part.is_conversion);
            Record::build(&kind, &ids.next_id(), derived.date)
                .field(name::TARGET_URI, escaped_uri(&part.uri).as_ref())
                .maybe(name::WARCINFO_ID, self.warcinfo_id.as_ref().map(ToString::to_string))
                .maybe(name::REFERS_TO, refers_to.map(ToString::to_string))
                .field(name::PAGE_ID, &derived.page_id)
                .maybe(name::PAYLOAD_DIGEST, (!part.is_conversion).then(|| digest.clone()))
                .field(name::BLOCK_DIGEST, &digest)
                .field(name::CONTENT_TYPE, part.media_type)
                .block(part.block.as_slice())
        };
        derived.parts.iter().map(record).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::DigestAlgorithm;
    use crate::warc::RandomIds;

    #[test]
    fn the_document_names_what_it_was_made_from_and_all_have_one_page() {
        let part = |is_conversion, uri: &str| DerivedPart {
            is_conversion,
            uri: uri.to_owned(),
            media_type: "text/html",
            block: b"x".to_vec(),
        };
        let refers_to = RecordId::parse("<urn:uuid:00000000-0000-0000-0000-000000000001>");
        let derived = Derived {
            date: Timestamp::from_unix_seconds(0),
            page_id: "p".to_owned(),
            refers_to: refers_to.clone(),
            parts: vec![
                part(true, "https://a.example/ä"),
                part(false, "urn:text:https://a.example/ä"),
            ],
        };
        let composer = Composer::new(DigestAlgorithm::Sha256, None);
        let records = composer.derived_records(&derived, &mut RandomIds);
        let said: Vec<_> = records
            .iter()
            .map(|record| {
                let kind = record.fields.record_kind().unwrap().to_string();
                (kind, record.fields.target_uri().unwrap().into_owned(), record.fields.refers_to())
            })
            .collect();
        assert_eq!(
            said,
            [
                ("conversion".to_owned(), "https://a.example/%C3%A4".to_owned(), refers_to),
                ("resource".to_owned(), "urn:text:https://a.example/%C3%A4".to_owned(), None),
            ]
        );
        assert!(records.iter().all(|r| r.fields.text(name::PAGE_ID).as_deref() == Some("p")));
    }
}
