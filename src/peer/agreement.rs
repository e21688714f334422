//! Peers: who they are, and which addresses and times were agreed on with them.
//!
//! ```text
//! peers/
//!   peer.key      Ed25519, PKCS#8 as PEM, for its owner alone: signs requests and answers, and nothing else
//!   NAME.json     one peer
//! ```

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::surt::{KeyRange, MatchType, urlkey};
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::evidence::note::VerifierKey;
use crate::evidence::{EvidenceError, LogKey};
use crate::store::Layout;
use crate::store::durable::{make_dirs, make_whole};

/// At most this many peers are known.
pub const PEERS_MAX: usize = 256;
/// At most this many addresses are agreed on with one peer.
pub const SHARES_MAX: usize = 1000;
/// The longest file of a peer that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// The longest name of a peer.
const NAME_BYTES_MAX: usize = 64;
/// The longest address that is asked about, in bytes: a request has to fit into what a server reads.
pub const URL_BYTES_MAX: usize = 2048;

/// Why peers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A file operation failed.
    #[error("{doing} {path}: {why}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: String,
        /// Why not.
        why: io::Error,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] EvidenceError),
    /// A file of a peer is not what was written.
    #[error("{path}: {why}")]
    Damaged {
        /// Its file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that was given is wrong.
    #[error("{0}")]
    Given(String),
    /// No peer has this name.
    #[error("no peer is named {0:?}")]
    Unknown(String),
}

fn io_error<'a>(doing: &'static str, path: &'a Path) -> impl Fn(io::Error) -> PeerError + use<'a> {
    move |why| PeerError::Io { doing, path: path.display().to_string(), why }
}

/// Another archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// What it is called here.
    pub name: String,
    /// Where its server is, without the `/peer` at the end.
    pub url: String,
    /// The key that signs its requests and answers, as c2sp.org/signed-note writes keys.
    pub key: String,
    /// A key of its log.
    pub log: String,
    /// What was agreed on: hosts, or addresses that stand for all that begin with them.
    pub share: Vec<String>,
    /// Captures from this time on, as `WARC-Date` writes it; all where there is none.
    pub since: Option<String>,
    /// Captures before this time.
    pub until: Option<String>,
}

impl Peer {
    /// Whether everything of it can be used.
    ///
    /// # Errors
    /// [`PeerError::Given`] with what cannot.
    pub fn check(&self) -> Result<(), PeerError> {
        let given = |why: String| Err(PeerError::Given(why));
        if !is_peer_name(&self.name) {
            return given(format!(
                "{:?} is not a name for a peer: letters, digits, - and _, at most {NAME_BYTES_MAX}",
                self.name
            ));
        }
        let is_address = TargetUri::parse(&self.url).is_ok_and(|url| url.url().query().is_none());
        if !is_address {
            return given(format!("{:?} is not an http or https address of a server", self.url));
        }
        for (what, key) in [("key", &self.key), ("log", &self.log)] {
            if VerifierKey::parse(key).is_none() {
                return given(format!(
                    "{what}: {key:?} is not a key; `pressmark peer key` prints both keys of an archive"
                ));
            }
        }
        if self.key_bytes() == VerifierKey::parse(&self.log).map(|key| key.public) {
            return given("the key of the peer and the key of its log must differ".to_owned());
        }
        if self.share.is_empty() || self.share.len() > SHARES_MAX {
            return given(format!(
                "an agreement with a peer has between 1 and {SHARES_MAX} addresses"
            ));
        }
        for share in &self.share {
            if range_of(share).is_none() {
                return given(format!("{share:?} is neither a host nor an http or https address"));
            }
        }
        for (what, time) in [("since", &self.since), ("until", &self.until)] {
            if time.as_deref().is_some_and(|time| Timestamp::parse(time).is_none()) {
                return given(format!("{what}: {time:?} is not a time"));
            }
        }
        Ok(())
    }

    /// Its public key.
    #[must_use]
    pub fn verifier(&self) -> Option<VerifierKey> {
        VerifierKey::parse(&self.key)
    }

    /// The public half of its key.
    #[must_use]
    pub fn key_bytes(&self) -> Option<[u8; 32]> {
        self.verifier().map(|key| key.public)
    }

