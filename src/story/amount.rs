//! What a figure claims: an exact value, a bound, or about a value. "At least 64" is not "64".

use crate::extract::page::{Figure, FigureKind};

/// What a figure claims.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Amount {
    /// Exactly this value.
    Exact(f64),
    /// This value or more; more, where the second is true.
    AtLeast(f64, bool),
    /// This value or less; less, where the second is true.
    AtMost(f64, bool),
    /// About this value.
    About(f64),
    /// A little less than this value.
    Nearly(f64),
    /// Between two values.
    Between(f64, f64),
    /// A day, a score, and whatever else is not a number: equal or not.
    Text(String),
    /// "Dozens": no value.
    Vague,
}

/// How two claims are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claims {
    /// The same claim.
    Same,
    /// Both may be right: one says less exactly what the other says.
    Bound,
    /// Another value.
    Other,
}

/// Hedges that make a lower bound, in the languages of the press.
const AT_LEAST: &str = "at least|no fewer than|no less than|not less than|or more|minimum|mindestens|\
    au moins|al menos|por lo menos|como mínimo|almeno|pelo menos|ao menos|no mínimo|minstens|ten minste|minimaal|\
    co najmniej|minst|mindst|не менее|как минимум|щонайменше|少なくとも|至少|최소|en az|على الأقل|לפחות";
/// Hedges that say more than the value.
const MORE: &str = "more than|over|above|upwards of|+|mehr als|über|gut|plus de|plus d|un peu plus de|más de|\
    più di|oltre|poco più di|mais de|meer dan|ruim|ponad|więcej niż|över|mer än|over|mere end|более|свыше|больше|\
    понад|більше|以上|超|余|넘는|이상|daha fazla|أكثر من|יותר מ";
/// Hedges that make an upper bound.
const AT_MOST: &str = "up to|at most|as many as|as much as|no more than|not more than|maximum|bis zu|höchstens|\
    maximal|jusqu|au plus|hasta|como máximo|fino a|al massimo|até|no máximo|hoogstens|maximaal|tot|do|upp till|opptil|\
    op til|до|не более|最大|最多|최대";
/// Hedges that say less than the value.
const LESS: &str = "less than|fewer than|under|below|weniger als|unter|moins de|moins d|menos de|meno di|minder dan|\
    mniej niż|mindre än|færre enn|mindre end|менее|меньше|менше|未満|不到|미만";
/// Hedges that say a little less.
const NEARLY: &str = "nearly|almost|close to|just under|fast|knapp|beinahe|nahezu|kaum|presque|près de|à peine|casi|\
    apenas|cerca de|quasi|quase|bijna|een kleine|prawie|nästan|nesten|næsten|почти|майже|近く|近|약간";

fn is_of(list: &str, hedge: &str) -> bool {
    list.split('|').map(str::trim).any(|known| known == hedge)
}

impl Amount {
    /// What a figure claims.
    pub(super) fn of(figure: &Figure) -> Self {
        let Some(value) = figure.value.as_deref() else { return Self::Vague };
        if matches!(figure.kind, FigureKind::Date)
            || figure.kind == FigureKind::Time && figure.unit.is_none()
        {
            return Self::Text(value.to_owned());
        }
        if let Some((low, high)) = value.split_once("..") {
            return match (number(low), number(high)) {
                (Some(low), Some(high)) => Self::Between(low.min(high), low.max(high)),
                _ => Self::Text(value.to_owned()),
            };
        }
        let Some(value) = number(value) else { return Self::Text(value.to_owned()) };
        let hedge = figure.hedge.as_deref().map(|hedge| {
            let lower = hedge.trim().to_lowercase().replace('’', "'");
            lower.trim_end_matches(['\'', ' ']).to_owned()
        });
        match hedge.as_deref() {
            None => Self::Exact(value),
            Some(hedge) if is_of(AT_LEAST, hedge) => Self::AtLeast(value, false),
            Some(hedge) if is_of(MORE, hedge) => Self::AtLeast(value, true),
            Some(hedge) if is_of(AT_MOST, hedge) => Self::AtMost(value, false),
            Some(hedge) if is_of(LESS, hedge) => Self::AtMost(value, true),
            Some(hedge) if is_of(NEARLY, hedge) => Self::Nearly(value),
            Some("exactly" | "precisely" | "genau" | "an additional" | "another") => {
                Self::Exact(value)
            }
            Some(_) => Self::About(value),
        }
    }

