//! `changes`

use crate::answers::changes::identity;
use crate::answers::{Changes, ChangesRequest, changes};
use crate::base::{TimeRange, Timestamp};
use crate::cli::args::ChangesArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::config::nearest::nearest;
use crate::diff::ChangeKind;
use crate::history::changes::Wanted;
use crate::render::changes::ChangesText;
use crate::render::feed::{FeedForm, FeedHead, FeedWriter};
use crate::store::Layout;

/// Prints every typed change of the archive, newest first.
///
/// # Errors
/// When a kind or a time is wrong, or the archive cannot be read.
pub fn run(args: &ChangesArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let request = ChangesRequest { wanted: wanted(args, context)?, limit: args.limit };
    let archive = context.open_archive()?;
    let mut sayer = archive.sayer();
    let mut told = context.clock.now();
    let mut progress = |pages: u64| {
        let now = context.clock.now();
        if now.since(told) >= std::time::Duration::from_secs(10) {
            told = now;
            context.out.say(&format!("{pages} pages looked at"));
        }
    };
    let found = changes(&mut sayer, &request, &mut progress)?;
    for note in found.notes() {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    let layout = archive.reader().layout();
    match format {
        "json" => {
            for change in found {
                context.out.json(&change?)?;
            }
        }
        "rss" => feed(context, layout, FeedForm::Rss, args, found)?,
        "atom" => feed(context, layout, FeedForm::Atom, args, found)?,
        _ => text(context, found)?,
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

fn text(context: &Context, found: Changes<'_, '_>) -> Result<(), CliError> {
    let mut text = ChangesText::default();
    for change in found {
        context.out.lines(&text.lines(&change?))?;
    }
    if text.is_empty() {
        context.out.say("no such change in the archive");
    }
    Ok(())
}

fn feed(
    context: &Context,
    layout: &Layout,
    form: FeedForm,
    args: &ChangesArgs,
    found: Changes<'_, '_>,
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
    for change in found {
        context.out.text(&writer.entry(&change?))?;
    }
    Ok(context.out.text(writer.end())?)
}
