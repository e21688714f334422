//! A checkpoint that someone kept elsewhere: read as mail and paper leave it, and judged by its own
//! signature before anything is said of the log.
//!
//! A mistyped letter, a checkpoint of another archive and a log that was made again look the same when
//! only roots are compared, and mean very different things.

use super::Checkpoint;
use super::note::{Signature, VerifierKey};
use data_encoding::HEXLOWER;

/// Reads a checkpoint that was kept: line ends of mail, and white space at its end, are normalised.
///
/// # Errors
/// Which line is not as it was written, as text.
pub(super) fn read(bytes: &[u8]) -> Result<Checkpoint, String> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let text = format!("{}\n", text.trim_start_matches('\u{feff}').trim_end());
    Checkpoint::parse(text.as_bytes()).ok_or_else(|| {
        format!("this is no checkpoint as it was signed: {}; was it mistyped or cut?", wrong(&text))
    })
}

/// What is wrong with a text that is not a checkpoint.
fn wrong(text: &str) -> String {
    let Some((body, signatures)) = text.rsplit_once("\n\n") else {
        return "it has no empty line with a signature below it".to_owned();
    };
    let lines: Vec<&str> = body.lines().collect();
    let is_number = |line: &str| line.parse::<u64>().is_ok_and(|n| n.to_string() == line);
    let is_hash = |line: &str| {
        data_encoding::BASE64.decode(line.as_bytes()).is_ok_and(|hash| hash.len() == 32)
    };
    match lines.as_slice() {
        [_, size, ..] if !is_number(size) => {
            return "its second line should be a number of leaves".to_owned();
        }
        [_, _, root, ..] if !is_hash(root) => {
            return "its third line should be a root hash, 44 characters of base64".to_owned();
        }
        [_, _, _, ..] => {}
        _ => return "it has fewer than three lines".to_owned(),
    }
    let first = lines.len() + 2;
    for (number, line) in (first..).zip(signatures.lines()) {
        if Signature::parse(line).is_none() {
            return format!("its line {number} should be a signature: \u{2014} NAME BASE64");
        }
    }
    "its lines are not those of one".to_owned()
}

/// Which of the log's `keys` signed a checkpoint.
///
/// # Errors
/// Why none of them did, as text: a text that was changed since, another log, a log that was made again.
pub(super) fn signed<'k>(
    checkpoint: &Checkpoint,
    keys: &'k [VerifierKey],
) -> Result<&'k VerifierKey, String> {
    if let Some(key) = keys.iter().find(|key| checkpoint.signed_by(key)) {
        return Ok(key);
    }
    let signatures = &checkpoint.note.signatures;
    let names = |key: &VerifierKey| signatures.iter().any(|s| s.id == key.id());
    if keys.iter().any(names) {
        return Err(
            "its text does not fit its signature: it was mistyped, or changed since it was signed; compare it letter by letter with where it was published"
                .to_owned(),
        );
    }
    let origin = keys.first().map_or("", |key| key.name.as_str());
    if checkpoint.origin != origin {
        return Err(format!(
            "it is of the log {}, and this one is {origin}: it is another archive's, or this log was created again",
            checkpoint.origin
        ));
    }
    let ids: Vec<String> = signatures.iter().map(|s| HEXLOWER.encode(&s.id)).collect();
    Err(format!(
        "it is signed by a key that this log never had ({}): the log was created again, or its signature was mistyped",
        ids.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use tlog_tiles::Hash;

    use super::*;
    use crate::base::Timestamp;
    use crate::evidence::key::LogKey;

    fn key(dir: &std::path::Path, name: &str) -> LogKey {
        LogKey::make(&dir.join(name)).unwrap()
    }

    fn signed_by(key: &LogKey, origin: &str) -> Checkpoint {
        let now = Timestamp::from_unix_seconds(1_762_300_800);
        Checkpoint::sign(origin, (1234, Hash([5; 32])), now, 3, None, &[key])
    }

    #[test]
    fn every_letter_that_is_mistyped_is_called_that_and_nothing_worse() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path(), "k");
        let text = signed_by(&key, "o/x").render();
        let keys = [key.verifier("o/x")];
        let letters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for at in letters {
            let old = text[at..].chars().next().unwrap();
            for typo in ['A', '7', 'x', ' '] {
                if typo == old || old == '\n' && at + 1 == text.len() {
                    continue;
                }
                let mistyped = format!("{}{typo}{}", &text[..at], &text[at + old.len_utf8()..]);
                let said = match read(mistyped.as_bytes()) {
                    Err(said) => said,
                    Ok(checkpoint) => match signed(&checkpoint, &keys) {
                        Ok(_) => {
                            // A blank at the end of a line of mail.
                            assert_eq!(checkpoint.render(), text, "{mistyped}");
                            continue;
                        }
                        Err(said) => said,
                    },
                };
                assert!(said.contains("mistyped"), "{at} {typo:?}: {said}");
            }
        }
    }

    #[test]
    fn a_text_as_mail_leaves_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path(), "k");
        let made = signed_by(&key, "o/x");
        let mailed = format!("\u{feff}{}\r\n\r\n", made.render().replace('\n', "\r\n"));
        assert_eq!(read(mailed.as_bytes()), Ok(made.clone()));
        assert_eq!(signed(&made, &[key.verifier("o/x")]).map(|k| k.name.clone()), Ok("o/x".into()));
    }

    #[test]
    fn an_error_is_reported_with_its_line() {
        for (text, expected) in [
            ("", "no empty line"),
            ("o\n7\n", "no empty line"),
            ("o\n\n\u{2014} o AAAA\n", "fewer than three lines"),
            ("o\nseven\nx\n\n\u{2014} o AAAA\n", "second line"),
            ("o\n07\nx\n\n\u{2014} o AAAA\n", "second line"),
            ("o\n7\nx\n\n\u{2014} o AAAA\n", "third line"),
        ] {
            let said = read(text.as_bytes()).unwrap_err();
            assert!(said.contains(expected), "{text:?}: {said}");
        }
        let dir = tempfile::tempdir().unwrap();
        let text = signed_by(&key(dir.path(), "k"), "o/x").render().replace('\u{2014}', "--");
        assert!(read(text.as_bytes()).unwrap_err().contains("its line 7 should be a signature"));
    }

    #[test]
    fn another_log_and_a_log_made_again_are_distinguished_from_a_typo() {
        let dir = tempfile::tempdir().unwrap();
        let (own, other) = (key(dir.path(), "a"), key(dir.path(), "b"));
        let keys = [own.verifier("o/x")];
        let said = signed(&signed_by(&other, "o/y"), &keys).unwrap_err();
        assert!(said.contains("it is of the log o/y, and this one is o/x"), "{said}");
        let said = signed(&signed_by(&other, "o/x"), &keys).unwrap_err();
        assert!(said.contains("a key that this log never had"), "{said}");
    }
}
