//! `story`

use crate::answers::clusters::{ClustersRequest, clusters};
use crate::answers::story::{StoryRequest, StoryTarget, tell};
use crate::cli::args::StoryArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit, local};
use crate::render::story::{html, markdown, text};

/// At most this many stories are printed.
const STORIES_MAX: usize = 10_000;

/// Prints what the articles of one story share and where they differ.
///
/// # Errors
/// When none of the articles can be had (exit 3), or the archive cannot be read.
pub fn run(args: &StoryArgs, context: &Context) -> Result<Exit, CliError> {
    if args.clusters {
        return all(args, context);
    }
    let at = context.instant("--at", args.at.as_deref())?;
    let (from, to) = (args.from.as_deref(), args.to.as_deref());
    let is_over_time = args.over_time || from.is_some() || to.is_some();
    let period = if is_over_time { Some(context.period(from, to)?) } else { None };
    let mut targets = Vec::new();
    for target in &args.targets {
        targets.push(match local::path_of(target) {
            Some(path) => {
                let page = local::extract(&path, &local::read(&path)?).page;
                StoryTarget::File(target.clone(), Box::new(page))
            }
            None => StoryTarget::Url(target.clone()),
        });
    }
    let request = StoryRequest { targets, at, period };
    let found = tell(request, || context.open_archive())?;
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
        return Err(CliError::nothing("no story that several hosts of the archive have"));
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
