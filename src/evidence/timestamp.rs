//! Time stamps over checkpoints: asked for, kept with them, checked again whenever `verify` runs.
//!
//! ```text
//! checkpoints/000000001234.tsa.example.org_ts.tsr   the response, DER
//! checkpoints/000000001234.tsa.example.org_ts.pem   the chain from the signer to the root
//! ```
//!
//! Only the newest checkpoint is stamped: it covers all that came before. What an authority does
//! not answer now is asked for again at the next run. The next checkpoint covers a leaf that names
//! the stamp and its digests, so that a removed one is reported as missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

use super::error::io as disk;
use super::files::write_whole;
use super::leaf::{Statement, sha256};
use super::log::Log;
use super::places::Places;
use super::token::{self, Token, TokenError, Trust};
use super::{Checkpoint, EvidenceError};
use crate::remote::Route;
use crate::remote::timestamp_authority::Asker;
use crate::store::Layout;

/// Which authorities are asked, and which roots are trusted.
#[derive(Debug, Clone, Default)]
pub struct Authorities {
    /// Where each is asked.
    pub urls: Vec<String>,
    /// What tokens must lead to.
    pub trust: Trust,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// The way to them.
    pub route: Route,
}

/// A token that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The size of its checkpoint.
    pub size: u64,
    /// The authority, as file names have it.
    pub label: String,
    /// The response.
    pub response: Vec<u8>,
    /// The chain, as PEM.
    pub chain: Vec<u8>,
}

/// The part of file names that stands for an authority.
#[must_use]
pub fn label(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    let label: String = rest.trim_end_matches('/').chars().map(kept).take(80).collect();
    if label.is_empty() { "authority".to_owned() } else { label }
}

/// Asks each authority for a token over the newest checkpoint that it has not stamped; what went
/// wrong, as text. Nothing is kept that was not verified.
///
/// # Errors
/// When the log cannot be read or a token cannot be written.
pub async fn stamp(
    layout: &Layout,
    authorities: &Authorities,
) -> Result<Vec<String>, EvidenceError> {
    let log = Log::open(layout)?;
    let Some(newest) = log.newest() else { return Ok(Vec::new()) };
    // By the names of the files: what they hold was verified when it came.
    let is_stamped = |url: &str| {
        log.places().path(newest.size, &format!(".{}.tsr", label(url))).exists()
            || log.places().path(newest.size, &format!(".{}.pem", label(url))).exists()
    };
    let missing: Vec<&String> = authorities.urls.iter().filter(|url| !is_stamped(url)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let asker = match Asker::new(&authorities.user_agent, &authorities.route) {
        Ok(asker) => asker,
        Err(why) => return Ok(vec![why.to_string()]),
    };
    // All at once, so that a slow one does not delay the others.
    let mut asked = tokio::task::JoinSet::new();
    for url in missing {
        let (url, asker) = (url.clone(), asker.clone());
        let data = newest.render().into_bytes();
        let trust = authorities.trust.clone();
        asked.spawn(async move {
            let token = ask(&asker, &url, &data, &trust).await;
            (url, token)
        });
    }
    let mut notes = Vec::new();
    while let Some(done) = asked.join_next().await {
        match done {
            Ok((url, Ok((response, token)))) => {
                keep(&log, newest, &label(&url), &response, &token)?
            }
            Ok((url, Err(why))) => {
                notes.push(format!(
                    "no time stamp from {}: {why}; the next run requests it again",
                    label(&url)
                ));
            }
            Err(why) => notes.push(format!("no time stamp: {why}")),
        }
    }
    notes.sort();
    Ok(notes)
}

async fn ask(
    asker: &Asker,
    url: &str,
    data: &[u8],
    trust: &Trust,
) -> Result<(Vec<u8>, Token), String> {
    let mut nonce = [0; 8];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| "the system gives no random bytes".to_owned())?;
    let request = token::request(&sha256(data), &nonce);
    let response = asker.ask(url, request).await.map_err(|e| e.to_string())?;
    let token = token::verify(&response, data, Some(&nonce), trust).map_err(|e| e.to_string())?;
    Ok((response, token))
}

fn keep(
    log: &Log,
    checkpoint: &Checkpoint,
    label: &str,
    response: &[u8],
    token: &Token,
) -> Result<(), EvidenceError> {
    for (end, bytes) in [("pem", chain_file(response, token).as_bytes()), ("tsr", response)] {
        let path = log.places().path(checkpoint.size, &format!(".{label}.{end}"));
        write_whole(&path, bytes).map_err(disk("writing", &path))?;
    }
    Ok(())
}

/// The chain as it is kept: the digests of the whole response and of the chain go before it, since
/// parts of a response, and the signature of a root, are covered by no signature that is checked.
fn chain_file(response: &[u8], token: &Token) -> String {
    let chain = token.chain_pem();
    let sum = |bytes: &[u8]| HEXLOWER.encode(&sha256(bytes));
    format!(
        "# SHA-256 of the response: {}\n# SHA-256 of the chain: {}\n{chain}",
        sum(response),
        sum(chain.as_bytes())
    )
}

