//! `import` of a TimeMap.

use serde::Serialize;

use crate::app::backfill::{BackfillOptions, Copied, CopyOutcome, backfill};
use crate::app::run::{Begun, begin, real_timer, runtime, stop_on_signals};
use crate::base::TargetUri;
use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::output::{Format, Output};
use crate::cli::progress::CrawlProgress;
use crate::cli::{CliError, Exit};
use crate::crawl::{Stop, Take};
use crate::history::CaptureJson;

/// Takes other archives' captures of a page, as the TimeMap at `url` lists them; prints what became of each.
///
/// # Errors
/// When the TimeMap cannot be fetched, another process writes into the archive, or nothing could be taken.
pub fn run(url: &str, args: &ImportArgs, context: &Context) -> Result<Exit, CliError> {
    let what = format!("importing {url}");
    let timemap = TargetUri::parse(url).map_err(CliError::usage)?.without_fragment();
    let options = BackfillOptions {
        range: context.period(args.from.as_deref(), args.to.as_deref())?,
        limit: args.limit,
    };
    let timer = real_timer(context.clock.clone());
    let (mut running, notes) = match begin(context, &[], Take::Queue, timer)? {
        Begun::Running(running, notes) => (running, notes),
        Begun::Busy(error) => return Err(error.into()),
    };
    notes.iter().for_each(|note| context.out.warn(note));
    let stop = Stop::default();
    let mut progress = CrawlProgress::new(&context.out);
    let mut report = BackfillReport { out: context.out.clone(), counts: [0; 3], failed: None };
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        stop_on_signals(&stop);
        let mut found = |copied| report.add(&copied);
        backfill(&mut running, &timemap, &options, (&mut progress, &stop), &mut found).await
    });
    progress.finish();
    // What was taken is durable, whatever happened after it.
    running.close()?.iter().for_each(|note| context.out.warn(note));
    let done = done?;
    done.notes.iter().for_each(|note| context.out.warn(note));
    if let Some(error) = report.failed {
        return Err(error.into());
    }
    let [taken, known, refused] = report.counts;
    let left_out = match done.left_out {
        0 => String::new(),
        count => format!(", {count} left out by --from, --to or --limit"),
    };
    context.out.say(&format!(
        "{url}: {} listed, {taken} taken, {known} known, {refused} not taken{left_out}",
        done.listed
    ));
    if done.stopped {
        return Ok(Exit::Stopped);
    }
    if refused > 0 && taken + known == 0 {
        return Err(CliError::failed(&what, "nothing was taken"));
    }
    Ok(if refused == 0 && done.notes.is_empty() { Exit::Done } else { Exit::Findings })
}

/// Prints what became of each memento, and counts.
struct BackfillReport {
    out: Output,
    /// Taken, known, refused.
    counts: [usize; 3],
    failed: Option<std::io::Error>,
}

impl BackfillReport {
    fn add(&mut self, copied: &Copied) {
        let at = match copied.outcome {
            CopyOutcome::Taken => 0,
            CopyOutcome::Known => 1,
            CopyOutcome::Refused => 2,
        };
        self.counts[at] += 1;
        let result = match self.out.format() {
            Format::Json => self.out.json(&CopiedJson::from(copied)),
            Format::Text => self.out.line(&text_of(copied)),
        };
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }
}

/// A memento in the form of an imported file.
#[derive(Serialize)]
struct CopiedJson {
    path: String,
    file: Option<String>,
    digest: Option<String>,
    bytes: u64,
    records: u64,
    captures: u64,
    outcome: &'static str,
    why: Option<String>,
    capture: Option<CaptureJson>,
}

impl From<&Copied> for CopiedJson {
    fn from(copied: &Copied) -> Self {
        let capture = copied.capture.as_ref();
        let count = u64::from(capture.is_some());
        Self {
            path: copied.memento.clone(),
            file: capture.map(|capture| capture.file.to_string()),
            digest: capture.and_then(|capture| capture.digest).map(|digest| digest.to_string()),
            bytes: capture.map_or(0, |capture| capture.length),
            records: count,
            captures: count,
            outcome: match copied.outcome {
                CopyOutcome::Taken => "imported",
                CopyOutcome::Known => "known",
                CopyOutcome::Refused => "refused",
            },
            why: copied.why.clone(),
            capture: capture.map(CaptureJson::from),
        }
    }
}

fn text_of(copied: &Copied) -> String {
    let memento = &copied.memento;
    let at = copied.capture.as_ref().map(|capture| capture.date.to_rfc3339()).unwrap_or_default();
    match copied.outcome {
        CopyOutcome::Taken => format!("{memento}: taken, as of {at}"),
        CopyOutcome::Known => format!("{memento}: known, as of {at}"),
        CopyOutcome::Refused => {
            format!("{memento}: not taken: {}", copied.why.as_deref().unwrap_or("unknown"))
        }
    }
}
