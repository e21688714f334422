//! A capture made ready for a browser: rewritten by [`crate::replay`], with a banner that says what is shown,
//! under a policy that keeps it from the reader and from the live web.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::Serve;
use super::super::memento::{Modifier, Neighbours, uri_m};
use super::super::reply::{Refusal, put, with_type};
use super::super::request::{Asked, Site};
use super::banner::banner;
use super::form::{Form, FormBody};
use super::identity;
use super::record::Record;
use crate::archive::Capture;
use crate::base::{TargetUri, Timestamp};
use crate::http::Head;
use crate::replay::parts::{self, Named};
use crate::replay::policy::{self, Guard, Origin, Scripts};
use crate::replay::{self, Answer, Banner, Captured, Links, View};

/// A request to replay.
pub struct Showing<'a> {
    pub state: &'a Arc<Serve>,
    pub asked: &'a Asked,
    pub modifier: Modifier,
    pub capture: &'a Capture,
    /// The requested time, if it is not that of the capture.
    pub asked_for: Option<Timestamp>,
    pub around: Option<&'a Neighbours>,
}

/// The site as a value of replay.
fn site(site: &Site) -> Result<replay::Site, Refusal> {
    let origin = format!("{}://{}", site.scheme, site.host);
    replay::Site::new(&origin, &site.base).map_err(|why| Refusal::bad(why.to_string()))
}

/// The modifier as a value of replay.
fn named(modifier: Modifier) -> replay::Modifier {
    if modifier == Modifier::Rendered {
        return replay::Modifier::Main;
    }
    replay::Modifier::parse(modifier.as_str()).unwrap_or(replay::Modifier::Embed)
}

/// Whether a request would make a captured script a service worker of this origin.
pub fn is_service_worker(asked: &Asked) -> bool {
    policy::is_service_worker(asked.header("service-worker"), asked.header("sec-fetch-dest"))
}

/// Whether a request would run a captured script where none may run. The policy of a captured page allows
/// none; this check protects pages of the reader.
pub fn is_forbidden_script(state: &Serve, asked: &Asked) -> bool {
    let may_run = asked.site.is_replay && state.options.replay_scripts;
    !may_run && policy::is_script_like(asked.header("sec-fetch-dest"))
}

/// The placeholder for a part of a page that is not held: it does not break the page around it.
pub fn missing(asked: &Asked, modifier: Modifier) -> Result<Response, Refusal> {
    let (media_type, body) = parts::missing(named(modifier));
    let mut response = with_type(StatusCode::NOT_FOUND, media_type, body);
    guard(&mut response, &asked.site, Guard::Sandboxed)?;
    Ok(response)
}

