//! A capture made ready for a browser: rewritten by [`crate::replay`], with a banner that says what is shown,
//! under a policy that keeps it from the reader and from the live web.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, ETAG, VARY,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::Serve;
use super::super::memento::{Modifier, Neighbours, uri_m};
use super::super::range::is_known;
use super::super::reply::{Refusal, put, with_type};
use super::super::request::{Asked, Site};
use super::banner::banner;
use super::headers::Archived;
use super::{etag_of, identity};
use crate::archive::Capture;
use crate::base::{DigestAlgorithm, TargetUri, Timestamp};
use crate::http::Head;
use crate::replay::headers::Status;
use crate::replay::parts::{self, Named};
use crate::replay::policy::{self, Guard, Origin, Scripts};
use crate::replay::{self, Banner, Captured, Links, PREFIX_BYTES, View};
use crate::store::Loaded;

/// What is asked of replay.
pub struct Showing<'a> {
    pub state: &'a Arc<Serve>,
    pub asked: &'a Asked,
    pub modifier: Modifier,
    pub capture: &'a Capture,
    /// The time that was asked for, where it is not that of the capture.
    pub asked_for: Option<Timestamp>,
    pub around: Option<&'a Neighbours>,
}

/// The site as replay names it.
fn site(site: &Site) -> Result<replay::Site, Refusal> {
    let origin = format!("{}://{}", site.scheme, site.host);
    replay::Site::new(&origin, &site.base).map_err(|why| Refusal::bad(why.to_string()))
}

/// The modifier as replay names it.
fn named(modifier: Modifier) -> replay::Modifier {
    replay::Modifier::parse(modifier.as_str()).unwrap_or(replay::Modifier::Embed)
}

/// Whether a request would make a captured script a service worker of this origin.
pub fn is_service_worker(asked: &Asked) -> bool {
    policy::is_service_worker(asked.header("service-worker"), asked.header("sec-fetch-dest"))
}

/// What stands for a part of a page that is not held: it breaks nothing of the page around it.
pub fn missing(asked: &Asked, modifier: Modifier) -> Result<Response, Refusal> {
    let (media_type, body) = parts::missing(named(modifier));
    let mut response = with_type(StatusCode::NOT_FOUND, media_type, body);
    guard(&mut response, &asked.site, Guard::Sandboxed)?;
    Ok(response)
}

/// Puts the policy of replay on an answer that is none of a capture.
fn guard(response: &mut Response, own: &Site, guard: Guard) -> Result<(), Refusal> {
    let origin = if own.is_replay { Origin::Own } else { Origin::Shared };
    let policy = policy::content_security_policy(&site(own)?, origin, Scripts::Never, guard);
    put(response, CONTENT_SECURITY_POLICY, &policy);
    for (name, value) in policy::headers() {
        if let Ok(name) = HeaderName::try_from(name) {
            put(response, name, value);
        }
    }
    Ok(())
}

