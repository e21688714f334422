//! The statements that are still in force, so that the log is opened without reading all earlier statements.
//!
//! ```text
//! evidence/summary
//!   pressmark/log-summary/1
//!   size 12345              a checkpoint that is kept, and
//!   root BASE64             its root
//!   until 456789            how many bytes of `statements` are summed up: those of this checkpoint
//!   sha256 HEX              of all that follows
//!
//!   @INDEX LENGTH           the statements, as in `statements`
//!   …
//! ```
//!
//! Each checkpoint states how far a file reached and which time stamps came: a million statements a year where one is signed
//! every half minute, of which the newest few count. Left out are stretches of a file that a later one or the end of the file
//! followed, and time stamps over checkpoints that are not recent. The file is derived: where it is missing, damaged or of
//! another history, all statements are read. It is not used for checks: `verify` reads all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data_encoding::HEXLOWER;
use tlog_tiles::Hash;

use super::error::io as disk;
use super::files::write_whole;
use super::leaf::{Statement, sha256};
use super::ledger::{Ledger, read_statements, statement_text};
use super::{Checkpoint, EvidenceError};

const FORM: &str = "pressmark/log-summary/1";
/// The name of the file below the log's directory.
const NAME: &str = "summary";
/// A new one is made when this many bytes of statements are in none; few in unit tests.
const AFTER_BYTES: u64 = if cfg!(test) { 8 << 10 } else { 256 << 10 };

/// A summary as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Summary {
    /// The size of the checkpoint that it is of.
    pub(super) size: u64,
    /// The root of that checkpoint.
    pub(super) root: Hash,
    /// How many bytes of `statements` are in it.
    pub(super) until: u64,
    /// The statements that still count, by their leaves.
    pub(super) statements: Vec<(u64, Statement)>,
}

impl Summary {
    /// That of the log in this directory; `None` where there is none that can be read.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(dir.join(NAME)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\n\n")?;
        let mut lines = head.strip_prefix(FORM)?.strip_prefix('\n')?.lines();
        let mut line = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let size = line("size")?.parse().ok()?;
        let root = Hash::parse_hash(line("root")?).ok()?;
        let until = line("until")?.parse().ok()?;
        if line("sha256")? != HEXLOWER.encode(&sha256(body.as_bytes())) {
            return None;
        }
        let (statements, read) = read_statements(body, size);
        (read == body.len() as u64).then_some(Self { size, root, until, statements })
    }

    fn text(&self) -> String {
        let body: String =
            self.statements.iter().map(|(index, one)| statement_text(*index, one)).collect();
        let sum = HEXLOWER.encode(&sha256(body.as_bytes()));
        format!(
            "{FORM}\nsize {}\nroot {}\nuntil {}\nsha256 {sum}\n\n{body}",
            self.size, self.root, self.until
        )
    }
}

/// Writes a new summary, as of a checkpoint, where much was stated since the last one. `recent` is the smallest size of a
/// checkpoint whose time stamps still come.
///
/// # Errors
/// When the disk does not do it.
pub(super) fn keep(
    dir: &Path,
    ledger: &Ledger,
    newest: &Checkpoint,
    recent: u64,
) -> Result<(), EvidenceError> {
    let (summed, until) = ledger.statements_summed();
    if until.saturating_sub(summed) < AFTER_BYTES {
        return Ok(());
    }
    let statements = in_force(ledger.statements(), recent);
    let summary = Summary { size: newest.size, root: newest.root, until, statements };
    let path = dir.join(NAME);
    write_whole(&path, summary.text().as_bytes()).map_err(disk("writing", &path))
}

