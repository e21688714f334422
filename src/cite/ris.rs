//! RIS, as reference managers import it (Research Information Systems, "RIS Format Specifications", 2011).
//!
//! One field a line, never broken: values hold no line ends. Deliberately with line feeds only: every
//! importer accepts them, and shell tools expect them.

use std::fmt::Write;

use super::clean::clean;
use super::date::Date;
use super::prose::{captured, place, proof};
use super::source::Source;

pub(super) fn render(source: &Source) -> String {
    let mut out = String::new();
    let mut put = |tag: &str, value: &str| {
        let value = clean(value);
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{tag}  - {value}");
        }
    };
    put("TY", if source.is_news { "NEWS" } else { "ELEC" });
    put("ID", &source.key());
    put("TI", &source.title());
    for author in &source.authors {
        // An asterisk has a meaning of its own in names.
        put("AU", &author.value.in_parts().replace('*', ""));
    }
    put("T2", source.outlet());
    if let Some(date) = &source.published {
        put("PY", &format!("{:04}", date.value.year));
        put("DA", &date.value.ris());
    }
    put("Y2", &Date::of(source.capture.at).ris());
    put("UR", &source.capture.link());
    if let Some(url) = source.archive_url() {
        put("L2", &url);
    }
    put("DB", &source.archive.name);
    put("AN", source.capture.record_id.as_deref().unwrap_or(""));
    put("LA", source.language.as_ref().map_or("", |l| l.value.as_str()));
    let at = captured(source);
    put("N1", &format!("Archived copy of {at}, {}, {}", place(source), proof(source)));
    if let Some(modified) = &source.modified {
        put("N1", &format!("Last modified {}", modified.value.iso()));
    }
    if let Some(quotation) = &source.quotation {
        put("N1", &format!("Quoted {}, {}", quotation.in_marks(), quotation.link(source)));
        put("N1", &format!("Selector {}", quotation.selector()));
    }
    put("N1", &source.origins_note());
    out.push_str("ER  - ");
    out
}
