//! What is kept of one URL, and the bytes it is kept in.
//!
//! A URL is under two keys of one tree, always written in one batch:
//!
//! ```text
//! u | host 4 | url digest 16                             → job 2 | lane 1 | due 8 | seq 8
//! q | host 4 | job 2 | lane 1 | due 8 | seq 8            → entry (version first)
//! ```
//!
//! Numbers are big-endian, `due` has its sign bit flipped, so that bytes sort as times do. The
//! second key is the URL's state: its lane says phase and priority, and since there is exactly one
//! such key for a URL, a URL is in exactly one state by construction. In flight is no state on
//! disk: a claimed URL keeps its place, which is why the death of the process puts it back.
//!
//! The job of a key is a number for *whose* the URL is: a job, or a set of jobs that name it together
//! (the empty set for what no job names any longer). Both have numbers of one series, so that a URL
//! of several jobs has one place like any other.
//!
//! Beside them: `h | host name → host 4 | ready 8`, `j | job name → job 2`, `k | job 2 … → set 2` with
//! the members in order, and the summaries of `frontier/opening.rs`. Where two jobs came to have one
//! name by a rename, the key of the later one continues with `\x01` and its number.

use sha2::{Digest as _, Sha256};

use super::discovery::DiscoveryPath;
use super::packing::{Packer, Unpacker};
use crate::base::{TargetUri, Timestamp};

/// What goes first within a host.
///
/// The first three are strict: nothing of a later one goes while one of these is due. The last
/// three are ordered by due time plus a handicap ([`Priority::handicap_micros`]), so that none of
/// them starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// robots.txt and whatever else must come before a page.
    Prerequisite,
    /// Images, styles, scripts and fonts of a page that was just fetched.
    Requisite,
    /// Seeds, feeds, sitemaps, front pages, and what the operator asked for by name.
    Seed,
    /// New or young articles, and pages of which a signal says that they changed.
    High,
    /// Everything else.
    Normal,
    /// Deep links and old pages.
    Low,
}

impl Priority {
    /// All of them, first to last.
    pub const ALL: [Self; 6] =
        [Self::Prerequisite, Self::Requisite, Self::Seed, Self::High, Self::Normal, Self::Low];

    /// Its word in listings.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Prerequisite => "prerequisite",
            Self::Requisite => "requisite",
            Self::Seed => "seed",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// How much later than its due time it is ranked among the unstrict ones: one hour for
    /// `Normal`, one day for `Low`. A low page that has been due for a day goes before a high one
    /// that is due now.
    #[must_use]
    pub fn handicap_micros(self) -> i64 {
        match self {
            Self::Normal => 3_600 * 1_000_000,
            Self::Low => 24 * 3_600 * 1_000_000,
            _ => 0,
        }
    }

    /// The strict part of the order: 0, 1, 2, and 3 for all others.
    pub(in crate::schedule) fn class(self) -> u8 {
        (self as u8).min(3)
    }
}

/// Where a URL is in its life. In flight is not among them: see the file's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Never fetched; ready when due.
    Queued,
    /// Fetched before; its next visit is set.
    Waiting,
    /// Not to be fetched again, for the reason kept with it.
    Retired,
}

/// Phase and priority in one byte of the key: `phase << 4 | priority`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::schedule) struct Lane(u8);

impl Lane {
    pub(in crate::schedule) fn new(phase: Phase, priority: Priority) -> Self {
        Self((phase as u8) << 4 | priority as u8)
    }

    pub(in crate::schedule) fn of_byte(byte: u8) -> Option<Self> {
        let known =
            byte >> 4 <= Phase::Retired as u8 && usize::from(byte & 0x0f) < Priority::ALL.len();
        known.then_some(Self(byte))
    }

    pub(in crate::schedule) fn byte(self) -> u8 {
        self.0
    }

    pub(in crate::schedule) fn phase(self) -> Phase {
        match self.0 >> 4 {
            0 => Phase::Queued,
            1 => Phase::Waiting,
            _ => Phase::Retired,
        }
    }

    pub(in crate::schedule) fn priority(self) -> Priority {
        Priority::ALL[usize::from(self.0 & 0x0f) % Priority::ALL.len()]
    }
}

/// The place of a URL in the queues: all that the second key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::schedule) struct Place {
    pub(in crate::schedule) host: u32,
    pub(in crate::schedule) job: u16,
    pub(in crate::schedule) lane: Lane,
    pub(in crate::schedule) due: i64,
    pub(in crate::schedule) seq: u64,
}

