//! Each page: its parameters, the question, and how the answer is shown.

use super::parameters::Parameters;
use super::{PageAnswer, Refusal, changes, feeds};
use crate::answers::absent::{Reason, absent};
use crate::answers::blame::blame;
use crate::answers::calendar::{CalendarRequest, CaptureListRequest, calendar, captures_in};
use crate::answers::cite::{CiteRequest, cite};
use crate::answers::clusters::{ClustersRequest, clusters};
use crate::answers::diff::{compare, of_last_two, side};
use crate::answers::front::{FrontRequest, front, hosts};
use crate::answers::lookup::{Lookup, LookupRequest, lookup};
use crate::answers::pictures::looks;
use crate::answers::search::{SearchRequest, search as words_of};
use crate::answers::site::{SiteRequest, site};
use crate::answers::story::{StoryRequest, StoryTarget, tell};
use crate::answers::timeline::{TimelineRequest, timeline};
use crate::answers::view::{ViewRequest, view};
use crate::answers::{AnswerError, Archive, HistoryRequest, history, quoted};
use crate::archive::Form;
use crate::base::surt::address_of_host;
use crate::base::{TimeRange, Timestamp};
use crate::render::feed::FeedForm;
use crate::render::web::{self, DiffView, HITS, HITS_MAX, Site, StoryForm, WordsView};
use crate::search::find::Order;

/// A question with everything that is needed to answer it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'q> {
    pub archive: &'q Archive,
    pub site: &'q Site,
    pub parameters: &'q Parameters<'q>,
    /// What this browser has marked as seen.
    pub seen: Option<&'q str>,
}

/// Rows of a list on one page.
const ROWS_MAX: usize = 50;

/// Articles of one story on one page.
const STORY_MAX: usize = 40;

/// Versions of a page on one page.
const VERSIONS_MAX: usize = 20;

/// The page at a path.
pub(super) fn page(asked: &Asked<'_>, path: &str) -> Result<PageAnswer, Refusal> {
    match path {
        "/" | "" => front_page(asked),
        "/search" => search(asked),
        "/search.rss" => feeds::words(asked, FeedForm::Rss),
        "/search.atom" => feeds::words(asked, FeedForm::Atom),
        "/hosts" => all_hosts(asked),
        "/host" => one_host(asked),
        "/changes" => changes::page(asked),
        "/changes.rss" => feeds::feed(asked, FeedForm::Rss),
        "/changes.atom" => feeds::feed(asked, FeedForm::Atom),
        "/speaker" => speaker(asked),
        "/story" => one_story(asked),
        "/stories" => all_stories(asked),
        "/page" | "/calendar" | "/captures" | "/capture" | "/diff" | "/blame" | "/quotes"
        | "/cite" | "/prove" => {
            let url = asked.parameters.url()?;
            match about(asked, path, &url) {
                Err(Refusal::Answer(AnswerError::NoCapture(of))) => not_held(asked, &url, of),
                answer => answer,
            }
        }
        _ => Err(Refusal::Answer(AnswerError::NoCapture(format!("anything at the path {path}")))),
    }
}

/// A page about one address.
fn about(asked: &Asked<'_>, path: &str, url: &str) -> Result<PageAnswer, Refusal> {
    match path {
        "/page" => versions(asked, url),
        "/calendar" => days(asked, url),
        "/captures" => captures(asked, url),
        "/capture" => capture(asked, url),
        "/diff" => diff(asked, url),
        "/blame" => match blame(
            asked.archive,
            url,
            (asked.parameters.form()?, asked.parameters.instant("at")?),
        ) {
            Ok(found) => Ok(PageAnswer::ok(web::blame(asked.site, &found))),
            // Every page has the way here, also one that never was an article.
            Err(AnswerError::NoArticle { url, at }) => {
                Ok(PageAnswer::ok(web::no_article(asked.site, &url, at)))
            }
            Err(error) => Err(error.into()),
        },
        "/quotes" => {
            let found = quoted::of_page(asked.archive, url)?;
            Ok(PageAnswer::ok(web::quotations(asked.site, &found)))
        }
        "/cite" => citation(asked, url),
        _ => {
            let at = asked.parameters.instant("at")?;
            let capture = asked.archive.find(url, at, &format!("looking for {url}"))?;
            Ok(PageAnswer::ok(web::prove(asked.site, &capture)))
        }
    }
}

