//! Captures prepared for a browser: rewritten, under a policy, on either origin.

use super::{ask, ask_with, start, start_with};
use crate::serve::warcs::Warc;

const PAGE: &str = "<!DOCTYPE html><html><head><title>P</title><link rel=stylesheet href=/s.css><script src=/x.js></script></head><body><a href=\"/next?a=1\">next</a><img src=\"i.png\" srcset=\"i.png 1x, https://cdn.example/i2.png 2x\"><script>alert(1)</script></body></html>";

fn site(root: &std::path::Path) {
    super::archive(root);
    Warc::new()
        .page("http://p.example/dir/", "2024-01-01T00:00:00Z", PAGE)
        .page("http://p.example/dir/", "2024-02-01T00:00:00Z", PAGE)
        .response(
            "http://p.example/s.css",
            "2024-01-01T00:00:03Z",
            "HTTP/1.1 200 OK\nContent-Type: text/css",
            b"body{background:url(/bg.png)}",
        )
        .response(
            "http://p.example/odd",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 101 Switching\nUpgrade: x",
            b"",
        )
        .write(root, "page.warc");
}

#[test]
fn a_page_leads_into_the_archive_and_nothing_in_it_acts() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let server = start(dir.path());
    let target = "/web/20240101000000/http://p.example/dir/";
    for (address, is_own) in [(server.address, false), (server.replay.unwrap(), true)] {
        let page = ask(address, target);
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        for part in [
            "/web/20240101000000/http://p.example/next?a=1",
            "/web/20240101000000im_/http://p.example/dir/i.png",
            "/web/20240101000000im_/https://cdn.example/i2.png",
            "/web/20240101000000cs_/http://p.example/s.css",
            "pressmark-banner",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox") && policy.contains("script-src 'none'"), "{policy}");
        assert_eq!(policy.contains("allow-same-origin"), is_own, "{policy}");
        assert!(!policy.contains("allow-scripts"), "{policy}");
        assert_eq!(page.headers.iter().filter(|(n, _)| n == "content-security-policy").count(), 1);
        assert_eq!(page.header("memento-datetime"), Some("Mon, 01 Jan 2024 00:00:00 GMT"));
        assert!(page.header("link").unwrap().contains("rel=\"next last memento\""));
        assert!(page.header("etag").unwrap().starts_with("W/"));
        let etag = page.header("etag").unwrap().to_owned();
        let known = ask_with(address, "GET", target, &[("If-None-Match", &etag)]);
        assert_eq!((known.status, known.body.len()), (304, 0));
        let framed = ask(address, "/web/20240101000000mp_/http://p.example/dir/").text();
        assert!(
            !framed.contains("pressmark-banner")
                && framed.contains("20240101000000mp_/http://p.example/next")
        );
    }
    let style = ask(server.address, "/web/20240101000000cs_/http://p.example/s.css");
    assert!(
        style.text().contains("/web/20240101000003im_/http://p.example/bg.png"),
        "{}",
        style.text()
    );
    assert_eq!(
        style.header("content-location").map(|l| l.contains("20240101000003cs_")),
        Some(true)
    );
}

#[test]
fn what_is_not_held_is_quiet_where_it_is_a_part() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let server = start(dir.path());
    for (modifier, media_type) in [
        ("cs_", "text/css"),
        ("js_", "text/javascript"),
        ("im_", "text/plain"),
        ("if_", "text/html"),
    ] {
        let answer = ask(server.address, &format!("/web/2024{modifier}/http://p.example/none"));
        assert_eq!(answer.status, 404);
        assert!(answer.header("content-type").unwrap().starts_with(media_type), "{modifier}");
        assert!(answer.header("content-security-policy").unwrap().contains("sandbox"));
    }
    let odd = ask(server.address, "/web/20240101000000/http://p.example/odd");
    assert_eq!(odd.status, 404);
    assert!(odd.text().contains("status 101"), "{}", odd.text());
    let worker = [("Service-Worker", "script")];
    let worker = ask_with(server.address, "GET", "/web/2024js_/http://p.example/x.js", &worker);
    assert_eq!(worker.status, 403);
    // Content that would run as a script is not sent where scripts may not run, whatever the client.
    for (dest, status) in [("script", 403), ("worker", 403), ("style", 200), ("document", 200)] {
        let target = "/web/20240101000003cs_/http://p.example/s.css";
        let fields = [("Sec-Fetch-Dest", dest)];
        assert_eq!(ask_with(server.address, "GET", target, &fields).status, status, "{dest}");
    }
}