/// What the URL digest is made of: the first half of SHA-256.
pub(in crate::schedule) type UrlDigest = [u8; 16];

const SIGN: u64 = 1 << 63;

impl Place {
    pub(in crate::schedule) const KEY_LEN: usize = 24;

    /// The `q` key.
    pub(in crate::schedule) fn key(&self) -> [u8; Self::KEY_LEN] {
        let mut key = [b'q'; Self::KEY_LEN];
        key[1..5].copy_from_slice(&self.host.to_be_bytes());
        key[5..].copy_from_slice(&self.tail());
        key
    }

    /// The value of the `u` key: everything but the host.
    pub(in crate::schedule) fn tail(&self) -> [u8; 19] {
        let mut tail = [0; 19];
        tail[..2].copy_from_slice(&self.job.to_be_bytes());
        tail[2] = self.lane.byte();
        tail[3..11].copy_from_slice(&(self.due.cast_unsigned() ^ SIGN).to_be_bytes());
        tail[11..].copy_from_slice(&self.seq.to_be_bytes());
        tail
    }

    /// What the `q` keys of one host begin with.
    pub(in crate::schedule) fn host_prefix(host: u32) -> [u8; 5] {
        let mut key = [b'q'; 5];
        key[1..].copy_from_slice(&host.to_be_bytes());
        key
    }

    /// What the `q` keys of one host and job begin with.
    pub(in crate::schedule) fn job_prefix(host: u32, job: u16) -> [u8; 7] {
        let mut key = [b'q'; 7];
        key[1..5].copy_from_slice(&host.to_be_bytes());
        key[5..].copy_from_slice(&job.to_be_bytes());
        key
    }

    /// The `q` key of the first possible entry of a lane.
    pub(in crate::schedule) fn lane_prefix(host: u32, job: u16, lane: Lane) -> [u8; 8] {
        let mut key = [b'q'; 8];
        key[1..5].copy_from_slice(&host.to_be_bytes());
        key[5..7].copy_from_slice(&job.to_be_bytes());
        key[7] = lane.byte();
        key
    }

    pub(in crate::schedule) fn of_key(key: &[u8]) -> Option<Self> {
        let (kind, rest) = key.split_first()?;
        let (host, tail) = rest.split_first_chunk::<4>()?;
        (*kind == b'q').then(|| Self::of_tail(u32::from_be_bytes(*host), tail))?
    }

    pub(in crate::schedule) fn of_tail(host: u32, tail: &[u8]) -> Option<Self> {
        let (job, rest) = tail.split_first_chunk::<2>()?;
        let (lane, rest) = rest.split_first()?;
        let (due, rest) = rest.split_first_chunk::<8>()?;
        let seq: [u8; 8] = rest.try_into().ok()?;
        Some(Self {
            host,
            job: u16::from_be_bytes(*job),
            lane: Lane::of_byte(*lane)?,
            due: (u64::from_be_bytes(*due) ^ SIGN).cast_signed(),
            seq: u64::from_be_bytes(seq),
        })
    }
}

/// The `u` key of a URL.
pub(in crate::schedule) fn url_key(host: u32, digest: &UrlDigest) -> [u8; 21] {
    let mut key = [b'u'; 21];
    key[1..5].copy_from_slice(&host.to_be_bytes());
    key[5..].copy_from_slice(digest);
    key
}

/// What makes two texts the same URL: what a server would see of them, which is the parsed form
/// without its fragment. Nothing else is folded; cleaning is a step of its own and recorded.
pub(in crate::schedule) fn url_digest(uri: &TargetUri) -> UrlDigest {
    let seen = uri.url().as_str();
    let seen = seen.split_once('#').map_or(seen, |(before, _)| before);
    let full: [u8; 32] = Sha256::digest(seen.as_bytes()).into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}

/// How one job found a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::schedule) struct Owner {
    /// The number of the job.
    pub(in crate::schedule) job: u16,
    pub(in crate::schedule) path: DiscoveryPath,
    pub(in crate::schedule) via: Option<String>,
    pub(in crate::schedule) settings: String,
    /// Whether the URL was visited since the job found it.
    pub(in crate::schedule) looked: bool,
}

