//! The credentials file: cookies, passwords and header fields by host.
//!
//! It is separate from the job so that the job can be shown, kept in version control and written
//! into the archive. A file that others may read is refused. No message of this module holds a
//! value of the file.

use std::path::Path;

use super::file::{self, Written};
use super::nearest::nearest;
use super::settings::{Problem, Source};
use super::value::{Kind, Value};
use crate::schedule::{Credentials, HostCredentials, Secret};

const KEYS: [&str; 4] = ["basic", "cookies", "headers", "in_clear"];

/// Reads a credentials file. Mistakes are added to `problems`.
#[must_use]
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Credentials {
    let mut problem = |line: usize, key: &str, what: String| {
        let source = Source::File(path.to_owned(), line);
        problems.push(Problem { source, key: key.to_owned(), what });
    };
    if let Err(what) = check_rights(path) {
        problem(0, "", what);
        return Credentials::default();
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) => {
            problem(0, "", format!("cannot be read: {why}"));
            return Credentials::default();
        }
    };
    let written = match file::read(&text) {
        Ok(written) => written,
        Err(not_toml) => {
            // What the parser says may quote the line, and with it a secret.
            problem(not_toml.line, "", "this is not TOML".to_owned());
            return Credentials::default();
        }
    };
    let mut tables: Vec<Table> = Vec::new();
    for entry in &written {
        let Some((host, name)) = entry.key.rsplit_once('.') else {
            problem(
                entry.line,
                &entry.key,
                "expected a table for a host: [\"www.example.org\"]".to_owned(),
            );
            continue;
        };
        let host = host.trim_matches('"').to_ascii_lowercase();
        let at = tables.iter().position(|known| known.host == host).unwrap_or_else(|| {
            tables.push(Table { host, line: entry.line, ..Table::default() });
            tables.len() - 1
        });
        if let Err(what) = take(&mut tables[at], name, entry) {
            problem(entry.line, &entry.key, what);
        }
    }
    let mut hosts = Vec::with_capacity(tables.len());
    for table in tables {
        match origin(&table.host, table.in_clear) {
            Ok((host, https_port, http_port)) => {
                let fields = table.fields;
                hosts.push(HostCredentials { host, https_port, http_port, fields });
            }
            Err(what) => problem(table.line, &format!("{:?}", table.host), what.to_owned()),
        }
    }
    Credentials::new(hosts)
}

/// What is under one host.
#[derive(Default)]
struct Table {
    host: String,
    line: usize,
    fields: Vec<(String, Secret)>,
    in_clear: bool,
}

/// Host, port over TLS and port without it, of `www.example.org`, `www.example.org:8443`,
/// `.example.org`, `https://www.example.org` or `http://www.example.org:8080`.
fn origin(text: &str, in_clear: bool) -> Result<(String, Option<u16>, Option<u16>), &'static str> {
    let (scheme, authority) = match text.split_once("://") {
        Some((scheme, authority)) => (scheme, authority.trim_end_matches('/')),
        None => ("", text),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let port = port.parse().map_err(|_| "the port is not a number up to 65535")?;
            (host, Some(port))
        }
        _ => (authority, None),
    };
    if host.is_empty() || host == "." || host.contains(['/', '@', '?', '#']) {
        return Err(
            "expected a host, such as www.example.org, .example.org or https://www.example.org",
        );
    }
    let host = host.to_owned();
    match scheme {
        "" => {
            let clear = in_clear.then(|| port.unwrap_or(80));
            Ok((host, Some(port.unwrap_or(443)), clear))
        }
        "https" if in_clear => Err("in_clear is for requests without TLS, not for https"),
        "https" => Ok((host, Some(port.unwrap_or(443)), None)),
        "http" if !in_clear => {
            Err("what is sent over http can be read in transit: in_clear = true allows it")
        }
        "http" => Ok((host, None, Some(port.unwrap_or(80)))),
        _ => Err("the scheme is neither http nor https"),
    }
}

fn take(host: &mut Table, name: &str, entry: &Written) -> Result<(), String> {
    let hidden = |_: String| "expected a text, or a list of texts".to_owned();
    match name {
        "basic" => {
            let Value::Text(pair) = entry.value(Kind::Text).map_err(hidden)? else { return Ok(()) };
            if !pair.contains(':') {
                return Err("expected user:password".to_owned());
            }
            let coded = data_encoding::BASE64.encode(pair.as_bytes());
            host.fields.push(("Authorization".to_owned(), Secret::new(format!("Basic {coded}"))));
        }
        "cookies" => {
            let cookies: Vec<&str> = entry.items().iter().map(|(text, _)| *text).collect();
            if cookies.is_empty() {
                return Err(hidden(String::new()));
            }
            let is_pair = |text: &&str| text.contains('=') && !text.contains([';', '\r', '\n']);
            if !cookies.iter().all(is_pair) {
                return Err("expected texts of the form name=value".to_owned());
            }
            host.fields.push(("Cookie".to_owned(), Secret::new(cookies.join("; "))));
        }
        "headers" => {
            for (text, _) in entry.items() {
                let Some((name, value)) = text.split_once(':') else {
                    return Err("expected texts of the form Name: value".to_owned());
                };
                super::header_field::check_field(name.trim(), value)?;
                host.fields.push((name.trim().to_owned(), Secret::new(value.trim())));
            }
        }
        "in_clear" => {
            let value = entry.value(Kind::Bool).map_err(|_| "expected true or false".to_owned())?;
            host.in_clear = value == Value::Bool(true);
        }
        _ => {
            let meant =
                nearest(name, KEYS).map(|k| format!("; did you mean {k}?")).unwrap_or_default();
            return Err(format!("unknown key{meant}"));
        }
    }
    Ok(())
}

