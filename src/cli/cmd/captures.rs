//! `captures`

use crate::answers::captures::failure;
use crate::answers::removed::Removals;
use crate::archive::cdx::{CDX11_HEADER, cdx11_line, cdxj_line};
use crate::archive::{Filter, MatchType, Query};
use crate::cli::args::{CapturesArgs, MatchArg};
use crate::cli::context::{Context, store_error};
use crate::cli::{CliError, Exit};
use crate::render::captures::{HEAD, IS_NUMBER, row};
use crate::store::StoreError;

/// Lists captures, oldest first.
///
/// # Errors
/// When the archive cannot be read, a filter or time is wrong, or nothing is found (exit 3).
pub fn run(args: &CapturesArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let query = query(args, context)?;
    let reader = context.reader()?;
    let removals = Removals::of(&reader);
    let mut rows = Vec::new();
    let mut found = 0_u64;
    for entry in reader.query(&query) {
        let entry = entry
            .map_err(|why| store_error("listing captures", StoreError::of_index("asking", why)))?;
        found += 1;
        match format {
            "json" => {
                let line = removals.json_line(&entry);
                context.out.json_line(&line.map_err(|e| store_error("asking the index", e))?)?;
            }
            "cdxj" => context.out.json_line(&cdxj_line(&entry))?,
            "cdx" => {
                if found == 1 {
                    context.out.line(CDX11_HEADER)?;
                }
                context.out.line(&cdx11_line(&entry))?;
            }
            _ => {
                let removed = removals.of_capture(&entry);
                let removed = removed.map_err(|e| store_error("asking the index", e))?;
                rows.push(row(&entry, failure(&reader, &entry).as_ref(), removed.as_ref()));
            }
        }
    }
    if found == 0 {
        return Err(CliError::nothing(format!("no capture of {}", args.url)).hint(
            "--match prefix, host or domain matches more URLs; `pressmark status` lists the hosts",
        ));
    }
    if !rows.is_empty() {
        context.out.table(&HEAD, &IS_NUMBER, &rows)?;
    }
    Ok(Exit::Done)
}

fn query(args: &CapturesArgs, context: &Context) -> Result<Query, CliError> {
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
    Ok(query)
}

/// The match type that a flag names.
pub(super) fn match_type(arg: MatchArg) -> MatchType {
    match arg {
        MatchArg::Exact => MatchType::Exact,
        MatchArg::Prefix => MatchType::Prefix,
        MatchArg::Host => MatchType::Host,
        MatchArg::Domain => MatchType::Domain,
    }
}
