//! Parameters of an address as values, with the reason where one is wrong.

use super::Refusal;
use crate::archive::Form;
use crate::base::{TimeRange, Timestamp};
use crate::diff::ChangeKind;

/// Longer values are refused: no URL that was captured is as long.
const LENGTH_MAX: usize = 8_192;

/// The parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'r> {
    all: &'r [(String, String)],
    now: Timestamp,
}

impl<'r> Parameters<'r> {
    pub fn new(all: &'r [(String, String)], now: Timestamp) -> Self {
        Self { all, now }
    }

    /// All values of that name that are not empty.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'r str> {
        let wanted = name.to_owned();
        let of_name = self.all.iter().filter(move |(own, _)| *own == wanted);
        of_name.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// All of them, by name and value.
    pub fn pairs(&self) -> Vec<(&'r str, &'r str)> {
        self.all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// What a search of words is limited by: those of host and time that are there.
    pub fn filters(&self) -> Vec<(&'r str, &'r str)> {
        ["host", "from", "to"]
            .into_iter()
            .filter_map(|name| Some((name, self.text(name)?)))
            .collect()
    }

    /// The first value of that name that is not empty.
    pub fn text(&self, name: &str) -> Option<&'r str> {
        self.all(name).next()
    }

    /// The same, or nothing.
    pub fn or_empty(&self, name: &str) -> &'r str {
        self.text(name).unwrap_or_default()
    }

    /// A value that has to be there.
    pub fn needed(&self, name: &str) -> Result<&'r str, Refusal> {
        let value = self
            .text(name)
            .ok_or_else(|| Refusal::Parameter(format!("the parameter {name} is missing")))?;
        short(name, value)
    }

    /// An address: `http` where it names no scheme.
    pub fn url(&self) -> Result<String, Refusal> {
        self.needed("url").map(with_scheme)
    }

    /// Several addresses: `http` where one names no scheme.
    pub fn urls(&self) -> Result<Vec<String>, Refusal> {
        self.all("url").map(|text| short("url", text).map(with_scheme)).collect()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let wrong = |text: &str| {
            Refusal::Parameter(format!("{name}: expected a number, but found {text:?}"))
        };
        self.text(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        matches!(self.text(name), Some("1" | "true" | "on"))
    }

    /// A period of time.
    pub fn period(&self, name: &str) -> Result<Option<TimeRange>, Refusal> {
        let wrong = |why: &dyn std::fmt::Display| Refusal::Parameter(format!("{name}: {why}"));
        self.text(name)
            .map(|text| TimeRange::parse(text, self.now).map_err(|why| wrong(&why)))
            .transpose()
    }

    /// The instant in the middle of a period, as the command line takes `--at`.
    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let middle = |range: TimeRange| range.start.plus(range.end.since(range.start) / 2);
        Ok(self.period(name)?.map(middle))
    }

    /// Which text of a page is asked for; `None` where that is left open.
    pub fn form(&self) -> Result<Option<Form>, Refusal> {
        match self.text("form") {
            None => Ok(None),
            Some("plain") => Ok(Some(Form::Plain)),
            Some("rendered") => Ok(Some(Form::Rendered)),
            Some(_) => Err(Refusal::Parameter("form: expected plain or rendered".to_owned())),
        }
    }

    /// Kinds of change.
    pub fn kinds(&self) -> Result<Vec<ChangeKind>, Refusal> {
        let of = |text: &str| {
            let wrong = || Refusal::Parameter(format!("kind: there is no kind of change {text:?}"));
            ChangeKind::from_label(text).ok_or_else(wrong)
        };
        self.all("kind").flat_map(|kinds| kinds.split(',')).map(of).collect()
    }
}

/// A value, unless it is too long.
fn short<'v>(name: &str, value: &'v str) -> Result<&'v str, Refusal> {
    if value.len() > LENGTH_MAX {
        let what = format!("the parameter {name} is longer than {LENGTH_MAX} bytes");
        return Err(Refusal::Parameter(what));
    }
    Ok(value)
}

fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}
