//! The answers: parameters in, lines out. Each writes what the command of the same name prints.

use std::sync::Arc;

use axum::http::StatusCode;

use super::super::Serve;
use super::super::memento::is_second;
use super::super::params::{Params, wrong};
use super::super::reply::Refusal;
use super::spool::Writer;
use crate::answers::citation::CitationJson;
use crate::answers::cite::CiteRequest;
use crate::answers::diff::{compare, first_side, of_last_two, side};
use crate::answers::explained;
use crate::answers::history::HistoryJson;
use crate::answers::page::PageJson;
use crate::answers::quotes::{FoundQuotes, QuotesRequest, of_everything, of_url};
use crate::answers::removed::{self, Removals};
use crate::answers::search::{SearchJson, SearchRequest};
use crate::answers::story::chosen::{StoryChoice, choose};
use crate::answers::story::{StoryRequest, StoryTarget, tell};
use crate::answers::when::{PhraseSpanJson, WhenRequest};
use crate::answers::{self, AnswerError, ChangesRequest, HistoryRequest};
use crate::app::queue::Queue;
use crate::app::{AppError, Kind, jobs};
use crate::archive::{Filter, Form, MatchType, Query, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::cite::Style;
use crate::crawl::DueLine;
use crate::diff::ChangeKind;
use crate::history::VersionJson;
use crate::history::changes::ChangeFilter;
use crate::history::standing::PhraseSpan;
use crate::search::find::Order;

/// The names of the styles of citations.
pub const STYLES: [&str; Style::ALL.len()] = {
    let mut labels = [""; Style::ALL.len()];
    let mut at = 0;
    while at < labels.len() {
        labels[at] = Style::ALL[at].label();
        at += 1;
    }
    labels
};

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        match error.kind {
            Kind::Failed => Self::failed(error.message),
            Kind::Usage => Self::bad(error.message),
            Kind::NothingFound => Self::missing(error.message),
        }
    }
}

/// A time as on the command line.
fn time(state: &Serve, params: &Params, name: &str) -> Result<Option<TimeRange>, Refusal> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let range = TimeRange::parse(text, state.clock().now());
    range.map(Some).map_err(|_| wrong(name, "a time", text))
}

/// The instant that a time stands for where an instant is needed: the middle of its period.
pub fn instant(state: &Serve, params: &Params, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let range = time(state, params, name)?;
    Ok(range.map(|range| range.start.plus(range.end.since(range.start) / 2)))
}

/// The same of a page. A capture of that second which was removed by order is not replaced by another.
pub fn instant_of(
    state: &Serve,
    params: &Params,
    name: &str,
    url: &str,
) -> Result<Option<Timestamp>, Refusal> {
    let second = time(state, params, name)?.filter(|range| is_second(*range));
    if let Some(second) = second
        && let Some(removed) = removed::in_second(&state.reader, url, second)?
    {
        return Err(Refusal::new(StatusCode::GONE, removed.text(url)));
    }
    instant(state, params, name)
}

/// The period from `from` to `to`.
fn period(state: &Serve, params: &Params) -> Result<TimeRange, Refusal> {
    let (from, to) = (time(state, params, "from")?, time(state, params, "to")?);
    Ok(TimeRange::from_to(from, to))
}

/// A number, where one is given.
pub fn number(params: &Params, name: &str) -> Option<usize> {
    // It was checked against the table.
    params.text(name).and_then(|text| text.parse().ok())
}

pub fn captures(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let match_type = params.text("match").unwrap_or("exact");
    let match_type: MatchType = match_type
        .parse()
        .map_err(|_| wrong("match", "exact, prefix, host or domain", match_type))?;
    let mut query = Query::new(params.needed("url")?, match_type);
    query.from = time(state, params, "from")?.map(|range| range.start);
    query.to = time(state, params, "to")?.map(|range| range.end);
    query.limit = number(params, "limit");
    query.captures_scanned_max = state.options.captures_scanned_max;
    for text in params.all("filter").filter(|text| !text.is_empty()) {
        let filter = Filter::parse(text);
        query.filters.push(filter.map_err(|why| Refusal::bad(format!("filter: {why}")))?);
    }
    let removals = Removals::of(&state.reader);
    for capture in state.reader.query(&query) {
        out.text(&removals.json_line(&capture?)?)?;
        out.text("\n")?;
    }
    Ok(())
}

