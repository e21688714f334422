//! The addresses of the reader's pages. Every link of a page is made here, so that none can lead where a page
//! of the web wants it to: values are escaped, and only `http` and `https` lead out of the archive.

use crate::archive::{Capture, Form};
use crate::base::percent::{address, query_value};
use crate::base::{TargetUri, Timestamp};

use super::Site;

impl Site {
    /// A path of this server with parameters; those without a value are left out.
    fn to(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut out = format!("{}{path}", self.base);
        let mut mark = '?';
        for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
            out.push(mark);
            out.push_str(name);
            out.push('=');
            out.push_str(&query_value(value));
            mark = '&';
        }
        out
    }

    /// The front page.
    #[must_use]
    pub fn front_link(&self) -> String {
        format!("{}/", self.base)
    }

    /// A page of the archive by its path alone.
    #[must_use]
    pub fn path_link(&self, path: &str) -> String {
        self.to(path, &[])
    }

    /// The hosts behind this one.
    pub(super) fn hosts(&self, after: &str) -> String {
        self.to("/hosts", &[("after", after)])
    }

    /// A host.
    #[must_use]
    pub fn host_link(&self, host: &str) -> String {
        self.to("/host", &[("host", host)])
    }

    pub(super) fn host_after(&self, host: &str, after: &str) -> String {
        self.to("/host", &[("host", host), ("after", after)])
    }

    /// The versions of a page.
    #[must_use]
    pub fn page_link(&self, url: &str) -> String {
        self.to("/page", &[("url", url)])
    }

    pub(super) fn page_before(&self, url: &str, before: usize) -> String {
        self.to("/page", &[("url", url), ("before", &before.to_string())])
    }

    /// A page about one address: `/calendar`, `/blame`, `/quotes`, `/cite`, `/diff`, `/capture`.
    pub(super) fn about(&self, path: &str, url: &str) -> String {
        self.to(path, &[("url", url)])
    }

    /// The same at a time.
    #[must_use]
    pub fn about_at(&self, path: &str, url: &str, at: Timestamp) -> String {
        self.to(path, &[("url", url), ("at", &at.to_warc_date())])
    }

    pub(super) fn year(&self, url: &str, year: u16) -> String {
        self.to("/calendar", &[("url", url), ("year", &year.to_string())])
    }

    /// The permanent address of a capture: its time to the microsecond, and the id of its record.
    #[must_use]
    pub fn capture_link(&self, capture: &Capture) -> String {
        let id = capture.record_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let id = crate::answers::view::bare_id(&id).to_owned();
        let at = capture.date.to_warc_date();
        self.to("/capture", &[("url", &capture.url), ("at", &at), ("id", &id)])
    }

    /// Two captures of a page compared.
    #[must_use]
    pub fn diff_link(&self, url: &str, from: Timestamp, to: Timestamp) -> String {
        let (from, to) = (from.to_warc_date(), to.to_warc_date());
        self.to("/diff", &[("url", url), ("from", &from), ("to", &to)])
    }

    /// The picture of a page that was made at a time.
    #[must_use]
    pub fn picture_link(&self, url: &str, at: Timestamp) -> String {
        self.to("/picture", &[("url", url), ("at", &at.to_warc_date())])
    }

    /// A link about one form of a page; as it is where none is named.
    #[must_use]
    pub fn in_form(&self, link: String, form: Option<Form>) -> String {
        match form {
            None => link,
            Some(Form::Plain) => link + "&form=plain",
            Some(Form::Rendered) => link + "&form=rendered",
        }
    }

    /// The version of exactly this time and the one that it is compared with.
    #[must_use]
    pub fn diff_to(&self, url: &str, to: &str) -> String {
        self.to("/diff", &[("url", url), ("to", to)])
    }

    /// What a speaker of this name is quoted as saying.
    #[must_use]
    pub fn speaker_link(&self, name: &str) -> String {
        self.to("/speaker", &[("name", name)])
    }

    /// Articles next to each other, as many as one page takes.
    pub(super) fn story_link<'u>(&self, urls: impl Iterator<Item = &'u str>) -> String {
        const ARTICLES_MAX: usize = 20;
        let parameters: Vec<(&str, &str)> =
            urls.take(ARTICLES_MAX).map(|url| ("url", url)).collect();
        self.to("/story", &parameters)
    }

    /// The articles with the words of a query, of those that the filters leave.
    #[must_use]
    pub fn words_link(&self, query: &str, filters: &[(&str, &str)]) -> String {
        let all = [&[("q", query), ("in", "words")], filters].concat();
        self.to("/search", &all)
    }

    /// `/changes`, or a feed of it, with these parameters.
    #[must_use]
    pub fn changes(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        self.to(path, parameters)
    }

    /// The capture closest to a time as it was: on the replay origin.
    #[must_use]
    pub fn replay_link(&self, url: &str, at: Timestamp) -> String {
        format!("{}/{}/{}", self.replay, stamp(at), address(url))
    }

    /// The capture closest to a time with its scripts running, where they may.
    #[must_use]
    pub fn rerouted_link(&self, url: &str, at: Timestamp) -> Option<String> {
        let root = self.rerouted.as_ref()?;
        Some(format!("{root}/{}/{}", stamp(at), address(url)))
    }

    /// The payload of a capture as it was captured.
    pub(super) fn payload(&self, url: &str, at: Timestamp) -> String {
        format!("{}/{}id_/{}", self.replay, stamp(at), address(url))
    }

    /// The document that a browser made of a page, as it was at exactly this time: on the replay origin, without scripts.
    pub(super) fn rendered_link(&self, url: &str, at: Timestamp) -> String {
        format!("{}/{}rd_/{}", self.replay, at.to_stamp17(), address(url))
    }

    /// A bundle that proves a capture, where the server makes them.
    pub(super) fn proof(&self, url: &str, at: Timestamp) -> Option<String> {
        let path = self.proof.as_deref()?;
        Some(self.to(path, &[("url", url), ("at", &at.to_warc_date())]))
    }

    /// A file that every page uses; its address changes with its content.
    pub(super) fn file(&self, name: &str, version: &str) -> String {
        self.to(&format!("/static/{name}"), &[("v", version)])
    }
}

