//! The facts a citation needs, each with its origin: what the page declares, and what
//! the archive knows.
//!
//! Every text is one line here, so that no style has to clean up a headline.
//! Deliberately contains no wording.

use crate::base::normal_form::{ascii_letters, composed};
use crate::base::{TargetUri, Timestamp};
use crate::extract::page::{Fact, Origin, Page, PageKind, PageTime};
use crate::store::Loaded;

use super::clean::clean;
use super::date::Date;
use super::names::Name;
use super::quotation::Quotation;

/// A date and where it was found.
pub type DateFact = Fact<Date>;

/// Everything a style may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The byline, in order, each name once.
    pub authors: Vec<Fact<Name>>,
    /// The headline, where there is one.
    pub headline: Option<Fact<String>>,
    /// The outlet.
    pub publisher: Option<Fact<String>>,
    /// When it was first published.
    pub published: Option<DateFact>,
    /// When it was last changed, if on another day.
    pub modified: Option<DateFact>,
    /// BCP 47 tag.
    pub language: Option<Fact<String>>,
    /// Whether it is an article of a news outlet that is known by name; else a web page.
    pub is_news: bool,
    /// The capture that is cited.
    pub capture: Capture,
    /// The archive it is kept in.
    pub archive: Archive,
    /// The state of the page since.
    pub standing: Standing,
    /// The quoted words, found in this capture.
    pub quotation: Option<Quotation>,
    /// For another archive's copy: where that archive has it.
    pub copy_of: Option<String>,
}

/// What the archive knows of the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The target URI as requested.
    pub url: String,
    /// `WARC-Date`.
    pub at: Timestamp,
    /// The payload digest (else that of the block), with its algorithm: `sha256:…`.
    pub digest: Option<String>,
    /// `WARC-Record-ID`, without angle brackets.
    pub record_id: Option<String>,
    /// Whether it is the page as rendered by a browser, and not as it was sent.
    pub is_rendering: bool,
}

impl Capture {
    /// The facts of a capture that was loaded.
    #[must_use]
    pub fn of(loaded: &Loaded) -> Self {
        let entry = &loaded.entry;
        let field = |name: &str| loaded.fields.text(name).map(|v| v.trim().to_owned());
        let digest = entry.digest.as_ref().map(ToString::to_string);
        let id = entry.record_id.as_ref().map(ToString::to_string);
        Self {
            url: entry.url.clone(),
            at: entry.date,
            digest: digest
                .or_else(|| field("WARC-Payload-Digest"))
                .or_else(|| field("WARC-Block-Digest")),
            record_id: id
                .or_else(|| field("WARC-Record-ID"))
                .map(|id| id.trim_matches(['<', '>']).to_owned()),
            is_rendering: loaded.is_rendering(),
        }
    }

    /// The target URI, safe in any text: spaces, quotes, brackets of markup and
    /// non-ASCII characters are percent-encoded (RFC 3986 section 2.1).
    #[must_use]
    pub fn link(&self) -> String {
        link(&self.url)
    }

    /// Six letters and digits derived from the identity of the capture: FNV-1a, which every version of this
    /// program computes the same.
    fn mark(&self) -> String {
        let at = self.at.to_warc_date();
        let facts =
            [Some(self.url.as_str()), Some(&at), self.record_id.as_deref(), self.digest.as_deref()];
        let bytes = facts.into_iter().flat_map(|fact| fact.unwrap_or("").bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let digits = b"abcdefghijkmnpqrstuvwxyz23456789";
        (0..6).map(|n| char::from(digits[(hash >> (n * 5 + 20)) as usize % digits.len()])).collect()
    }

    /// The host of the target URI, without `www.`.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("//").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host.split(':').next().unwrap_or(host);
        host.strip_prefix("www.").unwrap_or(host)
    }
}

/// Where the capture is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its name.
    pub name: String,
    /// Where its captures are served: captures are at `BASE/STAMP/URL`. None where it is not public.
    pub base: Option<String>,
}

/// The state of the page after the capture, as far as the archive knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The newest capture has the same content, or this is the newest.
    Live,
    /// The newest capture found no page.
    Dead,
    /// The newest capture found something else.
    Deviated,
}

impl Standing {
    /// The word for it in Wikipedia's `url-status` and in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Deviated => "deviated",
        }
    }
}

impl Source {
    /// The facts of a page as it was captured.
    #[must_use]
    pub fn new(page: &Page, capture: Capture, archive: Archive) -> Self {
        let text = |fact: &Option<Fact<String>>| {
            let fact = fact.as_ref()?;
            let value = clean(&composed(&fact.value));
            (!value.is_empty()).then_some(Fact { value, origin: fact.origin })
        };
        let language = text(&page.language).filter(|l| is_language_tag(&l.value));
        let tag = language.as_ref().map(|l| l.value.as_str());
        let mut authors: Vec<Fact<Name>> = Vec::new();
        for author in &page.byline {
            let name = Fact { value: Name::of(&author.value, tag), origin: author.origin };
            let is_name = name.value.key_word().chars().any(char::is_alphanumeric);
            if is_name && !authors.iter().any(|a| a.value == name.value) {
                authors.push(name);
            }
        }
        let date = |fact: &Option<Fact<PageTime>>| {
            let fact = fact.as_ref()?;
            Some(Fact { value: Date::parse(&fact.value.text)?, origin: fact.origin })
        };
        let published = date(&page.published);
        let day = published.as_ref().map(|d| d.value);
        let publisher = text(&page.publisher);
        let is_article = matches!(
            page.kind,
            PageKind::Article | PageKind::Live | PageKind::Video | PageKind::Opinion
        );
        Self {
            authors,
            headline: text(&page.headline),
            is_news: is_article && publisher.is_some(),
            publisher,
            published,
            modified: date(&page.modified).filter(|d| Some(d.value) != day),
            language,
            capture,
            archive,
            standing: Standing::Live,
            quotation: None,
            copy_of: None,
        }
    }

