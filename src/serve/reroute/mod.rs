//! The rerouted view: captured pages whose scripts run, each host and time at an origin of its own below a name
//! (`serve.rerouted_base`) that leads to the replay listener.
//!
//! In reading order: a request at such an origin (`answer`), the frame around the view (`frame`), our script, which is
//! the same in the page, in its workers, as a service worker and in the frame (the files of `script`). What becomes of
//! a capture is in [`crate::replay::reroute`], how origins are written in [`crate::replay::Origins`].
//!
//! A page is only shown in the frame: opened in a window of its own, it redirects there.

mod answer;
mod frame;

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::Options;
use super::reply::{put, with_type};
use super::request::{Site, bare_host};
use crate::browser::clock;
use crate::replay::{Origins, Place};

pub use answer::answer;
pub use frame::{frame, script};

/// Our script, which may set the clock of a page.
const SCRIPT: &str = concat!(
    include_str!("script/names.js"),
    include_str!("script/service.js"),
    include_str!("script/frame.js"),
    include_str!("script/requests.js"),
    include_str!("script/windows.js"),
    include_str!("script/markup.js"),
    include_str!("script/leaving.js"),
);
/// The place of the clock in it.
const CLOCK_PLACE: &str = "/* @CLOCK@ */ null";
/// The same with a clock.
static SCRIPT_WITH_CLOCK: LazyLock<String> =
    LazyLock::new(|| SCRIPT.replacen(CLOCK_PLACE, clock::FUNCTION.trim_end(), 1));
const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// Marks an answer of a rerouted origin: it has its own headers.
#[derive(Debug, Clone, Copy)]
pub struct IsRerouted;

/// What the host of a request stands for; none if the view is off or the name does not match.
pub fn place_of(options: &Options, host: &str) -> Option<Place> {
    let base = options.rerouted.as_deref()?;
    Place::of(&bare_host(host)).filter(|place| place.base == base)
}

/// Whether a host is below the name of the view and is not an origin of it.
pub fn is_no_place(options: &Options, host: &str) -> bool {
    let Some(base) = options.rerouted.as_deref() else { return false };
    let bare = bare_host(host);
    let below = bare.strip_suffix(base).is_some_and(|rest| rest.ends_with('.'));
    below && place_of(options, host).is_none()
}

/// Where captured hosts have their origins, for a client that reaches the replay listener at `site`.
pub fn origins(options: &Options, site: &Site) -> Option<Origins> {
    let base = options.rerouted.as_deref()?;
    Origins::new(site.scheme == "https", &format!("{base}{}", port_of(&site.host)))
}

/// The port of a host with its colon; empty where it has none.
fn port_of(host: &str) -> &str {
    let after = host.rfind(']').map_or(0, |at| at + 1);
    host[after..].find(':').map_or("", |at| &host[after + at..])
}

/// The root of the frames: the name itself, as it is reached.
pub fn frame_root(origins: &Origins, site: &Site) -> String {
    format!("{}://{}{}", site.scheme, origins.base(), site.base)
}

/// Our script, ready to be sent.
fn script_response(options: &Options) -> Response {
    let script = if options.rerouted_clock { &SCRIPT_WITH_CLOCK } else { SCRIPT };
    let mut response = with_type(StatusCode::OK, SCRIPT_TYPE, script);
    put(&mut response, CACHE_CONTROL, "no-cache");
    response
}

/// Sets a field of an answer from text that was made of a capture.
fn add(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        match name {
            CONTENT_TYPE => {
                response.headers_mut().insert(name, value);
            }
            _ => {
                response.headers_mut().append(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_has_one_place_in_the_script() {
        assert_eq!(SCRIPT.matches(CLOCK_PLACE).count(), 1);
        assert!(SCRIPT_WITH_CLOCK.contains("const CLOCK = (at) => {"));
        assert!(!SCRIPT_WITH_CLOCK.contains("@CLOCK@"));
    }

    #[test]
    fn a_port_is_that_of_its_host() {
        for (host, port) in
            [("localhost:8081", ":8081"), ("localhost", ""), ("[::1]:80", ":80"), ("[::1]", "")]
        {
            assert_eq!(port_of(host), port, "{host}");
        }
    }
}
