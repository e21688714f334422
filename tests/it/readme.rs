//! The README is accurate: each subcommand and flag is one of the binary's, and the output of the demo is what
//! the binary prints.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use crate::support::cli::{command, pressmark, stdout};

/// The lines of indented and fenced code blocks.
fn code(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            lines.push(line.trim().to_owned());
        }
    }
    lines
}

/// The arguments of a line that runs the program, by its name or by cargo.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let rest = line
        .strip_prefix("pressmark ")
        .or_else(|| line.strip_prefix("cargo run --release -- "))
        .or_else(|| line.strip_prefix("target/release/pressmark "))?;
    // The rest is not ours: a comment, a pipe, a file.
    let end = rest.find(['#', '|', '>', '<']).unwrap_or(rest.len());
    Some(rest[..end].split_whitespace().map(str::to_owned).collect())
}

/// The long flags and the subcommands that a help text lists.
fn listed(help: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut flags = BTreeSet::new();
    let mut commands = BTreeSet::new();
    let mut in_commands = false;
    for line in help.lines() {
        if !line.starts_with(' ') {
            in_commands = line.starts_with("Commands:");
        } else if in_commands && line.starts_with("  ") && !line.starts_with("   ") {
            commands.extend(line.split_whitespace().next().map(str::to_owned));
        }
        for word in line.split(|c: char| c.is_whitespace() || ",[]=.".contains(c)) {
            if word.starts_with("--") && word.len() > 2 {
                flags.insert(word.to_owned());
            }
        }
    }
    (flags, commands)
}

fn help(arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output =
        command(&dir.path().join("archive")).args(arguments).arg("--help").output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    stdout(&output)
}

#[test]
fn every_command_that_the_readme_shows_is_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(page) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: there is no README.md yet");
        return;
    };
    let (_, commands) = listed(&help(&[]));
    assert!(commands.contains("crawl"), "{commands:?}");
    let mut seen = 0;
    for line in code(&page) {
        let Some(arguments) = arguments(&line) else { continue };
        let word = arguments.iter().find(|a| !a.starts_with('-')).unwrap();
        assert!(commands.contains(word), "the README shows {line:?}, and {word:?} is no command");
        let (flags, _) = listed(&help(&[word]));
        for flag in arguments.iter().filter(|a| a.starts_with("--") && a.len() > 2) {
            let name = flag.split('=').next().unwrap();
            assert!(flags.contains(name), "the README shows {line:?}, and {name} is no flag of it");
        }
        seen += 1;
    }
    assert!(seen >= 3, "only {seen} commands were found in the README");
}

/// Text without the parts that differ between runs: times, ports, record IDs and digests.
fn settled(text: &str) -> String {
    let changing = [
        r"urn:uuid:[0-9a-f-]+",
        r"sha256:[0-9a-f]+",
        r"\d{4}-\d{2}-\d{2}T[\d:.]+Z",
        r"\d{1,2} [A-Z][a-z]+\.? \d{4}",
        r"127\.0\.0\.1:\d+",
    ];
    changing.iter().fold(text.to_owned(), |text, pattern| {
        Regex::new(pattern).unwrap().replace_all(&text, "_").into_owned()
    })
}

#[test]
fn the_demo_prints_what_the_readme_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (_, block) = page.split_once("<!-- demo output: begin -->\n").unwrap();
    let (block, _) = block.split_once("<!-- demo output: end -->").unwrap();
    let shown: Vec<&str> =
        block.trim_end().lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let dir = tempfile::tempdir().unwrap();
    let output = pressmark(&dir.path().join("archive"), &["demo"]);
    assert_eq!(settled(&stdout(&output)).trim_end(), settled(&shown.join("\n")));
}
