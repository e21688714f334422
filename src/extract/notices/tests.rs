//! Notices distinguished from news, in every language and place.

use super::*;
use crate::extract::page::Block;
use proptest::prelude::*;

#[test]
fn notices_are_distinguished_from_news() {
    use NoticeKind::{Clarification, Correction, EditorsNote, Retraction, Update};
    let cases = [
        ("Correction: The bridge was opened in 1931, not 1913.", Some(Correction)),
        ("CORRECTION (May 5): We misspelled the name of the mayor.", Some(Correction)),
        ("Correction, July 3, 2026 — The sum was given in the wrong currency.", Some(Correction)),
        ("Clarification: The study measured cases confirmed in a laboratory.", Some(Clarification)),
        ("Editor’s note: This text was first published in a supplement.", Some(EditorsNote)),
        ("Editor's note: An earlier version incorrectly named a witness.", Some(Correction)),
        ("Update, 5:40 p.m.: This story has been updated with a statement.", Some(Update)),
        ("Update: The article has been updated to correct the toll.", Some(Correction)),
        ("Retraction: The paper withdraws a report on the mine.", Some(Retraction)),
        ("Editor's note: This article has been retracted after a review.", Some(Retraction)),
        ("An earlier version of this story misstated the year.", Some(Correction)),
        ("This article was amended on 4 March to remove a name.", Some(Correction)),
        ("* This article has been updated with a comment of the firm.", Some(Update)),
        ("Korrektur: In einer früheren Fassung hieß es, der Hafen sei tief.", Some(Correction)),
        ("The Post has retracted this article after a review.", Some(Retraction)),
        ("We have withdrawn this story: its figures were invented.", Some(Retraction)),
        ("Updated at 22:40 with a statement of the police.", Some(Update)),
        ("Updated 5 p.m. ET to add the reply of the firm.", Some(Update)),
        ("In eigener Sache: Die Redaktion hat diesen Artikel zurückgezogen.", Some(Retraction)),
        ("In einer früheren Version dieses Artikels hieß es 12.", Some(Correction)),
        ("Cet article a été mis à jour à 18 heures.", Some(Update)),
        ("Updated rules with fewer exceptions take effect in May.", None),
        ("The journal that published the study has retracted this week's issue.", None),
        ("Updated 5 p.m.", None),
        ("Updated: 3 March 2026", None),
        ("Correction of the river bed: engineers start in spring", None),
        ("Corrections officers walked out on Tuesday, the union said.", None),
        ("Update your cellar, the city told house owners: rain is coming.", None),
        ("This article of the treaty was amended in 1998.", None),
        ("This report was welcomed by the union and by the owners.", None),
    ];
    for (text, expected) in cases {
        let found = kind_of(text).map(|kind| sharpened(kind, text));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn notices_are_known_in_every_language_and_form() {
    use NoticeKind::{Clarification, Correction, EditorsNote, Update};
    let cases = [
        ("Autumn 2019 update: The crane has been sold to Kelt.", Some(Update)),
        ("Corrected 5 May 2026", Some(Correction)),
        (
            "Due to a production error, a photo with this story showed another yard.",
            Some(Correction),
        ),
        ("Note: This timetable has changed since this article was published.", Some(Update)),
        ("Note: The yard has four gates and a crane.", None),
        ("Expression of concern: Our editors doubt a witness.", Some(EditorsNote)),
        ("Berichtigung: Der Kran gehört der Stadt.", Some(Correction)),
        ("Précision : la grue est à la ville.", Some(Clarification)),
        ("Rettifica: la gru pesa 40 tonnellate.", Some(Correction)),
        ("Errata: a grua pesa 40 toneladas.", Some(Correction)),
        ("Rectificatie: de kraan weegt 40 ton.", Some(Correction)),
        ("Sprostowanie: dźwig waży 40 ton.", Some(Correction)),
        ("Исправление: кран весит 40 тонн.", Some(Correction)),
        ("Оновлено: мерія відповіла на запитання.", Some(Update)),
        ("【訂正】クレーンの重さは40トンでした。", Some(Correction)),
        ("本文此前版本的重量有误。", Some(Correction)),
        ("편집자 주: 무게가 잘못 표기되어 수정했습니다.", Some(Correction)),
        ("تصويب: وزن الرافعة 40 طنا.", Some(Correction)),
        ("Düzeltme: Vinç 40 ton ağırlığında.", Some(Correction)),
        ("Die Korrektur des Flusses beginnt im Mai.", None),
        ("La correction des copies a pris une semaine entière.", None),
    ];
    for (text, expected) in cases {
        let found = kind_of(text).map(|kind| sharpened(kind, text));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn statements_of_an_outlet_are_recognised_by_its_name() {
    use NoticeKind::{Correction, Retraction, Update};
    for (text, expected) in [
        ("The Ledger incorrectly reported the name of the ship.", Some(Correction)),
        ("The Ledger has withdrawn this article.", Some(Retraction)),
        ("The Ledger has updated this story.", Some(Update)),
        ("The Ledger reported the name of the ship.", None),
        ("The Herald incorrectly reported the name of the ship.", None),
        ("The Ledgers incorrectly reported the name.", None),
    ] {
        assert_eq!(erred::by_name(text, "The Ledger"), expected, "{text}");
    }
}

#[test]
fn some_phrases_are_notices_only_at_an_edge() {
    use NoticeKind::{Correction, Update};
    for (text, expected) in [
        ("The article originally gave another weight.", Some(Correction)),
        ("The crane weighs 40 tonnes, not 60 as previously reported.", Some(Correction)),
        ("Its weight should have read 40 tonnes, not 60.", Some(Correction)),
        ("Corrected the weight of the crane.", Some(Correction)),
        ("Story updated with the weight of the crane.", Some(Update)),
        ("We got the weight wrong.", Some(Correction)),
        ("The original crane had four wheels.", None),
        ("An earlier version of the contract said nothing of cranes.", None),
        ("The first photo gave the police a clue.", None),
        ("The article was welcomed by the union.", None),
        ("Corrected for wind, the crane lifts 30 tonnes.", None),
    ] {
        assert_eq!(erred::at_an_edge(text), expected, "{text}");
        assert_eq!(kind_of(text), None, "{text}");
    }
}

#[test]
fn a_lead_is_known_where_the_style_sheet_alone_parts_it() {
    assert_eq!(kind_of("CorrectionThe weight was misstated."), Some(NoticeKind::Correction));
    assert_eq!(kind_of("UpdatePlus has sold its cranes to Kelt."), None);
}

#[test]
fn a_notice_in_brackets_is_parted_from_its_paragraph() {
    let text = "The crane weighs 40 tonnes. (Correction: we first gave another weight.)";
    let mut page =
        page(&[(text, BlockKind::Paragraph), ("It is red (as before).", BlockKind::Paragraph)]);
    read(&mut page);
    assert_eq!(page.blocks.len(), 3);
    assert_eq!(&page.text[page.blocks[0].range.clone()], "The crane weighs 40 tonnes.");
    assert_eq!(page.notices[0].kind, NoticeKind::Correction);
}

#[test]
fn a_notice_beside_the_text_has_no_place_and_is_reported_once() {
    let mut page = page(&[("The crane weighs 40 tonnes.", BlockKind::Paragraph)]);
    let shown = ["By Ann Lee Correction: We first gave another weight.", "Photo: Ann Lee"];
    let declared = ["We first gave another weight.".to_owned()];
    beside(&declared, shown.into_iter().enumerate(), &mut page);
    assert_eq!(page.notices.len(), 1);
    assert_eq!(page.notices[0].text, "Correction: We first gave another weight.");
    assert_eq!(page.notices[0].range, 0..0);
}

fn page(blocks: &[(&str, BlockKind)]) -> Page {
    let mut page = Page::default();
    for (text, kind) in blocks {
        if !page.text.is_empty() {
            page.text.push_str("\n\n");
        }
        let start = page.text.len();
        page.text.push_str(text);
        let range = start..page.text.len();
        page.blocks.push(Block { kind: kind.clone(), range, source: None });
    }
    page
}

#[test]
fn a_heading_and_the_paragraph_below_it_are_one_notice() {
    let mut page = page(&[
        ("Rain fell.", BlockKind::Paragraph),
        ("Correction", BlockKind::Subheading(3)),
        ("The bridge was opened in 1931.", BlockKind::Paragraph),
    ]);
    read(&mut page);
    assert_eq!(page.notices.len(), 1);
    assert_eq!(page.notices[0].text, "Correction The bridge was opened in 1931.");
    assert_eq!(page.notices[0].range, 12..page.text.len());
    assert_eq!(page.blocks[1].kind, BlockKind::Notice(NoticeKind::Correction));
    assert_eq!(page.blocks[0].kind, BlockKind::Paragraph);
}

proptest! {
    #[test]
    fn reading_notices_never_panics(text in "(Correction|Update|This article was|É)?\\PC{0,80}") {
        let mut page = page(&[(&text, BlockKind::Paragraph)]);
        read(&mut page);
        prop_assert!(page.notices.len() <= 1);
    }
}
