//! Versions, changes, quotations and figures as rows of their tables.
//!
//! Values are those that the command line prints; each row names the record of its version, by which
//! it can be cited.

use crate::archive::Capture;
use crate::diff::json::JsonChange;
use crate::exchange::export::Outlet;
use crate::extract::page::{Figure, Page, Quote};
use crate::history::{RowChange, VersionRow};
use crate::parquet::Value;

/// The first columns of the rows of a version: its page and version.
pub(super) struct OfVersion<'a> {
    row: &'a VersionRow,
    outlet: Outlet,
    record_id: Option<String>,
}

/// Takes a row.
pub(super) type Put<'p, E> = &'p mut dyn FnMut(&[Value<'_>]) -> Result<(), E>;

impl<'a> OfVersion<'a> {
    /// Of this version.
    pub fn new(row: &'a VersionRow) -> Self {
        let outlet = Outlet::of(&row.first.url);
        Self { row, outlet, record_id: id(&row.first) }
    }

    fn put<E>(&self, more: &[Value<'_>], put: Put<'_, E>) -> Result<(), E> {
        let row = self.row;
        let mut values = vec![
            Value::Text(&row.first.urlkey),
            Value::Text(&row.first.url),
            text(self.outlet.host.as_deref()),
            text(self.outlet.registered_domain.as_deref()),
            count(row.number),
            Value::Int(row.first.date.unix_micros()),
            text(self.record_id.as_deref()),
            Value::Text(row.first.form().unwrap_or_default().label()),
        ];
        values.extend_from_slice(more);
        put(&values)
    }

    /// The row of the version itself.
    pub fn version<E>(&self, put: Put<'_, E>) -> Result<(), E> {
        let row = self.row;
        let delta = row.change.as_ref().map(|change| &change.delta);
        let last_id = id(&row.last);
        let digest = row.first.digest.map(|digest| digest.to_string());
        let compared = Compared::of(row.change.as_deref());
        let more = [
            Value::Int(row.last.date.unix_micros()),
            text(last_id.as_deref()),
            int(row.captures),
            Value::Text(row.presence.label()),
            row.first.status.map_or(Value::Null, |status| Value::Int(i64::from(status))),
            text(row.headline.as_deref()),
            text(row.leads_to.as_deref()),
            count(row.changes().len()),
            delta.map_or(Value::Null, |delta| Value::Int(i64::from(delta.weight()))),
            Value::Bool(row.is_stealth()),
            Value::Bool(delta.is_some_and(|delta| delta.coarse)),
            compared.first_seen(),
            text(compared.record_id.as_deref()),
            text(digest.as_deref()),
            Value::Text(&row.first.file),
            int(row.first.offset),
            int(row.first.length),
        ];
        self.put(&more, put)
    }

    /// A row for each of its changes.
    pub fn changes<E>(&self, put: Put<'_, E>) -> Result<(), E> {
        let Some(change) = self.row.change.as_deref() else { return Ok(()) };
        let compared = Compared::of(Some(change));
        // For an article that is gone: the headline it had.
        let headline = self.row.headline.as_ref().or(change.before_headline.as_ref());
        for (number, json) in (1..).zip(change.json()) {
            self.change(number, &json, headline, &compared, put)?;
        }
        Ok(())
    }

    fn change<E>(
        &self,
        number: usize,
        json: &JsonChange,
        headline: Option<&String>,
        compared: &Compared,
        put: Put<'_, E>,
    ) -> Result<(), E> {
        let edge =
            |range: Option<[usize; 2]>, at: usize| range.map_or(Value::Null, |r| count(r[at]));
        let more = [
            count(number),
            Value::Text(json.kind.label()),
            text(json.before.as_deref()),
            text(json.after.as_deref()),
            text(json.speaker.as_deref()),
            text(json.about.as_deref()),
            Value::Bool(json.notation),
            Value::Int(i64::from(json.weight)),
            Value::Bool(self.row.is_stealth()),
            edge(json.old_range, 0),
            edge(json.old_range, 1),
            edge(json.new_range, 0),
            edge(json.new_range, 1),
            text(headline.map(String::as_str)),
            compared.first_seen(),
            text(compared.record_id.as_deref()),
        ];
        self.put(&more, put)
    }

    /// A row for each quotation of its page.
    pub fn quotations<E>(&self, page: &Page, put: Put<'_, E>) -> Result<(), E> {
        (1..).zip(&page.quotes).try_for_each(|(number, quote)| self.quotation(number, quote, put))
    }

    fn quotation<E>(&self, number: usize, quote: &Quote, put: Put<'_, E>) -> Result<(), E> {
        let speaker = quote.speaker.as_ref();
        let more = [
            count(number),
            Value::Text(&quote.text),
            text(speaker.map(|speaker| speaker.name.as_str())),
            speaker.map_or(Value::Null, |speaker| Value::Bool(speaker.named)),
            text(quote.cue.as_ref().map(|cue| cue.text.as_str())),
            Value::Text(quote.kind.label()),
            count(quote.range.start),
            count(quote.range.end),
            text(self.row.headline.as_deref()),
        ];
        self.put(&more, put)
    }

    /// A row for each figure of its page.
    pub fn figures<E>(&self, page: &Page, put: Put<'_, E>) -> Result<(), E> {
        (1..).zip(&page.figures).try_for_each(|(number, figure)| self.figure(number, figure, put))
    }

    fn figure<E>(&self, number: usize, figure: &Figure, put: Put<'_, E>) -> Result<(), E> {
        let value = figure.value.as_deref();
        let parsed = value.and_then(|value| value.parse::<f64>().ok()).filter(|n| n.is_finite());
        let more = [
            count(number),
            Value::Text(&figure.text),
            text(value),
            parsed.map_or(Value::Null, Value::Double),
            text(figure.unit.as_deref()),
            text(figure.hedge.as_deref()),
            text(figure.counts.as_deref()),
            count(figure.range.start),
            count(figure.range.end),
            text(self.row.headline.as_deref()),
        ];
        self.put(&more, put)
    }
}

/// The version that another one is compared with.
struct Compared {
    at: Option<i64>,
    record_id: Option<String>,
}

impl Compared {
    fn of(change: Option<&RowChange>) -> Self {
        Self {
            at: change.map(|change| change.before.date.unix_micros()),
            record_id: change.and_then(|change| id(&change.before)),
        }
    }

    fn first_seen(&self) -> Value<'static> {
        self.at.map_or(Value::Null, Value::Int)
    }
}

fn id(capture: &Capture) -> Option<String> {
    capture.record_id.as_ref().map(ToString::to_string)
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::Text)
}

fn int(value: u64) -> Value<'static> {
    i64::try_from(value).map_or(Value::Null, Value::Int)
}

fn count(value: usize) -> Value<'static> {
    i64::try_from(value).map_or(Value::Null, Value::Int)
}
