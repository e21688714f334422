//! `diff`

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::args::DiffArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::{CliError, Exit, local};
use crate::diff::json as diff_json;
use crate::diff::{CompareOptions, Side, compare_captures};
use crate::extract::page::Page;
use crate::history::absence::{AbsenceJson, LastTwo, Neighbours, last_two};
use crate::history::{Said, Sayer};
use crate::render::diff::{Shown, html, markdown, terminal, unified};
use crate::store::Reader;

use crate::history::capture_json;

/// One side of a comparison.
struct One {
    page: Arc<Page>,
    label: String,
    json: Value,
    url: Option<String>,
    said: Option<Said>,
}

/// Compares two captures, or two local files.
///
/// # Errors
/// When a side is not found (exit 3), the archive cannot be read, or the usage is wrong.
pub fn run(args: &DiffArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let (mut old, mut new, away) = sides(args, context)?;
    for side in [&mut old, &mut new] {
        if let Some(said) = &side.said {
            side.label = said.entry.date.to_rfc3339();
        }
    }
    if let (Some(a), Some(b), true) = (&old.said, &new.said, old.label == new.label) {
        // Captures of one second are told apart by its fractions.
        (old.label, new.label) = (a.entry.date.to_warc_date(), b.entry.date.to_warc_date());
    }
    let comparison = compare_captures(&old.side(), &new.side(), &[], &CompareOptions::default());
    let title = new.url.clone().unwrap_or_else(|| new.label.clone());
    let shown = Shown {
        comparison: &comparison,
        old: &old.page,
        new: &new.page,
        old_label: &old.label,
        new_label: &new.label,
        title: &title,
    };
    match format {
        "json" => {
            let body = diff_json::JsonDiff {
                url: new.url.clone(),
                file: new.url.is_none().then(|| new.label.clone()),
                from: old.json.clone(),
                to: new.json.clone(),
                away,
                comparison: diff_json::comparison(&comparison, &old.page, &new.page),
            };
            context.out.json(&body)?;
        }
        "html" => context.out.text(&html::render(&shown))?,
        "markdown" => context.out.text(&markdown::render(&shown))?,
        "unified" => context.out.text(&unified::render(&shown))?,
        _ => {
            let options = terminal::TerminalOptions {
                color: context.out.color(),
                columns: columns(context),
                ..terminal::TerminalOptions::default()
            };
            context.out.styled(&terminal::render(&shown, &options))?;
        }
    }
    let differs = !comparison.changes.is_empty();
    Ok(if args.exit_code && differs { Exit::Findings } else { Exit::Done })
}

/// How wide lines may be: as the shell tells it, else as the terminal does, 100 at most, since longer
/// lines read badly.
fn columns(context: &Context) -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
    told.or_else(|| context.out.columns()).unwrap_or(100).clamp(40, 100)
}

impl One {
    fn side(&self) -> Side<'_> {
        match &self.said {
            Some(said) => said.side(),
            None => Side::of(&self.page),
        }
    }
}

/// Both sides, and when the article could not be had between and after them, in JSON.
type Sides = (One, One, Vec<Value>);

fn sides(args: &DiffArgs, context: &Context) -> Result<Sides, CliError> {
    match args.targets.as_slice() {
        [old, new] => {
            if args.from.is_some() || args.to.is_some() {
                return Err(CliError::usage(
                    "--from and --to go with one URL; with two, write the time behind it: URL@TIME",
                ));
            }
            Ok((target(old, context)?, target(new, context)?, Vec::new()))
        }
        [url] => two_captures(args, context, url),
        _ => Err(CliError::usage("diff takes one URL, or two of FILE or URL@TIME")),
    }
}

/// `FILE`, `URL` or `URL@TIME`.
fn target(text: &str, context: &Context) -> Result<One, CliError> {
    if let Some(path) = local::path_of(text) {
        let extraction = local::extract(&path, &local::read(&path)?);
        return Ok(One {
            page: Arc::new(extraction.page),
            label: text.to_owned(),
            json: json!({ "file": text }),
            url: None,
            said: None,
        });
    }
    // The time stands behind the last @, since a URL may hold one itself (user@host).
    let (url, at) = match text.rsplit_once('@') {
        Some((url, time)) if context.time("@", time).is_ok() => (url, Some(time)),
        _ => (text, None),
    };
    if at.is_none() && !text.contains("://") {
        return Err(CliError::usage(format!("{text}: no such file, and no URL")));
    }
    let reader = context.reader()?;
    let at = context.instant("@", at)?;
    capture(&reader, url, at)
}

fn capture(
    reader: &Reader,
    url: &str,
    at: Option<crate::base::Timestamp>,
) -> Result<One, CliError> {
    let what = format!("reading {url}");
    let entry = reader
        .find(url, at)
        .map_err(|e| store_error(&what, e))?
        .ok_or_else(|| CliError::nothing(format!("no capture of {url}")))?;
    let said = Sayer::new(reader).follow(&entry).map_err(|e| store_error(&what, e))?;
    Ok(one(said, url))
}

fn one(said: Said, url: &str) -> One {
    One {
        page: Arc::clone(&said.page),
        label: said.entry.date.to_rfc3339(),
        json: capture_json(&said.entry, &said.file),
        url: Some(url.to_owned()),
        said: Some(said),
    }
}

fn two_captures(args: &DiffArgs, context: &Context, url: &str) -> Result<Sides, CliError> {
    if local::path_of(url).is_some() {
        return Err(CliError::usage("diff takes two local files"));
    }
    let reader = context.reader()?;
    if args.from.is_none() && args.to.is_none() {
        let what = format!("reading the history of {url}");
        let readings = context.readings(&reader);
        let mut sayer = Sayer::cached(&reader, &readings);
        return match last_two(&mut sayer, url).map_err(|e| store_error(&what, e))? {
            LastTwo::Neighbours(found) => {
                let away = say_away(context, &found);
                let Neighbours { old, new, .. } = *found;
                Ok((one(old, url), one(new, url), away))
            }
            LastTwo::One(captures) => Err(CliError::nothing(format!(
                "{url} has one version, seen in {captures} capture{}; there is nothing to compare it with",
                if captures == 1 { "" } else { "s" }
            ))
            .hint("--from and --to compare any two captures")),
            LastTwo::None => Err(CliError::nothing(format!("no capture of {url}"))),
        };
    }
    let from = context.instant("--from", args.from.as_deref())?;
    let to = context.instant("--to", args.to.as_deref())?;
    let old = match from {
        Some(at) => capture(&reader, url, Some(at))?,
        None => first(&reader, url)?,
    };
    Ok((old, capture(&reader, url, to)?, Vec::new()))
}

/// Says when the article could not be had between the two versions and after them; the same in JSON.
fn say_away(context: &Context, found: &Neighbours) -> Vec<Value> {
    if let Some(note) = &found.note {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    for absence in &found.between {
        let (since, what) = (absence.since.to_rfc3339(), &absence.instead);
        context.out.say(&format!("pressmark: in between, from {since} on: {what}"));
    }
    for absence in &found.since {
        let (since, what) = (absence.since.to_rfc3339(), &absence.instead);
        context.out.say(&format!(
            "pressmark: since {since}: {what}; these are the last two versions that had the article"
        ));
    }
    let all = found.between.iter().chain(&found.since);
    all.map(|absence| json!(AbsenceJson::from(absence))).collect()
}

fn first(reader: &Reader, url: &str) -> Result<One, CliError> {
    capture(reader, url, Some(crate::base::Timestamp::from_unix_seconds(0)))
}
