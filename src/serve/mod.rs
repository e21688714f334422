//! The server: answers programs that use web archives, and readers with a browser, over
//! HTTP. An interface like the command line: it turns addresses and parameters into queries, and values into
//! answers.
//!
//! In reading order: the options ([`Options`]); the state of all handlers ([`Serve`]), including the versions of pages
//! that were shown recently (`versions`), and a cache (`kept`); listening,
//! connections and the orderly stop (`listen`); the checks of every request ([`guard`], `token`); what a request asks
//! for (`request`, `params`) and how an answer is made (`reply`, `body`, `range`, `gzip`); the areas: `memento`,
//! `replay`, `replay_proxy`, `reroute`, `cdx`, `warc`, `worker`, `api`, `peer`, `pages`, `health`.
//!
//! The server does not write to the archive and does not define what a capture or a version is. All work that
//! blocks runs in the pool of [`crate::app::pool`]; a client that reads slowly holds no thread of it.

mod api;
mod body;
mod cdx;
mod guard;
mod gzip;
mod health;
mod kept;
mod listen;
mod memento;
mod metrics;
mod options;
mod original;
mod page_info;
mod page_site;
mod pages;
mod params;
mod peer;
mod range;
mod replay;
mod replay_proxy;
mod reply;
mod request;
mod reroute;
mod state;
mod token;
mod versions;
mod warc;
mod worker;

pub use listen::{Listening, Server};
pub use options::Options;
pub use page_info::{page_info, viewport};
pub use replay_proxy::{Missing, Moment, ReplayProxy, Traded};
pub use state::{Beside, Serve};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

/// Every address of the reader's origin.
fn router(state: Arc<Serve>) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .route("/web", get(memento::web))
        .route("/web/", get(memento::web))
        .route("/web/{*rest}", get(memento::web))
        .route("/cdx", get(cdx::pywb))
        .route("/cdx/search/cdx", get(cdx::wayback))
        .route("/wayback/available", get(cdx::available))
        .route("/warc/{name}", get(warc::file))
        .route("/peer", post(peer::ask))
        .merge(pages::routes())
        .merge(api::router())
        .fallback(reply::no_such_address)
        .method_not_allowed_fallback(reply::wrong_method)
        .with_state(state)
}

/// Every address of the replay origin: captures and nothing else.
fn replay_router(state: Arc<Serve>) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/worker/{name}", get(worker::file))
        .route("/reroute.js", get(reroute::script))
        .route("/rerouted/{*rest}", get(reroute::frame))
        .route("/web", get(memento::web))
        .route("/web/", get(memento::web))
        .route("/web/{*rest}", get(memento::web))
        .fallback(reply::no_such_address)
        .method_not_allowed_fallback(reply::wrong_method)
        .with_state(state)
}
