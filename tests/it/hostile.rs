//! A hostile web: each host here attacks the crawler, and each crawl continues with the next page.
//!
//! Everything is scripted on loopback. There is a normal host beside every hostile one, which must be
//! captured in the same run.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pressmark::base::{Clock, ManualClock};
use pressmark::capture::{BoxFuture, BoxStream, Dialer};
use pressmark::crawl::{Finished, Job, Outcome, Report, Stop};
use pressmark::schedule::JobSpec;
use pressmark::schedule::scope::{Requisites, Rule};

use crate::lab::{Lab, Seen, article, uri};
use crate::support::web::{Reply, ok};

const BAD: &str = "bad.example";
const KIND: &str = "kind.example";

fn lab() -> Lab {
    let mut lab = Lab::new(&[BAD, KIND]);
    lab.web.page(KIND, "/", &article("Kind", &["All is well here, and has been for years."]));
    // Small limits, so that a test moves kilobytes where an operator's would move gigabytes.
    lab.capture.response_bytes_max = 256 << 10;
    lab.capture.header_bytes_max = 16 << 10;
    lab.options.decoded_bytes_max = 1 << 20;
    lab
}

fn spec() -> JobSpec {
    let mut spec = JobSpec::new("hostile");
    spec.seeds = vec![uri("http://bad.example/"), uri("http://kind.example/")].into();
    spec.scope.include = vec![Rule::Host(BAD.to_owned()), Rule::Host(KIND.to_owned())];
    spec
}

/// Runs it, and asserts that the normal page was captured and nothing hung.
fn survives(lab: &Lab, spec: JobSpec) -> (Report, Seen) {
    let begun = Instant::now();
    let (report, seen) = lab.run(&[spec]);
    // Not a measurement: a run that hangs on hostile input never ends.
    assert!(begun.elapsed() < Duration::from_mins(10), "took {:?}", begun.elapsed());
    let kind = seen.done.iter().any(|done| {
        done.uri.as_str() == "http://kind.example/"
            && matches!(done.outcome, Outcome::Fetched { status: Some(200), .. })
    });
    assert!(kind, "the crawl did not go on: {:?}", report.failures);
    (report, seen)
}

fn outcome<'a>(seen: &'a Seen, url: &str) -> &'a Outcome {
    &seen.done.iter().rev().find(|d| d.uri.as_str() == url).expect("an outcome").outcome
}

fn cut(seen: &Seen, url: &str) -> Option<&'static str> {
    match outcome(seen, url) {
        Outcome::Fetched { truncated, .. } => *truncated,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endless_body_is_cut_and_marked() {
    let lab = lab();
    let mut body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n".to_vec();
    body.resize(2 << 20, b'x');
    lab.web.on(BAD, "/", Reply::BytesThenClose(body));
    let (_, seen) = survives(&lab, spec());
    assert_eq!(cut(&seen, "http://bad.example/"), Some("length"));
}

#[test]
fn an_endless_chunked_body_is_cut_and_marked() {
    let lab = lab();
    let mut body =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..2_000 {
        body.extend_from_slice(b"400\r\n");
        body.resize(body.len() + 0x400, b'y');
        body.extend_from_slice(b"\r\n");
    }
    lab.web.on(BAD, "/", Reply::BytesThenClose(body));
    let (_, seen) = survives(&lab, spec());
    assert_eq!(cut(&seen, "http://bad.example/"), Some("length"));
}

#[test]
fn a_slow_drip_falls_under_the_floor() {
    let mut lab = lab();
    lab.capture.bytes_per_second_min = 1_000;
    lab.capture.bytes_per_second_window = Duration::from_millis(300);
    // A body that promises much, sends little and keeps the connection open.
    let body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\nhello";
    lab.web.on(BAD, "/", Reply::Bytes(body.to_vec()));
    let (_, seen) = survives(&lab, spec());
    assert_eq!(cut(&seen, "http://bad.example/"), Some("time"));
}

/// A server that answers requests with this prefix by this head and then pieces, with a pause after each, until the
/// client disconnects, and others by 404. Returns its address, and the number of body bytes it could send.
fn start_body_server(
    only: &'static str,
    head: &'static str,
    piece: Vec<u8>,
    pause: Duration,
) -> (SocketAddr, Arc<AtomicUsize>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&sent);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (piece, counted) = (piece.clone(), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let Ok(length) = stream.read(&mut request) else { return };
                if !request[..length].starts_with(only.as_bytes()) {
                    let none =
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    let _ = stream.write_all(none);
                    return;
                }
                let mut goes_on = stream.write_all(head.as_bytes()).is_ok();
                while goes_on {
                    goes_on = stream.write_all(&piece).is_ok();
                    counted.fetch_add(piece.len(), Ordering::SeqCst);
                    std::thread::sleep(pause);
                }
            });
        }
    });
    (address, sent)
}

