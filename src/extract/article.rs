//! Which blocks are the article.
//!
//! Two steps. First the container: the element that holds the prose, found by names that mark
//! bodies of articles, by schema.org, and by where the prose is. Then each block in it is judged
//! by itself: its own markup, names, words and links. Both look at prose only. Nothing depends on
//! how many links a rail has or in which order they stand, so that the text of an unchanged
//! article stays the same when the page around it turns over.

use super::dom::{Dom, NodeId, Tag};
use super::flow::{Flow, RawBlock, Shape};
use super::furniture::is_furniture_tag;
use super::lines::{self, Line};
use super::notices;
use super::quotes;
use super::wall;
use super::words::ends_as_sentence;

/// Prose below this, in bytes, is too little to settle on.
const PROSE_ENOUGH: u32 = 400;

/// So many blocks above the headline may hold a notice.
const ABOVE_HEADLINE_MAX: usize = 4;
/// Longer blocks are no offers, in bytes.
const OFFER_BYTES_MAX: usize = 600;
/// A paragraph that is one link is text from this length on, in bytes.
const LINKED_PARAGRAPH_BYTES_MIN: usize = 80;
/// Shorter items of a list are names of pages and labels, in bytes.
const LISTED_BYTES_MIN: usize = 8;

/// What is known of every element once the prose is summed up.
pub struct Survey<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    /// Prose below each element, in bytes, furniture left out.
    pub prose: Vec<u32>,
    /// Whether the element is furniture or stands in some.
    pub furniture: Vec<bool>,
}

/// How much a block counts as prose: its length without links, when it reads like sentences.
pub fn prose_of(flow: &Flow, block: &RawBlock) -> u32 {
    let len = block.range.len();
    let plain = len - block.linked;
    if block.linked * 2 > len {
        return 0;
    }
    let floor = match block.shape {
        Shape::Paragraph | Shape::Quote => 40,
        Shape::Loose => 80,
        Shape::Item => 100,
        Shape::Heading(_) | Shape::Caption | Shape::Row | Shape::Preformatted => return 0,
    };
    let words = flow.words(block);
    let ends = ends_as_sentence(words);
    if len >= 200 || (len >= floor && ends) {
        u32::try_from(plain).unwrap_or(u32::MAX / 4)
    } else {
        0
    }
}

impl<'a> Survey<'a> {
    /// Sums up the prose of every element; `headline` is the element of the headline.
    pub fn new(dom: &'a Dom, flow: &'a Flow, headline: Option<NodeId>) -> Self {
        let mut own: Vec<u32> = flow.blocks.iter().map(|b| prose_of(flow, b)).collect();
        for (prose, block) in own.iter_mut().zip(&flow.blocks) {
            // What is offered in place of the article is no article, however little is left of that.
            if *prose > 0
                && block.range.len() <= OFFER_BYTES_MAX
                && wall::is_offer(flow.words(block))
            {
                *prose = 0;
            }
        }
        let mut survey = Self { dom, flow, prose: Vec::new(), furniture: vec![false; dom.len()] };
        survey.mark_furniture(&[]);
        survey.count_lists(&mut own, headline);
        let all = survey.sum(&own, |_| true);
        // What holds the headline is not furniture, whatever its name.
        let mut excused: Vec<NodeId> =
            headline.map(|h| dom.ancestors(h).collect()).unwrap_or_default();
        // Names lie: a wrapper called "has-sidebar" or "newsletter-page" may hold the article. As
        // long as hardly any prose is left, the furniture with most prose is excused.
        let total = all[Dom::ROOT as usize];
        let holds_most = |id: &NodeId| {
            let marks = flow.marks[*id as usize];
            u64::from(all[*id as usize]) * 2 >= u64::from(total)
                && total > 0
                && !marks.comments
                && !marks.hidden
        };
        excused.extend(flow.order.iter().copied().filter(holds_most));
        for _ in 0..5 {
            survey.mark_furniture(&excused);
            let furniture = std::mem::take(&mut survey.furniture);
            survey.prose = survey.sum(&own, |block| !furniture[block.node as usize]);
            survey.furniture = furniture;
            let clean = survey.prose[Dom::ROOT as usize];
            let named = survey.named_in_furniture(&all);
            if let Some(id) = named.filter(|id| all[*id as usize] >= clean * 2) {
                excused.push(id);
                excused.extend(dom.ancestors(id));
                continue;
            }
            if clean >= PROSE_ENOUGH || clean * 5 >= total * 2 {
                break;
            }
            let worst = flow
                .order
                .iter()
                .copied()
                .filter(|id| {
                    survey.furniture[*id as usize]
                        && dom.parent(*id).is_none_or(|up| !survey.furniture[up as usize])
                })
                .max_by_key(|id| all[*id as usize]);
            match worst {
                Some(id) if all[id as usize] > clean => excused.push(id),
                _ => break,
            }
        }
        survey
    }

