//! An exchange as records.
//!
//! One capture event is a `response` (or `revisit`) record and a `request` record, linked both
//! ways and dated the same; beside them, where there is something to say, `metadata` records for
//! interim responses, surplus bytes and notes, and `resource` records for name resolution and the server's certificates. The
//! blocks are the exchange's bytes, borrowed. Nothing is interpreted here: the caller states where the payload begins and
//! how it is framed.
//!
//! ISO 28500:2017 (WARC/1.1) sections 5 and 6; `WARC-Protocol` and `WARC-Cipher-Suite` as adopted
//! by the IIPC.

mod copies;
mod digests;

use std::borrow::Cow;
use std::net::IpAddr;

use data_encoding::BASE64;

pub use copies::MementoCopy;
pub use digests::{BodyDigests, digests};

use super::fields::{Fields, name};
use super::record::{Block, Record, RecordBuilder, RecordId, RecordIds, RecordKind};
use super::rounds::Rounds;
use super::warc_fields;
use crate::base::{Digest, DigestAlgorithm, Hasher, Timestamp};
use crate::http::exchange::{DnsFacts, Exchange, TlsFacts};

/// The profile of a revisit whose payload has the digest of one archived before.
pub const IDENTICAL_PAYLOAD_DIGEST: &str =
    "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
/// The profile of a revisit that the server answered with 304.
pub const SERVER_NOT_MODIFIED: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

/// What the URI of a record of certificates begins with; the digest of its block follows.
pub const CERTIFICATES_URN: &str = "urn:tls-certificates:";

const HTTP_RESPONSE: &str = "application/http;msgtype=response";
const HTTP_REQUEST: &str = "application/http;msgtype=request";
/// This many interim responses have a record each; those after them are one block, in which they follow each other (RFC 9112
/// section 10.2). A server may send thousands, and the main record's header lists every record of its event.
const INTERIM_MAX: usize = 16;
pub(super) const OCTETS: &str = "application/octet-stream";

/// The media types of what is kept of a session that a relay attested.
pub mod session_type {
    /// What the relay signed.
    pub const NOTE: &str = "application/vnd.pressmark.relay-note";
    /// The bytes to the server, as they went through the relay.
    pub const SENT: &str = "application/vnd.pressmark.tls-sent";
    /// The bytes from the server.
    pub const RECEIVED: &str = "application/vnd.pressmark.tls-received";
    /// The secrets: an NSS key log (which Wireshark reads), with the secret of the key exchange as a comment.
    pub const SECRETS: &str = "application/vnd.pressmark.tls-secrets";
}

/// The record that a revisit points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Its identifier, where it is known.
    pub record_id: Option<RecordId>,
    /// Its target URI.
    pub target_uri: String,
    /// Its date.
    pub date: Timestamp,
    /// The digest of its payload.
    pub payload_digest: Option<Digest>,
}

/// Which record a response becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A `response` record with all its bytes.
    Response,
    /// A `revisit` record with the head alone: the payload is archived already.
    IdenticalPayload(Original),
    /// A `revisit` record with the whole 304 response.
    NotModified(Original),
}

/// What is known of a capture beside its bytes, for a `metadata` record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaptureNotes {
    /// The URI in which the captured one was found.
    pub via: Option<String>,
    /// The kinds of the hops from the seed, a letter each.
    pub hops_from_seed: Option<String>,
    /// The rendered page for which it was captured.
    pub page_id: Option<String>,
    /// The payload's media type by an independent check, for the response record.
    pub identified_payload_type: Option<String>,
    /// Further fields.
    pub more: Vec<(String, String)>,
}

/// Makes records, all with the same digests and the same warcinfo.
#[derive(Debug, Clone)]
pub struct Composer {
    /// The algorithm of block digests.
    pub algorithm: DigestAlgorithm,
    /// The warcinfo record that the main record of every capture event names.
    pub warcinfo_id: Option<RecordId>,
    /// Whether every capture gets a `metadata` record with its fetch time. Without it one is
    /// made only where there is something else to say.
    pub fetch_times: bool,
    /// Whether the server's certificates become a `resource` record, which the main record names.
    pub certificates: bool,
    /// The public random values to which main records commit.
    pub rounds: Rounds,
}

