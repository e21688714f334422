//! Job files: one TOML file a job, read into a [`JobSpec`] and checked as a whole.
//!
//! Every mistake of every file is reported together, each with file, line and key. What it
//! deliberately does not do: fetch, resolve names, or look at a queue.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::credentials;
use super::header_field::check_field;
use super::job_values::JobValues;
use super::settings::{Problem, Source};
use crate::base::{ByteSize, TargetUri, Timestamp};
use crate::schedule::clean::{CleanOptions, Switch};
use crate::schedule::revisit::{AdaptiveParams, Cron, Schedule};
use crate::schedule::scope::{Requisites, Rule, Scope, ScopeOptions};
use crate::schedule::traps::TrapOptions;
use crate::schedule::{BrowserUse, JobLimits, JobSpec, Notify, Overlap, Secret, SeedList};

/// The job files of a folder: all that end in `.toml`, sorted by name. Empty when there is no such
/// folder.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn job_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_hidden =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.extension().is_some_and(|e| e == "toml") && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads job files. `now` is for checks alone: whether a cron expression has a time to come.
///
/// # Errors
/// Every mistake in any of them, files in the order given and lines in the order of the file.
pub fn load_jobs(files: &[PathBuf], now: Timestamp) -> Result<Vec<JobSpec>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut jobs = Vec::new();
    let mut names: HashMap<String, PathBuf> = HashMap::new();
    for path in files {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(why) => {
                let what = format!("cannot be read: {why}");
                let source = Source::File(path.clone(), 0);
                problems.push(Problem { source, key: String::new(), what });
                continue;
            }
        };
        let mut of_file = Vec::new();
        let mut values = JobValues::read(path, &text, &mut of_file);
        let mut job = job_of(&mut values, now);
        // By its full path, so that it is one file from wherever it is named.
        job.file = Some(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()));
        if let Some(other) = names.get(&job.name) {
            let what = format!("the job of {} is also called {:?}", other.display(), job.name);
            values.problem("name", what);
        }
        names.entry(job.name.clone()).or_insert_with(|| path.clone());
        of_file.sort_by_key(|p| match &p.source {
            Source::File(_, line) => *line,
            _ => 0,
        });
        problems.append(&mut of_file);
        jobs.push(job);
    }
    if problems.is_empty() { Ok(jobs) } else { Err(problems) }
}

fn job_of(values: &mut JobValues<'_>, now: Timestamp) -> JobSpec {
    let mut job = JobSpec::new(values.text("name"));
    check_name(values, &job.name);
    job.seeds = seeds_of(values);
    job.feeds = values.uris("feeds");
    job.sitemaps = values.uris("sitemaps");
    job.sections = values.uris("sections");
    let has_sources = ["seeds", "seed_files", "feeds", "sitemaps", "sections"]
        .iter()
        .any(|key| !values.list(key).is_empty());
    if !has_sources {
        values.problem(
            "seeds",
            "nothing to start from: expected seeds, seed_files, feeds, sitemaps or sections",
        );
    }
    job.sitemaps_from_robots = values.bool("sitemaps_from_robots");
    job.entry_age_max = values.span_limit("entry_age_max");
    job.depth = values.number("depth");
    job.overlap = match values.text("overlap").as_str() {
        "skip" => Overlap::Skip,
        "queue" => Overlap::Queue,
        _ => Overlap::Resume,
    };
    job.scope = scope_of(values, &job);
    job.clean = clean_of(values);
    job.traps = traps_of(values);
    job.limits = JobLimits {
        pages_max: values.limit("limits.pages_max"),
        bytes_max: values.limit("limits.bytes_max"),
        time_max: values.span_limit("limits.time_max"),
        disk_free_min: values.limit("limits.disk_free_min"),
    };
    job.schedule = schedule_of(values, now);
    job.sources_every = values.span("schedule.sources_every");
    if job.sources_every.is_zero() {
        values.problem("schedule.sources_every", "expected a time span longer than 0");
    }
    job.young = values.span("schedule.young");
    job.age_max = values.span_limit("schedule.age_max");
    identity(values, &mut job);
    for (uri, user) in std::mem::take(&mut values.users) {
        job.credentials.add_user(uri, &user);
    }
    job
}

