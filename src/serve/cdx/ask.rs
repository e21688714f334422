//! The query to the index, common to both dialects.

use std::borrow::Cow;

use super::super::params::{Params, wrong};
use super::super::reply::Refusal;
use super::collapse::Collapse;
use crate::archive::{Capture, Filter, Query, Sort};
use crate::base::surt::{KeyRange, MatchType};
use crate::base::{TimeRange, Timestamp};

/// In which order rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By urlkey and time.
    Ascending,
    /// In reverse.
    Descending,
    /// By distance in time.
    Closest(Timestamp),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The address as given, without a wildcard.
    pub url: String,
    /// How it is matched.
    pub match_type: MatchType,
    /// The matching urlkeys.
    pub keys: KeyRange,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// In which order.
    pub order: Order,
    /// The filters that rows have to match.
    pub filters: Vec<Filter>,
    /// How adjacent rows are collapsed.
    pub collapse: Vec<Collapse>,
    /// Whether revisits are resolved to the captures they repeat.
    pub resolve: bool,
    /// Identifies a query whose answers are paged.
    pub identity: String,
    /// Whether reports of failed fetches are rows, too.
    pub wants_reports: bool,
}

impl Asking {
    /// The query of the parameters that both dialects share; filters and collapsing are added.
    ///
    /// # Errors
    /// When one is missing or wrong.
    pub fn of(params: &Params) -> Result<Self, Refusal> {
        let given = params.needed("url")?.trim();
        let (match_type, url) = match params.text("matchType") {
            Some(text) => (
                text.parse()
                    .map_err(|_| wrong("matchType", "exact, prefix, host or domain", text))?,
                given,
            ),
            None => MatchType::from_wildcard(given),
        };
        let url = with_scheme(url);
        let keys = match (match_type, &*url) {
            (MatchType::Prefix, "") => KeyRange::all(),
            (_, url) => KeyRange::of(url, match_type),
        };
        let order = order(params)?;
        let time = |name| period(params, name);
        let identity = ["url", "matchType", "from", "to", "sort", "closest", "pageSize"]
            .map(|name| params.text(name).unwrap_or_default())
            .join("\n");
        Ok(Self {
            url: url.into_owned(),
            match_type,
            keys,
            from: time("from")?.map(|range| range.start),
            to: time("to")?.map(|range| range.end),
            order,
            filters: Vec::new(),
            collapse: Vec::new(),
            resolve: params.is_on("resolveRevisits")?.unwrap_or(false),
            identity,
            wants_reports: false,
        })
    }

    /// The same with these filters, each read by `parse`.
    ///
    /// # Errors
    /// When one is invalid.
    pub fn with_filters(
        mut self,
        params: &Params,
        parse: impl Fn(&str) -> Result<Filter, crate::archive::filter::FilterError>,
    ) -> Result<Self, Refusal> {
        for text in params.all("filter").filter(|text| !text.is_empty()) {
            if self.filters.len() >= FILTERS_MAX {
                return Err(Refusal::bad(format!("more than {FILTERS_MAX} filters")));
            }
            self.filters.push(parse(text).map_err(|why| Refusal::bad(format!("filter: {why}")))?);
            self.wants_reports |= text.contains("record_type:");
            self.identity.push_str(text);
            self.identity.push('\n');
        }
        Ok(self)
    }

    /// The same with this collapsing.
    pub fn with_collapse(mut self, collapse: Vec<Collapse>) -> Self {
        self.identity.push_str(&format!("{collapse:?} {}", self.resolve));
        self.collapse = collapse;
        self
    }

    /// The query that reads them all, without filters.
    pub fn query(&self) -> Query {
        Query {
            from: self.from,
            to: self.to,
            sort: match self.order {
                Order::Descending => Sort::Descending,
                Order::Ascending | Order::Closest(_) => Sort::Ascending,
            },
            captures_scanned_max: u64::MAX,
            ..Query::of(self.keys.clone())
        }
    }

    /// Whether a capture is a row.
    pub fn is_row(&self, capture: &Capture) -> bool {
        use crate::archive::RecordKind;
        self.wants_reports || !matches!(capture.kind, RecordKind::Metadata | RecordKind::Conversion)
    }
}

/// An address of a host and a port with the scheme that is meant: in `localhost:8000/x` it would be read as
/// `localhost`.
fn with_scheme(url: &str) -> Cow<'_, str> {
    let (authority, _) = url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_host = |host: &str| !host.is_empty() && (host.ends_with(']') || !host.contains(':'));
    match authority.rsplit_once(':') {
        Some((host, port)) if is_host(host) && is_port(port) => format!("http://{url}").into(),
        _ => url.into(),
    }
}

/// More filters are not accepted: each is applied to every row.
const FILTERS_MAX: usize = 30;

fn order(params: &Params) -> Result<Order, Refusal> {
    let closest = period(params, "closest")?.map(|range| range.start);
    match (params.text("sort"), closest) {
        // pywb sends `closest=` for none, and takes a closest without a sort.
        (None | Some("closest"), Some(at)) => Ok(Order::Closest(at)),
        (None | Some("closest" | "default" | "regular"), None) => Ok(Order::Ascending),
        (Some("reverse"), _) => Ok(Order::Descending),
        (Some("default" | "regular"), Some(_)) => Ok(Order::Ascending),
        (Some(text), _) => Err(wrong("sort", "reverse or closest", text)),
    }
}

/// A time of 1 to 14 digits as the period that it names.
fn period(params: &Params, name: &str) -> Result<Option<TimeRange>, Refusal> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let range = TimeRange::from_digits(text).filter(|_| text.len() <= 14);
    range.map(Some).ok_or_else(|| wrong(name, "a time of 1 to 14 digits", text))
}

/// `limit`, where it is a number from 1 on.
///
/// # Errors
/// When it is something else.
pub fn positive(params: &Params, name: &str) -> Result<Option<u64>, Refusal> {
    let expected = "a whole number of at least 1";
    match params.value::<u64>(name, expected)? {
        Some(0) => Err(wrong(name, expected, "0")),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_distinguished_from_a_scheme() {
        for (given, meant) in [
            ("a.example:80", "http://a.example:80"),
            ("localhost:8000/x?y", "http://localhost:8000/x?y"),
            ("[::1]:8000/", "http://[::1]:8000/"),
            ("a.example", "a.example"),
            ("a.example/x:80", "a.example/x:80"),
            ("http://a.example:80/", "http://a.example:80/"),
            ("dns:a.example", "dns:a.example"),
            ("urn:x:1", "urn:x:1"),
            (":80", ":80"),
        ] {
            assert_eq!(with_scheme(given), meant, "{given}");
        }
    }
}
