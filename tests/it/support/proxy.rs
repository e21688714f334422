//! A proxy on loopback: HTTP (CONNECT and absolute URIs) or SOCKS5. It connects every name to one address,
//! and records the requests.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The protocol of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Http,
    Socks5,
}

/// The running proxy; its threads end with the process.
pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn start(speaks: Speaks, origin: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || match speaks {
                    Speaks::Http => http(stream, origin, &log),
                    Speaks::Socks5 => socks5(stream, origin, &log),
                });
            }
        });
        Self { address, asked }
    }

    /// The requests: request lines, or `HOST:PORT` and the user.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn http(mut client: TcpStream, origin: SocketAddr, log: &Mutex<Vec<String>>) -> Option<()> {
    let head = read_head(&mut client)?;
    let text = String::from_utf8_lossy(&head).into_owned();
    let line = text.lines().next()?.to_owned();
    let user = text.lines().find(|l| l.to_ascii_lowercase().starts_with("proxy-authorization"));
    log.lock()
        .unwrap()
        .push([Some(line.as_str()), user].into_iter().flatten().collect::<Vec<_>>().join(" | "));
    let mut server = TcpStream::connect(origin).ok()?;
    if line.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    } else {
        // The origin gets the request in origin form, for this one request.
        let (method, rest) = line.split_once(' ')?;
        let path = rest.split_once("://")?.1.split_once('/')?.1;
        let fields: String = text.lines().skip(1).map(|l| format!("{l}\r\n")).collect();
        server.write_all(format!("{method} /{path}\r\n{fields}").as_bytes()).ok()?;
        // One request per connection: further data on it is ignored.
        let mut back = server.try_clone().ok()?;
        let mut piece = [0; 64 * 1024];
        let n = back.read(&mut piece).ok()?;
        client.write_all(&piece[..n]).ok()?;
        client.shutdown(Shutdown::Both).ok()?;
        return Some(());
    }
    join(client, server)
}

fn socks5(mut client: TcpStream, origin: SocketAddr, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut start = [0; 2];
    client.read_exact(&mut start).ok()?;
    let mut methods = vec![0; usize::from(start[1])];
    client.read_exact(&mut methods).ok()?;
    let mut user = String::new();
    if methods.contains(&2) {
        client.write_all(&[5, 2]).ok()?;
        let mut version = [0; 1];
        client.read_exact(&mut version).ok()?;
        user = format!("{}:{} at ", counted(&mut client)?, counted(&mut client)?);
        client.write_all(&[1, 0]).ok()?;
    } else {
        client.write_all(&[5, 0]).ok()?;
    }
    let mut ask = [0; 4];
    client.read_exact(&mut ask).ok()?;
    let host = match ask[3] {
        1 => {
            let mut ip = [0; 4];
            client.read_exact(&mut ip).ok()?;
            std::net::Ipv4Addr::from(ip).to_string()
        }
        3 => counted(&mut client)?,
        _ => return None,
    };
    let mut port = [0; 2];
    client.read_exact(&mut port).ok()?;
    log.lock().unwrap().push(format!("{user}{host}:{}", u16::from_be_bytes(port)));
    let server = TcpStream::connect(origin).ok()?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).ok()?;
    join(client, server)
}

fn counted(stream: &mut TcpStream) -> Option<String> {
    let mut length = [0; 1];
    stream.read_exact(&mut length).ok()?;
    let mut text = vec![0; usize::from(length[0])];
    stream.read_exact(&mut text).ok()?;
    String::from_utf8(text).ok()
}

fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(head)
}

/// Both ways until either side ends.
fn join(client: TcpStream, server: TcpStream) -> Option<()> {
    let (mut up, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut up, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut down, mut back) = (server, client);
    let _ = std::io::copy(&mut down, &mut back);
    let _ = back.shutdown(Shutdown::Both);
    Some(())
}
