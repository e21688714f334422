//! A file system in which a loss of power may remove any write that was not synced.
//!
//! After ALICE (Pillai et al., OSDI 2014) and CrashMonkey (Mohan et al., OSDI 2018): only the guarantees
//! of POSIX count, not the habits of a file system. A write or a change of length is durable when
//! an fsync of that file, begun after it returned, has returned. A name is durable when its
//! directory was synced likewise: the fsync of a file does not cover its name. Everything else may
//! be there or not, in any order; a write may be there in part, and where it is not, a file that
//! grew may hold zeros or the earlier content of the disk. A rename is atomic within the directory of its
//! target. `sync_file_range` guarantees nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::trace::Call;

/// A file or a directory, independent of its name at the time.
pub type Node = usize;

/// What one call changed.
#[derive(Debug, Clone)]
pub enum Effect {
    Write {
        node: Node,
        at: u64,
        bytes: Arc<[u8]>,
    },
    Length {
        node: Node,
        length: u64,
    },
    /// Names that are changed or removed together.
    Names(Vec<(Node, String, Option<Node>)>),
    Sync(Node),
    SyncAll,
}

/// A change, from the moment at which it may be on the disk to the return of its call.
#[derive(Debug, Clone)]
pub struct Event {
    pub began: usize,
    pub ended: usize,
    pub effect: Effect,
}

#[derive(Debug, Clone)]
enum Content {
    File { bytes: Vec<u8>, private: bool },
    Directory(BTreeMap<String, Node>),
}

/// Everything on a disk.
#[derive(Debug, Clone)]
pub struct State(Vec<Content>);

/// An open file.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: Node,
    at: u64,
    appends: bool,
}

/// The file system below one directory, as the calls of processes made it.
pub struct Disk {
    top: PathBuf,
    now: State,
    /// The kind of every node, without content.
    blank: Vec<Content>,
    pub events: Vec<Event>,
    open: HashMap<i64, Open>,
    /// The line at which the next process begins.
    pub line: usize,
}

impl State {
    fn names(&self, node: Node) -> Option<&BTreeMap<String, Node>> {
        match &self.0[node] {
            Content::Directory(names) => Some(names),
            Content::File { .. } => None,
        }
    }

    pub fn bytes_mut(&mut self, node: Node) -> Option<&mut Vec<u8>> {
        match &mut self.0[node] {
            Content::File { bytes, .. } => Some(bytes),
            Content::Directory(_) => None,
        }
    }

    pub fn name(&mut self, changes: &[(Node, String, Option<Node>)]) {
        for (dir, name, node) in changes {
            if let Content::Directory(names) = &mut self.0[*dir] {
                match node {
                    Some(node) => names.insert(name.clone(), *node),
                    None => names.remove(name),
                };
            }
        }
    }

    pub fn write(&mut self, node: Node, at: u64, bytes: &[u8]) {
        let Some(file) = self.bytes_mut(node) else { return };
        let (from, to) = (at as usize, at as usize + bytes.len());
        if file.len() < to {
            file.resize(to, 0);
        }
        file[from..to].copy_from_slice(bytes);
    }

    pub fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Write { node, at, bytes } => self.write(*node, *at, bytes),
            Effect::Length { node, length } => {
                if let Some(file) = self.bytes_mut(*node) {
                    file.resize(*length as usize, 0);
                }
            }
            Effect::Names(changes) => self.name(changes),
            Effect::Sync(_) | Effect::SyncAll => {}
        }
    }

    /// Changes the boot ID in small files that name the boot of the system.
    pub fn reboot(&mut self) {
        let Ok(boot) = fs::read("/proc/sys/kernel/random/boot_id") else { return };
        for content in &mut self.0 {
            if let Content::File { bytes, .. } = content
                && *bytes == boot
            {
                bytes[0] = if boot[0] == b'0' { b'1' } else { b'0' };
            }
        }
    }

    /// The node at a path below the top.
    pub fn find(&self, path: &str) -> Option<Node> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(0, |node, part| self.names(node)?.get(part).copied())
    }

    /// Every file below the top with its bytes, every directory without, and whether only the owner
    /// may read it.
    pub fn all(&self) -> BTreeMap<PathBuf, Option<(&[u8], bool)>> {
        let mut all = BTreeMap::new();
        let mut open = vec![(0, PathBuf::new())];
        while let Some((node, path)) = open.pop() {
            for (name, node) in self.names(node).into_iter().flatten() {
                let path = path.join(name);
                match &self.0[*node] {
                    Content::File { bytes, private } => {
                        all.insert(path, Some((bytes.as_slice(), *private)));
                    }
                    Content::Directory(_) => {
                        all.insert(path.clone(), None);
                        open.push((*node, path));
                    }
                }
            }
        }
        all
    }

    /// Writes the whole tree into an empty directory.
    pub fn lay_out(&self, top: &Path) {
        use std::os::unix::fs::PermissionsExt;
        for (path, content) in self.all() {
            let path = top.join(path);
            let Some((bytes, private)) = content else {
                fs::create_dir_all(&path).unwrap();
                continue;
            };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            if private {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
        }
    }
}

