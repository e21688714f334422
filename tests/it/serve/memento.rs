//! Memento exactly as specified (RFC 7089), and raw replay.

use super::{Answer, archive, ask, ask_with, start};

const A: &str = "http://a.example/";

fn gate(address: std::net::SocketAddr, url: &str, datetime: Option<&str>) -> Answer {
    let fields: Vec<(&str, &str)> =
        datetime.map(|at| ("Accept-Datetime", at)).into_iter().collect();
    ask_with(address, "GET", &format!("/web/{url}"), &fields)
}

#[test]
fn a_timegate_answers_302_and_varies() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    for (datetime, stamp) in [
        (None, "20240601000000"),
        (Some("Mon, 01 Jan 2024 00:00:00 GMT"), "20240101000000"),
        (Some("Sun, 01 Jan 2012 00:00:00 GMT"), "20240101000000"),
        (Some("Thu, 01 Jan 2037 00:00:00 GMT"), "20240601000000"),
        (Some("Fri, 02 Feb 2024 12:00:00 GMT"), "20240201000000"),
        (Some("Fri, 01 Mar 2024 00:00:00 GMT"), "20240301000000"),
        // A report of a failure is not a capture.
        (Some("Fri, 15 Mar 2024 00:00:00 GMT"), "20240301000000"),
    ] {
        let answer = gate(at, A, datetime);
        assert_eq!(answer.status, 302, "{datetime:?}");
        assert_eq!(answer.header("vary"), Some("accept-datetime"));
        assert_eq!(answer.header("memento-datetime"), None);
        let to = format!("http://{at}/web/{stamp}/{A}");
        assert_eq!(answer.header("location"), Some(to.as_str()), "{datetime:?}");
        let links = answer.header("link").unwrap();
        for part in [
            format!("<{A}>; rel=\"original\""),
            format!(
                "<http://{at}/web/timemap/link/{A}>; rel=\"timemap\"; type=\"application/link-format\""
            ),
            format!("<http://{at}/web/20240101000000/{A}>; rel=\"first"),
            "memento\"; datetime=\"Sat, 01 Jun 2024 00:00:00 GMT\"".to_owned(),
        ] {
            assert!(links.contains(&part), "{part}\n{links}");
        }
        let head = ask_with(at, "HEAD", &format!("/web/{A}"), &[]);
        assert_eq!((head.status, head.body.len()), (302, 0));
    }
    let links = gate(at, A, Some("Thu, 01 Feb 2024 00:00:00 GMT"));
    let links = links.header("link").unwrap();
    assert!(
        links.contains("20240101000000/http://a.example/>; rel=\"first prev memento\""),
        "{links}"
    );
    assert!(links.contains("20240301000000/http://a.example/>; rel=\"next memento\""), "{links}");
    assert!(links.contains("20240601000000/http://a.example/>; rel=\"last memento\""), "{links}");
}

#[test]
fn a_timegate_refuses_invalid_times_and_urls_that_are_not_held() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    for method in ["GET", "HEAD"] {
        for datetime in [
            "Sun",
            "2024-01-01T00:00:00Z",
            "Mon, 01 Jan 2024 00:00:00 +0100",
            "Mon, 99 Jan 2024 00:00:00 GMT",
        ] {
            let fields = [("Accept-Datetime", datetime)];
            let answer = ask_with(server.address, method, &format!("/web/{A}"), &fields);
            assert_eq!((answer.status, answer.header("vary")), (400, Some("accept-datetime")));
            assert_eq!(method == "HEAD", answer.body.is_empty());
        }
        let answer = ask_with(server.address, method, "/web/http://never.example/", &[]);
        assert_eq!((answer.status, answer.header("vary")), (404, Some("accept-datetime")));
        let answer =
            ask_with(server.address, method, "/web/timemap/link/http://never.example/", &[]);
        assert_eq!((answer.status, answer.header("vary")), (404, None));
        let answer = ask_with(server.address, method, "/web/2024/http://never.example/", &[]);
        assert_eq!(answer.status, 404);
    }
}

#[test]
fn addresses_are_understood_as_clients_send_them() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    for (sent, url) in [
        ("http://a.example/", A),
        ("http:/a.example/", A),
        ("a.example/", A),
        ("a.example", A),
        ("http%3A//a.example/", A),
        ("https://www.a.example/#x", A),
        ("http://d.example/?q=1&r=%2F", "http://d.example/?q=1&r=%2F"),
        ("http%3A//d.example/%3Fq%3D1%26r%3D%252F", "http://d.example/?q=1&r=%2F"),
    ] {
        let answer = ask(server.address, &format!("/web/{}", sent.trim_end_matches("#x")));
        assert_eq!(answer.status, 302, "{sent}: {}", answer.text());
        let location = answer.header("location").unwrap();
        assert!(location.ends_with(url), "{sent}: {location}");
    }
    for sent in ["", "http://", "timemap/html/a.example", "20249999999999/a.example"] {
        assert_eq!(ask(server.address, &format!("/web/{sent}")).status, 400, "{sent}");
    }
}

