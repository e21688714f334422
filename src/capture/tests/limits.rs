//! Limits of bytes and time. Time is tokio's and paused, so a minute of waiting takes none.

use std::io::Read;

use super::*;
use crate::http::{Truncated, payload_of};

fn uri() -> TargetUri {
    TargetUri::parse("http://slow.example/").unwrap()
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

async fn capture(options: CaptureOptions, acts: Vec<Act>) -> Captured {
    let pipes = Pipes::new(vec![acts]);
    get(&on_pipes(options, &pipes), &uri()).await
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drips_is_cut_off_by_the_floor() {
    let acts = vec![
        Act::Read,
        Act::Send(HEAD.to_vec(), usize::MAX),
        Act::Endless(b"x".to_vec(), Duration::from_millis(100)),
    ];
    let got = exchange(capture(CaptureOptions::default(), acts).await);
    assert_eq!(got.truncated, Some(Truncated::Time));
    assert!(got.shape.warnings.contains(&"the server sends too slowly".to_owned()));
    // One window of 20 s, at ten bytes a second.
    assert!((190..=210).contains(&(got.response.len() - HEAD.len() as u64)), "{:?}", got.response);
    assert!(got.timing.total >= Duration::from_secs(19), "{:?}", got.timing);
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_above_the_floor_is_waited_for() {
    let body = vec![b'x'; 30_000];
    let mut acts = vec![
        Act::Read,
        Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n".to_vec(), 99),
    ];
    for piece in body.chunks(3_000) {
        acts.extend([Act::Pause(Duration::from_secs(12)), Act::Send(piece.to_vec(), usize::MAX)]);
    }
    let got = exchange(capture(CaptureOptions::default(), acts).await);
    assert_eq!((got.truncated, got.response.len()), (None, 42 + 30_000));
    assert!(got.timing.total >= Duration::from_secs(120), "{:?}", got.timing);
}

#[tokio::test(start_paused = true)]
async fn silence_before_the_status_line_is_a_timeout() {
    let begun = Instant::now();
    let got = failed(capture(CaptureOptions::default(), vec![Act::Read, Act::Hold]).await);
    assert_eq!(got.kind, FailureKind::Timeout);
    assert!(
        begun.elapsed() >= Duration::from_secs(30) && begun.elapsed() < Duration::from_secs(31)
    );
    assert!(!got.request.is_empty());
    // A few bytes and then silence: the floor ends it.
    let acts = vec![Act::Read, Act::Send(b"HTTP/1.".to_vec(), usize::MAX), Act::Hold];
    let got = failed(capture(CaptureOptions::default(), acts).await);
    assert_eq!((got.kind, got.received.as_slice()), (FailureKind::Timeout, &b"HTTP/1."[..]));
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_body_is_a_cut_body() {
    let acts = vec![Act::Read, Act::Send([HEAD, b"hello"].concat(), usize::MAX), Act::Hold];
    let got = exchange(capture(CaptureOptions::default(), acts).await);
    assert_eq!(got.truncated, Some(Truncated::Time));
    assert_eq!(all_bytes(&got.response), [HEAD, b"hello"].concat());
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_ends_at_the_limit_of_bytes() {
    for (head, declared) in [
        (&b"HTTP/1.1 200 OK\r\n\r\n"[..], "no length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "a length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", "a chunk"),
    ] {
        let options = CaptureOptions { response_bytes_max: 3_000_001, ..CaptureOptions::default() };
        let acts = vec![
            Act::Read,
            Act::Send(head.to_vec(), usize::MAX),
            Act::Endless(vec![b'x'; 7_000], Duration::ZERO),
        ];
        let got = exchange(capture(options, acts).await);
        assert_eq!(
            (got.truncated, got.response.len()),
            (Some(Truncated::Length), 3_000_001),
            "{declared}"
        );
        assert!(got.surplus.is_empty());
        assert!(matches!(got.response, Stored::File(..)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_ends_at_the_limit_is_whole() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for (max, truncated) in
        [(43, None), (42, Some(Truncated::Length)), (10, Some(Truncated::Length))]
    {
        let options = CaptureOptions { response_bytes_max: max, ..CaptureOptions::default() };
        let got = exchange(capture(options, answer(bytes.as_slice())).await);
        let kept = bytes.len().min(usize::try_from(max).unwrap());
        assert_eq!((got.truncated, all_bytes(&got.response)), (truncated, bytes[..kept].to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_that_is_fast_ends_at_the_limit_of_time() {
    let acts = vec![
        Act::Read,
        Act::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), usize::MAX),
        Act::Endless(vec![b'x'; 1000], Duration::from_millis(500)),
    ];
    let begun = Instant::now();
    let got = exchange(capture(CaptureOptions::default(), acts).await);
    assert_eq!(got.truncated, Some(Truncated::Time));
    assert!(
        begun.elapsed() >= Duration::from_mins(10) && begun.elapsed() < Duration::from_secs(601)
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_stops_at_its_limit() {
    let options = CaptureOptions { header_bytes_max: 100_000, ..CaptureOptions::default() };
    for (start, status) in [(&b"HTTP/1.1 200 OK\r\n"[..], Some(200)), (b"HTTP/1.1 200 ", Some(200))]
    {
        let acts = vec![
            Act::Read,
            Act::Send(start.to_vec(), usize::MAX),
            Act::Endless(b"X-Bomb: yyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".to_vec(), Duration::ZERO),
        ];
        let got = exchange(capture(options.clone(), acts).await);
        assert_eq!((got.truncated, got.response.len()), (Some(Truncated::Length), 100_000));
        assert_eq!((got.shape.status, got.shape.head_len), (status, 100_000));
    }
    // Interim responses without end are a head without end.
    let acts = vec![Act::Read, Act::Endless(b"HTTP/1.1 100 C\r\n\r\n".to_vec(), Duration::ZERO)];
    let got = exchange(capture(options, acts).await);
    assert_eq!(got.truncated, Some(Truncated::Length));
    let total: usize = got.interim.iter().map(Vec::len).sum();
    assert!(total <= 100_000 && total > 99_900, "{total}");
}

#[tokio::test(start_paused = true)]
async fn surplus_is_kept_up_to_its_limit() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec();
    bytes.extend(vec![b'y'; 500_000]);
    let got = exchange(capture(CaptureOptions::default(), answer(bytes)).await);
    assert_eq!((got.surplus.len(), got.truncated), (64 << 10, None));
    assert!(got.shape.warnings.iter().any(|warning| warning.starts_with("more than 65536 bytes")));
}

#[tokio::test]
async fn a_big_body_goes_to_a_file_and_comes_back_whole() {
    let piece: Vec<u8> = (0..=250u8).cycle().take(1 << 16).collect();
    let pieces = 160; // 10 MiB
    let mut acts = vec![Act::Read];
    let length = piece.len() * pieces;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    acts.push(Act::Send(head.clone().into_bytes(), usize::MAX));
    acts.extend((0..pieces).map(|_| Act::Send(piece.clone(), usize::MAX)));
    let site = Site::new(vec![acts]).await;
    let dir = tempfile::tempdir().unwrap();
    let mut options = loopback();
    options.spool_dir = Some(dir.path().to_owned());
    let capturer = Capturer::new(options, clock()).unwrap();
    let got = exchange(get(&capturer, &site.uri("/big")).await);
    assert!(matches!(got.response, Stored::File(..)));
    assert_eq!((got.response.len(), got.truncated), ((head.len() + length) as u64, None));
    // The file has no name, so a crash leaves nothing behind.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let mut payload = payload_of(&got.response, &got.shape).unwrap();
    let mut buffer = vec![0; piece.len()];
    for _ in 0..pieces {
        payload.read_exact(&mut buffer).unwrap();
        assert!(buffer == piece);
    }
    assert_eq!(payload.read(&mut buffer).unwrap(), 0);
}

#[tokio::test]
async fn a_spool_directory_that_is_not_there_is_trouble_of_ours() {
    let bytes = [HEAD, &vec![b'x'; 1_000_000]].concat();
    let site = Site::new(vec![answer(bytes)]).await;
    let mut options = loopback();
    options.spool_dir = Some("/nonexistent/spool".into());
    options.spool_memory_bytes_max = 100_000;
    let capturer = Capturer::new(options, clock()).unwrap();
    let request = CaptureRequest::new("x");
    let got = capturer.capture(Permit::for_test(site.uri("/")), &request).await;
    assert!(matches!(got, Err(CaptureError::Spool { .. })), "{got:?}");
}

#[tokio::test(start_paused = true)]
async fn a_capture_that_is_dropped_gives_back_its_place() {
    let options = CaptureOptions { connections_max: 1, ..CaptureOptions::default() };
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let pipes = Pipes::new(vec![vec![Act::Read, Act::Hold], answer(bytes.as_slice())]);
    let capturer = on_pipes(options, &pipes);
    let dropped = tokio::time::timeout(Duration::from_secs(1), get(&capturer, &uri())).await;
    assert!(dropped.is_err());
    assert_eq!(exchange(get(&capturer, &uri()).await).shape.status, Some(200));
}
