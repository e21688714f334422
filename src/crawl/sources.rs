//! What a captured page names: from feeds, sitemaps, section pages and pages to what the queue is
//! asked for, each with why.
//!
//! Pure: it reads bytes that were captured and asks what is known through [`Rulings`]. It fetches
//! nothing, queues nothing and keeps nothing. Discovery paths are Heritrix's: a source is found as
//! `M` (a manifest), a sitemap in an index as `MM`, one that robots.txt names as `PM`, and what a
//! source names as `L` from there. A job's own sources are followed by name, whatever its scope
//! says; what they name must belong.
//!
//! A date that a source gives is a claim. It brings a visit forward, it never puts one off; and it is
//! compared with what the same source said before ([`SourceEntries`]), never with our clock.

mod named;
mod role;

use std::collections::HashSet;
use std::time::Duration;

pub use self::named::named_by;
pub use self::role::Role;
pub(super) use self::role::is_source_word;
use crate::base::{MediaType, TargetUri, Timestamp};
use crate::extract::Hints;
use crate::outlinks::feeds::{self, Feed, FeedItem};
use crate::outlinks::links::{Hop, Outlink, links_of_css, links_of_html};
use crate::outlinks::sitemaps::{self, SitemapEntry, SitemapKind};
use crate::schedule::clean::{Cleaned, Variant, VariantKind, variant};
use crate::schedule::job::depth_of;
use crate::schedule::revisit::{EntryKey, SourceEntries, Statement, entry_key};
use crate::schedule::scope::Ruling;
use crate::schedule::traps::Trap;
use crate::schedule::{Ask, DiscoveryPath, Found, JobSpec, Priority, Step};

use super::entry_words::{by_source, variant_word};

/// How many sitemaps of one robots.txt are followed.
const ROBOTS_SITEMAPS_MAX: usize = 50;
/// How many further pages of a feed are followed at one reading.
const FEED_PAGES_MAX: u32 = 3;
/// This many entries dated alike say nothing of which of them is young.
const DATED_ALIKE_MIN: usize = 4;
/// How close together such dates are.
const DATED_ALIKE: Duration = Duration::from_secs(120);

/// This many new pages on hosts that are not the job's are taken from one reading of a source; the next
/// reading takes more. A publisher says which pages are its own, and may be wrong or hostile.
const ELSEWHERE_MAX: usize = 1_000;

/// This many notes are kept of a page.
const NOTES_MAX: usize = 20;

/// What was captured.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What it is for.
    pub role: Role,
    /// Its URL.
    pub uri: &'a TargetUri,
    /// How it was found.
    pub path: &'a DiscoveryPath,
    /// Its body with the content coding undone.
    pub payload: &'a [u8],
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// What the page says is its canonical address, resolved.
    pub canonical: Option<&'a str>,
    /// When it was captured.
    pub at: Timestamp,
    /// For a feed or sitemap: what it said of its entries before.
    pub said: &'a SourceEntries,
}

/// What is known of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    No,
    /// It is in the queue and was not captured yet.
    Queued,
    /// It was captured last at this time.
    Captured(Timestamp),
}

/// What is asked of the rest of the program.
pub struct Rulings<'a> {
    /// Whether a URL belongs: URL, path, the page it was found on.
    pub scope: &'a dyn Fn(&TargetUri, &DiscoveryPath, Option<&TargetUri>) -> Ruling,
    /// The same for what a feed or sitemap names.
    pub named: &'a dyn Fn(&TargetUri, &DiscoveryPath, Option<&TargetUri>) -> Ruling,
    /// A URL without what is taken off.
    pub clean: &'a dyn Fn(&TargetUri) -> Cleaned,
    /// Whether a new URL is a trap. Asked once for each that a page links to, and only when nothing is
    /// known of it: what a publisher names is not a trap.
    pub admit: &'a mut dyn FnMut(&TargetUri) -> Result<(), Trap>,
    /// What is known of a URL.
    pub known: &'a dyn Fn(&TargetUri) -> Known,
}

/// A URL that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The URL.
    pub uri: TargetUri,
    /// The rule that said so, of a bounded number of rules.
    pub rule: String,
    /// The rule with what it was about.
    pub why: String,
}

impl LeftOut {
    fn by_rule(uri: TargetUri, rule: &str) -> Self {
        Self { uri, rule: rule.to_owned(), why: rule.to_owned() }
    }
}

