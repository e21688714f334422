//! When the page was published and last changed: every declaration in its order of trust, with
//! its origin, and where they differ.
//!
//! Order (measured, docs/extraction.md): JSON-LD, Open Graph, other `meta`, microdata, `time`, the
//! address, then text next to the headline. Published and modified are kept apart: a "last updated"
//! is never taken for a publication while anything says published.

mod weigh;

use weigh::weigh;

use super::declared::{Dated, Declared};
use super::dom::{Dom, NodeId, Tag};
use super::embedded::Article;
use super::flow::Flow;
use super::json_ld::LdArticle;
use super::page::{Disagreement, Fact, Origin, PageTime};
use super::shown_dates::{self, DateLabel, Shown, words_call};
use crate::dates::{self, Style};

const PUBLISHED_METAS: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "og:pubdate",
    "article:published",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date.created",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "citation_publication_date",
    "citation_date",
    "citation_online_date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published-date",
    "published_date",
    "publication_date",
    "publication-date",
    "displaydate",
    "article_date_original",
    "originalpublicationdate",
    "ptime",
    "pdate",
    "created",
    "createdate",
    "creation_date",
    "datecreated",
    "article.published",
    "article.created",
    "weibo:article:create_at",
    "lastpublished",
    "search.date",
    "cdate",
    "published_time",
    "publishtime",
    "release_date",
    "shareaholic:article_published_time",
    "vr:published_time",
    "article:create",
    "rnews:datepublished",
    "prism.publicationdate",
    "date",
    "dc:created",
    "uploaddate",
    "og:release_date",
    "timestamp",
    "docdate",
    "article:publicationdate",
    "bt:pubdate",
    "gtm-publishdate",
    "dc.created",
    "og:time",
    "apub:time",
    "pubtime",
    "_pubtime",
    "gentime",
    "doc_date",
    "og:regdate",
    "weibo: article:create_at",
];

const MODIFIED_METAS: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "og:modified_time",
    "article:modified",
    "datemodified",
    "dc.date.modified",
    "dcterms.modified",
    "last-modified",
    "lastmod",
    "lastmodified",
    "modified",
    "article.updated",
    "article:updated_time",
    "modified_time",
    "revised",
    "moddate",
    "bt:moddate",
    "shareaholic:article_modified_time",
    "dateupdated",
    "updated_time",
    "last-update",
    "utime",
];

/// What was found.
pub struct Found {
    pub published: Option<Fact<PageTime>>,
    pub modified: Option<Fact<PageTime>>,
    pub disagreements: Vec<Disagreement>,
}

struct Candidates(Vec<(Origin, PageTime)>);

impl Candidates {
    fn machine(&mut self, origin: Origin, text: Option<&str>, style: Style) {
        if let Some(found) = text.and_then(|text| dates::parse_machine_in(text, style)) {
            self.0.push((origin, found));
        }
    }

    fn disagreement(&self, field: &'static str) -> Option<Disagreement> {
        let (_, first) = self.0.first()?;
        let day = |time: &PageTime| time.instant.unix_micros().div_euclid(86_400_000_000);
        let apart = |time: &PageTime| (day(time) - day(first)).abs() > 1;
        self.0.iter().any(|(_, time)| apart(time)).then(|| Disagreement {
            field,
            candidates: self.0.iter().map(|(origin, time)| (*origin, time.text.clone())).collect(),
        })
    }

    fn first(&self) -> Option<Fact<PageTime>> {
        // A month is taken only where nothing says a day of it.
        let whole = self.0.iter().find(|(_, time)| time.text.len() >= 10);
        let (origin, first) = whole.or_else(|| self.0.first())?;
        // Where the surest source gives only a day, a time of the same day elsewhere adds to it.
        let finer = self
            .0
            .iter()
            .find(|(_, time)| first.day_only && !time.day_only && day(time) == day(first));
        let (origin, value) = finer.map_or((*origin, first), |(origin, time)| (*origin, time));
        Some(Fact { value: value.clone(), origin })
    }
}

/// Where dates of this article can be.
pub struct Place<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    /// The data for scripts, where the article is read from them.
    pub state: Option<&'a Article>,
    /// The element of the headline.
    pub headline: Option<NodeId>,
    /// The blocks of the article, by index.
    pub kept: &'a [usize],
    /// The addresses of the page: where it was captured, and what it calls its own.
    pub addresses: [Option<&'a str>; 3],
    pub style: Style,
}