#[test]
fn a_memento_says_when_it_is_of() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    let with = |target: &str| {
        ask_with(at, "GET", target, &[("Accept-Datetime", "Mon, 01 Jan 2024 00:00:00 GMT")])
    };
    let answer = with("/web/20240201000000id_/http://a.example/");
    assert_eq!((answer.status, answer.text().as_str()), (200, "two"));
    assert_eq!(answer.header("memento-datetime"), Some("Thu, 01 Feb 2024 00:00:00 GMT"));
    assert!(!answer.header("vary").unwrap_or_default().contains("datetime"));
    let links = answer.header("link").unwrap();
    for part in [
        "rel=\"original\"",
        "rel=\"timegate\"",
        "rel=\"timemap\"",
        "first prev memento",
        "next memento",
        "last memento",
    ] {
        assert!(links.contains(part), "{part}: {links}");
    }
    assert!(links.contains(&format!("<http://{at}/web/{A}>; rel=\"timegate\"")), "{links}");
    // Not the exact time: the answer names the exact one.
    for (target, to) in [
        ("20240202id_/http://a.example/", "20240201000000id_/http://a.example/"),
        ("2024/http://a.example/", "20240601000000/http://a.example/"),
        ("id_/http://a.example/", "20240601000000id_/http://a.example/"),
    ] {
        let answer = with(&format!("/web/{target}"));
        let location = answer.header("location").unwrap_or_default().to_owned();
        assert_eq!(answer.status, 302, "{target}");
        if target.starts_with("2024/") {
            continue;
        }
        assert_eq!(location, format!("http://{at}/web/{to}"));
    }
    // Errors and redirects keep their status and are mementos.
    let answer = with("/web/20240501000000id_/http://a.example/");
    assert_eq!((answer.status, answer.text().as_str()), (404, "no page"));
    assert!(answer.header("memento-datetime").is_some());
    let answer = with("/web/20240601000000id_/http://a.example/");
    assert_eq!(answer.status, 301);
    let to = answer.header("location").unwrap();
    assert!(to.ends_with("/web/20240601000000id_/http://a.example/new?x=1"), "{to}");
    assert!(answer.header("memento-datetime").is_some());
}

#[test]
fn a_revisit_is_resolved_over_files_and_its_own_fields_win() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let answer = ask(server.address, "/web/20240401000000id_/http://a.example/");
    assert_eq!((answer.status, answer.text().as_str()), (200, "two"));
    assert_eq!(answer.header("x-archive-orig-x-own"), Some("revisit"));
    assert_eq!(answer.header("memento-datetime"), Some("Mon, 01 Apr 2024 00:00:00 GMT"));
}

#[test]
fn a_redirect_of_a_page_to_itself_does_not_stand_for_the_page() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    let answer = ask(at, "/web/2024/http://b.example/");
    let to = answer.header("location").unwrap();
    assert!(to.ends_with("/web/20240101000005/https://www.b.example/"), "{to}");
    // Requested at its exact time, it is unchanged, and leads to the page.
    let answer = ask(at, "/web/20240101000000id_/http://b.example/");
    assert_eq!(answer.status, 301);
    let to = answer.header("location").unwrap().to_owned();
    let next = ask(at, to.strip_prefix(&format!("http://{at}")).unwrap());
    assert_eq!(next.status, 302, "{to}");
    assert!(next.header("location").unwrap().ends_with("20240101000005id_/https://www.b.example/"));
}

#[test]
fn a_part_of_a_page_is_the_nearest_that_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let answer = ask(server.address, "/web/20240103000000im_/http://c.example/x.png");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"\x89PNG"[..]));
    assert_eq!(answer.header("memento-datetime"), Some("Mon, 01 Jan 2024 00:00:00 GMT"));
    let error = ask(server.address, "/web/20240103000000id_/http://c.example/x.png");
    assert_eq!(error.status, 404);
}

