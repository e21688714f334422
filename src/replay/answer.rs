//! One captured response made ready for a reader: status, headers, and a body that rewrites.

use super::headers::{self, Field, Status};
use super::media::{self, Kind, Media};
use super::policy::{self, Guard, Origin, Scripts};
use super::xml::{Vocabulary, XmlRewriter};
use super::{Banner, Body, CssRewriter, HtmlOptions, HtmlRewriter, Links, Modifier, charset};
use crate::http::Head;

/// What was captured.
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
    /// What is wanted.
    pub modifier: Modifier,
    /// The banner. It is shown where the modifier is [`Modifier::Page`] and the payload is HTML.
    pub banner: Option<Banner>,
    /// Whether scripts may run (see [`Scripts::for_request`]).
    pub scripts: Scripts,
    /// Whose origin replay answers on.
    pub origin: Origin,
}

/// What a reader gets. Headers that depend on the request and on the place of the capture (dates,
/// links, caching, ranges) are not among them.
#[derive(Debug)]
pub struct Answer {
    /// What becomes of the status.
    pub status: Status,
    /// Header fields in order: type, acting fields, archived fields, policy.
    pub headers: Vec<Field>,
    /// What is done to the payload.
    pub body: Body,
    /// How the payload is treated.
    pub kind: Kind,
    /// Where a `Refresh` field sends readers on to, in the archive; it does not act.
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
    let (body, content_type) = body(captured, declared, media, view, refresh.clone());
    fields.insert(0, ("Content-Type".to_owned(), content_type));
    fields.extend(headers::archived(head));
    fields.push(("Content-Security-Policy".to_owned(), policy));
    let own = policy::headers().into_iter().map(|(n, v)| (n.to_owned(), v.to_owned()));
    fields.extend(own);
    Answer { status, headers: fields, body, kind, refresh }
}

fn body(
    captured: &Captured<'_>,
    declared: Option<&str>,
    media: Media,
    view: View,
    refresh: Option<String>,
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
                encoding: charset.encoding,
                ..HtmlOptions::default()
            };
            let body = Body::html(HtmlRewriter::new(view.links, options), decoder);
            (body, format!("{}; charset={}", media.essence, charset.label()))
        }
        Kind::Css => {
            let Some(charset) = charset::of_style_sheet(captured.prefix, declared) else {
                // The encoding is that of the page it belongs to: its bytes pass.
                return (Body::css(CssRewriter::new(view.links), None), media.essence);
            };
            let is_ascii =
                charset.encoding.is_ascii_compatible() && is_transparent(charset.encoding);
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
            let is_page =
                matches!(media.essence.as_str(), "application/xhtml+xml" | "image/svg+xml");
            let vocabulary = if is_page { Vocabulary::Page } else { Vocabulary::Data };
            let rewriter = XmlRewriter::new(view.links, vocabulary, encoding);
            (Body::xml(rewriter, decoder), format!("{}; charset={label}", media.essence))
        }
        Kind::Pdf | Kind::Other => (Body::identity(), plain),
    }
}

/// Whether no byte of a longer character looks like ASCII, so that signs can be found by bytes.
fn is_transparent(encoding: &'static encoding_rs::Encoding) -> bool {
    encoding == encoding_rs::UTF_8
        || encoding.is_single_byte()
        || encoding == encoding_rs::EUC_JP
        || encoding == encoding_rs::EUC_KR
}
