//! `purge`

use serde::Serialize;

use crate::app::purge::{PurgeRequest, Purged, SameText, purge, resume};
use crate::base::TimeRange;
use crate::cli::args::PurgeArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::evidence::tombstone::Tombstone;

/// Removes a capture's bytes everywhere, and leaves a signed tombstone; prints what was removed.
///
/// # Errors
/// When there is no such capture (exit 3), another process writes, or the disk fails: then the next call continues.
pub fn run(args: &PurgeArgs, context: &Context) -> Result<Exit, CliError> {
    let mut done = match (&args.url, &args.reason) {
        (None, _) => resume(context)?
            .ok_or_else(|| CliError::nothing("no purge was interrupted in this archive"))?,
        (Some(url), reason) => {
            let (url, at) = target(url, args.at.as_deref(), context)?;
            let reason = reason.clone().ok_or_else(|| {
                CliError::usage(
                    "purge needs --reason TEXT: it is shown to everyone who requests the capture",
                )
            })?;
            purge(context, &PurgeRequest { url, at, reason, dry_run: args.dry_run })?
        }
    };
    let refused = done.refused.take();
    let told = tell(context, &done.purged, args.dry_run);
    let is_clean = done.purged.found_in.is_empty() && done.purged.same_text.is_empty();
    // It was carried out, whether or not anyone reads what is told.
    done.close()?;
    told?;
    match refused {
        Some(why) => Err(why.into()),
        None if is_clean => Ok(Exit::Done),
        None => Ok(Exit::Findings),
    }
}

fn tell(context: &Context, purged: &Purged, dry_run: bool) -> Result<(), CliError> {
    for tombstone in &purged.tombstones {
        match context.out.format() {
            Format::Json => {
                context.out.json(&RemovedJson::of(tombstone, &purged.same_text))?;
            }
            Format::Text => context.out.line(&text_of(tombstone, dry_run))?,
        }
    }
    say(context, purged, dry_run);
    Ok(())
}

/// The address and the time of a capture, which may be behind the address (`URL@TIME`).
fn target(
    text: &str,
    at: Option<&str>,
    context: &Context,
) -> Result<(String, TimeRange), CliError> {
    // The time is after the last @, since a URL may hold one itself (user@host).
    let (url, behind) = match text.rsplit_once('@') {
        Some((url, time)) if at.is_none() && context.time("@", time).is_ok() => (url, Some(time)),
        _ => (text, None),
    };
    let at = at.or(behind).ok_or_else(|| {
        CliError::usage("purge needs the time of the capture: --at TIME, or URL@TIME")
            .hint("`pressmark captures URL` lists them")
    })?;
    Ok((url.to_owned(), context.time("--at", at)?))
}

fn say(context: &Context, done: &Purged, dry_run: bool) {
    done.notes.iter().for_each(|note| context.out.warn(note));
    if done.without_payload > 0 {
        let count = done.without_payload;
        context.out.say(&format!(
            "{count} other captures of the same content referred to this record; they stay in the lists, without content"
        ));
    }
    for one in &done.same_text {
        context.out.warn(&format!(
            "the capture of {} of {} holds the same text in another coding, and was not removed: `{}` removes it",
            one.url,
            one.date,
            command_for(one)
        ));
    }
    for file in &done.found_in {
        context.out.warn(&format!(
            "{file} still holds a part of what was removed. It is not one of the archive's WARC files, so it was not changed: delete it yourself"
        ));
    }
    if !dry_run && !done.tombstones.is_empty() {
        context.out.say("the page may be captured again: exclude its address from the jobs that may reach it (scope.exclude_globs, scope.exclude_surts) to keep it out");
    }
    if !dry_run && done.searched > 0 {
        context.out.say(&format!(
            "{} files below the archive were searched; copies elsewhere (exports, bundles, backups, a server that still runs) were not searched",
            done.searched
        ));
    }
}

/// The command that removes a capture. The URL is quoted for a shell.
fn command_for(one: &SameText) -> String {
    let url = one.url.replace('\'', "'\\''");
    format!("pressmark purge '{url}' --at {} --reason TEXT", one.date)
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
    same_text: &'a [SameText],
}

impl<'a> RemovedJson<'a> {
    fn of(tombstone: &'a Tombstone, same_text: &'a [SameText]) -> Self {
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
            same_text,
        }
    }
}
