//! The language of a text.
//!
//! Owns the choice between what a page declares and what its words are. Deliberately knows no page. The
//! detector is the crate `whatlang` (trigrams and scripts), named here only.

use whatlang::Lang;

use super::is_east_asian;

/// Bytes of text that are read for it: more text does not improve the result.
const READ_BYTES_MAX: usize = 4 * 1024;
/// Below this many letters only a script that one language uses decides.
const LETTERS_MIN: usize = 60;
/// Letters above which a declared language is doubted.
const LETTERS_TO_DOUBT: usize = 200;
/// How sure the detector must be to contradict a declaration.
const SURE: f64 = 0.9;

/// The language of a page: what it declares where its text agrees, else what its text is. The second
/// value says whether it was found in the text; none where neither gives one.
pub(crate) fn language(declared: Option<&str>, text: &str) -> Option<(String, bool)> {
    let declared = declared.map(str::trim).filter(|tag| !tag.is_empty());
    if let Some(tag) = declared.filter(|tag| tag.to_ascii_lowercase().starts_with("en"))
        && is_plainly_english(text)
    {
        return Some((tag.to_owned(), false));
    }
    if declared.is_some_and(|tag| primary_of(tag) == "ru") && is_ukrainian(text) {
        return Some(("uk".to_owned(), true));
    }
    let found = of_text(text);
    let Some(tag) = declared else { return found.map(|found| (found.code.to_owned(), true)) };
    let primary = primary_of(tag);
    match found {
        Some(found)
            if found.letters >= letters_to_doubt(&primary, &found, text)
                && found.confidence >= SURE
                && !is_near(&primary, found.code)
                && known(&primary) =>
        {
            Some((found.code.to_owned(), true))
        }
        _ => Some((tag.to_owned(), false)),
    }
}

fn primary_of(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase()
}

/// Whether a text in Cyrillic has the letters of Ukrainian and none of those that only Russian or Belarusian
/// have: templates declare the language of the larger edition.
pub(crate) fn is_ukrainian(text: &str) -> bool {
    let (mut own, mut other, mut letters) = (0, 0, 0);
    for c in text.chars().take(READ_BYTES_MAX) {
        let c = c.to_lowercase().next().unwrap_or(c);
        letters += usize::from(matches!(c, '\u{400}'..='\u{4ff}'));
        own += usize::from(matches!(c, 'і' | 'ї' | 'є' | 'ґ'));
        other += usize::from(matches!(c, 'ы' | 'э' | 'ъ' | 'ё' | 'ў'));
    }
    letters >= LETTERS_MIN && own * 25 >= letters && other * 10 < own
}

/// How many letters contradict a declaration: English is what templates declare, so that less is asked for where
/// nothing in the text is English, and least where its letters are not.
fn letters_to_doubt(declared: &str, found: &Found, text: &str) -> usize {
    if declared != "en" {
        return LETTERS_TO_DOUBT;
    }
    let latin = text.chars().take(READ_BYTES_MAX).filter(char::is_ascii_alphabetic).count();
    let has_english = || {
        let words = ["the", "of", "and", "to", "that", "was", "with", "from", "is", "by"];
        text.split_ascii_whitespace().take(200).any(|word| words.contains(&word))
    };
    if latin * 4 < found.letters {
        LETTERS_MIN / 3
    } else if !has_english() {
        LETTERS_TO_DOUBT / 2
    } else {
        LETTERS_TO_DOUBT
    }
}

/// Whether the small words of English are in the text as often as English has them: most pages need no
/// detector.
fn is_plainly_english(text: &str) -> bool {
    const WORDS: &[&str] = &["the", "of", "and", "to", "in", "a", "that", "for", "was", "said"];
    let (mut words, mut small) = (0, 0);
    for word in text.split_ascii_whitespace().take(120) {
        words += 1;
        small += usize::from(WORDS.contains(&word));
    }
    words >= 12 && small * 8 >= words
}

/// The language that the words of a text are in, and how sure that is.
struct Found {
    code: &'static str,
    confidence: f64,
    letters: usize,
}

