//! `changes`

use crate::base::{Digest, DigestAlgorithm, TimeRange, Timestamp};
use crate::cli::args::ChangesArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::{CliError, Exit};
use crate::config::nearest::nearest;
use crate::diff::ChangeKind;
use crate::evidence::Log;
use crate::history::Sayer;
use crate::history::changes::{ArchiveChange, NewestFirst, Wanted, changes};
use crate::render::feed::{FeedForm, FeedHead, FeedWriter};

use crate::store::Layout;

use crate::render::change_line;

/// Prints every typed change of the archive, newest first.
///
/// # Errors
/// When a kind or a time is wrong, or the archive cannot be read.
pub fn run(args: &ChangesArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let wanted = wanted(args, context)?;
    let reader = context.reader()?;
    let readings = context.readings(&reader);
    let mut sayer = Sayer::cached(&reader, &readings);
    let mut told = context.clock.now();
    let mut progress = |pages: u64| {
        let now = context.clock.now();
        if now.since(told) >= std::time::Duration::from_secs(10) {
            told = now;
            context.out.say(&format!("{pages} pages looked at"));
        }
    };
    let fail = |error| store_error("looking for changes", error);
    let found = changes(&mut sayer, &wanted, &mut progress).map_err(fail)?;
    for note in &found.notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    let limit = args.limit.unwrap_or(usize::MAX);
    match format {
        "json" => {
            for change in found.take(limit) {
                context.out.json(&change.map_err(fail)?)?;
            }
        }
        "rss" => feed(context, reader.layout(), FeedForm::Rss, args, found, limit)?,
        "atom" => feed(context, reader.layout(), FeedForm::Atom, args, found, limit)?,
        _ => text(context, found, limit)?,
    }
    Ok(Exit::Done)
}

fn wanted(args: &ChangesArgs, context: &Context) -> Result<Wanted, CliError> {
    let time = |flag: &str, text: Option<&str>| -> Result<Option<TimeRange>, CliError> {
        text.map(|text| context.time(flag, text)).transpose()
    };
    Ok(Wanted {
        since: time("--since", args.since.as_deref())?.map(|range| range.start),
        until: time("--until", args.until.as_deref())?.map(|range| range.end),
        kinds: args.kind.iter().map(|kind| kind_of(kind)).collect::<Result<_, _>>()?,
        host: args.host.clone(),
        stealth_only: args.stealth,
        weight_min: args.weight,
    })
}

fn kind_of(word: &str) -> Result<ChangeKind, CliError> {
    let word = word.trim();
    ChangeKind::from_label(word).ok_or_else(|| {
        let labels = ChangeKind::ALL.map(ChangeKind::label);
        let error = CliError::usage(format!("--kind {word:?}: there is no such kind of change"));
        match nearest(word, labels) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint(format!("kinds are {}", labels.join(", "))),
        }
    })
}

fn text(context: &Context, found: NewestFirst<'_, '_>, limit: usize) -> Result<(), CliError> {
    let mut last: Option<ArchiveChange> = None;
    for change in found.take(limit) {
        let change = change.map_err(|error| store_error("looking for changes", error))?;
        let is_same =
            last.as_ref().is_some_and(|last| last.url == change.url && last.date == change.date);
        if !is_same {
            if last.is_some() {
                context.out.line("")?;
            }
            let stealth = if change.stealth { "  changed without a word" } else { "" };
            context.out.line(&format!("{}  {}{stealth}", change.timestamp, change.url))?;
        }
        let said = &change.change;
        let line = change_line(&said.kind, said.before.as_deref(), said.after.as_deref());
        context.out.line(&format!("  {line}"))?;
        last = Some(change);
    }
    if last.is_none() {
        context.out.say("no such change in the archive");
    }
    Ok(())
}

/// What tells this archive from every other, for as long as it grows: the name, the first key and the
/// first checkpoint of its log. An archive without a log is known by the name of its oldest file.
fn identity(layout: &Layout) -> Digest {
    let of_log = || {
        let log = Log::open(layout).ok()?;
        let first = log.checkpoint(*log.checkpoint_sizes().ok()?.first()?).ok()?;
        let (_, key) = log.keys().into_iter().next()?;
        Some(format!("{}\n{}\n{}", first.origin, key.text(), first.root))
    };
    let of_files = || {
        let files = layout.warc_files().unwrap_or_default();
        let names = files.iter().filter_map(|file| file.file_name());
        names.min().unwrap_or_default().to_string_lossy().into_owned()
    };
    DigestAlgorithm::Sha256.digest(of_log().unwrap_or_else(of_files).as_bytes())
}

fn feed(
    context: &Context,
    layout: &Layout,
    form: FeedForm,
    args: &ChangesArgs,
    found: NewestFirst<'_, '_>,
    limit: usize,
) -> Result<(), CliError> {
    let writer = FeedWriter::new(form, identity(layout));
    let (title, link) = match &args.host {
        Some(host) => (format!("Changes on {host}"), Some(format!("http://{host}/"))),
        None => ("Changes in the archive".to_owned(), None),
    };
    let of = format!("{:?} {} {}", args.kind, args.stealth, args.weight);
    // Without a change there is no time to tell but the beginning of all.
    let updated = found.newest().unwrap_or(Timestamp::from_unix_seconds(0));
    let head = FeedHead { title: &title, link: link.as_deref(), of: &of, updated };
    context.out.text(&writer.begin(&head))?;
    for change in found.take(limit) {
        let change = change.map_err(|error| store_error("looking for changes", error))?;
        context.out.text(&writer.entry(&change))?;
    }
    Ok(context.out.text(writer.end())?)
}
