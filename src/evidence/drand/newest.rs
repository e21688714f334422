//! The newest round of a chain, from the first of its servers that answers with one.

use std::time::Duration;

use super::{Chain, Round, kept};
use crate::base::Timestamp;
use crate::remote::Route;
use crate::remote::drand::Asker;
use crate::store::Layout;
use crate::warc::Rounds;

/// A round that is older than this is not the newest: the server lags behind, and the next one is asked.
const LAG_MAX: Duration = Duration::from_mins(5);

/// Where rounds come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The addresses of servers, in the order in which they are asked.
    pub urls: Vec<String>,
    /// The chain.
    pub chain: Chain,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// The way to them.
    pub route: Route,
}

/// Asks one server after the other until one gives a round of the last minutes; the newest of those that verify, and what
/// went wrong, as text. It takes some seconds at most.
pub async fn fetch(source: &Source, now: Timestamp) -> (Option<(Timestamp, Round)>, Vec<String>) {
    let asker = match Asker::new(&source.user_agent, &source.route) {
        Ok(asker) => asker,
        Err(why) => return (None, vec![why]),
    };
    let (mut best, mut notes): (Option<(Timestamp, Round)>, _) = (None, Vec::new());
    for url in &source.urls {
        let answer = asker.latest(url, &source.chain.hash_hex()).await;
        let round = answer.and_then(|bytes| {
            let round = Round::from_json(&bytes, &source.chain).map_err(|why| why.to_string())?;
            let time = source.chain.verify(&round).map_err(|why| why.to_string())?;
            Ok((time, round))
        });
        match round {
            Ok((time, round)) => {
                if best.as_ref().is_none_or(|(known, _)| *known < time) {
                    best = Some((time, round));
                }
                if now.since(time) <= LAG_MAX {
                    return (best, notes);
                }
                notes.push(format!("the newest drand round of {url} is of {}", time.to_rfc3339()));
            }
            Err(why) => notes.push(format!("no drand round from {url}: {why}")),
        }
    }
    (best, notes)
}

/// Fetches the newest round into `rounds`, and keeps it in the archive; what went wrong, as text.
pub async fn refresh(
    layout: &Layout,
    source: &Source,
    rounds: &Rounds,
    now: Timestamp,
) -> Vec<String> {
    let (newest, mut notes) = fetch(source, now).await;
    if let Some((time, round)) = newest
        && rounds.add(time, round.text())
        && let Err(why) = kept::keep_newest(layout, &source.chain, &round)
    {
        notes.push(format!("the drand round could not be stored: {why}"));
    }
    notes
}
