//! `demo`

use std::path::PathBuf;

use crate::cli::args::{
    CapturesArgs, CiteArgs, DemoArgs, DiffArgs, HistoryArgs, MatchArg, StyleArg,
};
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::demo::{Act, run as run_demo};

/// Crawls the built-in news site three times and shows what was kept.
///
/// # Errors
/// When loopback or the archive cannot be used.
pub fn run(args: &DemoArgs, context: Context) -> Result<Exit, CliError> {
    let mut context = context.with_sets(&[
        "capture.allow_private=true",
        // The site is ours and on this machine: nobody is spared by waiting.
        "politeness.delay_min=0s",
        "politeness.delay_factor=0",
        "identity.operator=the demonstration",
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
    let story = run_demo(&root, &context.settings, &mut |act| match act {
        Act::Crawling { number, of, site } => {
            Ok(out.line(&format!("== crawl {number} of {of}: a small news site on {site}"))?)
        }
        Act::Crawled(report) => super::crawl::print(&context, report, "pressmark crawl"),
    })?;
    out.line("")?;
    out.line(&format!("== pressmark history {story}"))?;
    let history = HistoryArgs { url: story.clone(), from: None, to: None };
    super::history::run(&history, &context)?;
    out.line("")?;
    out.line(&format!("== pressmark diff {story}"))?;
    let diff = DiffArgs { targets: vec![story.clone()], from: None, to: None, exit_code: false };
    super::diff::run(&diff, &context)?;
    out.line("")?;
    out.line(&format!("== pressmark cite {story} --style chicago"))?;
    let cite = CiteArgs { url: story.clone(), at: None, quote: None, style: StyleArg::Chicago };
    super::cite::run(&cite, &context)?;
    out.line("")?;
    out.line("== pressmark captures http://courier.example/ --match host")?;
    let captures = CapturesArgs {
        url: "http://courier.example/".to_owned(),
        match_type: MatchArg::Host,
        from: None,
        to: None,
        filter: Vec::new(),
        limit: None,
    };
    super::captures::run(&captures, &context)?;
    out.line("")?;
    match &args.keep {
        Some(dir) => out.line(&format!(
            "the archive is kept: pressmark --archive {} show {story}",
            dir.display()
        ))?,
        None => out.line("the archive was temporary; --keep DIR keeps it")?,
    }
    Ok(Exit::Done)
}
