use super::*;
use crate::http::head::Head;
use proptest::prelude::*;

/// Everything that can be known of a stream, fed in pieces of `step` bytes.
fn read(
    bytes: &[u8],
    method: Method,
    limits: HeadLimits,
    steps: &[usize],
) -> (Vec<usize>, usize, Step, Ending, ResponseShape, bool) {
    let mut reader = ResponseReader::new(method, limits);
    let (mut interim, mut at, mut last) = (Vec::new(), 0, Step::More);
    let mut sizes = steps.iter().copied().cycle();
    let mut start = 0;
    'stream: while start < bytes.len() {
        let end = bytes.len().min(start + sizes.next().unwrap_or(1).max(1));
        let mut piece = &bytes[start..end];
        start = end;
        while !piece.is_empty() {
            let progress = reader.feed(piece);
            at += progress.consumed;
            piece = &piece[progress.consumed..];
            last = progress.step;
            match last {
                Step::Interim => interim.push(at),
                Step::Done | Step::HeadTooLong => break 'stream,
                Step::More => assert!(piece.is_empty(), "More leaves nothing over"),
            }
        }
    }
    (interim, at, last, reader.finish(), reader.shape(), reader.keeps_alive())
}

struct Case {
    bytes: &'static [u8],
    method: Method,
    status: Option<u16>,
    framing: BodyFraming,
    surplus: usize,
    ending: Ending,
    reusable: bool,
}

