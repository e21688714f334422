//! A story as one self-contained HTML file, and as the part of a page of the web reader.
//!
//! Nothing is fetched and nothing runs: the file forbids both in a policy of its own. What differs from the
//! fullest quotation is underlined, and named in the text as well; colour only repeats it.

use std::fmt::Write as _;
use std::ops::Range;

use super::labels::{
    COPIED_MAX, about, clean, differs, disagreements, first, heading, letter, more, percent,
    said_by, title, value, variant_label,
};
use crate::answers::quotes::PageSource;
use crate::answers::story::{StoryAnswer, StoryArticle};
use crate::base::markup::escaped;
use crate::base::printable::fitted;
use crate::diff::changed_words;
use crate::story::{Copied, FigureGroup, QuoteGroup, Relation, Variant};

/// The style of the file.
pub const STYLE: &str = include_str!("story.css");

/// Steps for the words of one variant that differ from the fullest.
const STEPS_MAX: u64 = 200_000;

/// At most this many characters of a quotation are shown.
const WORDS_MAX: usize = 1_500;

/// At most this many groups of quotations, and of figures.
const GROUPS_MAX: usize = 300;

/// At most this many events.
const EVENTS_MAX: usize = 1_200;

/// Where an article and the page of a speaker are found; none for a file on its own.
pub(in crate::render) struct Links<'a> {
    pub article: &'a dyn Fn(&StoryArticle) -> Option<String>,
    pub speaker: &'a dyn Fn(&str) -> Option<String>,
}

/// Writes the whole file.
#[must_use]
pub fn render(found: &StoryAnswer) -> String {
    let links = Links { article: &|_| None, speaker: &|_| None };
    let title = title(found);
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>One story: {0}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main class=\"story\">\n<h1 dir=\"auto\">{0}</h1>\n",
        escaped(&title)
    );
    out.push_str(&fragment(found, &links));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Writes what is below the title.
pub(in crate::render) fn fragment(found: &StoryAnswer, links: &Links<'_>) -> String {
    let mut out = String::new();
    articles(found, links, &mut out);
    if let Some(first) = first(&found.story) {
        let _ = writeln!(out, "<p class=\"story-first\">First: {}.</p>", escaped(&first));
    }
    for note in &found.notes {
        let _ = writeln!(out, "<p class=\"warn\">{}</p>", escaped(&clean(note)));
    }
    quotations(found, links, &mut out);
    figures(found, &mut out);
    copied(found, &mut out);
    sources(found, &mut out);
    over_time(found, &mut out);
    out
}

