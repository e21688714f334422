//! Odd replies: whatever a server sends is stored as it was sent, and nothing of it is fatal.

use proptest::prelude::*;

use super::*;
use crate::http::BodyFraming::{Chunked, Close, Length, None as NoBody};
use crate::http::{BodyFraming, Truncated};

struct Reply {
    name: &'static str,
    bytes: Vec<u8>,
    method: Method,
    status: Option<u16>,
    framing: BodyFraming,
    interim: usize,
    surplus: usize,
    truncated: Option<Truncated>,
}

fn reply(
    name: &'static str,
    bytes: impl AsRef<[u8]>,
    status: impl Into<Option<u16>>,
    framing: BodyFraming,
) -> Reply {
    let (bytes, status) = (bytes.as_ref().to_vec(), status.into());
    let method = Method::Get;
    Reply { name, bytes, method, status, framing, interim: 0, surplus: 0, truncated: None }
}

impl Reply {
    fn head(mut self) -> Self {
        self.method = Method::Head;
        self
    }

    fn interim(mut self, count: usize) -> Self {
        self.interim = count;
        self
    }

    fn surplus(mut self, count: usize) -> Self {
        self.surplus = count;
        self
    }

    fn cut(mut self) -> Self {
        self.truncated = Some(Truncated::Disconnect);
        self
    }
}