impl Composer {
    /// A composer without optional records.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, warcinfo_id: Option<RecordId>) -> Self {
        let (fetch_times, certificates) = (false, false);
        Self { algorithm, warcinfo_id, fetch_times, certificates, rounds: Rounds::default() }
    }

    /// The records of an exchange, in the order they are to be written: the response or revisit
    /// first, then the request, then what accompanies them. `dns` adds the name resolution in
    /// front, where the exchange has one; so does `certificates` with the server's certificates, under a URI that follows
    /// from them ([`CERTIFICATES_URN`]): the writer of the records leaves that one out where it is kept already.
    #[must_use]
    pub fn records<'a>(
        &self,
        exchange: &'a Exchange,
        digests: &BodyDigests,
        verdict: &Verdict,
        notes: &CaptureNotes,
        ids: &mut dyn RecordIds,
        dns: bool,
    ) -> Vec<Record<'a>> {
        let event = Event::of(self, exchange);
        let response_id = ids.next_id();
        let request_id = ids.beside(&response_id, 1);
        let beside = self.beside(exchange, notes, &event, &response_id, ids);
        let mut linked = vec![request_id.clone()];
        linked.extend(beside.iter().filter_map(Record::id));
        let mut records = Vec::with_capacity(3 + beside.len());
        if let (true, Some(facts)) = (dns, &exchange.dns) {
            records.push(self.dns_record(facts, &ids.next_id()));
        }
        let certificates = self.certificates_record(exchange, ids);
        let certificates_uri =
            certificates.as_ref().and_then(|record| Some(record.fields.target_uri()?.into_owned()));
        records.extend(certificates);
        records.push(self.main_record(
            exchange,
            digests,
            verdict,
            notes,
            &event,
            &response_id,
            (&linked, certificates_uri),
        ));
        records.push(self.request_record(&exchange.request, &event, &request_id, &response_id));
        records.extend(beside);
        records
    }

    /// The response or revisit record.
    #[expect(clippy::too_many_arguments, reason = "private; each is a part of one record")]
    fn main_record<'a>(
        &self,
        exchange: &'a Exchange,
        digests: &BodyDigests,
        verdict: &Verdict,
        notes: &CaptureNotes,
        event: &Event,
        id: &RecordId,
        (linked, certificates): (&[RecordId], Option<String>),
    ) -> Record<'a> {
        let kind = match verdict {
            Verdict::Response => RecordKind::Response,
            Verdict::IdenticalPayload(_) | Verdict::NotModified(_) => RecordKind::Revisit,
        };
        let mut record = self.name_warcinfo(event.start(&kind, id));
        record = record.maybe(name::DRAND_ROUND, self.rounds.at(event.date));
        for other in linked {
            record = record.field(name::CONCURRENT_TO, other.to_string());
        }
        record = event
            .connection(record)
            .maybe(name::CERTIFICATES, certificates)
            .maybe(name::PAGE_ID, notes.page_id.as_ref());
        let whole = Block::from(&exchange.response);
        let cut = exchange.truncated.map(|why| why.label());
        let (record, block, block_digest) = match verdict {
            Verdict::Response => {
                let has_payload = exchange.method != "HEAD";
                let record = record
                    .maybe(name::TRUNCATED, cut)
                    .maybe(name::PAYLOAD_DIGEST, has_payload.then(|| digests.payload.to_string()))
                    .maybe(
                        name::IDENTIFIED_PAYLOAD_TYPE,
                        notes.identified_payload_type.as_deref().filter(|_| has_payload),
                    );
                (record, whole, digests.block)
            }
            Verdict::IdenticalPayload(original) => {
                let head = self.head_of(exchange);
                // The standard asks for this reason wherever the duplicate body was left off.
                let left_off = (head.len() < exchange.response.len()).then_some("length");
                let record = refer(record, IDENTICAL_PAYLOAD_DIGEST, original)
                    .maybe(name::TRUNCATED, left_off)
                    .field(name::PAYLOAD_DIGEST, digests.payload.to_string());
                let digest = self.block_digest(&head);
                (record, head, digest)
            }
            Verdict::NotModified(original) => {
                let digest = original.payload_digest.map(|digest| digest.to_string());
                let record = refer(record, SERVER_NOT_MODIFIED, original)
                    .maybe(name::TRUNCATED, cut)
                    .maybe(name::PAYLOAD_DIGEST, digest);
                (record, whole, digests.block)
            }
        };
        record
            .field(name::BLOCK_DIGEST, block_digest.to_string())
            .field(name::CONTENT_TYPE, HTTP_RESPONSE)
            .block(block)
    }

    /// Only the main record of an event names the warcinfo: the others name the main record.
    fn name_warcinfo(&self, record: RecordBuilder) -> RecordBuilder {
        record.maybe(name::WARCINFO_ID, self.warcinfo_id.as_ref().map(ToString::to_string))
    }

    /// The response's head. Where a spooled head cannot be read the block is the whole response,
    /// which is longer and as correct.
    fn head_of<'a>(&self, exchange: &'a Exchange) -> Block<'a> {
        let len = exchange.shape.head_len.min(exchange.response.len());
        let short = usize::try_from(len).unwrap_or(usize::MAX);
        match exchange.response.as_memory() {
            Some(bytes) => Block::from(&bytes[..short.min(bytes.len())]),
            None => match exchange.response.prefix(short) {
                Ok(head) => Block::from(head),
                Err(_) => Block::from(&exchange.response),
            },
        }
    }

    fn block_digest(&self, block: &Block<'_>) -> Digest {
        let mut hasher = Hasher::new(self.algorithm);
        // Hashing does not fail, and a block that cannot be read fails again when it is packed.
        let _ = block.write_to(&mut hasher);
        hasher.finish()
    }

    pub(super) fn request_record<'a>(
        &self,
        request: &'a [u8],
        event: &Event,
        id: &RecordId,
        concurrent_to: &RecordId,
    ) -> Record<'a> {
        let record = event
            .start(&RecordKind::Request, id)
            .field(name::CONCURRENT_TO, concurrent_to.to_string());
        let digest = self.algorithm.digest(request);
        event
            .connection(record)
            .field(name::BLOCK_DIGEST, digest.to_string())
            .field(name::CONTENT_TYPE, HTTP_REQUEST)
            .block(request)
    }

    /// The records with the response: interim responses, surplus bytes, notes.
    fn beside<'a>(
        &self,
        exchange: &'a Exchange,
        notes: &CaptureNotes,
        event: &Event,
        response_id: &RecordId,
        ids: &mut dyn RecordIds,
    ) -> Vec<Record<'a>> {
        let mut records = Vec::new();
        let mut add = |content_type: &str, block: Cow<'a, [u8]>, known: Option<Digest>| {
            // The request is the first beside the response.
            let id = match u16::try_from(records.len() + 2) {
                Ok(number) => ids.beside(response_id, number),
                Err(_) => ids.next_id(),
            };
            let block = (block, known);
            records.push(self.metadata(event, &id, Some(response_id), content_type, block));
        };
        let (single, more) = exchange.interim.split_at(exchange.interim.len().min(INTERIM_MAX));
        for interim in single {
            add(HTTP_RESPONSE, Cow::Borrowed(interim), None);
        }
        if !more.is_empty() {
            add(HTTP_RESPONSE, Cow::Owned(more.concat()), None);
        }
        if !exchange.surplus.is_empty() {
            add(OCTETS, Cow::Borrowed(&exchange.surplus), None);
        }
        let fields = self.notes(exchange, notes);
        if !fields.is_empty() {
            add(warc_fields::MEDIA_TYPE, Cow::Owned(warc_fields::write(&fields)), None);
        }
        if let Some(session) = &exchange.session {
            add(session_type::NOTE, Cow::Borrowed(&session.note), None);
            add(session_type::SENT, Cow::Borrowed(&session.sent), None);
            let known = Some(session.received_digest);
            add(session_type::RECEIVED, Cow::Borrowed(&session.received), known);
            add(session_type::SECRETS, Cow::Borrowed(&session.secrets), None);
        }
        records
    }

    /// A `metadata` record of a block, and of its digest where that is known.
    pub(super) fn metadata<'a>(
        &self,
        event: &Event,
        id: &RecordId,
        concurrent_to: Option<&RecordId>,
        content_type: &str,
        (block, known): (Cow<'a, [u8]>, Option<Digest>),
    ) -> Record<'a> {
        let digest = match known {
            Some(digest) if digest.algorithm() == self.algorithm => digest,
            _ => self.algorithm.digest(&block),
        };
        let record = event.start(&RecordKind::Metadata, id);
        let record = match concurrent_to {
            Some(main) => record.field(name::CONCURRENT_TO, main.to_string()),
            None => self.name_warcinfo(record).maybe(name::DRAND_ROUND, self.rounds.at(event.date)),
        };
        record
            .maybe(name::IP_ADDRESS, event.address.map(|address| address.to_string()))
            .field(name::BLOCK_DIGEST, digest.to_string())
            .field(name::CONTENT_TYPE, content_type)
            .block(Block::Bytes(block))
    }

    /// What is to be said of a capture as text; empty where nothing is.
    fn notes(&self, exchange: &Exchange, notes: &CaptureNotes) -> Fields {
        let mut fields = Fields::new();
        if let Some(via) = &notes.via {
            fields.push("via", via);
        }
        if let Some(hops) = &notes.hops_from_seed {
            fields.push("hopsFromSeed", hops);
        }
        if exchange.tls.as_ref().is_some_and(|tls| !tls.verified) {
            fields.push("tlsVerified", "false");
        }
        for warning in &exchange.shape.warnings {
            fields.push("warning", warning);
        }
        for (name, value) in &notes.more {
            fields.push(name, value);
        }
        if self.fetch_times || !fields.is_empty() {
            fields.push("fetchTimeMs", exchange.timing.total.as_millis().to_string());
        }
        fields
    }

    /// The certificates that the server showed as a `resource` record; `None` where there are none, or they are not
    /// wanted.
    fn certificates_record(
        &self,
        exchange: &Exchange,
        ids: &mut dyn RecordIds,
    ) -> Option<Record<'static>> {
        let tls = exchange.tls.as_ref().filter(|_| self.certificates)?;
        if tls.certificates.is_empty() {
            return None;
        }
        let block = pem_chain(tls);
        let digest = self.algorithm.digest(&block).to_string();
        let uri = format!("{CERTIFICATES_URN}{digest}");
        let record = Record::build(&RecordKind::Resource, &ids.next_id(), exchange.date)
            .field(name::TARGET_URI, escaped_uri(&uri).as_ref());
        let record = self
            .name_warcinfo(record)
            .field(name::PAYLOAD_DIGEST, &digest)
            .field(name::BLOCK_DIGEST, &digest)
            .field(name::CONTENT_TYPE, "application/pem-certificate-chain");
        Some(record.block(block))
    }

    /// Name resolution as a `resource` record: `text/dns` (RFC 4027), the date of the answer in a
    /// line, then a record a line as in a master file (RFC 1035 section 5.1). The time to live is
    /// left out, as a master file may, since the system's resolver does not report it.
    #[must_use]
    pub fn dns_record(&self, facts: &DnsFacts, id: &RecordId) -> Record<'static> {
        let mut text = format!("{}\r\n", facts.at.to_stamp14());
        for address in &facts.addresses {
            let kind = if address.is_ipv4() { "A" } else { "AAAA" };
            text.push_str(&format!("{}.\tIN\t{kind}\t{address}\r\n", facts.host));
        }
        text.push_str(&format!("; answered by: {}\r\n", facts.source));
        let digest = self.algorithm.digest(text.as_bytes()).to_string();
        let record = Record::build(&RecordKind::Resource, id, facts.at)
            .field(name::TARGET_URI, escaped_uri(&format!("dns:{}", facts.host)).as_ref());
        self.name_warcinfo(record)
            .field(name::PAYLOAD_DIGEST, &digest)
            .field(name::BLOCK_DIGEST, &digest)
            .field(name::CONTENT_TYPE, "text/dns")
            .block(text.into_bytes())
    }
}

