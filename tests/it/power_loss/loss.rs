//! What a loss of power leaves of a disk.

use std::collections::HashMap;

use super::Chance;
use super::disk::{Disk, Effect, Node, State};

/// The fate of names that were not synced.
#[derive(Debug, Clone, Copy)]
pub enum Names {
    Lost,
    Kept,
    /// Kept up to some moment, as in a file system with a journal.
    UpTo(usize),
    /// Each at random, with this probability in percent.
    Some(u64),
}

/// The fate of bytes that were not synced.
#[derive(Debug, Clone, Copy)]
pub enum Bytes {
    Lost,
    Kept,
    /// The file has its length and none of the bytes.
    Zeros,
    /// The first part of the writes, in percent, and part of the next write.
    First(u64),
    /// Each block at random.
    Some(u64),
}

/// What a loss of power does.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub names: Names,
    /// For all files; drawn for each where it is `None`.
    pub bytes: Option<Bytes>,
}

const BLOCK: usize = 4096;
const SECTOR: u64 = 512;

impl Disk {
    /// What a loss of power at this line may leave.
    pub fn after_loss(&self, line: usize, way: Way, chance: &mut Chance) -> State {
        let mut state = self.blank();
        let mut synced: HashMap<Node, usize> = HashMap::new();
        let mut all_synced = 0;
        for event in self.events.iter().filter(|event| event.ended <= line) {
            match event.effect {
                Effect::Sync(node) => drop(synced.insert(node, event.began)),
                Effect::SyncAll => all_synced = event.began,
                _ => {}
            }
        }
        let durable = |node: Node, ended: usize| {
            ended <= all_synced || synced.get(&node).is_some_and(|began| ended <= *began)
        };
        let mut fates: HashMap<Node, Fate> = HashMap::new();
        for event in self.events.iter().filter(|event| event.began <= line) {
            match &event.effect {
                Effect::Names(changes) => {
                    let safe = changes.iter().all(|(dir, ..)| durable(*dir, event.ended));
                    let kept = match way.names {
                        Names::Lost => false,
                        Names::Kept => true,
                        Names::UpTo(moment) => event.ended <= moment,
                        Names::Some(hundredths) => chance.below(100) < hundredths,
                    };
                    if safe || kept {
                        state.name(changes);
                    }
                }
                Effect::Write { node, .. } | Effect::Length { node, .. } => {
                    if durable(*node, event.ended) {
                        state.apply(&event.effect);
                    } else {
                        let fate = fates.entry(*node).or_insert_with(|| Fate::draw(way, chance));
                        fate.apply(&mut state, &event.effect, chance);
                    }
                }
                Effect::Sync(_) | Effect::SyncAll => {}
            }
        }
        state
    }
}

/// What is left of the bytes of one file.
struct Fate {
    bytes: Bytes,
    /// The percentage of a first part that remains.
    over: bool,
    /// The content where a file grew and its bytes are lost.
    garbage: bool,
    grows: bool,
}

impl Fate {
    fn draw(way: Way, chance: &mut Chance) -> Self {
        let drawn = match chance.below(8) {
            0 => Bytes::Lost,
            1 | 2 => Bytes::Kept,
            3 => Bytes::Zeros,
            4 | 5 => Bytes::First(70 + chance.below(30)),
            _ => Bytes::Some(10 + chance.below(85)),
        };
        let bytes = way.bytes.unwrap_or(drawn);
        Self { bytes, over: false, garbage: chance.below(4) == 0, grows: chance.below(2) == 0 }
    }

    fn apply(&mut self, state: &mut State, effect: &Effect, chance: &mut Chance) {
        let Effect::Write { node, at, bytes } = effect else {
            let kept = match self.bytes {
                Bytes::Lost => false,
                Bytes::Kept | Bytes::Zeros => true,
                Bytes::First(_) => !self.over,
                Bytes::Some(hundredths) => chance.below(100) < hundredths,
            };
            if kept {
                state.apply(effect);
            }
            return;
        };
        match self.bytes {
            Bytes::Lost => {}
            Bytes::Kept => state.write(*node, *at, bytes),
            Bytes::Zeros => self.grow(state, *node, *at + bytes.len() as u64, chance),
            Bytes::First(_) if self.over => {}
            Bytes::First(hundredths) => {
                if chance.below(100) < hundredths {
                    state.write(*node, *at, bytes);
                } else {
                    self.over = true;
                    let end = chance.below(bytes.len() as u64 + 1) as usize;
                    let end = if chance.below(2) == 0 { end } else { end - end % SECTOR as usize };
                    state.write(*node, *at, &bytes[..end]);
                    if self.grows {
                        self.grow(state, *node, *at + bytes.len() as u64, chance);
                    }
                }
            }
            Bytes::Some(hundredths) => {
                if self.grows {
                    self.grow(state, *node, *at + bytes.len() as u64, chance);
                }
                let mut from = 0;
                while from < bytes.len() {
                    let block = BLOCK - (*at as usize + from) % BLOCK;
                    let to = (from + block).min(bytes.len());
                    if chance.below(100) < hundredths {
                        state.write(*node, *at + from as u64, &bytes[from..to]);
                    }
                    from = to;
                }
            }
        }
    }

    fn grow(&self, state: &mut State, node: Node, to: u64, chance: &mut Chance) {
        let Some(file) = state.bytes_mut(node) else { return };
        let missing = (to as usize).saturating_sub(file.len());
        if self.garbage {
            file.extend((0..missing).map(|_| chance.below(256) as u8));
        } else {
            file.resize(file.len() + missing, 0);
        }
    }
}