/// The statements that are still in force.
fn in_force(statements: &[(u64, Statement)], recent: u64) -> Vec<(u64, Statement)> {
    let (mut last, mut sealed) = (BTreeMap::new(), BTreeSet::new());
    for (index, statement) in statements {
        match statement {
            Statement::Span { name, .. } => drop(last.insert(name.as_str(), *index)),
            Statement::File { name, .. } => drop(sealed.insert(name.as_str())),
            _ => {}
        }
    }
    let counts = |(index, statement): &&(u64, Statement)| match statement {
        Statement::Span { name, .. } => {
            last.get(name.as_str()) == Some(index) && !sealed.contains(name.as_str())
        }
        Statement::Stamp { checkpoint, .. } => *checkpoint >= recent,
        Statement::Key { .. }
        | Statement::File { .. }
        | Statement::Adopted { .. }
        | Statement::Kept { .. }
        | Statement::Purged { .. } => true,
    };
    statements.iter().filter(counts).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::evidence::log::{Appender, Log};
    use crate::evidence::{Options, leaf};
    use crate::store::Layout;

    fn span(name: &str, from: u64) -> Statement {
        Statement::Span { name: name.to_owned(), from, to: from + 1, sha256: [0; 32] }
    }

    fn stamp(checkpoint: u64) -> Statement {
        Statement::Stamp {
            checkpoint,
            authority: "a".to_owned(),
            response: [1; 32],
            chain: [2; 32],
        }
    }

    #[test]
    fn the_newest_stretch_of_an_open_file_and_recent_stamps_are_what_counts() {
        let sealed = Statement::File { name: "done".to_owned(), length: 2, sha256: [0; 32] };
        let all: Vec<(u64, Statement)> = (0..)
            .zip([
                span("done", 0),
                span("open", 0),
                span("done", 1),
                sealed,
                stamp(4),
                span("open", 1),
                stamp(5),
                Statement::Adopted { name: "x".to_owned() },
            ])
            .collect();
        let kept: Vec<u64> = in_force(&all, 5).into_iter().map(|(index, _)| index).collect();
        assert_eq!(kept, [3, 5, 6, 7]);
        let summary =
            Summary { size: 8, root: Hash([7; 32]), until: 99, statements: in_force(&all, 5) };
        let text = summary.text();
        assert_eq!(Summary::parse(&text), Some(summary));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let text = String::from_utf8(bytes).unwrap();
            // The numbers are compared with a checkpoint that is kept, and the file.
            let numbers = FORM.len() + 1..text.find("sha256").unwrap();
            assert!(numbers.contains(&at) || Summary::parse(&text).is_none(), "{at}");
        }
    }

    /// A log with many statements is opened by its summary, and is the same log.
    #[test]
    fn a_log_is_the_same_with_its_summary_and_without() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let options = Options::default();
        let now = Timestamp::from_unix_seconds(1_762_300_800);
        for n in 0..100_u64 {
            let mut appender = Appender::open(&layout, &options).unwrap();
            appender.record(&leaf::sha256(&n.to_be_bytes()), "a.warc.gz", n * 10, 0).unwrap();
            appender.state(span("a.warc.gz", n)).unwrap();
            appender.state(stamp(n)).unwrap();
            appender.checkpoint(now).unwrap().unwrap();
        }
        let path = layout.evidence_dir().join(NAME);
        let summary = Summary::read(&layout.evidence_dir()).unwrap();
        assert!(summary.size > 150, "{}", summary.size);
        let short = Log::open(&layout).unwrap();
        let count = short.ledger().statements().len();
        assert!((2..170).contains(&count), "{count}");
        let whole = Log::whole(&layout, short.newest().cloned()).unwrap();
        assert_eq!(whole.ledger().statements().len(), 201);
        assert_eq!(whole.keys(), short.keys());
        let last = |log: &Log| {
            let mut spans = log.ledger().statements().iter().rev();
            spans.find(|(_, s)| matches!(s, Statement::Span { .. })).cloned()
        };
        assert_eq!(last(&whole), last(&short));
        // Damaged, of another history, newer than the log: all statements are read.
        let sound = std::fs::read_to_string(&path).unwrap();
        let other = Summary { root: Hash([9; 32]), ..summary.clone() };
        let newer = Summary { size: 1 << 40, ..summary.clone() };
        let long = Summary { until: 1 << 40, ..summary };
        let cut = sound[..sound.len() - 9].to_owned();
        for wrong in [other.text(), newer.text(), long.text(), cut, String::new()] {
            std::fs::write(&path, wrong).unwrap();
            let log = Log::open(&layout).unwrap();
            assert_eq!(log.ledger().statements(), whole.ledger().statements());
        }
        std::fs::write(&path, sound).unwrap();
        // It continues where the summary ends.
        let mut appender = Appender::open(&layout, &options).unwrap();
        appender.state(span("a.warc.gz", 9999)).unwrap();
        appender.checkpoint(now).unwrap().unwrap();
        let log = Log::open(&layout).unwrap();
        let whole = Log::whole(&layout, log.newest().cloned()).unwrap();
        assert_eq!(whole.ledger().statements().len(), 202);
        assert_eq!(last(&whole), last(&log));
    }
}
