//! The evidence of one capture: its records and their place in the log, as a bundle that proves it to others.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::explained::{explained, not_removed};
use super::page::load;
use super::{AnswerError, Archive};
use crate::archive::{Form, RecordKind};
use crate::base::Timestamp;
use crate::cite::{self, Capture, Source, Style};
use crate::evidence::bundle::{Bundle, Making, Texts, gather};
use crate::evidence::check::witnesses;
use crate::evidence::interval::Interval;
use crate::evidence::{EvidenceError, Options, Policy, Trust};
use crate::extract::EXTRACTOR;
use crate::store::Loaded;

/// Which capture is proved, and how.
#[derive(Debug)]
pub struct ProveRequest<'a> {
    /// The page.
    pub url: String,
    /// The capture closest to this time; the newest without it.
    pub at: Option<Timestamp>,
    /// What the archive is called and where it is served, for the citation.
    pub archive: cite::Archive,
    /// What time stamps must lead to.
    pub trust: &'a Trust,
    /// Checkpoints that a verifier kept, to which there must be a proof: their names and bytes.
    pub kept: &'a [(String, Vec<u8>)],
    /// Whose cosignatures are looked for.
    pub policy: &'a Policy,
    /// When the bundle is made.
    pub made: Timestamp,
}

/// The evidence of one capture, not yet signed and written.
#[derive(Debug)]
pub struct Proof {
    /// The bundle.
    pub bundle: Bundle,
    /// The capture with its record.
    pub loaded: Arc<Loaded>,
}

/// The report on a bundle that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvedJson {
    /// Its file.
    pub file: String,
    /// How many records it holds.
    pub records: usize,
    /// How many leaves the checkpoint covers that they are proved by.
    pub leaves: u64,
    /// How many time stamps that has.
    pub stamps: usize,
    /// Which time stamps were left out, since they cannot be true, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stamps_left_out: Vec<String>,
    /// Between which times the record of the capture was made.
    pub interval: IntervalJson,
    /// The witnesses of the policy that cosigned a checkpoint over the capture, and when.
    pub witnesses: Vec<WitnessJson>,
    /// Whether they are the quorum of the policy; `None` where it asks for none.
    pub quorum: Option<bool>,
}

/// Between which times the record of a capture was made; a bound that nothing proves is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntervalJson {
    /// It holds a public random value that was not known earlier.
    pub not_before: Option<NotBeforeJson>,
    /// A checkpoint over it was stamped.
    pub not_after: Option<NotAfterJson>,
}

/// The lower bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBeforeJson {
    /// When, RFC 3339.
    pub time: String,
    /// The hash of the drand chain.
    pub chain: String,
    /// The round that the record holds.
    pub round: u64,
}

/// The upper bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAfterJson {
    /// When, RFC 3339: the time of the stamp and its accuracy, rounded up to the second.
    pub time: String,
    /// The authority, as the names of its files have it.
    pub authority: String,
    /// Who signed the stamp.
    pub signer: String,
}

impl From<&Interval> for IntervalJson {
    fn from(interval: &Interval) -> Self {
        Self {
            not_before: interval.not_before.as_ref().map(|bound| NotBeforeJson {
                time: bound.time.to_rfc3339(),
                chain: bound.chain.clone(),
                round: bound.round,
            }),
            not_after: interval.not_after.as_ref().map(|bound| NotAfterJson {
                time: bound.text(),
                authority: bound.authority.clone(),
                signer: bound.signer.clone(),
            }),
        }
    }
}

/// A witness that cosigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessJson {
    /// Its name.
    pub name: String,
    /// When, by its clock; POSIX seconds.
    pub time: u64,
}

