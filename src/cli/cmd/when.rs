//! `when`

use serde_json::json;

use crate::cli::args::WhenArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::history::Sayer;
use crate::history::phrase::{Phrase, Stood, when};
use crate::store::StoreError;

use crate::history::capture_json;

/// What went wrong: with the archive, or with the output.
struct Trouble(CliError);

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(store_error("looking for the phrase", error))
    }
}

/// Prints since when and until when a phrase stood, page by page.
///
/// # Errors
/// When the phrase never stood (exit 3), has no words, or the archive cannot be read.
pub fn run(args: &WhenArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let phrase = Phrase::new(&args.phrase)
        .ok_or_else(|| CliError::usage("the phrase has no letter and no digit"))?;
    let reader = context.reader()?;
    let readings = context.readings(&reader);
    let mut sayer = Sayer::cached(&reader, &readings);
    let mut pages = 0_u64;
    let notes = when(&mut sayer, &phrase, args.host.as_deref(), &mut |stood| {
        if format == Format::Text && pages > 0 {
            context.out.line("").map_err(|e| Trouble(e.into()))?;
        }
        pages += 1;
        match format {
            Format::Json => context.out.json(&to_json(&args.phrase, &stood)),
            Format::Text => text(context, &stood),
        }
        .map_err(|e| Trouble(e.into()))
    })
    .map_err(|trouble: Trouble| trouble.0)?;
    for note in &notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    if pages == 0 {
        let never = format!("{:?} stood in no version of any page", args.phrase);
        return Err(CliError::nothing(never));
    }
    Ok(Exit::Done)
}

fn to_json(phrase: &str, stood: &Stood) -> serde_json::Value {
    json!({
        "url": stood.url,
        "phrase": phrase,
        "first_seen": capture_json(&stood.first_seen.0, &stood.first_seen.1),
        "last_seen": capture_json(&stood.last_seen.0, &stood.last_seen.1),
        "gone_since": stood.gone_since.map(|at| at.to_warc_date()),
        "versions": stood.versions,
    })
}

fn text(context: &Context, stood: &Stood) -> std::io::Result<()> {
    let out = &context.out;
    out.line(&stood.url)?;
    out.line(&format!("  first seen  {}", stood.first_seen.0.date.to_rfc3339()))?;
    out.line(&format!("  last seen   {}", stood.last_seen.0.date.to_rfc3339()))?;
    match stood.gone_since {
        Some(at) => out.line(&format!("  gone since  {}", at.to_rfc3339()))?,
        None => out.line("  still there in the newest version")?,
    }
    let plural = if stood.versions == 1 { "" } else { "s" };
    out.line(&format!("  in {} version{plural}", stood.versions))
}
