//! Quotation marks within a title: which form pairs, in whatever shape the outlet sets them, and the
//! English ones that they become between English marks.
//!
//! Marks alternate: single within double, double within single (Chicago 17, 13.30; MLA 9, 6.53), and marks of
//! other languages are changed to English ones (Chicago 17, 11.7). Apostrophes, feet and inches stay, and
//! so do marks without a partner.

/// A mark that has a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// The place of the character, counted in characters.
    at: usize,
    /// Whether it opens.
    opens: bool,
    /// The character that opens this pair.
    kind: char,
}

/// The pairs of marks of a text, in order.
fn pairs(text: &[char]) -> Vec<Mark> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut found: Vec<Mark> = Vec::new();
    for at in 0..text.len() {
        let c = text[at];
        let top = open.last().map(|(_, kind)| *kind);
        match role(text, at, top) {
            Some(true) => open.push((at, c)),
            Some(false) => {
                // Marks opened inside and never closed have no partner.
                let partner = open.iter().rposition(|(_, kind)| closes(*kind, c));
                if let Some(place) = partner {
                    let (begin, kind) = open[place];
                    open.truncate(place);
                    found.push(Mark { at: begin, opens: true, kind });
                    found.push(Mark { at, opens: false, kind });
                }
            }
            None => {}
        }
    }
    found.sort_by_key(|mark| mark.at);
    found
}

/// Whether `close` may close what `open` opened.
fn closes(open: char, close: char) -> bool {
    match open {
        '„' => matches!(close, '“' | '”' | '"'),
        '‚' => matches!(close, '‘' | '’'),
        '“' => matches!(close, '”' | '"'),
        '‘' => close == '’',
        '«' => close == '»',
        '»' => matches!(close, '«' | '»'),
        '‹' => close == '›',
        '›' => matches!(close, '‹' | '›'),
        '「' => close == '」',
        '『' => close == '』',
        '〝' => matches!(close, '〟' | '〞'),
        '"' => matches!(close, '"' | '”'),
        same => close == same,
    }
}

/// Whether the character at a place opens (true) or closes (false) a quotation; none if neither.
fn role(text: &[char], at: usize, top: Option<char>) -> Option<bool> {
    let c = text[at];
    let before = at.checked_sub(1).map(|b| text[b]);
    let after = text.get(at + 1).copied();
    let starts = before.is_none_or(|b| {
        b.is_whitespace()
            || matches!(b, '(' | '[' | '—' | '–' | '-' | '/' | '¿' | '¡')
            || is_mark(b)
    });
    let goes_on = after.is_some_and(|a| !a.is_whitespace());
    let ends = before.is_some_and(|b| !b.is_whitespace());
    let is_inside =
        before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
    let fits = top.is_some_and(|top| closes(top, c));
    match c {
        '„' | '‚' | '「' | '『' | '〝' => Some(true),
        '」' | '』' | '〟' | '〞' => Some(false),
        '“' if fits => Some(false),
        '“' => Some(true),
        '”' if fits => Some(false),
        '”' => (starts && goes_on).then_some(true),
        '«' | '‹' if fits => Some(false),
        '«' | '‹' => Some(true),
        // "»so«" and "»så»" open with what closes "«ainsi»".
        '»' | '›' if fits => Some(false),
        '»' | '›' => (starts && goes_on).then_some(true),
        '"' if fits && ends => Some(false),
        '"' => (starts && goes_on && text[at + 1..].contains(&'"')).then_some(true),
        '‘' if fits => Some(false),
        '‘' => (starts && goes_on && has_close(text, at, '’')).then_some(true),
        '’' | '\'' if is_inside => None,
        '’' | '\'' if fits && ends => (!is_plural(text, at)).then_some(false),
        '’' | '\'' => (starts && goes_on && has_close(text, at, c)).then_some(true),
        _ => None,
    }
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '«' | '»' | '‹' | '›' | '‘' | '’' | '‚' | '“' | '”' | '„' | '「' | '『'
    )
}

/// Whether a closing mark follows: at the end of a word, where no other begins.
fn has_close(text: &[char], at: usize, mark: char) -> bool {
    (at + 2..text.len()).any(|n| {
        text[n] == mark
            && !text[n - 1].is_whitespace()
            && !text.get(n + 1).is_some_and(|a| a.is_alphanumeric())
    })
}

/// Whether a mark after an s is a possessive apostrophe, since the closing one comes later: "the players’
/// union’".
fn is_plural(text: &[char], at: usize) -> bool {
    let is_s = at.checked_sub(1).is_some_and(|b| matches!(text[b], 's' | 'S'));
    let next_is_word =
        text.get(at + 1) == Some(&' ') && text.get(at + 2).is_some_and(|a| a.is_lowercase());
    is_s && next_is_word && has_close(text, at, text[at])
}