/// Which text of the page is requested; `None` if not specified.
pub(super) fn form(params: &Params) -> Result<Option<Form>, Refusal> {
    match params.text("form").filter(|word| !word.is_empty()) {
        None => Ok(None),
        Some("plain") => Ok(Some(Form::Plain)),
        Some("rendered") => Ok(Some(Form::Rendered)),
        Some(word) => Err(wrong("form", "plain or rendered", word)),
    }
}

pub fn show(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let url = params.needed("url")?;
    let doing = format!("showing {url}");
    let (form, at) = (form(params)?, instant_of(state, params, "at", url)?);
    let (chosen, capture) = explained::found(&state.archive, url, (form, at), &doing)?;
    if capture.kind == RecordKind::Metadata {
        let at = capture.date.to_rfc3339();
        return Err(Refusal::missing(format!(
            "at {at} the exchange failed; there is no page to show"
        )));
    }
    let page = state.archive.reading(&capture, &doing)?;
    out.line(&PageJson::of_chosen(&page, &chosen, capture.date))
}

pub fn history(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let url = params.needed("url")?;
    let period = period(state, params)?;
    let mut page_reader = state.archive.page_reader();
    let request = HistoryRequest { url: url.to_owned(), period, form: form(params)? };
    let mut versions = answers::history(&mut page_reader, &request)?;
    let (begin, end) = HistoryJson::frame(versions.chosen_text());
    let mut before = begin.as_str();
    for version in &mut versions {
        let json = serde_json::to_string(&VersionJson::from(&version?));
        let json = json.map_err(|why| Refusal::failed(format!("writing JSON: {why}")))?;
        out.text(before)?;
        out.text(&json)?;
        before = ",";
    }
    let is_begun = before == ",";
    let removed = removed::all_of_page(&state.reader, url, period)?;
    match versions.end() {
        // What was removed is an answer, too.
        Err(AnswerError::NoCapture(_)) if !removed.is_empty() => {}
        ended => drop(ended?),
    }
    if !is_begun {
        out.text(&begin)?;
    }
    match serde_json::to_string(&removed) {
        Ok(list) if !removed.is_empty() => out.text(&format!("],\"removed\":{list}}}"))?,
        _ => out.text(end)?,
    }
    out.text("\n")
}

pub fn diff(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let url = params.needed("url")?;
    let at = |name| instant_of(state, params, name, url);
    let (from, to) = (at("from")?, at("to")?);
    let (archive, form) = (&state.archive, form(params)?);
    let found = match (from, to) {
        (None, None) => of_last_two(archive, url, form)?,
        (None, to) => compare(first_side(archive, url, form)?, side(archive, url, form, to)?),
        (from, to) => compare(side(archive, url, form, from)?, side(archive, url, form, to)?),
    };
    out.line(&found.json())
}

pub fn blame(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let url = params.needed("url")?;
    let at = instant_of(state, params, "at", url)?;
    let found = answers::blame::blame(&state.archive, url, (form(params)?, at))?;
    out.line(&found.json())
}

pub fn changes(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let kind = |word: &str| {
        ChangeKind::from_label(word).ok_or_else(|| wrong("kind", "a kind of change", word))
    };
    let kinds = params.all("kind").filter(|word| !word.is_empty());
    let wanted = ChangeFilter {
        since: time(state, params, "since")?.map(|range| range.start),
        until: time(state, params, "until")?.map(|range| range.end),
        kinds: kinds.map(kind).collect::<Result<_, _>>()?,
        host: params.text("host").map(str::to_owned),
        stealth_only: params.is_on("stealth")?.unwrap_or(false),
        weight_min: params.value("weight", "a number from 1 to 5")?.unwrap_or(1),
        form: form(params)?,
    };
    let request = ChangesRequest { wanted, limit: number(params, "limit") };
    let mut page_reader = state.archive.page_reader();
    for change in answers::changes(&mut page_reader, &request, &mut |_| {})? {
        out.line(&change?)?;
    }
    Ok(())
}

pub fn quotes(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let request = QuotesRequest {
        speaker: params.text("speaker").map(str::to_owned),
        at: instant(state, params, "at")?,
        form: form(params)?,
    };
    let mut is_all = true;
    for url in params.all("url").filter(|url| !url.is_empty()) {
        is_all = false;
        instant_of(state, params, "at", url)?;
        if let (_, Some(found)) = of_url(&state.archive, url, &request)? {
            found.json().try_for_each(|quote| out.line(&quote))?;
        }
    }
    if is_all {
        of_everything(&state.archive, &request, &mut |found: FoundQuotes<'_>| match found {
            FoundQuotes::Page(found) => found.json().try_for_each(|quote| out.line(&quote)),
            FoundQuotes::Unread(..) => Ok(()),
        })?;
    }
    Ok(())
}

