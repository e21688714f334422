//! What a capture may cost and where it may go: every limit by name, with its unit, default and
//! reason; and the operator's pins and proxies as they are written.
//!
//! Owns plain values and their text forms. Deliberately reads no file and no environment.
//! The form of [`ResolveRule`] is curl's `--resolve`, with an optional port to connect to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use crate::base::percent::percent_decoded;

/// Where certificates come from that are trusted besides the built-in roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootSource {
    /// A file of one DER certificate, or of any number in PEM.
    File(PathBuf),
    /// One DER certificate.
    Der(Vec<u8>),
}

/// The limits and permissions of every exchange that one [`super::Capturer`] makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureOptions {
    /// Bytes of one response, head included; what is over is cut and marked `length`.
    /// Default 1 GiB: news video stays below, an endless stream does not fill the disk.
    pub response_bytes_max: u64,
    /// Bytes of all heads of one exchange. Default 1 MiB: see [`crate::http::HeadLimits`]. No more
    /// than [`crate::http::STORED_HEAD_BYTES_MAX`], which is what can be read back.
    pub header_bytes_max: usize,
    /// Bytes kept of what comes after a complete response. Default 64 KiB: enough to see what
    /// kind of lie it was.
    pub surplus_bytes_max: usize,
    /// How long a connection that is given up anyway is listened to for surplus bytes after a
    /// complete response. Default 20 ms: servers that close do so at once, and then it costs
    /// nothing.
    pub surplus_wait: Duration,
    /// How long what a name resolved to is used for further connections. Default 5 min: longer
    /// than the visits to one host are apart while it is crawled, shorter than it takes to move a
    /// site. Zero asks again for each connection.
    pub dns_age_max: Duration,
    /// Time for name resolution, TCP and TLS together. Default 10 s: a SYN is repeated after 1 s,
    /// 3 s and 7 s (RFC 6298), so three lost ones are still forgiven.
    pub connect_timeout: Duration,
    /// Time from the request's last byte to the response's first. Default 30 s: slow content
    /// systems need many seconds for a page that is not cached.
    pub first_byte_timeout: Duration,
    /// Time for the whole exchange after the connection is established. Default 10 min: with the byte
    /// limit above, no slower than 1.7 MiB/s for the largest.
    pub total_timeout: Duration,
    /// The floor for slow-drip servers: fewer bytes per second than this over a window end the
    /// exchange, marked `time`. 0 turns it off. Default 100: below it, a page of 100 KiB would
    /// take a quarter of an hour.
    pub bytes_per_second_min: u64,
    /// The window over which the floor is measured. Default 20 s: longer than the pauses of a
    /// server under load.
    pub bytes_per_second_window: Duration,
    /// Bytes of a response that are kept in memory; a longer one goes to an unlinked temporary
    /// file. Default 2 MiB: nearly every page fits, and those of a hundred hosts at once fit in memory.
    pub spool_memory_bytes_max: usize,
    /// Where temporary files are made. Default: the system's directory for them.
    pub spool_dir: Option<PathBuf>,
    /// Connections open at once, idle ones included. Default 256: a quarter of the usual limit of
    /// 1024 open files.
    pub connections_max: usize,
    /// Connections to one address at once, idle ones included. Default 16: many outlets share the
    /// addresses of one network, which serve them all; a machine of its own has few names.
    pub connections_per_address_max: usize,
    /// Idle connections kept for one scheme, host and port. Default 1: politeness asks one thing
    /// at a time of a host.
    pub idle_per_host_max: usize,
    /// How long a connection is kept without use, unless the server's `Keep-Alive` field says
    /// less. Default 30 s: longer than the usual politeness delay, shorter than most servers wait.
    pub idle_timeout: Duration,
    /// Whether a certificate that does not check out ends the exchange. Default true.
    pub tls_verify: bool,
    /// Roots besides the built-in ones, for tests and house authorities. Default none.
    pub extra_roots: Vec<RootSource>,
    /// Whether loopback, private and other special addresses may be dialled. Default false.
    pub allow_private: bool,
    /// Names whose addresses the operator gives; the first rule that fits counts. Default none.
    pub resolve: Vec<ResolveRule>,
    /// A proxy that dials for us. Default none.
    pub proxy: Option<Proxy>,
}

