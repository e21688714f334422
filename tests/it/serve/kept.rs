//! Answers are cached: the second answer equals the first, and nothing that may change is cached.

use super::warcs::Warc;
use super::{Answer, archive, ask_with, start, start_with};
use crate::support::cli;

type Request = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// An answer without the parts that differ from one to the next.
fn stable(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>, bool) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name != "date");
    headers.sort();
    (answer.status, headers, answer.body.clone(), answer.is_whole)
}

#[test]
fn an_answer_is_the_same_whether_cached_or_computed() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let page =
        "<!DOCTYPE html><title>P</title><link rel=stylesheet href=/s.css><p>text <a href=/x>x</a>";
    Warc::new()
        .page("http://p.example/", "2024-01-01T00:00:00Z", page)
        .page("http://p.example/", "2024-02-01T00:00:00Z", page)
        .response(
            "http://p.example/s.css",
            "2024-01-01T00:00:03Z",
            "HTTP/1.1 200 OK\nContent-Type: text/css",
            b"body{background:url(/bg.png)}",
        )
        .response("http://p.example/empty", "2024-01-01T00:00:00Z", "HTTP/1.1 204 No Content", b"")
        .write(dir.path(), "page.warc");
    // The archive has one owner at a time, so that one server answers after the other.
    let requests: &[Request] = &[
        ("GET", "/web/20240101000000id_/http://a.example/", &[]),
        ("HEAD", "/web/20240101000000id_/http://a.example/", &[]),
        ("GET", "/web/20240101000000id_/http://a.example/", &[("Range", "bytes=1-1")]),
        ("GET", "/web/20240101000000id_/http://a.example/", &[("Range", "bytes=-2")]),
        ("GET", "/web/20240101000000id_/http://a.example/", &[("Range", "bytes=9-")]),
        ("GET", "/web/20240401000000id_/http://a.example/", &[]),
        ("GET", "/web/20240501000000id_/http://a.example/", &[]),
        ("GET", "/web/20240601000000id_/http://a.example/", &[]),
        ("GET", "/web/20240101000000id_/http://d.example/?q=1&r=%2F", &[]),
        (
            "GET",
            "/web/20240101000000id_/http://d.example/?q=1&r=%2F",
            &[("Accept-Encoding", "gzip")],
        ),
        (
            "GET",
            "/web/20240101000000id_/http://d.example/?q=1&r=%2F",
            &[("Accept-Encoding", "gzip"), ("Range", "bytes=0-3")],
        ),
        ("GET", "/web/20240101000000mp_/http://d.example/?q=1&r=%2F", &[]),
        ("GET", "/web/20240101000000/http://p.example/", &[]),
        ("HEAD", "/web/20240101000000/http://p.example/", &[]),
        ("GET", "/web/20240101000000mp_/http://p.example/", &[]),
        ("GET", "/web/20240101000000bn_/http://p.example/", &[]),
        ("GET", "/web/20240101000000if_/http://p.example/", &[]),
        ("GET", "/web/20240101000000cs_/http://p.example/s.css", &[]),
        ("GET", "/web/20240101000000im_/http://c.example/x.png", &[]),
        ("GET", "/web/20240101000000id_/http://p.example/empty", &[]),
        ("GET", "/web/20240101000000mp_/http://p.example/empty", &[]),
        ("GET", "/web/20240101000000id_/http://b.example/", &[]),
    ];
    let answers = |set: &str| {
        let server = start_with(dir.path(), &[set], |_| {});
        // The same name at every time, for the links in the answers.
        let host = [("Host", "localhost:1")];
        let get = |(method, target, fields): &Request| {
            let answer = ask_with(server.address, method, target, &[fields, &host[..]].concat());
            let etag = answer.header("etag").map(str::to_owned);
            let again = etag.map(|etag| {
                let known = [("If-None-Match", etag.as_str()), host[0]];
                stable(&ask_with(server.address, method, target, &[fields, &known[..]].concat()))
            });
            (stable(&answer), again)
        };
        // Each twice: computed and cached; and in the other order, so that another form was cached first.
        let forward: Vec<_> = requests.iter().map(get).collect();
        let mut backward: Vec<_> = requests.iter().rev().map(get).collect();
        backward.reverse();
        for ((request, one), other) in requests.iter().zip(&forward).zip(&backward) {
            assert_eq!(one, other, "{set} {request:?}");
        }
        forward
    };
    let (kept, made) = (answers("serve.cache_bytes=8MiB"), answers("serve.cache_bytes=0"));
    for ((request, kept), made) in requests.iter().zip(&kept).zip(&made) {
        assert_eq!(kept, made, "{request:?}");
        let ((status, _, body, is_whole), again) = kept;
        assert!(*is_whole || *status == 204, "{request:?}");
        assert!(request.0 != "HEAD" || body.is_empty());
        if let (Some((known, ..)), 200 | 206) = (again, status) {
            assert_eq!(*known, 304, "{request:?}");
        }
    }
}

