//! `when`

use crate::answers::when::{PhraseSpanJson, WhenRequest, when};
use crate::cli::args::WhenArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::history::standing::PhraseSpan;
use crate::render;

/// Prints since when and until when a phrase was there, page by page.
///
/// # Errors
/// When the phrase never stood (exit 3), has no words, or the archive cannot be read.
pub fn run(args: &WhenArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let archive = context.open_archive()?;
    let (phrase, host) = (args.phrase.clone(), args.host.clone());
    let request = WhenRequest { phrase, host, form: args.which.form() };
    let mut pages = 0_u64;
    let mut print = |stood: PhraseSpan| -> Result<(), CliError> {
        if format == Format::Text && pages > 0 {
            context.out.line("")?;
        }
        pages += 1;
        match format {
            Format::Json => context.out.json(&PhraseSpanJson::new(&args.phrase, &stood))?,
            Format::Text => context.out.lines(&render::when::lines(&stood))?,
        }
        Ok(())
    };
    let notes = when(&archive, &request, &mut context.indexing(), &mut print)?;
    for note in &notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    if pages == 0 {
        let never = format!("{:?} is in no version of any page", args.phrase);
        return Err(CliError::nothing(never));
    }
    Ok(Exit::Done)
}