    /// Where the article has hardly a sentence, its lists are what it says: nominees, results. They count
    /// as prose where they stand with the headline and link nowhere.
    fn count_lists(&self, own: &mut [u32], headline: Option<NodeId>) {
        let clean = self.sum(own, |block| !self.furniture[block.node as usize]);
        let home = headline.and_then(|node| {
            self.dom
                .ancestors(node)
                .find(|id| matches!(self.dom.tag(*id), Tag::Article | Tag::Main))
        });
        let Some(home) = home.filter(|_| clean[Dom::ROOT as usize] < PROSE_ENOUGH) else { return };
        for (prose, block) in own.iter_mut().zip(&self.flow.blocks) {
            let is_listed = matches!(block.shape, Shape::Item | Shape::Row)
                && block.linked == 0
                && block.range.len() >= LISTED_BYTES_MIN
                && !self.furniture[block.node as usize]
                && lines::judge(self.flow.words(block), 0) == Line::Text
                && self.dom.ancestors(block.node).any(|up| up == home);
            if *prose == 0 && is_listed {
                *prose = u32::try_from(block.range.len()).unwrap_or(u32::MAX / 4);
            }
        }
    }

    /// The body of an article by its name that stands in furniture, with the most prose.
    fn named_in_furniture(&self, all: &[u32]) -> Option<NodeId> {
        let named = |id: &NodeId| {
            self.furniture[*id as usize]
                && self.flow.marks[*id as usize].body >= 3
                && all[*id as usize] > 200
        };
        self.flow.order.iter().copied().filter(named).max_by_key(|id| all[*id as usize])
    }

    fn sum(&self, own: &[u32], counts: impl Fn(&RawBlock) -> bool) -> Vec<u32> {
        let mut sums = vec![0_u32; self.dom.len()];
        for (block, prose) in self.flow.blocks.iter().zip(own) {
            if counts(block) {
                sums[block.node as usize] = sums[block.node as usize].saturating_add(*prose);
            }
        }
        for id in self.flow.order.iter().rev() {
            if let Some(up) = self.dom.parent(*id) {
                sums[up as usize] = sums[up as usize].saturating_add(sums[*id as usize]);
            }
        }
        sums
    }

    fn mark_furniture(&mut self, excused: &[NodeId]) {
        for id in &self.flow.order {
            let at = *id as usize;
            let inherited = self.dom.parent(*id).is_some_and(|up| self.furniture[up as usize]);
            self.furniture[at] = inherited || (self.is_furniture(*id) && !excused.contains(id));
        }
    }

    fn is_furniture(&self, id: NodeId) -> bool {
        let tag = self.dom.tag(id);
        let marks = self.flow.marks[id as usize];
        if marks.hidden {
            return true;
        }
        match tag {
            Tag::Html | Tag::Body | Tag::Main | Tag::Head => false,
            Tag::Article => marks.furniture && marks.body == 0,
            _ if is_furniture_tag(tag) => true,
            _ => marks.furniture && marks.body < 3,
        }
    }

    /// The element that holds the article.
    pub fn container(&self) -> NodeId {
        let total = self.prose[Dom::ROOT as usize];
        let named = self.best_named(total);
        let start = named.unwrap_or(Dom::ROOT);
        self.descend(start)
    }

    /// The element with the surest name of a body that holds a good part of the prose.
    fn best_named(&self, total: u32) -> Option<NodeId> {
        let mut best: Option<(NodeId, u32)> = None;
        for id in &self.flow.order {
            let at = *id as usize;
            if self.furniture[at] || self.prose[at] == 0 {
                continue;
            }
            let sure = match (self.flow.marks[at].body, self.dom.tag(*id)) {
                (0, Tag::Article) => 1,
                (sure, _) => sure,
            };
            if sure == 0 {
                continue;
            }
            let share = u64::from(self.prose[at]) * 100 / u64::from(total.max(1));
            let enough = match sure {
                4 | 3 => 30,
                2 => 40,
                _ => 50,
            };
            if share < enough {
                continue;
            }
            let score = self.prose[at] / 10 * (8 + u32::from(sure));
            if best.is_none_or(|(_, old)| score > old) {
                best = Some((*id, score));
            }
        }
        best.map(|(id, _)| id)
    }

