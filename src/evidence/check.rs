//! Checking a bundle or a package: the same steps that its certificate tells a reader to take, and
//! that `checker/check.py` takes.
//!
//! Nothing in it is trusted. What a person reads in it is bound to the records by the signature over the list
//! of files; that is the log's by the leaves of its keys; and whose log it is follows from what the caller
//! brings: a key that was known before, or a checkpoint that someone kept. Without either everything may agree
//! and still be forged, which is reported.
//!
//! In reading order: the list of files ([`listing`]), the records ([`records`]) and what is said of
//! them ([`described`]), the log ([`history`]), the time stamps ([`stamps`]), the interval ([`interval`]), the
//! witnesses ([`witnesses`]), a block of Bitcoin ([`anchor`]), a session that a relay attested ([`session`]),
//! packages ([`package`]).

mod anchor;
mod described;
mod history;
mod interval;
mod listing;
mod package;
mod records;
pub mod session;
mod stamps;
pub mod witnesses;

use std::collections::BTreeMap;

use super::Checkpoint;
use super::bitcoin::Headers;
use super::bundle::{CHECK_SCRIPT, Contents, Description, FORMAT, FORMAT_1};
use super::note::VerifierKey;
use super::policy::Policy;
use super::session::Roots;
use super::token::Trust;

/// The longest JSON that is read.
const JSON_BYTES_MAX: usize = 4 << 20;

/// What is known besides the bundle.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// A key of the log.
    pub key: Option<VerifierKey>,
    /// Checkpoints that were published or kept: what they are called, and their bytes.
    pub published: Vec<(String, Vec<u8>)>,
    /// Roots that time stamps must lead to.
    pub trust: Trust,
    /// Whose cosignatures count, and how many of them are wanted.
    pub policy: Option<Policy>,
    /// Chains of drand that are known in addition to those of the League of Entropy, by their hashes.
    pub chains: Vec<[u8; 32]>,
    /// Headers of Bitcoin blocks.
    pub headers: Headers,
    /// Keys of relays whose word counts.
    pub relays: Vec<VerifierKey>,
    /// Roots that certificates of servers must lead to.
    pub roots: Roots,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// There is nothing to check.
    Absent,
    /// It fails.
    Fails,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Absent => "absent",
            Self::Fails => "failed",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub what: String,
}

type CheckResult = Result<(Outcome, String), String>;

fn holds(what: impl Into<String>) -> CheckResult {
    Ok((Outcome::Holds, what.into()))
}

fn absent(what: impl Into<String>) -> CheckResult {
    Ok((Outcome::Absent, what.into()))
}

fn step(name: &'static str, said: CheckResult) -> Step {
    let (outcome, what) = said.unwrap_or_else(|what| (Outcome::Fails, what));
    // A forger may put anything into names and values.
    let plain = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    Step { name, outcome, what: what.chars().map(plain).collect() }
}

/// Takes every step. A failed step does not stop the others, except for an unknown format.
#[must_use]
pub fn check(contents: &Contents, known: &Known) -> Vec<Step> {
    if contents.iter().any(|(name, _)| name == "datapackage.json") {
        return package::check(contents, known);
    }
    let files = Files::of(contents);
    let description = match description(&files, "bundle.json") {
        Ok(description) => description,
        Err(why) => return vec![step("format", Err(why))],
    };
    let keys = history::keys(&files, &description);
    let last = keys.as_ref().ok().and_then(|keys| keys.last()).map(|named| &named.key);
    let mut steps = vec![
        step("format", holds(format!("a bundle of the format {}", description.format))),
        step("files", listing::sums(&files)),
        step("files-signature", listing::signature(&files, last)),
    ];
    steps.extend(common(&files, &description, keys, known, described::Form::Bundle));
    steps.push(step("checker", checker(&files, &description)));
    steps
}

/// The steps that bundles and packages share.
fn common(
    files: &Files<'_>,
    description: &Description,
    keys: Result<Vec<history::Named>, String>,
    known: &Known,
    form: described::Form,
) -> Vec<Step> {
    let records = records::read(files, description);
    let listed = keys.clone();
    let session = records.as_ref().ok().and_then(|r| session::step(files, description, r, known));
    let interval = records.as_ref().map_err(Clone::clone);
    let interval = interval.and_then(|r| interval::hold(files, description, r, known));
    let mut steps = vec![
        step("records", records.as_ref().map_err(Clone::clone).and_then(|r| records::summary(r))),
        step("leaves", records.clone().and_then(|r| records::leaves(files, &r))),
        step("description", records.and_then(|r| described::agrees(files, description, &r, form))),
        step("inclusion", history::inclusion(files, description)),
        step("checkpoint", history::checkpoint(files, description, &listed)),
        step("keys", keys.as_ref().map_err(Clone::clone).and_then(|k| history::summary(k))),
        step("consistency", history::consistency(files, description, &listed)),
        step("key", history::trusted(&listed, known)),
        step("published", history::published(files, &listed, known)),
        step("timestamps", stamps::hold(files, description, known)),
        step("interval", interval),
        step("witnesses", witnesses::hold(files, description, &listed, known)),
    ];
    let anchored = anchor::step(files, description, &listed, known);
    steps.extend(anchored.map(|said| step("bitcoin", said)));
    steps.extend(session.map(|said| step("session", said)));
    steps
}

