//! Which mementos an archive has of a page: its TimeMap, page after page.

use std::collections::{HashSet, VecDeque};

use super::super::error::AppError;
use super::{Backfill, Wanted};
use crate::base::TargetUri;
use crate::exchange::timemap::{self, Listed, TimeMap, raw_form};

/// A TimeMap has at most this many pages that are read.
const PAGES_MAX: usize = 1_000;
/// At most this many mementos of all pages are taken in: forty captures a day for thirty years are fewer.
const MEMENTOS_MAX: usize = 500_000;
/// The longest TimeMap after decompression that is read, in bytes.
const TIMEMAP_BYTES_MAX: usize = 64 << 20;

const HINT: &str = "import takes the address of a TimeMap, such as https://web.archive.org/web/timemap/link/http://example.com/";

impl Backfill<'_> {
    /// All that the TimeMap lists, each memento once and the oldest first.
    pub(super) async fn listed(&mut self) -> Result<Vec<Wanted>, AppError> {
        let first = self.timemap.clone();
        let mut seen = HashSet::from([first.clone()]);
        let mut pages = VecDeque::from([first.clone()]);
        let (mut original, mut all): (Option<String>, Vec<Listed>) = (None, Vec::new());
        while let Some(page) = pages.pop_front() {
            let what = format!("reading the TimeMap {page}");
            let map = match self.page(&page).await? {
                Ok(map) => map,
                Err(why) if page == first && !self.stop.asked() => {
                    return Err(AppError::failed(&what, why).hint(HINT));
                }
                // The failure of one page is no reason to lose the others.
                Err(why) => {
                    self.notes.push(format!("{what}: {why}"));
                    continue;
                }
            };
            original = original.or(map.original);
            let room = MEMENTOS_MAX.saturating_sub(all.len());
            let over = map.mementos.len().saturating_sub(room);
            all.extend(map.mementos.into_iter().take(room));
            if over > 0 {
                self.notes.push(format!(
                    "{page}: {over} entries and all pages after it are not read: the TimeMap lists more than {MEMENTOS_MAX} mementos"
                ));
                break;
            }
            if map.passed_over > 0 {
                let count = map.passed_over;
                self.notes.push(format!("{page}: {count} entries are not usable"));
            }
            for next in map.pages {
                if next.host_key() != first.host_key() {
                    self.notes
                        .push(format!("{page} continues on another host: {next} is not read"));
                } else if seen.len() >= PAGES_MAX {
                    let note = format!("pages after {PAGES_MAX} are not read");
                    if !self.notes.contains(&note) {
                        self.notes.push(note);
                    }
                    break;
                } else if seen.insert(next.clone()) {
                    pages.push_back(next);
                }
            }
        }
        let mut known = HashSet::new();
        all.retain(|listed| known.insert(listed.uri.clone()));
        all.sort_by_key(|listed| listed.at);
        let wanted = |listed: Listed| {
            let original = listed.original.or_else(|| original.clone())?;
            let raw = raw_form(&listed.uri);
            Some(Wanted {
                is_raw: raw.is_some(),
                asked: raw.unwrap_or_else(|| listed.uri.clone()),
                memento: listed.uri,
                at: listed.at,
                original,
                hops: 0,
            })
        };
        let wanted: Vec<Wanted> = all.into_iter().filter_map(wanted).collect();
        if wanted.is_empty() && !known.is_empty() {
            let what = format!("reading the TimeMap {first}");
            return Err(AppError::failed(&what, "it does not name its page"));
        }
        Ok(wanted)
    }

    /// One page of a TimeMap, as it is now; or why it cannot be fetched.
    async fn page(&mut self, url: &TargetUri) -> Result<Result<TimeMap, String>, AppError> {
        let begun = self.running.now();
        self.fetch(vec![url.clone()]).await?;
        let Some(loaded) = self.newest(url, Some(begun))? else {
            return Ok(Err(self.why_not(url)));
        };
        let status = match loaded.entry.status {
            // It is unchanged: the record that holds the payload has the status of that answer.
            Some(304) => loaded.holder().entry.status,
            status => status,
        };
        match status {
            Some(200) => {}
            Some(status) => return Ok(Err(format!("the response has status {status}"))),
            None => return Ok(Err("the response is not HTTP".to_owned())),
        }
        if loaded.holder().entry.truncated {
            // What is missing of it may be most of it.
            return Ok(Err("the response was truncated".to_owned()));
        }
        let bytes = loaded.decoded(TIMEMAP_BYTES_MAX);
        let bytes = bytes.map_err(|why| AppError::failed(&format!("reading {url}"), why))?;
        Ok(timemap::read(&bytes, url).map_err(|why| why.to_string()))
    }
}
