//! What two captures of an address are to each other, by what their pages say. Pure.
//!
//! What differs is listed in each case with the typed changes of `diff`; the verdict says how it is to be read. A verdict of
//! [`Verdict::Variant`] is given only where something other than the words explains the difference: another language, a wall,
//! a server that refused, another address. Words that differ in one language are a difference in substance, whichever client
//! they were served to.

use std::hash::{Hash, Hasher};

use crate::base::Digest;
use crate::diff::{
    Change, ChangeKind, CompareOptions, Comparison, OpKind, Presence, Side, compare_captures,
};
use crate::extract::dom::{Step, Tag};
use crate::extract::page::{FigureKind, Page};

use crate::extract::{Dom, charset};

/// The most bytes of a document whose shown text is compared.
const SHOWN_BYTES_MAX: usize = 32 << 20;
/// Texts of one language share at least this part of their sentences, edited ones among them; texts of two share none.
const SHARED_MIN: f64 = 0.2;
/// The most figures that are listed of texts in two languages.
const FIGURES_MAX: usize = 20;

/// One of the captures.
#[derive(Debug, Clone, Copy)]
pub struct Captured<'a> {
    /// What the page says; the empty page for a redirect.
    pub page: &'a Page,
    /// The address.
    pub url: &'a str,
    /// The status.
    pub status: Option<u16>,
    /// Where it redirects to.
    pub redirected_to: Option<&'a str>,
    /// The digest of the payload, its codings undone.
    pub digest: Digest,
    /// What [`shown`] says of the payload.
    pub shown: u64,
    /// Whether the payload was cut.
    pub truncated: bool,
}

/// How two captures compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A reader sees the same text, all of the page.
    SameText,
    /// The article says the same; only what is around it differs.
    FurnitureOnly,
    /// It differs, and not by what was written.
    Variant(Variant),
    /// The article says something else.
    Differs,
}

/// What makes a page another one for some readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// A server failed or refused, or a wall against robots stood there: nothing is said of the article.
    Availability,
    /// One ends at a wall that asks for money or consent.
    Access,
    /// They lead to different addresses.
    Edition,
    /// They are in two languages.
    Language,
    /// The same in another notation: of numbers, of dates, of punctuation.
    Notation,
    /// One was cut while it was captured.
    Cut,
}

impl Verdict {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SameText => "same-text",
            Self::FurnitureOnly => "furniture-only",
            Self::Variant(_) => "variant",
            Self::Differs => "differs",
        }
    }

    /// What makes it a variant.
    #[must_use]
    pub fn variant(self) -> Option<Variant> {
        match self {
            Self::Variant(variant) => Some(variant),
            _ => None,
        }
    }

    /// From 0, the same, to 3, differs.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::SameText => 0,
            Self::FurnitureOnly => 1,
            Self::Variant(_) => 2,
            Self::Differs => 3,
        }
    }
}

impl Variant {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Access => "access",
            Self::Edition => "edition",
            Self::Language => "language",
            Self::Notation => "notation",
            Self::Cut => "cut",
        }
    }
}

/// A verdict and what it rests on.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// What differs, from the first capture to the second.
    pub comparison: Comparison,
    /// Of texts in two languages: figures that only one of them has.
    pub figures: Vec<String>,
}

impl Captured<'_> {
    fn side(&self) -> Side<'_> {
        Side {
            page: self.page,
            status: self.status,
            url: Some(self.url),
            redirected_to: self.redirected_to,
        }
    }
}

/// Compares two captures of an address.
#[must_use]
pub fn judge(ours: &Captured<'_>, theirs: &Captured<'_>) -> Judged {
    let (a, b) = (ours.side(), theirs.side());
    let comparison = compare_captures(&a, &b, &[], &CompareOptions::default());
    let mut figures = Vec::new();
    let verdict = verdict(ours, theirs, &comparison);
    if verdict == Verdict::Variant(Variant::Language) {
        figures = figures_of_one(ours.page, theirs.page);
    }
    Judged { verdict, comparison, figures }
}

