//! The other form of a page that is sent without its text and names one that has it: one more request, in its turn, its
//! exchange kept as a capture of its own address.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::base::TargetUri;
use crate::browser::{Ask, BoxFuture, Kind};
use crate::crawl::parse_pool::{ParsePool, Patience};
use crate::crawl::reading::{AlternateRead, Reading};
use crate::extract::alternate::Alternate;

use super::parts::{Found, Parts};
use super::turns::RenderAsk;

/// What it is asked for as.
const ACCEPT: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1";

impl Parts {
    /// Asks for another form of the page, once. What it says, where that is an article; `None` where it may not be
    /// asked for, could not be fetched, or is a shell as well.
    // A future of a named type: a turn may lead to a robots.txt, which is a step, and a step leads here.
    pub fn alternate<'a>(
        self: &'a Arc<Self>,
        named: Alternate,
        reading: &'a Arc<Reading>,
        readers: &'a ParsePool,
        patience: &'a Patience,
    ) -> BoxFuture<'a, Option<AlternateRead>> {
        Box::pin(async move {
            let uri = TargetUri::parse(&named.url).ok()?;
            let ask = Ask {
                uri: uri.clone(),
                kind: Kind::Document,
                accept: ACCEPT.to_owned(),
                referer: Some(self.place.uri.to_string()),
                cookies: None,
                headers: Vec::new(),
                held: Arc::new(AtomicUsize::new(0)),
            };
            let (exchange, appended) = match self.asked(ask, Found::Alternate).await {
                Ok(had) => had,
                Err(why) => {
                    let (page, kind) = (&self.place.uri, named.kind.label());
                    self.note(format!(
                        "{uri}, the {kind} form of {page}, could not be fetched: {why}"
                    ));
                    return None;
                }
            };
            let (name, reading) = (uri.to_string(), Arc::clone(reading));
            let task = move || reading.of_alternate(&uri, &exchange, &appended);
            let read = readers.run_alone(&name, patience, task).await;
            // What cannot be read is not an article, and is in the archive anyway.
            read.ok()?.ok()?
        })
    }

    fn note(&self, what: String) {
        // A loop that has ended needs no note.
        let _ = self.asks.send(RenderAsk::Note(what));
    }
}
