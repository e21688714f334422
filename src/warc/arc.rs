//! ARC records: the one line that is before each, as the header of a WARC record.
//!
//! ```text
//!  v1  URL IP-address 14-digit-date media-type length LF
//!  v2  URL IP-address 14-digit-date media-type status checksum location offset filename length LF
//! ```
//!
//! The first record of a file is its own description (`filedesc://…`), whose block names the version
//! and the fields. The version of a line is derived from the line alone: the address and the date are
//! found first, the length is the last word. So blanks in a URL or a media type, which crawlers of the
//! time wrote, do no harm.
//!
//! What comes back has the fields of a WARC record, as tools that convert ARC give them: a capture of
//! an HTTP exchange is a `response`, anything else a `resource`, the description a `warcinfo`. There
//! is no record identifier and no digest, since ARC has none. Nothing here writes ARC.
//!
//! Internet Archive, ARC file format (version 1 of 1996, version 2 of 1997).

use super::fields::{Fields, name};
use super::parse::{Form, RecordHeader, Warning, excerpt};
use super::record::Version;
use crate::base::Timestamp;

/// The longest line that is taken, in bytes. URLs of the time were cut at 2 KiB.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024;

/// Schemes that the first line of a file may begin with. Once a file is known to be ARC any scheme is one:
/// collections have records of their own in it, such as `metadata://`.
const SCHEMES: [&[u8]; 11] = [
    b"filedesc://",
    b"http://",
    b"https://",
    b"dns:",
    b"ftp://",
    b"gopher://",
    b"news:",
    b"nntp://",
    b"whois://",
    b"mailto:",
    b"alexa://",
];

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArcLine {
    pub(super) url: String,
    address: String,
    date: String,
    media_type: String,
    /// The fields of version 2 between media type and length.
    more: Vec<String>,
    pub(super) length: u64,
}

/// The longest scheme of a URL that is taken, in bytes.
const SCHEME_LEN_MAX: usize = 32;

/// Whether these bytes, which may be cut anywhere, can be the start of an ARC record, in a file whose
/// first record has this form.
pub(super) fn may_begin(bytes: &[u8], form: Option<Form>) -> bool {
    let begins = match form {
        Some(Form::Warc) => false,
        Some(Form::Arc) => {
            // RFC 3986 section 3.1.
            let is_of_scheme = |c: &u8| c.is_ascii_alphanumeric() || b"+-.".contains(c);
            let length = bytes.iter().take(SCHEME_LEN_MAX).take_while(|c| is_of_scheme(c)).count();
            bytes.first().is_none_or(u8::is_ascii_alphabetic)
                && bytes.get(length).is_none_or(|c| *c == b':')
        }
        None => SCHEMES.iter().any(|scheme| {
            let known = bytes.len().min(scheme.len());
            bytes[..known].eq_ignore_ascii_case(&scheme[..known])
        }),
    };
    begins
        && match memchr::memchr(b'\n', bytes) {
            Some(end) => parse_line(&bytes[..end]).is_some(),
            None => bytes.iter().all(|c| *c >= 0x20 || *c == b'\t'),
        }
}

/// Reads a line, without its line break; `None` when it is no ARC line.
pub(super) fn parse_line(line: &[u8]) -> Option<ArcLine> {
    let line = line.trim_ascii_end();
    if line.len() > LINE_BYTES_MAX || line.iter().any(|c| *c < 0x20 && *c != b'\t') {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split([' ', '\t']).collect();
    let length = words.last()?;
    if words.len() < 5 || length.is_empty() || !length.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    // The first date after an address; a URL that holds both as words would have to be made for it.
    let is_date =
        |word: &str| (8..=17).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_digit());
    // Where none is an address, a whole date after any word will do.
    let is_whole_date = |word: &str| word.len() == 14 && date_of(word).is_some();
    let mut places = 2..words.len() - 1;
    let at = places
        .clone()
        .find(|&at| is_date(words[at]) && is_address(words[at - 1]))
        .or_else(|| places.find(|&at| is_date(words[at]) && is_whole_date(words[at])))?;
    let between = &words[at + 1..words.len() - 1];
    // Version 2 has five fields more; its first is a status.
    let is_status =
        |word: &&str| **word == *"-" || word.len() == 3 && word.bytes().all(|c| c.is_ascii_digit());
    let more = between
        .len()
        .checked_sub(5)
        .filter(|from| *from > 0 && between.get(*from).is_some_and(is_status));
    let (media_type, more) = between.split_at(more.unwrap_or(between.len()));
    Some(ArcLine {
        url: words[..at - 1].join(" "),
        address: words[at - 1].to_owned(),
        date: words[at].to_owned(),
        media_type: media_type.join(" "),
        more: more.iter().map(|word| (*word).to_owned()).collect(),
        length: length.parse().ok()?,
    })
}

