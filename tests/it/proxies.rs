//! Proxies on loopback: of a job, of a run, and for messages about new versions.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use pressmark::base::SystemClock;

use crate::support::cli::{command, stderr};
use crate::support::proxy::{Proxy, Speaks};
use crate::support::web::Web;

fn written(dir: &Path, name: &str, host: &str, proxy: &str) -> String {
    let file = dir.join(format!("{name}.toml"));
    let proxy = if proxy.is_empty() { String::new() } else { format!("proxy = \"{proxy}\"\n") };
    fs::write(&file, format!("name = \"{name}\"\nseeds = [\"http://{host}/\"]\n{proxy}")).unwrap();
    file.display().to_string()
}

/// Crawls `behind.example` by a job with this proxy and `direct.example` by one without.
fn through(speaks: Speaks, url: &dyn Fn(&Proxy) -> String) -> (Vec<String>, Web) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let web = Web::start(Arc::new(SystemClock));
    let proxy = Proxy::start(speaks, web.address);
    web.page("behind.example", "/", "<p>behind</p>");
    web.page("direct.example", "/", "<p>direct</p>");
    let behind = written(dir.path(), "behind", "behind.example", &url(&proxy));
    let direct = written(dir.path(), "direct", "direct.example", "");
    let mut crawl = command(&root);
    crawl.args(["crawl", "--allow-private", "--job", &behind, "--job", &direct, "--strict"]);
    crawl.args(["--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]);
    for rule in web.resolve(&["direct.example", "behind.example"]) {
        crawl.args(["--resolve", &rule]);
    }
    let done = crawl.output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let targets: Vec<String> =
        web.asked().iter().map(|a| format!("{}{}", a.host, a.target)).collect();
    for page in ["behind.example/", "direct.example/"] {
        assert_eq!(targets.iter().filter(|t| *t == page).count(), 1, "{targets:?}");
    }
    // Nothing about the proxy is recorded in the archive, in particular no password.
    let mut left = vec![root];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            if entry.path().is_dir() {
                left.push(entry.path());
            } else {
                let bytes = fs::read(entry.path()).unwrap();
                let found = bytes.windows(7).any(|w| w == b"hunter2");
                assert!(!found, "{}", entry.path().display());
            }
        }
    }
    (proxy.asked(), web)
}

#[test]
fn a_job_with_an_http_proxy_asks_it_for_whole_uris_and_other_jobs_do_not() {
    let (asked, _web) = through(Speaks::Http, &|proxy| format!("http://{}", proxy.address));
    assert_eq!(
        asked,
        ["GET http://behind.example/robots.txt HTTP/1.1", "GET http://behind.example/ HTTP/1.1"]
    );
}

#[test]
fn a_password_goes_to_the_proxy_alone_by_a_tunnel() {
    let (asked, web) =
        through(Speaks::Http, &|proxy| format!("http://me:hunter2@{}", proxy.address));
    assert!(!asked.is_empty());
    for line in &asked {
        assert!(line.starts_with("CONNECT behind.example:80 HTTP/1.1"), "{line}");
        assert!(line.contains("Basic bWU6aHVudGVyMg=="), "{line}");
    }
    for one in web.asked() {
        let text = String::from_utf8_lossy(&one.bytes).to_ascii_lowercase();
        assert!(!text.contains("proxy-authorization"), "{text}");
    }
}

#[test]
fn a_job_with_a_socks5_proxy_goes_through_it() {
    let (asked, _web) =
        through(Speaks::Socks5, &|proxy| format!("socks5h://me:hunter2@{}", proxy.address));
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|line| line == "me:hunter2 at behind.example:80"), "{asked:?}");
    let (asked, _web) = through(Speaks::Socks5, &|proxy| format!("socks5://{}", proxy.address));
    // Names are resolved here, so the proxy is asked for an address.
    assert!(asked.iter().all(|line| line.starts_with("127.0.0.1:")), "{asked:?}");
}
