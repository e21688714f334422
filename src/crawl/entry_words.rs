//! Words that a crawl puts into the settings of a queue entry.

use crate::base::TargetUri;
use crate::schedule::clean::VariantKind;

/// The word in a queue entry's settings which says that a feed or sitemap of the job names the URL, or
/// what redirects to it.
const BY_SOURCE: &str = "by=source";
/// Whether a queue entry's settings say that a source of the job names the URL.
pub(super) fn is_named_by_source(settings: &str) -> bool {
    settings.split_whitespace().any(|word| word == BY_SOURCE)
}

/// The settings of a page that a source names.
pub(super) fn by_source() -> &'static str {
    BY_SOURCE
}

/// A queue entry's word for a variant: `variant-of=amp:URL` at the variant, `variant=amp:URL` at what
/// it names as its canonical form.
pub(super) fn variant_word(word: &str, kind: VariantKind, uri: &TargetUri) -> String {
    format!("{word}={}:{uri}", kind.label())
}