/// Resolves the hostile host to this address.
fn resolve_bad_host(lab: &mut Lab, to: SocketAddr) {
    let rule = format!("{BAD}:80:127.0.0.1:{}", to.port());
    lab.capture.resolve.insert(0, rule.parse().unwrap());
}

#[test]
fn a_body_that_comes_a_byte_at_a_time_is_cut() {
    let mut lab = lab();
    lab.capture.bytes_per_second_min = 1_000;
    lab.capture.bytes_per_second_window = Duration::from_millis(300);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999\r\n\r\n";
    let (address, sent) =
        start_body_server("GET /", head, b"a".to_vec(), Duration::from_millis(20));
    resolve_bad_host(&mut lab, address);
    let (_, seen) = survives(&lab, spec());
    let dripped = seen.done.iter().filter(|d| d.uri.host() == BAD);
    assert!(dripped.clone().count() >= 1, "{:?}", seen.done);
    assert!(dripped.clone().all(|d| d.took < Duration::from_mins(5)), "{:?}", seen.done);
    assert!(sent.load(Ordering::SeqCst) < 10_000);
}

#[test]
fn at_most_one_megabyte_of_a_robots_txt_of_two_gigabytes_is_read() {
    let mut lab = lab();
    // No configured limit helps here.
    lab.capture.response_bytes_max = 1 << 40;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2147483648\r\n\r\nUser-agent: *\nDisallow: /secret\n";
    let (address, sent) = start_body_server(
        "GET /robots.txt",
        head,
        b"Disallow: /a/path/that/means/nothing\n".repeat(1_000),
        Duration::ZERO,
    );
    resolve_bad_host(&mut lab, address);
    let mut spec = spec();
    spec.seeds.push(&uri("http://bad.example/secret"));
    let (report, seen) = survives(&lab, spec);
    let robots =
        seen.done.iter().find(|d| d.uri.as_str() == "http://bad.example/robots.txt").unwrap();
    assert!((500 << 10..=(1 << 20) + 1).contains(&robots.bytes), "{}", robots.bytes);
    assert_eq!(report.refused_by_robots, 1, "what was read of it is obeyed: {:?}", report.failures);
    assert!(sent.load(Ordering::SeqCst) < 64 << 20, "the server was let go");
}

#[test]
fn a_header_bomb_is_aborted() {
    let lab = lab();
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for n in 0..50_000 {
        head.extend_from_slice(format!("X-{n}: {n}\r\n").as_bytes());
    }
    lab.web.on(BAD, "/", Reply::BytesThenClose(head));
    let (_, seen) = survives(&lab, spec());
    match outcome(&seen, "http://bad.example/") {
        Outcome::Fetched { truncated, .. } => assert!(truncated.is_some()),
        Outcome::Failed { .. } => {}
        refused @ (Outcome::Refused { .. } | Outcome::RobotsUnreachable { .. }) => {
            panic!("{refused:?}")
        }
    }
    assert!(seen.done.iter().all(|d| d.bytes < 1 << 20));
}

#[test]
fn a_gzip_bomb_is_stored_as_received_and_not_decompressed() {
    let lab = lab();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        io::Write::write_all(&mut packer, &vec![b' '; 1 << 20]).unwrap();
    }
    let body = packer.finish().unwrap();
    assert!(body.len() < 100 << 10);
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend(body);
    lab.web.on(BAD, "/", Reply::Bytes(reply));
    let (report, _) = survives(&lab, spec());
    assert_eq!(report.failed, 0);
}