impl Disk {
    /// An empty one, below the directory `top`, which exists and is durable.
    pub fn new(top: &Path) -> Self {
        let blank = vec![Content::Directory(BTreeMap::new())];
        let now = State(blank.clone());
        let top = top.to_owned();
        Self { top, now, blank, events: Vec::new(), open: HashMap::new(), line: 0 }
    }

    /// Every node that ever existed, empty and without a name.
    pub fn blank(&self) -> State {
        State(self.blank.clone())
    }

    /// The state after the last call.
    pub fn now(&self) -> &State {
        &self.now
    }

    /// Applies the calls of a process, from its start to its end.
    pub fn run(&mut self, calls: &[Call]) {
        self.open.clear();
        for call in calls.iter().filter(|call| call.result >= 0) {
            self.take(call);
        }
        self.open.clear();
        self.line += calls.iter().map(|call| call.ended + 1).max().unwrap_or(0);
    }

    /// The bytes that had been written to a file up to a line, from the first byte.
    pub fn written_to(&self, file: Node, line: usize) -> Vec<u8> {
        let mut state = self.blank();
        for event in self.events.iter().filter(|event| event.ended <= line) {
            if matches!(&event.effect, Effect::Write { node, .. } if *node == file) {
                state.apply(&event.effect);
            }
        }
        state.bytes_mut(file).cloned().unwrap_or_default()
    }

    /// Discards everything after a moment, as if the process had been killed then.
    pub fn kill_at(&mut self, line: usize) {
        self.events.retain(|e| e.began <= line);
        self.events
            .retain(|e| e.ended <= line || !matches!(e.effect, Effect::Sync(_) | Effect::SyncAll));
        self.now = self.blank();
        for event in &mut self.events {
            event.ended = event.ended.min(line);
            self.now.apply(&event.effect);
        }
        self.line = line + 1;
    }

    fn push(&mut self, call: &Call, effect: Effect) {
        self.now.apply(&effect);
        let (began, ended) = (self.line + call.began, self.line + call.ended);
        self.events.push(Event { began, ended, effect });
    }

    fn node(&mut self, content: Content) -> Node {
        self.blank.push(content.clone());
        self.now.0.push(content);
        self.blank.len() - 1
    }

    /// Where a path leads: its directory, its name there and the node of that name. None outside.
    fn place(&self, dir: &str, path: &str) -> Option<(Node, String, Option<Node>)> {
        let path = Path::new(path);
        let (mut node, rest) = if path.is_absolute() {
            (0, path.strip_prefix(&self.top).ok()?)
        } else {
            (self.open.get(&dir.parse().ok()?)?.node, path)
        };
        let parts: Vec<_> = rest
            .components()
            .filter_map(|c| match c {
                Component::Normal(name) => Some(name.to_str().unwrap().to_owned()),
                _ => None,
            })
            .collect();
        let (last, above) = parts.split_last()?;
        for name in above {
            node = *self.now.names(node)?.get(name)?;
        }
        let found = self.now.names(node)?.get(last).copied();
        Some((node, last.clone(), found))
    }

    fn take(&mut self, call: &Call) {
        match call.name.as_str() {
            "open" => self.opened(call, "", 0),
            "openat" => self.opened(call, call.word(0), 1),
            "close" => drop(self.open.remove(&call.number(0))),
            "dup" | "dup2" | "dup3" => self.doubled(call),
            "fcntl" if call.word(1).starts_with("F_DUPFD") => self.doubled(call),
            "lseek" => {
                if let Some(open) = self.open.get_mut(&call.number(0)) {
                    open.at = call.result as u64;
                }
            }
            "write" | "writev" => {
                let bytes = call.bytes(1);
                self.wrote(call, call.number(0), None, bytes);
            }
            "pwrite64" | "pwritev" | "pwritev2" => {
                let bytes = call.bytes(1);
                self.wrote(call, call.number(0), Some(call.number(3) as u64), bytes);
            }
            "copy_file_range" => self.copied(call, (0, 1), (2, 3)),
            "sendfile" => self.copied(call, (1, 2), (0, 9)),
            "ftruncate" => {
                if let Some(Open { node, .. }) = self.open.get(&call.number(0)).copied() {
                    self.push(call, Effect::Length { node, length: call.number(1) as u64 });
                }
            }
            "truncate" => {
                if let Some((_, _, Some(node))) = self.place("", &call.path(0)) {
                    self.push(call, Effect::Length { node, length: call.number(1) as u64 });
                }
            }
            "fallocate" => assert!(!self.open.contains_key(&call.number(0)), "not modelled"),
            "fsync" | "fdatasync" => {
                if let Some(Open { node, .. }) = self.open.get(&call.number(0)).copied() {
                    self.push(call, Effect::Sync(node));
                }
            }
            "sync" | "syncfs" => self.push(call, Effect::SyncAll),
            "rename" => self.renamed(call, ("", 0), ("", 1)),
            "renameat" | "renameat2" => self.renamed(call, (call.word(0), 1), (call.word(2), 3)),
            "link" => self.linked(call, ("", 0), ("", 1)),
            "linkat" => self.linked(call, (call.word(0), 1), (call.word(2), 3)),
            "unlink" | "rmdir" => self.unnamed(call, "", 0),
            "unlinkat" => self.unnamed(call, call.word(0), 1),
            "mkdir" => self.made(call, "", 0),
            "mkdirat" => self.made(call, call.word(0), 1),
            "fcntl" => {}
            other => panic!("a call that is not modelled: {other}"),
        }
    }