/// The result of reading a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Whether it is what it should be.
    pub is_source: bool,
    /// How many things it names, wanted or not.
    pub entries: u64,
}

/// The result for a captured source or page.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The result of reading it; `None` for a page.
    pub read: Option<Read>,
    /// What the queue is asked for, in the order of the source; no URL twice.
    pub found: Vec<Found>,
    /// What was taken off: the URL as it was, and what was left. For the metadata record.
    pub cleaned: Vec<(TargetUri, Cleaned)>,
    /// What the page is a variant of, as it says itself. Nothing is merged by it.
    pub variant: Option<Variant>,
    /// What was not taken.
    pub left_out: Vec<LeftOut>,
    /// What was odd.
    pub notes: Vec<String>,
    /// For a feed or sitemap that could be read: what it has said by now, and whether more than the time
    /// of its reading is new in it.
    pub said: Option<(SourceEntries, bool)>,
}

/// The sitemaps that a robots.txt names, to be asked for now; none unless the job wants them.
/// `path` is that of the robots.txt. They may be on another host (sitemaps.org, "Sitemaps &
/// cross submits"); an exclude rule of the scope leaves them out anyway.
#[must_use]
pub fn named_by_robots(
    job: &JobSpec,
    robots: &TargetUri,
    path: &DiscoveryPath,
    sitemaps: &[String],
    now: Timestamp,
    rulings: &mut Rulings<'_>,
) -> Gathered {
    let mut out = Gathered::default();
    if !job.sitemaps_from_robots {
        return out;
    }
    let said = SourceEntries::default();
    let source = Source {
        role: Role::Sitemap,
        uri: robots,
        path,
        payload: &[],
        content_type: None,
        canonical: None,
        at: now,
        said: &said,
    };
    let mut gatherer =
        Gatherer { job, source, now, rulings, seen: HashSet::new(), elsewhere: 0, out: &mut out };
    for text in sitemaps.iter().take(ROBOTS_SITEMAPS_MAX) {
        if let Ok(uri) = robots.join(text) {
            let because = format!("{robots} names it as a sitemap");
            gatherer.source_named(uri, Step::Manifest, Role::Sitemap, because, Statement::Known);
        }
    }
    if sitemaps.len() > ROBOTS_SITEMAPS_MAX {
        out.notes.push(format!("only {ROBOTS_SITEMAPS_MAX} of its sitemaps are followed"));
    }
    out
}

/// What a captured source or page names.
#[must_use]
pub fn gather(
    job: &JobSpec,
    source: Source<'_>,
    now: Timestamp,
    rulings: &mut Rulings<'_>,
) -> Gathered {
    let mut out = Gathered::default();
    let mut gatherer =
        Gatherer { job, source, now, rulings, seen: HashSet::new(), elsewhere: 0, out: &mut out };
    match source.role {
        Role::Feed => gatherer.feed(),
        Role::Sitemap => gatherer.sitemap(),
        Role::Section | Role::Page => gatherer.page(),
    }
    out
}

struct Gatherer<'a, 'b> {
    job: &'a JobSpec,
    source: Source<'a>,
    now: Timestamp,
    rulings: &'a mut Rulings<'b>,
    seen: HashSet<String>,
    /// How many new pages of hosts were taken that are not the job's.
    elsewhere: usize,
    out: &'a mut Gathered,
}

/// What names a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A feed or a sitemap.
    Source,
    /// A link of a page.
    Page,
}

/// An entry of a feed or sitemap, as far as the queue is concerned.
struct Claim {
    uri: TargetUri,
    published: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Claim {
    fn keyed(&self) -> (EntryKey, Option<Timestamp>) {
        (entry_key(&self.uri), self.changed)
    }
}

impl From<FeedItem> for Claim {
    fn from(item: FeedItem) -> Self {
        Self { changed: item.changed_at(), published: item.published, uri: item.url }
    }
}

impl From<SitemapEntry> for Claim {
    fn from(entry: SitemapEntry) -> Self {
        Self { changed: entry.changed_at(), published: entry.news_published, uri: entry.url }
    }
}

impl Gatherer<'_, '_> {
    fn hints(&self) -> Hints<'_> {
        Hints {
            url: Some(self.source.uri.as_str()),
            content_type: self.source.content_type,
            status: Some(200),
        }
    }