    /// Whether captures of this address were agreed on.
    #[must_use]
    pub fn shares(&self, url: &str) -> bool {
        let fits = url.len() <= URL_BYTES_MAX && TargetUri::parse(url).is_ok();
        let key = urlkey(url);
        fits && self
            .share
            .iter()
            .any(|share| range_of(share).is_some_and(|range| range.contains(key.as_bytes())))
    }

    /// The part of a window that was agreed on; `None` where there is none.
    #[must_use]
    pub fn window(&self, asked: TimeRange) -> Option<TimeRange> {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        let start = time(&self.since).map_or(asked.start, |since| since.max(asked.start));
        let end = time(&self.until).map_or(asked.end, |until| until.min(asked.end));
        (start < end).then_some(TimeRange { start, end })
    }
}

/// The addresses that an entry of an agreement stands for.
#[must_use]
pub fn range_of(share: &str) -> Option<KeyRange> {
    if share.contains("://") {
        let uri = TargetUri::parse(share).ok()?;
        return Some(KeyRange::of(uri.without_fragment().as_str(), MatchType::Prefix));
    }
    let is_host = !share.is_empty()
        && share.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        && TargetUri::parse(&format!("http://{share}/")).is_ok();
    is_host.then(|| KeyRange::of(&format!("http://{share}/"), MatchType::Host))
}

fn is_peer_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The peers of an archive.
#[derive(Debug, Clone)]
pub struct Peers {
    dir: PathBuf,
}

impl Peers {
    /// Those of the archive of this layout.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        Self { dir: layout.peers_dir() }
    }

    fn key_path(&self) -> PathBuf {
        self.dir.join("peer.key")
    }

    fn file_of(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }

    /// The key that signs what this archive asks and answers; `None` where there is none yet.
    ///
    /// # Errors
    /// When it cannot be read, or others may read it.
    pub fn key(&self) -> Result<Option<LogKey>, PeerError> {
        Ok(LogKey::read(&self.key_path())?)
    }

    /// The same, made where there is none.
    ///
    /// # Errors
    /// As [`Self::key`], and when it cannot be made.
    pub fn make_key(&self) -> Result<LogKey, PeerError> {
        match self.key()? {
            Some(key) => Ok(key),
            None => Ok(LogKey::make(&self.key_path())?),
        }
    }

    /// All peers, by name.
    ///
    /// # Errors
    /// When one cannot be read: an agreement that is not understood is not taken for another one.
    pub fn all(&self) -> Result<Vec<Peer>, PeerError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(io_error("listing", &self.dir)(why)),
        };
        let mut peers = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error("listing", &self.dir))?.path();
            if path.extension().is_some_and(|end| end == "json") {
                peers.push(read(&path)?);
            }
            if peers.len() > PEERS_MAX {
                let why = format!("there are more than {PEERS_MAX} peers");
                return Err(PeerError::Damaged { path: self.dir.display().to_string(), why });
            }
        }
        peers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(peers)
    }

    /// The peer of that name.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn named(&self, name: &str) -> Result<Peer, PeerError> {
        let path = self.file_of(name);
        if !is_peer_name(name) || !path.exists() {
            return Err(PeerError::Unknown(name.to_owned()));
        }
        read(&path)
    }

    /// Keeps a peer, in place of the one of its name.
    ///
    /// # Errors
    /// When something of it cannot be used, another peer has its key, or it cannot be written.
    pub fn keep(&self, peer: &Peer) -> Result<(), PeerError> {
        peer.check()?;
        let known = self.all()?;
        let others = || known.iter().filter(|known| known.name != peer.name);
        if let Some(other) = others().find(|other| other.key_bytes() == peer.key_bytes()) {
            return Err(PeerError::Given(format!("the peer {} has this key already", other.name)));
        }
        if others().count() >= PEERS_MAX {
            return Err(PeerError::Given(format!("there may be at most {PEERS_MAX} peers")));
        }
        make_dirs(&self.dir).map_err(io_error("making", &self.dir))?;
        let path = self.file_of(&peer.name);
        let text = serde_json::to_string_pretty(peer).unwrap_or_default();
        let write = |mut file: &fs::File| file.write_all(format!("{text}\n").as_bytes());
        make_whole(&path, |why| why, write).map_err(io_error("writing", &path))
    }

    /// Forgets a peer.
    ///
    /// # Errors
    /// When there is none of that name, or its file cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), PeerError> {
        self.named(name)?;
        let path = self.file_of(name);
        fs::remove_file(&path).map_err(io_error("removing", &path))
    }
}

