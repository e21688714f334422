//! Numbers that name something instead of counting it.
//!
//! Owns "F-35", "Section 230", "No. 10", phone numbers and addresses: what is left out of the figures.

use super::scan::Piece;
use super::{Reader, units};

impl Reader<'_> {
    /// Past a word and what is glued to it with a hyphen: "F-35", "COVID-19", "mid-20s".
    pub(super) fn word_skip(&self, at: usize) -> usize {
        let hyphen = self.piece(at + 1) == Piece::Hyphen && self.is_glued(at + 1);
        let number = matches!(self.piece(at + 2), Piece::Number(_)) && self.is_glued(at + 2);
        let prefix = matches!(
            self.lower(at),
            "mid" | "pre" | "post" | "under" | "over" | "early" | "late" | "top" | "non" | "sub"
        );
        // "ב-12.5%": a preposition of one or two letters in Hebrew.
        let prefix = prefix || self.language == "he" && self.word(at).chars().count() <= 3;
        if hyphen && number && !prefix { self.past_glued(at + 3) } else { at + 1 }
    }

    /// The first piece from `at` on that is not glued to the one before.
    fn past_glued(&self, mut at: usize) -> usize {
        while self.is_glued(at)
            && !matches!(
                self.piece(at),
                Piece::Comma | Piece::Dot | Piece::Other | Piece::Bracket | Piece::Colon
            )
        {
            at += 1;
        }
        at
    }

    /// The piece behind a number that names something, if it does.
    pub(super) fn designation(&self, at: usize) -> Option<usize> {
        // "#5", "@3", "/2": part of an address or a tag.
        let before = at.checked_sub(1);
        let raw_before = before
            .and_then(|b| self.bits.get(b))
            .and_then(|bit| self.text[bit.start..bit.end].chars().next());
        if self.is_glued(at) && matches!(raw_before, Some('#' | '@' | '&' | '=' | '_' | '№')) {
            return Some(self.past_glued(at + 1));
        }
        if raw_before == Some('#') || raw_before == Some('№') {
            return Some(at + 1);
        }
        // "3.4.2021" has the digits of a short phone number.
        if self.dotted_date(at).is_some() {
            return None;
        }
        if let Some(end) = self.phone(at).or_else(|| self.address(at)) {
            return Some(end);
        }
        // Letters right behind the digits that are not a unit: "5G", "3D", "737-800" is a phone-like run.
        let word = self.word(at + 1);
        if let Some(first) = word.chars().next().filter(|c| super::scan::is_wide(*c)) {
            // 3号线, 5호선: a number of a line or a house. What else follows is counted.
            return matches!(first, '号' | '號' | '호' | '番' | '級' | '级').then(|| at + 2);
        }
        if self.is_glued(at + 1) && !word.is_empty() && self.glued_unit(word).is_none() {
            return Some(self.past_glued(at + 2));
        }
        let before = before?;
        let mut name = before;
        if self.piece(name) == Piece::Dot {
            name = name.checked_sub(1)?;
        }
        let word = self.word(name);
        let lower = word.to_lowercase();
        let spelled = lower.trim_end_matches('.');
        let dotted = name != before;
        let unit_behind = self.unit_behind(at + 1);
        let numero = matches!(spelled, "no" | "nos" | "nr" | "núm" | "n°" | "nº" | "number")
            && (dotted || spelled != "no" || self.is_capital(name));
        if numero
            || spelled != "no"
                && units::is_designator(spelled)
                // Small words elsewhere: "Op 3 oktober", "no 15".
                && !self.table.is_some_and(|table| table.is_small(spelled))
                && (self.is_capital(name) || is_plain_designator(spelled))
                && !unit_behind
        {
            // "Boeing 737-800", "Section 230(c)", "Highway 101".
            let mut end = self.past_glued(at + 1);
            while self.lower(end) == "and"
                && matches!(self.piece(end + 1), Piece::Number(_))
                && !self.unit_behind(end + 2)
            {
                end += 2;
            }
            return Some(end);
        }
        None
    }

    /// Whether a unit, a currency or a size is at `at`, so that a number before it counts.
    pub(super) fn unit_behind(&self, at: usize) -> bool {
        let word = self.word(at);
        let lower = word.to_lowercase();
        self.piece(at) == Piece::Percent
            || matches!(lower.as_str(), "percent" | "pct" | "points")
            || (lower == "per" && self.lower(at + 1) == "cent")
            || super::super::numbers::magnitude(self.language, &lower).is_some()
            || units::duration(&lower).is_some()
            || self.currency(at, true).is_some()
            || self.duration(at).is_some()
    }

    /// What letters glued to a number may be.
    fn glued_unit(&self, word: &str) -> Option<()> {
        let lower = word.to_lowercase();
        if let Some(table) = self.table
            && (table.currency.contains_key(lower.as_str())
                || table.duration.contains_key(lower.as_str()))
        {
            return Some(());
        }
        let known = super::super::numbers::suffix(word, true).is_some()
            || units::measure(word, &lower).is_some()
            || units::duration(&lower).is_some()
            || units::currency_word(word, true).is_some()
            || super::super::numbers::magnitude(self.language, &lower).is_some()
            || matches!(
                lower.as_str(),
                "st" | "nd"
                    | "rd"
                    | "th"
                    | "s"
                    | "am"
                    | "pm"
                    | "a.m"
                    | "p.m"
                    | "h"
                    | "x"
                    | "er"
                    | "e"
                    | "ème"
                    | "ª"
                    | "º"
                    | "c"
                    | "f"
                    | "yr"
                    | "hr"
            );
        let minutes = lower
            .strip_prefix('h')
            .is_some_and(|m| m.len() == 2 && m.bytes().all(|b| b.is_ascii_digit()));
        (known || minutes).then_some(())
    }

    /// Phone numbers: "555-0123", "(202) 555-0123", "+49 30 1234567".
    fn phone(&self, at: usize) -> Option<usize> {
        let plus = at > 0
            && self.piece(at - 1) == Piece::Plus
            && self.is_glued(at)
            && !self.is_glued(at - 1);
        // "0300 123 4567": what begins with a nought and continues in groups is dialled.
        let dialled = self.bits.get(at).and_then(|bit| self.text.get(bit.start..bit.end));
        let dialled =
            dialled.is_some_and(|d| d.len() >= 2 && d.starts_with('0') && !d.contains(['.', ',']));
        let digits_at = |i: usize| match self.piece(i) {
            Piece::Number(_) => self.bits.get(i).map_or(0, |b| b.end - b.start),
            _ => 0,
        };
        let mut end = at + 1;
        let mut groups = 1;
        let mut total = digits_at(at);
        let mut last = total;
        let mut hyphens = 0;
        while groups < 6 {
            let separator = match self.piece(end) {
                Piece::Hyphen | Piece::Dot if self.is_glued(end) => 1,
                Piece::Bracket if groups == 1 => 1,
                Piece::Number(_) if plus || dialled => 0,
                _ => break,
            };
            let next = end + separator;
            if digits_at(next) == 0
                || (separator == 1 && self.piece(end) != Piece::Bracket && !self.is_glued(next))
            {
                break;
            }
            hyphens += separator;
            last = digits_at(next);
            total += last;
            groups += 1;
            end = next + 1;
        }
        let first = digits_at(at);
        let seven = groups == 2 && first == 3 && last == 4 && hyphens == 1;
        let long = groups >= 3 && total >= 9 && last >= 3 && first <= 4;
        (seven || long || (plus && total >= 8) || dialled && groups >= 2 && total >= 9)
            .then_some(end)
    }

    /// Addresses: "1600 Pennsylvania Avenue".
    fn address(&self, at: usize) -> Option<usize> {
        let mut end = at + 1;
        while end < at + 5 && self.is_capital(end) && !self.is_glued(end) {
            if end > at + 1 && units::is_street(self.lower(end).trim_end_matches('.')) {
                return Some(end + 1);
            }
            end += 1;
        }
        None
    }
}

/// Words that make a designation also in lower case.
fn is_plain_designator(word: &str) -> bool {
    matches!(
        word,
        "section"
            | "article"
            | "route"
            | "highway"
            | "chapter"
            | "room"
            | "page"
            | "figure"
            | "table"
            | "paragraph"
            | "gate"
            | "platform"
            | "channel"
            | "flight"
            | "bus"
            | "clause"
            | "artículo"
            | "artikel"
            | "artigo"
            | "paragraf"
    )
}
