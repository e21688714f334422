//! The parameters of an address, parsed with error reasons.

use std::str::FromStr;

use super::reply::Refusal;

/// The parameters of a query, in order.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

/// More parameters are not read: no client sends that many.
const PARAMS_MAX: usize = 200;

impl Params {
    /// Reads a query as forms write it: `&` as separator, `+` for a blank, percent escapes.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(
            pairs
                .take(PARAMS_MAX)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// All of them, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first value of that name that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// The first value of any of these names that is not empty.
    pub fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// All values of that name.
    pub fn all<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A required value.
    pub fn needed(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::bad(format!("the parameter {name} is missing")))
    }

    /// A value parsed from its text; `expected` describes valid texts.
    pub fn value<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Refusal> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| wrong(name, expected, text)))
            .transpose()
    }

    /// Whether a switch is on: `true` or `1`; it is off without it, at `false` and at `0`.
    pub fn is_on(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(text) => Err(wrong(name, "true or false", text)),
        }
    }
}

/// The refusal of an invalid value.
pub fn wrong(name: &str, expected: &str, found: &str) -> Refusal {
    let found: String = found.chars().take(200).collect();
    Refusal::bad(format!("{name}: expected {expected}, but found {found:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_wrong_ones_are_named() {
        let params = Params::parse(Some("url=a%20b+c&limit=&limit=7&bad=x&on=true&url=second&&=1"));
        assert_eq!(params.text("url"), Some("a b c"));
        assert_eq!(params.all("url").count(), 2);
        assert_eq!(params.value::<u32>("limit", "a number"), Ok(Some(7)));
        assert_eq!(params.value::<u32>("none", "a number"), Ok(None));
        let why = params.value::<u32>("bad", "a number").unwrap_err();
        assert_eq!(why.reason, "bad: expected a number, but found \"x\"");
        assert_eq!(params.is_on("on"), Ok(Some(true)));
        assert!(params.is_on("bad").is_err());
        assert_eq!(params.needed("x").unwrap_err().reason, "the parameter x is missing");
    }
}