/// Sets the policy of replay on an answer that is not a capture.
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
    pub fn answer(&self, record: &Arc<Record>) -> Result<Response, Refusal> {
        let own = site(&self.asked.site)?;
        let fetched_as = self.asked.header("sec-fetch-dest");
        let may_run = self.asked.site.is_replay && self.state.options.replay_scripts;
        // The scripts of a rendered document have run: a second time they would change it.
        let configured = match may_run && self.modifier != Modifier::Rendered {
            true => Scripts::InFrames,
            false => Scripts::Never,
        };
        let making = Making {
            state: self.state,
            record,
            site: &own,
            modifier: named(self.modifier),
            scripts: configured.for_request(fetched_as),
            origin: if self.asked.site.is_replay { Origin::Own } else { Origin::Shared },
        };
        let mut form = making.form(None, &self.asked.headers)?;
        let status = form.status.map_err(|status| self.unsendable(status))?;
        if let Some(around) = self.around.filter(|_| self.has_banner(form.kind)) {
            let site = &self.asked.site;
            let (capture, asked_for) = (self.capture, self.asked_for);
            let banner = banner(self.state, site, capture, around, asked_for, &form.parts)?;
            if self.modifier == Modifier::Banner {
                return self.banner_alone(&banner);
            }
            if configured == Scripts::InFrames && fetched_as == Some("document") {
                return Ok(self.frame(&own, status, &banner));
            }
            form = making.form(Some(banner), &self.asked.headers)?;
        }
        let mut response = match &form.body {
            FormBody::AsCaptured => identity(self.state, self.asked, record, status)?,
            // The client already has it, so it was not made.
            FormBody::None => StatusCode::NOT_MODIFIED.into_response(),
            FormBody::Rewritten(_) if form.is_known(&self.asked.headers) => {
                StatusCode::NOT_MODIFIED.into_response()
            }
            FormBody::Rewritten(bytes) => {
                let mut response = Response::new(Body::from(bytes.clone()));
                *response.status_mut() = status;
                put(&mut response, CONTENT_LENGTH, &bytes.len().to_string());
                response
            }
        };
        if let (Some(etag), false) = (&form.etag, matches!(form.body, FormBody::AsCaptured)) {
            put(&mut response, ETAG, etag);
        }
        let fields = response.headers_mut();
        for (name, value) in &form.fields {
            fields.append(name.clone(), value.clone());
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

    /// The refusal for a status that cannot be sent.
    fn unsendable(&self, status: Option<u16>) -> Refusal {
        let (url, when) = (&self.capture.url, self.capture.date.to_rfc3339());
        let what = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        Refusal::missing(format!(
            "{url} was answered at {when} with status {what}, which cannot be displayed; add id_ after the time for the bytes"
        ))
    }

    /// Whether the capture is shown with a banner.
    fn has_banner(&self, kind: replay::Kind) -> bool {
        match self.modifier {
            Modifier::None => kind == replay::Kind::Html,
            modifier => modifier == Modifier::Banner,
        }
    }

    /// The banner as a page, for a page that consists of frames.
    fn banner_alone(&self, banner: &Banner) -> Result<Response, Refusal> {
        let page = banner.to_document();
        let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", page);
        guard(&mut response, &self.asked.site, Guard::Sandboxed)?;
        Ok(response)
    }

    /// A page of the reader that shows the capture in a frame, where its scripts run.
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

/// The inputs of a form of a capture, except its banner.
struct Making<'a> {
    state: &'a Arc<Serve>,
    record: &'a Arc<Record>,
    site: &'a replay::Site,
    modifier: replay::Modifier,
    scripts: Scripts,
    origin: Origin,
}

impl Making<'_> {
    /// The form with this banner, or without one, from the cache or newly made. Nothing is rewritten if the client has
    /// it already; a page that will have a banner is only scanned for its parts.
    fn form(&self, banner: Option<Banner>, asked: &HeaderMap) -> Result<Arc<Form>, Refusal> {
        let Self { site, modifier, scripts, origin, .. } = self;
        let root = format!("{}{}", site.origin(), site.base_path());
        let text: Arc<str> =
            format!("{root} {modifier:?} {scripts:?} {origin:?} {banner:?}").into();
        let key = (self.record.key.clone(), Arc::clone(&text));
        if let Some(form) = self.state.forms.get(&key) {
            return Ok(form);
        }
        let has_banner = banner.is_some();
        let (mut answer, named) = self.begin(banner)?;
        let mut form = Form::of(self.record, &answer, &text);
        if answer.body.is_identity() || form.status.is_err() {
            let form = Arc::new(form);
            self.state.forms.keep(key, &form);
            return Ok(form);
        }
        let is_for_parts = !has_banner && form.kind == replay::Kind::Html && self.notes_parts();
        if !is_for_parts && form.is_known(asked) {
            return Ok(Arc::new(form));
        }
        let payload = self.record.decoded(self.state)?;
        let mut bytes = answer.body.push(&payload);
        bytes.extend(answer.body.finish());
        form.parts = named.parts();
        if !is_for_parts {
            if !answer.status.has_body() {
                bytes.clear();
            }
            form.body = FormBody::Rewritten(bytes.into());
        }
        let form = Arc::new(form);
        self.state.forms.keep(key, &form);
        Ok(form)
    }

    /// Whether the banner has notes about the parts of the page.
    fn notes_parts(&self) -> bool {
        matches!(self.modifier, replay::Modifier::Page | replay::Modifier::Banner)
    }

    /// The answer of replay, and the list in which it notes the parts that a page names.
    fn begin(&self, banner: Option<Banner>) -> Result<(Answer, Named), Refusal> {
        let capture = self.record.capture();
        let Ok(target) = TargetUri::parse(&capture.url) else {
            // A name without an address cannot be rewritten.
            return Err(Refusal::missing(format!("{} is not the address of a page", capture.url)));
        };
        let stamp = capture.date.to_stamp14();
        let head = Head::parse(&self.record.archived.head());
        let prefix = self.record.prefix()?;
        let named = Named::default();
        let mut links = Links::new(self.site, &target, &stamp, self.modifier);
        if self.notes_parts() && banner.is_none() {
            links = links.noting(&named);
        }
        let Self { modifier, scripts, origin, .. } = *self;
        let view = View { links, modifier, banner, scripts, origin };
        Ok((replay::answer(&Captured { head: &head, prefix: &prefix }, view), named))
    }
}
