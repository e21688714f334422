//! Captures folded into versions, one at a time: what was known before, and the next capture, give a
//! new version or none. The one place that says what a version of a page is and what it is compared
//! with; `history` and the crawl both ask it.
//!
//! A version is a run of captures that give a reader the same. A page that is no longer available, or stands
//! behind a wall, or leads elsewhere is one too, and does not take the place of the article: what comes after it
//! is compared with the last version that had it. Captures that say nothing of the page (a failing server, a wall
//! against robots) belong to no version.
//!
//! Pure: it reads no archive. It holds what three versions say at most, and small numbers of those before;
//! [`FoldState`] is that without the texts, for a process that continues later.

use std::sync::Arc;

use crate::archive::Capture;
use crate::base::Timestamp;
use crate::diff::gap::{Base, Past};
use crate::diff::{
    CompareOptions, Earlier, EarlierParts, Presence, compare_returning, mark_returns,
};
use crate::extract::page::Page;
use crate::readings::pack::Pack;
use crate::readings::{Delta, PageKey};

use super::landing::{Leads, says_nothing};
use super::page_reader::{CapturedPage, PageReader};

/// A new version.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its number, from 1.
    pub number: usize,
    /// Its first capture.
    pub said: CapturedPage,
    /// What a reader gets of it.
    pub presence: Presence,
    /// What changed; `None` for the first.
    pub delta: Option<Delta>,
    /// The first capture of the version that it is compared with: the last one that had the article.
    pub before: Option<CapturedPage>,
}

/// What a capture is.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It says nothing of the page.
    Nothing,
    /// The version goes on.
    Same,
    /// A new version begins.
    Begins(Box<Begun>),
}

/// How two versions are compared where nothing stood between them. A caller may know the answer.
pub trait Comparer {
    /// What changed; `earlier` is the number of the version before `old` that has the words of `new`.
    fn compare(&self, old: &CapturedPage, new: &CapturedPage, earlier: Option<usize>) -> Delta;
}

impl Comparer for PageReader<'_> {
    fn compare(&self, old: &CapturedPage, new: &CapturedPage, earlier: Option<usize>) -> Delta {
        PageReader::compare(self, old, new, earlier)
    }
}

/// Compares, and knows nothing beforehand.
impl Comparer for () {
    fn compare(&self, old: &CapturedPage, new: &CapturedPage, earlier: Option<usize>) -> Delta {
        let options = CompareOptions::default();
        Delta::from(&compare_returning(&old.side(), &new.side(), earlier, &options))
    }
}

/// What is known of a page after some of its captures.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    versions: usize,
    /// The last version, and what a reader got of it.
    last: Option<(CapturedPage, Presence)>,
    /// The last version that had the whole article, and its number.
    article: Option<(CapturedPage, usize)>,
    /// The last version that had its beginning before a wall, where that is later.
    shown: Option<CapturedPage>,
    /// What the versions before the article said.
    earlier: Earlier,
    /// Whether there were captures before the first one it took in.
    is_partial: bool,
}

impl Fold {
    /// A fold that begins in the middle of a page's captures: it knows of no version before, so it reports no
    /// return to one.
    pub(super) fn of_the_newest() -> Self {
        Self { is_partial: true, ..Self::default() }
    }

    /// Takes in the next capture.
    pub fn take(&mut self, said: CapturedPage, comparer: &dyn Comparer) -> Taken {
        let article = self.article.as_ref().map(|(said, _)| said.side());
        let is = said.side().presence(article.as_ref());
        if is == Presence::Unknown || matches!(said.leads, Leads::Back) || says_nothing(&said.entry)
        {
            return Taken::Nothing;
        }
        let (Some(past), Some((last, was))) = (self.past(), &self.last) else {
            return self.begin(said, is, None);
        };
        if last.is_of_same_bytes(&said) || leads_on(last, *was, &said, is) {
            return Taken::Same;
        }
        let earlier = match self.is_partial || self.earlier.is_empty() {
            true => None,
            false => self.earlier.version_with(said.print()),
        };
        let mut delta = match was {
            Presence::Here => comparer.compare(last, &said, earlier),
            _ => Delta::from(&past.compare(&said.side(), is, earlier, &CompareOptions::default())),
        };
        let base = match past.base(is) {
            Base::Last => Some(last),
            Base::Article => self.article.as_ref().map(|(said, _)| said),
            Base::Shown => self.shown.as_ref(),
        };
        let base = base.unwrap_or(last).clone();
        if matches!(is, Presence::Here | Presence::Cut) && !self.is_partial {
            mark_returns(&mut delta.changes, &base.page, &said.page, self.earlier.sentences());
        }
        if !delta.changes.is_empty() {
            return self.begin(said, is, Some((delta, base)));
        }
        if (*was, is) == (Presence::Moved, Presence::Here) {
            // What the redirect leads to is known only now.
            self.article = Some((said.clone(), self.versions));
            self.last = Some((said, is));
        }
        Taken::Same
    }

    /// Whether no version has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Whether a capture with this payload goes on with the last version: it need not be read then.
    pub(super) fn is_of_last(&self, key: Option<&PageKey>) -> bool {
        key.is_some() && key == self.last_key()
    }

    /// The payload of the last version, where that alone says what it is.
    pub(super) fn last_key(&self) -> Option<&PageKey> {
        self.last.as_ref().and_then(|(last, _)| last.key.as_ref())
    }

    /// What the first capture of the last version says.
    pub(super) fn last_page(&self) -> Option<&Page> {
        self.last.as_ref().map(|(said, _)| &*said.page)
    }

