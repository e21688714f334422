//! The purpose of a replayed capture: the two letters and the underscore after the time of an
//! archival URL, as pywb and the Wayback Machine write them.

/// The modifier of an archival URL.
///
/// | written | what is answered |
/// |---|---|
/// | nothing | the page with the banner |
/// | `mp_` | the page without the banner |
/// | `if_`, `fr_` | the page inside a frame: without the banner |
/// | `id_` | the payload as it was captured |
/// | `ir_` | the payload as it was captured, for a client that rewrites by itself |
/// | `js_`, `cs_`, `im_` | a script, a style sheet, an image |
/// | `oe_` and any other | something else that a page embeds |
/// | `bn_` | the banner alone, for pages that consist of frames |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modifier {
    /// No modifier: a page, with the banner.
    Page,
    /// `mp_`: a page without the banner.
    Main,
    /// `if_` (also read: `fr_`): a page inside a frame.
    Frame,
    /// `id_`: the payload as captured.
    Identity,
    /// `ir_`: the payload as captured, for client-side replay.
    ClientIdentity,
    /// `js_`: a script.
    Script,
    /// `cs_`: a style sheet.
    Style,
    /// `im_`: an image.
    Image,
    /// `oe_`: another embedded resource.
    Embed,
    /// `bn_`: the banner alone.
    Banner,
}

impl Modifier {
    /// Parses a modifier, with its underscore; [`Modifier::Page`] for the empty text. An unknown text of
    /// two to four lower-case letters and an underscore is [`Modifier::Embed`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = match text {
            "" => Self::Page,
            "mp_" => Self::Main,
            "if_" | "fr_" => Self::Frame,
            "id_" => Self::Identity,
            "ir_" => Self::ClientIdentity,
            "js_" | "sw_" | "wkr_" | "wkrf_" => Self::Script,
            "cs_" => Self::Style,
            "im_" => Self::Image,
            "bn_" => Self::Banner,
            other => {
                let letters = other.strip_suffix('_')?;
                let fits = (2..=4).contains(&letters.len())
                    && letters.bytes().all(|b| b.is_ascii_lowercase());
                return fits.then_some(Self::Embed);
            }
        };
        Some(known)
    }

    /// The modifier as it is in an archival URL; empty for [`Modifier::Page`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "",
            Self::Main => "mp_",
            Self::Frame => "if_",
            Self::Identity => "id_",
            Self::ClientIdentity => "ir_",
            Self::Script => "js_",
            Self::Style => "cs_",
            Self::Image => "im_",
            Self::Embed => "oe_",
            Self::Banner => "bn_",
        }
    }

    /// Whether the payload is sent as captured, with nothing rewritten.
    #[must_use]
    pub fn is_identity(self) -> bool {
        matches!(self, Self::Identity | Self::ClientIdentity)
    }

    /// Whether the answer is a part of a page rather than a page: an error is then not shown as a page for people.
    #[must_use]
    pub fn is_part(self) -> bool {
        matches!(self, Self::Script | Self::Style | Self::Image | Self::Embed)
    }

    /// The modifier of the pages that a page of this modifier links to.
    #[must_use]
    pub fn of_links(self) -> Self {
        match self {
            Self::Main | Self::Frame => self,
            _ => Self::Page,
        }
    }
}
