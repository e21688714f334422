//! `show`

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::archive::RecordKind;
use crate::base::TargetUri;
use crate::cli::args::{ShowArgs, ShowAs};
use crate::cli::context::{Context, store_error};
use crate::cli::local;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::extract::page::Extraction;
use crate::extract::page::{Fact, Page};
use crate::extract::{EXTRACTOR, Hints, extract};
use crate::history::DECODED_BYTES_MAX;
use crate::schedule::clean::variant;
use crate::store::Loaded;

/// Prints one capture, or what local files say.
///
/// # Errors
/// When nothing is found (exit 3) or the archive cannot be read.
pub fn run(args: &ShowArgs, context: &Context) -> Result<Exit, CliError> {
    let form = form(args, context)?;
    let several = args.targets.len() > 1;
    for target in &args.targets {
        if let Some(path) = local::path_of(target) {
            show_file(form, context, target, &path, several)?;
        } else if several {
            return Err(CliError::usage(format!(
                "{target}: only local files are shown several at once, and this is none"
            )));
        } else {
            show_capture(args, form, context, target)?;
        }
    }
    Ok(Exit::Done)
}

/// What to print. `--format json` is `--as json`; any other form is no JSON.
fn form(args: &ShowArgs, context: &Context) -> Result<ShowAs, CliError> {
    match (args.form, context.out.format()) {
        (None, Format::Text) => Ok(ShowAs::Text),
        (None, Format::Json) => Ok(ShowAs::Json),
        (Some(form), Format::Json) if form != ShowAs::Json => Err(CliError::usage(
            "--format json goes with --as json alone; the other forms are printed as they are",
        )),
        (Some(ShowAs::Json), Format::Text) if context.out.format_is_asked() => {
            Err(CliError::usage("--as json prints JSON; --format text asks for something else"))
        }
        (Some(form), _) => Ok(form),
    }
}

fn show_file(
    form: ShowAs,
    context: &Context,
    name: &str,
    path: &Path,
    several: bool,
) -> Result<(), CliError> {
    let bytes = local::read(path)?;
    match form {
        ShowAs::Text => {
            let extraction = local::extract(path, &bytes);
            if several {
                context.out.line(&format!("==> {name} <=="))?;
            }
            print_text(context, &extraction)
        }
        ShowAs::Json => {
            let extraction = local::extract(path, &bytes);
            let page = page_json(&extraction.page, Value::Null, Value::from(name), Value::Null);
            Ok(context.out.json(&page)?)
        }
        ShowAs::Html => whole(context, &[&bytes]),
        ShowAs::Http | ShowAs::Headers | ShowAs::Record => Err(CliError::usage(format!(
            "{name} is a local file: it has no exchange to show; --as takes text, html and json here"
        ))),
    }
}

fn show_capture(
    args: &ShowArgs,
    form: ShowAs,
    context: &Context,
    url: &str,
) -> Result<(), CliError> {
    let at = context.instant("--at", args.at.as_deref())?;
    let reader = context.reader()?;
    let what = format!("showing {url}");
    let entry = reader.find(url, at).map_err(|e| store_error(&what, e))?.ok_or_else(|| {
        CliError::nothing(format!("no capture of {url}"))
            .hint("`pressmark captures URL --match host` lists what there is of a host")
    })?;
    let loaded = reader.load(&entry).map_err(|e| store_error(&what, e))?;
    if entry.kind == RecordKind::Metadata && form != ShowAs::Record {
        context.out.say(&format!(
            "pressmark: at {} the exchange failed; this is its report",
            entry.date.to_rfc3339()
        ));
        return copied(context, &[], loaded.block.reader(), &[]);
    }
    match form {
        ShowAs::Record => copied(context, &loaded.header, loaded.block.reader(), b"\r\n\r\n"),
        ShowAs::Headers => whole(context, &[&loaded.head]),
        ShowAs::Http => http(context, &loaded),
        ShowAs::Html => whole(context, &[&decoded(&loaded, &what)?]),
        ShowAs::Text => print_text(context, &says(&loaded, &what)?),
        ShowAs::Json => {
            let extraction = says(&loaded, &what)?;
            let at = Value::from(entry.date.to_stamp14());
            Ok(context.out.json(&page_json(&extraction.page, Value::from(url), Value::Null, at))?)
        }
    }
}

/// The response bytes. A revisit holds only the head that came; the body is that of the record it
/// refers to, in the framing of that time.
fn http(context: &Context, loaded: &Loaded) -> Result<(), CliError> {
    let is_identical = loaded.entry.kind == RecordKind::Revisit && loaded.entry.status != Some(304);
    match (&loaded.original, is_identical) {
        (Some(original), true) => {
            context.out.say(&format!(
                "pressmark: a revisit: the head is of {}, the body was kept on {}",
                loaded.entry.date.to_rfc3339(),
                original.entry.date.to_rfc3339()
            ));
            let mut reader = original.block.reader().map_err(unreadable)?;
            let head = original.shape.head_len;
            std::io::copy(&mut reader.by_ref().take(head), &mut std::io::sink())
                .map_err(unreadable)?;
            copied(context, &loaded.head, Ok(reader), &[])
        }
        _ => copied(context, &[], loaded.block.reader(), &[]),
    }
}

fn unreadable(why: std::io::Error) -> CliError {
    CliError::failed("reading the record", why)
}

