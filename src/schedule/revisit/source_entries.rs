//! What a feed or sitemap said of its entries, and what it says now: whether a date has moved.
//!
//! A date that a source gives is compared with what the same source gave before, and with nothing else.
//! Outlets whose clock or zone is hours off say when an article was edited as well as any; beside a clock of
//! another machine their dates are before a capture that they came after, or ahead of it for hours. So no
//! time of this clock enters, but where two of them are compared. A source that is read for the first time
//! shows no edit: its dates are learned.
//!
//! Four things look like edits and are not. Dates that all move by the same time, or all to the same time,
//! are those of a clock that was set, or of the moment of asking. A date that goes back and forth is that
//! of two caches: it must pass the newest that was ever given, which a source takes back by staying below
//! it three times. A date that appears where none was is an edit only where other entries go on without.
//! An entry that returns is reported as [`Statement::Listed`], for the caller to judge.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::{DigestAlgorithm, TargetUri, Timestamp};
use crate::schedule::packing::{Packer, Unpacker};

/// This many entries must move together to be no edits.
const TOGETHER_MIN: usize = 4;
/// How close together they then move, or come to lie.
const TOGETHER: Duration = Duration::from_secs(120);
/// This many readings in a row with an earlier date take the newest back.
const EARLIER_MAX: u8 = 3;
/// What a source no longer lists is remembered for this time: caches list more and less.
const UNLISTED_FOR: Duration = Duration::from_hours(7 * 24);
/// This many entries that are no longer listed are remembered, and as many as are listed.
const UNLISTED_MAX: usize = 256;
/// A date further ahead of our clock than any zone does not show what is new.
const AHEAD_MAX: Duration = Duration::from_hours(48);

/// The key of an entry: half of a digest of its URL.
pub type EntryKey = u64;

/// The key of a URL among the entries of a source.
#[must_use]
pub fn entry_key(uri: &TargetUri) -> EntryKey {
    let full = DigestAlgorithm::Sha256.digest(uri.url().as_str().as_bytes());
    let head: [u8; 8] = std::array::from_fn(|at| full.as_bytes().get(at).copied().unwrap_or(0));
    u64::from_be_bytes(head)
}

/// What a source says of an entry, compared with what it said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// Nothing that indicates an edit: it said so before, or it was never read before.
    Known,
    /// It gives a later date than ever before; where it gave one, which.
    Moved {
        /// The latest before.
        from: Option<Timestamp>,
    },
    /// It did not list it when it was read last.
    Listed {
        /// Whether it dates it later than all that it listed by then.
        is_newest: bool,
        /// When it was read last.
        since: Timestamp,
    },
}

/// What is remembered of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// The latest date it was given.
    at: Option<Timestamp>,
    /// In how many readings in a row it was given an earlier one.
    earlier: u8,
    /// Since when it is not listed.
    unlisted: Option<Timestamp>,
}

/// What a source said up to its last reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceEntries {
    read_at: Option<Timestamp>,
    /// The latest date it gave, of those that are distinguishable from a slip.
    newest: Option<Timestamp>,
    marks: HashMap<EntryKey, Mark>,
}

/// What follows from a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Of each entry, in the order in which they were given.
    pub statements: Vec<Statement>,
    /// Whether the dates moved together, so that none of them indicates an edit.
    pub moved_together: bool,
    /// What is to be remembered.
    pub said: SourceEntries,
    /// Whether it differs in its entries from what was remembered, and not in the time of reading alone.
    pub has_changed: bool,
}

const VERSION: u8 = 1;

impl SourceEntries {
    /// Compares what a source says now with what it said. `at` is the time of the reading. An entry that
    /// occurs twice counts with its later date.
    #[must_use]
    pub fn compare(&self, entries: &[(EntryKey, Option<Timestamp>)], at: Timestamp) -> Compared {
        let mut now: HashMap<EntryKey, Option<Timestamp>> = HashMap::with_capacity(entries.len());
        for (key, date) in entries {
            let latest = now.entry(*key).or_default();
            *latest = (*latest).max(*date);
        }
        let moved_together = self.moves_together(&now);
        let gains_together = self.gains_together(&now);
        let is_edit = |key: EntryKey| {
            let mark = self.marks.get(&key)?;
            let date = (*now.get(&key)?)?;
            match mark.at {
                Some(before) if date > before => (!moved_together).then_some(Some(before)),
                None if mark.unlisted.is_none() => (!gains_together).then_some(None),
                _ => None,
            }
        };
        let statement = |key: EntryKey, date: Option<Timestamp>| match (is_edit(key), self.read_at)
        {
            (Some(from), _) => Statement::Moved { from },
            (None, Some(since))
                if self.marks.get(&key).is_none_or(|m| m.unlisted.is_some() && !moved_together) =>
            {
                let is_newest = date.is_some_and(|date| self.newest.is_none_or(|new| date > new));
                Statement::Listed { is_newest, since }
            }
            (None, _) => Statement::Known,
        };
        let statements = entries.iter().map(|(key, _)| statement(*key, now[key])).collect();
        let said = self.after(&now, at, moved_together);
        let has_changed = said.marks != self.marks;
        Compared { statements, moved_together, said, has_changed }
    }

