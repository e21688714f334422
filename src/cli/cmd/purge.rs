//! `purge`

use serde::Serialize;

use crate::app::purge::{PurgeRequest, Purged, purge, resume};
use crate::cli::args::PurgeArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::evidence::tombstone::Tombstone;

/// Removes a capture's bytes everywhere, and leaves a signed tombstone; prints what was removed.
///
/// # Errors
/// When there is no such capture (exit 3), another process writes, or the disk fails: then the next call goes on.
pub fn run(args: &PurgeArgs, context: &Context) -> Result<Exit, CliError> {
    let done = match (&args.url, &args.reason) {
        (None, _) => resume(context)?
            .ok_or_else(|| CliError::nothing("no purge was interrupted in this archive"))?,
        (Some(url), Some(reason)) => {
            let request = PurgeRequest {
                url: url.clone(),
                at: context.time("--at", args.at.as_deref().unwrap_or_default())?,
                reason: reason.clone(),
                dry_run: args.dry_run,
            };
            purge(context, &request)?
        }
        (Some(_), None) => {
            return Err(CliError::usage(
                "purge takes --reason TEXT, which everyone reads who comes after",
            ));
        }
    };
    for tombstone in &done.tombstones {
        match context.out.format() {
            Format::Json => context.out.json(&RemovedJson::from(tombstone))?,
            Format::Text => context.out.line(&text_of(tombstone, args.dry_run))?,
        }
    }
    say(context, &done, args.dry_run);
    Ok(if done.found_in.is_empty() { Exit::Done } else { Exit::Findings })
}

fn say(context: &Context, done: &Purged, dry_run: bool) {
    done.notes.iter().for_each(|note| context.out.warn(note));
    if !done.without_payload.is_empty() {
        let count = done.without_payload.len();
        context.out.say(&format!(
            "{count} further captures only refer to it, and have no payload without it"
        ));
    }
    for file in &done.found_in {
        context.out.warn(&format!(
            "{file}: a part of what was removed is found there; it is no WARC file of the archive, and nothing was changed in it"
        ));
    }
    if !dry_run && done.searched > 0 {
        context.out.say(&format!(
            "{} files below the archive were searched; copies elsewhere (exports, bundles, backups, a server that still runs) are not known here",
            done.searched
        ));
    }
}

fn text_of(tombstone: &Tombstone, dry_run: bool) -> String {
    let says = tombstone.says();
    let (kind, uri) = says.as_ref().map_or(("record", ""), |leaf| (leaf.kind, leaf.uri));
    let date = says.as_ref().map_or("", |leaf| leaf.date);
    let what = if dry_run { "would be removed" } else { "removed" };
    format!(
        "{kind} of {uri} at {date}: {what} ({} bytes at {} of {}, leaf {})",
        tombstone.length, tombstone.offset, tombstone.file, tombstone.leaf
    )
}

/// A record that was removed.
#[derive(Serialize)]
struct RemovedJson<'a> {
    url: &'a str,
    date: &'a str,
    record_type: &'a str,
    record_id: &'a str,
    payload: &'a str,
    file: &'a str,
    offset: u64,
    length: u64,
    leaf: u64,
    reason: &'a str,
    removed: String,
}

impl<'a> From<&'a Tombstone> for RemovedJson<'a> {
    fn from(tombstone: &'a Tombstone) -> Self {
        let says = tombstone.says();
        Self {
            url: says.as_ref().map_or("", |leaf| leaf.uri),
            date: says.as_ref().map_or("", |leaf| leaf.date),
            record_type: says.as_ref().map_or("", |leaf| leaf.kind),
            record_id: says.as_ref().map_or("", |leaf| leaf.id),
            payload: says.as_ref().map_or("", |leaf| leaf.payload),
            file: &tombstone.file,
            offset: tombstone.offset,
            length: tombstone.length,
            leaf: tombstone.leaf,
            reason: &tombstone.reason,
            removed: tombstone.removed.to_warc_date(),
        }
    }
}
