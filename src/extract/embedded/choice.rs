//! Which object of a page's data is its article.
//!
//! Owns the search: an object with a body is a candidate, with the title, the dates and the authors that
//! stand in it or closely around it. Data hold other articles too (what is related, what is in the menu) and
//! texts of the site (cookies, terms), so that one is taken only if the page has its title or
//! is under its address, or if it is the only one and says when or by whom it was written.

use serde_json::{Map, Value};

use super::super::json_ld::{self, Name};
use super::rich::{self, Body};

/// The most objects that are visited.
const OBJECTS_MAX: usize = 50_000;
/// The most nodes of bodies, all candidates together.
const STEPS_MAX: usize = 400_000;
/// Shorter bodies are teasers, in bytes of words.
const BODY_BYTES_MIN: usize = 250;
/// Shorter titles may belong to anything, in bytes of letters.
const TITLE_BYTES_MIN: usize = 8;
/// Longer ones are texts, in bytes.
const TITLE_BYTES_MAX: usize = 500;
/// The members of one object that are searched for facts.
const MEMBERS_MAX: usize = 300;
/// At most this much text of all candidates is kept, in bytes of HTML.
const CANDIDATES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The furthest that a title may be above its body, in objects.
const ABOVE_MAX: usize = 3;

/// Members that may hold a body, their names without anything but letters, in lower case.
const BODIES: &[&str] = &[
    "articlebody",
    "body",
    "bodyhtml",
    "bodytext",
    "bodycontent",
    "content",
    "contenthtml",
    "contents",
    "contentelements",
    "html",
    "text",
    "fulltext",
    "story",
    "storybody",
    "storyhtml",
    "articletext",
    "articlecontent",
    "articlehtml",
    "main",
    "maincontent",
    "markdown",
    "blocks",
    "paragraphs",
    "components",
    "elements",
    "sections",
    "richtext",
    "postcontent",
    "bodyblocks",
    "bodyelements",
    "contentblocks",
    "textblocks",
    "copy",
    "document",
];
const TITLES: &[&str] = &[
    "headline",
    "title",
    "headlines",
    "titletext",
    "heading",
    "pagetitle",
    "articletitle",
    "seotitle",
    "name",
];
const STANDFIRSTS: &[&str] =
    &["standfirst", "dek", "subtitle", "subheadline", "subheadlines", "subhead", "lede"];
const PUBLISHED: &[&str] = &[
    "datepublished",
    "publishedat",
    "publishdate",
    "publicationdate",
    "publisheddate",
    "firstpublished",
    "firstpublisheddate",
    "firstpublishdate",
    "firstpublishedat",
    "displaydate",
    "publishedtime",
    "publishtime",
    "publishedon",
    "publishedutc",
    "pubdate",
    "published",
    "postdate",
    "dategmt",
    "date",
    "webpublicationdate",
];
const MODIFIED: &[&str] = &[
    "datemodified",
    "updatedat",
    "modifiedat",
    "lastupdated",
    "lastupdateddate",
    "lastmodified",
    "modifieddate",
    "updateddate",
    "modifiedgmt",
    "modified",
    "updated",
    "lastpublisheddate",
    "updatedutc",
];
const AUTHORS: &[&str] =
    &["authors", "author", "byline", "bylines", "byauthors", "writers", "creator", "credits"];
const SECTIONS: &[&str] = &["section", "sectionname", "primarysection", "category", "channel"];
const LANGUAGES: &[&str] = &["language", "inlanguage", "locale", "lang"];
const ADDRESSES: &[&str] = &[
    "url",
    "canonicalurl",
    "canonical",
    "slug",
    "path",
    "uri",
    "permalink",
    "link",
    "websiteurl",
    "id",
];

/// An article found in data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Its title.
    pub headline: Option<String>,
    /// The line below its title.
    pub standfirst: Option<String>,
    /// Its text.
    pub body: Body,
    /// When it was published, as written.
    pub published: Option<String>,
    /// When it was changed, as written.
    pub modified: Option<String>,
    /// The authors.
    pub authors: Vec<Name>,
    /// Its section in the outlet.
    pub section: Option<String>,
    /// Its language, as declared.
    pub language: Option<String>,
    pub(super) addresses: Vec<String>,
}

/// What the page states about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    /// What it is called: its titles and headings.
    pub titles: &'a [String],
    /// Its address.
    pub url: Option<&'a str>,
}