    fn feed(&mut self) {
        let Feed { kind, items, next, notes, .. } = feeds::read(self.source.payload, &self.hints());
        self.out.notes.extend(notes);
        self.out.read = Some(Read { is_source: kind.is_some(), entries: items.len() as u64 });
        if kind.is_none() {
            return;
        }
        let claims: Vec<Claim> = items.into_iter().map(Claim::from).collect();
        let statements = self.compare(claims.iter().map(Claim::keyed).collect());
        self.claims("feed", claims, &statements);
        // Older pages are followed once, as long as they are near: each is a feed, too.
        let pages = self.source.path.steps().filter(|s| *s == Step::Manifest).count();
        if u32::try_from(pages).unwrap_or(u32::MAX) > FEED_PAGES_MAX {
            return;
        }
        for uri in next {
            let because = format!("the feed {} continues there", self.source.uri);
            self.source_named(uri, Step::Manifest, Role::Feed, because, Statement::Known);
        }
    }

    fn sitemap(&mut self) {
        let above = self.source.path.steps().filter(|s| *s == Step::Manifest).count();
        let depth = u32::try_from(above.saturating_sub(1)).unwrap_or(u32::MAX);
        let map = sitemaps::read(self.source.payload, &self.hints(), depth);
        self.out.notes.extend(map.notes);
        let is_source = map.kind != SitemapKind::Unknown;
        let entries = (map.entries.len() + map.children.len()) as u64;
        self.out.read = Some(Read { is_source, entries });
        let claims: Vec<Claim> = map.entries.into_iter().map(Claim::from).collect();
        let mut keyed: Vec<_> = claims.iter().map(Claim::keyed).collect();
        keyed.extend(map.children.iter().map(|child| (entry_key(&child.url), child.lastmod)));
        let statements = if is_source { self.compare(keyed) } else { Vec::new() };
        self.claims("sitemap", claims, &statements);
        let of_children = statements.len().saturating_sub(map.children.len());
        for (child, statement) in map.children.into_iter().zip(&statements[of_children..]) {
            let because = match child.lastmod {
                Some(at) => format!("the sitemap {} names it, changed {at}", self.source.uri),
                None => format!("the sitemap {} names it", self.source.uri),
            };
            self.source_named(child.url, Step::Manifest, Role::Sitemap, because, *statement);
        }
    }

    /// What the source says of its entries, compared with what it said before; what it said by now is kept for
    /// the next time.
    fn compare(&mut self, keyed: Vec<(EntryKey, Option<Timestamp>)>) -> Vec<Statement> {
        let compared = self.source.said.compare(&keyed, self.source.at);
        if compared.moved_together {
            let note = "all of its dates moved together; none of them shows an edit";
            self.out.notes.push(note.to_owned());
        }
        self.out.said = Some((compared.said, compared.has_changed));
        compared.statements
    }

    fn claims(&mut self, what: &str, claims: Vec<Claim>, statements: &[Statement]) {
        let alike = is_dated_alike(&claims);
        if alike {
            self.out.notes.push(format!(
                "the {what} gives all entries the same date, which does not show the new ones"
            ));
        }
        for (claim, statement) in claims.into_iter().zip(statements) {
            self.entry(what, claim, *statement, alike);
        }
    }

    fn entry(&mut self, what: &str, claim: Claim, statement: Statement, alike: bool) {
        let Claim { uri, published, changed } = claim;
        // How old an entry is, in days: the one thing for which our clock is good enough. What is dated
        // ahead of it is new.
        let age = changed.or(published).map(|at| self.now.since(at));
        if let (Some(max), Some(age)) = (self.job.entry_age_max, age)
            && age > max
        {
            let why = format!("entry_age_max (the {what} dates it {})", day(changed.or(published)));
            self.out.left_out.push(LeftOut { uri, rule: "entry_age_max".to_owned(), why });
            return;
        }
        let path = self.source.path.then(Step::Link);
        let Some((uri, known)) = self.taken(uri, &path, By::Source) else { return };
        let edit = self.edit(what, statement, known, changed);
        let ask = if edit.is_some() { Ask::Again } else { Ask::IfNew };
        let because = edit.unwrap_or_else(|| {
            let when = published.or(changed);
            let when = when.map(|at| format!(", dated {}", at.to_rfc3339()));
            format!("the {what} {} names it{}", self.source.uri, when.unwrap_or_default())
        });
        // What a feed names without a date is what it names first: new.
        let age = age.filter(|_| !alike);
        let is_young = age.map_or(what == "feed", |age| age <= self.job.young);
        let priority =
            if is_young || ask == Ask::Again { Priority::High } else { Priority::Normal };
        self.put(uri, path, because, priority, Role::Page, ask);
        if let Some(page) = self.out.found.last_mut() {
            by_source().clone_into(&mut page.settings);
        }
    }

