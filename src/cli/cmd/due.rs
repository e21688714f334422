//! `due`

use crate::answers::due::{Due, due};
use crate::app::jobs;
use crate::app::queue::Queue;
use crate::cli::args::DueArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::crawl::DueLine;
use crate::render;

/// Prints what comes next, when, and the fact that set that time.
///
/// # Errors
/// When the archive cannot be read.
pub fn run(args: &DueArgs, context: &Context) -> Result<Exit, CliError> {
    let out = &context.out;
    let format = out.format();
    let now = context.clock.now();
    let queue = Queue::see(context)?;
    let names: Vec<String> = jobs::load(context, &args.job)?.into_iter().map(|j| j.name).collect();
    let is_asked =
        |line: &DueLine| args.job.is_empty() || names.iter().any(|name| line.jobs.contains(name));
    if let Some(source) = queue.source(now) {
        out.say(&source);
    }
    let Due { lines, is_cut } = due(queue.due(args.limit, now, &is_asked)?, args.limit);
    if lines.is_empty() {
        out.say("nothing is queued or watched");
        return Ok(Exit::Done);
    }
    match format {
        Format::Json => lines.iter().try_for_each(|line| out.json(line))?,
        Format::Text => {
            let table = render::due::table(&lines, now);
            out.table(table.head, table.right, &table.rows)?;
        }
    }
    if is_cut {
        let limit = args.limit;
        out.say(&format!("these are the first {limit}; --limit N shows more"));
    }
    Ok(Exit::Done)
}
