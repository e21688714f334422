//! Texts in gzip, for clients on other machines that take it. A piece is packed when the connection takes it,
//! so that an answer of any length takes the memory of one piece.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Frame, SizeHint};

/// Shorter answers are sent uncompressed: they fit in one packet anyway.
const BYTES_MIN: u64 = 1024;
/// How many bytes are packed before other tasks run.
const PIECE: usize = 128 * 1024;

/// Whether `Accept-Encoding` takes a coding (RFC 9110 section 12.5.3). Without the field any may be sent;
/// clients without it are mostly tools that cannot decode, so none is sent.
pub fn is_accepted(field: Option<&str>, coding: &str) -> bool {
    let Some(field) = field else { return false };
    let name = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "x-gzip" => "gzip".to_owned(),
        other => other.to_owned(),
    };
    let mut any = None;
    for item in field.split(',') {
        let (word, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        let is_taken = weight.unwrap_or(1.0) > 0.0;
        match name(word) {
            word if word == name(coding) => return is_taken,
            word if word == "*" => any = Some(is_taken),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

/// Whether a client takes gzip.
pub fn is_taken(asked: &HeaderMap) -> bool {
    is_accepted(asked.get(ACCEPT_ENCODING).and_then(|field| field.to_str().ok()), "gzip")
}

/// The same answer in gzip, if it is a text that is long enough; `is_taken` is whether the client accepts gzip.
/// Answers with ranges stay unchanged: the ranges refer to the captured bytes.
pub fn packed(mut response: Response, is_taken: bool) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    if !is_taken {
        return response;
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    // The bytes differ, but the content is the same.
    let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default();
    if etag.starts_with('"')
        && let Ok(weak) = HeaderValue::from_str(&format!("W/{etag}"))
    {
        headers.insert(ETAG, weak);
    }
    // The answer to a HEAD has the head of the answer to a GET, without a body.
    if response.body().is_end_stream() {
        return response;
    }
    response.map(|body| Body::new(Packed::new(body)))
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = length.or_else(|| response.body().size_hint().exact());
    let has_body = !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT
    );
    has_body
        && length.is_none_or(|length: u64| length >= BYTES_MIN)
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(ACCEPT_RANGES)
        && headers.get(CONTENT_TYPE).and_then(|t| t.to_str().ok()).is_some_and(is_text)
}

fn is_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("json")
        || matches!(
            essence.as_str(),
            "application/xml"
                | "application/javascript"
                | "application/link-format"
                | "application/cdxj+ors"
        )
}

/// A body that is packed as it is taken.
struct Packed {
    inner: Body,
    /// Bytes taken from the inner body and not packed yet.
    waiting: Bytes,
    /// None when all output was returned.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// Whether the encoder may hold back bytes.
    holds_back: bool,
}

impl Packed {
    fn new(inner: Body) -> Self {
        let encoder = Some(GzEncoder::new(Vec::new(), Compression::fast()));
        Self { inner, waiting: Bytes::new(), encoder, holds_back: false }
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

fn given(bytes: Vec<u8>) -> Polled {
    Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
}

impl HttpBody for Packed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        let Some(encoder) = &mut this.encoder else { return Poll::Ready(None) };
        if this.waiting.is_empty() {
            match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Pending => {
                    if !std::mem::take(&mut this.holds_back) {
                        return Poll::Pending;
                    }
                    // Available output is sent while the rest is made. Writing to a Vec cannot fail.
                    let _ = encoder.flush();
                    return given(std::mem::take(encoder.get_mut()));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    // No answer here has trailers.
                    if let Ok(data) = frame.into_data() {
                        this.waiting = data;
                    }
                }
                Poll::Ready(Some(Err(why))) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(why)));
                }
                Poll::Ready(None) => {
                    let end = this.encoder.take().map(GzEncoder::finish);
                    return match end {
                        Some(Ok(bytes)) => given(bytes),
                        _ => Poll::Ready(None),
                    };
                }
            }
        }
        let piece = this.waiting.split_to(this.waiting.len().min(PIECE));
        let _ = encoder.write_all(&piece);
        this.holds_back = true;
        let out = std::mem::take(encoder.get_mut());
        if out.is_empty() {
            // Other tasks run first, then this one continues.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        given(out)
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::serve::reply::with_type;

    #[test]
    fn codings_are_accepted_as_the_field_says() {
        for (field, coding, accepted) in [
            (Some("gzip, deflate"), "gzip", true),
            (Some("gzip;q=0, *"), "gzip", false),
            (Some("*"), "br", true),
            (Some("*;q=0"), "br", false),
            (Some("x-gzip"), "gzip", true),
            (Some("identity"), "gzip", false),
            (Some(""), "gzip", false),
            (Some("GZIP; q=0.5"), "gzip", true),
            (None, "gzip", false),
        ] {
            assert_eq!(is_accepted(field, coding), accepted, "{field:?} {coding}");
        }
    }

    #[tokio::test]
    async fn a_text_is_packed_and_says_the_same() {
        for length in [BYTES_MIN as usize, 300_000, 3_000_000] {
            let text: Vec<u8> = (0..length).map(|n| b"text of a page "[n % 15]).collect();
            let mut plain = with_type(StatusCode::OK, "text/html; charset=utf-8", text.clone());
            plain.headers_mut().insert(ETAG, HeaderValue::from_static("\"a\""));
            plain.headers_mut().insert(CONTENT_LENGTH, length.into());
            let packed = packed(plain, true);
            assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
            assert_eq!(packed.headers()[ETAG], "W/\"a\"");
            assert_eq!(packed.headers()[VARY], "accept-encoding");
            assert!(!packed.headers().contains_key(CONTENT_LENGTH));
            let bytes = axum::body::to_bytes(packed.into_body(), usize::MAX).await.unwrap();
            assert!(bytes.len() < length);
            let mut got = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut got).unwrap();
            assert!(got == text);
        }
    }

    #[test]
    fn what_is_no_text_or_has_its_coding_or_ranges_is_left_as_it_is() {
        let long = vec![b'x'; 5000];
        let of = |media_type, body: &[u8]| with_type(StatusCode::OK, media_type, body.to_vec());
        let with = |name, value| {
            let mut response = of("text/plain", &long);
            response.headers_mut().insert(name, HeaderValue::from_static(value));
            response
        };
        for response in [
            of("image/png", &long),
            of("application/warc", &long),
            of("text/plain", &long[..1000]),
            with(CONTENT_ENCODING, "br"),
            with(ACCEPT_RANGES, "bytes"),
        ] {
            let before = response.headers().clone();
            assert_eq!(packed(response, true).headers(), &before);
        }
        // The answer to a client without gzip varies as well.
        let plain = packed(of("application/json", &long), false);
        assert_eq!(plain.headers()[VARY], "accept-encoding");
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
    }
}