fn identity(values: &mut JobValues<'_>, job: &mut JobSpec) {
    for (name, value, line) in values.headers() {
        let key = format!("headers.{name}");
        let lower = name.to_ascii_lowercase();
        if matches!(lower.as_str(), "authorization" | "cookie") {
            let what = format!("{name} belongs in the credentials file, which is never logged");
            values.problem_at(line, &key, what);
        } else if let Err(what) = check_field(&name, &value) {
            values.problem_at(line, &key, what);
        } else {
            job.headers.push((name, Secret::new(value)));
        }
    }
    for (key, slot) in [("user_agent", &mut job.user_agent), ("contact", &mut job.contact)] {
        *slot = values.some_text(key);
        if slot.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
            values.problem(key, "contains a control character");
        }
    }
    job.browser = match values.text("browser").as_str() {
        "when-needed" => BrowserUse::WhenNeeded,
        "always" => BrowserUse::Always,
        _ => BrowserUse::Never,
    };
    job.visual = values.bool("visual");
    job.robots_reading = values.some_text("robots_reading");
    job.proxy = values.some_text("proxy").map(Secret::new);
    if let Some(proxy) = &job.proxy
        && !is_proxy(proxy.expose())
    {
        // A proxy's URL may hold a password, so it is not repeated.
        values
            .problem("proxy", "expected http://HOST:PORT, socks5://HOST:PORT or relay://HOST:PORT");
    }
    if let Some(file) = values.some_text("credentials_file") {
        let path = values.folder().join(file);
        job.credentials = credentials::read(&path, values.problems);
    }
    job.notify = Notify { webhook: None, command: values.texts("notify.command") };
    if let Some(text) = values.some_text("notify.webhook") {
        match TargetUri::with_user(&text) {
            Ok(uri) => job.notify.webhook = Some(uri),
            Err(why) => values.problem("notify.webhook", why.to_string()),
        }
    }
    if job.notify.command.first().is_some_and(String::is_empty) {
        values.problem("notify.command", "expected a program as the first text");
    }
}

fn is_proxy(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "socks5" | "socks5h" | "relay") && url.host_str().is_some()
    })
}

fn check_name(values: &mut JobValues<'_>, name: &str) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if name.is_empty() {
        values.problem("name", "a job needs a name");
    } else if !name.chars().all(is_plain) || name.len() > 64 || name.starts_with('.') {
        let what =
            format!("{name:?} cannot be a job's name: expected up to 64 of a-z, 0-9, dots, dashes");
        values.problem("name", what);
    }
}

fn seeds_of(values: &mut JobValues<'_>) -> SeedList {
    let mut seeds = SeedList::default();
    for (text, line) in values.list("seeds") {
        match values.uri(&text) {
            Ok(uri) => seeds.push(&uri),
            Err(why) => values.problem_at(line, "seeds", why.to_string()),
        }
    }
    for (file, line) in values.list("seed_files") {
        let path = values.folder().join(&file);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) => {
                values.problem_at(line, "seed_files", format!("{}: {why}", path.display()));
                continue;
            }
        };
        for (at, uri) in seed_lines(&text) {
            match values.uri(uri) {
                Ok(uri) => seeds.push(&uri),
                Err(why) => values.problems.push(Problem {
                    source: Source::File(path.clone(), at),
                    key: String::new(),
                    what: why.to_string(),
                }),
            }
        }
    }
    seeds.shrink_to_fit();
    seeds
}

/// The URLs of a seed list with their lines, from 1. A `#` begins a comment at the start of a line
/// or behind white space: inside a URL it is a fragment.
fn seed_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.trim_start_matches('\u{feff}').lines().enumerate().filter_map(|(index, line)| {
        let comment = line
            .char_indices()
            .find(|(at, c)| *c == '#' && line[..*at].chars().last().is_none_or(char::is_whitespace))
            .map_or(line.len(), |(at, _)| at);
        let bare = line[..comment].trim();
        (!bare.is_empty()).then_some((index + 1, bare))
    })
}

/// What a job names and its own scope leaves out, with the rule: a publisher may have asked for it, and
/// a file that says both must not keep a reload from being followed. At most [`EXCLUDED_MAX`], and how
/// many there are.
pub(super) fn excluded(job: &JobSpec) -> (Vec<String>, usize) {
    let Ok(scope) = Scope::new(job.scope.clone()) else { return (Vec::new(), 0) };
    let (mut said, mut count) = (Vec::new(), 0);
    for uri in job.named() {
        let Some(rule) = scope.excluded(&uri) else { continue };
        count += 1;
        if said.len() < EXCLUDED_MAX {
            said.push(format!("{uri} is named by the job but excluded by its own scope ({rule})"));
        }
    }
    (said, count)
}

/// How many of them are reported one by one.
pub(super) const EXCLUDED_MAX: usize = 20;

type RuleOf = fn(String) -> Rule;

/// The kinds of rules, by the names of their lists.
const RULES: [(&str, RuleOf); 5] = [
    ("surts", Rule::Surt),
    ("hosts", Rule::Host),
    ("domains", Rule::Domain),
    ("globs", Rule::Glob),
    ("regexes", Rule::Regex),
];

