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
        "The folder of the archive. Relative paths are resolved against the working directory."
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
        "A URL or mail address where a site's owner can reach you. Part of the User-Agent; set it before you crawl sites that are not yours."
    ),
    IDENTITY_PRODUCT: TextKey = (
        "identity.product",
        Kind::Text,
        "pressmark",
        "The product token: robots.txt groups are matched against it, and the User-Agent begins with it (RFC 9309 section 2.2.1)."
    ),
    IDENTITY_USER_AGENT: TextKey = (
        "identity.user_agent",
        Kind::Text,
        "",
        "The whole User-Agent, in place of the one made of product, version and contact. It should still begin with the product token."
    ),
    POLITENESS_DELAY_MIN: DurationKey = (
        "politeness.delay_min",
        Kind::Duration,
        "2s",
        "The shortest pause between the end of one response of a host and the next request to it. Two seconds is slower than a human reader and unnoticeable to a server."
    ),
    POLITENESS_DELAY_MAX: DurationKey = (
        "politeness.delay_max",
        Kind::Duration,
        "30s",
        "The longest pause that delay_factor alone may cause: a slow server is spared, but still visited."
    ),
    POLITENESS_DELAY_FACTOR: FloatKey = (
        "politeness.delay_factor",
        Kind::Float,
        "5",
        "The pause is at least this many times the host's last response time: a slower server gets fewer requests."
    ),
    POLITENESS_CRAWL_DELAY_MAX: DurationKey = (
        "politeness.crawl_delay_max",
        Kind::Duration,
        "60s",
        "The longest Crawl-delay of a robots.txt that is obeyed exactly; a longer one is capped, and the cap is reported."
    ),
    POLITENESS_RETRY_AFTER_MAX: DurationKey = (
        "politeness.retry_after_max",
        Kind::Duration,
        "1d",
        "The longest Retry-After that is obeyed exactly; a longer one is capped, and the cap is reported."
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
        "The longest such pause."
    ),
    POLITENESS_ROBOTS_AGE_MAX: DurationKey = (
        "politeness.robots_age_max",
        Kind::Duration,
        "24h",
        "How long a robots.txt is used before it is requested again (RFC 9309 section 2.4 allows no more than 24 hours)."
    ),
    POLITENESS_ROBOTS_RETRY_MIN: DurationKey = (
        "politeness.robots_retry_min",
        Kind::Duration,
        "5m",
        "The first pause before an unreachable robots.txt is requested again; it doubles from there."
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
        "How long an older copy may replace an unreachable robots.txt, and how long an unreachable one keeps the crawler out (RFC 9309 section 2.3.1.4)."
    ),
    POLITENESS_ROBOTS_AFTER_UNREACHABLE: TextKey = (
        "politeness.robots_after_unreachable",
        Kind::Choice(&["stay-out", "free"]),
        "stay-out",
        "What applies after that. The default is the cautious choice."
    ),
    POLITENESS_ROBOTS_READING: TextKey = (
        "politeness.robots_reading",
        Kind::Choice(&RobotsReading::NAMES),
        "rfc9309",
        "Whether a Crawl-delay ends the robots.txt group that contains it. By the letter of RFC 9309 (section 2.2.4) it does not, so that `User-agent: *` with only a delay shares the rules of the group that follows; delay-ends-group reads it as Protego and crawler-commons do. Reports list what the two decide differently."
    ),
    POLITENESS_ADDRESS_DELAY_MIN: DurationKey = (
        "politeness.address_delay_min",
        Kind::Duration,
        "200ms",
        "The shortest time between two requests to one IP address, whatever host names lead to it: enough for ten names at the usual pace. Images and other parts of pages are counted separately from pages; names pinned with --resolve are not counted; through a proxy that resolves names, addresses are not known. 0 is no limit."
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
        "The longest response that is kept; a longer one is cut there and marked WARC-Truncated: length."
    ),
    CAPTURE_HEADER_BYTES_MAX: BytesKey = (
        "capture.header_bytes_max",
        Kind::Bytes,
        "1 MiB",
        "The longest response head that is accepted, interim responses included; at most 16 MiB. Real ones stay under 64 KiB; header bombs do not."
    ),
    CAPTURE_SURPLUS_BYTES_MAX: BytesKey = (
        "capture.surplus_bytes_max",
        Kind::Bytes,
        "64 KiB",
        "How many bytes after the end of a complete response are kept: enough to see what kind of fault it was."
    ),
    CAPTURE_SURPLUS_WAIT: DurationKey = (
        "capture.surplus_wait",
        Kind::Duration,
        "20ms",
        "How long to read for such bytes on a connection that will be closed anyway."
    ),
    CAPTURE_DNS_AGE_MAX: DurationKey = (
        "capture.dns_age_max",
        Kind::Duration,
        "5m",
        "How long the addresses of a name are used for further connections to it. Each lookup is recorded; 0 looks the name up for every connection."
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
        "How long a server may take to send its first byte."
    ),
    CAPTURE_TOTAL_TIMEOUT: DurationKey = (
        "capture.total_timeout",
        Kind::Duration,
        "10m",
        "How long one exchange may take in total; what was received by then is kept and marked WARC-Truncated: time."
    ),
    CAPTURE_BYTES_PER_SECOND_MIN: BytesKey = (
        "capture.bytes_per_second_min",
        Kind::Bytes,
        "100 B",
        "The lowest transfer rate of a body, over bytes_per_second_window. Slow-drip servers are below it; poor connections are not. 0 turns it off."
    ),
    CAPTURE_BYTES_PER_SECOND_WINDOW: DurationKey = (
        "capture.bytes_per_second_window",
        Kind::Duration,
        "20s",
        "The window over which the lowest rate is measured: longer than the pauses of a server under load."
    ),
    CAPTURE_SPOOL_THRESHOLD: BytesKey = (
        "capture.spool_threshold",
        Kind::Bytes,
        "2 MiB",
        "Responses up to this length are held in memory, longer ones in a temporary file."
    ),
    CAPTURE_DECODED_BYTES_MAX: BytesKey = (
        "capture.decoded_bytes_max",
        Kind::Bytes,
        "64 MiB",
        "The longest payload after decompression that is read for links and text, with the output of all layers of nested codings added up: more than the 50 MB that a sitemap may have. The stored bytes are not affected."
    ),
    CAPTURE_REDIRECT_HOPS_MAX: IntegerKey = (
        "capture.redirect_hops_max",
        Kind::Integer,
        "10",
        "How many redirects are followed from one URL. Browsers stop at 20; news sites need only a few."
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
        "How many connections one address may have, whatever host names lead to it: many outlets share the machines of one network."
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
        "The Accept-Language field. It is part of the request, so keep it the same throughout a project."
    ),
    CAPTURE_ALLOW_PRIVATE: BoolKey = (
        "capture.allow_private",
        Kind::Bool,
        "false",
        "Whether requests to loopback, private, link-local and metadata addresses are allowed. They are refused by default, so that no page can send the crawler into your own network."
    ),
    CAPTURE_RESOLVE: ListKey = (
        "capture.resolve",
        Kind::List,
        "",
        "Addresses set by hand, as in curl: HOST:PORT:ADDR[:PORT]."
    ),
    CAPTURE_PROXY: TextKey = (
        "capture.proxy",
        Kind::Text,
        "",
        "A proxy for all requests: http://HOST:PORT, socks5h://HOST:PORT or socks5://HOST:PORT. The first two resolve names themselves and decide which private addresses these may lead to. relay://HOST:PORT is a relay that attests TLS sessions (docs/relay.md): https goes through it, http does not."
    ),
    TLS_VERIFY: BoolKey = (
        "tls.verify",
        Kind::Bool,
        "true",
        "Whether a server's certificate must be valid. If false, the records say so."
    ),
    TLS_ROOTS_FILE: TextKey = (
        "tls.roots_file",
        Kind::Path,
        "",
        "Additional root certificates, PEM."
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
        "The algorithm of block and payload digests. sha1 is what older archives use; it finds duplicates in them, but no longer resists forgery."
    ),
    WARC_COMPRESSION: TextKey = (
        "warc.compression",
        Kind::Choice(&["gzip", "zstd", "none"]),
        "gzip",
        "How records are compressed, one member each. Every reader supports gzip."
    ),
    WARC_LEVEL: IntegerKey = (
        "warc.level",
        Kind::Integer,
        "5",
        "The gzip level, 1 to 12; records of up to 128 KiB are compressed one level lower. At 5, files are within 3 % of the size of wget's (gzip -9) in a sixth of the time; 1 is the fast setting, 11 % larger."
    ),
    WARC_CERTIFICATES: BoolKey = (
        "warc.certificates",
        Kind::Bool,
        "true",
        "Whether the certificates that servers present are kept, with the OCSP response stapled to them: once in the archive for each chain, and referenced by every response received over it."
    ),
    WARC_FILE_BYTES_MAX: BytesKey = (
        "warc.file_bytes_max",
        Kind::Bytes,
        "1 GiB",
        "At this length a WARC file is closed and a new one begun (the standard recommends 1 GB)."
    ),
    WARC_FILE_AGE_MAX: DurationKey = (
        "warc.file_age_max",
        Kind::Duration,
        "1d",
        "At this age a WARC file is closed and a new one begun."
    ),
    STORE_INDEX_CACHE_BYTES: BytesKey = (
        "store.index_cache_bytes",
        Kind::Bytes,
        "8 MiB",
        "How many bytes of the index, as stored on disk, are cached in memory; there they take twice that."
    ),
    STORE_CAPTURES: TextKey = (
        "store.captures",
        Kind::Text,
        "",
        "Where the index of captures is kept. Empty means in the archive itself; postgres://USER@HOST:PORT/DATABASE is a PostgreSQL database, for an archive that outgrows one machine's index. TLS is used if the server offers it, and its certificate is then verified (tls.roots_file adds roots); ?sslmode=require makes TLS mandatory."
    ),
    STORE_CAPTURES_SCHEMA: TextKey = (
        "store.captures_schema",
        Kind::Text,
        "pressmark",
        "The schema of that database that holds the tables: one per archive."
    ),
    STORE_CAPTURES_PASSWORD_FILE: TextKey = (
        "store.captures_password_file",
        Kind::Path,
        "",
        "A file whose first line is the password of that database, if the address has none."
    ),
    STORE_REMOTE: TextKey = (
        "store.remote",
        Kind::Text,
        "",
        "Where sealed WARC files are also stored: s3://BUCKET/PREFIX, one prefix per archive. Off when empty. Files are written and synced locally first, uploaded when they are sealed, and read back. Credentials are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then from ~/.aws."
    ),
    STORE_REMOTE_ENDPOINT: TextKey = (
        "store.remote_endpoint",
        Kind::Text,
        "",
        "The S3 server, such as https://s3.example.org; bucket names are then part of the path. When empty, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's endpoint of the region."
    ),
    STORE_REMOTE_REGION: TextKey = (
        "store.remote_region",
        Kind::Text,
        "",
        "The region that requests are signed for. When empty, AWS_REGION, AWS_DEFAULT_REGION or us-east-1."
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
        "How long one request to it may take in total. After that it is sent again."
    ),
    STORE_REMOTE_CACHE_BYTES_MAX: BytesKey = (
        "store.remote_cache_bytes_max",
        Kind::Bytes,
        "1 GiB",
        "How many bytes of files that are only in store.remote are cached on the local disk as they are read; the least recently read are removed first. 0 caches none."
    ),
    STORE_ZIPNUM: TextKey = (
        "store.zipnum",
        Kind::Text,
        "",
        "A folder or s3://BUCKET/PREFIX with captures in ZipNum blocks, as `export --format zipnum` writes them. The server and commands that read return these captures together with those of the index. Off when empty."
    ),
    STORE_ZIPNUM_AFTER: DurationKey = (
        "store.zipnum_after",
        Kind::Duration,
        "0s",
        "crawl and watch copy the captures of a month to store.zipnum once the month has been over for this long. The copy is read back and compared with the index, which keeps the captures. 0 copies nothing automatically."
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
        "While the local WARC files take more than this, the oldest copies that are in store.remote and were read back are removed. 0 keeps them."
    ),
    STORE_FRONTIER: TextKey = (
        "store.frontier",
        Kind::Text,
        "",
        "Where the queue of watch is kept. Empty means in the archive itself, for one watch; postgres://USER@HOST:PORT/DATABASE is a PostgreSQL database, whose queue any number of watch processes share, each with its own archive. TLS as with store.captures."
    ),
    STORE_FRONTIER_SCHEMA: TextKey = (
        "store.frontier_schema",
        Kind::Text,
        "pressmark_frontier",
        "The schema of that database that holds the queue: one for all processes that share it."
    ),
    STORE_FRONTIER_PASSWORD_FILE: TextKey = (
        "store.frontier_password_file",
        Kind::Path,
        "",
        "A file whose first line is the password of that database, if the address has none."
    ),
    STORE_FRONTIER_WORKER: TextKey = (
        "store.frontier_worker",
        Kind::Text,
        "",
        "The name of this watch among those that share the queue; the machine's name and the archive's folder when empty. It must be unique."
    ),
    STORE_FRONTIER_HOSTS: IntegerKey = (
        "store.frontier_hosts",
        Kind::Integer,
        "512",
        "How many hosts one watch holds at most. A lower limit spreads a small number of hosts over more processes; one above crawl.hosts_max keeps hosts ready while they wait for their delay."
    ),
    STORE_FRONTIER_LEASE: DurationKey = (
        "store.frontier_lease",
        Kind::Duration,
        "2m",
        "How long the lease of a watch on a host lasts. An exchange that takes longer, or a watch that is stopped for longer, loses the host to another watch; after a kill its hosts wait this long. At least 1s."
    ),
    STORE_DERIVED_BYTES_MAX: BytesKey = (
        "store.derived_bytes_max",
        Kind::Bytes,
        "2 GiB",
        "How much disk space the store of readings may take before the oldest are removed."
    ),
    STORE_DISK_FREE_MIN: BytesKey = (
        "store.disk_free_min",
        Kind::Bytes,
        "512 MiB",
        "With less free disk space than this nothing new is fetched."
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
        "How much memory adding pages to that index takes; at least 16 MiB."
    ),
    SEARCH_SAVED: ListKey = (
        "search.saved",
        Kind::List,
        "",
        "Saved searches, each NAME: QUERY. watch notifies notify.webhook and notify.command when a new version first matches and when one no longer matches; search --saved NAME runs one."
    ),
    CRAWL_HOSTS_MAX: IntegerKey = (
        "crawl.hosts_max",
        Kind::Integer,
        "64",
        "How many hosts are crawled at the same time; each has one connection at a time."
    ),
    CRAWL_PAGES_MAX: IntegerKey = (
        "crawl.pages_max",
        Kind::Integer,
        "0",
        "Stop after this many pages, their requisites counted as well; 0 is no limit."
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
        "A run that has nothing else to do waits at most this long for a host; the rest stays in the queue for the next run."
    ),
    CRAWL_STOP_DEADLINE: DurationKey = (
        "crawl.stop_deadline",
        Kind::Duration,
        "30s",
        "How long exchanges in flight may continue after a signal. The run does not wait for pages that are being read."
    ),
    CRAWL_READING_MAX: DurationKey = (
        "crawl.reading_max",
        Kind::Duration,
        "2m",
        "How long a captured page may be read for its links and its article. A page that takes longer is kept and marked unread in the crawl log. A page of the largest size takes several seconds."
    ),
    BROWSER_COMMAND: TextKey = (
        "browser.command",
        Kind::Path,
        "chromium",
        "The Chromium that renders pages of jobs with browser = \"when-needed\" or \"always\". It can connect only to Pressmark's own proxy on loopback, which requests each part as politely as a page."
    ),
    BROWSER_SANDBOX: TextKey = (
        "browser.sandbox",
        Kind::Choice(&["auto", "always", "never"]),
        "auto",
        "Whether Chromium's own sandbox is used. auto uses it except as root, for which Chromium refuses it; with always nothing is rendered without it."
    ),
    BROWSER_AT_ONCE: IntegerKey = (
        "browser.at_once",
        Kind::Integer,
        "1",
        "How many pages are rendered at a time. Each has its own Chromium, which takes a few hundred megabytes."
    ),
    BROWSER_TIME_MAX: DurationKey = (
        "browser.time_max",
        Kind::Duration,
        "3m",
        "How long a rendering may take in total, waits for its hosts' delays included. A page that does not settle within 15 seconds, waits excluded, is taken as it is then."
    ),
    BROWSER_MEMORY_MAX: BytesKey = (
        "browser.memory_max",
        Kind::Bytes,
        "1 GiB",
        "How much private memory the processes of one Chromium may use in total. One that needs more is killed, and the page is kept as the server sent it."
    ),
    BROWSER_PARTS_MAX: IntegerKey = (
        "browser.parts_max",
        Kind::Integer,
        "200",
        "How many parts of a page are requested; further ones are refused and recorded as such."
    ),
    BROWSER_BYTES_MAX: BytesKey = (
        "browser.bytes_max",
        Kind::Bytes,
        "64 MiB",
        "How many bytes the parts of a page may have in total."
    ),
    BROWSER_SCROLLS_MAX: IntegerKey = (
        "browser.scrolls_max",
        Kind::Integer,
        "3",
        "How often a page is scrolled down by one screen, so that it loads content that it loads only then."
    ),
    SCHEDULE_INTERVAL_MIN: DurationKey = (
        "schedule.interval_min",
        Kind::Duration,
        "5m",
        "The shortest time between two visits to one watched page. Most edits come in the first hours; politeness is kept in any case."
    ),
    SCHEDULE_INTERVAL_MAX: DurationKey = (
        "schedule.interval_max",
        Kind::Duration,
        "60d",
        "The longest time between two visits to one watched page."
    ),
    SCHEDULE_LOOKS_PER_DAY: FloatKey = (
        "schedule.looks_per_day",
        Kind::Float,
        "500",
        "How many visits the watched pages of one host may have per day. They are spent where an edit is most likely to be missed."
    ),
    CITE_ARCHIVE_URL: TextKey = (
        "cite.archive_url",
        Kind::Text,
        "",
        "Where the captures of this archive are served to the public, such as https://archive.example.org/web/: a citation then links to BASE/TIMESTAMP/URL. Empty means that the archive is not public; citations then name the archive, the time, the record and the digest."
    ),
    CITE_ARCHIVE_NAME: TextKey = (
        "cite.archive_name",
        Kind::Text,
        "",
        "The name of this archive in citations. When empty, \"Pressmark archive\", with identity.operator if that is set."
    ),
    SERVE_BIND: TextKey = (
        "serve.bind",
        Kind::Text,
        "127.0.0.1:8080",
        "The address that serve listens on. Loopback by default, so that no one else can read the archive unless this is changed; port 0 picks a free port and prints it."
    ),
    SERVE_REPLAY_BIND: TextKey = (
        "serve.replay_bind",
        Kind::Text,
        "",
        "A second address that serve listens on, for replay alone, such as 127.0.0.1:8081, so that nothing in a captured page shares an origin with the reader. Without it captures are shown in a sandbox on the reader's origin."
    ),
    SERVE_REPLAY_PROXY: TextKey = (
        "serve.replay_proxy",
        Kind::Text,
        "",
        "The address of a proxy that answers from the archive and never from the web, such as 127.0.0.1:8082: through it other programs see captures at their original addresses, at the time of their Accept-Datetime. Off when empty."
    ),
    SERVE_BASE_PATH: TextKey = (
        "serve.base_path",
        Kind::Text,
        "",
        "The prefix of every path behind a proxy, such as /reader. Requests may come with or without it."
    ),
    SERVE_HOSTS: ListKey = (
        "serve.hosts",
        Kind::List,
        "",
        "The host names that serve accepts, besides localhost and addresses. Empty means no others on loopback, so that no page can reach the archive through a name of its own (DNS rebinding), and any elsewhere."
    ),
    SERVE_TRUSTED_PROXIES: ListKey = (
        "serve.trusted_proxies",
        Kind::List,
        "",
        "Addresses, or ranges such as 10.0.0.0/8, of proxies whose X-Forwarded-For, -Host and -Proto are trusted."
    ),
    SERVE_TOKEN: TextKey = (
        "serve.token",
        Kind::Text,
        "",
        "A secret that every request must carry, as a bearer token or as the password of HTTP basic authentication. For addresses that others can reach; over a network it needs a proxy that speaks TLS."
    ),
    SERVE_TOKEN_FILE: TextKey = (
        "serve.token_file",
        Kind::Path,
        "",
        "A file whose first line is that secret; it takes precedence over serve.token."
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
        "How many further requests may wait for their turn; the next is answered with 503."
    ),
    SERVE_CONNECTIONS_MAX: IntegerKey = (
        "serve.connections_max",
        Kind::Integer,
        "512",
        "How many connections may be open. When all are taken, the one that has been idle longest is closed."
    ),
    SERVE_REQUEST_TIMEOUT: DurationKey = (
        "serve.request_timeout",
        Kind::Duration,
        "60s",
        "How long a response may take to begin: a word search in a large archive takes several seconds."
    ),
    SERVE_IDLE_TIMEOUT: DurationKey = (
        "serve.idle_timeout",
        Kind::Duration,
        "20s",
        "How long a client may take to send a request, and how long a connection may be idle."
    ),
    SERVE_WRITE_TIMEOUT: DurationKey = (
        "serve.write_timeout",
        Kind::Duration,
        "30s",
        "How long a client may read nothing of its response before the connection is closed. Slow clients are served and occupy no thread."
    ),
    SERVE_CAPTURES_SCANNED_MAX: IntegerKey = (
        "serve.captures_scanned_max",
        Kind::Integer,
        "5000000",
        "How many captures of the index one request may read, whether it returns them or not: several seconds of one core."
    ),
    SERVE_CACHE_BYTES: BytesKey = (
        "serve.cache_bytes",
        Kind::Bytes,
        "64 MiB",
        "How many bytes of recently sent captures are cached in memory, as captured and as rewritten, and up to twice as many of long payloads in temporary files; 0 caches none. A capture never changes, so that the cache never becomes stale."
    ),
    SERVE_ACCESS_LOG: BoolKey = (
        "serve.access_log",
        Kind::Bool,
        "true",
        "Whether every request is logged, at level info."
    ),
    SERVE_REPLAY_SCRIPTS: BoolKey = (
        "serve.replay_scripts",
        Kind::Bool,
        "false",
        "Whether scripts of captured pages run on the replay origin, in a sandbox. They never run on the reader's origin."
    ),
    SERVE_REROUTED: BoolKey = (
        "serve.rerouted",
        Kind::Bool,
        "false",
        "Whether the replay origin shows captured pages with their scripts running, with a separate origin for each captured host and time (the rerouted view). Needs serve.replay_bind, and no serve.token."
    ),
    SERVE_REROUTED_BASE: TextKey = (
        "serve.rerouted_base",
        Kind::Text,
        "localhost",
        "The parent domain of those origins. With localhost a browser on this machine reaches them; another name needs a wildcard in DNS that points to the replay origin, such as *.replay.example.org, and should host nothing else."
    ),
    SERVE_REROUTED_CLOCK: BoolKey = (
        "serve.rerouted_clock",
        Kind::Bool,
        "true",
        "Whether scripts there see a clock that starts at the time of the capture, and the same random numbers each time. Otherwise they see those of the browser."
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
        "When something could be fetched and nothing was for this long, the log and /healthz report it. Longer than the longest exchange."
    ),
    WATCH_METRICS_BIND: TextKey = (
        "watch.metrics_bind",
        Kind::Text,
        "",
        "The address at which watch serves /healthz and /metrics, such as 127.0.0.1:9464; port 0 picks a free port and reports it. Off when empty: anyone who can reach it sees what is crawled."
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
        "Where log lines are written; stderr when empty, which systemd keeps. The file is reopened on SIGHUP, so that it can be rotated."
    ),
    LOG_FORMAT: TextKey = (
        "log.format",
        Kind::Choice(&["text", "json"]),
        "text",
        "The format of those lines: text for people, or one JSON object each."
    ),
    NOTIFY_WEBHOOK: TextKey = (
        "notify.webhook",
        Kind::Text,
        "",
        "Where each new version of a page is posted as JSON, for pages without a job or of a job that sets none itself."
    ),
    NOTIFY_COMMAND: ListKey = (
        "notify.command",
        Kind::List,
        "",
        "A program and its arguments, run for each new version with the same JSON on its standard input."
    ),
    NOTIFY_QUEUE_MAX: IntegerKey = (
        "notify.queue_max",
        Kind::Integer,
        "1000",
        "How many messages may wait while a receiver is slow or unreachable; further ones are dropped and counted, and the crawl never waits."
    ),
    NOTIFY_ATTEMPTS_MAX: IntegerKey = (
        "notify.attempts_max",
        Kind::Integer,
        "8",
        "How often delivery of a message is attempted. The pauses double from one second to five minutes."
    ),
    EVIDENCE_KEY_FILE: TextKey = (
        "evidence.key_file",
        Kind::Path,
        "",
        "The file with the key that signs the evidence log; evidence/log.key in the archive when empty. It is created if it is missing and no log has begun, and refused if others may read it."
    ),
    EVIDENCE_ORIGIN: TextKey = (
        "evidence.origin",
        Kind::Text,
        "",
        "The name of a new log, without spaces and plus signs, such as archive.example.org/news; derived from its key when empty. An existing log keeps its name."
    ),
    EVIDENCE_CHECKPOINT_EVERY: DurationKey = (
        "evidence.checkpoint_every",
        Kind::Duration,
        "1h",
        "How often watch, or a crawl that takes this long, adds new records to the evidence log and signs a checkpoint; a crawl also does so at its end. Until then only its own digests prove a record."
    ),
    EVIDENCE_SHARED: BoolKey = (
        "evidence.shared",
        Kind::Bool,
        "true",
        "Whether archives that share a queue (store.frontier) also share one evidence log, kept in the same database and copied to each of them. Each needs the key of the log: give all of them one evidence.key_file. An archive that has its own log keeps it."
    ),
    EVIDENCE_TIMESTAMP_AUTHORITIES: ListKey = (
        "evidence.timestamp_authorities",
        Kind::List,
        "",
        "Addresses of time-stamp authorities (RFC 3161). Each is asked for a token over the newest checkpoint after one was signed; one that does not answer is asked again at the next run and delays nothing."
    ),
    EVIDENCE_CALENDARS: ListKey = (
        "evidence.calendars",
        Kind::List,
        "",
        "OpenTimestamps calendars (https://alice.btc.calendar.opentimestamps.org and others), which put digests of checkpoints into Bitcoin blocks. Give the name that each uses for itself in its answers: no other server is asked for the rest of a proof. One that does not answer is asked again later and delays nothing."
    ),
    EVIDENCE_CALENDARS_EVERY: DurationKey = (
        "evidence.calendars_every",
        Kind::Duration,
        "1h",
        "How often calendars are asked for a promise over the newest checkpoint, and for the rest of earlier promises, which takes them several hours."
    ),
    EVIDENCE_BITCOIN_HEADERS: TextKey = (
        "evidence.bitcoin_headers",
        Kind::Path,
        "",
        "A file with headers of Bitcoin blocks to check OpenTimestamps proofs against: per line a height, a space and 80 bytes in hexadecimal. Without it, prove --check reports which block must contain which value."
    ),
    EVIDENCE_DRAND: ListKey = (
        "evidence.drand",
        Kind::List,
        "",
        "drand servers (https://api.drand.sh and others), asked in this order for the newest round. Captures and checkpoints carry it, which shows that they were made after it. A server that does not answer delays nothing: captures and checkpoints then carry an older round or none."
    ),
    EVIDENCE_DRAND_CHAIN: TextKey = (
        "evidence.drand_chain",
        Kind::Text,
        "quicknet",
        "The drand chain whose rounds are fetched: quicknet, default, or a file with its description, as a server of the chain answers GET /HASH/info. A round of default takes three times the space of one of quicknet in every capture."
    ),
    EVIDENCE_DRAND_EVERY: DurationKey = (
        "evidence.drand_every",
        Kind::Duration,
        "20s",
        "How often a crawl fetches the newest drand round. It proves an earliest time for each capture that is at most this, plus the period of the chain, before the capture."
    ),
    EVIDENCE_WITNESSES: ListKey = (
        "evidence.witnesses",
        Kind::List,
        "",
        "Witnesses that cosign checkpoints of the log (c2sp.org/tlog-witness), each as its key, a space and its base address. One that does not answer delays only its cosignature. None by default, since the choice of trusted witnesses is the operator's."
    ),
    EVIDENCE_POLICY: TextKey = (
        "evidence.policy",
        Kind::Path,
        "",
        "A policy (c2sp.org/tlog-policy): which witnesses are known, and how many of them are required. Those with an address are asked as those of evidence.witnesses are; prove reports whether the quorum is met."
    ),
    EVIDENCE_TIMESTAMP_ROOTS: TextKey = (
        "evidence.timestamp_roots",
        Kind::Path,
        "",
        "A PEM file with the root certificates that tokens must lead to, and any intermediate certificates that authorities do not send. Without it tokens are refused: a token that leads to no trusted root proves nothing."
    ),
    WITNESS_BIND: TextKey = (
        "witness.bind",
        Kind::Text,
        "127.0.0.1:8089",
        "The address that `pressmark witness` listens on. Loopback by default, since a witness speaks plain HTTP: put a TLS proxy in front of it."
    ),
    WITNESS_NAME: TextKey = (
        "witness.name",
        Kind::Text,
        "",
        "The name of the witness, preferably an address without a scheme (witness.example/name). Derived from its key when empty. Those who trust the witness know it by this name and its key: do not change it."
    ),
    WITNESS_KEY_FILE: TextKey = (
        "witness.key_file",
        Kind::Path,
        "",
        "The file with the key of the witness; witness/witness.key in the archive when empty. It is created if it is missing and nothing was cosigned, and refused if others may read it. Never use the key of a log, and never use it in two places."
    ),
    WITNESS_LOGS: ListKey = (
        "witness.logs",
        Kind::List,
        "",
        "The keys of the logs that the witness cosigns for, or files with them, one per line. Several keys with one name are keys of one log."
    ),
    WITNESS_CHECKPOINTS_PER_MINUTE: IntegerKey = (
        "witness.checkpoints_per_minute",
        Kind::Integer,
        "12",
        "How many checkpoints of one log the witness accepts per minute; it answers four times as many requests from one address. A log of this program signs one an hour."
    ),
    PEER_REQUESTS_PER_MINUTE: IntegerKey = (
        "peer.requests_per_minute",
        Kind::Integer,
        "60",
        "How many requests of one peer the server answers per minute: one request lists the captures of a page, one returns a proof. A proof takes a few milliseconds to make."
    ),
    PEER_PROOF_BYTES_MAX: BytesKey = (
        "peer.proof_bytes_max",
        Kind::Bytes,
        "64 MiB",
        "The longest proof that is made for a peer or accepted from one. Pages are far shorter."
    ),
    RELAY_BIND: TextKey = (
        "relay.bind",
        Kind::Text,
        "127.0.0.1:8090",
        "The address that `pressmark relay` listens on. Loopback by default, since a relay that anyone can reach is an open proxy: set relay.token before you change it."
    ),
    RELAY_NAME: TextKey = (
        "relay.name",
        Kind::Text,
        "",
        "The name of the relay, preferably an address without a scheme (relay.example/name). Derived from its key when empty."
    ),
    RELAY_KEY_FILE: TextKey = (
        "relay.key_file",
        Kind::Path,
        "",
        "The file with the key of the relay; relay/relay.key in the archive when empty. It is created if it is missing, and refused if others may read it."
    ),
    RELAY_TOKEN: TextKey = (
        "relay.token",
        Kind::Text,
        "",
        "The token that an archive must present to connect, as the password of relay://anyone:TOKEN@HOST:PORT. None when empty."
    ),
    RELAY_PORTS: ListKey = (
        "relay.ports",
        Kind::List,
        "443",
        "The ports that the relay connects to. 443, where TLS is spoken: other ports would give access to other services."
    ),
    RELAY_CONNECTIONS_MAX: IntegerKey = (
        "relay.connections_max",
        Kind::Integer,
        "256",
        "How many connections may be open at once; further ones wait."
    ),
    RELAY_REQUESTS_PER_MINUTE: IntegerKey = (
        "relay.requests_per_minute",
        Kind::Integer,
        "1200",
        "How many requests one address may make per minute. Each page takes one: fetching the note on its session is not counted."
    ),
    RELAY_KEYS: ListKey = (
        "relay.keys",
        Kind::List,
        "",
        "The keys of relays that are trusted when a bundle is checked, or files with them, one per line. Without one the session is checked, but no one vouches for the relay."
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
