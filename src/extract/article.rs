//! Which blocks are the article.
//!
//! Two steps. First the container: the element that holds the prose, found by names that mark
//! bodies of articles, by schema.org, and by where the prose is. Then each block in it is judged
//! by itself: its own markup, names, words and links. Both look at prose only. Nothing depends on
//! how many links a rail has or in which order they are, so that the text of an unchanged
//! article stays the same when the page around it turns over.

use super::dom::{Dom, NodeId, Step, Tag};
use super::flow::{Flow, RawBlock, Shape};
use super::furniture::is_furniture_tag;
use super::lines::{self, Line};
use super::notices;
use super::phrase_bits::{List, Lists};
use super::quotes;
use super::wall;
use super::words::ends_as_sentence;

/// Less prose than this, in bytes, is too little to choose a container by.
const PROSE_ENOUGH: u32 = 400;

/// Longer blocks are not offers, in bytes.
const OFFER_BYTES_MAX: usize = 1_000;
/// A paragraph that is one link is text from this length on, in bytes.
const LINKED_PARAGRAPH_BYTES_MIN: usize = 80;
/// A box of the article has fewer elements than this.
const INSET_NODES_MAX: usize = 80;
/// Shorter items of a list are names of pages and labels, in bytes.
const LISTED_BYTES_MIN: usize = 8;

/// What is known about every element after its prose is summed up.
pub struct Survey<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    /// Prose below each element, in bytes, furniture left out.
    pub prose: Vec<u32>,
    /// Whether the element is furniture or is in some.
    pub furniture: Vec<bool>,
    /// Small boxes around a field for an e-mail address.
    pub(super) asking: Vec<NodeId>,
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

/// A long paragraph that asks for consent says so in its first bytes.
const CONSENT_HEAD_BYTES_MAX: usize = 120;

/// Whether a paragraph asks for consent to cookies.
pub(super) fn is_consent(words: &str, lists: Lists) -> bool {
    if !(lists.has(List::Consent) || lists.has(List::Partner) && lists.has(List::Device)) {
        return false;
    }
    let lower = words.to_lowercase();
    let head = lower.floor_char_boundary(CONSENT_HEAD_BYTES_MAX);
    let read =
        if lower.len() <= OFFER_BYTES_MAX { &lower } else { lower.get(..head).unwrap_or("") };
    wall::counts_partners(&lower) || wall::asks_for_consent(read)
}

