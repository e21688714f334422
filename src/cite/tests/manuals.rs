//! The styles for readers, checked against the tables of their manuals.

use super::{BASE, URL, ferry, page, source};
use crate::cite::{Style, cite};

#[test]
fn every_style_says_it_as_its_manual_does() {
    let at = "https://archive.example/web/20251105000007/http://www.courier.example/harbour?id=7&x=50%25";
    let public = source(&ferry(), Some(BASE));
    let private = source(&ferry(), None);
    for (source, style, wanted) in [
        (
            &public,
            Style::Apa,
            format!(
                "Roe, A. M., & van der Berg, J. (2025, November 4). Ferry contract “was never put out.” The Harbour Courier. Retrieved November 5, 2025, from {URL} [Archived copy of 2025-11-05T00:00:07Z: {at}; record urn:uuid:1, sha256:abc]"
            ),
        ),
        (
            &private,
            Style::Apa,
            format!(
                "Roe, A. M., & van der Berg, J. (2025, November 4). Ferry contract “was never put out.” The Harbour Courier. Retrieved November 5, 2025, from {URL} [Archived copy of 2025-11-05T00:00:07Z: Harbour Archive, record urn:uuid:1; sha256:abc]"
            ),
        ),
        (
            &public,
            Style::Chicago,
            format!(
                "Roe, Anna Maria, and Jan van der Berg. “Ferry contract ‘was never put out.’” The Harbour Courier, November 4, 2025. {URL}. Archived November 5, 2025, 00:00:07 UTC, at {at} (record urn:uuid:1, sha256:abc).\nNote: Anna Maria Roe and Jan van der Berg, “Ferry contract ‘was never put out,’” The Harbour Courier, November 4, 2025, {URL}, archived November 5, 2025, 00:00:07 UTC, at {at} (record urn:uuid:1, sha256:abc)."
            ),
        ),
        (
            &public,
            Style::Mla,
            format!(
                "Roe, Anna Maria, and Jan van der Berg. “Ferry contract ‘was never put out.’” The Harbour Courier, 4 Nov. 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, record urn:uuid:1, sha256:abc, {at}. Accessed 5 Nov. 2025."
            ),
        ),
        (
            &public,
            Style::Wikipedia,
            format!(
                "{{{{cite news |last1=Roe |first1=Anna Maria |last2=van der Berg |first2=Jan |title=Ferry contract “was never put out” |url={URL} |work=The Harbour Courier |date=2025-11-04 |access-date=2025-11-05 |archive-url={at} |archive-date=2025-11-05 |url-status=live}}}}<!-- Archived copy of 2025-11-05T00:00:07Z, {at}, record urn:uuid:1, sha256:abc. From the page: headline (json-ld), author (json-ld), publisher (json-ld), published (json-ld); capture time, digest and archive are the archive's record. -->"
            ),
        ),
        (
            &public,
            Style::Text,
            format!(
                "Anna Maria Roe and Jan van der Berg: Ferry contract “was never put out.” The Harbour Courier, 2025-11-04. {URL}\nCaptured: 2025-11-05T00:00:07Z\nKept at: {at}\nRecord: urn:uuid:1\nDigest: sha256:abc\nFrom the page: headline (json-ld), author (json-ld), publisher (json-ld), published (json-ld); capture time, digest and archive are the archive's record."
            ),
        ),
    ] {
        assert_eq!(cite(source, style), wanted, "{}", style.label());
    }
}

