//! The kinds of change and the value that reports one.

use std::fmt;
use std::ops::Range;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What changed. The order is that of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The headline changed.
    Headline,
    /// Other authors are named.
    Byline,
    /// Another time of first publication is declared.
    Published,
    /// Another time of last change is declared.
    Modified,
    /// Sentences were added.
    TextAdded,
    /// Sentences were removed.
    TextRemoved,
    /// Words of a sentence changed, and no more specific kind explains them.
    TextEdited,
    /// Sentences are elsewhere.
    TextMoved,
    /// A quotation was added.
    QuoteAdded,
    /// A quotation was removed.
    QuoteRemoved,
    /// The words of a quotation changed.
    QuoteAltered,
    /// The same words are now another speaker's.
    QuoteReattributed,
    /// A figure has another value.
    FigureChanged,
    /// A date or time of day is another one.
    DateChanged,
    /// A name became another name.
    NameChanged,
    /// A negation or a hedge was added or removed.
    ClaimChanged,
    /// A notice that something was wrong or unclear appeared or grew.
    Correction,
    /// A notice that the text was brought up to date, or another note of the editors.
    UpdateNote,
    /// A notice that withdraws the article.
    Retraction,
    /// The article is no longer available at its address.
    Gone,
    /// It is available again.
    Restored,
    /// It says again what an earlier version said.
    Reverted,
    /// Its address now redirects to another one that holds it.
    Redirected,
    /// A paywall or a consent wall is before it.
    Paywalled,
    /// The lead picture or its caption is another one.
    ImageChanged,
    /// A link of the article leads elsewhere, was added, or was taken out.
    LinkChanged,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Serialize for ChangeKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.label())
    }
}

impl<'de> Deserialize<'de> for ChangeKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let label = String::deserialize(from)?;
        Self::from_label(&label).ok_or_else(|| D::Error::custom("no such kind of change"))
    }
}

impl ChangeKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 26] = [
        Self::Headline,
        Self::Byline,
        Self::Published,
        Self::Modified,
        Self::TextAdded,
        Self::TextRemoved,
        Self::TextEdited,
        Self::TextMoved,
        Self::QuoteAdded,
        Self::QuoteRemoved,
        Self::QuoteAltered,
        Self::QuoteReattributed,
        Self::FigureChanged,
        Self::DateChanged,
        Self::NameChanged,
        Self::ClaimChanged,
        Self::Correction,
        Self::UpdateNote,
        Self::Retraction,
        Self::Gone,
        Self::Restored,
        Self::Reverted,
        Self::Redirected,
        Self::Paywalled,
        Self::ImageChanged,
        Self::LinkChanged,
    ];

    /// The word for it in JSON and on the command line.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Byline => "byline",
            Self::Published => "published",
            Self::Modified => "modified",
            Self::TextAdded => "text-added",
            Self::TextRemoved => "text-removed",
            Self::TextEdited => "text-edited",
            Self::TextMoved => "text-moved",
            Self::QuoteAdded => "quote-added",
            Self::QuoteRemoved => "quote-removed",
            Self::QuoteAltered => "quote-altered",
            Self::QuoteReattributed => "quote-reattributed",
            Self::FigureChanged => "figure-changed",
            Self::DateChanged => "date-changed",
            Self::NameChanged => "name-changed",
            Self::ClaimChanged => "claim-changed",
            Self::Correction => "correction",
            Self::UpdateNote => "update-note",
            Self::Retraction => "retraction",
            Self::Gone => "gone",
            Self::Restored => "restored",
            Self::Reverted => "reverted",
            Self::Redirected => "redirected",
            Self::Paywalled => "paywalled",
            Self::ImageChanged => "image-changed",
            Self::LinkChanged => "link-changed",
        }
    }

    /// The kind with this label.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }

    /// Whether it is a change of what the article says, and not of facts about the page.
    #[must_use]
    pub fn is_of_text(self) -> bool {
        matches!(
            self,
            Self::Headline
                | Self::TextAdded
                | Self::TextRemoved
                | Self::TextEdited
                | Self::TextMoved
                | Self::QuoteAdded
                | Self::QuoteRemoved
                | Self::QuoteAltered
                | Self::QuoteReattributed
                | Self::FigureChanged
                | Self::DateChanged
                | Self::NameChanged
                | Self::ClaimChanged
                | Self::Reverted
        )
    }

    /// Whether it is a notice of the publisher.
    #[must_use]
    pub fn is_notice(self) -> bool {
        matches!(self, Self::Correction | Self::UpdateNote | Self::Retraction)
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// What was said before; none where it is new.
    pub before: Option<String>,
    /// What is said now; none where it is gone.
    pub after: Option<String>,
    /// Who is quoted, for changes of quotations: the new speaker where it changed.
    pub speaker: Option<String>,
    /// Where `before` is, in bytes of the old article text; none for what is not in the text.
    pub old_range: Option<Range<usize>>,
    /// Where `after` is, in bytes of the new article text.
    pub new_range: Option<Range<usize>>,
    /// What it is about: what a figure counts, the words that were given to another speaker or moved,
    /// what a correction says was wrong.
    pub about: Option<String>,
    /// The words that changed inside, as byte ranges of the old and the new text, in order.
    pub words: Vec<(Range<usize>, Range<usize>)>,
    /// Whether only the notation changed: the same value in other words.
    pub notation: bool,
    /// How much it matters, from 1 (minor) to 5 (grave).
    pub weight: u8,
}

impl Change {
    /// A change of a kind, with nothing filled in.
    #[must_use]
    pub fn new(kind: ChangeKind) -> Self {
        Self {
            kind,
            before: None,
            after: None,
            speaker: None,
            old_range: None,
            new_range: None,
            about: None,
            words: Vec::new(),
            notation: false,
            weight: 0,
        }
    }

    /// With what was said before and now.
    #[must_use]
    pub fn says(mut self, before: Option<&str>, after: Option<&str>) -> Self {
        self.before = before.map(str::to_owned);
        self.after = after.map(str::to_owned);
        self
    }

    /// With the pieces of text it is about, which also become `before` and `after`.
    #[must_use]
    pub fn at(
        mut self,
        old: Option<(&str, Range<usize>)>,
        new: Option<(&str, Range<usize>)>,
    ) -> Self {
        let said = |side: Option<&(&str, Range<usize>)>| {
            side.and_then(|(text, range)| text.get(range.clone())).map(str::to_owned)
        };
        self.before = said(old.as_ref());
        self.after = said(new.as_ref());
        self.old_range = old.map(|(_, range)| range);
        self.new_range = new.map(|(_, range)| range);
        self
    }
}