    /// Whether all that were listed before, or all that are known, have other dates now, by the same time
    /// or at the same time. A source that lost its list and gives it out again dates it with that hour.
    fn moves_together(&self, now: &HashMap<EntryKey, Option<Timestamp>>) -> bool {
        let listed = |mark: &Mark| mark.unlisted.is_none();
        self.these_move_together(now, &listed) || self.these_move_together(now, &|_| true)
    }

    fn these_move_together(
        &self,
        now: &HashMap<EntryKey, Option<Timestamp>>,
        counts: &dyn Fn(&Mark) -> bool,
    ) -> bool {
        let pairs = now.iter().filter_map(|(key, date)| {
            let before = self.marks.get(key).filter(|mark| counts(mark))?.at?;
            Some((before.unix_micros(), (*date)?.unix_micros()))
        });
        let pairs: Vec<(i64, i64)> = pairs.collect();
        let spans = |of: &dyn Fn(&(i64, i64)) -> i64| {
            let (least, most) = (pairs.iter().map(of).min(), pairs.iter().map(of).max());
            least.zip(most).map_or(0, |(least, most)| most.abs_diff(least))
        };
        let together = u64::try_from(TOGETHER.as_micros()).unwrap_or(u64::MAX);
        pairs.len() >= TOGETHER_MIN
            && pairs.iter().all(|(before, date)| before != date)
            && (spans(&|(before, date)| date.saturating_sub(*before)) <= together
                || spans(&|(_, date)| *date) <= together)
    }

    /// Whether every entry that had no date has one now, and there are several: the source has begun to
    /// give dates.
    fn gains_together(&self, now: &HashMap<EntryKey, Option<Timestamp>>) -> bool {
        let undated = now.iter().filter(|(key, _)| {
            self.marks.get(key).is_some_and(|mark| mark.at.is_none() && mark.unlisted.is_none())
        });
        let (mut all, mut gained) = (0, 0);
        for (_, date) in undated {
            all += 1;
            gained += usize::from(date.is_some());
        }
        all >= 2 && all == gained
    }

    fn after(
        &self,
        now: &HashMap<EntryKey, Option<Timestamp>>,
        at: Timestamp,
        moved_together: bool,
    ) -> Self {
        let mut marks: HashMap<EntryKey, Mark> = HashMap::with_capacity(now.len());
        for (key, date) in now {
            let old = self.marks.get(key);
            let mark = match (old.and_then(|mark| mark.at), *date) {
                (Some(before), Some(date)) if date < before && !moved_together => {
                    let earlier = old.map_or(0, |mark| mark.earlier).saturating_add(1);
                    match earlier >= EARLIER_MAX {
                        true => Mark { at: Some(date), earlier: 0, unlisted: None },
                        false => Mark { at: Some(before), earlier, unlisted: None },
                    }
                }
                (before, date) => Mark { at: date.or(before), earlier: 0, unlisted: None },
            };
            marks.insert(*key, mark);
        }
        let mut left: Vec<(EntryKey, Mark)> = self
            .marks
            .iter()
            .filter(|(key, _)| !now.contains_key(key))
            .map(|(key, mark)| (*key, Mark { unlisted: mark.unlisted.or(Some(at)), ..*mark }))
            .filter(|(_, mark)| mark.unlisted.is_none_or(|since| at.since(since) <= UNLISTED_FOR))
            .collect();
        // The ones that went last.
        left.sort_unstable_by_key(|(key, mark)| (std::cmp::Reverse(mark.unlisted), *key));
        left.truncate(now.len().max(UNLISTED_MAX));
        marks.extend(left);
        let newest = now.values().flatten().filter(|date| **date <= at.plus(AHEAD_MAX)).max();
        Self { read_at: Some(at), newest: self.newest.max(newest.copied()), marks }
    }