#[test]
fn bylines_and_dates_of_all_kinds_are_set_by_the_rules() {
    let many = |n: usize| -> Vec<String> { (1..=n).map(|i| format!("Ann{i} Roe{i}")).collect() };
    let (three, eleven, many) = (many(3), many(11), many(22));
    let start = |authors: &[&str], publisher: &str, date: &str, style: Style| {
        let said = cite(&source(&page("Bridge closed?", authors, publisher, date), None), style);
        said.split(" [Archived").next().unwrap().split(". http").next().unwrap().to_owned()
    };
    let refs = |names: &[String]| -> Vec<&'static str> {
        names.iter().map(|n| &*Box::leak(n.clone().into_boxed_str())).collect()
    };
    let retrieved = format!("Retrieved November 5, 2025, from {URL}");
    for (authors, publisher, date, style, wanted) in [
        // APA 9.8: up to 20 names; from 21 on, 19, an ellipsis and the last.
        (refs(&three), "Courier", "2025-11", Style::Apa, format!("Roe1, A., Roe2, A., & Roe3, A. (2025, November). Bridge closed? Courier. {retrieved}")),
        (refs(&many)[..1].to_vec(), "Courier", "", Style::Apa, format!("Roe1, A. (n.d.). Bridge closed? Courier. {retrieved}")),
        // APA 9.11: a group author in full; the outlet is not named twice.
        (vec!["*Associated Press"], "Courier", "2025", Style::Apa, format!("Associated Press. (2025). Bridge closed? Courier. {retrieved}")),
        (vec!["*Courier"], "Courier", "2025", Style::Apa, format!("Courier. (2025). Bridge closed? {retrieved}")),
        (vec![], "Courier", "2025", Style::Apa, format!("Bridge closed? (2025). Courier. {retrieved}")),
        (vec![], "", "2025", Style::Apa, format!("Bridge closed? (2025). courier.example. {retrieved}")),
        (vec!["Sammy Davis Jr."], "Courier", "2025", Style::Apa, format!("Davis, S., Jr. (2025). Bridge closed? Courier. {retrieved}")),
        // Chicago 14.76: from eleven on, seven and "et al."
        (refs(&eleven), "Courier", "2025-11-04", Style::Chicago, "Roe1, Ann1, Ann2 Roe2, Ann3 Roe3, Ann4 Roe4, Ann5 Roe5, Ann6 Roe6, Ann7 Roe7, et al. “Bridge closed?” Courier, November 4, 2025".to_owned()),
        (refs(&three), "Courier", "2025-11", Style::Chicago, "Roe1, Ann1, Ann2 Roe2, and Ann3 Roe3. “Bridge closed?” Courier, November 2025".to_owned()),
        (vec![], "Courier", "", Style::Chicago, "“Bridge closed?” Courier, n.d".to_owned()),
        // MLA 5.8: three or more are the first and "et al."
        (refs(&three), "Courier", "2025-09-04", Style::Mla, format!("Roe1, Ann1, et al. “Bridge closed?” Courier, 4 Sept. 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, record urn:uuid:1, sha256:abc. Accessed 5 Nov. 2025.")),
        (vec!["Bashar al-Assad"], "Courier", "2025", Style::Mla, format!("al-Assad, Bashar. “Bridge closed?” Courier, 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, record urn:uuid:1, sha256:abc. Accessed 5 Nov. 2025.")),
    ] {
        assert_eq!(start(&authors, publisher, date, style), wanted, "{authors:?} {}", style.label());
    }
    let apa = start(&refs(&many), "Courier", "2025", Style::Apa);
    assert!(apa.contains("Roe19, A., . . . Roe22, A. (2025)"), "{apa}");
}

/// The head of an entry, up to what the archive adds: of APA before "Retrieved", of Chicago the entry and
/// the note up to the address, of MLA up to the address.
fn head(style: Style, title: &str, authors: &[&str], outlet: &str, date: &str) -> String {
    let said = cite(&source(&page(title, authors, outlet, date), None), style);
    let until = |text: &str, mark: &str| text.split(mark).next().unwrap().trim().to_owned();
    match style {
        Style::Apa => until(&said, " Retrieved "),
        Style::Chicago => {
            let (entry, note) = said.split_once("\nNote: ").unwrap();
            format!("{} | {}", until(entry, " http"), until(note, " http"))
        }
        _ => until(&said, ", http"),
    }
}