/// An address, or what crawlers wrote where they had none: a dash or a zero.
fn is_address(word: &str) -> bool {
    matches!(word, "-" | "0" | "") || word.parse::<std::net::IpAddr>().is_ok()
}

/// The header of the record that begins with `raw`, a line with its line break. `start` is what is
/// known of its block, by which an HTTP exchange is distinguished from anything else.
pub(super) fn header_of(
    line: &ArcLine,
    raw: Vec<u8>,
    start: &[u8],
) -> (RecordHeader, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mut warn = |rule, what| warnings.push(Warning { rule, what });
    let folded = line.url.to_ascii_lowercase();
    let description = folded.strip_prefix("filedesc://").is_some();
    let is_http = folded.starts_with("http") && start.starts_with(b"HTTP");
    let kind = match (description, is_http) {
        (true, _) => "warcinfo",
        (_, true) => "response",
        _ => "resource",
    };
    let mut fields = Fields::new();
    fields.push(name::TYPE, kind);
    if description {
        fields.push(name::FILENAME, &line.url["filedesc://".len()..]);
    } else {
        fields.push(name::TARGET_URI, &line.url);
    }
    match date_of(&line.date) {
        Some(date) => fields.push(name::DATE, date),
        None => warn("arc-date", format!("{:?} is not a date of 14 digits", line.date)),
    }
    if line.address.parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_unspecified()) {
        fields.push(name::IP_ADDRESS, &line.address);
    } else if !is_address(&line.address) {
        warn("arc-address", format!("{:?} is no address", excerpt(line.address.as_bytes())));
    }
    if line.url.contains(' ') {
        let url = excerpt(line.url.as_bytes());
        warn("arc-url", format!("the URL {url:?} has spaces"));
    }
    let media_type = match line.media_type.trim() {
        "" | "-" | "no-type" => "application/octet-stream",
        other => other,
    };
    if is_http {
        fields.push(name::CONTENT_TYPE, "application/http; msgtype=response");
    } else {
        fields.push(name::CONTENT_TYPE, media_type);
    }
    fields.push(name::CONTENT_LENGTH, line.length.to_string());
    let header = RecordHeader {
        form: Form::Arc,
        version: Version::V1_0,
        fields,
        raw,
        content_length: line.length,
    };
    (header, warnings)
}

