//! `quotes`

use serde_json::{Map, Value};

use crate::base::Timestamp;
use crate::cli::args::QuotesArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::local;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::extract::page::{Page, Quote, QuoteKind, Speaker};
use crate::history::Sayer;
use crate::history::newest::{Newest, newest_pages};
use crate::readings::speakers::is_named;
use crate::store::{Reader, StoreError};

/// Where a page came from.
enum Source<'a> {
    File(&'a str),
    Capture { url: &'a str, at: Timestamp },
}

/// Prints the quotations of pages with their speakers: of URLs, of local files, or of the newest
/// version of everything in the archive.
///
/// # Errors
/// When no capture or no quotation is found (exit 3), or the archive cannot be read.
pub fn run(args: &QuotesArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let mut printer = Printer { args, context, format, found: 0, pages: 0 };
    let at = context.instant("--at", args.at.as_deref())?;
    let mut reader = None;
    for target in &args.targets {
        if let Some(path) = local::path_of(target) {
            let extraction = local::extract(&path, &local::read(&path)?);
            printer.page(&extraction.page, &Source::File(target))?;
            continue;
        }
        if reader.is_none() {
            reader = Some(context.reader()?);
        }
        if let Some(reader) = &reader {
            of_url(reader, target, at, &mut printer)?;
        }
    }
    if args.targets.is_empty() {
        of_everything(&context.reader()?, at, &mut printer)?;
    }
    if printer.found > 0 {
        return Ok(Exit::Done);
    }
    let whose = args.speaker.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    let places = match args.targets.as_slice() {
        [] => "the archive".to_owned(),
        _ => format!("{} pages", printer.pages),
    };
    Err(CliError::nothing(format!("no quotation{whose} in {places}"))
        .hint("`pressmark show URL` prints the text that was read"))
}

fn of_url(
    reader: &Reader,
    url: &str,
    at: Option<Timestamp>,
    printer: &mut Printer<'_>,
) -> Result<(), CliError> {
    let what = format!("reading {url}");
    let entry = reader.find(url, at).map_err(|e| store_error(&what, e))?.ok_or_else(|| {
        CliError::nothing(format!("no capture of {url}"))
            .hint("`pressmark captures URL --match host` lists what there is of a host")
    })?;
    let readings = printer.context.readings(reader);
    let said = Sayer::cached(reader, &readings).say(&entry).map_err(|e| store_error(&what, e))?;
    printer.page(&said.page, &Source::Capture { url: &entry.url, at: entry.date })
}

/// The newest page of every URL, or with `at` the newest not after it.
fn of_everything(
    reader: &Reader,
    at: Option<Timestamp>,
    printer: &mut Printer<'_>,
) -> Result<(), CliError> {
    let readings = printer.context.readings(reader);
    let mut sayer = Sayer::cached(reader, &readings);
    let until = at.map(|at| at.plus(std::time::Duration::from_secs(1)));
    let speaker = printer.args.speaker.clone();
    let mut print = |newest: Newest<'_>| match newest {
        Newest::Page(entry, page) => {
            let source = Source::Capture { url: &entry.url, at: entry.date };
            printer.page(page, &source).map_err(Failed)
        }
        Newest::Unread(entry, error) => {
            printer.context.out.say(&format!("pressmark: {}: {error}", entry.url));
            Ok(())
        }
    };
    let found = newest_pages(&mut sayer, until, speaker.as_deref(), &mut print);
    found.map_err(|Failed(error)| error)
}

/// What went wrong: with the archive, or with the output.
struct Failed(CliError);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(store_error("looking for quotations", error))
    }
}

struct Printer<'a> {
    args: &'a QuotesArgs,
    context: &'a Context,
    format: Format,
    found: usize,
    pages: usize,
}

impl Printer<'_> {
    fn page(&mut self, page: &Page, source: &Source<'_>) -> Result<(), CliError> {
        self.pages += 1;
        let wanted = |quote: &&Quote| match &self.args.speaker {
            Some(name) => quote.speaker.as_ref().is_some_and(|s| is_named(&s.name, name)),
            None => true,
        };
        let quotes: Vec<&Quote> = page.quotes.iter().filter(wanted).collect();
        if quotes.is_empty() {
            return Ok(());
        }
        let is_first = self.found == 0;
        self.found += quotes.len();
        if self.format == Format::Json {
            for quote in quotes {
                self.context.out.json(&quote_json(quote, source))?;
            }
            return Ok(());
        }
        if !is_first {
            self.context.out.line("")?;
        }
        self.context.out.line(&match source {
            Source::File(name) => (*name).to_owned(),
            Source::Capture { url, at } => format!("{url} ({})", at.to_rfc3339()),
        })?;
        if let Some(headline) = &page.headline {
            self.context.out.line(&format!("  {}", headline.value))?;
        }
        for quote in quotes {
            let words = quote.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let by = quote.speaker.as_ref().map_or_else(|| "?".to_owned(), speaker_words);
            self.context.out.line(&format!("  {by}: “{words}”"))?;
        }
        Ok(())
    }
}

/// The name; one that was concluded from a pronoun or a role stands in brackets.
fn speaker_words(speaker: &Speaker) -> String {
    if speaker.named { speaker.name.clone() } else { format!("[{}]", speaker.name) }
}

fn kind_label(kind: QuoteKind) -> &'static str {
    match kind {
        QuoteKind::Direct => "direct",
        QuoteKind::Fragment => "fragment",
        QuoteKind::Block => "block",
        QuoteKind::Post => "post",
    }
}

fn quote_json(quote: &Quote, source: &Source<'_>) -> Value {
    let mut line = Map::new();
    match source {
        Source::File(name) => {
            line.insert("file".to_owned(), Value::from(*name));
            line.insert("timestamp".to_owned(), Value::Null);
        }
        Source::Capture { url, at } => {
            line.insert("url".to_owned(), Value::from(*url));
            line.insert("timestamp".to_owned(), Value::from(at.to_stamp14()));
        }
    }
    let speaker = quote.speaker.as_ref();
    let fields = [
        ("text", Value::from(quote.text.as_str())),
        ("speaker", Value::from(speaker.map(|s| s.name.as_str()))),
        ("cue", Value::from(quote.cue.as_ref().map(|c| c.text.as_str()))),
        ("start", Value::from(quote.range.start)),
        ("end", Value::from(quote.range.end)),
        ("kind", Value::from(kind_label(quote.kind))),
        ("named", Value::from(speaker.map(|s| s.named))),
    ];
    line.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(line)
}
