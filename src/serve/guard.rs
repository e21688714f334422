//! What every request passes before an area answers it, and every answer on its way out: the host that is
//! named, the token, the base path, the method, the time an answer may take; headers that keep browsers
//! from doing more with an answer than they should; the access log and the counts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY,
    TRANSFER_ENCODING, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::Serve;
use super::body::Counted;
use super::gzip;
use super::listen::InFlight;
use super::metrics::Area;
use super::pages;
use super::reply::{Refusal, put};
use super::request::{Site, bare_host, site_of};
use super::reroute::{self, IsRerouted};
use super::token::shows_token;
use crate::replay::Place;

/// The longest target of a request, in bytes: the longest URI that is captured, escaped, with some margin.
const TARGET_BYTES_MAX: usize = 56 * 1024;
/// The longest form that is read of a request.
const FORM_BYTES_MAX: u64 = 4 * 1024;

/// What requests at one address pass.
pub struct Guard {
    state: Arc<Serve>,
    local: SocketAddr,
    other: Option<SocketAddr>,
    is_replay: bool,
}

impl Guard {
    /// The guard of the listener at `local`; `other` is the address of the replay origin, or for that the
    /// address of the reader.
    pub fn new(
        state: Arc<Serve>,
        local: SocketAddr,
        other: Option<SocketAddr>,
        is_replay: bool,
    ) -> Self {
        Self { state, local, other, is_replay }
    }