    /// Goes down as long as one child holds nearly all prose.
    fn descend(&self, from: NodeId) -> NodeId {
        let mut at = from;
        loop {
            let here = self.prose[at as usize];
            let child = self
                .dom
                .children(at)
                .filter(|c| !self.furniture[*c as usize])
                .max_by_key(|c| self.prose[*c as usize]);
            match child {
                Some(child)
                    if here > 0
                        && u64::from(self.prose[child as usize]) * 100 >= u64::from(here) * 85 =>
                {
                    if self.dom.tag(child) == Tag::P {
                        return at;
                    }
                    at = child;
                }
                _ => return at,
            }
        }
    }

    /// The blocks of the article, by index, in order.
    pub fn blocks(&self, container: NodeId) -> Vec<usize> {
        let mut inside = vec![false; self.dom.len()];
        for id in &self.flow.order {
            inside[*id as usize] =
                *id == container || self.dom.parent(*id).is_some_and(|up| inside[up as usize]);
        }
        let everything = container == Dom::ROOT;
        // What holds headline, text and what the editors say about them.
        let home = self.dom.ancestors(container).find(|id| self.dom.tag(*id) == Tag::Article);
        let home = home.or_else(|| self.dom.parent(container));
        let mut kept: Vec<usize> = Vec::new();
        for (at, block) in self.flow.blocks.iter().enumerate() {
            let node = block.node as usize;
            let holds = everything || inside[node] || self.is_notice_beside(block, home);
            if holds && !self.furniture[node] && (self.keeps(block) || self.is_linked_text(at)) {
                kept.push(at);
            }
        }
        self.cut_headline(&mut kept);
        self.cut_head(&mut kept);
        self.cut_insets(&mut kept);
        kept
    }

    /// Of the headings of the first level, those between two paragraphs are headings of parts; the others
    /// are the headline, or that of the site.
    fn cut_headline(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let has_prose = |at: &&usize| prose_of(self.flow, &blocks[**at]) > 0;
        let first = kept.iter().find(has_prose).copied();
        let last = kept.iter().rev().find(has_prose).copied();
        let headline = |at: &usize| {
            let is_one = |other: &RawBlock| {
                other.shape == Shape::Heading(1)
                    && self.flow.words(other) == self.flow.words(&blocks[*at])
            };
            blocks.iter().take(*at).any(is_one)
        };
        let between = |at: &usize| first.is_some_and(|f| f < *at) && last.is_some_and(|l| l > *at);
        kept.retain(|at| blocks[*at].shape != Shape::Heading(1) || (between(at) && !headline(at)));
    }

    /// A paragraph of the article that is a link from end to end: a whole sentence or more, between two
    /// others of the same text.
    fn is_linked_text(&self, at: usize) -> bool {
        let blocks = &self.flow.blocks;
        let block = &blocks[at];
        let words = self.flow.words(block);
        if block.shape != Shape::Paragraph
            || block.range.len() < LINKED_PARAGRAPH_BYTES_MIN
            || !words.ends_with(['.', '!', '?', '”', '"', '。', '।', '؟', '۔'])
            || lines::judge(words, block.linked) == Line::Furniture
        {
            return false;
        }
        let parent = self.dom.parent(block.node);
        let is_beside = |other: Option<usize>| {
            other.and_then(|at| blocks.get(at)).is_some_and(|other| {
                other.shape == Shape::Paragraph
                    && self.dom.parent(other.node) == parent
                    && prose_of(self.flow, other) > 0
            })
        };
        is_beside(at.checked_sub(1)) && is_beside(Some(at + 1))
    }

    /// A correction or an editor's note that stands before or behind the text, in the same article:
    /// many sites keep them out of the body.
    fn is_notice_beside(&self, block: &RawBlock, home: Option<NodeId>) -> bool {
        matches!(block.shape, Shape::Paragraph | Shape::Loose)
            && block.linked * 2 < block.range.len()
            && notices::is_one(self.flow.words(block))
            && home.is_some_and(|home| {
                block.node == home || self.dom.ancestors(block.node).any(|up| up == home)
            })
    }

