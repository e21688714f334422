//! Rewrites one address of a page: the target of a reference in an archived document, inside replay.
//!
//! A reference that leads to `http` or `https` becomes an archival URL, written from the root of the
//! replay site. Relative ones, too: otherwise `../../..` would leave the archived site for
//! other addresses of this server, and the kind of the target would not be known. References without
//! a network target (`data:`, `mailto:`, `javascript:`, a fragment of the page) are not changed.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

use super::origins::Origins;
use super::parts::{Named, Part};
use super::{Modifier, Site};
use crate::base::TargetUri;

/// The document that contains the references, and the time that they lead to.
#[derive(Debug, Clone)]
pub struct Links {
    site: Site,
    stamp: String,
    page: Modifier,
    document: Url,
    base: Url,
    is_based: bool,
    encoding: &'static Encoding,
    is_identity: bool,
    named: Option<Named>,
    /// Where captured hosts have origins of their own, in the rerouted view.
    origins: Option<Origins>,
}

impl Links {
    /// The links of the document at `document`, shown at `site` as `page`; its references are requested
    /// at `stamp`, the 14 digits of its capture.
    #[must_use]
    pub fn new(site: &Site, document: &TargetUri, stamp: &str, page: Modifier) -> Self {
        let digits: String = stamp.chars().filter(char::is_ascii_digit).take(17).collect();
        let mut url = document.url().clone();
        url.set_fragment(None);
        Self {
            site: site.clone(),
            stamp: digits,
            page,
            base: url.clone(),
            document: url,
            is_based: false,
            encoding: UTF_8,
            is_identity: false,
            named: None,
            origins: None,
        }
    }

    /// The links of a document in the rerouted view: absolute addresses lead to the origins of their hosts at that
    /// time, and relative ones are not changed. `site` is the origin of the document itself there.
    #[must_use]
    pub fn rerouted(site: &Site, document: &TargetUri, stamp: &str, origins: &Origins) -> Self {
        let links = Self::new(site, document, stamp, Modifier::Frame);
        Self { origins: Some(origins.clone()), ..links }
    }

    /// Whether each captured host has an origin of its own.
    pub(super) fn is_rerouted(&self) -> bool {
        self.origins.is_some()
    }

    /// An absolute address in the rerouted view; none for a relative one.
    fn to_origin(&self, origins: &Origins, reference: &str) -> Option<String> {
        let text = reference.trim_matches(|c: char| c <= ' ');
        let is_whole = text.starts_with(['/', '\\']) && text[1..].starts_with(['/', '\\'])
            || Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_whole {
            return None;
        }
        origins.url_of(&self.stamp, &self.resolved(reference)?)
    }

    /// The same, which also notes the parts that the document names.
    #[must_use]
    pub fn noting(self, named: &Named) -> Self {
        Self { named: Some(named.clone()), ..self }
    }

    /// Whether parts are noted.
    pub(super) fn is_noting(&self) -> bool {
        self.named.is_some()
    }

    /// Notes a part that the document names, if it can have been captured.
    pub(super) fn note(&self, reference: &str, modifier: Modifier) {
        let is_none = reference.trim().is_empty() || self.stays(reference);
        let Some(named) = self.named.as_ref().filter(|_| !is_none) else { return };
        if let Some(mut url) = self.resolved(reference) {
            url.set_fragment(None);
            named.add(Part { url: url.into(), modifier });
        }
    }

    /// Links that rewrite nothing: for tests that check for other changes.
    #[cfg(test)]
    pub(super) fn identity() -> Self {
        let document = TargetUri::parse("http://example.com/").unwrap();
        let site = Site::new("http://localhost", "").unwrap();
        let links = Self::new(&site, &document, "2025", Modifier::Page);
        Self { is_identity: true, ..links }
    }

    /// Sets the encoding of the document: the query of a URL is escaped in it (URL standard, section 4.1).
    pub(super) fn set_encoding(&mut self, encoding: &'static Encoding) {
        self.encoding = encoding;
    }

    /// What the page is shown as.
    #[must_use]
    pub fn page(&self) -> Modifier {
        self.page
    }