type Object = Map<String, Value>;

/// The article of the page in its data, if one of them is.
pub fn choose(data: &[Value], own: Own<'_>) -> Option<Article> {
    let all = candidates(data);
    let slug = own.url.and_then(slug);
    let is_own = |article: &Article| {
        let is_titled = article
            .headline
            .as_deref()
            .is_some_and(|headline| own.titles.iter().any(|title| is_same_title(title, headline)));
        is_titled || slug.is_some_and(|slug| article.addresses.iter().any(|a| leads_to(a, slug)))
    };
    let best = longest(all.iter().filter(|article| is_own(article)));
    if let Some(best) = best {
        return Some(best.clone());
    }
    // An article that the page does not name is taken only if nothing else could be the article.
    let only = longest(all.iter())?;
    let is_other = |article: &&Article| {
        article.headline != only.headline && article.body.words * 3 >= only.body.words
    };
    let says_so = only.published.is_some() || !only.authors.is_empty();
    (says_so && only.headline.is_some() && !all.iter().any(|a| is_other(&a))).then(|| only.clone())
}

/// The one with most words; of nearly the same text the one found last, which is deeper and has less
/// around it.
fn longest<'a>(all: impl Iterator<Item = &'a Article>) -> Option<&'a Article> {
    let mut best: Option<&Article> = None;
    for article in all {
        if best.is_none_or(|best| article.body.words * 10 >= best.body.words * 9) {
            best = Some(article);
        }
    }
    best
}

fn candidates(data: &[Value]) -> Vec<Article> {
    let (mut objects, mut steps) = (OBJECTS_MAX, STEPS_MAX);
    let mut out: Vec<Article> = Vec::new();
    let mut bytes = 0;
    // Each object with those around it, nearest last.
    let mut open: Vec<(&Value, Vec<&Object>)> =
        data.iter().rev().map(|v| (v, Vec::new())).collect();
    while let Some((value, around)) = open.pop() {
        match value {
            Value::Array(all) => {
                // What surrounds a list does not describe its items, unless there is only one item.
                let around = if all.len() == 1 { around } else { Vec::new() };
                open.extend(all.iter().rev().map(|inner| (inner, around.clone())));
            }
            Value::Object(object) => {
                let Some(left) = objects.checked_sub(1) else { break };
                objects = left;
                if let Some(article) = candidate(object, &around, &mut steps) {
                    bytes += article.body.html.len();
                    out.push(article);
                }
                if bytes > CANDIDATES_BYTES_MAX {
                    break;
                }
                let mut around = around;
                if around.len() == ABOVE_MAX {
                    around.remove(0);
                }
                around.push(object);
                let inner = object.values().rev().filter(|v| v.is_array() || v.is_object());
                open.extend(inner.map(|inner| (inner, around.clone())));
            }
            _ => {}
        }
    }
    out
}

fn candidate(object: &Object, around: &[&Object], steps: &mut usize) -> Option<Article> {
    let mut body = Body::default();
    for (key, value) in object {
        let may_be_long = match value {
            Value::String(text) => text.len() >= BODY_BYTES_MIN,
            Value::Array(_) | Value::Object(_) => true,
            _ => false,
        };
        if may_be_long && BODIES.contains(&folded(key).as_str()) {
            let read = rich::read(value, steps);
            if read.words > body.words {
                body = read;
            }
        }
    }
    if body.words < BODY_BYTES_MIN {
        return None;
    }
    let near = || std::iter::once(object).chain(around.iter().rev().copied());
    // Facts are those of the object that has the title, or of the body's own.
    let titled = near().find_map(|o| title(o).map(|title| (o, title)));
    let (home, headline) = titled.map_or((object, None), |(home, title)| (home, Some(title)));
    let text =
        |keys: &[&str]| member(object, keys).or_else(|| member(home, keys)).and_then(text_of);
    let authors = |of: &Object| member(of, AUTHORS).map(names).unwrap_or_default();
    let mut written_by = authors(object);
    if written_by.is_empty() {
        written_by = authors(home);
    }
    let addresses = [object, home]
        .into_iter()
        .flat_map(|o| ADDRESSES.iter().filter_map(|key| member(o, &[key])).filter_map(text_of));
    Some(Article {
        headline,
        standfirst: text(STANDFIRSTS).filter(|t| t.len() <= TITLE_BYTES_MAX * 2),
        body,
        published: text(PUBLISHED).filter(|t| t.bytes().any(|b| b.is_ascii_digit())),
        modified: text(MODIFIED).filter(|t| t.bytes().any(|b| b.is_ascii_digit())),
        authors: written_by,
        section: text(SECTIONS).filter(|t| t.len() <= 100),
        language: text(LANGUAGES).filter(|t| t.len() <= 20),
        addresses: addresses.collect(),
    })
}

