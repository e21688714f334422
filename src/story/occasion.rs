//! When and where something was said, as the words next to the attribution tell.
//!
//! Only what stands close to the verb of saying counts: a day further off in the sentence mostly belongs to
//! something else. A weekday is the last such day not after the day of publication.

use std::ops::Range;

use super::article::Prepared;
use crate::dates::parse_machine;
use crate::extract::page::{FigureKind, Quote};

/// The bytes next to the cue in which a day or an occasion counts.
const REACH: usize = 90;

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OccasionKind {
    /// Before the press.
    NewsConference,
    /// In an interview.
    Interview,
    /// In a text that was sent out.
    Statement,
    /// On a social network.
    Post,
    /// In a speech.
    Speech,
    /// In a parliament or a council.
    Parliament,
    /// Before a court.
    Court,
    /// In a letter or an e-mail.
    Letter,
}

impl OccasionKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NewsConference => "news-conference",
            Self::Interview => "interview",
            Self::Statement => "statement",
            Self::Post => "post",
            Self::Speech => "speech",
            Self::Parliament => "parliament",
            Self::Court => "court",
            Self::Letter => "letter",
        }
    }
}

/// Phrases in the languages of the press, each with a space before it; the first that is found counts.
const PHRASES: [(OccasionKind, &str); 8] = [
    (
        OccasionKind::NewsConference,
        "news conference|press conference|press briefing|news briefing|pressekonferenz|conférence de presse|\
         point presse|rueda de prensa|conferencia de prensa|conferenza stampa|entrevista coletiva|coletiva de imprensa|\
         conferência de imprensa|persconferentie|пресс-конференции|конференция|presskonferens|pressekonferanse",
    ),
    (
        OccasionKind::Interview,
        "in an interview|interview with|in einem interview|im interview|im gespräch mit|dans un entretien|\
         dans une interview|en una entrevista|in un'intervista|in una intervista|em entrevista|in een interview|\
         в интервью",
    ),
    (
        OccasionKind::Statement,
        "in a statement|a written statement|in einer mitteilung|in einer erklärung|pressemitteilung|\
         dans un communiqué|en un comunicado|in una nota|in un comunicato|em nota|em comunicado|in een verklaring|\
         в заявлении",
    ),
    (
        OccasionKind::Post,
        "on social media|on facebook|on twitter|on x|on instagram|on telegram|on bluesky|on mastodon|auf facebook|\
         auf twitter|auf x|auf instagram|in den sozialen medien|sur facebook|sur twitter|sur x|sur les réseaux sociaux|\
         en facebook|en twitter|en x|en redes sociales|en las redes sociales|su facebook|su x|sui social|no facebook|\
         no x|nas redes sociais|op facebook|op x|op sociale media",
    ),
    (
        OccasionKind::Speech,
        "in a speech|in einer rede|in seiner rede|in ihrer rede|dans un discours|en un discurso|in un discorso|\
         em discurso|in een toespraak|a crowd|supporters gathered",
    ),
    (
        OccasionKind::Parliament,
        "told parliament|in parliament|told the council|council meeting|told lawmakers|told mps|im parlament|\
         im bundestag|im stadtrat|im gemeinderat|à l'assemblée|au parlement|devant les députés|conseil municipal|\
         en el parlamento|en el congreso|en el pleno|in parlamento|in consiglio|no parlamento|na câmara|in de kamer|\
         in het parlement|gemeenteraad",
    ),
    (
        OccasionKind::Court,
        "told the court|in court|at the hearing|at a hearing|told the inquiry|vor gericht|à la barre|devant le tribunal|\
         ante el tribunal|en el juicio|in aula|in tribunale|no tribunal|em juízo|voor de rechtbank|in de rechtszaal",
    ),
    (
        OccasionKind::Letter,
        "in a letter|in an email|in an e-mail|in einem brief|in einer e-mail|dans une lettre|dans un courriel|\
         en una carta|en un correo|in una lettera|em carta|por e-mail|in een brief|in een e-mail",
    ),
];

/// Days named by where they stand from the day of publication, and how many days back each is.
const NEAR: [(&str, i64); 29] = [
    ("today", 0),
    ("yesterday", 1),
    ("heute", 0),
    ("gestern", 1),
    ("vorgestern", 2),
    ("aujourd'hui", 0),
    ("hier", 1),
    ("avant-hier", 2),
    ("hoy", 0),
    ("ayer", 1),
    ("anteayer", 2),
    ("oggi", 0),
    ("ieri", 1),
    ("hoje", 0),
    ("ontem", 1),
    ("vandaag", 0),
    ("gisteren", 1),
    ("eergisteren", 2),
    ("dziś", 0),
    ("wczoraj", 1),
    ("idag", 0),
    ("igår", 1),
    ("сегодня", 0),
    ("вчера", 1),
    ("сьогодні", 0),
    ("вчора", 1),
    ("今日", 0),
    ("昨日", 1),
    ("昨天", 1),
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const DAY_SECONDS: i64 = 86_400;

/// The parts of the text next to the cue of a quotation, its own words left out.
fn beside(article: &Prepared<'_>, quote: &Quote) -> Vec<Range<usize>> {
    let Some(cue) = &quote.cue else { return Vec::new() };
    let Some(sentence) = article.sentence_at(cue.range.start) else { return Vec::new() };
    let text = &article.page.text;
    let from = sentence.start.max(text.floor_char_boundary(cue.range.start.saturating_sub(REACH)));
    let to = sentence.end.min(text.ceil_char_boundary((cue.range.end + REACH).min(text.len())));
    let mut parts: Vec<_> = std::iter::once(from..to).collect();
    // Words quoted beside it are a speaker's and not the outlet's.
    let near = article.page.quotes.iter().filter(|q| q.range.start < to && from < q.range.end);
    for quoted in near.flat_map(|q| &q.parts) {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                let before = part.start..part.end.min(quoted.start);
                let behind = part.start.max(quoted.end)..part.end;
                [before, behind]
            })
            .filter(|part| part.start < part.end)
            .collect();
    }
    parts
}

