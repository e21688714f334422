//! The hosts in memory: when each may be asked, and which of its lanes has what is due first.
//!
//! All that the frontier holds in memory grows with the hosts (about 600 bytes each, the first entry of each lane among them) and not with
//! the URLs: of every lane of a host, the due time of its first entry and the number of entries.
//! Pure: it reads no disk; the caller that changes a lane says what its first entry is now.

use std::collections::{BTreeSet, HashMap};

use crate::schedule::entry::{Lane, Phase, Place};

/// One lane of one host: the entries of one job with one phase and priority.
#[derive(Debug)]
pub(super) struct LaneInfo {
    pub(super) job: u16,
    pub(super) lane: Lane,
    /// How many entries there are, those in flight among them.
    pub(super) count: u32,
    /// The due time of the first entry that may be claimed; [`i64::MAX`] where there is none.
    pub(super) head: i64,
    /// That entry itself, where it is small and its host is among the first
    /// [`FIRSTS_HOSTS_MAX`], so that claiming it reads no disk.
    pub(super) first: Option<Box<(Place, Box<[u8]>)>>,
}

/// Of how many hosts the first entries are kept in memory. With [`FIRST_BYTES_MAX`] this bounds
/// what they take; with entries as they are (300 bytes) it is some 60 MiB at most.
const FIRSTS_HOSTS_MAX: u32 = 200_000;
/// The largest entry that is kept in memory.
const FIRST_BYTES_MAX: usize = 1_024;

impl LaneInfo {
    /// Takes an entry for the first of the lane.
    pub(super) fn set_first(&mut self, first: Option<(Place, &[u8])>) {
        self.head = first.map_or(i64::MAX, |(place, _)| place.due);
        self.first = first
            .filter(|(place, entry)| {
                place.host < FIRSTS_HOSTS_MAX && entry.len() <= FIRST_BYTES_MAX
            })
            .map(|(place, entry)| Box::new((place, entry.into())));
    }
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: Box<str>,
    /// Not to be asked before this.
    pub(super) ready: i64,
    pub(super) lanes: Vec<LaneInfo>,
    /// The URLs of it that are in flight, by their number.
    pub(super) in_flight: Vec<u64>,
    /// Where it is in the order of hosts, if it is there.
    slot: Option<i64>,
}

/// All hosts, and the order in which they become ready.
#[derive(Debug)]
pub(super) struct Hosts {
    all: Vec<Host>,
    by_name: HashMap<Box<str>, u32>,
    order: BTreeSet<(i64, u32, u32)>,
    claims_per_host_max: usize,
    seed: u64,
}

impl Hosts {
    pub(super) fn new(claims_per_host_max: usize, seed: u64) -> Self {
        Self {
            all: Vec::new(),
            by_name: HashMap::new(),
            order: BTreeSet::new(),
            claims_per_host_max: claims_per_host_max.max(1),
            seed,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn id(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Adds a host; `None` when its number would not fit.
    pub(super) fn push(&mut self, name: &str, ready: i64) -> Option<u32> {
        let id = u32::try_from(self.all.len()).ok()?;
        self.all.push(Host {
            name: name.into(),
            ready,
            lanes: Vec::new(),
            in_flight: Vec::new(),
            slot: None,
        });
        self.by_name.insert(name.into(), id);
        Some(id)
    }

    /// Forgets the newest hosts, which never reached the disk.
    pub(super) fn truncate(&mut self, count: usize) {
        for host in self.all.drain(count.min(self.all.len())..) {
            self.by_name.remove(&host.name);
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<&Host> {
        self.all.get(id as usize)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Host> {
        self.all.get_mut(id as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Host)> {
        (0_u32..).zip(&self.all)
    }

    /// Puts a host where its ready time and the first entries of its lanes want it.
    pub(super) fn reslot(&mut self, id: u32, is_active: impl Fn(u16) -> bool) {
        let Some(host) = self.all.get_mut(id as usize) else { return };
        let tie = tie(self.seed, id);
        if let Some(at) = host.slot.take() {
            self.order.remove(&(at, tie, id));
        }
        if host.in_flight.len() >= self.claims_per_host_max {
            return;
        }
        let head = host.lanes.iter().filter(|lane| is_active(lane.job)).map(|lane| lane.head).min();
        if let Some(head) = head.filter(|head| *head < i64::MAX) {
            let at = head.max(host.ready);
            host.slot = Some(at);
            self.order.insert((at, tie, id));
        }
    }

    /// The hosts that may be asked, those that have been ready for longest first.
    pub(super) fn ready(&self, now: i64) -> impl Iterator<Item = (u32, &Host)> {
        self.order
            .range(..=(now, u32::MAX, u32::MAX))
            .filter_map(|(_, _, id)| Some((*id, self.get(*id)?)))
    }

    /// When the next host becomes ready.
    pub(super) fn next_ready_at(&self) -> Option<i64> {
        self.order.first().map(|(at, _, _)| *at)
    }
}

impl Host {
    pub(super) fn lane(&self, job: u16, lane: Lane) -> Option<&LaneInfo> {
        self.lanes.iter().find(|info| info.job == job && info.lane == lane)
    }

    pub(super) fn lane_mut(&mut self, job: u16, lane: Lane) -> &mut LaneInfo {
        let at = self.lanes.iter().position(|info| info.job == job && info.lane == lane);
        let at = at.unwrap_or_else(|| {
            self.lanes.push(LaneInfo { job, lane, count: 0, head: i64::MAX, first: None });
            self.lanes.len() - 1
        });
        &mut self.lanes[at]
    }

    /// Takes in one more entry of a lane.
    pub(super) fn gain(&mut self, place: Place, entry: &[u8]) {
        let info = self.lane_mut(place.job, place.lane);
        info.count += 1;
        if place.lane.phase() == Phase::Retired {
            return;
        }
        if place.due < info.head {
            info.set_first(Some((place, entry)));
        } else if info.first.as_ref().is_some_and(|first| place < first.0) {
            info.first = None;
        }
    }

    /// Gives up one entry of a lane; an empty lane takes no room.
    pub(super) fn lose(&mut self, job: u16, lane: Lane) {
        let info = self.lane_mut(job, lane);
        info.count = info.count.saturating_sub(1);
        self.lanes.retain(|info| info.count > 0);
    }

    /// The lane to take from now: the strictest class first, then the earliest due time with the
    /// priority's handicap added.
    pub(super) fn choose(&self, now: i64, is_active: impl Fn(u16) -> bool) -> Option<&LaneInfo> {
        self.lanes.iter().filter(|info| info.head <= now && is_active(info.job)).min_by_key(
            |info| {
                let priority = info.lane.priority();
                let rank = info.head.saturating_add(priority.handicap_micros());
                (priority.class(), rank, info.lane, info.job)
            },
        )
    }
}

/// Breaks ties between hosts that became ready in the same microsecond, so that no host is always
/// first because of its name or age. SplitMix64's finalizer (Steele, Lea and Flood 2014).
fn tie(seed: u64, id: u32) -> u32 {
    let mut z = seed ^ u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as u32
}
