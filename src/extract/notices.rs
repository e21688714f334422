//! Notices of the publisher inside the article: corrections, clarifications, updates, editor's notes,
//! retractions.
//!
//! Read in the text, because publishers do not use the markup there is for them (schema.org's
//! `correction` was found on none of 974 pages). A block is a notice when it begins as one ("Correction,
//! July 3: …", "Editor's note —"), or speaks of the article it stands in ("An earlier version of this
//! story misstated …", "This article was amended on …"). A bare time of change ("Updated 5 p.m.") is a
//! date and no notice.

use std::ops::Range;

use super::page::{BlockKind, Notice, NoticeKind, Page};

/// Words that begin a notice, lower case; the longer ones before those they begin with.
const LEADS: [(&str, NoticeKind); 37] = [
    ("corrections and clarifications", NoticeKind::Correction),
    ("correction and clarification", NoticeKind::Correction),
    ("corrections", NoticeKind::Correction),
    ("correction", NoticeKind::Correction),
    ("corrected", NoticeKind::Correction),
    ("erratum", NoticeKind::Correction),
    ("amendment", NoticeKind::Correction),
    ("clarifications", NoticeKind::Clarification),
    ("clarification", NoticeKind::Clarification),
    ("retraction notice", NoticeKind::Retraction),
    ("retraction", NoticeKind::Retraction),
    ("retracted", NoticeKind::Retraction),
    ("editor's note", NoticeKind::EditorsNote),
    ("editors' note", NoticeKind::EditorsNote),
    ("editor’s note", NoticeKind::EditorsNote),
    ("editors’ note", NoticeKind::EditorsNote),
    ("editorial note", NoticeKind::EditorsNote),
    ("note to readers", NoticeKind::EditorsNote),
    ("update", NoticeKind::Update),
    ("updated", NoticeKind::Update),
    // German
    ("korrekturhinweis", NoticeKind::Correction),
    ("korrektur", NoticeKind::Correction),
    ("berichtigung", NoticeKind::Correction),
    ("richtigstellung", NoticeKind::Correction),
    ("anmerkung der redaktion", NoticeKind::EditorsNote),
    ("hinweis der redaktion", NoticeKind::EditorsNote),
    ("in eigener sache", NoticeKind::EditorsNote),
    ("aktualisierung", NoticeKind::Update),
    ("aktualisiert", NoticeKind::Update),
    // French
    ("rectificatif", NoticeKind::Correction),
    ("note de la rédaction", NoticeKind::EditorsNote),
    ("mise à jour", NoticeKind::Update),
    // Spanish, Italian, Dutch
    ("corrección", NoticeKind::Correction),
    ("fe de errores", NoticeKind::Correction),
    ("nota de la redacción", NoticeKind::EditorsNote),
    ("correzione", NoticeKind::Correction),
    ("rectificatie", NoticeKind::Correction),
];

/// How many bytes a date or a place may take between the lead and its colon.
const LEAD_TAIL_BYTES_MAX: usize = 48;

/// A notice of fewer words than this after its lead is a line of time and no notice.
const WORDS_MIN: usize = 4;

/// Finds the notices among the blocks of `page`: sets their kinds and fills `page.notices`.
pub(super) fn read(page: &mut Page) {
    let mut found: Vec<(Range<usize>, NoticeKind)> = Vec::new();
    for at in 0..page.blocks.len() {
        let (Some(block), true) = (page.blocks.get(at), may_hold(page, at)) else { continue };
        let text = page.text.get(block.range.clone()).unwrap_or_default();
        let kind = match kind_of(text) {
            Some(kind) => Some((at..at + 1, kind)),
            // A heading that says "Correction", and the paragraph below it.
            None => {
                bare_lead(text).filter(|_| may_hold(page, at + 1)).map(|kind| (at..at + 2, kind))
            }
        };
        found.extend(
            kind.filter(|(run, _)| found.last().is_none_or(|(last, _)| last.end <= run.start)),
        );
    }
    for (run, kind) in found {
        let Some(blocks) = page.blocks.get_mut(run) else { continue };
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { continue };
        let range = first.range.start..last.range.end;
        let text = page.text.get(range.clone()).unwrap_or_default().replace("\n\n", " ");
        let kind = sharpened(kind, &text);
        for block in blocks {
            block.kind = BlockKind::Notice(kind);
        }
        page.notices.push(Notice { kind, text, range });
    }
}

