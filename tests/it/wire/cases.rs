//! The table of odd replies.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use crate::support::raw::Then;

/// The expected result of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A response record, with this `WARC-Truncated`.
    Kept(Option<&'static str>),
    /// The report of a failure, with this reason.
    Failed(&'static str),
}

/// One odd reply.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    /// Each interim response.
    pub interim: Vec<Vec<u8>>,
    /// The final response; for a failure, the bytes received.
    pub response: Vec<u8>,
    /// What follows it.
    pub surplus: Vec<u8>,
    pub then: Then,
    pub expect: Expect,
    /// The payload, where the transfer coding changes it.
    pub payload: Option<Vec<u8>>,
}

impl Case {
    /// Every byte that is sent.
    pub fn sent(&self) -> Vec<u8> {
        [self.interim.concat(), self.response.clone(), self.surplus.clone()].concat()
    }

    fn new(name: &'static str, response: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            interim: Vec::new(),
            response: response.into(),
            surplus: Vec::new(),
            then: Then::Close,
            expect: Expect::Kept(None),
            payload: None,
        }
    }

    fn kept_alive(mut self) -> Self {
        self.then = Then::Keep;
        self
    }

    fn cut(mut self) -> Self {
        self.expect = Expect::Kept(Some("disconnect"));
        self
    }

    fn failed(mut self, reason: &'static str) -> Self {
        self.expect = Expect::Failed(reason);
        self
    }

    fn after(mut self, interim: &[&str]) -> Self {
        self.interim = interim.iter().map(|i| i.as_bytes().to_vec()).collect();
        self
    }

    fn followed_by(mut self, surplus: &str) -> Self {
        self.surplus = surplus.as_bytes().to_vec();
        self
    }

    fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = Some(payload.into());
        self
    }
}

/// A body that no other case has, so that none becomes a revisit of another.
fn body(name: &str) -> String {
    format!("<p>The body of {name}.</p>\n")
}

/// `{name}` and `{len}` stand for the body and its length.
fn text(name: &'static str, template: &str) -> Case {
    let body = body(name);
    Case::new(name, template.replace("{len}", &body.len().to_string()).replace("{body}", &body))
}

/// Bytes that compress badly, always the same.
fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    (0..length)
        .map(|_| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed.to_be_bytes()[0]
        })
        .collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Head and body as one.
fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let mut out = head.replace("{len}", &body.len().to_string()).into_bytes();
    out.extend_from_slice(body);
    out
}

