//! What an address below `/web/` requests.

use crate::base::TimeRange;

use super::super::original::original;
use super::super::reply::Refusal;

/// In which form a capture is requested, by the two letters that pywb and the Wayback Machine write after the
/// time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// None: a page for a reader.
    None,
    /// `id_`, `ir_`, `oi_`: the payload as it was captured. The text is the modifier as it is written.
    Raw(&'static str),
    /// `mp_`: the page inside of a frame.
    Page,
    /// `if_`, `fr_`: a page that is in another.
    Frame,
    /// `js_`: a script.
    Script,
    /// `cs_`: a style sheet.
    Style,
    /// `im_`: an image.
    Image,
    /// `bn_`: what the archive says of the page, without the page, for pages that consist of frames.
    Banner,
    /// `rd_`, which is our own: the document that a browser made of the page.
    Rendered,
    /// `oe_`, `em_`, `wkr_` and others: another part of a page.
    Part(&'static str),
}

impl Modifier {
    const ALL: [Self; 16] = [
        Self::Raw("id_"),
        Self::Raw("ir_"),
        Self::Raw("oi_"),
        Self::Page,
        Self::Frame,
        Self::Script,
        Self::Style,
        Self::Image,
        Self::Banner,
        Self::Rendered,
        Self::Part("oe_"),
        Self::Part("em_"),
        Self::Part("wkr_"),
        Self::Part("sw_"),
        Self::Part("wkrf_"),
        Self::Part("jm_"),
    ];

    /// As it is after the time.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Raw(text) | Self::Part(text) => text,
            Self::Page => "mp_",
            Self::Frame => "if_",
            Self::Script => "js_",
            Self::Style => "cs_",
            Self::Image => "im_",
            Self::Banner => "bn_",
            Self::Rendered => "rd_",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::None),
            "fr_" => Some(Self::Frame),
            _ => Self::ALL.into_iter().find(|modifier| modifier.as_str() == text),
        }
    }

    /// Whether it requests a part of a page instead of a page.
    pub fn is_part(self) -> bool {
        matches!(self, Self::Script | Self::Style | Self::Image | Self::Part(_))
    }
}

/// In which form a TimeMap is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/link-format` (RFC 6690)
    Link,
    /// JSON
    Json,
    /// CDXJ
    Cdxj,
}

impl Form {
    /// As it is in the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Json => "json",
            Self::Cdxj => "cdxj",
        }
    }
}

/// The request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `/web/URL`
    TimeGate {
        /// The page.
        url: String,
    },
    /// `/web/timemap/FORM/[STAMP/]URL`
    TimeMap {
        /// The form.
        form: Form,
        /// Where the page of the TimeMap begins.
        from: Option<TimeRange>,
        /// The page.
        url: String,
    },
    /// `/web/STAMP[MODIFIER]/URL`
    Memento {
        /// The time; none where only a modifier is given.
        at: Option<TimeRange>,
        /// The form.
        modifier: Modifier,
        /// The page.
        url: String,
    },
    /// `/web/*/URL`
    Calendar {
        /// The page.
        url: String,
    },
}

impl Target {
    /// Reads what follows `/web/`, and the query.
    ///
    /// # Errors
    /// When it contains no address of a page, or an invalid time.
    pub fn of(rest: &str, query: Option<&str>) -> Result<Self, Refusal> {
        if let Some(rest) = rest.strip_prefix("timemap/") {
            return Self::timemap(rest, query);
        }
        let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
        if first.contains('*') && first.trim_matches('*').bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self::Calendar { url: original(after, query)? });
        }
        let digits = first.bytes().take_while(u8::is_ascii_digit).count();
        let (stamp, modifier) = first.split_at(digits);
        // Anything but a modifier is the beginning of a host.
        match Modifier::parse(modifier) {
            Some(modifier) if !(first.is_empty() || after.is_empty()) => Ok(Self::Memento {
                at: if stamp.is_empty() { None } else { Some(time(stamp)?) },
                modifier,
                url: original(after, query)?,
            }),
            _ => Ok(Self::TimeGate { url: original(rest, query)? }),
        }
    }

    fn timemap(rest: &str, query: Option<&str>) -> Result<Self, Refusal> {
        let (form, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let form = match form {
            "link" => Form::Link,
            "json" => Form::Json,
            "cdxj" => Form::Cdxj,
            _ => {
                return Err(Refusal::bad(
                    "a TimeMap is /web/timemap/FORM/URL, where FORM is link, json or cdxj",
                ));
            }
        };
        let (from, rest) = match rest.split_once('/') {
            Some((stamp, rest)) if stamp.len() == 14 && is_digits(stamp) => {
                (Some(time(stamp)?), rest)
            }
            _ => (None, rest),
        };
        Ok(Self::TimeMap { form, from, url: original(rest, query)? })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn time(stamp: &str) -> Result<TimeRange, Refusal> {
    TimeRange::from_digits(stamp)
        .ok_or_else(|| Refusal::bad(format!("{stamp} is not a time of 1 to 17 digits")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_say_what_they_ask_for() {
        let url = "http://a.example/x".to_owned();
        let at = TimeRange::from_digits("20251105000000");
        let memento = |at, modifier| Target::Memento { at, modifier, url: url.clone() };
        for (rest, target) in [
            ("http://a.example/x", Target::TimeGate { url: url.clone() }),
            ("a.example/x", Target::TimeGate { url: url.clone() }),
            ("20251105000000/http://a.example/x", memento(at, Modifier::None)),
            ("20251105000000id_/a.example/x", memento(at, Modifier::Raw("id_"))),
            ("20251105000000fr_/http:/a.example/x", memento(at, Modifier::Frame)),
            ("mp_/http://a.example/x", memento(None, Modifier::Page)),
            ("2025im_/a.example/x", memento(TimeRange::from_digits("2025"), Modifier::Image)),
            ("20251105000000bn_/a.example/x", memento(at, Modifier::Banner)),
            ("20251105000000rd_/a.example/x", memento(at, Modifier::Rendered)),
            ("*/a.example/x", Target::Calendar { url: url.clone() }),
            ("2025*/a.example/x", Target::Calendar { url: url.clone() }),
            (
                "timemap/link/a.example/x",
                Target::TimeMap { form: Form::Link, from: None, url: url.clone() },
            ),
            (
                "timemap/cdxj/20251105000000/a.example/x",
                Target::TimeMap { form: Form::Cdxj, from: at, url: url.clone() },
            ),
        ] {
            assert_eq!(Target::of(rest, None), Ok(target), "{rest}");
        }
        let host = Target::of("2025.example/x", None);
        assert_eq!(host, Ok(Target::TimeGate { url: "http://2025.example/x".to_owned() }));
        for rest in ["", "20251399000000/a.example", "timemap/html/a.example", "timemap/", "2025/"]
        {
            let found = Target::of(rest, None);
            assert!(found.is_err() || rest == "2025/", "{rest}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(rest in "(timemap/|[0-9*]{0,18}([a-z]{2}_)?/)?\\PC{0,40}") {
            let _ = Target::of(&rest, None);
        }
    }
}