fn verdict(ours: &Captured<'_>, theirs: &Captured<'_>, comparison: &Comparison) -> Verdict {
    let (a, b) = (ours.side(), theirs.side());
    let is_same_place = a.has_same_target(&b) && is_kind(ours.status) == is_kind(theirs.status);
    if is_same_place && ours.digest.same_bytes(&theirs.digest) == Some(true) {
        return Verdict::SameText;
    }
    // A redirect has no text of its own.
    if ours.redirected_to.is_some() && theirs.redirected_to.is_some() {
        return match a.has_same_target(&b) {
            true => Verdict::SameText,
            false => Verdict::Variant(Variant::Edition),
        };
    }
    if [a.presence(None), b.presence(None)].contains(&Presence::Unknown) {
        return Verdict::Variant(Variant::Availability);
    }
    if ours.redirected_to.is_some() || theirs.redirected_to.is_some() {
        return Verdict::Variant(Variant::Edition);
    }
    let changes = &comparison.changes;
    let changed = |fits: &dyn Fn(&Change) -> bool| changes.iter().all(fits);
    if ours.truncated || theirs.truncated {
        let is_cut = |change: &Change| match change.kind {
            ChangeKind::TextRemoved | ChangeKind::QuoteRemoved => theirs.truncated,
            ChangeKind::TextAdded | ChangeKind::QuoteAdded => ours.truncated,
            _ => change.notation,
        };
        if !changes.is_empty() && changed(&is_cut) {
            return Verdict::Variant(Variant::Cut);
        }
    }
    let stands_at_wall = |side: &Side<'_>, other: &Side<'_>| {
        matches!(side.presence(Some(other)), Presence::Walled | Presence::Cut)
    };
    if (stands_at_wall(&a, &b) || stands_at_wall(&b, &a))
        && changed(&|change| {
            matches!(change.kind, ChangeKind::Paywalled | ChangeKind::Restored) || change.notation
        })
    {
        return Verdict::Variant(Variant::Access);
    }
    if are_of_two_languages(ours.page, theirs.page, comparison) {
        return Verdict::Variant(Variant::Language);
    }
    let says_the_same = changed(&|change| change.notation || change.kind == ChangeKind::Modified);
    match says_the_same {
        false => Verdict::Differs,
        true if changes.iter().any(|change| change.notation) => Verdict::Variant(Variant::Notation),
        true if changes.is_empty() && ours.shown == theirs.shown => Verdict::SameText,
        true => Verdict::FurnitureOnly,
    }
}

/// Statuses that say the same of a page.
fn is_kind(status: Option<u16>) -> Option<u16> {
    status.map(|status| if status == 304 { 200 } else { status })
}

/// Whether two pages are in two languages: by what each is in, and by their having no sentences in common. A declaration alone
/// would let altered words pass for a translation.
fn are_of_two_languages(ours: &Page, theirs: &Page, comparison: &Comparison) -> bool {
    let primary = |page: &Page| {
        let tag = page.language.as_ref().map(|language| language.value.to_ascii_lowercase());
        tag.map(|tag| tag.split(['-', '_']).next().unwrap_or_default().to_owned())
    };
    let (Some(a), Some(b)) = (primary(ours), primary(theirs)) else { return false };
    if a == b {
        return false;
    }
    let all = comparison.old_sentences.len().max(1);
    let shared: usize = comparison
        .ops
        .iter()
        .filter(|op| matches!(op.kind, OpKind::Keep | OpKind::Move | OpKind::Replace))
        .map(|op| op.old.len())
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "numbers of sentences of a page")]
    let share = shared as f64 / all as f64;
    share < SHARED_MIN
}

/// Figures that only one of two texts has, by their values: a translation has those of its original.
fn figures_of_one(ours: &Page, theirs: &Page) -> Vec<String> {
    let is_plain = |kind: FigureKind| {
        matches!(
            kind,
            FigureKind::Number | FigureKind::Money | FigureKind::Percent | FigureKind::Measure
        )
    };
    let values = |page: &Page| -> Vec<(String, String)> {
        let figures = page.figures.iter().filter(|figure| is_plain(figure.kind));
        figures.filter_map(|one| Some((one.value.clone()?, one.text.clone()))).collect()
    };
    let (a, mut b) = (values(ours), values(theirs));
    let mut only = Vec::new();
    for (value, text) in a {
        match b.iter().position(|(other, _)| *other == value) {
            Some(at) => drop(b.remove(at)),
            None => only.push(text),
        }
    }
    only.extend(b.into_iter().map(|(_, text)| text));
    only.truncate(FIGURES_MAX);
    only
}

