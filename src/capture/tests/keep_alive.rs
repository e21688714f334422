//! Connections used again, and those that must not be.

use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn uri(host: &str) -> TargetUri {
    TargetUri::parse(&format!("http://{host}/")).unwrap()
}

fn answers(count: usize) -> Vec<Act> {
    (0..count).flat_map(|_| answer(OK)).collect()
}

fn holding(mut acts: Vec<Act>) -> Vec<Act> {
    acts.push(Act::Hold);
    acts
}

#[tokio::test]
async fn eight_exchanges_go_over_one_connection() {
    let replies: [&[u8]; 8] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nT: u\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nx-CASE:  1\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe end",
    ];
    let acts = replies.iter().flat_map(|reply| [Act::Read, Act::Send(reply.to_vec(), 5)]).collect();
    let site = Site::new(vec![acts]).await;
    let capturer = Capturer::new(loopback(), clock()).unwrap();
    let mut requests = Vec::new();
    for (at, reply) in replies.iter().enumerate() {
        let got = exchange(get(&capturer, &site.uri(&format!("/{at}"))).await);
        let all = [got.interim.concat(), all_bytes(&got.response)].concat();
        assert_eq!(all.escape_ascii().to_string(), reply.escape_ascii().to_string());
        assert_eq!(got.timing.connect.is_zero(), at > 0, "only the first one dials");
        assert_eq!(capturer.idle_connections(), usize::from(at < 7));
        requests.push(got.request);
    }
    assert_eq!(site.requests(8).await, requests);
}