fn whole(context: &Context, pieces: &[&[u8]]) -> Result<(), CliError> {
    let mut out = context.out.bytes();
    pieces.iter().try_for_each(|piece| out.push(piece))?;
    Ok(out.end()?)
}

/// Writes what is read, between what goes before it and after it.
fn copied<'a>(
    context: &Context,
    before: &[u8],
    reader: std::io::Result<Box<dyn Read + Send + 'a>>,
    after: &[u8],
) -> Result<(), CliError> {
    let mut out = context.out.bytes();
    out.push(before)?;
    let mut reader = reader.map_err(unreadable)?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        let count = reader.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        out.push(&piece[..count])?;
    }
    out.push(after)?;
    Ok(out.end()?)
}

fn decoded(loaded: &Loaded, what: &str) -> Result<Vec<u8>, CliError> {
    if loaded.entry.kind == RecordKind::Revisit && loaded.original.is_none() {
        return Err(CliError::failed(
            what,
            "the record that holds the payload is not in this archive",
        )
        .hint("import the archive it was captured in; `--as headers` shows what is here"));
    }
    loaded.decoded(DECODED_BYTES_MAX).map_err(|e| CliError::failed(what, e))
}

/// What a capture says.
///
/// # Errors
/// When its payload is not in the archive or cannot be read.
pub(super) fn says(loaded: &Loaded, what: &str) -> Result<Extraction, CliError> {
    let content_type = loaded.content_type();
    let hints = Hints {
        url: Some(&loaded.entry.url),
        content_type: content_type.as_deref(),
        status: loaded.entry.status,
    };
    Ok(extract(&decoded(loaded, what)?, &hints))
}

fn print_text(context: &Context, extraction: &Extraction) -> Result<(), CliError> {
    let page = &extraction.page;
    if let Some(headline) = &page.headline {
        context.out.line(&headline.value)?;
        if !page.text.is_empty() {
            context.out.line("")?;
        }
    }
    if !page.text.is_empty() {
        context.out.text(&format!("{}\n", page.text))?;
    }
    if context.out.verbose() > 0 {
        for note in &extraction.notes {
            context.out.say(&format!("note: {note}"));
        }
    }
    Ok(())
}

/// What the page is a variant of, as it says itself; null where it is none or has no address.
fn variant_of(url: &Value, page: &Page) -> Value {
    let uri = url.as_str().and_then(|text| TargetUri::parse(text).ok());
    let named = page.canonical.as_ref().and_then(|fact| TargetUri::parse(&fact.value).ok());
    let found = uri.zip(named).and_then(|(uri, of)| variant(&uri, &of));
    found.map_or(Value::Null, |v| json!({"of": v.of.as_str(), "kind": v.kind.label()}))
}

/// What a page says, in the fields of the contract.
#[must_use]
pub fn page_json(page: &Page, url: Value, file: Value, timestamp: Value) -> Value {
    let text = |fact: &'_ Option<Fact<String>>| fact.as_ref().map(|f| f.value.clone());
    let mut origins = Map::new();
    let mut origin = |name: &str, label: Option<&'static str>| {
        if let Some(label) = label {
            origins.insert(name.to_owned(), Value::from(label));
        }
    };
    origin("headline", page.headline.as_ref().map(|f| f.origin.label()));
    origin("byline", page.byline.first().map(|f| f.origin.label()));
    origin("publisher", page.publisher.as_ref().map(|f| f.origin.label()));
    origin("section", page.section.as_ref().map(|f| f.origin.label()));
    origin("language", page.language.as_ref().map(|f| f.origin.label()));
    origin("canonical", page.canonical.as_ref().map(|f| f.origin.label()));
    origin("published", page.published.as_ref().map(|f| f.origin.label()));
    origin("modified", page.modified.as_ref().map(|f| f.origin.label()));
    json!({
        "url": url,
        "file": file,
        "timestamp": timestamp,
        "headline": text(&page.headline),
        "byline": page.byline.iter().map(|a| a.value.name.clone()).collect::<Vec<_>>(),
        "publisher": text(&page.publisher),
        "section": text(&page.section),
        "published": page.published.as_ref().map(|f| f.value.text.clone()),
        "modified": page.modified.as_ref().map(|f| f.value.text.clone()),
        "language": text(&page.language),
        "canonical": text(&page.canonical),
        "variant": variant_of(&url, page),
        "kind": page.kind.label(),
        "access": page.access.label(),
        "coarse": page.coarse,
        "text": page.text,
        "notices": page.notices.iter()
            .map(|n| json!({"kind": n.kind.label(), "text": n.text, "start": n.range.start, "end": n.range.end}))
            .collect::<Vec<_>>(),
        "figures": page.figures.iter()
            .map(|f| json!({
                "text": f.text, "value": f.value, "unit": f.unit, "hedge": f.hedge,
                "counts": f.counts, "start": f.range.start, "end": f.range.end,
            }))
            .collect::<Vec<_>>(),
        "disagreements": page.disagreements.iter()
            .map(|d| json!({
                "field": d.field,
                "candidates": d.candidates.iter()
                    .map(|(origin, said)| json!({"origin": origin.label(), "value": said}))
                    .collect::<Vec<_>>(),
            }))
            .collect::<Vec<_>>(),
        "origins": origins,
        "extractor": EXTRACTOR,
    })
}
