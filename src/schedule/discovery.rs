//! How a URL was found: Heritrix's discovery path, one letter for each step from the seed.
//!
//! Owns the letters and the counts that scope asks for. Extracts nothing. The letters are those
//! of Heritrix 3 (glossary, "discovery path"): `L` a link, `E` an embed needed to show the page,
//! `X` a speculative embed, `R` a redirect, `I` an inferred URL, `P` a prerequisite (robots.txt),
//! `M` an entry of a manifest such as a sitemap or feed, `S` a synthesised URL.

use std::fmt;

/// One step of a discovery path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A link that a reader would follow.
    Link,
    /// An image, style, script or font that the page needs.
    Embed,
    /// A URL-like text in a script: perhaps an embed.
    Speculative,
    /// The target of a redirect.
    Redirect,
    /// A URL that nothing named but that is probably there, such as a favicon.
    Inferred,
    /// Something needed before the page may be asked for: robots.txt.
    Prerequisite,
    /// An entry of a sitemap or feed.
    Manifest,
    /// A URL that was made up from a form or pattern.
    Synthesised,
}

const LETTERS: [(Step, char); 8] = [
    (Step::Link, 'L'),
    (Step::Embed, 'E'),
    (Step::Speculative, 'X'),
    (Step::Redirect, 'R'),
    (Step::Inferred, 'I'),
    (Step::Prerequisite, 'P'),
    (Step::Manifest, 'M'),
    (Step::Synthesised, 'S'),
];

impl Step {
    /// Its letter in Heritrix's notation.
    #[must_use]
    pub fn letter(self) -> char {
        LETTERS.iter().find(|(step, _)| *step == self).map_or('L', |(_, letter)| *letter)
    }

    /// The step that a letter stands for.
    #[must_use]
    pub fn of(letter: char) -> Option<Self> {
        LETTERS.iter().find(|(_, known)| *known == letter).map(|(step, _)| *step)
    }
}

/// The steps from a seed to a URL; empty for the seed itself.
///
/// At most [`Self::STEPS_MAX`] letters are kept; a longer path keeps its newest ones behind a `+`
/// and its counts, so that no chain of pages can make it grow without end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DiscoveryPath {
    letters: String,
    dropped_hops: u32,
}

impl DiscoveryPath {
    /// How many letters a path keeps.
    pub const STEPS_MAX: usize = 50;

    /// The path of a seed.
    #[must_use]
    pub fn seed() -> Self {
        Self::default()
    }

    /// Reads `LLE`, or `12+LLE` where 12 hops were dropped. `None` for an unknown letter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (dropped, letters) = match text.split_once('+') {
            Some((count, letters)) => (count.parse().ok()?, letters),
            None => (0, text),
        };
        if letters.chars().count() > Self::STEPS_MAX {
            return None;
        }
        letters
            .chars()
            .all(|c| Step::of(c).is_some())
            .then(|| Self { letters: letters.to_owned(), dropped_hops: dropped })
    }

    /// The path of what was found by `step` on the page that this path leads to.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut path = self.clone();
        if path.letters.len() >= Self::STEPS_MAX {
            let first = path.letters.remove(0);
            path.dropped_hops =
                path.dropped_hops.saturating_add(u32::from(Step::of(first).is_some_and(is_hop)));
        }
        path.letters.push(step.letter());
        path
    }

    /// The steps that are kept, oldest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step> + '_ {
        self.letters.chars().filter_map(Step::of)
    }

    /// How many hops a reader would have made from the seed: links and entries of a manifest.
    /// Redirects, embeds and prerequisites are not hops (as Heritrix counts link hops).
    #[must_use]
    pub fn hops(&self) -> u32 {
        let kept = self.steps().filter(|step| is_hop(*step)).count();
        self.dropped_hops.saturating_add(u32::try_from(kept).unwrap_or(u32::MAX))
    }

    /// How many embeds, speculative embeds and redirects are at its end: Heritrix's
    /// transclusion hops. Zero for a page.
    #[must_use]
    pub fn trailing_transclusions(&self) -> u32 {
        let trailing = self
            .steps()
            .rev()
            .take_while(|s| matches!(s, Step::Embed | Step::Speculative | Step::Redirect));
        let found: Vec<Step> = trailing.collect();
        // Redirects alone lead to a page and not to a part of one.
        if found.iter().all(|s| *s == Step::Redirect) {
            return 0;
        }
        u32::try_from(found.len()).unwrap_or(u32::MAX)
    }

    /// Whether this URL is part of a page (an embed, whatever redirects led on from it).
    #[must_use]
    pub fn is_requisite(&self) -> bool {
        self.trailing_transclusions() > 0
    }
}

fn is_hop(step: Step) -> bool {
    matches!(step, Step::Link | Step::Manifest | Step::Synthesised)
}

impl fmt::Display for DiscoveryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dropped_hops > 0 {
            write!(f, "{}+", self.dropped_hops)?;
        }
        f.write_str(&self.letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_and_transclusions_are_counted_as_heritrix_does() {
        for (path, hops, transclusions) in [
            ("", 0, 0),
            ("L", 1, 0),
            ("LLE", 2, 1),
            ("LR", 1, 0),
            ("LER", 1, 2),
            ("MLX", 2, 1),
            ("P", 0, 0),
            ("LEL", 2, 0),
            ("7+L", 8, 0),
        ] {
            let read = DiscoveryPath::parse(path).unwrap();
            assert_eq!(
                (read.hops(), read.trailing_transclusions()),
                (hops, transclusions),
                "{path}"
            );
            assert_eq!(read.to_string(), path);
        }
        assert_eq!(DiscoveryPath::parse("LQ"), None);
        assert_eq!(DiscoveryPath::parse("x+L"), None);
    }

    #[test]
    fn a_path_without_end_stays_bounded_and_keeps_its_count() {
        let mut path = DiscoveryPath::seed();
        for _ in 0..1_000 {
            path = path.then(Step::Link).then(Step::Redirect);
        }
        assert_eq!(path.hops(), 1_000);
        assert!(path.to_string().len() <= DiscoveryPath::STEPS_MAX + 5);
        assert_eq!(DiscoveryPath::parse(&path.to_string()), Some(path));
    }
}
