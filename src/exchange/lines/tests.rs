//! Lines of records made here.

use std::io::Write;

use super::*;
use crate::base::{DigestAlgorithm, Timestamp};
use crate::warc::{Compression, CountingIds, Packer, ReadOptions, Record, RecordIds, name, open};

struct Made {
    ids: CountingIds,
    out: Vec<u8>,
}

impl Made {
    fn new() -> Self {
        Self { ids: CountingIds::default(), out: Vec::new() }
    }

    /// Appends a record; its identifier.
    fn add(&mut self, kind: &str, url: &str, fields: &[(&str, &str)], block: &[u8]) -> String {
        let id = self.ids.next_id();
        let at = Timestamp::from_unix_seconds(1_762_300_800);
        let mut record =
            Record::build(&RecordKind::parse(kind), &id, at).field(name::TARGET_URI, url);
        for (name, value) in fields {
            record = record.field(name, value);
        }
        let record = record.block(block.to_vec());
        let mut packed = Packer::new(Compression::default()).pack(&record).unwrap();
        packed.write_to(&mut self.out).unwrap();
        id.to_string()
    }

    fn lines(&self, options: LineOptions) -> Vec<String> {
        let (lines, findings) = lines(&self.out, "a.warc.gz", options);
        assert_eq!(findings, []);
        lines
    }
}

/// The lines of a file, sorted, and what was found.
fn lines(bytes: &[u8], name: &str, options: LineOptions) -> (Vec<String>, Vec<Finding>) {
    // A file, since a stream is not read in parts.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut input = open(file.path(), &ReadOptions::default()).unwrap();
    let file = input.next_file().unwrap().unwrap();
    let (mut sorter, mut findings) = (Sorter::new(SortOptions::default()), Vec::new());
    let mut sink = |lines| sorter.absorb(lines);
    let mut found = |finding| findings.push(finding);
    let done = lines_of(file, name, &options, &mut sink, &mut found).unwrap();
    // Each call has a file of its own.
    findings.iter_mut().for_each(|finding| finding.file.clear());
    let (mut sorted, mut lines) = (sorter.finish().unwrap(), Vec::new());
    while let Some(line) = sorted.next_row().unwrap() {
        lines.push(String::from_utf8(line.to_vec()).unwrap());
    }
    assert_eq!(done.lines, lines.len() as u64);
    (lines, findings)
}

const RESPONSE: (&str, &str) = ("Content-Type", "application/http;msgtype=response");
const REQUEST: (&str, &str) = ("Content-Type", "application/http;msgtype=request");
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=x\r\n\r\nbody";

/// The line without its place, which depends on the packing.
fn bare(line: &str) -> String {
    let (start, rest) = line.split_once(", \"length\"").unwrap();
    let end = rest.split_once("\"filename\": \"a.warc.gz\"").unwrap().1;
    format!("{start}{end}")
}

