//! A client that sends exactly what it is given: one request per connection, and the unmodified answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended as its framing declares.
    pub is_whole: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}

/// GET without further fields.
pub fn ask(address: SocketAddr, target: &str) -> Answer {
    ask_with(address, "GET", target, &[])
}

pub fn ask_with(
    address: SocketAddr,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    raw(address, format!("{head}\r\n").as_bytes(), method)
}

/// The answer to these bytes.
pub fn raw(address: SocketAddr, request: &[u8], method: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    // A server that has read enough may hang up before the whole request was sent.
    let _ = stream.write_all(request);
    let mut got = Vec::new();
    // A connection reset ends the received bytes.
    let _ = stream.read_to_end(&mut got);
    let end = got.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&got[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let rest = &got[end..];
    let field = |name: &str| {
        headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
    };
    let (body, is_whole) = match field("transfer-encoding") {
        Some(_) => dechunked(rest),
        None => {
            let length = field("content-length").and_then(|l| l.parse::<usize>().ok());
            let is_whole = method == "HEAD" || status == 304 || length == Some(rest.len());
            (rest.to_vec(), is_whole)
        }
    };
    Answer { status, headers, body, is_whole }
}

fn dechunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|w| w == b"\r\n") else { return (body, false) };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, true);
        }
        if rest.len() < size + 2 {
            return (body, false);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
