//! What the program sends of its own accord: news of new versions and requests for time stamps, to
//! whom the operator named.
//!
//! The only place that knows an HTTP client besides the capturing one, since nothing here is
//! evidence and nothing here is archived.

pub mod notify;
pub mod timestamp_authority;
pub mod webhook;

pub use notify::{Notifier, NotifyOptions, Receiver};

/// A client that follows no redirect and uses no proxy of the environment.
fn client(user_agent: &str, time_max: std::time::Duration) -> reqwest::Result<reqwest::Client> {
    // Whoever was first in this process has chosen; the choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(time_max)
        .user_agent(user_agent)
        .build()
}
