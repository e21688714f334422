//! The connections of the replay proxy: plain requests with a whole address, CONNECT, and TLS behind it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::answer;
use super::{Open, Shared};
use crate::serve::body::Counted;
use crate::serve::reply::{Refusal, put, with_type};
use crate::serve::token::shows_token;

/// At most this many connections at a time: a browser opens 32 to a proxy.
const CONNECTIONS_MAX: usize = 512;
/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// How requests of a connection name their address.
#[derive(Debug, Clone)]
enum Way {
    /// The proxy itself, at this address: requests name the whole address.
    Proxy(Option<SocketAddr>),
    /// This scheme and authority, after a CONNECT.
    Through(String),
}

/// Accepts connections until the task is ended.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else {
            // Most likely too many open files: wait until some are closed.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        if connections.len() < CONNECTIONS_MAX {
            // Small answers should not wait for the next.
            let _ = stream.set_nodelay(true);
            connections.spawn(plain(stream, peer, Arc::clone(&shared)));
        }
    }
}

async fn plain(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    let local = stream.local_addr().ok();
    converse(TokioIo::new(stream), Way::Proxy(local), peer, shared).await;
}

/// Answers the requests of one connection.
async fn converse<I>(io: I, way: Way, peer: SocketAddr, shared: Arc<Shared>)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let idle = shared.state.options.idle_timeout;
    let service = service_fn(move |request: Request<Incoming>| {
        let (way, shared) = (way.clone(), Arc::clone(&shared));
        async move { Ok::<_, Infallible>(respond(request, way, peer, shared).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(io, service)
        .with_upgrades();
    // Slow or broken clients are not errors of the proxy.
    if let Err(why) = connection.await {
        tracing::debug!(%peer, %why, "a connection of the replay proxy ended");
    }
}

async fn respond(
    mut request: Request<Incoming>,
    way: Way,
    peer: SocketAddr,
    shared: Arc<Shared>,
) -> Response {
    if matches!(way, Way::Proxy(_)) && !has_token(&request, &shared) {
        let reason = "a token is required, as the password of Proxy-Authorization";
        let refusal = Refusal::new(StatusCode::PROXY_AUTHENTICATION_REQUIRED, reason);
        let mut response = refusal.into_response();
        put(&mut response, PROXY_AUTHENTICATE, "Basic realm=\"pressmark\", charset=\"UTF-8\"");
        return response;
    }
    let base = match way {
        Way::Proxy(_) if request.method() == Method::CONNECT => {
            let Some(authority) = request.uri().authority().map(ToString::to_string) else {
                return Refusal::bad("CONNECT names a host and a port").into_response();
            };
            let upgrade = hyper::upgrade::on(&mut request);
            // The tunnel ends with its client, or with the task of its connection.
            tokio::spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    tunnel(upgraded, authority, peer, shared).await;
                }
            });
            return StatusCode::OK.into_response();
        }
        Way::Proxy(local) if is_own(request.uri(), local) => return own(&request, &shared),
        Way::Proxy(_) => String::new(),
        Way::Through(base) => base,
    };
    let url = match base.as_str() {
        "" => request.uri().to_string(),
        base => format!("{base}{}", request.uri().path_and_query().map_or("/", |t| t.as_str())),
    };
    let open = Open::begin(&shared);
    let response = answer(request.map(Body::new), &url, &shared).await;
    let mut open = Some(open);
    // The request counts as open until its body is sent.
    response.map(|body| Counted::over(body, move |_| drop(open.take())))
}

/// Whether a request is for the proxy itself: as a server, or through itself by its own address, from a client that
/// uses it as its proxy.
fn is_own(uri: &Uri, local: Option<SocketAddr>) -> bool {
    let Some(authority) = uri.authority().filter(|_| uri.scheme().is_some()) else { return true };
    let host = authority.host();
    local.is_some_and(|local| {
        let is_local = host.eq_ignore_ascii_case("localhost") && local.ip().is_loopback()
            || host.trim_matches(['[', ']']) == local.ip().to_string();
        is_local && authority.port_u16() == Some(local.port())
    })
}

/// Answers a request to the proxy as a server.
fn own(request: &Request<Incoming>, shared: &Shared) -> Response {
    match request.uri().path() {
        "/ca.pem" => with_type(StatusCode::OK, "application/x-pem-file", shared.authority.to_pem()),
        _ => Refusal::missing(
            "this is a proxy that answers from an archive; /ca.pem is the certificate of its CA",
        )
        .into_response(),
    }
}

/// The tunnel of a CONNECT. Boxed, since it is recursive: the same code answers the requests in it.
fn tunnel(
    upgraded: Upgraded,
    authority: String,
    peer: SocketAddr,
    shared: Arc<Shared>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(through(TokioIo::new(upgraded), authority, peer, shared))
}

/// The connection after a CONNECT: TLS, or plain requests.
async fn through<S>(mut stream: S, authority: String, peer: SocketAddr, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut first = [0; 1];
    if stream.read_exact(&mut first).await.is_err() {
        return;
    }
    let (rest, sender) = tokio::io::split(stream);
    // The bytes that were read ahead come first.
    let stream = tokio::io::join(std::io::Cursor::new(first).chain(rest), sender);
    if first[0] != TLS_HANDSHAKE {
        let host = authority.strip_suffix(":80").unwrap_or(&authority);
        let way = Way::Through(format!("http://{host}"));
        return converse(TokioIo::new(stream), way, peer, shared).await;
    }
    let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
    let Ok(config) = shared.authority.config_for(host) else { return };
    let accepting = TlsAcceptor::from(config).accept(stream);
    let limit = shared.state.options.idle_timeout;
    let Ok(Ok(stream)) = tokio::time::timeout(limit, pin!(accepting)).await else { return };
    let host = authority.strip_suffix(":443").unwrap_or(&authority);
    let way = Way::Through(format!("https://{host}"));
    converse(TokioIo::new(stream), way, peer, shared).await;
}

/// Whether a request shows the token, if one is required.
fn has_token(request: &Request<Incoming>, shared: &Shared) -> bool {
    let shown = request.headers().get(PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok());
    shows_token(shown, &shared.state.options.token)
}
