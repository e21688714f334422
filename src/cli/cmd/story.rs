//! `story`

use crate::answers::Archive;
use crate::answers::clusters::{ClustersRequest, clusters};
use crate::answers::search::SearchRequest;
use crate::answers::story::chosen::{StoryChoice, choose};
use crate::answers::story::{StoryRequest, StoryTarget, tell};
use crate::app::jobs;
use crate::base::TimeRange;
use crate::cli::args::StoryArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit, local};
use crate::render::story::{html, markdown, text};
use crate::search::find::Order;

/// At most this many stories are printed.
const STORIES_MAX: usize = 10_000;

/// Prints what the articles of one story share and where they differ.
///
/// # Errors
/// When none of the articles is available (exit 3), or the archive cannot be read.
pub fn run(args: &StoryArgs, context: &Context) -> Result<Exit, CliError> {
    if args.clusters {
        return all(args, context);
    }
    let at = context.instant("--at", args.at.as_deref())?;
    let (from, to) = (args.from.as_deref(), args.to.as_deref());
    let is_over_time = args.over_time || from.is_some() || to.is_some();
    let period = if is_over_time { Some(context.period(from, to)?) } else { None };
    let form = args.which.form();
    let is_chosen = args.search.is_some() || !args.job.is_empty();
    let found = if is_chosen {
        let archive = context.open_archive()?;
        let targets = chosen(args, context, &archive)?;
        tell(StoryRequest { targets, at, period, form }, || Ok::<_, CliError>(archive.clone()))?
    } else {
        let targets = args.targets.iter().map(|target| named(target)).collect::<Result<_, _>>()?;
        tell(StoryRequest { targets, at, period, form }, || context.open_archive())?
    };
    for note in &found.notes {
        context.out.say(&format!("pressmark: {note}"));
    }
    match context.out.format_name() {
        "json" => context.out.json(&found.json())?,
        "html" => context.out.text(&html::render(&found))?,
        "markdown" => context.out.text(&markdown::render(&found))?,
        _ => context.out.lines(&text::lines(&found, context.out.line_columns()))?,
    }
    Ok(Exit::Done)
}

/// An article by its address, or a local file.
fn named(target: &str) -> Result<StoryTarget, CliError> {
    Ok(match local::path_of(target) {
        Some(path) => {
            let page = local::extract(&path, &local::read(&path)?).page;
            StoryTarget::File(target.to_owned(), Box::new(page))
        }
        None => StoryTarget::Url(target.to_owned()),
    })
}

/// The articles of a search or of jobs.
fn chosen(
    args: &StoryArgs,
    context: &Context,
    archive: &Archive,
) -> Result<Vec<StoryTarget>, CliError> {
    let jobs = match args.job.is_empty() {
        true => None,
        false => Some(jobs::load(context, &args.job)?),
    };
    let search = args.search.as_ref().map(|query| SearchRequest {
        query: query.clone(),
        host: None,
        form: args.which.form(),
        period: TimeRange::ALL,
        order: Order::Relevance,
        pages_max: 0,
        now: context.clock.now(),
    });
    let articles_max = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let choice = StoryChoice { search, jobs, articles_max };
    let chosen = choose(archive, &choice, &mut context.indexing())?;
    for note in &chosen.notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    if chosen.has_more {
        context.out.say("there are more articles; --limit includes them");
    }
    Ok(chosen.targets)
}

/// Prints the stories of the archive.
fn all(args: &StoryArgs, context: &Context) -> Result<Exit, CliError> {
    let since = args.since.as_deref().map(|text| context.time("--since", text)).transpose()?;
    let request = ClustersRequest {
        since: since.map(|since| since.start),
        hosts_min: 2,
        stories_max: STORIES_MAX,
    };
    let archive = context.open_archive()?;
    let found = clusters(&archive, &request, &mut |_| {})?;
    if found.is_empty() {
        return Err(CliError::nothing("no story is in several hosts of the archive"));
    }
    match context.out.format_name() {
        "json" => found.iter().try_for_each(|story| context.out.json(story))?,
        "text" => {
            for (at, story) in found.iter().enumerate() {
                if at > 0 {
                    context.out.line("")?;
                }
                context.out.lines(&text::cluster(story))?;
            }
        }
        other => {
            return Err(CliError::usage(format!("--clusters prints text or json, not {other}")));
        }
    }
    Ok(Exit::Done)
}
