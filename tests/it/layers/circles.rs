//! Circles between the files of a room: each is listed in `docs/architecture.md` with why it stays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code_by_file;

/// Which files of a room import which, each by the name below the room: `quotes` for `quotes.rs` and
/// everything in `quotes/`.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The paths of a tree of imports, each whole: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn leaves(tree: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in tree.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let mut out = Vec::new();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((prefix, rest)) => {
                let inner = rest.strip_suffix('}').unwrap_or(rest);
                out.extend(leaves(inner).iter().map(|leaf| format!("{prefix}{leaf}")));
            }
            None => out.push(part.split(" as ").next().unwrap().to_owned()),
        }
    }
    out
}

/// The trees of the imports of a file, and its code without them.
fn imports(code: &str) -> (Vec<String>, String) {
    let (mut trees, mut rest) = (Vec::new(), String::new());
    let mut code = code;
    while let Some(at) = code.find("use ") {
        let is_word = code[..at].chars().next_back().is_none_or(|c| c.is_whitespace());
        let end = code[at..].find(';').map(|end| at + end);
        match end.filter(|_| is_word) {
            Some(end) => {
                rest.push_str(&code[..at]);
                trees.push(code[at + 4..end].to_owned());
                code = &code[end + 1..];
            }
            None => {
                rest.push_str(&code[..at + 4]);
                code = &code[at + 4..];
            }
        }
    }
    (trees, rest + code)
}

/// The paths in code that begin with one of the words.
fn paths(code: &str, first: &[&str]) -> Vec<String> {
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let all = code.split(|c| !is_of_path(c));
    let is_path = |path: &&str| {
        first.iter().any(|word| path.strip_prefix(word).is_some_and(|rest| rest.starts_with("::")))
    };
    all.filter(is_path).map(str::to_owned).collect()
}

struct Room<'a> {
    name: &'a str,
    files: Vec<(Vec<String>, &'a str)>,
    modules: BTreeSet<String>,
    /// What `mod.rs` names of its files: the name, and the file.
    named: BTreeMap<String, String>,
}

impl<'a> Room<'a> {
    fn of(name: &'a str, all: &'a [(String, String)]) -> Self {
        let inside = |path: &str| -> Option<Vec<String>> {
            let path = path.trim_end_matches(".rs");
            let path = path.trim_end_matches("/mod");
            let rest = path.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('/'))
                .then(|| rest.split('/').skip(1).map(str::to_owned).collect())
        };
        let files: Vec<(Vec<String>, &str)> =
            all.iter().filter_map(|(path, code)| Some((inside(path)?, code.as_str()))).collect();
        let modules: BTreeSet<String> =
            files.iter().filter_map(|(path, _)| path.first().cloned()).collect();
        let mut room = Self { name, files, modules, named: BTreeMap::new() };
        let top = room.files.iter().find(|(path, _)| path.is_empty()).map(|(_, code)| *code);
        for tree in top.into_iter().flat_map(|code| imports(code).0) {
            for leaf in leaves(&tree) {
                let leaf = leaf.trim_start_matches("self::");
                let (file, last) = (leaf.split("::").next().unwrap(), leaf.rsplit("::").next());
                if room.modules.contains(file) {
                    room.named.insert(last.unwrap().to_owned(), file.to_owned());
                }
            }
        }
        room
    }

    /// The file that a path leads to from a file of this room; `None` where it leads out of the room.
    fn target(&self, from: &[String], path: &str) -> Option<String> {
        let mut parts: Vec<&str> = path.split("::").collect();
        let mut place: Vec<&str> = from.iter().map(String::as_str).collect();
        match parts[0] {
            "crate" => {
                (parts.get(1) == Some(&self.name)).then_some(())?;
                place.clear();
                parts.drain(..2);
            }
            "super" => {
                while parts.first() == Some(&"super") {
                    place.pop()?;
                    parts.remove(0);
                }
            }
            _ => return None,
        }
        let first = *place.iter().chain(&parts).next()?;
        if self.modules.contains(first) {
            return Some(first.to_owned());
        }
        Some(self.named.get(first).cloned().unwrap_or_else(|| "mod".to_owned()))
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (path, code) in &self.files {
            let (trees, rest) = imports(code);
            let leaves = trees.iter().flat_map(|tree| leaves(tree));
            let Some(own) = path.first() else {
                // What the top file itself uses of the others; a mere re-export does not count.
                let words: Vec<&str> = self.modules.iter().map(String::as_str).collect();
                let used = paths(&rest, &words).into_iter();
                let files = used.map(|path| path.split("::").next().unwrap().to_owned());
                graph.entry("mod".to_owned()).or_default().extend(files);
                let again = |tree: &&String| {
                    ["pub", "pub(crate)"]
                        .iter()
                        .any(|to| code.contains(&format!("{to} use {tree};")))
                };
                for tree in trees.iter().filter(|tree| !again(tree)) {
                    let first = tree.trim_start_matches("self::").split("::").next().unwrap();
                    if self.modules.contains(first) {
                        graph.entry("mod".to_owned()).or_default().insert(first.to_owned());
                    }
                }
                continue;
            };
            let all = leaves.chain(paths(&rest, &["super", "crate"]));
            let targets = all.filter_map(|leaf| self.target(path, &leaf));
            let targets = targets.filter(|target| target != own);
            graph.entry(own.clone()).or_default().extend(targets);
        }
        graph
    }
}

