//! Names of months and days, and the dates they make.
//!
//! Owns the words of the calendar. Values are RFC 3339 dates or, where the year or day is not said,
//! the truncated forms of ISO 8601:2000 ("--11-04", "--11") and a plain year or year and month.

/// The month a word (lower case, no stop) names; `sure` is false for words that mean other things too.
pub(super) fn month(language: &str, word: &str) -> Option<(u8, bool)> {
    let english = match word {
        "january" | "jan" => 1,
        "february" | "feb" => 2,
        "march" => 3,
        "april" | "apr" => 4,
        "may" => 5,
        "june" => 6,
        "july" => 7,
        "august" | "aug" => 8,
        "september" | "sept" | "sep" => 9,
        "october" | "oct" => 10,
        "november" | "nov" => 11,
        "december" | "dec" => 12,
        _ => 0,
    };
    if english > 0 && (language == "en" || !matches!(word, "march" | "may")) {
        return Some((
            english,
            !matches!(word, "march" | "may" | "august" | "dec" | "sep" | "jan" | "april" | "june"),
        ));
    }
    let other = match language {
        "es" => [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
        "fr" => [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        "de" => [
            "januar",
            "februar",
            "märz",
            "april",
            "mai",
            "juni",
            "juli",
            "august",
            "september",
            "oktober",
            "november",
            "dezember",
        ],
        "pt" => [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
        "it" => [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
        _ => return None,
    };
    let index = other.iter().position(|name| *name == word)?;
    Some((u8::try_from(index + 1).ok()?, true))
}

/// The day of the week a word names, in English.
pub(super) fn weekday(language: &str, word: &str) -> Option<&'static str> {
    const NAMES: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let index = match language {
        "en" => NAMES.iter().position(|n| *n == word).or_else(|| {
            ["mon", "tues", "wed", "thurs", "fri", "sat", "sun"].iter().position(|n| {
                *n == word && *n != "sun" && *n != "sat" && *n != "wed" && *n != "mon"
            })
        }),
        "es" => ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]
            .iter()
            .position(|n| *n == word),
        "fr" => ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
            .iter()
            .position(|n| *n == word),
        "de" => ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"]
            .iter()
            .position(|n| *n == word),
        "pt" => [
            "segunda-feira",
            "terça-feira",
            "quarta-feira",
            "quinta-feira",
            "sexta-feira",
            "sábado",
            "domingo",
        ]
        .iter()
        .position(|n| *n == word),
        _ => None,
    }?;
    NAMES.get(index).copied()
}

/// The date as a value: whatever parts of it are said.
pub(super) fn value(year: Option<u64>, month: Option<u8>, day: Option<u64>) -> Option<String> {
    let day = day.filter(|d| (1..=31).contains(d));
    Some(match (year, month, day) {
        (Some(year), Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(year), Some(month), None) => format!("{year:04}-{month:02}"),
        (None, Some(month), Some(day)) => format!("--{month:02}-{day:02}"),
        (None, Some(month), None) => format!("--{month:02}"),
        (Some(year), None, _) => format!("{year:04}"),
        _ => return None,
    })
}
