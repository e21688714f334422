//! Names, addresses and proxies.

use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn ips(addresses: &[&str]) -> Vec<IpAddr> {
    addresses.iter().map(|address| address.parse().unwrap()).collect()
}

fn uri(text: &str) -> TargetUri {
    TargetUri::parse(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn special_addresses_are_refused_however_they_are_written() {
    for text in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "https://10.0.0.1/",
        "http://0/",
    ] {
        let pipes = Pipes::new(vec![answer(OK)]);
        let got = failed(get(&on_pipes(CaptureOptions::default(), &pipes), &uri(text)).await);
        assert_eq!(got.kind, FailureKind::AddressRefused, "{text}");
        assert!(got.why.contains("is not dialled"), "{text}: {}", got.why);
        assert!(got.peer.is_some() && got.request.is_empty(), "{text}");
        assert!(pipes.dialled.lock().unwrap().is_empty(), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_changes_its_mind_gets_nowhere() {
    let pipes = Pipes::new(vec![answer(OK), answer(OK)]);
    *pipes.answers.lock().unwrap() = VecDeque::from([
        Ok(ips(&["93.184.216.34"])),
        Ok(ips(&["127.0.0.1"])),
        Ok(ips(&["10.0.0.1", "93.184.216.34", "::1"])),
    ]);
    let options = CaptureOptions {
        idle_per_host_max: 0,
        dns_age_max: Duration::ZERO,
        ..CaptureOptions::default()
    };
    let capturer = on_pipes(options, &pipes);
    let uri = uri("http://rebind.example/");
    exchange(get(&capturer, &uri).await);
    let got = failed(get(&capturer, &uri).await);
    assert_eq!(got.kind, FailureKind::AddressRefused);
    assert_eq!(got.dns.unwrap().addresses, ips(&["127.0.0.1"]));
    // Among several, the public one is dialled and the others never.
    let got = exchange(get(&capturer, &uri).await);
    assert_eq!(got.peer, Some(ips(&["93.184.216.34"])[0]));
    assert_eq!(got.dns.unwrap().addresses.len(), 3);
    let dialled: Vec<String> =
        pipes.dialled.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(dialled, ["93.184.216.34:80", "93.184.216.34:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_an_address_like_any_other() {
    let pin = "a.example:80:127.0.0.1:8080";
    for allow_private in [false, true] {
        let pipes = Pipes::new(vec![answer(OK)]);
        let options = CaptureOptions {
            resolve: vec![pin.parse().unwrap()],
            allow_private,
            ..CaptureOptions::default()
        };
        let captured = get(&on_pipes(options, &pipes), &uri("http://a.example/")).await;
        if allow_private {
            let got = exchange(captured);
            assert_eq!(got.dns.unwrap().source, "resolve");
            assert!(String::from_utf8(got.request).unwrap().contains("Host: a.example\r\n"));
            assert_eq!(pipes.dialled.lock().unwrap()[0].to_string(), "127.0.0.1:8080");
        } else {
            assert_eq!(failed(captured).kind, FailureKind::AddressRefused);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_without_an_address_and_addresses_without_a_server_are_failures() {
    let pipes = Pipes::new(vec![]);
    *pipes.answers.lock().unwrap() = VecDeque::from([
        Err(io::Error::other("no such name")),
        Ok(vec![]),
        Ok(ips(&["93.184.216.34", "93.184.216.35"])),
    ]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    let uri = uri("https://gone.example/");
    let got = failed(get(&capturer, &uri).await);
    assert_eq!((got.kind, got.why.as_str(), got.dns), (FailureKind::Dns, "no such name", None));
    assert_eq!(failed(get(&capturer, &uri).await).kind, FailureKind::Dns);
    let got = failed(get(&capturer, &uri).await);
    assert_eq!((got.kind, got.peer), (FailureKind::Connect, Some(ips(&["93.184.216.35"])[0])));
    assert_eq!(got.dns.unwrap().addresses.len(), 2);
    assert_eq!(pipes.dialled.lock().unwrap().len(), 2, "each address is tried");
}

/// A network on which nothing ever answers.
#[derive(Debug)]
struct Void;

impl Dialer for Void {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            if host == "void.example" {
                std::future::pending::<()>().await;
            }
            Ok(ips(&["93.184.216.34", "93.184.216.35"]))
        })
    }

    fn connect(&self, _address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_ends_at_its_timeout_and_names_the_step() {
    let capturer =
        Capturer::with_dialer(CaptureOptions::default(), clock(), Arc::new(Void)).unwrap();
    for (text, kind) in
        [("http://void.example/", FailureKind::Dns), ("http://a.example/", FailureKind::Connect)]
    {
        let begun = Instant::now();
        let got = failed(get(&capturer, &uri(text)).await);
        assert_eq!(got.kind, kind);
        assert!(got.why.contains("timed out"), "{}", got.why);
        assert_eq!(begun.elapsed().as_secs(), 10, "{text}");
    }
    // A server that accepts and then says nothing to our handshake.
    let pipes = Pipes::new(vec![vec![Act::Hold]]);
    let got =
        failed(get(&on_pipes(CaptureOptions::default(), &pipes), &uri("https://a.example/")).await);
    assert_eq!(got.kind, FailureKind::Tls);
    assert!(got.why.contains("timed out"), "{}", got.why);
}

fn via(proxy: &str) -> CaptureOptions {
    CaptureOptions { proxy: Some(Proxy::parse(proxy).unwrap()), ..CaptureOptions::default() }
}

#[tokio::test]
async fn an_http_proxy_gets_the_whole_uri() {
    let site = Site::new(vec![answer(OK)]).await;
    let capturer = Capturer::new(via(&format!("http://{}", site.address)), clock()).unwrap();
    let got = exchange(get(&capturer, &uri("http://name.example:81/a?b")).await);
    assert_eq!(all_bytes(&got.response), OK);
    assert!(
        got.request
            .starts_with(b"GET http://name.example:81/a?b HTTP/1.1\r\nHost: name.example:81\r\n")
    );
    // The address that answered behind the proxy is not known here.
    assert_eq!((got.peer, got.dns), (None, None));
    drop(capturer);
    assert_eq!(site.requests(1).await, [got.request]);
}

#[tokio::test]
async fn with_a_password_the_proxy_is_asked_for_a_tunnel() {
    let connected = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    let site = Site::new(vec![[answer(connected.as_slice()), answer(OK)].concat()]).await;
    let proxy = format!("http://me:pw@{}", site.address);
    let capturer = Capturer::new(via(&proxy), clock()).unwrap();
    let got = exchange(get(&capturer, &uri("http://name.example/")).await);
    assert_eq!(all_bytes(&got.response), OK);
    drop(capturer);
    let requests = site.requests(2).await;
    assert_eq!(
        String::from_utf8_lossy(&requests[0]),
        "CONNECT name.example:80 HTTP/1.1\r\nHost: name.example:80\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"
    );
    assert_eq!(requests[1], got.request);
    assert!(!String::from_utf8_lossy(&got.request).contains("Authorization"), "nor is it archived");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_failure_to_connect() {
    let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let site = Site::new(vec![answer(refused.as_slice())]).await;
    let capturer = Capturer::new(via(&format!("http://{}", site.address)), clock()).unwrap();
    let got = failed(get(&capturer, &uri("https://name.example/")).await);
    assert_eq!(got.kind, FailureKind::Connect);
    assert!(got.why.contains("407"), "{}", got.why);
    for private in [
        "https://169.254.169.254/",
        "http://0x7f.1/",
        "http://[::1]/",
        "https://localhost/",
        "http://metadata.google.internal/",
        "http://printer.local/",
        "http://intranet/",
    ] {
        let got = failed(get(&capturer, &uri(private)).await);
        assert_eq!(got.kind, FailureKind::AddressRefused, "{private}: {}", got.why);
    }
}

/// Reads exactly `want`, then answers.
async fn expect(stream: &mut tokio::net::TcpStream, want: &[u8], answer: &[u8]) {
    let mut got = vec![0; want.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, want);
    stream.write_all(answer).await.unwrap();
}

#[tokio::test]
async fn socks5_is_spoken_with_names_and_with_addresses() {
    let name = [&[5, 1, 0, 3, 12][..], b"name.example", &[0, 81]].concat();
    let address = vec![5, 1, 0, 1, 93, 184, 216, 34, 0, 80];
    for (scheme, target, message, peer) in [
        ("socks5h", "http://name.example:81/", name, None),
        ("socks5", "http://93.184.216.34/", address, Some("93.184.216.34")),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("{scheme}://me:pw@{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            expect(&mut stream, &[5, 2, 0, 2], &[5, 2]).await;
            expect(&mut stream, b"\x01\x02me\x02pw", &[1, 0]).await;
            expect(&mut stream, &message, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await;
            play(&mut (Box::new(stream) as BoxStream), &answer(OK)).await;
        });
        let capturer = Capturer::new(via(&proxy), clock()).unwrap();
        let got = exchange(get(&capturer, &uri(target)).await);
        assert_eq!(all_bytes(&got.response), OK);
        assert_eq!(got.peer, peer.map(|peer| peer.parse().unwrap()));
        server.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_resolved_here_is_checked_here_also_before_a_proxy() {
    let capturer = Capturer::new(via("socks5://127.0.0.1:9"), clock()).unwrap();
    let got = failed(get(&capturer, &uri("http://127.0.0.1/")).await);
    assert_eq!(got.kind, FailureKind::AddressRefused);
    let got = failed(get(&capturer, &uri("http://localhost/")).await);
    assert_eq!(got.kind, FailureKind::AddressRefused);
}

#[tokio::test(start_paused = true)]
async fn names_that_share_an_address_share_its_places() {
    let pipes = Pipes::new(vec![holding(answer(OK)), holding(answer(OK)), holding(answer(OK))]);
    let same = || Ok(ips(&["93.184.216.34"]));
    *pipes.answers.lock().unwrap() = VecDeque::from([same(), same(), same()]);
    let options = CaptureOptions { connections_per_address_max: 2, ..CaptureOptions::default() };
    let capturer = on_pipes(options, &pipes);
    for name in ["http://a.example/", "http://b.example/", "http://c.example/"] {
        exchange(get(&capturer, &uri(name)).await);
    }
    // One stays for the next exchange, and the last free place stays free.
    assert_eq!(capturer.idle_connections(), 1);
}

fn holding(mut acts: Vec<Act>) -> Vec<Act> {
    acts.push(Act::Hold);
    acts
}
