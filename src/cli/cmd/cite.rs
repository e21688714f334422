//! `cite`

use crate::answers::AnswerError;
use crate::answers::WordsMissing;
use crate::answers::citation::CitationJson;
use crate::answers::cite::{self as answer, CiteRequest};
use crate::app::cite_archive;
use crate::cite::{ALTERED_CHARACTERS_MAX, cite};
use crate::cli::args::CiteArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::removed;
use crate::cli::{CliError, Exit};
use crate::render;

/// Prints a citation of one capture.
///
/// # Errors
/// When there is no capture, or the quoted words are not in it (exit 3), or the archive cannot
/// be read.
pub fn run(args: &CiteArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let request = CiteRequest {
        archive: cite_archive(&context.settings)?,
        at: context.instant("--at", args.at.as_deref())?,
        quote: args.quote.clone(),
        url: args.url.clone(),
    };
    if args.quote.as_ref().is_some_and(|q| !q.chars().any(char::is_alphanumeric)) {
        return Err(CliError::usage("--quote has no letter and no digit"));
    }
    let open = context.open_archive()?;
    let found = answer::cite(&open, &request).map_err(|error| match error {
        AnswerError::WordsMissing(words) => {
            if let Some(passed) = &words.passed_over {
                say(context, &render::cite::passed_over(passed, words.at));
            }
            refused(&words)
        }
        error => error.into(),
    })?;
    removed::say(context, &open, (&args.url, request.at), found.capture.date, "citing")?;
    say(context, &render::cite::notes(&found));
    match format {
        Format::Text => {
            context.out.styled(&format!("{}\n", cite(&found.source, args.style)))?;
        }
        Format::Json => context.out.json(&CitationJson::new(&found, args.style))?,
    }
    Ok(Exit::Done)
}

fn say(context: &Context, notes: &[String]) {
    for note in notes {
        context.out.say(&format!("pressmark: {note}"));
    }
}

/// The error for words that are not there: the nearest that are, and where else the words are.
fn refused(words: &WordsMissing) -> CliError {
    let error = CliError::nothing(render::cite::refusal(words));
    match (words.elsewhere, &words.alternate) {
        (Some(at), _) => error.hint(format!(
            "they are in the capture of {}: --at {}",
            at.to_rfc3339(),
            at.to_warc_date()
        )),
        (None, Some((url, kind))) => error.hint(render::cite::at_alternate(url, *kind)),
        (None, None) if words.missing.coarse => error.hint(format!(
            "marked changes are matched in quotes of up to {ALTERED_CHARACTERS_MAX} characters: quote less"
        )),
        (None, None) => {
            let (url, when) = (&words.url, words.at.to_rfc3339());
            error.hint(format!("`pressmark show {url} --at {when}` prints its text"))
        }
    }
}
