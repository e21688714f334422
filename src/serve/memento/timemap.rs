//! `/web/timemap/FORM/URL`: TimeMaps (RFC 7089 section 5). A long one comes in pages, each a TimeMap of its own
//! that begins with a second: `/web/timemap/FORM/STAMP/URL`; a page ends between two seconds, so that each
//! memento is in exactly one. There is no content negotiation.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Serve;
use super::super::original::in_header;
use super::super::reply::{Refusal, put, with_type};
use super::super::request::{Asked, Site};
use super::find::mementos;
use super::links::uri_m;
use super::not_held;
use super::target::{Form, Modifier};
use crate::answers::removed::{self, Removals};
use crate::archive::{Capture, Query, Sort};
use crate::base::{TimeRange, Timestamp};
use crate::store::Reader;

/// The TimeMap of a page.
pub async fn answer(
    state: &Arc<Serve>,
    asked: Asked,
    form: Form,
    from: Option<TimeRange>,
    url: String,
) -> Result<Response, Refusal> {
    state
        .ask(move |state| {
            let map = TimeMap::read(&state.reader, &url, from, state.options.timemap_page)?;
            let map = match map {
                Some(map) => map,
                None => {
                    return Err(match removed::of_page(&state.reader, &url, None)? {
                        Some(removed) => Refusal::new(StatusCode::GONE, removed.text(&url)),
                        None => not_held(&url),
                    });
                }
            };
            let written = Written { site: &asked.site, url: &url, from, map: &map };
            let (media_type, text) = match form {
                Form::Link => ("application/link-format", written.link_format()),
                Form::Json => ("application/json", written.json()),
                Form::Cdxj => ("application/cdxj+ors", written.cdxj()),
            };
            let mut response = with_type(StatusCode::OK, media_type, text);
            put(&mut response, CACHE_CONTROL, "no-cache");
            Ok(response)
        })
        .await
}

/// What a page of a TimeMap says.
struct TimeMap {
    mementos: Vec<Capture>,
    first: Timestamp,
    last: Timestamp,
    /// Where the next page begins.
    next: Option<Timestamp>,
}

impl TimeMap {
    /// A page of at least `page` mementos if there are that many; `None` if there is none. What has lost its payload by order is
    /// no memento.
    fn read(
        reader: &Reader,
        url: &str,
        from: Option<TimeRange>,
        page: usize,
    ) -> Result<Option<Self>, Refusal> {
        let removals = Removals::of(reader);
        let one = |sort| -> Result<Option<Capture>, Refusal> {
            for capture in reader.query(&mementos(url, sort)) {
                let capture = capture?;
                if removals.of_capture(&capture)?.is_none() {
                    return Ok(Some(capture));
                }
            }
            Ok(None)
        };
        let (Some(first), Some(last)) = (one(Sort::Ascending)?, one(Sort::Descending)?) else {
            return Ok(None);
        };
        let from = from.map(|from| from.start);
        let mut found: Vec<Capture> = Vec::new();
        let mut next = None;
        for capture in reader.query(&Query { from, ..mementos(url, Sort::Ascending) }) {
            let capture = capture?;
            if removals.of_capture(&capture)?.is_some() {
                continue;
            }
            let second = capture.date.floor_second();
            let before = found.last().map(|last| last.date.floor_second());
            if found.len() >= page && before != Some(second) {
                next = Some(second);
                break;
            }
            found.push(capture);
        }
        Ok(Some(Self { mementos: found, first: first.date, last: last.date, next }))
    }
}

struct Written<'a> {
    site: &'a Site,
    url: &'a str,
    from: Option<TimeRange>,
    map: &'a TimeMap,
}

