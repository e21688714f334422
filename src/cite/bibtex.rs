//! BibTeX and biblatex entries.
//!
//! BibTeX (Patashnik, "BibTeXing", 1988) has no type for web pages: `@misc` with `howpublished`, and the address
//! also in `url`, which newer styles read. biblatex (manual, section 2.1.1) has `@online` with `date`,
//! `urldate` and `addendum`. Braces count in BibTeX even where TeX escapes them, so braces of the text
//! are not written as braces. Deliberately UTF-8: TeX has read it since 2018.

use std::fmt::Write;

use super::date::Date;
use super::names::{Name, Person};
use super::prose::{captured, place, proof};
use super::source::Source;

/// Which program reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Bibtex,
    Biblatex,
}

pub(super) fn render(source: &Source, dialect: Dialect) -> String {
    let mut entry = Entry::default();
    let names: Vec<String> = source.authors.iter().map(|a| name(&a.value)).collect();
    if !names.is_empty() {
        entry.raw("author", &names.join(" and "));
    }
    // The second pair of braces keeps styles from changing the case of names in it.
    entry.raw("title", &format!("{{{}}}", escape(&source.title())));
    let at = source.capture.at;
    let note = format!(
        "Archived copy of {} at {}, {}",
        escape(&captured(source)),
        linked(source),
        escape(&proof(source))
    );
    let (kind, annotation) = match dialect {
        Dialect::Biblatex => {
            entry.text("organization", source.outlet());
            if let Some(date) = &source.published {
                entry.raw("date", &date.value.iso());
            }
            entry.raw("url", &source.capture.link());
            entry.raw("urldate", &Date::of(at).iso());
            entry.raw("addendum", &note);
            if let Some(modified) = &source.modified {
                entry.text("note", &format!("Last modified {}", modified.value.iso()));
            }
            ("online", "annotation")
        }
        Dialect::Bibtex => {
            entry.text("howpublished", source.outlet());
            if let Some(date) = &source.published {
                entry.raw("year", &format!("{:04}", date.value.year));
                if let Some(month) = date.value.bibtex_month() {
                    entry.bare("month", month);
                }
                // No classic style prints it; reference managers read it.
                if let Some(day) = date.value.day {
                    entry.raw("day", &day.to_string());
                }
            }
            entry.raw("url", &source.capture.link());
            entry.raw("urldate", &Date::of(at).iso());
            let modified = source.modified.as_ref();
            let modified =
                modified.map_or(String::new(), |m| format!(". Last modified {}", m.value.iso()));
            entry.raw("note", &format!("{note}{modified}"));
            ("misc", "annote")
        }
    };
    // babelbib reads the same names from `language`.
    if let Some(name) = source.language.as_ref().and_then(|l| super::langid::of_tag(&l.value)) {
        entry.raw(if dialect == Dialect::Biblatex { "langid" } else { "language" }, name);
    }
    if let Some(quotation) = &source.quotation {
        entry.text(annotation, &quotation.in_marks());
        entry.text("quoteprefix", &quotation.prefix);
        entry.text("quotesuffix", &quotation.suffix);
        entry.raw("quoteurl", &unmathematical(&quotation.link(source)));
    }
    format!("% {}.\n@{kind}{{{},\n{}}}", source.origins_note(), source.key(), entry.0)
}

/// The fields of an entry.
#[derive(Default)]
struct Entry(String);

impl Entry {
    /// A value that holds no braces of its own, or balanced ones.
    fn raw(&mut self, field: &str, value: &str) {
        self.bare(field, &format!("{{{value}}}"));
    }

    fn text(&mut self, field: &str, value: &str) {
        self.raw(field, &escape(value));
    }

    fn bare(&mut self, field: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "  {field} = {value},");
    }
}

fn linked(source: &Source) -> String {
    match source.archive_url() {
        Some(url) => format!("\\url{{{}}}", unmathematical(&url)),
        None => escape(&place(source)),
    }
}

/// An address outside a verbatim field, where a dollar sign would begin a formula.
fn unmathematical(url: &str) -> String {
    url.replace('$', "%24")
}

/// A name as `von Last, Jr, First`; whole names and family names of several words are braced, so that
/// no word of them is parsed as another part.
fn name(name: &Name) -> String {
    match name {
        Name::Whole(name) | Name::Organisation(name) => format!("{{{}}}", escape(name)),
        // The classic styles would set "小明 王".
        Name::Person(p) if p.is_joined => format!("{{{}}}", escape(&name.direct())),
        Name::Person(p) => {
            let last = last(p);
            let given = match p.given.contains([',', '=']) || p.given.split(' ').any(is_and) {
                true => format!("{{{}}}", escape(&p.given)),
                false => escape(&p.given),
            };
            match p.suffix.as_str() {
                "" => format!("{last}, {given}"),
                suffix => format!("{last}, {}, {given}", escape(suffix)),
            }
        }
    }
}

fn is_and(word: &str) -> bool {
    word.eq_ignore_ascii_case("and")
}

fn last(person: &Person) -> String {
    let family = escape(&person.family);
    // A particle is recognised by its lower case; a joined one cannot be recognised, and need not be.
    let is_joined = person.particle.ends_with(['-', '\'', '’']);
    let is_recognised = person.particle.split(' ').all(|w| w.starts_with(char::is_lowercase));
    let has_odd = |text: &str| text.contains([' ', ',', '=']) || is_and(text);
    if person.particle.is_empty() {
        return if has_odd(&person.family) { format!("{{{family}}}") } else { family };
    }
    if is_joined || !is_recognised {
        return format!("{{{}}}", escape(&person.last()));
    }
    let family = if has_odd(&person.family) { format!("{{{family}}}") } else { family };
    format!("{} {family}", escape(&person.particle))
}

/// A text that TeX sets as it stands, without a brace that BibTeX would count wrongly.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut last = ' ';
    for c in text.chars() {
        // Two of these in a row are set as a dash or a quotation mark.
        if c == last && matches!(c, '-' | '\'' | ',') {
            out.push_str("{}");
        }
        last = c;
        match c {
            '\\' => out.push_str("{\\textbackslash}"),
            '{' => out.push_str("{\\textbraceleft}"),
            '}' => out.push_str("{\\textbraceright}"),
            '~' => out.push_str("{\\textasciitilde}"),
            '^' => out.push_str("{\\textasciicircum}"),
            '`' => out.push_str("{\\textasciigrave}"),
            '"' => out.push_str("{\\textquotedbl}"),
            '&' | '%' | '$' | '#' | '_' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
