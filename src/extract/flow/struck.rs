//! Text that is crossed out: what a page once said and has withdrawn.

use crate::extract::dom::{Dom, NodeId, Step, Tag};

/// Where more than this share of a document is crossed out, a tag was left open, and nothing counts as crossed out: one of
/// four.
const STRUCK_SHARE: usize = 4;

/// At most this many crossed-out passages of a document are kept, for comparisons.
pub(super) const KEPT_MAX: usize = 200;
/// At most this much of one is kept, in bytes.
pub(super) const WORDS_BYTES_MAX: usize = 4_000;

/// Whether an element crosses its text out by its name.
pub(super) fn is_struck(tag: Tag) -> bool {
    matches!(tag, Tag::S | Tag::Strike | Tag::Del)
}

/// Whether so large a share of a document is in such elements that one of them was never closed.
pub(super) fn is_left_open(dom: &Dom) -> bool {
    let (mut all, mut struck, mut within) = (0_usize, 0_usize, 0_usize);
    for step in dom.walk(Dom::ROOT) {
        match step {
            Step::Enter(id) => within += usize::from(is_struck(dom.tag(id))),
            Step::Leave(id) => within = within.saturating_sub(usize::from(is_struck(dom.tag(id)))),
            Step::Text(id) if is_prose(dom, id) => {
                let len = dom.text(id).trim().len();
                all += len;
                struck += if within > 0 { len } else { 0 };
            }
            Step::Text(_) => {}
        }
    }
    struck * STRUCK_SHARE > all
}

fn is_prose(dom: &Dom, text: NodeId) -> bool {
    dom.parent(text).is_none_or(|up| !matches!(dom.tag(up), Tag::Script | Tag::Style))
}
