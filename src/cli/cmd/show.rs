//! `show`

use std::io::Read;
use std::path::Path;

use crate::answers::page::{PageJson, load};
use crate::answers::{Archive, decoded};
use crate::archive::{Form, RecordKind};
use crate::base::Timestamp;
use crate::cli::args::{ShowArgs, ShowAs};
use crate::cli::context::Context;
use crate::cli::local;
use crate::cli::output::Format;
use crate::cli::removed;
use crate::cli::{CliError, Exit};
use crate::extract::page::Page;
use crate::extract::{Hints, extract};
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
                "{target}: only local files can be shown several at once, and this is not one"
            )));
        } else {
            show_capture(args, form, context, target)?;
        }
    }
    Ok(Exit::Done)
}

/// What to print. `--format json` is `--as json`; any other form is not JSON.
fn form(args: &ShowArgs, context: &Context) -> Result<ShowAs, CliError> {
    match (args.form, context.out.format()) {
        (None, Format::Text) => Ok(ShowAs::Text),
        (None, Format::Json) => Ok(ShowAs::Json),
        (Some(form), Format::Json) if form != ShowAs::Json => Err(CliError::usage(
            "--format json works only with --as json; the other forms are printed unchanged",
        )),
        (Some(ShowAs::Json), Format::Text) if context.out.format_is_asked() => {
            Err(CliError::usage("--as json prints JSON, so --format text cannot be used"))
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
            print_text(context, &extraction.page)?;
            print_notes(context, &extraction.notes);
            Ok(())
        }
        ShowAs::Json => {
            let extraction = local::extract(path, &bytes);
            Ok(context.out.json(&PageJson::of_file(&extraction.page, name))?)
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
    let archive = context.open_archive()?;
    let what = format!("showing {url}");
    // The exchange is that of the page as it was sent.
    let is_wire = matches!(form, ShowAs::Http | ShowAs::Headers);
    let is_read = matches!(form, ShowAs::Text | ShowAs::Json);
    let asked = match args.which.form() {
        Some(Form::Rendered) if is_wire => {
            return Err(CliError::usage(
                "--rendered has no exchange to show; --as takes text, html, json and record here",
            ));
        }
        None if !is_read => Some(Form::Plain),
        asked => asked,
    };
    let (chosen, loaded) = load(&archive, url, (asked, at), &what)?;
    if let Some(note) = chosen.note() {
        context.out.say(&format!("pressmark: {note}"));
    }
    let entry = &loaded.entry;
    say_removed(context, &archive, (url, at), entry.date, &what)?;
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
        ShowAs::Text => {
            if let Some(media_type) = loaded.content_type().filter(|of| has_no_text(of)) {
                return Err(CliError::failed(&what, format!("it is {media_type}, which has no text"))
                    .hint("--as html writes what was sent, without its content coding, as in --as html > FILE"));
            }
            print_text(context, &*archive.reading_of(&loaded, &what)?)?;
            if context.out.verbose() > 0 {
                print_notes(context, &notes(&loaded, &what)?);
            }
            Ok(())
        }
        ShowAs::Json => {
            let page = archive.reading_of(&loaded, &what)?;
            Ok(context.out.json(&PageJson::of_chosen(&page, &chosen, entry.date))?)
        }
    }
}

/// Whether content of this media type is bytes without words. A type that is missing or unknown may be text.
fn has_no_text(media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.split_once('/') {
        Some(("image", kind)) => !kind.contains("xml"),
        Some(("audio" | "video" | "font", _)) => true,
        Some(("application", kind)) => {
            matches!(kind, "octet-stream" | "zip" | "gzip" | "pdf" | "wasm" | "ogg" | "zstd")
        }
        _ => false,
    }
}

/// Says what was removed between the time that was asked for and the capture that is shown; an error where that one was.
fn say_removed(
    context: &Context,
    archive: &Archive,
    (url, at): (&str, Option<Timestamp>),
    shown: Timestamp,
    what: &str,
) -> Result<(), CliError> {
    let all = removed::passed_over(context, archive, (url, at), shown)?;
    if let Some(this) = all.iter().find(|one| one.captured == shown) {
        let error = CliError::nothing(format!("{what}: {}", this.text(url)));
        return Err(error.hint(format!("`pressmark captures {url}` lists the captures")));
    }
    removed::say(context, archive, (url, at), shown, "showing")
}

/// The response bytes. A revisit holds only the head that came; the body is that of the record it
/// refers to, in the framing of that time.
fn http(context: &Context, loaded: &Loaded) -> Result<(), CliError> {
    let is_identical = loaded.entry.kind == RecordKind::Revisit && loaded.entry.status != Some(304);
    match (&loaded.original, is_identical) {
        (Some(original), true) => {
            context.out.say(&format!(
                "pressmark: a revisit: the head is from {}, the body was stored on {}",
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

/// Writes what is read, with the given bytes before and after it.
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

fn print_text(context: &Context, page: &Page) -> Result<(), CliError> {
    if let Some(headline) = &page.headline {
        context.out.line(&headline.value)?;
        if !page.text.is_empty() {
            context.out.line("")?;
        }
    }
    if !page.text.is_empty() {
        context.out.text(&format!("{}\n", page.text))?;
    }
    Ok(())
}

/// What the extractor says of its work, which no reading keeps.
fn notes(loaded: &Loaded, what: &str) -> Result<Vec<String>, CliError> {
    let content_type = loaded.content_type();
    let hints = Hints {
        url: Some(&loaded.entry.url),
        content_type: content_type.as_deref(),
        status: loaded.entry.status,
    };
    Ok(extract(&decoded(loaded, what)?, &hints).notes)
}

fn print_notes(context: &Context, notes: &[String]) {
    if context.out.verbose() > 0 {
        for note in notes {
            context.out.say(&format!("note: {note}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bytes_has_no_text_and_what_is_unknown_may_have() {
        for (media_type, expected) in [
            ("image/png", true),
            ("IMAGE/PNG; a=b", true),
            ("image/svg+xml", false),
            ("video/mp4", true),
            ("application/octet-stream", true),
            ("application/json", false),
            ("text/html; charset=utf-8", false),
            ("unk", false),
            ("", false),
        ] {
            assert_eq!(has_no_text(media_type), expected, "{media_type}");
        }
    }
}