/// The tokens that are kept, by checkpoint and authority. One without its chain, or the reverse,
/// has that part empty.
///
/// # Errors
/// When they cannot be read.
pub fn kept(layout: &Layout) -> Result<Vec<Kept>, EvidenceError> {
    let places = Places::open(&layout.evidence_dir())?;
    let mut out = Vec::new();
    for folder in places.folders() {
        out.extend(kept_in(&places, *folder)?);
    }
    Ok(out)
}

/// As [`kept`], of the checkpoints in one folder.
///
/// # Errors
/// When they cannot be read.
pub(super) fn kept_in(places: &Places, folder: u64) -> Result<Vec<Kept>, EvidenceError> {
    named(places, folder)?.into_iter().map(|(of, files)| read(of, files)).collect()
}

/// The tokens over the checkpoints from `size` on that lie in one folder, by checkpoint and without their bytes: `read` reads
/// one.
pub(super) fn named_from(places: &Places, folder: u64, size: u64) -> Result<Named, EvidenceError> {
    Ok(named(places, folder)?.split_off(&(size, String::new())))
}

/// What the log says of the tokens over recent checkpoints that are kept and that none of its `statements` names; those
/// that are not whole are left out.
///
/// # Errors
/// When they cannot be read.
pub(super) fn unstated(
    places: &Places,
    statements: &[(u64, Statement)],
) -> Result<Vec<Statement>, EvidenceError> {
    let known: BTreeSet<(u64, &str)> = statements
        .iter()
        .filter_map(|(_, statement)| match statement {
            Statement::Stamp { checkpoint, authority, .. } => {
                Some((*checkpoint, authority.as_str()))
            }
            _ => None,
        })
        .collect();
    let mut out = Vec::new();
    let recent = places.folders().iter().filter(|folder| **folder >= places.recent());
    let mut all = Named::new();
    for folder in recent {
        all.extend(named(places, *folder)?);
    }
    for ((size, label), files) in all {
        if files.0.is_none() || files.1.is_none() || known.contains(&(size, label.as_str())) {
            continue;
        }
        out.push(read((size, label), files)?.statement());
    }
    Ok(out)
}

/// The files of a token, the response and its chain, by checkpoint and authority.
pub(super) type Named = BTreeMap<(u64, String), (Option<PathBuf>, Option<PathBuf>)>;

fn named(places: &Places, folder: u64) -> Result<Named, EvidenceError> {
    let mut found = Named::new();
    for (size, rest, path) in places.beside_in(folder)? {
        let Some((label, end)) = rest.rsplit_once('.') else { continue };
        if !["tsr", "pem"].contains(&end) {
            continue;
        }
        let slot = found.entry((size, label.to_owned())).or_default();
        match end {
            "tsr" => slot.0 = Some(path),
            "pem" => slot.1 = Some(path),
            _ => {}
        }
    }
    Ok(found)
}

/// Reads a token.
pub(super) fn read(
    (size, label): (u64, String),
    (response, chain): (Option<PathBuf>, Option<PathBuf>),
) -> Result<Kept, EvidenceError> {
    let bytes = |path: Option<PathBuf>| match path {
        Some(path) => std::fs::read(&path).map_err(disk("reading", &path)),
        None => Ok(Vec::new()),
    };
    Ok(Kept { size, label, response: bytes(response)?, chain: bytes(chain)? })
}

/// The name of a token's file below the archive root.
pub(super) fn name_of(places: &Places, size: u64, label: &str) -> String {
    format!("{}.{label}.tsr", places.name(size))
}

impl Kept {
    /// What the log says of it.
    #[must_use]
    pub fn statement(&self) -> Statement {
        Statement::Stamp {
            checkpoint: self.size,
            authority: self.label.clone(),
            response: sha256(&self.response),
            chain: sha256(&self.chain),
        }
    }

    /// Checks it over its checkpoint, by the chain that is kept with it; and where roots are
    /// trusted, by these too.
    ///
    /// # Errors
    /// When it proves nothing, and why.
    pub fn verify(&self, checkpoint: &[u8], trust: &Trust) -> Result<Token, TokenError> {
        let own = Trust::from_pem(&self.chain)?;
        let token = token::verify(&self.response, checkpoint, None, &own)?;
        if chain_file(&self.response, &token).as_bytes() != self.chain {
            let what = "it, or the chain that is kept with it, was changed";
            return Err(TokenError::Chain(what.to_owned()));
        }
        if !trust.is_empty() {
            token::verify(&self.response, checkpoint, None, trust)?;
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_a_name_that_a_file_may_have() {
        for (url, expected) in [
            ("https://freetsa.org/tsr", "freetsa.org_tsr"),
            ("http://127.0.0.1:8080/", "127.0.0.1_8080"),
            ("http://h/../../x?a=b", "h_.._.._x_a_b"),
            ("", "authority"),
        ] {
            assert_eq!(label(url), expected);
        }
    }
}
