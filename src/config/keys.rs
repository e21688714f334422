//! Every key: its kind, its default, what it does and why the default is what it is. The example
//! file, `config show`, `config check` and the reference page are all made from this table.

use super::value::Kind;
use crate::politeness::RobotsReading;

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The dotted path. A part `*` stands for a host name.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default, as [`Kind::parse`] reads it.
    pub default: &'static str,
    /// What it does, and the reason for the default; sentences, for the commented file.
    pub doc: &'static str,
}

/// Declares a type of keys.
macro_rules! key_type {
    ($($name:ident: $what:literal;)*) => {
        $(
            #[doc = concat!("The name of a setting that is ", $what, ".")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $name(&'static str);

            impl $name {
                /// The dotted path.
                #[must_use]
                pub const fn path(self) -> &'static str {
                    self.0
                }
            }
        )*
    };
}

key_type! {
    TextKey: "a text, a path or a choice";
    BoolKey: "true or false";
    IntegerKey: "a whole number";
    FloatKey: "a number";
    DurationKey: "a time span";
    BytesKey: "an amount of bytes";
    ListKey: "a list";
    HostDurationKey: "a time span of one host";
    HostFloatKey: "a number of one host";
}

/// Declares every key twice: as a typed constant that the code asks with, so that a misspelt key or one of
/// another kind does not compile, and as a row of [`KEYS`].
macro_rules! keys {
    ($($name:ident: $type:ident = ($path:literal, $kind:expr, $default:literal, $doc:literal),)*) => {
        $(
            #[doc = concat!("The setting `", $path, "`.")]
            pub const $name: $type = $type($path);
        )*

        /// All keys, in the order of the example file.
        pub const KEYS: &[Key] =
            &[$(Key { path: $path, kind: $kind, default: $default, doc: $doc }),*];
    };
}

