//! Who had something first: by the time that the page declares, and by the time that it was captured.
//!
//! Both are reported, since neither is certain: a page may declare any time, and a crawler may come late.

use crate::base::Timestamp;

use super::article::Prepared;

/// An article and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstOf {
    /// The article, by index.
    pub article: usize,
    /// The time.
    pub at: Timestamp,
    /// Whether only the day is known, so that another article of that day may have been earlier.
    pub day_only: bool,
}

/// Who had something first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct First {
    /// By the declared time of publication; none where no article declares one.
    pub declared: Option<FirstOf>,
    /// By the time of capture; none where no article was captured.
    pub captured: Option<FirstOf>,
}

/// Which of the articles was first. Of two with one time it is the one that comes first.
pub(super) fn of(all: &[Prepared<'_>], articles: impl IntoIterator<Item = usize>) -> First {
    let mut first = First::default();
    let earlier = |known: &Option<FirstOf>, at: Timestamp| known.is_none_or(|known| at < known.at);
    for article in articles {
        let Some(one) = all.get(article) else { continue };
        if let Some(fact) = &one.page.published
            && earlier(&first.declared, fact.value.instant)
        {
            let day_only = fact.value.day_only;
            first.declared = Some(FirstOf { article, at: fact.value.instant, day_only });
        }
        if let Some(at) = one.captured.filter(|at| earlier(&first.captured, *at)) {
            first.captured = Some(FirstOf { article, at, day_only: false });
        }
    }
    first
}
