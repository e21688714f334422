//! A package for replay (WACZ): its own list and signatures, what its index and pages say, and the
//! bundle that is below `evidence/` in it.
//!
//! Readers of the format know an anonymous signature, by a key that proves nothing of whose it is.
//! The key of the log signs the same list beside it, which binds everything in the package to the
//! log. What explains and checks a bundle is not in a package.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::described::Form;
use super::{CheckResult, Contents, Files, Known, Step, common, description, history, holds, step};
use crate::base::{DigestAlgorithm, Timestamp};
use crate::evidence::bundle::{Description, TEXT_BYTES_MAX, unbracketed};
use crate::evidence::note::VerifierKey;
use crate::evidence::wacz::is_signature;

const LIST: &str = "datapackage.json";
const PROOF: &str = "datapackage-digest.json";
const EVIDENCE: &str = "evidence/";
/// The folders of a bundle, whose names are before a dash in a package.
const FOLDERS: [&str; 7] = ["leaves", "proofs", "keys", "log", "timestamps", "withheld", "drand"];

/// Takes every step.
pub(super) fn check(contents: &Contents, known: &Known) -> Vec<Step> {
    let own = Files::of(contents);
    let description = match description(&own, "evidence/bundle.json") {
        Ok(description) => description,
        Err(why) => {
            let why = match !own.by_name.contains_key("evidence/bundle.json") {
                true => "a package of an earlier version, or none of this program: it has no evidence/bundle.json, and nothing binds its pages and its index to the log. Have it made again from the archive".to_owned(),
                false => why,
            };
            return vec![step("format", Err(why))];
        }
    };
    let bundle = as_bundle(contents, &description.warc);
    let files = Files::of(&bundle);
    let keys = history::keys(&files, &description);
    let last = keys.as_ref().ok().and_then(|keys| keys.last()).map(|named| &named.key);
    let mut steps = vec![
        step(
            "format",
            holds(format!("a package with a bundle of the format {}", description.format)),
        ),
        step("files", listed(&own, &description)),
        step("files-signature", signatures(&own, last)),
    ];
    steps.extend(common(&files, &description, keys, known, Form::Package));
    steps.push(step("pages", pages(&own, &description)));
    steps.push(step("index", index(&own, &description)));
    steps
}

/// The files below `evidence/`, and the records, under the names that they have in a bundle.
fn as_bundle(contents: &Contents, warc: &str) -> Contents {
    let name = |name: &str| {
        if name == format!("archive/{warc}") {
            return Some(warc.to_owned());
        }
        let name = name.strip_prefix(EVIDENCE)?;
        Some(match name.split_once('-') {
            Some((folder, rest)) if FOLDERS.contains(&folder) => format!("{folder}/{rest}"),
            _ => name.to_owned(),
        })
    };
    let files = contents.iter();
    files.filter_map(|(path, bytes)| Some((name(path)?, bytes.clone()))).collect()
}

#[derive(Deserialize)]
struct Resource {
    path: String,
    hash: String,
    bytes: u64,
}

fn json(files: &Files<'_>, name: &str) -> Result<Value, String> {
    serde_json::from_slice(files.json(name)?).map_err(|why| format!("{name}: {why}"))
}

fn sha256(bytes: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(bytes).to_string()
}

/// Every file is as the list has it, the list has every file, and each has a place in the format.
fn listed(files: &Files<'_>, description: &Description) -> CheckResult {
    if let Some(name) = files.twice {
        return Err(format!("{name} is there twice"));
    }
    let mut left = files.by_name.clone();
    left.remove(LIST);
    left.remove(PROOF);
    let resources = json(files, LIST)?["resources"].take();
    let resources: Vec<Resource> =
        serde_json::from_value(resources).map_err(|why| format!("{LIST}: {why}"))?;
    let warc = format!("archive/{}", description.warc);
    let places = [warc.as_str(), "indexes/index.cdx.gz", "indexes/index.idx", "pages/pages.jsonl"];
    for Resource { path, hash, bytes } in &resources {
        let there = left
            .remove(path.as_str())
            .ok_or_else(|| format!("{path} is missing, or is in the list twice"))?;
        if *hash != sha256(there) || *bytes != there.len() as u64 {
            return Err(format!("{path} was changed"));
        }
        if !places.contains(&path.as_str()) && !path.starts_with(EVIDENCE) {
            return Err(format!("{path} is no file of a package of this program"));
        }
    }
    match left.keys().next() {
        Some(name) => Err(format!("{name} is not in the list")),
        None => holds(format!("{} files are as they were listed", resources.len())),
    }
}

