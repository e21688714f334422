//! `export`

use std::path::Path;

use serde_json::{Value, json};

use crate::answers::Archive;
use crate::app::blocks::{Claim, Place};
use crate::app::objects::requests_max;
use crate::archive::Capture;
use crate::base::{ByteSize, DigestAlgorithm, Hasher};
use crate::cli::args::{ExportArgs, ReportArg};
use crate::cli::context::{Context, store_error};
use crate::cli::out_file::OutFile;
use crate::cli::{CliError, Exit};
use crate::exchange::export::site::{Lack, Site, SiteRequest, site};
use crate::exchange::export::{
    ExportError, ExportFormat, Exported, Exporting, Request, Selection, export,
};
use crate::store::{Reader, StoreError};
use crate::warc::Compression;

use super::captures::match_type;

/// Writes a part of the archive to a file.
///
/// # Errors
/// When nothing is selected (exit 3), the archive cannot be read, or the file not written.
pub fn run(args: &ExportArgs, context: &Context) -> Result<Exit, CliError> {
    let format = format(args, context)?;
    if let Some(place) = args.to.to_str().filter(|to| to.starts_with("s3://")) {
        return to_objects(place, format, args, context);
    }
    let file = OutFile::at(&args.to, args.force)?;
    let open = context.open_archive()?;
    let reader = match format {
        // Blocks that lie beside the index may be of other archives.
        ExportFormat::ZipNum => open.reader().index_alone(),
        _ => open.reader().clone(),
    };
    let (selection, description, of_site) = select(args, &reader, context)?;
    let mut titles = |capture: &Capture| title(&open, capture);
    let mut exporting = Exporting {
        reader: &reader,
        format,
        software: concat!("pressmark/", env!("CARGO_PKG_VERSION")).to_owned(),
        description,
        titles: &mut titles,
    };
    let done = file.write(|path| export(selection, &mut exporting, path).map_err(failed))?;
    report(args, context, &done, of_site, &args.to)?;
    for (capture, why) in &done.unreadable {
        let stamp = capture.date.to_stamp14();
        context.out.warn(&format!("left out: {} of {stamp}: {why}", capture.url));
    }
    Ok(if done.unreadable.is_empty() { Exit::Done } else { Exit::Findings })
}

/// Writes blocks of index lines to an object storage, in the place of those that lie there.
fn to_objects(
    place: &str,
    format: ExportFormat,
    args: &ExportArgs,
    context: &Context,
) -> Result<Exit, CliError> {
    if format != ExportFormat::ZipNum {
        let what = format!("--to {place}: only --format zipnum can be written to object storage");
        return Err(CliError::usage(what).hint("write a file, and upload it"));
    }
    let target = Place::at(&context.settings, place)
        .map_err(|why| CliError::usage(format!("--to {place}: {why}")))?;
    let reader = context.reader()?.index_alone();
    let (selection, description, _) = select(args, &reader, context)?;
    let tmp = reader.layout().tmp_dir();
    let staging = tempfile::Builder::new().prefix("zipnum-").tempdir_in(&tmp);
    let staging = staging
        .map_err(|why| CliError::failed(&format!("making a folder in {}", tmp.display()), why))?;
    let folder = staging.path().join("blocks");
    let mut exporting = Exporting {
        reader: &reader,
        format,
        software: concat!("pressmark/", env!("CARGO_PKG_VERSION")).to_owned(),
        description,
        titles: &mut |_| None,
    };
    let done = export(selection, &mut exporting, &folder).map_err(failed)?;
    let what = format!("writing blocks to {place}");
    let claim = Claim { reader: &reader, was_here: false, force: args.force };
    target.take(claim).map_err(|why| CliError::failed(&what, why))?;
    target.publish(&folder, requests_max(&context.settings)).map_err(|why| {
        CliError::failed(&what, why).hint(
            "the target is either unchanged or completely written; this needs s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload",
        )
    })?;
    report(args, context, &done, None, &folder)?;
    Ok(Exit::Done)
}

fn failed(error: ExportError) -> CliError {
    match error {
        ExportError::Nothing => CliError::nothing("exporting: the archive has no such capture")
            .hint("`pressmark captures URL --match host` lists the captures of a host"),
        ExportError::Index(why) => store_error("exporting", StoreError::of_index("asking", why)),
        ExportError::Store(why) => store_error("exporting", why),
        error => CliError::failed("exporting", error),
    }
}

/// What `--format` says, or what the name of the file ends in.
fn format(args: &ExportArgs, context: &Context) -> Result<ExportFormat, CliError> {
    let name = args.to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let of_name = ExportFormat::of_name(&name);
    if !context.out.format_is_asked() {
        return of_name.ok_or_else(|| {
            CliError::usage(format!("--to {}: unknown file format", args.to.display())).hint(
                "name it .wacz, .warc.gz, .warc.zst, .warc, .cdxj or .parquet, or add --format",
            )
        });
    }
    Ok(match context.out.format_name() {
        "cdxj" => ExportFormat::Cdxj,
        "parquet" => ExportFormat::Parquet,
        "zipnum" => ExportFormat::ZipNum,
        "warc" => match of_name {
            Some(ExportFormat::Warc(packing)) => ExportFormat::Warc(packing),
            _ => ExportFormat::Warc(Compression::default()),
        },
        _ => ExportFormat::Wacz,
    })
}