#[test]
fn captures_and_resources_have_lines_and_notes_have_none() {
    let mut made = Made::new();
    made.add("warcinfo", "http://a.example/", &[], b"");
    made.add("response", "http://A.example:80/B", &[RESPONSE], OK);
    made.add("metadata", "http://a.example/", &[("Content-Type", "application/warc-fields")], b"");
    made.add("metadata", "http://a.example/m", &[("Content-Type", "application/json")], b"{}");
    made.add("resource", "file:///x y", &[("Content-Type", "text/plain; a")], b"x");
    made.add("conversion", "http://a.example/c", &[("Content-Type", "text/plain")], b"x");
    made.add("response", "dns:a.example", &[("Content-Type", "text/dns")], b"x");
    made.add("revisit", "http://a.example/r", &[RESPONSE, ("WARC-Payload-Digest", "sha1:X")], OK);
    made.add("revisit", "http://a.example/r", &[("WARC-Payload-Digest", "md5:X")], b"");
    let lines: Vec<String> =
        made.lines(LineOptions::default()).iter().map(|line| bare(line)).collect();
    let sha1 = |bytes: &[u8]| DigestAlgorithm::Sha1.digest(bytes).to_string();
    let mut wanted = [
        format!(
            "example,a)/b 20251105000000 {{\"url\": \"http://A.example:80/B\", \"mime\": \"Text/HTML\", \"status\": \"200\", \"digest\": \"{}\"}}",
            sha1(b"body")
        ),
        format!(
            "example,a)/m 20251105000000 {{\"url\": \"http://a.example/m\", \"mime\": \"application/json\", \"digest\": \"{}\"}}",
            sha1(b"{}")
        ),
        format!(
            "file:/x%20y 20251105000000 {{\"url\": \"file:///x%20y\", \"mime\": \"text/plain\", \"digest\": \"{}\"}}",
            sha1(b"x")
        ),
        format!(
            "dns:a.example 20251105000000 {{\"url\": \"dns:a.example\", \"mime\": \"text/dns\", \"digest\": \"{}\"}}",
            sha1(b"x")
        ),
        "example,a)/r 20251105000000 {\"url\": \"http://a.example/r\", \"mime\": \"warc/revisit\", \"status\": \"200\", \"digest\": \"sha1:X\"}".to_owned(),
        "example,a)/r 20251105000000 {\"url\": \"http://a.example/r\", \"mime\": \"warc/revisit\", \"digest\": \"md5:X\"}".to_owned(),
    ];
    wanted.sort();
    assert_eq!(lines, wanted);
}

#[test]
fn a_request_body_is_part_of_the_key_whichever_record_comes_first() {
    let post = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nz=1&a";
    let mut made = Made::new();
    let id = made.add("response", "http://a.example/p", &[RESPONSE], OK);
    made.add("request", "http://a.example/p", &[REQUEST, ("WARC-Concurrent-To", &id)], post);
    let id = made.add("request", "http://a.example/p", &[REQUEST], post);
    made.add("metadata", "http://a.example/p", &[("Content-Type", "application/warc-fields")], b"");
    made.add("revisit", "http://a.example/p", &[RESPONSE, ("WARC-Concurrent-To", &id)], OK);
    // Neither names the other, or the method has no body.
    made.add("response", "http://a.example/p", &[RESPONSE], OK);
    made.add("request", "http://a.example/p", &[REQUEST], post);
    let id = made.add("response", "http://a.example/p", &[RESPONSE], OK);
    let get = b"GET /p HTTP/1.1\r\n\r\n";
    made.add("request", "http://a.example/p", &[REQUEST, ("WARC-Concurrent-To", &id)], get);
    let lines = made.lines(LineOptions::default());
    let keys: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    let posted = "example,a)/p?__wb_method=post&a&z=1";
    assert_eq!(keys, ["example,a)/p", "example,a)/p", posted, posted]);
    assert!(
        lines[2].ends_with("\"requestBody\": \"z=1&a\", \"method\": \"POST\"}"),
        "{}",
        lines[2]
    );
    assert!(!lines[1].contains("method"));
}

#[test]
fn a_chunked_request_and_payload_are_read_without_their_chunks() {
    let post = b"PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    let mut made = Made::new();
    let id = made.add("response", "http://a.example/p", &[RESPONSE], chunked);
    made.add("request", "http://a.example/p", &[REQUEST, ("WARC-Concurrent-To", &id)], post);
    let options = LineOptions {
        digest: DigestChoice::Recompute(DigestAlgorithm::Sha256),
        ..Default::default()
    };
    let lines = made.lines(options);
    assert!(lines[0].starts_with("example,a)/p?__wb_method=put&a=1 "), "{}", lines[0]);
    let digest = DigestAlgorithm::Sha256.digest(b"body").to_string();
    assert!(lines[0].contains(&digest), "{}", lines[0]);
}

