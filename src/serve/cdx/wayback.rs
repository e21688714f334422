//! `/cdx/search/cdx`: the dialect of the Wayback Machine's CDX server.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::super::Serve;
use super::super::params::{Params, wrong};
use super::super::reply::{Refusal, with_type};
use super::super::request::Asked;
use super::ask::{Asking, Order};
use super::collapse::Collapse;
use super::columns::{Column, as_text};
use super::paging::{asked_page, count, rows_of};
use super::resume::Start;
use super::rows::{Row, Rows};
use super::write::{Extent, Form, answer};
use crate::archive::Filter;

/// The seven fields of a row.
const FIELDS: &str = "urlkey,timestamp,original,mimetype,statuscode,digest,length";
/// The most rows that are returned from the end: they are held in memory.
const LAST_MAX: u64 = 100_000;

/// The CDX server in the Wayback Machine's dialect.
pub async fn wayback(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    state.ask(move |state| rows(state, &asked)).await
}

fn rows(state: &Arc<Serve>, asked: &Asked) -> Result<Response, Refusal> {
    let params = Params::parse(asked.query.as_deref());
    let output = params.text("output").unwrap_or("text");
    if !["json", "text"].contains(&output) {
        return Err(wrong("output", "json or text", output));
    }
    let collapse = params.all("collapse").filter(|text| !text.is_empty());
    let collapse: Vec<Collapse> = collapse.map(Collapse::parse).collect::<Result<_, _>>()?;
    if collapse.len() > COLLAPSE_MAX {
        return Err(Refusal::bad(format!("more than {COLLAPSE_MAX} collapses")));
    }
    let asking =
        Asking::of(&params)?.with_filters(&params, Filter::parse_wayback)?.with_collapse(collapse);
    let columns = Column::with_bare_digests(Column::list(params.text("fl").unwrap_or(FIELDS))?);
    let expected = "a whole number; negative numbers count from the end";
    let limit = match params.value::<i64>("limit", expected)? {
        Some(0) => return Err(wrong("limit", "a number other than 0", "0")),
        limit => limit,
    };
    let skip = params.value::<u64>("offset", "a whole number")?.unwrap_or(0);
    // It only selects how the last rows are found, which is always fast here.
    params.is_on("fastLatest")?;
    let wants_key = params.is_on("showResumeKey")?.unwrap_or(false);
    let start = params.text("resumeKey").map(Start::parse).transpose()?;
    if start.is_some() && matches!(asking.order, Order::Closest(_)) {
        return Err(Refusal::bad(
            "resumeKey cannot be combined with sort=closest: its rows have no resume position",
        ));
    }
    let (page, blocks) = asked_page(&params)?;
    let asking = Arc::new(asking);
    if params.is_on("showNumPages")?.unwrap_or(false) {
        let rows = count(state, &asking)?;
        let pages = rows.div_ceil(blocks * super::paging::BLOCK_ROWS);
        return Ok(with_type(StatusCode::OK, "text/plain; charset=utf-8", format!("{pages}\n")));
    }
    let mut form = WaybackForm { is_json: output == "json", columns, rows: 0 };
    if let Some(last) = limit.filter(|limit| *limit < 0) {
        return last_rows(state, &asking, last.unsigned_abs(), form);
    }
    let mut extent = Extent { skip, limit: limit.map(i64::unsigned_abs), wants_key };
    let rows = match page {
        None => Rows::new(state, &asking, start.as_ref()).for_at_most(extent.to_read()),
        Some(page) => {
            extent.limit = Some(extent.limit.map_or(page.rows(), |l| l.min(page.rows())));
            match rows_of(state, &asking, page)? {
                Some(rows) => rows,
                // After the last page the answer is empty, and clients stop there.
                None => return Ok(nothing(&mut form)),
            }
        }
    };
    answer(&state.pool, rows, form, extent)
}

/// More stages of collapsing are not accepted.
const COLLAPSE_MAX: usize = 5;

fn nothing(form: &mut WaybackForm) -> Response {
    let mut text = String::new();
    form.end(None, &mut text);
    with_type(StatusCode::OK, form.media_type(), text)
}

/// The last rows of the query, in its order.
fn last_rows(
    state: &Arc<Serve>,
    asking: &Arc<Asking>,
    count: u64,
    mut form: WaybackForm,
) -> Result<Response, Refusal> {
    if count > LAST_MAX {
        return Err(wrong(
            "limit",
            &format!("at most {LAST_MAX} from the end"),
            &count.to_string(),
        ));
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let backwards = match asking.order {
        Order::Ascending => Some(Order::Descending),
        Order::Descending => Some(Order::Ascending),
        Order::Closest(_) => None,
    };
    let mut last: VecDeque<Row> = VecDeque::new();
    match backwards {
        Some(order) if asking.collapse.is_empty() => {
            let backwards = Arc::new(Asking { order, ..(**asking).clone() });
            let mut rows = Rows::new(state, &backwards, None).for_at_most(Some(count as u64));
            while last.len() < count
                && let Some(row) = rows.next().transpose()?
            {
                last.push_front(row);
            }
        }
        // Collapsing has to start from the front.
        _ => {
            let mut rows = Rows::new(state, asking, None);
            while let Some(row) = rows.next().transpose()? {
                last.push_back(row);
                if last.len() > count {
                    last.pop_front();
                }
            }
        }
    }
    let mut text = String::new();
    form.begin(&mut text);
    for row in &last {
        form.row(row, &mut text);
    }
    form.end(None, &mut text);
    Ok(with_type(StatusCode::OK, form.media_type(), Body::from(text)))
}

struct WaybackForm {
    is_json: bool,
    columns: Vec<Column>,
    rows: u64,
}

impl WaybackForm {
    fn json_row<'v>(values: impl Iterator<Item = std::borrow::Cow<'v, str>>) -> String {
        Value::Array(values.map(|value| Value::from(value.into_owned())).collect()).to_string()
    }

    fn names(&self, out: &mut String) {
        let names = self.columns.iter().map(|column| column.name.as_str().into());
        out.push('[');
        out.push_str(&Self::json_row(names));
    }
}

impl Form for WaybackForm {
    fn media_type(&self) -> &'static str {
        if self.is_json { "application/json" } else { "text/plain; charset=utf-8" }
    }

    fn row(&mut self, row: &Row, out: &mut String) {
        if self.is_json {
            if self.rows == 0 {
                self.names(out);
            }
            out.push_str(",\n");
            out.push_str(&Self::json_row(self.columns.iter().map(|column| column.value(row))));
        } else {
            as_text(&self.columns, row, out);
            out.push('\n');
        }
        self.rows += 1;
    }

    fn end(&mut self, rest: Option<String>, out: &mut String) {
        match (self.is_json, rest) {
            (true, None) if self.rows == 0 => out.push_str("[]\n"),
            (true, None) => out.push_str("]\n"),
            (true, Some(key)) => {
                if self.rows == 0 {
                    self.names(out);
                }
                out.push_str(&format!(",\n[],\n{}]\n", Self::json_row([key.into()].into_iter())));
            }
            (false, None) => {}
            (false, Some(key)) => out.push_str(&format!("\n{key}\n")),
        }
    }
}
