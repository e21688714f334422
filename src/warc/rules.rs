//! The standard's rules on fields, as tables, and what of a record is against them.
//!
//! Only fields are checked: whether digests agree with the bytes is checked where the bytes are
//! read. A rule that the standard words with "shall" gives an error, one with "should" a warning.
//!
//! ISO 28500:2017 (WARC/1.1) sections 5 and 6.

use super::fields::{Fields, name, value_text};
use super::parse::excerpt;
use super::record::{RecordId, RecordKind};
use crate::base::{Checksum, Finding, Severity, Timestamp};

/// Kinds as a set of bits, in the order of section 6.
type Kinds = u8;
const WARCINFO: Kinds = 1;
const RESPONSE: Kinds = 2;
const RESOURCE: Kinds = 4;
const REQUEST: Kinds = 8;
const METADATA: Kinds = 16;
const REVISIT: Kinds = 32;
const CONVERSION: Kinds = 64;
const CONTINUATION: Kinds = 128;
const ALL: Kinds = 255;
const NONE: Kinds = 0;
/// Kinds that record one capture event.
const EVENT: Kinds = RESPONSE | RESOURCE | REQUEST | METADATA | REVISIT;

/// The rule that a URI is in no brackets where WARC/1.1 has none; the grammar of WARC/1.0 had.
pub const URI_BRACKETS: &str = "uri-brackets";

/// What the value of a field must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `<URI>`.
    BracketedUri,
    /// A URI, bare; WARC/1.0 had brackets.
    BareUri,
    Number,
    Date,
    Digest,
    Address,
    MediaType,
    TruncatedReason,
    Free,
}

/// One field's rules.
struct Rule {
    field: &'static str,
    /// Kinds that shall have it.
    mandatory: Kinds,
    /// Kinds that may have it.
    allowed: Kinds,
    repeatable: bool,
    form: Form,
}

const fn rule(field: &'static str, mandatory: Kinds, allowed: Kinds, form: Form) -> Rule {
    Rule { field, mandatory, allowed, repeatable: false, form }
}

const fn repeatable(field: &'static str, allowed: Kinds, form: Form) -> Rule {
    Rule { field, mandatory: NONE, allowed, repeatable: true, form }
}

/// Every field of the standard and the adopted extensions.
const RULES: &[Rule] = &[
    rule(name::RECORD_ID, ALL, ALL, Form::BracketedUri),
    rule(name::CONTENT_LENGTH, ALL, ALL, Form::Number),
    rule(name::DATE, ALL, ALL, Form::Date),
    rule(name::TYPE, ALL, ALL, Form::Free),
    rule(name::CONTENT_TYPE, NONE, ALL, Form::MediaType),
    repeatable(name::CONCURRENT_TO, EVENT, Form::BracketedUri),
    rule(name::BLOCK_DIGEST, NONE, ALL, Form::Digest),
    // Warcinfo and metadata records have no payload (section 4).
    rule(name::PAYLOAD_DIGEST, NONE, ALL & !(WARCINFO | METADATA), Form::Digest),
    rule(name::IP_ADDRESS, NONE, EVENT, Form::Address),
    rule(name::REFERS_TO, NONE, METADATA | REVISIT | CONVERSION, Form::BracketedUri),
    rule(name::REFERS_TO_TARGET_URI, NONE, REVISIT, Form::BareUri),
    rule(name::REFERS_TO_DATE, NONE, REVISIT, Form::Date),
    rule(name::TARGET_URI, ALL & !(WARCINFO | METADATA), ALL & !WARCINFO, Form::BareUri),
    rule(name::TRUNCATED, NONE, ALL, Form::TruncatedReason),
    rule(name::WARCINFO_ID, NONE, ALL & !WARCINFO, Form::BracketedUri),
    rule(name::FILENAME, NONE, WARCINFO, Form::Free),
    rule(name::PROFILE, REVISIT, REVISIT, Form::BareUri),
    rule(name::IDENTIFIED_PAYLOAD_TYPE, NONE, ALL & !(WARCINFO | METADATA), Form::MediaType),
    rule(name::SEGMENT_NUMBER, CONTINUATION, ALL, Form::Number),
    rule(name::SEGMENT_ORIGIN_ID, CONTINUATION, CONTINUATION, Form::BracketedUri),
    rule(name::SEGMENT_TOTAL_LENGTH, NONE, CONTINUATION, Form::Number),
    repeatable(name::PROTOCOL, EVENT, Form::Free),
    rule(name::CIPHER_SUITE, NONE, EVENT, Form::Free),
];

fn bit(kind: &RecordKind) -> Kinds {
    match kind {
        RecordKind::Warcinfo => WARCINFO,
        RecordKind::Response => RESPONSE,
        RecordKind::Resource => RESOURCE,
        RecordKind::Request => REQUEST,
        RecordKind::Metadata => METADATA,
        RecordKind::Revisit => REVISIT,
        RecordKind::Conversion => CONVERSION,
        RecordKind::Continuation => CONTINUATION,
        RecordKind::Other(_) => NONE,
    }
}

