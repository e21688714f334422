//! `import`

use std::path::PathBuf;

use crate::app::evidence as log;
use crate::base::ByteSize;
use crate::cli::args::ImportArgs;
use crate::cli::context::{Context, store_error, writing_error};
use crate::cli::output::Format;
use crate::cli::progress::Bar;
use crate::cli::{CliError, Exit};
use crate::evidence::OpenFiles;
use crate::exchange::import::{ImportOptions, Outcome, Taken, import};
use crate::store::{Reader, Stay, bring_up};
use crate::warc::Rounds;

/// Takes WARC files of other programs into the archive; prints what became of each.
///
/// # Errors
/// When there is no archive, another import is under way, or nothing could be taken.
pub fn run(args: &ImportArgs, context: Context) -> Result<Exit, CliError> {
    let context = context.with_network(&args.network)?;
    let (urls, paths): (Vec<&String>, Vec<&String>) =
        args.paths.iter().partition(|path| is_url(path));
    if let Some(url) = urls.iter().find(|url| is_of_a_file(url)) {
        return Err(CliError::usage(format!("import {url}: only local files can be imported"))
            .hint(
                "download it first, and import the file; a URL must be the address of a TimeMap",
            ));
    }
    let only_of_timemaps = args.from.is_some() || args.to.is_some() || args.limit.is_some();
    if urls.is_empty() && (only_of_timemaps || args.network.is_set()) {
        let what = "--from, --to, --limit and the network flags are for TimeMaps";
        return Err(CliError::usage(format!("{what}, and no TimeMap is given")));
    }
    let layout = context.layout()?;
    layout.check().map_err(|e| store_error("opening the archive", e))?;
    let mut exit = Exit::Done;
    if !paths.is_empty() {
        exit = files(&paths, args.lenient, &context)?;
    }
    for url in urls {
        let done = super::backfill::run(url, args, &context)?;
        match done {
            Exit::Done => {}
            Exit::Stopped => return Ok(done),
            other => exit = other,
        }
    }
    Ok(exit)
}

fn files(paths: &[&String], lenient: bool, context: &Context) -> Result<Exit, CliError> {
    let layout = context.layout()?;
    let what = "importing";
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    if let Some(note) = log::prepare(&layout, &context.settings) {
        context.out.warn(&note);
    }
    let now = context.clock.now();
    // Before anything is taken: its messages are about the files that were there.
    let reader = context.reader_for(Stay::Long)?;
    let mut bar = Bar::new(&context.out, what);
    let mut options =
        ImportOptions { lenient, now, progress: &mut |file, done, all| bar.set(done, all, file) };
    let mut report =
        ImportReport { context, imported: 0, known: 0, refused: 0, findings: 0, failed: None };
    import(&layout, &paths, &mut options, &mut |taken| report.add(&taken))
        .map_err(|e| writing_error(what, layout.root(), e))?;
    bar.finish();
    let ImportReport { imported, known, refused, findings, failed, .. } = report;
    if let Some(error) = failed {
        return Err(error.into());
    }
    // A file that is known may have been taken by an import that was killed before this.
    if imported + known > 0 {
        follow(context, &reader)?;
    }
    if refused > 0 && imported + known == 0 {
        let error = CliError::failed(what, "nothing was taken");
        if findings == 0 {
            return Err(error);
        }
        return Err(error.hint(
            "--lenient imports damaged files as far as they can be read; `pressmark verify FILE` lists the damage",
        ));
    }
    Ok(if refused + findings == 0 { Exit::Done } else { Exit::Findings })
}

/// Brings the index and the evidence log up to date with what was taken.
fn follow(context: &Context, reader: &Reader) -> Result<(), CliError> {
    let layout = reader.layout();
    let mut bar = Bar::new(&context.out, "indexing");
    let followed = bring_up(reader, &mut |at| {
        bar.set(at.bytes.0, at.bytes.1, &format!("{} records, {}", at.records, at.file));
    });
    bar.finish();
    // What is wrong with the files was reported when they were taken.
    let notes = followed.map_err(|e| writing_error("indexing", layout.root(), e))?;
    if context.out.verbose() > 0 {
        notes.iter().for_each(|note| context.out.say(&format!("pressmark: {note}")));
    }
    let now = context.clock.now();
    let (trail, rounds) = (std::sync::Mutex::default(), Rounds::default());
    let along = (&trail, &rounds);
    for note in log::follow(layout, &context.settings, &OpenFiles::Leave, along, now) {
        context.out.warn(&note);
    }
    Ok(())
}

fn is_url(text: &str) -> bool {
    let is_scheme = |scheme: &str| text.to_ascii_lowercase().starts_with(scheme);
    ["http://", "https://"].into_iter().any(is_scheme)
}

/// Whether a URL is that of a file that would have to be downloaded; a TimeMap has the address of a page at its end.
fn is_of_a_file(url: &str) -> bool {
    let is_nested = url.match_indices("://").count() > 1;
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let ends = [".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wacz"];
    !is_nested && ends.iter().any(|end| path.ends_with(end))
}

struct ImportReport<'a> {
    context: &'a Context,
    imported: usize,
    known: usize,
    refused: usize,
    findings: usize,
    failed: Option<std::io::Error>,
}

impl ImportReport<'_> {
    fn add(&mut self, taken: &Taken) {
        match taken.outcome {
            Outcome::Imported => self.imported += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Known => self.known += 1,
        }
        self.findings += taken.findings.len();
        for finding in &taken.findings {
            self.context.out.warn(&finding.to_string());
        }
        let out = &self.context.out;
        let result = match out.format() {
            Format::Json => out.json(taken),
            Format::Text => out.line(&text_of(taken)),
        };
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }
}

fn text_of(taken: &Taken) -> String {
    let name = taken.file.as_deref().unwrap_or_default();
    match taken.outcome {
        Outcome::Imported => format!(
            "{}: {} captures in {} records ({}), as {name}",
            taken.path,
            taken.captures,
            taken.records,
            ByteSize(taken.bytes)
        ),
        Outcome::Known => format!("{}: known, as {name}", taken.path),
        Outcome::Refused => {
            format!("{}: not taken: {}", taken.path, taken.why.as_deref().unwrap_or("unknown"))
        }
    }
}
