//! `changes`

use crate::answers::changes::{identity, unseen};
use crate::answers::{AnswerError, ChangesRequest, changes};
use crate::base::{TimeRange, Timestamp};
use crate::cli::args::ChangesArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::config::nearest::nearest;
use crate::diff::ChangeKind;
use crate::history::changes::{ArchiveChange, ChangeFilter};
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
    let mut page_reader = archive.page_reader();
    let mut reported_at = context.clock.now();
    let mut progress = |pages: u64| {
        let now = context.clock.now();
        if now.since(reported_at) >= std::time::Duration::from_secs(10) {
            reported_at = now;
            context.out.say(&format!("{pages} pages checked"));
        }
    };
    let layout = archive.reader().layout();
    let show = Show { context, layout, args };
    if let Some(name) = &args.since_last {
        let mut found = unseen(&mut page_reader, name, &request, &mut progress)?;
        let newest = found.newest();
        show.notes(found.notes());
        show.all(format, newest, &mut found)?;
        // A change counts as shown only after it was printed.
        found.end()?;
        return Ok(Exit::Done);
    }
    let mut found = changes(&mut page_reader, &request, &mut progress)?;
    let newest = found.newest();
    show.notes(found.notes());
    show.all(format, newest, &mut found)?;
    Ok(Exit::Done)
}

/// Any changes, newest first.
type Found<'f> = &'f mut dyn Iterator<Item = Result<ArchiveChange, AnswerError>>;

/// Prints changes.
struct Show<'a> {
    context: &'a Context,
    layout: &'a Layout,
    args: &'a ChangesArgs,
}

impl Show<'_> {
    fn notes(&self, notes: &[String]) {
        for note in notes {
            self.context.out.say(&format!("pressmark: left out: {note}"));
        }
    }

    fn all(
        &self,
        format: &str,
        newest: Option<Timestamp>,
        found: Found<'_>,
    ) -> Result<(), CliError> {
        match format {
            "json" => {
                for change in found {
                    self.context.out.json(&change?)?;
                }
                Ok(())
            }
            "rss" => self.feed(FeedForm::Rss, newest, found),
            "atom" => self.feed(FeedForm::Atom, newest, found),
            _ => self.text(found),
        }
    }

    fn text(&self, found: Found<'_>) -> Result<(), CliError> {
        let out = &self.context.out;
        let mut text = ChangesText::default();
        for change in found {
            out.lines(&text.lines(&change?))?;
        }
        if text.is_empty() {
            out.say(match self.args.since_last {
                Some(_) => "no such change since the last call with this name",
                None => "no such change in the archive",
            });
        }
        Ok(())
    }

    fn feed(
        &self,
        form: FeedForm,
        newest: Option<Timestamp>,
        found: Found<'_>,
    ) -> Result<(), CliError> {
        let (out, args) = (&self.context.out, self.args);
        let writer = FeedWriter::new(form, identity(self.layout));
        let (title, link) = match &args.host {
            Some(host) => (format!("Changes on {host}"), Some(format!("http://{host}/"))),
            None => ("Changes in the archive".to_owned(), None),
        };
        let of = format!("{:?} {} {}", args.kind, args.stealth, args.weight);
        // Without a change the time is the Unix epoch.
        let updated = newest.unwrap_or(Timestamp::from_unix_seconds(0));
        let link = link.as_deref();
        let head = FeedHead { title: &title, link, own: None, of: &of, updated };
        out.text(&writer.begin(&head))?;
        for change in found {
            out.text(&writer.entry(&change?))?;
        }
        Ok(out.text(writer.end())?)
    }
}

fn wanted(args: &ChangesArgs, context: &Context) -> Result<ChangeFilter, CliError> {
    let time = |flag: &str, text: Option<&str>| -> Result<Option<TimeRange>, CliError> {
        text.map(|text| context.time(flag, text)).transpose()
    };
    Ok(ChangeFilter {
        since: time("--since", args.since.as_deref())?.map(|range| range.start),
        until: time("--until", args.until.as_deref())?.map(|range| range.end),
        kinds: args.kind.iter().map(|kind| kind_of(kind)).collect::<Result<_, _>>()?,
        host: args.host.clone(),
        stealth_only: args.stealth,
        weight_min: args.weight,
        form: args.which.form(),
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
