//! `peer`

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::answers::Archive;
use crate::answers::changes::identity;
use crate::app::peers::{Courier, proving};
use crate::archive::Query;
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::cli::args::{PeerAddArgs, PeerArgs, PeerCommand, PeerCompareArgs};
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::evidence::Log;
use crate::evidence::bundle::read_bundle;
use crate::evidence::note::VerifierKey;
use crate::peer::agreement::range_of;
use crate::peer::asking::AskError;
use crate::peer::pair::{self, PairDir};
use crate::peer::{Asking, Outcome, Peer, PeerError, Peers, Verdict};
use crate::render;
use crate::render::feed::{FeedForm, FeedHead, FeedWriter};

/// The window without `--from`.
const WINDOW: Duration = Duration::from_hours(7 * 24);
/// The most pages that one call compares.
const PAGES_MAX: usize = 10_000;

fn failed(why: PeerError) -> CliError {
    match why {
        PeerError::Given(why) => CliError::usage(why),
        PeerError::Unknown(_) => {
            CliError::usage(why.to_string()).hint("`pressmark peer list` lists them")
        }
        why => CliError::failed("using the peers of this archive", why),
    }
}

/// Enters, lists and asks other archives.
///
/// # Errors
/// When an entry is wrong (exit 2), nothing was there to compare (exit 3), or no peer answered (exit 1).
pub fn run(args: &PeerArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    if matches!(format, "rss" | "atom") && !matches!(args.what, PeerCommand::Compare(_)) {
        return Err(CliError::usage(format!("--format {format} is for `peer compare`")));
    }
    match &args.what {
        PeerCommand::Key => key(context),
        PeerCommand::Add(args) => add(args, context),
        PeerCommand::List => list(context),
        PeerCommand::Remove { name } => {
            Peers::of(&context.layout()?).forget(name).map_err(failed)?;
            Ok(Exit::Done)
        }
        PeerCommand::Compare(args) => compare(args, context),
        PeerCommand::Check { file, ours, theirs } => check(file, ours, theirs, context),
    }
}

/// The key for peers, and the newest key of the log.
fn key(context: &Context) -> Result<Exit, CliError> {
    let layout = context.layout()?;
    layout.check().map_err(|why| CliError::failed("opening the archive", why))?;
    let log = Log::open(&layout).map_err(|why| CliError::failed("reading the log", why))?;
    let log = log.keys().pop().map(|(_, key)| key).ok_or_else(|| {
        CliError::failed("reading the log", "it has no key yet")
            .hint("`pressmark evidence extend` creates it")
    })?;
    let key = Peers::of(&layout).make_key().map_err(failed)?;
    let name = format!("{}/peer", log.name);
    let (key, log) = (key.verifier(&name).text(), log.text());
    match context.out.format_name() {
        "json" => context.out.json(&json!({ "key": key, "log": log }))?,
        _ => context.out.lines(&[key, log])?,
    }
    Ok(Exit::Done)
}

fn add(args: &PeerAddArgs, context: &Context) -> Result<Exit, CliError> {
    let layout = context.layout()?;
    layout.check().map_err(|why| CliError::failed("opening the archive", why))?;
    let time = |flag: &str, text: &Option<String>| -> Result<Option<TimeRange>, CliError> {
        text.as_deref().map(|text| context.time(flag, text)).transpose()
    };
    let peer = Peer {
        name: args.name.clone(),
        url: args.url.clone(),
        key: args.key.trim().to_owned(),
        log: args.log.trim().to_owned(),
        share: args.share.clone(),
        since: time("--since", &args.since)?.map(|range| range.start.to_warc_date()),
        until: time("--until", &args.until)?.map(|range| range.end.to_warc_date()),
    };
    let peers = Peers::of(&layout);
    peers.keep(&peer).map_err(failed)?;
    // Without a key of its own it could neither ask nor answer.
    peers.make_key().map_err(failed)?;
    if peer.url.starts_with("http://") {
        context.out.say("data exchanged over http:// can be read in transit; put a TLS proxy in front of the server");
    }
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let peers = Peers::of(&context.layout()?).all().map_err(failed)?;
    for peer in &peers {
        match context.out.format_name() {
            "json" => context.out.json(peer)?,
            _ => context.out.lines(&render::peers::entry(peer))?,
        }
    }
    if peers.is_empty() {
        context.out.say("no peers; `pressmark peer add` adds one");
    }
    Ok(Exit::Done)
}

