//! Trust policies (c2sp.org/tlog-policy): which witnesses are known, and how many of them, in which groups, have to have
//! cosigned a checkpoint.
//!
//! ```text
//! log VKEY [URL]
//! witness NAME VKEY [URL]
//! group NAME all|any|K NAME…
//! quorum NAME|none
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::Checkpoint;
use super::cosignature::WitnessKey;
use super::note::VerifierKey;

/// The longest policy that is read, in bytes.
pub const POLICY_BYTES_MAX: usize = 1 << 20;
/// More lines of any kind than this are refused; the specification asks for 32 of each.
const LINES_MAX: usize = 4096;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The logs; with none, any log is accepted that is known otherwise.
    pub logs: Vec<VerifierKey>,
    /// The witnesses.
    pub witnesses: Vec<PolicyWitness>,
    /// Every name, in the order of their lines.
    names: Vec<(Vec<u8>, Member)>,
    /// The name that has to hold; `None` for `quorum none`.
    quorum: Option<usize>,
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its key.
    pub key: WitnessKey,
    /// Where checkpoints are submitted to it.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Witness(usize),
    /// At least this many of these.
    Group(usize, Vec<usize>),
}

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct PolicyError {
    /// The line, from 1; 0 for the whole.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// A witness of a policy that cosigned a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Which witness, as [`Policy::witnesses`] has it.
    pub witness: usize,
    /// The POSIX time it states.
    pub time: u64,
}

impl Policy {
    /// A policy that knows these witnesses and asks for none of them.
    #[must_use]
    pub fn of(witnesses: Vec<PolicyWitness>) -> Self {
        Self { logs: Vec::new(), witnesses, names: Vec::new(), quorum: None }
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// With the first line that is not as the specification has it.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        let mut line = 0;
        let fail = |line, why: &str| PolicyError { line, why: why.to_owned() };
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(fail(0, "the policy is too long"));
        }
        for text in bytes.split(|byte| *byte == b'\n') {
            line += 1;
            if text.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
                return Err(fail(line, "a control character"));
            }
            let words: Vec<&[u8]> = text
                .split(|byte| matches!(byte, b' ' | b'\t'))
                .filter(|word| !word.is_empty())
                .collect();
            let Some((first, rest)) = words.split_first() else { continue };
            if first.starts_with(b"#") {
                continue;
            }
            if line > LINES_MAX {
                return Err(fail(line, "more lines than are read"));
            }
            reading.line(first, rest).map_err(|why| PolicyError { line, why })?;
        }
        let quorum = reading.quorum.ok_or_else(|| fail(0, "there is no quorum line"))?;
        let Reading { logs, witnesses, names, .. } = reading;
        Ok(Self { logs, witnesses, names, quorum })
    }

    /// Whether a checkpoint may be of this log: signed by one that the policy lists, or it lists none.
    #[must_use]
    pub fn accepts_log(&self, checkpoint: &Checkpoint) -> bool {
        self.logs.is_empty() || self.logs.iter().any(|key| checkpoint.signed_by(key))
    }

    /// The witnesses whose cosignatures over a checkpoint verify, each once and with its newest time.
    #[must_use]
    pub fn cosigned(&self, checkpoint: &Checkpoint) -> Vec<Cosigned> {
        let note = &checkpoint.note;
        let newest = |witness: &PolicyWitness| {
            note.signatures.iter().filter_map(|s| witness.key.verify(&note.text, s)).max()
        };
        let witnesses = self.witnesses.iter().enumerate();
        witnesses
            .filter_map(|(witness, of)| Some(Cosigned { witness, time: newest(of)? }))
            .collect()
    }

    /// Whether these witnesses form the quorum.
    #[must_use]
    pub fn holds(&self, cosigned: &[Cosigned]) -> bool {
        // A member is before the group that names it, so one pass decides all.
        let mut held = Vec::with_capacity(self.names.len());
        for (_, member) in &self.names {
            held.push(match member {
                Member::Witness(witness) => cosigned.iter().any(|one| one.witness == *witness),
                Member::Group(least, members) => {
                    members.iter().filter(|at| held.get(**at) == Some(&true)).count() >= *least
                }
            });
        }
        self.quorum.is_none_or(|at| held.get(at) == Some(&true))
    }

    /// Whether any witness has to have cosigned.
    #[must_use]
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }
}

#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    names: Vec<(Vec<u8>, Member)>,
    by_name: BTreeMap<Vec<u8>, usize>,
    /// Names that are a member of a group.
    taken: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a key or an address that is no UTF-8".to_owned())
}

impl Reading {
    fn line(&mut self, first: &[u8], rest: &[&[u8]]) -> Result<(), String> {
        match (first, rest) {
            (b"log", [key] | [key, _]) => {
                let key = VerifierKey::parse(text(key)?).ok_or("no Ed25519 key of a log")?;
                if self.logs.iter().any(|known| known.public == key.public) {
                    return Err("the key of a log that is listed already".to_owned());
                }
                self.logs.push(key);
            }
            (b"witness", [name, key, url @ ..]) if url.len() <= 1 => {
                let key = WitnessKey::parse(text(key)?).ok_or("no key of a witness")?;
                if self.witnesses.iter().any(|known| known.key.public == key.public) {
                    return Err("the key of a witness that is listed already".to_owned());
                }
                let url = url.first().map(|url| text(url).map(str::to_owned)).transpose()?;
                self.witnesses.push(PolicyWitness { key, url });
                self.name(name, Member::Witness(self.witnesses.len() - 1))?;
            }
            (b"group", [name, least, members @ ..]) if !members.is_empty() => {
                let mut found = Vec::new();
                for member in members {
                    let at = self.known(member)?;
                    if !self.taken.insert(at) {
                        return Err(format!("{} is a member already", shown(member)));
                    }
                    found.push(at);
                }
                let least = match *least {
                    b"all" => found.len(),
                    b"any" => 1,
                    digits => {
                        let is_plain = digits.iter().all(u8::is_ascii_digit);
                        let least = text(digits)?.parse().ok().filter(|_| is_plain);
                        least.ok_or("a group has all, any or a number")?
                    }
                };
                if !(1..=found.len()).contains(&least) {
                    return Err("a group has fewer members than that".to_owned());
                }
                self.name(name, Member::Group(least, found))?;
            }
            (b"quorum", [name]) => {
                if self.quorum.is_some() {
                    return Err("a second quorum".to_owned());
                }
                self.quorum = Some(match *name {
                    b"none" => None,
                    name => Some(self.known(name)?),
                });
            }
            (word, _) => return Err(format!("{} is no line of a policy", shown(word))),
        }
        Ok(())
    }