/// A page that is not held: why not. Where there is a capture after all, there is no such answer.
fn not_held(asked: &Asked<'_>, url: &str, of: String) -> Result<PageAnswer, Refusal> {
    match absent(asked.archive, url)? {
        Some(found) => {
            let is_removed = matches!(found.why, Reason::Removed { .. });
            let status = if is_removed { 410 } else { 404 };
            Ok(PageAnswer::page(status, web::absent(asked.site, &found)))
        }
        None => Err(AnswerError::NoCapture(of).into()),
    }
}

fn front_page(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let request = FrontRequest { hosts_max: 15, versions_max: 12 };
    Ok(PageAnswer::ok(web::front(asked.site, &front(asked.archive, &request)?)))
}

/// An address or a host redirects to its page; everything else is searched for in addresses and in the words
/// of articles.
fn search(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let query = asked.parameters.or_empty("q").to_owned();
    if asked.parameters.text("in") == Some("words") {
        let found = Lookup { query: query.clone(), is_words: true, ..Lookup::default() };
        let view = words(asked, &query)?;
        return Ok(PageAnswer::ok(web::found(asked.site, &found, Some(&view))));
    }
    let found = lookup(asked.archive, &LookupRequest { query, results_max: ROWS_MAX })?;
    // The query is unambiguous: a page with a path of its own, or a host.
    let is_front =
        found.page.as_deref().is_some_and(|url| url.matches('/').count() < 4 && url.ends_with('/'));
    match (&found.page, &found.host) {
        (_, Some(host)) if is_front || found.page.is_none() => {
            Ok(PageAnswer::found(asked.site, asked.site.host_link(&host.host)))
        }
        (Some(url), _) => Ok(PageAnswer::found(asked.site, asked.site.page_link(url))),
        _ if found.pages.is_empty() && found.query.contains("://") => {
            let of = found.query.clone();
            not_held(asked, &of, of.clone())
        }
        _ if found.query.is_empty() || found.query.contains("://") => {
            Ok(PageAnswer::ok(web::found(asked.site, &found, None)))
        }
        _ => {
            let view = words(asked, &found.query)?;
            Ok(PageAnswer::ok(web::found(asked.site, &found, Some(&view))))
        }
    }
}

/// Articles with the words of a query. A query that cannot be read is reported on the page.
fn words<'q>(asked: &Asked<'q>, query: &'q str) -> Result<WordsView<'q>, Refusal> {
    let parameters = asked.parameters;
    let order = Order::of_label(parameters.text("order"));
    let shown_max = parameters.number("show")?.unwrap_or(HITS).clamp(1, HITS_MAX);
    let request = SearchRequest { order, pages_max: shown_max, ..words_request(asked, query)? };
    let found = match words_of(asked.archive, &request, &mut |_| {}) {
        Ok(found) => Ok(found),
        Err(AnswerError::Request(why)) => Err(why),
        Err(why) => return Err(why.into()),
    };
    Ok(WordsView { query, filters: parameters.filters(), order, shown_max, found })
}

/// The question of a query with the filters of the request.
pub(super) fn words_request(asked: &Asked<'_>, query: &str) -> Result<SearchRequest, Refusal> {
    let parameters = asked.parameters;
    let (from, to) = (parameters.period("from")?, parameters.period("to")?);
    Ok(SearchRequest {
        query: query.to_owned(),
        host: parameters.text("host").map(str::to_owned),
        period: TimeRange::from_to(from, to),
        form: None,
        order: Order::Relevance,
        pages_max: HITS,
        now: asked.site.now,
    })
}

fn all_hosts(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let after = asked.parameters.text("after");
    let mut is_behind = after.is_none();
    let (mut list, mut next) = (Vec::new(), None);
    for host in hosts(asked.archive) {
        let host = host?;
        if !is_behind {
            is_behind = after == Some(host.host.as_str());
            continue;
        }
        if list.len() == 2 * ROWS_MAX {
            next = list.last().map(|last: &crate::answers::front::HostLine| last.host.clone());
            break;
        }
        list.push(host);
    }
    Ok(PageAnswer::ok(web::hosts(asked.site, &list, next.as_deref())))
}

fn one_host(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let host = asked.parameters.needed("host")?.to_lowercase();
    let request = SiteRequest {
        host: host.clone(),
        after: asked.parameters.text("after").map(str::to_owned),
        pages_max: ROWS_MAX,
        versions_max: 8,
    };
    match site(asked.archive, &request) {
        Ok(found) => Ok(PageAnswer::ok(web::host(asked.site, &found))),
        Err(AnswerError::NoCapture(of)) => not_held(asked, &address_of_host(&host), of),
        Err(error) => Err(error.into()),
    }
}

