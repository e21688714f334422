//! Limits, names, tokens, and paths that do not exist.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::warcs::Warc;
use super::{archive, ask, ask_with, raw, start, start_with};
use crate::support::cli;
use crate::support::web::{Reply, Web, ok};

#[test]
fn warc_files_are_given_whole_and_by_range() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let bytes = std::fs::read(dir.path().join("warc/one.warc")).unwrap();
    let whole = ask(server.address, "/warc/one.warc");
    assert_eq!((whole.status, &whole.body), (200, &bytes));
    let etag = whole.header("etag").unwrap();
    let get = |fields: &[(&str, &str)]| ask_with(server.address, "GET", "/warc/one.warc", fields);
    let part = get(&[("Range", "bytes=10-19")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &bytes[10..20]));
    assert_eq!(part.header("content-range").unwrap(), format!("bytes 10-19/{}", bytes.len()));
    let tail = get(&[("Range", "bytes=-7")]);
    assert_eq!(tail.body, bytes[bytes.len() - 7..]);
    let none = get(&[("Range", "bytes=99999999-")]);
    assert_eq!(none.status, 416);
    assert_eq!(none.header("content-range").unwrap(), format!("bytes */{}", bytes.len()));
    assert_eq!(get(&[("If-None-Match", etag)]).status, 304);
    let head = ask_with(server.address, "HEAD", "/warc/one.warc", &[]);
    assert_eq!(head.header("content-length").unwrap(), bytes.len().to_string());
    assert_eq!(head.header("accept-ranges"), Some("bytes"));
}

#[test]
fn files_that_were_imported_are_given_too() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    std::fs::create_dir(&root).unwrap();
    archive(&root);
    let other = dir.path().join("other");
    std::fs::create_dir_all(other.join("warc")).unwrap();
    Warc::new().page("http://i.example/", "2024-01-01T00:00:00Z", "x").write(&other, "i.warc");
    let file = other.join("warc/i.warc");
    let done = cli::pressmark(&root, &["import", file.to_str().unwrap()]);
    assert!(done.status.success(), "{}", cli::stderr(&done));
    let server = start(&root);
    let line = ask(server.address, "/cdx?url=i.example&output=json").text();
    let line: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    let whole = ask(server.address, &format!("/warc/{}", line["filename"].as_str().unwrap()));
    assert_eq!((whole.status, whole.body), (200, std::fs::read(&file).unwrap()));
}

#[test]
fn no_path_leaves_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    std::fs::write(dir.path().join("secret.warc"), "secret").unwrap();
    std::fs::write(dir.path().join("warc/notes.txt"), "secret").unwrap();
    let server = start(dir.path());
    for target in [
        "/warc/../secret.warc",
        "/warc/..%2Fsecret.warc",
        "/warc/%2e%2e%2fsecret.warc",
        "/warc/..%5Csecret.warc",
        "/warc/%2Fetc%2Fpasswd",
        "/warc//etc/passwd",
        "/warc/notes.txt",
        "/warc/.",
        "/warc/..",
        "/warc/",
        "/warc/one.warc%00",
        "/warc/%FF.warc",
        "/warc/a.warc.open",
        &format!("/warc/{}.warc", "x".repeat(5000)),
        "/static/../../Cargo.toml",
    ] {
        let answer = ask(server.address, target);
        assert!(matches!(answer.status, 400 | 404), "{target}: {}", answer.status);
        assert!(
            !answer.text().contains("secret\n") && !answer.text().contains("root:"),
            "{target}"
        );
    }
}

#[test]
fn only_the_names_of_the_server_are_answered_to() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start_with(dir.path(), &["serve.hosts=archive.example"], |_| {});
    for (host, status) in [
        ("127.0.0.1:9", 200),
        ("localhost", 200),
        ("x.localhost:80", 200),
        ("[::1]:80", 200),
        ("archive.example", 200),
        ("ARCHIVE.example.:443", 200),
        ("evil.example", 421),
        ("a b", 400),
        ("a\"b", 400),
        ("", 400),
    ] {
        let answer = ask_with(server.address, "GET", "/healthz", &[("Host", host)]);
        assert_eq!(answer.status, status, "{host:?}");
    }
}

#[test]
fn a_token_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start_with(dir.path(), &["serve.token=hunter2"], |_| {});
    for (field, status) in [
        ("", 401),
        ("Bearer hunter3", 401),
        ("Bearer hunter2", 200),
        ("bearer hunter2", 200),
        ("Basic dXNlcjpodW50ZXIy", 200),
        ("Basic dXNlcjpodW50ZXIz", 401),
        ("Basic !!!", 401),
        ("hunter2", 401),
    ] {
        let answer = ask_with(server.address, "GET", "/healthz", &[("Authorization", field)]);
        assert_eq!(answer.status, status, "{field}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
}

#[test]
fn a_base_path_stands_before_everything_or_was_taken_off() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let sets = [
        "serve.base_path=/reader/",
        "serve.trusted_proxies=127.0.0.1",
        "serve.hosts=archive.example",
    ];
    let server = start_with(dir.path(), &sets, |_| {});
    let forwarded = [("X-Forwarded-Host", "archive.example"), ("X-Forwarded-Proto", "https")];
    for target in ["/reader/web/http://a.example/", "/web/http://a.example/"] {
        let answer = ask_with(server.address, "GET", target, &forwarded);
        assert_eq!(
            answer.header("location"),
            Some("https://archive.example/reader/web/20240601000000/http://a.example/")
        );
    }
    assert_eq!(ask(server.address, "/readers/healthz").status, 404);
}

