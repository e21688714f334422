//! `/rerouted/TIMESTAMP/URL`: the frame in which a page is shown, with a line that describes it and a count of
//! the parts that are not held.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::Response;

use super::{frame_root, origins, script_response};
use crate::archive::Capture;
use crate::base::TargetUri;
use crate::base::markup::escaped;
use crate::replay::Origins;
use crate::serve::Serve;
use crate::serve::memento::{Modifier, Neighbours, Target, Use, choose, not_held, redirect, uri_m};
use crate::serve::original::in_header;
use crate::serve::page_info::{page_info, viewport};
use crate::serve::replay::banner;
use crate::serve::reply::{Refusal, put, with_type};
use crate::serve::request::Asked;

/// The permissions of the page in the frame: no other window, no access to the window around it.
const SANDBOX: &str = "allow-scripts allow-same-origin allow-forms";

/// The explanation of the view for a first-time reader.
const RUNS: &str =
    "The page’s own scripts run here, and everything they ask for comes from the archive.";
const STYLE: &str = "html,body{margin:0;height:100%}body{display:flex;flex-direction:column}iframe{border:0;flex:1}\
    #pressmark-view{display:flex;flex-wrap:wrap;gap:0 1.5em;align-items:baseline;font:13px/1.5 sans-serif;\
    padding:2px 12px;background:#fff3cd;color:#222}#pressmark-view ul{margin:0;max-height:30vh;overflow:auto;\
    overflow-wrap:anywhere}#pressmark-view summary{cursor:pointer}";

/// The frame.
///
/// # Errors
/// When nothing is held, or the view is off.
pub async fn frame(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    let origins = origins(&state.options, &asked.site).ok_or_else(is_off)?;
    let rest = asked.path.strip_prefix("/rerouted/").unwrap_or_default();
    let Target::Memento { at, modifier: Modifier::None, url } =
        Target::of(rest, asked.query.as_deref())?
    else {
        return Err(Refusal::bad("the rerouted view is at /rerouted/TIMESTAMP/URL"));
    };
    state.ask(move |state| shown(state, &asked, &origins, at, &url)).await
}

/// Our script, as the frame asks for it.
///
/// # Errors
/// When the view is off.
pub async fn script(State(state): State<Arc<Serve>>) -> Result<Response, Refusal> {
    state.options.rerouted.as_ref().ok_or_else(is_off)?;
    Ok(script_response(&state.options))
}

fn is_off() -> Refusal {
    Refusal::missing("scripts of captured pages do not run here; serve.rerouted enables them")
}

fn shown(
    state: &Arc<Serve>,
    asked: &Asked,
    origins: &Origins,
    at: Option<crate::base::TimeRange>,
    url: &str,
) -> Result<Response, Refusal> {
    let chosen = choose(state, url, at, Use::Page)?.ok_or_else(|| not_held(url))?;
    let capture = &chosen.capture;
    let stamp = capture.date.to_stamp14();
    let root = frame_root(origins, &asked.site);
    let own = format!("{root}/rerouted/{stamp}/{}", in_header(&capture.url));
    // One address for one view, at the host that pages name as theirs.
    if !chosen.is_exact || !asked.site.host.eq_ignore_ascii_case(origins.base()) {
        return Ok(redirect(&own));
    }
    let target = TargetUri::parse(&capture.url).map_err(|why| {
        Refusal::missing(format!("{} is not the address of a page: {why}", capture.url))
    })?;
    let Some(origin) = origins.origin_of(&stamp, target.url()) else {
        return Err(Refusal::missing(format!(
            "the host of {} is too long for a name of its own; `pressmark view` shows the page",
            capture.url
        )));
    };
    let around = Neighbours::around(&state.reader, capture)?;
    let mut banner = banner(state, &asked.site, capture, &around, None, &[])?;
    // The links are made for the safe view: drop those to this view and to the page without the line.
    banner.links.retain(|(_, text)| text != "with its scripts" && text != "hide this banner");
    let safe = uri_m(&asked.site, Modifier::None, capture);
    banner.links.push((safe, "without its scripts".to_owned()));
    // Earlier and later stay in this view.
    let here = |other: &Capture| {
        let to = format!("{root}/rerouted/{}/{}", other.date.to_stamp14(), in_header(&other.url));
        (to, other.date)
    };
    banner.previous = around.prev.as_ref().map(here);
    banner.next = around.next.as_ref().map(here);
    let path = &target.url()[url::Position::BeforePath..];
    let start = escaped(&format!("{origin}/.pressmark/start#{path}"));
    let (base, site_base) = (escaped(origins.base()), &asked.site.base);
    let size = match page_info(&state.reader, capture).as_deref().and_then(viewport) {
        Some((width, height)) => format!(
            "<label><input type=\"checkbox\" id=\"pressmark-size\" data-size=\"{width}x{height}\"> \
             in the window of the capture, {width} × {height}</label>"
        ),
        None => String::new(),
    };
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>A captured page</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>{}\
         <div id=\"pressmark-view\"><span>{RUNS}</span>{size}\
         <details id=\"pressmark-missing\"><summary>No part is missing so far</summary><ul></ul></details></div>\
         <script src=\"{site_base}/reroute.js\" data-role=\"frame\" data-base=\"{base}\"></script>\
         <iframe src=\"{start}\" sandbox=\"{SANDBOX}\" title=\"The captured page, with its scripts\"></iframe>",
        banner.to_html()
    );
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", page);
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {root}/reroute.js; frame-src {}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        origins.source_expression()
    );
    put(&mut response, CONTENT_SECURITY_POLICY, &policy);
    put(&mut response, CACHE_CONTROL, "private, no-cache");
    Ok(response)
}