pub fn search(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let query = params.needed("query")?;
    let order = Order::of_label(params.text("order"));
    let request = SearchRequest {
        query: query.to_owned(),
        host: params.text("host").map(str::to_owned),
        form: form(params)?,
        period: period(state, params)?,
        order,
        pages_max: number(params, "limit").unwrap_or(20),
        now: state.clock().now(),
    };
    let found = answers::search::search(&state.archive, &request, &mut |_| {})?;
    found.hits.iter().try_for_each(|hit| out.line(&SearchJson::new(query, hit)))
}

/// At most this many articles are compared if no limit is given.
const STORY_MAX: usize = 200;

pub fn story(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let urls: Vec<&str> = params.all("url").filter(|url| !url.is_empty()).collect();
    let (query, job) = (params.text("search"), params.text("job"));
    let form = form(params)?;
    let targets = if urls.is_empty() {
        if query.or(job).is_none() {
            return Err(Refusal::bad("one of the parameters url, search and job is required"));
        }
        let search = query.map(|query| SearchRequest {
            query: query.to_owned(),
            host: None,
            form,
            period: TimeRange::ALL,
            order: Order::Relevance,
            pages_max: 0,
            now: state.clock().now(),
        });
        // Only by name: a request cannot name files.
        let jobs = job.map(|name| jobs::named(&state.setup, name)).transpose()?;
        let articles_max = number(params, "limit").unwrap_or(STORY_MAX);
        let choice = StoryChoice { search, jobs, articles_max };
        choose(&state.archive, &choice, &mut |_| {})?.targets
    } else {
        if query.or(job).is_some() {
            return Err(Refusal::bad("url cannot be combined with search or job"));
        }
        urls.into_iter().map(|url| StoryTarget::Url(url.to_owned())).collect()
    };
    let is_over_time = params.is_on("over-time")?.unwrap_or(false)
        || params.text("from").is_some()
        || params.text("to").is_some();
    let period = if is_over_time { Some(period(state, params)?) } else { None };
    let request = StoryRequest { targets, at: instant(state, params, "at")?, period, form };
    let found = tell::<AnswerError>(request, || Ok(state.archive.clone()))?;
    out.line(&found.json())
}

pub fn when(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let phrase = params.needed("phrase")?;
    let host = params.text("host").map(str::to_owned);
    let request = WhenRequest { phrase: phrase.to_owned(), host, form: form(params)? };
    let mut write = |stood: PhraseSpan| -> Result<(), Refusal> {
        out.line(&PhraseSpanJson::new(phrase, &stood))
    };
    answers::when::when(&state.archive, &request, &mut |_| {}, &mut write).map(drop)
}

pub fn cite(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let quote = params.text("quote").map(str::to_owned);
    if quote.as_ref().is_some_and(|quote| !quote.chars().any(char::is_alphanumeric)) {
        return Err(Refusal::bad("quote contains no letter or digit"));
    }
    let style = params.text("style").unwrap_or("text");
    let style = Style::ALL.into_iter().find(|known| known.label() == style);
    let url = params.needed("url")?;
    let request = CiteRequest {
        archive: state.options.cite_archive.clone(),
        at: instant_of(state, params, "at", url)?,
        quote,
        url: url.to_owned(),
    };
    let found = answers::cite::cite(&state.archive, &request)?;
    out.line(&CitationJson::new(&found, style.unwrap_or(Style::ALL[0])))
}

pub fn status(state: &Arc<Serve>, _: &Params, out: &mut Writer) -> Result<(), Refusal> {
    // The rest of the status is reported even if the queue cannot be opened.
    let now = state.clock().now();
    let queue = match Queue::see(&state.setup) {
        Ok(queue) => Ok(queue.seen(now)?),
        Err(why) => Err(why.message),
    };
    out.line(&answers::status::status(&state.archive, queue, now)?)
}

pub fn due(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let jobs: Vec<&str> = params.all("job").filter(|job| !job.is_empty()).collect();
    let is_asked = |line: &DueLine| {
        jobs.is_empty() || jobs.iter().any(|name| line.jobs.iter().any(|job| job == name))
    };
    let limit = number(params, "limit").unwrap_or(50);
    let queue = Queue::see(&state.setup)?;
    let due = answers::due::due(queue.due(limit, state.clock().now(), &is_asked)?, limit);
    due.lines.iter().try_for_each(|line| out.line(line))
}
