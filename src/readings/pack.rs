//! A page and a delta as bytes: what the store of readings holds.
//!
//! Fields follow each other in the order of the structs; lengths and offsets are LEB128, ranges are a
//! start and a length. There are no field numbers and no room for growth, because nothing old is ever
//! read: the store knows which state of the program wrote a value, and any other one is derived again.
//! Reading accepts any bytes: malformed ones give `None`.

use std::ops::Range;

use crate::base::Timestamp;
use crate::diff::{Change, ChangeKind, SentenceOrigin};
use crate::extract::page::{
    Access, ArticleLink, Author, Block, BlockKind, Cue, Disagreement, Fact, Figure, FigureKind,
    Image, Media, MediaKind, Notice, NoticeKind, Origin, Page, PageKind, PageTime, Quote,
    QuoteKind, Sentence, Speaker, Struck,
};

use super::delta::Delta;

/// A value that becomes bytes and comes back.
pub(crate) trait Pack: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes a value off the front; `None` where the bytes are malformed.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// The value whose bytes these are, all of them.
pub(crate) fn unpack<T: Pack>(mut bytes: &[u8]) -> Option<T> {
    let value = T::take(&mut bytes)?;
    bytes.is_empty().then_some(value)
}

impl Pack for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut left = *self;
        while left >= 0x80 {
            out.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = from.split_first()?;
            *from = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl Pack for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Self::try_from(u64::take(from)?).ok()
    }
}

impl Pack for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        Some(*byte)
    }
}

impl Pack for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Pack for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = usize::take(from)?;
        let (text, rest) = from.split_at_checked(length)?;
        *from = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

impl Pack for Range<usize> {
    fn put(&self, out: &mut Vec<u8>) {
        self.start.put(out);
        self.end.saturating_sub(self.start).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let start = usize::take(from)?;
        Some(start..start.checked_add(usize::take(from)?)?)
    }
}

impl Pack for Timestamp {
    fn put(&self, out: &mut Vec<u8>) {
        self.unix_micros().cast_unsigned().put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self::from_unix_micros(u64::take(from)?.cast_signed()))
    }
}

impl<T: Pack> Pack for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? { Some(Some(T::take(from)?)) } else { Some(None) }
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let count = usize::take(from)?;
        // Every value has at least one byte, so a false count reserves no memory.
        let mut values = Self::with_capacity(count.min(from.len()));
        for _ in 0..count {
            values.push(T::take(from)?);
        }
        Some(values)
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<T: Pack> Pack for Fact<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.value.put(out);
        self.origin.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self { value: T::take(from)?, origin: Origin::take(from)? })
    }
}

/// A struct, field by field.
macro_rules! fields {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Pack for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Pack::take(from)?),* })
            }
        }
    )*};
}

/// An enum without fields, as the place of the variant in this list.
macro_rules! variants {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Pack for $name {
            fn put(&self, out: &mut Vec<u8>) {
                // A variant that is missing from the list does not compile.
                match self { $(Self::$variant => {})* }
                let all = [$(Self::$variant),*];
                all.iter().position(|one| one == self).unwrap_or(usize::MAX).put(out);
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let all = [$(Self::$variant),*];
                all.get(usize::take(from)?).copied()
            }
        }
    )*};
}

variants! {
    Origin { JsonLd, OpenGraph, State, Meta, Microdata, Visible, Url, Header, Markup, Inferred }
    PageKind { Article, Live, Video, Opinion, List, Front, Block, Consent, SoftNotFound, Shell, Other }
    Access { Free, Metered, Paid }
    NoticeKind { Correction, Clarification, Update, EditorsNote, Retraction }
    MediaKind { Picture, Player }
    QuoteKind { Direct, Fragment, Block, Post }
    FigureKind { Number, Money, Percent, Ordinal, Measure, Range, Date, Time }
}

fields! {
    PageTime { text, instant, day_only }
    Author { name, organisation, family }
    Block { kind, range, source }
    Sentence { range, block }
    Speaker { name, named }
    Cue { text, range }
    Quote { range, text, parts, kind, speaker, cue, sentence }
    Figure { kind, range, text, value, unit, hedge, counts }
    Notice { kind, text, range }
    ArticleLink { href, range }
    Struck { words, at }
    Image { src, caption }
    Media { kind, src, alt, caption }
    Page {
        headline, text, byline, publisher, section, language, canonical, published, modified,
        disagreements, kind, access, blocks, sentences, quotes, figures, notices, links,
        struck, lead_image, media, kicker, description, coarse, text_origin,
    }
    Change {
        kind, before, after, speaker, old_range, new_range, about, words, notation, weight,
    }
    Delta { changes, stealth, coarse, origins }
}

impl Pack for BlockKind {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standfirst => out.push(0),
            Self::Paragraph => out.push(1),
            Self::Subheading(level) => out.extend([2, *level]),
            Self::ListItem => out.push(3),
            Self::Quote => out.push(4),
            Self::Post => out.push(5),
            Self::Caption => out.push(6),
            Self::TableRow => out.push(7),
            Self::LiveEntry(time) => {
                out.push(8);
                time.put(out);
            }
            Self::Notice(kind) => {
                out.push(9);
                kind.put(out);
            }
            Self::Preformatted => out.push(10),
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(match u8::take(from)? {
            0 => Self::Standfirst,
            1 => Self::Paragraph,
            2 => Self::Subheading(u8::take(from)?),
            3 => Self::ListItem,
            4 => Self::Quote,
            5 => Self::Post,
            6 => Self::Caption,
            7 => Self::TableRow,
            8 => Self::LiveEntry(Pack::take(from)?),
            9 => Self::Notice(Pack::take(from)?),
            10 => Self::Preformatted,
            _ => return None,
        })
    }
}

