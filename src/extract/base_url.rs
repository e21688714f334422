//! The address that a document's references are seen from. Deliberately gathers no references.

use url::Url;

use super::dom::{Dom, Tag};

/// The address that references in a document are resolved against: its own, changed by `<base>`.
pub(crate) fn base_of(dom: &Dom, url: Option<&str>) -> Option<Url> {
    let own = url.and_then(|u| Url::parse(u).ok());
    let declared =
        dom.elements().filter(|id| dom.tag(*id) == Tag::Base).find_map(|id| dom.attr(id, "href"));
    let joined = match (declared, &own) {
        (None, _) => None,
        (Some(href), Some(own)) => own.join(href.trim()).ok(),
        (Some(href), None) => Url::parse(href.trim()).ok(),
    };
    joined.or(own)
}
