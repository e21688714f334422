//! What an address, a host or a part of one leads to in an archive.
//!
//! | asked | found |
//! |---|---|
//! | `https://courier.example/harbour` that is held | the page |
//! | `courier.example/harbour` | the same, without its scheme |
//! | `courier.example` | the host, with the pages below it |
//! | `courier.example/har*`, or an address that is not held | the pages whose addresses begin so |
//! | `courier` | the hosts whose names have it |

use serde::Serialize;

use super::front::{HostLine, hosts};
use super::site::{PageLine, PageList, pages};
use super::{AnswerError, Archive};
use crate::archive::{KeyRange, MatchType};
use crate::base::TargetUri;
use crate::base::surt::address_of_host;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct LookupRequest {
    /// An address, a host, or a part of one.
    pub query: String,
    /// At most this many pages and this many hosts.
    pub results_max: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Lookup {
    /// What was looked for.
    pub query: String,
    /// The page of exactly this address.
    pub page: Option<String>,
    /// The host of exactly this name.
    pub host: Option<HostLine>,
    /// Hosts whose names have the words.
    pub hosts: Vec<HostLine>,
    /// Pages whose addresses begin so.
    pub pages: Vec<PageLine>,
    /// Whether there are more pages or hosts.
    pub more: bool,
    /// Whether it cannot be an address or a host: words.
    pub is_words: bool,
}

/// At most this many hosts are searched for a part of a name.
const HOSTS_MAX: usize = 200_000;

/// What an address, a host or a part of one leads to.
///
/// # Errors
/// When the index cannot answer.
pub fn lookup(archive: &Archive, request: &LookupRequest) -> Result<Lookup, AnswerError> {
    let query = request.query.trim();
    let mut out = Lookup { query: query.to_owned(), ..Lookup::default() };
    let doing = format!("looking for {query}");
    if query.is_empty() {
        return Ok(out);
    }
    if query.split_whitespace().count() > 1 {
        out.is_words = true;
        return Ok(out);
    }
    let (text, is_prefix) = query.strip_suffix('*').map_or((query, false), |text| (text, true));
    let address = address(text);
    if let Some(uri) = &address {
        let url = uri.as_str();
        let found = archive.reader().find(url, None).map_err(AnswerError::store(&doing))?;
        if !is_prefix && found.is_some() {
            out.page = Some(url.to_owned());
        }
        let is_host = uri.request_target() == "/" && !text.trim_end_matches('/').ends_with("//");
        if is_host && !is_prefix {
            let found = archive.captures().host_of(url);
            out.host = found.map_err(|why| AnswerError::index(&doing, &why))?.map(HostLine::from);
        }
        if out.page.is_none() {
            let keys = KeyRange::of(url, MatchType::Prefix);
            let PageList { pages, next } = pages(archive, keys, None, request.results_max, &doing)?;
            (out.pages, out.more) = (pages, next.is_some());
        }
    }
    if out.page.is_none() && out.host.is_none() && out.pages.is_empty() {
        let part = text.to_lowercase();
        for host in hosts(archive).take(HOSTS_MAX) {
            let host = host?;
            if !host.host.contains(&part) {
                continue;
            }
            if out.hosts.len() == request.results_max {
                out.more = true;
                break;
            }
            out.hosts.push(host);
        }
    }
    Ok(out)
}

/// The address that a text is, with `http` where it names no scheme; none for a word without a dot.
fn address(text: &str) -> Option<TargetUri> {
    if text.contains("://") {
        return TargetUri::parse(text).ok();
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = host.contains('.') || host.contains(':') || host == "localhost";
    let whole = if host == text { address_of_host(text) } else { format!("http://{text}") };
    is_host.then(|| TargetUri::parse(&whole).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_distinguished_from_a_word() {
        for (text, expected) in [
            ("courier.example", Some("http://courier.example/")),
            ("courier.example/a?b=c", Some("http://courier.example/a?b=c")),
            ("https://courier.example/a", Some("https://courier.example/a")),
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080/")),
            ("localhost/x", Some("http://localhost/x")),
            ("courier", None),
            ("javascript:alert(1)", None),
            ("ftp://a.example/", None),
            ("", None),
        ] {
            let found = address(text);
            assert_eq!(found.as_ref().map(TargetUri::as_str), expected, "{text}");
        }
    }
}