#[test]
fn raw_payloads_have_ranges_validators_and_codings() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let target = "/web/20240301000000id_/http://a.example/";
    let whole = ask(server.address, target);
    assert_eq!(whole.text(), "three");
    let etag = whole.header("etag").unwrap().to_owned();
    let get = |fields: &[(&str, &str)]| ask_with(server.address, "GET", target, fields);
    let part = get(&[("Range", "bytes=1-2")]);
    assert_eq!((part.status, part.text().as_str()), (206, "hr"));
    assert_eq!(part.header("content-range"), Some("bytes 1-2/5"));
    assert_eq!(get(&[("Range", "bytes=9-")]).status, 416);
    assert_eq!(get(&[("Range", "bytes=1-2"), ("If-Range", "\"other\"")]).status, 200);
    assert_eq!(get(&[("Range", "bytes=1-2"), ("If-Range", &etag)]).status, 206);
    let known = get(&[("If-None-Match", &etag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = ask_with(server.address, "HEAD", target, &[]);
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("5"), 0));
    let packed = "/web/20240101000000id_/http://d.example/?q=1&r=%2F";
    let plain = ask(server.address, packed);
    assert_eq!((plain.text().as_str(), plain.header("content-encoding")), ("<p>packed</p>", None));
    let coded = ask_with(server.address, "GET", packed, &[("Accept-Encoding", "gzip")]);
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    assert!(coded.body.starts_with(&[0x1f, 0x8b]));
    assert_ne!(coded.header("etag"), plain.header("etag"));
    // Header fields that would take effect are not sent as such; all are sent with a prefix.
    assert_eq!(plain.header("set-cookie"), None);
    assert_eq!(plain.header("x-archive-orig-set-cookie"), Some("a=1"));
    assert_eq!(plain.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(plain.header("content-security-policy").unwrap().contains("sandbox"));
}

#[test]
fn a_timemap_lists_every_memento_in_three_forms_and_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    let map = ask(at, "/web/timemap/link/http://a.example/");
    assert_eq!((map.status, map.header("vary")), (200, None));
    assert_eq!(map.header("content-type"), Some("application/link-format"));
    let text = map.text();
    assert_eq!(text.matches("datetime=").count(), 7);
    for part in [
        "<http://a.example/>; rel=\"original\",",
        "rel=\"self\"; type=\"application/link-format\"; from=\"Mon, 01 Jan 2024 00:00:00 GMT\"; until=\"Sat, 01 Jun 2024 00:00:00 GMT\",",
        "rel=\"timegate\"",
        "rel=\"first memento\"; datetime=\"Mon, 01 Jan 2024 00:00:00 GMT\"",
        "rel=\"last memento\"; datetime=\"Sat, 01 Jun 2024 00:00:00 GMT\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&ask(at, "/web/timemap/json/a.example").text()).unwrap();
    assert_eq!(json["mementos"]["list"].as_array().unwrap().len(), 7);
    assert_eq!(json["mementos"]["last"]["datetime"], "2024-06-01T00:00:00Z");
    let cdxj = ask(at, "/web/timemap/cdxj/a.example").lines();
    assert_eq!(cdxj.iter().filter(|line| !line.starts_with('!')).count(), 7);
    drop(server);
    // In pages: every memento in exactly one.
    for page in [1, 2, 3, 6, 7] {
        let server = super::start_with(dir.path(), &[], |options| options.timemap_page = page);
        let at = server.address;
        let mut found = Vec::new();
        let mut next = Some("/web/timemap/link/http://a.example/".to_owned());
        while let Some(target) = next.take() {
            let text = ask(at, &target).text();
            for line in text.lines() {
                if line.contains("datetime=") {
                    found.push(line.split('>').next().unwrap().to_owned());
                } else if line.contains("rel=\"timemap\"") && line.contains("until=") {
                    let address = line.trim_start_matches('<').split('>').next().unwrap();
                    next = Some(address.strip_prefix(&format!("http://{at}")).unwrap().to_owned());
                }
            }
        }
        assert_eq!(found.len(), 7, "{page} a page");
    }
}

#[test]
fn a_second_that_is_named_is_not_given_to_the_one_before_it() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let near = "http://near.example/";
    // The first is nearer to the start of the second's second than the second is.
    super::warcs::Warc::new()
        .page(near, "2024-01-01T00:00:00.950000Z", "first")
        .page(near, "2024-01-01T00:00:01.300000Z", "second")
        .write(dir.path(), "near.warc");
    let server = start(dir.path());
    let at = server.address;
    for (stamp, words) in [("20240101000000", "first"), ("20240101000001", "second")] {
        let answer = ask(at, &format!("/web/{stamp}id_/{near}"));
        assert_eq!(answer.status, 200, "{stamp}");
        assert!(answer.text().contains(words), "{stamp}: {}", answer.text());
    }
    let newest = gate(at, near, None);
    let to = newest.header("location").unwrap().strip_prefix(&format!("http://{at}")).unwrap();
    assert!(to.starts_with("/web/20240101000001/"), "{to}");
    let shown = ask(at, to);
    assert_eq!(shown.header("memento-datetime"), Some("Mon, 01 Jan 2024 00:00:01 GMT"));
}
