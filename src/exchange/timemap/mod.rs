//! TimeMaps: which captures of a page another archive has (RFC 7089 section 5), in the forms in which archives
//! publish them, and the address at which each gives out what it captured unaltered.
//!
//! Read are link format (RFC 6690, as RFC 7089 section 5 has it), the JSON and CDXJ of MemGator and of this program, and the
//! index lines of pywb and of the Wayback Machine as JSON, whole or a line each, and as CDXJ. What a server sent is hostile: a
//! line that says nothing usable is passed over and counted, and nothing here follows an address.

mod cdxj;
mod json;
mod link;
mod raw;

pub use link::{Link, links};
pub use raw::raw_form;

use crate::base::{TargetUri, Timestamp};

/// At most this many mementos of one document are read.
pub const MEMENTOS_MAX: usize = 200_000;

/// What a TimeMap says, or a page of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeMap {
    /// The page that it is about, as it says.
    pub original: Option<String>,
    /// The captures, in its order.
    pub mementos: Vec<Listed>,
    /// Further pages of it, or pages of the TimeMap that it is a page of.
    pub pages: Vec<TargetUri>,
    /// Entries that say nothing usable.
    pub passed_over: usize,
}

/// A memento that a TimeMap lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where the archive has it (URI-M).
    pub uri: TargetUri,
    /// When it was captured, as the list says; to choose by, and for nothing else.
    pub at: Option<Timestamp>,
    /// The page that it is a capture of, where the list says it of each.
    pub original: Option<String>,
}

/// Why a document is not a TimeMap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is neither a TimeMap in link format nor a list of captures in JSON or CDXJ: {0}")]
pub struct NoTimeMap(String);

/// Reads a TimeMap that came from `from`. The bytes say what form they have: servers name it wrongly.
///
/// # Errors
/// When it has none of the forms.
pub fn read(bytes: &[u8], from: &TargetUri) -> Result<TimeMap, NoTimeMap> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim();
    let map = match text.chars().next() {
        Some('<') if text.get(..2).is_some_and(|start| start != "<!") => link::read(text, from),
        Some('{' | '[') => json::read(text, from).map_err(NoTimeMap)?,
        // An archive that has nothing sends nothing, or an empty list.
        None => TimeMap::default(),
        Some(first) if is_cdxj(first, text) => cdxj::read(text, from),
        Some(_) => return Err(NoTimeMap("its beginning matches none of them".to_owned())),
    };
    if map.mementos.is_empty() && map.pages.is_empty() && map.original.is_none() && !text.is_empty()
    {
        let is_empty_list = text == "[]" || text == "{}";
        if !is_empty_list {
            return Err(NoTimeMap("it lists nothing".to_owned()));
        }
    }
    Ok(map)
}

