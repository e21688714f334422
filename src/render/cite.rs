//! What a person should know beside a citation, and why words cannot be cited. The citation itself is
//! written by [`crate::cite::cite`].

use crate::answers::cite::Citation;
use crate::answers::{PassedOver, WordsMissing};
use crate::base::Timestamp;
use crate::cite::nearest::{Difference, Nearest};
use crate::extract::alternate::AlternateKind;

/// What a person should know: an older capture that is cited, what was altered, an answer of an error.
#[must_use]
pub fn notes(found: &Citation) -> Vec<String> {
    let mut out = Vec::new();
    let cited = found.capture.date;
    if let Some(passed) = &found.passed_over {
        out.extend(passed_over(passed, cited));
    }
    if found.source.capture.is_rendering {
        out.push("this cites the page as rendered by a browser, not as it was sent".to_owned());
    }
    out.extend(found.alternate.as_ref().map(|(url, kind)| at_alternate(url, *kind)));
    let altered = found.source.quotation.as_ref().and_then(|quoted| quoted.altered.as_ref());
    if let Some(text) =
        altered.map(crate::cite::Altered::description).filter(|text| !text.is_empty())
    {
        out.push(format!("the quotation is altered: {text}"));
    }
    if let Some(from) = found.capture.copied_from() {
        out.push(format!(
            "this is a copy from another archive, which captured it and can be cited: {from}"
        ));
    }
    if let Some(status) = found.capture.status.filter(|s| !matches!(s, 200..=299 | 304)) {
        out.push(format!("at {} the server answered with status {status}", cited.to_rfc3339()));
    }
    out
}

/// That an older capture, of the time `cited`, is cited in the place of the newest, and why.
#[must_use]
pub fn passed_over(passed: &PassedOver, cited: Timestamp) -> Vec<String> {
    let (when, of) = (passed.newest.date.to_rfc3339(), cited.to_rfc3339());
    let mut out = vec![format!(
        "the newest capture, of {when}, is not the article: {}; this cites the last capture that is, of {of}",
        passed.why
    )];
    out.extend(
        passed
            .leads_to
            .iter()
            .map(|to| format!("to cite the article at its new address: pressmark cite {to}")),
    );
    out
}

/// That the text of a page is at another address, and how to cite it there.
#[must_use]
pub fn at_alternate(url: &str, kind: AlternateKind) -> String {
    let kind = kind.label();
    format!("the page was sent without its text; to cite its {kind} version: pressmark cite {url}")
}

/// Why words cannot be quoted: they do not stand there, and the nearest words that do.
#[must_use]
pub fn refusal(words: &WordsMissing) -> String {
    let nearest = match &words.missing.nearest {
        None => "and no similar words either".to_owned(),
        Some(Nearest { text, differences }) if differences.is_empty() => {
            format!("the most similar words: “{text}”")
        }
        Some(Nearest { text, differences }) => {
            let texts: Vec<String> = differences.iter().map(difference).collect();
            format!("the most similar words: “{text}” ({})", texts.join("; "))
        }
    };
    let (url, when) = (&words.url, words.at.to_rfc3339());
    let how = if words.missing.coarse { " in this exact form" } else { "" };
    format!("quoting {url}: the words are not in its capture of {when}{how}; {nearest}")
}

fn difference(difference: &Difference) -> String {
    match (difference.asked.as_str(), difference.stands.as_str()) {
        ("", stands) => format!("“{stands}” is left out"),
        (asked, "") => format!("“{asked}” is not there"),
        (asked, stands) => format!("“{stands}”, not “{asked}”"),
    }
}