#[test]
fn an_equivalent_address_answers_for_one_that_is_not_held() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let server = start(dir.path());
    let style = ask(server.address, "/web/2024cs_/http://p.example/s.css?_=1700000000000");
    assert_eq!(style.status, 200);
    let place = style.header("content-location").unwrap();
    assert!(place.ends_with("/web/20240101000003cs_/http://p.example/s.css"), "{place}");
    assert_eq!(ask(server.address, "/web/2024im_/http://p.example/i.png?x=1").status, 404);
    // A page is another address: the answer says where it is held.
    let page = "http://p.example/dir/?utm_source=mail";
    assert_eq!(ask(server.address, &format!("/web/2024/{page}")).status, 404);
    let absent = ask(server.address, &format!("/api/absent?url={page}"));
    let absent: serde_json::Value = serde_json::from_str(&absent.text()).unwrap();
    assert_eq!(absent["why"]["reason"], "near", "{absent}");
    assert_eq!(absent["why"]["url"], "http://p.example/dir/");
}

#[test]
fn scripts_run_in_frames_of_the_replay_origin_where_they_are_let() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let server = start_with(dir.path(), &["serve.replay_scripts=true"], |_| {});
    let replay = server.replay.unwrap();
    let get = |address, modifier: &str, dest: &str| {
        let target = format!("/web/20240101000000{modifier}/http://p.example/dir/");
        ask_with(address, "GET", &target, &[("Sec-Fetch-Dest", dest)])
    };
    let outer = get(replay, "", "document");
    assert!(outer.text().contains("<iframe") && !outer.text().contains("alert(1)"));
    assert!(outer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    let inner = get(replay, "mp_", "iframe");
    assert!(inner.header("content-security-policy").unwrap().contains("sandbox allow-scripts"));
    for (address, modifier, dest) in
        [(replay, "mp_", "document"), (server.address, "mp_", "iframe")]
    {
        let policy = get(address, modifier, dest);
        let policy = policy.header("content-security-policy").unwrap().to_owned();
        assert!(!policy.contains("allow-scripts"), "{policy}");
    }
    for (address, status) in [(replay, 200), (server.address, 403)] {
        assert_eq!(get(address, "js_", "script").status, status);
    }
}

#[test]
fn the_replay_origin_answers_for_captures_alone() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let server = start(dir.path());
    let replay = server.replay.unwrap();
    for (target, status) in [
        ("/web/20240101000000id_/http://p.example/dir/", 200),
        ("/healthz", 200),
        ("/cdx?url=p.example", 404),
        ("/api/status", 404),
        ("/warc/one.warc", 404),
        ("/metrics", 404),
    ] {
        assert_eq!(ask(replay, target).status, status, "{target}");
    }
}

#[test]
fn a_worker_that_was_installed_is_served_on_the_replay_origin() {
    let dir = tempfile::tempdir().unwrap();
    site(dir.path());
    let worker = dir.path().join("worker");
    std::fs::create_dir(&worker).unwrap();
    std::fs::write(worker.join("sw.js"), "// a worker").unwrap();
    std::fs::write(worker.join(".hidden"), "x").unwrap();
    std::fs::write(dir.path().join("outside.js"), "x").unwrap();
    let set = format!("serve.replay_worker={}", worker.display());
    let server = start_with(dir.path(), &[&set], |_| {});
    let replay = server.replay.unwrap();
    let script = ask(replay, "/worker/sw.js");
    assert_eq!((script.status, script.text().as_str()), (200, "// a worker"));
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("service-worker-allowed"), Some("/"));
    for target in ["/worker/.hidden", "/worker/..%2Foutside.js", "/worker/none.js", "/worker/.."] {
        assert_eq!(ask(replay, target).status, 404, "{target}");
    }
    assert_eq!(ask(server.address, "/worker/sw.js").status, 404);
}
