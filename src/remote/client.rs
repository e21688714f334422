//! The HTTP client of everything that is sent of our own accord: no redirect, no proxy of the
//! environment, the roots of the web and those that the settings name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The way to receivers. Its `Debug` form hides the proxy, which may hold a password.
#[derive(Clone, Default)]
pub struct Route {
    /// The proxy, as a URL: `http://`, `socks5://` or `socks5h://`. None is taken from the environment.
    pub proxy: Option<String>,
    /// Further root certificates: a file of PEM, or of one DER.
    pub roots_file: Option<PathBuf>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route")
            .field("proxied", &self.proxy.is_some())
            .field("roots_file", &self.roots_file)
            .finish()
    }
}

/// How long it may take until a connection is established.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A client by this way, whose requests take `time_max` at most. The error says as text what of
/// TLS or the proxy cannot be set up.
pub(super) fn client(
    user_agent: &str,
    time_max: Duration,
    route: &Route,
) -> Result<reqwest::Client, String> {
    // An earlier call in this process may have chosen; the choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for certificate in route.roots_file.as_deref().map_or(Ok(Vec::new()), read_roots)? {
        roots.add(certificate).map_err(|why| why.to_string())?;
    }
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut client = reqwest::Client::builder().no_proxy();
    if let Some(proxy) = &route.proxy {
        // The text may hold a password, so the error says no more than that.
        let proxy =
            reqwest::Proxy::all(proxy).map_err(|_| "the proxy cannot be used".to_owned())?;
        client = client.proxy(proxy);
    }
    client
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(time_max)
        .connect_timeout(time_max.min(CONNECT_MAX))
        .user_agent(user_agent)
        .build()
        .map_err(|why| why.to_string())
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let trouble = |why: String| format!("{}: {why}", path.display());
    let bytes = std::fs::read(path).map_err(|why| trouble(why.to_string()))?;
    if !bytes.windows(10).any(|window| window == b"-----BEGIN") {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| trouble(why.to_string()))
}