#[test]
fn requests_that_are_none_are_refused_and_break_nothing() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    for (request, status) in [
        ("POST /cdx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".to_owned(), 405),
        ("GET /cdx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello".to_owned(), 413),
        ("DELETE /warc/one.warc HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 405),
        (format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(60_000)), 414),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1_000_000)), 431),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\n".to_owned() + &"X: y\r\n".repeat(200) + "\r\n",
            431,
        ),
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: b.example\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), 200),
    ] {
        let request =
            request.replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n");
        let answer = raw(at, request.as_bytes(), "GET");
        assert_eq!(answer.status, status, "{}", request.chars().take(40).collect::<String>());
    }
    assert_eq!(ask(at, "/healthz").text(), "ok\n");
    let counts = ask(at, "/metrics").text();
    assert!(
        counts.contains("pressmark_http_requests_total{area=\"cdx\",class=\"4xx\"}"),
        "{counts}"
    );
    for field in [
        "x-content-type-options",
        "referrer-policy",
        "content-security-policy",
        "x-frame-options",
        "permissions-policy",
    ] {
        assert!(ask(at, "/healthz").header(field).is_some(), "{field}");
    }
}

#[test]
fn connections_that_ask_nothing_or_take_nothing_keep_no_one_from_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let big = dir.path().join("warc/big.warc");
    std::fs::write(&big, vec![b'x'; 32 << 20]).unwrap();
    let sets = ["serve.threads=1", "serve.connections_max=8"];
    let server = start_with(dir.path(), &sets, |options| {
        options.write_timeout = Duration::from_millis(500);
    });
    let mut idle = Vec::new();
    for n in 0..20 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        if n % 2 == 0 {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
        }
        idle.push(stream);
    }
    // Clients that take the first bytes of a long answer and no more: they hold no thread, and are disconnected.
    let mut slow = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(b"GET /warc/big.warc HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut first = [0; 64];
        stream.read_exact(&mut first).unwrap();
        slow.push(stream);
    }
    assert_eq!(ask(server.address, "/cdx?url=a.example").lines().len(), 7);
    // After its timeout the server hangs up: the rest is never sent.
    std::thread::sleep(Duration::from_millis(1500));
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 32 << 20);
    }
}

#[test]
fn nothing_that_is_asked_or_archived_begins_another_header() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let head = "HTTP/1.1 302 Found\nContent-Type: text/html\rX-Evil: 1\nLocation: /x\rX-Evil: 1\nX-A: b\rX-Evil: 1";
    Warc::new()
        .response("http://h.example/", "2024-01-01T00:00:00Z", head, b"x")
        .write(dir.path(), "h.warc");
    let server = start(dir.path());
    let evil = "http://a.example/%0d%0aX-Evil:%201%0d%0a%0d%0a";
    for target in [
        format!("/web/{evil}"),
        format!("/web/20240101000000/{evil}"),
        format!("/web/20240101000000id_/{evil}"),
        format!("/web/*/{evil}"),
        format!("/web/timemap/link/{evil}"),
        "/web/http%3A//a.example/%250d%250aX-Evil:1".to_owned(),
        "/web/http%3A%2F%2Fa.example%2F%0d%0aX-Evil:1".to_owned(),
        format!("/cdx?url={evil}&output=link"),
        format!("/cdx/search/cdx?url={evil}&resumeKey=%0d%0aX-Evil:1"),
        format!("/wayback/available?url={evil}"),
        format!("/page?url={evil}"),
        "/capture?url=a.example&at=2024-01-01T00:00:00Z%0d%0aX-Evil:1".to_owned(),
        "/search?q=a.example%0d%0aX-Evil:1".to_owned(),
        "/warc/one.warc%0d%0aX-Evil:1".to_owned(),
        "/web/20240101000000id_/http://h.example/".to_owned(),
        "/web/20240101000000mp_/http://h.example/".to_owned(),
        "/web/20240101000000/http://h.example/".to_owned(),
    ] {
        for accept in ["*/*", "text/html"] {
            let fields = [("Accept", accept)];
            let answer = ask_with(server.address, "GET", &target, &fields);
            assert!(answer.status < 500, "{target}: {}", answer.status);
            assert_eq!(answer.header("x-evil"), None, "{target}: {:?}", answer.headers);
            assert!(answer.is_whole, "{target}");
        }
    }
}

