//! Opening: what is in the queues of each host, from its summary or from its URLs.
//!
//! A summary says of every lane of a host how many entries there are and when the first is due. It is
//! written at checkpoints, for the hosts that changed since the one before. A host whose URLs changed
//! after that is named in the journal, and its URLs are read; so are those of a host that was in
//! flight then. A summary is never more than a short cut: without it, opening reads every place.
//!
//! ```text
//! s | host 4 → { job 2 | lane 1 | count 4 | head 8 } …        S → number 8 | next sequence number 8
//! ```

use std::collections::HashSet;

use super::Frontier;
use super::hosts::{Host, LaneInfo};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Lane, Place};
use crate::schedule::state::Summarised;

const LANE_BYTES: usize = 15;

impl Frontier {
    /// Reads hosts and jobs, and of every lane its length and when its first entry is due. How many
    /// hosts had no summary to be trusted.
    pub(super) fn load(&mut self, summarised: Summarised) -> Result<usize, ScheduleError> {
        let mut hosts = self.state.hosts().collect::<Result<Vec<_>, _>>()?;
        hosts.sort_unstable_by_key(|(id, _, _)| *id);
        for (id, name, ready) in hosts {
            self.fill_hosts_up_to(id);
            self.hosts.push(&name, ready);
        }
        self.load_jobs()?;
        let Summarised { are_right, touched } = summarised;
        let mut known = HashSet::new();
        if are_right {
            self.seq_next = self.state.seq_next()?;
            for item in self.state.summaries() {
                let (id, bytes) = item?;
                if !touched.contains(&id) && self.take_summary(id, &bytes) {
                    known.insert(id);
                }
            }
        }
        let last = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        let unknown: Vec<u32> = (0..last).filter(|id| !known.contains(id)).collect();
        if known.is_empty() {
            self.read_places(b"q")?;
        } else {
            for id in &unknown {
                self.read_places(&Place::host_prefix(*id))?;
            }
        }
        let read = unknown.len();
        // Also a host with nothing left in it: its old summary must go.
        self.changed.extend(unknown);
        self.reslot_all();
        if !are_right || !touched.is_empty() {
            self.checkpoint_with_summaries()?;
        }
        Ok(read)
    }

    /// Takes every place under a prefix into memory.
    fn read_places(&mut self, prefix: &[u8]) -> Result<(), ScheduleError> {
        for item in self.state.places(prefix) {
            let (place, value) = item?;
            if self.hosts.get(place.host).is_none() {
                // The table of hosts lost this one (it was rebuilt after damage): its URLs know it.
                self.fill_hosts_up_to(place.host);
                let name = Entry::of_bytes(&value).map(|entry| entry.uri.host_key());
                let name = name.map_or_else(|| format!("?{}", place.host), |n| n.to_string());
                self.hosts.push(&name, 0);
            }
            self.fill_jobs_up_to(place.job.saturating_add(1));
            self.seq_next = self.seq_next.max(place.seq.saturating_add(1));
            self.count(place, 1);
            if let Some(host) = self.hosts.get_mut(place.host) {
                host.gain(place, &value);
            }
        }
        Ok(())
    }

    /// Takes a host's lanes from its summary; `false`, and nothing taken, where it cannot be read.
    fn take_summary(&mut self, id: u32, bytes: &[u8]) -> bool {
        let Some(lanes) = lanes_of(bytes) else { return false };
        if self.hosts.get(id).is_none() {
            return false;
        }
        for info in &lanes {
            self.fill_jobs_up_to(info.job.saturating_add(1));
            if let Some(job) = self.jobs.get_mut(usize::from(info.job)) {
                job.counts[info.lane.phase() as usize] += u64::from(info.count);
            }
        }
        if let Some(host) = self.hosts.get_mut(id) {
            host.lanes = lanes;
        }
        true
    }

    /// Writes the summaries that changed, flushes the tables and begins a new journal.
    pub(super) fn checkpoint_with_summaries(&mut self) -> Result<(), ScheduleError> {
        let hosts = &self.hosts;
        let is_at_rest = |host: &&Host| host.in_flight.is_empty();
        let summaries = self.changed.iter().map(|id| {
            // In memory, the first entry of a host in flight may be the one behind it.
            (*id, hosts.get(*id).filter(is_at_rest).map(|host| bytes_of(&host.lanes)))
        });
        let in_flight = self.flights.values().map(|flight| flight.place);
        self.state.checkpoint(in_flight, summaries, self.seq_next)?;
        self.changed.retain(|id| hosts.get(*id).is_some_and(|host| !is_at_rest(&host)));
        Ok(())
    }
}

fn bytes_of(lanes: &[LaneInfo]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lanes.len() * LANE_BYTES);
    for info in lanes {
        out.extend_from_slice(&info.job.to_be_bytes());
        out.push(info.lane.byte());
        out.extend_from_slice(&info.count.to_be_bytes());
        out.extend_from_slice(&info.head.to_be_bytes());
    }
    out
}