    fn past(&self) -> Option<Past<'_>> {
        let (last, was) = self.last.as_ref()?;
        Some(Past {
            last: last.side(),
            was: *was,
            article: self.article.as_ref().map(|(said, _)| said.side()),
            shown: self.shown.as_ref().map(CapturedPage::side),
        })
    }

    fn begin(
        &mut self,
        said: CapturedPage,
        is: Presence,
        change: Option<(Delta, CapturedPage)>,
    ) -> Taken {
        self.versions += 1;
        match is {
            Presence::Here => {
                if let Some((old, number)) = &self.article {
                    let origins = change.as_ref().map_or(&[][..], |(delta, _)| &delta.origins);
                    self.earlier.take_in(&old.page, old.print(), origins, *number);
                }
                self.article = Some((said.clone(), self.versions));
                self.shown = None;
            }
            Presence::Cut => self.shown = Some(said.clone()),
            Presence::Walled | Presence::Moved | Presence::Gone | Presence::Unknown => {}
        }
        self.last = Some((said.clone(), is));
        let (delta, before) = change.unzip();
        let number = self.versions;
        Taken::Begins(Box::new(Begun { number, said, presence: is, delta, before }))
    }
}

/// Whether a redirect goes on leading where it led. What happens to the article there is reported for its new
/// address, and not for every old one that leads to it.
fn leads_on(last: &CapturedPage, was: Presence, said: &CapturedPage, is: Presence) -> bool {
    let is_there = |presence| matches!(presence, Presence::Here | Presence::Cut);
    said.leads.address().is_some()
        && last.side().has_same_target(&said.side())
        && match is {
            Presence::Moved => was == Presence::Moved || is_there(was),
            _ => is_there(is) && is_there(was),
        }
}

/// Where a capture lies among those of its page: by time, then by its place in the WARC files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was captured.
    pub date: Timestamp,
    /// Its file.
    pub file: Arc<str>,
    /// Where it begins there.
    pub offset: u64,
}

impl Place {
    /// The place of a capture.
    #[must_use]
    pub fn of(capture: &Capture) -> Self {
        Self { date: capture.date, file: Arc::clone(&capture.file), offset: capture.offset }
    }
}

impl Pack for Place {
    fn put(&self, out: &mut Vec<u8>) {
        self.date.put(out);
        (*self.file).to_owned().put(out);
        self.offset.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let date = Timestamp::take(from)?;
        let file = String::take(from)?.into();
        Some(Self { date, file, offset: u64::take(from)? })
    }
}

/// A [`Fold`] without texts: which captures it holds, by their places, and what it knows of earlier
/// versions. Means nothing to another state of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldState {
    versions: usize,
    last: Option<(Place, u8)>,
    article: Option<(Place, usize)>,
    shown: Option<Place>,
    earlier: EarlierParts,
    is_partial: bool,
}

impl Fold {
    /// What is to be kept of it.
    #[must_use]
    pub fn to_state(&self) -> FoldState {
        let place = |said: &CapturedPage| Place::of(&said.entry);
        let number = |presence: Presence| {
            let at = Presence::ALL.iter().position(|one| *one == presence);
            u8::try_from(at.unwrap_or_default()).unwrap_or_default()
        };
        FoldState {
            versions: self.versions,
            last: self.last.as_ref().map(|(said, was)| (place(said), number(*was))),
            article: self.article.as_ref().map(|(said, number)| (place(said), *number)),
            shown: self.shown.as_ref().map(place),
            earlier: self.earlier.to_parts(),
            is_partial: self.is_partial,
        }
    }

    /// The fold that was kept; `say` reads the capture at a place. None where one of its captures
    /// cannot be read any more.
    pub fn of_state(
        state: FoldState,
        say: &mut dyn FnMut(&Place) -> Option<CapturedPage>,
    ) -> Option<Self> {
        let mut read: Vec<(Place, CapturedPage)> = Vec::new();
        let mut said = |at: Place| {
            if let Some((_, said)) = read.iter().find(|(place, _)| *place == at) {
                return Some(said.clone());
            }
            let found = say(&at)?;
            read.push((at, found.clone()));
            Some(found)
        };
        let last = match state.last {
            Some((at, was)) => Some((said(at)?, *Presence::ALL.get(usize::from(was))?)),
            None => None,
        };
        let article = match state.article {
            Some((at, number)) => Some((said(at)?, number)),
            None => None,
        };
        let shown = match state.shown {
            Some(at) => Some(said(at)?),
            None => None,
        };
        let earlier = Earlier::of_parts(state.earlier);
        let FoldState { versions, is_partial, .. } = state;
        Some(Self { versions, last, article, shown, earlier, is_partial })
    }
}

impl FoldState {
    /// Where the last version begins.
    pub(super) fn last_place(&self) -> Option<&Place> {
        self.last.as_ref().map(|(place, _)| place)
    }

    /// Its bytes.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.versions.put(out);
        self.last.put(out);
        self.article.put(out);
        self.shown.put(out);
        self.earlier.versions.put(out);
        self.earlier.sentences.put(out);
        self.is_partial.put(out);
    }

    /// The state whose bytes stand at the front.
    pub(super) fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            versions: usize::take(from)?,
            last: Pack::take(from)?,
            article: Pack::take(from)?,
            shown: Pack::take(from)?,
            earlier: EarlierParts { versions: Pack::take(from)?, sentences: Pack::take(from)? },
            is_partial: bool::take(from)?,
        })
    }
}
