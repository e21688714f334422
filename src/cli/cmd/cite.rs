//! `cite`

use std::sync::Arc;

use serde_json::{Value, json};

use crate::answers::page::page_of;
use crate::archive::{self, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::cite::json::to_json;
use crate::cite::nearest::{Difference, Nearest};
use crate::cite::{
    ALTERED_CHARACTERS_MAX, Altered, Archive, Capture, Missing, Quotation, Source, Standing, Style,
    cite, locate,
};
use crate::cli::args::{CiteArgs, StyleArg};
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::extract::page::Page;
use crate::history::Sayer;
use crate::history::absence::{instead, last_article};
use crate::store::Reader;

use crate::history::capture_json;

/// Prints a citation of one capture.
///
/// # Errors
/// When there is no capture, or the quoted words do not stand in it (exit 3), or the archive cannot
/// be read.
pub fn run(args: &CiteArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let archive = archive(context)?;
    let at = context.instant("--at", args.at.as_deref())?;
    if args.quote.as_ref().is_some_and(|q| !q.chars().any(char::is_alphanumeric)) {
        return Err(CliError::usage("--quote has no letter and no digit"));
    }
    let url = &args.url;
    let what = format!("citing {url}");
    let open = context.open_archive()?;
    let reader = &open.reader;
    let found = reader.find(url, at).map_err(|e| store_error(&what, e))?.ok_or_else(|| {
        CliError::nothing(format!("no capture of {url}"))
            .hint("`pressmark captures URL --match host` lists what there is of a host")
    })?;
    let (entry, passed_over) = match at {
        Some(_) => (found, None),
        None => the_article(context, reader, found, &what)?,
    };
    let when = entry.date.to_rfc3339();
    if entry.kind == RecordKind::Metadata {
        let why = format!("{what}: at {when} the exchange failed, so there is nothing to cite");
        return Err(CliError::nothing(why));
    }
    let loaded = Arc::new(reader.load(&entry).map_err(|e| store_error(&what, e))?);
    let page = page_of(&open.asked(), &loaded, &what)?;
    let mut source = Source::new(&page, Capture::of(&loaded), archive);
    if let Some(quote) = &args.quote {
        match locate(quote, &page) {
            Ok(found) => {
                if let Some(told) =
                    found.altered.as_ref().map(Altered::told).filter(|t| !t.is_empty())
                {
                    context.out.say(&format!("pressmark: the quotation is altered: {told}"));
                }
                source.quotation = Some(Quotation::new(&page, &found));
            }
            Err(missing) => {
                let elsewhere = elsewhere(context, reader, url, quote)?;
                return Err(refused(url, &when, &missing, elsewhere));
            }
        }
    }
    source.standing = standing(reader, &entry, args.quote.as_deref(), &what)?;
    if let Some(status) = entry.status.filter(|s| !matches!(s, 200..=299 | 304)) {
        context.out.say(&format!("pressmark: at {when} the server answered with status {status}"));
    }
    let style = style_of(args.style);
    match format {
        Format::Text => context.out.styled(&format!("{}\n", cite(&source, style)))?,
        Format::Json => {
            let capture = capture_json(&entry, &reader.file_name(&entry));
            let mut citation = to_json(&source, style, &capture);
            citation["passed_over"] = passed_over.unwrap_or(Value::Null);
            context.out.json(&citation)?;
        }
    }
    Ok(Exit::Done)
}

/// Fewer words than these may be what is left of an article.
const SURE_WORDS: usize = 40;

/// What is cited where no time is asked for: the newest capture, or where that is an error, a wall or a
/// redirect in place of the article, the last one that was the article. Says so; the second part says
/// the same in JSON.
fn the_article(
    context: &Context,
    reader: &Reader,
    newest: archive::Capture,
    what: &str,
) -> Result<(archive::Capture, Option<Value>), CliError> {
    if newest.kind == RecordKind::Metadata {
        return Ok((newest, None));
    }
    let readings = context.readings(reader);
    let mut sayer = Sayer::cached(reader, &readings);
    let fail = |error| store_error(what, error);
    let said = sayer.follow(&newest).map_err(fail)?;
    let leads = said.leads.address().map(str::to_owned);
    let is_long = said.page.text.split_whitespace().count() >= SURE_WORDS;
    if leads.is_none() && said.has_article() && is_long {
        return Ok((newest, None));
    }
    let article = last_article(&mut sayer, &newest.url).map_err(fail)?;
    let Some(article) = article.filter(|article| !article.is_same_record(&newest)) else {
        return Ok((newest, None));
    };
    let (why, of) = (instead(&said), article.date.to_rfc3339());
    let when = newest.date.to_rfc3339();
    context.out.say(&format!(
        "pressmark: the newest capture, of {when}, is not the article: {why}; this cites the last one \
         that was, of {of}"
    ));
    if let (Some(to), true) = (&leads, said.has_article()) {
        context.out.say(&format!("pressmark: the article is there: pressmark cite {to}"));
    }
    let newest = capture_json(&newest, &reader.file_name(&newest));
    Ok((article, Some(json!({ "capture": newest, "why": why }))))
}

fn style_of(style: StyleArg) -> Style {
    match style {
        StyleArg::Text => Style::Text,
        StyleArg::Apa => Style::Apa,
        StyleArg::Chicago => Style::Chicago,
        StyleArg::Mla => Style::Mla,
        StyleArg::Bibtex => Style::Bibtex,
        StyleArg::Biblatex => Style::Biblatex,
        StyleArg::CslJson => Style::CslJson,
        StyleArg::Ris => Style::Ris,
        StyleArg::Wikipedia => Style::Wikipedia,
        StyleArg::Html => Style::Html,
        StyleArg::Markdown => Style::Markdown,
    }
}

/// The archive as the settings name it.
pub(super) fn archive(context: &Context) -> Result<Archive, CliError> {
    let set =
        |key: keys::TextKey| Some(context.settings.text(key).trim()).filter(|t| !t.is_empty());
    let base = set(keys::CITE_ARCHIVE_URL);
    if let Some(base) = base.filter(|b| !b.starts_with("https://") && !b.starts_with("http://")) {
        return Err(CliError::usage(format!(
            "reading the settings: cite.archive_url: {base:?} is no http or https address"
        )));
    }
    let name = match (set(keys::CITE_ARCHIVE_NAME), set(keys::IDENTITY_OPERATOR)) {
        (Some(name), _) => name.to_owned(),
        (None, Some(operator)) => format!("Pressmark archive of {operator}"),
        (None, None) => "Pressmark archive".to_owned(),
    };
    Ok(Archive { name, base: base.map(str::to_owned) })
}

/// What became of the page, by its newest capture that is no failure.
fn standing(
    reader: &Reader,
    cited: &archive::Capture,
    quote: Option<&str>,
    what: &str,
) -> Result<Standing, CliError> {
    let newest = reader.find(&cited.url, None).map_err(|e| store_error(what, e))?;
    let Some(newest) = newest else { return Ok(Standing::Live) };
    match newest.status {
        None | Some(200..=299 | 304) => {}
        Some(300..=399) => return Ok(Standing::Deviated),
        Some(_) => return Ok(Standing::Dead),
    }
    let is_same =
        newest.is_same_record(cited) || (cited.digest.is_some() && newest.digest == cited.digest);
    if is_same {
        return Ok(Standing::Live);
    }
    // A record that cannot be read says nothing of the page.
    let Ok(said) = Sayer::new(reader).say(&newest) else { return Ok(Standing::Live) };
    let still_there = match quote {
        // What cannot be said is no change.
        Some(quote) => locate(quote, &said.page).map_or_else(|missing| missing.coarse, |_| true),
        None => said.has_article() || is_bare(&said.page),
    };
    Ok(if still_there { Standing::Live } else { Standing::Deviated })
}

/// Whether there is nothing to read on a page, wall or not: an image, a PDF.
fn is_bare(page: &Page) -> bool {
    page.text.is_empty() && !page.kind.is_wall()
}

/// The first capture of the same URL in which the words do stand.
fn elsewhere(
    context: &Context,
    reader: &Reader,
    url: &str,
    quote: &str,
) -> Result<Option<Timestamp>, CliError> {
    let readings = context.readings(reader);
    let mut sayer = Sayer::cached(reader, &readings);
    let fail = |error| store_error(&format!("looking through {url}"), error);
    let mut pages = Sayer::cached(reader, &readings);
    for version in sayer.rows(url, TimeRange::ALL).map_err(fail)? {
        let version = version.map_err(fail)?;
        let Ok(said) = pages.follow(&version.first) else { continue };
        if locate(quote, &said.page).is_ok() {
            return Ok(Some(version.first.date));
        }
    }
    Ok(None)
}

/// The error for words that do not stand there: the nearest that do, and where else the words are.
fn refused(url: &str, when: &str, missing: &Missing, elsewhere: Option<Timestamp>) -> CliError {
    let nearest = match &missing.nearest {
        None => "and none like them".to_owned(),
        Some(Nearest { text, differences }) if differences.is_empty() => {
            format!("the nearest that are: “{text}”")
        }
        Some(Nearest { text, differences }) => {
            let told: Vec<String> = differences.iter().map(difference).collect();
            format!("the nearest that are: “{text}” ({})", told.join("; "))
        }
    };
    let how = if missing.coarse { " as they are given" } else { "" };
    let error = CliError::nothing(format!(
        "quoting {url}: the words are not in its capture of {when}{how}; {nearest}"
    ));
    match elsewhere {
        Some(at) => error.hint(format!(
            "they do stand in the capture of {}: --at {}",
            at.to_rfc3339(),
            at.to_warc_date()
        )),
        None if missing.coarse => error.hint(format!(
            "changes that are marked are looked for in up to {ALTERED_CHARACTERS_MAX} characters: quote less"
        )),
        None => error.hint(format!("`pressmark show {url} --at {when}` prints what it says")),
    }
}

fn difference(difference: &Difference) -> String {
    match (difference.asked.as_str(), difference.stands.as_str()) {
        ("", stands) => format!("“{stands}” is left out"),
        (asked, "") => format!("“{asked}” is not there"),
        (asked, stands) => format!("“{stands}”, not “{asked}”"),
    }
}
