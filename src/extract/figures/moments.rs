//! Dates and times of day.
//!
//! Owns the grammar of days, months, years and clock times. Deliberately resolves nothing: "Tuesday" stays
//! "tuesday", since the article's own date is not known here.

use super::super::numbers::Decimal;
use super::scan::Piece;
use super::{Draft, Reader, dates};
use crate::base::word_map::WordSet;
use crate::extract::page::FigureKind;

/// Counters of Chinese, Japanese and Korean that are right behind a number and begin no word that is after
/// a year.
const COUNTERS: [&str; 27] = [
    "人", "名", "户", "戶", "辆", "輛", "个", "個", "棟", "栋", "张", "張", "件", "头", "頭", "只",
    "隻", "多", "余", "餘", "枚", "軒", "世帯", "戸", "명", "가구", "마리",
];

/// Hedges of counts, which never precede a year.
const COUNT_HEDGES: [&str; 71] = [
    "mehr als",
    "weniger als",
    "mindestens",
    "höchstens",
    "rund",
    "knapp",
    "fast",
    "nahezu",
    "más de",
    "menos de",
    "al menos",
    "por lo menos",
    "unos",
    "unas",
    "casi",
    "plus de",
    "moins de",
    "au moins",
    "près de",
    "quelque",
    "presque",
    "environ",
    "più di",
    "meno di",
    "almeno",
    "quasi",
    "mais de",
    "pelo menos",
    "ao menos",
    "quase",
    "cerca de",
    "meer dan",
    "minder dan",
    "minstens",
    "bijna",
    "ruim",
    "zo’n",
    "ponad",
    "prawie",
    "niemal",
    "co najmniej",
    "více než",
    "téměř",
    "nejméně",
    "alespoň",
    "mere end",
    "mindre end",
    "mindst",
    "næsten",
    "mer enn",
    "mindre enn",
    "minst",
    "nesten",
    "mer än",
    "mindre än",
    "nästan",
    "drygt",
    "более",
    "менее",
    "почти",
    "свыше",
    "понад",
    "майже",
    "щонайменше",
    "περισσότερα από",
    "τουλάχιστον",
    "σχεδόν",
    "en az",
    "lebih dari",
    "أكثر من",
    "לפחות",
];

