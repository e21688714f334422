//! `history`

use serde_json::Value;

use crate::base::Timestamp;
use crate::base::printable::{self, fitted};
use crate::cli::args::HistoryArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::diff::Presence;
use crate::history::{Rows, Sayer, VersionJson, VersionRow};
use crate::store::StoreError;

pub use crate::history::capture_json;

/// Prints the versions of a page and the changes between them.
///
/// # Errors
/// When nothing is found (exit 3) or the archive, or every capture, cannot be read.
pub fn run(args: &HistoryArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let period = context.period(args.from.as_deref(), args.to.as_deref())?;
    let reader = context.reader()?;
    let readings = context.readings(&reader);
    let mut sayer = Sayer::cached(&reader, &readings);
    let mut versions = sayer.rows(&args.url, period).map_err(reading(&args.url))?;
    let count = match format {
        Format::Json => as_json(context, &args.url, &mut versions)?,
        Format::Text => as_text(context, &args.url, &mut versions)?,
    };
    for note in &versions.notes() {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    match versions.take_unread() {
        // Damage is a finding where there is something to tell beside it.
        Some(_) if count > 0 => return Ok(Exit::Findings),
        Some((_, why)) => return Err(reading(&args.url)(why)),
        None => {}
    }
    if count == 0 {
        return Err(CliError::nothing(format!("no capture of {}", args.url))
            .hint("`pressmark captures URL --match host` lists what there is of a host"));
    }
    Ok(Exit::Done)
}

fn reading(url: &str) -> impl Fn(StoreError) -> CliError {
    move |error| store_error(&format!("reading the history of {url}"), error)
}

/// One object, written version by version: a page may have very many.
fn as_json(context: &Context, url: &str, versions: &mut Rows<'_, '_>) -> Result<u64, CliError> {
    let mut count = 0;
    for version in versions.by_ref() {
        let version = version.map_err(reading(url))?;
        let start = match count {
            0 => format!("{{\"url\":{},\"versions\":[", Value::from(url)),
            _ => ",".to_owned(),
        };
        count += 1;
        let json = serde_json::to_string(&VersionJson::from(&version))
            .map_err(|why| CliError::failed("writing JSON", why))?;
        context.out.json_piece(&format!("{start}{json}"))?;
    }
    if count > 0 {
        context.out.line("]}")?;
    }
    Ok(count)
}

fn as_text(context: &Context, url: &str, versions: &mut Rows<'_, '_>) -> Result<u64, CliError> {
    let plural = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (mut count, mut captures) = (0, 0);
    // The first line counts what follows.
    let mut told: Vec<Told> = Vec::new();
    for version in versions.by_ref() {
        let version = version.map_err(reading(url))?;
        count += 1;
        captures += version.captures;
        let mut lines = Vec::new();
        for line in what_it_is(&version) {
            lines.push(format!("  {line}"));
        }
        if version.is_stealth() {
            lines.push(
                "  changed without a word: no notice, and the declared date says nothing"
                    .to_owned(),
            );
        }
        let before = version.change.as_ref().map(|change| change.before.date);
        let is_last = told.last().map(|last| last.first) == before;
        if let Some(at) = before.filter(|_| !is_last) {
            let number = told.iter().position(|one| one.first == at).map_or(1, |at| at + 1);
            lines.push(format!("  compared with version {number}, the last that had the article"));
        }
        lines.extend(version.changes().iter().map(|change| format!("  {}", line(change))));
        let (first, last) = (version.first.date, version.last.date);
        told.push(Told { first, last, captures: version.captures, lines });
    }
    if count > 0 {
        let (versions, captures) = (plural(count, "version"), plural(captures, "capture"));
        context.out.line(&format!("{url}: {versions} in {captures}"))?;
        // Versions of one second are told apart by its fractions.
        let crowded = told
            .windows(2)
            .any(|two| matches!(two, [a, b] if a.last.to_stamp14() == b.first.to_stamp14()));
        for (number, one) in (1..).zip(&told) {
            let (seen, of) = (span(one, crowded), plural(one.captures, "capture"));
            context.out.line("")?;
            context.out.line(&format!("version {number}  {seen}  {of}"))?;
            for line in &one.lines {
                context.out.line(line)?;
            }
        }
    }
    Ok(count)
}

/// What a reader gets of a version: its headline, or why there is none.
fn what_it_is(version: &VersionRow) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(to) = &version.leads_to {
        lines.push(format!("(leads to {to})"));
    }
    match (version.presence, &version.headline) {
        (Presence::Here | Presence::Cut, headline) => lines.extend(headline.clone()),
        (Presence::Moved, _) => {}
        _ => {
            let instead = &version.instead;
            // Where it leads is said already.
            if lines.is_empty() || !instead.starts_with("redirected") {
                lines.push(format!("({instead})"));
            }
        }
    }
    lines
}

/// A version in words, but for its number.
struct Told {
    first: Timestamp,
    last: Timestamp,
    captures: u64,
    lines: Vec<String>,
}

fn span(told: &Told, crowded: bool) -> String {
    let say = |at: Timestamp| if crowded { at.to_warc_date() } else { at.to_rfc3339() };
    if told.first == told.last {
        return say(told.first);
    }
    format!("{} to {}", say(told.first), say(told.last))
}

fn line(change: &crate::diff::Change) -> String {
    change_line(change.kind.label(), change.before.as_deref(), change.after.as_deref())
}

/// A change on one line.
#[must_use]
pub fn change_line(kind: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => {
            format!("{kind:<16} {} → {}", short(before), short(after))
        }
        (Some(before), None) => format!("{kind:<16} - {}", short(before)),
        (None, Some(after)) => format!("{kind:<16} + {}", short(after)),
        (None, None) => kind.to_owned(),
    }
}

/// A text on one line, cut where it is long.
fn short(text: &str) -> String {
    fitted(printable::flat(text).trim(), 70).into_owned()
}
