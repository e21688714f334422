//! The options of the server, as values.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::cite_archive;
use crate::cite::Archive;
use crate::config::Settings;
use crate::config::keys;

/// The options of the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Jobs that run at once.
    pub threads: usize,
    /// Jobs that wait for a thread, at most; the next is refused.
    pub waiting_max: usize,
    /// Connections that are open at once, at most.
    pub connections_max: usize,
    /// How long a client may take for the head of a request, and a connection may do nothing.
    pub idle_timeout: Duration,
    /// How long an answer may take to begin.
    pub request_timeout: Duration,
    /// How long a client may read nothing of an answer.
    pub write_timeout: Duration,
    /// Captures that one request may read, at most.
    pub captures_scanned_max: u64,
    /// Mementos of a page of a TimeMap, and up to a second more.
    pub timemap_page: usize,
    /// Bytes of a payload that are decoded or rewritten, at most.
    pub decoded_bytes_max: usize,
    /// Bytes of captures that are kept in memory, as they were loaded and as they were rewritten.
    pub cache_bytes: usize,
    /// What is before every path: empty, or `/` and segments without a slash at the end.
    pub base_path: String,
    /// The proxies whose forwarded headers are trusted.
    pub trusted_proxies: Vec<Network>,
    /// The names that the server answers to; empty where any will do.
    pub hosts: Vec<String>,
    /// The token a client has to show; empty for none.
    pub token: String,
    /// Whether every request is logged.
    pub access_log: bool,
    /// The archive as citations name it.
    pub cite_archive: Archive,
    /// Whether scripts of captures run on the replay origin.
    pub replay_scripts: bool,
    /// The name below which captured hosts have origins of their own, where scripts run; none if the view is off.
    pub rerouted: Option<String>,
    /// Whether pages there see the time of their capture, and the same random numbers each time.
    pub rerouted_clock: bool,
    /// A directory with a service worker for client-side replay that the operator installed.
    pub replay_worker: Option<PathBuf>,
}

/// A range of addresses: one, or all that share the first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `192.0.2.1`, `192.0.2.0/24`, `::1` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let first: IpAddr = address.parse().ok()?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        (bits <= longest).then_some(Self { first, bits })
    }

    /// Whether the address is in it. An IPv4 address in IPv6 form counts as the former.
    pub fn contains(&self, address: IpAddr) -> bool {
        let number = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(four) => (true, u128::from(u32::from(four)) << 96),
            IpAddr::V6(six) => (false, u128::from(six)),
        };
        let ((four, own), (other_four, other)) = (number(self.first), number(address));
        let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
        four == other_four && own & mask == other & mask
    }
}

impl Options {
    /// The options from the settings.
    ///
    /// # Errors
    /// When a setting has an invalid value; the message names the key.
    pub fn of(settings: &Settings) -> Result<Self, String> {
        let number = |key| usize::try_from(settings.integer(key)).unwrap_or(usize::MAX);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = match number(keys::SERVE_THREADS) {
            0 => cores * 2,
            threads => threads,
        };
        let proxies = settings.list(keys::SERVE_TRUSTED_PROXIES).iter().map(|text| {
            Network::parse(text).ok_or_else(|| {
                format!("serve.trusted_proxies: {text:?} is not an IP address or range")
            })
        });
        let worker = settings.text(keys::SERVE_REPLAY_WORKER);
        let decoded = settings.bytes(keys::CAPTURE_DECODED_BYTES_MAX);
        let cache = settings.bytes(keys::SERVE_CACHE_BYTES);
        Ok(Self {
            threads,
            waiting_max: number(keys::SERVE_WAITING_MAX),
            connections_max: number(keys::SERVE_CONNECTIONS_MAX).max(1),
            idle_timeout: settings.duration(keys::SERVE_IDLE_TIMEOUT),
            request_timeout: settings.duration(keys::SERVE_REQUEST_TIMEOUT),
            write_timeout: settings.duration(keys::SERVE_WRITE_TIMEOUT),
            captures_scanned_max: settings.integer(keys::SERVE_CAPTURES_SCANNED_MAX),
            timemap_page: 10_000,
            decoded_bytes_max: usize::try_from(decoded).unwrap_or(usize::MAX),
            cache_bytes: usize::try_from(cache).unwrap_or(usize::MAX),
            base_path: base_path(settings.text(keys::SERVE_BASE_PATH))?,
            trusted_proxies: proxies.collect::<Result<_, _>>()?,
            hosts: settings
                .list(keys::SERVE_HOSTS)
                .iter()
                .map(|h| h.to_ascii_lowercase())
                .collect(),
            token: token(settings)?,
            access_log: settings.bool(keys::SERVE_ACCESS_LOG),
            cite_archive: cite_archive(settings).map_err(|error| error.message)?,
            replay_scripts: settings.bool(keys::SERVE_REPLAY_SCRIPTS),
            rerouted: rerouted(settings)?,
            rerouted_clock: settings.bool(keys::SERVE_REROUTED_CLOCK),
            replay_worker: (!worker.is_empty()).then(|| PathBuf::from(worker)),
        })
    }
}

/// A base path without slashes at its end; one that would be changed in transit is refused.
fn base_path(text: &str) -> Result<String, String> {
    let path = text.trim().trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    let fits = path.is_empty()
        || path.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|segment| {
                !segment.is_empty() && segment.chars().all(is_plain) && !segment.starts_with('.')
            })
        });
    if fits {
        Ok(path.to_owned())
    } else {
        Err(format!(
            "serve.base_path: expected a path such as /reader, of letters, digits, -, _, . and ~, but found {text:?}"
        ))
    }
}

/// The name of the rerouted view, where it is on.
fn rerouted(settings: &Settings) -> Result<Option<String>, String> {
    if !settings.bool(keys::SERVE_REROUTED) {
        return Ok(None);
    }
    if !token(settings)?.is_empty() {
        return Err("serve.rerouted: browsers do not send a token to the many origins of this view; unset it or serve.token".to_owned());
    }
    let base = settings.text(keys::SERVE_REROUTED_BASE).trim_end_matches('.').to_ascii_lowercase();
    match crate::replay::Origins::new(false, &base) {
        Some(_) if !base.contains(':') => Ok(Some(base)),
        _ => Err(format!(
            "serve.rerouted_base: expected a name such as localhost or replay.example.org, but found {base:?}"
        )),
    }
}

/// The token, from the setting or the first line of the file that is named.
fn token(settings: &Settings) -> Result<String, String> {
    let (set, file) = (settings.text(keys::SERVE_TOKEN), settings.text(keys::SERVE_TOKEN_FILE));
    if file.is_empty() {
        return Ok(set.trim().to_owned());
    }
    let text = std::fs::read_to_string(file)
        .map_err(|why| format!("serve.token_file: reading {file}: {why}"))?;
    match text.lines().next().map(str::trim) {
        Some(token) if !token.is_empty() => Ok(token.to_owned()),
        // An empty file must not open the archive to everyone.
        _ => Err(format!("serve.token_file: {file} is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, address, inside) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
        for text in ["", "x", "192.0.2.0/33", "::/129", "192.0.2.0/-1"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_base_path_comes_through_as_it_is_written() {
        for (text, path) in [("", ""), ("/", ""), ("/reader", "/reader"), ("/a/b/", "/a/b")] {
            assert_eq!(base_path(text).as_deref(), Ok(path));
        }
        for text in ["reader", "/a//b", "/..", "/a b", "/a?b", "/é", "//host"] {
            assert!(base_path(text).is_err(), "{text}");
        }
    }
}
