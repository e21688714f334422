//! What forgers do to the files of a bundle.

use std::fs;
use std::path::PathBuf;

use pressmark::base::DigestAlgorithm;
use pressmark::evidence::bundle::{Contents, write_zip};
use pressmark::evidence::key::LogKey;
use serde_json::Value;

use crate::evidence::checkers::{Given, both};

pub fn get<'a>(contents: &'a Contents, name: &str) -> &'a [u8] {
    &contents.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
}

pub fn set(contents: &mut Contents, name: &str, bytes: impl Into<Vec<u8>>) {
    match contents.iter_mut().find(|(n, _)| n == name) {
        Some(file) => file.1 = bytes.into(),
        None => contents.push((name.to_owned(), bytes.into())),
    }
}

pub fn without(mut contents: Contents, names: &[&str]) -> Contents {
    contents.retain(|(name, _)| !names.contains(&name.as_str()));
    contents
}

/// With a list that matches the files; its signature stays.
pub fn mended(contents: Contents) -> Contents {
    let mut contents = without(contents, &["SHA256SUMS"]);
    let mut lines: Vec<String> = Vec::new();
    for (name, bytes) in contents.iter().filter(|(name, _)| name != "SHA256SUMS.sig") {
        let sum = DigestAlgorithm::Sha256.digest(bytes).to_string();
        lines.push(format!("{}  {name}\n", sum.trim_start_matches("sha256:")));
    }
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    contents.push(("SHA256SUMS".to_owned(), lines.concat().into_bytes()));
    contents
}

/// The same without the signature.
pub fn unsigned(contents: Contents) -> Contents {
    without(mended(contents), &["SHA256SUMS.sig"])
}

pub fn signed(mut contents: Contents, key: &LogKey) -> Contents {
    let signature = key.sign(get(&contents, "SHA256SUMS"));
    set(&mut contents, "SHA256SUMS.sig", signature);
    contents
}

/// A zip of these entries as they are, doubled ones too, each stored; with bytes in front of it.
pub fn raw_zip(entries: &[(String, Vec<u8>)], front: &[u8], mode: u32) -> Vec<u8> {
    let (mut out, mut directory) = (front.to_vec(), Vec::new());
    for (name, bytes) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let shared = [
            &[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
            &crc.sum().to_le_bytes(),
            &length,
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        let at = u32::try_from(out.len()).unwrap().to_le_bytes();
        out.extend([&b"PK\x03\x04"[..], &shared, name.as_bytes(), bytes].concat());
        let attributes = (mode << 16).to_le_bytes();
        let rest = [&[0; 6][..], &attributes, &at, name.as_bytes()].concat();
        directory.extend([&b"PK\x01\x02\x0a\x03"[..], &shared, &rest].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let at = u32::try_from(out.len()).unwrap().to_le_bytes();
    out.extend(
        [&directory[..], b"PK\x05\x06\0\0\0\0", &count, &count, &size, &at, &[0, 0]].concat(),
    );
    out
}

/// Forgeries under their names, each as a file.
pub struct Forgeries {
    pub dir: tempfile::TempDir,
    pub made: Vec<(String, PathBuf)>,
}

impl Forgeries {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), made: Vec::new() }
    }

    pub fn bytes(&mut self, name: String, bytes: &[u8]) {
        let path = self.dir.path().join(format!("{}.zip", self.made.len()));
        fs::write(&path, bytes).unwrap();
        self.made.push((name, path));
    }

    pub fn add(&mut self, name: impl Into<String>, contents: &Contents) {
        let path = self.dir.path().join(format!("{}.zip", self.made.len()));
        write_zip(&path, contents).unwrap();
        self.made.push((name.into(), path));
    }

    /// As it is, with the list updated, and without its signature.
    pub fn each(&mut self, name: &str, contents: &Contents) {
        self.add(name, contents);
        self.add(format!("{name}, listed"), &mended(contents.clone()));
        self.add(format!("{name}, listed, unsigned"), &unsigned(contents.clone()));
    }

    /// Those that at least one of the checkers does not detect.
    pub fn missed(&self, given: &Given) -> Vec<String> {
        let paths: Vec<PathBuf> = self.made.iter().map(|(_, path)| path.clone()).collect();
        let found = both(&paths, given);
        let mut missed = Vec::new();
        for ((name, _), (ours, script)) in self.made.iter().zip(found) {
            if ours.is_empty() || script.is_empty() {
                missed.push(format!("{name}: ours {ours:?}, the script {script:?}"));
            }
        }
        missed
    }
}

/// Every value of a document by its path, and ways to change it.
pub fn changes(value: &Value) -> Vec<(String, Value)> {
    fn walk(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(map) => {
                for (name, inner) in map {
                    let below = format!("{path}/{name}");
                    walk(inner, &below, out);
                    out.push((format!("{below} removed"), Value::Null));
                }
                out.push((format!("{path} more"), Value::Null));
            }
            Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    walk(inner, &format!("{path}/{n}"), out);
                }
                out.push((format!("{path} shorter"), Value::Null));
                out.push((format!("{path} longer"), Value::Null));
            }
            Value::String(text) => out.push((path.to_owned(), Value::from(format!("{text}x")))),
            Value::Number(n) => out.push((path.to_owned(), Value::from(n.as_u64().unwrap() + 1))),
            Value::Null | Value::Bool(_) => out.push((path.to_owned(), Value::from(7))),
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

/// A document with one such change; `None` where it changes nothing.
pub fn changed(document: &Value, (path, to): &(String, Value)) -> Option<Value> {
    let mut out = document.clone();
    let (at, how) = path.split_once(' ').unwrap_or((path, ""));
    match how {
        "removed" => {
            let (parent, name) = at.rsplit_once('/')?;
            out.pointer_mut(parent)?.as_object_mut()?.remove(name);
        }
        "more" => {
            out.pointer_mut(at)?.as_object_mut()?.insert("more".to_owned(), Value::from(1));
        }
        "shorter" => drop(out.pointer_mut(at)?.as_array_mut()?.pop()?),
        "longer" => {
            let list = out.pointer_mut(at)?.as_array_mut()?;
            list.push(list.first()?.clone());
        }
        _ => *out.pointer_mut(at)? = to.clone(),
    }
    (out != *document).then_some(out)
}

pub fn json_of(contents: &Contents) -> Value {
    serde_json::from_slice(get(contents, "bundle.json")).unwrap()
}

pub fn with_json(contents: &Contents, json: &Value) -> Contents {
    let mut contents = contents.clone();
    set(&mut contents, "bundle.json", format!("{json:#}\n"));
    contents
}
