//! The marks that `q` stands for: a browser draws them in the language of the page; the document does not
//! contain them.

use crate::extract::dom::{Dom, NodeId, Tag};

/// Marks of the outer and of the inner level.
type Marks = [(&'static str, &'static str); 2];

const ENGLISH: Marks = [("“", "”"), ("‘", "’")];

/// The marks of a language, by its first two letters (CLDR; the French ones with the spaces that are
/// written inside them).
fn of_language(tag: &str) -> Marks {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
    match primary.as_str() {
        "de" | "cs" | "sk" | "sl" | "is" | "bg" | "lt" | "et" => [("„", "“"), ("‚", "‘")],
        "pl" | "ro" | "hu" | "hr" | "sr" => [("„", "”"), ("«", "»")],
        "fr" => [("«\u{a0}", "\u{a0}»"), ("“", "”")],
        "es" | "it" | "pt" | "el" | "ca" | "no" | "nb" | "nn" | "ru" | "uk" | "be" | "hy"
        | "fa" => [("«", "»"), ("“", "”")],
        "sv" | "fi" => [("”", "”"), ("’", "’")],
        "ja" => [("「", "」"), ("『", "』")],
        _ => ENGLISH,
    }
}

/// The marks around a `q`, by how many others it is in; none where the document has written its own
/// inside or in front of it.
pub(super) fn marks(dom: &Dom, id: NodeId, before: &str) -> Option<(&'static str, &'static str)> {
    let is_mark = |c: char| "\"“”„«»‹›‘‚「『".contains(c);
    let inside = dom.text_below(id, 16);
    if before.trim_end().ends_with(|c: char| is_mark(c) && c != '”' && c != '»')
        || inside.trim_start().starts_with(is_mark)
    {
        return None;
    }
    let around = || std::iter::once(id).chain(dom.ancestors(id));
    let tag = around().find_map(|up| dom.attr(up, "lang").or_else(|| dom.attr(up, "xml:lang")));
    let outer = dom.ancestors(id).any(|up| dom.tag(up) == Tag::Q);
    let [first, second] = of_language(tag.unwrap_or_default());
    Some(if outer { second } else { first })
}