/// What of a record's fields is against the rules; `file` and `offset` say where the record is.
#[must_use]
pub fn check(fields: &Fields, file: &str, offset: u64) -> Vec<Finding> {
    let mut findings = Findings { file, offset, list: Vec::new() };
    let kind = fields.record_kind();
    let bits = kind.as_ref().map_or(NONE, bit);
    for rule in RULES {
        check_field(rule, fields, bits, &mut findings);
    }
    if let Some(RecordKind::Other(kind)) = &kind {
        let kind = excerpt(kind.as_bytes());
        findings.warning("record-kind", format!("{kind:?} is an unknown record type"));
    }
    check_together(fields, kind.as_ref(), &mut findings);
    findings.list
}

/// The most findings of one record: a header of thousands of bad fields is one fact.
const RECORD_FINDINGS_MAX: usize = 32;

struct Findings<'a> {
    file: &'a str,
    offset: u64,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, severity: Severity, rule: &'static str, what: String) {
        if self.list.len() >= RECORD_FINDINGS_MAX {
            return;
        }
        let file = self.file.to_owned();
        self.list.push(Finding { severity, file, offset: Some(self.offset), rule, what });
    }

    fn error(&mut self, rule: &'static str, what: String) {
        self.add(Severity::Error, rule, what);
    }

    fn warning(&mut self, rule: &'static str, what: String) {
        self.add(Severity::Warning, rule, what);
    }
}

fn check_field(rule: &Rule, fields: &Fields, kind: Kinds, findings: &mut Findings<'_>) {
    let count = fields.all(rule.field).count();
    // What every kind must have, a kind that is not known must have too.
    if count == 0 && (rule.mandatory == ALL || rule.mandatory & kind != 0) {
        findings.error("field-missing", format!("{} is missing", rule.field));
    }
    if count > 0 && kind != NONE && rule.allowed & kind == 0 {
        let kind = excerpt(fields.text(name::TYPE).unwrap_or_default().as_bytes());
        findings.error("field-forbidden", format!("{} is not allowed on {kind}", rule.field));
    }
    if count > 1 && !rule.repeatable {
        findings.error("field-repeated", format!("{} occurs {count} times", rule.field));
    }
    for value in fields.all(rule.field) {
        let text = value_text(value);
        if rule.form == Form::BareUri && is_bracketed(text.trim()) {
            let what = format!("{} has angle brackets, which WARC/1.1 does not allow", rule.field);
            findings.warning(URI_BRACKETS, what);
        }
        if let Some((severity, wanted)) = wrong_form(rule.form, text.trim()) {
            let shown = excerpt(text.as_bytes());
            let what = format!("{} is {shown:?}, which is not a valid {wanted}", rule.field);
            findings.add(severity, "field-form", what);
        }
    }
}

/// What is wrong with a value: how bad it is, and what was wanted.
fn wrong_form(form: Form, text: &str) -> Option<(Severity, &'static str)> {
    let bracketed = is_bracketed(text);
    let inner = if bracketed { &text[1..text.len() - 1] } else { text };
    let uri = is_uri(inner);
    let good = match form {
        Form::Free => true,
        Form::BracketedUri | Form::BareUri if !uri => return Some((Severity::Error, "URI")),
        Form::BracketedUri if !bracketed => return Some((Severity::Warning, "URI in brackets")),
        Form::BracketedUri | Form::BareUri => true,
        Form::Number => !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()),
        Form::Date => {
            // 14 digits are read, and are those of ARC and CDX.
            let is_digits = text.len() > 4 && text.bytes().all(|c| c.is_ascii_digit());
            if is_digits || Timestamp::parse(text).is_none() {
                return Some((Severity::Error, "date"));
            }
            if !text.ends_with('Z') && text.contains('T') {
                return Some((Severity::Warning, "date in UTC (Z)"));
            }
            true
        }
        Form::Digest => {
            let labelled =
                text.split_once(':').is_some_and(|(a, v)| !a.is_empty() && !v.is_empty());
            if labelled && text.parse::<Checksum>().is_err() {
                return Some((Severity::Warning, "digest of a known form"));
            }
            labelled
        }
        Form::Address => text.parse::<std::net::IpAddr>().is_ok(),
        Form::MediaType => text.split_once('/').is_some_and(|(a, b)| {
            !a.is_empty() && !b.is_empty() && !a.contains(char::is_whitespace)
        }),
        Form::TruncatedReason => {
            if !matches!(text, "length" | "time" | "disconnect" | "unspecified") {
                return Some((Severity::Warning, "reason of the standard"));
            }
            true
        }
    };
    let wanted = match form {
        Form::Number => "number",
        Form::Digest => "labelled digest",
        Form::Address => "IP address",
        Form::MediaType => "media type",
        _ => "value",
    };
    (!good).then_some((Severity::Error, wanted))
}

fn is_bracketed(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && text.len() > 2
}

/// A scheme, a colon, and something after it without blanks.
fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c))
            && !rest.is_empty()
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