keys! {
    ARCHIVE: TextKey = (
        "archive",
        Kind::Path,
        "archive",
        "Where the archive lies. Relative paths are seen from the working directory."
    ),
    IDENTITY_OPERATOR: TextKey = (
        "identity.operator",
        Kind::Text,
        "",
        "Who runs this crawler: a person or an organisation. Written into every WARC file."
    ),
    IDENTITY_CONTACT: TextKey = (
        "identity.contact",
        Kind::Text,
        "",
        "A URL or mail address where a site's owner reaches you. Part of the User-Agent; set it before you crawl sites that are not yours."
    ),
    IDENTITY_PRODUCT: TextKey = (
        "identity.product",
        Kind::Text,
        "pressmark",
        "The product token: what robots.txt groups are matched against and what begins the User-Agent (RFC 9309 section 2.2.1)."
    ),
    IDENTITY_USER_AGENT: TextKey = (
        "identity.user_agent",
        Kind::Text,
        "",
        "The whole User-Agent, where the one made of product, version and contact will not do. It should still begin with the product token."
    ),
    POLITENESS_DELAY_MIN: DurationKey = (
        "politeness.delay_min",
        Kind::Duration,
        "2s",
        "The shortest pause between the end of one reply of a host and the next request to it. Two seconds is slower than a reader and unnoticeable to a server."
    ),
    POLITENESS_DELAY_MAX: DurationKey = (
        "politeness.delay_max",
        Kind::Duration,
        "30s",
        "The longest pause that delay_factor alone may cause; a slow server is spared, and not forgotten."
    ),
    POLITENESS_DELAY_FACTOR: FloatKey = (
        "politeness.delay_factor",
        Kind::Float,
        "5",
        "The pause is at least this many times the host's last response time: a server that works harder is asked less."
    ),
    POLITENESS_CRAWL_DELAY_MAX: DurationKey = (
        "politeness.crawl_delay_max",
        Kind::Duration,
        "60s",
        "The longest Crawl-delay of a robots.txt that is obeyed to the letter; a longer one is capped, and the cap is said."
    ),
    POLITENESS_RETRY_AFTER_MAX: DurationKey = (
        "politeness.retry_after_max",
        Kind::Duration,
        "1d",
        "The longest Retry-After that is obeyed to the letter; a longer one is capped, and the cap is said."
    ),
    POLITENESS_BACKOFF_MIN: DurationKey = (
        "politeness.backoff_min",
        Kind::Duration,
        "60s",
        "The first pause after a 429 or 503 without Retry-After, or a failed connection; it doubles from there."
    ),
    POLITENESS_BACKOFF_MAX: DurationKey = (
        "politeness.backoff_max",
        Kind::Duration,
        "1d",
        "Where the doubling stops."
    ),
    POLITENESS_ROBOTS_AGE_MAX: DurationKey = (
        "politeness.robots_age_max",
        Kind::Duration,
        "24h",
        "How long a robots.txt is used before it is asked for again (RFC 9309 section 2.4 allows no more than 24 hours)."
    ),
    POLITENESS_ROBOTS_RETRY_MIN: DurationKey = (
        "politeness.robots_retry_min",
        Kind::Duration,
        "5m",
        "The first pause before an unreachable robots.txt is asked for again; it doubles from there."
    ),
    POLITENESS_ROBOTS_RETRY_MAX: DurationKey = (
        "politeness.robots_retry_max",
        Kind::Duration,
        "6h",
        "The longest such pause: an outage of a day is noticed within the day."
    ),
    POLITENESS_ROBOTS_UNREACHABLE_MAX: DurationKey = (
        "politeness.robots_unreachable_max",
        Kind::Duration,
        "30d",
        "How long an older copy may stand in for an unreachable robots.txt, and how long an unreachable one stays a reason to keep out (RFC 9309 section 2.3.1.4)."
    ),
    POLITENESS_ROBOTS_AFTER_UNREACHABLE: TextKey = (
        "politeness.robots_after_unreachable",
        Kind::Choice(&["stay-out", "free"]),
        "stay-out",
        "What holds after that. When unsure, slower."
    ),
    POLITENESS_ROBOTS_READING: TextKey = (
        "politeness.robots_reading",
        Kind::Choice(&RobotsReading::NAMES),
        "rfc9309",
        "Whether a Crawl-delay ends the group of a robots.txt that it stands in. By the letter of RFC 9309 (section 2.2.4) it does not, so that `User-agent: *` with a delay alone shares the rules of the group that follows; delay-ends-group reads it as Protego and crawler-commons do. Reports name what the two decide differently."
    ),
    POLITENESS_ADDRESS_DELAY_MIN: DurationKey = (
        "politeness.address_delay_min",
        Kind::Duration,
        "200ms",
        "The shortest time between two requests to one address, whatever names lead there: ten names at the usual pace. Images and other parts of pages are counted apart from pages; names that --resolve pins are not counted; through a proxy that resolves names, addresses are not known. 0 is no limit."
    ),
    POLITENESS_REQUESTS_PER_SECOND_MAX: FloatKey = (
        "politeness.requests_per_second_max",
        Kind::Float,
        "0",
        "A cap on requests to all hosts together; 0 is no cap."
    ),
    HOST_DELAY_MIN: HostDurationKey = (
        "politeness.host.*.delay_min",
        Kind::Duration,
        "2s",
        "delay_min for one host, for instance your own."
    ),
    HOST_DELAY_MAX: HostDurationKey = (
        "politeness.host.*.delay_max",
        Kind::Duration,
        "30s",
        "delay_max for one host."
    ),
    HOST_DELAY_FACTOR: HostFloatKey = (
        "politeness.host.*.delay_factor",
        Kind::Float,
        "5",
        "delay_factor for one host."
    ),
    HOST_CRAWL_DELAY_MAX: HostDurationKey = (
        "politeness.host.*.crawl_delay_max",
        Kind::Duration,
        "60s",
        "crawl_delay_max for one host."
    ),
    CAPTURE_RESPONSE_BYTES_MAX: BytesKey = (
        "capture.response_bytes_max",
        Kind::Bytes,
        "1 GiB",
        "The longest response taken; what is longer is cut there and marked WARC-Truncated: length."
    ),
    CAPTURE_HEADER_BYTES_MAX: BytesKey = (
        "capture.header_bytes_max",
        Kind::Bytes,
        "1 MiB",
        "The longest response head taken, interim responses included; at most 16 MiB. Real ones stay under 64 KiB; header bombs do not."
    ),
    CAPTURE_SURPLUS_BYTES_MAX: BytesKey = (
        "capture.surplus_bytes_max",
        Kind::Bytes,
        "64 KiB",
        "How much is kept of what comes after a complete response: enough to see what kind of lie it was."
    ),
    CAPTURE_SURPLUS_WAIT: DurationKey = (
        "capture.surplus_wait",
        Kind::Duration,
        "20ms",
        "How long a connection that is given up anyway is listened to for such bytes."
    ),
    CAPTURE_DNS_AGE_MAX: DurationKey = (
        "capture.dns_age_max",
        Kind::Duration,
        "5m",
        "How long what a name resolved to is used for further connections to it. Each lookup is a record; 0 looks the name up for every connection."
    ),
    CAPTURE_CONNECT_TIMEOUT: DurationKey = (
        "capture.connect_timeout",
        Kind::Duration,
        "10s",
        "How long DNS, TCP and TLS may take together."
    ),
    CAPTURE_FIRST_BYTE_TIMEOUT: DurationKey = (
        "capture.first_byte_timeout",
        Kind::Duration,
        "30s",
        "How long a server may think before its first byte."
    ),
    CAPTURE_TOTAL_TIMEOUT: DurationKey = (
        "capture.total_timeout",
        Kind::Duration,
        "10m",
        "How long one exchange may take in all; what has come by then is kept and marked WARC-Truncated: time."
    ),
    CAPTURE_BYTES_PER_SECOND_MIN: BytesKey = (
        "capture.bytes_per_second_min",
        Kind::Bytes,
        "100 B",
        "The slowest pace of a body, over bytes_per_second_window. Slow-drip servers fall under it; poor lines do not. 0 turns it off."
    ),
    CAPTURE_BYTES_PER_SECOND_WINDOW: DurationKey = (
        "capture.bytes_per_second_window",
        Kind::Duration,
        "20s",
        "The window over which the slowest pace is measured: longer than the pauses of a server under load."
    ),
    CAPTURE_SPOOL_THRESHOLD: BytesKey = (
        "capture.spool_threshold",
        Kind::Bytes,
        "2 MiB",
        "Up to this length a response is held in memory, beyond it in a temporary file."
    ),
    CAPTURE_DECODED_BYTES_MAX: BytesKey = (
        "capture.decoded_bytes_max",
        Kind::Bytes,
        "64 MiB",
        "The longest payload after decompression that is read for links and text, all layers of a coding over another counted together: more than the 50 MB that a sitemap may have. The stored bytes are not touched by it."
    ),
    CAPTURE_REDIRECT_HOPS_MAX: IntegerKey = (
        "capture.redirect_hops_max",
        Kind::Integer,
        "10",
        "How many redirects are followed from one URL. Browsers stop at 20; news sites need at most a handful."
    ),
    CAPTURE_CONNECTIONS_MAX: IntegerKey = (
        "capture.connections_max",
        Kind::Integer,
        "256",
        "How many connections are kept open at most."
    ),
    CAPTURE_CONNECTIONS_PER_ADDRESS_MAX: IntegerKey = (
        "capture.connections_per_address_max",
        Kind::Integer,
        "16",
        "How many connections one address may have, whatever the names that lead to it: many outlets share the machines of one network."
    ),
    CAPTURE_IDLE_PER_HOST_MAX: IntegerKey = (
        "capture.idle_per_host_max",
        Kind::Integer,
        "1",
        "How many unused connections are kept for one scheme, host and port."
    ),
    CAPTURE_IDLE_TIMEOUT: DurationKey = (
        "capture.idle_timeout",
        Kind::Duration,
        "30s",
        "How long an unused connection is kept."
    ),
    CAPTURE_ACCEPT_LANGUAGE: TextKey = (
        "capture.accept_language",
        Kind::Text,
        "en,*;q=0.5",
        "The Accept-Language field. It is part of what was asked, so keep it the same over a project."
    ),
    CAPTURE_ALLOW_PRIVATE: BoolKey = (
        "capture.allow_private",
        Kind::Bool,
        "false",
        "Whether loopback, private, link-local and metadata addresses may be asked. They are refused otherwise, so that no page can send the crawler into your own network."
    ),
    CAPTURE_RESOLVE: ListKey = (
        "capture.resolve",
        Kind::List,
        "",
        "Addresses given by hand, as in curl: HOST:PORT:ADDR[:PORT]."
    ),
    CAPTURE_PROXY: TextKey = (
        "capture.proxy",
        Kind::Text,
        "",
        "A proxy for all requests: http://HOST:PORT, socks5h://HOST:PORT or socks5://HOST:PORT. The first two are given names and decide themselves which private addresses these may lead to. relay://HOST:PORT is a relay that attests TLS sessions (docs/relay.md): https goes through it, and http without it."
    ),
    TLS_VERIFY: BoolKey = (
        "tls.verify",
        Kind::Bool,
        "true",
        "Whether a server's certificate must be valid. Where it is set to false, the records say so."
    ),
    TLS_ROOTS_FILE: TextKey = (
        "tls.roots_file",
        Kind::Path,
        "",
        "Further root certificates, PEM."
    ),
    WARC_PREFIX: TextKey = (
        "warc.prefix",
        Kind::Text,
        "pressmark",
        "The first part of every WARC file name."
    ),
    WARC_DIGEST: TextKey = (
        "warc.digest",
        Kind::Choice(&["sha256", "sha1"]),
        "sha256",
        "The algorithm of block and payload digests. sha1 is what older archives hold; it finds duplicates among them and no longer resists forgery."
    ),
    WARC_COMPRESSION: TextKey = (
        "warc.compression",
        Kind::Choice(&["gzip", "zstd", "none"]),
        "gzip",
        "How records are packed, one member each. Every reader knows gzip."
    ),
    WARC_LEVEL: IntegerKey = (
        "warc.level",
        Kind::Integer,
        "5",
        "How hard gzip packs, 1 to 12; records of up to 128 KiB are packed one level lower. At 5 files are within 3 % of wget's (gzip -9) at a sixth of the time; 1 is the fast setting, 11 % larger."
    ),
    WARC_CERTIFICATES: BoolKey = (
        "warc.certificates",
        Kind::Bool,
        "true",
        "Whether the certificates that servers show are kept, with the OCSP response stapled to them: once in the archive for each chain, and named by every response that came over it."
    ),
    WARC_FILE_BYTES_MAX: BytesKey = (
        "warc.file_bytes_max",
        Kind::Bytes,
        "1 GiB",
        "At this length a WARC file is closed and the next begun (the standard recommends 1 GB)."
    ),
    WARC_FILE_AGE_MAX: DurationKey = (
        "warc.file_age_max",
        Kind::Duration,
        "1d",
        "At this age a WARC file is closed and the next begun."
    ),
    STORE_INDEX_CACHE_BYTES: BytesKey = (
        "store.index_cache_bytes",
        Kind::Bytes,
        "8 MiB",
        "How many bytes of the index are kept in memory, as they lie on disk; there they take twice that."
    ),
    STORE_CAPTURES: TextKey = (
        "store.captures",
        Kind::Text,
        "",
        "What keeps where each capture lies. Empty is the index of the archive itself; postgres://USER@HOST:PORT/DATABASE is a PostgreSQL database, for an archive that outgrows one machine's index. TLS is used where the server offers it, and its certificate is then checked (tls.roots_file adds roots); ?sslmode=require takes nothing less."
    ),
    STORE_CAPTURES_SCHEMA: TextKey = (
        "store.captures_schema",
        Kind::Text,
        "pressmark",
        "The schema of that database that holds the tables: one for each archive."
    ),
    STORE_CAPTURES_PASSWORD_FILE: TextKey = (
        "store.captures_password_file",
        Kind::Path,
        "",
        "A file whose first line is the password of that database, where the address has none."
    ),
    STORE_REMOTE: TextKey = (
        "store.remote",
        Kind::Text,
        "",
        "Where sealed WARC files are kept as well: s3://BUCKET/PREFIX, a prefix for each archive. Empty is nowhere. They are written and synced here first, sent when they are sealed, and read back. Keys are looked for in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then in ~/.aws."
    ),
    STORE_REMOTE_ENDPOINT: TextKey = (
        "store.remote_endpoint",
        Kind::Text,
        "",
        "The server that speaks S3, such as https://s3.example.org; its buckets are then named in the path. Empty is AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's of the region."
    ),
    STORE_REMOTE_REGION: TextKey = (
        "store.remote_region",
        Kind::Text,
        "",
        "The region that requests are signed for. Empty is AWS_REGION, AWS_DEFAULT_REGION or us-east-1."
    ),
    STORE_REMOTE_REQUESTS_MAX: IntegerKey = (
        "store.remote_requests_max",
        Kind::Integer,
        "4",
        "How many parts of a file are sent or read at once, of up to 8 MiB each."
    ),
    STORE_REMOTE_TIME_MAX: DurationKey = (
        "store.remote_time_max",
        Kind::Duration,
        "2m",
        "How long one request to it may take in all. It is then sent again."
    ),
    STORE_REMOTE_CACHE_BYTES_MAX: BytesKey = (
        "store.remote_cache_bytes_max",
        Kind::Bytes,
        "1 GiB",
        "How many bytes of files that lie there alone are kept on the local disk as they are looked up; those that were not read for longest go first. 0 keeps none."
    ),
    STORE_ZIPNUM: TextKey = (
        "store.zipnum",
        Kind::Text,
        "",
        "Where captures lie in ZipNum blocks, as `export --format zipnum` writes them: a folder, or s3://BUCKET/PREFIX. Commands and the server that read answer with these captures beside those of the index. Empty is nowhere."
    ),
    STORE_ZIPNUM_AFTER: DurationKey = (
        "store.zipnum_after",
        Kind::Duration,
        "0s",
        "Captures of a month are brought to store.zipnum by crawl and watch once the month has been over for this long: written, read back and compared with the index, which keeps them. 0 does nothing by itself."
    ),
    STORE_LOCAL_AGE_MAX: DurationKey = (
        "store.local_age_max",
        Kind::Duration,
        "0s",
        "Local copies of WARC files older than this are removed once they are in store.remote and were read back. 0 keeps them."
    ),
    STORE_LOCAL_BYTES_MAX: BytesKey = (
        "store.local_bytes_max",
        Kind::Bytes,
        "0 B",
        "While the WARC files here take more than this, the oldest copies that are in store.remote and were read back are removed. 0 keeps them."
    ),
    STORE_FRONTIER: TextKey = (
        "store.frontier",
        Kind::Text,
        "",
        "What keeps the queue of watch. Empty is the archive itself, for one watch; postgres://USER@HOST:PORT/DATABASE is a PostgreSQL database, whose queue any number of watch processes share, each with an archive of its own. TLS as with store.captures."
    ),
    STORE_FRONTIER_SCHEMA: TextKey = (
        "store.frontier_schema",
        Kind::Text,
        "pressmark_frontier",
        "The schema of that database that holds the queue: one for all who share it."
    ),
    STORE_FRONTIER_PASSWORD_FILE: TextKey = (
        "store.frontier_password_file",
        Kind::Path,
        "",
        "A file whose first line is the password of that database, where the address has none."
    ),
    STORE_FRONTIER_WORKER: TextKey = (
        "store.frontier_worker",
        Kind::Text,
        "",
        "What this watch is called beside the others; the machine's name and the archive's folder when empty. No two may have one name."
    ),
    STORE_FRONTIER_HOSTS: IntegerKey = (
        "store.frontier_hosts",
        Kind::Integer,
        "512",
        "How many hosts one watch holds at most. Fewer spread hosts that are few over more processes; more than crawl.hosts_max keeps those at hand that wait for their pace."
    ),
    STORE_FRONTIER_LEASE: DurationKey = (
        "store.frontier_lease",
        Kind::Duration,
        "2m",
        "For how long a host is of one watch at a time. A longer exchange, or a watch that is stopped for longer, loses the host to another; after a kill its hosts wait for so long."
    ),
    STORE_DERIVED_BYTES_MAX: BytesKey = (
        "store.derived_bytes_max",
        Kind::Bytes,
        "2 GiB",
        "How much disk the store of readings may take before the oldest go."
    ),
    STORE_DISK_FREE_MIN: BytesKey = (
        "store.disk_free_min",
        Kind::Bytes,
        "512 MiB",
        "With less free disk than this nothing new is fetched."
    ),
    SEARCH_INDEX: BoolKey = (
        "search.index",
        Kind::Bool,
        "true",
        "Whether an index of all words is kept; without it search and when read every page."
    ),
    SEARCH_WRITER_BYTES: BytesKey = (
        "search.writer_bytes",
        Kind::Bytes,
        "64 MiB",
        "How much memory putting pages into that index takes; at least 16 MiB."
    ),
    SEARCH_SAVED: ListKey = (
        "search.saved",
        Kind::List,
        "",
        "Searches that are kept, each NAME: QUERY. watch tells notify.webhook and notify.command when a new version first has the words and when one drops them; search --saved NAME asks for one."
    ),
    CRAWL_HOSTS_MAX: IntegerKey = (
        "crawl.hosts_max",
        Kind::Integer,
        "64",
        "How many hosts are asked at the same time; each has one connection at a time."
    ),
    CRAWL_PAGES_MAX: IntegerKey = (
        "crawl.pages_max",
        Kind::Integer,
        "0",
        "Stop after this many pages, what they need to be shown counted as well; 0 is no limit."
    ),
    CRAWL_DEPTH: IntegerKey = (
        "crawl.depth",
        Kind::Integer,
        "0",
        "How many links away from a seed pages are followed."
    ),
    CRAWL_REQUISITES: BoolKey = (
        "crawl.requisites",
        Kind::Bool,
        "false",
        "Whether a page's images, styles, scripts and fonts are captured with it."
    ),
    CRAWL_WAIT_MAX: DurationKey = (
        "crawl.wait_max",
        Kind::Duration,
        "10m",
        "A run that has nothing else to do does not wait longer than this for a host; what is left stays in the queue for the next run."
    ),
    CRAWL_STOP_DEADLINE: DurationKey = (
        "crawl.stop_deadline",
        Kind::Duration,
        "30s",
        "After a signal, how long exchanges in flight may go on. Pages that are being read are not waited for."
    ),
    CRAWL_READING_MAX: DurationKey = (
        "crawl.reading_max",
        Kind::Duration,
        "2m",
        "How long a captured page may be read for its links and its article. One that takes longer is kept, marked unread in the crawl log, and left. A page of the largest size takes some seconds."
    ),
    BROWSER_COMMAND: TextKey = (
        "browser.command",
        Kind::Path,
        "chromium",
        "The Chromium that renders pages of jobs with browser = \"when-needed\" or \"always\". It reaches nothing but Pressmark's own proxy on loopback, which asks for each part as politely as for a page."
    ),
    BROWSER_SANDBOX: TextKey = (
        "browser.sandbox",
        Kind::Choice(&["auto", "always", "never"]),
        "auto",
        "Whether Chromium's own sandbox is used: auto is always but for root, to whom Chromium refuses it. With always nothing is rendered without."
    ),
    BROWSER_AT_ONCE: IntegerKey = (
        "browser.at_once",
        Kind::Integer,
        "1",
        "How many pages are rendered at a time. Each has a Chromium of its own, with some hundred megabytes."
    ),
    BROWSER_TIME_MAX: DurationKey = (
        "browser.time_max",
        Kind::Duration,
        "3m",
        "How long a rendering may take in all, waits for its hosts' pace included. A page that does not settle within 15 seconds of its own is taken as it is then."
    ),
    BROWSER_MEMORY_MAX: BytesKey = (
        "browser.memory_max",
        Kind::Bytes,
        "1 GiB",
        "The memory that the processes of one Chromium may have to themselves together. One that needs more is ended, and the page is kept as it was sent."
    ),
    BROWSER_PARTS_MAX: IntegerKey = (
        "browser.parts_max",
        Kind::Integer,
        "200",
        "How many parts of a page are asked for; those after them are refused to the page, and recorded so."
    ),
    BROWSER_BYTES_MAX: BytesKey = (
        "browser.bytes_max",
        Kind::Bytes,
        "64 MiB",
        "How many bytes the parts of a page may have together."
    ),
    BROWSER_SCROLLS_MAX: IntegerKey = (
        "browser.scrolls_max",
        Kind::Integer,
        "3",
        "How often a page is scrolled down by a screen, so that it loads what it shows only then."
    ),
    SCHEDULE_INTERVAL_MIN: DurationKey = (
        "schedule.interval_min",
        Kind::Duration,
        "5m",
        "The shortest time between two looks at one watched page. Most edits come in the first hours; politeness is kept in any case."
    ),
    SCHEDULE_INTERVAL_MAX: DurationKey = (
        "schedule.interval_max",
        Kind::Duration,
        "60d",
        "The longest time between two looks at one watched page."
    ),
    SCHEDULE_LOOKS_PER_DAY: FloatKey = (
        "schedule.looks_per_day",
        Kind::Float,
        "500",
        "How many looks the watched pages of one host may have in a day. They are spent where an edit is most likely to be missed."
    ),
    CITE_ARCHIVE_URL: TextKey = (
        "cite.archive_url",
        Kind::Text,
        "",
        "Where the captures of this archive are served to the public, such as https://archive.example.org/web/: a citation then links BASE/TIMESTAMP/URL. Empty means that it is not public, and citations name the archive, the time, the record and the digest."
    ),
    CITE_ARCHIVE_NAME: TextKey = (
        "cite.archive_name",
        Kind::Text,
        "",
        "The name of this archive in citations. Empty takes \"Pressmark archive\", with identity.operator where that is set."
    ),
    SERVE_BIND: TextKey = (
        "serve.bind",
        Kind::Text,
        "127.0.0.1:8080",
        "Where serve listens. On loopback, so that no one else reads the archive unless this is changed; port 0 picks one and prints it."
    ),
    SERVE_REPLAY_BIND: TextKey = (
        "serve.replay_bind",
        Kind::Text,
        "",
        "Where serve listens as another origin for replay alone, such as 127.0.0.1:8081, so that nothing in a captured page shares an origin with the reader. Without it captures are shown in a sandbox on the reader's origin."
    ),
    SERVE_REPLAY_PROXY: TextKey = (
        "serve.replay_proxy",
        Kind::Text,
        "",
        "Where serve listens as a proxy that answers from the archive and never from the web, such as 127.0.0.1:8082: other programs see captures at their true addresses through it, at the time of their Accept-Datetime. Empty is nowhere."
    ),
    SERVE_BASE_PATH: TextKey = (
        "serve.base_path",
        Kind::Text,
        "",
        "What stands before every path behind a proxy, such as /reader. Requests may come with it or without."
    ),
    SERVE_HOSTS: ListKey = (
        "serve.hosts",
        Kind::List,
        "",
        "The names that serve answers to, beside localhost and addresses. Empty on loopback is none more, so that no page can reach the archive through a name of its own (DNS rebinding); empty elsewhere is any."
    ),
    SERVE_TRUSTED_PROXIES: ListKey = (
        "serve.trusted_proxies",
        Kind::List,
        "",
        "Addresses, or ranges such as 10.0.0.0/8, of proxies whose X-Forwarded-For, -Host and -Proto are believed."
    ),
    SERVE_TOKEN: TextKey = (
        "serve.token",
        Kind::Text,
        "",
        "A secret that every request has to show, as a bearer token or as the password of HTTP's basic authentication. For binds that others reach; over a network it needs a proxy that speaks TLS."
    ),
    SERVE_TOKEN_FILE: TextKey = (
        "serve.token_file",
        Kind::Path,
        "",
        "A file whose first line is that secret; it goes before serve.token."
    ),
    SERVE_THREADS: IntegerKey = (
        "serve.threads",
        Kind::Integer,
        "0",
        "How many requests read the archive at once; 0 is twice the number of cores."
    ),
    SERVE_WAITING_MAX: IntegerKey = (
        "serve.waiting_max",
        Kind::Integer,
        "256",
        "How many more requests may wait for that; the next is answered with 503."
    ),
    SERVE_CONNECTIONS_MAX: IntegerKey = (
        "serve.connections_max",
        Kind::Integer,
        "512",
        "How many connections may be open. With all of them taken, the one that has done nothing for longest makes room."
    ),
    SERVE_REQUEST_TIMEOUT: DurationKey = (
        "serve.request_timeout",
        Kind::Duration,
        "60s",
        "How long an answer may take to begin: words over a large archive take some seconds."
    ),
    SERVE_IDLE_TIMEOUT: DurationKey = (
        "serve.idle_timeout",
        Kind::Duration,
        "20s",
        "How long a client may take to send a request, and a connection may do nothing."
    ),
    SERVE_WRITE_TIMEOUT: DurationKey = (
        "serve.write_timeout",
        Kind::Duration,
        "30s",
        "How long a client may take nothing of its answer before it is hung up on. A client that is slow is served; no thread waits for it."
    ),
    SERVE_CAPTURES_SCANNED_MAX: IntegerKey = (
        "serve.captures_scanned_max",
        Kind::Integer,
        "5000000",
        "How many captures one request may read of the index, answered or not: some seconds of one core."
    ),
    SERVE_CACHE_BYTES: BytesKey = (
        "serve.cache_bytes",
        Kind::Bytes,
        "64 MiB",
        "How many bytes of captures that were sent lately are kept in memory, as they were captured and as they were rewritten, and up to twice as many of long payloads in temporary files; 0 keeps none. A capture never changes, so that nothing that is kept grows old."
    ),
    SERVE_ACCESS_LOG: BoolKey = (
        "serve.access_log",
        Kind::Bool,
        "true",
        "Whether every request is a line of the log, at level info."
    ),
    SERVE_REPLAY_SCRIPTS: BoolKey = (
        "serve.replay_scripts",
        Kind::Bool,
        "false",
        "Whether scripts of captured pages run on the replay origin, in a sandbox. They never run on the reader's."
    ),
    SERVE_REROUTED: BoolKey = (
        "serve.rerouted",
        Kind::Bool,
        "false",
        "Whether the replay origin shows captured pages with their scripts running, each captured host and time at an origin of its own (the rerouted view). Needs serve.replay_bind, and no serve.token."
    ),
    SERVE_REROUTED_BASE: TextKey = (
        "serve.rerouted_base",
        Kind::Text,
        "localhost",
        "The name below which those origins lie. With localhost a browser on this machine reaches them; another name needs a wildcard in DNS that leads to the replay origin, such as *.replay.example.org, and should carry nothing else."
    ),
    SERVE_REROUTED_CLOCK: BoolKey = (
        "serve.rerouted_clock",
        Kind::Bool,
        "true",
        "Whether scripts get there the time of the capture, from where it goes on, and the same random numbers each time. Without, those of the browser."
    ),
    SERVE_REPLAY_WORKER: TextKey = (
        "serve.replay_worker",
        Kind::Path,
        "",
        "A directory with a service worker for client-side replay that you installed there; it is served on the replay origin below /worker/."
    ),
    WATCH_STALL_AFTER: DurationKey = (
        "watch.stall_after",
        Kind::Duration,
        "15m",
        "When something could be fetched and nothing was for so long, the log and /healthz say so. Longer than the longest exchange."
    ),
    WATCH_METRICS_BIND: TextKey = (
        "watch.metrics_bind",
        Kind::Text,
        "",
        "Where watch answers /healthz and /metrics, such as 127.0.0.1:9464; port 0 picks one and says so. Empty is nowhere: anyone who can reach it sees what is crawled."
    ),
    LOG_LEVEL: TextKey = (
        "log.level",
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "info",
        "How much watch logs; every URL is in the crawl log in any case."
    ),
    LOG_FILE: TextKey = (
        "log.file",
        Kind::Path,
        "",
        "Where those lines go; stderr when empty, which systemd keeps. The file is reopened at SIGHUP, so that it can be rotated."
    ),
    LOG_FORMAT: TextKey = (
        "log.format",
        Kind::Choice(&["text", "json"]),
        "text",
        "The form of those lines: for people, or one JSON object each."
    ),
    NOTIFY_WEBHOOK: TextKey = (
        "notify.webhook",
        Kind::Text,
        "",
        "Where each new version of a page is posted as JSON, for pages of no job or of a job that names none itself."
    ),
    NOTIFY_COMMAND: ListKey = (
        "notify.command",
        Kind::List,
        "",
        "A program and its arguments, run for each new version with the same JSON as its standard input."
    ),
    NOTIFY_QUEUE_MAX: IntegerKey = (
        "notify.queue_max",
        Kind::Integer,
        "1000",
        "How many messages may wait while a receiver is slow or away; what comes on top is dropped and counted, and the crawl never waits."
    ),
    NOTIFY_ATTEMPTS_MAX: IntegerKey = (
        "notify.attempts_max",
        Kind::Integer,
        "8",
        "How often a message is tried. The pauses double from one second to five minutes."
    ),
    EVIDENCE_KEY_FILE: TextKey = (
        "evidence.key_file",
        Kind::Path,
        "",
        "Where the key lies that signs the evidence log; evidence/log.key in the archive when empty. It is made when it is missing and no log has begun, and refused when others may read it."
    ),
    EVIDENCE_ORIGIN: TextKey = (
        "evidence.origin",
        Kind::Text,
        "",
        "The name of a log that is begun, without blanks and plus signs, such as archive.example.org/news; made from its key when empty. A log keeps its name."
    ),
    EVIDENCE_CHECKPOINT_EVERY: DurationKey = (
        "evidence.checkpoint_every",
        Kind::Duration,
        "1h",
        "How often watch, and a crawl that takes so long, adds what is new to the evidence log and signs a checkpoint; a crawl also does so at its end. Until then a record is proved by nothing but its own digests."
    ),
    EVIDENCE_SHARED: BoolKey = (
        "evidence.shared",
        Kind::Bool,
        "true",
        "Whether archives that share a queue (store.frontier) share one evidence log as well, kept in the same database and copied to each of them. Each needs the key of the log: give all of them one evidence.key_file. An archive that has a log of its own keeps it."
    ),
    EVIDENCE_TIMESTAMP_AUTHORITIES: ListKey = (
        "evidence.timestamp_authorities",
        Kind::List,
        "",
        "Addresses of time-stamp authorities (RFC 3161). Each is asked for a token over the newest checkpoint when one was signed; one that does not answer is asked again at the next run, and nothing waits for it."
    ),
    EVIDENCE_CALENDARS: ListKey = (
        "evidence.calendars",
        Kind::List,
        "",
        "Calendars of OpenTimestamps (https://alice.btc.calendar.opentimestamps.org and others), which put digests of checkpoints into blocks of Bitcoin. Name each as it names itself in its answers: no other server is asked for the rest of a proof. One that does not answer is asked again later, and nothing waits for it."
    ),
    EVIDENCE_CALENDARS_EVERY: DurationKey = (
        "evidence.calendars_every",
        Kind::Duration,
        "1h",
        "How often calendars are asked: for a promise over the newest checkpoint, and for the rest of what they promised before, which takes them some hours."
    ),
    EVIDENCE_BITCOIN_HEADERS: TextKey = (
        "evidence.bitcoin_headers",
        Kind::Path,
        "",
        "A file with headers of Bitcoin blocks, a height, a blank and 80 bytes in hexadecimal a line: proofs of OpenTimestamps are checked against them. Without it, prove --check says which block has to hold what."
    ),
    EVIDENCE_DRAND: ListKey = (
        "evidence.drand",
        Kind::List,
        "",
        "Servers of drand (https://api.drand.sh and others), asked in this order for the newest round. Captures and checkpoints carry it, which shows that they were made after it. A server that does not answer delays nothing: what is made meanwhile carries an older round or none."
    ),
    EVIDENCE_DRAND_CHAIN: TextKey = (
        "evidence.drand_chain",
        Kind::Text,
        "quicknet",
        "The chain of drand whose rounds are fetched: quicknet, default, or a file with its description, as a server of the chain answers GET /HASH/info. A round of default takes three times the room of one of quicknet in every capture."
    ),
    EVIDENCE_DRAND_EVERY: DurationKey = (
        "evidence.drand_every",
        Kind::Duration,
        "20s",
        "How often a crawl fetches the newest round of drand. A capture is shown to be no older than that, and the period of the chain, before it was made."
    ),
    EVIDENCE_WITNESSES: ListKey = (
        "evidence.witnesses",
        Kind::List,
        "",
        "Witnesses that cosign checkpoints of the log (c2sp.org/tlog-witness), each as its key, a blank and the address below which it takes them. One that does not answer delays a cosignature and nothing else. None, since whose word counts is the operator's choice."
    ),
    EVIDENCE_POLICY: TextKey = (
        "evidence.policy",
        Kind::Path,
        "",
        "A policy (c2sp.org/tlog-policy): which witnesses are known, and how many of them are wanted. Those with an address are asked as those of evidence.witnesses are; prove says whether the quorum holds."
    ),
    EVIDENCE_TIMESTAMP_ROOTS: TextKey = (
        "evidence.timestamp_roots",
        Kind::Path,
        "",
        "A PEM file with the root certificates that tokens must lead to, and any certificates between that authorities do not send. Without it tokens are refused: what leads to no trusted root proves nothing."
    ),
    WITNESS_BIND: TextKey = (
        "witness.bind",
        Kind::Text,
        "127.0.0.1:8089",
        "Where `pressmark witness` listens. Loopback, since a witness speaks plain HTTP: put a proxy with TLS before it."
    ),
    WITNESS_NAME: TextKey = (
        "witness.name",
        Kind::Text,
        "",
        "The name of the witness, best an address without a scheme (witness.example/name). One made from its key when empty. Who trusts the witness knows it by this name and its key: do not change it."
    ),
    WITNESS_KEY_FILE: TextKey = (
        "witness.key_file",
        Kind::Path,
        "",
        "Where the key of the witness lies; witness/witness.key in the archive when empty. It is made when it is missing and nothing was cosigned, and refused when others may read it. Never the key of a log, and never used in two places."
    ),
    WITNESS_LOGS: ListKey = (
        "witness.logs",
        Kind::List,
        "",
        "The keys of the logs that the witness cosigns for, or files with them, a line each. Several keys of one name are keys of one log."
    ),
    WITNESS_CHECKPOINTS_PER_MINUTE: IntegerKey = (
        "witness.checkpoints_per_minute",
        Kind::Integer,
        "12",
        "How many checkpoints of one log the witness takes in a minute; from one address it answers four times as many requests. A log of this program signs one an hour."
    ),
    PEER_REQUESTS_PER_MINUTE: IntegerKey = (
        "peer.requests_per_minute",
        Kind::Integer,
        "60",
        "How many requests of one peer the server answers in a minute: one lists the captures of a page, one gives a proof. A proof takes some milliseconds to make."
    ),
    PEER_PROOF_BYTES_MAX: BytesKey = (
        "peer.proof_bytes_max",
        Kind::Bytes,
        "64 MiB",
        "The longest proof that is made for a peer, and that is taken of one. Pages are far shorter."
    ),
    RELAY_BIND: TextKey = (
        "relay.bind",
        Kind::Text,
        "127.0.0.1:8090",
        "Where `pressmark relay` listens. Loopback, since a relay that anyone reaches is an open proxy: set relay.token before it is another."
    ),
    RELAY_NAME: TextKey = (
        "relay.name",
        Kind::Text,
        "",
        "The name of the relay, best an address without a scheme (relay.example/name). One made from its key when empty."
    ),
    RELAY_KEY_FILE: TextKey = (
        "relay.key_file",
        Kind::Path,
        "",
        "Where the key of the relay lies; relay/relay.key in the archive when empty. It is made when it is missing, and refused when others may read it."
    ),
    RELAY_TOKEN: TextKey = (
        "relay.token",
        Kind::Text,
        "",
        "What an archive has to show to be connected, as the password of relay://anyone:TOKEN@HOST:PORT. None when empty."
    ),
    RELAY_PORTS: ListKey = (
        "relay.ports",
        Kind::List,
        "443",
        "The ports that the relay connects to. 443, where TLS is spoken: other ports would make it a way into other services."
    ),
    RELAY_CONNECTIONS_MAX: IntegerKey = (
        "relay.connections_max",
        Kind::Integer,
        "256",
        "The most connections at once; the next waits."
    ),
    RELAY_REQUESTS_PER_MINUTE: IntegerKey = (
        "relay.requests_per_minute",
        Kind::Integer,
        "1200",
        "How many requests one address may make in a minute. Each page takes one: fetching the note on its session is not counted."
    ),
    RELAY_KEYS: ListKey = (
        "relay.keys",
        Kind::List,
        "",
        "The keys of relays whose word counts when a bundle is checked, or files with them, a line each. Without one the session is checked and no one vouches for the relay."
    ),
}

