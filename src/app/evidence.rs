//! The evidence log as the commands keep it: its settings, and letting it follow the archive.
//!
//! A failure of the log never stops a crawl: it is reported, and the next run catches up.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::drand;
use super::route::route;
use super::shared::{frontier_address, name_of};
use crate::base::{Clock, Digest, Timestamp};
use crate::config::Settings;
use crate::config::keys;
use crate::evidence::bitcoin::Headers;
use crate::evidence::cosignature::WitnessKey;
use crate::evidence::leaf::Statement;
use crate::evidence::log::{Appender, replace_lost_key};
use crate::evidence::policy::PolicyWitness;
use crate::evidence::witnessed::Witnesses;
use crate::evidence::{
    self, Asked, Authorities, Behind, Checkpoint, EvidenceError, Extended, LogKey, New, OldKey,
    OpenFiles, Options, Policy, Sharing, Trust,
};
use crate::postgres::PostgresLog;
use crate::store::{AppendLog, Layout, Reader, Store};
use crate::warc::Rounds;

/// What the settings say of the log.
#[must_use]
pub fn options(settings: &Settings) -> Options {
    let text = |key: keys::TextKey| Some(settings.text(key)).filter(|text| !text.is_empty());
    Options {
        key_file: text(keys::EVIDENCE_KEY_FILE).map(PathBuf::from),
        origin: text(keys::EVIDENCE_ORIGIN).map(str::to_owned),
        round: None,
    }
}

/// As [`options`], with the newest round of drand for a checkpoint that is signed now; what went wrong with that, as text. Not
/// to be called inside a runtime.
#[must_use]
pub fn options_now(
    layout: &Layout,
    settings: &Settings,
    rounds: &Rounds,
    now: Timestamp,
) -> (Options, Vec<String>) {
    let (round, notes) = drand::round(layout, settings, rounds, now);
    (Options { round, ..options(settings) }, notes)
}

/// What the settings say of time stamps.
///
/// # Errors
/// When the file of roots cannot be read.
pub fn authorities(settings: &Settings) -> Result<Authorities, String> {
    let path = settings.text(keys::EVIDENCE_TIMESTAMP_ROOTS);
    let trust = if path.is_empty() {
        Trust::default()
    } else {
        let fail = |why: &dyn std::fmt::Display| format!("evidence.timestamp_roots: {path}: {why}");
        let pem = std::fs::read(path).map_err(|e| fail(&e))?;
        Trust::from_pem(&pem).map_err(|e| fail(&e))?
    };
    Ok(Authorities {
        urls: settings.list(keys::EVIDENCE_TIMESTAMP_AUTHORITIES).to_vec(),
        trust,
        user_agent: settings.user_agent(),
        route: route(settings),
    })
}

/// Asks for the time stamps that the newest checkpoint lacks; what went wrong, as text. Not to be
/// called inside a runtime.
pub fn stamp(layout: &Layout, settings: &Settings) -> Vec<String> {
    let authorities = match authorities(settings) {
        Ok(authorities) if authorities.urls.is_empty() => return Vec::new(),
        Ok(authorities) => authorities,
        Err(why) => return vec![why],
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return vec![format!("no time stamp: {why}")],
    };
    match runtime.block_on(evidence::timestamp::stamp(layout, &authorities)) {
        Ok(notes) => notes,
        Err(why) => vec![format!("no time stamp: {}", said(&why))],
    }
}

/// Asks the calendars of OpenTimestamps, where the last time is long enough ago; what went wrong, as text. Not to be called
/// inside a runtime.
pub fn anchor(layout: &Layout, settings: &Settings, now: Timestamp) -> Vec<String> {
    let asked = Asked {
        calendars: settings.list(keys::EVIDENCE_CALENDARS).to_vec(),
        every: settings.duration(keys::EVIDENCE_CALENDARS_EVERY),
        user_agent: settings.user_agent(),
        route: route(settings),
    };
    if asked.calendars.is_empty() {
        return Vec::new();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return vec![format!("calendars are not used: {why}")],
    };
    match runtime.block_on(evidence::ask_calendars(layout, &asked, now)) {
        Ok(notes) => notes,
        Err(why) => vec![format!("calendars are not used: {}", said(&why))],
    }
}

