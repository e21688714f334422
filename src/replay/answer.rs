//! One captured response made ready for a reader: status, headers, and a body that rewrites.

use super::headers::{self, Field, Status};
use super::media::{self, Kind, Media};
use super::policy::{self, Guard, Origin, Scripts};
use super::xml::XmlRewriter;
use super::{Banner, Body, CssRewriter, HtmlOptions, HtmlRewriter, Links, Modifier, charset};
use crate::http::Head;

/// A captured response.
#[derive(Debug)]
pub struct Captured<'a> {
    /// The head of the response; for a revisit, that of the revisit.
    pub head: &'a Head,
    /// The first bytes of the payload, content coding undone: [`super::PREFIX_BYTES`] of them, or all.
    pub prefix: &'a [u8],
}

/// How it is shown.
#[derive(Debug)]
pub struct View {
    /// Where its references lead; its modifier is that of the request.
    pub links: Links,
    /// What is requested.
    pub modifier: Modifier,
    /// The banner. It is shown if the modifier is [`Modifier::Page`] and the payload is HTML.
    pub banner: Option<Banner>,
    /// Whether scripts may run (see [`Scripts::for_request`]).
    pub scripts: Scripts,
    /// Whose origin replay answers on.
    pub origin: Origin,
}

/// The answer for a reader. Headers that depend on the request and on the place of the capture (dates,
/// links, caching, ranges) are not among them.
#[derive(Debug)]
pub struct Answer {
    /// How the status is answered.
    pub status: Status,
    /// Header fields in order: type, acting fields, archived fields, policy.
    pub headers: Vec<Field>,
    /// What is done to the payload.
    pub body: Body,
    /// How the payload is treated.
    pub kind: Kind,
    /// The target of a `Refresh` field, in the archive; the field has no effect.
    pub refresh: Option<String>,
}

/// Makes a captured response ready for a reader.
#[must_use]
pub fn answer(captured: &Captured<'_>, view: View) -> Answer {
    let head = captured.head;
    let status = Status::of(head.status);
    let declared = head.get_text("Content-Type");
    let declared = declared.as_deref();
    let media = media::of(declared, captured.prefix, view.modifier);
    let kind = media.kind;
    let guard = if kind == Kind::Pdf { Guard::Pdf } else { Guard::Sandboxed };
    let refresh = headers::refresh(head, &view.links);
    let policy =
        policy::content_security_policy(view.links.site(), view.origin, view.scripts, guard);
    let mut fields = headers::acting(head, status, &view.links);
    let (body, content_type) = body(captured, declared, media, view, refresh.clone(), None);
    fields.insert(0, ("Content-Type".to_owned(), content_type));
    fields.extend(headers::archived(head));
    fields.push(("Content-Security-Policy".to_owned(), policy));
    let own = policy::headers().into_iter().map(|(n, v)| (n.to_owned(), v.to_owned()));
    fields.extend(own);
    Answer { status, headers: fields, body, kind, refresh }
}

/// What is done to a payload, and its resulting type. `prelude` is the beginning of a page.
pub(super) fn body(
    captured: &Captured<'_>,
    declared: Option<&str>,
    media: Media,
    view: View,
    refresh: Option<String>,
    prelude: Option<String>,
) -> (Body, String) {
    let plain = match &media.charset {
        Some(charset) => format!("{}; charset={charset}", media.essence),
        None => media.essence.clone(),
    };
    if view.modifier.is_identity() {
        return (Body::identity(), plain);
    }
    match media.kind {
        Kind::Html => {
            let charset = charset::of_page(captured.prefix, declared);
            let decoder = charset.needs_decoding().then(|| charset.encoding.new_decoder());
            let is_shown = view.modifier == Modifier::Page;
            let mut banner = view.banner.filter(|_| is_shown);
            if let Some(banner) = &mut banner {
                banner.sends_on = banner.sends_on.take().or(refresh);
            }
            let options = HtmlOptions {
                banner,
                scripts: view.scripts,
                prelude,
                encoding: charset.encoding,
                ..HtmlOptions::default()
            };
            let body = Body::html(HtmlRewriter::new(view.links, options), decoder);
            (body, format!("{}; charset={}", media.essence, charset.label()))
        }
        Kind::Css => {
            let Some(charset) = charset::of_style_sheet(captured.prefix, declared) else {
                // The encoding is that of the page it belongs to: its bytes pass unchanged.
                return (Body::css(CssRewriter::new(view.links), None), media.essence);
            };
            let is_ascii = is_transparent(charset.encoding);
            let decoder = (!is_ascii).then(|| charset.encoding.new_decoder());
            let label = if is_ascii { charset.label() } else { "utf-8".to_owned() };
            let rewriter = CssRewriter::new(view.links);
            let rewriter =
                if is_ascii { rewriter.with_encoding(charset.encoding) } else { rewriter };
            (Body::css(rewriter, decoder), format!("{}; charset={label}", media.essence))
        }
        Kind::Xml => {
            let charset = charset::of_xml(captured.prefix, declared);
            let is_ascii = is_transparent(charset.encoding);
            let decoder = (!is_ascii).then(|| charset.encoding.new_decoder());
            let label = if is_ascii { charset.label() } else { "utf-8".to_owned() };
            let encoding = if is_ascii { charset.encoding } else { encoding_rs::UTF_8 };
            let rewriter = XmlRewriter::new(view.links, encoding);
            (Body::xml(rewriter, decoder), format!("{}; charset={label}", media.essence))
        }
        Kind::Pdf | Kind::Other => (Body::identity(), plain),
    }
}

