//! What schema.org data in JSON-LD says of the article.
//!
//! A source, not the truth: a page carries objects of other articles, of the site and of its
//! breadcrumbs, and templates leave stale values in them. The object taken is the one whose type
//! names an article and that says most; every fact from it is weighed against others elsewhere.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::dom::resolved;
use super::dom::{Dom, NodeId, Tag};
use super::{json, json_loose};

/// The most JSON-LD that is read of one page, in bytes.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most objects that are visited.
const OBJECTS_MAX: usize = 20_000;

/// A person or an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// As written; given and family name where those alone are.
    pub name: String,
    /// Whether its type says organisation.
    pub organisation: bool,
    /// Given and family name, where both are said and go with the name.
    pub parts: Option<(String, String)>,
}

/// What JSON-LD says of the article; empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LdArticle {
    /// The types of the object: "NewsArticle".
    pub types: Vec<String>,
    /// Every type of any object of the page.
    pub page_types: Vec<String>,
    pub headline: Option<String>,
    pub authors: Vec<Name>,
    pub publisher: Option<String>,
    pub section: Option<String>,
    pub language: Option<String>,
    pub url: Option<String>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub body: Option<String>,
    pub free: Option<bool>,
    /// Whether a part of the page is marked as paid.
    pub paid_part: bool,
    /// The selectors of those parts.
    pub paid_selectors: Vec<String>,
    pub image: Option<String>,
    /// What objects of the page say was corrected.
    pub corrections: Vec<String>,
}

impl LdArticle {
    /// Whether any of its types is `name`.
    #[must_use]
    pub fn is_a(&self, name: &str) -> bool {
        self.types.iter().any(|t| t == name)
    }
}

/// Reads the JSON-LD of a page.
#[must_use]
pub fn read(dom: &Dom) -> LdArticle {
    let mut left = BYTES_MAX;
    let mut roots = Vec::new();
    for id in dom.elements() {
        let Some(text) = data_of(dom, id, left) else { continue };
        if text.len() > left {
            break;
        }
        left -= text.len();
        roots.extend(parse(&text));
    }
    pick(&roots)
}

/// The data that an element carries, if it does: a script, or a `meta` into which a router of pages
/// wrote what it was given for a script (`name="script:ld+json"`).
fn data_of(dom: &Dom, id: NodeId, bytes_max: usize) -> Option<Cow<'_, str>> {
    match dom.tag(id) {
        Tag::Script => {
            let kind = dom.attr(id, "type")?.trim().get(..19)?;
            let is_data = kind.eq_ignore_ascii_case("application/ld+json");
            is_data.then(|| dom.text_below(id, bytes_max).into())
        }
        Tag::Meta => {
            let name = dom.attr(id, "name").or_else(|| dom.attr(id, "property"))?;
            let is_data = name.trim().eq_ignore_ascii_case("script:ld+json");
            dom.attr(id, "content").filter(|_| is_data).map(Cow::Borrowed)
        }
        _ => None,
    }
}

/// Parses, tolerating the errors of pages: raw line breaks in strings, comment marks around the data,
/// a comma or semicolon too many at the end; and whatever [`json_loose`] tolerates.
fn parse(text: &str) -> Vec<Value> {
    let text = text.trim().trim_start_matches("<!--").trim_start_matches("//<![CDATA[");
    let text =
        text.trim_end_matches("-->").trim_end_matches("//]]>").trim().trim_end_matches([';', ',']);
    let strict = json::read(text, OBJECTS_MAX).or_else(|| {
        let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        json::read(&flat, OBJECTS_MAX)
    });
    match strict {
        Some(value) => vec![value],
        None if text.contains("&quot;") && !text.contains('"') => json_loose::read(&unescape(text)),
        None => json_loose::read(text),
    }
}

fn types_of(object: &serde_json::Map<String, Value>) -> impl Iterator<Item = &str> {
    let found = object.get("@type").or_else(|| object.get("type"));
    let (one, many) = match found {
        Some(Value::String(one)) => (Some(one.as_str()), None),
        Some(Value::Array(many)) => (None, Some(many)),
        _ => (None, None),
    };
    one.into_iter()
        .chain(many.into_iter().flatten().filter_map(Value::as_str))
        .map(|t| t.rsplit(['/', ':']).next().unwrap_or(t))
}

