//! Changes as feeds: RSS 2.0 and Atom (RFC 4287), written piece by piece so that a long one needs no
//! memory. One entry a change. Its identifier is made of the archive's identity, page, capture and
//! place: it never changes, and no other archive's feed has it, though it may follow the same page.

use std::fmt::Write as _;

use crate::base::markup::escaped;
use crate::base::printable::{self, fitted};
use crate::base::{Digest, DigestAlgorithm, Hasher, Timestamp};

use crate::answers::search_events::SearchEvent;
use crate::history::changes::ArchiveChange;
use crate::peer::{Comparison, Variant};

/// Which feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedForm {
    /// RSS 2.0.
    Rss,
    /// Atom.
    Atom,
}

/// What the feed states about itself.
#[derive(Debug, Clone)]
pub struct FeedHead<'a> {
    /// Its title.
    pub title: &'a str,
    /// What it is of; `None` for a whole archive.
    pub link: Option<&'a str>,
    /// Where the feed itself is; `None` for a file.
    pub own: Option<&'a str>,
    /// Which changes it has: two feeds of one archive that differ in this are two.
    pub of: &'a str,
    /// When the newest change was seen.
    pub updated: Timestamp,
}

/// What a feed of the words of a query states about itself.
#[derive(Debug, Clone, Copy)]
pub struct WordsHead<'a> {
    /// The query as requested.
    pub query: &'a str,
    /// What limits it, by name and value: `host`, `from`, `to`.
    pub filters: &'a [(&'a str, &'a str)],
    /// The search; `None` for a file.
    pub link: Option<&'a str>,
    /// Where the feed itself is; `None` for a file.
    pub own: Option<&'a str>,
}

/// Writes one feed.
#[derive(Debug, Clone, Copy)]
pub struct FeedWriter {
    form: FeedForm,
    archive: Digest,
}

/// One entry; what is text is not escaped yet.
struct Item<'i> {
    id: &'i str,
    at: Timestamp,
    link: &'i str,
    title: &'i str,
    kind: &'i str,
    /// HTML.
    text: &'i str,
}

impl FeedWriter {
    /// A writer of that form, for the archive of this identity.
    #[must_use]
    pub fn new(form: FeedForm, archive: Digest) -> Self {
        Self { form, archive }
    }

    /// What comes before the first change.
    #[must_use]
    pub fn begin(&self, head: &FeedHead<'_>) -> String {
        let id = identifier(&self.archive, &["feed", head.link.unwrap_or_default(), head.of]);
        let (title, link) = (escape(head.title), escape(head.link.unwrap_or(&id)));
        let own = |tag, media_type| head.own.map(|own| atom_link(tag, "self", media_type, own));
        match self.form {
            FeedForm::Rss => {
                let own = own("atom:link", "application/rss+xml");
                let space =
                    own.as_ref().map_or("", |_| " xmlns:atom=\"http://www.w3.org/2005/Atom\"");
                format!(
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"{space}>\n<channel>\n\
                     <title>{title}</title>\n<link>{link}</link>\n{}\
                     <description>Changes in archived articles, and whether the page acknowledges them.</description>\n\
                     <lastBuildDate>{}</lastBuildDate>\n",
                    own.unwrap_or_default(),
                    head.updated.to_http_date()
                )
            }
            FeedForm::Atom => {
                let page = head.link.map(|link| atom_link("link", "alternate", "text/html", link));
                let links = [page, own("link", "application/atom+xml")];
                let links: String = links.into_iter().flatten().collect();
                format!(
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                     <feed xmlns=\"http://www.w3.org/2005/Atom\">\n<title>{title}</title>\n\
                     <id>{id}</id>\n{links}<updated>{}</updated>\n<author><name>Pressmark</name></author>\n",
                    head.updated.floor_second().to_rfc3339()
                )
            }
        }
    }

    /// One change, linked with the page.
    #[must_use]
    pub fn entry(&self, found: &ArchiveChange) -> String {
        self.entry_to(found, &found.url)
    }

