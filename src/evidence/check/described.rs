//! What `bundle.json` says against the records, and which files there are against what it says.

use std::collections::BTreeSet;

use super::records::Seen;
use super::{CheckResult, Files, holds, interval};
use crate::base::Digest;
use crate::evidence::bundle::{ANCHORED, Description, OTS, RENDERED, Role, WITNESSED, unbracketed};
use crate::evidence::leaf::RecordLeaf;
use crate::warc::{CERTIFICATES_URN, RecordId, name};

/// More records no bundle has: the bound on work that grows with their square.
const RECORDS_MAX: usize = 2000;

/// Whether files are those of a bundle or of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bundle,
    /// Whose own files are checked apart, and that explains nothing.
    Package,
}

/// Every value follows from the records, and no file is there that it does not account for.
pub(super) fn agrees(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
    form: Form,
) -> CheckResult {
    only_known_files(files, description, records, form)?;
    for (n, (said, seen)) in (1..).zip(description.records.iter().zip(records)) {
        let leaf = RecordLeaf::parse(&seen.leaf)
            .ok_or_else(|| format!("the leaf of record {n} is not of the form"))?;
        let (offset, length) = seen.place.unzip();
        for (what, same) in [
            ("number", said.number == n),
            ("type", said.kind == leaf.kind),
            ("uri", said.uri == leaf.uri),
            ("date", said.date == leaf.date),
            ("record_id", said.record_id == leaf.id),
            ("offset", said.offset == offset),
            ("length", said.length == length),
            ("sha256", said.sha256 == seen.sha256),
            ("withheld", said.withheld.as_ref().is_none_or(|names| !names.is_empty())),
        ] {
            if !same {
                return Err(format!("bundle.json: {what} of record {n} is not that of the record"));
            }
        }
    }
    roles(description, records)?;
    holds(format!("bundle.json says of {} records what they say", records.len()))
}

fn only_known_files(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
    form: Form,
) -> Result<(), String> {
    let mut expected: BTreeSet<String> = description.files().into_iter().collect();
    if form == Form::Bundle {
        let own = ["certificate.html", "check.py", "SHA256SUMS", "SHA256SUMS.sig"];
        expected.extend(own.map(str::to_owned));
    }
    let chains = interval::files(files, description, records);
    for name in files.by_name.keys() {
        // A page of which nothing can be read has neither text, and not every log has witnesses or rounds of drand.
        let may_be = ["article.txt", "citation.txt", WITNESSED, ANCHORED, OTS];
        if !expected.remove(*name) && !may_be.contains(name) && !chains.contains(*name) {
            return Err(format!("{name} is no file of a bundle"));
        }
    }
    match expected.first() {
        Some(name) => Err(format!("{name} is missing")),
        None => Ok(()),
    }
}

/// The part that each record is said to have, as far as records tell.
fn roles(description: &Description, records: &[Seen]) -> Result<(), String> {
    if records.len() > RECORDS_MAX {
        return Err(format!("{} records are more than a bundle has", records.len()));
    }
    let all = Records::of(description, records);
    let mut captures = all.with("capture");
    let capture = captures.next().ok_or("bundle.json names no record as the capture")?;
    if captures.next().is_some() {
        return Err("bundle.json names two records as the capture".to_owned());
    }
    let said = &description.records[capture];
    if description.url != unbracketed(&said.uri) {
        return Err("bundle.json: url is not that of the capture".to_owned());
    }
    if description.date != said.date {
        return Err("bundle.json: date is not that of the capture".to_owned());
    }
    let itself: Vec<bool> = (0..records.len()).map(|at| all.is_itself(at, capture)).collect();
    for (at, record) in description.records.iter().enumerate() {
        let role = record.role.as_str();
        let is_warcinfo = record.kind == "warcinfo";
        let fits = match role {
            "warcinfo" => is_warcinfo,
            _ if is_warcinfo => false,
            "capture" => record.withheld.is_none() && record.kind != "request",
            "exchange" => all.belongs(at, capture),
            _ if !Role::LABELS.contains(&role) => false,
            _ => itself[at] || all.with(role).any(|main| itself[main] && all.belongs(at, main)),
        };
        if !fits {
            let number = record.number;
            return Err(format!("bundle.json: role of record {number} is not that of the record"));
        }
    }
    Ok(())
}

