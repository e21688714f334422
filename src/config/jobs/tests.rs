use std::time::Duration;

use super::*;

fn now() -> Timestamp {
    Timestamp::parse("2025-11-05T12:00:00Z").unwrap()
}

/// Files in a folder of their own; the jobs of those that end in `.toml`, or the mistakes as
/// `file:line: key: what`.
fn load(files: &[(&str, &str)]) -> Result<Vec<JobSpec>, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let paths = job_files(dir.path()).unwrap();
    let prefix = format!("{}/", dir.path().display());
    load_jobs(&paths, now())
        .map_err(|problems| problems.iter().map(|p| p.to_string().replace(&prefix, "")).collect())
}

const WHOLE: &str = r#"
name = "capital-press"
seeds = ["https://www.example.org/"]
seed_files = ["more.txt"]
feeds = ["https://www.example.org/feed.xml"]
sitemaps = ["https://maps.example.net/news.xml.gz"]
sections = ["https://www.example.org/politics"]
sitemaps_from_robots = true
entry_age_max = "7d"
depth = 1
overlap = "skip"
user_agent = "pressmark-test (+https://example.com/bot)"
proxy = "socks5://127.0.0.1:9050"

[scope]
domains = ["example.org"]
globs = ["https://*.example.com/news/*"]
exclude_regexes = ["/comments?/"]
requisites = "same-scope"
media_types = ["text/*"]
response_bytes_max = "10 MiB"

[clean]
tracking = false
remove = ["ref_*"]

[traps]
per_host_max = 5000
per_pattern_max = 0

[limits]
pages_max = 100
time_max = "2h"

[schedule]
cron = "*/30 * * * *"
sources_every = "10m"

[headers]
Accept-Language = "de"
X-Study = "a"

[notify]
webhook = "https://hooks.example.org/x"
command = ["notify-send", "changed"]
"#;

#[test]
fn a_whole_job_is_read() {
    let seeds = "# politics\nhttps://www.example.org/a#top   # kept\n\nhttps://b.example.org/\n";
    let jobs =
        load(&[("a.toml", WHOLE), ("more.txt", seeds), ("b.toml.sample", "nonsense")]).unwrap();
    let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
    let seeds: Vec<&str> = job.seeds.texts().collect();
    assert_eq!(
        seeds,
        ["https://www.example.org/", "https://www.example.org/a#top", "https://b.example.org/"]
    );
    assert_eq!((job.depth, job.overlap, job.sitemaps_from_robots), (1, Overlap::Skip, true));
    assert_eq!(
        job.scope.include,
        [Rule::Domain("example.org".into()), Rule::Glob("https://*.example.com/news/*".into())]
    );
    assert_eq!(job.scope.exclude, [Rule::Regex("/comments?/".into())]);
    assert_eq!(job.scope.payload_bytes_max, Some(ByteSize(10 << 20)));
    assert_eq!((job.clean.tracking, job.clean.sessions), (Switch::Off, Switch::On));
    assert_eq!((job.traps.per_host_max, job.traps.per_pattern_max), (Some(5000), None));
    assert_eq!(job.limits.time_max, Some(Duration::from_hours(2)));
    assert!(matches!(&job.schedule, Schedule::Cron(cron) if cron.as_str() == "*/30 * * * *"));
    assert_eq!(job.sources_every, Duration::from_mins(10));
    assert_eq!(job.headers.len(), 2);
    assert_eq!(job.notify.command, ["notify-send", "changed"]);
}

