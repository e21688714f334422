//! What the commands share: settings, paths, clock, output.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::app::captures::open_reader;
use crate::app::{self, Setup};
use crate::base::{SystemClock, TimeRange, Timestamp};
use crate::cli::CliError;
use crate::config::keys;
use crate::config::{ConfigError, Settings};
use crate::readings::Readings;
use crate::store::{Reader, Stay, StoreError};

use super::args::{Global, NetworkArgs};
use super::output::Output;

/// How often a command says how far the search index is.
const INDEXING_REPORTED_EVERY: Duration = Duration::from_secs(5);

/// Settings, paths and clock of one command (see [`Setup`], whose fields are these), and its output.
pub struct Context {
    setup: Setup,
    /// Where output goes.
    pub out: Output,
    global: Global,
}

impl Deref for Context {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.setup
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Setup {
        &mut self.setup
    }
}

impl Context {
    /// Reads the settings and finds the archive.
    ///
    /// # Errors
    /// When the settings are wrong.
    pub fn load(global: &Global, out: Output) -> Result<Self, CliError> {
        let (settings, _) = load_settings(global).map_err(config_error)?;
        let archive = archive_root(global, &settings);
        let setup = Setup {
            settings,
            archive,
            clock: Arc::new(SystemClock),
            resolve: Vec::new(),
            jobs_dir: jobs_dir(global),
        };
        Ok(Self { setup, out, global: global.clone() })
    }

    /// A copy of what everything is made from, without the output.
    #[must_use]
    pub fn as_setup(&self) -> Setup {
        let Setup { settings, archive, clock, resolve, jobs_dir } = &self.setup;
        Setup {
            settings: settings.clone(),
            archive: archive.clone(),
            clock: Arc::clone(clock),
            resolve: resolve.clone(),
            jobs_dir: jobs_dir.clone(),
        }
    }

    /// The same with the network flags of a command laid over the settings.
    ///
    /// # Errors
    /// When a flag's value is wrong.
    pub fn with_network(mut self, flags: &NetworkArgs) -> Result<Self, CliError> {
        let mut sets = self.global.set.clone();
        let mut overlay = |key: &str, value: String| sets.push(format!("{key}={value}"));
        // A pin may hold commas itself, which separate the items of a list.
        self.resolve.clone_from(&flags.resolve);
        if flags.allow_private {
            overlay("capture.allow_private", "true".to_owned());
        }
        if let Some(agent) = &flags.user_agent {
            overlay("identity.user_agent", agent.clone());
        }
        if let Some(contact) = &flags.contact {
            overlay("identity.contact", contact.clone());
        }
        if let Some(proxy) = &flags.proxy {
            overlay("capture.proxy", proxy.clone());
        }
        self.global.set = sets;
        let (settings, _) = load_settings(&self.global).map_err(config_error)?;
        self.settings = settings;
        Ok(self)
    }

    /// The same with further settings, as from `--set`; what the user set takes precedence.
    ///
    /// # Errors
    /// When one is wrong.
    pub fn with_sets(mut self, sets: &[&str]) -> Result<Self, CliError> {
        let own = std::mem::take(&mut self.global.set);
        self.global.set = sets.iter().map(|s| (*s).to_owned()).chain(own).collect();
        let (settings, _) = load_settings(&self.global).map_err(config_error)?;
        self.settings = settings;
        Ok(self)
    }

