//! How often a source or a host brings something new, and from when on its silence is strange. Pure.
//!
//! What is usual is learned from the past alone: the longest pause of each of the last eight weeks, so
//! that nights, weekends and holidays are known after they were seen once. A look at a source shows
//! what came since the look before, however long ago that was; for a host only the time counts in
//! which a process was watching.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// For this many weeks a pause is remembered.
const WEEKS: usize = 8;
/// This many times the longest usual pause is strange.
const TIMES: f64 = 2.5;
/// A shorter silence is never strange: a wire service has slow mornings, too.
const SILENCE_MIN: Duration = Duration::from_hours(12);
/// A longer silence always is, for what brought something more than a few times.
const SILENCE_MAX: Duration = Duration::from_hours(24 * 90);
/// Before this much was seen, it may not include a weekend, and a shorter silence is not strange.
const WEEKEND_SEEN: Duration = Duration::from_hours(24 * 8);
const WEEKEND: Duration = Duration::from_hours(24 * 4);
/// It must have brought something this often, and over this long, before anything is strange.
const ARRIVALS_MIN: u32 = 4;
const SPAN_MIN: Duration = Duration::from_hours(24);
/// Looks that are further apart than this many usual ones, and this, have a gap between them: what came
/// in it did not come after a pause of that length.
const STEPS_MAX: i64 = 4;
const STEP_SLIP_MICROS: i64 = 3_600 * 1_000_000;

const WEEK_MICROS: i64 = 7 * 86_400 * 1_000_000;

/// When something came, as far as it was looked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rhythm {
    /// How often something came.
    arrivals: u32,
    /// The first and the last time, in microseconds; moved on by times in which no process was watching.
    first: i64,
    last: i64,
    /// The last look, and how far apart looks are as a rule, in microseconds.
    looked: i64,
    step: i64,
    /// The longest pause that ended in each of the last weeks, in seconds, by the number of the week.
    pauses: [u64; WEEKS],
    week: i64,
}

impl Rhythm {
    /// Takes in a look at a source, and whether it found something new.
    pub fn look(&mut self, now: Timestamp, brought: bool) {
        let now = now.unix_micros();
        let had_gap = self.step_to(now).is_some();
        if brought {
            self.arrive(now, had_gap);
        }
    }

    /// Takes in that a process is watching, and whether something came.
    pub fn listen(&mut self, now: Timestamp, brought: bool) {
        let now = now.unix_micros();
        if let Some(unheard) = self.step_to(now) {
            self.first = self.first.saturating_add(unheard);
            self.last = self.last.saturating_add(unheard);
        }
        if brought {
            self.arrive(now, false);
        }
    }

    /// Moves the last look on; how much longer ago it was than looks are apart, where that is a gap.
    fn step_to(&mut self, now: i64) -> Option<i64> {
        if self.looked == 0 {
            self.looked = now;
            return None;
        }
        let since = now.saturating_sub(self.looked).max(0);
        self.looked = self.looked.max(now);
        let most = self.step.saturating_mul(STEPS_MAX).saturating_add(STEP_SLIP_MICROS);
        let has_gap = self.step > 0 && since > most;
        let before = if self.step > 0 { self.step } else { since };
        self.step = (before.saturating_mul(3).saturating_add(since.min(most.max(before)))) / 4;
        has_gap.then(|| since.saturating_sub(before))
    }

    fn arrive(&mut self, now: i64, had_gap: bool) {
        if self.arrivals == 0 {
            self.first = now;
        } else if !had_gap {
            // A pause that raised an alarm teaches only a little: an outage is not the rule, and an
            // outlet that has become slower is known as such after a few.
            let most = match self.silence() {
                Some(usual) if self.looked - self.last > micros(usual) => self.longest() / 4 * 5,
                _ => u64::MAX,
            };
            let pause = u64::try_from(now.saturating_sub(self.last) / 1_000_000).unwrap_or(0);
            let week = now.div_euclid(WEEK_MICROS);
            let passed =
                usize::try_from(week.saturating_sub(self.week)).unwrap_or(WEEKS).min(WEEKS);
            for back in 0..passed {
                self.pauses[slot(week - back as i64)] = 0;
            }
            let longest = &mut self.pauses[slot(week)];
            *longest = (*longest).max(pause.min(most));
            self.week = week;
        }
        self.last = now;
        self.arrivals = self.arrivals.saturating_add(1);
    }

    /// How often something came.
    pub fn arrivals(&self) -> u32 {
        self.arrivals
    }

    /// When something came last; moved on by times in which no process was watching.
    pub fn last(&self) -> Option<Timestamp> {
        (self.arrivals > 0).then(|| Timestamp::from_unix_micros(self.last))
    }

    /// How long a silence is not strange; `None` where too little is known.
    pub fn silence(&self) -> Option<Duration> {
        let span = Duration::from_micros(u64::try_from(self.last - self.first).unwrap_or(0));
        if self.arrivals < ARRIVALS_MIN || span < SPAN_MIN {
            return None;
        }
        let usual = Duration::from_secs_f64(self.longest() as f64 * TIMES);
        let least = if span < WEEKEND_SEEN { WEEKEND } else { SILENCE_MIN };
        Some(usual.clamp(least, SILENCE_MAX))
    }

