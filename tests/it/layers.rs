//! A coarse check: the `use crate::` lines against the table in `docs/architecture.md`.

mod circles;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each module may import, as the architecture page says.
fn allowed(page: &str) -> Vec<(String, Option<BTreeSet<String>>)> {
    let mut table = Vec::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        // | module | may import | and not |
        let [_, module, imports, _, _] = cells.as_slice() else { continue };
        if *module == "module" || module.starts_with('-') || module.is_empty() {
            continue;
        }
        let list = imports.split(',').map(|i| i.trim().split("::").next().unwrap_or("").to_owned());
        let set: BTreeSet<String> = list.filter(|i| !i.is_empty() && i != "–").collect();
        let everything = set.contains("everything");
        for name in module.split(',') {
            table.push((name.trim().to_owned(), (!everything).then(|| set.clone())));
        }
    }
    table
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The paths, without `.rs`, of the modules that a file declares for tests only.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(file).unwrap();
    let own = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => file.parent().unwrap().to_path_buf(),
        _ => file.with_extension(""),
    };
    let declared = text.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let line = rest.trim_start().lines().next()?.strip_suffix(';')?;
        line.split_once("mod ").map(|(_, name)| own.join(name))
    });
    declared.collect()
}

/// The code of a file without its inline test modules, wherever they are.
fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("#[cfg(test)]\nmod ") {
        code.push_str(&rest[..at]);
        let module = &rest[at..];
        let line = module.lines().nth(1).unwrap_or_default();
        let end = if line.ends_with(';') {
            module.find(';').map(|end| end + 1)
        } else {
            // An inline module ends with the first brace in its own column.
            module.find("\n}\n").map(|end| end + 3)
        };
        rest = &module[end.unwrap_or(module.len())..];
    }
    code + rest
}

#[test]
fn test_code_is_skipped_and_what_follows_it_is_not() {
    let text = "use crate::a;\n#[cfg(test)]\nmod tests;\nuse crate::b;\n#[cfg(test)]\nmod more {\n    use crate::c;\n}\nuse crate::d;\n";
    let code = without_tests(text);
    assert!(!code.contains("crate::c"));
    for name in ["a", "b", "d"] {
        assert!(code.contains(&format!("crate::{name};")), "{name}: {code}");
    }
}

#[test]
fn every_module_imports_only_what_the_architecture_page_lets_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let table = allowed(&page);
    assert!(table.len() >= 10, "the table of imports was not found in docs/architecture.md");
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let tests: Vec<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let mut offences = Vec::new();
    let mut seen = 0;
    for file in &files {
        let relative = file.strip_prefix(root.join("src")).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let Some((_, may)) = table.iter().find(|(name, _)| *name == module) else {
            offences.push(format!("{module} is not in the table"));
            continue;
        };
        if tests.iter().any(|test| file.starts_with(test) || *file == test.with_extension("rs")) {
            continue;
        }
        let code = without_tests(&std::fs::read_to_string(file).unwrap());
        for at in code.match_indices("crate::").map(|(at, _)| at + 7) {
            // Doc comments may point anywhere.
            let line_start = code[..at].rfind('\n').map_or(0, |n| n + 1);
            if code[line_start..at].trim_start().starts_with("//") {
                continue;
            }
            let target: String =
                code[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            seen += 1;
            let fine = target == module || may.as_ref().is_none_or(|may| may.contains(&target));
            if !fine {
                offences.push(format!("{} imports {target}", relative.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} imports were seen");
    offences.sort();
    offences.dedup();
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn only_the_output_and_the_log_write_to_stdout_and_stderr() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let mut places = BTreeSet::new();
    for file in files {
        let name = file.strip_prefix(&source).unwrap().display().to_string();
        if name.contains("tests") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        let prints = ["print!(", "println!(", "io::stdout()", "io::stderr()", "dbg!("];
        if prints.iter().any(|word| code.contains(word)) {
            places.insert(name);
        }
    }
    // Content of pages reaches a terminal through these, which make it printable.
    let known = ["cli/output.rs", "telemetry/logs.rs"];
    assert_eq!(places, known.map(str::to_owned).into());
}

/// The code of every file outside of tests, by its path below `src`, without comments.
fn code_by_file() -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let tests: Vec<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let is_test =
        |file: &Path| tests.iter().any(|t| file.starts_with(t) || file == t.with_extension("rs"));
    let mut out = Vec::new();
    for file in files.iter().filter(|file| !is_test(file)) {
        let code = without_tests(&std::fs::read_to_string(file).unwrap());
        let lines: Vec<&str> =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let name = file.strip_prefix(&source).unwrap().display().to_string();
        out.push((name, lines.join("\n")));
    }
    out
}

#[test]
fn no_two_rooms_import_each_other() {
    let mut edges = BTreeSet::new();
    for (file, code) in code_by_file() {
        let Some((room, _)) = file.split_once('/').or(file.split_once('.')) else { continue };
        for (at, _) in code.match_indices("crate::") {
            let to: String = code[at + 7..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            if to != room {
                edges.insert((room.to_owned(), to));
            }
        }
    }
    assert!(edges.len() > 40, "only {} edges were seen", edges.len());
    let both: Vec<_> =
        edges.iter().filter(|(a, b)| a < b && edges.contains(&(b.clone(), a.clone()))).collect();
    assert!(both.is_empty(), "{both:?}");
}

/// The names of the crates in `[dependencies]`, as they are written there.
fn dependencies() -> BTreeSet<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).unwrap();
    let (_, rest) = text.split_once("\n[dependencies]\n").unwrap();
    let section = rest.split("\n[").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Whether code names a crate: `name::` that is not part of a longer path or name.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | ':')))
    })
}

#[test]
fn every_crate_is_used_only_where_the_architecture_page_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let (_, table) = page.split_once("| crate | lives in |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut places: Vec<(String, BTreeSet<String>)> = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let list = |cell: &str| -> BTreeSet<String> {
            cell.split(',').map(|item| item.trim().to_owned()).collect()
        };
        places.extend(list(cells[0]).into_iter().map(|name| (name, list(cells[1]))));
    }
    let listed: BTreeSet<String> = places.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(listed, dependencies());
    let files = code_by_file();
    let mut offences = Vec::new();
    for (name, places) in &places {
        if places.contains("everywhere") {
            continue;
        }
        let lib = name.trim_start_matches("rustls-webpki").replace('-', "_");
        let lib = if lib.is_empty() { "webpki".to_owned() } else { lib };
        let mut unused = places.clone();
        for (file, _) in files.iter().filter(|(_, code)| names_crate(code, &lib)) {
            let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
            let place = places.iter().find(|place| {
                stem.strip_prefix(place.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            match place {
                Some(place) => _ = unused.remove(place),
                None => offences.push(format!("{file} names {name}")),
            }
        }
        offences.extend(unused.iter().map(|place| format!("{name} is not in {place}")));
    }
    assert_eq!(offences, Vec::<String>::new());
}
