//! Asking a proxy for a way through: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928,
//! with the password method of RFC 1929).
//!
//! Owns the bytes between us and the proxy, which are not part of any record. Deliberately dials
//! nothing itself and has no time limits of its own: the caller's cover it.

use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stream::BoxStream;
use crate::http::{HeadLimits, Method, ResponseReader, Step};

/// What the proxy is asked to connect to.
#[derive(Debug, Clone)]
pub(super) enum Destination<'a> {
    Name(&'a str),
    Address(IpAddr),
}

/// A tunnel through an HTTP proxy, and what a relay calls the session. The error says why, as text.
pub(super) async fn connect_tunnel(
    stream: &mut BoxStream,
    host: &str,
    port: u16,
    credentials: Option<&(String, String)>,
) -> Result<Option<String>, String> {
    let authorization = credentials.map_or_else(String::new, |(user, password)| {
        format!("Proxy-Authorization: {}\r\n", super::request::basic(user, password))
    });
    let request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())?;
    let limits = HeadLimits { header_bytes_max: 64 * 1024 };
    let mut reader = ResponseReader::new(Method::Connect, limits);
    let mut buffer = [0u8; 4096];
    loop {
        let n = stream.read(&mut buffer).await.map_err(|error| error.to_string())?;
        if n == 0 {
            return Err("the proxy closed the connection".to_owned());
        }
        let mut rest = &buffer[..n];
        loop {
            let progress = reader.feed(rest);
            rest = &rest[progress.consumed..];
            if progress.step != Step::Interim {
                break;
            }
        }
        if let Some(head) = reader.head() {
            return match head.status {
                Some(200..=299) if rest.is_empty() => {
                    let session = head.get_text("pressmark-session");
                    // It becomes part of an address.
                    let is_plain =
                        |id: &str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
                    Ok(session.filter(|id| is_plain(id)).map(std::borrow::Cow::into_owned))
                }
                Some(200..=299) => Err("the proxy sent unexpected bytes".to_owned()),
                _ => Err(format!(
                    "the proxy answered {:?}",
                    String::from_utf8_lossy(head.start_line())
                )),
            };
        }
        if !reader.in_head() {
            return Err("the proxy does not speak HTTP".to_owned());
        }
    }
}

/// A way through a SOCKS5 proxy. The error says why, as text.
pub(super) async fn connect_socks5(
    stream: &mut BoxStream,
    destination: &Destination<'_>,
    port: u16,
    credentials: Option<&(String, String)>,
) -> Result<(), String> {
    const NONE: u8 = 0;
    const PASSWORD: u8 = 2;
    let methods: &[u8] =
        if credentials.is_some() { &[5, 2, NONE, PASSWORD] } else { &[5, 1, NONE] };
    send(stream, methods).await?;
    let [5, method] = receive::<2>(stream).await? else {
        return Err("the proxy does not speak SOCKS5".to_owned());
    };
    match (method, credentials) {
        (NONE, _) => {}
        (PASSWORD, Some((user, password))) => {
            let mut message = vec![1, length(user)?];
            message.extend_from_slice(user.as_bytes());
            message.push(length(password)?);
            message.extend_from_slice(password.as_bytes());
            send(stream, &message).await?;
            if receive::<2>(stream).await?[1] != 0 {
                return Err("the proxy refused user and password".to_owned());
            }
        }
        _ => return Err("the proxy requires another authentication method".to_owned()),
    }
    let mut message = vec![5, 1, 0];
    match destination {
        Destination::Address(IpAddr::V4(address)) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
        }
        Destination::Address(IpAddr::V6(address)) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
        }
        Destination::Name(name) => {
            message.extend_from_slice(&[3, length(name)?]);
            message.extend_from_slice(name.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    send(stream, &message).await?;
    let [_, answer, _, kind] = receive::<4>(stream).await?;
    if answer != 0 {
        return Err(format!("the proxy answered: {}", socks_answer(answer)));
    }
    // The address that the proxy is bound to, which says nothing about the server.
    let left = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(receive::<1>(stream).await?[0]),
        _ => return Err("the proxy does not speak SOCKS5".to_owned()),
    };
    let mut bound = vec![0; left + 2];
    stream.read_exact(&mut bound).await.map_err(|error| error.to_string())?;
    Ok(())
}

async fn send(stream: &mut BoxStream, bytes: &[u8]) -> Result<(), String> {
    stream.write_all(bytes).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())
}

async fn receive<const N: usize>(stream: &mut BoxStream) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn length(text: &str) -> Result<u8, String> {
    u8::try_from(text.len()).map_err(|_| "a name or password is over 255 bytes".to_owned())
}

/// RFC 1928 section 6.
fn socks_answer(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "an unknown code",
    }
}