/// The day on which something was said, and the occasion.
pub(super) fn when_said(
    article: &Prepared<'_>,
    quote: &Quote,
) -> (Option<String>, Option<OccasionKind>) {
    let parts = beside(article, quote);
    (day(article, quote, &parts), occasion(article, &parts))
}

/// The day on which something was said: `2025-11-04`, or the name of a weekday where the day of publication
/// is not known.
fn day(article: &Prepared<'_>, quote: &Quote, parts: &[Range<usize>]) -> Option<String> {
    let published = article.day().and_then(day_number);
    let cue = quote.cue.as_ref()?;
    let away = |at: usize| at.abs_diff(cue.range.start);
    let mut best: Option<(usize, String)> = None;
    let mut take = |at: usize, day: String| {
        if best.as_ref().is_none_or(|(known, _)| away(at) < *known) {
            best = Some((away(at), day));
        }
    };
    for part in parts {
        let figures = &article.page.figures;
        let first = figures.partition_point(|figure| figure.range.start < part.start);
        let inside = figures.iter().skip(first).take_while(|figure| figure.range.end <= part.end);
        for figure in inside.filter(|figure| figure.kind == FigureKind::Date) {
            if let Some(day) = figure.value.as_deref().and_then(|value| resolved(article, value)) {
                take(figure.range.start, day);
            }
        }
        let words = article.words_of(part);
        for word in words {
            let mut folded = String::new();
            super::words::fold(article.text(&word.range()), &mut folded);
            let near = NEAR.iter().find(|(name, _)| *name == folded);
            if let Some((back, published)) = near.map(|(_, back)| *back).zip(published) {
                take(word.start as usize, day_text(published - back));
            }
        }
    }
    best.map(|(_, day)| day)
}

/// The value of a date as a day, from the day of publication where it names none.
pub(super) fn resolved(article: &Prepared<'_>, value: &str) -> Option<String> {
    let published = article.day().and_then(day_number);
    if let Some(weekday) = WEEKDAYS.iter().position(|day| *day == value) {
        let Some(published) = published else { return Some(value.to_owned()) };
        let weekday = i64::try_from(weekday).unwrap_or(0);
        // 1 January 1970 was a Thursday.
        let today = (published + 3).rem_euclid(7);
        return Some(day_text(published - (today - weekday).rem_euclid(7)));
    }
    if let Some(day) = value.strip_prefix("--").filter(|day| day.len() == 5) {
        let Some(year) = article.day().and_then(|day| day.get(..4)) else {
            return Some(value.to_owned());
        };
        return Some(format!("{year}-{day}"));
    }
    day_number(value).map(|_| value.to_owned())
}

/// Days since 1970 of a day as the machine writes it.
fn day_number(day: &str) -> Option<i64> {
    if day.len() != 10 {
        return None;
    }
    let micros = parse_machine(day)?.instant.unix_micros();
    Some(micros.div_euclid(DAY_SECONDS * 1_000_000))
}

fn day_text(number: i64) -> String {
    let at = crate::base::Timestamp::from_unix_seconds(number.saturating_mul(DAY_SECONDS));
    at.to_rfc3339().get(..10).unwrap_or_default().to_owned()
}

/// The occasion on which something was said, and its words.
fn occasion(article: &Prepared<'_>, parts: &[Range<usize>]) -> Option<OccasionKind> {
    let mut folded = String::new();
    for part in parts {
        let mut words = String::new();
        for word in article.words_of(part) {
            super::words::fold(article.text(&word.range()), &mut folded);
            words.push(' ');
            words.push_str(&folded);
        }
        words.push(' ');
        for (kind, phrases) in PHRASES {
            let found = phrases.split('|').map(str::trim).any(|phrase| {
                let at = words.find(phrase);
                at.is_some_and(|at| {
                    let behind = words.get(at + phrase.len()..).unwrap_or_default();
                    let before = words.get(..at).unwrap_or_default();
                    before.ends_with([' ', '\'']) && !behind.starts_with(char::is_alphanumeric)
                })
            });
            if found {
                return Some(kind);
            }
        }
    }
    None
}