/// The facts that all records of one capture event share.
pub(super) struct Event {
    pub(super) uri: String,
    pub(super) date: Timestamp,
    pub(super) address: Option<IpAddr>,
    pub(super) protocols: Vec<&'static str>,
    pub(super) cipher_suite: Option<String>,
}

impl Event {
    fn of(_: &Composer, exchange: &Exchange) -> Self {
        let http = match exchange.response.prefix(8).as_deref() {
            Ok(b"HTTP/1.0") => "http/1.0",
            _ => "http/1.1",
        };
        let tls = exchange.tls.as_ref();
        Self {
            uri: escaped_uri(exchange.uri.as_str()).into_owned(),
            date: exchange.date,
            address: exchange.peer,
            protocols: std::iter::once(http).chain(tls.map(|tls| tls.protocol)).collect(),
            cipher_suite: tls.map(|tls| tls.cipher_suite.clone()),
        }
    }

    fn start(&self, kind: &RecordKind, id: &RecordId) -> RecordBuilder {
        Record::build(kind, id, self.date).field(name::TARGET_URI, &self.uri)
    }

    fn connection(&self, mut record: RecordBuilder) -> RecordBuilder {
        record = record.maybe(name::IP_ADDRESS, self.address.map(|address| address.to_string()));
        for protocol in &self.protocols {
            record = record.field(name::PROTOCOL, protocol);
        }
        record.maybe(name::CIPHER_SUITE, self.cipher_suite.as_ref())
    }
}