#[test]
fn texts_are_packed_for_other_machines() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start_with(dir.path(), &["serve.trusted_proxies=127.0.0.1"], |_| {});
    let get = |method: &str, target: &str, from: &str| {
        let fields = [("Accept-Encoding", "gzip"), ("X-Forwarded-For", from)];
        ask_with(server.address, method, target, &fields)
    };
    let target = "/cdx?url=many.example/*";
    let plain = get("GET", target, "127.0.0.1");
    assert_eq!(plain.header("content-encoding"), None);
    let packed = get("GET", target, "192.0.2.1");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.is_whole && packed.body.len() * 3 < plain.body.len());
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
    assert_eq!(get("GET", &format!("{target}&gzip=false"), "192.0.2.1").body, plain.body);
    for target in ["/", "/static/reader.css"] {
        let (head, whole) = (get("HEAD", target, "192.0.2.1"), get("GET", target, "192.0.2.1"));
        assert_eq!(whole.header("content-encoding"), Some("gzip"), "{target}");
        for field in ["content-encoding", "content-length", "content-type", "etag", "vary"] {
            assert_eq!(head.header(field), whole.header(field), "{target} {field}");
        }
        let etag = whole.header("etag").unwrap();
        let known = [("If-None-Match", etag), ("Accept-Encoding", "gzip")];
        assert_eq!(ask_with(server.address, "GET", target, &known).status, 304, "{target}");
    }
    for target in ["/warc/one.warc", "/web/20240101000000id_/http://a.example/"] {
        assert_eq!(get("GET", target, "192.0.2.1").header("content-encoding"), None, "{target}");
    }
}

#[test]
fn clients_that_take_a_little_now_and_then_do_not_keep_all_others_out() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let big = std::fs::File::create(dir.path().join("warc/big.warc")).unwrap();
    big.set_len(64 << 20).unwrap();
    let server = start_with(dir.path(), &["serve.connections_max=4"], |options| {
        options.write_timeout = Duration::from_millis(1500);
    });
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..4)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address).unwrap();
                let request = b"GET /warc/big.warc HTTP/1.1\r\nHost: localhost\r\n\r\n";
                stream.write_all(request).unwrap();
                let is_done = &is_done;
                scope.spawn(move || {
                    // Enough at a time that the server can write on, and some minutes for all of it.
                    let (mut some, mut taken) = (vec![0; 256 << 10], 0);
                    while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
                        match stream.read_exact(&mut some) {
                            Ok(()) => taken += some.len(),
                            Err(_) => break,
                        }
                        std::thread::sleep(Duration::from_millis(200));
                    }
                    taken
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(500));
        let answer = ask(server.address, "/healthz");
        is_done.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(answer.status, 200);
        let ended: Vec<_> = slow.into_iter().map(|slow| slow.join().unwrap()).collect();
        // One client was disconnected: the others did not have to wait until it had the whole answer.
        assert!(ended.iter().all(|taken| *taken < 64 << 20), "{ended:?}");
    });
}

#[test]
fn an_archive_that_is_written_is_answered_for_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    std::fs::create_dir(&root).unwrap();
    archive(&root);
    let server = start(&root);
    let web = Web::start(std::sync::Arc::new(pressmark::base::SystemClock));
    web.on("new.example", "/", Reply::Bytes(ok("text/html", b"<p>new</p>")));
    assert_eq!(ask(server.address, "/cdx?url=http://new.example/").lines().len(), 0);
    let mut crawl = crate::support::cli::crawl(&root, &web.resolve(&["new.example"]));
    let done = crawl.arg("http://new.example/").output().unwrap();
    assert!(done.status.success(), "{}", crate::support::cli::stderr(&done));
    assert_eq!(ask(server.address, "/cdx?url=http://new.example/").lines().len(), 1);
    let answer = ask(server.address, "/web/id_/http://new.example/");
    let to = answer
        .header("location")
        .unwrap()
        .strip_prefix(&format!("http://{}", server.address))
        .unwrap()
        .to_owned();
    assert_eq!(ask(server.address, &to).text(), "<p>new</p>");
}

#[test]
fn errors_are_a_page_for_a_person_and_json_for_a_program() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    for target in ["/web/http://never.example/", "/nothing"] {
        let page = ask_with(server.address, "GET", target, &[("Accept", "text/html,*/*;q=0.8")]);
        assert!(matches!(page.status, 400 | 404), "{target}");
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{target}");
        assert!(page.text().contains("</html>") && !page.text().contains("<script>.example"));
        let json = ask_with(server.address, "GET", target, &[("Accept", "*/*")]);
        assert_eq!(
            (json.status, json.header("content-type")),
            (page.status, Some("application/json"))
        );
    }
    let gate = [("Accept", "text/html")];
    let gate = ask_with(server.address, "GET", "/web/http://never.example/", &gate);
    assert_eq!(gate.header("vary"), Some("accept-datetime"));
}