impl Reader<'_> {
    /// The date, time of day or ordinal that begins at a piece.
    pub(super) fn moment(&self, at: usize) -> Option<Draft> {
        match self.piece(at) {
            Piece::Number(value) => {
                let value = value.and_then(Decimal::as_whole);
                self.iso(at)
                    .or_else(|| self.dotted_date(at))
                    .or_else(|| self.wide_date(at))
                    .or_else(|| self.clock(at))
                    .or_else(|| self.dotted_clock(at))
                    .or_else(|| self.cued_clock(at))
                    .or_else(|| self.wide_clock(at))
                    .or_else(|| self.day_first(at, value?))
                    .or_else(|| self.slashed(at, value?))
                    .or_else(|| self.year(at, value?))
            }
            Piece::Word => self
                .month_first(at)
                .or_else(|| self.named_day(at))
                .or_else(|| self.ordinal_word(at)),
            _ => None,
        }
    }

    fn whole(&self, at: usize) -> Option<u64> {
        match self.piece(at) {
            Piece::Number(Some(value)) => value.as_whole(),
            _ => None,
        }
    }

    fn length(&self, at: usize) -> usize {
        let Some(bit) = self.bits.get(at) else { return 0 };
        let text = self.text.get(bit.start..bit.end).unwrap_or("");
        if text.is_ascii() { text.len() } else { text.chars().count() }
    }

    /// "2024年10月3日", "10월 3일": numbers, each with its unit behind it.
    fn wide_date(&self, at: usize) -> Option<Draft> {
        let unit = |at: usize, names: [&str; 2]| names.contains(&self.word(at));
        let (mut next, mut year, mut month, mut day) = (at, None, None, None);
        if unit(next + 1, ["年", "년"]) && self.length(next) == 4 {
            year = self.whole(next);
            next += 2;
        }
        if unit(next + 1, ["年", "년"])
            && year.is_none()
            && let (Some(era), Some(count)) =
                (self.era(next), self.whole(next).filter(|n| *n <= 64))
        {
            year = Some(era + count);
            next += 2;
        }
        if unit(next + 1, ["月", "월"]) {
            month = self
                .whole(next)
                .and_then(|m| u8::try_from(m).ok())
                .filter(|m| (1..=12).contains(m));
            next += 2;
        }
        if month.is_some() && unit(next + 1, ["日", "일"]) {
            day = self.whole(next);
            next += 2;
        }
        (next > at && (year.is_some() || month.is_some())).then(|| date(next, year, month, day))
    }

    /// "14日", "14일": a day of a month that is not named counts nothing; the piece behind it.
    pub(super) fn bare_day(&self, at: usize) -> Option<usize> {
        let Piece::Number(_) = self.piece(at) else { return None };
        let day = self.whole(at).filter(|day| (1..=31).contains(day) && self.length(at) <= 2);
        (day.is_some() && matches!(self.word(at + 1), "日" | "일") && self.is_glued(at + 1))
            .then_some(at + 2)
    }

    /// A plain year of four digits.
    fn year_at(&self, at: usize) -> Option<u64> {
        self.whole(at).filter(|y| (1000..=2999).contains(y) && self.length(at) == 4)
    }

    /// "2025-11-04", perhaps with "T10:00:00Z".
    fn iso(&self, at: usize) -> Option<Draft> {
        let year = self.year_at(at)?;
        let glued = (1..=4).all(|step| self.is_glued(at + step));
        let marks = self.piece(at + 1) == Piece::Hyphen && self.piece(at + 3) == Piece::Hyphen;
        if !glued || !marks || self.length(at + 2) != 2 || self.length(at + 4) != 2 {
            return None;
        }
        let month = u8::try_from(self.whole(at + 2)?).ok().filter(|m| (1..=12).contains(m))?;
        let value = dates::value(Some(year), Some(month), self.whole(at + 4))?;
        Some(Draft { kind: FigureKind::Date, end: at + 5, value: Some(value), unit: None })
    }

    /// "3.10.2024": day, month and year with stops between.
    pub(super) fn dotted_date(&self, at: usize) -> Option<Draft> {
        let from = self.bits.get(at)?.start;
        let rest: String = self.text.get(from..)?.chars().take(11).collect();
        let mut parts = rest.splitn(3, '.');
        let (day, month) = (parts.next()?, parts.next()?);
        let year: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
        let short =
            |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !short(day) || !short(month) || year.len() != 4 {
            return None;
        }
        let to = from + day.len() + month.len() + year.len() + 2;
        let end = (at..self.bits.len()).find(|&at| self.bits[at].end >= to)?;
        let exact = self.bits[end].end == to;
        let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
        let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        let year = year.parse().ok().filter(|year| (1_000..=2_999).contains(year))?;
        exact.then(|| date(end + 1, Some(year), Some(month), Some(day)))
    }

    /// The year before the first of a Japanese era, where one is named before the number: "令和6年" is 2024.
    fn era(&self, at: usize) -> Option<u64> {
        let before = self.word(at.checked_sub(1)?);
        let eras = [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("大正", 1911), ("明治", 1867)];
        eras.iter().find(|(name, _)| before.ends_with(name)).map(|(_, year)| *year)
    }

    /// "3 p.m.", "3:30 pm", "16:30", "16h30", "20 Uhr".
    fn clock(&self, at: usize) -> Option<Draft> {
        let hour = self.whole(at).filter(|h| *h <= 24 && self.length(at) <= 2)?;
        let mut end = at + 1;
        let mut minute = None;
        if self.piece(end) == Piece::Colon
            && self.is_glued(end)
            && self.is_glued(end + 1)
            && self.length(end + 1) == 2
        {
            minute = Some(self.whole(end + 1).filter(|m| *m < 60)?);
            end += 2;
            if self.piece(end) == Piece::Colon
                && self.is_glued(end)
                && matches!(self.piece(end + 1), Piece::Number(_))
            {
                // "1:02:33" is a duration of a race as often as a time; seconds are kept in the words only.
                end += 2;
            }
        }
        let word = self.lower(end);
        let half = word.replace('.', "");
        if matches!(half.as_str(), "am" | "pm")
            && hour <= 12
            && (half.len() < word.len()
                || self.is_glued(end)
                || !matches!(half.as_str(), "am")
                || minute.is_some())
        {
            let hour = match (half.as_str(), hour) {
                ("am", 12) => 0,
                ("pm", 12) => 12,
                ("pm", hour) => hour + 12,
                (_, hour) => hour,
            };
            end += 1;
            if self.piece(end) == Piece::Dot && self.is_glued(end) && word.contains('.') {
                end += 1;
            }
            return Some(clock(hour, minute.unwrap_or(0), self.zone(end)));
        }
        if matches!(self.language, "fr" | "es" | "pt") && self.is_glued(end) {
            let minutes =
                word.strip_prefix('h').and_then(|m| m.parse::<u64>().ok()).filter(|m| *m < 60);
            if let Some(minutes) = minutes {
                return Some(clock(hour, minutes, end + 1));
            }
        }
        if word == "h" && matches!(self.language, "fr" | "es") {
            let minutes = self.whole(end + 1).filter(|_| self.is_glued(end + 1));
            return Some(clock(
                hour,
                minutes.unwrap_or(0),
                end + 1 + usize::from(minutes.is_some()),
            ));
        }
        if self.language == "de" && word == "uhr" {
            let minutes = self.whole(end + 1).filter(|m| *m < 60);
            return Some(clock(
                hour,
                minute.or(minutes).unwrap_or(0),
                end + 1 + usize::from(minutes.is_some()),
            ));
        }
        if matches!(word, "o'clock" | "o’clock") {
            return Some(clock(hour, 0, end + 1));
        }
        let minute = minute?;
        if self.lower(at.wrapping_sub(1)) == "of" && hour < 10 {
            return None;
        }
        Some(clock(hour, minute, self.zone(end)))
    }

    /// "8.15 a.m.", "11.40pm": British papers separate hours and minutes with a stop.
    fn dotted_clock(&self, at: usize) -> Option<Draft> {
        let bit = self.bits.get(at)?;
        let (hour, minute) = self.text.get(bit.start..bit.end)?.split_once('.')?;
        let (hour, minute): (u64, u64) =
            (hour.parse().ok()?, minute.parse().ok().filter(|_| minute.len() == 2)?);
        let word = self.lower(at + 1);
        let half = word.replace('.', "");
        if !matches!(half.as_str(), "am" | "pm") || !(1..=12).contains(&hour) || minute > 59 {
            return None;
        }
        let hour = hour % 12 + if half == "pm" { 12 } else { 0 };
        let stop = self.piece(at + 2) == Piece::Dot && self.is_glued(at + 2) && word.contains('.');
        Some(clock(hour, minute, self.zone(at + 2 + usize::from(stop))))
    }

    /// "um 14.30 Uhr", "klokken 16", "godz. 9.30": a time of day by the words of the language around it.
    fn cued_clock(&self, at: usize) -> Option<Draft> {
        let table = self.table.filter(|table| !table.is("no-spaces"))?;
        let bit = self.bits.get(at)?;
        let digits = self.text.get(bit.start..bit.end)?;
        let (hour, minute) = digits.split_once(['.', ':']).unwrap_or((digits, ""));
        if hour.len() > 2 || !matches!(minute.len(), 0 | 2) {
            return None;
        }
        let hour: u64 = hour.parse().ok().filter(|hour| *hour <= 24)?;
        let minutes: u64 = if minute.is_empty() {
            0
        } else {
            minute.parse().ok().filter(|minute| *minute < 60)?
        };
        let after = table.clock_after.contains(self.lower(at + 1));
        let dot = at.checked_sub(1).filter(|dot| self.piece(*dot) == Piece::Dot);
        let before = dot.unwrap_or(at).checked_sub(1).map(|b| self.lower(b)).unwrap_or_default();
        let led = table.clock_before.contains(before);
        let next = self.piece(at + 1);
        // Without minutes and a word behind it, a number that counts something is not an hour.
        let is_counted = matches!(next, Piece::Word | Piece::Percent | Piece::Currency(_));
        let is_clock = if minute.is_empty() {
            after && led || led && before.chars().count() > 3 && !is_counted
        } else {
            after || led && !self.unit_behind(at + 1) && !matches!(next, Piece::Currency(_))
        };
        is_clock.then(|| clock(hour, minutes, at + 1 + usize::from(after)))
    }

    /// "下午2时30分", "午後4時", "오후 2시 30분".
    fn wide_clock(&self, at: usize) -> Option<Draft> {
        let table = self.table.filter(|table| table.is("no-spaces") || table.is("no-capitals"))?;
        if !table.clock_after.contains(self.word(at + 1)) || !self.is_glued(at + 1) {
            return None;
        }
        let hour = self.whole(at).filter(|hour| *hour <= 24 && self.length(at) <= 2)?;
        let before = at.checked_sub(1).map(|b| self.word(b)).unwrap_or_default();
        let ends = |words: &WordSet| words.iter().any(|word| before.ends_with(word));
        let minute = self.whole(at + 2).filter(|m| {
            *m < 60 && matches!(self.word(at + 3), "分" | "분") && self.is_glued(at + 3)
        });
        if minute.is_none()
            && !ends(&table.clock_before)
            && matches!(self.word(at + 1), "点" | "點")
        {
            return None;
        }
        let hour = if ends(&table.afternoon) && hour < 12 { hour + 12 } else { hour };
        Some(clock(hour, minute.unwrap_or(0), at + 2 + 2 * usize::from(minute.is_some())))
    }

    fn zone(&self, at: usize) -> usize {
        let zone = matches!(
            self.word(at),
            "EST"
                | "EDT"
                | "ET"
                | "CST"
                | "CDT"
                | "CT"
                | "MST"
                | "MT"
                | "PST"
                | "PDT"
                | "PT"
                | "GMT"
                | "UTC"
                | "BST"
                | "CET"
                | "CEST"
        );
        at + usize::from(zone)
    }

    /// "4 November 2025", "4th of November", "4. November", "4 de noviembre de 2025".
    fn day_first(&self, at: usize, day: u64) -> Option<Draft> {
        if !(1..=31).contains(&day) || self.length(at) > 2 {
            return None;
        }
        let mut next = at + 1;
        if matches!(self.lower(next), "st" | "nd" | "rd" | "th" | "er" | "º") && self.is_glued(next)
        {
            next += 1;
        }
        if self.piece(next) == Piece::Dot && self.is_glued(next) {
            next += 1;
        }
        if matches!(self.lower(next), "of" | "de") {
            next += 1;
        }
        let word = self.lower(next);
        let (month, _) = dates::month(self.language, word.trim_end_matches('.'))?;
        if self.language == "en" && !self.is_capital(next) {
            return None;
        }
        let (end, year) = self.year_behind(next + 1);
        Some(date(end, year, Some(month), Some(day)))
    }

    /// "November 4, 2025", "Nov. 4", "November 2025", "in November".
    fn month_first(&self, at: usize) -> Option<Draft> {
        let word = self.lower(at);
        let (month, sure) = dates::month(self.language, word)?;
        if matches!(self.language, "en" | "de") && !self.is_capital(at) {
            return None;
        }
        let mut next = at + 1;
        if self.piece(next) == Piece::Dot && self.is_glued(next) && word.len() <= 4 {
            next += 1;
        }
        // Elsewhere the day is first: "seit Januar 26 Beschwerden".
        let leads = self.table.is_none() || matches!(self.language, "hi" | "id");
        if let Some(day) = self
            .whole(next)
            .filter(|d| (1..=31).contains(d) && self.length(next) <= 2 && !self.is_glued(next))
            .filter(|_| leads)
        {
            let percent = matches!(self.piece(next + 1), Piece::Percent)
                || matches!(self.lower(next + 1), "percent" | "million" | "people");
            if !percent {
                let mut end = next + 1;
                if matches!(self.lower(end), "st" | "nd" | "rd" | "th") && self.is_glued(end) {
                    end += 1;
                }
                // "Nov. 4-6": a span of days.
                if self.piece(end) == Piece::Hyphen
                    && self.is_glued(end)
                    && self.is_glued(end + 1)
                    && let Some(last) =
                        self.whole(end + 1).filter(|d| (1..=31).contains(d) && *d > day)
                {
                    let (end, year) = self.year_behind(end + 2);
                    let value = dates::value(year, Some(month), Some(day))?;
                    let until = dates::value(year, Some(month), Some(last))?;
                    return Some(Draft {
                        kind: FigureKind::Date,
                        end,
                        value: Some(format!("{value}..{until}")),
                        unit: None,
                    });
                }
                let (end, year) = self.year_behind(end);
                return Some(date(end, year, Some(month), Some(day)));
            }
        }
        if (matches!(self.lower(next), "de" | "of") || self.piece(next) == Piece::Comma)
            && let Some(year) = self.year_at(next + 1)
        {
            return Some(date(next + 2, Some(year), Some(month), None));
        }
        if let Some(year) = self.year_at(next).filter(|_| !self.is_glued(next)) {
            return Some(date(next + 1, Some(year), Some(month), None));
        }
        let before = at.checked_sub(1).map(|b| self.lower(b)).unwrap_or_default();
        let placed = matches!(
            before,
            "in" | "since"
                | "until"
                | "by"
                | "last"
                | "next"
                | "this"
                | "of"
                | "early"
                | "late"
                | "mid"
                | "from"
                | "through"
                | "to"
                | "between"
                | "and"
                | "after"
                | "before"
                | "during"
                | "every"
                | "en"
                | "desde"
                | "depuis"
                | "im"
                | "seit"
                | "em"
        );
        // A bare month only where it cannot be a verb or a name.
        if placed
            && (sure
                || matches!(
                    before,
                    "in" | "since" | "until" | "last" | "next" | "this" | "early" | "late" | "mid"
                ))
        {
            return Some(date(at + 1, None, Some(month), None));
        }
        None
    }

    /// ", 2025", " 2025", " de 2025" behind a day.
    fn year_behind(&self, at: usize) -> (usize, Option<u64>) {
        let mut next = at;
        if matches!(self.piece(next), Piece::Comma) || matches!(self.lower(next), "de" | "del") {
            next += 1;
        }
        match self.year_at(next).filter(|y| (1500..=2200).contains(y)) {
            Some(year) => (next + 1, Some(year)),
            None => (at, None),
        }
    }

    /// "Tuesday", "noon", "midnight".
    fn named_day(&self, at: usize) -> Option<Draft> {
        let word = self.lower(at);
        if let Some(day) = dates::weekday(self.language, word) {
            if matches!(self.language, "en" | "de") && !self.is_capital(at) {
                return None;
            }
            return Some(Draft {
                kind: FigureKind::Date,
                end: at + 1,
                value: Some(day.to_owned()),
                unit: None,
            });
        }
        if self.language == "en" && matches!(word, "noon" | "midnight") {
            return Some(clock(if word == "noon" { 12 } else { 0 }, 0, at + 1));
        }
        None
    }

    /// "11/4/2025": month first in American English, day first elsewhere.
    fn slashed(&self, at: usize, first: u64) -> Option<Draft> {
        let mark = self.piece(at + 1);
        let dotted = mark == Piece::Dot
            && matches!(self.language, "de" | "pl" | "ru" | "cs" | "fi" | "no" | "da");
        if !(mark == Piece::Slash || dotted)
            || self.piece(at + 3) != mark
            || !(1..=4).all(|step| self.is_glued(at + step))
        {
            return None;
        }
        let (second, year) = (self.whole(at + 2)?, self.whole(at + 4)?);
        let year = match self.length(at + 4) {
            4 => year,
            2 => 2000 + year,
            _ => return None,
        };
        let american = self.language == "en" && first <= 12;
        let (month, day) = if american { (first, second) } else { (second, first) };
        let month = u8::try_from(month).ok().filter(|m| (1..=12).contains(m))?;
        Some(date(at + 5, Some(year), Some(month), Some(day)))
    }

    /// A bare year, a decade, a span of years.
    fn year(&self, at: usize, value: u64) -> Option<Draft> {
        if self.length(at) != 4 || !(1500..=2200).contains(&value) {
            return self.short_decade(at, value);
        }
        let behind = self.lower(at + 1);
        if behind == "s" && self.is_glued(at + 1) {
            return Some(Draft {
                kind: FigureKind::Date,
                end: at + 2,
                value: Some(format!("{value}s")),
                unit: None,
            });
        }
        if self.piece(at + 1) == Piece::Hyphen
            && self.is_glued(at + 1)
            && self.is_glued(at + 2)
            && let Some(last) = self.whole(at + 2)
        {
            let until = if self.length(at + 2) == 2 { value / 100 * 100 + last } else { last };
            if matches!(self.length(at + 2), 2 | 4) && until > value && until < value + 200 {
                return Some(Draft {
                    kind: FigureKind::Date,
                    end: at + 3,
                    value: Some(format!("{value}..{until}")),
                    unit: None,
                });
            }
        }
        if self.unit_behind(at + 1)
            || matches!(
                behind,
                "people"
                    | "troops"
                    | "soldiers"
                    | "workers"
                    | "meters"
                    | "miles"
                    | "feet"
                    | "personas"
                    | "personnes"
                    | "menschen"
                    | "homes"
                    | "jobs"
                    | "students"
            )
        {
            return None;
        }
        if matches!(self.piece(at + 1), Piece::Currency(_))
            || super::units::measure(self.word(at + 1), behind).is_some()
        {
            return None;
        }
        // "Mehr als 1500 Haushalte", "1500棟": a hedge of counts before, or a counter right behind. "Um 1900",
        // "bis 2030" and "2024世界杯" are years.
        let counter = self.is_glued(at + 1)
            && COUNTERS.iter().any(|counter| self.word(at + 1).starts_with(counter));
        if counter {
            return None;
        }
        let hedged = self.table.is_some() && !behind.is_empty();
        let hedge =
            self.bits.get(at).filter(|_| hedged).and_then(|bit| self.hedge_before(bit.start));
        if hedge.is_some_and(|hedge| COUNT_HEDGES.contains(&hedge.to_lowercase().as_str())) {
            return None;
        }
        let before = at.checked_sub(1).map(|b| self.lower(b)).unwrap_or_default();
        if matches!(
            before,
            "about"
                | "nearly"
                | "almost"
                | "some"
                | "over"
                | "approximately"
                | "roughly"
                | "than"
                | "least"
        ) && !behind.is_empty()
        {
            return None;
        }
        Some(Draft {
            kind: FigureKind::Date,
            end: at + 1,
            value: Some(value.to_string()),
            unit: None,
        })
    }

    /// "the '90s", "in his 20s": a decade of a century or of a life.
    fn short_decade(&self, at: usize, value: u64) -> Option<Draft> {
        if self.length(at) != 2
            || self.lower(at + 1) != "s"
            || !self.is_glued(at + 1)
            || !value.is_multiple_of(10)
        {
            return None;
        }
        Some(Draft {
            kind: FigureKind::Date,
            end: at + 2,
            value: Some(format!("{value}s")),
            unit: None,
        })
    }
}

fn clock(hour: u64, minute: u64, end: usize) -> Draft {
    Draft { kind: FigureKind::Time, end, value: Some(format!("{hour:02}:{minute:02}")), unit: None }
}

fn date(end: usize, year: Option<u64>, month: Option<u8>, day: Option<u64>) -> Draft {
    Draft { kind: FigureKind::Date, end, value: dates::value(year, month, day), unit: None }
}