/// The replies on which parsers were tried (51 of them), and a few more.
#[rustfmt::skip]
fn replies() -> Vec<Reply> {
    let ok = "HTTP/1.1 200 OK\r\n";
    let long = |n: usize| format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 2\r\n\r\nhi", "x".repeat(n));
    let many = |n: usize| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nhi", "X-Many: y\r\n".repeat(n));
    let gzipped = [&b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n"[..], &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0xc8, 4, 0, 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0]].concat();
    vec![
        reply("plain", format!("{ok}Content-Length: 5\r\n\r\nhello"), 200, Length(5)),
        reply("header case, order and spacing", format!("{ok}x-b:1\r\nX-A:   2  \r\nCONTENT-length:\t5\r\nX-b: 3\r\n\r\nhello"), 200, Length(5)),
        reply("gzip kept packed", gzipped, 200, Length(22)),
        reply("empty body", format!("{ok}Content-Length: 0\r\n\r\n"), 200, Length(0)),
        reply("no length", format!("{ok}\r\nto the close"), 200, Close),
        reply("chunked", format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 200, Chunked),
        reply("chunk extensions and trailers", format!("{ok}TRANSFER-encoding:  Chunked\r\nTrailer: X-T\r\n\r\n5;a=1;b=\"x\"\r\nhello\r\n0;last\r\nX-T: done\r\nX-U:  1\r\n\r\n"), 200, Chunked),
        reply("chunk sizes with zeros and blanks", format!("{ok}Transfer-Encoding: chunked\r\n\r\n0005  \r\nhello\r\n00\r\n\r\n"), 200, Chunked),
        reply("chunk framing with bare LF", format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n"), 200, Chunked),
        reply("chunk size that is none", format!("{ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello"), 200, Close),
        reply("bad chunk size halfway", format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nq\r\nrest"), 200, Chunked),
        reply("chunk longer than its size", format!("{ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n"), 200, Chunked),
        reply("called chunked, but plain", format!("{ok}Transfer-Encoding: chunked\r\n\r\n<html>plain</html>"), 200, Close),
        reply("cut in a chunk", format!("{ok}Transfer-Encoding: chunked\r\n\r\n10\r\nhello"), 200, Chunked).cut(),
        reply("cut between chunks", format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), 200, Chunked).cut(),
        reply("cut before the last line", format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"), 200, Chunked).cut(),
        reply("chunked twice", format!("{ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), 200, Chunked),
        reply("gzip, chunked", format!("{ok}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), 200, Chunked),
        reply("identity", format!("{ok}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("chunked and a length", format!("{ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 200, Chunked),
        reply("short body", format!("{ok}Content-Length: 50\r\n\r\nhello"), 200, Length(50)).cut(),
        reply("body longer than it says", format!("{ok}Connection: close\r\nContent-Length: 5\r\n\r\nhello and more"), 200, Length(5)).surplus(9),
        reply("surplus on a kept connection", format!("{ok}Content-Length: 5\r\n\r\nhello!!"), 200, Length(5)).surplus(2),
        reply("a second response unasked", format!("{ok}Content-Length: 0\r\n\r\n{ok}Content-Length: 0\r\n\r\n"), 200, Length(0)).surplus(38),
        reply("equal lengths twice", format!("{ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), 200, Length(5)),
        reply("a list of equal lengths", format!("{ok}Content-Length: 5, 5\r\n\r\nhello"), 200, Length(5)),
        reply("differing lengths", format!("{ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), 200, Close),
        reply("empty length", format!("{ok}Content-Length: \r\n\r\nhello"), 200, Close),
        reply("signed length", format!("{ok}Content-Length: +5\r\n\r\nhello"), 200, Close),
        reply("negative length", format!("{ok}Content-Length: -1\r\n\r\nhello"), 200, Close),
        reply("huge length", format!("{ok}Content-Length: 18446744073709551616\r\n\r\nhello"), 200, Close),
        reply("continue first", format!("HTTP/1.1 100 Continue\r\n\r\n{ok}Content-Length: 2\r\n\r\nhi"), 200, Length(2)).interim(1),
        reply("continue and early hints", format!("HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n{ok}Content-Length: 2\r\n\r\nhi"), 200, Length(2)).interim(2),
        reply("switching protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 101, NoBody),
        reply("answer to HEAD", format!("{ok}Content-Length: 500\r\n\r\n"), 200, NoBody).head(),
        reply("HEAD with a body all the same", format!("{ok}Connection: close\r\nContent-Length: 5\r\n\r\nhello"), 200, NoBody).head().surplus(5),
        reply("204", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, NoBody),
        reply("204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", 204, NoBody).surplus(2),
        reply("304 with a length", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 500\r\n\r\n", 304, NoBody),
        reply("no reason phrase", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("blank for a reason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("bytes for a reason", b"HTTP/1.1 404 \xe9\xff\r\nContent-Length: 2\r\n\r\nhi", 404, Length(2)),
        reply("status 999", "HTTP/1.1 999 Request denied\r\nContent-Length: 2\r\n\r\nhi", 999, Length(2)),
        reply("status 099", "HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nhi", 99, Length(2)),
        reply("status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nhi", None, Length(2)),
        reply("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, Close),
        reply("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("HTTP/2 as text", "HTTP/2 200\r\ncontent-length: 2\r\n\r\nhi", 200, Length(2)),
        reply("lower-case http", "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("ICY", "ICY 200 OK\r\nicy-name: x\r\n\r\nmusic", 200, Close),
        reply("HTTP/0.9", "<html>no head</html>", None, Close),
        reply("another protocol", "SSH-2.0-OpenSSH_9.2\r\n", None, Close),
        reply("blank lines first", format!("\r\n\r\n{ok}Content-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, Length(2)),
        reply("CR CR LF", "HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nhi", 200, Length(2)),
        reply("obsolete folding", format!("{ok}X-F: a\r\n  b\r\n\tc\r\nContent-Length:\r\n 2\r\n\r\nhi"), 200, Length(2)),
        reply("white space before the colon", format!("{ok}Content-Length : 2\r\nX \t: y\r\n\r\nhi"), 200, Length(2)),
        reply("a line without colon", format!("{ok}nonsense\r\nContent-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("a field without name", format!("{ok}: value\r\nContent-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("a name that is no token", format!("{ok}X(y): z\r\nContent-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("bytes in names and values", b"HTTP/1.1 200 OK\r\nX-\xc3\xa9: \xe9\xff\x80\r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("control characters and NUL", b"HTTP/1.1 200 OK\r\nX: a\x01b\x00c\r\nContent-Length: 2\r\n\r\nhi", 200, Length(2)),
        reply("a bare CR in a value", format!("{ok}X: a\rb\r\nContent-Length: 2\r\n\r\nhi"), 200, Length(2)),
        reply("150 fields", many(150), 200, Length(2)),
        reply("5000 fields", many(5000), 200, Length(2)),
        reply("64 KiB of one field", long(64 << 10), 200, Length(2)),
        reply("500 KiB of one field", long(500 << 10), 200, Length(2)),
        reply("cut head", format!("{ok}Content-Le"), 200, Close).cut(),
        reply("cut before the empty line", format!("{ok}Content-Length: 2\r\n"), 200, Close).cut(),
    ]
}

async fn check(reply: &Reply, step: usize) {
    let acts = vec![Act::Read, Act::Send(reply.bytes.clone(), step)];
    let site = Site::new(vec![acts]).await;
    let mut options = loopback();
    // Pieces of a slow machine may be late; what is surplus must still be seen.
    options.surplus_wait = Duration::from_secs(5);
    let capturer = Capturer::new(options, clock()).unwrap();
    let uri = site.uri("/odd?reply");
    let got = exchange(ask(&capturer, &uri, reply.method).await);
    let place = format!("{} in pieces of {step}", reply.name);
    let stored = all_bytes(&got.response);
    let all = [got.interim.concat(), stored.clone(), got.surplus.clone()].concat();
    // With a kept connection the reply ends where its framing says, and late surplus belongs to no exchange.
    let whole =
        if capturer.idle_connections() > 0 { &reply.bytes[..all.len()] } else { &reply.bytes };
    assert!(all == *whole, "{place}: {} is not {}", all.escape_ascii(), whole.escape_ascii());
    let late = reply.bytes.len() - all.len();
    assert_eq!(
        (
            got.shape.status,
            got.shape.framing,
            got.interim.len(),
            got.surplus.len() + late,
            got.truncated
        ),
        (reply.status, reply.framing, reply.interim, reply.surplus, reply.truncated),
        "{place}: {:?}",
        got.shape.warnings
    );
    assert_eq!(got.uri, uri);
    assert_eq!(got.peer, Some(site.address.ip()));
    assert_eq!((got.dns, got.tls), (None, None));
    drop(capturer);
    assert_eq!(site.requests(1).await, [got.request], "{place}: the request is what was sent");
}

#[tokio::test]
async fn what_a_server_sends_is_stored_byte_for_byte() {
    let replies = replies();
    assert!(replies.len() >= 51, "{}", replies.len());
    for reply in &replies {
        check(reply, usize::MAX).await;
    }
}

#[tokio::test]
async fn small_pieces_make_no_difference() {
    for reply in replies() {
        let step = if reply.bytes.len() > 10_000 { 1000 } else { 3 };
        check(&reply, step).await;
    }
}

#[tokio::test]
async fn odd_replies_leave_no_connection_behind() {
    for (bytes, kept) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..], 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;e\r\nhi\r\n0\r\nT: u\r\n\r\n", 1),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 1),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 1),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 0),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 0),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 0),
    ] {
        let mut acts = answer(bytes);
        acts.push(Act::Hold);
        let site = Site::new(vec![acts]).await;
        let capturer = Capturer::new(loopback(), clock()).unwrap();
        exchange(get(&capturer, &site.uri("/")).await);
        assert_eq!(capturer.idle_connections(), kept, "{}", bytes.escape_ascii());
    }
}

#[tokio::test]
async fn without_a_status_line_there_is_a_failure_with_what_came() {
    let cut = |bytes: &[u8]| vec![Act::Read, Act::Send(bytes.to_vec(), usize::MAX)];
    for (name, acts, received) in [
        ("nothing", vec![Act::Read], &b""[..]),
        ("half a word", cut(b"HT"), b"HT"),
        ("half a status line", cut(b"HTTP/1.1 200 O"), b"HTTP/1.1 200 O"),
        ("interim alone", cut(b"HTTP/1.1 100 C\r\n\r\n"), b"HTTP/1.1 100 C\r\n\r\n"),
    ] {
        let site = Site::new(vec![acts]).await;
        let capturer = Capturer::new(loopback(), clock()).unwrap();
        let got = failed(get(&capturer, &site.uri("/")).await);
        assert_eq!((got.kind, got.received.as_slice()), (FailureKind::Reset, received), "{name}");
        assert!(got.why.starts_with("the connection was closed before"), "{name}: {}", got.why);
        assert_eq!(got.peer, Some(site.address.ip()));
        assert_eq!(site.requests(1).await, [got.request], "{name}");
    }
    let site = Site::new(vec![vec![Act::Read, Act::Reset]]).await;
    let capturer = Capturer::new(loopback(), clock()).unwrap();
    let got = failed(get(&capturer, &site.uri("/")).await);
    assert_eq!(got.kind, FailureKind::Reset, "{}", got.why);
}

#[tokio::test]
async fn a_reset_in_the_body_is_a_cut_body() {
    let bytes = b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec();
    let acts = vec![
        Act::Read,
        Act::Send(bytes.clone(), usize::MAX),
        // Time for the bytes to be read: a reset also takes back what was not.
        Act::Pause(Duration::from_millis(100)),
        Act::Reset,
    ];
    let site = Site::new(vec![acts]).await;
    let capturer = Capturer::new(loopback(), clock()).unwrap();
    let got = exchange(get(&capturer, &site.uri("/")).await);
    assert_eq!(all_bytes(&got.response), bytes);
    assert_eq!(got.truncated, Some(Truncated::Disconnect));
    assert!(got.shape.warnings.iter().any(|w| w.starts_with("the connection broke")));
}

#[tokio::test]
async fn an_answer_before_the_request_is_read_is_still_an_answer() {
    let bytes = b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy".to_vec();
    let site = Site::new(vec![vec![Act::Send(bytes.clone(), usize::MAX), Act::Hold]]).await;
    let capturer = Capturer::new(loopback(), clock()).unwrap();
    let got = exchange(get(&capturer, &site.uri("/")).await);
    assert_eq!((got.shape.status, all_bytes(&got.response)), (Some(503), bytes));
}

/// Streams that look enough like responses to reach every way an exchange can go.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        &b"HTTP/1.1 200 OK\r\n"[..],
        b"HTTP/1.1 100 C\r\n\r\n",
        b"HTTP/1.0 404\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"hello",
        b"\xff\x00",
    ]);
    prop::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_byte_is_lost_or_added_whatever_comes(bytes in stream(), step in 1usize..30, cut in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let end = if cut { Act::Reset } else { Act::Hold };
        let acts = vec![Act::Read, Act::Send(bytes.clone(), step), end];
        let (captured, kept) = runtime.block_on(async {
            let pipes = Pipes::new(vec![acts]);
            let capturer = on_pipes(CaptureOptions::default(), &pipes);
            let uri = TargetUri::parse("http://a.example/").unwrap();
            (get(&capturer, &uri).await, capturer.idle_connections())
        });
        let got = match captured {
            Captured::Failed(failure) => failure.received,
            Captured::Exchange(got) => {
                let response = all_bytes(&got.response);
                prop_assert!(got.shape.head_len <= response.len() as u64);
                [got.interim.concat(), response, got.surplus].concat()
            }
        };
        // What comes late on a connection that is kept belongs to no exchange.
        prop_assert!(bytes.starts_with(&got));
        prop_assert!(kept == 1 || got == bytes, "{} of {}", got.escape_ascii(), bytes.escape_ascii());
    }
}