/// Finds both dates.
pub fn find(place: &Place<'_>, declared: &Declared, ld: &LdArticle) -> Found {
    let (mut published, mut modified) = (Candidates(Vec::new()), Candidates(Vec::new()));
    published.machine(Origin::JsonLd, ld.published.as_deref(), place.style);
    modified.machine(Origin::JsonLd, ld.modified.as_deref(), place.style);
    if let Some(state) = place.state {
        published.machine(Origin::State, state.published.as_deref(), place.style);
        modified.machine(Origin::State, state.modified.as_deref(), place.style);
    }
    metas(&mut published, declared, PUBLISHED_METAS, place.style);
    metas(&mut modified, declared, MODIFIED_METAS, place.style);
    named_published(&mut published, declared, place.style);
    let mut shown = times(place, declared, &mut published, &mut modified);
    if let Some(found) = place.addresses.into_iter().flatten().find_map(dates::in_url) {
        published.0.push((Origin::Url, found));
    }
    let beside = shown_dates::beside_headline(place);
    if published.0.is_empty() {
        published.0.extend(shown_dates::best(&beside, DateLabel::Published));
        if published.0.is_empty() {
            stamps(place, declared, &mut published, &mut modified);
        }
        published.0.extend(shown_dates::unnamed(&beside));
    }
    if published.0.is_empty() {
        published.0.extend(shown_dates::only_day(place, declared));
    }
    if published.0.is_empty() {
        published.0.extend(shown_dates::labelled(place));
    }
    // Templates show a change that their data do not declare yet.
    let change = shown_dates::best(&beside, DateLabel::Updated);
    let is_later =
        |time: &PageTime| modified.first().is_none_or(|first| day(time) > day(&first.value));
    if let Some(change) = change.filter(|(_, time)| is_later(time)) {
        modified.0.insert(0, change);
    }
    shown.extend(beside.into_iter().filter(|shown| shown.sure));
    let titles = declared.title.as_deref().into_iter().chain(declared.meta(&["og:title"]));
    let year = titles.filter_map(weigh::year_in_title).max();
    let weighed =
        published.first().and_then(|first| weigh(&first, &published, &modified, &shown, year));
    // The one that won is first among those that differ.
    if let Some(winner) = &weighed {
        published.0.insert(0, (winner.origin, winner.value.clone()));
    }
    let disagreements = [published.disagreement("published"), modified.disagreement("modified")]
        .into_iter()
        .flatten()
        .collect();
    let (mut first, last) = (weighed.or_else(|| published.first()), modified.first());
    // One date in all, and it is called an update: nothing else says when it appeared.
    if first.is_none() {
        first = last.clone();
    }
    Found { published: first, modified: last, disagreements }
}

/// The day as written, in its own zone.
fn day(time: &PageTime) -> &str {
    time.text.get(..10).unwrap_or(&time.text)
}

/// Names that are on no list but say it: `w-published-date`, `site:publish_time`, `article:post_date`.
fn named_published(to: &mut Candidates, declared: &Declared, style: Style) {
    for (name, value) in &declared.metas {
        if says_published(name) && !PUBLISHED_METAS.contains(&name.as_str()) {
            to.machine(Origin::Meta, Some(value), style);
        }
    }
}

/// Whether a name says that its value is the date of publication.
fn says_published(name: &str) -> bool {
    const OTHER: &[&str] = &[
        "modif",
        "updat",
        "last",
        "until",
        "expir",
        "unpublish",
        "end",
        "event",
        "start",
        "publisher",
    ];
    // The same name is written with a hyphen, a point, a colon and with nothing.
    let joined: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let has = |words: &[&str]| words.iter().any(|word| joined.contains(word));
    let is_date = || has(&["date", "time", "datum", "fecha", "data"]);
    let is_first =
        has(&["publish", "pubdate", "posted", "postdate", "createdat", "issuedat", "datecreat"])
            || is_date()
                && has(&[
                    "publi",
                    "pubblic",
                    "veroeffentlich",
                    "create",
                    "release",
                    "article",
                    "story",
                    "issue",
                    "first",
                ]);
    is_first && !has(OTHER)
}

/// Dates that are in attributes of other elements than `time`.
fn stamps(
    place: &Place<'_>,
    declared: &Declared,
    published: &mut Candidates,
    modified: &mut Candidates,
) {
    for dated in &declared.stamps {
        let Some(found) = dates::parse_machine_in(&dated.value, place.style) else { continue };
        if !is_of_this_page(place, dated.node) {
            continue;
        }
        match call(place.dom, dated) {
            DateLabel::Updated => modified.0.push((Origin::Markup, found)),
            DateLabel::Published | DateLabel::Nothing => published.0.push((Origin::Markup, found)),
        }
    }
}

fn metas(to: &mut Candidates, declared: &Declared, names: &[&str], style: Style) {
    for name in names {
        for value in declared.all(name).take(2) {
            let origin = if name.contains("article:") || name.starts_with("og:") {
                Origin::OpenGraph
            } else {
                Origin::Meta
            };
            to.machine(origin, Some(value), style);
        }
    }
}

