//! The URLs that a job names, held as their texts alone.
//!
//! A list of seeds may be as long as an archive, and it is needed when a run begins and hardly ever
//! after that: the queue on disk has every one of them then. So it is one run of bytes with the
//! length of each text (a parsed URL is four times as large), shared by all holders of the job, and
//! a URL is parsed when it is asked for. What it deliberately does not do: detect whether a URL is
//! in it twice.

use std::fmt;
use std::sync::Arc;

use crate::base::TargetUri;

/// URLs in the order they were named. A clone shares the texts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SeedList(Arc<Texts>);

#[derive(Clone, Default, PartialEq, Eq)]
struct Texts {
    all: String,
    /// Of each text, in bytes: [`TargetUri::LENGTH_MAX`] fits.
    lengths: Vec<u16>,
}

impl SeedList {
    /// Adds a URL at the end. Where the list is shared, it is copied first.
    pub fn push(&mut self, uri: &TargetUri) {
        // No URL is longer than that; a longer one would be left out rather than cut.
        let Ok(length) = u16::try_from(uri.as_str().len()) else { return };
        let texts = Arc::make_mut(&mut self.0);
        texts.all.push_str(uri.as_str());
        texts.lengths.push(length);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lengths.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lengths.is_empty()
    }

    /// Their texts, as they were given.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.all.as_str();
        self.0.lengths.iter().map_while(move |length| {
            let (text, behind) = rest.split_at_checked(usize::from(*length))?;
            rest = behind;
            Some(text)
        })
    }

    /// The URLs, each parsed again.
    pub fn iter(&self) -> impl Iterator<Item = TargetUri> {
        // A text that was a URL when it was put in is one still.
        self.texts().filter_map(|text| TargetUri::parse(text).ok())
    }

    /// Gives back what was set aside for more URLs.
    pub fn shrink_to_fit(&mut self) {
        let texts = Arc::make_mut(&mut self.0);
        texts.all.shrink_to_fit();
        texts.lengths.shrink_to_fit();
    }
}

impl fmt::Debug for SeedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.texts()).finish()
    }
}

impl From<Vec<TargetUri>> for SeedList {
    fn from(uris: Vec<TargetUri>) -> Self {
        let mut list = Self::default();
        uris.iter().for_each(|uri| list.push(uri));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_list_gives_back_what_was_put_in_and_a_clone_shares_it() {
        let uris: Vec<TargetUri> =
            ["https://a.org/", "HTTP://B.org:80/x y?q=ü#f", "https://a.org/"]
                .iter()
                .map(|text| TargetUri::parse(text).unwrap())
                .collect();
        let mut list = SeedList::from(uris.clone());
        assert_eq!((list.len(), list.is_empty()), (3, false));
        assert_eq!(list.iter().collect::<Vec<_>>(), uris);
        let shared = list.clone();
        assert!(Arc::ptr_eq(&shared.0, &list.0));
        list.push(&uris[0]);
        list.shrink_to_fit();
        assert_eq!((shared.len(), list.len()), (3, 4));
        assert_eq!(list.texts().last(), Some("https://a.org/"));
        assert_eq!(format!("{:?}", SeedList::from(uris[..1].to_vec())), r#"["https://a.org/"]"#);
        assert!(SeedList::default().is_empty() && SeedList::default().iter().next().is_none());
    }

    #[test]
    fn a_seed_takes_hardly_more_than_its_text() {
        let mut list = SeedList::default();
        for n in 0..1_000 {
            list.push(&TargetUri::parse(&format!("https://a.org/{n:04}")).unwrap());
        }
        list.shrink_to_fit();
        assert_eq!(list.0.all.capacity(), 1_000 * "https://a.org/0000".len());
        assert_eq!(list.0.lengths.capacity() * size_of::<u16>(), 2_000);
    }

    #[test]
    fn the_longest_url_there_can_be_is_kept_whole() {
        let long = format!("https://a.org/{}", "x".repeat(TargetUri::LENGTH_MAX - 14));
        let uri = TargetUri::parse(&long).unwrap();
        let list = SeedList::from(vec![uri.clone(), uri.clone()]);
        assert_eq!(list.iter().collect::<Vec<_>>(), [uri.clone(), uri]);
    }

    proptest! {
        #[test]
        fn whatever_parses_comes_back(texts in prop::collection::vec("https?://[a-zé]{1,8}\\PC{0,20}", 0..20)) {
            let uris: Vec<TargetUri> =
                texts.iter().filter_map(|text| TargetUri::parse(text).ok()).collect();
            let list = SeedList::from(uris.clone());
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), uris);
        }
    }
}