#[tokio::test(start_paused = true)]
async fn name_resolution_belongs_to_the_first_exchange() {
    let pipes = Pipes::new(vec![holding(answers(2))]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    let first = exchange(get(&capturer, &uri("a.example")).await);
    let dns = first.dns.unwrap();
    assert_eq!((dns.host.as_str(), dns.source, dns.addresses.len()), ("a.example", "system", 1));
    assert_eq!(first.peer, Some(dns.addresses[0]));
    let second = exchange(get(&capturer, &uri("a.example")).await);
    assert_eq!((second.dns, second.peer), (None, first.peer));
    assert_eq!(pipes.dialled.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_while_idle_is_replaced_before_anything_is_sent() {
    let pipes = Pipes::new(vec![answers(1), answers(1)]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    for _ in 0..2 {
        let got = exchange(get(&capturer, &uri("a.example")).await);
        assert_eq!(all_bytes(&got.response), OK);
        tokio::task::yield_now().await;
    }
    assert_eq!(pipes.dialled.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_looked_up_once_in_a_while_and_recorded_once() {
    // Closed after each answer: every exchange has a connection of its own.
    let pipes = Pipes::new(vec![answers(1); 4]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    let mut recorded = Vec::new();
    for wait in [0, 100, 100, 200] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        recorded.push(exchange(get(&capturer, &uri("a.example")).await).dns.is_some());
    }
    assert_eq!(recorded, [true, false, false, true], "after five minutes it is looked up again");
    assert_eq!(pipes.dialled.lock().unwrap().len(), 4);
}

/// RFC 9112 section 9.3.1.
#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_closes_as_it_is_asked_is_replaced_once() {
    for dies in [vec![Act::Read, Act::Reset], vec![Act::Read]] {
        let pipes = Pipes::new(vec![[answers(1), dies.clone()].concat(), answers(1), dies]);
        let capturer = on_pipes(CaptureOptions::default(), &pipes);
        exchange(get(&capturer, &uri("a.example")).await);
        let second = exchange(get(&capturer, &uri("a.example")).await);
        assert_eq!(all_bytes(&second.response), OK);
        assert_eq!(pipes.dialled.lock().unwrap().len(), 2, "the kept one, and a fresh one");
        // A fresh connection that dies is a failure, and asks nothing again.
        tokio::task::yield_now().await;
        let third = failed(get(&capturer, &uri("a.example")).await);
        assert_eq!((third.kind, third.received.len()), (FailureKind::Reset, 0));
        assert_eq!(pipes.dialled.lock().unwrap().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reused_connection_that_began_to_answer_is_not_replaced() {
    let half = vec![Act::Read, Act::Send(b"HTTP/1.1 2".to_vec(), usize::MAX)];
    let pipes = Pipes::new(vec![[answers(1), half].concat(), answers(1)]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    exchange(get(&capturer, &uri("a.example")).await);
    let got = failed(get(&capturer, &uri("a.example")).await);
    assert_eq!((got.kind, got.received.as_slice()), (FailureKind::Reset, &b"HTTP/1.1 2"[..]));
    assert_eq!(pipes.dialled.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_come_late_are_no_answer_to_the_next_request() {
    let late =
        vec![Act::Pause(Duration::from_secs(1)), Act::Send(OK.to_vec(), usize::MAX), Act::Hold];
    let fresh = b"HTTP/1.1 404 Fresh\r\nContent-Length: 0\r\n\r\n";
    let pipes = Pipes::new(vec![[answers(1), late].concat(), answer(fresh.as_slice())]);
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    exchange(get(&capturer, &uri("a.example")).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(exchange(get(&capturer, &uri("a.example")).await).shape.status, Some(404));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_expires() {
    let says = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 0\r\n\r\n";
    for (reply, idle, dialled) in [(OK, 29, 1), (OK, 31, 2), (&says[..], 3, 1), (&says[..], 5, 2)] {
        let acts = holding([answer(reply), answer(reply)].concat());
        let pipes = Pipes::new(vec![acts.clone(), acts]);
        let capturer = on_pipes(CaptureOptions::default(), &pipes);
        exchange(get(&capturer, &uri("a.example")).await);
        tokio::time::sleep(Duration::from_secs(idle)).await;
        exchange(get(&capturer, &uri("a.example")).await);
        assert_eq!(pipes.dialled.lock().unwrap().len(), dialled, "after {idle} s");
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_bounded_and_the_oldest_makes_room() {
    let options = CaptureOptions { connections_max: 2, ..CaptureOptions::default() };
    let pipes = Pipes::new((0..4).map(|_| holding(answers(2))).collect());
    let capturer = on_pipes(options, &pipes);
    for host in ["a.example", "b.example", "c.example"] {
        exchange(get(&capturer, &uri(host)).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(capturer.idle_connections(), 2);
    exchange(get(&capturer, &uri("b.example")).await);
    assert_eq!(pipes.dialled.lock().unwrap().len(), 3, "b is still there");
    exchange(get(&capturer, &uri("a.example")).await);
    assert_eq!(pipes.dialled.lock().unwrap().len(), 4, "a made room for c");
    capturer.close_idle();
    assert_eq!(capturer.idle_connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn more_captures_than_connections_take_turns() {
    let options = CaptureOptions { connections_max: 3, ..CaptureOptions::default() };
    let slow = vec![
        Act::Read,
        Act::Pause(Duration::from_secs(1)),
        Act::Send(OK.to_vec(), usize::MAX),
        Act::Hold,
    ];
    let pipes = Pipes::new(vec![slow; 30]);
    let capturer = Arc::new(on_pipes(options, &pipes));
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            let capturer = Arc::clone(&capturer);
            tokio::spawn(
                async move { exchange(get(&capturer, &uri(&format!("h{n}.example"))).await) },
            )
        })
        .collect();
    let begun = Instant::now();
    for task in tasks {
        assert_eq!(task.await.unwrap().shape.status, Some(200));
    }
    assert!(begun.elapsed() >= Duration::from_secs(10), "three at a time: {:?}", begun.elapsed());
    assert!(capturer.idle_connections() <= 3);
}

#[tokio::test(start_paused = true)]
async fn a_connection_serves_its_own_scheme_host_and_port_alone() {
    let pipes = Pipes::new((0..3).map(|_| holding(answers(3))).collect());
    let capturer = on_pipes(CaptureOptions::default(), &pipes);
    for host in ["a.example", "b.example", "a.example:81", "a.example", "A.example:80"] {
        exchange(get(&capturer, &uri(host)).await);
    }
    assert_eq!(pipes.dialled.lock().unwrap().len(), 3, "a, b and a:81");
}