impl<'a> Survey<'a> {
    /// Sums up the prose of every element; `headline` is the element of the headline.
    pub fn new(dom: &'a Dom, flow: &'a Flow, headline: Option<NodeId>) -> Self {
        let mut own: Vec<u32> = flow.blocks.iter().map(|b| prose_of(flow, b)).collect();
        for (prose, block) in own.iter_mut().zip(&flow.blocks) {
            // An offer in place of the article is not the article, however little is left of the article.
            if *prose > 0
                && block.range.len() <= OFFER_BYTES_MAX
                && wall::is_offer(flow.words(block), flow.lists(block))
            {
                *prose = 0;
            }
        }
        // A short article may be next to a long box that asks for consent.
        let home = headline.and_then(|node| {
            dom.ancestors(node).find(|id| matches!(dom.tag(*id), Tag::Article | Tag::Main))
        });
        for (prose, block) in own.iter_mut().zip(&flow.blocks) {
            if *prose > 0 && home.is_some() && is_consent(flow.words(block), flow.lists(block)) {
                let inside = dom.ancestors(block.node).any(|up| Some(up) == home);
                *prose = if inside { *prose } else { 0 };
            }
        }
        if let Some(home) = home {
            Self::count_out_consent(dom, flow, home, &mut own);
        }
        let mut survey = Self {
            dom,
            flow,
            prose: Vec::new(),
            furniture: vec![false; dom.len()],
            asking: Self::boxes_that_ask(dom),
        };
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
    /// as prose where they are with the headline and link nowhere.
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
                && lines::judge_apart(self.flow, block, 0) == Line::Text
                && self.dom.ancestors(block.node).any(|up| up == home);
            if *prose == 0 && is_listed {
                *prose = u32::try_from(block.range.len()).unwrap_or(u32::MAX / 4);
            }
        }
    }

    /// The body of an article by its name that is in furniture, with the most prose.
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
        if marks.hidden || self.asking.contains(&id) {
            return true;
        }
        match tag {
            Tag::Html | Tag::Body | Tag::Main | Tag::Head => false,
            Tag::Article => marks.furniture && marks.body == 0,
            Tag::Other
                if matches!(
                    self.dom.other_name(id),
                    "amp-ad" | "amp-sticky-ad" | "amp-consent"
                ) =>
            {
                true
            }
            Tag::Aside if !marks.furniture => !self.is_inset(id),
            // The footer of a quotation names the speaker.
            Tag::Footer if self.in_quotation(id) => false,
            _ if is_furniture_tag(tag) => true,
            _ => marks.furniture && marks.body < 3,
        }
    }

    fn in_quotation(&self, id: NodeId) -> bool {
        self.dom.parent(id).is_some_and(|up| self.dom.tag(up) == Tag::Blockquote)
    }

    /// Whether an aside is a box of the article it is in: facts, key points, a pull quote. It is named
    /// so, or has no name at all; it links nowhere and asks for nothing.
    fn is_inset(&self, id: NodeId) -> bool {
        let marks = self.flow.marks[id as usize];
        let named = marks.inset || marks.notice || marks.standfirst;
        let nameless = self.dom.attr(id, "class").is_none() && self.dom.attr(id, "role").is_none();
        let is_inside = || self.dom.ancestors(id).any(|up| self.dom.tag(up) == Tag::Article);
        if !(named || nameless && is_inside()) {
            return false;
        }
        let mut left = INSET_NODES_MAX;
        let mut has_text = false;
        for step in self.dom.walk(id) {
            let Step::Enter(node) = step else { continue };
            left -= 1;
            let tag = self.dom.tag(node);
            let marks = self.flow.marks[node as usize];
            if left == 0
                || matches!(tag, Tag::Form | Tag::Input | Tag::Iframe | Tag::Article | Tag::Img)
                || tag == Tag::A && self.dom.attr(node, "href").is_some() && !named
                || marks.furniture && node != id
            {
                return false;
            }
            has_text |= matches!(tag, Tag::P | Tag::Li | Tag::Dd | Tag::Td) || named;
        }
        has_text
    }

    /// The element that holds the article.
    pub fn container(&self) -> NodeId {
        let total = self.prose[Dom::ROOT as usize];
        let named = self.best_named(total);
        let start = named.unwrap_or(Dom::ROOT);
        let found = self.descend(start);
        self.with_paragraphs_behind(found).unwrap_or(found)
    }

    /// What holds the article around `found` and the paragraphs behind it, where a template closes the article too
    /// early: two or more that are next to the only article there.
    fn with_paragraphs_behind(&self, found: NodeId) -> Option<NodeId> {
        let article = std::iter::once(found)
            .chain(self.dom.ancestors(found))
            .find(|id| self.dom.tag(*id) == Tag::Article)?;
        let above = self.dom.parent(article).filter(|id| !self.furniture[*id as usize])?;
        let beside: Vec<NodeId> = self.dom.children(above).collect();
        let place = beside.iter().position(|id| *id == article)?;
        let is_text = |id: &&NodeId| {
            self.dom.tag(**id) == Tag::P
                && self.prose[**id as usize] > 0
                && !self.furniture[**id as usize]
        };
        let articles = beside.iter().filter(|id| self.dom.tag(**id) == Tag::Article).count();
        (articles == 1 && beside.get(place..)?.iter().filter(is_text).count() >= 2).then_some(above)
    }

    /// The article that holds the headline, where `container` holds others with headlines of their own: pages
    /// that go on with the next story.
    pub fn of_headline(&self, container: NodeId, headline: Option<NodeId>) -> Option<NodeId> {
        let headline = headline?;
        let article =
            |id: NodeId| self.dom.ancestors(id).find(|up| self.dom.tag(*up) == Tag::Article);
        let own = article(headline)?;
        let is_wider = self.dom.ancestors(own).any(|up| up == container);
        let is_of_other = |id: &NodeId| {
            self.dom.tag(*id) == Tag::H1
                && article(*id).is_some_and(|other| {
                    other != own && !self.dom.ancestors(own).any(|up| up == other)
                })
        };
        let is_one =
            is_wider && self.prose[own as usize] > 0 && self.flow.order.iter().any(is_of_other);
        is_one.then_some(own)
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

    /// Descends while one child holds nearly all prose.
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
        self.cut_story_cards(&mut kept);
        self.cut_copies(&mut kept);
        self.cut_headline(&mut kept);
        self.cut_head(&mut kept);
        self.cut_insets(&mut kept);
        self.cut_foot(&mut kept);
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
            || lines::judge(self.flow, block) == Line::Furniture
        {
            return false;
        }
        let home = self.home_of_paragraph(block.node);
        let is_beside = |other: Option<usize>| {
            other.and_then(|at| blocks.get(at)).is_some_and(|other| {
                other.shape == Shape::Paragraph
                    && self.home_of_paragraph(other.node) == home
                    && prose_of(self.flow, other) > 0
            })
        };
        is_beside(at.checked_sub(1)) && is_beside(Some(at + 1))
    }

    /// The element that holds a paragraph; where each paragraph has its own wrapper, the element that holds the wrappers.
    fn home_of_paragraph(&self, id: NodeId) -> Option<NodeId> {
        let up = self.dom.parent(id)?;
        let is_element = |child: &NodeId| {
            self.dom.attrs(*child).next().is_some() || self.dom.tag(*child) != Tag::Other
        };
        let is_wrapper = self.dom.tag(up) == Tag::Div
            && self.dom.children(up).filter(is_element).take(2).count() == 1;
        if is_wrapper { self.dom.parent(up) } else { Some(up) }
    }

    /// A correction or an editor's note that is before or behind the text, in the same article:
    /// many sites keep them out of the body.
    fn is_notice_beside(&self, block: &RawBlock, home: Option<NodeId>) -> bool {
        matches!(block.shape, Shape::Paragraph | Shape::Loose)
            && block.linked * 2 < block.range.len()
            && notices::is_one(self.flow.words(block))
            && home.is_some_and(|home| {
                block.node == home || self.dom.ancestors(block.node).any(|up| up == home)
            })
    }

    fn keeps(&self, block: &RawBlock) -> bool {
        let words = self.flow.words(block);
        if block.shape == Shape::Row {
            return true;
        }
        // "— Ann Lee (@annlee) 5 March 2024": who wrote the post that is quoted, mostly in links.
        if block.shape == Shape::Quote && quotes::signature(&format!(" {words}")) == Some(1) {
            return true;
        }
        if lines::judge(self.flow, block) == Line::Furniture
            || lines::is_credit(words)
            || (block.range.len() <= OFFER_BYTES_MAX
                && wall::is_offer(words, self.flow.lists(block)))
        {
            return false;
        }
        match block.shape {
            Shape::Caption => false,
            Shape::Heading(_) => block.linked * 10 < block.range.len() * 9,
            _ => !self.is_link_line(block),
        }
    }

    /// A line that consists of its link: hardly a word next to it, and no sentence.
    fn is_link_line(&self, block: &RawBlock) -> bool {
        let len = block.range.len();
        if block.linked * 10 >= len * 8 {
            return true;
        }
        if block.linked == 0 || len > 240 {
            return false;
        }
        let words = self.flow.words(block);
        // A line that ends with its link has no stop of its own; a sentence has its stop behind the link.
        block.plain_words <= 3 && (block.ends_linked || !words.ends_with(['.', '!', '?', '”', '"']))
    }
}