fn redirect(to: &str) -> Reply {
    let reply = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    Reply::Bytes(reply.into_bytes())
}

#[test]
fn redirect_loops_and_chains_end() {
    let lab = lab();
    lab.web.on(BAD, "/", redirect("/loop"));
    lab.web.on(BAD, "/loop", redirect("/"));
    let (_, _) = survives(&lab, spec());
    assert_eq!(lab.asked().iter().filter(|url| url.starts_with(BAD)).count(), 2);
    let lab = self::lab();
    lab.web.on(BAD, "/", redirect("/1"));
    for n in 1..40 {
        lab.web.on(BAD, &format!("/{n}"), redirect(&format!("/{}", n + 1)));
    }
    survives(&lab, spec());
    // The seed, and as many hops as are followed.
    assert_eq!(lab.asked().iter().filter(|url| url.starts_with(BAD)).count(), 11);
}

/// A network on which each lookup of a name returns the address that the script gives, and every public
/// address leads to the scripted web.
#[derive(Debug)]
struct Names {
    web: SocketAddr,
    bad: Vec<IpAddr>,
    asked: AtomicUsize,
    dialed: std::sync::Mutex<Vec<SocketAddr>>,
}

impl Dialer for Names {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let address = if host == BAD {
            let at = self.asked.fetch_add(1, Ordering::SeqCst);
            self.bad[at.min(self.bad.len() - 1)]
        } else {
            "203.1.113.7".parse().unwrap()
        };
        Box::pin(async move { Ok(vec![address]) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        self.dialed.lock().unwrap().push(address);
        let web = self.web;
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(web).await?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// A lab whose names are scripted and whose private addresses are refused, as in production.
fn lab_of(bad: &[&str]) -> (Lab, Arc<Names>) {
    let mut lab = lab();
    let names = Arc::new(Names {
        web: lab.web.address,
        bad: bad.iter().map(|ip| ip.parse().unwrap()).collect(),
        asked: AtomicUsize::new(0),
        dialed: std::sync::Mutex::default(),
    });
    lab.capture.resolve.clear();
    lab.capture.allow_private = false;
    lab.dialer = Arc::clone(&names) as Arc<dyn Dialer>;
    (lab, names)
}

#[test]
fn a_redirect_to_a_private_address_is_not_followed_there() {
    let (lab, names) = lab_of(&["203.1.113.9"]);
    lab.web.on(BAD, "/", redirect("http://169.254.169.254/latest/meta-data/"));
    let mut spec = spec();
    spec.scope.include.push(Rule::Host("169.254.169.254".to_owned()));
    survives(&lab, spec);
    let dialed = names.dialed.lock().unwrap();
    assert!(dialed.iter().all(|a| a.ip().to_string().starts_with("203.")), "{dialed:?}");
}

#[test]
fn a_name_that_changes_to_a_private_address_is_not_connected_to() {
    let (mut lab, names) = lab_of(&["203.1.113.9", "127.0.0.1"]);
    // Every exchange on a connection of its own, and no answer is cached, so that each looks up the name.
    lab.capture.idle_per_host_max = 0;
    lab.capture.dns_age_max = std::time::Duration::ZERO;
    lab.web.page(BAD, "/", "<a href=/2>x</a>");
    let mut spec = spec();
    spec.depth = 1;
    let (_, seen) = survives(&lab, spec);
    let dialed = names.dialed.lock().unwrap();
    assert!(dialed.iter().all(|a| a.ip().to_string().starts_with("203.")), "{dialed:?}");
    assert!(names.asked.load(Ordering::SeqCst) >= 2);
    let refused = |o: &Outcome| matches!(o, Outcome::Failed { step: "address-refused", .. });
    assert!(seen.done.iter().any(|d| refused(&d.outcome)), "{:?}", seen.done);
}

/// A page whose images are on this many names of one address.
fn page_of_names(count: usize) -> String {
    let images = (0..count).map(|n| format!("<img src=http://i{n}.example/x.png>"));
    article("Many names", &["All pictures are on one machine."]) + &images.collect::<String>()
}

#[test]
fn many_names_of_one_address_are_asked_at_the_pace_of_one_machine() {
    const NAMES: usize = 300;
    let (mut lab, names) = lab_of(&["203.1.113.9"]);
    // No pause is required between requests to one name.
    lab.politeness.pace.delay_min = Duration::ZERO;
    lab.politeness.pace.delay_factor = 0.0;
    lab.options.wait_max = Duration::from_hours(1);
    lab.web.page(BAD, "/", &page_of_names(NAMES));
    let mut spec = spec();
    spec.scope.requisites = Requisites::AnyHost;
    let begun = lab.clock.now();
    survives(&lab, spec);
    let mut at: Vec<i64> = lab
        .web
        .asked()
        .iter()
        .filter(|asked| asked.host.starts_with('i'))
        .map(|asked| asked.at.unix_micros() / 1_000)
        .collect();
    // A robots.txt and an image of each.
    assert_eq!(at.len(), 2 * NAMES);
    at.sort_unstable();
    let busiest =
        at.iter().map(|from| at.iter().filter(|at| (*from..from + 1_000).contains(at)).count());
    assert!(busiest.max() <= Some(6), "{at:?}");
    // A page behind the same address does not wait for them.
    let kind = lab.web.asked().into_iter().find(|asked| asked.host == KIND && asked.target == "/");
    let waited = kind.unwrap().at.since(begun);
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert!(names.dialed.lock().unwrap().len() <= 2 * NAMES + 4);
}

#[test]
fn what_a_page_needs_counts_against_the_limit_of_pages() {
    let (mut lab, _) = lab_of(&["203.1.113.9"]);
    lab.politeness.address_delay_min = Duration::ZERO;
    lab.web.page(BAD, "/", &page_of_names(300));
    let mut spec = spec();
    spec.scope.requisites = Requisites::AnyHost;
    spec.limits.pages_max = Some(20);
    let (_, seen) = lab.run(&[spec]);
    let is_page = |done: &&Finished| !done.uri.as_str().ends_with("/robots.txt");
    let of_job = seen.done.iter().filter(is_page).count();
    // Those of a job that were in flight when the last of them was counted are accepted.
    assert!((20..=20 + lab.options.hosts_max).contains(&of_job), "{of_job}");
    let job =
        Job { requisites: true, pages_max: Some(20), ..Job::of(vec![uri("http://bad.example/")]) };
    let (mut lab, _) = lab_of(&["203.1.113.9"]);
    lab.politeness.address_delay_min = Duration::ZERO;
    lab.web.page(BAD, "/", &page_of_names(300));
    let (mut crawl, _store) = lab.crawl(&[]);
    let mut seen = Seen::default();
    let stop = Stop::default();
    let run = crawl.run(&job, &mut seen, &stop);
    let report = crate::lab::runtime().block_on(run).unwrap();
    let asked = lab.web.asked();
    assert_eq!(asked.iter().filter(|asked| asked.target != "/robots.txt").count(), 20);
    assert!(report.left > 250, "{}", report.left);
}

#[test]
fn a_429_with_a_clock_ten_years_ahead_does_not_block_a_host_for_years() {
    let mut lab = lab();
    let busy = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n";
    lab.web.page(BAD, "/2", &article("Two", &["Another page of the host."]));
    lab.web.on(BAD, "/", Reply::Bytes(busy.to_vec()));
    let right = lab.clock.now();
    let mut spec = spec();
    spec.seeds = ["http://bad.example/", "http://bad.example/2", "http://kind.example/"]
        .map(uri)
        .to_vec()
        .into();
    lab.clock.advance(Duration::from_hours(24 * 3_653));
    let (report, _) = lab.run(&[spec.clone()]);
    assert!(report.left > 0, "the host has put us off");
    // The clock is corrected; another process continues.
    lab.clock = Arc::new(ManualClock::new(right));
    lab.web.page(BAD, "/", &article("One", &["Here it is."]));
    let (_, seen) = lab.watch(&[spec.clone()], Duration::from_hours(72));
    assert!(seen.notes.iter().any(|note| note.contains("3653 days ahead")), "{:?}", seen.notes);
    for url in ["http://bad.example/", "http://bad.example/2"] {
        let at = seen.done.iter().find(|done| done.uri.as_str() == url).expect(url).at;
        // What the host asked for is kept, counted from now.
        let waited = at.since(right);
        assert!(waited <= Duration::from_hours(5), "{url}: {waited:?}");
    }
    // The correction is permanent, also for pages that had been captured.
    lab.clock.advance(Duration::from_hours(24 * 30));
    let (_, seen) = lab.watch(&[spec], Duration::from_hours(24 * 30));
    assert!(seen.notes.iter().all(|note| !note.contains("ahead")), "{:?}", seen.notes);
    assert!(seen.done.iter().any(|done| done.uri.as_str() == "http://kind.example/"));
}

#[test]
fn a_huge_robots_txt_is_cut_and_what_was_read_is_obeyed() {
    let lab = lab();
    let mut text = b"User-agent: *\nDisallow: /secret\n".to_vec();
    while text.len() < 20 << 20 {
        text.extend_from_slice(b"Disallow: /some/path/that/is/long/and/means/nothing\n");
    }
    lab.web.on(BAD, "/robots.txt", Reply::BytesThenClose(ok("text/plain", &text)));
    lab.web.page(BAD, "/", "<a href=/secret>s</a><a href=/open>o</a>");
    let mut spec = spec();
    spec.depth = 1;
    survives(&lab, spec);
    let asked = lab.asked();
    assert!(!asked.iter().any(|url| url.ends_with("/secret")), "{asked:?}");
}

#[test]
fn a_page_of_a_million_links_is_bounded_by_the_budget() {
    let mut lab = lab();
    lab.capture.response_bytes_max = 64 << 20;
    lab.options.decoded_bytes_max = 64 << 20;
    let links: String = (0..1_000_000).map(|n| format!("<a href=/p{n}>x</a>")).collect();
    lab.web.page(BAD, "/", &links);
    let mut spec = spec();
    spec.depth = 1;
    spec.traps.per_host_max = Some(50);
    spec.limits.pages_max = Some(60);
    let (report, _) = survives(&lab, spec);
    assert!(report.left_out > 40_000, "{}", report.left_out);
    assert!(lab.asked().len() <= 60);
}

#[test]
fn deep_nesting_breaks_nothing() {
    let lab = lab();
    let deep = format!("{}{}", "<div><b><i>".repeat(7_000), "<a href=/next>x</a>");
    lab.web.page(BAD, "/", &deep);
    survives(&lab, spec());
}

#[test]
fn sitemaps_that_name_each_other_end() {
    let lab = lab();
    let index = |other: &str| {
        format!(
            "<?xml version=\"1.0\"?><sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
             <sitemap><loc>http://bad.example/{other}</loc></sitemap>\
             <sitemap><loc>http://bad.example/{other}?again=1</loc></sitemap></sitemapindex>"
        )
    };
    for (at, other) in [("/a.xml", "b.xml"), ("/b.xml", "a.xml")] {
        lab.xml(BAD, at, "application/xml", &index(other));
        lab.xml(BAD, &format!("{at}?again=1"), "application/xml", &index(other));
    }
    let mut spec = spec();
    spec.sitemaps = vec![uri("http://bad.example/a.xml")];
    survives(&lab, spec);
    let maps = lab.asked().iter().filter(|url| url.contains(".xml")).count();
    assert!(maps <= 4, "{maps}");
}

#[test]
fn a_host_that_answers_200_to_everything_is_left_eventually() {
    let lab = lab();
    // Every page links to two deeper ones, for ever.
    for path in ["/", "/a", "/b", "/a/a", "/a/b", "/a/a/a", "/a/a/b", "/a/a/a/a", "/a/a/a/b"] {
        let base = path.trim_end_matches('/');
        lab.web.page(BAD, path, &format!("<a href={base}/a>x</a><a href={base}/b>y</a>"));
    }
    let mut spec = spec();
    spec.depth = 100;
    spec.traps.segment_repeats_max = 3;
    let (report, _) = survives(&lab, spec);
    assert!(report.left_out > 0);
    assert!(!lab.asked().iter().any(|url| url.contains("/a/a/a/a")), "{:?}", lab.asked());
}
