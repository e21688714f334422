use proptest::prelude::*;

use super::*;

#[test]
fn machine_dates_keep_the_offset_they_declare() {
    let cases = [
        ("2025-11-04T09:30:00+01:00", Some("2025-11-04T09:30:00+01:00")),
        ("2025-11-04T09:30:00.123Z", Some("2025-11-04T09:30:00Z")),
        ("2025-11-04T09:30:00-0500", Some("2025-11-04T09:30:00-05:00")),
        ("2025-11-04T09:30+01", Some("2025-11-04T09:30:00+01:00")),
        ("2025-11-04 09:30:00 -05:00", Some("2025-11-04T09:30:00-05:00")),
        ("2025-11-04 09:30", Some("2025-11-04T09:30:00Z")),
        ("2025-11-04", Some("2025-11-04")),
        ("2025/11/4", Some("2025-11-04")),
        ("20251104", Some("2025-11-04")),
        ("20251104T093000Z", Some("2025-11-04T09:30:00Z")),
        ("1762248600", Some("2025-11-04T09:30:00Z")),
        ("1762248600000", Some("2025-11-04T09:30:00Z")),
        ("Tue, 04 Nov 2025 09:30:00 GMT", Some("2025-11-04T09:30:00Z")),
        ("November 4, 2025", Some("2025-11-04")),
        ("2025-13-04", None),
        ("0000-00-00T00:00:00", None),
        ("yesterday", None),
        ("", None),
    ];
    for (text, want) in cases {
        assert_eq!(parse_machine(text).map(|t| t.text).as_deref(), want, "{text}");
    }
}

#[test]
fn human_dates_are_read_in_the_languages_of_the_press() {
    let cases = [
        ("Published Nov. 4, 2025 at 9:30 a.m. EST", Some("2025-11-04T09:30:00-05:00")),
        ("Tuesday, November 4th, 2025 9:30 pm ET", Some("2025-11-04")),
        ("4 November 2025, 09:30 GMT", Some("2025-11-04T09:30:00Z")),
        ("4th of November 2025", Some("2025-11-04")),
        ("4 de noviembre de 2025", Some("2025-11-04")),
        ("Publié le 1er novembre 2025 à 9h30", Some("2025-11-01")),
        ("Stand: 4. März 2025, 10:15 Uhr", Some("2025-03-04")),
        ("4 ноября 2025, 12:00 MSK", Some("2025-11-04T12:00:00+03:00")),
        ("4 نوفمبر 2025", Some("2025-11-04")),
        ("2025年11月4日 9時", Some("2025-11-04")),
        ("2025년 11월 4일", Some("2025-11-04")),
        ("2025. november 4.", Some("2025-11-04")),
        ("04.11.2025", Some("2025-11-04")),
        ("13/11/2025", Some("2025-11-13")),
        ("11/13/2025", Some("2025-11-13")),
        ("4 नवंबर 2025", Some("2025-11-04")),
        ("12 strikes since 2025", None),
        ("version 1.2.3", None),
        ("31 February 2025", None),
    ];
    for (text, want) in cases {
        assert_eq!(find_human(text, Order::DayFirst).map(|t| t.text).as_deref(), want, "{text}");
    }
    assert_eq!(find_human("04/11/2025", Order::DayFirst).unwrap().text, "2025-11-04");
    assert_eq!(find_human("04/11/2025", Order::of_language("en-US")).unwrap().text, "2025-04-11");
}

