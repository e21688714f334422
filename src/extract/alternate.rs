//! The other forms of a page that it names for its readers: an AMP version, a version to print. A page that is sent
//! without its text often names a form that has it.

use encoding_rs::UTF_8;

use super::base_url::{base_of, resolve};
use super::dom::{Dom, Tag};
use super::{Hints, bounded, charset};

/// Which form of a page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlternateKind {
    /// `link rel=amphtml`.
    Amp,
    /// `link rel=alternate media=print`.
    Print,
}

impl AlternateKind {
    /// Its name in answers.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Amp => "amp",
            Self::Print => "print",
        }
    }
}

/// A form of a page that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    /// Its absolute address.
    pub url: String,
    /// Which form.
    pub kind: AlternateKind,
}

/// The form of a page that most likely has its text: the AMP version that it names, or else the one to print.
/// `None` where it names none, or itself.
///
/// `payload` is the body after transfer and content decoding.
#[must_use]
pub fn alternate(payload: &[u8], hints: &Hints<'_>) -> Option<Alternate> {
    let mut notes = Vec::new();
    let decoded = charset::decode(payload, hints.content_type, hints.url, &mut notes);
    let dom = Dom::parse(bounded(&decoded.text, &mut notes).0, &mut notes);
    let base = base_of(&dom, hints.url);
    let named = dom.elements().filter(|id| dom.tag(*id) == Tag::Link).filter_map(|id| {
        let attr = |name: &str| dom.attr(id, name).unwrap_or_default().to_ascii_lowercase();
        let (rel, media) = (attr("rel"), attr("media"));
        let has = |word: &str| rel.split_ascii_whitespace().any(|one| one == word);
        let kind = match () {
            () if has("amphtml") => AlternateKind::Amp,
            () if has("alternate") && media.trim() == "print" => AlternateKind::Print,
            () => return None,
        };
        let encoding = encoding_rs::Encoding::for_label(decoded.label.as_bytes()).unwrap_or(UTF_8);
        let mut to = resolve(base.as_ref(), dom.attr(id, "href")?.trim(), encoding)?;
        to.set_fragment(None);
        let is_web = matches!(to.scheme(), "http" | "https");
        let is_other = hints.url.is_none_or(|own| own.split('#').next() != Some(to.as_str()));
        (is_web && is_other).then(|| Alternate { url: to.to_string(), kind })
    });
    // The first of them in the order of kinds, and of the page.
    named.min_by_key(|found| found.kind == AlternateKind::Print)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_amp_version_comes_before_the_one_to_print() {
        const URL: &str = "https://courier.example/2025/weir";
        let amp = "<link rel=amphtml href=/amp/weir#top>";
        let print = "<link rel='nofollow alternate' media=Print href='?print=1'>";
        for (head, found) in [
            (amp.to_owned(), Some(("https://courier.example/amp/weir", AlternateKind::Amp))),
            (
                format!("{print}{amp}"),
                Some(("https://courier.example/amp/weir", AlternateKind::Amp)),
            ),
            (
                print.to_owned(),
                Some(("https://courier.example/2025/weir?print=1", AlternateKind::Print)),
            ),
            (
                format!("<base href=https://m.example/a/>{}", amp.replace("/amp/", "")),
                Some(("https://m.example/a/weir", AlternateKind::Amp)),
            ),
            (format!("<link rel=amphtml href={URL}#x>"), None),
            ("<link rel=amphtml href='javascript:x'>".to_owned(), None),
            ("<link rel=amphtml>".to_owned(), None),
            ("<link rel=stylesheet media=print href=/print.css>".to_owned(), None),
            ("<link rel=alternate media='screen, print' href=/x>".to_owned(), None),
        ] {
            let html = format!("<!doctype html>{head}<div id=root></div>");
            let hints = Hints { url: Some(URL), ..Hints::default() };
            let got = alternate(html.as_bytes(), &hints);
            let got = got.as_ref().map(|alternate| (alternate.url.as_str(), alternate.kind));
            assert_eq!(got, found, "{head}");
        }
    }
}