macro_rules! case {
    ($bytes:expr, $method:ident, $status:expr, $framing:expr, $surplus:expr, $ending:ident, $reusable:expr) => {
        Case {
            bytes: $bytes,
            method: Method::$method,
            status: $status,
            framing: $framing,
            surplus: $surplus,
            ending: Ending::$ending,
            reusable: $reusable,
        }
    };
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    use BodyFraming::{Chunked, Close, Length, None as Nothing};
    vec![
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Get, Some(200), Length(5), 0, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Get, Some(200), Length(0), 0, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloXX", Get, Some(200), Length(5), 2, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Get, Some(200), Length(9), 0, Cut, false),
        case!(b"HTTP/1.1 200 OK\r\nConnection: X, Close\r\nContent-Length: 1\r\n\r\nh", Get, Some(200), Length(1), 0, Complete, false),
        case!(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nh", Get, Some(200), Length(1), 0, Complete, false),
        case!(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nh", Get, Some(200), Length(1), 0, Complete, true),
        case!(b"HTTP/1.2 200 OK\r\nContent-Length: 1\r\n\r\nh", Get, Some(200), Length(1), 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nT: u\r\n\r\nHTTP", Get, Some(200), Chunked, 4, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", Get, Some(200), Chunked, 0, Cut, false),
        case!(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n", Get, Some(200), Chunked, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nplain text\r\n", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\nrest", Get, Some(200), Chunked, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Get, Some(200), Chunked, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Get, Some(200), Chunked, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", Get, Some(200), Length(2), 0, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Get, Some(200), Chunked, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", Get, Some(200), Length(2), 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", Get, Some(200), Length(2), 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi there", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhi", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\n\r\nto the close", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Head, Some(200), Nothing, 0, Complete, true),
        case!(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Head, Some(200), Nothing, 5, Complete, true),
        case!(b"HTTP/1.1 204 No Content\r\n\r\n", Get, Some(204), Nothing, 0, Complete, true),
        case!(b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", Get, Some(204), Nothing, 3, Complete, false),
        case!(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 300\r\n\r\n", Get, Some(304), Nothing, 0, Complete, true),
        case!(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x01\x02", Get, Some(101), Nothing, 2, Complete, false),
        case!(b"HTTP/1.1 200 Connected\r\n\r\n\x16\x03", Connect, Some(200), Nothing, 2, Complete, true),
        case!(b"HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno", Connect, Some(407), Length(2), 0, Complete, true),
        case!(b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", Get, Some(200), Length(1), 0, Complete, true),
        case!(b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Get, Some(200), Length(1), 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\r\nContent-Length: 1\r\r\n\r\r\nx", Get, Some(200), Length(1), 0, Complete, true),
        case!(b"HTTP/1.1 nonsense\r\nContent-Length: 1\r\n\r\nx", Get, None, Length(1), 0, Complete, false),
        case!(b"<html>no head at all</html>", Get, None, Close, 0, Complete, false),
        case!(b"HTTPS is not it", Get, None, Close, 0, Complete, false),
        case!(b"ICY 200 OK\r\n\r\nmusic", Get, Some(200), Close, 0, Complete, false),
        case!(b"HTTP/1.1 200 OK\r\nCut: he", Get, Some(200), Close, 0, Cut, false),
        case!(b"HTTP/1.1 200 O", Get, Some(200), Close, 0, NoStatusLine, false),
        case!(b"HT", Get, None, Close, 0, NoStatusLine, false),
        case!(b"", Get, None, Close, 0, NoStatusLine, false),
        case!(b"HTTP/1.1 100 Continue\r\n\r\n", Get, None, Close, 0, NoStatusLine, false),
        case!(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Get, Some(200), Length(1), 0, Complete, true),
    ]
}

#[test]
fn the_end_of_a_response_is_found_however_it_is_cut_into_pieces() {
    for case in cases() {
        for step in [1, 2, 5, 17, 4096] {
            let (_, at, _, ending, shape, reusable) =
                read(case.bytes, case.method, HeadLimits::default(), &[step]);
            let consumed = case.bytes.len() - case.surplus;
            assert_eq!(
                (shape.status, shape.framing, at, ending, reusable),
                (case.status, case.framing, consumed, case.ending, case.reusable),
                "{} in steps of {step}: {:?}",
                case.bytes.escape_ascii(),
                shape.warnings
            );
        }
    }
}

#[test]
fn each_interim_response_is_delimited_on_its_own() {
    let bytes =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
    let (interim, at, last, ..) = read(bytes, Method::Get, HeadLimits::default(), &[3]);
    assert_eq!((interim, at, last), (vec![25, 59], bytes.len(), Step::Done));
}

#[test]
fn a_head_over_the_limit_is_given_up_at_the_limit() {
    let limits = HeadLimits { header_bytes_max: 40 };
    for step in [1, 7, 100] {
        let bytes = b"HTTP/1.1 200 OK\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
        let (_, at, last, ending, shape, _) = read(bytes, Method::Get, limits, &[step]);
        assert_eq!((at, last, ending), (40, Step::HeadTooLong, Ending::Cut));
        assert_eq!((shape.status, shape.head_len), (Some(200), 40));
        // Interim responses without end count as well.
        let endless = b"HTTP/1.1 100 C\r\n\r\n".repeat(5);
        let (interim, at, last, ..) = read(&endless, Method::Get, limits, &[step]);
        assert_eq!((interim.len(), at, last), (2, 40, Step::HeadTooLong));
    }
}

#[test]
fn a_long_lead_of_blank_lines_costs_linear_time() {
    let mut bytes = b"\r\n".repeat(200_000);
    bytes.extend_from_slice(b"HTTP/1.1 200 OK\r\nX: ");
    bytes.extend(std::iter::repeat_n(b'x', 400_000));
    bytes.extend_from_slice(b"\r\nContent-Length: 0\r\n\r\n");
    let (_, at, last, ..) = read(&bytes, Method::Get, HeadLimits::default(), &[1]);
    assert_eq!((at, last), (bytes.len(), Step::Done));
}

#[test]
fn the_shape_of_stored_bytes_counts_interim_heads_to_the_head() {
    let bytes = b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let shape = shape_of(bytes, Method::Get);
    assert_eq!((shape.status, shape.head_len), (Some(200), bytes.len() as u64 - 2));
}

/// Streams that look enough like responses to reach every state.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"HTTP/1.1 200 OK\r\n"[..],
        b"HTTP/1.1 100 C\r\n\r\n",
        b"HTTP/1.1 204 N\r\n",
        b"http/1.0 304\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 7, 7\r\n",
        b"Content-Length: x\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Connection: close\r\n",
        b" folded\r\n",
        b"odd\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"5\r\nhello\r\n",
        b"5;e\nhello\n",
        b"0\r\n\r\n",
        b"ff\r\n",
        b"T: r\r\n",
        b"\x00\xff",
        b"hello",
    ]);
    let odd = prop::collection::vec(any::<u8>(), 0..6);
    prop::collection::vec(prop_oneof![8 => word.prop_map(<[u8]>::to_vec), 1 => odd], 0..14)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_result_does_not_depend_on_the_pieces(
        bytes in stream(),
        steps in prop::collection::vec(1usize..9, 1..6),
        method in prop::sample::select(vec![Method::Get, Method::Head]),
        max in prop::sample::select(vec![10usize, 60, 1 << 20]),
    ) {
        let limits = HeadLimits { header_bytes_max: max };
        let whole = read(&bytes, method, limits, &[usize::MAX / 2]);
        prop_assert_eq!(&read(&bytes, method, limits, &steps), &whole);
        prop_assert_eq!(&read(&bytes, method, limits, &[1]), &whole);
    }

    #[test]
    fn head_parser_and_framing_agree_on_the_end_of_the_head(bytes in stream()) {
        let mut reader = ResponseReader::new(Method::Head, HeadLimits::default());
        let progress = reader.feed(&bytes);
        if progress.step == Step::Done {
            let head = Head::parse(&bytes);
            prop_assert_eq!(head.as_bytes().len() as u64, reader.shape().head_len);
            prop_assert_eq!(Some(&head), reader.head());
        }
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = shape_of(&bytes, Method::Get);
        let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        response.extend_from_slice(&bytes);
        let shape = shape_of(&response, Method::Get);
        let total: usize = crate::http::slices(&response, &shape).map(<[u8]>::len).sum();
        prop_assert!(total <= bytes.len());
    }
}
