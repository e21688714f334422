//! Whether a page is still there: gone, moved, blocked, unreachable, or merely having a bad day.
//!
//! A state machine over what looks showed, pure and serialisable. One look proves nothing: a
//! verdict needs several looks, an hour or more apart, over days ([`LifeRules`]). Only a page that
//! was really shown clears the evidence; a server error between two 404s neither adds to it nor
//! takes from it. A block page (consent wall, CAPTCHA, paywall, soft 404) is kept by the caller
//! like any capture, but is never the page: [`Verdict::may_compare`] is false for it, so that it
//! never counts as an edit.
//!
//! What it deliberately does not do: recognise block pages (their class comes in), decide when a
//! living page is visited again (`revisit`), pause hosts (politeness).

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::packing::{Packer, Unpacker};
use crate::base::Timestamp;

/// What kind of page stood in the place of the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// A consent wall.
    Consent,
    /// A CAPTCHA or another test for people.
    Captcha,
    /// A paywall or a log-in.
    Paywall,
    /// "Not found" with status 200.
    SoftNotFound,
    /// Refused without saying why: 401, 403, 451.
    Refused,
}

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// The page (200, or 304 of it).
    Page,
    /// 404.
    NotFound,
    /// 410: the server says that it is gone for good.
    GoneForGood,
    /// A permanent redirect (301, 308) to another page.
    Moved {
        /// Where to.
        to: String,
    },
    /// A redirect to the front page of the site, which is what many sites do with removed pages.
    MovedToFront,
    /// A page that is not the one asked for.
    Blocked(Block),
    /// A server error (5xx, 429).
    ServerError,
    /// No answer: name not found, no connection, broken TLS, reset, timeout.
    NoAnswer,
}

/// How much evidence a verdict needs: this many looks over at least this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Looks that agree, each at least an hour after the one before.
    pub looks: u32,
    /// Time from the first to the last of them.
    pub span: Duration,
}

/// The evidence that each verdict needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeRules {
    /// 404 and redirects to the front page.
    pub not_found: Needed,
    /// 410.
    pub gone_for_good: Needed,
    /// Soft 404.
    pub soft_not_found: Needed,
    /// A permanent redirect to one and the same page.
    pub moved: Needed,
    /// A block page.
    pub blocked: Needed,
    /// Server errors and no answer.
    pub unreachable: Needed,
    /// The first wait after a server error or no answer; doubles with each, up to a day.
    pub retry_first: Duration,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for LifeRules {
    fn default() -> Self {
        let needed = |looks, days| Needed { looks, span: DAY * days };
        Self {
            not_found: needed(3, 3),
            gone_for_good: needed(2, 1),
            soft_not_found: needed(4, 7),
            moved: needed(2, 1),
            blocked: needed(2, 0),
            unreachable: needed(10, 14),
            retry_first: Duration::from_mins(5),
        }
    }
}

/// The state that a page is considered to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    /// There.
    #[default]
    Alive,
    /// Something else was seen lately, but not often enough for a verdict.
    Doubtful,
    /// Removed.
    Gone,
    /// At another address.
    Moved,
    /// Behind a wall.
    Blocked,
    /// Not to be reached for a long time; nothing is known of the page.
    Unreachable,
}

impl Standing {
    const ALL: [Self; 6] =
        [Self::Alive, Self::Doubtful, Self::Gone, Self::Moved, Self::Blocked, Self::Unreachable];

    /// Its word in listings.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Doubtful => "doubtful",
            Self::Gone => "gone",
            Self::Moved => "moved",
            Self::Blocked => "blocked",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A verdict that was reached with this look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The page is gone.
    Gone,
    /// A page that was gone, moved or unreachable is back.
    Restored,
    /// The page has moved.
    Moved {
        /// Where to.
        to: String,
    },
    /// The page is behind a wall.
    Blocked(Block),
    /// The wall is gone.
    Unblocked,
    /// There has been no answer for a long time.
    Unreachable,
}

/// What follows from a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict that was reached now, if one was.
    pub event: Option<Event>,
    /// Whether what was seen is the page, so that it may be compared with the look before.
    pub may_compare: bool,
    /// When to look again and why; `None` leaves it to the schedule.
    pub retry: Option<(Timestamp, String)>,
}