fn rank_of_type(name: &str) -> u32 {
    match name {
        "NewsArticle"
        | "ReportageNewsArticle"
        | "OpinionNewsArticle"
        | "AnalysisNewsArticle"
        | "BackgroundNewsArticle"
        | "ReviewNewsArticle"
        | "AskPublicNewsArticle"
        | "LiveBlogPosting" => 60,
        "Article"
        | "BlogPosting"
        | "SocialMediaPosting"
        | "TechArticle"
        | "ScholarlyArticle"
        | "Report"
        | "SatiricalArticle"
        | "AdvertiserContentArticle"
        | "MedicalWebPage"
        | "Recipe"
        | "Review" => 50,
        "VideoObject" | "PodcastEpisode" | "AudioObject" => 20,
        "WebPage" | "ItemPage" | "FAQPage" | "QAPage" | "AboutPage" => 15,
        "CreativeWork" => 12,
        _ => 0,
    }
}

type Object = serde_json::Map<String, Value>;

fn pick(roots: &[Value]) -> LdArticle {
    let mut by_id: HashMap<&str, &Object> = HashMap::new();
    let mut best: Option<(u32, &Object)> = None;
    let mut page_types: Vec<String> = Vec::new();
    let mut paid_part = false;
    let mut corrections: Vec<String> = Vec::new();
    let mut paid_selectors = Vec::new();
    let mut web_page: Option<&Object> = None;
    // Depth lowers the rank: an article inside another object is often another article.
    let mut open: Vec<(&Value, u32)> = roots.iter().rev().map(|r| (r, 0)).collect();
    let mut seen = 0;
    while let Some((value, depth)) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items.iter().rev().map(|i| (i, depth))),
            Value::Object(object) => {
                seen += 1;
                if seen > OBJECTS_MAX {
                    break;
                }
                if let Some(Value::String(id)) = object.get("@id")
                    && object.len() > 1
                {
                    by_id.entry(id).or_insert(object);
                }
                let mut rank = 0;
                for name in types_of(object) {
                    rank = rank.max(rank_of_type(name));
                    if page_types.len() < 100 && !page_types.iter().any(|t| t == name) {
                        page_types.push(name.to_owned());
                    }
                    if name == "WebPage" && web_page.is_none() {
                        web_page = Some(object);
                    }
                }
                if let Some(value) = object.get("correction").filter(|_| depth == 0) {
                    corrected(value, &mut corrections);
                }
                if depth > 0 && free_of(object) == Some(false) {
                    paid_part = true;
                    paid_selectors.extend(selectors(object));
                }
                let says = ["headline", "datePublished", "author", "articleBody"]
                    .iter()
                    .filter(|key| object.contains_key(**key))
                    .count();
                let score = (rank + u32::try_from(says).unwrap_or(0) * 2).saturating_sub(depth * 8);
                if rank > 0 && best.is_none_or(|(old, _)| score > old) {
                    best = Some((score, object));
                }
                for (key, inner) in object {
                    let apart = matches!(
                        key.as_str(),
                        "itemListElement"
                            | "mentions"
                            | "relatedLink"
                            | "isRelatedTo"
                            | "citation"
                            | "comment"
                            | "review"
                            | "liveBlogUpdate"
                            | "hasPart"
                            | "isPartOf"
                            | "video"
                    );
                    let deeper = if key == "@graph" { 0 } else { 1 + u32::from(apart) * 4 };
                    open.push((inner, depth + deeper));
                }
            }
            _ => {}
        }
    }
    let mut found = best.map(|(_, object)| read_object(object, &by_id)).unwrap_or_default();
    // The page object often alone has the dates.
    if let Some(page) = web_page {
        let page = read_object(page, &by_id);
        found.published = found.published.or(page.published);
        found.modified = found.modified.or(page.modified);
        found.language = found.language.or(page.language);
    }
    found.page_types = page_types;
    found.paid_part = paid_part;
    found.corrections = corrections;
    found.paid_selectors = paid_selectors;
    found
}

