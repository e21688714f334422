//! Another archive's capture, as records of this one.
//!
//! The exchange with that archive is kept as any other is. What is at the address of the page, at the time of
//! the capture, is a `revisit` record of it: the head that the archive sent, and where the payload is. So every
//! reader of WARC files finds the copy at the page's address, and no byte states that this archive saw the page.

use super::super::fields::{Fields, name};
use super::super::record::{Record, RecordId, RecordIds, RecordKind};
use super::super::warc_fields;
use super::{
    Block, CaptureNotes, Composer, Event, HTTP_RESPONSE, IDENTICAL_PAYLOAD_DIGEST, Original,
    escaped_uri, refer,
};
use crate::base::Timestamp;

/// A capture of another archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MementoCopy {
    /// The page that it is a capture of.
    pub target_uri: String,
    /// When it was captured: that archive's `Memento-Datetime`.
    pub date: Timestamp,
    /// The exchange with that archive, at its address (URI-M) and the time of the exchange.
    pub exchange: Original,
    /// The head of its response.
    pub head: Vec<u8>,
    /// Whether the payload is what that archive captured, and not what it makes of that for browsers.
    pub is_raw: bool,
}

impl Composer {
    /// The records of another archive's capture: a revisit of the exchange, and what is to be known of it.
    #[must_use]
    pub fn copy_records<'a>(
        &self,
        copy: &'a MementoCopy,
        notes: &CaptureNotes,
        ids: &mut dyn RecordIds,
    ) -> Vec<Record<'a>> {
        let event = Event {
            uri: escaped_uri(&copy.target_uri).into_owned(),
            date: copy.date,
            address: None,
            protocols: Vec::new(),
            cipher_suite: None,
        };
        let id = ids.next_id();
        let beside = self.said_of_copy(copy, notes, &event, &id, ids);
        let mut record = self.name_warcinfo(event.start(&RecordKind::Revisit, &id));
        record = record.maybe(name::CONCURRENT_TO, beside.id().map(|id| id.to_string()));
        let head = Block::from(copy.head.as_slice());
        let block_digest = self.block_digest(&head);
        let main = refer(record, IDENTICAL_PAYLOAD_DIGEST, &copy.exchange)
            .field(name::TRUNCATED, "length")
            .maybe(name::PAYLOAD_DIGEST, copy.exchange.payload_digest.map(|d| d.to_string()))
            .field(name::BLOCK_DIGEST, block_digest.to_string())
            .field(name::CONTENT_TYPE, HTTP_RESPONSE)
            .block(head);
        vec![main, beside]
    }

    /// A description of the copy that can be read without knowing how it is kept.
    fn said_of_copy(
        &self,
        copy: &MementoCopy,
        notes: &CaptureNotes,
        event: &Event,
        main: &RecordId,
        ids: &mut dyn RecordIds,
    ) -> Record<'static> {
        let mut fields = Fields::new();
        if let Some(via) = &notes.via {
            fields.push("via", via);
        }
        fields.push("copyOf", escaped_uri(&copy.exchange.target_uri).as_ref());
        fields.push("copied", copy.exchange.date.to_warc_date());
        fields.push("copyPayload", if copy.is_raw { "as captured" } else { "as replayed" });
        let id = ids.beside(main, 1);
        let block = warc_fields::write(&fields);
        // What is said here is said by this archive, and at the time of the exchange.
        let event = Event {
            uri: event.uri.clone(),
            date: copy.exchange.date,
            address: None,
            protocols: Vec::new(),
            cipher_suite: None,
        };
        self.metadata(&event, &id, Some(main), warc_fields::MEDIA_TYPE, (block.into(), None))
    }
}
