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

/// How many records are remembered.
pub const LINKS_MAX: usize = 400_000;

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

/// A record that is known.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// A hash of its payload digest; zero where it states none.
    payload: u64,
    file: u32,
}

/// A link that was met before what it names.
struct Open {
    link: Link,
    file: u32,
    offset: u64,
}

/// A revisit whose original was not met before it.
struct OpenRevisit {
    id: Option<u64>,
    by_date: Option<u64>,
    payload: u64,
    file: u32,
    offset: u64,
}

#[derive(Default)]
pub(super) struct Links {
    files: Vec<String>,
    known: HashMap<u64, Known>,
    open: HashMap<u64, Vec<Open>>,
    open_count: usize,
    revisits: Vec<OpenRevisit>,
    findings: Vec<Finding>,
    left_out: u64,
}

impl Links {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        self.files.push(name.to_owned());
    }

    /// An empty one for a part of the file that was begun last.
    pub(super) fn part(&self) -> Self {
        Self { files: self.files.clone(), ..Self::default() }
    }

    /// Takes in what a part of the file had.
    pub(super) fn absorb(&mut self, part: Self) {
        for (key, known) in part.known {
            self.known.entry(key).or_insert(known);
        }
        for (to, links) in part.open {
            self.open.entry(to).or_default().extend(links);
        }
        self.open_count += part.open_count;
        self.revisits.extend(part.revisits);
        self.findings.extend(part.findings);
        self.left_out += part.left_out;
    }

    fn file(&self) -> u32 {
        u32::try_from(self.files.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Takes in a record.
    pub(super) fn record(&mut self, header: &RecordHeader, offset: u64) {
        if self.known.len() >= LINKS_MAX || self.open_count >= LINKS_MAX {
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
        if let Some(id) = fields.record_id() {
            let known = Known { payload, file };
            if let Some(before) = self.known.insert(hash_of(id.uri()), known)
                && before.file == file
            {
                let what = format!("{} names two records of the file", name::RECORD_ID);
                self.report(file, offset, "record-id", what);
            }
        }
        if kind != Some(RecordKind::Revisit)
            && let (true, Some(key)) = (payload != 0, dated(fields.target_uri(), fields.date()))
        {
            self.known.insert(key, Known { payload, file });
        }
        if let Some(id) = fields.warcinfo_id() {
            self.link(Link::Warcinfo, hash_of(id.uri()), offset);
        }
        for id in fields.concurrent_to() {
            self.link(Link::ConcurrentTo, hash_of(id.uri()), offset);
        }
        match (kind, fields.refers_to()) {
            (Some(RecordKind::Revisit), id) => {
                let by_date = dated(fields.refers_to_target_uri(), fields.refers_to_date());
                let id = id.map(|id| hash_of(id.uri()));
                self.open_count += 1;
                self.revisits.push(OpenRevisit { id, by_date, payload, file, offset });
            }
            (_, Some(id)) => self.link(Link::RefersTo, hash_of(id.uri()), offset),
            _ => {}
        }
    }

    fn link(&mut self, link: Link, to: u64, offset: u64) {
        if !self.known.contains_key(&to) {
            self.open_count += 1;
            let file = self.file();
            self.open.entry(to).or_default().push(Open { link, file, offset });
        }
    }

    fn report(&mut self, file: u32, offset: u64, rule: &'static str, what: String) {
        let name = self.files.get(file as usize).map_or("", String::as_str);
        self.findings.push(Finding::warning(name, Some(offset), rule, what));
    }

    /// What is wrong with the links, and how many revisits refer to records that were not met.
    pub(super) fn finish(mut self) -> (Vec<Finding>, u64) {
        // One finding for each kind of link and file: what is missing is mostly one record.
        let mut missing: HashMap<(Link, u32), (u64, u64)> = HashMap::new();
        for (to, links) in std::mem::take(&mut self.open) {
            if self.known.contains_key(&to) {
                continue;
            }
            for Open { link, file, offset } in links {
                let (count, first) = missing.entry((link, file)).or_insert((0, offset));
                *count += 1;
                *first = offset.min(*first);
            }
        }
        let mut missing: Vec<_> = missing.into_iter().collect();
        missing.sort_by_key(|((link, file), (_, first))| (*file, *first, link.rule()));
        for ((link, file), (count, first)) in missing {
            let field = link.field();
            let what = match count {
                1 => format!("{field} names a record that is not there"),
                n => format!(
                    "{field} of {n} records, of which this is the first, names one that is not there"
                ),
            };
            self.report(file, first, link.rule(), what);
        }
        let mut outside = 0;
        for revisit in std::mem::take(&mut self.revisits) {
            let mut found = [revisit.id, revisit.by_date].into_iter().flatten();
            match found.find_map(|key| self.known.get(&key)) {
                None => outside += 1,
                Some(known) if known.payload != 0 && revisit.payload != 0 => {
                    if known.payload != revisit.payload {
                        let what = "the revisit and the record that it refers to have different payload digests";
                        let name = &self.files[revisit.file as usize];
                        let at = Some(revisit.offset);
                        self.findings.push(Finding::error(name, at, "revisit-target", what));
                    }
                }
                Some(_) => {}
            }
        }
        if self.left_out > 0 {
            let what = format!(
                "the links of {} records are left unchecked: no more than {LINKS_MAX} are remembered",
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