fn read_object(object: &Object, by_id: &HashMap<&str, &Object>) -> LdArticle {
    let text =
        |key: &str| object.get(key).and_then(|v| text_of(v, by_id)).filter(|t| !t.is_empty());
    LdArticle {
        types: types_of(object).map(str::to_owned).collect(),
        headline: text("headline").or_else(|| text("name")),
        authors: ["author", "creator", "authors"]
            .iter()
            .filter_map(|key| object.get(*key))
            .map(|value| names(value, by_id))
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
        publisher: text("publisher").or_else(|| text("sourceOrganization")),
        section: text("articleSection"),
        language: text("inLanguage"),
        url: text("url").or_else(|| text("mainEntityOfPage")),
        published: text("datePublished")
            .or_else(|| text("dateCreated"))
            .or_else(|| text("uploadDate")),
        modified: text("dateModified"),
        body: text("articleBody").or_else(|| text("text")),
        free: free_of(object),
        image: text("image").or_else(|| text("thumbnailUrl")),
        ..LdArticle::default()
    }
}

/// The most corrections of one page.
const CORRECTIONS_MAX: usize = 50;

/// The words of a `correction`: a text, a comment with one, or a list of these.
fn corrected(value: &Value, out: &mut Vec<String>) {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for item in items {
        let text = match item {
            Value::String(text) => Some(text.as_str()),
            Value::Object(object) => ["text", "description", "name"]
                .iter()
                .find_map(|key| object.get(*key).and_then(Value::as_str)),
            _ => None,
        };
        // An address of a page of corrections says nothing of this article.
        let text = text.map(|text| unescape(text.trim())).filter(|text| text.contains(' '));
        if out.len() < CORRECTIONS_MAX {
            out.extend(text);
        }
    }
}

/// The `cssSelector` of a part: one or a list.
fn selectors(object: &Object) -> Vec<String> {
    match object.get("cssSelector") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).map(str::to_owned).take(50).collect()
        }
        _ => Vec::new(),
    }
}

fn free_of(object: &Object) -> Option<bool> {
    match object.get("isAccessibleForFree")? {
        Value::Bool(free) => Some(*free),
        Value::String(text) => Some(!text.trim().eq_ignore_ascii_case("false")),
        _ => None,
    }
}

/// The text of a value: itself, the first of a list, or the name or address of an object.
fn text_of(value: &Value, by_id: &HashMap<&str, &Object>) -> Option<String> {
    match value {
        Value::String(text) => Some(unescape(text.trim())),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => items.iter().find_map(|item| match item {
            // One step only: lists in lists say nothing.
            Value::Array(_) => None,
            item => text_of(item, by_id),
        }),
        Value::Object(object) => {
            let object = resolve(object, by_id);
            ["name", "url", "@id", "@value"]
                .iter()
                .find_map(|key| object.get(*key).and_then(Value::as_str))
                .map(|t| unescape(t.trim()))
        }
        _ => None,
    }
}

fn resolve<'a>(object: &'a Object, by_id: &HashMap<&str, &'a Object>) -> &'a Object {
    if object.len() <= 2
        && !object.contains_key("name")
        && let Some(Value::String(id)) = object.get("@id")
        && let Some(found) = by_id.get(id.as_str())
    {
        return found;
    }
    object
}

/// The most names of one value, and the deepest list they are taken from.
const NAMES_MAX: usize = 200;
const LISTS_MAX: usize = 6;

/// The people and bodies of a value: names, objects with names, and lists of them, however nested.
fn names(value: &Value, by_id: &HashMap<&str, &Object>) -> Vec<Name> {
    let mut out = Vec::new();
    gather(value, by_id, 0, &mut out);
    out.retain(|n| !n.name.is_empty());
    out
}

fn gather(value: &Value, by_id: &HashMap<&str, &Object>, depth: usize, out: &mut Vec<Name>) {
    if depth > LISTS_MAX || out.len() >= NAMES_MAX {
        return;
    }
    match value {
        Value::String(name) => {
            out.push(Name { name: unescape(name.trim()), ..Name::default() });
        }
        Value::Array(items) => {
            for item in items.iter().take(NAMES_MAX) {
                gather(item, by_id, depth + 1, out);
            }
        }
        Value::Object(object) => {
            let object = resolve(object, by_id);
            let before = out.len();
            of_object(object, depth, out);
            let inner = ["@list", "@set", "author", "item", "itemListElement", "@graph", "member"];
            if out.len() == before
                && let Some(inner) = inner.iter().find_map(|key| object.get(*key))
            {
                gather(inner, by_id, depth + 1, out);
            }
        }
        _ => {}
    }
}