fn of_text(text: &str) -> Option<Found> {
    let mut end = text.len().min(READ_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end)?;
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let wide = text.chars().filter(|c| is_east_asian(*c)).count();
    let info = whatlang::detect(text)?;
    let code = match code(info.lang())? {
        near @ ("da" | "nb") => danish_or_norwegian(text, near),
        code => code,
    };
    // A script of one language needs few letters; one that many share needs a paragraph.
    let one = wide * 2 > letters && wide >= 6
        || matches!(code, "el" | "he" | "th" | "ka" | "hy" | "ta" | "te" | "bn") && letters >= 12;
    // Danish and Norwegian make the detector doubt between themselves only.
    let is_either = matches!(code, "da" | "nb") && small_words(text).is_some();
    let sure = one
        || letters >= LETTERS_MIN
            && (info.is_reliable() || is_either || letters >= LETTERS_TO_DOUBT);
    sure.then_some(Found { code, confidence: if one { 1.0 } else { info.confidence() }, letters })
}

/// How many of the small words that Danish and Norwegian share a text has; none where they are too few to say
/// that it is one of them.
fn small_words(text: &str) -> Option<usize> {
    const BOTH: &[&str] =
        &["og", "er", "det", "som", "på", "til", "med", "for", "har", "den", "om", "de", "vil"];
    const OWN: &[&str] = &[
        "ikke", "af", "av", "fra", "hvad", "hva", "siden", "efter", "etter", "havde", "hadde",
        "blev", "ble",
    ];
    let all = || text.split(|c: char| !c.is_alphabetic()).take(200);
    let shared = all().filter(|word| BOTH.contains(word)).count();
    let own = all().filter(|word| OWN.contains(word)).count();
    let words = all().filter(|word| !word.is_empty()).count();
    let letters = text.contains(['æ', 'ø', 'å', 'Æ', 'Ø', 'Å']);
    (letters && own >= 1 && (shared + own) * 6 >= words).then_some(shared + own)
}

/// Danish or Norwegian, by the small words that only one of them has: their letters are not enough.
fn danish_or_norwegian(text: &str, near: &'static str) -> &'static str {
    const DANISH: &[&str] = &[
        "af", "efter", "noget", "siger", "nu", "mere", "meget", "blev", "mellem", "oplyser",
        "hvad", "bliver",
    ];
    const NORWEGIAN: &[&str] = &[
        "av", "etter", "noe", "sier", "nå", "mer", "mye", "ble", "mellom", "fram", "opplyser",
        "hva", "blir",
    ];
    let count = |words: &[&str]| {
        let all = text.split(|c: char| !c.is_alphabetic()).take(600);
        all.filter(|word| words.contains(word)).count()
    };
    match count(DANISH).cmp(&count(NORWEGIAN)) {
        std::cmp::Ordering::Greater => "da",
        std::cmp::Ordering::Less => "nb",
        std::cmp::Ordering::Equal => near,
    }
}

/// Whether the detector knows the language, so that it can contradict it.
fn known(code: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == code) || matches!(code, "no" | "nn" | "iw" | "in")
}

/// Languages that a detector mistakes for each other: the declaration is right.
fn is_near(declared: &str, found: &str) -> bool {
    const NEAR: &[&[&str]] = &[
        &["nb", "no", "nn", "da", "sv"],
        &["hr", "sr", "bs", "sl", "sh", "mk", "bg"],
        &["cs", "sk"],
        &["id", "ms", "jv"],
        &["es", "ca", "gl", "pt"],
        &["ru", "be", "uk", "bg", "mk", "sr"],
        &["hi", "mr", "ne"],
        &["ar", "fa", "ur"],
        &["tr", "az"],
        &["nl", "af"],
        &["he", "iw", "yi"],
        &["zh", "yue", "ja"],
    ];
    declared == found
        || NEAR.iter().any(|group| group.contains(&declared) && group.contains(&found))
}

fn code(lang: Lang) -> Option<&'static str> {
    ALL.iter().find(|(_, known)| *known == lang).map(|(code, _)| *code)
}