fn speaker(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let name = asked.parameters.needed("name")?;
    let found = quoted::of_speaker(asked.archive, name)?;
    Ok(PageAnswer::ok(web::speaker(asked.site, &found)))
}

/// The stories that several hosts have.
fn all_stories(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let since = asked.parameters.period("since")?.map(|since| since.start);
    let request = ClustersRequest { since, hosts_min: 2, stories_max: 2 * ROWS_MAX };
    let found = clusters(asked.archive, &request, &mut |_| {})?;
    Ok(PageAnswer::ok(web::stories(asked.site, &found)))
}

/// The articles of one story next to each other.
fn one_story(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let parameters = asked.parameters;
    let urls = parameters.urls()?;
    let is_over_time = parameters.is_on("over-time");
    let at = parameters.or_empty("at").to_owned();
    let form = StoryForm { urls: urls.clone(), at, is_over_time };
    if urls.is_empty() {
        return Ok(PageAnswer::ok(web::story(asked.site, &form, None)));
    }
    if urls.len() > STORY_MAX {
        let why = format!("url: {} articles are more than the {STORY_MAX} of one page", urls.len());
        return Err(Refusal::Parameter(why));
    }
    let request = StoryRequest {
        targets: urls.into_iter().map(StoryTarget::Url).collect(),
        at: parameters.instant("at")?,
        period: is_over_time.then_some(TimeRange::ALL),
        form: None,
    };
    let found = tell::<AnswerError>(request, || Ok(asked.archive.clone()))?;
    Ok(PageAnswer::ok(web::story(asked.site, &form, Some(&found))))
}

fn versions(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let before = asked.parameters.number("before")?;
    let (versions_max, form) = (VERSIONS_MAX, asked.parameters.form()?);
    let request = TimelineRequest { url: url.to_owned(), before, versions_max, form };
    Ok(PageAnswer::ok(web::page(asked.site, &timeline(asked.archive, &request)?)))
}

fn days(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let year = asked.parameters.number("year")?;
    let wrong = |_| Refusal::Parameter("year: expected four digits".to_owned());
    let year = year.map(u16::try_from).transpose().map_err(wrong)?;
    let found = calendar(asked.archive, &CalendarRequest { url: url.to_owned(), year })?;
    Ok(PageAnswer::ok(web::calendar(asked.site, &found)))
}

/// The captures of a period, or with `from` those from that time on.
fn captures(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let from = asked.parameters.period("from")?.map(|from| from.start);
    let period = asked.parameters.period("at")?;
    let period = TimeRange {
        start: from.or(period.map(|period| period.start)).unwrap_or(TimeRange::ALL.start),
        end: period.map_or(TimeRange::ALL.end, |period| period.end),
    };
    let request = CaptureListRequest { url: url.to_owned(), period, captures_max: 2 * ROWS_MAX };
    let found = captures_in(asked.archive, &request)?;
    if let ([only], true) = (found.captures.as_slice(), asked.parameters.text("at").is_some()) {
        return Ok(PageAnswer::found(asked.site, asked.site.capture_link(only)));
    }
    if found.captures.is_empty() {
        // Having no capture at that time is not an error where there is one at another.
        asked.archive.find(url, None, &format!("looking for {url}"))?;
    }
    let more = found.next.map(Timestamp::to_warc_date);
    let period = asked.parameters.or_empty("at");
    Ok(PageAnswer::ok(web::captures(asked.site, &found, period, more.as_deref())))
}

fn capture(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let parameters = asked.parameters;
    let request = ViewRequest {
        url: url.to_owned(),
        at: parameters.instant("at")?,
        record_id: parameters.text("id").map(str::to_owned),
        form: parameters.form()?,
        archive: asked.site.archive.clone(),
    };
    let form = request.form;
    let found = match view(asked.archive, &request) {
        Err(AnswerError::NoCapture(_)) if request.record_id.is_some() => {
            // The page may be held all the same: the permanent link is of another archive, or wrong.
            let nearest = ViewRequest { record_id: None, form: None, ..request };
            let nearest = view(asked.archive, &nearest)?;
            let page = web::missing_capture(asked.site, &nearest.capture);
            return Ok(PageAnswer::page(404, page));
        }
        found => found?,
    };
    // One address for one capture: it can be kept and shared. The newest stays under the address that says so.
    let is_exact = request.at == Some(found.capture.date) || request.at.is_none();
    if !is_exact {
        let link = asked.site.capture_link(&found.capture);
        return Ok(PageAnswer::found(asked.site, asked.site.in_form(link, form)));
    }
    if found.capture.kind == crate::archive::RecordKind::Metadata && request.at.is_none() {
        return not_held(asked, url, url.to_owned());
    }
    Ok(PageAnswer::ok(web::capture(asked.site, &found)))
}

