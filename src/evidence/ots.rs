//! Proofs of OpenTimestamps (`.ots`): how a digest leads, over hashes, to what a calendar promised or a block of Bitcoin holds.
//!
//! ```text
//! 00 "OpenTimestamps" 00 00 "Proof" 00 bf 89 e2 e8 84 e8 92 94, 01   magic and version
//! 08 …                  what was hashed the file with (SHA-256), and its digest (32 bytes)
//! a timestamp: all of its branches but the last with ff in front
//!   00 TAG LENGTH …     attestation of the message so far: 8 bytes, then its payload
//!      83dfe30d2ef90c8e   a calendar will have it: LENGTH and its address
//!      0588960d73d71901   the Merkle root of a block of Bitcoin is the message: the height
//!   f0 LENGTH …         append to the message, f1 prepend; then the timestamp of what results
//!   f2 f3 02 08         reverse, hexadecimal, SHA-1, SHA-256; 03 RIPEMD-160 and 67 Keccak-256 are passed over
//! ```
//!
//! Lengths and heights are numbers of seven bits a byte, the lowest first. Input must be exactly what would be written. Format
//! and limits are those of python-opentimestamps, which made it.

use data_encoding::HEXLOWER;

use crate::base::DigestAlgorithm;

const MAGIC: &[u8] = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94";
const VERSION: u64 = 1;
const PENDING: [u8; 8] = [0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e];
const BITCOIN: [u8; 8] = [0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01];
const SHA1: u8 = 0x02;
const RIPEMD160: u8 = 0x03;
const SHA256: u8 = 0x08;
const KECCAK256: u8 = 0x67;
const APPEND: u8 = 0xf0;
const PREPEND: u8 = 0xf1;
const REVERSE: u8 = 0xf2;
const HEXLIFY: u8 = 0xf3;

/// The longest proof that is read, in bytes.
pub const PROOF_BYTES_MAX: usize = 64 * 1024;
/// The longest message, and argument of an operation.
const MESSAGE_BYTES_MAX: usize = 4096;
/// The longest payload of an attestation.
const PAYLOAD_BYTES_MAX: usize = 8192;
/// The longest address of a calendar.
const ADDRESS_BYTES_MAX: usize = 1000;
/// How many operations may follow one another.
const DEPTH_MAX: usize = 256;

/// An operation on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Appends bytes.
    Append(Vec<u8>),
    /// Puts bytes in front.
    Prepend(Vec<u8>),
    /// One without an argument: a hash, by its number in the format.
    Plain(u8),
}

impl Op {
    /// The result of the operation on a message; `None` where that is too long, or the operation is not supported here.
    fn run(&self, message: &[u8]) -> Option<Vec<u8>> {
        let out = match self {
            Self::Append(more) => [message, more].concat(),
            Self::Prepend(more) => [more, message].concat(),
            Self::Plain(REVERSE) => message.iter().rev().copied().collect(),
            Self::Plain(HEXLIFY) => HEXLOWER.encode(message).into_bytes(),
            Self::Plain(SHA1) => DigestAlgorithm::Sha1.digest(message).as_bytes().to_vec(),
            Self::Plain(SHA256) => DigestAlgorithm::Sha256.digest(message).as_bytes().to_vec(),
            Self::Plain(_) => return None,
        };
        (out.len() <= MESSAGE_BYTES_MAX).then_some(out)
    }
}

/// A statement about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attestation {
    /// The calendar at this address has taken it, and will have the rest of the proof.
    Pending(String),
    /// It is the Merkle root of the block of Bitcoin at this height.
    Bitcoin(u64),
    /// Something else: its tag and payload.
    Other([u8; 8], Vec<u8>),
}

/// A message's timestamp: what is said of it, and of what follows from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branches(Vec<Branch>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Branch {
    Said(Attestation),
    Then(Op, Branches),
}

/// A proof about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ots {
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// How that leads on.
    pub branches: Branches,
}

/// An attestation with the message that it is of.
pub type Attested<'a> = (&'a Attestation, Vec<u8>);

impl Ots {
    /// Reads a proof about a file of which SHA-256 was taken.
    ///
    /// # Errors
    /// What of it is not of the form, as text.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(format!("a proof of {} bytes", bytes.len()));
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or("it is no proof of OpenTimestamps")?;
        let mut input = Input(rest);
        let version = input.number()?;
        if version != VERSION {
            return Err(format!("a proof of the version {version}"));
        }
        let hash = input.byte()?;
        if hash != SHA256 {
            return Err(format!("a proof over another digest than SHA-256 ({hash:#04x})"));
        }
        let digest = input.take(32)?.try_into().map_err(|_| "no digest")?;
        let branches = Branches::read(&mut input, DEPTH_MAX)?;
        let own = Self { digest, branches };
        match input.0.is_empty() && own.bytes() == bytes {
            true => Ok(own),
            false => Err("it is not as it would be written".to_owned()),
        }
    }

    /// The proof as bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        number(&mut out, VERSION);
        out.push(SHA256);
        out.extend(self.digest);
        self.branches.write(&mut out);
        out
    }

    /// All attestations, each with its message; branches that are not followed here are left out.
    #[must_use]
    pub fn attested(&self) -> Vec<Attested<'_>> {
        let mut out = Vec::new();
        self.branches.follow(self.digest.to_vec(), &mut out);
        out
    }

    /// Adds the calendar's later answer to its promise for `message`; returns whether there was such a promise.
    pub fn upgrade(&mut self, message: &[u8], answer: &Branches) -> bool {
        self.branches.upgrade(self.digest.to_vec(), message, answer)
    }

    /// Whether a block of Bitcoin has it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.attested().iter().any(|(said, _)| matches!(said, Attestation::Bitcoin(_)))
    }
}