fn times(
    place: &Place<'_>,
    declared: &Declared,
    published: &mut Candidates,
    modified: &mut Candidates,
) -> Vec<Shown> {
    let mut shown = Vec::new();
    let whole = whole_days(declared);
    let home = shown_dates::home(place);
    let inner = |dated: &Dated| {
        let read = |style| dates::parse_machine_in(&dated.value, style);
        // Other elements show which number is the month.
        let other = read(place.style.swapped()).filter(|time| whole.contains(&day(time)));
        match read(place.style).or_else(|| dates::find_human(&dated.shown, place.style)) {
            Some(time) if !whole.contains(&day(&time)) => other.or(Some(time)),
            found => found,
        }
    };
    for dated in declared.times.iter().filter(|d| !d.property.is_empty()) {
        let Some(found) = inner(dated) else { continue };
        if !is_of_this_page(place, dated.node) {
            continue;
        }
        match dated.property.as_str() {
            p if p.contains("modified") || p.contains("updated") => {
                modified.0.push((Origin::Microdata, found))
            }
            _ => published.0.push((Origin::Microdata, found)),
        }
    }
    // "Breaking: 9 March" above the article says nothing where the article has its own.
    let is_within =
        |node: NodeId| home.is_some_and(|home| place.dom.ancestors(node).any(|up| up == home));
    let has_own = declared.times.iter().any(|dated| is_within(dated.node));
    for dated in declared.times.iter().filter(|d| d.property.is_empty()) {
        let is_above = home.is_some_and(|home| dated.node < home) && !is_within(dated.node);
        if !is_of_this_page(place, dated.node) || has_own && is_above {
            continue;
        }
        let Some(found) = inner(dated) else { continue };
        let call = call(place.dom, dated);
        if call == DateLabel::Nothing && shown_dates::is_behind(place, home, dated.node) {
            continue;
        }
        match call {
            DateLabel::Updated => modified.0.push((Origin::Markup, found.clone())),
            DateLabel::Published | DateLabel::Nothing => {
                published.0.push((Origin::Markup, found.clone()))
            }
        }
        shown.push(Shown { origin: Origin::Markup, time: found, call, sure: true });
    }
    shown
}

/// The days that elements give with the year first, which are unambiguous.
fn whole_days(declared: &Declared) -> Vec<&str> {
    let is_whole = |text: &&str| text.len() >= 10 && dates::is_year_first(text);
    declared.times.iter().filter_map(|dated| dated.value.get(..10)).filter(is_whole).collect()
}

/// What a `time` is called by its own class, the text just before it, or its parent's class.
fn call(dom: &Dom, dated: &Dated) -> DateLabel {
    let named = |id: NodeId| {
        format!("{} {}", dom.attr(id, "class").unwrap_or(""), dom.attr(id, "id").unwrap_or(""))
    };
    let own = named(dated.node).to_lowercase();
    if own.contains("updat") || own.contains("modif") {
        return DateLabel::Updated;
    }
    if own.contains("publish")
        || own.contains("created")
        || dom.attr(dated.node, "pubdate").is_some()
    {
        return DateLabel::Published;
    }
    if let DateLabel::Updated = words_call(&dated.shown) {
        return DateLabel::Updated;
    }
    let mut at = dom.prev_sibling(dated.node);
    for _ in 0..4 {
        let Some(id) = at else { break };
        let text = dom.text_below(id, 80);
        let text = text.trim();
        if !text.is_empty() {
            if dom.tag(id) == Tag::Time {
                break;
            }
            return words_call(
                &text
                    .chars()
                    .rev()
                    .take(40)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect::<String>(),
            );
        }
        at = dom.prev_sibling(id);
    }
    match dom.parent(dated.node) {
        Some(up) => {
            let name = named(up).to_lowercase();
            if name.contains("updat") || name.contains("modif") {
                DateLabel::Updated
            } else {
                DateLabel::Nothing
            }
        }
        None => DateLabel::Nothing,
    }
}

/// Whether a date is near the headline or in the article, and not in a list of other pages.
pub(super) fn is_of_this_page(place: &Place<'_>, node: NodeId) -> bool {
    let dom = place.dom;
    for up in dom.ancestors(node) {
        let marks = place.flow.marks[up as usize];
        let tag = dom.tag(up);
        let is_list =
            matches!(tag, Tag::Nav | Tag::Aside | Tag::Footer) && !holds_headline(place, up);
        if is_list
            || (marks.furniture
                && !marks.byline
                && !holds_headline(place, up)
                && !is_meta_line(place, up))
        {
            return false;
        }
        if tag == Tag::A && dom.attr(up, "href").is_some() && dom.text_below(up, 400).len() > 120 {
            return false;
        }
    }
    true
}

fn is_meta_line(place: &Place<'_>, id: NodeId) -> bool {
    let class = place.dom.attr(id, "class").unwrap_or("").to_ascii_lowercase();
    class.contains("meta")
        || class.contains("date")
        || class.contains("byline")
        || class.contains("author")
}

fn holds_headline(place: &Place<'_>, id: NodeId) -> bool {
    place.headline.is_some_and(|h| h == id || place.dom.ancestors(h).any(|up| up == id))
}

#[cfg(test)]
mod tests;
