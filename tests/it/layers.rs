//! A smoke alarm: the `use crate::` lines against the table in `docs/architecture.md`.

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

/// The code of a file without its inline modules of tests, wherever they stand.
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
fn test_code_is_passed_over_and_what_follows_it_is_not() {
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
        let code = without_tests(&std::fs::read_to_string(&file).unwrap());
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
    // What a page says reaches a terminal through these, which make it printable.
    let known = ["cli/output.rs", "telemetry/logs.rs"];
    assert_eq!(places, known.map(str::to_owned).into());
}