#[test]
fn apa_sets_authors_dates_and_titles_by_its_rules() {
    let apa = |title: &str, authors: &[&str], date: &str| {
        head(Style::Apa, title, authors, "Courier", date)
    };
    for (title, authors, date, wanted) in [
        // 9.8: names, initials, suffixes.
        (
            "Bridge closed",
            &["Jo-Ann Roe"][..],
            "2025-11-04",
            "Roe, J.-A. (2025, November 4). Bridge closed. Courier.",
        ),
        (
            "Bridge closed",
            &["J.R.R. Roe", "Sammy Davis, Jr."],
            "2025",
            "Roe, J. R. R., & Davis, S., Jr. (2025). Bridge closed. Courier.",
        ),
        ("Bridge closed", &["bell hooks"], "2025", "hooks, b. (2025). Bridge closed. Courier."),
        (
            "Bridge closed",
            &["Dr. Karl von und zu Roe"],
            "2025",
            "von und zu Roe, K. (2025). Bridge closed. Courier.",
        ),
        // 9.11: groups in full.
        (
            "Bridge closed",
            &["*Roe & Sons, Ltd."],
            "2025",
            "Roe & Sons, Ltd. (2025). Bridge closed. Courier.",
        ),
        (
            "Bridge closed",
            &["Anna Roe", "*Associated Press"],
            "2025",
            "Roe, A., & Associated Press. (2025). Bridge closed. Courier.",
        ),
        // 9.12: the title first if no author is named; 9.17: "n.d."
        ("Bridge closed!", &[], "", "Bridge closed! (n.d.). Courier."),
        // 9.19 and 9.20: a title keeps the mark that it ends with, and its quotation marks.
        (
            "Will the bridge close?",
            &["Anna Roe"],
            "2025-11",
            "Roe, A. (2025, November). Will the bridge close? Courier.",
        ),
        ("“Never again”", &["Anna Roe"], "2025", "Roe, A. (2025). “Never again.” Courier."),
        (
            "Sie sagt „nie wieder“",
            &["Anna Roe"],
            "2025",
            "Roe, A. (2025). Sie sagt „nie wieder“. Courier.",
        ),
        ("Live:", &["Anna Roe"], "2025", "Roe, A. (2025). Live. Courier."),
    ] {
        assert_eq!(apa(title, authors, date), wanted);
    }
    // 9.8: up to 20 authors all are named; of more, 19, an ellipsis without an ampersand, and the last.
    let names: Vec<String> = (1..=60).map(|n| format!("Ann{n} Roe{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (count, wanted) in [
        (2, "Roe1, A., & Roe2, A. (2025)"),
        (20, "Roe19, A., & Roe20, A. (2025)"),
        (21, "Roe18, A., Roe19, A., . . . Roe21, A. (2025)"),
        (60, "Roe18, A., Roe19, A., . . . Roe60, A. (2025)"),
    ] {
        let said = apa("Bridge closed", &names[..count], "2025");
        assert!(said.contains(wanted) && !said.contains("Roe20, A., Roe21"), "{count}: {said}");
    }
}

#[test]
fn chicago_sets_marks_and_names_by_its_rules() {
    for (title, authors, outlet, date, wanted) in [
        // 14.76: in a note of four authors and more, the first.
        (
            "Bridge closed",
            &["Anna Roe", "Jan Berg", "Ida Holm", "Tom Hale"][..],
            "Courier",
            "2025-11-04",
            "Roe, Anna, Jan Berg, Ida Holm, and Tom Hale. “Bridge closed.” Courier, November 4, 2025, | Anna Roe et al., “Bridge closed,” Courier, November 4, 2025,",
        ),
        // 14.96 and 6.125: no full stop after ? and !, but a comma.
        (
            "Will the bridge close?",
            &["Anna Roe"],
            "Yahoo!",
            "2025",
            "Roe, Anna. “Will the bridge close?” Yahoo!, 2025, | Anna Roe, “Will the bridge close?,” Yahoo!, 2025,",
        ),
        // 13.30: single marks within double ones, and double ones within those.
        (
            "“She said ‘no’”",
            &["Anna Roe"],
            "Courier",
            "2025",
            "Roe, Anna. “‘She said “no.”’” Courier, 2025, | Anna Roe, “‘She said “no,”’” Courier, 2025,",
        ),
        // 11.7: marks of other languages become English ones.
        (
            "Sie sagt „nie wieder“",
            &["Anna Roe"],
            "Courier",
            "2025",
            "Roe, Anna. “Sie sagt ‘nie wieder.’” Courier, 2025, | Anna Roe, “Sie sagt ‘nie wieder,’” Courier, 2025,",
        ),
        (
            "Le maire : « Qui a dit non ? »",
            &["Anna Roe"],
            "Courier",
            "2025",
            "Roe, Anna. “Le maire : ‘Qui a dit non ?’” Courier, 2025, | Anna Roe, “Le maire : ‘Qui a dit non ?,’” Courier, 2025,",
        ),
        // 16.76, 16.79: Chinese names take no comma, Hungarian ones do in an entry.
        (
            "Bridge closed",
            &["Mao Zedong", "Jan Berg"],
            "Courier",
            "2025",
            "Mao Zedong and Jan Berg. “Bridge closed.” Courier, 2025, | Mao Zedong and Jan Berg, “Bridge closed,” Courier, 2025,",
        ),
        // A generation stands after the given name (16.41), and needs no second full stop.
        (
            "Bridge closed",
            &["Sammy Davis, Jr."],
            "Courier",
            "",
            "Davis, Sammy, Jr. “Bridge closed.” Courier, n.d., | Sammy Davis Jr., “Bridge closed,” Courier, n.d.,",
        ),
    ] {
        let said = head(Style::Chicago, title, authors, outlet, date);
        let (entry, note) = wanted.split_once(" | ").unwrap();
        let wanted = format!("{}. | {note}", entry.trim_end_matches([',', '.']));
        assert_eq!(said.replace(".. |", ". |"), wanted, "{title}");
    }
}

#[test]
fn mla_sets_marks_and_names_by_its_rules() {
    for (title, authors, date, wanted) in [
        // 5.7 and 5.8: one, two, and more than two authors.
        (
            "Bridge closed",
            &["Anna Roe"][..],
            "2025-11-04",
            "Roe, Anna. “Bridge closed.” Courier, 4 Nov. 2025",
        ),
        (
            "Bridge closed",
            &["Anna Roe", "Jan Berg"],
            "2025-05",
            "Roe, Anna, and Jan Berg. “Bridge closed.” Courier, May 2025",
        ),
        (
            "Bridge closed",
            &["Anna Roe", "Jan Berg", "Ida Holm"],
            "2025",
            "Roe, Anna, et al. “Bridge closed.” Courier, 2025",
        ),
        // 5.12: names that stand family name first take no comma.
        (
            "Bridge closed",
            &["Nguyễn Văn An"],
            "2025",
            "Nguyễn Văn An. “Bridge closed.” Courier, 2025",
        ),
        (
            "Bridge closed",
            &["*The Editorial Board"],
            "2025",
            "The Editorial Board. “Bridge closed.” Courier, 2025",
        ),
        // 2.112 and 6.53: marks at the end, and within.
        ("Will the bridge close?", &[], "2025", "“Will the bridge close?” Courier, 2025"),
        ("“Never again!”", &[], "2025", "“‘Never again!’” Courier, 2025"),
        ("Das »Nein« der Stadt", &[], "2025", "“Das ‘Nein’ der Stadt.” Courier, 2025"),
        ("The players’ union", &[], "2025", "“The players’ union.” Courier, 2025"),
    ] {
        assert_eq!(head(Style::Mla, title, authors, "Courier", date), wanted, "{title}");
    }
}

/// Every style names the archive that captured it, not only the one that holds it now.
#[test]
fn another_archives_copy_is_cited_as_captured_by_that_one() {
    let from = "https://web.archive.example/web/20251105000007id_/https://courier.example/";
    let copy = source(&ferry(), None).copied_from(Some(from));
    for style in [Style::Text, Style::Apa, Style::Mla, Style::Html, Style::CslJson] {
        let text = cite(&copy, style);
        assert!(text.contains("web.archive.example (copy in Harbour Archive)"), "{text}");
    }
    assert!(cite(&copy, Style::Text).contains(&format!("\nCaptured by: {from}\n")));
    let own = source(&ferry(), None).copied_from(None);
    assert!(!cite(&own, Style::Text).contains("Captured by"));
}