/// Whether a text begins as CDXJ does: with a line about the whole, or with words and a stamp before an object.
fn is_cdxj(first: char, text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let before = line.split_once('{').map(|(before, _)| before.trim_end());
    let stamp = before.and_then(|before| before.split_ascii_whitespace().next_back());
    let is_stamp = |word: &str| word.len() == 14 && word.bytes().all(|b| b.is_ascii_digit());
    stamp.is_some_and(|word| first == '!' || is_stamp(word)) || first == '!' && line.contains('[')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> TargetUri {
        TargetUri::parse(text).unwrap()
    }

    fn read_from(text: &str, from: &str) -> TimeMap {
        read(text.as_bytes(), &uri(from)).unwrap()
    }

    fn listed(map: &TimeMap) -> Vec<(String, String)> {
        let at = |listed: &Listed| listed.at.map(Timestamp::to_stamp14).unwrap_or_default();
        map.mementos.iter().map(|one| (one.uri.to_string(), at(one))).collect()
    }

    #[test]
    fn link_format_is_read_as_archives_write_it() {
        // RFC 7089 figure 29, shortened, with a page of a longer one.
        let text = "<http://a.example.org>;rel=\"original\",\n\
            <http://arxiv.example.net/timemap/http://a.example.org>\n ; rel=\"self\";type=\"application/link-format\"\n ; from=\"Tue, 20 Jun 2000 18:02:59 GMT\"\n ; until=\"Wed, 09 Apr 2008 20:30:51 GMT\",\n\
            <http://arxiv.example.net/timemap/2/http://a.example.org>;rel=\"timemap\";type=\"application/link-format\",\n\
            <http://arxiv.example.net/timegate/http://a.example.org>\n ; rel=\"timegate\",\n\
            <http://arxiv.example.net/web/20000620180259/http://a.example.org>\n ; rel=\"first memento\";datetime=\"Tue, 20 Jun 2000 18:02:59 GMT\"\n ; license=\"http://creativecommons.org/publicdomain/zero/1.0/\",\n\
            </web/20091027204954/http://a.example.org>; rel=memento; datetime=\"Tue, 27 Oct 2009 20:49:54 GMT\"\n";
        let map = read_from(text, "http://arxiv.example.net/timemap/http://a.example.org");
        assert_eq!(map.original.as_deref(), Some("http://a.example.org"));
        let web = "http://arxiv.example.net/web";
        assert_eq!(
            listed(&map),
            [
                (format!("{web}/20000620180259/http://a.example.org"), "20000620180259".to_owned()),
                (format!("{web}/20091027204954/http://a.example.org"), "20091027204954".to_owned()),
            ]
        );
        let pages = [uri("http://arxiv.example.net/timemap/2/http://a.example.org")];
        assert_eq!(map.pages, pages);
    }

    #[test]
    fn json_is_read_in_each_of_its_forms() {
        let at = ["20200101000000", "20210101000000"];
        let expected =
            at.map(|at| (format!("http://web.example/web/{at}/http://a.example/"), at.to_owned()));
        let two = |form: fn(&str) -> String| at.map(form).join(",");
        let mementos = two(|at| {
            format!(
                "{{\"datetime\":\"{}-01-01T00:00:00Z\",\"uri\":\"http://web.example/web/{at}/http://a.example/\"}}",
                &at[..4]
            )
        });
        let rows = two(|at| format!("[\"example,a)/\",\"{at}\",\"http://a.example/\",\"200\"]"));
        let line = |at: &str| {
            format!(
                "{{\"urlkey\": \"example,a)/\", \"timestamp\": \"{at}\", \"url\": \"http://a.example/\"}}"
            )
        };
        let header = "[\"urlkey\",\"timestamp\",\"original\",\"statuscode\"]";
        for (text, from) in [
            (
                format!(
                    "{{\"original_uri\":\"http://a.example/\",\"mementos\":{{\"list\":[{mementos}]}}}}"
                ),
                "http://web.example/web/timemap/json/http://a.example/",
            ),
            (
                format!("[{header},{rows}]"),
                "http://web.example/cdx/search/cdx?url=a.example&output=json",
            ),
            (format!("[{header},{rows}]"), "http://web.example/web/timemap/json/http://a.example/"),
            (
                format!("{}\n{}\n", line(at[0]), line(at[1])),
                "http://web.example/web/cdx?url=a.example&output=json",
            ),
            (
                format!("{}\n{}\n", line(at[0]), line(at[1])),
                "http://web.example/cdx?url=a.example&output=json",
            ),
        ] {
            let map = read_from(&text, from);
            assert_eq!(listed(&map), expected, "{text}");
            assert_eq!(map.passed_over, 0, "{text}");
        }
        // A page of our own names the next one.
        let page = "\"http://web.example/web/timemap/json/2020/http://a.example/\"";
        for page in [page.to_owned(), format!("{{\"json_format\":{page}}}")] {
            let text = format!(
                "{{\"original_uri\":\"http://a.example/\",\"pages\":{{\"next\":{{\"uri\":{page}}}}}}}"
            );
            let map = read_from(&text, "http://web.example/web/timemap/json/http://a.example/");
            assert_eq!(map.pages.len(), 1, "{text}");
        }
    }

    #[test]
    fn cdxj_is_read_as_archives_write_it() {
        let at = ["20200101000000", "20210101000000"];
        let web = "http://web.example/web";
        let expected = at.map(|at| (format!("{web}/{at}/http://a.example/"), at.to_owned()));
        let head = "!context [\"http://oduwsdl.github.io/contexts/memento\"]\n!id {\"uri\": \"http://web.example/timemap/cdxj/http://a.example/\"}\n!keys [\"memento_datetime_YYYYMMDDhhmmss\"]\n!meta {\"original_uri\": \"http://a.example/\"}\n!meta {\"timegate_uri\": \"http://web.example/timegate/http://a.example/\"}\n!meta {\"next_page_uri\": \"/web/timemap/cdxj/2022/http://a.example/\"}\n";
        let lines = at.map(|at| {
            format!("{at} {{\"uri\": \"{web}/{at}/http://a.example/\", \"rel\": \"memento\", \"datetime\": \"x\"}}\n")
        });
        let map = read_from(
            &format!("{head}{}", lines.concat()),
            "http://web.example/web/timemap/cdxj/http://a.example/",
        );
        assert_eq!(listed(&map), expected);
        assert_eq!(map.original.as_deref(), Some("http://a.example/"));
        assert_eq!(map.pages, [uri("http://web.example/web/timemap/cdxj/2022/http://a.example/")]);
        assert_eq!(map.passed_over, 0);
        // Index lines, of which some cannot be read.
        let index = at.map(|at| {
            format!("example,a)/ {at} {{\"url\": \"http://a.example/\", \"status\": \"200\"}}\n")
        });
        let text = format!(
            "{}example,a)/ 2020 {{\"url\": \"http://a.example/\"}}\nmore\n20200101000000 {{\"uri\": 7}}\n",
            index.concat()
        );
        let map = read_from(&text, "http://web.example/web/cdx?url=a.example");
        assert_eq!(listed(&map), expected);
        assert_eq!(map.passed_over, 3);
        for text in ["!\n", "! {", "a b {\"url\": \"http://a.example/\"}", "{!"] {
            assert!(read(text.as_bytes(), &uri("http://web.example/web/cdx")).is_err(), "{text}");
        }
    }

    #[test]
    fn an_invalid_timemap_is_distinguished_from_an_empty_one() {
        let from = uri("http://web.example/");
        for text in
            ["<!doctype html><p>Not found", "not found", "{\"error\":\"no\"}", "{\"a\":", "<"]
        {
            assert!(read(text.as_bytes(), &from).is_err(), "{text}");
        }
        for text in ["", "[]", "<http://a.example/>; rel=\"original\""] {
            assert!(read(text.as_bytes(), &from).is_ok_and(|m| m.mementos.is_empty()), "{text}");
        }
    }

    #[test]
    fn entries_that_lead_nowhere_are_passed_over() {
        let text = "<http://a.example/>; rel=original, <javascript:alert(1)>; rel=memento; datetime=\"x\", \
            <ftp://b.example/>; rel=memento, <http://ok.example/1/http://a.example/>; rel=\"memento\"; datetime=\"nonsense\"";
        let map = read_from(text, "http://web.example/");
        assert_eq!((map.mementos.len(), map.passed_over), (1, 2));
        assert_eq!(map.mementos[0].at, None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(
            start in prop_oneof!["", "<", "\\[\\[", "\\{", "<http://a/>;", "!meta \\{", "a 20200101000000 \\{"],
            text in "[<>;,=\"{}\\[\\]:a-z0-9/ \\\\\\n]{0,120}",
        ) {
            let _ = read(format!("{start}{text}").as_bytes(), &uri("http://web.example/x"));
        }
    }
}