fn compare(args: &PeerCompareArgs, context: &Context) -> Result<Exit, CliError> {
    let settings = &context.settings;
    let peers = Peers::of(&context.layout()?);
    let mut asked = peers.all().map_err(failed)?;
    for name in &args.with {
        peers.named(name).map_err(failed)?;
    }
    asked.retain(|peer| args.with.is_empty() || args.with.contains(&peer.name));
    let key = match peers.key().map_err(failed)? {
        Some(key) if !asked.is_empty() => key,
        _ => {
            return Err(CliError::usage("there are no peers")
                .hint("`pressmark peer add NAME URL --key KEY --log KEY --share HOST` adds one"));
        }
    };
    let window = window(args, context)?;
    let archive = context.open_archive()?;
    let trust = proving(settings).map_err(CliError::usage)?.trust;
    let courier = Courier::new(settings).map_err(|why| CliError::failed("asking peers", why))?;
    let proving = || proving(settings);
    let asking = Asking {
        archive: &archive,
        key: &key,
        trust: &trust,
        ask: &courier,
        clock: &*context.clock,
        proof_bytes_max: settings.bytes(keys::PEER_PROOF_BYTES_MAX),
        captures_max: args.limit.max(1),
        pairs: args.bundles.as_deref().map(|dir| PairDir { dir, proving: &proving }),
    };
    let mut show = Show::new(args, context, &archive);
    let mut tally = Tally::default();
    for peer in &asked {
        for url in pages(args, &archive, peer, window)? {
            tally.add(&url, &peer.name, asking.compare(peer, &url, window), &mut show, context)?;
            if tally.is_unreachable(&peer.name) {
                break;
            }
        }
    }
    show.end(window)?;
    tally.exit(args)
}

/// What was done.
#[derive(Default)]
struct Tally {
    compared: usize,
    differs: usize,
    unproved: usize,
    errors: Vec<String>,
    /// Peers that did not answer, and how often in a row.
    silent: BTreeMap<String, usize>,
}

/// A peer that did not answer this many times in a row is not asked again in this call.
const SILENT_MAX: usize = 3;

impl Tally {
    fn add(
        &mut self,
        url: &str,
        peer: &str,
        found: Result<crate::peer::asking::Compared, AskError>,
        show: &mut Show<'_>,
        context: &Context,
    ) -> Result<(), CliError> {
        let found = match found {
            Ok(found) => found,
            Err(why @ AskError::NotAgreed { .. }) => {
                return Err(CliError::usage(why.to_string())
                    .hint("`pressmark peer list` shows what was agreed on"));
            }
            Err(AskError::Answer(why)) => return Err(why.into()),
            Err(why) => {
                *self.silent.entry(peer.to_owned()).or_default() += 1;
                context.out.warn(&why.to_string());
                self.errors.push(why.to_string());
                return Ok(());
            }
        };
        self.silent.remove(peer);
        if found.more {
            context.out.say(&format!(
                "{peer} has more captures of {url} than were compared; --limit compares more"
            ));
        }
        if found.ours == 0 {
            context.out.say(&format!("this archive has no capture of {url} near the window"));
        } else if found.theirs == 0 {
            context.out.say(&format!("{peer} has no capture of {url} in the window"));
        }
        for outcome in found.outcomes {
            match &outcome {
                Outcome::Compared(one) => {
                    self.compared += 1;
                    self.differs += usize::from(one.verdict == Verdict::Differs);
                }
                Outcome::Unproved { .. } => self.unproved += 1,
            }
            show.one(outcome)?;
        }
        Ok(())
    }

    fn is_unreachable(&self, peer: &str) -> bool {
        self.silent.get(peer).is_some_and(|times| *times >= SILENT_MAX)
    }

    fn exit(self, args: &PeerCompareArgs) -> Result<Exit, CliError> {
        if self.compared == 0 && self.unproved == 0 {
            return match self.errors.into_iter().next() {
                Some(why) => Err(CliError::failed("comparing with peers", why)),
                None => Ok(Exit::NothingFound),
            };
        }
        Ok(if args.exit_code && self.differs > 0 { Exit::Findings } else { Exit::Done })
    }
}

fn window(args: &PeerCompareArgs, context: &Context) -> Result<TimeRange, CliError> {
    let to = args.to.as_deref().map(|text| context.time("--to", text)).transpose()?;
    let from = args.from.as_deref().map(|text| context.time("--from", text)).transpose()?;
    let end = to.map_or_else(|| context.clock.now(), |range| range.end);
    let start = from.map_or_else(|| end.minus(WINDOW), |range| range.start);
    if start >= end {
        return Err(CliError::usage("--from is not before --to"));
    }
    Ok(TimeRange { start, end })
}

