//! One POST of a JSON message. The payload is described in `docs/reference/webhook.md`.

use std::time::Duration;

use super::client::{Route, client};

/// How long one attempt may take in all.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(30);

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The client cannot be set up.
    #[error("setting up the client for webhooks: {0}")]
    Client(String),
    /// The receiver could not be reached, or broke off.
    #[error("the receiver could not be reached: {0}")]
    Unreached(String),
    /// The receiver answered that it does not want it now; it may later.
    #[error("the receiver answered {status}")]
    Later {
        /// The status.
        status: u16,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// The receiver answered that it does not want it at all.
    #[error("the receiver refused it with {status}")]
    Refused {
        /// The status.
        status: u16,
    },
}

impl WebhookError {
    /// Whether another attempt may help, and the pause that the receiver asked for.
    #[must_use]
    pub fn retry(&self) -> Option<Option<Duration>> {
        match self {
            Self::Client(_) | Self::Refused { .. } => None,
            Self::Unreached(_) => Some(None),
            Self::Later { wait, .. } => Some(*wait),
        }
    }
}

/// Posts messages.
#[derive(Debug, Clone)]
pub struct Poster(reqwest::Client);

impl Poster {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, WebhookError> {
        client(user_agent, ATTEMPT_TIME_MAX, route).map(Self).map_err(WebhookError::Client)
    }

    /// Posts one message. `id` is the same for every attempt, so that a receiver can recognise
    /// repetitions.
    ///
    /// # Errors
    /// When it did not arrive.
    pub async fn post(&self, url: &str, id: &str, body: &[u8]) -> Result<(), WebhookError> {
        let sent = self
            .0
            .post(url)
            .header("content-type", "application/json")
            .header("x-pressmark-delivery", id)
            .body(body.to_vec())
            .send()
            .await;
        // The URL may hold a key, so it is not repeated.
        let reply = sent.map_err(|why| WebhookError::Unreached(why.without_url().to_string()))?;
        let status = reply.status().as_u16();
        let wait = reply.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let wait = wait.and_then(|v| v.trim().parse().ok()).map(Duration::from_secs);
        match status {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500..=599 => Err(WebhookError::Later { status, wait }),
            _ => Err(WebhookError::Refused { status }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const DONE: &[u8] = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_message_goes_by_the_proxy_of_the_settings() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            stream.write_all(DONE).unwrap();
            String::from_utf8_lossy(&piece[..length]).into_owned()
        });
        let route = Route { proxy: Some(format!("http://me:hunter2@{proxy}")), roots_file: None };
        assert!(!format!("{route:?}").contains("hunter2"));
        let poster = Poster::new("test", &route).unwrap();
        poster.post("http://hooks.example/hook", "1", b"{}").await.unwrap();
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("POST http://hooks.example/hook HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_ascii_lowercase().contains("proxy-authorization: basic "), "{asked}");
        let socks = Route { proxy: Some("socks5h://127.0.0.1:9".to_owned()), roots_file: None };
        assert!(Poster::new("test", &socks).is_ok());
    }

    #[tokio::test]
    async fn a_receiver_whose_root_the_settings_name_is_trusted_and_no_other() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate().unwrap();
        let root = params.self_signed(&root_key).unwrap();
        let issuer = Issuer::from_params(&params, &root_key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut piece = [0; 4096];
                if stream.read(&mut piece).await.is_ok() {
                    let _ = stream.write_all(DONE).await;
                }
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let url = format!("https://localhost:{port}/hook");
        for (name, bytes) in
            [("root.pem", root.pem().into_bytes()), ("root.der", root.der().to_vec())]
        {
            let file = dir.path().join(name);
            std::fs::write(&file, bytes).unwrap();
            let route = Route { proxy: None, roots_file: Some(file) };
            let poster = Poster::new("test", &route).unwrap();
            poster.post(&url, "1", b"{}").await.unwrap();
        }
        let stranger = Poster::new("test", &Route::default()).unwrap();
        let refused = stranger.post(&url, "1", b"{}").await.unwrap_err();
        assert!(matches!(refused, WebhookError::Unreached(_)), "{refused}");
        let nowhere = Route { proxy: None, roots_file: Some(dir.path().join("none")) };
        assert!(Poster::new("test", &nowhere).is_err());
    }
}
