//! `reindex`

use crate::answers::verify::ReindexJson;
use crate::app::captures::given_captures;
use crate::cli::context::{Context, store_error, writing_error};
use crate::cli::output::Format;
use crate::cli::progress::Bar;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::render;
use crate::store::{Progress, reindex, reindex_given};

/// Rebuilds the index from the WARC files alone. A file that cannot be read is left out, which is a finding.
///
/// # Errors
/// When there is no archive, another process uses it, the disk fails, or no file can be read.
pub fn run(context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let layout = context.layout()?;
    let mut bar = Bar::new(&context.out, "reindexing");
    let mut progress = |at: &Progress| {
        bar.set(at.bytes.0, at.bytes.1, &format!("{} records, {}", at.records, at.file));
    };
    let done = match given_captures(&context.settings)? {
        Some((captures, _)) => reindex_given(&layout, &*captures, &mut progress),
        None => {
            let cache = context.settings.bytes(keys::STORE_INDEX_CACHE_BYTES);
            reindex(&layout, cache, &mut progress)
        }
    }
    .map_err(|e| writing_error("rebuilding the index", layout.root(), e))?;
    bar.finish();
    for note in &done.notes {
        context.out.warn(note);
    }
    for left in &done.left_out {
        context.out.warn(&format!("{}: left out: {}", left.file, left.why));
    }
    let answer = ReindexJson::from(&done);
    match format {
        Format::Json => context.out.json(&answer)?,
        Format::Text => {
            let bytes: u64 = layout
                .warc_files()
                .map_err(|e| store_error("counting", e))?
                .iter()
                .filter_map(|path| layout.length_of(path).ok())
                .sum();
            context.out.line(&render::verify::reindexed(&answer, bytes))?;
        }
    }
    if answer.left_out.is_empty() {
        return Ok(Exit::Done);
    }
    context.out.say("what was left out is read at the first opening at which it can be; `pressmark verify` shows details");
    Ok(Exit::Findings)
}