    /// The archive, to read from.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn reader(&self) -> Result<Reader, CliError> {
        self.reader_for(Stay::Brief)
    }

    /// The archive, to read from for as long as `stay` says.
    ///
    /// # Errors
    /// As [`Self::reader`].
    pub fn reader_for(&self, stay: Stay) -> Result<Reader, CliError> {
        let (reader, notes) = open_reader(&self.settings, &self.archive, stay)?;
        for note in notes {
            self.out.say(&format!("pressmark: {note}"));
        }
        Ok(reader)
    }

    /// The names inside the archive, with the object storage that the settings name.
    ///
    /// # Errors
    /// When the settings of that storage cannot be used.
    pub fn layout(&self) -> Result<crate::store::Layout, CliError> {
        let (layout, note) = app::objects::layout(&self.settings, &self.archive)?;
        if let Some(note) = note {
            self.out.say(&format!("pressmark: {note}"));
        }
        Ok(layout)
    }

    /// What was derived from the archive before, so that it need not be derived again.
    #[must_use]
    pub fn readings(&self, reader: &Reader) -> Readings {
        let dir = reader.layout().derived_dir();
        let readings = Readings::open(&dir, self.settings.bytes(keys::STORE_DERIVED_BYTES_MAX));
        if let (Some(why), true) = (readings.why_not(), self.out.verbose() > 0) {
            self.out.say(&format!("pressmark: pages are read again: {why}"));
        }
        readings
    }

    /// Reports at intervals how many pages the index of words took in.
    pub fn indexing(&self) -> impl FnMut(u64) {
        let mut reported_at = self.clock.now();
        move |pages| {
            let now = self.clock.now();
            if now.since(reported_at) >= INDEXING_REPORTED_EVERY {
                reported_at = now;
                self.out.say(&format!("{pages} pages read for the search index"));
            }
        }
    }

    /// A time as given on the command line.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub fn time(&self, flag: &str, text: &str) -> Result<TimeRange, CliError> {
        TimeRange::parse(text, self.clock.now())
            .map_err(|e| CliError::usage(format!("{flag} {text:?}: {e}")))
    }

    /// The instant that `--at` means: the middle of the period it names, so that `--at 2025`
    /// finds what is closest to that year. None where the flag was not given.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub fn instant(&self, flag: &str, text: Option<&str>) -> Result<Option<Timestamp>, CliError> {
        let Some(text) = text else { return Ok(None) };
        let range = self.time(flag, text)?;
        let half = range.end.since(range.start) / 2;
        Ok(Some(range.start.plus(half)))
    }

    /// `--from` and `--to` as one period.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub fn period(&self, from: Option<&str>, to: Option<&str>) -> Result<TimeRange, CliError> {
        let start = from.map(|t| self.time("--from", t)).transpose()?;
        let end = to.map(|t| self.time("--to", t)).transpose()?;
        Ok(TimeRange::from_to(start, end))
    }
}

/// The settings of this process, and the config file they were read from.
///
/// # Errors
/// When they are wrong.
pub fn load_settings(global: &Global) -> Result<(Settings, Option<PathBuf>), ConfigError> {
    let file = match &global.config {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from("config/pressmark.toml")).filter(|p| p.exists()),
    };
    let mut flags = Vec::new();
    for set in &global.set {
        let (key, value) = set.split_once('=').unwrap_or((set, ""));
        flags.push((key.trim().to_owned(), value.to_owned(), format!("--set {}", key.trim())));
    }
    // Names and values that are not Unicode cannot be settings.
    let environment = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let settings = Settings::load(file.as_deref(), environment, &flags)?;
    Ok((settings, file))
}

/// Where the job files are: `jobs` next to the config file.
#[must_use]
pub fn jobs_dir(global: &Global) -> PathBuf {
    let beside = global.config.as_ref().and_then(|file| file.parent());
    beside.map_or_else(|| PathBuf::from("config/jobs"), |dir| dir.join("jobs"))
}

/// Where the archive is.
#[must_use]
pub fn archive_root(global: &Global, settings: &Settings) -> PathBuf {
    global.archive.clone().unwrap_or_else(|| PathBuf::from(settings.text(keys::ARCHIVE)))
}

/// A settings error for a person.
#[must_use]
pub fn config_error(error: ConfigError) -> CliError {
    CliError::usage(format!("reading the settings: {error}")).hint(
        "`pressmark config check` lists all problems; config/pressmark.toml explains every key",
    )
}

/// A store error for a person.
#[must_use]
pub fn store_error(what: &str, error: StoreError) -> CliError {
    app::store_error(what, error).into()
}

/// A store error of a command that writes into the archive at `root`.
#[must_use]
pub fn writing_error(what: &str, root: &Path, error: StoreError) -> CliError {
    app::writing_error(what, root, error).into()
}
