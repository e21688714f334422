//! The rules for attributes, applied to the tags of a page.

use lol_html::HandlerResult;
use lol_html::send::Element;

use super::super::references::{self, Place};
use super::super::rules::{Attributes, Change};
use super::Page;

/// Rewrites the attributes of one element.
pub(super) fn rewrite(el: &mut Element<'_, '_>, page: &mut Page) -> HandlerResult {
    if el.attributes().is_empty() || page.rules.links.rewrites_nothing() {
        return Ok(());
    }
    let attributes = Attributes::new(el.attributes().iter().map(|attribute| {
        let value = attribute.value();
        (attribute.name(), references::decoded(&value, Place::Attribute).into_owned())
    }));
    for change in page.rules.changes(&el.tag_name(), &attributes) {
        match change {
            Change::Set(name, value) => {
                el.set_attribute(&name, &references::for_attribute(&value))?;
            }
            Change::Remove(name) => el.remove_attribute(&name),
        }
    }
    Ok(())
}