fn diff(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let (from, to) = (asked.parameters.instant("from")?, asked.parameters.instant("to")?);
    let form = asked.parameters.form()?;
    let found = match (from, to) {
        (None, None) => match of_last_two(asked.archive, url, form) {
            // There is something to show: the one version there is.
            Err(AnswerError::OneVersion { .. }) => {
                return Ok(PageAnswer::found(asked.site, asked.site.page_link(url)));
            }
            found => found?,
        },
        (from, to) => {
            let from = match (from, to) {
                (None, Some(to)) => compared_with(asked, (url, form), to)?,
                (from, _) => from,
            };
            let first = Timestamp::from_unix_seconds(0);
            let old = side(asked.archive, url, form, Some(from.unwrap_or(first)))?;
            compare(old, side(asked.archive, url, form, to)?)
        }
    };
    let sides = [&found.old, &found.new].map(|side| side.at());
    let [Some(from), Some(to)] = sides else {
        return Err(Refusal::Parameter("both sides have to be captures".to_owned()));
    };
    let (previous, next) = steps(asked, (url, form), from, to)?;
    let looks = match (found.old.capture(), found.new.capture()) {
        (Some(old), Some(new)) => looks(asked.archive, old, new)?,
        _ => None,
    };
    let view = DiffView {
        url,
        found: &found,
        looks: looks.as_ref(),
        from,
        to,
        form,
        is_side_by_side: asked.parameters.text("view") == Some("side"),
        previous,
        next,
    };
    Ok(PageAnswer::ok(web::diff(asked.site, &view)))
}

/// When the version was captured first that the version of exactly this time is compared with. Stamps of 14
/// digits cannot tell two versions of one second apart, so a link from a change gives the new one alone.
fn compared_with(
    asked: &Asked<'_>,
    (url, form): (&str, Option<Form>),
    to: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let mut page_reader = asked.archive.page_reader();
    let request = HistoryRequest { form, ..HistoryRequest::whole(url) };
    for row in history(&mut page_reader, &request)? {
        let row = row?;
        if row.first.date == to {
            return Ok(row.change.map(|change| change.before.date));
        }
    }
    Ok(None)
}

/// Two versions that are compared.
type Step = Option<(Timestamp, Timestamp)>;

/// The comparisons of the versions before `from` and behind `to` with their neighbours.
fn steps(
    asked: &Asked<'_>,
    (url, form): (&str, Option<Form>),
    from: Timestamp,
    to: Timestamp,
) -> Result<(Step, Step), Refusal> {
    let mut page_reader = asked.archive.page_reader();
    let request = HistoryRequest { form, ..HistoryRequest::whole(url) };
    let (mut previous, mut next) = (None, None);
    for row in history(&mut page_reader, &request)? {
        let row = row?;
        let Some(change) = &row.change else { continue };
        let step = Some((change.before.date, row.first.date));
        if row.first.date <= from {
            previous = step;
        } else if row.first.date > to {
            next = step;
            break;
        }
    }
    Ok((previous, next))
}

fn citation(asked: &Asked<'_>, url: &str) -> Result<PageAnswer, Refusal> {
    let quote = asked.parameters.text("quote");
    let request = CiteRequest {
        url: url.to_owned(),
        at: asked.parameters.instant("at")?,
        quote: quote.map(str::to_owned),
        archive: asked.site.archive.clone(),
    };
    match cite(asked.archive, &request) {
        Ok(found) => {
            let page = web::cite(asked.site, &found, quote.unwrap_or_default());
            Ok(PageAnswer::ok(page))
        }
        Err(AnswerError::WordsMissing(missing)) => {
            let page = web::words_missing(asked.site, &missing, quote.unwrap_or_default());
            Ok(PageAnswer::page(404, page))
        }
        Err(AnswerError::NothingToCite { .. }) => not_held(asked, url, url.to_owned()),
        Err(error) => Err(error.into()),
    }
}
