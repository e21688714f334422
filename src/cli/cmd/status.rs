//! `status`

use crate::answers::status::status;
use crate::app::queue::Queue;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::render;

/// What is in the archive, per host and in all; the last run; what is due; disk.
///
/// # Errors
/// When there is no archive or it cannot be read.
pub fn run(context: &Context) -> Result<Exit, CliError> {
    let out = &context.out;
    let archive = context.open_records()?;
    let now = context.clock.now();
    // The rest of the archive is worth showing where the queue cannot be opened.
    let queue = match Queue::see(context) {
        Ok(queue) => Ok(queue.seen(now)?),
        Err(why) => Err(why.message),
    };
    let status = status(&archive, queue, now)?;
    match out.format() {
        Format::Json => out.json(&status)?,
        Format::Text => {
            out.lines(&render::status::lines(&status))?;
            let hosts = render::status::hosts(&status);
            if !hosts.rows.is_empty() {
                out.line("")?;
                out.table(hosts.head, hosts.right, &hosts.rows)?;
            }
        }
    }
    Ok(Exit::Done)
}
