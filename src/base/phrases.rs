//! Many phrases looked for at once.
//!
//! The only file that names the crate which does it.

pub use aho_corasick::AhoCorasick as PhraseFinder;

/// How many characters deep the automaton keeps a table for every byte: most of a text matches no
/// deeper, and memory grows by a quarter over the default of 2.
const DENSE_DEPTH: usize = 3;

/// What finds any of these phrases, bytes compared as they are; a phrase's number is its place in the list.
/// None where they are too many for one automaton, which tables never are.
pub fn finder_of<I, P>(phrases: I) -> Option<PhraseFinder>
where
    I: IntoIterator<Item = P>,
    P: AsRef<[u8]>,
{
    PhraseFinder::builder().dense_depth(DENSE_DEPTH).build(phrases).ok()
}