/// The key that a dotted path names, host names standing for `*`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.path == path).or_else(|| {
        let rest = path.strip_prefix("politeness.host.")?;
        let (host, name) = rest.rsplit_once('.')?;
        (!host.is_empty()).then_some(())?;
        KEYS.iter().find(|k| k.path.strip_prefix("politeness.host.*.") == Some(name))
    })
}

/// The path of a per-host key for one host.
#[must_use]
pub fn host_path(path: &str, host: &str) -> String {
    path.replacen('*', &format!("{host:?}"), 1)
}

/// The host name of a per-host key, without its quotes.
#[must_use]
pub fn host_of(path: &str) -> Option<&str> {
    let (host, _) = path.strip_prefix("politeness.host.")?.rsplit_once('.')?;
    Some(host.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_every_key_is_that_of_its_kind() {
        let text = include_str!("keys.rs");
        for key in KEYS {
            let (before, _) = text.split_once(&format!("        \"{}\",\n", key.path)).unwrap();
            let line = before.lines().next_back().unwrap();
            let (_, declared) = line.split_once(": ").unwrap();
            let declared = declared.trim_end_matches(" = (").trim_start_matches("Host");
            let wanted = match key.kind {
                Kind::Path | Kind::Text | Kind::Choice(_) => "TextKey",
                Kind::Bool => "BoolKey",
                Kind::Integer => "IntegerKey",
                Kind::Float => "FloatKey",
                Kind::Duration => "DurationKey",
                Kind::Bytes => "BytesKey",
                Kind::List => "ListKey",
            };
            assert_eq!(declared, wanted, "{}", key.path);
        }
    }
}