/// The list is signed by the last key of the log, and by the key that readers of the format check.
fn signatures(files: &Files<'_>, last: Option<&VerifierKey>) -> CheckResult {
    let list = files.get(LIST)?;
    let proof = json(files, PROOF)?;
    let bytes = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default()
    };
    let digest = sha256(list);
    let signed = &proof["signedData"];
    if proof["path"] != LIST
        || proof["hash"] != digest.as_str()
        || signed["hash"] != digest.as_str()
    {
        return Err(format!("{PROOF} is of another list of files"));
    }
    if !is_signature(digest.as_bytes(), &bytes(&signed["signature"]), &bytes(&signed["publicKey"]))
    {
        return Err(format!(
            "the signature in {PROOF} that readers of packages check does not hold"
        ));
    }
    let by_log = &proof["logSignature"];
    if by_log.is_null() {
        return Err("the list of files is not signed by the key of the log: anyone who changed a file could mend it".to_owned());
    }
    let key = last.ok_or("the keys of the log cannot be read")?;
    if by_log["key"] != key.text().as_str() || !key.verifies(list, &bytes(&by_log["signature"])) {
        return Err(format!("the last key of the log did not sign {LIST}"));
    }
    holds("the list is signed by the last key of the log, and by the key of packages")
}

/// The page that a reader begins with is the capture.
fn pages(files: &Files<'_>, description: &Description) -> CheckResult {
    let at = Timestamp::parse(&description.date).map(Timestamp::to_rfc3339);
    let list = json(files, LIST)?;
    let is_capture = |url: &Value, date: &Value| {
        url.as_str() == Some(description.url.as_str()) && date.as_str() == at.as_deref()
    };
    if !is_capture(&list["mainPageUrl"], &list["mainPageDate"]) {
        return Err(format!("the main page of {LIST} is not the capture"));
    }
    let mut count = 0;
    for line in files.text("pages/pages.jsonl")?.lines().skip(1) {
        let page: Value =
            serde_json::from_str(line).map_err(|why| format!("pages/pages.jsonl: {why}"))?;
        if !is_capture(&page["url"], &page["ts"]) {
            return Err("a page of pages/pages.jsonl is not the capture".to_owned());
        }
        count += 1;
    }
    match count {
        1 => holds("the page is the capture"),
        n => Err(format!("pages/pages.jsonl has {n} pages, and there is one capture")),
    }
}

/// Every line of the index is of the record that is where it says.
fn index(files: &Files<'_>, description: &Description) -> CheckResult {
    let name = "indexes/index.cdx.gz";
    let mut text = String::new();
    MultiGzDecoder::new(files.get(name)?)
        .take(TEXT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|why| format!("{name}: {why}"))?;
    let mut count = 0;
    for line in text.lines() {
        let mut parts = line.splitn(3, ' ').skip(1);
        let (stamp, fields) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let fields: Value = serde_json::from_str(fields).map_err(|why| format!("{name}: {why}"))?;
        let text = |field: &str| fields[field].as_str().unwrap_or("").to_owned();
        let is_of = |record: &&crate::evidence::bundle::DescribedRecord| {
            let at = Timestamp::parse(&record.date).map(Timestamp::to_stamp14);
            record.offset.is_some_and(|offset| text("offset") == offset.to_string())
                && record.length.is_some_and(|length| text("length") == length.to_string())
                && record
                    .sha256
                    .as_ref()
                    .is_some_and(|s| text("recordDigest") == format!("sha256:{s}"))
                && text("url") == unbracketed(&record.uri)
                && at.as_deref() == Some(stamp)
        };
        if text("filename") != description.warc || !description.records.iter().any(|r| is_of(&r)) {
            return Err(format!("line {} of the index is of no record", count + 1));
        }
        count += 1;
    }
    holds(format!("{count} lines of the index are of the records that lie there"))
}
