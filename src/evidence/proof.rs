//! Proofs as text: that a leaf is in a tree (c2sp.org/tlog-proof), and that one tree begins with
//! another (RFC 6962 section 2.1.2).
//!
//! ```text
//! c2sp.org/tlog-proof@v1         inclusion
//! index 99
//! BASE64                         a hash a line, from the leaf upwards
//! …
//!
//! …                              the checkpoint, verbatim
//!
//! pressmark/consistency/1        consistency: each of these trees is the beginning of the newest
//!
//! old 1200 BASE64                size and root of the older tree
//! BASE64                         a hash a line
//! …
//!
//! old 1230 BASE64
//! …
//! ```
//!
//! What is read is exactly what would be written. Which leaf or checkpoint is asked for is decided
//! elsewhere; hashing is that of `tlog_tiles`.

use tlog_tiles::Hash;

use super::Checkpoint;

/// What an inclusion proof begins with.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
/// What consistency proofs begin with.
const CONSISTENCY: &str = "pressmark/consistency/1";
/// More leaves than this no log has, and the arithmetic of trees is not asked for more.
pub const LEAVES_MAX: u64 = 1 << 62;
/// No tree of this many leaves is higher.
const HASHES_MAX: usize = 64;
/// This many older trees are taken; twenty times what a bundle has.
const EARLIER_MAX: usize = 10_000;

/// A proof that a leaf is in the tree of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Inclusion<'a> {
    /// Which leaf.
    pub index: u64,
    /// The hashes beside its way to the root, from the leaf upwards.
    pub hashes: Vec<Hash>,
    /// The checkpoint, as text.
    pub checkpoint: &'a str,
}

impl<'a> Inclusion<'a> {
    /// The proof as text.
    #[must_use]
    pub fn text(&self) -> String {
        let hashes = lines(&self.hashes);
        format!("{INCLUSION}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a proof; `None` where it is not exactly as [`Self::text`] writes one.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.lines();
        if lines.next()? != INCLUSION {
            return None;
        }
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let hashes = hashes(lines)?;
        let proof = Self { index, hashes, checkpoint };
        (proof.text() == text).then_some(proof)
    }

    /// Whether it leads from this leaf hash to the root of `checkpoint`.
    #[must_use]
    pub fn leads_to(&self, leaf: Hash, checkpoint: &Checkpoint) -> bool {
        let Checkpoint { size, root, .. } = *checkpoint;
        size <= LEAVES_MAX
            && self.index < size
            && tlog_tiles::check_record(&self.hashes, size, root, self.index, leaf).is_ok()
    }
}

/// A tree that a newer one begins with, and the proof of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The proof.
    pub hashes: Vec<Hash>,
}

impl Earlier {
    /// Whether the tree of `newest` begins with this one.
    #[must_use]
    pub fn leads_to(&self, newest: &Checkpoint) -> bool {
        let sizes = 1..=newest.size;
        newest.size <= LEAVES_MAX
            && sizes.contains(&self.size)
            && tlog_tiles::check_tree(&self.hashes, newest.size, newest.root, self.size, self.root)
                .is_ok()
    }
}

/// Proofs of consistency as text.
#[must_use]
pub fn consistency_text(earlier: &[Earlier]) -> String {
    let one = |e: &Earlier| format!("\nold {} {}\n{}", e.size, e.root, lines(&e.hashes));
    let all: String = earlier.iter().map(one).collect();
    format!("{CONSISTENCY}\n{all}")
}