    /// One change, linked with what shows it.
    #[must_use]
    pub fn entry_to(&self, found: &ArchiveChange, link: &str) -> String {
        let at = Timestamp::parse(&found.date);
        let at = at.unwrap_or(Timestamp::from_unix_seconds(0));
        let number = found.number.to_string();
        let id = identifier(&self.archive, &["change", &found.url, &found.date, &number]);
        let kind = found.change.kind.label();
        self.item(Item { id: &id, at, link, title: &title(found), kind, text: &description(found) })
    }

    /// A whole feed of when the words of a query came and went; `link_of` says what shows an event.
    #[must_use]
    pub fn words(
        &self,
        head: &WordsHead<'_>,
        events: &[SearchEvent],
        link_of: &dyn Fn(&SearchEvent) -> String,
    ) -> String {
        let WordsHead { query, filters, link, own } = *head;
        let updated = events.first().map_or(Timestamp::from_unix_seconds(0), |event| event.at);
        // Feeds with other filters are other feeds.
        let of = format!("search {query} {filters:?}");
        let mut title = format!("Search: {query}");
        for (name, value) in filters {
            let _ = write!(title, ", {} {value}", if *name == "host" { "on" } else { name });
        }
        let mut out = self.begin(&FeedHead { title: &title, link, own, of: &of, updated });
        out.extend(events.iter().map(|event| self.event(query, event, &link_of(event))));
        out.push_str(self.end());
        out
    }

    /// That words came or went.
    fn event(&self, query: &str, event: &SearchEvent, link: &str) -> String {
        let SearchEvent { change, at, url, headline, snippets, .. } = event;
        let date = at.to_warc_date();
        let id = identifier(&self.archive, &["search", query, url, &date, change.label()]);
        let headline = headline.as_deref().unwrap_or(url);
        let title =
            format!("{}: {}", change.label(), fitted(printable::flat(headline).trim(), 120));
        let mut text = String::new();
        for snippet in snippets {
            // Writing to a String cannot fail.
            let _ = write!(text, "<p>{}</p>", escape(&snippet.text));
        }
        self.item(Item { id: &id, at: *at, link, title: &title, kind: change.label(), text: &text })
    }

    /// What another archive was given of a page, where it differs from what this one has.
    #[must_use]
    pub fn difference(&self, found: &Comparison) -> String {
        let verdict = found.verdict.label();
        let kind = found.variant.map_or(verdict, Variant::label);
        let parts = [
            "peer",
            &found.peer,
            &found.url,
            &found.theirs.record_id,
            &found.ours.date.to_warc_date(),
        ];
        let id = identifier(&self.archive, &parts);
        let of = found.headline.as_deref().unwrap_or(&found.url);
        let of = fitted(printable::flat(of).trim(), 120).into_owned();
        let title = format!("{verdict} at {}: {of}", found.peer);
        let mut text = String::new();
        for line in super::peers::details(found) {
            // Writing to a String cannot fail.
            let _ = write!(text, "<p>{}</p>", escape(&line));
        }
        let link = &found.url;
        self.item(Item { id: &id, at: found.at(), link, title: &title, kind, text: &text })
    }

    fn item(&self, item: Item<'_>) -> String {
        let Item { id, at, link, title, kind, text } = item;
        let (url, title) = (escape(link), escape(title));
        let (kind, text) = (escape(kind), escape(text));
        match self.form {
            FeedForm::Rss => format!(
                "<item>\n<title>{title}</title>\n<link>{url}</link>\n\
                 <guid isPermaLink=\"false\">{id}</guid>\n<pubDate>{}</pubDate>\n\
                 <category>{kind}</category>\n<description>{text}</description>\n</item>\n",
                at.to_http_date()
            ),
            FeedForm::Atom => format!(
                "<entry>\n<title>{title}</title>\n<link href=\"{url}\"/>\n<id>{id}</id>\n\
                 <updated>{}</updated>\n<category term=\"{kind}\"/>\n\
                 <content type=\"html\">{text}</content>\n</entry>\n",
                at.floor_second().to_rfc3339()
            ),
        }
    }