impl Branches {
    /// Reads what a calendar answers: a timestamp without a digest in front.
    ///
    /// # Errors
    /// What of it is not of the form, as text.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(format!("an answer of {} bytes", bytes.len()));
        }
        let mut input = Input(bytes);
        let own = Self::read(&mut input, DEPTH_MAX)?;
        let mut written = Vec::new();
        own.write(&mut written);
        match written == bytes {
            true => Ok(own),
            false => Err("it is not as it would be written".to_owned()),
        }
    }

    fn read(input: &mut Input<'_>, depth: usize) -> Result<Self, String> {
        if depth == 0 {
            return Err(format!("more than {DEPTH_MAX} operations in a row"));
        }
        let mut own = Vec::new();
        loop {
            let tag = input.byte()?;
            let (is_last, tag) = if tag == 0xff { (false, input.byte()?) } else { (true, tag) };
            own.push(match tag {
                0 => Branch::Said(Attestation::read(input)?),
                APPEND => {
                    Branch::Then(Op::Append(input.argument()?), Self::read(input, depth - 1)?)
                }
                PREPEND => {
                    Branch::Then(Op::Prepend(input.argument()?), Self::read(input, depth - 1)?)
                }
                REVERSE | HEXLIFY | SHA1 | RIPEMD160 | SHA256 | KECCAK256 => {
                    Branch::Then(Op::Plain(tag), Self::read(input, depth - 1)?)
                }
                other => return Err(format!("an operation that is not known ({other:#04x})")),
            });
            if is_last {
                return Ok(Self(own));
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (at, branch) in self.0.iter().enumerate() {
            if at + 1 < self.0.len() {
                out.push(0xff);
            }
            match branch {
                Branch::Said(said) => said.write(out),
                Branch::Then(op, then) => {
                    match op {
                        Op::Append(more) | Op::Prepend(more) => {
                            out.push(if matches!(op, Op::Append(_)) { APPEND } else { PREPEND });
                            bytes(out, more);
                        }
                        Op::Plain(tag) => out.push(*tag),
                    }
                    then.write(out);
                }
            }
        }
    }

    fn follow<'a>(&'a self, message: Vec<u8>, out: &mut Vec<Attested<'a>>) {
        for branch in &self.0 {
            match branch {
                Branch::Said(said) => out.push((said, message.clone())),
                Branch::Then(op, then) => {
                    if let Some(next) = op.run(&message) {
                        then.follow(next, out);
                    }
                }
            }
        }
    }

    fn upgrade(&mut self, message: Vec<u8>, wanted: &[u8], answer: &Self) -> bool {
        let is_promised = message == wanted
            && self.0.iter().any(|b| matches!(b, Branch::Said(Attestation::Pending(_))));
        if is_promised {
            for branch in &answer.0 {
                if !self.0.contains(branch) {
                    self.0.push(branch.clone());
                }
            }
            return true;
        }
        let mut found = false;
        for branch in &mut self.0 {
            if let Branch::Then(op, then) = branch
                && let Some(next) = op.run(&message)
            {
                found |= then.upgrade(next, wanted, answer);
            }
        }
        found
    }
}

impl Attestation {
    fn read(input: &mut Input<'_>) -> Result<Self, String> {
        let tag: [u8; 8] = input.take(8)?.try_into().map_err(|_| "no tag")?;
        let payload = input.bytes(PAYLOAD_BYTES_MAX)?;
        let mut inner = Input(payload);
        let own = match tag {
            PENDING => {
                let address = inner.bytes(ADDRESS_BYTES_MAX)?;
                let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._/:".contains(b);
                if !address.iter().all(plain) {
                    return Err("an address of a calendar that is none".to_owned());
                }
                Self::Pending(String::from_utf8_lossy(address).into_owned())
            }
            BITCOIN => Self::Bitcoin(inner.number()?),
            other => return Ok(Self::Other(other, payload.to_vec())),
        };
        match inner.0.is_empty() {
            true => Ok(own),
            false => Err("an attestation that is longer than it says".to_owned()),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        let tag = match self {
            Self::Pending(address) => {
                bytes(&mut payload, address.as_bytes());
                PENDING
            }
            Self::Bitcoin(height) => {
                number(&mut payload, *height);
                BITCOIN
            }
            Self::Other(tag, own) => {
                payload.clone_from(own);
                *tag
            }
        };
        out.push(0);
        out.extend(tag);
        bytes(out, &payload);
    }
}

/// Bytes that are read from the front.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.take(1)?.first().copied().ok_or_else(|| "it ends too early".to_owned())
    }

    fn number(&mut self) -> Result<u64, String> {
        let mut out = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(out);
            }
        }
        Err("a number that is too large".to_owned())
    }

    fn bytes(&mut self, most: usize) -> Result<&'a [u8], String> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > most {
            return Err(format!("a part of {length} bytes, which may have {most}"));
        }
        self.take(length)
    }

    fn argument(&mut self) -> Result<Vec<u8>, String> {
        match self.bytes(MESSAGE_BYTES_MAX)? {
            [] => Err("an operation that adds nothing".to_owned()),
            more => Ok(more.to_vec()),
        }
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    number(out, value.len() as u64);
    out.extend(value);
}

// The fuzz targets take in this file by its path as well.
#[cfg(test)]
#[path = "ots/tests.rs"]
mod tests;