/// Looks that agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Evidence {
    looks: u32,
    first: Timestamp,
    last: Timestamp,
}

impl Evidence {
    /// One more look. Looks within an hour are one, since a bad minute is not two facts.
    fn add(&mut self, at: Timestamp) {
        if self.looks == 0 {
            *self = Self { looks: 1, first: at, last: at };
        } else if at.since(self.last) >= HOUR {
            self.looks = self.looks.saturating_add(1);
            self.last = at;
        }
    }

    fn suffices(&self, needed: Needed) -> bool {
        self.looks >= needed.looks && self.last.since(self.first) >= needed.span
    }
}

/// The life of one page so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    standing: Standing,
    gone: Evidence,
    soft: Evidence,
    moved: Evidence,
    blocked: Evidence,
    failing: Evidence,
    /// Failures in a row, for the back-off.
    failures: u32,
    moved_to: Option<String>,
}

const VERSION: u8 = 1;

impl Life {
    /// A page that was never visited, or just seen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The state that it is considered to be in.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Where it has moved, or seems to have.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        self.moved_to.as_deref()
    }

    /// Takes in a look.
    pub fn look(&mut self, at: Timestamp, sight: &Observation, rules: &LifeRules) -> Verdict {
        let failing = matches!(sight, Observation::ServerError | Observation::NoAnswer);
        self.failures = if failing { self.failures.saturating_add(1) } else { 0 };
        match sight {
            Observation::Page => self.page(),
            Observation::NotFound | Observation::MovedToFront => {
                self.gone.add(at);
                let sure = self.gone.suffices(rules.not_found);
                self.missing(at, sure, self.gone.looks, what(sight))
            }
            Observation::GoneForGood => {
                self.gone.add(at);
                let sure = self.gone.suffices(rules.gone_for_good);
                self.missing(at, sure, self.gone.looks, what(sight))
            }
            Observation::Blocked(Block::SoftNotFound) => {
                self.soft.add(at);
                let sure = self.soft.suffices(rules.soft_not_found);
                self.missing(at, sure, self.soft.looks, what(sight))
            }
            Observation::Moved { to } => self.redirected(at, to, rules),
            Observation::Blocked(block) => self.walled(at, *block, rules),
            Observation::ServerError | Observation::NoAnswer => self.failed(at, what(sight), rules),
        }
    }

    fn page(&mut self) -> Verdict {
        let event = match self.standing {
            Standing::Gone | Standing::Moved | Standing::Unreachable => Some(Event::Restored),
            Standing::Blocked => Some(Event::Unblocked),
            Standing::Alive | Standing::Doubtful => None,
        };
        *self = Self::new();
        Verdict { event, may_compare: true, retry: None }
    }

    fn missing(&mut self, at: Timestamp, sure: bool, looks: u32, what: &str) -> Verdict {
        if self.standing == Standing::Gone {
            // It may return; checked ever more rarely.
            let wait = [DAY * 7, DAY * 30, DAY * 90][usize::min(looks as usize / 5, 2)];
            return again(None, at, wait, "gone; in case it returns");
        }
        if sure {
            self.standing = Standing::Gone;
            return again(Some(Event::Gone), at, DAY * 7, "gone; in case it returns");
        }
        self.doubt();
        let wait = match looks {
            0 | 1 => HOUR,
            2 => HOUR * 12,
            _ => HOUR * 60,
        };
        again(None, at, wait, &format!("{what}, seen {looks} times; not sure that it is gone"))
    }

    fn redirected(&mut self, at: Timestamp, to: &str, rules: &LifeRules) -> Verdict {
        if self.moved_to.as_deref() != Some(to) {
            self.moved = Evidence::default();
            self.moved_to = Some(to.to_owned());
            if self.standing == Standing::Moved {
                self.standing = Standing::Doubtful;
            }
        }
        self.moved.add(at);
        if self.standing == Standing::Moved {
            return again(None, at, DAY * 30, "moved; in case it returns");
        }
        if self.moved.suffices(rules.moved) {
            self.standing = Standing::Moved;
            let event = Some(Event::Moved { to: to.to_owned() });
            return again(event, at, DAY * 30, "moved; in case it returns");
        }
        self.doubt();
        let wait = if self.moved.looks <= 1 { HOUR * 6 } else { DAY };
        again(None, at, wait, "redirected; not sure that it has moved")
    }

    fn walled(&mut self, at: Timestamp, block: Block, rules: &LifeRules) -> Verdict {
        self.blocked.add(at);
        // Walls are checked ever more rarely: six hours, doubling up to a week.
        let doublings = self.blocked.looks.saturating_sub(1).min(5);
        let wait = (HOUR * 6 * (1 << doublings)).min(DAY * 7);
        let known = matches!(self.standing, Standing::Blocked | Standing::Gone | Standing::Moved);
        let mut event = None;
        if !known && self.blocked.suffices(rules.blocked) {
            self.standing = Standing::Blocked;
            event = Some(Event::Blocked(block));
        } else if !known {
            self.doubt();
        }
        again(event, at, wait, what(&Observation::Blocked(block)))
    }

    fn failed(&mut self, at: Timestamp, what: &str, rules: &LifeRules) -> Verdict {
        self.failing.add(at);
        let doublings = self.failures.saturating_sub(1).min(16);
        let wait = rules.retry_first.saturating_mul(1 << doublings).min(DAY);
        let why = format!("{what}, {} in a row; back-off", self.failures);
        let known = !matches!(self.standing, Standing::Alive | Standing::Doubtful);
        if known {
            let wait = if self.standing == Standing::Unreachable { DAY * 7 } else { wait };
            return again(None, at, wait, &why);
        }
        if self.failing.suffices(rules.unreachable) {
            self.standing = Standing::Unreachable;
            return again(Some(Event::Unreachable), at, DAY * 7, "unreachable; in case it returns");
        }
        self.doubt();
        again(None, at, wait, &why)
    }

    fn doubt(&mut self) {
        if self.standing == Standing::Alive {
            self.standing = Standing::Doubtful;
        }
    }

    /// Its bytes, version first. A page that is alive takes two.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Packer::new(VERSION);
        out.number(self.standing as u64);
        if *self == Self::new() {
            return out.finish();
        }
        out.number(u64::from(self.failures));
        out.text(self.moved_to.as_deref().unwrap_or(""));
        for evidence in [self.gone, self.soft, self.moved, self.blocked, self.failing] {
            out.number(u64::from(evidence.looks));
            if evidence.looks > 0 {
                out.signed(evidence.first.unix_micros());
                out.signed(evidence.last.unix_micros());
            }
        }
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] of this or an earlier version wrote; `None` for anything else.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let standing = *Standing::ALL.get(usize::try_from(from.number()?).ok()?)?;
        let mut life = Self { standing, ..Self::new() };
        if from.is_done() {
            return Some(life);
        }
        life.failures = from.number_u32()?;
        life.moved_to = Some(from.text()?.to_owned()).filter(|to| !to.is_empty());
        for evidence in
            [&mut life.gone, &mut life.soft, &mut life.moved, &mut life.blocked, &mut life.failing]
        {
            evidence.looks = from.number_u32()?;
            if evidence.looks > 0 {
                evidence.first = Timestamp::from_unix_micros(from.signed()?);
                evidence.last = Timestamp::from_unix_micros(from.signed()?);
            }
        }
        from.is_done().then_some(life)
    }
}

fn again(event: Option<Event>, at: Timestamp, wait: Duration, why: &str) -> Verdict {
    Verdict { event, may_compare: false, retry: Some((at.plus(wait), why.to_owned())) }
}

fn what(sight: &Observation) -> &'static str {
    match sight {
        Observation::Page => "page",
        Observation::NotFound => "404",
        Observation::GoneForGood => "410",
        Observation::Moved { .. } => "permanent redirect",
        Observation::MovedToFront => "redirect to the front page",
        Observation::Blocked(Block::Consent) => "consent wall",
        Observation::Blocked(Block::Captcha) => "CAPTCHA",
        Observation::Blocked(Block::Paywall) => "paywall",
        Observation::Blocked(Block::SoftNotFound) => "soft 404",
        Observation::Blocked(Block::Refused) => "refused",
        Observation::ServerError => "server error",
        Observation::NoAnswer => "no answer",
    }
}
