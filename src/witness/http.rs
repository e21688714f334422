//! The witness over HTTP: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`, and at `/` its key.
//!
//! Connections are few and short: one that sends slowly is ended, and beyond a number of them the next waits.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::answer::{Answer, REQUEST_BYTES_MAX};
use super::rate::{Buckets, Rate};
use super::state::Witness;
use crate::base::Clock;

/// At most this many connections are open.
const CONNECTIONS_MAX: usize = 256;
/// How long a client may take to send a head, or a body.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a connection may be open.
const CONNECTION_TIME_MAX: Duration = Duration::from_mins(5);
/// The longest head that is read, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Answers until `stop` comes back. `requests` is what one address may ask.
pub async fn serve(
    listener: TcpListener,
    witness: Arc<Witness>,
    clock: Arc<dyn Clock>,
    requests: Rate,
    stop: impl Future<Output = ()>,
) {
    let state = Arc::new(State { witness, clock, requests: Mutex::new(Buckets::new(requests)) });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, peer)) = listener.accept().await else {
                // Too many open files, most likely: there will be fewer in a while.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let state = Arc::clone(&state);
            tokio::spawn(async move {
                let _place = place;
                let service = service_fn(move |request| {
                    let state = Arc::clone(&state);
                    async move { Ok::<_, Infallible>(state.answer(request, peer).await) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(PATIENCE)
                    .max_buf_size(HEAD_BYTES_MAX)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that is slow, gone or speaks another protocol needs no report.
                let _ = tokio::time::timeout(CONNECTION_TIME_MAX, connection).await;
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
}

struct State {
    witness: Arc<Witness>,
    clock: Arc<dyn Clock>,
    requests: Mutex<Buckets<IpAddr>>,
}

impl State {
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Body> {
        let now = self.clock.now();
        let allowed = {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.take(peer.ip(), now)
        };
        if let Err(wait) = allowed {
            return response(Answer::refusal(429, "too many requests"), Some(wait));
        }
        let path = request.uri().path().to_owned();
        let answer = match (request.method().clone(), path.as_str()) {
            (Method::POST, "/add-checkpoint") => self.add(request).await,
            (_, "/add-checkpoint") => Answer::refusal(405, "checkpoints are added by POST"),
            (Method::GET | Method::HEAD, "/") => self.itself(),
            (Method::GET | Method::HEAD, path) => {
                let hash = path.strip_prefix('/').and_then(|path| path.strip_suffix("/checkpoint"));
                match hash {
                    Some(hash) => self.witness.checkpoint(hash),
                    None => Answer::refusal(404, "nothing is here"),
                }
            }
            _ => Answer::refusal(404, "nothing is here"),
        };
        let wait = (answer.status == 429).then_some(Duration::from_secs(60));
        response(answer, wait)
    }

    async fn add(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let body = to_bytes(Body::new(request.into_body()), REQUEST_BYTES_MAX);
        let body = match tokio::time::timeout(PATIENCE, body).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Answer::refusal(413, "the request is too long or incomplete"),
            Err(_) => return Answer::refusal(408, "the request took too long"),
        };
        // Signing waits for the disk, and is not given up when a client has gone: what is written is written whole.
        let done = tokio::task::spawn_blocking(move || {
            let now = self.clock.now();
            self.witness.add(&body, now)
        });
        done.await.unwrap_or_else(|_| Answer::refusal(500, "the witness failed"))
    }

    /// The identity of the witness: its key, and the logs for which it signs.
    fn itself(&self) -> Answer {
        let mut text = format!("{}\n\n", self.witness.verifier().text());
        for origin in self.witness.origins() {
            text.push_str(&format!("{origin}\n"));
        }
        Answer::text(text)
    }
}

fn response(answer: Answer, wait: Option<Duration>) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = wait {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}
