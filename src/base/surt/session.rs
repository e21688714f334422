//! Session ids that urlkeys leave out: those of ASP.NET in the path, and five kinds in the query.
//! Lengths and alphabets are those of the existing tools; texts are in lower case here.

use std::sync::LazyLock;

use memchr::memmem::FinderRev;

/// Takes `(24 letters or digits)/`, and `(x(24)…)/` with one or more lettered groups, out of the
/// path of an `.aspx` page: of several the last that has a page after it.
pub(super) fn strip_from_path(path: Vec<u8>) -> Vec<u8> {
    // Nearly no path has a parenthesis, and searching for one byte is the cheaper check.
    if memchr::memchr(b'(', &path).is_none() || memchr::memmem::find(&path, b".aspx").is_none() {
        return path;
    }
    let path = strip_last(path, lettered_groups);
    strip_last(path, plain_group)
}

fn strip_last(mut path: Vec<u8>, group: fn(&[u8]) -> Option<usize>) -> Vec<u8> {
    for at in (1..path.len()).rev() {
        if path[at - 1] != b'/' {
            continue;
        }
        let Some(length) = group(&path[at..]) else { continue };
        if is_page(&path[at + length..]) {
            path.drain(at..at + length);
            break;
        }
    }
    path
}

/// Whether `.aspx` follows at least one character, none of which is `?`.
fn is_page(rest: &[u8]) -> bool {
    let end =
        memchr::memchr(b'?', rest).map_or(rest.len(), |at| (at + ".aspx".len()).min(rest.len()));
    rest.get(1..end)
        .and_then(|rest| memchr::memmem::find(rest, b".aspx"))
        .is_some_and(|at| memchr::memchr(b'?', &rest[..at + 1]).is_none())
}

fn id24(text: &[u8]) -> bool {
    text.len() == 24 && text.iter().all(u8::is_ascii_alphanumeric)
}

fn plain_group(text: &[u8]) -> Option<usize> {
    let (open, id, close) = (text.first()?, text.get(1..25)?, text.get(25..27)?);
    (*open == b'(' && id24(id) && close == b")/").then_some(27)
}

fn lettered_groups(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'(') {
        return None;
    }
    let mut at = 1;
    while let Some(group) = text.get(at..at + 27) {
        let is_group = group[0].is_ascii_alphabetic()
            && group[1] == b'('
            && id24(&group[2..26])
            && group[26] == b')';
        if !is_group {
            break;
        }
        at += 27;
    }
    (at > 1 && text.get(at..at + 2) == Some(b")/")).then_some(at + 2)
}

struct Kind {
    name: FinderRev<'static>,
    value: Value,
    /// A shorter query cannot have one.
    bytes_min: usize,
}

/// Kept made, since making a searcher costs more than searching a query.
static KINDS: LazyLock<[Kind; 5]> = LazyLock::new(|| {
    let kind = |name: &'static str, value, bytes_min| Kind {
        name: FinderRev::new(name),
        value,
        bytes_min,
    };
    [
        kind("jsessionid=", Value::Alphanumeric(32), 43),
        kind("phpsessid=", Value::Alphanumeric(32), 42),
        kind("sid=", Value::Alphanumeric(32), 36),
        kind("aspsessionid", Value::AspCookie, 45),
        kind("cfid=", Value::ColdFusion, 16),
    ]
});

/// Takes session parameters out of the query: for each kind the last one. What is before and
/// after them stays as it is, so that a `&` may be left at the end.
pub(super) fn strip_from_query(mut query: Vec<u8>) -> Vec<u8> {
    for kind in KINDS.iter() {
        if query.len() < kind.bytes_min {
            continue;
        }
        let found = kind.name.rfind_iter(&query).find_map(|at| {
            let value = at + kind.name.needle().len();
            let end = value + kind.value.length(&query[value..])?;
            query.get(end).is_none_or(|byte| *byte == b'&').then_some((at, end))
        });
        if let Some((start, end)) = found {
            // The `&` after it goes too.
            let end = (end + 1).min(query.len());
            query.drain(start..end);
        }
    }
    query
}

#[derive(Clone, Copy)]
enum Value {
    Alphanumeric(usize),
    /// Eight letters, `=`, 24 letters.
    AspCookie,
    /// Anything, `&cftoken=`, anything.
    ColdFusion,
}

impl Value {
    fn length(self, rest: &[u8]) -> Option<usize> {
        let letters = |text: &[u8]| text.iter().all(u8::is_ascii_alphabetic);
        match self {
            Self::Alphanumeric(length) => {
                rest.get(..length)?.iter().all(u8::is_ascii_alphanumeric).then_some(length)
            }
            Self::AspCookie => {
                let (name, value) = (rest.get(..8)?, rest.get(9..33)?);
                (letters(name) && rest[8] == b'=' && letters(value)).then_some(33)
            }
            Self::ColdFusion => {
                let run = |text: &[u8]| {
                    let end = memchr::memchr(b'&', text).unwrap_or(text.len());
                    (end > 0).then_some(end)
                };
                let id = run(rest)?;
                let token = rest[id..].strip_prefix(b"&cftoken=")?;
                Some(id + "&cftoken=".len() + run(token)?)
            }
        }
    }
}
