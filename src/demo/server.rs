//! A small HTTP/1.1 server on loopback for the demonstration site.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::days::Days;
use super::site::{Asked, respond};

/// A running site; it stops when this is dropped.
pub(super) struct Server {
    pub address: SocketAddr,
    phase: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts the site on a free port of 127.0.0.1.
    pub async fn start(days: Days) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let phase = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&phase);
        let task = tokio::spawn(async move {
            // An accept that fails (out of sockets) ends the site; the crawl then reports it.
            while let Ok((stream, _)) = listener.accept().await {
                let phase = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = serve(stream, days, &phase).await;
                });
            }
        });
        Ok(Self { address, phase, task })
    }

    /// Moves the site on to its state of `phase`.
    pub fn set_phase(&self, phase: usize) {
        self.phase.store(phase, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, days: Days, phase: &AtomicUsize) -> std::io::Result<()> {
    const REQUEST_BYTES_MAX: usize = 64 * 1024;
    let mut buffer = Vec::new();
    loop {
        while !buffer.windows(4).any(|w| w == b"\r\n\r\n") {
            if stream.read_buf(&mut buffer).await? == 0 || buffer.len() > REQUEST_BYTES_MAX {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&buffer).into_owned();
        buffer.clear();
        let target = text.split(' ').nth(1).unwrap_or("/");
        let if_none_match = text.lines().find_map(|l| {
            let (name, value) = l.split_once(':')?;
            name.eq_ignore_ascii_case("if-none-match").then(|| value.trim())
        });
        let host = text.lines().find_map(|l| {
            let (name, value) = l.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        });
        let asked = Asked { host: host.unwrap_or_default(), target, if_none_match };
        let bytes = respond(days, phase.load(Ordering::SeqCst), &asked);
        stream.write_all(&bytes).await?;
    }
}