fn title(object: &Object) -> Option<String> {
    let found = member(object, TITLES).and_then(text_of)?;
    (found.len() >= 3 && found.len() <= TITLE_BYTES_MAX).then_some(found)
}

/// The letters and digits of a member's name in lower case: `body_html`, `bodyHtml` and `bodyHTML` are one.
fn folded(key: &str) -> String {
    key.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// The first of the members that is there, in the order of `keys`, and says something.
fn member<'a>(object: &'a Object, keys: &[&str]) -> Option<&'a Value> {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(_) | Value::Number(_) => true,
    };
    keys.iter().find_map(|key| {
        let mut members = object.iter().take(MEMBERS_MAX);
        members.find(|(name, value)| folded(name) == *key && says(value)).map(|(_, v)| v)
    })
}

/// The text of a value: itself, a number as written, or what an object around it calls so.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(all) => {
            return all.first().filter(|first| !first.is_array()).and_then(text_of);
        }
        Value::Object(object) => {
            let inner = [
                "rendered", "basic", "main", "default", "text", "name", "title", "value",
                "current", "iso", "utc", "date",
            ];
            inner.iter().find_map(|key| object.get(*key)?.as_str())?.to_owned()
        }
        _ => return None,
    };
    let plain = if text.contains('<') { without_tags(&text) } else { text };
    let text = json_ld::unescape(plain.trim());
    (!text.is_empty()).then_some(text)
}

fn without_tags(text: &str) -> String {
    let mut out = String::new();
    for (at, piece) in text.split('<').enumerate() {
        let words =
            if at == 0 { Some(piece) } else { piece.split_once('>').map(|(_, words)| words) };
        out.push_str(words.unwrap_or_default());
    }
    out
}

/// The people that a value names: a name, an object with one, or a list of these.
fn names(value: &Value) -> Vec<Name> {
    let mut out = Vec::new();
    match value {
        Value::Array(all) => all.iter().take(20).filter_map(one_name).for_each(|n| out.push(n)),
        Value::Object(object) if object.get("by").is_some_and(Value::is_array) => {
            // Arc's credits.
            return object.get("by").map(names).unwrap_or_default();
        }
        Value::Object(object) if object.get("nodes").is_some_and(Value::is_array) => {
            return object.get("nodes").map(names).unwrap_or_default();
        }
        value => out.extend(one_name(value)),
    }
    out
}

fn one_name(value: &Value) -> Option<Name> {
    let name = |name: &str| {
        let name = json_ld::unescape(name.trim());
        let fits =
            name.chars().any(char::is_alphabetic) && name.len() <= 200 && !name.starts_with("http");
        fits.then(|| Name { name, ..Name::default() })
    };
    match value {
        Value::String(text) => name(text),
        Value::Object(object) => {
            let inner = object
                .get("node")
                .or_else(|| object.get("fields"))
                .or_else(|| object.get("attributes"));
            if let Some(inner) = inner.filter(|inner| inner.is_object()) {
                return one_name(inner);
            }
            let of = |keys: &[&str]| member(object, keys).and_then(Value::as_str);
            let whole = of(&["name", "displayname", "fullname", "authorname", "byline", "title"]);
            match whole {
                Some(whole) => name(whole),
                None => {
                    let (first, last) = (
                        of(&["firstname", "givenname"])?,
                        of(&["lastname", "familyname", "surname"])?,
                    );
                    name(&format!("{} {}", first.trim(), last.trim()))
                }
            }
        }
        _ => None,
    }
}

/// Whether two titles are one: the same letters, or one within the other ("Headline | Outlet").
fn is_same_title(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (one, other) = (letters(one), letters(other));
    one.len().min(other.len()) >= TITLE_BYTES_MIN && (one.contains(&other) || other.contains(&one))
}