/// Reads `bundle.json`.
fn description(files: &Files<'_>, name: &str) -> Result<Description, String> {
    let bytes = files.json(name)?;
    let loose: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|why| format!("{name}: {why}"))?;
    match loose["format"].as_str() {
        Some(FORMAT) => serde_json::from_slice(bytes).map_err(|why| format!("{name}: {why}")),
        Some(FORMAT_1) => Err(format!(
            "a bundle of an earlier version ({FORMAT_1}): its list of files need not be signed, nothing in it proves that a key is the log's, and it has no proof for checkpoints but its own. Have it made again from the archive"
        )),
        Some(other) => Err(format!(
            "its format, {other:?}, is not known to this program, which knows {FORMAT}"
        )),
        None => Err(format!("{name} names no format")),
    }
}

/// The script in the bundle is the one that this program would put into it.
fn checker(files: &Files<'_>, description: &Description) -> CheckResult {
    let ours = concat!("pressmark/", env!("CARGO_PKG_VERSION"));
    if files.get("check.py")? == CHECK_SCRIPT.as_bytes() {
        return holds("check.py is the one that this program carries");
    }
    if description.software == ours {
        return Err("check.py is not the one that this program carries, though the bundle says that it was made by the same version".to_owned());
    }
    absent(format!(
        "check.py is of another version ({}), and was not compared; `pressmark evidence checker` prints that of this one",
        description.software.escape_debug()
    ))
}

/// Files by name.
struct Files<'a> {
    by_name: BTreeMap<&'a str, &'a [u8]>,
    /// A name that comes twice.
    twice: Option<&'a str>,
}

impl<'a> Files<'a> {
    fn of(contents: &'a Contents) -> Self {
        let mut files = Self { by_name: BTreeMap::new(), twice: None };
        for (name, bytes) in contents {
            if files.by_name.insert(name, bytes).is_some() {
                files.twice = Some(name);
            }
        }
        files
    }

    fn get(&self, name: &str) -> Result<&'a [u8], String> {
        self.by_name.get(name).copied().ok_or_else(|| format!("{name} is missing"))
    }

    /// A file that is going to be read as JSON, whose values take many times its length in memory.
    fn json(&self, name: &str) -> Result<&'a [u8], String> {
        let bytes = self.get(name)?;
        match bytes.len() {
            0..=JSON_BYTES_MAX => Ok(bytes),
            length => Err(format!("{name} is {length} bytes long; it may have {JSON_BYTES_MAX}")),
        }
    }

    fn text(&self, name: &str) -> Result<&'a str, String> {
        std::str::from_utf8(self.get(name)?).map_err(|_| format!("{name} is no UTF-8"))
    }

    fn checkpoint(&self, name: &str) -> Result<Checkpoint, String> {
        Checkpoint::parse(self.get(name)?).ok_or_else(|| format!("{name} is no checkpoint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_in_a_bundle_makes_a_check_panic(
            names in proptest::collection::vec("(checkpoint|bundle.json|SHA256SUMS|leaves/01.txt|keys/01.txt|log/consistency|timestamps/a.tsr|datapackage.json|datapackage-digest.json|evidence/bundle.json)", 0..6),
            bytes in proptest::collection::vec(0u8.., 0..60),
        ) {
            let contents: Contents = names.into_iter().map(|name| (name, bytes.clone())).collect();
            let steps = check(&contents, &Known::default());
            proptest::prop_assert!(steps.iter().any(|s| s.outcome == Outcome::Fails));
        }
    }

    #[test]
    fn a_check_reports_what_a_bundle_of_an_earlier_version_lacks() {
        let of = |json: &str| {
            let contents = vec![("bundle.json".to_owned(), json.as_bytes().to_vec())];
            check(&contents, &Known::default()).remove(0).what
        };
        let old = of("{\"format\":\"pressmark/bundle/1\"}");
        assert!(old.contains("earlier version") && old.contains("made again"), "{old}");
        assert!(of("{\"format\":\"pressmark/bundle/9\"}").contains("is not known"));
        assert!(of("{}").contains("names no format"));
        let twice = "{\"format\":\"pressmark/bundle/2\",\"url\":\"a\",\"url\":\"b\"}";
        assert!(of(twice).contains("duplicate field"), "{}", of(twice));
        let more = "{\"format\":\"pressmark/bundle/2\",\"more\":1}";
        assert!(of(more).contains("unknown field"), "{}", of(more));
    }
}