fn scope_of(values: &mut JobValues<'_>, job: &JobSpec) -> ScopeOptions {
    let mut include = rules_of(values, "scope.");
    let exclude = rules_of(values, "scope.exclude_");
    let named_by_sources = include.is_empty();
    if named_by_sources {
        let mut hosts = HashSet::new();
        let all = job.named().map(|uri| uri.host_key().as_str().to_owned());
        let new = all.filter(|host| hosts.insert(host.clone()));
        include = new.map(Rule::Host).collect();
    }
    let requisites = match values.text("scope.requisites").as_str() {
        "same-scope" => Requisites::SameScope,
        "any-host" => Requisites::AnyHost,
        _ => Requisites::None,
    };
    ScopeOptions {
        include,
        exclude,
        named_by_sources,
        hops_max: values.limit("scope.hops_max"),
        requisites,
        transclusion_hops_max: values.number("scope.requisite_hops_max"),
        media_types: media_types(values, "scope.media_types"),
        media_types_exclude: media_types(values, "scope.media_types_exclude"),
        payload_bytes_max: values.limit("scope.response_bytes_max").map(ByteSize),
    }
}

/// The rules of a list's kinds. Each is tried alone, so that each mistake has its own line.
fn rules_of(values: &mut JobValues<'_>, prefix: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (name, rule_of) in RULES {
        let key = format!("{prefix}{name}");
        for (text, line) in values.list(&key) {
            let rule = rule_of(text.trim().to_owned());
            let alone = ScopeOptions { include: vec![rule.clone()], ..ScopeOptions::default() };
            match Scope::new(alone) {
                Ok(_) => rules.push(rule),
                Err(why) => values.problem_at(
                    line,
                    &key,
                    format!("{} cannot be used: {}", why.rule, why.why),
                ),
            }
        }
    }
    rules
}

fn media_types(values: &mut JobValues<'_>, key: &str) -> Vec<String> {
    let mut types = Vec::new();
    for (text, line) in values.list(key) {
        let alone = ScopeOptions { media_types: vec![text.clone()], ..ScopeOptions::default() };
        match Scope::new(alone) {
            Ok(_) => types.push(text),
            Err(why) => values.problem_at(line, key, format!("{}: {}", why.rule, why.why)),
        }
    }
    types
}

fn clean_of(values: &JobValues<'_>) -> CleanOptions {
    let switch = |key| if values.bool(key) { Switch::On } else { Switch::Off };
    CleanOptions {
        tracking: switch("clean.tracking"),
        sessions: switch("clean.sessions"),
        remove: values.texts("clean.remove"),
        keep: values.texts("clean.keep"),
    }
}

fn traps_of(values: &mut JobValues<'_>) -> TrapOptions {
    TrapOptions {
        segment_repeats_max: values.number("traps.segment_repeats_max"),
        run_repeats_max: values.number("traps.run_repeats_max"),
        path_segments_max: values.number("traps.path_segments_max"),
        url_bytes_max: values.number("traps.url_bytes_max"),
        parameters_max: values.number("traps.parameters_max"),
        year_min: values.number("traps.year_min"),
        days_ahead_max: values.number("traps.days_ahead_max"),
        dated_per_host_max: values.limit("traps.dated_per_host_max"),
        per_host_max: values.limit("traps.per_host_max"),
        per_pattern_max: values.limit("traps.per_pattern_max"),
        queries_per_path_max: values.limit("traps.queries_per_path_max"),
        ..TrapOptions::default()
    }
}

fn schedule_of(values: &mut JobValues<'_>, now: Timestamp) -> Schedule {
    let every = values.span_limit("schedule.every");
    let cron = values.some_text("schedule.cron");
    let asks_adaptive = values.is_set("schedule.adaptive") && values.bool("schedule.adaptive");
    if [every.is_some(), cron.is_some(), asks_adaptive].iter().filter(|set| **set).count() > 1 {
        let key = if cron.is_some() { "schedule.cron" } else { "schedule.every" };
        values.problem(key, "expected only one of adaptive, every and cron");
    }
    if values.is_set("schedule.adaptive") && !asks_adaptive && every.is_none() && cron.is_none() {
        values.problem("schedule.adaptive", "if false, every or cron is required");
    }
    if let Some(text) = cron {
        match text.parse::<Cron>() {
            Ok(cron) if cron.after(now).is_none() => {
                values.problem("schedule.cron", format!("{text:?} matches no future time"));
            }
            Ok(cron) => return Schedule::Cron(cron),
            Err(why) => values.problem("schedule.cron", why.to_string()),
        }
    }
    if let Some(every) = every {
        return Schedule::Fixed { every };
    }
    let interval_min = values.span("schedule.interval_min");
    let interval_max = values.span("schedule.interval_max");
    if interval_min.is_zero() {
        values.problem("schedule.interval_min", "expected a time span longer than 0");
    }
    if interval_min > interval_max {
        values.problem("schedule.interval_min", "is longer than schedule.interval_max");
    }
    let params = AdaptiveParams { interval_min, interval_max, ..AdaptiveParams::default() };
    Schedule::Adaptive(Box::new(params))
}

#[cfg(test)]
mod tests;
