//! The commented file that lists every key with its default: what `init` writes and what
//! `config/pressmark.toml` holds.

use super::keys::KEYS;
use super::value::{Kind, Value};

/// The example file. Every key is there; each is commented out, so that a later default is not
/// shadowed by a copy of an earlier one.
#[must_use]
pub fn render() -> String {
    let mut out = String::from(
        "# Settings of Pressmark. Every key is listed with its default; remove the # to change one.\n\
         # A value here is overridden by the environment (PRESSMARK_SECTION_KEY) and by --set section.key=value.\n\
         # `pressmark config show` prints every value and its source.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (head, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if head != section {
            section = head;
            let shown = head.replace(".*", ".\"www.example.org\"");
            let mark = if head.contains('*') { "# " } else { "" };
            out.push_str(&format!("\n{mark}[{shown}]\n"));
        }
        out.push('\n');
        for line in wrap(key.doc, 96) {
            out.push_str(&format!("# {line}\n"));
        }
        if !matches!(key.kind, Kind::Text | Kind::Path | Kind::Bool | Kind::Duration | Kind::Bytes)
        {
            out.push_str(&format!("# ({})\n", key.kind.label()));
        }
        let default = key.kind.parse(key.default).unwrap_or(Value::Text(String::new()));
        out.push_str(&format!("# {name} = {default}\n"));
    }
    out
}

pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let full = lines
            .last()
            .is_some_and(|l| !l.is_empty() && l.chars().count() + 1 + word.chars().count() > width);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::Settings;

    #[test]
    fn the_example_file_in_the_repository_lists_every_key_with_its_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/pressmark.toml");
        let on_disk = std::fs::read_to_string(path).unwrap();
        let rendered = super::render();
        if on_disk != rendered {
            let fresh = std::env::temp_dir().join("pressmark.toml");
            std::fs::write(&fresh, &rendered).unwrap();
            panic!("config/pressmark.toml is out of date; a fresh one is at {}", fresh.display());
        }
    }

    #[test]
    fn with_every_mark_taken_away_the_example_means_the_defaults() {
        let mut text = String::new();
        for line in super::render().lines() {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let is_setting = bare.starts_with('[')
                || bare
                    .split_once(" = ")
                    .is_some_and(|(k, _)| k.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            if is_setting && !bare.contains("www.example.org") {
                text.push_str(bare);
                text.push('\n');
            }
            if bare.contains("www.example.org") {
                text.push_str("[politeness.host.\"www.example.org\"]\n");
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.toml");
        std::fs::write(&path, &text).unwrap();
        let loaded = Settings::load(Some(&path), std::iter::empty(), &[]).unwrap();
        for (key, value, _) in Settings::default().iter() {
            let got = loaded.iter().find(|(k, ..)| *k == key).map(|(_, v, _)| v.clone());
            assert_eq!(got.as_ref(), Some(value), "{key}");
        }
    }
}
