//! `captures`

use crate::archive::cdx::{cdx11_line, cdxj_line, json_line};
use crate::archive::{Capture, Filter, MatchType, Query, RecordKind};
use crate::cli::args::{CapturesArgs, MatchArg};
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::store::Reader;
use crate::warc::warc_fields;

/// The header of CDX files of eleven columns.
const CDX11_HEADER: &str = " CDX N b a m s k r M S V g";

/// Lists captures, oldest first.
///
/// # Errors
/// When the archive cannot be read, a filter or time is wrong, or nothing is found (exit 3).
pub fn run(args: &CapturesArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let period = context.period(args.from.as_deref(), args.to.as_deref())?;
    let mut query = Query::new(&args.url, match_type(args.match_type));
    query.from = args.from.is_some().then_some(period.start);
    query.to = args.to.is_some().then_some(period.end);
    query.limit = args.limit;
    query.captures_scanned_max = u64::MAX;
    for filter in &args.filter {
        let filter = Filter::parse(filter)
            .map_err(|e| CliError::usage(format!("--filter {filter:?}: {e}")))?;
        query.filters.push(filter);
    }
    let reader = context.reader()?;
    let mut rows = Vec::new();
    let mut found = 0_u64;
    for entry in reader.query(&query) {
        let entry = entry.map_err(|e| CliError::failed("asking the index", e))?;
        found += 1;
        match format {
            "json" => context.out.json_line(&json_line(&entry))?,
            "cdxj" => context.out.json_line(&cdxj_line(&entry))?,
            "cdx" => {
                if found == 1 {
                    context.out.line(CDX11_HEADER)?;
                }
                context.out.line(&cdx11_line(&entry))?;
            }
            _ => rows.push(row(&reader, &entry)),
        }
    }
    if found == 0 {
        return Err(CliError::nothing(format!("no capture of {}", args.url)).hint(
            "--match prefix, host or domain looks wider; `pressmark status` lists the hosts",
        ));
    }
    if !rows.is_empty() {
        let head = ["captured (UTC)", "status", "type", "kept as", "bytes", "URL"];
        context.out.table(&head, &[false, true, false, false, true, false], &rows)?;
    }
    Ok(Exit::Done)
}

fn match_type(arg: MatchArg) -> MatchType {
    match arg {
        MatchArg::Exact => MatchType::Exact,
        MatchArg::Prefix => MatchType::Prefix,
        MatchArg::Host => MatchType::Host,
        MatchArg::Domain => MatchType::Domain,
    }
}

fn row(reader: &Reader, entry: &Capture) -> Vec<String> {
    let mut url = entry.url.clone();
    let (status, mime, kept) = match entry.kind {
        RecordKind::Metadata => {
            let (reason, detail) = failure(reader, entry);
            if detail != "-" {
                // The last column may be as long as it needs.
                url = format!("{url} ({detail})");
            }
            (reason, "-".to_owned(), "failure")
        }
        RecordKind::Revisit if entry.status == Some(304) => {
            ("304".to_owned(), "-".to_owned(), "not modified")
        }
        RecordKind::Revisit => (status(entry), "-".to_owned(), "revisit"),
        RecordKind::Resource => ("-".to_owned(), entry.mime.clone(), "resource"),
        _ if entry.truncated => (status(entry), entry.mime.clone(), "cut response"),
        _ => (status(entry), entry.mime.clone(), "response"),
    };
    vec![entry.date.to_rfc3339(), status, mime, kept.to_owned(), entry.length.to_string(), url]
}

fn status(entry: &Capture) -> String {
    entry.status.map_or_else(|| "-".to_owned(), |s| s.to_string())
}

/// What the report of a failure says: the step, and the words.
fn failure(reader: &Reader, entry: &Capture) -> (String, String) {
    let fields = reader
        .load(entry)
        .ok()
        .and_then(|l| l.block.prefix(64 * 1024).ok())
        .and_then(|b| warc_fields::read(&b).ok());
    let text = |name: &str| {
        fields
            .as_ref()
            .and_then(|f| f.text(name))
            .map_or_else(|| "-".to_owned(), |t| t.into_owned())
    };
    (text("reason"), text("detail"))
}