    /// The answer to a request.
    pub async fn answer(
        &self,
        router: Router,
        request: Request<Incoming>,
        peer: SocketAddr,
        in_flight: InFlight,
    ) -> Response {
        let begun = Instant::now();
        let (method, target) = (request.method().clone(), request.uri().clone());
        let area = Area::of(self.below_base(target.path()).unwrap_or_else(|| target.path()));
        let takes_gzip = gzip::is_taken(request.headers()) && !refuses_gzip(target.query());
        let (mut response, client) = self.admitted(router, request, peer).await;
        let status = response.status();
        self.state.counts.answered(area, status.as_u16(), begun.elapsed());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            self.state.counts.refused();
        }
        if response.extensions().get::<IsRerouted>().is_none() {
            defaults(response.headers_mut(), area, self.is_replay);
        }
        // For clients on this machine compression takes longer than it saves.
        if !client.parse::<IpAddr>().is_ok_and(|client| client.is_loopback()) {
            response = gzip::packed(response, takes_gzip);
        }
        let state = Arc::clone(&self.state);
        let mut in_flight = Some(in_flight);
        response.map(|body| {
            Counted::over(body, move |bytes| {
                drop(in_flight.take());
                state.counts.sent(area, bytes);
                if state.options.access_log {
                    let millis = begun.elapsed().as_secs_f64() * 1e3;
                    tracing::info!(
                        %client, %method, %target, status = status.as_u16(), bytes,
                        ms = format!("{millis:.1}"), "request"
                    );
                }
            })
        })
    }

    async fn admitted(
        &self,
        router: Router,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> (Response, String) {
        let options = &self.state.options;
        // RFC 9112 section 3.2: with several hosts, servers could interpret the request differently.
        let hosts = request.headers().get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && request.version() > Version::HTTP_10) {
            let refusal = Refusal::bad("a request must have exactly one Host field");
            return (refusal.into_response(), peer.ip().to_string());
        }
        let Some((mut site, client)) = site_of(request.headers(), peer, self.local, options) else {
            let refusal = Refusal::bad("the Host field names no host");
            return (refusal.into_response(), peer.ip().to_string());
        };
        site.is_replay = self.is_replay;
        let other = self.other_root(&site);
        (site.replay, site.reader) = if self.is_replay { (None, other) } else { (other, None) };
        if let Err(refusal) = self.passes(&request, &site) {
            let mut response = if wants_page(request.headers()) {
                pages::refused_plainly(&self.state, &site, &refusal)
            } else {
                refusal.into_response()
            };
            if response.status() == StatusCode::UNAUTHORIZED {
                let realm = "Basic realm=\"pressmark\", charset=\"UTF-8\"";
                put(&mut response, WWW_AUTHENTICATE, realm);
            }
            return (response, client);
        }
        if let Some(place) = self.place_of(&site.host) {
            let request = request.map(Body::new);
            let answering = reroute::answer(&self.state, place, site, request);
            let answered = tokio::time::timeout(options.request_timeout, answering).await;
            return (answered.unwrap_or_else(|_| too_long()), client);
        }
        if let Some(uri) = self.without_base(request.uri()) {
            *request.uri_mut() = uri;
        }
        let is_person = wants_page(request.headers());
        request.extensions_mut().insert(site.clone());
        let answering = TowerToHyperService::new(router).call(request.map(Body::new));
        let response = match tokio::time::timeout(options.request_timeout, answering).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => too_long(),
        };
        let refusal = response.extensions().get::<Refusal>().filter(|_| is_person).cloned();
        let response = match refusal {
            Some(refusal) => {
                // An answer that depends on the requested time also does so as a page.
                let vary = response.headers().get(VARY).cloned();
                let mut page = if self.is_replay {
                    pages::refused_plainly(&self.state, &site, &refusal)
                } else {
                    pages::refused(&self.state, &site, &refusal).await
                };
                if let Some(vary) = vary {
                    page.headers_mut().insert(VARY, vary);
                }
                page
            }
            None => response,
        };
        (response, client)
    }

    /// Whether the request may be answered at all.
    fn passes(&self, request: &Request<Incoming>, site: &Site) -> Result<(), Refusal> {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let length = uri.path_and_query().map_or(0, |target| target.as_str().len());
        if length > TARGET_BYTES_MAX {
            let reason =
                format!("the address has {length} bytes; at most {TARGET_BYTES_MAX} are allowed");
            return Err(Refusal::new(StatusCode::URI_TOO_LONG, reason));
        }
        if !self.is_own_host(&site.host) {
            let reason = format!(
                "this server does not answer to the name {:?}; serve.hosts lists the names it answers to",
                bare_host(&site.host)
            );
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, reason));
        }
        // A peer shows a signature instead, which is stronger than a token.
        let is_peer = *method == Method::POST
            && self.below_base(uri.path()).unwrap_or_else(|| uri.path()) == "/peer";
        if !is_peer && !self.has_token(headers) {
            let reason = "a token is required: Authorization: Bearer TOKEN, or as the password";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, reason));
        }
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let has_body = headers.contains_key(TRANSFER_ENCODING) || length.unwrap_or(0_u64) > 0;
        let fits = match *method {
            // Request bodies of pages are compared with captured ones.
            _ if self.place_of(&site.host).is_some() => true,
            Method::POST => length.is_some_and(|length| length <= FORM_BYTES_MAX),
            _ => !has_body,
        };
        if !fits {
            let reason = "only short forms may have a body";
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason));
        }
        Ok(())
    }

    /// Whether a host is one that the server answers to. On loopback any web page could otherwise
    /// read the archive through a name that it makes resolve to this address (DNS rebinding).
    fn is_own_host(&self, host: &str) -> bool {
        if self.is_replay && reroute::is_no_place(&self.state.options, host) {
            return false;
        }
        let bare = bare_host(host);
        // The frames of the rerouted view are at the name itself.
        let is_frame = self.is_replay && self.state.options.rerouted.as_ref() == Some(&bare);
        if is_frame || self.place_of(host).is_some() {
            return true;
        }
        let hosts = &self.state.options.hosts;
        if hosts.contains(&bare) {
            return true;
        }
        let is_address = bare.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let is_local = bare == "localhost" || bare.ends_with(".localhost");
        is_address || is_local || (hosts.is_empty() && !self.local.ip().is_loopback())
    }

    /// What a host stands for in the rerouted view, which is only on the replay origin.
    fn place_of(&self, host: &str) -> Option<Place> {
        reroute::place_of(&self.state.options, host).filter(|_| self.is_replay)
    }

    /// Whether the request shows the required token.
    fn has_token(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        shows_token(shown, &self.state.options.token)
    }

    fn below_base<'p>(&self, path: &'p str) -> Option<&'p str> {
        let base = &self.state.options.base_path;
        if base.is_empty() {
            return None;
        }
        let rest = path.strip_prefix(base.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The target without the base path; `None` if it has none, as from a proxy that strips it.
    fn without_base(&self, uri: &Uri) -> Option<Uri> {
        let path = self.below_base(uri.path())?;
        let path = if path.is_empty() { "/" } else { path };
        let target = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        Some(Uri::from(PathAndQuery::try_from(target).ok()?))
    }

    /// The root of the other origin, as the client reaches it: the same host at the other port.
    fn other_root(&self, site: &Site) -> Option<String> {
        let other = self.other?;
        let host = bare_host(&site.host);
        Some(format!("{}://{host}:{}{}", site.scheme, other.port(), site.base))
    }
}

/// The answer where making it took too long.
fn too_long() -> Response {
    let reason = "the answer took too long; request less at a time";
    Refusal::new(StatusCode::GATEWAY_TIMEOUT, reason).into_response()
}

/// Whether a client refuses gzip by the parameter of the Wayback Machine's CDX server.
fn refuses_gzip(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "gzip=false"))
}

/// Whether a browser requests a page for a person.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Headers that keep browsers from doing more with an answer than they should, where the area has not set
/// its own.
fn defaults(headers: &mut HeaderMap, area: Area, is_replay: bool) {
    let mut put = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(REFERRER_POLICY, "no-referrer");
    put(
        PERMISSIONS_POLICY,
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    if area != Area::Web {
        put(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
        put(X_FRAME_OPTIONS, "DENY");
        put(OPENER_POLICY, "same-origin");
        put(RESOURCE_POLICY, "same-origin");
    } else if !is_replay {
        put(OPENER_POLICY, "same-origin");
    }
}