struct Records<'a> {
    description: &'a Description,
    records: &'a [Seen],
    ids: Vec<Option<RecordId>>,
    /// What each names as concurrent to it.
    concurrent: Vec<Vec<RecordId>>,
}

impl<'a> Records<'a> {
    fn of(description: &'a Description, records: &'a [Seen]) -> Self {
        let ids = records.iter().map(|seen| seen.fields.record_id()).collect();
        let concurrent = records.iter().map(|seen| seen.fields.concurrent_to()).collect();
        Self { description, records, ids, concurrent }
    }

    fn with<'r>(&'r self, role: &'r str) -> impl Iterator<Item = usize> + 'r {
        let records = self.description.records.iter().enumerate();
        records.filter(move |(_, record)| record.role == role).map(|(at, _)| at)
    }

    /// Whether a record is what its role says, by itself.
    fn is_itself(&self, at: usize, capture: usize) -> bool {
        let role = self.description.records[at].role.as_str();
        let uri = unbracketed(&self.description.records[at].uri);
        let status = |at: usize| self.records[at].status;
        let redirects = |at: usize| status(at).is_some_and(|s| (300..400).contains(&s));
        if self.description.records[at].kind == "request" {
            return false;
        }
        match role {
            "payload" => self.is_referred_to(at, &["capture", "redirect"]),
            "dns" => uri.starts_with("dns:"),
            "robots" => uri.ends_with("/robots.txt") || self.is_referred_to(at, &["robots"]),
            "certificates" => self.is_certificates(at, capture),
            "redirect" => redirects(at) || redirects(capture),
            "rendering" => self.is_rendering(at, capture),
            _ => false,
        }
    }

    /// Whether this record is the one of certificates that the capture names, and holds what its URI says.
    fn is_certificates(&self, at: usize, capture: usize) -> bool {
        let fields = &self.records[at].fields;
        let Some(uri) = fields.target_uri() else { return false };
        let named = self.records[capture].fields.text(name::CERTIFICATES);
        let digest =
            uri.strip_prefix(CERTIFICATES_URN).and_then(|text| text.parse::<Digest>().ok());
        named.as_deref() == Some(&*uri) && digest.is_some() && digest == fields.block_digest()
    }

    /// Whether a record is the page as a browser had it, which names the capture, or one that was made of that page
    /// and has the same id of the page.
    fn is_rendering(&self, at: usize, capture: usize) -> bool {
        let said = |at: usize| &self.description.records[at];
        let page = |at: usize| self.records[at].fields.text(name::PAGE_ID);
        let is_document = |at: usize| {
            said(at).kind == "conversion"
                && self.ids[capture].is_some()
                && self.records[at].fields.refers_to() == self.ids[capture]
                && unbracketed(&said(at).uri) == unbracketed(&said(capture).uri)
        };
        let uri = unbracketed(&said(at).uri);
        let of = RENDERED.iter().find_map(|prefix| uri.strip_prefix(prefix));
        let is_made = said(at).kind == "resource" && of == Some(unbracketed(&said(capture).uri));
        let is_joined = |one: usize| is_document(one) && page(one) == page(at);
        is_document(at) || is_made && page(at).is_some() && (0..self.records.len()).any(is_joined)
    }

    /// Whether a revisit of one of these roles names this record as the one that holds its payload.
    fn is_referred_to(&self, at: usize, roles: &[&str]) -> bool {
        let own = &self.records[at].fields;
        let revisits = self.description.records.iter().zip(self.records);
        revisits
            .filter(|(said, _)| said.kind == "revisit" && roles.contains(&said.role.as_str()))
            .any(|(_, seen)| {
                let fields = &seen.fields;
                let by_id = fields.refers_to().is_some_and(|id| own.record_id() == Some(id));
                let by_place = fields.refers_to_date().is_some()
                    && fields.refers_to_date() == own.date()
                    && fields.refers_to_target_uri() == own.target_uri();
                let by_digest = fields.payload_digest().is_some()
                    && fields.payload_digest() == own.payload_digest();
                by_id || by_place || by_digest
            })
    }

    /// Whether a record was written with the main one.
    fn belongs(&self, at: usize, main: usize) -> bool {
        let names = |of: usize, id: &Option<RecordId>| {
            id.as_ref().is_some_and(|id| self.concurrent[of].contains(id))
        };
        names(main, &self.ids[at])
            || names(at, &self.ids[main])
            || self.ids[main].is_some() && self.records[at].fields.refers_to() == self.ids[main]
    }
}
