//! What an article says, as plain data.
//!
//! Every range is a half-open range of byte offsets. Ranges called `range` are in [`Page::text`],
//! always on character boundaries; ranges called `source` are in the decoded document.

use std::ops::Range;

pub use crate::dates::PageTime;

/// Where a fact about a page was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A schema.org object in a `script` of JSON-LD.
    JsonLd,
    /// An Open Graph or `article:` property.
    OpenGraph,
    /// Data that the page carries for its scripts: `__NEXT_DATA__`, `window.__INITIAL_STATE__`.
    State,
    /// Another `meta` or `link` element.
    Meta,
    /// Microdata or RDFa.
    Microdata,
    /// Text that a reader sees.
    Visible,
    /// The address of the page.
    Url,
    /// A field of the HTTP response.
    Header,
    /// The markup itself: `html lang`, `title`, `h1`, `time`.
    Markup,
    /// Concluded from the text.
    Inferred,
}

impl Origin {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::JsonLd => "json-ld",
            Self::OpenGraph => "og",
            Self::State => "state",
            Self::Meta => "meta",
            Self::Microdata => "microdata",
            Self::Visible => "visible",
            Self::Url => "url",
            Self::Header => "header",
            Self::Markup => "markup",
            Self::Inferred => "inferred",
        }
    }
}

/// A value and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<T> {
    /// What was found.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

/// One name of a byline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// The name as it is said, cleaned of "By" and job titles.
    pub name: String,
    /// Whether it names an organisation (an agency, a staff) and not a person.
    pub organisation: bool,
    /// The family name, at one end of the name or before its suffix, where the page gives it: by a comma
    /// ("Roe, Anna"), by capitals ("Anna ROE") or by a field of its own.
    pub family: Option<String>,
}

/// What kind of page this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PageKind {
    /// A news article.
    #[default]
    Article,
    /// A live blog: dated entries, newest or oldest first.
    Live,
    /// A page around a video or audio piece.
    Video,
    /// Opinion, comment, editorial.
    Opinion,
    /// A list of links: section, topic, search, tag.
    List,
    /// The front page of an outlet.
    Front,
    /// A wall: CAPTCHA, bot check, access denied.
    Block,
    /// A consent (cookie) wall in place of the article.
    Consent,
    /// A page that says "not found" with a status of success.
    SoftNotFound,
    /// A page without text that scripts fill in a browser.
    Shell,
    /// None of these.
    Other,
}

impl PageKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Live => "live",
            Self::Video => "video",
            Self::Opinion => "opinion",
            Self::List => "list",
            Self::Front => "front",
            Self::Block => "block",
            Self::Consent => "consent",
            Self::SoftNotFound => "soft-404",
            Self::Shell => "shell",
            Self::Other => "other",
        }
    }

    /// Whether the page is in the way of an article instead of being one.
    #[must_use]
    pub fn is_wall(self) -> bool {
        matches!(self, Self::Block | Self::Consent | Self::SoftNotFound | Self::Shell)
    }
}

/// Who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Declared free, or nothing says otherwise.
    #[default]
    Free,
    /// Some articles are free, then payment is asked for.
    Metered,
    /// The whole text is for subscribers.
    Paid,
}

impl Access {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Metered => "metered",
            Self::Paid => "paid",
        }
    }
}

/// What a notice of the publisher is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// Says that something was wrong and is now right.
    Correction,
    /// Makes something clearer without saying it was wrong.
    Clarification,
    /// Says that the text was brought up to date.
    Update,
    /// Another note of the editors.
    EditorsNote,
    /// Withdraws the article.
    Retraction,
}

impl NoticeKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Clarification => "clarification",
            Self::Update => "update",
            Self::EditorsNote => "editors-note",
            Self::Retraction => "retraction",
        }
    }
}

/// What a block of the article is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// The summary below the headline.
    Standfirst,
    /// A paragraph.
    Paragraph,
    /// A heading inside the article; 2 to 6.
    Subheading(u8),
    /// An item of a list.
    ListItem,
    /// A block quote.
    Quote,
    /// A post of a social network, embedded as text.
    Post,
    /// The caption of a picture.
    Caption,
    /// A row of a table; cells are separated by tabs.
    TableRow,
    /// The heading or time line that begins an entry of a live blog.
    LiveEntry(Option<PageTime>),
    /// A notice of the publisher.
    Notice(NoticeKind),
    /// Preformatted text.
    Preformatted,
}

/// A block of the article, in reading order. Blocks do not overlap, and are separated by a blank line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it is in [`Page::text`].
    pub range: Range<usize>,
    /// Where its markup is in the decoded document, where known.
    pub source: Option<Range<usize>>,
}

/// A sentence of the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Where it is in [`Page::text`]; never across blocks, without surrounding white space.
    pub range: Range<usize>,
    /// The index of its block.
    pub block: usize,
}

/// Who said it, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The name, or the role where no name is given ("a senior official").
    pub name: String,
    /// Whether the name is next to the quotation; else it was resolved from a pronoun, a role
    /// or the last speaker.
    pub named: bool,
}

/// What kind of quotation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuoteKind {
    /// Whole sentences in quotation marks.
    Direct,
    /// A part of a sentence in quotation marks.
    Fragment,
    /// A block quote.
    Block,
    /// A post.
    Post,
}

impl QuoteKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fragment => "fragment",
            Self::Block => "block",
            Self::Post => "post",
        }
    }
}