/// A fingerprint of what a reader sees of a whole document, its white space folded: equal for documents that show the same
/// text, whatever their markup. Of what is no HTML: of its bytes. Not stable between versions of the program.
#[must_use]
pub fn shown(decoded: &[u8], content_type: Option<&str>, url: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    let is_html = content_type.is_none_or(|media_type| media_type.contains("html"));
    if !is_html {
        decoded.hash(&mut hasher);
        return hasher.finish();
    }
    let first = decoded.get(..SHOWN_BYTES_MAX).unwrap_or(decoded);
    let text = charset::decode(first, content_type, Some(url), &mut Vec::new()).text;
    let dom = Dom::parse_without_scripts(&text, &mut Vec::new());
    let mut hidden = 0_u32;
    for step in dom.walk(Dom::ROOT) {
        let is_hidden = |id| {
            matches!(
                dom.tag(id),
                Tag::Script | Tag::Style | Tag::Template | Tag::Head | Tag::Noscript
            )
        };
        match step {
            Step::Enter(id) if id != Dom::ROOT => hidden += u32::from(is_hidden(id)),
            Step::Leave(id) if id != Dom::ROOT => hidden -= u32::from(is_hidden(id)),
            Step::Text(id) if hidden == 0 => {
                for word in dom.text(id).split_whitespace() {
                    word.hash(&mut hasher);
                }
            }
            _ => {}
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::DigestAlgorithm;
    use crate::history::read_page;

    const URL: &str = "http://news.example/a";

    fn judged_of(
        (ours, our_status): (&str, u16),
        (theirs, their_status): (&str, u16),
    ) -> (Verdict, Vec<&'static str>) {
        let html = Some("text/html; charset=utf-8");
        let of = |text: &str, status| {
            let page = read_page(text.as_bytes(), URL, html, Some(status));
            (
                page,
                DigestAlgorithm::Sha256.digest(text.as_bytes()),
                shown(text.as_bytes(), html, URL),
            )
        };
        let ((a, a_digest, a_shown), (b, b_digest, b_shown)) =
            (of(ours, our_status), of(theirs, their_status));
        let side = |page, status, digest, shown| Captured {
            page,
            url: URL,
            status: Some(status),
            redirected_to: None,
            digest,
            shown,
            truncated: false,
        };
        let judged = judge(
            &side(&a, our_status, a_digest, a_shown),
            &side(&b, their_status, b_digest, b_shown),
        );
        let kinds = judged.comparison.changes.iter().map(|change| change.kind.label());
        (judged.verdict, kinds.collect())
    }

    fn article(lang: &str, body: &str, aside: &str) -> String {
        format!(
            "<html lang=\"{lang}\"><head><title>Harbour plan approved</title></head><body><nav><a href=\"/\">Home</a></nav>\
             <article><h1>Harbour plan approved</h1>{body}</article><aside class=\"trending\">{aside}</aside></body></html>"
        )
    }

    const BODY: &str = "<p>The council approved the harbour plan on Tuesday evening by 14 votes to 9 after a long debate.</p>\
        <p>“We owe the fishermen an answer,” said Ruth Okafor, the mayor of the town, after the vote was counted.</p>\
        <p>The work costs 4.5 million euros and begins in spring, when the ferry moves to the southern quay of the port.</p>";

    #[test]
    fn captures_are_distinguished_by_what_they_say() {
        let base = article("en", BODY, "");
        let german = "<p>Der Rat hat den Hafenplan am Dienstagabend nach langer Debatte mit 14 zu 9 Stimmen gebilligt.</p>\
            <p>„Wir schulden den Fischern eine Antwort“, sagte Ruth Okafor, die Bürgermeisterin der Stadt, nach der Auszählung.</p>\
            <p>Die Arbeiten kosten 4,5 Millionen Euro und beginnen im Frühjahr, wenn die Fähre an den südlichen Kai verlegt wird.</p>";
        for (what, theirs, status, verdict) in [
            ("itself", base.clone(), 200, Verdict::SameText),
            (
                "markup",
                base.replace("<body>", "<body class=\"x\" data-nonce=\"1\">"),
                200,
                Verdict::SameText,
            ),
            (
                "aside",
                article("en", BODY, "<a href=\"/x\">Ten walks for a long weekend</a>"),
                200,
                Verdict::FurnitureOnly,
            ),
            ("figure", base.replace("14 votes", "41 votes"), 200, Verdict::Differs),
            ("quotation", base.replace("an answer", "nothing"), 200, Verdict::Differs),
            (
                "text",
                base.replace("after a long debate", "without a debate"),
                200,
                Verdict::Differs,
            ),
            (
                "headline",
                base.replace("plan approved</h1>", "plan in doubt</h1>"),
                200,
                Verdict::Differs,
            ),
            ("failure", "<h1>Error</h1>".to_owned(), 503, Verdict::Variant(Variant::Availability)),
            (
                "refusal",
                "<h1>Forbidden</h1>".to_owned(),
                403,
                Verdict::Variant(Variant::Availability),
            ),
            ("gone", "<h1>Not found</h1>".to_owned(), 404, Verdict::Differs),
            ("translation", article("de", german, ""), 200, Verdict::Variant(Variant::Language)),
            // Words altered under the flag of another language are not a translation.
            (
                "flag",
                article("de", &BODY.replace("14 votes", "41 votes"), ""),
                200,
                Verdict::Differs,
            ),
        ] {
            let (found, kinds) = judged_of((&base, 200), (&theirs, status));
            assert_eq!(found, verdict, "{what}: {kinds:?}");
            let (back, _) = judged_of((&theirs, status), (&base, 200));
            assert_eq!(back, verdict, "{what}, the other way round");
        }
    }

    #[test]
    fn a_translation_with_other_figures_lists_them() {
        let html = Some("text/html");
        let page = |text: &str| read_page(text.as_bytes(), URL, html, Some(200));
        let ours = page(&article("en", BODY, ""));
        let theirs = page(&article("en", &BODY.replace("14 votes", "41 votes"), ""));
        assert_eq!(figures_of_one(&ours, &theirs).len(), 2);
        assert!(figures_of_one(&ours, &ours).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_never_panics(bytes in proptest::collection::vec(0u8.., 0..400)) {
            let _ = shown(&bytes, Some("text/html"), URL);
            proptest::prop_assert_eq!(shown(&bytes, None, URL), shown(&bytes, None, URL));
        }
    }
}
