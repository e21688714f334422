//! Which lists of phrases have one in a block of text: what [`super::phrase_lists`] found in one pass.
//!
//! Deliberately decides nothing: a phrase may be there and not count.

/// A list of phrases.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    Wall,
    WallBeside,
    /// What a wall keeps back.
    WallHalf,
    Offer,
    Consent,
    Partner,
    Device,
    /// Rights that are reserved.
    Rights,
    /// Lines that pages say of themselves.
    PageLine,
    /// Letters and channels of an outlet.
    Letter,
    /// Offers in short lines.
    LineOffer,
}

/// The lists that have a phrase in a text, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lists(u16);

impl List {
    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl Lists {
    /// The lists with these bits; all of them where no search was made.
    pub(super) fn of_bits(bits: Option<u16>) -> Self {
        Self(bits.unwrap_or(u16::MAX))
    }

    /// Whether a phrase of a list is there.
    pub fn has(self, list: List) -> bool {
        self.0 & list.bit() != 0
    }
}
