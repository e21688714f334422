//! Rounds of drand as the commands fetch them: for the records of captures while a crawl runs, and for checkpoints.
//!
//! A crawl waits for no round: a record that is made while none is known has none, and a checkpoint waits some seconds.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::route::route;
use crate::base::{Clock, Timestamp};
use crate::config::Settings;
use crate::config::keys;
use crate::evidence::drand::newest::{Source, refresh};
use crate::evidence::drand::{Chain, Round, kept};
use crate::store::Layout;
use crate::warc::Rounds;

/// The chain that the settings name: `quicknet`, `default`, or a file with its description.
///
/// # Errors
/// When the file cannot be read or describes no chain.
pub fn chain(settings: &Settings) -> Result<Chain, String> {
    let named = settings.text(keys::EVIDENCE_DRAND_CHAIN);
    if let Some(chain) = Chain::named(named) {
        return Ok(chain);
    }
    let fail = |why: &dyn std::fmt::Display| {
        format!(
            "evidence.drand_chain: {named}: {why}; expected quicknet, default, or a file with a server's response to GET /HASH/info"
        )
    };
    let bytes = std::fs::read(Path::new(named)).map_err(|why| fail(&why))?;
    Chain::from_json(&bytes).map_err(|why| fail(&why))
}

/// Where rounds come from; `None` where the settings name no server.
///
/// # Errors
/// As [`chain`].
pub fn source(settings: &Settings) -> Result<Option<Source>, String> {
    let urls = settings.list(keys::EVIDENCE_DRAND).to_vec();
    if urls.is_empty() {
        return Ok(None);
    }
    let (user_agent, route) = (settings.user_agent(), route(settings));
    Ok(Some(Source { urls, chain: chain(settings)?, user_agent, route }))
}

/// The round for a checkpoint that is signed now: the newest of `rounds` where that is fresh, else one that is fetched; what
/// went wrong, as text. Not to be called inside a runtime.
pub fn round(
    layout: &Layout,
    settings: &Settings,
    rounds: &Rounds,
    now: Timestamp,
) -> (Option<Round>, Vec<String>) {
    let source = match source(settings) {
        Ok(Some(source)) => source,
        Ok(None) => return (None, Vec::new()),
        Err(why) => return (None, vec![why]),
    };
    let mut notes = Vec::new();
    let fresh = settings.duration(keys::EVIDENCE_DRAND_EVERY) * 2;
    if rounds.newest().is_none_or(|(time, _)| now.since(time) > fresh) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => notes.extend(runtime.block_on(refresh(layout, &source, rounds, now))),
            Err(why) => notes.push(format!("no drand round: {why}")),
        }
    }
    let newest = rounds.newest().and_then(|(_, text)| Round::parse(&text));
    (newest, notes)
}

/// Begins with the round that an earlier run fetched last: an old one, until the first is fetched.
pub fn begin(layout: &Layout, settings: &Settings, rounds: &Rounds) {
    if let Ok(Some(source)) = source(settings)
        && let Some((time, round)) = kept::newest(layout, &source.chain)
    {
        rounds.add(time, round.text());
    }
}

/// Fetches the newest round now and then at every interval, until it is dropped. The start and the end of a failure are
/// written to the log of the program.
pub async fn refresh_every(
    layout: Layout,
    settings: Settings,
    rounds: Rounds,
    clock: Arc<dyn Clock>,
) -> Infallible {
    let source = match source(&settings) {
        Ok(Some(source)) => source,
        Ok(None) => return std::future::pending().await,
        Err(why) => {
            tracing::warn!("captures carry no drand round: {why}");
            return std::future::pending().await;
        }
    };
    let every = settings.duration(keys::EVIDENCE_DRAND_EVERY).max(Duration::from_secs(1));
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut fails = false;
    loop {
        ticks.tick().await;
        let before = rounds.newest();
        let notes = refresh(&layout, &source, &rounds, clock.now()).await;
        let failed = rounds.newest() == before && !notes.is_empty();
        if failed && !fails {
            tracing::warn!("captures carry older drand rounds: {}", notes.join("; "));
        }
        fails = failed;
    }
}