    /// Why a page that is known is to be visited again: the source dates it later than it did, or lists
    /// it again before all others. `None` when what it says indicates no edit.
    fn edit(
        &self,
        what: &str,
        statement: Statement,
        known: Known,
        changed: Option<Timestamp>,
    ) -> Option<String> {
        let Known::Captured(last) = known else { return None };
        let source = self.source.uri;
        let now = changed.map(Timestamp::to_rfc3339).unwrap_or_default();
        match statement {
            Statement::Moved { from: Some(from) } => {
                let from = from.to_rfc3339();
                Some(format!("the {what} {source} dates it {now} now, and {from} before"))
            }
            Statement::Moved { from: None } => {
                Some(format!("the {what} {source} dates it {now} now, and did not before"))
            }
            // Two times of this clock are compared: the page did not appear since then.
            Statement::Listed { is_newest: true, since } if last < since => {
                Some(format!("the {what} {source} lists it again, as its newest, dated {now}"))
            }
            Statement::Listed { .. } | Statement::Known => None,
        }
    }

    /// A further source that this one names.
    fn source_named(
        &mut self,
        uri: TargetUri,
        step: Step,
        role: Role,
        because: String,
        statement: Statement,
    ) {
        let path = self.source.path.then(step);
        if !self.seen.insert(uri.as_str().to_owned()) || uri == *self.source.uri {
            return;
        }
        // Excludes are obeyed as for a seed. Beyond that it must belong, are on the host that
        // names it, or be named by a robots.txt, which speaks for its host.
        let excluded = (self.rulings.scope)(&uri, &DiscoveryPath::seed(), None);
        let speaks_for = uri.host_key() == self.source.uri.host_key()
            || self.source.path.steps().next_back() == Some(Step::Prerequisite);
        let ruling = if excluded.is_in() && !speaks_for {
            (self.rulings.scope)(&uri, &path, Some(self.source.uri))
        } else {
            excluded
        };
        if !ruling.is_in() {
            self.out.left_out.push(LeftOut::by_rule(uri, ruling.rule()));
            return;
        }
        let known = (self.rulings.known)(&uri);
        let ask = match (known, statement) {
            (Known::Captured(_), Statement::Moved { .. }) => Ask::Again,
            _ => Ask::IfNew,
        };
        self.put(uri, path, because, Priority::Seed, role, ask);
    }

    /// Records what the page is a variant of; an AMP, print or mobile form has its full form
    /// captured, too, since it may say less.
    fn canonical(&mut self) {
        let named = self.source.canonical.and_then(|text| TargetUri::parse(text).ok());
        let Some(found) = named.and_then(|of| variant(self.source.uri, &of)) else { return };
        let is_form =
            matches!(found.kind, VariantKind::Amp | VariantKind::Print | VariantKind::Mobile);
        let path = self.source.path.then(Step::Inferred);
        if is_form && let Some((uri, _)) = self.admitted(found.of.clone(), &path) {
            let because = format!("{} names it as its canonical form", self.source.uri);
            self.put(uri, path, because, Priority::High, Role::Page, Ask::IfNew);
            if let Some(form) = self.out.found.last_mut() {
                form.settings = variant_word("variant", found.kind, self.source.uri);
            }
        }
        self.out.variant = Some(found);
    }

