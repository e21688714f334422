//! Where sentences come from, as text.

use crate::answers::blame::PageBlame;

/// A line for each sentence below the two times that it has, and the addresses of the versions named.
#[must_use]
pub fn lines(blame: &PageBlame) -> Vec<String> {
    let found = &blame.found;
    let mut out = vec![format!("{} as of {}", blame.url, found.said.entry.date.to_rfc3339())];
    out.push(String::new());
    let stamp = |version: usize| blame.names.get(version).cloned().unwrap_or_default();
    let width = blame.names.iter().map(String::len).max().unwrap_or(0).max("last changed".len());
    out.push(format!("{:<width$}  {:<width$}  sentence", "since", "last changed"));
    let mut named = vec![false; found.versions.len()];
    for sentence in &found.sentences {
        for version in [Some(sentence.since), sentence.changed].into_iter().flatten() {
            if let Some(named) = named.get_mut(version) {
                *named = true;
            }
        }
        let words = blame.words(sentence);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let changed = sentence.changed.map_or_else(|| "-".to_owned(), stamp);
        out.push(format!("{:<width$}  {changed:<width$}  {words}", stamp(sentence.since)));
    }
    out.push(String::new());
    let links = (0..found.versions.len()).filter(|version| named[*version]);
    out.extend(links.filter_map(|version| blame.link(version)));
    out
}
