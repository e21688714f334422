//! `/cdx`: the dialect of pywb's CDX server.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::Serve;
use super::super::memento::{Modifier, uri_m};
use super::super::original::in_header;
use super::super::params::{Params, wrong};
use super::super::reply::{Refusal, with_type};
use super::super::request::{Asked, Site};
use super::ask::{Asking, positive};
use super::collapse::Collapse;
use super::columns::{Column, as_text};
use super::paging::{BLOCK_ROWS, Page, asked_page, count, rows_of};
use super::rows::{Row, Rows};
use super::write::{Extent, Form, answer};
use crate::archive::Filter;
use crate::archive::cdx::{cdxj_line, json_object};
use crate::base::surt::MatchType;

/// The CDX server in pywb's dialect.
pub async fn pywb(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    state.ask(move |state| rows(state, &asked)).await
}

fn rows(state: &Arc<Serve>, asked: &Asked) -> Result<Response, Refusal> {
    let params = Params::parse(asked.query.as_deref());
    let output = params.text("output").unwrap_or("cdxj");
    if !["cdxj", "json", "text", "link"].contains(&output) {
        return Err(wrong("output", "cdxj, json, text or link", output));
    }
    let collapse = match params.any(&["collapseTime", "collapse_time"]) {
        None => Vec::new(),
        Some(digits) => {
            let number = digits.parse::<usize>().ok().filter(|n| (1..=14).contains(n));
            let wrong = || wrong("collapseTime", "a number of digits from 1 to 14", digits);
            vec![Collapse::time(number.ok_or_else(wrong)?)]
        }
    };
    let asking = Asking::of(&params)?.with_filters(&params, Filter::parse)?.with_collapse(collapse);
    let fields = params.any(&["fields", "fl"]).map(Column::list).transpose()?;
    let limit = positive(&params, "limit")?;
    let (page, blocks) = asked_page(&params)?;
    let allows_near = params.is_on("allowFuzzy")?.unwrap_or(true);
    let asking = Arc::new(asking);
    if params.is_on("showNumPages")?.unwrap_or(false) {
        return number_of_pages(state, &asking, blocks);
    }
    let rows = match page {
        Some(page) => some_page(state, &asking, page)?,
        None if allows_near && asking.match_type == MatchType::Exact => {
            Rows::or_near(state, &asking)?.for_at_most(limit)
        }
        None => Rows::new(state, &asking, None).for_at_most(limit),
    };
    let limit = match page {
        Some(page) => Some(limit.map_or(page.rows(), |limit| limit.min(page.rows()))),
        None => limit,
    };
    let form = PywbForm {
        kind: match output {
            "json" => Kind::Json,
            "text" => Kind::Text,
            "link" => Kind::Link { is_begun: false },
            _ => Kind::Cdxj,
        },
        columns: fields,
        resolve: asking.resolve,
        site: asked.site.clone(),
        url: asking.url.clone(),
    };
    answer(&state.pool, rows, form, Extent { limit, ..Extent::default() })
}

fn some_page(state: &Arc<Serve>, asking: &Arc<Asking>, page: Page) -> Result<Rows, Refusal> {
    let rows = rows_of(state, asking, page)?;
    // Without any row even the first page does not exist: this ends a client that counts pages.
    let is_there = match rows {
        // Queried again below, since checking a row consumes it.
        Some(mut rows) => rows.next().transpose()?.is_some(),
        None => false,
    };
    if !is_there {
        let rows = count(state, asking)?;
        let last = rows.div_ceil(page.rows()).saturating_sub(1);
        let number = page.number;
        return Err(Refusal::bad(format!(
            "page {number} does not exist: the first page is 0, the last page is {last}"
        )));
    }
    Ok(rows_of(state, asking, page)?.unwrap_or_else(|| Rows::new(state, asking, None)))
}

fn number_of_pages(
    state: &Arc<Serve>,
    asking: &Arc<Asking>,
    blocks: u64,
) -> Result<Response, Refusal> {
    let rows = count(state, asking)?;
    let all = json!({
        "pages": rows.div_ceil(blocks * BLOCK_ROWS),
        "pageSize": blocks,
        "blocks": rows.div_ceil(BLOCK_ROWS),
    });
    Ok(with_type(StatusCode::OK, "application/json", format!("{all}\n")))
}

fn json<'r>(pairs: impl Iterator<Item = (&'r str, Cow<'r, str>)>) -> String {
    let pairs: Vec<(&str, Cow<'_, str>)> = pairs.collect();
    json_object(pairs.iter().map(|(name, value)| (*name, &**value)))
}

enum Kind {
    Cdxj,
    Json,
    Text,
    Link { is_begun: bool },
}

struct PywbForm {
    kind: Kind,
    columns: Option<Vec<Column>>,
    resolve: bool,
    site: Site,
    url: String,
}

impl Form for PywbForm {
    fn media_type(&self) -> &'static str {
        match self.kind {
            Kind::Cdxj => "text/x-cdxj; charset=utf-8",
            Kind::Json => "text/x-ndjson; charset=utf-8",
            Kind::Text => "text/plain; charset=utf-8",
            Kind::Link { .. } => "application/link-format",
        }
    }

    fn begin(&mut self, out: &mut String) {
        if matches!(self.kind, Kind::Link { .. }) {
            let (root, original) = (self.site.root(), in_header(&self.url));
            out.push_str(&format!(
                "<{original}>; rel=\"original\",\n<{root}/web/{original}>; rel=\"timegate\""
            ));
        }
    }

    fn row(&mut self, row: &Row, out: &mut String) {
        match (&mut self.kind, &self.columns) {
            (Kind::Link { is_begun }, _) => {
                *is_begun = true;
                let address = uri_m(&self.site, Modifier::None, &row.capture);
                let date = row.capture.date.to_http_date();
                out.push_str(&format!(",\n<{address}>; rel=\"memento\"; datetime=\"{date}\""));
                return;
            }
            (Kind::Text, Some(columns)) => as_text(columns, row, out),
            (Kind::Json, columns) => {
                let all = Column::all(self.resolve);
                let columns = columns.as_ref().unwrap_or(&all);
                out.push_str(&json(columns.iter().map(|c| (c.name.as_str(), c.value(row)))));
            }
            (Kind::Cdxj | Kind::Text, None) if !self.resolve => {
                out.push_str(&cdxj_line(&row.capture));
            }
            (Kind::Cdxj | Kind::Text, columns) => {
                let all = Column::all(self.resolve);
                let is_all = columns.is_none();
                let columns = columns.as_ref().unwrap_or(&all).iter();
                let shown = |value: &Cow<'_, str>| !is_all || !(value.is_empty() || value == "-");
                let pairs = columns
                    .filter(|column| !column.is_in_front())
                    .map(|column| (column.name.as_str(), column.value(row)))
                    .filter(|(name, value)| shown(value) || name.starts_with("orig."));
                let stamp = row.capture.date.to_stamp14();
                out.push_str(&format!("{} {stamp} {}", row.capture.urlkey, json(pairs)));
            }
        }
        out.push('\n');
    }

    fn end(&mut self, _: Option<String>, out: &mut String) {
        if matches!(self.kind, Kind::Link { .. }) {
            out.push('\n');
        }
    }
}