/// Adds what makes a record a revisit of `original`.
fn refer(record: RecordBuilder, profile: &str, original: &Original) -> RecordBuilder {
    record
        .field(name::PROFILE, profile)
        .maybe(name::REFERS_TO, original.record_id.as_ref().map(ToString::to_string))
        .field(name::REFERS_TO_TARGET_URI, escaped_uri(&original.target_uri).as_ref())
        .field(name::REFERS_TO_DATE, original.date.to_warc_date())
}

/// A URI as a field value: blanks, control characters and what is not ASCII percent-encoded, as
/// section 5.14 asks; tabs and line breaks inside left out, as a browser does.
#[must_use]
pub fn escaped_uri(uri: &str) -> Cow<'_, str> {
    if uri.bytes().all(|c| c.is_ascii_graphic()) {
        return Cow::Borrowed(uri);
    }
    let mut out = String::with_capacity(uri.len() + 16);
    for c in uri.bytes() {
        match c {
            b'\t' | b'\n' | b'\r' => {}
            _ if c.is_ascii_graphic() => out.push(char::from(c)),
            _ => out.push_str(&format!("%{c:02X}")),
        }
    }
    Cow::Owned(out)
}

/// The server's chain in PEM (RFC 7468 section 5), leaf first, then the OCSP response that was stapled to it.
fn pem_chain(tls: &TlsFacts) -> Vec<u8> {
    let mut out = String::new();
    let certificates = tls.certificates.iter().map(|der| ("CERTIFICATE", der));
    let staple = Some(("OCSP RESPONSE", &tls.ocsp)).filter(|(_, der)| !der.is_empty());
    for (label, der) in certificates.chain(staple) {
        out.push_str(&format!("-----BEGIN {label}-----\n"));
        let text = BASE64.encode(der);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            out.push_str(line);
            out.push('\n');
            rest = after;
        }
        out.push_str(&format!("-----END {label}-----\n"));
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests;
