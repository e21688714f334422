//! A listener that answers `/healthz` and `/metrics` and nothing else (HTTP/1.1, one request a
//! connection). Small and bounded: few connections at once, a short head, a short time.
//!
//! Every request is answered, however many idle connections are open: with too many of them the
//! oldest is closed. A caller that sends its request at once has its answer before any other can be
//! accepted in its place.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::metrics::Metrics;

/// At most this many connections are open at once.
const CONNECTIONS_MAX: usize = 64;
/// A longer request head is not one of Pressmark's.
const HEAD_MAX: usize = 8 * 1024;
/// A connection that takes longer is closed.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Begins to listen. The address that was bound (port 0 picks one), and the task that answers;
/// it ends when it is aborted.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(
    bind: &str,
    metrics: Metrics,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind(bind).await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut standing: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Too many open files, most likely: there will be fewer in a while.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            standing.retain(|other| !other.is_finished());
            while standing.len() >= CONNECTIONS_MAX {
                if let Some(oldest) = standing.pop_front() {
                    oldest.abort();
                }
            }
            let metrics = metrics.clone();
            let task = tokio::spawn(async move {
                // A slow or gone caller needs no report.
                let _ = tokio::time::timeout(TIME_MAX, answer(stream, &metrics)).await;
            });
            standing.push_back(task.abort_handle());
        }
    });
    Ok((address, task))
}

async fn answer(mut stream: TcpStream, metrics: &Metrics) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        if head.len() > HEAD_MAX || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let reply = reply(&line, metrics);
    stream.write_all(&reply).await?;
    stream.shutdown().await
}

fn body(first: &str, complaints: &[String]) -> String {
    let rest: String = complaints.iter().map(|line| format!("{line}\n")).collect();
    format!("{first}\n{rest}")
}

/// The reply to a request line.
fn reply(line: &str, metrics: &Metrics) -> Vec<u8> {
    let mut parts = line.split(' ');
    let (method, target) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let plain = "text/plain; charset=utf-8";
    let (status, media_type, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => {
            ("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics.render())
        }
        ("GET" | "HEAD", "/healthz") => match metrics.ailments() {
            none if none.is_empty() => ("200 OK", plain, body("ok", &metrics.complaints())),
            ailments => {
                let first = ailments.join("\n");
                ("503 Service Unavailable", plain, body(&first, &metrics.complaints()))
            }
        },
        ("GET" | "HEAD", _) => {
            ("404 Not Found", plain, "/healthz and /metrics are here\n".to_owned())
        }
        _ => ("405 Method Not Allowed", plain, "GET or HEAD\n".to_owned()),
    };
    let mut out = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if method != "HEAD" {
        out.push_str(&body);
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::crawl::{Observer, RunProblem};

    #[test]
    fn the_status_reports_health() {
        let mut metrics = Metrics::default();
        let status = |line: &str, metrics: &Metrics| {
            let text = String::from_utf8(reply(line, metrics)).unwrap();
            text.split(' ').nth(1).unwrap().to_owned()
        };
        assert_eq!(status("GET /healthz HTTP/1.1", &metrics), "200");
        metrics.trouble(&RunProblem::Stalled { since: Timestamp::from_unix_seconds(1) });
        assert_eq!(status("GET /healthz HTTP/1.1", &metrics), "503");
        assert_eq!(status("GET /metrics?x=y HTTP/1.1", &metrics), "200");
        assert_eq!(status("POST /metrics HTTP/1.1", &metrics), "405");
        assert_eq!(status("GET / HTTP/1.1", &metrics), "404");
        assert_eq!(status("", &metrics), "405");
    }

    #[tokio::test]
    async fn the_listener_answers_on_the_port_it_says() {
        let (address, task) = serve("127.0.0.1:0", Metrics::default()).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).await.unwrap();
        assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && got.contains("pressmark_queued 0"));
        task.abort();
    }

    #[tokio::test]
    async fn connections_that_ask_nothing_keep_no_one_from_an_answer() {
        let (address, task) = serve("127.0.0.1:0", Metrics::default()).await.unwrap();
        let mut idle = Vec::new();
        for n in 0..145 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            if n % 2 == 0 {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.unwrap();
            }
            idle.push(stream);
        }
        let ask = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut got = String::new();
            stream.read_to_string(&mut got).await.unwrap();
            got
        };
        let got = tokio::time::timeout(TIME_MAX, ask).await.expect("no answer in time");
        assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{got}");
        task.abort();
    }
}