/// The facts that sources can disagree about. One that is missing here is never cached.
const DISPUTED: [&str; 3] = ["headline", "published", "modified"];

impl Pack for Disagreement {
    fn put(&self, out: &mut Vec<u8>) {
        DISPUTED.iter().position(|field| *field == self.field).unwrap_or(usize::MAX).put(out);
        self.candidates.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            field: DISPUTED.get(usize::take(from)?).copied()?,
            candidates: Pack::take(from)?,
        })
    }
}

impl Pack for ChangeKind {
    fn put(&self, out: &mut Vec<u8>) {
        Self::ALL.iter().position(|kind| kind == self).unwrap_or(usize::MAX).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Self::ALL.get(usize::take(from)?).copied()
    }
}

impl Pack for SentenceOrigin {
    fn put(&self, out: &mut Vec<u8>) {
        // Two bits of kind below the index: most sentences take one or two bytes.
        let (kind, index) = match self {
            Self::Added => (0, 0),
            Self::Kept(index) => (1, *index),
            Self::Edited(index) => (2, *index),
        };
        ((index << 2) | kind).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let number = usize::take(from)?;
        match number & 3 {
            0 => Some(Self::Added),
            1 => Some(Self::Kept(number >> 2)),
            2 => Some(Self::Edited(number >> 2)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare};
    use crate::extract::{Hints, extract};
    use proptest::prelude::*;

    const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Board signs deal</title>
        <meta property="og:title" content="Board signs a deal">
        <meta property="article:published_time" content="2031-03-04T08:00:00+01:00">
        <script type="application/ld+json">{"@type":"NewsArticle","headline":"Board signs deal",
        "author":{"@type":"Person","name":"Anna Roe"},"datePublished":"2031-03-01T08:00:00Z"}</script>
        </head><body><article><h1>Board signs deal</h1><p class="byline">By Anna Roe</p>
        <figure><img src="/a.jpg"><figcaption>The harbour at dusk.</figcaption></figure>
        <h2>What it costs</h2>
        <p>The board signed a deal worth about $50 million on Tuesday, as <a href="/b">reported</a>.</p>
        <p>“We had to act before the winter,” said Piet Hals, who counted 12 boats.</p>
        <ul><li>One item of the list is here.</li></ul><blockquote>A block quotation of some length.</blockquote>
        <p>Correction: An earlier version of this article misstated the cost of the deal.</p>
        </article></body></html>"#;

    fn bytes(value: &impl Pack) -> Vec<u8> {
        let mut out = Vec::new();
        value.put(&mut out);
        out
    }

    #[test]
    fn a_page_and_a_delta_come_back_as_they_were() {
        let hints = Hints { url: Some("http://courier.example/a"), ..Hints::default() };
        let old = extract(PAGE.as_bytes(), &hints).page;
        assert!(!old.figures.is_empty() && !old.quotes.is_empty() && !old.links.is_empty());
        let packed = bytes(&old);
        assert_eq!(unpack::<Page>(&packed), Some(old.clone()));
        assert!(packed.len() < 3 * PAGE.len(), "{}", packed.len());
        let edited = PAGE.replace("$50", "$55").replace("had to act", "wanted to act");
        let new = extract(edited.as_bytes(), &hints).page;
        let delta = Delta::from(&compare(&old, &new, &CompareOptions::default()));
        assert!(delta.changes.len() >= 2, "{delta:?}");
        assert_eq!(unpack::<Delta>(&bytes(&delta)), Some(delta));
    }

    #[test]
    fn every_fact_that_can_be_disputed_is_known() {
        for field in DISPUTED {
            let value = Disagreement { field, candidates: vec![(Origin::Url, "x".to_owned())] };
            assert_eq!(unpack(&bytes(&value)), Some(value));
        }
        let unknown = Disagreement { field: "colour", candidates: Vec::new() };
        assert_eq!(unpack::<Disagreement>(&bytes(&unknown)), None);
    }

    #[test]
    fn cut_and_flipped_bytes_never_panic() {
        let page = extract(PAGE.as_bytes(), &Hints::default()).page;
        let packed = bytes(&page);
        for at in 0..packed.len() {
            assert_eq!(unpack::<Page>(&packed[..at]), None);
            let mut flipped = packed.clone();
            flipped[at] ^= 0xff;
            let _ = unpack::<Page>(&flipped);
        }
    }

    proptest! {
        #[test]
        fn numbers_round_trip_and_any_bytes_are_read(
            n in any::<u64>(), micros in any::<i64>(), junk in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            prop_assert_eq!(unpack::<u64>(&bytes(&n)), Some(n));
            let time = Timestamp::from_unix_micros(micros);
            prop_assert_eq!(unpack::<Timestamp>(&bytes(&time)), Some(time));
            let _ = unpack::<Page>(&junk);
            let _ = unpack::<Delta>(&junk);
        }
    }
}
