//! `add-checkpoint`: what is asked, and what the answers are.

use data_encoding::BASE64;
use tlog_tiles::Hash;

use crate::evidence::Checkpoint;
use crate::evidence::proof::LEAVES_MAX;

/// A request may have at most this many lines of a proof.
pub const PROOF_LINES_MAX: usize = 63;
/// The longest request that is read, in bytes: a proof, and a checkpoint with post-quantum signatures.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// The media type of the size in a 409.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// What a log submits.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The size of the tree that the proof begins with.
    pub old: u64,
    /// The proof that the checkpoint's tree begins with that one.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An answer that says why.
    #[must_use]
    pub fn refusal(status: u16, why: &str) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", body: format!("{why}\n") }
    }

    /// The size of the tree that was cosigned last.
    #[must_use]
    pub fn conflict(size: u64) -> Self {
        Self { status: 409, media_type: SIZE_TYPE, body: format!("{size}\n") }
    }

    /// Text that was asked for.
    #[must_use]
    pub fn text(body: String) -> Self {
        Self { status: 200, media_type: "text/plain; charset=utf-8", body }
    }
}

impl Submission {
    /// Reads a request.
    ///
    /// # Errors
    /// What of it is not as the specification has it.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "the request is not UTF-8")?;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or("there is no empty line before the checkpoint")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(decimal).ok_or("the first line is not an old size")?;
        let mut proof = Vec::new();
        for line in lines {
            let bytes = BASE64.decode(line.as_bytes()).ok();
            let hash = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            proof.push(Hash(hash.ok_or("a line of the proof is not a hash")?));
            if proof.len() > PROOF_LINES_MAX {
                return Err(format!("the proof has more than {PROOF_LINES_MAX} lines"));
            }
        }
        let checkpoint = Checkpoint::parse(checkpoint.as_bytes())
            .filter(|checkpoint| checkpoint.size <= LEAVES_MAX)
            .ok_or("the text after the empty line is not a checkpoint")?;
        Ok(Self { old, proof, checkpoint })
    }
}

/// A number in decimal, without leading zeroes.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