/// The name or names of one object.
fn of_object(object: &Object, depth: usize, out: &mut Vec<Name>) {
    let organisation = types_of(object)
        .any(|t| t.ends_with("Organization") || t.ends_with("Organisation") || t == "Corporation");
    let text = |key: &str| -> Option<String> {
        let value = object.get(key)?;
        let text = value.as_str().or_else(|| value.get("@value")?.as_str())?;
        Some(unescape(text.trim())).filter(|t| !t.is_empty())
    };
    let family = text("familyName");
    let given = text("givenName").map(|given| match text("additionalName") {
        Some(more) if !given.contains(&more) => format!("{given} {more}"),
        _ => given,
    });
    let parts = given.clone().zip(family.clone());
    let written: Vec<String> = match object.get("name") {
        Some(Value::Array(many)) => many
            .iter()
            .take(NAMES_MAX)
            .filter_map(|v| v.as_str().or_else(|| v.get("@value")?.as_str()))
            .map(|t| unescape(t.trim()))
            .collect(),
        Some(Value::Object(_)) if text("name").is_none() && depth < LISTS_MAX => {
            // A name by language: the first of them.
            let by_language = object.get("name").and_then(Value::as_object);
            by_language
                .and_then(|o| o.values().find_map(Value::as_str))
                .map(str::to_owned)
                .into_iter()
                .collect()
        }
        Some(_) => text("name").into_iter().collect(),
        None => Vec::new(),
    };
    if let [name] = written.as_slice() {
        // The parts show where the family name begins, if they are those of this name.
        let goes = |(given, family): &(String, String)| {
            *name == format!("{given} {family}")
                || *name == format!("{family} {given}")
                || *name == format!("{family}, {given}")
        };
        out.push(Name { name: name.clone(), organisation, parts: parts.filter(goes) });
    } else if !written.is_empty() {
        out.extend(written.into_iter().map(|name| Name { name, organisation, parts: None }));
    } else if let Some((given, family)) = &parts {
        out.push(Name { name: format!("{given} {family}"), organisation, parts: parts.clone() });
    } else if let Some(name) =
        family.or(given).or_else(|| text("legalName")).or_else(|| text("alternateName"))
    {
        out.push(Name { name, organisation, parts: None });
    }
}

/// Pages escape HTML twice; the common references are undone.
pub fn unescape(text: &str) -> String {
    match resolved(text) {
        Cow::Borrowed(same) => same.to_owned(),
        Cow::Owned(text) => text.replace('\u{a0}', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> LdArticle {
        let html = format!("<script type=\"application/ld+json\">{json}</script>");
        read(&Dom::parse(&html, &mut Vec::new()))
    }

    #[test]
    fn the_article_is_found_in_a_graph_and_its_author_by_reference() {
        let found = of(r##"{"@graph":[
            {"@type":"WebSite","name":"Site","@id":"#s"},
            {"@type":"Person","@id":"#p","name":"Ann Lee"},
            {"@type":["Article","NewsArticle"],"headline":"A &amp; B","author":{"@id":"#p"},
             "publisher":{"@id":"#s"},"datePublished":"2025-11-04","isAccessibleForFree":"False"},
            {"@type":"ItemList","itemListElement":[{"@type":"NewsArticle","headline":"Other","author":"X",
             "datePublished":"2020-01-01","articleBody":"y"}]}]}"##);
        assert_eq!(found.headline.as_deref(), Some("A & B"));
        assert_eq!(found.authors, [Name { name: "Ann Lee".into(), ..Name::default() }]);
        assert_eq!(found.publisher.as_deref(), Some("Site"));
        assert_eq!((found.free, found.is_a("NewsArticle")), (Some(false), true));
    }

    #[test]
    fn data_meant_for_a_script_is_read_from_a_meta() {
        let json = "{&quot;@type&quot;:&quot;Article&quot;,&quot;datePublished&quot;:&quot;2025-11-04&quot;}";
        for (name, want) in [("script:ld+json", Some("2025-11-04")), ("script:other", None)] {
            let html = format!("<meta name=\"{name}\" content=\"{json}\">");
            assert_eq!(
                read(&Dom::parse(&html, &mut Vec::new())).published.as_deref(),
                want,
                "{name}"
            );
        }
    }

    #[test]
    fn broken_data_is_forgiven_or_left_out() {
        assert_eq!(
            of("{\"@type\":\"Article\",\"headline\":\"a\nb\"};").headline.as_deref(),
            Some("a b")
        );
        assert_eq!(of("{\"@type\":\"Article\",").headline, None);
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(of(&deep), LdArticle::default());
    }
}