    fn page(&mut self) {
        let source = self.source;
        self.canonical();
        let media_type = source.content_type.map(MediaType::parse);
        let links: Vec<Outlink> = match media_type.as_ref().map(MediaType::essence) {
            Some("text/css") => links_of_css(source.payload, Some(source.uri.as_str())),
            Some("text/html" | "application/xhtml+xml") | None => {
                links_of_html(source.payload, &self.hints())
            }
            Some(other) => {
                if source.role == Role::Section {
                    self.out.notes.push(format!("a section page of type {other} has no links"));
                    self.out.read = Some(Read { is_source: false, entries: 0 });
                }
                return;
            }
        };
        if source.role == Role::Section {
            let entries = links.iter().filter(|link| link.hop == Hop::Link).count() as u64;
            self.out.read = Some(Read { is_source: true, entries });
        }
        for link in links {
            if link.hop == Hop::Manifest {
                // A job follows the feeds it names: one that every page declares would double it.
                if self.out.notes.len() < NOTES_MAX {
                    self.out.notes.push(format!("{} declares a feed: {}", source.uri, link.url));
                }
                continue;
            }
            let step = Step::of(link.hop.letter()).unwrap_or(Step::Link);
            let path = source.path.then(step);
            if !path.is_requisite() && depth_of(&path) > self.job.depth {
                continue;
            }
            let Ok(uri) = TargetUri::parse(&link.url) else { continue };
            let Some((uri, _)) = self.admitted(uri, &path) else { continue };
            let (priority, what) = match (path.is_requisite(), source.role) {
                (true, _) => (Priority::Requisite, "needs it"),
                (_, Role::Section) => (Priority::High, "links to it"),
                _ => (Priority::Normal, "links to it"),
            };
            let because = format!("{} {what}", source.uri);
            self.put(uri, path, because, priority, Role::Page, Ask::IfNew);
        }
    }

    /// The URL as it is asked for, when it belongs and is not a trap; once for each.
    fn admitted(&mut self, uri: TargetUri, path: &DiscoveryPath) -> Option<(TargetUri, Known)> {
        self.taken(uri, path, By::Page)
    }

    fn taken(
        &mut self,
        uri: TargetUri,
        path: &DiscoveryPath,
        by: By,
    ) -> Option<(TargetUri, Known)> {
        let cleaned = (self.rulings.clean)(&uri);
        let clean = cleaned.uri.clone();
        if !self.seen.insert(clean.as_str().to_owned()) {
            return None;
        }
        if !cleaned.removed.is_empty() {
            self.out.cleaned.push((uri, cleaned));
        }
        let from = Some(self.source.uri);
        let mut ruling = (self.rulings.scope)(&clean, path, from);
        let is_elsewhere = by == By::Source && !ruling.is_in();
        if is_elsewhere {
            ruling = (self.rulings.named)(&clean, path, from);
        }
        if !ruling.is_in() {
            self.out.left_out.push(LeftOut::by_rule(clean, ruling.rule()));
            return None;
        }
        let known = (self.rulings.known)(&clean);
        if is_elsewhere && known == Known::No {
            self.elsewhere += 1;
            if self.elsewhere > ELSEWHERE_MAX {
                let why =
                    format!("more than {ELSEWHERE_MAX} new pages of other hosts in one reading");
                self.out.left_out.push(LeftOut::by_rule(clean, &why));
                return None;
            }
        }
        if by == By::Page
            && known == Known::No
            && let Err(trap) = (self.rulings.admit)(&clean)
        {
            self.trapped(clean, &trap);
            return None;
        }
        Some((clean, known))
    }

    fn trapped(&mut self, uri: TargetUri, trap: &Trap) {
        let rule = format!("traps.{}", trap.rule);
        let why = format!("{rule}: {}", trap.what);
        self.out.left_out.push(LeftOut { uri, rule, why });
    }

    fn put(
        &mut self,
        uri: TargetUri,
        path: DiscoveryPath,
        because: String,
        priority: Priority,
        role: Role,
        ask: Ask,
    ) {
        self.out.found.push(Found {
            uri,
            path,
            via: Some(self.source.uri.as_str().to_owned()),
            due: self.now,
            because,
            priority,
            job: self.job.name.clone(),
            settings: role.settings().to_owned(),
            ask,
        });
    }
}

/// Whether all dates are one: that of a template, a move or the moment of asking.
fn is_dated_alike(claims: &[Claim]) -> bool {
    let dates = || claims.iter().filter_map(|claim| claim.changed);
    let Some((first, last)) = dates().min().zip(dates().max()) else { return false };
    dates().count() >= DATED_ALIKE_MIN && last.since(first) <= DATED_ALIKE
}

fn day(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_rfc3339().chars().take(10).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
