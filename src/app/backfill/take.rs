//! One memento after the other: asked for where it is not known, and taken where it can be.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::super::error::{AppError, store_error};
use super::given::{Given, given};
use super::{Backfill, BackfillOptions, Copied, CopyOutcome, Wanted};
use crate::archive::{Capture, Query};
use crate::store::{Content, Discovery, MementoCopy, StoreError, Submission};

/// At most this many mementos are requested at a time; their outcomes are then reported.
const BATCH: usize = 200;
/// How often the mementos of a batch are asked for at further addresses.
const ROUNDS_MAX: usize = 8;

type Tell<'a> = &'a mut (dyn FnMut(Copied) + Send);

impl Backfill<'_> {
    /// Takes what is not known yet; how many were left out by their time or number.
    pub(super) async fn take(
        &mut self,
        mut listed: Vec<Wanted>,
        options: &BackfillOptions,
        found: Tell<'_>,
    ) -> Result<usize, AppError> {
        let count = listed.len();
        listed.retain(|one| one.at.is_none_or(|at| options.range.contains(at)));
        let mut left_out = count - listed.len();
        let copies = self.copies(&listed)?;
        let mut wanted = Vec::new();
        for one in listed {
            // Taken from the address as it is, or from the one that was derived from it.
            let known = copies.get(one.asked.as_str()).or_else(|| copies.get(one.memento.as_str()));
            match known {
                Some(capture) => found(one.known(capture.clone())),
                None => wanted.push(one),
            }
        }
        let limit = options.limit.unwrap_or(usize::MAX);
        left_out += wanted.len().saturating_sub(limit);
        wanted.truncate(limit);
        while !wanted.is_empty() && !self.stop.asked() {
            let rest = wanted.split_off(wanted.len().min(BATCH));
            self.batch(wanted, found).await?;
            wanted = rest;
        }
        for one in wanted {
            found(one.refused("a stop was requested".to_owned()));
        }
        Ok(left_out)
    }

    /// The copies of the pages that there are, by the address they were fetched from.
    fn copies(&self, listed: &[Wanted]) -> Result<HashMap<String, Capture>, AppError> {
        let mut pages: Vec<&str> = listed.iter().map(|one| one.original.as_str()).collect();
        pages.sort_unstable();
        pages.dedup();
        let mut copies = HashMap::new();
        for page in pages {
            for capture in self.reader.query(&Query::exactly(page)) {
                let capture = capture.map_err(|why| AppError::failed("asking the index", why))?;
                if let Some(from) = capture.copied_from() {
                    copies.insert(from.to_owned(), capture);
                }
            }
        }
        Ok(copies)
    }

    async fn batch(&mut self, mut wanted: Vec<Wanted>, found: Tell<'_>) -> Result<(), AppError> {
        for _ in 0..ROUNDS_MAX {
            let mut asked = Vec::new();
            let mut next = Vec::new();
            for one in wanted {
                // What an import that was killed fetched is there, and need not be asked for again.
                let there = self.newest(&one.asked, None)?;
                match there.map(|loaded| given(&one, &loaded)) {
                    Some(Given::Copy(copy)) => self.keep(&one, *copy, found)?,
                    _ => asked.push(one),
                }
            }
            if asked.is_empty() {
                return Ok(());
            }
            let begun = self.running.now();
            self.fetch(asked.iter().map(|one| one.asked.clone()).collect()).await?;
            for one in asked {
                let Some(loaded) = self.newest(&one.asked, Some(begun))? else {
                    let why = self.why_not(&one.asked);
                    found(one.refused(why));
                    continue;
                };
                match given(&one, &loaded) {
                    Given::Copy(copy) => self.keep(&one, *copy, found)?,
                    Given::Leads(to) => {
                        next.push(Wanted { asked: to, hops: one.hops + 1, ..one });
                    }
                    // The archive's software does not know the raw address: the memento is taken as that archive replays it.
                    Given::NoMemento(_) if one.is_raw && one.asked != one.memento => {
                        let asked = one.memento.clone();
                        next.push(Wanted { asked, is_raw: false, hops: 0, ..one });
                    }
                    Given::NoMemento(why) | Given::No(why) => found(one.refused(why)),
                }
            }
            if next.is_empty() {
                return Ok(());
            }
            wanted = next;
            if self.stop.asked() {
                break;
            }
        }
        for one in wanted {
            found(one.refused("it has too many redirects, or a stop was requested".to_owned()));
        }
        Ok(())
    }

    /// The copy of a page that was fetched from this address.
    fn copy_from(&self, url: &str, from: &str) -> Result<Option<Capture>, AppError> {
        for capture in self.reader.query(&Query::exactly(url)) {
            let capture = capture.map_err(|why| AppError::failed("asking the index", why))?;
            if capture.copied_from() == Some(from) {
                return Ok(Some(capture));
            }
        }
        Ok(None)
    }

    /// Keeps a copy, and waits until it is durable.
    fn keep(&mut self, one: &Wanted, copy: MementoCopy, found: Tell<'_>) -> Result<(), AppError> {
        let fail = |why| store_error("keeping a copy", why);
        let (url, from) = (copy.target_uri.clone(), copy.exchange.target_uri.clone());
        // An archive may lead to one of its mementos from several addresses.
        if let Some(capture) = self.copy_from(&url, &from)? {
            found(one.known(capture));
            return Ok(());
        }
        let submission = Submission {
            what: Content::Copy(Arc::new(copy)),
            refers_to: None,
            discovery: Discovery {
                via: Some(self.timemap.as_str().to_owned()),
                ..Discovery::default()
            },
        };
        let (send, receive) = sync_channel(1);
        let done = Box::new(move |done| drop(send.send(done)));
        self.running.store().append(submission, done);
        let gone = |_| StoreError::Stopped("the writer has stopped".to_owned());
        receive.recv().map_err(gone).and_then(|done| done).map_err(fail)?;
        found(Copied {
            memento: one.memento.as_str().to_owned(),
            capture: self.copy_from(&url, &from)?,
            outcome: CopyOutcome::Taken,
            why: None,
        });
        Ok(())
    }
}

impl Wanted {
    fn known(&self, capture: Capture) -> Copied {
        Copied {
            memento: self.memento.as_str().to_owned(),
            capture: Some(capture),
            outcome: CopyOutcome::Known,
            why: None,
        }
    }

    fn refused(&self, why: String) -> Copied {
        Copied {
            memento: self.memento.as_str().to_owned(),
            capture: None,
            outcome: CopyOutcome::Refused,
            why: Some(why),
        }
    }
}