/// The files that are on circles, one group for all that reach each other.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = graph.get(from).into_iter().flatten().collect();
        while let Some(file) = next.pop() {
            if seen.insert(file.clone()) {
                next.extend(graph.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> =
        graph.keys().map(|file| (file, reached(file))).collect();
    let circle = |file: &String| -> BTreeSet<String> {
        let back = |other: &&String| all.get(other).is_some_and(|seen| seen.contains(file));
        all[file].iter().filter(back).cloned().collect()
    };
    graph.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn a_circle_is_found_through_the_names_of_the_top_file_and_below_folders() {
    let file = |path: &str, code: &str| (path.to_owned(), code.to_owned());
    let files = [
        file(
            "room/mod.rs",
            "mod a;\nmod b;\npub(crate) use a::One;\npub use c::{self, Three as Two};\n",
        ),
        file("room/a.rs", "use super::b::{inner::Deep, Two};\nuse crate::other::x;\n"),
        file("room/b/mod.rs", "mod inner;\nfn f() { super::c::go() }\n"),
        file("room/b/inner.rs", "use crate::room::{One};\n"),
        file("room/c.rs", "pub fn go() {}\n"),
        file("room/d.rs", "use super::Three;\n"),
        file("rooms.rs", "use crate::room::d;\n"),
    ];
    let graph = Room::of("room", &files).graph();
    let of = |name: &str| graph[name].iter().map(String::as_str).collect::<Vec<&str>>();
    assert_eq!(of("a"), ["b"]);
    assert_eq!(of("b"), ["a", "c"]);
    assert_eq!(of("d"), ["c"]);
    let circle = BTreeSet::from(["a", "b"].map(str::to_owned));
    assert_eq!(circles(&graph), BTreeSet::from([circle]));
}

#[test]
fn circles_inside_rooms_are_those_that_the_architecture_page_explains() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let (_, table) = page.split_once("| room | files on a circle | why it stays |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let explained: BTreeSet<(String, BTreeSet<String>)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert!(cells[2].len() > 20, "{row}: why");
            (cells[0].to_owned(), cells[1].split(", ").map(str::to_owned).collect())
        })
        .collect();
    let files = code_by_file();
    let rooms: BTreeSet<&str> =
        files.iter().filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
    assert!(rooms.len() > 15, "{rooms:?}");
    let mut found = BTreeSet::new();
    for name in rooms {
        let circles = circles(&Room::of(name, &files).graph());
        found.extend(circles.into_iter().map(|circle| (name.to_owned(), circle)));
    }
    let new: Vec<_> = found.difference(&explained).collect();
    let gone: Vec<_> = explained.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not explained: {new:?}\nexplained and gone: {gone:?}"
    );
}