/// Whether no byte of a multi-byte character looks like ASCII, so that delimiters can be found by bytes.
fn is_transparent(encoding: &'static encoding_rs::Encoding) -> bool {
    encoding == encoding_rs::UTF_8
        || encoding.is_single_byte()
        || encoding == encoding_rs::EUC_JP
        || encoding == encoding_rs::EUC_KR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TargetUri;
    use crate::replay::Site;

    fn answered(head: &str, payload: &[u8], modifier: Modifier) -> (Answer, Vec<u8>) {
        let site = Site::new("http://localhost", "").unwrap();
        let document = TargetUri::parse("http://example.com/a/b").unwrap();
        let view = View {
            links: Links::new(&site, &document, "2025", modifier),
            modifier,
            banner: Some(Banner::default()),
            scripts: Scripts::Never,
            origin: Origin::Shared,
        };
        let head = Head::parse(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
        let mut answer = answer(&Captured { head: &head, prefix: payload }, view);
        let mut body: Vec<u8> = payload.chunks(3).flat_map(|p| answer.body.push(p)).collect();
        body.extend(answer.body.finish());
        (answer, body)
    }

    fn field<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_type_says_what_was_rewritten_and_in_which_encoding() {
        let utf16: Vec<u8> =
            "\u{feff}<a href=x>é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: &[(&str, &[u8], Modifier, &str, &str)] = &[
            (
                "200\r\nContent-Type: text/html",
                b"<a href=x>",
                Modifier::Main,
                "text/html; charset=utf-8",
                "<a href=\"/web/2025mp_/http://example.com/a/x\">",
            ),
            (
                "200\r\nContent-Type: text/html",
                b"<a href=x>\xe9t",
                Modifier::Main,
                "text/html; charset=windows-1252",
                "<a href=\"/web/2025mp_/http://example.com/a/x\">\u{fffd}t",
            ),
            (
                "200\r\nContent-Type: text/html",
                &utf16,
                Modifier::Main,
                "text/html; charset=utf-8",
                "<a href=\"/web/2025mp_/http://example.com/a/x\">é",
            ),
            (
                "200\r\nContent-Type: text/html;charset=iso-2022-kr",
                b"<a href=x>",
                Modifier::Main,
                "text/html; charset=utf-8",
                "\u{fffd}",
            ),
            (
                "200\r\nContent-Type: text/css",
                b"a{b:url(x)}",
                Modifier::Style,
                "text/css",
                "a{b:url(/web/2025im_/http://example.com/a/x)}",
            ),
            (
                "200\r\nContent-Type: image/svg+xml",
                b"<image href='x'/>",
                Modifier::Image,
                "image/svg+xml; charset=utf-8",
                "<image href='/web/2025im_/http://example.com/a/x'/>",
            ),
            (
                "200\r\nContent-Type: text/html",
                b"<a href=x>",
                Modifier::Identity,
                "text/html",
                "<a href=x>",
            ),
            (
                "200\r\nContent-Type: text/javascript",
                b"'<a href=x>'",
                Modifier::Script,
                "text/javascript",
                "'<a href=x>'",
            ),
            (
                "200",
                b"<p><a href=x>",
                Modifier::Main,
                "text/html; charset=utf-8",
                "<p><a href=\"/web/2025mp_/http://example.com/a/x\">",
            ),
        ];
        for (head, payload, modifier, content_type, expected) in cases {
            let (answer, body) = answered(head, payload, *modifier);
            assert_eq!(field(&answer, "Content-Type"), Some(*content_type), "{head}");
            assert_eq!(String::from_utf8_lossy(&body), *expected, "{head}");
            assert!(field(&answer, "Content-Security-Policy").unwrap().contains("sandbox"));
            assert_eq!(field(&answer, "X-Content-Type-Options"), Some("nosniff"));
        }
    }

    #[test]
    fn only_a_page_that_is_html_has_the_banner() {
        let shows = |head: &str, payload: &[u8], modifier| {
            let (_, body) = answered(head, payload, modifier);
            String::from_utf8_lossy(&body).contains("pressmark-banner")
        };
        let html = "200\r\nContent-Type: text/html";
        assert!(shows(html, b"<p>", Modifier::Page));
        assert!(!shows(html, b"<p>", Modifier::Main));
        assert!(!shows(html, b"<p>", Modifier::Frame));
        assert!(!shows("200\r\nContent-Type: text/plain", b"<p>", Modifier::Page));
    }

    #[test]
    fn a_pdf_has_the_policy_without_the_sandbox() {
        let (answer, body) =
            answered("200\r\nContent-Type: application/pdf", b"%PDF-1.4", Modifier::Page);
        let policy = field(&answer, "Content-Security-Policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("sandbox"));
        assert!(answer.body.is_identity());
        assert_eq!(body, b"%PDF-1.4");
    }
}
