//! The secrets of one TLS 1.3 session, for later decryption: an NSS key log, with the secret of the key exchange as a
//! comment, from which all others follow.
//!
//! rustls logs traffic secrets and not what they are derived from. Key exchanges are therefore those of `ring` behind a
//! wrapper that leaves their secret where the log picks it up: both happen in one call of rustls, on one thread.

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use rustls::crypto::ring::kx_group;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{KeyLog, NamedGroup};

/// The traffic secrets that are kept, by the labels of the key log.
const LABELS: [&str; 4] = [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

thread_local! {
    /// The secret of the key exchange that was completed last on this thread.
    static EXCHANGED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The key exchanges that are offered where a session is to be attested.
pub(super) fn groups() -> Vec<&'static dyn SupportedKxGroup> {
    static X25519: Watched = Watched(Group::X25519);
    static SECP256R1: Watched = Watched(Group::Secp256r1);
    static SECP384R1: Watched = Watched(Group::Secp384r1);
    vec![&X25519, &SECP256R1, &SECP384R1]
}

#[derive(Debug, Clone, Copy)]
enum Group {
    X25519,
    Secp256r1,
    Secp384r1,
}

/// A key exchange whose secret is left for the log.
#[derive(Debug)]
struct Watched(Group);

impl Watched {
    fn inner(&self) -> &'static dyn SupportedKxGroup {
        match self.0 {
            Group::X25519 => kx_group::X25519,
            Group::Secp256r1 => kx_group::SECP256R1,
            Group::Secp384r1 => kx_group::SECP384R1,
        }
    }
}

impl SupportedKxGroup for Watched {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        Ok(Box::new(WatchedExchange(self.inner().start()?)))
    }

    fn name(&self) -> NamedGroup {
        self.inner().name()
    }
}

struct WatchedExchange(Box<dyn ActiveKeyExchange>);

impl ActiveKeyExchange for WatchedExchange {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let secret = self.0.complete(peer_pub_key)?;
        EXCHANGED.with_borrow_mut(|last| *last = Some(secret.secret_bytes().to_vec()));
        Ok(secret)
    }

    fn pub_key(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn group(&self) -> NamedGroup {
        self.0.group()
    }
}

/// The secrets of a session as they become known. Its `Debug` form shows none.
#[derive(Default)]
pub(super) struct SecretLog(Mutex<String>);

impl std::fmt::Debug for SecretLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretLog").finish_non_exhaustive()
    }
}

impl SecretLog {
    /// What is known by now.
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeyLog for SecretLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if !LABELS.contains(&label) {
            return;
        }
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exchanged) = EXCHANGED.with_borrow_mut(Option::take) {
            text.push_str(&format!("# key-exchange {}\n", HEXLOWER.encode(&exchanged)));
        }
        let (random, secret) = (HEXLOWER.encode(client_random), HEXLOWER.encode(secret));
        text.push_str(&format!("{label} {random} {secret}\n"));
    }
}