    /// What comes after the last change.
    #[must_use]
    pub fn end(&self) -> &'static str {
        match self.form {
            FeedForm::Rss => "</channel>\n</rss>\n",
            FeedForm::Atom => "</feed>\n",
        }
    }
}

/// A link as Atom has it.
fn atom_link(element: &str, relation: &str, media_type: &str, to: &str) -> String {
    format!("<{element} rel=\"{relation}\" type=\"{media_type}\" href=\"{}\"/>\n", escape(to))
}

/// A URN made of parts: a UUID of version 8 (RFC 9562, section 5.8), the first half of the SHA-256 of
/// the parts, each after its length.
fn identifier(archive: &Digest, parts: &[&str]) -> String {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    for part in std::iter::once(archive.as_bytes()).chain(parts.iter().map(|p| p.as_bytes())) {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finish();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(byte, digest)| *byte = *digest);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().urn().to_string()
}

fn title(found: &ArchiveChange) -> String {
    let change = &found.change;
    let short = |text: &str| fitted(printable::flat(text).trim(), 60).into_owned();
    let what = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!(": {} → {}", short(before), short(after)),
        (Some(before), None) => format!(": − {}", short(before)),
        (None, Some(after)) => format!(": + {}", short(after)),
        (None, None) => String::new(),
    };
    format!("{}{what}", change.kind)
}

/// The whole change as HTML, which the feed then escapes once more.
fn description(found: &ArchiveChange) -> String {
    let change = &found.change;
    let mut out = String::new();
    let mut line = |name: &str, text: &str| {
        // Writing to a String cannot fail.
        let _ = write!(out, "<p><b>{name}</b> {}</p>", escape(text));
    };
    if let Some(headline) = &found.headline {
        line("In", headline);
    }
    if let Some(before) = &change.before {
        line("Before", before);
    }
    if let Some(after) = &change.after {
        line("After", after);
    }
    if let Some(speaker) = &change.speaker {
        line("Speaker", speaker);
    }
    if let Some(about) = &change.about {
        line("About", about);
    }
    if found.stealth {
        line("Stealth", "neither a notice nor the declared date mentions it");
    }
    out
}

