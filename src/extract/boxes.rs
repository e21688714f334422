//! Boxes on the page of an article that are not part of it: cards of other stories in its text, and requests for
//! consent beside it.

use super::article::{Survey, is_consent};
use super::dom::{Dom, NodeId, Step, Tag};
use super::flow::{Flow, RawBlock, Shape};

/// A card of another story has at most this much prose, in bytes, and a text at most this many cards.
const CARD_PROSE_MAX: u32 = 300;
const CARDS_MAX: usize = 3;
/// Nodes of a card that are read, at most.
const CARD_NODES_MAX: usize = 60;

/// Boxes that ask for consent on a page, at most.
const BOXES_MAX: usize = 4;

/// A box that asks for an address has less text, in bytes.
const ASKING_BYTES_MAX: usize = 300;
/// Nodes of a form that are read, and boxes that ask, at most.
const FORM_NODES_MAX: usize = 60;
const FORMS_MAX: usize = 8;

impl Survey<'_> {
    /// Takes the other paragraphs of a box that asks for consent out of the prose: a box outside of what holds the
    /// headline, of which one paragraph counts partners or asks.
    pub(super) fn count_out_consent(dom: &Dom, flow: &Flow, home: NodeId, own: &mut [u32]) {
        let is_box = |id: &NodeId| {
            !matches!(dom.tag(*id), Tag::Html | Tag::Body | Tag::Main | Tag::Article)
                && *id != home
                && !dom.ancestors(home).any(|up| up == *id)
        };
        let asks = |block: &&RawBlock| {
            matches!(block.shape, Shape::Paragraph | Shape::Loose)
                && is_consent(flow.words(block), flow.lists(block))
                && !dom.ancestors(block.node).any(|up| up == home)
        };
        let boxes: Vec<NodeId> = flow
            .blocks
            .iter()
            .filter(asks)
            .filter_map(|block| dom.parent(block.node))
            .filter(is_box)
            .take(BOXES_MAX)
            .collect();
        if boxes.is_empty() {
            return;
        }
        for (prose, block) in own.iter_mut().zip(&flow.blocks) {
            if *prose > 0 && dom.ancestors(block.node).any(|up| boxes.contains(&up)) {
                *prose = 0;
            }
        }
    }

    /// The elements that hold a form with a field for an e-mail address, and hardly a word more: prompts to
    /// subscribe to a letter, with its name and its promise.
    pub(super) fn boxes_that_ask(dom: &Dom) -> Vec<NodeId> {
        let is_field = |step: Step| {
            let Step::Enter(id) = step else { return false };
            dom.tag(id) == Tag::Input
                && dom.attr(id, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("email"))
        };
        let asks = |id: &NodeId| {
            dom.tag(*id) == Tag::Form && dom.walk(*id).take(FORM_NODES_MAX).any(is_field)
        };
        let is_box = |id: &NodeId| {
            matches!(dom.tag(*id), Tag::Div | Tag::Section)
                && dom.text_below(*id, ASKING_BYTES_MAX).len() < ASKING_BYTES_MAX
        };
        dom.elements()
            .filter(asks)
            .filter_map(|form| dom.parent(form))
            .filter(is_box)
            .take(FORMS_MAX)
            .collect()
    }

    /// Takes out cards of other stories that are in the text: a short `article` in the article, whose heading is a
    /// link away from the page. Entries of a live page are many, and theirs lead to themselves.
    pub(super) fn cut_story_cards(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let nested = |node: NodeId| {
            let mut up = std::iter::once(node).chain(self.dom.ancestors(node));
            let own = up.find(|id| self.dom.tag(*id) == Tag::Article)?;
            up.any(|id| self.dom.tag(id) == Tag::Article).then_some(own)
        };
        let mut cards: Vec<NodeId> = Vec::new();
        for block in blocks {
            if !matches!(block.shape, Shape::Heading(2..))
                || block.linked * 10 < block.range.len() * 9
            {
                continue;
            }
            let Some(card) = nested(block.node) else { continue };
            let is_link_away = |step: Step| {
                let Step::Enter(id) = step else { return false };
                let href = self.dom.attr(id, "href").filter(|_| self.dom.tag(id) == Tag::A);
                href.is_some_and(|href| !href.contains('#'))
            };
            let leads_away = self.dom.walk(card).take(CARD_NODES_MAX).any(is_link_away);
            if leads_away && self.prose[card as usize] <= CARD_PROSE_MAX && !cards.contains(&card) {
                cards.push(card);
            }
        }
        let of_cards: u32 = cards.iter().map(|card| self.prose[*card as usize]).sum();
        let is_less = of_cards * 2 <= self.prose[Dom::ROOT as usize];
        if (1..=CARDS_MAX).contains(&cards.len()) && is_less {
            kept.retain(|at| nested(blocks[*at].node).is_none_or(|own| !cards.contains(&own)));
        }
    }
}
