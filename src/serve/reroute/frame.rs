//! `/rerouted/TIMESTAMP/URL`: the frame in which a page is shown, with the line that says what it is and a count of
//! the parts that are not held.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::Response;

use super::{frame_root, origins, script_response};
use crate::base::TargetUri;
use crate::base::markup::escaped;
use crate::replay::Origins;
use crate::serve::Serve;
use crate::serve::memento::{Modifier, Neighbours, Target, Use, choose, not_held, redirect, uri_m};
use crate::serve::original::in_header;
use crate::serve::replay::banner;
use crate::serve::reply::{Refusal, put, with_type};
use crate::serve::request::Asked;

/// What the frame lets the page do: no other window, nothing with the window around it.
const SANDBOX: &str = "allow-scripts allow-same-origin allow-forms";

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
    Ok(script_response())
}

fn is_off() -> Refusal {
    Refusal::missing("scripts of captured pages do not run here; serve.rerouted lets them")
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
    let target = TargetUri::parse(&capture.url)
        .map_err(|why| Refusal::missing(format!("{} is no page: {why}", capture.url)))?;
    let Some(origin) = origins.origin_of(&stamp, target.url()) else {
        return Err(Refusal::missing(format!(
            "the host of {} is too long for a name of its own; `pressmark view` shows the page",
            capture.url
        )));
    };
    let around = Neighbours::around(&state.reader, capture)?;
    let mut banner = banner(state, &asked.site, capture, &around, None, &[])?;
    banner.links.push((uri_m(&asked.site, Modifier::None, capture), "without scripts".to_owned()));
    let path = &target.url()[url::Position::BeforePath..];
    let start = escaped(&format!("{origin}/.pressmark/start#{path}"));
    let (base, site_base) = (escaped(origins.base()), &asked.site.base);
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>A captured page</title>\
         <style>html,body{{margin:0;height:100%}}body{{display:flex;flex-direction:column}}\
         iframe{{border:0;flex:1}}#pressmark-missing{{font:13px sans-serif;padding:2px 8px;background:#fff3cd;\
         color:#222}}</style>{}<div id=\"pressmark-missing\" role=\"status\" hidden></div>\
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