impl Default for CaptureOptions {
    fn default() -> Self {
        Self {
            response_bytes_max: 1 << 30,
            header_bytes_max: 1 << 20,
            surplus_bytes_max: 64 << 10,
            surplus_wait: Duration::from_millis(20),
            dns_age_max: Duration::from_mins(5),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(10),
            bytes_per_second_min: 100,
            bytes_per_second_window: Duration::from_secs(20),
            spool_memory_bytes_max: 2 << 20,
            spool_dir: None,
            connections_max: 256,
            connections_per_address_max: 16,
            idle_per_host_max: 1,
            idle_timeout: Duration::from_secs(30),
            tls_verify: true,
            extra_roots: Vec::new(),
            allow_private: false,
            resolve: Vec::new(),
            proxy: None,
        }
    }
}

/// Why a rule or a proxy cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No pin in curl's form.
    #[error("expected HOST:PORT:ADDR[:PORT] with IPv6 in brackets, but found {text:?}: {why}")]
    Resolve {
        /// What was given.
        text: String,
        /// Which part does not fit.
        why: &'static str,
    },
    /// No proxy address.
    #[error(
        "expected a proxy as http://, socks5://, socks5h:// or relay://[USER:PASS@]HOST:PORT, but \
         found {text:?}: {why}"
    )]
    Proxy {
        /// What was given, without its credentials.
        text: String,
        /// Which part does not fit.
        why: &'static str,
    },
}

/// A pin: these addresses for that name and port, instead of name resolution.
///
/// `HOST:PORT:ADDR[:PORT][,ADDR[:PORT]…]`; `*` stands for any host; IPv6 in brackets. With a
/// second port, that one is dialled, while the URI and the `Host` field stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveRule {
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
}

impl ResolveRule {
    /// Whether the rule is for that host (as the URI has it) and port.
    #[must_use]
    pub fn fits(&self, host: &str, port: u16) -> bool {
        let bare = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        self.port == port && (self.host == "*" || bare(&self.host) == bare(host))
    }

    /// What is dialled.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl FromStr for ResolveRule {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let error = |why| OptionError::Resolve { text: text.to_owned(), why };
        let (host, rest) = match text.strip_prefix('[') {
            Some(rest) => {
                let (inner, rest) = rest.split_once(']').ok_or_else(|| error("no closing ]"))?;
                inner.parse::<std::net::Ipv6Addr>().map_err(|_| error("no IPv6 host"))?;
                (format!("[{inner}]"), rest.strip_prefix(':').ok_or_else(|| error("no port"))?)
            }
            None => {
                let (host, rest) = text.split_once(':').ok_or_else(|| error("no port"))?;
                (host.to_owned(), rest)
            }
        };
        if host.is_empty() {
            return Err(error("no host"));
        }
        let (port, addresses) = rest.split_once(':').ok_or_else(|| error("no address"))?;
        let port: u16 = port.parse().map_err(|_| error("the port is not a number up to 65535"))?;
        let addresses = addresses
            .split(',')
            .map(|one| read_address(one, port).ok_or_else(|| error("no address to connect to")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { host, port, addresses })
    }
}

/// `ADDR`, `ADDR:PORT`, `[IPv6]`, `[IPv6]:PORT`, or a bare IPv6 address.
fn read_address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Some(SocketAddr::new(ip, port)),
        Err(_) => text.parse().ok(),
    }
}

impl fmt::Display for ResolveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.host, self.port)?;
        for (at, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{address}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP: CONNECT for https, the absolute form for http (RFC 9112 section 3.2.2).
    Http,
    /// SOCKS5 (RFC 1928) with names resolved and checked here.
    Socks5,
    /// SOCKS5 with names resolved by the proxy.
    Socks5h,
    /// A relay that attests TLS sessions, for https alone; http goes without it.
    Relay,
}

