//! Settings on the command line, wherever they are.

use std::ffi::OsString;

/// The arguments with every `--set` before the command. The parser takes those behind the command in place of those before
/// it, so that the first would be lost silently.
pub fn settings_first(line: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut line = line.into_iter();
    let mut first: Vec<OsString> = line.next().into_iter().collect();
    let mut rest = Vec::new();
    while let Some(arg) = line.next() {
        if arg == "--" {
            rest.push(arg);
            break;
        }
        let is_whole = arg.to_str().is_some_and(|arg| arg.starts_with("--set="));
        if !is_whole && arg != "--set" {
            rest.push(arg);
            continue;
        }
        let value = if is_whole { None } else { line.next() };
        // One without a value stays where it is, for the parser to name.
        match (is_whole, value) {
            (true, _) => first.push(arg),
            (false, Some(value)) => first.extend([arg, value]),
            (false, None) => rest.push(arg),
        }
    }
    first.extend(rest);
    first.extend(line);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_before_the_command_in_their_order() {
        for (line, ordered) in [
            ("p crawl URL", "p crawl URL"),
            (
                "p --set a=1 serve --set b=2 --set=c=3 -v",
                "p --set a=1 --set b=2 --set=c=3 serve -v",
            ),
            ("p serve --set", "p serve --set"),
            ("p show -- --set x", "p show -- --set x"),
            ("p", "p"),
            ("", ""),
        ] {
            let words = |text: &str| -> Vec<OsString> {
                text.split_whitespace().map(OsString::from).collect()
            };
            assert_eq!(settings_first(words(line)), words(ordered), "{line}");
        }
    }
}
