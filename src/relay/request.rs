//! The head of a request, as much of it as a relay needs.

use data_encoding::BASE64;

use crate::base::DigestAlgorithm;

/// The longest head that is read, in bytes.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;
/// The longest name of a host.
const HOST_BYTES_MAX: usize = 253;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A connection to a host.
    Connect {
        /// Its name.
        host: String,
        /// The port.
        port: u16,
    },
    /// The note on a session.
    Session(String),
    /// The key of the relay.
    Key,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub asked: Asked,
    /// The password of `Proxy-Authorization`, or its token.
    pub token: Option<String>,
}

impl Request {
    /// Reads a head, its empty line among it.
    ///
    /// # Errors
    /// The status to answer with, and why.
    pub fn parse(head: &[u8]) -> Result<Self, (u16, &'static str)> {
        let head = std::str::from_utf8(head).map_err(|_| (400, "the head is not text"))?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err((400, "the request line is invalid"));
        };
        if !version.starts_with("HTTP/1.") {
            return Err((400, "the request line is invalid"));
        }
        let mut token = None;
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or((400, "a field is invalid"))?;
            if name.eq_ignore_ascii_case("proxy-authorization") {
                token = password(value.trim());
            }
        }
        let asked = match method {
            "CONNECT" => connect(target)?,
            "GET" if target == "/" => Asked::Key,
            "GET" => match target.strip_prefix("/session/") {
                Some(id) if is_id(id) => Asked::Session(id.to_owned()),
                _ => return Err((404, "nothing is here")),
            },
            _ => return Err((405, "only CONNECT and GET are supported")),
        };
        Ok(Self { asked, token })
    }

    /// Whether it shows the token; any does where none is asked for. Digests are compared, so that the time it takes tells
    /// nothing of the token.
    #[must_use]
    pub fn shows(&self, token: &str) -> bool {
        let digest = |text: &str| DigestAlgorithm::Sha256.digest(text.as_bytes());
        token.is_empty() || self.token.as_deref().is_some_and(|own| digest(own) == digest(token))
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn password(value: &str) -> Option<String> {
    let (scheme, shown) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(shown.trim().to_owned());
    }
    let decoded = BASE64.decode(shown.trim().as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split_once(':')?.1.to_owned())
}

fn connect(target: &str) -> Result<Asked, (u16, &'static str)> {
    let (host, port) = target.rsplit_once(':').ok_or((400, "CONNECT takes HOST:PORT"))?;
    let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let port =
        port.parse::<u16>().ok().filter(|_| is_number).ok_or((400, "CONNECT takes HOST:PORT"))?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // A client that could name an address could stand there, between the relay and the server.
    let labels = host.split('.').collect::<Vec<_>>();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let is_name = host.len() <= HOST_BYTES_MAX
        && labels.len() >= 2
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| !ends_an_address(last));
    if !is_name {
        return Err((403, "the relay connects to names only, and resolves them itself"));
    }
    Ok(Asked::Connect { host, port })
}

/// Whether a last label makes an address of a host, as the C library reads them: a number, also in hexadecimal.
fn ends_an_address(label: &str) -> bool {
    let is_hexadecimal = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    label.bytes().all(|b| b.is_ascii_digit())
        || label.strip_prefix("0x").is_some_and(is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, u16> {
        let head = format!("{line}\r\nHost: x\r\n\r\n");
        Request::parse(head.as_bytes()).map(|request| request.asked).map_err(|(status, _)| status)
    }

    #[test]
    fn names_are_connected_to_and_addresses_are_not() {
        let to = |host: &str| Ok(Asked::Connect { host: host.to_owned(), port: 443 });
        assert_eq!(asked("CONNECT News.Example:443 HTTP/1.1"), to("news.example"));
        assert_eq!(asked("CONNECT news.example.:443 HTTP/1.1"), to("news.example"));
        for host in [
            "192.0.2.1",
            "[2001:db8::1]",
            "localhost",
            "2130706433",
            "0x7f.1",
            "127.1",
            "1.0x1",
            "127.0x",
            "1.2.3.0XFF",
            "a..b",
            "a b.example",
            "-",
            "",
            "a.b:443",
        ] {
            assert_eq!(asked(&format!("CONNECT {host}:443 HTTP/1.1")).ok(), None, "{host}");
        }
        assert_eq!(asked("CONNECT news.example HTTP/1.1"), Err(400));
        assert_eq!(asked("CONNECT news.example:99999 HTTP/1.1"), Err(400));
        assert_eq!(asked("CONNECT news.example:+443 HTTP/1.1"), Err(400));
        assert_eq!(asked("GET / HTTP/1.1"), Ok(Asked::Key));
        let id = "0".repeat(32);
        assert_eq!(asked(&format!("GET /session/{id} HTTP/1.1")), Ok(Asked::Session(id)));
        assert_eq!(asked("GET /session/../x HTTP/1.1"), Err(404));
        assert_eq!(asked("POST / HTTP/1.1"), Err(405));
        assert_eq!(asked("nonsense"), Err(400));
    }

    #[test]
    fn a_token_is_shown_as_a_password_or_by_itself() {
        let of = |value: &str| {
            let head = format!("GET / HTTP/1.1\r\nProxy-Authorization: {value}\r\n\r\n");
            Request::parse(head.as_bytes()).unwrap()
        };
        let basic = BASE64.encode(b"anyone:secret");
        assert!(of(&format!("Basic {basic}")).shows("secret"));
        assert!(of("Bearer secret").shows("secret"));
        assert!(!of("Bearer other").shows("secret"));
        assert!(of("Bearer other").shows(""));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = Request::parse(&bytes);
        }
    }
}