fn articles(found: &StoryAnswer, links: &Links<'_>, out: &mut String) {
    out.push_str(
        "<table class=\"story-articles\">\n<caption>The articles</caption>\n<thead><tr><td></td>\
         <th scope=\"col\">Outlet</th><th scope=\"col\">Headline</th><th scope=\"col\">Published</th>\
         <th scope=\"col\">Captured</th></tr></thead>\n<tbody>\n",
    );
    for (at, article) in found.articles.iter().enumerate() {
        let headline = match article.headline() {
            "" => escaped(&clean(article.name())),
            headline => escaped(&clean(headline)),
        };
        let headline = match (links.article)(article) {
            Some(link) => format!("<a href=\"{}\">{headline}</a>", escaped(&link)),
            None => headline,
        };
        let published = article.page.published.as_ref().map_or("", |fact| fact.value.text.as_str());
        let captured = match &article.source {
            PageSource::File(_) => String::new(),
            PageSource::Capture { at, form, .. } => at.to_rfc3339() + crate::render::in_form(*form),
        };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td dir=\"auto\">{}</td><td dir=\"auto\">{headline}\
             <small>{}</small></td><td>{}</td><td>{captured}</td></tr>",
            letter(at),
            escaped(&clean(&article.outlet())),
            escaped(&clean(article.name())),
            escaped(&clean(published)),
        );
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Says how many more there are than are shown.
fn rest(all: usize, shown_max: usize, out: &mut String) {
    if let Some(more) = more(all, shown_max) {
        let _ = writeln!(out, "<p>{more}.</p>");
    }
}

fn quotations(found: &StoryAnswer, links: &Links<'_>, out: &mut String) {
    out.push_str("<section>\n<h2>Quotations</h2>\n");
    if found.story.quotes.is_empty() {
        out.push_str("<p>No two articles share a quotation.</p>\n");
    }
    for group in found.story.quotes.iter().take(GROUPS_MAX) {
        quotation(group, links, out);
    }
    rest(found.story.quotes.len(), GROUPS_MAX, out);
    out.push_str("</section>\n");
}

fn quotation(group: &QuoteGroup, links: &Links<'_>, out: &mut String) {
    let _ = write!(
        out,
        "<article class=\"story-quote {}\">\n<h3 dir=\"auto\">",
        group.relation.label()
    );
    let head = heading(group);
    match group.speaker.as_deref().and_then(|name| (links.speaker)(name)) {
        Some(link) => {
            let name = group.speaker.as_deref().map(clean).unwrap_or_default();
            let rest = head.strip_prefix(name.as_str()).unwrap_or_default();
            let (link, name) = (escaped(&link), escaped(&name));
            let _ = write!(out, "<a href=\"{link}\">{name}</a>{}", escaped(rest));
        }
        None => out.push_str(&escaped(&head)),
    }
    out.push_str("</h3>\n<table>\n<tbody>\n");
    let whole = group.variants.get(group.fullest).map(|variant| clean(&variant.text));
    for variant in &group.variants {
        let _ = writeln!(
            out,
            "<tr class=\"{}\"><th scope=\"row\">{}</th><td dir=\"auto\">“{}”</td><td dir=\"auto\">{}</td><td>{}</td></tr>",
            variant.relation.label(),
            letter(variant.article),
            words(variant, whole.as_deref().unwrap_or_default()),
            escaped(&said_by(variant)),
            escaped(&variant_label(variant)),
        );
    }
    out.push_str("</tbody>\n</table>\n");
    for line in disagreements(group) {
        let _ =
            writeln!(out, "<p class=\"story-differs\">They disagree on the {}</p>", escaped(&line));
    }
    out.push_str("</article>\n");
}

/// The words of a variant, those marked that the fullest one does not have.
fn words(variant: &Variant, whole: &str) -> String {
    let text = fitted(&clean(&variant.text), WORDS_MAX).into_owned();
    if variant.relation != Relation::Altered || variant.is_translated {
        return escaped(&text);
    }
    let (_, changed) = changed_words(whole, &text, STEPS_MAX);
    let mut out = String::new();
    let mut from = 0;
    for Range { start, end } in changed.into_iter().filter(|range| range.start < range.end) {
        let (before, inside) = (text.get(from..start), text.get(start..end));
        let (Some(before), Some(inside)) = (before, inside) else { continue };
        let _ = write!(out, "{}<mark>{}</mark>", escaped(before), escaped(inside));
        from = end;
    }
    out.push_str(&escaped(text.get(from..).unwrap_or_default()));
    out
}

fn figures(found: &StoryAnswer, out: &mut String) {
    out.push_str("<section>\n<h2>Figures</h2>\n");
    let groups: &[FigureGroup] = &found.story.figures;
    if groups.is_empty() {
        out.push_str("<p>No two articles have figures about the same thing.</p>\n</section>\n");
        return;
    }
    out.push_str("<div class=\"wide-table\"><table class=\"story-figures\">\n<thead><tr><th scope=\"col\">About</th><td></td>");
    for at in 0..found.articles.len() {
        let _ = write!(out, "<th scope=\"col\">{}</th>", letter(at));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for group in groups.iter().take(GROUPS_MAX) {
        let _ = write!(
            out,
            "<tr class=\"differ-{}\"><th scope=\"row\" dir=\"auto\">{}</th><td>{}</td>",
            group.difference.label(),
            escaped(&about(group)),
            differs(group.difference)
        );
        for at in 0..found.articles.len() {
            let own = group.values.iter().find(|value| value.article == at);
            let cell = own.map_or_else(String::new, |own| escaped(&value(own)));
            let _ = write!(out, "<td dir=\"auto\">{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
    rest(groups.len(), GROUPS_MAX, out);
    out.push_str("</section>\n");
}

fn copied(found: &StoryAnswer, out: &mut String) {
    out.push_str("<section>\n<h2>Copied text</h2>\n");
    if found.story.copied.is_empty() {
        out.push_str("<p>No two articles share text outside quotations.</p>\n");
    }
    for copied in found.story.copied.iter().take(COPIED_MAX) {
        copies(copied, out);
    }
    rest(found.story.copied.len(), COPIED_MAX, out);
    out.push_str("</section>\n");
}

fn copies(copied: &Copied, out: &mut String) {
    out.push_str("<ul class=\"story-copied\">\n");
    for one in &copied.articles {
        let credits: Vec<String> = one.credits.iter().map(|name| clean(name)).collect();
        let credits = if credits.is_empty() {
            "names no agency and no other outlet".to_owned()
        } else {
            format!("names {}", credits.join(", "))
        };
        let _ = writeln!(
            out,
            "<li><strong>{}</strong> <meter min=\"0\" max=\"1\" value=\"{:.3}\">{}</meter> {}; {}</li>",
            letter(one.article),
            one.share,
            percent(one.share),
            percent(one.share),
            escaped(&credits)
        );
    }
    out.push_str("</ul>\n");
    for passage in &copied.passages {
        let places: Vec<String> = passage.places.iter().map(|(at, _)| letter(*at)).collect();
        let _ = writeln!(
            out,
            "<details><summary>{} words in {}</summary><blockquote dir=\"auto\">{}</blockquote></details>",
            passage.words,
            places.join(" and "),
            escaped(&fitted(&clean(&passage.text), 4 * WORDS_MAX))
        );
    }
}

fn sources(found: &StoryAnswer, out: &mut String) {
    if found.story.sources.iter().all(Vec::is_empty) {
        return;
    }
    out.push_str("<section>\n<h2>Sources</h2>\n<table class=\"story-sources\">\n<tbody>\n");
    for (at, sources) in found.story.sources.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
        let named: Vec<String> = sources
            .iter()
            .map(|source| {
                let name = escaped(&clean(&source.name));
                format!("<bdi>{name}</bdi> <small>{}</small>", source.kind.label())
            })
            .collect();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            letter(at),
            named.join(", ")
        );
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
}

fn over_time(found: &StoryAnswer, out: &mut String) {
    let Some(over_time) = &found.over_time else { return };
    out.push_str("<section>\n<h2>Over time</h2>\n");
    if over_time.events.is_empty() {
        out.push_str("<p>No shared content appeared, disappeared or changed.</p>\n</section>\n");
        return;
    }
    let outlet =
        |version: usize| over_time.outlets.get(version).map_or_else(String::new, |at| letter(*at));
    out.push_str(
        "<div class=\"wide-table\"><table class=\"story-events\">\n<thead><tr><th scope=\"col\">When</th><td></td>\
         <th scope=\"col\">What</th><th scope=\"col\">Before</th><th scope=\"col\">After</th>\
         <th scope=\"col\">Earlier in</th></tr></thead>\n<tbody>\n",
    );
    for event in over_time.events.iter().take(EVENTS_MAX) {
        let cell = |text: &Option<String>| {
            escaped(&fitted(&clean(text.as_deref().unwrap_or_default()), 300))
        };
        let earlier: Vec<String> = event.earlier.iter().map(|at| outlet(*at)).collect();
        let _ = writeln!(
            out,
            "<tr class=\"{}\"><td>{}</td><th scope=\"row\">{}</th><td dir=\"auto\">{} {}: {}</td>\
             <td dir=\"auto\">{}</td><td dir=\"auto\">{}</td><td>{}</td></tr>",
            event.turn.label(),
            event.at.to_rfc3339(),
            outlet(event.article),
            event.thing.label(),
            event.turn.label(),
            cell(&event.about),
            cell(&event.before),
            cell(&event.after),
            earlier.join(", ")
        );
    }
    out.push_str("</tbody>\n</table></div>\n");
    rest(over_time.events.len(), EVENTS_MAX, out);
    out.push_str("</section>\n");
}