/// Rules on several fields together.
fn check_together(fields: &Fields, kind: Option<&RecordKind>, findings: &mut Findings<'_>) {
    let block = fields.text(name::CONTENT_LENGTH).is_some_and(|text| text.trim() != "0");
    if block && kind != Some(&RecordKind::Continuation) && !fields.contains(name::CONTENT_TYPE) {
        findings.warning("content-type", "a record with a block has no Content-Type".to_owned());
    }
    if fields.text(name::TYPE).is_some_and(|text| text.trim().is_empty()) {
        findings.error("record-kind", "WARC-Type is empty".to_owned());
    }
    let id: Option<RecordId> = fields.record_id();
    if id.is_some() && fields.concurrent_to().into_iter().any(|other| Some(other) == id) {
        findings.warning("concurrent-to", "a record refers to itself as concurrent".to_owned());
    }
    if kind == Some(&RecordKind::Revisit) {
        check_revisit(fields, findings);
    }
}

/// Section 6.7.
fn check_revisit(fields: &Fields, findings: &mut Findings<'_>) {
    let Some(profile) = fields.profile() else { return };
    if profile.ends_with("/revisit/identical-payload-digest")
        && !fields.contains(name::PAYLOAD_DIGEST)
    {
        let what = "a revisit by payload digest has no WARC-Payload-Digest".to_owned();
        findings.error("revisit-digest", what);
    }
    let known = ["/revisit/identical-payload-digest", "/revisit/server-not-modified"];
    if !known.iter().any(|end| profile.ends_with(end)) {
        let profile = excerpt(profile.as_bytes());
        findings.warning("revisit-profile", format!("the profile {profile:?} is unknown"));
    }
    let refers = [name::REFERS_TO, name::REFERS_TO_TARGET_URI, name::REFERS_TO_DATE];
    if !refers.iter().any(|field| fields.contains(field)) {
        let what = "a revisit does not name the record it refers to".to_owned();
        findings.warning("revisit-refers-to", what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warc::parse::{HeaderLimits, Mode, parse_header};

    const START: &str = "WARC/1.1\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2025-11-05T00:00:00Z\r\nContent-Length: 0\r\n";

    fn rules_of(header: &str) -> Vec<&'static str> {
        let (header, _) =
            parse_header(header.as_bytes(), Mode::Lenient, &HeaderLimits::default()).unwrap();
        check(&header.fields, "f.warc", 7).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn each_rule_is_found_by_its_name() {
        for (lines, expected) in [
            ("WARC-Type: metadata\r\n", &[][..]),
            (
                "WARC-Type: response\r\nWARC-Target-URI: http://a/\r\nWARC-Concurrent-To: <urn:a>\r\nWARC-Concurrent-To: <urn:b>\r\n",
                &[],
            ),
            ("WARC-Type: response\r\n", &["field-missing"]),
            ("", &["field-missing"]),
            ("WARC-Type: strange\r\n", &["record-kind"]),
            ("WARC-Type: warcinfo\r\nWARC-Target-URI: http://a/\r\n", &["field-forbidden"]),
            (
                "WARC-Type: warcinfo\r\nWARC-Filename: a\r\nwarc-filename: b\r\n",
                &["field-repeated"],
            ),
            (
                "WARC-Type: metadata\r\nWARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
                &["field-forbidden"],
            ),
            ("WARC-Type: metadata\r\nWARC-Refers-To-Date: 2025-11-05\r\n", &["field-forbidden"]),
            ("WARC-Type: request\r\nWARC-Target-URI: <http://a/>\r\n", &["uri-brackets"]),
            ("WARC-Type: request\r\nWARC-Target-URI: nonsense\r\n", &["field-form"]),
            ("WARC-Type: metadata\r\nWARC-IP-Address: 1.2.3\r\n", &["field-form"]),
            ("WARC-Type: metadata\r\nWARC-Block-Digest: md5:abc\r\n", &["field-form"]),
            ("WARC-Type: metadata\r\nWARC-Truncated: whim\r\n", &["field-form"]),
            ("WARC-Type: metadata\r\nContent-Type: text\r\n", &["field-form"]),
            ("WARC-Type: metadata\r\nWARC-Concurrent-To: <urn:uuid:1>\r\n", &["concurrent-to"]),
            ("WARC-Type: revisit\r\nWARC-Target-URI: http://a/\r\n", &["field-missing"]),
            (
                "WARC-Type: revisit\r\nWARC-Target-URI: http://a/\r\nWARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n",
                &["revisit-digest", "revisit-refers-to"],
            ),
        ] {
            assert_eq!(rules_of(&format!("{START}{lines}\r\n")), expected, "{lines}");
        }
    }

    #[test]
    fn what_every_record_must_have_is_missed() {
        let found = rules_of("WARC/1.1\r\nContent-Length: 3\r\n\r\n");
        assert_eq!(found, ["field-missing", "field-missing", "field-missing", "content-type"]);
    }

    #[test]
    fn every_field_of_the_standard_has_its_rule() {
        for field in name::ALL {
            assert_eq!(RULES.iter().filter(|rule| rule.field == field).count(), 1, "{field}");
        }
    }
}
