//! `quotes`

use crate::answers::quotes::{
    FoundQuotes, PageQuotes, PageSource, QuotesRequest, of_everything, of_page, of_url,
};
use crate::cli::args::QuotesArgs;
use crate::cli::context::Context;
use crate::cli::local;
use crate::cli::output::Format;
use crate::cli::removed;
use crate::cli::{CliError, Exit};
use crate::render::quotes;

/// Prints the quotations of pages with their speakers: of URLs, of local files, or of the newest
/// version of everything in the archive.
///
/// # Errors
/// When no capture or no quotation is found (exit 3), or the archive cannot be read.
pub fn run(args: &QuotesArgs, context: &Context) -> Result<Exit, CliError> {
    let mut printer = Printer { context, format: context.out.format(), found: false };
    let at = context.instant("--at", args.at.as_deref())?;
    if args.speaker.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(CliError::usage("--speaker needs a name"));
    }
    let request = QuotesRequest { speaker: args.speaker.clone(), at, form: args.which.form() };
    let mut archive = None;
    for target in &args.targets {
        let found = if let Some(path) = local::path_of(target) {
            let page = local::extract(&path, &local::read(&path)?).page;
            of_page(&page, PageSource::File(target.clone()), &request)
        } else {
            let archive = match &mut archive {
                Some(archive) => archive,
                none => none.insert(context.open_archive()?),
            };
            let (chosen, found) = of_url(archive, target, &request)?;
            if let Some(note) = chosen.note() {
                context.out.say(&format!("pressmark: {target}: {note}"));
            }
            if let Some(PageSource::Capture { at: shown, .. }) = found.as_ref().map(|f| &f.source) {
                removed::say(context, archive, (target, at), *shown, "reading")?;
            }
            found
        };
        found.map_or(Ok(()), |found| printer.page(&found))?;
    }
    if args.targets.is_empty() {
        let archive = context.open_archive()?;
        let mut print = |found: FoundQuotes<'_>| match found {
            FoundQuotes::Page(found) => printer.page(&found),
            FoundQuotes::Unread(entry, error) => {
                context.out.say(&format!("pressmark: {}: {error}", entry.url));
                Ok(())
            }
        };
        of_everything(&archive, &request, &mut print)?;
    }
    if printer.found {
        return Ok(Exit::Done);
    }
    let whose = args.speaker.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    let places = match args.targets.as_slice() {
        [] => "the archive".to_owned(),
        targets => format!("{} pages", targets.len()),
    };
    Err(CliError::nothing(format!("no quotation{whose} in {places}"))
        .hint("`pressmark show URL` prints the text that was read"))
}

struct Printer<'a> {
    context: &'a Context,
    format: Format,
    found: bool,
}

impl Printer<'_> {
    fn page(&mut self, page: &PageQuotes) -> Result<(), CliError> {
        let out = &self.context.out;
        let is_first = !std::mem::replace(&mut self.found, true);
        if self.format == Format::Json {
            return Ok(page.json().try_for_each(|quote| out.json(&quote))?);
        }
        if !is_first {
            out.line("")?;
        }
        Ok(out.lines(&quotes::lines(page))?)
    }
}
