//! What the forms of a story have in common: letters for articles, and the text forms of what is known of groups.

use crate::answers::story::StoryAnswer;
use crate::base::printable::flat;
use crate::extract::page::Speaker;
use crate::story::{
    Difference, FigureGroup, FigureValue, FirstOf, Form, OccasionKind, QuoteGroup, Relation, Story,
    Variant, typical_headline,
};

/// The letter of an article: A to Z, then AA, AB.
pub(super) fn letter(mut at: usize) -> String {
    let mut out = Vec::new();
    loop {
        let digit = u8::try_from(at % 26).unwrap_or(0);
        out.push(char::from(b'A' + digit));
        if at < 26 {
            break;
        }
        at = at / 26 - 1;
    }
    out.iter().rev().collect()
}

/// Text from the web on one line.
pub(super) fn clean(text: &str) -> String {
    flat(text).trim().to_owned()
}

/// The most typical of the headlines; a plain name where no article has one.
pub(in crate::render) fn title(found: &StoryAnswer) -> String {
    let headlines: Vec<&str> = found.articles.iter().map(|article| article.headline()).collect();
    typical_headline(&headlines)
        .and_then(|at| headlines.get(at).copied())
        .map_or_else(|| "A story".to_owned(), clean)
}

/// How far figures differ, as text.
pub(super) fn differs(difference: Difference) -> &'static str {
    match difference {
        Difference::None => "agree",
        Difference::Bound => "bounds differ",
        Difference::Value => "differ",
    }
}

/// How a variant relates to the fullest one, as text.
pub(super) fn variant_label(variant: &Variant) -> String {
    let mut out = match (variant.relation, variant.form) {
        (Relation::Identical, _) => "identical".to_owned(),
        (Relation::Truncated, Form::Running) => "in running text".to_owned(),
        (Relation::Truncated, Form::Marked) => "fragment".to_owned(),
        (Relation::Truncated, _) => "truncated".to_owned(),
        (Relation::Altered, _) if variant.is_translated => "translated".to_owned(),
        (Relation::Altered, _) => "altered".to_owned(),
    };
    let occasion = variant.occasion.map(occasion);
    for more in [variant.day.as_deref(), occasion].into_iter().flatten() {
        out.push_str(", ");
        out.push_str(more);
    }
    out
}

/// An occasion as text.
fn occasion(kind: OccasionKind) -> &'static str {
    match kind {
        OccasionKind::NewsConference => "news conference",
        other => other.label(),
    }
}

/// Who says it, and the word of saying.
pub(super) fn said_by(variant: &Variant) -> String {
    let Some(name) = &variant.speaker else { return String::new() };
    let speaker = Speaker { name: clean(name), named: variant.is_named };
    let name = if speaker.named { speaker.name } else { format!("[{}]", speaker.name) };
    match &variant.cue {
        Some(cue) => format!("{name}, {}", clean(cue)),
        None => name,
    }
}

/// Who has a quotation, how, and how many.
pub(super) fn heading(group: &QuoteGroup) -> String {
    let who = group.speaker.as_deref().map_or_else(|| "no speaker named".to_owned(), clean);
    let count = group.articles();
    format!("{who}: {}, in {count} articles", group.relation.label())
}

/// A figure as an article has it, with other values of the same thing.
pub(super) fn value(value: &FigureValue) -> String {
    let mut out = clean(&value.text);
    if value.is_denied {
        out = format!("not {out}");
    }
    if !value.also.is_empty() {
        let also: Vec<String> = value.also.iter().map(|text| clean(text)).collect();
        out = format!("{out} (also {})", also.join(", "));
    }
    out
}

/// What a figure is about.
pub(super) fn about(group: &FigureGroup) -> String {
    if group.about.is_empty() { "?".to_owned() } else { clean(&group.about) }
}

/// Where the articles of a group say different things.
pub(super) fn disagreements(group: &QuoteGroup) -> Vec<String> {
    let line = |one: &crate::story::Disagreement| {
        let values: Vec<String> = one
            .values
            .iter()
            .map(|(article, value)| format!("{} {}", letter(*article), clean(value)))
            .collect();
        format!("{}: {}", one.about, values.join("; "))
    };
    group.disagreements.iter().map(line).collect()
}

/// Who had the story first.
pub(super) fn first(story: &Story) -> Option<String> {
    let of = |one: FirstOf, how: &str| {
        let at = one.at.to_rfc3339();
        let at = if one.day_only { at.get(..10).unwrap_or_default().to_owned() } else { at };
        format!("{how} {} ({at})", letter(one.article))
    };
    let declared = story.first.declared.map(|one| of(one, "by declared time"));
    let captured = story.first.captured.map(|one| of(one, "by time of capture"));
    let both: Vec<String> = declared.into_iter().chain(captured).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// What a list says that is cut; nothing where it is whole.
pub(super) fn more(all: usize, shown_max: usize) -> Option<String> {
    (all > shown_max).then(|| format!("and {} more in the JSON form", all - shown_max))
}

/// At most this many groups of copied text are shown; the JSON form has all.
pub(super) const COPIED_MAX: usize = 40;

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_so() {
        for (all, shown, says) in [
            (0, 2, None),
            (2, 2, None),
            (3, 2, Some("and 1 more in the JSON form")),
            (47, 40, Some("and 7 more in the JSON form")),
        ] {
            assert_eq!(more(all, shown).as_deref(), says);
        }
    }
}