    /// The longest pause that is remembered, in seconds.
    fn longest(&self) -> u64 {
        self.pauses.iter().copied().max().unwrap_or(0)
    }

    /// Since when it has been silent, where that is strange; as of the last look.
    pub fn silent_since(&self) -> Option<Timestamp> {
        let usual = micros(self.silence()?);
        (self.looked.saturating_sub(self.last) > usual)
            .then(|| Timestamp::from_unix_micros(self.last))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

fn slot(week: i64) -> usize {
    usize::try_from(week.rem_euclid(WEEKS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_mins(15);

    fn at(hours: i64) -> Timestamp {
        // A Monday.
        Timestamp::parse("2025-11-03").unwrap().plus(Duration::from_hours(hours.unsigned_abs()))
    }

    /// Looks each quarter of an hour from one hour to another; something comes in hours of which `comes`
    /// holds. When the silence became strange.
    fn watch(
        rhythm: &mut Rhythm,
        hours: std::ops::Range<i64>,
        comes: impl Fn(i64) -> bool,
    ) -> Option<i64> {
        let mut strange = None;
        for hour in hours {
            for quarter in 0..4 {
                let now = at(hour).plus(QUARTER * quarter);
                rhythm.look(now, quarter == 0 && comes(hour));
                if rhythm.silent_since().is_some() && strange.is_none() {
                    strange = Some(hour);
                }
            }
        }
        strange
    }

    /// Every hour of the day, and none at night or at weekends.
    fn office(hour: i64) -> bool {
        (8..18).contains(&(hour % 24)) && (hour / 24) % 7 < 5
    }

    const DAY: i64 = 24;

    #[test]
    fn nights_and_weekends_are_usual_and_silence_is_strange_in_time() {
        for (comes, name, within_days) in [
            (office as fn(i64) -> bool, "office hours", 7),
            (|hour| hour % 2 == 0, "always", 1),
            (|hour| hour % (24 * 7) == 10, "weekly", 21),
            (|hour| hour % 24 == 7, "daily", 4),
        ] {
            let mut rhythm = Rhythm::default();
            let months = 0..10 * 7 * DAY;
            assert_eq!(watch(&mut rhythm, months.clone(), comes), None, "{name}");
            let strange = watch(&mut rhythm, months.end..months.end + 60 * DAY, |_| false);
            let after = strange.expect(name) - months.end;
            assert!(after <= within_days * DAY, "{name}: after {after} hours");
            // It comes again, and all is well.
            let from = months.end + 60 * DAY;
            watch(&mut rhythm, from..from + 7 * DAY, comes);
            assert_eq!(rhythm.silent_since(), None, "{name}");
            // An outage is not learned: the next one is strange nearly as soon.
            let strange = watch(&mut rhythm, from + 7 * DAY..from + 90 * DAY, |_| false);
            let again = strange.expect(name) - from - 7 * DAY;
            assert!(again <= after * 3 + 2 * DAY, "{name}: {again} after {after}");
        }
    }

    #[test]
    fn too_little_is_no_custom_and_the_first_weekend_is_no_alarm() {
        let mut rhythm = Rhythm::default();
        assert_eq!(watch(&mut rhythm, 0..3, |hour| hour == 0), None);
        assert_eq!(watch(&mut rhythm, 3..90 * DAY, |_| false), None);
        let mut rhythm = Rhythm::default();
        assert_eq!(watch(&mut rhythm, 0..8 * DAY, office), None);
    }

    #[test]
    fn a_gap_between_looks_is_no_pause_and_a_time_unwatched_is_no_silence() {
        let mut source = Rhythm::default();
        watch(&mut source, 0..60 * DAY, |hour| hour % 2 == 0);
        let usual = source.silence();
        let mut host = source.clone();
        // Away for two months. The source had nothing new in all that time, which is strange at once.
        let back = 120 * DAY;
        let mut quiet = source.clone();
        quiet.look(at(back), false);
        assert!(quiet.silent_since().is_some());
        // It had something, and nothing is learned of when that came.
        source.look(at(back), true);
        assert_eq!((source.silent_since(), source.silence()), (None, usual));
        // What a host did meanwhile is unknown: its silence takes as long as ever to be strange.
        let strange = (0..48).find(|hour| {
            host.listen(at(back + hour), false);
            host.silent_since().is_some()
        });
        assert!((11..=14).contains(&strange.unwrap()), "{strange:?}");
    }

    #[test]
    fn looks_once_a_day_learn_the_pauses_that_such_looks_can_see() {
        let mut rhythm = Rhythm::default();
        for day in 0..60 {
            // Nothing at weekends.
            rhythm.look(at(day * DAY), day % 7 < 5);
            assert_eq!(rhythm.silent_since(), None, "day {day}");
        }
        let strange = (60..90).find(|day| {
            rhythm.look(at(day * DAY), false);
            rhythm.silent_since().is_some()
        });
        assert!((64..=69).contains(&strange.unwrap()), "{strange:?}");
    }

    #[test]
    fn it_is_kept_as_json() {
        let mut rhythm = Rhythm::default();
        watch(&mut rhythm, 0..9 * DAY, office);
        let text = serde_json::to_string(&rhythm).unwrap();
        assert_eq!(serde_json::from_str::<Rhythm>(&text).unwrap(), rhythm);
        assert!(text.len() < 300, "{text}");
    }
}