fn lanes_of(bytes: &[u8]) -> Option<Vec<LaneInfo>> {
    let (lanes, rest) = bytes.as_chunks::<LANE_BYTES>();
    if !rest.is_empty() {
        return None;
    }
    let lane_of = |bytes: &[u8; LANE_BYTES]| {
        let (job, rest) = bytes.split_first_chunk::<2>()?;
        let (lane, rest) = rest.split_first()?;
        let (count, head) = rest.split_first_chunk::<4>()?;
        Some(LaneInfo {
            job: u16::from_be_bytes(*job),
            lane: Lane::of_byte(*lane)?,
            count: u32::from_be_bytes(*count),
            head: i64::from_be_bytes(head.try_into().ok()?),
            first: None,
        })
    };
    lanes.iter().map(lane_of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{at, found, open, take, visit_at};
    use super::*;
    use crate::schedule::NextVisit;
    use crate::schedule::frontier::{Disposition, DueItem};

    fn due(frontier: &Frontier) -> Vec<(String, i64)> {
        let item = |item: DueItem| (item.entry.uri.as_str().to_owned(), item.at.unix_micros());
        let mut all: Vec<_> = frontier.due().map(|one| item(one.unwrap())).collect();
        all.sort();
        all
    }

    #[test]
    fn after_an_orderly_end_no_url_is_read_and_after_a_kill_those_of_hosts_that_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut frontier, opened) = open(dir.path());
        assert_eq!(opened.hosts_read, 0);
        for n in 0..200 {
            frontier.add(found(&format!("http://h{}.org/{n}", n % 20), n), at(0)).unwrap();
        }
        frontier.checkpoint().unwrap();
        let before = (frontier.counts(), due(&frontier));
        drop(frontier);
        let (mut frontier, opened) = open(dir.path());
        assert_eq!((opened.hosts_read, opened.requeued.len()), (0, 0));
        assert_eq!((frontier.counts(), due(&frontier)), before);
        // Three hosts change, and one is in flight at a checkpoint in between.
        frontier.add(found("http://h3.org/new", 1), at(0)).unwrap();
        let flying = take(&mut frontier, 1_000).unwrap();
        frontier.checkpoint().unwrap();
        frontier.add(found("http://h4.org/new", 1), at(0)).unwrap();
        frontier.add(found("http://h5.org/new", 1), at(0)).unwrap();
        let after = frontier.counts();
        drop(frontier);
        let (mut frontier, opened) = open(dir.path());
        // The summary of the one in flight is right as it was: a claim changes no place.
        assert_eq!((opened.hosts_read, opened.requeued.len()), (2, 1));
        assert_ne!(flying.host.as_str(), "h4.org");
        assert_eq!(frontier.counts().total(), after.total());
        assert_eq!(frontier.check().unwrap(), []);
        // The order continues: a number is given out once.
        let seq = frontier.seq_next;
        frontier.add(found("http://h6.org/newest", 1), at(0)).unwrap();
        assert!(frontier.seq_next > seq && seq >= 203, "{seq}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn whatever_was_done_and_wherever_it_ended_summaries_are_right(
            steps in proptest::collection::vec((0_u8..6, 0_u32..8, 0_i64..50), 1..60)
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (mut frontier, _) = open(dir.path());
            for (n, (what, host, time)) in steps.into_iter().enumerate() {
                match what {
                    0 | 1 => {
                        let url = format!("http://h{host}.org/{n}");
                        frontier.add(found(&url, time), at(0)).unwrap();
                    }
                    2 => {
                        if let Some(claim) = take(&mut frontier, time) {
                            frontier.finish(claim, visit_at(time + 20), at(time)).unwrap();
                        }
                    }
                    3 => {
                        if let Some(claim) = take(&mut frontier, time) {
                            let next = NextVisit::Retire { why: "gone".to_owned() };
                            let end = Disposition { next, ..visit_at(0) };
                            frontier.finish(claim, end, at(time)).unwrap();
                        }
                    }
                    4 => {
                        // Stays in flight until the process dies.
                        let _ = take(&mut frontier, time);
                        frontier.checkpoint().unwrap();
                    }
                    _ if host == 0 => {
                        frontier.disown("job", &mut |_, _| Some("gone".to_owned()), at(time)).unwrap();
                    }
                    _ => {
                        drop(frontier);
                        frontier = open(dir.path()).0;
                        prop_assert_eq!(frontier.check().unwrap(), vec![]);
                    }
                }
            }
            drop(frontier);
            let (frontier, _) = open(dir.path());
            prop_assert_eq!(frontier.check().unwrap(), vec![]);
        }
    }
}
