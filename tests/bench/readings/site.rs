//! A site on loopback whose pages change each time they are asked for.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archive::{Chance, page, sentence};

static ASKED: AtomicUsize = AtomicUsize::new(0);

fn serve(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if lines.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while lines.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or("/");
        if path == "/robots.txt" {
            out.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        let number: u64 = path.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        let mut chance = Chance(number);
        let mut sentences: Vec<String> = (0..30).map(|_| sentence(&mut chance)).collect();
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) as u64;
        sentences[3] = sentence(&mut Chance(asked + 1_000_000));
        let body = page("The boats of the town", &sentences);
        write!(
            out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

/// Starts it; its port answers on every loopback address.
pub fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}