/// A time in the address of a replay. A second may have several captures: its fraction distinguishes them.
fn stamp(at: Timestamp) -> String {
    if at == at.floor_second() { at.to_stamp14() } else { at.to_stamp17() }
}

/// The address of a page on the live web; none unless it is `http` or `https`.
pub(super) fn live(url: &str) -> Option<String> {
    let uri = TargetUri::parse(url).ok()?;
    let safe = address(uri.without_fragment().as_str());
    (safe.starts_with("http://") || safe.starts_with("https://")).then_some(safe)
}

/// An address as the value of a field of a form: what cannot be in a URI is escaped.
pub(super) fn field_value(url: &str) -> String {
    address(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_of_one_second_are_replayed_apart() {
        let stamp = |time: &str| stamp(Timestamp::parse(time).unwrap());
        assert_eq!(stamp("2025-11-05T08:30:01Z"), "20251105083001");
        assert_eq!(stamp("2025-11-05T08:30:01.250900Z"), "20251105083001250");
    }

    #[test]
    fn links_out_of_the_archive_are_of_the_web() {
        for (url, expected) in [
            ("http://a.example/b?c", Some("http://a.example/b?c")),
            ("https://a.example/#x", Some("https://a.example/")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            (" JaVaScRiPt:alert(1)", None),
            ("file:///etc/passwd", None),
            ("//a.example/", None),
            ("", None),
        ] {
            assert_eq!(live(url).as_deref(), expected, "{url}");
        }
        let quoted = live("http://a.example/\"onclick='x'<b>").unwrap();
        assert!(!quoted.contains(['"', '<', '>']), "{quoted}");
    }
}
