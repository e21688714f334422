//! `demo`

use std::path::{Path, PathBuf};

use crate::cite::Style;
use crate::cli::args::{CiteArgs, DemoArgs, DiffArgs, FormArgs, HistoryArgs};
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::cli::{CliError, Exit};
use crate::crawl::Report;
use crate::demo::{Act, run as run_demo};
use crate::store::Layout;

/// Crawls the built-in news site three times and shows what was kept: history, a diff and a citation,
/// on two screens.
///
/// # Errors
/// When loopback or the archive cannot be used, or the directory to keep it in is in use.
pub fn run(args: &DemoArgs, context: Context) -> Result<Exit, CliError> {
    if let Some(dir) = &args.keep {
        refuse_used(dir)?;
    }
    let mut context = context.with_sets(&[
        "capture.allow_private=true",
        // The site is ours and on this machine: waiting would spare no other server.
        "politeness.delay_min=0s",
        "politeness.delay_factor=0",
        "identity.operator=the demonstration",
        "cite.archive_name=Pressmark demo",
    ])?;
    let temporary = match &args.keep {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("pressmark-demo-")
                .tempdir()
                .map_err(|e| CliError::failed("making a directory for the demonstration", e))?,
        ),
    };
    let root: PathBuf = match (&args.keep, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => dir.path().join("archive"),
        (None, None) => PathBuf::from("archive"),
    };
    context.archive.clone_from(&root);
    let out = context.out.clone();
    let story = run_demo::<CliError>(&root, &context.settings, &mut |act| match act {
        Act::Crawling { number, of, site } => {
            let what = if number == 1 {
                format!(" of a news site on {site}")
            } else {
                ", after an edit".to_owned()
            };
            Ok(out.text(&format!("== crawl {number} of {of}{what}: "))?)
        }
        Act::Crawled(report) => Ok(out.line(&counts(report))?),
    })?;
    out.line(&format!("== pressmark history {story}"))?;
    let history =
        HistoryArgs { url: story.clone(), from: None, to: None, which: FormArgs::default() };
    super::history::run(&history, &context)?;
    out.line("")?;
    out.line(&format!("== pressmark diff {story}"))?;
    let diff = DiffArgs {
        targets: vec![story.clone()],
        from: None,
        to: None,
        exit_code: false,
        which: FormArgs::default(),
    };
    super::diff::run(&diff, &context)?;
    out.line("")?;
    out.line(&format!("== pressmark cite {story} --style mla"))?;
    let cite = CiteArgs { url: story.clone(), at: None, quote: None, style: Style::Mla };
    super::cite::run(&cite, &context)?;
    out.line("")?;
    what_next(args, &story, &out)?;
    Ok(Exit::Done)
}

/// Refuses an archive that is in use: the pages of the site are made up.
fn refuse_used(dir: &Path) -> Result<(), CliError> {
    let what = format!("keeping the demonstration in {}", dir.display());
    let layout = Layout::new(dir);
    let why = if layout.format_file().exists() {
        match layout.warc_files() {
            Ok(files) if files.is_empty() => return Ok(()),
            _ => "it already holds an archive, which must not be mixed with made-up pages",
        }
    } else if super::init::is_occupied(dir) {
        "the directory holds other content"
    } else {
        return Ok(());
    };
    Err(CliError::failed(&what, why).hint("choose a new or empty directory"))
}

/// What a crawl did, in a few words.
fn counts(report: &Report) -> String {
    let unchanged = report.revisits + report.not_modified;
    let mut line = format!("{} pages and parts, {} new", report.fetched, report.new);
    if unchanged > 0 {
        line.push_str(&format!(", {unchanged} unchanged"));
    }
    if report.failed > 0 {
        line.push_str(&format!(", {} failed", report.failed));
    }
    line
}

/// What a reader can do now, with commands that work as they are.
fn what_next(args: &DemoArgs, story: &str, out: &Output) -> Result<(), CliError> {
    match &args.keep {
        Some(dir) => {
            out.line("== what to do next: explore the archive that was kept")?;
            out.line(&format!("export PRESSMARK_ARCHIVE={}", dir.display()))?;
            out.line("pressmark captures http://courier.example/ --match host")?;
            out.line(&format!("pressmark prove {story} -o story.zip"))?;
            out.line("pressmark story --clusters   one story in three outlets")?;
        }
        None => {
            out.line("== what to do next (this archive was temporary)")?;
            out.line("pressmark demo --keep DIR   keep it and explore it: captures, show, prove")?;
        }
    }
    Ok(out.line("pressmark crawl URL         capture any page; repeat it later for its history")?)
}