    /// The word for what kind of claim it is; none for an exact one.
    pub(super) fn bound(&self) -> Option<&'static str> {
        match self {
            Self::AtLeast(_, false) => Some("at-least"),
            Self::AtLeast(_, true) => Some("more-than"),
            Self::AtMost(_, false) => Some("at-most"),
            Self::AtMost(_, true) => Some("less-than"),
            Self::About(_) => Some("about"),
            Self::Nearly(_) => Some("nearly"),
            Self::Between(..) => Some("between"),
            Self::Exact(_) | Self::Text(_) | Self::Vague => None,
        }
    }

    /// The number that is named; of a range the first.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Exact(value) | Self::AtLeast(value, _) | Self::AtMost(value, _) => Some(*value),
            Self::About(value) | Self::Nearly(value) | Self::Between(value, _) => Some(*value),
            Self::Text(_) | Self::Vague => None,
        }
    }

    /// Whether it is unlikely to name another thing: it has two or more digits that are not zeros.
    pub(super) fn is_unique(&self) -> bool {
        self.number().is_some_and(|n| {
            let digits = format!("{n}");
            let digits = digits.trim_start_matches(['-', '0', '.']).replace('.', "");
            digits.trim_end_matches('0').len() >= 2 && self.is_telling()
        })
    }

    /// Whether two figures that name it mostly mean one thing: it is not a small whole number.
    pub(super) fn is_telling(&self) -> bool {
        match self {
            Self::Text(text) => text.len() > 4,
            _ => self.number().is_some_and(|n| {
                n.abs() >= 13.0 && n % 100.0 != 0.0 || n.fract() != 0.0 || n.abs() > 1000.0
            }),
        }
    }

    /// The least and the most that the claim allows.
    fn limits(&self) -> Option<(f64, f64)> {
        // "Some 60" may be 57 as well as 64.
        const ABOUT: f64 = 0.1;
        Some(match *self {
            Self::Exact(value) => (value, value),
            Self::AtLeast(value, more) => (if more { above(value) } else { value }, f64::INFINITY),
            Self::AtMost(value, less) => {
                (f64::NEG_INFINITY, if less { below(value) } else { value })
            }
            Self::About(value) => {
                let reach = value.abs() * ABOUT;
                (value - reach, value + reach)
            }
            Self::Nearly(value) => (value - value.abs() * 2.0 * ABOUT, below(value)),
            Self::Between(low, high) => (low, high),
            Self::Text(_) | Self::Vague => return None,
        })
    }

    /// How two claims are to each other.
    pub(super) fn compare(&self, other: &Self) -> Claims {
        match (self, other) {
            (Self::Vague, Self::Vague) => return Claims::Same,
            (Self::Vague, _) | (_, Self::Vague) => return Claims::Bound,
            (Self::Text(a), Self::Text(b)) => {
                return if a == b { Claims::Same } else { Claims::Other };
            }
            _ => {}
        }
        if self == other {
            return Claims::Same;
        }
        // "1,200" and "more than 1,200" are one number with and without a hedge.
        let same_number = self.number().is_some() && self.number() == other.number();
        if same_number {
            return Claims::Bound;
        }
        // "At least 61" and "at least 64": both may be right, but the outlets differ. "More than 60" beside "at
        // least 64" is only less exact.
        let is_rounder = |low: &Self, high: &Self| match (low, high) {
            (Self::AtLeast(low, _), Self::AtLeast(high, _)) => low < high && low % 10.0 == 0.0,
            _ => false,
        };
        if is_rounder(self, other) || is_rounder(other, self) {
            return Claims::Bound;
        }
        let same_kind = std::mem::discriminant(self) == std::mem::discriminant(other);
        let (Some((a, b)), Some((x, y))) = (self.limits(), other.limits()) else {
            return Claims::Other;
        };
        if a <= y && x <= b && !same_kind { Claims::Bound } else { Claims::Other }
    }
}

fn above(value: f64) -> f64 {
    value + value.abs().max(1.0) * 1e-9
}

fn below(value: f64) -> f64 {
    value - value.abs().max(1.0) * 1e-9
}

/// A decimal or a fraction.
fn number(text: &str) -> Option<f64> {
    let parsed = match text.split_once('/') {
        Some((over, under)) => {
            let (over, under) = (over.parse::<f64>().ok()?, under.parse::<f64>().ok()?);
            (under != 0.0).then(|| over / under)?
        }
        None => text.parse().ok()?,
    };
    parsed.is_finite().then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: &str, hedge: &str) -> Figure {
        Figure {
            kind: FigureKind::Number,
            range: 0..0,
            text: String::new(),
            value: (!value.is_empty()).then(|| value.to_owned()),
            unit: None,
            hedge: (!hedge.is_empty()).then(|| hedge.to_owned()),
            counts: None,
        }
    }

    #[test]
    fn claims_are_compared_by_what_they_allow() {
        let cases = [
            ("64", "", "64", "", Claims::Same),
            ("64", "", "64", "at least", Claims::Bound),
            ("64", "", "60", "at least", Claims::Bound),
            ("64", "", "60", "more than", Claims::Bound),
            ("64", "", "64", "more than", Claims::Bound),
            ("64", "", "66", "At least", Claims::Other),
            ("64", "at least", "66", "at least", Claims::Other),
            ("64", "at least", "60", "more than", Claims::Bound),
            ("64", "", "61", "", Claims::Other),
            ("64", "", "60", "about", Claims::Bound),
            ("64", "", "80", "rund", Claims::Other),
            ("64", "", "65", "nearly", Claims::Bound),
            ("65", "", "65", "fast", Claims::Bound),
            ("64", "", "70", "up to", Claims::Bound),
            ("64", "", "60..70", "", Claims::Bound),
            ("64", "", "70..80", "", Claims::Other),
            ("64", "", "", "", Claims::Bound),
            ("2/3", "", "0.5", "", Claims::Other),
            ("3-2", "", "3-2", "", Claims::Same),
            ("3-2", "", "2-2", "", Claims::Other),
            ("64", "mindestens", "64", "au moins", Claims::Same),
            ("1/0", "", "1", "", Claims::Other),
        ];
        for (a, hedge, b, other, expected) in cases {
            let (x, y) = (Amount::of(&figure(a, hedge)), Amount::of(&figure(b, other)));
            assert_eq!(x.compare(&y), expected, "{hedge} {a} / {other} {b}");
            assert_eq!(y.compare(&x), expected, "{other} {b} / {hedge} {a}");
        }
    }
}
