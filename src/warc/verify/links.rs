//! Links between records: what each names, and whether it is there.
//!
//! A record is remembered by a hash of its identifier, and by one of its URI and date, with a hash of
//! its payload digest. Two different identifiers have the same hash once in 2^64 pairs: a link that
//! leads nowhere is then not reported, which does no harm.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::fields::name;
use super::super::parse::RecordHeader;
use super::super::record::RecordKind;
use crate::base::{Checksum, Finding};

/// How many records are remembered, and how many links.
pub const LINKS_MAX: usize = 400_000;
/// How many links of one kind are followed of one record; most have two.
const RECORD_LINKS_MAX: usize = 1_000;
/// How many repeated identifiers are reported.
const FINDINGS_MAX: usize = 10_000;

/// The kind of a link, which is reported where it leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Link {
    Warcinfo,
    ConcurrentTo,
    RefersTo,
}

impl Link {
    fn rule(self) -> &'static str {
        match self {
            Self::Warcinfo => "warcinfo-link",
            Self::ConcurrentTo => "concurrent-to-link",
            Self::RefersTo => "refers-to-link",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Warcinfo => name::WARCINFO_ID,
            Self::ConcurrentTo => name::CONCURRENT_TO,
            Self::RefersTo => name::REFERS_TO,
        }
    }
}

/// A record that is known, by its identifier or by its URI and date.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// A hash of its payload digest; zero where it states none.
    payload: u64,
    offset: u64,
    file: u32,
    by_id: bool,
}

/// A link that was read before what it names.
#[derive(Debug, Clone, Copy)]
struct Open {
    to: u64,
    offset: u64,
    file: u32,
    link: Link,
}

/// A revisit whose original was not read before it. A hash is zero where there is nothing to hash.
#[derive(Debug, Clone, Copy)]
struct OpenRevisit {
    id: u64,
    by_date: u64,
    payload: u64,
    offset: u64,
    file: u32,
}

#[derive(Clone, Default)]
pub(super) struct Links {
    files: Vec<String>,
    /// The number of the first of `files`.
    first: u32,
    /// How many records, and how many links, are remembered.
    most: usize,
    known: HashMap<u64, Known>,
    open: Vec<Open>,
    revisits: Vec<OpenRevisit>,
    findings: Vec<Finding>,
    left_out: u64,
}

impl Links {
    pub(super) fn new() -> Self {
        Self { most: LINKS_MAX, ..Self::default() }
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        self.files.push(name.to_owned());
    }

    /// An empty one for a part of the file that was begun last, of which `parts` share what may still
    /// be remembered.
    pub(super) fn part(&self, parts: usize) -> Self {
        let taken = self.known.len().max(self.open.len() + self.revisits.len());
        let most = self.most.saturating_sub(taken) / parts.max(1);
        let files = self.files.last().cloned().into_iter().collect();
        Self { files, first: self.file(), most, ..Self::default() }
    }

    /// Takes in what a part of the file had.
    pub(super) fn absorb(&mut self, part: Self) {
        self.findings.extend(part.findings);
        self.left_out += part.left_out;
        let mut repeated = Vec::new();
        if self.known.is_empty() {
            self.known = part.known;
        } else {
            for (key, known) in part.known {
                if self.known.len() >= self.most {
                    self.left_out += 1;
                } else if let Some(before) = self.known.insert(key, known)
                    && (before.by_id && known.by_id && before.file == known.file)
                {
                    repeated.push((known.file, before.offset.max(known.offset)));
                }
            }
        }
        repeated.sort_unstable();
        repeated.into_iter().for_each(|(file, offset)| self.repeated(file, offset));
        let room = self.most.saturating_sub(self.open.len() + self.revisits.len());
        self.open.extend(part.open.into_iter().take(room));
        let room = self.most.saturating_sub(self.open.len() + self.revisits.len());
        self.revisits.extend(part.revisits.into_iter().take(room));
    }

