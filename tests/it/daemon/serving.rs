//! `watch --serve`: one process that captures and answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::{place, report};
use crate::cli::{send, wait_until};
use crate::serve::{Answer, ask};
use crate::support::cli::{json_lines, pressmark, stderr};

/// A capture is visible to every request at most this much later.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// The address that a process prints first.
fn address(process: &mut super::Running) -> SocketAddr {
    let mut line = String::new();
    let mut output = process.0.as_mut().unwrap().stdout.take().unwrap();
    // The rest is one more line, which the pipe holds.
    let mut first = BufReader::with_capacity(1, &mut output);
    first.read_line(&mut line).unwrap();
    process.0.as_mut().unwrap().stdout = Some(output);
    line.trim().strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap()
}

/// Asks until the answer fits. Returns how long that took.
fn seen(address: SocketAddr, target: &str, fits: impl Fn(&Answer) -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let answer = ask(address, target);
        if fits(&answer) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{target}: {}", answer.text());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_process_captures_and_serves_the_capture_within_a_second() {
    let place = place(&["a.example"]);
    place.web.page("a.example", "/1", "<p>one</p>");
    place.web.page("a.example", "/2", "<p>two</p>");
    place.job("paper", "seeds = [\"http://a.example/1\"]\n[schedule]\nevery = \"6h\"\n");
    let mut watching = place.run(&["watch", "--serve", "127.0.0.1:0"]);
    let server = address(&mut watching);
    let is_there = |answer: &Answer| answer.lines().len() == 1;
    seen(server, "/cdx?url=http://a.example/1", is_there);
    // A URL that another process hands over is stored when that process ends, and visible a second later at most:
    // to programs, as a page and among the changes of the reader.
    let ended = place.run(&["--format", "json", "crawl", "http://a.example/2"]);
    let ended = ended.wait_with_output().unwrap();
    assert_eq!(report(&ended)["captured"], 1, "{}", stderr(&ended));
    for (target, words) in [
        ("/cdx?url=http://a.example/2", "200"),
        ("/web/2999mp_/http://a.example/2", ""),
        ("/page?url=http://a.example/2", "1 version"),
        ("/host?host=a.example", "<wbr>2</bdi>"),
    ] {
        let fits = |answer: &Answer| answer.status < 400 && answer.text().contains(words);
        let took = seen(server, target, fits);
        assert!(took < SEEN_WITHIN, "{target} took {took:?}");
    }
    // Health and counts cover both.
    assert_eq!(ask(server, "/healthz").text(), "ok\n");
    let counts = ask(server, "/metrics").text();
    for name in ["pressmark_http_requests_total{", "pressmark_jobs"] {
        assert!(counts.contains(name), "{name} is missing in\n{counts}");
    }
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("stopped; what is queued and watched is kept"));
    assert!(TcpStream::connect(server).is_err(), "somebody still listens at {server}");
}

#[test]
fn a_stop_lets_crawl_and_server_complete_what_they_began() {
    let place = place(&["a.example"]);
    // An answer that does not fit into the buffers between server and client.
    let long = place.root.join("warc");
    std::fs::create_dir_all(&long).unwrap();
    crate::serve::long_file(&place.root, 24 << 20, "long.warc");
    place.web.page("a.example", "/", "<p>text</p>");
    let slow = |_: &str, _: usize| {
        std::thread::sleep(Duration::from_millis(700));
        crate::support::web::ok("text/html", b"<p>slow</p>")
    };
    place.web.on("a.example", "/slow", crate::support::web::Reply::Made(std::sync::Arc::new(slow)));
    place.job("paper", "seeds = [\"http://a.example/\"]\n[schedule]\nevery = \"6h\"\n");
    let mut watching = place.run(&["watch", "--serve", "127.0.0.1:0"]);
    let server = address(&mut watching);
    seen(server, "/cdx?url=http://a.example/", |answer| answer.lines().len() == 1);
    let mut taking = TcpStream::connect(server).unwrap();
    let request = format!("GET /warc/long.warc HTTP/1.1\r\nHost: {server}\r\n\r\n");
    taking.write_all(request.as_bytes()).unwrap();
    let mut got = vec![0; 1000];
    taking.read_exact(&mut got).unwrap();
    let text = String::from_utf8_lossy(&got).to_ascii_lowercase();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let whole = head.len() + 4 + length.parse::<usize>().unwrap();
    let crawling = place.run(&["--format", "json", "crawl", "http://a.example/slow"]);
    wait_until(|| place.asked("/slow") == 1);
    send(watching.id(), "TERM");
    std::thread::sleep(Duration::from_millis(200));
    // No new connection is accepted, and the answer that was begun is completed.
    assert!(TcpStream::connect(server).is_err());
    let rest = taking.read_to_end(&mut got).unwrap();
    assert_eq!(1000 + rest, whole);
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    // The process that handed its URL over gets the result, or captures it itself.
    let crawled = crawling.wait_with_output().unwrap();
    assert_eq!(crawled.status.code(), Some(0), "{}", stderr(&crawled));
    let args = ["captures", "http://a.example/slow", "--format", "json"];
    assert!(!json_lines(&pressmark(&place.root, &args)).is_empty());
}
