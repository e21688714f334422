//! The names that babel and polyglossia have for languages, by BCP 47 tag: what biblatex's `langid` and
//! babelbib's `language` hold (biblatex manual, section 2.2.3 and table 2).

/// The name for a tag; none where the packages have none.
pub(super) fn of_tag(tag: &str) -> Option<&'static str> {
    let tag = tag.replace('_', "-").to_lowercase();
    let mut parts = tag.split('-');
    let language = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    let is_in = |region: &str| rest.contains(&region);
    Some(match language {
        "en" if is_in("us") => "american",
        "en" if is_in("gb") || is_in("uk") => "british",
        "en" if is_in("ca") => "canadian",
        "en" if is_in("au") => "australian",
        "en" if is_in("nz") => "newzealand",
        "en" => "english",
        "de" if is_in("at") => "naustrian",
        "de" if is_in("ch") => "nswissgerman",
        "de" => "ngerman",
        "fr" if is_in("ca") => "canadien",
        "fr" => "french",
        "pt" if is_in("br") => "brazilian",
        "pt" => "portuguese",
        "es" => "spanish",
        "it" => "italian",
        "nl" => "dutch",
        "af" => "afrikaans",
        "ca" => "catalan",
        "gl" => "galician",
        "eu" => "basque",
        "sv" => "swedish",
        "da" => "danish",
        "nb" | "no" => "norsk",
        "nn" => "nynorsk",
        "is" => "icelandic",
        "fi" => "finnish",
        "et" => "estonian",
        "lv" => "latvian",
        "lt" => "lithuanian",
        "pl" => "polish",
        "cs" => "czech",
        "sk" => "slovak",
        "sl" => "slovene",
        "hr" => "croatian",
        "bs" => "bosnian",
        "sr" if is_in("latn") => "serbian",
        "sr" => "serbianc",
        "mk" => "macedonian",
        "bg" => "bulgarian",
        "ro" => "romanian",
        "hu" => "hungarian",
        "sq" => "albanian",
        "el" => "greek",
        "tr" => "turkish",
        "ru" => "russian",
        "uk" => "ukrainian",
        "be" => "belarusian",
        "ka" => "georgian",
        "hy" => "armenian",
        "az" => "azerbaijani",
        "ar" => "arabic",
        "he" | "iw" => "hebrew",
        "fa" => "persian",
        "ur" => "urdu",
        "hi" => "hindi",
        "bn" => "bengali",
        "ta" => "tamil",
        "te" => "telugu",
        "ml" => "malayalam",
        "mr" => "marathi",
        "th" => "thai",
        "vi" => "vietnamese",
        "id" => "indonesian",
        "ms" => "malay",
        "zh" => "chinese",
        "ja" => "japanese",
        "ko" => "korean",
        "mn" => "mongolian",
        "ga" => "irish",
        "gd" => "scottish",
        "cy" => "welsh",
        "br" => "breton",
        "la" => "latin",
        "eo" => "esperanto",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::of_tag;

    #[test]
    fn tags_have_the_names_of_the_packages() {
        for (tag, wanted) in [
            ("de", Some("ngerman")),
            ("de-CH", Some("nswissgerman")),
            ("de_AT", Some("naustrian")),
            ("en-US", Some("american")),
            ("en-GB", Some("british")),
            ("en", Some("english")),
            ("pt-BR", Some("brazilian")),
            ("zh-Hans-CN", Some("chinese")),
            ("sr-Latn", Some("serbian")),
            ("tlh", None),
            ("", None),
        ] {
            assert_eq!(of_tag(tag), wanted, "{tag}");
        }
    }
}