fn may_hold(page: &Page, at: usize) -> bool {
    page.blocks.get(at).is_some_and(|block| {
        matches!(
            block.kind,
            BlockKind::Paragraph
                | BlockKind::Standfirst
                | BlockKind::ListItem
                | BlockKind::Subheading(_)
                | BlockKind::Notice(_)
        )
    })
}

/// What a lead or a phrase says, made sharper by the words after it.
fn sharpened(kind: NoticeKind, text: &str) -> NoticeKind {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match kind {
        NoticeKind::EditorsNote | NoticeKind::Update | NoticeKind::Correction
            if says(&[
                "has been retracted",
                "was retracted",
                "we have retracted",
                "retracts this",
                "has been withdrawn",
                "has withdrawn this",
                "have withdrawn this",
                "was withdrawn",
                "zurückgezogen",
            ]) && says(&[
                "article", "story", "report", "piece", "artikel", "beitrag", "text",
            ]) =>
        {
            NoticeKind::Retraction
        }
        NoticeKind::Update | NoticeKind::EditorsNote
            if says(&[
                "to correct",
                "misstated",
                "incorrectly",
                "misspelled",
                "misidentified",
                "misattributed",
                "in error",
                "was wrong",
                "were wrong",
                "inaccurate",
            ]) =>
        {
            NoticeKind::Correction
        }
        kind => kind,
    }
}

/// Whether a text is a notice by its own words, wherever on the page it stands.
pub(super) fn is_one(text: &str) -> bool {
    kind_of(text).is_some()
}

/// The kind of the notice that a block is; none for other text.
fn kind_of(text: &str) -> Option<NoticeKind> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    by_lead(start).or_else(|| by_phrase(start)).or_else(|| by_publisher(start))
}

fn lead(text: &str) -> Option<(NoticeKind, &str)> {
    // Few texts get further than their first letter.
    let first = text.chars().next()?.to_ascii_lowercase();
    LEADS.iter().filter(|(words, _)| words.starts_with(first)).find_map(|(words, kind)| {
        let head = text.get(..words.len())?;
        let rest = text.get(words.len()..)?;
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric());
        let same = ends && head.chars().flat_map(char::to_lowercase).eq(words.chars());
        same.then_some((*kind, rest))
    })
}