    /// The site where replay answers.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    pub(super) fn rewrites_nothing(&self) -> bool {
        self.is_identity
    }

    /// The links of a document inside this one (`srcdoc`): the same, in a frame.
    pub(super) fn inner(&self) -> Self {
        let mut inner = self.clone();
        inner.page = Modifier::Frame;
        // The text of an attribute is already decoded.
        inner.encoding = UTF_8;
        inner
    }

    /// Sets `<base href>`: further references are resolved against it. If it leads to no
    /// archived address it is ignored (HTML standard, section 4.2.3).
    pub(super) fn set_base(&mut self, reference: &str) {
        let Some(url) = self.resolved_against(&self.document, reference) else { return };
        if matches!(url.scheme(), "http" | "https") && !self.is_based {
            self.base = url;
            self.is_based = true;
        }
    }

    fn resolved_against(&self, base: &Url, reference: &str) -> Option<Url> {
        let encoding = self.encoding;
        let options = Url::options().base_url(Some(base));
        if encoding == UTF_8 {
            return options.parse(reference).ok();
        }
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|text| encoded_query(encoding, text);
        options.encoding_override(Some(encode)).parse(reference).ok()
    }

    /// The URL that a reference leads to, if it can have been captured. A user and a
    /// password in it are left out.
    pub(super) fn resolved(&self, reference: &str) -> Option<Url> {
        let mut url = self.resolved_against(&self.base, reference)?;
        // No one answers a page that opens a socket; its address must not reach the live web.
        match url.scheme() {
            "http" | "https" => {}
            _ => return None,
        }
        if url.host_str().is_none_or(str::is_empty) {
            return None;
        }
        // Both fail only if there is no host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Some(url)
    }

    /// The archival path that a reference leads to; none if it is not changed.
    #[must_use]
    pub fn rewritten(&self, reference: &str, modifier: Modifier) -> Option<String> {
        if self.is_identity || self.stays(reference) {
            return None;
        }
        if let Some(origins) = &self.origins {
            return self.to_origin(origins, reference);
        }
        let url = self.resolved(reference)?;
        Some(self.site.path_to(&self.stamp, modifier, url.as_str()))
    }

    /// The rewritten `<base href>`: always resolved against the document itself.
    pub(super) fn rewritten_base(&self, reference: &str, modifier: Modifier) -> Option<String> {
        if self.is_identity {
            return None;
        }
        let own = Self { base: self.document.clone(), is_based: true, ..self.clone() };
        own.rewritten(reference, modifier)
    }

    /// The target of a `Location` field, shown as this page is: `<base>` is ignored, and a fragment leads
    /// to the document itself.
    pub(super) fn rewritten_location(&self, reference: &str) -> Option<String> {
        if let Some(origins) = &self.origins {
            let own = Self { base: self.document.clone(), ..self.clone() };
            return origins.url_of(&self.stamp, &own.resolved(reference)?);
        }
        self.rewritten_base(reference, self.page)
    }

    /// The archival path of the document itself, with another modifier.
    pub(super) fn own_path(&self, modifier: Modifier) -> String {
        self.site.path_to(&self.stamp, modifier, self.document.as_str())
    }

    /// Whether a reference is to a place in the page itself, or empty. With a `<base>` even `#top` leads to
    /// another page.
    fn stays(&self, reference: &str) -> bool {
        let text = reference.trim_matches(|c: char| c <= ' ');
        (text.is_empty() || text.starts_with('#')) && !self.is_based
    }
}

/// "Percent-encode after encoding" (URL standard, section 1.3): a character that the encoding lacks becomes a
/// numeric reference, with its `&`, `#` and `;` escaped.
fn encoded_query<'a>(encoding: &'static Encoding, text: &'a str) -> Cow<'a, [u8]> {
    let (bytes, _, unmappable) = encoding.encode(text);
    if !unmappable {
        return Cow::Owned(bytes.into_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
        if unmappable {
            out.extend_from_slice(format!("%26%23{}%3B", u32::from(c)).as_bytes());
        } else {
            out.extend_from_slice(&bytes);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(base: Option<&str>) -> Links {
        let site = Site::new("http://localhost:8080", "/a").unwrap();
        let document = TargetUri::parse("https://example.com/news/story?x=1#top").unwrap();
        let mut links = Links::new(&site, &document, "20251105000000", Modifier::Main);
        if let Some(base) = base {
            links.set_base(base);
        }
        links
    }

    #[test]
    fn references_lead_into_the_archive_or_stand_as_they_are() {
        let cases = [
            ("http://other.example/x", Some("http://other.example/x")),
            ("HTTPS://OTHER.example/X", Some("https://other.example/X")),
            ("//other.example/x", Some("https://other.example/x")),
            ("\\\\other.example\\x", Some("https://other.example/x")),
            ("/x", Some("https://example.com/x")),
            ("x", Some("https://example.com/news/x")),
            ("?q", Some("https://example.com/news/story?q")),
            ("../../../../../x", Some("https://example.com/x")),
            ("https:x", Some("https://example.com/news/x")),
            ("http:x", Some("http://x/")),
            (" \thttp://o\nther.example/x \n", Some("http://other.example/x")),
            ("http://user:pw@other.example/", Some("http://other.example/")),
            ("http://other.example/\"<>' `", Some("http://other.example/%22%3C%3E'%20%60")),
            ("/x#y", Some("https://example.com/x#y")),
            ("", None),
            ("#x", None),
            ("  #x", None),
            ("data:text/css,a{}", None),
            ("javascript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("mailto:a@example.com", None),
            ("about:blank", None),
            ("blob:https://example.com/1", None),
            ("http://[bad/", None),
            ("ftp://example.com/", None),
        ];
        for (reference, url) in cases {
            let expected = url.map(|url| format!("/a/web/20251105000000im_/{url}"));
            assert_eq!(
                links(None).rewritten(reference, Modifier::Image),
                expected,
                "{reference:?}"
            );
        }
    }

    #[test]
    fn a_base_moves_references_and_only_the_first_counts() {
        let mut links = links(Some("//static.example/dir/"));
        links.set_base("http://second.example/");
        let to = |reference: &str| links.rewritten(reference, Modifier::Page).unwrap();
        assert_eq!(to("x"), "/a/web/20251105000000/https://static.example/dir/x");
        assert_eq!(to("#x"), "/a/web/20251105000000/https://static.example/dir/#x");
    }

    #[test]
    fn a_base_that_is_no_address_changes_nothing() {
        for base in ["data:text/html,x", "javascript:1", "http://[", "about:blank"] {
            let rewritten = links(Some(base)).rewritten("x", Modifier::Page).unwrap();
            assert!(rewritten.ends_with("/https://example.com/news/x"), "{base}");
        }
    }

    #[test]
    fn queries_are_escaped_in_the_encoding_of_the_page() {
        let mut links = links(None);
        links.set_encoding(encoding_rs::WINDOWS_1252);
        let to = |reference: &str| links.rewritten(reference, Modifier::Page).unwrap();
        assert!(to("/é?é").ends_with("/https://example.com/%C3%A9?%E9"));
        assert!(to("/?я").ends_with("/https://example.com/?%26%231103%3B"));
    }
}