/// What is known of a site that is exported.
struct OfSite {
    host: String,
    before: String,
    urls: u64,
    requisites: u64,
    lacks: Vec<Lack>,
}

/// What is selected, and the same as text.
fn select(
    args: &ExportArgs,
    reader: &Reader,
    context: &Context,
) -> Result<(Selection, String, Option<OfSite>), CliError> {
    if let (Some(host), Some(at)) = (&args.site, &args.at) {
        let before = context.time("--at", at)?.end;
        let request = SiteRequest { host: host.clone(), before };
        let found = site(reader, &request).map_err(failed)?;
        let description = format!("{host} as it stood before {}", before.to_rfc3339());
        let of_site = OfSite {
            host: host.clone(),
            before: before.to_rfc3339(),
            urls: found.urls,
            requisites: found.requisites,
            lacks: found.lacks,
        };
        return Ok((found.selection, description, Some(of_site)));
    }
    let period = context.period(args.from.as_deref(), args.to_time.as_deref())?;
    let request = Request {
        urls: args.urls.clone(),
        match_type: match_type(args.match_type),
        from: args.from.is_some().then_some(period.start),
        to: args.to_time.is_some().then_some(period.end),
    };
    let mut description = match request.urls.as_slice() {
        [] => "All captures".to_owned(),
        urls => format!("Captures of {}", urls.join(", ")),
    };
    for (word, time) in [(" from ", request.from), (" until ", request.to)] {
        if let Some(time) = time {
            description.push_str(word);
            description.push_str(&time.to_rfc3339());
        }
    }
    Ok((Selection::of(reader, &request).map_err(failed)?, description, None))
}

/// The headline of a page; none where it cannot be read.
fn title(open: &Archive, capture: &Capture) -> Option<String> {
    open.page_reader().read(capture).ok()?.page.headline.clone().map(|fact| fact.value)
}

fn report(
    args: &ExportArgs,
    context: &Context,
    done: &Exported,
    of_site: Option<OfSite>,
    written: &Path,
) -> Result<(), CliError> {
    let (digest, length) = digest_of(written)
        .map_err(|why| CliError::failed(&format!("reading {}", written.display()), why))?;
    let mut of_site = of_site;
    if let Some(of_site) = &mut of_site {
        Site::add_unreadable(&mut of_site.lacks, done);
    }
    match args.report {
        ReportArg::Json => {
            let unreadable: Vec<Value> = done
                .unreadable
                .iter()
                .map(|(capture, why)| {
                    let stamp = capture.date.to_stamp14();
                    json!({ "url": capture.url, "timestamp": stamp, "why": why })
                })
                .collect();
            let mut report = json!({
                "file": args.to.display().to_string(),
                "bytes": length,
                "digest": digest,
                "captures": done.captures,
                "records": done.records,
                "pages": done.pages,
                "repacked": done.repacked,
                "from": done.period.map(|(first, _)| first.to_rfc3339()),
                "to": done.period.map(|(_, last)| last.to_rfc3339()),
                "unreadable": unreadable,
            });
            if let Some(of_site) = of_site {
                report["site"] = json!({
                    "host": of_site.host,
                    "before": of_site.before,
                    "urls": of_site.urls,
                    "requisites": of_site.requisites,
                    "lacks": of_site.lacks,
                });
            }
            context.out.json(&report)?;
        }
        ReportArg::Text => {
            if let Some(of_site) = of_site {
                context.out.line(&format!(
                    "{} before {}: {} URLs of the host, {} others that its pages need",
                    of_site.host, of_site.before, of_site.urls, of_site.requisites
                ))?;
                for lack in &of_site.lacks {
                    let by = match lack.needed_by.first() {
                        Some(by) => format!("  (for {by})"),
                        None => String::new(),
                    };
                    context.out.line(&format!("lacks {}: {}{by}", lack.url, lack.lack.text()))?;
                }
                if of_site.lacks.is_empty() {
                    context.out.line("lacks nothing that its pages name")?;
                }
            }
            context.out.line(&format!(
                "{} captures, {} records, {} ({digest}): {}",
                done.captures,
                done.records,
                ByteSize(length),
                args.to.display()
            ))?;
        }
    }
    Ok(())
}

/// The digest and length of a file; of a folder those of its files one behind the other, by name.
fn digest_of(path: &Path) -> std::io::Result<(String, u64)> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = std::fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        files.sort();
    }
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let mut length = 0;
    for file in files {
        length += std::io::copy(&mut std::fs::File::open(file)?, &mut hasher)?;
    }
    Ok((hasher.finish().to_string(), length))
}