    fn known(&self, name: &[u8]) -> Result<usize, String> {
        let at = self.by_name.get(name).copied();
        at.ok_or_else(|| format!("{} is not defined before", shown(name)))
    }

    fn name(&mut self, name: &[u8], member: Member) -> Result<(), String> {
        if name == b"none" || self.by_name.contains_key(name) {
            return Err(format!("the name {} is taken", shown(name)));
        }
        self.by_name.insert(name.to_vec(), self.names.len());
        self.names.push((name.to_vec(), member));
        Ok(())
    }
}

fn shown(name: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(name).chars().take(60).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::cosignature::WitnessPublic;

    fn vkey(n: u8) -> String {
        WitnessKey { name: format!("w{n}"), public: WitnessPublic::Ed25519([n; 32]) }.text()
    }

    fn log(n: u8) -> String {
        VerifierKey { name: format!("log{n}"), public: [n; 32] }.text()
    }

    /// The example of the specification, with keys.
    fn example() -> String {
        let mut out = format!("# of two organisations\nlog {}\n\n", log(100));
        for (n, name) in (1..).zip(["X1", "X2", "X3"]) {
            out.push_str(&format!("witness {name} {}\n", vkey(n)));
        }
        out.push_str("group X-witnesses 2 X1 X2 X3\n\n");
        for (n, name) in (4..).zip(["Y1", "Y2", "Y3"]) {
            out.push_str(&format!("\twitness {name}  {} https://{name}.example/\n", vkey(n)));
        }
        out + "group Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    }

    #[test]
    fn a_quorum_holds_as_the_specification_has_it() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        assert_eq!((policy.logs.len(), policy.witnesses.len()), (1, 6));
        assert_eq!(policy.witnesses[3].url.as_deref(), Some("https://Y1.example/"));
        for (witnesses, holds) in [
            (&[0, 1, 3][..], true),
            (&[0, 2, 5], true),
            (&[0, 1, 2], false),
            (&[0, 3, 4, 5], false),
            (&[], false),
            (&[0, 1, 2, 3, 4, 5], true),
        ] {
            let cosigned: Vec<Cosigned> =
                witnesses.iter().map(|w| Cosigned { witness: *w, time: 1 }).collect();
            assert_eq!(policy.holds(&cosigned), holds, "{witnesses:?}");
        }
        let none = Policy::parse(b"quorum none").unwrap();
        assert!(none.holds(&[]) && !none.asks_for_witnesses());
        let names = format!("witness \u{e9} {}\nquorum \u{e9}\n", vkey(1));
        assert!(Policy::parse(names.as_bytes()).unwrap().asks_for_witnesses());
    }

    #[test]
    fn what_is_no_policy_is_refused_with_its_line() {
        let (one, two) = (vkey(1), vkey(2));
        for (text, line, word) in [
            (String::new(), 0, "no quorum"),
            (format!("witness a {one}\n"), 0, "no quorum"),
            ("quorum a\n".to_owned(), 1, "not defined"),
            ("quorum none\nquorum none\n".to_owned(), 2, "second"),
            (format!("witness a {one}\nwitness b {one}\nquorum a\n"), 2, "listed already"),
            (format!("witness a {one}\nwitness a {two}\nquorum a\n"), 2, "taken"),
            (format!("witness none {one}\nquorum none\n"), 1, "taken"),
            (format!("witness a {one}\ngroup g 2 a\nquorum g\n"), 2, "fewer members"),
            (format!("witness a {one}\ngroup g 0 a\nquorum g\n"), 2, "fewer members"),
            (format!("witness a {one}\ngroup g +1 a\nquorum g\n"), 2, "number"),
            (format!("witness a {one}\ngroup g any a a\nquorum g\n"), 2, "member already"),
            (format!("group g any a\nwitness a {one}\nquorum g\n"), 1, "not defined"),
            (format!("witness a {one}\ngroup g any none\nquorum g\n"), 2, "not defined"),
            (format!("witness a {}\nquorum a\n", log(1)), 1, "no key of a witness"),
            (format!("log {one}\nquorum none\n"), 1, "no Ed25519 key of a log"),
            (format!("log {0}\nlog {0}\nquorum none\n", log(1)), 2, "listed already"),
            ("quorum none\r\n".to_owned(), 1, "control"),
            ("policy 1\nquorum none\n".to_owned(), 1, "no line"),
        ] {
            let found = Policy::parse(text.as_bytes()).unwrap_err();
            assert_eq!(found.line, line, "{text}: {found}");
            assert!(found.why.contains(word), "{text}: {found}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "((log|witness|group|quorum)[ \t]?[a-z0-9+= ]{0,20}\n){0,6}") {
            let _ = Policy::parse(text.as_bytes());
        }
    }
}
