//! What a captured URL is to its job: a source that names others, or a page.

use crate::base::TargetUri;
use crate::schedule::{DiscoveryPath, JobSpec, Step};

/// What a captured URL is to its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A feed.
    Feed,
    /// A sitemap.
    Sitemap,
    /// A page whose links are followed one step, whatever the depth.
    Section,
    /// A seed, or a page that was found.
    Page,
}

impl Role {
    /// The tag that says so in a queue entry's settings; none for a page.
    #[must_use]
    pub fn settings(self) -> &'static str {
        match self {
            Self::Feed => "tags=feed",
            Self::Sitemap => "tags=sitemap",
            Self::Section => "tags=section",
            Self::Page => "",
        }
    }

    /// Whether what it names is dated: a feed or sitemap.
    #[must_use]
    pub fn is_dated(self) -> bool {
        matches!(self, Self::Feed | Self::Sitemap)
    }

    /// What a queue entry is for: by its tag, by what the job calls its URL (or the URL that
    /// redirected to it), and by its path.
    #[must_use]
    pub fn of(
        job: &JobSpec,
        uri: &TargetUri,
        via: Option<&str>,
        path: &DiscoveryPath,
        settings: &str,
    ) -> Self {
        let tagged = [Self::Feed, Self::Sitemap, Self::Section]
            .into_iter()
            .find(|p| settings.split_whitespace().any(|word| word == p.settings()));
        if let Some(role) = tagged {
            return role;
        }
        let is_redirect = path.steps().next_back() == Some(Step::Redirect);
        let is_source = path.steps().rev().find(|s| *s != Step::Redirect) == Some(Step::Manifest);
        if !is_source {
            return Self::Page;
        }
        let names = |list: &[TargetUri]| {
            list.iter().any(|known| known == uri || (is_redirect && Some(known.as_str()) == via))
        };
        if names(&job.feeds) {
            Self::Feed
        } else if names(&job.sections) {
            Self::Section
        } else {
            Self::Sitemap
        }
    }
}

/// Whether a word of a queue entry's settings says that the URL is a source.
pub(in crate::crawl) fn is_source_word(word: &str) -> bool {
    [Role::Feed, Role::Sitemap, Role::Section].iter().any(|role| role.settings() == word)
}