/// What is kept of one URL beside its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The URL as asked for.
    pub uri: TargetUri,
    /// How it was found, by the job that found it first.
    pub path: DiscoveryPath,
    /// The page it was found on.
    pub via: Option<String>,
    /// The fact that set its due time, as text; for a retired one, why it was retired.
    pub because: String,
    /// Settings of this URL alone, in the watch list's words.
    pub settings: String,
    /// How often it was fetched.
    pub visits: u32,
    /// How often it was put off since its last visit.
    pub snoozes: u32,
    /// Whether a signal (lastmod or a feed's date moved) asked for the visit that is due.
    pub signalled: bool,
    /// When it was first found.
    pub found_at: Timestamp,
    /// What the caller remembers of the page from visit to visit (its history and its life),
    /// in the caller's bytes.
    pub memo: Vec<u8>,
    /// The job that `path`, `via` and `settings` are of, and whether it was visited for that one: where
    /// there are more jobs, or where the place and `visits` do not say the same.
    pub(in crate::schedule) first: Option<(u16, bool)>,
    /// The other jobs that name it, in the order in which they did.
    pub(in crate::schedule) also: Vec<Owner>,
}

/// The form of a URL of one job, which is what all were before a URL could have several.
const ENTRY_OF_ONE: u8 = 1;
/// The same with further jobs at its end.
const ENTRY_OF_MORE: u8 = 2;

impl Entry {
    /// The longest `because` that is kept, in bytes.
    pub const BECAUSE_MAX: usize = 240;
    /// The longest memo that is kept, in bytes; a longer one is a mistake of the caller and refused.
    pub const MEMO_MAX: usize = 16 * 1024;

    /// The jobs that name the URL, by their numbers in its set; all of `members` have what is there where the entry does not
    /// tell, as damage may leave it.
    pub(in crate::schedule) fn owners<I: Iterator<Item = u16>>(
        &self,
        members: impl FnOnce() -> I,
    ) -> Vec<Owner> {
        let own = |job: u16, looked: bool| Owner {
            job,
            path: self.path.clone(),
            via: self.via.clone(),
            settings: self.settings.clone(),
            looked,
        };
        match self.first {
            Some((job, looked)) => {
                std::iter::once(own(job, looked)).chain(self.also.iter().cloned()).collect()
            }
            None => members().map(|job| own(job, self.visits > 0)).collect(),
        }
    }

    pub(in crate::schedule) fn to_bytes(&self) -> Vec<u8> {
        let version = if self.first.is_some() { ENTRY_OF_MORE } else { ENTRY_OF_ONE };
        let mut out = Packer::new(version);
        out.text(self.uri.as_str());
        out.text(&self.path.to_string());
        out.text(self.via.as_deref().unwrap_or(""));
        out.text(&self.because);
        out.text(&self.settings);
        out.number(u64::from(self.visits));
        out.number(u64::from(self.snoozes));
        out.number(u64::from(self.signalled));
        out.signed(self.found_at.unix_micros());
        out.bytes(&self.memo);
        if let Some((first, looked)) = self.first {
            out.number(u64::from(first));
            out.number(u64::from(looked));
            out.number(self.also.len() as u64);
            for owner in &self.also {
                out.number(u64::from(owner.job));
                out.text(&owner.path.to_string());
                out.text(owner.via.as_deref().unwrap_or(""));
                out.text(&owner.settings);
                out.number(u64::from(owner.looked));
            }
        }
        out.finish()
    }

    pub(in crate::schedule) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        let version = from.byte()?;
        if !matches!(version, ENTRY_OF_ONE | ENTRY_OF_MORE) {
            return None;
        }
        let uri = TargetUri::parse(from.text()?).ok()?;
        let path = DiscoveryPath::parse(from.text()?)?;
        let via = Some(from.text()?.to_owned()).filter(|via| !via.is_empty());
        let because = from.text()?.to_owned();
        let settings = from.text()?.to_owned();
        let visits = from.number_u32()?;
        let snoozes = from.number_u32()?;
        let signalled = from.number()? == 1;
        let found_at = Timestamp::from_unix_micros(from.signed()?);
        let memo = from.bytes()?.to_vec();
        let (mut first, mut also) = (None, Vec::new());
        if version == ENTRY_OF_MORE {
            first = Some((from.number_u16()?, from.number()? == 1));
            for _ in 0..from.number()? {
                also.push(Owner {
                    job: from.number_u16()?,
                    path: DiscoveryPath::parse(from.text()?)?,
                    via: Some(from.text()?.to_owned()).filter(|via| !via.is_empty()),
                    settings: from.text()?.to_owned(),
                    looked: from.number()? == 1,
                });
            }
        }
        let entry = Self {
            uri,
            path,
            via,
            because,
            settings,
            visits,
            snoozes,
            signalled,
            found_at,
            memo,
            first,
            also,
        };
        from.is_done().then_some(entry)
    }
}