    fn file(&self) -> u32 {
        let last = u32::try_from(self.files.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_add(last)
    }

    /// Takes in a record.
    pub(super) fn record(&mut self, header: &RecordHeader, offset: u64) {
        if self.known.len() >= self.most || self.open.len() + self.revisits.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let fields = &header.fields;
        let kind = fields.record_kind();
        let payload = fields
            .text(name::PAYLOAD_DIGEST)
            .and_then(|text| text.parse::<Checksum>().ok())
            .map_or(0, |checksum| hash_of(&checksum));
        let file = self.file();
        let known = Known { payload, offset, file, by_id: false };
        if let Some(id) = fields.record_id() {
            let known = Known { by_id: true, ..known };
            if let Some(before) = self.known.insert(hash_of(id.uri()), known)
                && before.file == file
            {
                self.repeated(file, offset);
            }
        }
        if kind != Some(RecordKind::Revisit)
            && let (true, Some(key)) = (payload != 0, dated(fields.target_uri(), fields.date()))
        {
            self.known.insert(key, known);
        }
        if let Some(id) = fields.warcinfo_id() {
            self.link(Link::Warcinfo, hash_of(id.uri()), offset);
        }
        for id in fields.concurrent_to().iter().take(RECORD_LINKS_MAX) {
            self.link(Link::ConcurrentTo, hash_of(id.uri()), offset);
        }
        match (kind, fields.refers_to()) {
            (Some(RecordKind::Revisit), id) => {
                let by_date = dated(fields.refers_to_target_uri(), fields.refers_to_date());
                let id = id.map_or(0, |id| hash_of(id.uri()));
                let by_date = by_date.unwrap_or(0);
                self.revisits.push(OpenRevisit { id, by_date, payload, offset, file });
            }
            (_, Some(id)) => self.link(Link::RefersTo, hash_of(id.uri()), offset),
            _ => {}
        }
    }

    fn link(&mut self, link: Link, to: u64, offset: u64) {
        if !self.known.contains_key(&to) {
            let file = self.file();
            self.open.push(Open { to, offset, file, link });
        }
    }

    fn repeated(&mut self, file: u32, offset: u64) {
        // A file whose records all have one identifier would give thousands of findings of one fact.
        if self.findings.len() < FINDINGS_MAX {
            let what = format!("{} names two records of the file", name::RECORD_ID);
            self.report(file, offset, "record-id", what);
        }
    }

    /// What a file is called.
    fn name_of(&self, file: u32) -> &str {
        let at = file.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.files.get(at)).map_or("", String::as_str)
    }

    fn report(&mut self, file: u32, offset: u64, rule: &'static str, what: String) {
        let finding = Finding::warning(self.name_of(file), Some(offset), rule, what);
        self.findings.push(finding);
    }

    /// What is wrong with the links, and how many revisits refer to records that were not found.
    pub(super) fn finish(mut self) -> (Vec<Finding>, u64) {
        // One finding for each kind of link and file: what is missing is mostly one record.
        let mut missing: HashMap<(Link, u32), (u64, u64)> = HashMap::new();
        for Open { to, link, file, offset } in std::mem::take(&mut self.open) {
            if self.known.contains_key(&to) {
                continue;
            }
            let (count, first) = missing.entry((link, file)).or_insert((0, offset));
            *count += 1;
            *first = offset.min(*first);
        }
        let mut missing: Vec<_> = missing.into_iter().collect();
        missing.sort_by_key(|((link, file), (_, first))| (*file, *first, link.rule()));
        for ((link, file), (count, first)) in missing {
            let field = link.field();
            let what = match count {
                1 => format!("{field} names a record that does not exist"),
                n => format!(
                    "{field} of {n} records, of which this is the first, names one that does not exist"
                ),
            };
            self.report(file, first, link.rule(), what);
        }
        let mut outside = 0;
        for revisit in std::mem::take(&mut self.revisits) {
            let keys = [revisit.id, revisit.by_date];
            match keys.iter().filter(|key| **key != 0).find_map(|key| self.known.get(key)) {
                None => outside += 1,
                Some(known) if known.payload != 0 && revisit.payload != 0 => {
                    if known.payload != revisit.payload {
                        let what = "the revisit and the record that it refers to have different payload digests";
                        let at = Some(revisit.offset);
                        let finding =
                            Finding::error(self.name_of(revisit.file), at, "revisit-target", what);
                        self.findings.push(finding);
                    }
                }
                Some(_) => {}
            }
        }
        if self.left_out > 0 {
            let what = format!(
                "the links of {} records were not checked: at most {LINKS_MAX} are remembered",
                self.left_out
            );
            let name = self.files.last().map_or("", String::as_str);
            self.findings.push(Finding::warning(name, None, "links-unchecked", what));
        }
        (self.findings, outside)
    }
}

fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish() | 1
}

/// The hash of a URI and a date, where both are there.
fn dated(
    uri: Option<std::borrow::Cow<'_, str>>,
    date: Option<crate::base::Timestamp>,
) -> Option<u64> {
    // To the second: writers of WARC/1.0 dates leave the rest out of what refers to them.
    Some(hash_of(&(&*uri?, date?.to_warc_date().get(..19)?.to_owned())))
}