/// The last part of an address that distinguishes one article from others: words separated by hyphens, or a number.
fn slug(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let (_, path) = path.split_once('/')?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let last = last.rsplit_once('.').map_or(last, |(name, _)| name);
    let tells = last.len() >= TITLE_BYTES_MIN && last.contains(['-', '_'])
        || last.len() >= 5 && last.bytes().all(|b| b.is_ascii_digit());
    tells.then_some(last)
}

fn leads_to(address: &str, slug: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    last == slug || last.rsplit_once('.').is_some_and(|(name, _)| name == slug)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn long(about: &str) -> String {
        (0..6)
            .map(|n| {
                format!("<p>This is sentence {n} about {about}, and it goes on for a while.</p>")
            })
            .collect()
    }

    fn titles(all: &[&str]) -> Vec<String> {
        all.iter().map(|&t| t.to_owned()).collect()
    }

    #[test]
    fn the_article_is_the_one_that_the_page_names() {
        let data = [json!({"props": {
            "menu": [{"title": "Cookies", "body": long("cookies")}, {"title": "Terms", "body": long("terms")}],
            "related": [{"title": "Another story of the day", "body": long("another") + &long("thing"), "date": "2025-01-01"}],
            "article": {"title": "Mill town argues about its weir", "publishedAt": "2025-11-04T10:00:00Z",
                "author": {"firstName": "Ann", "lastName": "Lee"}, "slug": "mill-town-weir",
                "content": {"rendered": long("the weir")}}}})];
        let own = titles(&["Mill town argues about its weir | The Post"]);
        for (own, url) in [
            (own.as_slice(), None),
            (&[][..], Some("https://a.example/2025/mill-town-weir.html?x")),
        ] {
            let found = choose(&data, Own { titles: own, url }).expect("an article");
            assert_eq!(found.headline.as_deref(), Some("Mill town argues about its weir"));
            assert_eq!(found.published.as_deref(), Some("2025-11-04T10:00:00Z"));
            assert_eq!(found.authors[0].name, "Ann Lee");
            assert!(found.body.html.contains("the weir"));
        }
        // Several articles, and nothing says which.
        assert_eq!(choose(&data, Own::default()), None);
    }

    #[test]
    fn one_article_alone_needs_no_name_but_a_day_or_an_author() {
        let of = |value: Value| choose(&[value], Own::default()).is_some();
        assert!(of(
            json!({"a": {"title": "A title of some length", "date": "2025-11-04", "text": long("a")}})
        ));
        assert!(of(
            json!({"title": "A title of some length", "byline": "By Ann Lee", "data": {"body": long("a")}})
        ));
        assert!(!of(json!({"title": "Our use of cookies", "text": long("cookies")})));
        assert!(!of(json!({"date": "2025-11-04", "text": long("a")})));
        assert!(!of(json!({"title": "A teaser", "date": "2025-11-04", "text": "Too short."})));
    }

    #[test]
    fn facts_are_found_by_the_names_that_systems_give_them() {
        let wordpress = json!({"title": {"rendered": "A &amp; B of the town"}, "date": "2025-11-04T10:00:00",
            "modified_gmt": "2025-11-05T10:00:00", "content": {"rendered": long("a")}});
        let arc = json!({"headlines": {"basic": "A & B of the town"}, "display_date": "2025-11-04T10:00:00",
            "last_updated_date": "2025-11-05T10:00:00", "credits": {"by": [{"name": "Ann Lee", "type": "author"}]},
            "content_elements": [{"type": "text", "content": long("a")}]});
        let graph = json!({"data": {"post": {"title": "A & B of the town", "date": "2025-11-04T10:00:00",
            "modified": "2025-11-05T10:00:00", "author": {"node": {"name": "Ann Lee"}}, "content": long("a")}}});
        for data in [wordpress, arc, graph] {
            let found = choose(std::slice::from_ref(&data), Own::default()).expect("an article");
            assert_eq!(found.headline.as_deref(), Some("A & B of the town"), "{data}");
            assert_eq!(found.published.as_deref(), Some("2025-11-04T10:00:00"), "{data}");
            assert_eq!(found.modified.as_deref(), Some("2025-11-05T10:00:00"), "{data}");
            assert!(found.authors.iter().all(|n| n.name == "Ann Lee"), "{data}");
        }
    }
}