    /// The blocks that are shown beside the text and may hold a notice, by index, in order: those in the
    /// article that are none of its `parts` (an aside, a footer, the byline), and those just above its
    /// headline.
    pub fn beside(
        &self,
        container: NodeId,
        headline: Option<NodeId>,
        parts: &[super::parts::Part],
    ) -> Vec<usize> {
        let own = |id: NodeId| self.dom.ancestors(id).find(|up| self.dom.tag(*up) == Tag::Article);
        let home = own(container)
            .or_else(|| (self.dom.tag(container) == Tag::Article).then_some(container));
        let home = home.or_else(|| self.dom.parent(container)).unwrap_or(Dom::ROOT);
        let heading = headline.and_then(|node| {
            self.flow.blocks.iter().position(|block| {
                block.node == node || self.dom.ancestors(block.node).take(4).any(|up| up == node)
            })
        });
        let taken: std::collections::HashSet<usize> = parts.iter().map(|part| part.block).collect();
        let mut found = Vec::new();
        for (at, block) in self.flow.blocks.iter().enumerate() {
            let above = heading.is_some_and(|head| at < head && at + ABOVE_HEADLINE_MAX >= head);
            if taken.contains(&at) || heading == Some(at) || block.linked * 2 > block.range.len() {
                continue;
            }
            // Comments of readers, hidden text and teasers of other articles are not the publisher's word.
            let mut inside = block.node == home;
            let mut foreign = false;
            for up in std::iter::once(block.node).chain(self.dom.ancestors(block.node)) {
                let marks = self.flow.marks[up as usize];
                inside |= up == home;
                foreign |= marks.hidden || marks.comments;
                foreign |= !inside && self.dom.tag(up) == Tag::Article;
            }
            if (inside || above) && !foreign {
                found.push(at);
            }
        }
        found
    }

    /// Bylines, dates and labels between headline and text: metadata, read elsewhere.
    fn cut_head(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let first = kept.iter().position(|at| prose_of(self.flow, &blocks[*at]) > 0).unwrap_or(0);
        let mut place = 0;
        kept.retain(|at| {
            let in_head = place < first;
            place += 1;
            let block = &blocks[*at];
            !(in_head && lines::is_head_line(self.flow.words(block)))
        });
        kept.retain(|at| !self.is_byline(&blocks[*at]));
    }

    /// A short line that its own name or its parent's calls a byline.
    fn is_byline(&self, block: &RawBlock) -> bool {
        let words = self.flow.words(block);
        if words.len() > 120 || words.ends_with(['.', '!', '?']) && words.len() > 60 {
            return false;
        }
        let named = |id: NodeId| {
            let marks = self.flow.marks[id as usize];
            (marks.byline || marks.fact) && marks.body == 0
        };
        named(block.node) || self.dom.parent(block.node).is_some_and(named)
    }

    fn keeps(&self, block: &RawBlock) -> bool {
        let words = self.flow.words(block);
        if block.shape == Shape::Row {
            return true;
        }
        if lines::judge(words, block.linked) == Line::Furniture
            || lines::is_credit(words)
            || (block.range.len() <= OFFER_BYTES_MAX && wall::is_offer(words))
        {
            return false;
        }
        match block.shape {
            Shape::Caption => false,
            // "— Ann Lee (@annlee) 5 March 2024": who wrote the post that is quoted.
            Shape::Quote if quotes::signature(&format!(" {words}")) == Some(1) => true,
            Shape::Heading(_) => block.linked * 10 < block.range.len() * 9,
            _ => !self.is_link_line(block),
        }
    }

    /// A line that is there for its link: hardly a word beside it, and no sentence.
    fn is_link_line(&self, block: &RawBlock) -> bool {
        let len = block.range.len();
        if block.linked * 10 >= len * 8 {
            return true;
        }
        if block.linked == 0 || len > 240 {
            return false;
        }
        let words = self.flow.words(block);
        // What ends with the link ends as the link does; a sentence has its stop behind it.
        block.plain_words <= 3 && (block.ends_linked || !words.ends_with(['.', '!', '?', '”', '"']))
    }
}
