//! `prove -o FILE.wacz`: the records of an evidence bundle as a signed package for replay.

use std::io::{BufWriter, Cursor};
use std::path::Path;

use serde_json::Value;

use crate::archive::Capture;
use crate::archive::cdx::cdxj_fields;
use crate::base::Timestamp;
use crate::cli::CliError;
use crate::cli::answer::evidence_error;
use crate::cli::context::store_error;
use crate::evidence::Options;
use crate::evidence::bundle::{Bundle, Proved};
use crate::evidence::wacz::{key_at, key_path};
use crate::store::Reader;
use crate::store::durable::make_whole;
use crate::wacz::{Extra, IndexLine, Member, Package, PageEntry, Seal, WaczError, Written, write};

/// Writes the package under another name, and gives it its own when it is whole.
///
/// # Errors
/// When the index cannot be asked, a key cannot be used, what is packed would not hold, or the file
/// cannot be written.
pub fn export(
    bundle: &Bundle,
    capture: &Capture,
    reader: &Reader,
    options: &Options,
    now: Timestamp,
    out: &Path,
) -> Result<Written, CliError> {
    let what = format!("writing {}", out.display());
    let failed = |why: WaczError| CliError::failed(&what, why);
    let log_key = bundle.signer(reader.layout(), options).map_err(|e| evidence_error(&what, e))?;
    bundle.signed(&log_key).map_err(|e| evidence_error(&what, e))?;
    let named = bundle.lineage.keys.last().map(|named| named.key.text());
    let sign = |bytes: &[u8]| log_key.sign(bytes);
    let seal = Seal { key: named.unwrap_or_default(), sign: &sign };
    let key = key_at(&key_path(options, reader.layout())).map_err(failed)?;
    let mut members = Vec::new();
    for record in bundle.records.iter().filter(|record| record.piece.withheld.is_none()) {
        let bytes = Cursor::new(&record.piece.member[..]);
        let length = record.piece.member.len() as u64;
        let index = line(record, reader).map_err(|e| store_error(&what, e))?;
        members.push(Member { length, bytes: Box::new(bytes), index });
    }
    let page = PageEntry {
        url: capture.url.clone(),
        at: capture.date,
        title: bundle.texts.headline.clone(),
        text: bundle.texts.article.clone(),
    };
    let package = Package {
        warc_name: bundle.warc_name().to_owned(),
        members,
        pages: vec![page],
        title: bundle.texts.headline.clone(),
        description: bundle.texts.citation.clone(),
        software: concat!("pressmark/", env!("CARGO_PKG_VERSION")).to_owned(),
        created: now,
        seal: Some(seal),
        extra: evidence(bundle),
    };
    let disk = |why: std::io::Error| CliError::failed(&what, why);
    make_whole(out, disk, |file| write(package, Some(&key), BufWriter::new(file)).map_err(failed))
}

/// The line of a record in the package's index; `None` for what is no capture.
fn line(record: &Proved, reader: &Reader) -> Result<Option<IndexLine>, crate::store::StoreError> {
    let piece = &record.piece;
    for entry in reader.captures_of(&piece.uri) {
        let entry = entry?;
        let file = reader.file_name(&entry);
        if entry.offset != piece.offset || *file != *piece.file {
            continue;
        }
        let fields = cdxj_fields(&entry)
            .map(|(name, value)| (name.to_owned(), Value::from(value.into_owned())))
            .collect();
        return Ok(Some(IndexLine { urlkey: entry.urlkey.clone(), at: entry.date, fields }));
    }
    Ok(None)
}

/// The proofs, as `evidence/leaves-01.txt` and so on: py-wacz finds files one folder deep and no
/// deeper. What explains and checks a bundle is about a bundle's files and stays there.
fn evidence(bundle: &Bundle) -> Vec<Extra> {
    let of_bundles = ["check.py", "certificate.html", bundle.warc_name()];
    bundle
        .contents()
        .into_iter()
        .filter(|(name, _)| !of_bundles.contains(&name.as_str()))
        .map(|(name, bytes)| Extra { path: format!("evidence/{}", name.replace('/', "-")), bytes })
        .collect()
}