/// A quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// From the opening mark to the closing one, both included. A quotation that the attribution
    /// breaks ("…," she said, "…") is one quotation whose range spans both halves.
    pub range: Range<usize>,
    /// The words said, without outer marks; halves broken by an attribution are joined by a space.
    pub text: String,
    /// The ranges of the words themselves: one, or several where an attribution breaks them.
    pub parts: Vec<Range<usize>>,
    /// What kind it is.
    pub kind: QuoteKind,
    /// The speaker; none where it is unknown.
    pub speaker: Option<Speaker>,
    /// The verb or phrase of saying: "said", "according to".
    pub cue: Option<Cue>,
    /// The index of the sentence it begins in.
    pub sentence: usize,
}

/// The words that say that something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// The words.
    pub text: String,
    /// Where they are.
    pub range: Range<usize>,
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureKind {
    /// A count or another bare number.
    Number,
    /// An amount of money.
    Money,
    /// A share in percent or percentage points.
    Percent,
    /// An ordinal: "third".
    Ordinal,
    /// A measure with a unit: "20 km".
    Measure,
    /// A range: "between 5 and 10", "10-15".
    Range,
    /// A date.
    Date,
    /// A time of day, or a duration.
    Time,
}

/// A figure of the article and what it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is.
    pub kind: FigureKind,
    /// Where the words of number and unit are, hedge and counted thing left out.
    pub range: Range<usize>,
    /// The words, as they are.
    pub text: String,
    /// The normalised value: a decimal number ("50000000"), "5..10" for a range, RFC 3339 or a
    /// partial date for dates; none where it could not be determined.
    pub value: Option<String>,
    /// The unit: an ISO 4217 code or symbol for money, "percent", "km"; none for bare counts.
    pub unit: Option<String>,
    /// "at least", "about", "more than"; as it is.
    pub hedge: Option<String>,
    /// What is counted: "strikes"; as it is.
    pub counts: Option<String>,
}

/// A notice of the publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// Its words.
    pub text: String,
    /// Where they are in [`Page::text`]; empty for a correction that the page declares in its data alone.
    pub range: Range<usize>,
}

/// A link inside the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleLink {
    /// The resolved target (as written where it cannot be resolved).
    pub href: String,
    /// The words it stands on.
    pub range: Range<usize>,
}

/// Words that the article shows crossed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// The words, without the white space around them; not part of [`Page::text`].
    pub words: String,
    /// The place in [`Page::text`] before which they are.
    pub at: usize,
}

/// The lead picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its resolved address.
    pub src: String,
    /// Its caption, where one is given.
    pub caption: Option<String>,
}

/// What a part of the article shows or plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Picture,
    /// A video, a recording, or a frame with another page in it.
    Player,
}

/// A picture or a player inside the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Its resolved address.
    pub src: String,
    /// The text in its place for readers who do not see it.
    pub alt: Option<String>,
    /// The caption of the figure it is in, of any length.
    pub caption: Option<String>,
}

/// Two sources of one page that disagree about a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Which fact: "published", "headline".
    pub field: &'static str,
    /// Every candidate: where it was, and what it said.
    pub candidates: Vec<(Origin, String)>,
}

/// An article and everything found in it. The default is the empty page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The headline.
    pub headline: Option<Fact<String>>,
    /// The byline, in order.
    pub byline: Vec<Fact<Author>>,
    /// The outlet.
    pub publisher: Option<Fact<String>>,
    /// The section it is in.
    pub section: Option<Fact<String>>,
    /// BCP 47 language tag.
    pub language: Option<Fact<String>>,
    /// The canonical address as declared, resolved.
    pub canonical: Option<Fact<String>>,
    /// When it was first published, as declared.
    pub published: Option<Fact<PageTime>>,
    /// When it was last changed, as declared.
    pub modified: Option<Fact<PageTime>>,
    /// Where sources of one page contradict each other.
    pub disagreements: Vec<Disagreement>,
    /// What kind of page it is.
    pub kind: PageKind,
    /// Who may read it.
    pub access: Access,
    /// The article text without its headline: the blocks, separated by blank lines.
    pub text: String,
    /// Where the text is, if not in the markup as a browser shows it: JSON-LD, or data for scripts.
    pub text_origin: Option<Origin>,
    /// The blocks of the text.
    pub blocks: Vec<Block>,
    /// The sentences of the text.
    pub sentences: Vec<Sentence>,
    /// The quotations of the text.
    pub quotes: Vec<Quote>,
    /// The figures of the text.
    pub figures: Vec<Figure>,
    /// The notices of the publisher.
    pub notices: Vec<Notice>,
    /// The links of the article.
    pub links: Vec<ArticleLink>,
    /// What the article shows crossed out, in order.
    pub struck: Vec<Struck>,
    /// The lead picture.
    pub lead_image: Option<Image>,
    /// The pictures and players of the article, in order, the lead picture among them where it is shown.
    pub media: Vec<Media>,
    /// The line above the headline that says what the article is: "Analysis", "Sponsored content".
    pub kicker: Option<Fact<String>>,
    /// What the page declares as its summary, for search engines and social networks.
    pub description: Option<Fact<String>>,
    /// Whether the page was longer than what is read of one, so that its end is left out.
    pub coarse: bool,
}

impl Page {
    /// How much of the text is paragraphs, lists and quotations, in bytes.
    #[must_use]
    pub fn prose_bytes(&self) -> usize {
        let is_prose = |block: &&Block| {
            matches!(block.kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem)
        };
        self.blocks.iter().filter(is_prose).map(|block| block.range.len()).sum()
    }
}

/// A page, and what the extractor was unsure of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// What the page says.
    pub page: Page,
    /// The character encoding the payload was read with, a WHATWG label.
    pub charset: String,
    /// What was uncertain or cut short, as text.
    pub notes: Vec<String>,
}