#[test]
fn no_secret_of_a_job_is_printed() {
    let text = "name = \"a\"\nseeds = [\"https://a.org/\"]\nproxy = \"http://u:hunter2@p:1\"\n\
        [headers]\nX-Key = \"hunter2\"\n\
        [notify]\nwebhook = \"https://h.org/hunter2\"\n";
    let jobs = load(&[("a.toml", text)]).unwrap();
    let shown = format!("{jobs:?}");
    assert!(shown.contains("X-Key") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_is_not_set_is_as_the_plain_data_has_it() {
    let [read] = load(&[("a.toml", "name = \"a\"\nseeds = [\"https://a.org/\"]\n")])
        .unwrap()
        .try_into()
        .unwrap();
    let mut want = JobSpec::new("a");
    want.seeds = vec![TargetUri::parse("https://a.org/").unwrap()].into();
    want.scope.include = vec![Rule::Host("a.org".to_owned())];
    want.scope.named_by_sources = true;
    want.file.clone_from(&read.file);
    assert!(read.file.as_ref().is_some_and(|file| file.ends_with("a.toml")));
    assert_eq!(format!("{read:?}"), format!("{want:?}"));
}

#[test]
fn the_sample_is_a_job_and_with_every_mark_taken_away_it_means_the_same() {
    let sample = super::super::job_reference::sample();
    let mut bare = String::new();
    for line in sample.lines() {
        let setting = line.strip_prefix("# ").filter(|rest| {
            rest.split_once(" = ")
                .is_some_and(|(k, _)| k.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        });
        bare.push_str(setting.unwrap_or(line));
        bare.push('\n');
    }
    assert!(bare.contains("\ntracking = true\n"), "{bare}");
    let of = |text: &str| {
        let mut jobs = load(&[("a.toml", text)]).unwrap();
        jobs.iter_mut().for_each(|job| job.file = None);
        format!("{jobs:?}")
    };
    assert_eq!(of(&sample), of(&bare));
}

#[test]
fn what_a_job_names_and_excludes_is_no_mistake_and_is_said() {
    let text = "name = \"a\"\nseeds = [\"https://a.org/x/\", \"https://b.org/\"]\n\
        feeds = [\"https://a.org/feed\"]\n[scope]\nexclude_hosts = [\"a.org\"]\n";
    let jobs = load(&[("a.toml", text)]).unwrap();
    let (said, count) = excluded(&jobs[0]);
    assert_eq!((said.len(), count), (2, 2));
    let want = "https://a.org/x/ is named by the job but excluded by its own scope (exclude host \"a.org\")";
    assert_eq!(said[0], want);
    let warnings = crate::config::Settings::default().warnings(&jobs);
    assert!(warnings[0].to_string().ends_with(want), "{}", warnings[0]);
}

#[test]
fn every_mistake_is_named_by_file_line_and_key() {
    for (text, want) in [
        ("seeds = [\"https://a.org/\"]\n", "a.toml:1: name: a job needs a name"),
        (
            "name = \"A b\"\nseeds = [\"https://a.org/\"]\n",
            "a.toml:1: name: \"A b\" cannot be a job's name",
        ),
        ("name = \"a\"\n", "a.toml:1: seeds: nothing to start from"),
        ("name = \"a\"\nseeds = [\n  \"https://a.org/\",\n  \"no url\",\n]\n", "a.toml:4: seeds: "),
        ("name = \"a\"\nseed_files = [\"bad.txt\"]\n", "bad.txt:3: "),
        ("name = \"a\"\nseed_files = [\"missing.txt\"]\n", "a.toml:2: seed_files: missing.txt"),
        (
            "name = \"a\"\nfeed = [\"https://a.org/\"]\n",
            "a.toml:2: feed: unknown key; did you mean feeds?",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[scope]\nregexes = [\"ok\",\n\"(\"]\n",
            "a.toml:5: scope.regexes: regex \"(\" cannot be used",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[scope]\nexclude_globs = [\"a[\"]\n",
            "a.toml:4: scope.exclude_globs: ",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[scope]\nmedia_types = [\"html\"]\n",
            "a.toml:4: scope.media_types: ",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[scope]\nrequisites = \"some\"\n",
            "a.toml:4: scope.requisites: expected one of none, same-scope, any-host",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[schedule]\ncron = \"61 * * * *\"\n",
            "a.toml:4: schedule.cron: ",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[schedule]\ncron = \"0 0 30 2 *\"\n",
            "a.toml:4: schedule.cron: ",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[schedule]\nevery = \"1h\"\ncron = \"@daily\"\n",
            "a.toml:5: schedule.cron: expected only one",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[schedule]\ninterval_min = \"90d\"\n",
            "a.toml:4: schedule.interval_min: is longer",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[schedule]\nadaptive = false\n",
            "a.toml:4: schedule.adaptive: ",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[headers]\nCookie = \"a=1\"\n",
            "a.toml:4: headers.Cookie: Cookie belongs in the credentials file",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[headers]\nHost = \"b\"\n",
            "a.toml:4: headers.Host: Host is set by the program",
        ),
        (
            "name = \"a\"\nproxy = \"127.0.0.1:80\"\nfeeds = [\"https://a.org/\"]\n",
            "a.toml:2: proxy: ",
        ),
        (
            "name = \"a\"\ndepth = 99999999999\nfeeds = [\"https://a.org/\"]\n",
            "a.toml:2: depth: 99999999999 is too large",
        ),
        (
            "name = \"a\"\ndepth = \"2\"\nfeeds = [\"https://a.org/\"]\n",
            "a.toml:2: depth: expected whole number",
        ),
        ("name = \"a\"\nfeeds = [\"https://a.org/\"]\nseeds = = 1\n", "a.toml:3: "),
        (
            "name = \"a\"\ncredentials_file = \"none.toml\"\nfeeds = [\"https://a.org/\"]\n",
            "none.toml:0: cannot be read",
        ),
        (
            "name = \"a\"\nfeeds = [\"https://a.org/\"]\n[notify]\nwebhook = \"x\"\n",
            "a.toml:4: notify.webhook: ",
        ),
    ] {
        let bad = "# comment\nhttps://a.org/\nftp://a.org/\n";
        let problems = load(&[("a.toml", text), ("bad.txt", bad)]).unwrap_err();
        assert!(problems.iter().any(|p| p.starts_with(want)), "{text}\n{want}\n{problems:#?}");
    }
}

#[test]
fn all_mistakes_of_all_files_come_together() {
    let problems = load(&[
        ("a.toml", "name = \"x\"\nfeeds = [\"https://a.org/\"]\n"),
        ("b.toml", "nme = \"x\"\n[scope]\nregexes = [\"(\", \"[\"]\n"),
        ("c.toml", "feeds = [\"https://a.org/\"]\nname = \"x\"\n"),
    ])
    .unwrap_err();
    let at: Vec<&str> = problems.iter().map(|p| p.split(": ").next().unwrap()).collect();
    assert_eq!(at, ["b.toml:1", "b.toml:1", "b.toml:1", "b.toml:3", "b.toml:3", "c.toml:2"]);
    assert!(problems[5].contains("a.toml is also called \"x\""), "{problems:?}");
}

#[test]
fn the_job_of_the_guide_is_a_job() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide/watch-a-story.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let block = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let jobs = load(&[("council.toml", block)]).unwrap();
    assert_eq!((jobs[0].name.as_str(), jobs[0].feeds.len()), ("council", 1));
}

#[test]
fn a_folder_that_is_not_there_holds_no_jobs() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(job_files(&dir.path().join("none")).unwrap(), Vec::<PathBuf>::new());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", key in "[a-z_.]{0,12}") {
        let mut problems = Vec::new();
        let text = format!("name = \"a\"\n{key} = {text}\n");
        let path = Path::new("a.toml");
        let mut values = JobValues::read(path, &text, &mut problems);
        let _ = job_of(&mut values, now());
    }
}