/// The pages that are compared with a peer: those that are given, or all that this archive captured in the window of what is
/// shared with it.
fn pages(
    args: &PeerCompareArgs,
    archive: &Archive,
    peer: &Peer,
    window: TimeRange,
) -> Result<Vec<String>, CliError> {
    if !args.urls.is_empty() {
        return Ok(args.urls.clone());
    }
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for range in peer.share.iter().filter_map(|share| range_of(share)) {
        let query = Query { from: Some(window.start), to: Some(window.end), ..Query::of(range) };
        for capture in archive.captures().scan(&query) {
            let capture = capture.map_err(|why| CliError::failed("listing pages", why))?;
            let is_page = capture.status == Some(200)
                && (capture.mime.contains("html") || capture.mime == "warc/revisit")
                && TargetUri::parse(&capture.url).is_ok();
            if is_page && peer.shares(&capture.url) {
                found.insert(capture.urlkey, capture.url);
            }
            if found.len() >= PAGES_MAX {
                return Ok(found.into_values().collect());
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Prints outcomes as they come; a feed at the end, newest first.
struct Show<'a> {
    args: &'a PeerCompareArgs,
    context: &'a Context,
    feed: Option<FeedWriter>,
    entries: Vec<(Timestamp, String)>,
}

impl<'a> Show<'a> {
    fn new(args: &'a PeerCompareArgs, context: &'a Context, archive: &Archive) -> Self {
        let form = match context.out.format_name() {
            "rss" => Some(FeedForm::Rss),
            "atom" => Some(FeedForm::Atom),
            _ => None,
        };
        let feed = form.map(|form| FeedWriter::new(form, identity(archive.reader().layout())));
        Self { args, context, feed, entries: Vec::new() }
    }

    fn one(&mut self, outcome: Outcome) -> Result<(), CliError> {
        let out = &self.context.out;
        let is_difference = match &outcome {
            Outcome::Compared(found) => found.is_difference(),
            Outcome::Unproved { .. } => true,
        };
        if let Some(writer) = &self.feed {
            match &outcome {
                Outcome::Compared(found) if is_difference => {
                    self.entries.push((found.at(), writer.difference(found)));
                }
                Outcome::Compared(_) => {}
                Outcome::Unproved { .. } => out.warn(&render::peers::outcome(&outcome).join(" ")),
            }
            return Ok(());
        }
        if self.args.differences && !is_difference {
            return Ok(());
        }
        match (out.format_name(), &outcome) {
            ("json", Outcome::Compared(found)) => out.json(found)?,
            ("json", outcome) => {
                if let Some(json) = outcome.unproved() {
                    out.json(&json)?;
                }
            }
            _ => out.lines(&render::peers::outcome(&outcome))?,
        }
        Ok(())
    }

    fn end(mut self, window: TimeRange) -> Result<(), CliError> {
        let Some(writer) = self.feed else { return Ok(()) };
        let out = &self.context.out;
        self.entries.sort_by(|a, b| b.cmp(a));
        let updated = self.entries.first().map_or(window.start, |(at, _)| *at);
        let of = format!("peers {:?} {:?}", self.args.with, self.args.urls);
        let head = FeedHead {
            title: "What other archives were given",
            link: None,
            own: None,
            of: &of,
            updated,
        };
        out.text(&writer.begin(&head))?;
        for (_, entry) in &self.entries {
            out.text(entry)?;
        }
        Ok(out.text(writer.end())?)
    }
}

fn check(
    file: &std::path::Path,
    ours: &str,
    theirs: &str,
    context: &Context,
) -> Result<Exit, CliError> {
    let key = |flag: &str, given: &str| {
        let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.to_owned());
        let key = text.lines().rev().find_map(VerifierKey::parse);
        key.ok_or_else(|| CliError::usage(format!("{flag} {given}: not a log key")))
    };
    let keys = (key("--ours", ours)?, key("--theirs", theirs)?);
    let what = format!("checking {}", file.display());
    let contents = read_bundle(file).map_err(|why| CliError::failed(&what, why))?;
    let trust = proving(&context.settings).map_err(CliError::usage)?.trust;
    let steps = pair::check(&contents, (&keys.0, &keys.1), &trust);
    let failed = steps.iter().any(|(_, found)| found.is_err());
    for (step, found) in &steps {
        let (outcome, said) = match found {
            Ok(said) => ("ok", said),
            Err(why) => ("failed", why),
        };
        match context.out.format_name() {
            "json" => {
                context.out.json(&json!({ "step": step, "outcome": outcome, "what": said }))?
            }
            _ => context.out.line(&format!("{outcome:7} {step}: {said}"))?,
        }
    }
    Ok(if failed { Exit::Findings } else { Exit::Done })
}