/// The evidence of one capture. Where its records are not in the log, `extend` may bring the log up to the
/// archive: it says whether there is a new checkpoint.
///
/// # Errors
/// When there is no such capture, its record cannot be read, or the log does not hold it.
pub fn prove(
    archive: &Archive,
    request: &ProveRequest<'_>,
    extend: &mut dyn FnMut() -> bool,
) -> Result<Proof, AnswerError> {
    let doing = format!("proving {}", request.url);
    let failed = |why: EvidenceError| AnswerError::Evidence { doing: doing.clone(), why };
    let reader = archive.reader();
    let found = load(archive, &request.url, (Some(Form::Plain), request.at), &doing);
    let (_, loaded) = explained(archive, &request.url, found)?;
    if loaded.entry.kind == RecordKind::Metadata {
        not_removed(archive, &loaded.entry, &doing)?;
    }
    let pieces = gather(reader, &loaded).map_err(failed)?;
    let texts = texts(archive, &loaded, request.archive.clone());
    let make = || {
        let (trust, kept, policy) = (request.trust, request.kept, request.policy);
        let making = Making { trust, made: request.made, kept, policy };
        Bundle::prove(reader.layout(), pieces.clone(), texts.clone(), &making)
    };
    let bundle = make().or_else(|why| if extend() { make() } else { Err(why) });
    Ok(Proof { bundle: bundle.map_err(failed)?, loaded })
}

impl Proof {
    /// Signs and checks the bundle, and writes it.
    ///
    /// # Errors
    /// When the key of the log is missing, the bundle would not verify, or the file cannot be written.
    pub fn write(
        &self,
        archive: &Archive,
        options: &Options,
        to: &Path,
    ) -> Result<(), AnswerError> {
        let written = self.bundle.write(archive.reader().layout(), options, to);
        written.map_err(|why| AnswerError::Evidence {
            doing: format!("proving {}", self.loaded.entry.url),
            why,
        })
    }

    /// The report on it once it is written to a file of this name.
    #[must_use]
    pub fn json(&self, file: &str, policy: &Policy) -> ProvedJson {
        let cosigned = self.bundle.witnessed.as_ref().map(|(checkpoint, _)| checkpoint);
        let cosigners = cosigned.map(|checkpoint| witnesses::cosigners(policy, checkpoint));
        let holds =
            || cosigned.is_some_and(|checkpoint| policy.holds(&policy.cosigned(checkpoint)));
        let witness = |(name, time)| WitnessJson { name, time };
        ProvedJson {
            witnesses: cosigners.unwrap_or_default().into_iter().map(witness).collect(),
            quorum: policy.asks_for_witnesses().then(holds),
            file: file.to_owned(),
            records: self.bundle.records.len(),
            leaves: self.bundle.checkpoint.size,
            stamps: self.bundle.stamps.len(),
            stamps_left_out: self.bundle.stamps_left_out.clone(),
            interval: IntervalJson::from(&self.bundle.interval),
        }
    }
}

/// What the page says, and how to cite it. A page that cannot be read is proved nevertheless.
fn texts(archive: &Archive, loaded: &Arc<Loaded>, named: cite::Archive) -> Texts {
    let mut texts = Texts { extractor: EXTRACTOR.to_owned(), ..Texts::default() };
    // A failure has nothing to read.
    if loaded.entry.kind == RecordKind::Metadata {
        return texts;
    }
    let page = match archive.reading_of(loaded, "reading the page") {
        Ok(page) => page,
        // A revisit whose payload another archive has is cited by what is known of it here.
        Err(AnswerError::PayloadElsewhere { .. }) => Arc::default(),
        Err(AnswerError::Removed { url, removed, .. }) => {
            texts.removed = Some(removed.text(&url));
            Arc::default()
        }
        Err(_) => return texts,
    };
    let source = Source::new(&page, Capture::of(loaded), named);
    let source = source.copied_from(loaded.entry.copied_from());
    texts.citation = Some(cite::cite(&source, Style::Text));
    texts.headline = page.headline.as_ref().map(|headline| headline.value.clone());
    texts.article = Some(page.text.clone()).filter(|text| !text.is_empty());
    texts
}