/// A proxy. Its credentials are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is spoken to.
    pub kind: ProxyKind,
    /// Its host: a name, or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub credentials: Option<(String, String)>,
}

impl Proxy {
    /// Reads `http://`, `socks5://`, `socks5h://` or `relay://`, `[USER:PASS@]HOST[:PORT]`.
    ///
    /// # Errors
    /// When it has none of these forms.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        // The text may hold a password, so only what follows it is repeated.
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned();
        let error = |why| OptionError::Proxy { text: shown.clone(), why };
        let url = Url::parse(text).map_err(|_| error("not a URL"))?;
        let (kind, default_port) = match url.scheme() {
            "http" => (ProxyKind::Http, 80),
            "socks5" => (ProxyKind::Socks5, 1080),
            "socks5h" => (ProxyKind::Socks5h, 1080),
            "relay" => (ProxyKind::Relay, 8090),
            _ => return Err(error("another scheme")),
        };
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| error("no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let credentials = (!url.username().is_empty()).then(|| {
            let password = url.password().unwrap_or("");
            (percent_decoded(url.username()), percent_decoded(password))
        });
        if let Some((user, password)) = &credentials
            && (user.len() > 255 || password.len() > 255)
        {
            return Err(error("credentials over 255 bytes"));
        }
        Ok(Self { kind, host, port: url.port().unwrap_or(default_port), credentials })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.credentials.is_some() { " with credentials" } else { "" };
        write!(f, "{:?} {}:{}{with}", self.kind, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_in_curls_form() {
        for (text, host, port, addresses) in [
            ("example.org:443:127.0.0.1", "Example.ORG.", 443, vec!["127.0.0.1:443"]),
            ("example.org:443:127.0.0.1:8443", "example.org", 443, vec!["127.0.0.1:8443"]),
            ("*:80:[::1]", "anything", 80, vec!["[::1]:80"]),
            ("*:80:[::1]:8080", "anything", 80, vec!["[::1]:8080"]),
            ("a:80:::1", "a", 80, vec!["[::1]:80"]),
            ("[2001:db8::1]:80:10.0.0.1", "[2001:db8::1]", 80, vec!["10.0.0.1:80"]),
            ("a:80:10.0.0.1,[::1]:81", "a", 80, vec!["10.0.0.1:80", "[::1]:81"]),
        ] {
            let rule: ResolveRule = text.parse().unwrap();
            assert!(rule.fits(host, port), "{text}");
            assert!(!rule.fits(host, port + 1), "{text}");
            let got: Vec<_> = rule.addresses().iter().map(ToString::to_string).collect();
            assert_eq!(got, addresses, "{text}");
            assert_eq!(rule.to_string().parse::<ResolveRule>().unwrap(), rule, "{text}");
        }
        let rule: ResolveRule = "a.example:80:10.0.0.1".parse().unwrap();
        assert!(!rule.fits("b.example", 80));
        for text in [
            "",
            "a",
            "a:80",
            "a:x:1.2.3.4",
            "a:80:name",
            "a:99999:1.2.3.4",
            ":80:1.2.3.4",
            "[x]:80:1.2.3.4",
            "[::1:80:1.2.3.4",
            "a:80:",
            "a:80:1.2.3.4:x",
        ] {
            assert!(text.parse::<ResolveRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn proxies_are_read_and_keep_their_secret() {
        let proxy = Proxy::parse("socks5h://me:p%40ss@[::1]:9050").unwrap();
        assert_eq!(
            (proxy.kind, proxy.host.as_str(), proxy.port),
            (ProxyKind::Socks5h, "::1", 9050)
        );
        assert_eq!(proxy.credentials, Some(("me".to_owned(), "p@ss".to_owned())));
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert_eq!(Proxy::parse("http://proxy.example").unwrap().port, 80);
        let error = Proxy::parse("ftp://me:secret@proxy").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