    /// The same for a capture made by another archive, which gave a copy of it and has it at this address: a citation
    /// names the archive that captured it, not only the one that holds it now.
    #[must_use]
    pub fn copied_from(mut self, from: Option<&str>) -> Self {
        if let Some(from) = from {
            let host = TargetUri::parse(from).map(|uri| uri.host().to_owned());
            let host = host.unwrap_or_else(|_| "another archive".to_owned());
            self.archive.name = format!("{host} (copy in {})", self.archive.name);
            self.copy_of = Some(link(from));
        }
        self
    }

    /// The headline, or words for a missing one.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.headline {
            Some(headline) => headline.value.clone(),
            None => format!("Untitled page at {}", self.capture.host()),
        }
    }

    /// The outlet, or the host if its name is not known.
    #[must_use]
    pub fn outlet(&self) -> &str {
        self.publisher.as_ref().map_or_else(|| self.capture.host(), |p| p.value.as_str())
    }

    /// The authors without one that only repeats the outlet.
    #[must_use]
    pub fn named_authors(&self) -> Vec<&Name> {
        let outlet = self.outlet().to_lowercase();
        let repeats = |name: &Name| name.direct().to_lowercase() == outlet;
        self.authors.iter().map(|a| &a.value).filter(|name| !repeats(name)).collect()
    }

    /// Where the capture can be seen; none where the archive is not public.
    #[must_use]
    pub fn archive_url(&self) -> Option<String> {
        let base = self.archive.base.as_deref()?.trim_end_matches('/');
        Some(format!("{}/{}/{}", link(base), self.capture.at.to_stamp14(), self.capture.link()))
    }

    /// `sha256:…`, or words for a missing one.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.capture.digest.as_deref().unwrap_or("no digest")
    }

    /// `record urn:uuid:…`, or words for a missing one.
    #[must_use]
    pub fn record(&self) -> String {
        let id = self.capture.record_id.as_deref();
        id.map_or("no record id".to_owned(), |id| format!("record {id}"))
    }

    /// A key for bibliographies: author, title word, the stamp of the capture, and six characters that distinguish captures
    /// of one second; in ASCII letters, digits and hyphens. The same capture always has the same key.
    #[must_use]
    pub fn key(&self) -> String {
        let ascii = |text: &str| -> String {
            let text = ascii_letters(text).to_lowercase();
            text.chars().filter(char::is_ascii_alphanumeric).take(24).collect()
        };
        let who = self.authors.first().map(|a| ascii(a.value.key_word())).filter(|w| !w.is_empty());
        let who = who.unwrap_or_else(|| ascii(self.capture.host()));
        let title = self.headline.as_ref().map_or("", |h| h.value.as_str());
        // The first significant word: articles and the like are short.
        let words = || title.split(' ').map(ascii).filter(|w| !w.is_empty());
        let what = words().find(|w| w.len() > 3).or_else(|| words().next());
        let (stamp, own) = (self.capture.at.to_stamp14(), self.capture.mark());
        let parts = [Some(who), what, Some(stamp), Some(own)];
        parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// The facts that the page gave and the origin of each: `headline json-ld, author meta`.
    #[must_use]
    pub fn origins(&self) -> Vec<(&'static str, Origin)> {
        let author = self.authors.first().map(|a| a.origin);
        [
            ("headline", self.headline.as_ref().map(|f| f.origin)),
            ("author", author),
            ("publisher", self.publisher.as_ref().map(|f| f.origin)),
            ("published", self.published.as_ref().map(|f| f.origin)),
            ("modified", self.modified.as_ref().map(|f| f.origin)),
            ("language", self.language.as_ref().map(|f| f.origin)),
        ]
        .into_iter()
        .filter_map(|(name, origin)| Some((name, origin?)))
        .collect()
    }

    /// [`Self::origins`] as a sentence for the styles that have room; letters, commas and hyphens only.
    #[must_use]
    pub fn origins_note(&self) -> String {
        let from_page: Vec<String> = self
            .origins()
            .iter()
            .map(|(name, origin)| format!("{name} ({})", origin.label()))
            .collect();
        let rest = "capture time, digest and archive are the archive's record";
        match from_page.as_slice() {
            [] => format!("Nothing in it is said by the page; {rest}"),
            facts => format!("From the page: {}; {rest}", facts.join(", ")),
        }
    }
}

/// A URI that is safe in any text.
fn link(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        let is_plain = byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether a text has the shape of a BCP 47 tag: pages do not always declare one.
fn is_language_tag(text: &str) -> bool {
    let fits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split(['-', '_']).all(fits)
}