/// Only its owner may read it.
#[cfg(unix)]
fn check_rights(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path).map_err(|why| format!("cannot be read: {why}"))?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "users other than its owner can read it (mode {mode:03o}): chmod 600 {}",
            path.display()
        ));
    }
    Ok(())
}

/// Elsewhere rights are no bits of the file; they are left to the operator.
#[cfg(not(unix))]
fn check_rights(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::base::TargetUri;

    fn read_text(text: &str, mode: u32) -> (Credentials, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut problems = Vec::new();
        let read = read(&path, &mut problems);
        (read, problems.iter().map(|p| format!("{}: {}", p.key, p.what)).collect())
    }

    const TEXT: &str = "[\"www.example.org\"]\nbasic = \"ann:pass word\"\ncookies = [\"a=1\", \"b=2\"]\n\
        headers = [\"X-Key: k\"]\n[\".example.net\"]\ncookies = \"c=3\"\nin_clear = true\n";

    #[test]
    fn fields_are_read_by_host() {
        let (read, problems) = read_text(TEXT, 0o600);
        assert_eq!(problems, Vec::<String>::new());
        let fields = |uri: &str| -> Vec<String> {
            let uri = TargetUri::parse(uri).unwrap();
            read.fields_for(&uri).iter().map(|(n, v)| format!("{n}: {}", v.expose())).collect()
        };
        assert_eq!(
            fields("https://www.example.org/x"),
            ["Authorization: Basic YW5uOnBhc3Mgd29yZA==", "Cookie: a=1; b=2", "X-Key: k"]
        );
        assert_eq!(fields("http://a.example.net/"), ["Cookie: c=3"]);
        assert!(fields("https://www.example.org:8443/").is_empty());
    }

    #[test]
    fn they_are_for_one_scheme_host_and_port() {
        let of = |host: &str, more: &str| {
            let (read, problems) =
                read_text(&format!("[\"{host}\"]\ncookies = \"c=3\"\n{more}"), 0o600);
            let uris = [
                "https://a.org/",
                "https://a.org:8443/",
                "http://a.org/",
                "http://a.org:8443/",
                "https://x.a.org/",
            ];
            let sent = uris
                .into_iter()
                .filter(|uri| !read.fields_for(&TargetUri::parse(uri).unwrap()).is_empty())
                .collect::<Vec<_>>();
            (sent, problems.len())
        };
        let clear = "in_clear = true\n";
        for (host, more, sent, problems) in [
            ("a.org", "", vec!["https://a.org/"], 0),
            ("https://A.org/", "", vec!["https://a.org/"], 0),
            ("a.org:8443", "", vec!["https://a.org:8443/"], 0),
            ("a.org", clear, vec!["https://a.org/", "http://a.org/"], 0),
            ("http://a.org", clear, vec!["http://a.org/"], 0),
            ("http://a.org:8443", clear, vec!["http://a.org:8443/"], 0),
            (".a.org", "", vec!["https://a.org/", "https://x.a.org/"], 0),
            ("http://a.org", "", vec![], 1),
            ("https://a.org", clear, vec![], 1),
            ("ftp://a.org", "", vec![], 1),
            ("a.org:x", "", vec![], 1),
            ("https://", "", vec![], 1),
        ] {
            assert_eq!(of(host, more), (sent, problems), "{host} {more}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let (read, problems) = read_text(TEXT, 0o644);
        assert!(read.is_empty());
        assert!(problems[0].contains("chmod 600"), "{problems:?}");
    }

    #[test]
    fn mistakes_are_named_without_what_they_hold() {
        for (text, key) in [
            ("[\"a.org\"]\nbasic = \"hunter2\"\n", "basic"),
            ("[\"a.org\"]\ncokies = \"s=hunter2\"\n", "cokies"),
            ("[\"a.org\"]\ncookies = [\"hunter2\"]\n", "cookies"),
            ("[\"a.org\"]\nheaders = [\"X: hunter2\\r\\nY: z\"]\n", "headers"),
            ("[\"a.org\"]\nin_clear = \"hunter2\"\n", "in_clear"),
            ("[\"a.org\"]\nbasic = hunter2\n", ""),
            ("basic = \"a:hunter2\"\n", "basic"),
        ] {
            let (_, problems) = read_text(text, 0o600);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert!(problems[0].contains(key) && !problems[0].contains("hunter2"), "{problems:?}");
        }
    }
}