impl Showing<'_> {
    /// The answer of a capture.
    pub fn answer(&self, loaded: &Arc<Loaded>, archived: &Archived) -> Result<Response, Refusal> {
        let own = site(&self.asked.site)?;
        let target = TargetUri::parse(&self.capture.url);
        let Ok(target) = target else {
            // A name that leads nowhere has nothing to be rewritten to.
            return Err(Refusal::missing(format!("{} is no page", self.capture.url)));
        };
        let modifier = named(self.modifier);
        let fetched_as = self.asked.header("sec-fetch-dest");
        let is_replay = self.asked.site.is_replay;
        let configured = match is_replay && self.state.options.replay_scripts {
            true => Scripts::InFrames,
            false => Scripts::Never,
        };
        let stamp = self.capture.date.to_stamp14();
        let head = Head::parse(&archived.head());
        let decoded = |max: usize| loaded.decoded(max).map_err(|why| self.unreadable(&why));
        let prefix = decoded(PREFIX_BYTES)?;
        let captured = Captured { head: &head, prefix: &prefix };
        let scripts = configured.for_request(fetched_as);
        let links = Links::new(&own, &target, &stamp, modifier);
        let view = |links: Links, banner: Option<Banner>| View {
            links,
            modifier,
            banner,
            scripts,
            origin: if is_replay { Origin::Own } else { Origin::Shared },
        };
        let named = Named::default();
        let noting = match self.modifier {
            Modifier::None | Modifier::Banner => links.clone().noting(&named),
            _ => links.clone(),
        };
        let mut answer = replay::answer(&captured, view(noting, None));
        let status = match answer.status {
            Status::Kept(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
            Status::Told(status) => return Err(self.told(status)),
        };
        let mut payload = None;
        let mut shown = None;
        if let Some(around) = self.around.filter(|_| self.has_banner(answer.kind)) {
            // What the banner says of the parts stands before them: the page is gone through once for that.
            let whole = decoded(self.state.options.decoded_bytes_max)?;
            drop(answer.body.push(&whole));
            drop(answer.body.finish());
            payload = Some(whole);
            let site = &self.asked.site;
            let banner = banner(self.state, site, self.capture, around, self.asked_for, &named)?;
            if self.modifier == Modifier::Banner {
                return self.banner_alone(&banner);
            }
            if configured == Scripts::InFrames && fetched_as == Some("document") {
                return Ok(self.frame(&own, status, &banner));
            }
            answer = replay::answer(&captured, view(links, Some(banner.clone())));
            shown = Some(banner);
        }
        let mut response = if answer.body.is_identity() {
            identity(self.state, self.asked, loaded, status)?
        } else {
            let form = self.form(&answer.headers, shown.as_ref());
            let etag = etag_of(loaded, &form).map(|tag| format!("W/{tag}"));
            let mut response = if is_known(&self.asked.headers, etag.as_deref(), None) {
                StatusCode::NOT_MODIFIED.into_response()
            } else {
                let payload = match payload {
                    Some(payload) => payload,
                    None => decoded(self.state.options.decoded_bytes_max)?,
                };
                let mut bytes = answer.body.push(&payload);
                bytes.extend(answer.body.finish());
                let length = bytes.len().to_string();
                let body = if answer.status.has_body() { Body::from(bytes) } else { Body::empty() };
                let mut response = Response::new(body);
                *response.status_mut() = status;
                put(&mut response, CONTENT_LENGTH, &length);
                response
            };
            if let Some(etag) = etag {
                put(&mut response, ETAG, &etag);
            }
            response
        };
        let fields = response.headers_mut();
        for (name, value) in &answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
                // Archived fields may be there several times.
                fields.append(name, value);
            }
        }
        let referer = self.asked.header("referer");
        if let Some(origin) = policy::allowed_origin(&own, self.asked.header("origin"), referer) {
            put(&mut response, ACCESS_CONTROL_ALLOW_ORIGIN, &origin);
            response
                .headers_mut()
                .append(VARY, axum::http::HeaderValue::from_static("origin, referer"));
        }
        Ok(response)
    }

    fn unreadable(&self, why: &std::io::Error) -> Refusal {
        Refusal::failed(format!("reading the capture of {}: {why}", self.capture.url))
    }

    /// A status that cannot be sent.
    fn told(&self, status: Option<u16>) -> Refusal {
        let (url, when) = (&self.capture.url, self.capture.date.to_rfc3339());
        let what = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        Refusal::missing(format!(
            "{url} was answered at {when} with status {what}, which shows nothing; id_ behind the time gives the bytes"
        ))
    }

    /// Whether the archive says above the capture what it is.
    fn has_banner(&self, kind: replay::Kind) -> bool {
        match self.modifier {
            Modifier::None => kind == replay::Kind::Html,
            modifier => modifier == Modifier::Banner,
        }
    }

    /// What tells the forms of one payload apart: how it is rewritten depends on where it is shown.
    fn form(&self, headers: &[(String, String)], banner: Option<&Banner>) -> String {
        let text = format!(
            "{} {:?} {} {banner:?} {headers:?}",
            env!("CARGO_PKG_VERSION"),
            self.modifier,
            self.asked.site.root()
        );
        let digest = DigestAlgorithm::Sha1.digest(text.as_bytes()).to_string();
        digest.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// The banner as a page, for a page that consists of frames.
    fn banner_alone(&self, banner: &Banner) -> Result<Response, Refusal> {
        let page = banner.to_document();
        let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", page);
        guard(&mut response, &self.asked.site, Guard::Sandboxed)?;
        Ok(response)
    }

    /// A page of the reader that holds the capture in a frame, where its scripts run.
    fn frame(&self, own: &replay::Site, status: StatusCode, banner: &Banner) -> Response {
        let inner = uri_m(&self.asked.site, Modifier::Page, self.capture);
        let banner = banner.to_html();
        let inner = crate::base::markup::escaped(&inner);
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>A captured page</title>\
             <style>html,body{{margin:0;height:100%}}body{{display:flex;flex-direction:column}}\
             iframe{{border:0;flex:1}}</style>{banner}<iframe src=\"{inner}\" title=\"The captured page\"></iframe>"
        );
        let mut response = with_type(status, "text/html; charset=utf-8", page);
        put(&mut response, CONTENT_SECURITY_POLICY, &policy::frame_policy(own));
        put(&mut response, VARY, "sec-fetch-dest");
        response
    }
}