    fn opened(&mut self, call: &Call, dir: &str, path: usize) {
        let flags = call.word(path + 1).to_owned();
        let has = |flag: &str| flags.split('|').any(|word| word == flag);
        let path_text = call.path(path);
        let private = has("O_CREAT") && call.number(path + 2) & 0o077 == 0;
        let file = Content::File { bytes: Vec::new(), private };
        let node = if Path::new(&path_text) == self.top {
            0
        } else {
            let Some((dir, name, found)) = self.place(dir, &path_text) else { return };
            match found {
                Some(_) if has("O_TMPFILE") => self.node(file),
                Some(node) => node,
                None => {
                    let node = self.node(file);
                    self.push(call, Effect::Names(vec![(dir, name, Some(node))]));
                    node
                }
            }
        };
        if has("O_TRUNC") && self.now.bytes_mut(node).is_some_and(|bytes| !bytes.is_empty()) {
            self.push(call, Effect::Length { node, length: 0 });
        }
        self.open.insert(call.result, Open { node, at: 0, appends: has("O_APPEND") });
    }

    fn doubled(&mut self, call: &Call) {
        if let Some(open) = self.open.get(&call.number(0)).copied() {
            self.open.insert(call.result, open);
        }
    }

    fn wrote(&mut self, call: &Call, number: i64, at: Option<u64>, mut bytes: Vec<u8>) {
        bytes.truncate(call.result as usize);
        let Some(open) = self.open.get(&number).copied() else { return };
        let length = self.now.bytes_mut(open.node).map_or(0, |bytes| bytes.len() as u64);
        let place = if open.appends { length } else { at.unwrap_or(open.at) };
        if at.is_none()
            && let Some(open) = self.open.get_mut(&number)
        {
            open.at = place + bytes.len() as u64;
        }
        self.push(call, Effect::Write { node: open.node, at: place, bytes: bytes.into() });
    }

    /// Bytes that were copied from file to file inside the kernel.
    fn copied(&mut self, call: &Call, from: (usize, usize), to: (usize, usize)) {
        let number = call.number(from.0);
        let Some(source) = self.open.get(&number).copied() else { return };
        // strace prints an offset as it was before and as it is afterwards.
        let given = |word: &str| -> Option<u64> {
            word.trim_start_matches('[').split([' ', ']']).next()?.parse().ok()
        };
        let start = given(call.word(from.1)).unwrap_or(source.at);
        let end = start + call.result as u64;
        let bytes = self.now.bytes_mut(source.node).unwrap()[start as usize..end as usize].to_vec();
        if given(call.word(from.1)).is_none()
            && let Some(source) = self.open.get_mut(&number)
        {
            source.at = end;
        }
        self.wrote(call, call.number(to.0), given(call.word(to.1)), bytes);
    }

    fn renamed(&mut self, call: &Call, from: (&str, usize), to: (&str, usize)) {
        let (from, to) =
            (self.place(from.0, &call.path(from.1)), self.place(to.0, &call.path(to.1)));
        let (Some((dir, name, Some(node))), Some((to, new, _))) = (from, to) else { return };
        self.push(call, Effect::Names(vec![(dir, name, None), (to, new, Some(node))]));
    }

    fn linked(&mut self, call: &Call, from: (&str, usize), to: (&str, usize)) {
        let (from, to) =
            (self.place(from.0, &call.path(from.1)), self.place(to.0, &call.path(to.1)));
        let (Some((_, _, Some(node))), Some((to, new, _))) = (from, to) else { return };
        self.push(call, Effect::Names(vec![(to, new, Some(node))]));
    }

    fn unnamed(&mut self, call: &Call, dir: &str, path: usize) {
        if let Some((dir, name, Some(_))) = self.place(dir, &call.path(path)) {
            self.push(call, Effect::Names(vec![(dir, name, None)]));
        }
    }

    fn made(&mut self, call: &Call, dir: &str, path: usize) {
        if let Some((dir, name, None)) = self.place(dir, &call.path(path)) {
            let node = self.node(Content::Directory(BTreeMap::new()));
            self.push(call, Effect::Names(vec![(dir, name, Some(node))]));
        }
    }
}