/// The headers of Bitcoin blocks in a file; none for an empty path.
///
/// # Errors
/// When the file cannot be read or is not a list of headers; the text names it.
pub fn bitcoin_headers(path: &Path) -> Result<Headers, String> {
    if path == Path::new("") {
        return Ok(Headers::default());
    }
    let fail = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|why| fail(&why))?;
    Headers::parse(&text).map_err(|why| fail(&why))
}

/// Reads a policy (c2sp.org/tlog-policy).
///
/// # Errors
/// When there is no file at `path`, or it is not a policy; the text names the file.
pub fn read_policy(path: &Path) -> Result<Policy, String> {
    let fail = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let bytes = std::fs::read(path).map_err(|why| fail(&why))?;
    Policy::parse(&bytes).map_err(|why| fail(&why))
}

/// What the settings say of witnesses: those of the policy, and those that are named in addition.
///
/// # Errors
/// When the policy cannot be read, or a witness is not a key and an address.
pub fn witnesses(settings: &Settings) -> Result<Witnesses, String> {
    let mut policy = match settings.text(keys::EVIDENCE_POLICY) {
        "" => Policy::of(Vec::new()),
        path => read_policy(Path::new(path)).map_err(|why| format!("evidence.policy: {why}"))?,
    };
    for text in settings.list(keys::EVIDENCE_WITNESSES) {
        let wrong =
            || format!("evidence.witnesses: {text:?} should be a key, a blank and an address");
        let (key, url) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let key = WitnessKey::parse(key).ok_or_else(wrong)?;
        let url = url.trim().to_owned();
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(wrong());
        }
        match policy.witnesses.iter_mut().find(|known| known.key.public == key.public) {
            Some(known) => known.url = Some(url),
            None => policy.witnesses.push(PolicyWitness { key, url: Some(url) }),
        }
    }
    Ok(Witnesses { policy, user_agent: settings.user_agent(), route: route(settings) })
}

/// Submits the newest checkpoint to the witnesses that have not cosigned it; what went wrong, as text. Not to be called
/// inside a runtime.
pub fn cosign(layout: &Layout, settings: &Settings) -> Vec<String> {
    let witnesses = match witnesses(settings) {
        Ok(witnesses) if witnesses.policy.witnesses.is_empty() => return Vec::new(),
        Ok(witnesses) => witnesses,
        Err(why) => return vec![why],
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return vec![format!("no cosignature: {why}")],
    };
    // Without the key, which a copy of a shared log may lack, checkpoints are submitted as they are.
    let key = LogKey::read(&options(settings).key_path(layout)).ok().flatten();
    match runtime.block_on(evidence::witnessed::submit(layout, &witnesses, key.as_ref())) {
        Ok(notes) => notes,
        Err(why) => vec![format!("no cosignature: {}", said(&why))],
    }
}

/// The log that this archive shares with others, by the settings, and the name of this process in it;
/// `None` where the archive has a log of its own, with a note where that is not what the settings say.
type Shared = (Option<(PostgresLog, String)>, Option<String>);

fn shared_log(layout: &Layout, settings: &Settings) -> Result<Shared, EvidenceError> {
    let failed = |why: String| EvidenceError::Shared { why };
    if !settings.bool(keys::EVIDENCE_SHARED) || settings.text(keys::STORE_FRONTIER).is_empty() {
        return Ok((None, None));
    }
    if evidence::has_own_log(layout)? {
        let note = "this archive continues its own evidence log; `evidence.shared = false` makes this explicit; to log everything again in the shared log, move evidence/ elsewhere";
        return Ok((None, Some(note.to_owned())));
    }
    let address = frontier_address(settings).map_err(|why| failed(why.to_string()))?;
    let Some(address) = address else { return Ok((None, None)) };
    let log = PostgresLog::open(address)?;
    Ok((Some((log, name_of(settings, layout.root()))), None))
}