/// A title to be set between double marks: its own marks become English ones, single first. Also the number of
/// closing marks at its end.
pub(super) fn nested(title: &str) -> (String, usize) {
    let text: Vec<char> = title.chars().collect();
    let marks = pairs(&text);
    let mut out = String::with_capacity(title.len());
    let mut depth = 0_usize;
    let mut marks_here = marks.iter().peekable();
    for (at, c) in text.iter().enumerate() {
        if let Some(mark) = marks_here.next_if(|mark| mark.at == at) {
            if !mark.opens {
                depth = depth.saturating_sub(1);
            }
            out.push(match (mark.opens, depth % 2) {
                (true, 0) => '‘',
                (true, _) => '“',
                (false, 0) => '’',
                (false, _) => '”',
            });
            depth += usize::from(mark.opens);
            continue;
        }
        // French sets spaces inside its marks.
        let is_spaced = |n: Option<usize>, opens: bool| {
            n.is_some_and(|n| {
                marks.iter().any(|m| m.at == n && m.opens == opens && matches!(m.kind, '«' | '‹'))
            })
        };
        let is_space = c.is_whitespace()
            && (is_spaced(at.checked_sub(1), true) || is_spaced(Some(at + 1), false));
        if !is_space {
            out.push(*c);
        }
    }
    (out, closing(&text, &marks, |_| true))
}

/// The number of closing English marks at the end of a text.
pub(super) fn english_at_end(text: &str) -> usize {
    let text: Vec<char> = text.chars().collect();
    let marks = pairs(&text);
    closing(&text, &marks, |mark| matches!(mark.kind, '“' | '‘' | '"' | '\'' | '”' | '’'))
}

fn closing(text: &[char], marks: &[Mark], counts: impl Fn(&Mark) -> bool) -> usize {
    let is_close = |at: usize| marks.iter().any(|m| m.at == at && !m.opens && counts(m));
    (0..text.len()).rev().take_while(|at| is_close(*at)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_english_and_alternate() {
        for (title, wanted, closing) in [
            ("Mayor: “never again”", "Mayor: ‘never again’", 1),
            ("Mayor: \"never again\"", "Mayor: ‘never again’", 1),
            ("‘We waited ten years’: a town votes", "‘We waited ten years’: a town votes", 0),
            ("“She said ‘no’ twice”", "‘She said “no” twice’", 1),
            ("\"She said 'no'\"", "‘She said “no”’", 2),
            ("„Nein“, sagt sie", "‘Nein’, sagt sie", 0),
            ("Sie sagt: „Nein“", "Sie sagt: ‘Nein’", 1),
            ("Er sagt ‚nein‘", "Er sagt ‘nein’", 1),
            ("Das »Nein« der ›Mitte‹", "Das ‘Nein’ der ‘Mitte’", 1),
            ("« Non », dit-il", "‘Non’, dit-il", 0),
            ("Il a dit « non »", "Il a dit ‘non’", 1),
            ("«Она сказала „нет“»", "‘Она сказала “нет”’", 2),
            ("”Nej”, säger hon", "‘Nej’, säger hon", 0),
            ("»Nej», säger hon", "‘Nej’, säger hon", 0),
            ("「橋」が閉鎖", "‘橋’が閉鎖", 0),
            ("It’s the players’ fault", "It’s the players’ fault", 0),
            ("‘The players’ union’ wins", "‘The players’ union’ wins", 0),
            ("Rock 'n' roll", "Rock ‘n’ roll", 0),
            ("Don't panic, it's 5'2\" tall", "Don't panic, it's 5'2\" tall", 0),
            ("A 12\" record", "A 12\" record", 0),
            ("Unclosed “mark here", "Unclosed “mark here", 0),
            ("’Tis the season", "’Tis the season", 0),
            ("Nothing", "Nothing", 0),
        ] {
            assert_eq!(nested(title), (wanted.to_owned(), closing), "{title}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_marks_and_spaces_beside_them_change(title in "[a-c “”‘’\"'„‚«»‹›「」s]{0,30}|\\PC{0,30}") {
            let (out, closing) = nested(&title);
            let bare = |text: &str| text.chars().filter(|c| !is_mark(*c) && !matches!(c, '」' | '』' | '〝' | '〟' | '〞') && !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(bare(&out), bare(&title));
            proptest::prop_assert!(closing <= out.chars().count());
            proptest::prop_assert!(out.chars().rev().take(closing).all(|c| matches!(c, '’' | '”')));
            let _ = english_at_end(&title);
        }
    }
}