#[test]
fn what_is_kept_for_one_name_of_the_server_is_not_sent_under_another() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start_with(dir.path(), &["serve.trusted_proxies=127.0.0.1"], |_| {});
    for address in [server.address, server.replay.unwrap()] {
        for (host, scheme) in
            [("one.localhost", "http"), ("two.localhost", "http"), ("two.localhost", "https")]
        {
            let fields = [("Host", host), ("X-Forwarded-Proto", scheme)];
            let target = "/web/20240101000000mp_/http://a.example/";
            let answer = ask_with(address, "GET", target, &fields);
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains(&format!("img-src {scheme}://{host}/web/")), "{policy}");
            let raw = ask_with(address, "GET", "/web/20240601000000id_/http://a.example/", &fields);
            let to = raw.header("location").unwrap();
            assert!(to.starts_with(&format!("{scheme}://{host}/web/")), "{to}");
        }
    }
}

#[test]
fn a_payload_that_comes_later_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    std::fs::create_dir(&root).unwrap();
    archive(&root);
    let (url, first) = ("http://later.example/", "2024-01-01T00:00:00Z");
    Warc::new().revisit(url, "2024-02-01T00:00:00Z", (url, first), "held").write(&root, "re.warc");
    let server = start(&root);
    let get = |modifier: &str| {
        let target = format!("/web/20240201000000{modifier}/{url}");
        ask_with(server.address, "GET", &target, &[])
    };
    for _ in 0..2 {
        assert_eq!((get("id_").status, get("mp_").status), (404, 404));
    }
    let other = dir.path().join("other");
    std::fs::create_dir_all(other.join("warc")).unwrap();
    Warc::new().page(url, first, "held").write(&other, "first.warc");
    let file = other.join("warc/first.warc");
    let done = cli::pressmark(&root, &["import", file.to_str().unwrap()]);
    assert!(done.status.success(), "{}", cli::stderr(&done));
    for _ in 0..2 {
        assert_eq!((get("id_").text().as_str(), get("mp_").status), ("held", 200));
    }
}

#[test]
fn parts_of_a_long_payload_are_read_from_one_copy_of_it() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let body: Vec<u8> = (0..9_000_000_u32).map(|n| u8::try_from(n % 253).unwrap()).collect();
    let head = "HTTP/1.1 200 OK\nContent-Type: video/mp4";
    Warc::new()
        .response("http://film.example/", "2024-01-01T00:00:00Z", head, &body)
        .write(dir.path(), "film.warc");
    for set in ["serve.cache_bytes=8MiB", "serve.cache_bytes=0"] {
        let server = start_with(dir.path(), &[set], |_| {});
        for (from, to) in [(0, 0), (8_500_000, 8_999_999), (4_000_000, 4_700_000)] {
            for modifier in ["id_", "oe_"] {
                let target = format!("/web/20240101000000{modifier}/http://film.example/");
                let range = format!("bytes={from}-{to}");
                let part = ask_with(server.address, "GET", &target, &[("Range", &range)]);
                assert_eq!((part.status, part.is_whole), (206, true), "{set} {range}");
                assert!(part.body == body[from..=to], "{set} {range}");
            }
        }
        let whole =
            ask_with(server.address, "GET", "/web/20240101000000id_/http://film.example/", &[]);
        assert!(whole.body == body);
    }
}
