//! A setting as it may be shown: without the passwords and keys that some values hold.
//!
//! Masked are a user and a password in any URL, what follows the host of a webhook (its path
//! is its key, with most receivers), and words of a command that say they are secret. Deliberately
//! changes nothing of the value that is used.

use super::value::Value;

/// The text in place of what is not shown.
const MASK: &str = "•••";

/// The value of `key` as it may be shown.
#[must_use]
pub fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text_of(key, text)),
        Value::List(items) => Value::List(items.iter().map(|item| text_of(key, item)).collect()),
        other => other.clone(),
    }
}

fn text_of(key: &str, text: &str) -> String {
    match key {
        // A password may hold what ends the authority of any other URL.
        "capture.proxy" => without_user(text, text.len()),
        // A password may hold anything here as well, and the parameters may name one.
        "store.captures" | "store.frontier" => match without_user(text, text.len()).split_once('?')
        {
            Some((place, _)) => format!("{place}?{MASK}"),
            None => without_user(text, text.len()),
        },
        "serve.token" | "relay.token" if !text.is_empty() => MASK.to_owned(),
        "notify.webhook" => host_alone(&without_user(text, text.len())),
        "notify.command" if is_secret(text) => MASK.to_owned(),
        _ => match text.find("://") {
            Some(at) => {
                let begin = at + 3;
                let end = text[begin..].find(['/', '?', '#']).map_or(text.len(), |at| begin + at);
                without_user(text, end)
            }
            None => text.to_owned(),
        },
    }
}

/// The text with what is between `//` and the last `@` before `end` masked.
fn without_user(text: &str, end: usize) -> String {
    let begin = text.find("://").map_or(0, |at| at + 3);
    match text.get(begin..end).and_then(|part| part.rfind('@')) {
        Some(at) => format!("{}{MASK}{}", &text[..begin], &text[begin + at..]),
        None => text.to_owned(),
    }
}

fn host_alone(text: &str) -> String {
    let begin = text.find("://").map_or(0, |at| at + 3);
    match text[begin..].find(['/', '?', '#']) {
        Some(at) if text.len() > begin + at + 1 => format!("{}/{MASK}", &text[..begin + at]),
        _ => text.to_owned(),
    }
}

fn is_secret(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    [
        "authorization",
        "bearer",
        "token",
        "password",
        "passwd",
        "secret",
        "api-key",
        "apikey",
        "key=",
    ]
    .iter()
    .any(|said| lower.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_and_nothing_else_is_hidden() {
        for (key, text, shown) in [
            ("capture.proxy", "http://ann:hunter2@proxy:3128", "http://•••@proxy:3128"),
            ("capture.proxy", "socks5://ann:hunter2/x@proxy:1", "socks5://•••@proxy:1"),
            ("capture.proxy", "ann:hunter2@proxy", "•••@proxy"),
            ("store.captures", "postgres://ann:hunter2/x@db/d", "postgres://•••@db/d"),
            ("store.captures", "postgres://db/d?user=a&password=hunter2", "postgres://db/d?•••"),
            ("store.captures", "postgres://ann:hunt?er2@db/d", "postgres://•••@db/d"),
            ("store.captures", "", ""),
            ("store.frontier", "postgres://ann:hunter2@db/d?password=x", "postgres://•••@db/d?•••"),
            ("capture.proxy", "http://proxy:3128", "http://proxy:3128"),
            ("notify.webhook", "https://h.example/services/T0/hunter2", "https://h.example/•••"),
            ("notify.webhook", "https://ann:hunter2@h.example/", "https://•••@h.example/"),
            ("notify.webhook", "https://h.example?key=hunter2", "https://h.example/•••"),
            ("serve.token", "hunter2", "•••"),
            ("serve.token", "", ""),
            ("notify.command", "Authorization: Bearer hunter2", "•••"),
            ("notify.command", "--token=hunter2", "•••"),
            ("notify.command", "https://ann:hunter2@h.example/x", "https://•••@h.example/x"),
            ("notify.command", "mail", "mail"),
            ("identity.contact", "https://example.org/@ann", "https://example.org/@ann"),
            ("identity.contact", "ann@example.org", "ann@example.org"),
            (
                "evidence.timestamp_authorities",
                "https://a:hunter2@t.example/x",
                "https://•••@t.example/x",
            ),
        ] {
            assert_eq!(masked(key, &Value::Text(text.to_owned())), Value::Text(shown.to_owned()));
            let list = Value::List(vec![text.to_owned()]);
            assert_eq!(masked(key, &list), Value::List(vec![shown.to_owned()]), "{key}");
        }
        assert_eq!(masked("crawl.depth", &Value::Integer(1)), Value::Integer(1));
    }
}