/// The date as a WARC record has it; fewer digits name a longer period.
fn date_of(digits: &str) -> Option<String> {
    let part = |from: usize, to: usize| digits.get(from..to);
    let day = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let date = match digits.len() {
        8 => day,
        12 => format!("{day}T{}:{}Z", part(8, 10)?, part(10, 12)?),
        14 => format!("{day}T{}:{}:{}Z", part(8, 10)?, part(10, 12)?, part(12, 14)?),
        17 => {
            let clock = format!("{}:{}:{}", part(8, 10)?, part(10, 12)?, part(12, 14)?);
            format!("{day}T{clock}.{}Z", part(14, 17)?)
        }
        _ => return None,
    };
    Timestamp::parse(&date).map(|_| date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_of(line: &str, start: &[u8]) -> (Vec<String>, Vec<&'static str>) {
        let parsed = parse_line(line.as_bytes()).unwrap();
        let (header, warnings) = header_of(&parsed, Vec::new(), start);
        let text = header.fields.iter().map(|(name, value)| {
            format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
        });
        (text.skip(1).collect(), warnings.iter().map(|w| w.rule).collect())
    }

    #[test]
    fn lines_of_both_versions_are_read() {
        let v1 = "http://a.example/x 207.241.229.39 20020328143000 text/html 300";
        let (fields, warnings) = fields_of(v1, b"HTTP/1.0 200 OK");
        assert_eq!(
            fields,
            [
                "WARC-Target-URI=http://a.example/x",
                "WARC-Date=2002-03-28T14:30:00Z",
                "WARC-IP-Address=207.241.229.39",
                "Content-Type=application/http; msgtype=response",
                "Content-Length=300",
            ]
        );
        assert_eq!(warnings, [] as [&str; 0]);
        let v2 = "dns:a.example 0.0.0.0 199609231421 text/dns 200 fac069150613fe55599cc7fa88aa089d - 209 IA-001102.arc 57";
        let (fields, _) = fields_of(v2, b"");
        assert_eq!(
            fields,
            [
                "WARC-Target-URI=dns:a.example",
                "WARC-Date=1996-09-23T14:21Z",
                "Content-Type=text/dns",
                "Content-Length=57",
            ]
        );
    }

    #[test]
    fn blanks_in_urls_and_types_do_no_harm() {
        let line = "http://a.example/a b 1.2.3.4 20020328143000 text/html; charset=x 5";
        let (fields, warnings) = fields_of(line, b"plain");
        assert_eq!(fields[0], "WARC-Target-URI=http://a.example/a b");
        assert_eq!(fields[3], "Content-Type=text/html; charset=x");
        assert_eq!(warnings, ["arc-url"]);
        let line = "http://a.example/ a.example 20020328143000 text/html 5 ";
        let (fields, warnings) = fields_of(line, b"");
        assert_eq!(
            fields[..2],
            ["WARC-Target-URI=http://a.example/", "WARC-Date=2002-03-28T14:30:00Z"]
        );
        assert_eq!(warnings, ["arc-address"]);
        let line = "http://a.example/ - 20021399143000 no-type 5";
        let (fields, warnings) = fields_of(line, b"");
        assert_eq!(fields[1], "Content-Type=application/octet-stream");
        assert_eq!(warnings, ["arc-date"]);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for line in [
            "",
            "http://a.example/",
            "http://a.example/ 1.2.3.4 20020328143000 text/html",
            "http://a.example/ 1.2.3.4 20020328143000 text/html -5",
            "http://a.example/ 1.2.3.4 yesterday text/html 5",
            "http://a.example/ somewhere 20020328 text/html 5",
            "http://a.example/ somewhere 20021399143000 text/html 5",
            "http://a.example/ 1.2.3.4 20020328143000 text/html 99999999999999999999",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn any_scheme_begins_a_record_once_the_file_is_known() {
        let own = b"metadata://a.example/setup.xml?job=1 10.0.0.1 20020328143000 text/xml 5\n";
        let (none, arc, warc) = (None, Some(Form::Arc), Some(Form::Warc));
        for (bytes, wanted) in [
            (&b"htt"[..], [true, true, false]),
            (b"filedesc://x.arc 0.0.0.0 2002", [true, true, false]),
            (own, [false, true, false]),
            (&own[..5], [false, true, false]),
            (b"metadata", [false, true, false]),
            (b"GET http://a.example/ 1.2.3.4 20020328143000 text/html 5\n", [false; 3]),
            (b"://a.example/ 1.2.3.4 20020328143000 text/html 5\n", [false; 3]),
            (b"a-scheme-of-more-than-thirty-two-bytes:x", [false; 3]),
            (b"metadata: and no line of ARC\n", [false; 3]),
        ] {
            let got = [none, arc, warc].map(|form| may_begin(bytes, form));
            assert_eq!(got, wanted, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in proptest::collection::vec(0u8.., 0..80)) {
            let _ = (may_begin(&line, None), may_begin(&line, Some(Form::Arc)), parse_line(&line));
        }

        #[test]
        fn any_text_like_a_line_is_read_or_refused(line in "(http://|dns:)[ -~é]{0,20} (1.2.3.4|-|0) [0-9]{7,18} [ -~]{0,30} [0-9]{1,22}") {
            if let Some(parsed) = parse_line(line.as_bytes()) {
                let _ = header_of(&parsed, line.into_bytes(), b"HTTP/1.1");
            }
        }
    }
}