impl Written<'_> {
    fn address(&self, form: Form, from: Option<Timestamp>) -> String {
        let stamp = from.map_or_else(String::new, |from| format!("{}/", from.to_stamp14()));
        let form = form.as_str();
        format!("{}/web/timemap/{form}/{stamp}{}", self.site.root(), in_header(self.url))
    }

    fn own(&self, form: Form) -> String {
        self.address(form, self.from.map(|from| from.start))
    }

    fn timegate(&self) -> String {
        format!("{}/web/{}", self.site.root(), in_header(self.url))
    }

    /// The period of this page: of its own mementos.
    fn period(&self) -> (Timestamp, Timestamp) {
        let ends = self.map.mementos.first().zip(self.map.mementos.last());
        ends.map_or((self.map.first, self.map.last), |(first, last)| (first.date, last.date))
    }

    /// The link relation of a memento, among all mementos of the page.
    fn relation(&self, capture: &Capture) -> &'static str {
        let second = Timestamp::floor_second;
        match (
            second(capture.date) == second(self.map.first),
            second(capture.date) == second(self.map.last),
        ) {
            (true, true) => "first last memento",
            (true, false) => "first memento",
            (false, true) => "last memento",
            (false, false) => "memento",
        }
    }

    fn link_format(&self) -> String {
        let mut out = String::with_capacity(200 + 160 * self.map.mementos.len());
        let (from, until) = self.period();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<{}>; rel=\"original\",\n<{}>; rel=\"self\"; type=\"application/link-format\"; from=\"{}\"; until=\"{}\",\n<{}>; rel=\"timegate\"",
            in_header(self.url),
            self.own(Form::Link),
            from.to_http_date(),
            until.to_http_date(),
            self.timegate(),
        );
        let mut other = |address: String, from: Timestamp, until: Option<Timestamp>| {
            let _ = write!(
                out,
                ",\n<{address}>; rel=\"timemap\"; type=\"application/link-format\"; from=\"{}\"",
                from.to_http_date()
            );
            if let Some(until) = until {
                let _ = write!(out, "; until=\"{}\"", until.to_http_date());
            }
        };
        if self.from.is_some() {
            other(self.address(Form::Link, None), self.map.first, None);
        }
        if let Some(next) = self.map.next {
            other(self.address(Form::Link, Some(next)), next, Some(self.map.last));
        }
        for capture in &self.map.mementos {
            let _ = write!(
                out,
                ",\n<{}>; rel=\"{}\"; datetime=\"{}\"",
                uri_m(self.site, Modifier::None, capture),
                self.relation(capture),
                capture.date.to_http_date()
            );
        }
        out.push('\n');
        out
    }

    fn memento_json(&self, capture: &Capture) -> Value {
        json!({
            "datetime": capture.date.to_rfc3339(),
            "uri": uri_m(self.site, Modifier::None, capture),
        })
    }

    fn forms(&self, from: Option<Timestamp>) -> Value {
        json!({
            "link_format": self.address(Form::Link, from),
            "json_format": self.address(Form::Json, from),
            "cdxj_format": self.address(Form::Cdxj, from),
        })
    }

    /// The form of MemGator's `timemap/json`, with `pages` if there are several.
    fn json(&self) -> String {
        let list: Vec<Value> = self.map.mementos.iter().map(|c| self.memento_json(c)).collect();
        let mut mementos = json!({"list": list});
        if let Some((first, last)) = self.map.mementos.first().zip(self.map.mementos.last()) {
            mementos["first"] = self.memento_json(first);
            mementos["last"] = self.memento_json(last);
        }
        let mut map = json!({
            "original_uri": self.url,
            "self": self.own(Form::Json),
            "mementos": mementos,
            "timemap_uri": self.forms(None),
            "timegate_uri": self.timegate(),
        });
        if let Some(next) = self.map.next {
            map["pages"] = json!({"next": {"uri": self.address(Form::Json, Some(next)), "from": next.to_rfc3339()}});
        }
        format!("{map}\n")
    }

    /// The form of MemGator's `timemap/cdxj`.
    fn cdxj(&self) -> String {
        let mut out = String::from("!context [\"http://tools.ietf.org/html/rfc7089\"]\n");
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "!id {}\n!keys [\"memento_datetime_YYYYMMDDhhmmss\"]\n!meta {}\n!meta {}\n!meta {}\n",
            json!({"uri": self.own(Form::Cdxj)}),
            json!({"original_uri": self.url}),
            json!({"timegate_uri": self.timegate()}),
            json!({"timemap_uri": self.forms(None)}),
        );
        if let Some(next) = self.map.next {
            let next = self.address(Form::Cdxj, Some(next));
            let _ = writeln!(out, "!meta {}", json!({"next_page_uri": next}));
        }
        for capture in &self.map.mementos {
            let line = json!({
                "uri": uri_m(self.site, Modifier::None, capture),
                "rel": self.relation(capture),
                "datetime": capture.date.to_http_date(),
            });
            let _ = writeln!(out, "{} {line}", capture.date.to_stamp14());
        }
        out
    }
}