#[test]
fn lines_of_columns_have_bare_digests_and_dashes() {
    let mut made = Made::new();
    made.add("response", "http://a.example/", &[RESPONSE, ("WARC-Payload-Digest", "sha1:ABC")], OK);
    made.add("response", "http://a.example/e", &[RESPONSE], b"HTTP/1.1 204\r\n\r\n");
    let lines = made.lines(LineOptions { format: LineFormat::Cdx11, ..Default::default() });
    let columns: Vec<&str> = lines[0].split(' ').collect();
    assert_eq!(
        &columns[..8],
        ["example,a)/", "20251105000000", "http://a.example/", "Text/HTML", "200", "ABC", "-", "-"]
    );
    assert_eq!(columns.len(), 11);
    assert_eq!(lines[1].split(' ').nth(3), Some("-"));
}

#[test]
fn in_a_plain_file_the_line_ends_after_a_record_are_not_counted() {
    let record = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n\
         WARC-Date: 2025-11-05T00:00:00Z\r\nContent-Type: application/http\r\n\
         Content-Length: {}\r\n\r\n",
        OK.len()
    );
    let mut file = [record.as_bytes(), OK, b"\r\n\r\n"].concat();
    let length = file.len() - 4;
    file.extend_from_within(..);
    let (lines, _) = lines(&file, "a.warc", LineOptions::default());
    assert!(lines[1].contains(&format!("\"length\": \"{length}\"")), "{}", lines[1]);
    assert!(lines[1].contains(&format!("\"offset\": \"{}\"", length + 4)), "{}", lines[1]);
}

#[test]
fn a_file_read_by_several_threads_has_the_same_lines() {
    let mut made = Made::new();
    let mut state = 1_u64;
    for number in 0..600 {
        // Blocks that do not shrink, so that the file is long enough for several parts.
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(30_000)
        .collect();
        let url = format!("http://a.example/p/{}", number % 90);
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n";
        let id = made.add("response", &url, &[RESPONSE], &[head, noise.as_slice()].concat());
        let post = format!("POST /p HTTP/1.1\r\nContent-Length: 7\r\n\r\nn={number:05}");
        made.add("request", &url, &[REQUEST, ("WARC-Concurrent-To", &id)], post.as_bytes());
    }
    assert!(made.out.len() > 16 << 20, "{}", made.out.len());
    let whole = made.lines(LineOptions::default());
    assert_eq!(whole.len(), 600);
    assert!(whole.iter().all(|line| line.contains("\"method\": \"POST\"")));
    for threads in [2, 3, 4] {
        assert!(made.lines(LineOptions { threads, ..Default::default() }) == whole, "{threads}");
    }
    // A part of the file is damaged: the findings are the same as well.
    let (from, to) = (made.out.len() / 2 - 40_000, made.out.len() / 2 + 40_000);
    made.out[from..to].fill(b'x');
    let damaged = lines(&made.out, "a.warc.gz", LineOptions::default());
    assert!(!damaged.1.is_empty() && damaged.0.len() < 600);
    for threads in [2, 4] {
        let options = LineOptions { threads, ..Default::default() };
        assert!(lines(&made.out, "a.warc.gz", options) == damaged, "{threads}");
    }
}

#[test]
fn a_url_that_is_no_url_has_no_line_and_what_is_long_in_a_line_is_cut() {
    let mut made = Made::new();
    let long = "x".repeat(URL_BYTES_MAX);
    made.add("response", &format!("http://a.example/{long}"), &[RESPONSE], OK);
    let head = format!("HTTP/1.1 {long}1 OK\r\nContent-Type: {long}\r\n\r\n");
    let digest = format!("sha1:{long}");
    let fields = [RESPONSE, ("WARC-Payload-Digest", digest.as_str())];
    made.add("response", "http://a.example/", &fields, head.as_bytes());
    let (lines, findings) = lines(&made.out, "a.warc.gz", LineOptions::default());
    assert_eq!(findings.iter().map(|f| f.rule).collect::<Vec<_>>(), ["url-length"]);
    assert!(lines.len() == 1 && lines[0].len() < 700, "{}", lines[0].len());
}