    /// Its time and its newest date as bytes, version first: what changes with every reading.
    #[must_use]
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut out = Packer::new(VERSION);
        for at in [self.read_at, self.newest] {
            out.number(u64::from(at.is_some()));
            out.signed(at.map_or(0, Timestamp::unix_micros));
        }
        out.finish()
    }

    /// Its entries as bytes, version first; the same for the same entries.
    #[must_use]
    pub fn entry_bytes(&self) -> Vec<u8> {
        let mut sorted: Vec<_> = self.marks.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| **key);
        let mut out = Packer::new(VERSION);
        out.number(sorted.len() as u64);
        for (key, mark) in sorted {
            out.number(*key);
            let flags = u64::from(mark.at.is_some()) | u64::from(mark.unlisted.is_some()) << 1;
            out.number(flags | u64::from(mark.earlier) << 2);
            for at in [mark.at, mark.unlisted].into_iter().flatten() {
                out.signed(at.unix_micros());
            }
        }
        out.finish()
    }

    /// Reads what [`Self::head_bytes`] and [`Self::entry_bytes`] wrote. Nothing is known where either
    /// cannot be read: then the source is learned again.
    #[must_use]
    pub fn of_bytes(head: &[u8], entries: &[u8]) -> Self {
        Self::decode(head, entries).unwrap_or_default()
    }

    fn decode(head: &[u8], entries: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(head);
        if from.byte()? != VERSION {
            return None;
        }
        let mut time = || {
            let is_there = from.number()? == 1;
            let at = Timestamp::from_unix_micros(from.signed()?);
            Some(is_there.then_some(at))
        };
        let (read_at, newest) = (time()?, time()?);
        let mut from = Unpacker::new(entries);
        if from.byte()? != VERSION {
            return None;
        }
        let count = usize::try_from(from.number()?).ok()?;
        // A count that lies makes no room: each entry takes two bytes at least.
        let mut marks = HashMap::with_capacity(count.min(entries.len() / 2));
        for _ in 0..count {
            let key = from.number()?;
            let flags = from.number()?;
            let mut time = |flag: u64| match flags & flag {
                0 => Some(None),
                _ => Some(Some(Timestamp::from_unix_micros(from.signed()?))),
            };
            let (at, unlisted) = (time(1)?, time(2)?);
            marks.insert(key, Mark { at, earlier: u8::try_from(flags >> 2).ok()?, unlisted });
        }
        from.is_done().then_some(Self { read_at, newest, marks })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 60;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_unix_seconds((20_000 * DAY + minutes) * 60)
    }

    /// Reads a source again and again, each time ten minutes later; of each reading which entries moved,
    /// with `!` where they moved together, and in brackets which were listed and dated newest.
    fn readings(all: &[&[(EntryKey, Option<i64>)]]) -> Vec<String> {
        let mut said = SourceEntries::default();
        let mut out = Vec::new();
        for (n, entries) in all.iter().enumerate() {
            let dated: Vec<_> = entries.iter().map(|(key, date)| (*key, date.map(at))).collect();
            let compared = said.compare(&dated, at(n as i64 * 10));
            let mut line = String::new();
            for ((key, _), statement) in entries.iter().zip(&compared.statements) {
                match statement {
                    Statement::Moved { .. } => line.push_str(&format!("{key} ")),
                    Statement::Listed { is_newest: true, .. } => {
                        line.push_str(&format!("[{key}] "))
                    }
                    _ => {}
                }
            }
            if compared.moved_together {
                line.push('!');
            }
            out.push(line.trim_end().to_owned());
            // What is remembered survives its bytes.
            let (head, entries) = (compared.said.head_bytes(), compared.said.entry_bytes());
            assert_eq!(SourceEntries::of_bytes(&head, &entries), compared.said);
            said = compared.said;
        }
        out
    }

    #[test]
    fn a_date_moves_where_the_same_source_gives_a_later_one() {
        // Five hours behind, and nine ahead: the clock of the source does not matter.
        for skew in [0, -300, 540, -20 * DAY] {
            let dated = |n: i64| Some(skew + n);
            let first: &[(EntryKey, Option<i64>)] =
                &[(1, dated(0)), (2, dated(-60)), (3, dated(-90))];
            let edited: &[(EntryKey, Option<i64>)] =
                &[(1, dated(15)), (2, dated(-60)), (3, dated(-90))];
            assert_eq!(
                readings(&[first, first, edited, edited, edited]),
                ["", "", "1", "", ""],
                "{skew}"
            );
        }
    }

    #[test]
    fn dates_that_all_move_together_are_no_edits() {
        let with = |of: fn(i64, i64) -> i64| {
            let all: Vec<Vec<(EntryKey, Option<i64>)>> = (0..4)
                .map(|n| (0..5).map(|key| (key as u64, Some(of(n, key)))).collect())
                .collect();
            let all: Vec<&[_]> = all.iter().map(Vec::as_slice).collect();
            readings(&all)
        };
        // Made by the asking; a clock that is set; a zone that is written otherwise from now on.
        assert_eq!(with(|n, _| n * 10), ["", "!", "!", "!"]);
        assert_eq!(with(|n, key| n / 2 * 60 - key * 30), ["", "", "!", ""]);
        assert_eq!(
            with(|n, key| if n < 2 { -key * 30 } else { -300 - key * 30 }),
            ["", "", "!", ""]
        );
        // From now on all are dated with the asking.
        assert_eq!(with(|n, key| if n < 2 { -key * 30 } else { n * 10 }), ["", "", "!", "!"]);
        // One of five does not move.
        assert_eq!(
            with(|n, key| if key == 0 { 0 } else { n * 10 }),
            ["", "1 2 3 4", "1 2 3 4", "1 2 3 4"]
        );
    }

    #[test]
    fn caches_that_take_turns_tell_of_one_edit() {
        let (old, new): (&[_], &[_]) =
            (&[(1, Some(0)), (2, Some(-5))], &[(1, Some(9)), (2, Some(-5))]);
        assert_eq!(readings(&[old, new, old, new, old, old, new]), ["", "1", "", "", "", "", ""]);
        // A date of the year 2099 is taken back, and the next edit is seen.
        let (slip, back): (&[_], &[_]) = (&[(1, Some(30_000 * DAY))], &[(1, Some(5))]);
        let edited: &[_] = &[(1, Some(60))];
        assert_eq!(readings(&[slip, back, back, back, edited]), ["", "", "", "", "1"]);
    }

    #[test]
    fn a_date_that_appears_is_an_edit_where_others_go_on_without() {
        let none: &[(EntryKey, Option<i64>)] = &[(1, None), (2, None), (3, None)];
        let one: &[(EntryKey, Option<i64>)] = &[(1, None), (2, Some(5)), (3, None)];
        let all: &[(EntryKey, Option<i64>)] = &[(1, Some(1)), (2, Some(5)), (3, Some(3))];
        assert_eq!(readings(&[none, one, one]), ["", "2", ""]);
        assert_eq!(readings(&[none, all, all]), ["", "", ""]);
        // One that vanishes and comes back.
        assert_eq!(readings(&[one, none, one]), ["", "", ""]);
    }

    #[test]
    fn what_is_listed_again_is_reported_with_whether_it_is_the_newest() {
        let first: &[(EntryKey, Option<i64>)] = &[(1, Some(0)), (2, Some(-60))];
        let shorter: &[(EntryKey, Option<i64>)] = &[(1, Some(0))];
        // 2 comes back as it was, then with a later date; 3 is older than all, 4 newer.
        let back: &[(EntryKey, Option<i64>)] = &[(1, Some(0)), (2, Some(-60)), (3, Some(-99))];
        let edited: &[(EntryKey, Option<i64>)] = &[(1, Some(0)), (2, Some(30)), (4, Some(31))];
        assert_eq!(readings(&[first, shorter, back]), ["", "", ""]);
        assert_eq!(readings(&[first, shorter, edited]), ["", "", "2 [4]"]);
        let mut said = SourceEntries::default().compare(&[(1, Some(at(0)))], at(0)).said;
        // What is no longer listed is forgotten after a week, and never grows without end.
        for n in 1..400 {
            said = said.compare(&[(1_000 + n as u64, Some(at(n)))], at(n)).said;
        }
        assert!(said.marks.len() <= 1 + UNLISTED_MAX, "{}", said.marks.len());
        let later = said.compare(&[(1, Some(at(30 * DAY)))], at(30 * DAY)).said;
        assert_eq!(later.marks.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_nothing_or_what_was_said(head in proptest::collection::vec(any::<u8>(), 0..20),
                entries in proptest::collection::vec(any::<u8>(), 0..60)) {
            let versioned = |mut bytes: Vec<u8>| { bytes.insert(0, VERSION); bytes };
            let _ = SourceEntries::of_bytes(&versioned(head), &versioned(entries));
        }

        #[test]
        fn the_same_again_shows_no_edit(dates in proptest::collection::vec(proptest::option::of(-10_000..10_000_i64), 0..40)) {
            let entries: Vec<_> = dates.iter().enumerate().map(|(n, d)| (n as u64 % 30, d.map(at))).collect();
            let first = SourceEntries::default().compare(&entries, at(0));
            prop_assert!(first.statements.iter().all(|s| *s == Statement::Known));
            let second = first.said.compare(&entries, at(10));
            prop_assert!(second.statements.iter().all(|s| *s == Statement::Known));
            prop_assert!(!second.has_changed && !second.moved_together);
        }
    }
}
