//! `tables`

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::app::objects::{changeable, requests_max};
use crate::archive::ObjectErrorKind;
use crate::base::{ByteSize, DigestAlgorithm};
use crate::cli::args::TablesArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::store::Layout;
use crate::tables::{
    Folder, ObjectFolder, ObjectsOptions, Options, Table, TablesError, Target, Updated, update,
};

/// How often a run reports its progress.
const REPORTED_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// Writes the tables of the archive, or brings them up to date.
///
/// # Errors
/// When nothing was captured yet (exit 3), the archive cannot be read, or the tables not written.
pub fn run(args: &TablesArgs, context: &Context) -> Result<Exit, CliError> {
    if args.file_bytes.0 == 0 {
        return Err(CliError::usage("--file-bytes must be more than 0"));
    }
    let archive = context.open_archive()?;
    let target = target(args, context, archive.reader().layout())?;
    let options = Options {
        software: concat!("pressmark/", env!("CARGO_PKG_VERSION")).to_owned(),
        part_bytes_max: args.file_bytes.0,
        rebuild: args.rebuild,
    };
    let mut reported_at = context.clock.now();
    let mut progress = |pages: u64| {
        let now = context.clock.now();
        if now.since(reported_at) >= REPORTED_EVERY {
            reported_at = now;
            context.out.say(&format!("{pages} pages processed"));
        }
    };
    let done = update(&mut archive.page_reader(), &*target, &options, &mut progress);
    let done = done.map_err(|why| failed(why, args))?;
    match context.out.format() {
        Format::Json => context.out.json(&in_json(args, &done))?,
        Format::Text => context.out.lines(&as_text(&done))?,
    }
    for note in &done.notes {
        context.out.warn(&format!("left out: {note}"));
    }
    Ok(if done.notes.is_empty() { Exit::Done } else { Exit::Findings })
}

/// The folder, or the prefix in an object storage, that the tables go to.
fn target(
    args: &TablesArgs,
    context: &Context,
    layout: &Layout,
) -> Result<Box<dyn Target>, CliError> {
    if !args.to.starts_with("s3://") {
        let folder = Folder::open(Path::new(&args.to)).map_err(|why| failed(why, args))?;
        return Ok(Box::new(folder));
    }
    let objects = changeable(&context.settings, &args.to)
        .map_err(|why| CliError::usage(format!("--to {}: {why}", args.to)))?;
    // Files are made in the archive's own folder, one for each place.
    let place = DigestAlgorithm::Sha256.digest(objects.place().as_bytes());
    let name: String = place.as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let local = layout.derived_dir().join("tables").join(name);
    let requests_max = requests_max(&context.settings);
    let options = ObjectsOptions { requests_max, ..ObjectsOptions::default() };
    let target = ObjectFolder::open(objects, &local, options, Arc::clone(&context.clock));
    Ok(Box::new(target.map_err(|why| failed(why, args))?))
}

fn failed(error: TablesError, args: &TablesArgs) -> CliError {
    let what = format!("writing tables to {}", args.to);
    match error {
        TablesError::Nothing => CliError::nothing(format!("{what}: nothing has been captured yet")),
        TablesError::Store(error) => store_error(&what, error),
        TablesError::Taken { .. } => CliError::failed(&what, error)
            .hint("choose a new or empty folder, or one with tables of this archive"),
        TablesError::Manifest { .. } => CliError::failed(&what, error).hint(
            "delete the folder and write the tables again: they are derived from the archive",
        ),
        TablesError::Objects { ref why, .. } => {
            let hint = match why.kind {
                ObjectErrorKind::Refused => {
                    "this needs s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload there"
                }
                ObjectErrorKind::Missing => "the bucket must exist",
                _ => "uploaded files are kept; run the command again to continue",
            };
            CliError::failed(&what, error).hint(hint)
        }
        TablesError::Locked { .. } => {
            CliError::failed(&what, error).hint("wait until it ends, or choose another folder")
        }
        error => {
            let out_of_disk = error.is_out_of_disk();
            CliError { out_of_disk, ..CliError::failed(&what, error) }
        }
    }
}

/// Months, files, rows and bytes of a table.
fn sums(done: &Updated, table: Table) -> (usize, usize, u64, u64) {
    let months = done.manifest.tables.get(&table).map_or(0, |months| months.len());
    let parts = || done.manifest.parts(table);
    let (rows, bytes) = (parts().map(|part| part.rows).sum(), parts().map(|p| p.bytes).sum());
    (months, parts().count(), rows, bytes)
}

fn in_json(args: &TablesArgs, done: &Updated) -> Value {
    let tables: Map<String, Value> = Table::ALL
        .into_iter()
        .map(|table| {
            let (months, files, rows, bytes) = sums(done, table);
            let written: Vec<String> =
                done.written.get(&table).into_iter().flatten().map(ToString::to_string).collect();
            let about = json!({
                "months": months, "files": files, "rows": rows, "bytes": bytes, "written": written,
            });
            (table.name().to_owned(), about)
        })
        .collect();
    json!({ "to": args.to, "tables": tables, "unread": done.notes })
}

fn as_text(done: &Updated) -> Vec<String> {
    let line = |table: Table| {
        let (months, files, rows, bytes) = sums(done, table);
        let written = done.written.get(&table).map_or(0, |months| months.len());
        format!(
            "{}: {rows} rows of {months} months in {files} files, {}; {written} months written",
            table.name(),
            ByteSize(bytes)
        )
    };
    Table::ALL.into_iter().map(line).collect()
}
