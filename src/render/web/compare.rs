//! Two captures of a page compared: the typed changes as a table, then the text, inline or side by side.

use maud::{Markup, PreEscaped, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document};
use super::text::{kind_label, line, micros, second, short, stealth, weight};
use crate::answers::chosen_text::ChosenText;
use crate::answers::diff::{Away, Diff};
use crate::answers::pictures::{Look, Looks};
use crate::archive::Form;
use crate::base::Timestamp;
use crate::diff::{Change, ChangeKind, OpKind};
use crate::render::diff::cells::cells;
use crate::render::diff::html::text;
use crate::render::diff::{Shown, verdict};

/// A comparison and its place in the history of the page.
#[derive(Debug, Clone, Copy)]
pub struct DiffView<'a> {
    /// The page, as requested.
    pub url: &'a str,
    /// The comparison.
    pub found: &'a Diff,
    /// What the page looked like at both, where there are pictures.
    pub looks: Option<&'a Looks>,
    /// The form of the page that was asked for.
    pub form: Option<Form>,
    /// When the old side was captured.
    pub from: Timestamp,
    /// When the new side was captured.
    pub to: Timestamp,
    /// Whether the texts are to be side by side at first.
    pub is_side_by_side: bool,
    /// The comparison of the two versions before these, as their times.
    pub previous: Option<(Timestamp, Timestamp)>,
    /// The comparison of the two versions behind these.
    pub next: Option<(Timestamp, Timestamp)>,
}

/// Two captures compared.
#[must_use]
pub fn diff(site: &Site, view: &DiffView<'_>) -> String {
    let shown = Shown::of(view.found);
    let headline = shown.new.headline.as_ref().or(shown.old.headline.as_ref());
    let headline = headline.map(|fact| fact.value.as_str());
    let head = AboutHead { url: view.url, headline, what: sides(site, view), tab: Tab::Diff };
    let language = shown.new.language.as_ref().map_or("und", |fact| fact.value.as_str());
    let has_ops = shown.comparison.ops.iter().any(|op| op.kind != OpKind::Keep);
    let main = html! {
        (about(site, &head))
        p class=(if shown.comparison.stealth { "verdict silent" } else { "verdict" }) {
            @if shown.comparison.stealth { (stealth()) ": " }
            (verdict(&shown))
        }
        @if let Some(note) = view.found.new.chosen_text().and_then(ChosenText::note) { p .hint { "Compared: " (line(&note)) "." } }
        (away(&view.found.away))
        (changes(&shown))
        @if let Some(looks) = view.looks { (pictures(site, looks)) }
        @if has_ops {
            // Written and escaped by the same code as the HTML file of `pressmark diff`.
            (PreEscaped(text(&shown, language, view.is_side_by_side)))
        } @else if shown.comparison.changes.is_empty() {
            p { "Both captures have the same content." }
        }
    };
    let title = format!("What changed: {}", headline.map_or_else(|| line(view.url), line));
    document(
        site,
        &Frame { title: &title, part: Part::Other, query: view.url, head: html! {}, main },
    )
}

/// The two sides, and the comparisons before and behind.
fn sides(site: &Site, view: &DiffView<'_>) -> Markup {
    // Captures of one second are distinguished by its fractions.
    let is_one_second = view.from.floor_second() == view.to.floor_second();
    let side = |at: Timestamp| {
        let time = if is_one_second { micros(at) } else { second(at) };
        html! { a href=(site.about_at("/capture", view.url, at)) { (time) } }
    };
    let step = |step: Option<(Timestamp, Timestamp)>, name: &str, rel: &str| {
        html! {
            @if let Some((from, to)) = step {
                a href=(site.in_form(site.diff_link(view.url, from, to), view.form)) rel=(rel) { (name) } " "
            }
        }
    };
    html! {
        div .when .sticky {
            p { (side(view.from)) " " span aria-label="to" { "→" } " " (side(view.to)) }
            p {
                (step(view.previous, "← Change before", "prev"))
                (step(view.next, "Change after →", "next"))
            }
        }
    }
}

/// What the page looked like at both captures, next to each other; what differs is marked in both.
fn pictures(site: &Site, looks: &Looks) -> Markup {
    let side = |look: &Look, name: &str| {
        let (width, height) = look.size;
        let shape = format!("0 0 {width} {height}");
        html! {
            figure data-side=(name) {
                svg viewBox=(shape) role="img" aria-label={ "The page " (name) } {
                    image href=(site.picture_link(&looks.url, look.at)) width=(width) height=(height) {}
                    @for region in looks.regions.iter().flatten() {
                        rect .changed x=(region.x) y=(region.y) width=(region.width) height=(region.height) {}
                    }
                }
                figcaption {
                    (second(look.at))
                    @if !look.digest.is_empty() { " " code { (short(&look.digest, 80)) } }
                }
            }
        }
    };
    let said = match looks.regions.as_ref().map(Vec::len) {
        None => "Differences are not marked: one of the pictures has an unsupported encoding."
            .to_owned(),
        Some(0) => "Both look the same.".to_owned(),
        Some(1) => "One region differs.".to_owned(),
        Some(count) => format!("{count} regions differ."),
    };
    html! {
        section .looks aria-labelledby="looks" {
            h2 #looks { "What it looked like" }
            p .hint { (said) }
            div .row { (side(&looks.old, "before")) (side(&looks.new, "after")) }
        }
    }
}

fn away(away: &Away) -> Markup {
    html! {
        @if let Some(note) = &away.note { p .warn { "Left out: " (short(note, 200)) } }
        @for absence in &away.between {
            p .warn { "In between, from " (second(absence.since)) " on: " (line(&absence.instead)) "." }
        }
        @for absence in &away.since {
            p .warn {
                "Since " (second(absence.since)) ": " (line(&absence.instead))
                ". These are the last two versions with the article."
            }
        }
    }
}

fn changes(shown: &Shown<'_>) -> Markup {
    let mut ranked: Vec<&Change> = shown.comparison.changes.iter().collect();
    ranked.sort_by_key(|change| std::cmp::Reverse(change.weight));
    html! {
        @if !ranked.is_empty() {
            table .typed {
                caption { "Changes by weight" }
                thead {
                    tr {
                        th scope="col" { "Kind" }
                        th scope="col" { "Before" }
                        th scope="col" { "After" }
                    }
                }
                tbody {
                    @for change in ranked {
                        @let (before, after) = cells(change);
                        tr class={ "w" (change.weight) } {
                            th scope="row" { (kind_label(change.kind)) (aside(change)) (weight(change.weight)) }
                            td data-side="before" { (PreEscaped(before)) }
                            td data-side="after" { (PreEscaped(after)) }
                        }
                    }
                }
            }
        }
    }
}

/// Who or what a change is about.
fn aside(change: &Change) -> Markup {
    let about = match change.kind {
        ChangeKind::QuoteReattributed => change.about.as_ref().map(|said| format!("“{said}”")),
        ChangeKind::Correction => change.about.as_ref().map(|wrong| format!("wrong: {wrong}")),
        _ => change.speaker.clone().or_else(|| change.about.clone()),
    };
    html! { @if let Some(about) = about { small { (short(&about, 100)) } } }
}
