//! Lines for people: text made safe for a terminal, abridged, wrapped.

/// Text from the web, safe for a terminal and on one line: control characters are dropped.
pub(super) fn clean(text: &str) -> String {
    flat(text).trim().to_owned()
}

/// As [`clean`], with the space at both ends kept as one.
pub(super) fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.push(c);
        }
    }
    out
}

/// The first words of a text, with an ellipsis where it goes on.
pub(super) fn abridged(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    for word in text.split(' ') {
        if out.chars().count() + word.chars().count() + 2 > most {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if out.is_empty() {
        out = text.chars().take(most.saturating_sub(1)).collect();
    }
    out.push('…');
    out
}

/// Breaks at spaces, counting only what is seen.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    if columns == 0 {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let seen = visible(word);
        if width > 0 && width + 1 + seen > columns {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += seen;
    }
    lines.push(line);
    lines
}

fn visible(word: &str) -> usize {
    let mut count = 0;
    let mut escape = false;
    for c in word.chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (true, 'm') => escape = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}
