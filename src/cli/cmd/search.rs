//! `search`

use crate::answers::Archive;
use crate::answers::changes::identity;
use crate::answers::cursor::Cursor;
use crate::answers::search::{SearchJson, SearchRequest, search};
use crate::answers::search_events::{EVENTS_BACK, SearchEvent, SearchEventJson, search_events};
use crate::base::Timestamp;
use crate::cli::args::{SearchArgs, SearchOrder};
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::render;
use crate::render::feed::{FeedForm, FeedWriter, WordsHead};
use crate::search::find::Order;
use crate::search::saved::SavedSearch;

/// At most this many pages are read for events.
const EVENT_PAGES_MAX: usize = 100_000;

/// Prints the pages with versions that have what is looked for, or when it came and went.
///
/// # Errors
/// When there is none (exit 3), the query is invalid, or the archive cannot be read.
pub fn run(args: &SearchArgs, context: &Context) -> Result<Exit, CliError> {
    let query = match &args.saved {
        Some(name) => saved_query(name, context)?,
        None => args.query.join(" "),
    };
    let form = match context.out.format_name() {
        "rss" => Some(FeedForm::Rss),
        "atom" => Some(FeedForm::Atom),
        _ => None,
    };
    let is_of_events =
        args.events || args.since.is_some() || args.since_last.is_some() || form.is_some();
    let request = SearchRequest {
        query,
        host: args.host.clone(),
        form: args.which.form(),
        period: context.period(args.from.as_deref(), args.to.as_deref())?,
        order: match args.order {
            SearchOrder::Relevance => Order::Relevance,
            SearchOrder::Time => Order::Time,
        },
        pages_max: match is_of_events {
            true => EVENT_PAGES_MAX,
            false => usize::try_from(args.limit).unwrap_or(usize::MAX),
        },
        now: context.clock.now(),
    };
    let archive = context.open_archive()?;
    if is_of_events {
        Events { args, context, archive: &archive, request: &request }.print(form)
    } else {
        pages(context, &archive, &request)
    }
}

fn saved_query(name: &str, context: &Context) -> Result<String, CliError> {
    let saved = SavedSearch::all(context.settings.list(keys::SEARCH_SAVED), context.clock.now());
    let saved = saved.map_err(|why| CliError::usage(format!("search.saved: {why}")))?;
    let names: Vec<&str> = saved.iter().map(|one| one.name.as_str()).collect();
    match saved.iter().find(|one| one.name == name) {
        Some(found) => Ok(found.text.clone()),
        None if names.is_empty() => {
            Err(CliError::usage(format!("--saved {name:?}: no search is saved"))
                .hint("search.saved in the settings holds them, each as \"NAME: QUERY\""))
        }
        None => Err(CliError::usage(format!("--saved {name:?}: no search has this name"))
            .hint(format!("searches are {}", names.join(", ")))),
    }
}

fn notes(context: &Context, notes: &[String]) {
    for note in notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
}

fn pages(context: &Context, archive: &Archive, request: &SearchRequest) -> Result<Exit, CliError> {
    let out = &context.out;
    let found = search(archive, request, &mut context.indexing())?;
    notes(context, &found.notes);
    for (number, hit) in found.hits.iter().enumerate() {
        match out.format() {
            Format::Json => out.json(&SearchJson::new(&request.query, hit))?,
            Format::Text => {
                if number > 0 {
                    out.line("")?;
                }
                out.styled(&render::search::text(hit, out.color()))?;
            }
        }
    }
    if found.hits.is_empty() {
        return Err(CliError::nothing(format!("no version of any page has {:?}", request.query)));
    }
    if found.has_more {
        out.say("there are more pages; --limit shows them");
    }
    Ok(Exit::Done)
}

/// What came and went.
struct Events<'e> {
    args: &'e SearchArgs,
    context: &'e Context,
    archive: &'e Archive,
    request: &'e SearchRequest,
}

impl Events<'_> {
    fn print(&self, form: Option<FeedForm>) -> Result<Exit, CliError> {
        let Self { args, context, archive, request } = self;
        let layout = archive.reader().layout();
        let name = args.since_last.as_deref();
        let mut cursor = name.map(|name| Cursor::open(layout, name)).transpose()?;
        let since = match (&cursor, &args.since) {
            (Some(cursor), _) => cursor.since().unwrap_or(Timestamp::from_unix_micros(i64::MIN)),
            (None, Some(text)) => context.time("--since", text)?.start,
            (None, None) => request.now.minus(EVENTS_BACK),
        };
        let mut found = search_events(archive, request, since, &mut context.indexing())?;
        notes(context, &found.notes);
        if let Some(cursor) = &mut cursor {
            found.events.retain(|event| cursor.is_new_event(event));
            found.events.iter().for_each(|event| cursor.show_event(event));
        }
        match form {
            Some(form) => self.feed(form, &found.events)?,
            None => self.lines(&found.events)?,
        }
        // An event counts as shown only after it was printed.
        cursor.map_or(Ok(()), Cursor::save)?;
        Ok(Exit::Done)
    }

    fn lines(&self, events: &[SearchEvent]) -> Result<(), CliError> {
        let out = &self.context.out;
        for event in events {
            match out.format() {
                Format::Json => out.json(&SearchEventJson::new(&self.request.query, event))?,
                Format::Text => out.styled(&render::search::event(event, out.color()))?,
            }
        }
        if events.is_empty() && out.format() == Format::Text {
            out.say("the words have not appeared or disappeared since then");
        }
        Ok(())
    }

    fn feed(&self, form: FeedForm, events: &[SearchEvent]) -> Result<(), CliError> {
        let out = &self.context.out;
        let writer = FeedWriter::new(form, identity(self.archive.reader().layout()));
        let args = self.args;
        let filters = [("host", &args.host), ("from", &args.from), ("to", &args.to)];
        let filters: Vec<(&str, &str)> =
            filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        let query = self.request.query.as_str();
        let head = WordsHead { query, filters: &filters, link: None, own: None };
        Ok(out.text(&writer.words(&head, events, &|event| event.url.clone()))?)
    }
}