/// Brings the log up to the archive: its own, or the one that it shares with others.
///
/// # Errors
/// As [`evidence::extend()`] and [`evidence::extend_shared`].
pub fn extend(
    layout: &Layout,
    settings: &Settings,
    open: &OpenFiles<'_>,
    (trail, rounds): (&Mutex<AppendLog>, &Rounds),
    now: Timestamp,
) -> Result<Extended, EvidenceError> {
    let (shared, note) = shared_log(layout, settings)?;
    let (options, notes) = options_now(layout, settings, rounds, now);
    let mut done = match &shared {
        None => evidence::extend_along(layout, &options, open, trail, now)?,
        Some((log, worker)) => {
            let new = New::Records(open, trail);
            evidence::extend_shared(layout, &options, Sharing { log, worker }, new)?
        }
    };
    done.notes.extend(notes.into_iter().chain(note));
    if done.signed || shared.is_none() {
        done.notes.extend(stamp(layout, settings));
        done.notes.extend(cosign(layout, settings));
        done.notes.extend(anchor(layout, settings, now));
    }
    if let Some((log, worker)) = &shared {
        evidence::share_files(layout, Sharing { log, worker })?;
    }
    Ok(done)
}

/// Replaces the key of the log: of this archive's own, or of the one that it shares with others. The checkpoint that says so,
/// and what there is to do or went wrong, as text.
///
/// # Errors
/// As [`Appender::new_key`], [`replace_lost_key`] and [`evidence::change_shared_key`].
pub fn new_key(
    layout: &Layout,
    settings: &Settings,
    old: OldKey,
    now: Timestamp,
) -> Result<(Checkpoint, Vec<String>), EvidenceError> {
    let (shared, note) = shared_log(layout, settings)?;
    let (options, mut notes) = options_now(layout, settings, &Rounds::default(), now);
    notes.extend(note);
    let done = match (&shared, old) {
        (Some((log, worker)), _) => {
            let path = options.key_path(layout).display().to_string();
            notes.push(format!(
                "the archives that share this log register records but do not sign until they have the new key: copy {path} over theirs"
            ));
            evidence::change_shared_key(layout, &options, Sharing { log, worker }, old)?
        }
        (None, OldKey::Signs) => {
            Appender::open(layout, &options).and_then(|appender| appender.new_key(now))?
        }
        (None, OldKey::IsLost) => replace_lost_key(layout, &options, now)?,
    };
    Ok((done, notes))
}

/// Adds statements to the log of an archive, under a checkpoint; those already in it are left out.
///
/// # Errors
/// As [`extend`].
pub(super) fn state(
    layout: &Layout,
    settings: &Settings,
    statements: Vec<Statement>,
    now: Timestamp,
) -> Result<(), EvidenceError> {
    if let (Some((log, worker)), _) = shared_log(layout, settings)? {
        let (log, worker) = (&log, worker.as_str());
        let new = New::Statements(statements);
        let with = Sharing { log, worker };
        return evidence::extend_shared(layout, &options(settings), with, new).map(drop);
    }
    let mut appender = Appender::open(layout, &options(settings))?;
    for statement in statements {
        appender.state(statement)?;
    }
    appender.checkpoint(now).map(drop)
}

/// The digests of the payloads that were removed by order, as far as their tombstones can be read.
#[must_use]
pub fn removed_payloads(layout: &Layout) -> HashSet<Digest> {
    let kept = evidence::tombstone::all(layout).unwrap_or_default();
    kept.iter().filter_map(|kept| kept.tombstone.says()?.payload.parse().ok()).collect()
}

/// Makes the key of an archive that has none; what went wrong, as text.
pub fn prepare(layout: &Layout, settings: &Settings) -> Option<String> {
    let made = evidence::log::prepare(layout, &options(settings));
    made.err().map(|why| format!("the evidence log cannot be kept: {}", said(&why)))
}

/// Brings the log up to the archive, and asks for time stamps and cosignatures; what went wrong or is unexpected, as text.
pub fn follow(
    layout: &Layout,
    settings: &Settings,
    open: &OpenFiles<'_>,
    along: (&Mutex<AppendLog>, &Rounds),
    now: Timestamp,
) -> Vec<String> {
    extend(layout, settings, open, along, now)
        .map_or_else(|why| vec![does_not_follow(&why)], |done| done.notes)
}

