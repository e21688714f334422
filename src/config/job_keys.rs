//! Every key of a job file: its kind, its default, what it does and why the default is what it is.
//! Reading, `config check`, the sample job and the reference page are all made from this table.

use super::keys::Key;
use super::value::Kind;

const fn key(path: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { path, kind, default, doc }
}

/// All keys, in the order of the sample.
pub const JOB_KEYS: &[Key] = &[
    key(
        "name",
        Kind::Text,
        "",
        "The job's name: lower-case letters, digits, dots and dashes. Required, and unique among the jobs.",
    ),
    key("seeds", Kind::List, "", "Pages to capture, and to visit again as scheduled."),
    key(
        "seed_files",
        Kind::List,
        "",
        "Plain-text lists of further seeds, one URL per line; # begins a comment. Relative paths are resolved against the job file's folder: \"../seeds/politics.txt\".",
    ),
    key(
        "feeds",
        Kind::List,
        "",
        "RSS, Atom and JSON feeds: the pages they name are captured, and visited again when their date changes.",
    ),
    key("sitemaps", Kind::List, "", "Sitemaps, sitemap indexes and news sitemaps, gzipped or not."),
    key(
        "sitemaps_from_robots",
        Kind::Bool,
        "false",
        "Whether the sitemaps named by the robots.txt of the job's hosts are followed as well. Off, since some name a whole archive; set entry_age_max with it.",
    ),
    key(
        "sections",
        Kind::List,
        "",
        "Front and section pages: every page they link to is captured if it is in scope.",
    ),
    key(
        "entry_age_max",
        Kind::Duration,
        "0",
        "Entries of feeds and sitemaps that are dated longer ago than this are skipped. 0 is no limit.",
    ),
    key(
        "depth",
        Kind::Integer,
        "0",
        "How many links are followed from a seed, or from a page that a feed, sitemap or section names. 0 captures those pages and follows nothing.",
    ),
    key(
        "overlap",
        Kind::Choice(&["resume", "queue", "skip"]),
        "resume",
        "What happens to a run that is due while the previous one is still running: it adds to that one, waits for its end, or is skipped.",
    ),
    key(
        "user_agent",
        Kind::Text,
        "",
        "The whole User-Agent of this job, in place of identity.user_agent.",
    ),
    key(
        "contact",
        Kind::Text,
        "",
        "Where a site's owner can reach you about this job, in place of identity.contact.",
    ),
    key(
        "robots_reading",
        Kind::Choice(&["", "rfc9309", "delay-ends-group"]),
        "",
        "How the groups of a robots.txt are read for this job, in place of politeness.robots_reading.",
    ),
    key(
        "browser",
        Kind::Choice(&["never", "when-needed", "always"]),
        "never",
        "Whether pages are rendered in Chromium after their plain fetch: never; when a page has no text without its scripts; or always. Each part is requested as politely as a page, so that a rendering costs a host many requests.",
    ),
    key(
        "visual",
        Kind::Bool,
        "false",
        "Whether a rendering also requests images, media and fonts. Off, since text needs none of them.",
    ),
    key(
        "proxy",
        Kind::Text,
        "",
        "The proxy of this job: http://HOST:PORT or socks5://HOST:PORT; relay://HOST:PORT attests its TLS sessions.",
    ),
    key(
        "credentials_file",
        Kind::Path,
        "",
        "A TOML file with cookies, passwords and header fields by host, readable by its owner only. Relative paths are resolved against the job file's folder. Its contents are never logged.",
    ),
    key(
        "scope.surts",
        Kind::List,
        "",
        "SURT prefixes in scope: \"org,example)/news\", or a URL that stands for its own prefix. Without any of surts, hosts, domains, globs and regexes, the scope is the hosts of the job's seeds and sources, and on any host the pages that its feeds and sitemaps name, with the targets of their redirects.",
    ),
    key("scope.hosts", Kind::List, "", "Hosts in scope, matched exactly."),
    key("scope.domains", Kind::List, "", "Domains in scope, with every host below them."),
    key("scope.globs", Kind::List, "", "Globs over whole URLs in scope; * also matches slashes."),
    key(
        "scope.regexes",
        Kind::List,
        "",
        "Regular expressions for URLs in scope; a match anywhere in the URL counts.",
    ),
    key(
        "scope.exclude_surts",
        Kind::List,
        "",
        "SURT prefixes out of scope, whatever other rules include them.",
    ),
    key("scope.exclude_hosts", Kind::List, "", "Hosts out of scope."),
    key("scope.exclude_domains", Kind::List, "", "Domains out of scope."),
    key("scope.exclude_globs", Kind::List, "", "Globs over URLs out of scope."),
    key("scope.exclude_regexes", Kind::List, "", "Regular expressions for URLs out of scope."),
    key(
        "scope.hops_max",
        Kind::Integer,
        "0",
        "How many hops of any kind a page may be from a seed, sources counted. 0 is no limit; most jobs need depth instead.",
    ),
    key(
        "scope.requisites",
        Kind::Choice(&["none", "same-scope", "any-host"]),
        "none",
        "Which images, styles, scripts and fonts are captured with a page: none, those of hosts in scope, or all. None, since they are most of the bytes and seldom the evidence.",
    ),
    key(
        "scope.requisite_hops_max",
        Kind::Integer,
        "3",
        "How many consecutive embeds and redirects a part may be from its page.",
    ),
    key(
        "scope.media_types",
        Kind::List,
        "",
        "Media types whose bodies are fetched, such as \"text/*\". All when empty.",
    ),
    key("scope.media_types_exclude", Kind::List, "", "Media types whose bodies are not fetched."),
    key(
        "scope.response_bytes_max",
        Kind::Bytes,
        "0",
        "The largest body that is fetched, if the response gives its length beforehand. 0 is no limit other than capture.response_bytes_max.",
    ),
    key(
        "clean.tracking",
        Kind::Bool,
        "true",
        "Whether advertising and newsletter parameters (utm_source and similar ones) are removed from URLs. What is removed is recorded.",
    ),
    key("clean.sessions", Kind::Bool, "true", "Whether session ids are removed from URLs."),
    key(
        "clean.remove",
        Kind::List,
        "",
        "Further parameters to remove; * at the end matches any suffix.",
    ),
    key(
        "clean.keep",
        Kind::List,
        "",
        "Parameters that are never removed, whatever other settings say.",
    ),
    key(
        "traps.segment_repeats_max",
        Kind::Integer,
        "3",
        "How often one path segment may occur in a URL.",
    ),
    key(
        "traps.run_repeats_max",
        Kind::Integer,
        "2",
        "How often a run of path segments may occur in a row: /a/b/a/b is 2.",
    ),
    key("traps.path_segments_max", Kind::Integer, "20", "How many segments a path may have."),
    key("traps.url_bytes_max", Kind::Integer, "2000", "How long a URL may be, in bytes."),
    key("traps.parameters_max", Kind::Integer, "20", "How many parameters a query may have."),
    key(
        "traps.year_min",
        Kind::Integer,
        "1990",
        "Links whose URLs name a year before this count against dated_per_host_max: calendars go back without end. Years of other calendars are recognised.",
    ),
    key(
        "traps.days_ahead_max",
        Kind::Integer,
        "366",
        "Links whose URLs name a date more than this many days ahead also count against dated_per_host_max.",
    ),
    key(
        "traps.dated_per_host_max",
        Kind::Integer,
        "200",
        "How many such dated URLs of one host are accepted per day. 0 is no limit. This and the following budgets apply to links on pages, are counted per day (UTC), and do not apply to URLs that the job, a feed or a sitemap names.",
    ),
    key(
        "traps.per_host_max",
        Kind::Integer,
        "0",
        "How many URLs of one host are accepted per day. 0 is no limit.",
    ),
    key(
        "traps.per_pattern_max",
        Kind::Integer,
        "20000",
        "How many URLs of one pattern (digits and letters folded) are accepted per day. 0 is no limit.",
    ),
    key(
        "traps.queries_per_path_max",
        Kind::Integer,
        "500",
        "How many queries of one path are accepted per day. 0 is no limit.",
    ),
    key(
        "limits.pages_max",
        Kind::Integer,
        "0",
        "A run ends after this many pages, their requisites counted as well; the rest stays in the queue. 0 is no limit.",
    ),
    key(
        "limits.bytes_max",
        Kind::Bytes,
        "0",
        "A run ends after this many bytes received. 0 is no limit.",
    ),
    key("limits.time_max", Kind::Duration, "0", "A run ends after this time. 0 is no limit."),
    key(
        "limits.disk_free_min",
        Kind::Bytes,
        "0",
        "With less free disk space than this the job pauses. 0 leaves it to store.disk_free_min.",
    ),
    key(
        "schedule.adaptive",
        Kind::Bool,
        "true",
        "Pages are visited when an edit is most likely to be missed: often while young, ever more rarely as they age. The default, unless every or cron is set.",
    ),
    key(
        "schedule.every",
        Kind::Duration,
        "0",
        "Pages are visited at a fixed interval. In place of adaptive.",
    ),
    key(
        "schedule.cron",
        Kind::Text,
        "",
        "Pages are visited at the times of a cron expression, in UTC: \"0 6 * * *\". In place of adaptive.",
    ),
    key(
        "schedule.interval_min",
        Kind::Duration,
        "5m",
        "Adaptive: the shortest time between two visits to a page.",
    ),
    key(
        "schedule.interval_max",
        Kind::Duration,
        "60d",
        "Adaptive: the longest time between two visits to a page.",
    ),
    key(
        "schedule.sources_every",
        Kind::Duration,
        "15m",
        "How often feeds, sitemaps and section pages are visited. Politeness may make it longer.",
    ),
    key(
        "schedule.young",
        Kind::Duration,
        "2d",
        "A page that was published less long ago than this has priority: most edits come in the first two days.",
    ),
    key(
        "schedule.age_max",
        Kind::Duration,
        "0",
        "A page that was found longer ago than this is no longer visited. 0 is no limit.",
    ),
    key(
        "headers.*",
        Kind::Text,
        "",
        "A header field for every request, such as Accept-Language. Cookies and passwords belong in the credentials file.",
    ),
    key("notify.webhook", Kind::Text, "", "Where a new version is posted, as JSON."),
    key(
        "notify.command",
        Kind::List,
        "",
        "A program and its arguments, run for each new version with the same JSON on its standard input.",
    ),
];

/// The key of a job file that a dotted path names.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    JOB_KEYS.iter().find(|k| k.path == path).or_else(|| {
        path.strip_prefix("headers.")?;
        JOB_KEYS.iter().find(|k| k.path == "headers.*")
    })
}
