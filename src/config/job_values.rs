//! One job file as values: every key with what it was set to or its default, and where it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::{self, Written};
use super::job_keys::{self, JOB_KEYS};
use super::nearest::nearest;
use super::settings::{Problem, Source};
use super::value::Value;
use crate::base::{TargetUri, TargetUriError, UserPart};

/// The values of a job file, and the mistakes found so far.
pub(super) struct JobValues<'a> {
    path: &'a Path,
    set: BTreeMap<String, (Value, Written)>,
    pub(super) problems: &'a mut Vec<Problem>,
    /// Users and passwords that were in its URLs.
    pub(super) users: Vec<(TargetUri, UserPart)>,
}

impl<'a> JobValues<'a> {
    /// Reads a file's text.
    pub(super) fn read(path: &'a Path, text: &str, problems: &'a mut Vec<Problem>) -> Self {
        let mut values = Self { path, set: BTreeMap::new(), problems, users: Vec::new() };
        let written = match file::read(text) {
            Ok(written) => written,
            Err(e) => {
                values.problem_at(e.line, "", e.why);
                return values;
            }
        };
        for entry in written {
            let Some(key) = job_keys::find(&entry.key) else {
                let known = JOB_KEYS.iter().map(|k| k.path);
                let meant = nearest(&entry.key, known);
                let meant = meant.map(|k| format!("; did you mean {k}?")).unwrap_or_default();
                values.problem_at(entry.line, &entry.key, format!("unknown key{meant}"));
                continue;
            };
            match entry.value(key.kind) {
                Ok(value) => {
                    values.set.insert(entry.key.clone(), (value, entry));
                }
                Err(what) => values.problem_at(entry.line, &entry.key, what),
            }
        }
        values
    }

    /// The folder of the file, which the paths in it are relative to.
    pub(super) fn folder(&self) -> PathBuf {
        self.path.parent().map(Path::to_owned).unwrap_or_default()
    }

    pub(super) fn problem_at(&mut self, line: usize, key: &str, what: impl Into<String>) {
        let source = Source::File(self.path.to_owned(), line);
        self.problems.push(Problem { source, key: key.to_owned(), what: what.into() });
    }

    /// A mistake in the value of a key; line 1 for one that is not there.
    pub(super) fn problem(&mut self, key: &str, what: impl Into<String>) {
        let line = self.set.get(key).map_or(1, |(_, written)| written.line);
        self.problem_at(line, key, what);
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.set.contains_key(key)
    }

    fn value(&self, key: &str) -> Option<Value> {
        match self.set.get(key) {
            Some((value, _)) => Some(value.clone()),
            None => job_keys::find(key).and_then(|k| k.kind.parse(k.default).ok()),
        }
    }

    pub(super) fn text(&self, key: &str) -> String {
        match self.value(key) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        }
    }

    /// A text, where one is set.
    pub(super) fn some_text(&self, key: &str) -> Option<String> {
        Some(self.text(key).trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn bool(&self, key: &str) -> bool {
        self.value(key) == Some(Value::Bool(true))
    }

    fn integer(&self, key: &str) -> u64 {
        match self.value(key) {
            Some(Value::Integer(number) | Value::Bytes(number)) => number,
            _ => 0,
        }
    }

    /// A whole number or an amount of bytes, in the size that is wanted.
    pub(super) fn number<T: TryFrom<u64> + Default>(&mut self, key: &str) -> T {
        let number = self.integer(key);
        T::try_from(number).unwrap_or_else(|_| {
            self.problem(key, format!("{number} is too large"));
            T::default()
        })
    }

    /// The same where 0 is no limit.
    pub(super) fn limit<T: TryFrom<u64> + Default>(&mut self, key: &str) -> Option<T> {
        (self.integer(key) > 0).then(|| self.number(key))
    }

    pub(super) fn span(&self, key: &str) -> Duration {
        match self.value(key) {
            Some(Value::Duration(span)) => span,
            _ => Duration::ZERO,
        }
    }

    /// A time span where 0 is no limit.
    pub(super) fn span_limit(&self, key: &str) -> Option<Duration> {
        Some(self.span(key)).filter(|span| !span.is_zero())
    }

    /// The texts of a list, each with its line.
    pub(super) fn list(&self, key: &str) -> Vec<(String, usize)> {
        let Some((_, written)) = self.set.get(key) else { return Vec::new() };
        written.items().into_iter().map(|(text, line)| (text.to_owned(), line)).collect()
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).into_iter().map(|(text, _)| text).collect()
    }

    /// Parses a URL. A user and a password in it are kept for its requests alone.
    pub(super) fn uri(&mut self, text: &str) -> Result<TargetUri, TargetUriError> {
        let (uri, user) = TargetUri::given(text.trim())?;
        self.users.extend(user.map(|user| (uri.clone(), user)));
        Ok(uri)
    }

    /// The URLs of a list; invalid ones are mistakes.
    pub(super) fn uris(&mut self, key: &str) -> Vec<TargetUri> {
        let mut uris = Vec::new();
        for (text, line) in self.list(key) {
            match self.uri(&text) {
                Ok(uri) => uris.push(uri),
                Err(why) => self.problem_at(line, key, why.to_string()),
            }
        }
        uris
    }

    /// The header fields, in the order of the file.
    pub(super) fn headers(&self) -> Vec<(String, String, usize)> {
        let mut found: Vec<(String, String, usize)> = self
            .set
            .iter()
            .filter_map(|(key, (value, written))| {
                let name = key.strip_prefix("headers.")?.trim_matches('"');
                let Value::Text(text) = value else { return None };
                Some((name.to_owned(), text.clone(), written.line))
            })
            .collect();
        found.sort_by_key(|(_, _, line)| *line);
        found
    }
}
