//! The body of a replayed answer: bytes in, bytes out.

use encoding_rs::{CoderResult, Decoder};

use super::xml::XmlRewriter;
use super::{CssRewriter, HtmlReport, HtmlRewriter};

/// What is done to a payload on its way to the reader.
#[derive(Debug)]
pub struct Body {
    decoder: Option<Decoder>,
    rewriter: Rewriter,
}

#[derive(Debug)]
enum Rewriter {
    Nothing,
    Html(Box<HtmlRewriter>),
    Css(Box<CssRewriter>),
    Xml(Box<XmlRewriter>),
}

impl Body {
    /// The payload as it is.
    #[must_use]
    pub fn identity() -> Self {
        Self { decoder: None, rewriter: Rewriter::Nothing }
    }

    pub(super) fn html(rewriter: HtmlRewriter, decoder: Option<Decoder>) -> Self {
        Self { decoder, rewriter: Rewriter::Html(Box::new(rewriter)) }
    }

    pub(super) fn css(rewriter: CssRewriter, decoder: Option<Decoder>) -> Self {
        Self { decoder, rewriter: Rewriter::Css(Box::new(rewriter)) }
    }

    pub(super) fn xml(rewriter: XmlRewriter, decoder: Option<Decoder>) -> Self {
        Self { decoder, rewriter: Rewriter::Xml(Box::new(rewriter)) }
    }

    /// Whether the bytes pass unchanged: then their length is known, ranges of them can be answered,
    /// and [`Self::push`] need not be called.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.decoder.is_none() && matches!(self.rewriter, Rewriter::Nothing)
    }

    /// Takes the next bytes of the payload, content coding undone, and returns the output so far.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        match &mut self.decoder {
            None => self.rewriter.push(bytes),
            Some(decoder) => {
                let text = decoded(decoder, bytes, false);
                self.rewriter.push(text.as_bytes())
            }
        }
    }

    /// Ends the payload and returns the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = match self.decoder.take() {
            None => Vec::new(),
            Some(mut decoder) => {
                let text = decoded(&mut decoder, &[], true);
                self.rewriter.push(text.as_bytes())
            }
        };
        out.extend(self.rewriter.finish());
        out
    }

    /// The findings in a page, if this is one.
    #[must_use]
    pub fn html_report(&self) -> Option<HtmlReport> {
        match &self.rewriter {
            Rewriter::Html(rewriter) => Some(rewriter.report()),
            _ => None,
        }
    }
}

impl Rewriter {
    fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Nothing => bytes.to_vec(),
            Self::Html(rewriter) => rewriter.push(bytes),
            Self::Css(rewriter) => rewriter.push(bytes),
            Self::Xml(rewriter) => rewriter.push(bytes),
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Html(rewriter) => rewriter.finish(),
            Self::Css(rewriter) => rewriter.finish(),
            Self::Xml(rewriter) => rewriter.finish(),
        }
    }
}

/// The next piece of text; invalid bytes become U+FFFD.
fn decoded(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool) -> String {
    let mut out = String::new();
    loop {
        let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
        out.reserve(room.max(16));
        let (result, read, _) = decoder.decode_to_string(bytes, &mut out, is_last);
        bytes = &bytes[read..];
        if result == CoderResult::InputEmpty {
            return out;
        }
    }
}
