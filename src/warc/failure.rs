//! A failed exchange as records: evidence that something was asked for and did not come.
//!
//! The standard has no kind of record for it. A `metadata` record under the target URI says in
//! `application/warc-fields` what failed and how; request and received bytes are kept with it.

use std::borrow::Cow;

use super::compose::{CaptureNotes, Composer, Event, OCTETS, escaped_uri};
use super::fields::Fields;
use super::record::{Record, RecordIds};
use super::warc_fields;
use crate::http::exchange::Failure;

impl Composer {
    /// The records of a failed exchange: a `metadata` record that says how it failed; the
    /// `request` record, where something was sent; the bytes that came, where any did, as a
    /// further `metadata` record. `dns` adds the name resolution in front.
    #[must_use]
    pub fn failure_records<'a>(
        &self,
        failure: &'a Failure,
        notes: &CaptureNotes,
        ids: &mut dyn RecordIds,
        dns: bool,
    ) -> Vec<Record<'a>> {
        let event = Event {
            uri: escaped_uri(failure.uri.as_str()).into_owned(),
            date: failure.date,
            address: failure.peer,
            protocols: Vec::new(),
            cipher_suite: None,
        };
        let id = ids.next_id();
        let block = (Cow::Owned(warc_fields::write(&failure_fields(failure, notes))), None);
        let report = self.metadata(&event, &id, None, warc_fields::MEDIA_TYPE, block);
        let mut records = Vec::new();
        if let (true, Some(facts)) = (dns, &failure.dns) {
            records.push(self.dns_record(facts, &ids.next_id()));
        }
        records.push(report);
        if !failure.request.is_empty() {
            records.push(self.request_record(&failure.request, &event, &ids.beside(&id, 1), &id));
        }
        if !failure.received.is_empty() {
            let received = (Cow::Borrowed(failure.received.as_slice()), None);
            records.push(self.metadata(&event, &ids.beside(&id, 2), Some(&id), OCTETS, received));
        }
        records
    }
}

/// The fields of a failure's report. `outcome` is always `failed`; `reason` is the step.
fn failure_fields(failure: &Failure, notes: &CaptureNotes) -> Fields {
    let mut fields = Fields::new();
    fields.push("outcome", "failed");
    fields.push("reason", failure.kind.label());
    fields.push("detail", &failure.why);
    fields.push("host", failure.uri.host());
    fields.push("port", failure.uri.port().to_string());
    if let Some(address) = failure.peer {
        fields.push("address", address.to_string());
    }
    fields.push("elapsedMs", failure.timing.total.as_millis().to_string());
    fields.push("bytesSent", failure.request.len().to_string());
    fields.push("bytesReceived", failure.received.len().to_string());
    if let Some(via) = &notes.via {
        fields.push("via", via);
    }
    if let Some(hops) = &notes.hops_from_seed {
        fields.push("hopsFromSeed", hops);
    }
    for (name, value) in &notes.more {
        fields.push(name, value);
    }
    fields
}