fn chunks(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in bytes.chunks(size) {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

/// Every case.
pub fn all() -> Vec<Case> {
    [heads(), lengths(), chunked(), coded(), interim(), statuses(), nonsense(), large()].concat()
}

fn heads() -> Vec<Case> {
    let fields = |count: usize| {
        (0..count).map(|n| format!("X-Field-{n}: value {n}\r\n")).collect::<String>()
    };
    vec![
        text("plain", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len}\r\n\r\n{body}")
            .kept_alive(),
        text("case", "HTTP/1.1 200 OK\r\ncOnTeNt-TYPE: text/html\r\nCONTENT-length: {len}\r\nx-lower: A\r\nX-UPPER: b\r\n\r\n{body}")
            .kept_alive(),
        text("order", "HTTP/1.1 200 OK\r\nZ: 1\r\nContent-Length: {len}\r\nA: 2\r\nM: 3\r\nContent-Type: text/html\r\n\r\n{body}")
            .kept_alive(),
        text("spacing", "HTTP/1.1 200 OK\r\nContent-Type:text/html\r\nX-Three:   a   b   \r\nX-Tab:\t\tc\t\r\nX-Empty:\r\nX-Blank: \r\nContent-Length:{len}\r\n\r\n{body}"),
        text("space-before-colon", "HTTP/1.1 200 OK\r\nX-Odd : a\r\nContent-Type\t: text/html\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("repeats", "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2\r\nX: 1\r\nSet-Cookie: a=1\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("obs-fold", "HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b\r\n\tc\r\nContent-Type: text/html;\r\n charset=utf-8\r\nContent-Length: {len}\r\n\r\n{body}"),
        Case::new("not-utf-8", whole("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\nX-Latin: ", b"").into_iter()
            .chain(*b"caf\xe9\xff\xfe\r\nContent-Type: text/html\r\n\r\n").collect::<Vec<u8>>()),
        Case::new("latin-1-reason", [b"HTTP/1.1 200 Tr\xe8s bien\r\nContent-Length: 22\r\n\r\n".as_slice(), b"body of latin-1 reason"].concat()),
        text("utf-8-name", "HTTP/1.1 200 OK\r\nÜber-Feld: größer\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("bare-lf", "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len}\n\n{body}"),
        text("mixed-line-ends", "HTTP/1.1 200 OK\nContent-Type: text/html\r\nX: y\nContent-Length: {len}\r\n\n{body}"),
        text("no-reason", "HTTP/1.1 200\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("empty-reason", "HTTP/1.1 200 \r\nContent-Length: {len}\r\n\r\n{body}").kept_alive(),
        text("long-reason", &format!("HTTP/1.1 200 {}\r\nContent-Length: {{len}}\r\n\r\n{{body}}", "so very ".repeat(500))),
        text("double-spaces", "HTTP/1.1  200  OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("blank-lines-first", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("nul-in-value", "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("cr-in-value", "HTTP/1.1 200 OK\r\nX-Cr: a\rb\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("no-colon", "HTTP/1.1 200 OK\r\nthis line has none\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("empty-name", "HTTP/1.1 200 OK\r\n: nameless\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("many-fields", &format!("HTTP/1.1 200 OK\r\n{}Content-Length: {{len}}\r\n\r\n{{body}}", fields(1_000))),
        text("header-of-64-kib", &format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: {{len}}\r\n\r\n{{body}}", "x".repeat(64 << 10))),
        text("head-cut-in-a-field", "HTTP/1.1 200 OK\r\nX-Case: head cut in a field\r\nContent-Type: te").cut(),
        text("head-cut-after-a-line", "HTTP/1.1 200 OK\r\nX-Case: head cut after a line\r\n").cut(),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        text("http-1.0", "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{body}"),
        text(
            "http-1.0-kept",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: {len}\r\n\r\n{body}",
        )
        .kept_alive(),
        text("until-close", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}"),
        text("until-close-and-empty", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
        text("length-nought", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").kept_alive(),
        text("body-cut", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{body}").cut(),
        text("body-missing", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n").cut(),
        text("length-too-short", "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}")
            .followed_by("and more than that"),
        text("two-responses", "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}")
            .followed_by("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        text("length-negative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{body}"),
        text("length-no-number", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{body}"),
        text(
            "length-beyond-all-numbers",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n{body}",
        ),
        text(
            "length-twice",
            "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\nContent-Length: {len}\r\n\r\n{body}",
        ),
        text("length-in-a-list", "HTTP/1.1 200 OK\r\nContent-Length: {len}, {len}\r\n\r\n{body}"),
        text(
            "lengths-differ",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n{body}",
        ),
    ]
}

fn chunked() -> Vec<Case> {
    const HEAD: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
    let with = |name, rest: &str| Case::new(name, format!("{HEAD}{rest}"));
    vec![
        with("chunks", "7\r\nchunks:\r\n5\r\n five\r\n0\r\n\r\n").kept_alive().payload("chunks: five"),
        with("chunk-extensions", "A;a=1;b=\"q;\\\"\"\r\nextensions\r\n1;\r\n!\r\n0;last\r\n\r\n").payload("extensions!"),
        with("chunk-trailers", "8\r\ntrailers\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n").payload("trailers"),
        with("chunk-sizes-odd", "00000A\r\nsizes odd:\r\n0b\r\n hexadecima\r\n1  \r\nl\r\n000\r\n\r\n")
            .payload("sizes odd: hexadecimal"),
        with("chunk-bare-lf", "7\nbare lf\n0\n\n").payload("bare lf"),
        with("chunk-empty", "0\r\n\r\n").kept_alive().payload(""),
        with("chunk-cut", "40\r\ncut inside").cut().payload("cut inside"),
        with("chunk-cut-before-the-last", "6\r\nno end\r\n").cut().payload("no end"),
        with("chunk-cut-in-a-size", "3\r\nsiz\r\n1").cut().payload("siz"),
        with("chunk-cut-in-a-trailer", "7\r\ntrailer\r\n0\r\nX-Hal").cut().payload("trailer"),
        with("chunk-size-no-number", "zz\r\nnot chunked at all"),
        Case::new("chunked-and-length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nboth\r\n0\r\n\r\n")
            .payload("both"),
        Case::new("chunked-in-capitals", "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING:  Chunked \r\n\r\n8\r\ncapitals\r\n0\r\n\r\n")
            .payload("capitals"),
        text("identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: {len}\r\n\r\n{body}"),
        with("chunked-then-more", "4\r\nmore\r\n0\r\n\r\n").payload("more").followed_by("GARBAGE"),
    ]
}

fn coded() -> Vec<Case> {
    let packed = gzip(body("gzip").as_bytes());
    let packed_chunks = gzip(body("gzip-in-chunks").as_bytes());
    let mut broken = gzip(body("gzip-broken").as_bytes());
    let end = broken.len() - 6;
    broken[end] ^= 0xff;
    let transfer = gzip(body("gzip-as-transfer-coding").as_bytes());
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n";
    vec![
        Case::new("gzip", whole(&format!("{head}Content-Length: {{len}}\r\n\r\n"), &packed))
            .kept_alive()
            .payload(packed.clone()),
        Case::new(
            "gzip-in-chunks",
            whole(&format!("{head}Transfer-Encoding: chunked\r\n\r\n"), &chunks(&packed_chunks, 9)),
        )
        .payload(packed_chunks.clone()),
        Case::new("gzip-broken", whole(&format!("{head}Content-Length: {{len}}\r\n\r\n"), &broken)),
        Case::new(
            "gzip-that-is-none",
            whole(
                &format!("{head}Content-Length: {{len}}\r\n\r\n"),
                b"plain text, whatever the head says",
            ),
        ),
        Case::new(
            "deflate",
            whole(
                "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: {len}\r\n\r\n",
                &deflate(body("deflate").as_bytes()),
            ),
        ),
        Case::new(
            "unknown-coding",
            whole(
                "HTTP/1.1 200 OK\r\nContent-Encoding: moth\r\nContent-Length: {len}\r\n\r\n",
                b"body in an unknown coding",
            ),
        ),
        Case::new(
            "gzip-as-transfer-coding",
            whole(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                &chunks(&transfer, 16),
            ),
        )
        .payload(body("gzip-as-transfer-coding").into_bytes()),
    ]
}

fn interim() -> Vec<Case> {
    let plain = "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}";
    vec![
        text("continue", plain).after(&["HTTP/1.1 100 Continue\r\n\r\n"]).kept_alive(),
        text("early-hints", plain).after(&[
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </b.css>; rel=preload\r\n\r\n",
        ]),
        text("processing-bare-lf", plain)
            .after(&["HTTP/1.1 102 Processing\n\n", "HTTP/1.1 199\r\n\r\n"]),
        Case { interim: Vec::new(), ..Case::new("only-continue", "HTTP/1.1 100 Continue\r\n\r\n") }
            .failed("reset"),
        Case::new("switching-protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    ]
}

fn statuses() -> Vec<Case> {
    let mut cases = vec![
        text("204", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n").kept_alive(),
        text("204-with-a-body", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n")
            .followed_by("body"),
        text("304-unasked", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n").kept_alive(),
        text("304-with-a-length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4000\r\n\r\n")
            .kept_alive(),
        text("302-without-location", "HTTP/1.1 302 Found\r\nContent-Length: {len}\r\n\r\n{body}"),
        text(
            "302-to-nonsense",
            "HTTP/1.1 302 Found\r\nLocation: http://[::bad\r\nContent-Length: {len}\r\n\r\n{body}",
        ),
        text("status-999", "HTTP/1.1 999 Request denied\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("status-099", "HTTP/1.1 099 Low\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("status-of-letters", "HTTP/1.1 abc OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("status-of-four", "HTTP/1.1 2000 OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("http-2.0", "HTTP/2.0 200 OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        text("http-9.9", "HTTP/9.9 200 OK\r\nContent-Length: {len}\r\n\r\n{body}"),
    ];
    for (name, line) in [
        ("205", "205 Reset Content"),
        ("206", "206 Partial Content"),
        ("300", "300 Multiple Choices"),
        ("401", "401 Unauthorized"),
        ("404", "404 Not Found"),
        ("410", "410 Gone"),
        ("451", "451 Unavailable For Legal Reasons"),
        ("500", "500 Internal Server Error"),
    ] {
        cases.push(text(
            name,
            &format!("HTTP/1.1 {line}\r\nContent-Length: {{len}}\r\n\r\n{{body}}"),
        ));
    }
    cases
}

fn nonsense() -> Vec<Case> {
    vec![
        text("no-status-line", "this is no HTTP at all: {body}"),
        text("http-0.9", "<html><title>nought point nine</title>{body}</html>"),
        text("icy", "ICY 200 OK\r\nicy-name: {body}\r\n\r\nmusic"),
        text("lower-case", "http/1.1 200 ok\r\ncontent-length: {len}\r\n\r\n{body}"),
        text("byte-order-mark", "\u{feff}HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}"),
        Case::new("binary", noise(3_000, 7)),
        Case::new("one-byte", "x"),
        Case::new("empty-reply", "").failed("reset"),
        Case::new("half-a-status-line", "HTTP/1.1 20").failed("reset"),
        Case::new("blank-lines-only", "\r\n\r\n\r\n").failed("reset"),
    ]
}

/// Longer than the limit of data held in memory.
fn large() -> Vec<Case> {
    let (a, b, c) = (noise(3 << 20, 1), noise(2 << 20, 2), noise(2 << 20, 3));
    let mut cut = whole("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", &noise(2 << 20, 4));
    cut.extend_from_slice(b"the end that is none");
    vec![
        Case::new(
            "large",
            whole(
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {len}\r\n\r\n",
                &a,
            ),
        )
        .kept_alive()
        .payload(a.clone()),
        Case::new(
            "large-in-chunks",
            whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunks(&b, 70_001)),
        )
        .payload(b),
        Case::new("large-until-close", whole("HTTP/1.1 200 OK\r\n\r\n", &c)).payload(c.clone()),
        Case::new("large-and-cut", cut).cut(),
    ]
}