/// Reads proofs of consistency; `None` where they are not exactly as [`consistency_text`] writes them,
/// smallest first and each size once.
#[must_use]
pub fn parse_consistency(text: &str) -> Option<Vec<Earlier>> {
    let mut earlier: Vec<Earlier> = Vec::new();
    for paragraph in text.strip_prefix(CONSISTENCY)?.strip_suffix('\n')?.split("\n\n").skip(1) {
        let mut lines = paragraph.lines();
        let (size, root) = lines.next()?.strip_prefix("old ")?.split_once(' ')?;
        let (size, root) = (size.parse().ok()?, Hash::parse_hash(root).ok()?);
        if earlier.len() >= EARLIER_MAX || earlier.last().is_some_and(|last| last.size >= size) {
            return None;
        }
        earlier.push(Earlier { size, root, hashes: hashes(lines)? });
    }
    (consistency_text(&earlier) == text).then_some(earlier)
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| format!("{hash}\n")).collect()
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let hashes: Option<Vec<Hash>> =
        lines.take(HASHES_MAX + 1).map(|line| Hash::parse_hash(line).ok()).collect();
    hashes.filter(|hashes| hashes.len() <= HASHES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> Hash {
        Hash([byte; 32])
    }

    #[test]
    fn proofs_read_back_and_nothing_else_does() {
        let proof = Inclusion { index: 9, hashes: vec![hash(1), hash(2)], checkpoint: "o\n10\n" };
        let text = proof.text();
        assert_eq!(Inclusion::parse(&text), Some(proof));
        for changed in [
            text.replace("index 9", "index 09"),
            text.replace("index 9", "extra AA==\nindex 9"),
            text.replace("@v1", "@v2"),
            text.replacen('\n', "\r\n", 1),
            text.replacen("=\n", "=\n=\n", 1),
        ] {
            assert_eq!(Inclusion::parse(&changed), None, "{changed}");
        }
        for earlier in [
            vec![],
            vec![Earlier { size: 3, root: hash(3), hashes: vec![] }],
            vec![
                Earlier { size: 3, root: hash(3), hashes: vec![hash(4), hash(5)] },
                Earlier { size: 7, root: hash(6), hashes: vec![hash(7)] },
            ],
        ] {
            let text = consistency_text(&earlier);
            assert_eq!(parse_consistency(&text), Some(earlier.clone()), "{text}");
            assert_eq!(parse_consistency(&format!("{text}\n")), None);
            assert_eq!(parse_consistency(text.trim_end()), None);
        }
        let twice = vec![Earlier { size: 3, root: hash(3), hashes: vec![] }; 2];
        assert_eq!(parse_consistency(&consistency_text(&twice)), None);
    }

    /// Sizes at which a plain implementation of the arithmetic ends in a panic.
    #[test]
    fn a_tree_that_is_too_large_to_be_one_proves_nothing() {
        let note = crate::evidence::note::Note { text: String::new(), signatures: Vec::new() };
        for size in [LEAVES_MAX + 1, u64::MAX] {
            let checkpoint = Checkpoint {
                origin: "o".into(),
                size,
                root: hash(0),
                time: None,
                previous: None,
                round: None,
                note: note.clone(),
            };
            let proof = Inclusion { index: size - 1, hashes: vec![hash(1); 64], checkpoint: "" };
            assert!(!proof.leads_to(hash(0), &checkpoint));
            let earlier = Earlier { size: size - 1, root: hash(0), hashes: vec![hash(1); 64] };
            assert!(!earlier.leads_to(&checkpoint));
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_a_proof_never_panics(text in "(c2sp.org/tlog-proof@v1\n)?(index [0-9]{1,22}\n)?[A-Za-z0-9+/=\n]{0,90}") {
            if let Some(proof) = Inclusion::parse(&text) {
                proptest::prop_assert_eq!(proof.text(), text);
            }
        }

        #[test]
        fn reading_consistency_never_panics(text in "(pressmark/consistency/1\n)?(\nold [0-9]{1,22} [A-Za-z0-9+/=]{0,44}\n){0,3}[A-Za-z0-9+/=\n]{0,90}") {
            if let Some(earlier) = parse_consistency(&text) {
                proptest::prop_assert_eq!(consistency_text(&earlier), text);
            }
        }
    }
}
