//! The `Link` header of TimeGates and mementos (RFC 7089 section 2.2): absolute addresses, and the relations
//! of one address together.

use crate::archive::{Capture, Query, Sort};
use crate::base::Timestamp;
use crate::store::Reader;

use super::super::original::in_header;
use super::super::reply::Refusal;
use super::super::request::Site;
use super::find::mementos;
use super::target::Modifier;

/// The captures around one.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// The earliest.
    pub first: Capture,
    /// The one before, of an earlier second.
    pub prev: Option<Capture>,
    /// The one after, of a later second.
    pub next: Option<Capture>,
    /// The latest.
    pub last: Capture,
}

impl Neighbours {
    /// The captures of the same page around `of`.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn around(reader: &Reader, of: &Capture) -> Result<Self, Refusal> {
        let one = |query: Query| -> Result<Option<Capture>, Refusal> {
            Ok(reader.query(&Query { limit: Some(1), ..query }).next().transpose()?)
        };
        let ascending = || mementos(&of.url, Sort::Ascending);
        let descending = || mementos(&of.url, Sort::Descending);
        let second = of.date.floor_second();
        let after = second.plus(std::time::Duration::from_secs(1));
        Ok(Self {
            first: one(ascending())?.unwrap_or_else(|| of.clone()),
            prev: one(Query { to: Some(second), ..descending() })?,
            next: one(Query { from: Some(after), ..ascending() })?,
            last: one(descending())?.unwrap_or_else(|| of.clone()),
        })
    }
}

/// The address of a memento: the second of the capture, a modifier, the address of the page as it was captured.
pub fn uri_m(site: &Site, modifier: Modifier, capture: &Capture) -> String {
    let (root, stamp) = (site.root(), capture.date.to_stamp14());
    format!("{root}/web/{stamp}{}/{}", modifier.as_str(), in_header(&capture.url))
}

/// The value of `Link` for a TimeGate, or for the memento `of`.
pub fn memento_links(
    site: &Site,
    url: &str,
    of: &Capture,
    around: &Neighbours,
    is_memento: bool,
) -> String {
    let (root, original) = (site.root(), in_header(url));
    let mut links = vec![format!("<{original}>; rel=\"original\"")];
    if is_memento {
        links.push(format!("<{root}/web/{original}>; rel=\"timegate\""));
    }
    links.push(format!(
        "<{root}/web/timemap/link/{original}>; rel=\"timemap\"; type=\"application/link-format\""
    ));
    let mut found: Vec<(String, Timestamp, Vec<&str>)> = Vec::new();
    let mut add = |relation: &'static str, capture: &Capture| {
        let address = uri_m(site, Modifier::None, capture);
        match found.iter_mut().find(|(known, ..)| *known == address) {
            Some((_, _, relations)) => relations.push(relation),
            None => found.push((address, capture.date, vec![relation])),
        }
    };
    add("first", &around.first);
    if let Some(prev) = &around.prev {
        add("prev", prev);
    }
    if is_memento {
        add("", of);
    }
    if let Some(next) = &around.next {
        add("next", next);
    }
    add("last", &around.last);
    if let (true, Some(from)) = (is_memento, of.copied_from()) {
        // Names the archive that made the capture: a copy made from here must not credit this archive.
        let date = of.date.to_http_date();
        links.push(format!("<{}>; rel=\"via\"; datetime=\"{date}\"", in_header(from)));
    }
    for (address, date, relations) in found {
        let mut relations: Vec<&str> = relations.into_iter().filter(|r| !r.is_empty()).collect();
        relations.push("memento");
        links.push(format!(
            "<{address}>; rel=\"{}\"; datetime=\"{}\"",
            relations.join(" "),
            date.to_http_date()
        ));
    }
    links.join(", ")
}