#[test]
fn addresses_carry_dates() {
    let cases = [
        ("https://n.example/2025/11/04/story", Some("2025-11-04")),
        ("https://n.example/world/2025/nov/04/story", Some("2025-11-04")),
        ("https://n.example/a-2025-11-04-story.html", Some("2025-11-04")),
        ("https://n.example/20251104/story", Some("2025-11-04")),
        ("https://n.example/2025/11/story", None),
        ("https://n.example/id/12345678", None),
        ("https://2025-11-04.example/", None),
        ("https://n.example/story?d=2025-11-04", None),
    ];
    for (url, want) in cases {
        assert_eq!(in_url(url).map(|t| t.text).as_deref(), want, "{url}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers(text in "\\PC{0,120}") {
        let _ = parse_machine(&text);
        let _ = instant_of(&text, Order::DayFirst);
        let _ = find_human(&text, Order::MonthFirst);
        let _ = in_url(&text);
    }

    #[test]
    fn no_run_of_digits_and_signs_breaks_the_readers(text in "[0-9 :.,/TZ+\\-年月日٠-٩a-e]{0,60}") {
        let _ = parse_machine(&text);
        let _ = instant_of(&text, Order::DayFirst);
        let _ = find_human(&text, Style::of_language("ja"));
        let _ = find_month(&text, Order::MonthFirst);
        let _ = Style::of_source([text.as_str()], "");
        let _ = in_url(&format!("https://a.example/{text}"));
    }

    #[test]
    fn every_day_survives_its_spellings(year in 1900_i16..2100, month in 1_i8..=12, day in 1_i8..=28) {
        let want = format!("{year:04}-{month:02}-{day:02}");
        let names = ["January", "février", "März", "abril", "maggio", "июня", "juli", "agosto",
            "septiembre", "oktober", "novembro", "décembre"];
        let name = names[usize::try_from(month - 1).unwrap()];
        let spellings = [
            want.clone(),
            format!("{day} {name} {year}"),
            format!("{name} {day}, {year}"),
            format!("{day:02}.{month:02}.{year}"),
        ];
        for text in spellings {
            prop_assert_eq!(find_human(&text, Order::DayFirst).map(|t| t.text), Some(want.clone()), "{}", text);
        }
    }
}

#[test]
fn a_month_without_a_day_stays_a_month() {
    for (text, want) in [
        ("2025-11", Some("2025-11")),
        ("2025/3", Some("2025-03")),
        ("November 2025", Some("2025-11")),
        ("2025-13", None),
        ("2025-11x", None),
        ("11-2025", None),
    ] {
        let found = parse_machine(text);
        assert_eq!(found.as_ref().map(|t| t.text.as_str()), want, "{text}");
        assert!(found.is_none_or(|t| t.day_only), "{text}");
    }
    assert_eq!(find_month("Last updated: June 2022", Order::MonthFirst).unwrap().text, "2022-06");
    assert_eq!(find_month("May I come in 22", Order::MonthFirst), None);
}

#[test]
fn a_date_that_runs_into_the_word_before_it_is_read() {
    let read = |text| find_human(text, Order::MonthFirst).map(|t| t.text);
    assert_eq!(read("Mental HealthDECEMBER 22, 2022").as_deref(), Some("2022-12-22"));
    assert_eq!(read("by Ann LeeNov 4, 2025").as_deref(), Some("2025-11-04"));
}

#[test]
fn the_language_decides_the_order_of_numbers_for_machines_too() {
    for (text, order, want) in [
        ("03-09-2026", Order::MonthFirst, "2026-03-09"),
        ("03-09-2026", Order::DayFirst, "2026-09-03"),
        ("03/09/2026", Order::DayFirst, "2026-09-03"),
        ("03.09.2026", Order::MonthFirst, "2026-09-03"),
    ] {
        assert_eq!(parse_machine_in(text, order).unwrap().text, want, "{text} {order:?}");
    }
}

/// The forms of `tests/corpus/dates/forms.tsv`, each with where it comes from.
#[test]
fn dates_are_read_in_all_forms_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/dates/forms.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let (mut forms, mut wrong) = (0, Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [text, language, page, instant, source] = cells[..] else { panic!("{line}") };
        assert!(source.len() > 2, "no source: {line}");
        let style = Style::of_language(if language == "-" { "" } else { language });
        let as_page = parse_machine_in(text, style).map_or("-".to_owned(), |t| t.text);
        let want = (instant != "-").then(|| Timestamp::parse(instant).unwrap());
        let as_instant = instant_of(text, style);
        if as_page != page || as_instant != want {
            wrong.push(format!("{text}: {as_page} {as_instant:?}, for {page} {want:?}"));
        }
        forms += 1;
    }
    assert!(forms >= 100, "{forms}");
    assert!(wrong.is_empty(), "{} of {forms} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
