//! A text as runs of white space and of the rest.

/// A run of white space or of anything else.
pub(super) enum Word<'a> {
    Space(&'a str),
    Text(&'a str),
}

/// Splits a text into runs of white space and runs of the rest. Invisible characters that break
/// words for layout count as nothing here and are kept: they are in the document.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let first = self.rest.chars().next()?;
        let space = is_space(first);
        let end = self.rest.find(|c| is_space(c) != space).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if space { Word::Space(run) } else { Word::Text(run) })
    }
}