fn does_not_follow(why: &EvidenceError) -> String {
    format!("the evidence log was not extended: {}", said(why))
}

fn said(why: &evidence::EvidenceError) -> String {
    match why.hint() {
        Some(hint) => format!("{why}; {hint}"),
        None => why.to_string(),
    }
}

/// How far the log is behind what a run has written.
#[derive(Debug)]
pub struct LogLag {
    trail: Arc<Mutex<AppendLog>>,
    /// What the last call left behind.
    behind: Arc<Mutex<Behind>>,
}

impl LogLag {
    /// How far it is behind now.
    #[must_use]
    pub fn behind(&self) -> Behind {
        let waiting = self.trail.lock().unwrap_or_else(PoisonError::into_inner).waiting();
        let left = *self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        left.and(Behind { unregistered: waiting.records, since: waiting.since })
    }
}

/// Lets the log follow while a crawl writes.
#[derive(Clone)]
pub struct Follower {
    reader: Reader,
    trail: Arc<Mutex<AppendLog>>,
    rounds: Rounds,
    settings: Settings,
    clock: Arc<dyn Clock>,
    // Held while following, so that ending the crawl waits for it; true when it has ended.
    ended: Arc<Mutex<bool>>,
    /// What the last call left behind.
    behind: Arc<Mutex<Behind>>,
}

impl Follower {
    /// Follows what the store knows to be durable.
    #[must_use]
    pub fn new(store: &Store, settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        let (reader, trail, rounds) = (store.reader(), store.trail(), store.rounds());
        let settings = settings.clone();
        let (ended, behind) = (Arc::default(), Arc::default());
        Self { reader, trail, rounds, settings, clock, ended, behind }
    }

    /// Brings the log up to what is durable now; what went wrong or is unexpected, as text.
    #[must_use]
    pub fn once(&self) -> Vec<String> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if *ended {
            return Vec::new();
        }
        // The index is updated after the sync: what it records of a file is on the disk.
        let durable = |name: &str| {
            self.reader.sink().mark_of(name).ok().flatten().map(|mark| mark.indexed_to)
        };
        let open = OpenFiles::UpTo(&durable);
        let (along, now) = ((&*self.trail, &self.rounds), self.clock.now());
        // What is written while this runs is counted by the trail, at worst twice.
        let before = self.lag().behind();
        let done = extend(self.reader.layout(), &self.settings, &open, along, now);
        let left = match &done {
            Ok(done) => {
                let since = done.waiting.map(|waiting| now.minus(waiting));
                Behind { unregistered: 0, since }
            }
            Err(_) => {
                // What was handed over is in no log, and the rest is still counted by the trail.
                let still = self.trail.lock().unwrap_or_else(PoisonError::into_inner).waiting();
                let unregistered = before.unregistered.saturating_sub(still.records);
                Behind { unregistered, since: before.since }
            }
        };
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = left;
        done.map_or_else(|why| vec![does_not_follow(&why)], |done| done.notes)
    }

    /// A handle that reports how far the log is behind. It keeps nothing of the archive open.
    #[must_use]
    pub fn lag(&self) -> LogLag {
        LogLag { trail: Arc::clone(&self.trail), behind: Arc::clone(&self.behind) }
    }

    /// Follows after `first` and then at every interval, until it is dropped; what went wrong or is unexpected
    /// is passed to `say`.
    pub async fn follow_every(self, first: Duration, every: Duration, say: impl Fn(&str) + Send) {
        let begin = tokio::time::Instant::now() + first;
        // An interval of zero would never pause.
        let mut ticks = tokio::time::interval_at(begin, every.max(Duration::from_secs(1)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let follower = self.clone();
            match tokio::task::spawn_blocking(move || follower.once()).await {
                Ok(notes) => notes.iter().for_each(|note| say(note)),
                Err(why) => say(&format!("the evidence log was not extended: {why}")),
            }
        }
    }

    /// Ends it, after the work in progress.
    pub fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}
