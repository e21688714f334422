//! `config show|check`

use serde::Serialize;

use crate::app::blocks::try_blocks;
use crate::app::captures::rights;
use crate::app::objects::try_objects;
use crate::app::shared::frontier_rights;
use crate::base::{Clock, SystemClock};
use crate::cli::args::{ConfigArgs, ConfigCommand, Global};
use crate::cli::context::{jobs_dir, load_settings};
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::config::mask::masked;
use crate::config::{ConfigError, Problem, Settings, job_files, keys, load_jobs};

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    value: serde_json::Value,
    source: String,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    source: String,
    key: &'a str,
    what: &'a str,
}

/// Runs it.
///
/// # Errors
/// When the settings cannot be read, or stdout cannot be written.
pub fn run(args: &ConfigArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    match args.what {
        ConfigCommand::Show => show(global, out),
        ConfigCommand::Check => check(global, out),
    }
}

fn show(global: &Global, out: &Output) -> Result<Exit, CliError> {
    let (settings, _) = load_settings(global).map_err(super::super::context::config_error)?;
    match out.format() {
        Format::Json => {
            for (key, value, source) in settings.iter() {
                let value = masked(key, value);
                out.json(&Row { key, value: value.to_json(), source: source.to_string() })?;
            }
        }
        Format::Text => {
            let rows: Vec<Vec<String>> = settings
                .iter()
                .map(|(key, value, source)| {
                    vec![key.to_owned(), masked(key, value).to_string(), source.to_string()]
                })
                .collect();
            out.table(&["key", "value", "source"], &[], &rows)?;
        }
    }
    Ok(Exit::Done)
}

fn check(global: &Global, out: &Output) -> Result<Exit, CliError> {
    match load_settings(global) {
        Ok((settings, file)) => {
            let exit = check_jobs(global, &settings, out)?;
            // Whether there is none is known only after the servers were asked.
            if exit == Exit::Done {
                out.say(&match file {
                    Some(path) => format!("{}: no problem found", path.display()),
                    None => "no config file; no problem found in the defaults and the environment"
                        .to_owned(),
                });
            }
            Ok(exit)
        }
        Err(ConfigError::Problems(problems)) => {
            print(&problems, out)?;
            Ok(Exit::Usage)
        }
        Err(error) => Err(super::super::context::config_error(error)),
    }
}

/// The same for the job files next to the config file.
fn check_jobs(global: &Global, settings: &Settings, out: &Output) -> Result<Exit, CliError> {
    let dir = jobs_dir(global);
    let files = job_files(&dir)
        .map_err(|why| CliError::usage(format!("reading the jobs in {}: {why}", dir.display())))?;
    match load_jobs(&files, SystemClock.now()) {
        Ok(jobs) => {
            if !jobs.is_empty() {
                out.say(&format!("{}: {} jobs, no problem found", dir.display(), jobs.len()));
            }
            settings
                .warnings(&jobs)
                .iter()
                .for_each(|warning| out.warn(&format!("note: {warning}")));
            check_databases(settings, out)
        }
        Err(problems) => {
            print(&problems, out)?;
            Ok(Exit::Usage)
        }
    }
}

/// Whether what keeps the captures, the queue and the WARC files can be reached, and what may be done there. One that
/// cannot be reached is a problem of its key, and the others are tried anyway.
fn check_databases(settings: &Settings, out: &Output) -> Result<Exit, CliError> {
    let mut problems: Vec<Problem> = Vec::new();
    // Whether the only problem is a server that does not answer: the settings may be right.
    let mut is_away = true;
    let problem = |key: &str, what: String| Problem {
        source: settings.source(key),
        key: key.to_owned(),
        what,
    };
    let asked = [
        (keys::STORE_CAPTURES, rights(settings)),
        (keys::STORE_FRONTIER, frontier_rights(settings)),
    ];
    for (key, rights) in asked {
        let key = key.path();
        match rights {
            Ok(None) => {}
            Ok(Some(rights)) => {
                out.say(&format!("{key}: {rights}"));
                is_away &= rights.lacking().is_empty();
                problems.extend(rights.lacking().iter().map(|what| problem(key, what.clone())));
            }
            Err(error) => {
                is_away &= error.is_away;
                let (key, what) = blamed(key, &error.message);
                problems.push(problem(key, what.to_owned()));
            }
        }
    }
    let tried =
        [(keys::STORE_REMOTE, try_objects(settings)), (keys::STORE_ZIPNUM, try_blocks(settings))];
    for (key, tried) in tried {
        match tried {
            None => {}
            Some(Ok(result)) => out.say(&format!("{}: {result}", key.path())),
            Some(Err(trouble)) => {
                is_away &= trouble.is_away;
                let (key, what) = blamed(key.path(), &trouble.what);
                problems.push(problem(key, what.to_owned()));
            }
        }
    }
    print(&problems, out)?;
    Ok(match (problems.is_empty(), is_away) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Usage,
    })
}

/// The key that an error is about, and what it says besides: an error of the settings names its key itself.
fn blamed<'a>(key: &'a str, message: &'a str) -> (&'a str, &'a str) {
    if let Some(rest) = message.strip_prefix("reading the settings: ")
        && let Some((named, what)) = rest.split_once(": ")
        && named.starts_with("store.")
    {
        return (named, what);
    }
    let doing = ["opening the captures: ", "opening the shared queue: "];
    (key, doing.iter().find_map(|doing| message.strip_prefix(doing)).unwrap_or(message))
}

fn print(problems: &[Problem], out: &Output) -> Result<(), CliError> {
    for problem in problems {
        match out.format() {
            Format::Text => out.line(&problem.to_string())?,
            Format::Json => out.json(&ProblemRow {
                source: problem.source.to_string(),
                key: &problem.key,
                what: &problem.what,
            })?,
        }
    }
    Ok(())
}