fn by_lead(text: &str) -> Option<NoticeKind> {
    let (kind, rest) = lead(text)?;
    // "Correction: …", "Correction (May 5): …", "Correction, July 3, 2026 — …"
    let mark = rest.char_indices().find(|&(at, c)| {
        let time = rest.get(at + 1..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
        matches!(c, '—' | '–')
            || c == ':' && !time
            || c == '-' && rest.get(..at).is_some_and(|r| r.ends_with(' '))
    })?;
    let (between, after) = (rest.get(..mark.0)?, rest.get(mark.0 + mark.1.len_utf8()..)?);
    let dated = between.trim().is_empty()
        || between.trim_start().starts_with(['(', '[', ',', '|'])
        || between.chars().any(|c| c.is_ascii_digit());
    let said = after.split_whitespace().count();
    (dated && between.len() <= LEAD_TAIL_BYTES_MAX && said >= WORDS_MIN).then_some(kind)
}

/// The kind that a block says which is a lead and nothing else.
fn bare_lead(text: &str) -> Option<NoticeKind> {
    let (kind, rest) = lead(text.trim())?;
    (kind != NoticeKind::Update && rest.trim_matches([':', ' ', '.', '*']).is_empty())
        .then_some(kind)
}

/// What an article calls itself.
const SELVES: [&str; 8] =
    ["article", "story", "report", "piece", "post", "column", "obituary", "page"];

/// Beginnings of notices in other languages, each after words for "this article".
const FOREIGN: [(&str, NoticeKind); 22] = [
    ("in einer früheren version dieses", NoticeKind::Correction),
    ("in einer früheren fassung dieses", NoticeKind::Correction),
    ("in einer ersten version dieses", NoticeKind::Correction),
    ("eine frühere version dieses", NoticeKind::Correction),
    ("eine frühere fassung dieses", NoticeKind::Correction),
    ("dieser artikel wurde korrigiert", NoticeKind::Correction),
    ("dieser text wurde korrigiert", NoticeKind::Correction),
    ("dieser artikel wurde aktualisiert", NoticeKind::Update),
    ("dieser text wurde aktualisiert", NoticeKind::Update),
    ("dieser artikel wurde zurückgezogen", NoticeKind::Retraction),
    ("dieser text wurde zurückgezogen", NoticeKind::Retraction),
    ("une version précédente de cet article", NoticeKind::Correction),
    ("une première version de cet article", NoticeKind::Correction),
    ("cet article a été corrigé", NoticeKind::Correction),
    ("cet article a été modifié", NoticeKind::Correction),
    ("cet article a été mis à jour", NoticeKind::Update),
    ("cet article a été retiré", NoticeKind::Retraction),
    ("una versión anterior de este artículo", NoticeKind::Correction),
    ("una versión anterior de esta noticia", NoticeKind::Correction),
    ("este artículo ha sido corregido", NoticeKind::Correction),
    ("este artículo ha sido actualizado", NoticeKind::Update),
    ("een eerdere versie van dit artikel", NoticeKind::Correction),
];

/// A publisher that says what it did to the article: "The Post has retracted this article", "Updated
/// at 5 p.m. with a statement".
fn by_publisher(text: &str) -> Option<NoticeKind> {
    let lower: String = text.chars().take(160).collect::<String>().to_lowercase();
    if let Some((_, kind)) = FOREIGN.iter().find(|(words, _)| lower.starts_with(words)) {
        return Some(*kind);
    }
    let first = lower.split(['.', '!', '?']).next().unwrap_or(&lower);
    let withdrew = |(at, verb): (usize, &str)| {
        let (who, rest) = (&first[..at], &first[at + verb.len()..]);
        let of = ["retracted this ", "withdrawn this ", "unpublished this "];
        of.iter()
            .find_map(|done| rest.strip_prefix(done))
            .is_some_and(|what| SELVES.iter().any(|own| what.starts_with(own)))
            && who.split(' ').count() <= 6
    };
    if [" has ", " have "].iter().any(|verb| first.match_indices(verb).any(withdrew)) {
        return Some(NoticeKind::Retraction);
    }
    // A time of change that says what for; the bare time is a date and no notice.
    let rest = lower.strip_prefix("updated ")?;
    let why = [" with ", " to include ", " to add ", " to reflect ", " adds ", " adding "];
    let at = why.iter().filter_map(|word| rest.find(word).map(|at| at + word.len())).min()?;
    let timed = rest.get(..at)?.contains(|c: char| c.is_ascii_digit());
    (timed && at <= LEAD_TAIL_BYTES_MAX).then_some(NoticeKind::Update)
}

fn by_phrase(text: &str) -> Option<NoticeKind> {
    // What the phrases below begin with.
    if !text.starts_with(['a', 'A', 'p', 'P', 'e', 'E', 't', 'T', 'i', 'I']) {
        return None;
    }
    let lower: String = text.chars().take(200).collect::<String>().to_lowercase();
    let after = |phrase: &str| lower.strip_prefix(phrase);
    let versions = [
        "an earlier version of this ",
        "a previous version of this ",
        "earlier versions of this ",
        "previous versions of this ",
        "the original version of this ",
        "a prior version of this ",
        "an earlier version of the ",
        "in an earlier version of this ",
    ];
    for phrase in versions {
        if let Some(rest) = after(phrase)
            && SELVES.iter().any(|own| rest.starts_with(own))
        {
            return Some(NoticeKind::Correction);
        }
    }
    let rest = after("this ")?;
    let rest = SELVES.iter().find_map(|own| rest.strip_prefix(own))?.trim_start();
    let rest = ["was ", "has been ", "has since been ", "was originally published and has been "]
        .iter()
        .find_map(|verb| rest.strip_prefix(verb))?;
    let done = rest.split(|c: char| !c.is_alphabetic()).next()?;
    Some(match done {
        "corrected" | "amended" | "revised" | "changed" | "edited" => NoticeKind::Correction,
        "clarified" => NoticeKind::Clarification,
        "updated" => NoticeKind::Update,
        "retracted" | "withdrawn" => NoticeKind::Retraction,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::page::Block;
    use proptest::prelude::*;

    #[test]
    fn notices_are_told_from_news() {
        use NoticeKind::{Clarification, Correction, EditorsNote, Retraction, Update};
        let cases = [
            ("Correction: The bridge was opened in 1931, not 1913.", Some(Correction)),
            ("CORRECTION (May 5): We misspelled the name of the mayor.", Some(Correction)),
            (
                "Correction, July 3, 2026 — The sum was given in the wrong currency.",
                Some(Correction),
            ),
            (
                "Clarification: The study measured cases confirmed in a laboratory.",
                Some(Clarification),
            ),
            ("Editor’s note: This text was first published in a supplement.", Some(EditorsNote)),
            ("Editor's note: An earlier version incorrectly named a witness.", Some(Correction)),
            ("Update, 5:40 p.m.: This story has been updated with a statement.", Some(Update)),
            ("Update: The article has been updated to correct the toll.", Some(Correction)),
            ("Retraction: The paper withdraws a report on the mine.", Some(Retraction)),
            ("Editor's note: This article has been retracted after a review.", Some(Retraction)),
            ("An earlier version of this story misstated the year.", Some(Correction)),
            ("This article was amended on 4 March to remove a name.", Some(Correction)),
            ("* This article has been updated with a comment of the firm.", Some(Update)),
            ("Korrektur: In einer früheren Fassung hieß es, der Hafen sei tief.", Some(Correction)),
            ("The Post has retracted this article after a review.", Some(Retraction)),
            ("We have withdrawn this story: its figures were invented.", Some(Retraction)),
            ("Updated at 22:40 with a statement of the police.", Some(Update)),
            ("Updated 5 p.m. ET to add the reply of the firm.", Some(Update)),
            ("In eigener Sache: Die Redaktion hat diesen Artikel zurückgezogen.", Some(Retraction)),
            ("In einer früheren Version dieses Artikels hieß es 12.", Some(Correction)),
            ("Cet article a été mis à jour à 18 heures.", Some(Update)),
            ("Updated rules with fewer exceptions take effect in May.", None),
            ("The journal that published the study has retracted this week's issue.", None),
            ("Updated 5 p.m.", None),
            ("Updated: 3 March 2026", None),
            ("Correction of the river bed: engineers start in spring", None),
            ("Corrections officers walked out on Tuesday, the union said.", None),
            ("Update your cellar, the city told house owners: rain is coming.", None),
            ("This article of the treaty was amended in 1998.", None),
            ("This report was welcomed by the union and by the owners.", None),
        ];
        for (text, expected) in cases {
            let found = kind_of(text).map(|kind| sharpened(kind, text));
            assert_eq!(found, expected, "{text}");
        }
    }

    fn page(blocks: &[(&str, BlockKind)]) -> Page {
        let mut page = Page::default();
        for (text, kind) in blocks {
            if !page.text.is_empty() {
                page.text.push_str("\n\n");
            }
            let start = page.text.len();
            page.text.push_str(text);
            let range = start..page.text.len();
            page.blocks.push(Block { kind: kind.clone(), range, source: None });
        }
        page
    }

    #[test]
    fn a_heading_and_the_paragraph_below_it_are_one_notice() {
        let mut page = page(&[
            ("Rain fell.", BlockKind::Paragraph),
            ("Correction", BlockKind::Subheading(3)),
            ("The bridge was opened in 1931.", BlockKind::Paragraph),
        ]);
        read(&mut page);
        assert_eq!(page.notices.len(), 1);
        assert_eq!(page.notices[0].text, "Correction The bridge was opened in 1931.");
        assert_eq!(page.notices[0].range, 12..page.text.len());
        assert_eq!(page.blocks[1].kind, BlockKind::Notice(NoticeKind::Correction));
        assert_eq!(page.blocks[0].kind, BlockKind::Paragraph);
    }

    proptest! {
        #[test]
        fn reading_notices_never_panics(text in "(Correction|Update|This article was|É)?\\PC{0,80}") {
            let mut page = page(&[(&text, BlockKind::Paragraph)]);
            read(&mut page);
            prop_assert!(page.notices.len() <= 1);
        }
    }
}