/// Text for element content and quoted attributes: printable, and so without what XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    escaped(&printable::lines(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::json::JsonChange;
    use crate::history::testing::archive_change;
    use proptest::prelude::*;

    fn found(before: &str, after: &str, url: &str) -> ArchiveChange {
        let at = Timestamp::parse("2031-03-04T08:09:10.250000Z").unwrap();
        let plain = archive_change(url, at);
        let change = JsonChange {
            kind: crate::diff::ChangeKind::FigureChanged,
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
            about: Some("boats".to_owned()),
            weight: 3,
            ..plain.change
        };
        ArchiveChange {
            before_timestamp: "20310304070000".to_owned(),
            stealth: true,
            headline: Some("Board & <mayor>".to_owned()),
            change,
            ..plain
        }
    }

    #[test]
    fn an_entry_of_words_leads_to_what_shows_it() {
        let writer = FeedWriter::new(FeedForm::Atom, DigestAlgorithm::Sha256.digest(b"archive"));
        let event = SearchEvent {
            change: crate::search::saved::WordsChange::Dropped,
            at: Timestamp::from_unix_seconds(0),
            url: "http://courier.example/a".to_owned(),
            rendering: false,
            headline: None,
            snippets: Vec::new(),
        };
        let head = WordsHead { query: "ferry", filters: &[], link: None, own: None };
        let feed =
            writer.words(&head, &[event], &|event| format!("http://x.example/diff?{}", event.url));
        assert!(
            feed.contains("<link href=\"http://x.example/diff?http://courier.example/a\"/>"),
            "{feed}"
        );
    }

    fn feed(form: FeedForm, changes: &[ArchiveChange]) -> String {
        feed_of(form, changes, b"archive")
    }

    fn feed_of(form: FeedForm, changes: &[ArchiveChange], archive: &[u8]) -> String {
        let writer = FeedWriter::new(form, DigestAlgorithm::Sha256.digest(archive));
        let updated = Timestamp::from_unix_seconds(1_900_000_000);
        let link = Some("http://courier.example/?a=1&b=2");
        let mut out =
            writer.begin(&FeedHead { title: "Changes <all>", link, own: link, of: "all", updated });
        for change in changes {
            out.push_str(&writer.entry(change));
        }
        out.push_str(writer.end());
        out
    }

    #[test]
    fn both_forms_are_read_by_a_feed_reader() {
        let url = "http://courier.example/a?x=1&y=\"2\"";
        let second = ArchiveChange { number: 2, ..found("<b>", "]]> & \u{1}", url) };
        let changes = [found("12", "15", url), second];
        for form in [FeedForm::Rss, FeedForm::Atom] {
            let text = feed(form, &changes);
            let read = feed_rs::parser::parse(text.as_bytes()).unwrap_or_else(|e| {
                panic!("{form:?}: {e}\n{text}");
            });
            assert_eq!(read.title.unwrap().content, "Changes <all>");
            assert_eq!(read.entries.len(), 2, "{form:?}");
            let first = &read.entries[0];
            assert_eq!(first.title.as_ref().unwrap().content, "figure-changed: 12 → 15");
            assert_eq!(first.categories[0].term, "figure-changed");
            assert_eq!(
                first.links[0].href.replace("%22", "\""),
                "http://courier.example/a?x=1&y=\"2\""
            );
            let at = first.updated.or(first.published).unwrap();
            assert_eq!(at.timestamp(), 1_930_378_150, "{form:?}");
            assert_ne!(first.id, read.entries[1].id);
            let said = read.entries[1].title.as_ref().unwrap();
            assert_eq!(said.content, "figure-changed: <b> → ]]> & ␁", "{form:?}");
        }
    }

    #[test]
    fn identifiers_stay_the_same_and_are_of_one_archive() {
        let one = [found("12", "15", "http://courier.example/a")];
        let ids = |archive: &[u8], form: FeedForm| -> Vec<String> {
            let read = feed_rs::parser::parse(feed_of(form, &one, archive).as_bytes()).unwrap();
            std::iter::once(read.id).chain(read.entries.into_iter().map(|e| e.id)).collect()
        };
        let first = ids(b"archive", FeedForm::Atom);
        assert_eq!(first[1], "urn:uuid:33d7202c-678e-883a-9944-dbe953dbaea9");
        assert_eq!(first, ids(b"archive", FeedForm::Atom));
        assert_eq!(first[1], ids(b"archive", FeedForm::Rss)[1]);
        for (a, b) in first.iter().zip(ids(b"another", FeedForm::Atom)) {
            assert_ne!(*a, b);
        }
    }

    #[test]
    fn what_a_page_says_cannot_steer_a_reader() {
        let hostile = "a\u{1b}]0;x\u{7}\u{9b}2J\u{202e}b\u{200b}";
        for form in [FeedForm::Rss, FeedForm::Atom] {
            let text = feed(form, &[found(hostile, hostile, "http://courier.example/a")]);
            let bad =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!text.contains(bad), "{text:?}");
            assert!(text.contains("␛]0;x␇"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_makes_a_well_formed_feed(before in "\\PC{0,40}|[\\x00-\\x7f]{0,40}", after in any::<String>()) {
            for form in [FeedForm::Rss, FeedForm::Atom] {
                let text = feed(form, &[found(&before, &after, "http://courier.example/a")]);
                let read = feed_rs::parser::parse(text.as_bytes());
                prop_assert!(read.is_ok_and(|feed| feed.entries.len() == 1), "{}", text);
            }
        }
    }
}