const ALL: &[(&str, Lang)] = &[
    ("en", Lang::Eng),
    ("de", Lang::Deu),
    ("fr", Lang::Fra),
    ("es", Lang::Spa),
    ("pt", Lang::Por),
    ("it", Lang::Ita),
    ("nl", Lang::Nld),
    ("pl", Lang::Pol),
    ("cs", Lang::Ces),
    ("sk", Lang::Slk),
    ("sv", Lang::Swe),
    ("nb", Lang::Nob),
    ("da", Lang::Dan),
    ("fi", Lang::Fin),
    ("hu", Lang::Hun),
    ("ro", Lang::Ron),
    ("hr", Lang::Hrv),
    ("sr", Lang::Srp),
    ("sl", Lang::Slv),
    ("bg", Lang::Bul),
    ("mk", Lang::Mkd),
    ("ru", Lang::Rus),
    ("uk", Lang::Ukr),
    ("be", Lang::Bel),
    ("el", Lang::Ell),
    ("tr", Lang::Tur),
    ("az", Lang::Aze),
    ("ar", Lang::Ara),
    ("he", Lang::Heb),
    ("yi", Lang::Yid),
    ("fa", Lang::Pes),
    ("ur", Lang::Urd),
    ("hi", Lang::Hin),
    ("mr", Lang::Mar),
    ("ne", Lang::Nep),
    ("bn", Lang::Ben),
    ("ta", Lang::Tam),
    ("te", Lang::Tel),
    ("gu", Lang::Guj),
    ("pa", Lang::Pan),
    ("kn", Lang::Kan),
    ("ml", Lang::Mal),
    ("si", Lang::Sin),
    ("th", Lang::Tha),
    ("km", Lang::Khm),
    ("my", Lang::Mya),
    ("ka", Lang::Kat),
    ("hy", Lang::Hye),
    ("zh", Lang::Cmn),
    ("ja", Lang::Jpn),
    ("ko", Lang::Kor),
    ("vi", Lang::Vie),
    ("id", Lang::Ind),
    ("jv", Lang::Jav),
    ("tl", Lang::Tgl),
    ("et", Lang::Est),
    ("lv", Lang::Lav),
    ("lt", Lang::Lit),
    ("ca", Lang::Cat),
    ("af", Lang::Afr),
    ("am", Lang::Amh),
    ("eo", Lang::Epo),
    ("la", Lang::Lat),
];

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str = "Le conseil de la ville a voté lundi la construction d’un nouveau pont sur la rivière, \
        que les habitants attendaient depuis dix ans et qui coûtera plus cher que prévu, a indiqué la mairie. \
        Les travaux doivent commencer à l’automne, dès que l’eau aura baissé et que les bateaux seront partis.";

    const UKRAINIAN: &str = "Міська рада проголосувала за новий міст через річку, якого мешканці чекали десять років. \
        Роботи почнуться восени, щойно спаде вода.";
    const RUSSIAN: &str = "Городской совет проголосовал за новый мост через реку, которого жители ждали десять лет. \
        Работы начнутся осенью, как только спадёт вода, и объезд будет закрыт.";
    const DANISH: &str = "Byrådet stemte mandag for en ny bro over åen, som beboerne har ventet på i ti år. \
        Arbejdet skal begynde efter sommeren, når vandet er faldet.";

    #[test]
    fn a_text_that_agrees_keeps_what_is_declared_and_one_that_does_not_corrects_it() {
        let cases = [
            (Some("fr-CH"), FRENCH, Some(("fr-CH", false))),
            (Some("en-US"), FRENCH, Some(("fr", true))),
            (None, FRENCH, Some(("fr", true))),
            (Some("ru"), UKRAINIAN, Some(("uk", true))),
            (Some("ru"), RUSSIAN, Some(("ru", false))),
            (None, DANISH, Some(("da", true))),
            // Too short to be detected, or to be trusted against a declaration.
            (Some("en"), "Le pont est vieux.", Some(("en", false))),
            (None, "Le pont est vieux.", None),
            (None, "他说大桥很旧。", Some(("zh", true))),
            (None, "橋はとても古いと述べた。", Some(("ja", true))),
            (None, "다리는 매우 낡았다고 말했다.", Some(("ko", true))),
            (None, "Η γέφυρα είναι παλιά.", Some(("el", true))),
            (None, "12 34 56", None),
            (None, "", None),
            // A declared language that the detector does not know is trusted.
            (Some("ga"), FRENCH, Some(("ga", false))),
        ];
        for (declared, text, expected) in cases {
            let got = language(declared, text);
            let got = got.as_ref().map(|(tag, found)| (tag.as_str(), *found));
            assert_eq!(got, expected, "{declared:?} {text}");
        }
    }
}
