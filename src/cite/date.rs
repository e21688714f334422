//! Dates as a page declares them, as far as they are declared: a year, a month, or a day.
//!
//! The day is that of the page's own offset, as its readers saw it; deliberately no clock
//! and no guess of missing parts.

use crate::base::Timestamp;

/// A date that may lack its day, or its month and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31.
    pub day: Option<u8>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// As MLA 9 (appendix 1) shortens them.
const SHORT_MONTHS: [&str; 12] = [
    "Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
];

/// The macros that every BibTeX style defines.
const BIBTEX_MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Date {
    /// Reads `2025`, `2025-11`, `2025-11-04` or an RFC 3339 time; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.trim().split(['T', 't', ' ']).next()?;
        let mut parts = date.split('-');
        let year = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
        let within = |part: Option<&str>, max: u8| match part {
            None => Some(None),
            Some(part) => part.parse().ok().filter(|n| (1..=max).contains(n)).map(Some),
        };
        let month = within(parts.next(), 12)?;
        let day = within(parts.next(), 31)?;
        parts.next().is_none().then_some(Self { year, month, day })
    }

    /// The day of an instant, UTC.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self::parse(&at.to_rfc3339()).unwrap_or(Self { year: 0, month: None, day: None })
    }

    fn month_of(self, names: &[&'static str; 12]) -> Option<&'static str> {
        self.month.and_then(|m| names.get(usize::from(m).checked_sub(1)?).copied())
    }

    /// `2025-11-04`, as far as it is known (ISO 8601-1 section 5.2.2).
    #[must_use]
    pub fn iso(self) -> String {
        self.joined("-", "")
    }

    /// `2025/11/04/` as RIS has it: the empty parts keep their slashes.
    #[must_use]
    pub fn ris(self) -> String {
        let two = |part: Option<u8>| part.map_or(String::new(), |p| format!("{p:02}"));
        format!("{:04}/{}/{}/", self.year, two(self.month), two(self.day))
    }

    fn joined(self, by: &str, end: &str) -> String {
        let mut out = format!("{:04}", self.year);
        for part in [self.month, self.day].into_iter().flatten() {
            out.push_str(&format!("{by}{part:02}"));
        }
        out + end
    }

    /// `November 4, 2025`: Chicago.
    #[must_use]
    pub fn month_day_year(self) -> String {
        match (self.month_of(&MONTHS), self.day) {
            (Some(month), Some(day)) => format!("{month} {day}, {:04}", self.year),
            (Some(month), None) => format!("{month} {:04}", self.year),
            _ => format!("{:04}", self.year),
        }
    }

    /// `2025, November 4`: APA.
    #[must_use]
    pub fn year_month_day(self) -> String {
        match (self.month_of(&MONTHS), self.day) {
            (Some(month), Some(day)) => format!("{:04}, {month} {day}", self.year),
            (Some(month), None) => format!("{:04}, {month}", self.year),
            _ => format!("{:04}", self.year),
        }
    }

    /// `4 Nov. 2025`: MLA.
    #[must_use]
    pub fn day_short_month_year(self) -> String {
        self.day_month_year(&SHORT_MONTHS)
    }

    /// `4 November 2025`: Wikipedia.
    #[must_use]
    pub fn day_full_month_year(self) -> String {
        self.day_month_year(&MONTHS)
    }

    fn day_month_year(self, names: &[&'static str; 12]) -> String {
        match (self.month_of(names), self.day) {
            (Some(month), Some(day)) => format!("{day} {month} {:04}", self.year),
            (Some(month), None) => format!("{month} {:04}", self.year),
            _ => format!("{:04}", self.year),
        }
    }

    /// `nov`: BibTeX's macro for the month.
    #[must_use]
    pub fn bibtex_month(self) -> Option<&'static str> {
        self.month_of(&BIBTEX_MONTHS)
    }

    /// The parts that are known, year first: what CSL calls `date-parts`.
    #[must_use]
    pub fn parts(self) -> Vec<u16> {
        let rest = [self.month, self.day].into_iter().map_while(|p| p.map(u16::from));
        std::iter::once(self.year).chain(rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_far_as_they_are_known() {
        for (text, iso, apa, chicago, mla, ris) in [
            (
                "2025-11-04T23:30:00-05:00",
                "2025-11-04",
                "2025, November 4",
                "November 4, 2025",
                "4 Nov. 2025",
                "2025/11/04/",
            ),
            ("2025-05-04", "2025-05-04", "2025, May 4", "May 4, 2025", "4 May 2025", "2025/05/04/"),
            ("2025-09", "2025-09", "2025, September", "September 2025", "Sept. 2025", "2025/09//"),
            ("2025", "2025", "2025", "2025", "2025", "2025///"),
        ] {
            let date = Date::parse(text).unwrap();
            let result = [
                date.iso(),
                date.year_month_day(),
                date.month_day_year(),
                date.day_short_month_year(),
                date.ris(),
            ];
            assert_eq!(result, [iso, apa, chicago, mla, ris], "{text}");
        }
        assert_eq!(Date::parse("2025-09").unwrap().parts(), [2025, 9]);
        for odd in ["", "25-11-04", "2025-13-01", "2025-11-04-05", "yesterday", "2025-00"] {
            assert_eq!(Date::parse(odd), None, "{odd}");
        }
    }
}