/// `text`, cut at a character so that it is at most `bytes_max` long.
pub(in crate::schedule) fn cut(text: &str, bytes_max: usize) -> String {
    text[..text.floor_char_boundary(bytes_max)].to_owned()
}

#[cfg(test)]
impl Entry {
    /// What is kept of a seed that was just added.
    pub(in crate::schedule) fn of_seed(uri: TargetUri) -> Self {
        Self {
            uri,
            path: DiscoveryPath::seed(),
            via: None,
            because: "a seed".to_owned(),
            settings: String::new(),
            visits: 0,
            snoozes: 0,
            signalled: false,
            found_at: Timestamp::default(),
            memo: Vec::new(),
            first: None,
            also: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(due: i64, seq: u64) -> Place {
        Place { host: 1, job: 2, lane: Lane::new(Phase::Waiting, Priority::High), due, seq }
    }

    #[test]
    fn keys_sort_as_times_do_also_before_1970() {
        let sorted = [place(i64::MIN, 9), place(-5, 0), place(0, 0), place(0, 1), place(7, 0)];
        assert!(sorted.windows(2).all(|pair| pair[0].key() < pair[1].key()));
        for place in sorted {
            assert_eq!(Place::of_key(&place.key()), Some(place));
        }
    }

    #[test]
    fn a_fragment_makes_no_other_url_and_a_query_does() {
        let digest = |text: &str| url_digest(&TargetUri::parse(text).unwrap());
        assert_eq!(digest("http://a.org/x#y"), digest("http://A.org:80/x"));
        assert_ne!(digest("http://a.org/x"), digest("http://a.org/x?"));
        assert_ne!(digest("http://a.org/x"), digest("https://a.org/x"));
    }

    #[test]
    fn an_entry_of_one_job_is_read_and_written_as_before_there_could_be_more() {
        // Kept as the first form was written; never made again.
        let bytes = [
            b"\x01\x14http://example.org/a\x02ML\x13http://example.org/\x07because".as_slice(),
            b"\x0btags=feed x\x03\x00\x01\x80\x80\xdf\x92\xb4\xb3\xa1\x06\x02mm",
        ]
        .concat();
        let entry = Entry::of_bytes(&bytes).unwrap();
        assert_eq!(entry.uri.as_str(), "http://example.org/a");
        assert_eq!(
            (entry.path.to_string().as_str(), entry.visits, entry.signalled),
            ("ML", 3, true)
        );
        assert_eq!((entry.settings.as_str(), entry.memo.as_slice()), ("tags=feed x", &b"mm"[..]));
        assert_eq!((entry.first, entry.also.len()), (None, 0));
        assert_eq!(entry.to_bytes(), bytes);
    }

    proptest! {
        #[test]
        fn entries_come_back_from_their_bytes(path in "[a-z/]{0,30}", because in ".{0,30}",
                visits in any::<u32>(), at in any::<i64>(), memo in proptest::collection::vec(any::<u8>(), 0..50),
                jobs in proptest::collection::vec(any::<u16>(), 0..4)) {
            let mut jobs = jobs.into_iter().map(|job| Owner {
                job,
                path: DiscoveryPath::parse("M").unwrap(),
                via: Some(format!("http://example.org/{job}")).filter(|_| job % 2 == 0),
                settings: "tags=feed".to_owned(),
                looked: job % 3 == 0,
            });
            let entry = Entry {
                uri: TargetUri::parse(&format!("http://example.org/{path}")).unwrap(),
                path: DiscoveryPath::parse("LLE").unwrap(),
                via: None, because, settings: String::new(), visits, snoozes: 1, signalled: visits % 2 == 1,
                found_at: Timestamp::from_unix_micros(at), memo,
                first: jobs.next().map(|owner| (owner.job, owner.looked)),
                also: jobs.collect(),
            };
            prop_assert_eq!(Entry::of_bytes(&entry.to_bytes()), Some(entry));
        }

        #[test]
        fn any_bytes_are_no_entry_or_one(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Entry::of_bytes(&bytes);
            let _ = Place::of_key(&bytes);
        }
    }
}