fn read(path: &Path) -> Result<Peer, PeerError> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(io_error("reading", path))?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(io_error("reading", path))?;
    let damaged = |why: String| PeerError::Damaged { path: path.display().to_string(), why };
    let peer: Peer = serde_json::from_str(&text).map_err(|why| damaged(why.to_string()))?;
    peer.check().map_err(|why| damaged(why.to_string()))?;
    if path.file_stem().is_none_or(|stem| stem != peer.name.as_str()) {
        return Err(damaged(format!("it names the peer {:?}", peer.name)));
    }
    Ok(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer with these shares, whose keys belong to no one.
    fn peer(share: &[&str]) -> Peer {
        let key =
            |name: &str, byte: u8| VerifierKey { name: name.to_owned(), public: [byte; 32] }.text();
        Peer {
            name: "other".to_owned(),
            url: "https://archive.example/".to_owned(),
            key: key("peer", 1),
            log: key("log", 2),
            share: share.iter().map(|&share| share.to_owned()).collect(),
            since: None,
            until: None,
        }
    }

    #[test]
    fn an_agreement_covers_what_it_names_and_nothing_else() {
        let peer = peer(&["news.example", "https://other.example/politics/"]);
        for (url, shared) in [
            ("https://news.example/", true),
            ("http://news.example/a?b=c", true),
            ("https://news.example:8443/a", false),
            ("https://sub.news.example/a", false),
            ("https://news.example.org/a", false),
            ("https://other.example/politics/a", true),
            ("https://other.example/politics", false),
            ("https://other.example/sport/a", false),
            ("dns:news.example", false),
            ("not an address", false),
        ] {
            assert_eq!(peer.shares(url), shared, "{url}");
        }
        let long = format!("https://news.example/{}", "a".repeat(URL_BYTES_MAX));
        assert!(!peer.shares(&long));
    }

    #[test]
    fn a_window_is_cut_to_what_was_agreed() {
        let at = Timestamp::from_unix_seconds;
        let asked = TimeRange { start: at(100), end: at(200) };
        let mut peer = peer(&["news.example"]);
        assert_eq!(peer.window(asked), Some(asked));
        peer.since = Some(at(150).to_warc_date());
        assert_eq!(peer.window(asked).unwrap().start, at(150));
        peer.until = Some(at(150).to_warc_date());
        assert_eq!(peer.window(asked), None);
    }

    #[test]
    fn peers_are_kept_and_what_cannot_be_used_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let peers = Peers { dir: dir.path().join("peers") };
        assert!(peers.all().unwrap().is_empty());
        let good = peer(&["news.example"]);
        peers.keep(&good).unwrap();
        peers.keep(&good).unwrap();
        assert_eq!(peers.all().unwrap(), std::slice::from_ref(&good));
        assert_eq!(peers.named("other").unwrap(), good);
        let changed = |change: &dyn Fn(&mut Peer)| {
            let mut peer = good.clone();
            change(&mut peer);
            peers.keep(&peer).unwrap_err().to_string()
        };
        assert!(changed(&|p| p.name = "../up".to_owned()).contains("not a name"));
        assert!(changed(&|p| p.name = "second".to_owned()).contains("has this key already"));
        assert!(changed(&|p| p.url = "ftp://x/".to_owned()).contains("address"));
        assert!(changed(&|p| p.key = "x".to_owned()).contains("not a key"));
        assert!(changed(&|p| p.log.clone_from(&good.key)).contains("must differ"));
        assert!(changed(&|p| p.share.clear()).contains("between 1 and"));
        assert!(changed(&|p| p.share.push("a b".to_owned())).contains("neither"));
        assert!(changed(&|p| p.since = Some("soon".to_owned())).contains("not a time"));
        fs::write(dir.path().join("peers/third.json"), "{}").unwrap();
        assert!(matches!(peers.all(), Err(PeerError::Damaged { .. })));
        fs::remove_file(dir.path().join("peers/third.json")).unwrap();
        peers.forget("other").unwrap();
        assert!(matches!(peers.forget("other"), Err(PeerError::Unknown(_))));
        assert!(matches!(peers.named("../up"), Err(PeerError::Unknown(_))));
    }
}
