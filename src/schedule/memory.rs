//! All that is remembered of a page from visit to visit, as the bytes of a frontier entry's memo.

use super::life::Life;
use super::packing::{Packer, Unpacker};
use super::revisit::PageHistory;

/// A page's life, and the history of its edits once it was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageMemory {
    /// Whether it is still there.
    pub life: Life,
    /// How often its text was edited; `None` before the first look that showed it.
    pub history: Option<PageHistory>,
    /// A digest of the article text of the last look that showed it, in the caller's bytes, so that
    /// a change is detected without reading the archive. Empty where unknown.
    pub text_digest: Vec<u8>,
}

const VERSION: u8 = 1;

impl PageMemory {
    /// Its bytes, version first; empty for a page that was never visited.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        let mut out = Packer::new(VERSION);
        out.bytes(&self.life.to_bytes());
        out.bytes(&self.history.as_ref().map(PageHistory::to_bytes).unwrap_or_default());
        out.bytes(&self.text_digest);
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let mut from = Unpacker::new(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let life = Life::of_bytes(from.bytes()?)?;
        let history = match from.bytes()? {
            [] => None,
            history => Some(PageHistory::of_bytes(history)?),
        };
        let text_digest = from.bytes()?.to_vec();
        from.is_done().then_some(Self { life, history, text_digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::schedule::life::{LifeRules, Observation};
    use crate::schedule::revisit::{Prior, Shape};

    #[test]
    fn a_memory_comes_back_from_its_bytes() {
        let at = Timestamp::from_unix_seconds(1_700_000_000);
        let mut memory = PageMemory::default();
        assert_eq!(PageMemory::of_bytes(&memory.to_bytes()), Some(memory.clone()));
        memory.life.look(at, &Observation::NotFound, &LifeRules::default());
        assert_eq!(PageMemory::of_bytes(&memory.to_bytes()), Some(memory.clone()));
        memory.history = Some(PageHistory::new(Shape::Article, at, at, &Prior::default()));
        memory.text_digest = vec![7; 32];
        let back = PageMemory::of_bytes(&memory.to_bytes()).unwrap();
        assert_eq!((&back.life, &back.text_digest), (&memory.life, &memory.text_digest));
        assert_eq!(back.history.map(|h| h.looks), Some(1));
        assert_eq!(PageMemory::of_bytes(b"\x09nonsense"), None);
    }
}
