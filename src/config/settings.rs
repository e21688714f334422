//! All settings with their sources, joined in one place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::aws::AwsEnvironment;
use super::keys::{
    self, BoolKey, BytesKey, DurationKey, FloatKey, HostDurationKey, HostFloatKey, IntegerKey,
    KEYS, Key, ListKey, TextKey,
};
use super::nearest::nearest;
use super::value::Value;

/// A shorter lease has ended before its host can be asked.
const FRONTIER_LEASE_MIN: Duration = Duration::from_secs(1);

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The key was not set.
    Default,
    /// A line of a file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag, as typed.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A mistake in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was set.
    pub source: Source,
    /// The key.
    pub key: String,
    /// What is wrong, and possibly what was meant.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A flag names its key already.
        let named = matches!(&self.source, Source::Flag(flag) if flag.ends_with(&self.key));
        if self.key.is_empty() || named {
            write!(f, "{}: {}", self.source, self.what)
        } else {
            write!(f, "{}: {}: {}", self.source, self.key, self.what)
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// One or several mistakes.
    #[error("{}", join(.0))]
    Problems(Vec<Problem>),
}

fn join(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Every key's value and where it came from.
#[derive(Debug, Clone)]
pub struct Settings {
    values: BTreeMap<String, (Value, Source)>,
    aws: AwsEnvironment,
}

impl Default for Settings {
    fn default() -> Self {
        let values = KEYS
            .iter()
            .filter(|k| !k.path.contains('*'))
            .filter_map(|k| {
                Some((k.path.to_owned(), (k.kind.parse(k.default).ok()?, Source::Default)))
            })
            .collect();
        Self { values, aws: AwsEnvironment::default() }
    }
}

impl Settings {
    /// The defaults, overlaid by a file, the environment and `--set` flags, in this order. All
    /// mistakes are reported together.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in any layer is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: &[(String, String, String)],
    ) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|why| ConfigError::Unreadable { path: path.display().to_string(), why })?;
            settings.overlay_file(path, &text, &mut problems);
        }
        settings.overlay_environment(environment, &mut problems);
        for (key, value, flag) in flags {
            settings.overlay_text(key, value, &Source::Flag(flag.clone()), &mut problems);
        }
        settings.cross_check(&mut problems);
        if problems.is_empty() { Ok(settings) } else { Err(ConfigError::Problems(problems)) }
    }

    fn overlay_file(&mut self, path: &Path, text: &str, problems: &mut Vec<Problem>) {
        let written = match super::file::read(text) {
            Ok(written) => written,
            Err(e) => {
                let source = Source::File(path.to_owned(), e.line);
                problems.push(Problem { source, key: String::new(), what: e.why });
                return;
            }
        };
        for entry in written {
            let source = Source::File(path.to_owned(), entry.line);
            match keys::find(&entry.key) {
                None => problems.push(unknown(&entry.key, source)),
                Some(key) => match entry.value(key.kind) {
                    Ok(value) => {
                        self.values.insert(entry.key, (value, source));
                    }
                    Err(what) => problems.push(Problem { source, key: entry.key, what }),
                },
            }
        }
    }

    fn overlay_environment(
        &mut self,
        environment: impl Iterator<Item = (String, String)>,
        problems: &mut Vec<Problem>,
    ) {
        let aws = &mut self.aws;
        let given: BTreeMap<String, String> = environment
            .inspect(|(name, value)| aws.take(name, value))
            .filter(|(name, _)| name.starts_with("PRESSMARK_"))
            .collect();
        for key in KEYS.iter().filter(|k| !k.path.contains('*')) {
            let name = variable(key);
            if let Some(text) = given.get(&name) {
                self.overlay_text(key.path, text, &Source::Environment(name), problems);
            }
        }
    }

    fn overlay_text(
        &mut self,
        path: &str,
        text: &str,
        source: &Source,
        problems: &mut Vec<Problem>,
    ) {
        let path = quote_host(path);
        match keys::find(&path) {
            None => problems.push(unknown(&path, source.clone())),
            Some(key) => match key.kind.parse(text) {
                Ok(value) => {
                    self.values.insert(path, (value, source.clone()));
                }
                Err(what) => problems.push(Problem { source: source.clone(), key: path, what }),
            },
        }
    }

    fn cross_check(&self, problems: &mut Vec<Problem>) {
        let mut problem = |key: &str, what: String| {
            let source = self.values.get(key).map_or(Source::Default, |(_, s)| s.clone());
            problems.push(Problem { source, key: key.to_owned(), what });
        };
        for (low, high) in [
            (keys::POLITENESS_DELAY_MIN, keys::POLITENESS_DELAY_MAX),
            (keys::POLITENESS_BACKOFF_MIN, keys::POLITENESS_BACKOFF_MAX),
            (keys::SCHEDULE_INTERVAL_MIN, keys::SCHEDULE_INTERVAL_MAX),
        ] {
            if self.duration(low) > self.duration(high) {
                problem(low.path(), format!("is longer than {}", high.path()));
            }
        }
        if self.duration(keys::POLITENESS_ROBOTS_AGE_MAX) > Duration::from_hours(24) {
            problem(
                keys::POLITENESS_ROBOTS_AGE_MAX.path(),
                "a robots.txt may be used for 24h at most".into(),
            );
        }
        if self.duration(keys::STORE_FRONTIER_LEASE) < FRONTIER_LEASE_MIN {
            problem(
                keys::STORE_FRONTIER_LEASE.path(),
                "expected 1s or more: a lease must last longer than a request to the database"
                    .into(),
            );
        }
        if !(1..=12).contains(&self.integer(keys::WARC_LEVEL)) {
            let found = self.integer(keys::WARC_LEVEL);
            problem(
                keys::WARC_LEVEL.path(),
                format!("expected a level from 1 to 12, but found {found}"),
            );
        }
        for key in [keys::CRAWL_HOSTS_MAX, keys::CAPTURE_CONNECTIONS_MAX] {
            if self.integer(key) == 0 {
                problem(key.path(), "expected 1 or more".into());
            }
        }
        let prefix = self.text(keys::WARC_PREFIX);
        if prefix.is_empty()
            || !prefix.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        {
            problem(
                keys::WARC_PREFIX.path(),
                format!(
                    "{prefix:?} cannot begin a file name: expected letters, digits, dots, dashes"
                ),
            );
        }
        for key in [
            keys::IDENTITY_OPERATOR,
            keys::IDENTITY_CONTACT,
            keys::IDENTITY_USER_AGENT,
            keys::CAPTURE_ACCEPT_LANGUAGE,
        ] {
            if self.text(key).chars().any(char::is_control) {
                problem(key.path(), "contains a control character".into());
            }
        }
        let product = self.text(keys::IDENTITY_PRODUCT);
        if product.is_empty()
            || !product.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '_')
        {
            problem(
                keys::IDENTITY_PRODUCT.path(),
                format!(
                    "{product:?} is not a product token: letters, - and _ only (RFC 9309 section 2.2.1)"
                ),
            );
        }
    }

    /// Every key with its value and source, in the order of the table; per-host keys last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Source)> {
        let known = KEYS.iter().filter_map(|k| {
            let (value, source) = self.values.get(k.path)?;
            Some((k.path, value, source))
        });
        let hosts = self
            .values
            .iter()
            .filter(|(path, _)| keys::host_of(path).is_some())
            .map(|(path, (value, source))| (path.as_str(), value, source));
        known.chain(hosts)
    }

    fn value(&self, path: &str) -> Option<&Value> {
        self.values.get(path).map(|(value, _)| value)
    }

    /// A text, path or choice.
    #[must_use]
    pub fn text(&self, key: TextKey) -> &str {
        match self.value(key.path()) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A truth value.
    #[must_use]
    pub fn bool(&self, key: BoolKey) -> bool {
        matches!(self.value(key.path()), Some(Value::Bool(true)))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, key: IntegerKey) -> u64 {
        match self.value(key.path()) {
            Some(Value::Integer(number)) => *number,
            _ => 0,
        }
    }

    /// A number.
    #[must_use]
    pub fn float(&self, key: FloatKey) -> f64 {
        match self.value(key.path()) {
            Some(Value::Float(number)) => *number,
            _ => 0.0,
        }
    }

    /// A time span.
    #[must_use]
    pub fn duration(&self, key: DurationKey) -> Duration {
        match self.value(key.path()) {
            Some(Value::Duration(span)) => *span,
            _ => Duration::ZERO,
        }
    }

    /// An amount of bytes.
    #[must_use]
    pub fn bytes(&self, key: BytesKey) -> u64 {
        match self.value(key.path()) {
            Some(Value::Bytes(bytes)) => *bytes,
            _ => 0,
        }
    }

    /// A list.
    #[must_use]
    pub fn list(&self, key: ListKey) -> &[String] {
        match self.value(key.path()) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// Every host that has a setting of its own.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> =
            self.values.keys().filter_map(|k| keys::host_of(k)).map(str::to_owned).collect();
        hosts.dedup();
        hosts
    }

    /// A per-host time span, where one is set.
    #[must_use]
    pub fn host_duration(&self, host: &str, key: HostDurationKey) -> Option<Duration> {
        match self.value(&keys::host_path(key.path(), host))? {
            Value::Duration(span) => Some(*span),
            _ => None,
        }
    }

    /// A per-host number, where one is set.
    #[must_use]
    pub fn host_float(&self, host: &str, key: HostFloatKey) -> Option<f64> {
        match self.value(&keys::host_path(key.path(), host))? {
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The environment variables of S3 tools.
    #[must_use]
    pub fn aws(&self) -> &AwsEnvironment {
        &self.aws
    }

    /// Where a key's value came from.
    #[must_use]
    pub fn source(&self, path: &str) -> Source {
        self.values.get(path).map_or(Source::Default, |(_, source)| source.clone())
    }

    /// The settings as TOML, one line a key: what identifies a run. Those of the server have no part in one,
    /// and one of them is a secret.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut out = String::new();
        // How the archive is served, where captures are looked up or queued and where files are kept as well shapes
        // no capture, and may be secret.
        let apart = ["serve.", "store.captures", "store.frontier", "store.remote", "store.local"];
        let shapes = |path: &str| !apart.iter().any(|p| path.starts_with(p));
        for (path, value, _) in self.iter().filter(|(path, ..)| shapes(path)) {
            out.push_str(&format!("{path} = {value}\n"));
        }
        out
    }
}

/// The environment variable of a key: `politeness.delay_min` is `PRESSMARK_POLITENESS_DELAY_MIN`.
#[must_use]
pub fn variable(key: &Key) -> String {
    format!("PRESSMARK_{}", key.path.replace('.', "_").to_ascii_uppercase())
}

/// Per-host keys typed without quotes get them: the last dot separates host and name.
fn quote_host(path: &str) -> String {
    match path.strip_prefix("politeness.host.").and_then(|rest| rest.rsplit_once('.')) {
        Some((host, name)) => format!("politeness.host.{:?}.{name}", host.trim_matches('"')),
        None => path.to_owned(),
    }
}

fn unknown(key: &str, source: Source) -> Problem {
    let what = match nearest(key, KEYS.iter().map(|k| k.path)) {
        Some(near) => format!("unknown key; did you mean {near}?"),
        None => "unknown key; `pressmark config show` lists all".to_owned(),
    };
    Problem { source, key: key.to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        text: &str,
        env: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Settings, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.toml");
        std::fs::write(&path, text).unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let flags: Vec<_> = flags
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned(), "--set".to_owned()))
            .collect();
        Settings::load(Some(&path), env, &flags)
    }

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for key in KEYS {
            assert!(key.kind.parse(key.default).is_ok(), "{}", key.path);
        }
        let mut problems = Vec::new();
        Settings::default().cross_check(&mut problems);
        assert_eq!(problems, []);
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = "[politeness]\ndelay_min = \"3s\"\ndelay_factor = 2\nbackoff_min = \"9s\"\n";
        let env =
            [("PRESSMARK_POLITENESS_DELAY_MIN", "4s"), ("PRESSMARK_POLITENESS_DELAY_FACTOR", "3")];
        let settings = load(file, &env, &[("politeness.delay_min", "5s")]).unwrap();
        assert_eq!(settings.duration(keys::POLITENESS_DELAY_MIN), Duration::from_secs(5));
        assert_eq!(settings.float(keys::POLITENESS_DELAY_FACTOR), 3.0);
        assert!(matches!(settings.source("politeness.backoff_min"), Source::File(_, 4)));
        assert_eq!(settings.source("politeness.delay_max"), Source::Default);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let error = load("[politeness]\ndelay_mni = \"3s\"\n", &[], &[]).unwrap_err().to_string();
        assert!(error.contains("p.toml:2"), "{error}");
        assert!(error.contains("did you mean politeness.delay_min?"), "{error}");
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let text = "archive = 3\n[warc]\nlevel = 99\ndigest = \"md5\"\n";
        let ConfigError::Problems(problems) = load(text, &[], &[("x.y", "1")]).unwrap_err() else {
            panic!("expected problems");
        };
        let keys: Vec<_> = problems.iter().map(|p| p.key.as_str()).collect();
        assert_eq!(keys, ["archive", "warc.digest", "x.y", "warc.level"]);
    }

    #[test]
    fn a_lease_that_ends_before_a_request_can_be_sent_is_refused() {
        for (lease, is_refused) in [("0s", true), ("1ms", true), ("999ms", true), ("1s", false)] {
            let file = format!("[store]\nfrontier_lease = \"{lease}\"\n");
            let refused = load(&file, &[], &[]).err().map(|why| why.to_string());
            assert_eq!(refused.is_some(), is_refused, "{lease}");
            assert!(refused.is_none_or(|why| why.contains("expected 1s or more")), "{lease}");
        }
    }

    #[test]
    fn a_host_may_have_settings_of_its_own() {
        let file = "[politeness.host.\"news.example\"]\ndelay_min = \"0s\"\n";
        let settings = load(file, &[], &[("politeness.host.b.example.delay_factor", "1")]).unwrap();
        assert_eq!(
            settings.host_duration("news.example", keys::HOST_DELAY_MIN),
            Some(Duration::ZERO)
        );
        assert_eq!(settings.host_float("b.example", keys::HOST_DELAY_FACTOR), Some(1.0));
        assert_eq!(settings.hosts(), ["b.example", "news.example"]);
    }
}
