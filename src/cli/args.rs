//! Flags exactly as typed. What they mean is decided by the commands.

mod order;
mod peer;
mod relay;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::archive::Form;
use crate::base::ByteSize;
use crate::cite::Style;
use crate::politeness::RobotsReading;

pub use order::settings_first;
pub use peer::{PeerAddArgs, PeerArgs, PeerCommand, PeerCompareArgs};
pub use relay::RelayArgs;

/// An archival crawler and WARC store for news: exact captures, history, proof.
#[derive(Debug, Parser)]
#[command(name = "pressmark", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 the work failed, 2 usage or configuration, 3 nothing found,\n4 done with findings, 130 stopped by a signal."
)]
pub struct Cli {
    /// What every command takes
    #[command(flatten)]
    pub global: Global,
    /// The command
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args, Clone)]
pub struct Global {
    /// The archive root (else $PRESSMARK_ARCHIVE, else `archive` of the config, else ./archive)
    #[arg(long, global = true, value_name = "DIR", help_heading = "For every command")]
    pub archive: Option<PathBuf>,
    /// The config file (else ./config/pressmark.toml where it exists)
    #[arg(long, global = true, value_name = "FILE", help_heading = "For every command")]
    pub config: Option<PathBuf>,
    /// Override a config key; repeatable
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "For every command")]
    pub set: Vec<String>,
    /// text for people, json for programs; the help of each command lists its formats
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "For every command")]
    pub format: Option<String>,
    /// Print only data, errors, and what had to be repaired
    #[arg(long, short, global = true, help_heading = "For every command")]
    pub quiet: bool,
    /// Print more details; repeatable
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "For every command")]
    pub verbose: u8,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "For every command"
    )]
    pub color: ColorWhen,
}

/// The name of `--format` among the flags.
const FORMAT: &str = "format";

/// What `--format` takes with a command, the usual one first. Commands that print nothing but text
/// take `text` alone.
#[must_use]
pub fn formats_of(command: &str) -> &'static [&'static str] {
    match command {
        "captures" => &["table", "text", "json", "cdxj", "cdx"],
        "diff" => &["text", "json", "html", "markdown", "unified"],
        "changes" | "search" | "peer" => &["text", "json", "rss", "atom"],
        "story" => &["text", "json", "html", "markdown"],
        "index" => &["cdxj", "cdx"],
        "export" => &["wacz", "warc", "cdxj", "parquet", "zipnum"],
        "init" | "watch" | "demo" | "completions" | "man" => &["text"],
        _ => &["text", "json"],
    }
}

/// The command line as it is parsed and as the help, the manual and completions describe it: each command
/// lists what `--format` takes with it.
#[must_use]
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for name in names {
        let formats = formats_of(&name);
        command = command.mut_subcommand(name, |sub| with_formats(sub, formats));
    }
    command
}

fn with_formats(command: clap::Command, formats: &'static [&'static str]) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| with_formats(sub, formats))
    });
    command.arg(
        clap::Arg::new(FORMAT)
            .long(FORMAT)
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(formats))
            .hide(formats.len() == 1)
            .help("The output format")
            .help_heading("For every command"),
    )
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lay out an archive root and a commented config
    Init(InitArgs),
    /// Capture URLs and what they need, until nothing is left in scope
    Crawl(CrawlArgs),
    /// Fetch what is due when it is due, until stopped by a signal; SIGHUP reloads the jobs
    Watch(WatchArgs),
    /// Run the web reader, Memento, CDX and replay server until stopped by a signal
    Serve(ServeArgs),
    /// Show a capture in Chromium at its true address, from the archive alone; or take a screenshot
    View(ViewArgs),
    /// Show what is fetched next, when, and the fact that set that time
    Due(DueArgs),
    /// Show what is in the archive, per host and in total
    Status,
    /// The captures of a URL, oldest first
    Captures(CapturesArgs),
    /// One capture: its text, bytes, headers or record
    Show(ShowArgs),
    /// The versions of a page and the changes between them
    History(HistoryArgs),
    /// Compare two captures
    Diff(DiffArgs),
    /// For every sentence: the version that added it, and the one that last changed it
    Blame(BlameArgs),
    /// Every typed change in the archive, newest first
    Changes(ChangesArgs),
    /// Search the full text of all versions: words, phrases, fields
    Search(SearchArgs),
    /// When a phrase was first and last seen, and where
    When(WhenArgs),
    /// Quotations with their speakers
    Quotes(QuotesArgs),
    /// One story in several outlets: shared quotations, figures that differ, copied text
    Story(StoryArgs),
    /// Cite one capture, with its digest; with --quote, words in it
    Cite(CiteArgs),
    /// Reread every record, recompute every digest, check the evidence log
    Verify(VerifyArgs),
    /// Write the records of any WARC or ARC to a new file, each compressed separately
    Recompress(RecompressArgs),
    /// Write the intact records of a damaged file to a new one; set the damaged parts aside
    Repair(RepairArgs),
    /// Write an evidence bundle of one capture, checkable without this program; or check one
    Prove(ProveArgs),
    /// Print the newest checkpoint or the keys of the evidence log, or bring it up to date
    Evidence(EvidenceArgs),
    /// Rebuild the index from the WARC files alone
    Reindex,
    /// Import WARC files of other programs, and captures of a page from other archives
    Import(ImportArgs),
    /// Write a part of the archive, or a whole site as of a time, to a file for other programs
    Export(ExportArgs),
    /// Write captures, versions, changes, quotations and figures as Parquet, by month, for DuckDB, Spark and pandas
    Tables(TablesArgs),
    /// Move an archive to another storage backend, and compare both sides
    Migrate(MigrateArgs),
    /// Print the sorted index lines of any WARC files; needs no archive
    Index(IndexArgs),
    /// Check what a robots.txt allows an agent
    Robots(RobotsArgs),
    /// Print the SURT urlkey of URLs
    Surt(SurtArgs),
    /// Remove a capture's bytes everywhere, and leave a signed tombstone
    Purge(PurgeArgs),
    /// Cosign checkpoints of other archives' logs
    Witness(WitnessArgs),
    /// Add other archives, and compare their captures of a page with ours
    Peer(PeerArgs),
    /// Attest other archives' TLS sessions without seeing them
    Relay(RelayArgs),
    /// Show the settings and where they came from, or check them
    Config(ConfigArgs),
    /// Crawl a small built-in news site three times and show what was kept
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The archive root (else as for every command)
    pub dir: Option<PathBuf>,
}

/// Flags of commands that use the network.
#[derive(Debug, Args, Clone, Default)]
pub struct NetworkArgs {
    /// Use this address for a host, as in curl; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDR[:PORT]", help_heading = "Network")]
    pub resolve: Vec<String>,
    /// Allow loopback and private addresses
    #[arg(long, help_heading = "Network")]
    pub allow_private: bool,
    /// The complete User-Agent
    #[arg(long, value_name = "TEXT", help_heading = "Network")]
    pub user_agent: Option<String>,
    /// A URL or mail address for the User-Agent
    #[arg(long, value_name = "TEXT", help_heading = "Network")]
    pub contact: Option<String>,
    /// http://HOST:PORT or socks5://HOST:PORT
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub proxy: Option<String>,
}

impl NetworkArgs {
    /// Whether any of them was given.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.allow_private
            || !self.resolve.is_empty()
            || [&self.user_agent, &self.contact, &self.proxy].iter().any(|flag| flag.is_some())
    }
}

/// `crawl`
#[derive(Debug, Args)]
pub struct CrawlArgs {
    /// What to capture now
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// Follow a job: a file, or a name under config/jobs/; repeatable
    #[arg(long, value_name = "FILE")]
    pub job: Vec<String>,
    /// Follow links up to N links away from a seed
    #[arg(long, value_name = "N")]
    pub depth: Option<u64>,
    /// Capture images, styles, scripts and fonts with each page
    #[arg(long)]
    pub requisites: bool,
    /// Take only what the schedule says is due
    #[arg(long)]
    pub due: bool,
    /// Stop after N pages; what they need to be shown counts as well
    #[arg(long, value_name = "N")]
    pub pages_max: Option<u64>,
    /// Print what would be fetched; fetch nothing but robots.txt
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with 4 when a URL failed, or the rendering of one
    #[arg(long)]
    pub strict: bool,
    /// Flags of commands that use the network
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// `watch`
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Follow this job: a file, or a name under config/jobs/; repeatable (else all jobs there)
    #[arg(long, value_name = "FILE")]
    pub job: Vec<String>,
    /// Also run the server of `serve` at this address; port 0 picks one and prints it
    #[arg(long, value_name = "ADDR:PORT")]
    pub serve: Option<String>,
    /// Flags of commands that use the network
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen (else serve.bind, 127.0.0.1:8080); port 0 picks one and prints it
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// Where to listen for replay alone, so that captures and the reader have different origins
    #[arg(long, value_name = "ADDR:PORT")]
    pub replay_bind: Option<String>,
    /// Where to listen as a proxy for other programs, which answers true addresses from the archive
    #[arg(long, value_name = "ADDR:PORT")]
    pub replay_proxy: Option<String>,
}

/// `view`
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// The URL, or URL@TIME
    pub url: String,
    /// The capture closest to this time (the newest without it)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Write a screenshot of the page to this PNG file, and open no window
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Replace that file if it exists
    #[arg(long, requires = "screenshot")]
    pub force: bool,
    /// The window size in pixels (else that at which the page was rendered, or 1280x1024)
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = viewport)]
    pub viewport: Option<(u32, u32)>,
    /// Which time the scripts of the page see; with `capture`, their random numbers are the same each time
    #[arg(long, value_name = "WHICH", default_value = "now")]
    pub clock: ClockArg,
}

/// Which time the scripts of a page see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    /// The current time
    Now,
    /// The time of the capture
    Capture,
}

/// Reads `1280x1024`.
fn viewport(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (1..=10_000).contains(side));
    let sides = text.split_once(['x', 'X', '×']);
    sides
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "expected WIDTHxHEIGHT in pixels, such as 1280x1024".to_owned())
}

/// `due`
#[derive(Debug, Args)]
pub struct DueArgs {
    /// Only of this job: a file, or a name under config/jobs/; repeatable
    #[arg(long, value_name = "FILE")]
    pub job: Vec<String>,
    /// At most this many lines
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// How a URL is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MatchArg {
    /// This URL
    Exact,
    /// Every URL that begins with it
    Prefix,
    /// Every URL of its host
    Host,
    /// Every URL of its host and its subdomains
    Domain,
}

/// `captures`
#[derive(Debug, Args)]
pub struct CapturesArgs {
    /// The URL
    pub url: String,
    /// How the URL is matched
    #[arg(long = "match", value_name = "TYPE", default_value = "exact")]
    pub match_type: MatchArg,
    /// Not before this time
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Keep what matches: `[!][=|~]FIELD:VALUE`, as in pywb; repeatable
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// At most N captures
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What `show` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowAs {
    /// The article
    Text,
    /// The payload without its content coding
    Html,
    /// The response bytes exactly as received
    Http,
    /// The response head
    Headers,
    /// The WARC record
    Record,
    /// The content of the page, as JSON
    Json,
}

/// `show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A URL, or local HTML or text files
    #[arg(required = true, value_name = "URL|FILE")]
    pub targets: Vec<String>,
    /// The capture closest to this time (the newest without it)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Which text of the page
    #[command(flatten)]
    pub which: FormArgs,
    /// What to print (text without it; --format json is --as json)
    #[arg(long = "as", value_name = "FORM")]
    pub form: Option<ShowAs>,
}

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The URL
    pub url: String,
    /// Not before this time
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which text of the page
    #[command(flatten)]
    pub which: FormArgs,
}

/// Which text of a page is meant.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct FormArgs {
    /// Use the page as it was sent, even if it was sent without its text
    #[arg(long, conflicts_with = "rendered")]
    pub plain: bool,
    /// Use the page as a browser rendered it after its scripts ran (a separate history)
    #[arg(long)]
    pub rendered: bool,
}

impl FormArgs {
    /// The form; `None` for the form in which the page has its text.
    pub fn form(self) -> Option<Form> {
        match (self.plain, self.rendered) {
            (true, _) => Some(Form::Plain),
            (_, true) => Some(Form::Rendered),
            (false, false) => None,
        }
    }
}

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// One URL, or two targets: FILE or URL@TIME
    #[arg(required = true, num_args = 1..=2, value_name = "URL")]
    pub targets: Vec<String>,
    /// The older side: the capture closest to this time
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The newer side: the capture closest to this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Exit with 4 when there is a difference
    #[arg(long)]
    pub exit_code: bool,
    /// Which text of the page
    #[command(flatten)]
    pub which: FormArgs,
}

/// `blame`
#[derive(Debug, Args)]
pub struct BlameArgs {
    /// The URL
    pub url: String,
    /// The capture closest to this time (else the newest version that has an article)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Which text of the page
    #[command(flatten)]
    pub which: FormArgs,
}

/// `changes`
#[derive(Debug, Args)]
#[command(
    after_help = "Kinds: headline, byline, published, modified, text-added, text-removed, text-edited, text-moved,\nquote-added, quote-removed, quote-altered, quote-reattributed, figure-changed, date-changed, name-changed,\nclaim-changed, correction, update-note, retraction, gone, restored, reverted, redirected,\npaywalled, image-changed, link-changed."
)]
pub struct ChangesArgs {
    /// Seen at this time or later
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what the last call with this name did not show
    #[arg(long, value_name = "NAME", conflicts_with_all = ["since", "until", "limit"])]
    pub since_last: Option<String>,
    /// Not seen after this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only these kinds; repeatable, or separated by commas
    #[arg(long, value_name = "KIND", num_args = 1.., value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Only on pages of this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only those that neither a notice nor the declared date mentions
    #[arg(long)]
    pub stealth: bool,
    /// Only of this weight or higher, from 1 (minor) to 5 (grave)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub weight: u8,
    /// At most N changes
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

/// `search`
#[derive(Debug, Args)]
#[command(
    after_help = "Queries: all words must be in one version of the page.\n  harbour strike          both words\n  \"harbour strike\"        these words as a phrase\n  harb*                   words that begin with this\n  -ferry                  not in that version\n  headline: byline: speaker: quote:   words in that field: speaker:\"Ann Lee\"\n  host:courier.example    pages of this host\n  date:2026-04            versions seen in that month; date:2026-04..2026-06"
)]
pub struct SearchArgs {
    /// The words; case, accents and the shape of quotation marks are ignored
    #[arg(required_unless_present = "saved", value_name = "QUERY")]
    pub query: Vec<String>,
    /// The search with this name in search.saved
    #[arg(long, value_name = "NAME", conflicts_with = "query")]
    pub saved: Option<String>,
    /// List when the words appeared and disappeared, newest first, instead of pages; feeds always list this
    #[arg(long)]
    pub events: bool,
    /// Only events since this time (30 days ago without it)
    #[arg(long, value_name = "TIME", conflicts_with = "since_last")]
    pub since: Option<String>,
    /// Only events since the last call with this name
    #[arg(long, value_name = "NAME")]
    pub since_last: Option<String>,
    /// Only on pages of this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only in versions that were seen at this time or later
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only in versions that were seen before the end of this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which come first: the best matches, or those with the newest passages
    #[arg(long, value_enum, default_value = "relevance", conflicts_with_all = ["events", "since", "since_last"])]
    pub order: SearchOrder,
    /// At most this many pages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000), conflicts_with_all = ["events", "since", "since_last"])]
    pub limit: u32,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

/// The order of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchOrder {
    /// Best matches first
    Relevance,
    /// Newest first
    Time,
}

/// `when`
#[derive(Debug, Args)]
pub struct WhenArgs {
    /// The words; case, white space and the shape of quotation marks and dashes are ignored
    pub phrase: String,
    /// Only on pages of this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

/// `quotes`
#[derive(Debug, Args)]
pub struct QuotesArgs {
    /// URLs, or local HTML or text files (else the newest version of everything in the archive)
    #[arg(value_name = "URL|FILE")]
    pub targets: Vec<String>,
    /// Only what this person said: a name, or the last part of one
    #[arg(long, value_name = "NAME")]
    pub speaker: Option<String>,
    /// The capture closest to this time (the newest without it); without a URL, the newest not after it
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

impl ValueEnum for Style {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.label()).help(self.title()))
    }
}

/// `story`
#[derive(Debug, Args)]
pub struct StoryArgs {
    /// The articles: URLs of the archive or local files
    #[arg(required_unless_present_any = ["clusters", "search", "job"], value_name = "URL")]
    pub targets: Vec<String>,
    /// Instead, the pages of the archive that `search` finds for this query
    #[arg(long, value_name = "QUERY", conflicts_with = "targets")]
    pub search: Option<String>,
    /// Instead, the pages of the archive in scope of a job: its file or name; with --search, those with the words
    #[arg(long, value_name = "FILE", conflicts_with = "targets")]
    pub job: Vec<String>,
    /// With --search or --job: at most this many articles
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub limit: u64,
    /// Instead, list the stories of the archive: articles of several hosts on the same story
    #[arg(long, conflicts_with_all = ["targets", "search", "job", "at", "over_time", "from", "to", "plain", "rendered"])]
    pub clusters: bool,
    /// With --clusters: only stories with an article captured at this time or later
    #[arg(long, value_name = "TIME", requires = "clusters")]
    pub since: Option<String>,
    /// The articles as they were at this time (else the newest)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Also show what each outlet changed, and which others had it before
    #[arg(long)]
    pub over_time: bool,
    /// The same, for versions captured at this time or later
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The same, for versions not captured after this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

/// `cite`
#[derive(Debug, Args)]
pub struct CiteArgs {
    /// The URL
    pub url: String,
    /// The capture closest to this time (the newest without it)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Words that must be in that capture; the citation gets a link to them
    #[arg(long, value_name = "TEXT")]
    pub quote: Option<String>,
    /// The citation style
    #[arg(long, value_name = "STYLE", default_value = "text")]
    pub style: Style,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// WARC, ARC or WACZ files, - for stdin (else all of the archive)
    pub files: Vec<PathBuf>,
    /// Check structure and lengths, and skip digests
    #[arg(long)]
    pub fast: bool,
    /// A checkpoint of the log that was published or kept elsewhere: the log must still contain it; repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub checkpoint: Vec<PathBuf>,
}

/// `import`
#[derive(Debug, Args)]
#[command(
    after_help = "Files are copied into imported/ of the archive byte for byte, with a record of where each came from.\nEach is imported once. The WARC files of a WACZ are compared with its list of files. Damaged files are\nrefused. The exit code is 4 if a file was refused or a problem was found.\n\nA URL is the address of a Memento TimeMap: the captures that it lists are fetched from their archive, as that\narchive has them, and appear in the history of the page, marked as that archive's."
)]
pub struct ImportArgs {
    /// WARC and ARC files, plain or packed, WACZ packages, and addresses of TimeMaps
    #[arg(required = true, value_name = "PATH-OR-URL")]
    pub paths: Vec<String>,
    /// Import damaged files too, as far as they can be read
    #[arg(long)]
    pub lenient: bool,
    /// For a TimeMap: not before this time
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// For a TimeMap: not after this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// For a TimeMap: at most N captures that the archive does not have yet, oldest first
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Network flags
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// How `export` reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportArg {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `export`
#[derive(Debug, Args)]
#[command(
    after_help = "The extension of FILE selects the format: .wacz, .warc.gz, .warc.zst, .warc, .cdxj or .parquet. For other\nnames, give --format. --format zipnum writes a folder: index lines in compressed blocks. Records are copied\nbyte for byte, including requests with their cookies. The same archive and the same arguments give the\nsame bytes."
)]
pub struct ExportArgs {
    /// The URLs (else everything)
    #[arg(value_name = "URL", conflicts_with = "site")]
    pub urls: Vec<String>,
    /// The file to write; for --format zipnum a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// How the URLs are matched
    #[arg(long = "match", value_name = "TYPE", default_value = "exact")]
    pub match_type: MatchArg,
    /// Captures not before this time
    #[arg(long, value_name = "TIME", conflicts_with = "site")]
    pub from: Option<String>,
    /// Captures not after this time
    #[arg(long, value_name = "TIME", conflicts_with = "site")]
    pub to_time: Option<String>,
    /// A whole site: for each URL the nearest capture before --at, with what its pages need
    #[arg(long, value_name = "HOST", requires = "at")]
    pub site: Option<String>,
    /// The time of --site
    #[arg(long, value_name = "TIME", requires = "site")]
    pub at: Option<String>,
    /// Replace the file if it exists, and in object storage blocks of another archive
    #[arg(long)]
    pub force: bool,
    /// How to report what was written, and what the archive lacks
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub report: ReportArg,
}

/// `tables`
#[derive(Debug, Args)]
#[command(
    after_help = "Run it again to bring the tables up to date: only months that newer captures affect are written\nagain. Only one run at a time can write to a folder. A crawl may run meanwhile."
)]
pub struct TablesArgs {
    /// The folder to write to, created if missing, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR-OR-S3-URL")]
    pub to: String,
    /// Write every month again
    #[arg(long)]
    pub rebuild: bool,
    /// Start another file when one has reached this length
    #[arg(long, value_name = "BYTES", default_value = "128 MiB")]
    pub file_bytes: ByteSize,
}

/// `migrate`
#[derive(Debug, Args)]
#[command(
    after_help = "The source is where the configuration of this command keeps captures; the target is that of --to. The source\nis not changed. Run an interrupted move again to continue it. No crawl may run meanwhile."
)]
pub struct MigrateArgs {
    /// The configuration to move to; only its file is read, no environment and no --set
    #[arg(long, value_name = "CONFIG")]
    pub to: PathBuf,
}

/// Which digests index lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DigestArg {
    /// The digests in the records; SHA-1 of the payload where there is none
    Keep,
    /// SHA-1 of the payload
    Sha1,
    /// SHA-256 of the payload
    Sha256,
}

/// `index`
#[derive(Debug, Args)]
#[command(
    after_help = "The lines are those of cdxj-indexer and pywb (cdxj), or those of the Wayback Machine with eleven columns\n(cdx). The body of a POST or PUT request is part of its key. Damage is reported on stderr; the exit\ncode is then 4."
)]
pub struct IndexArgs {
    /// WARC and ARC files, WACZ packages, folders of them, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which digests: those of the records, or recomputed ones
    #[arg(long, value_name = "WHICH", default_value = "keep")]
    pub digest: DigestArg,
    /// Read at most this many files at once (else the number of cores)
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
}

/// `recompress`
#[derive(Debug, Args)]
pub struct RecompressArgs {
    /// A WARC, ARC or WACZ file; - for stdin
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to write; its extension selects the compression: .warc, .warc.gz, .warc.zst, .arc, .arc.gz
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Train a dictionary on the records first, and compress them with it (.warc.zst only)
    #[arg(long)]
    pub dictionary: bool,
    /// Replace OUT if it exists
    #[arg(long)]
    pub force: bool,
}

/// `repair`
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// A WARC, ARC or WACZ file; - for stdin. It is never written to
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to write, which must not exist yet; damaged parts are written beside it, to
    /// OUT.aside-OFFSET
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
}

/// `prove`
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The URL
    #[arg(required_unless_present = "check", conflicts_with = "check")]
    pub url: Option<String>,
    /// The capture closest to this time (the newest without it)
    #[arg(long, value_name = "TIME", conflicts_with = "check")]
    pub at: Option<String>,
    /// The bundle to write; a name that ends in .wacz gives a signed package for replay
    #[arg(
        long,
        short,
        value_name = "FILE.zip",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, conflicts_with = "check")]
    pub force: bool,
    /// Check this bundle or package, or the folder that a bundle was unpacked into
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// With --check: the key of the log, as `evidence keys` prints it, or a file with it
    #[arg(long, value_name = "KEY", requires = "check")]
    pub key: Option<String>,
    /// A checkpoint that was kept elsewhere; repeatable. With --check: the log must begin with it; with a
    /// URL: the bundle gets a proof for it
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// A policy (c2sp.org/tlog-policy): which witnesses count, and the required quorum. With --check, the bundle fails
    /// without that quorum; with a URL, the default is `evidence.policy`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A file with Bitcoin block headers for OpenTimestamps proofs: per line a height, a space and 80 bytes in
    /// hexadecimal (else `evidence.bitcoin_headers`)
    #[arg(long, value_name = "FILE", requires = "check")]
    pub bitcoin_headers: Option<PathBuf>,
    /// The key of a relay whose attestation of TLS sessions is accepted, or a file with keys, one per line; repeatable, in
    /// addition to relay.keys
    #[arg(long, value_name = "KEY", requires = "check")]
    pub relay: Vec<String>,
    /// A PEM file with the roots that server certificates must chain to, instead of those of the web: the list of that day
    #[arg(long, value_name = "FILE", requires = "check")]
    pub tls_roots: Option<PathBuf>,
}

/// `purge`
#[derive(Debug, Args)]
#[command(
    after_help = "Every record with the same payload is removed, under any address, and replaced with a record of the same length that\nsays so. The log, its checkpoints and all other bundles still verify. Derived data is deleted and the index is rebuilt,\nso the next answers take longer. The bytes cannot be restored: use --dry-run first. Stop `serve`, `watch` and other\ncommands on this archive first: purge refuses while one runs. After an interruption, repeat the command."
)]
pub struct PurgeArgs {
    /// The URL, or URL@TIME
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub url: Option<String>,
    /// When it was captured; the time must match exactly one capture of the page
    #[arg(long, value_name = "TIME", conflicts_with = "resume")]
    pub at: Option<String>,
    /// Why it is removed; shown to everyone who requests the capture
    #[arg(long, value_name = "TEXT", conflicts_with = "resume")]
    pub reason: Option<String>,
    /// Only print what would be removed
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,
    /// Finish an interrupted purge, and do nothing else
    #[arg(long)]
    pub resume: bool,
}

/// `witness`
#[derive(Debug, Args)]
#[command(
    after_help = "Accepts checkpoints of the configured logs at POST /add-checkpoint (c2sp.org/tlog-witness) and serves the newest of\neach at /HASH/checkpoint. The first line printed is the address, the second the key that others put into their policy.\nIf this archive has witnesses itself (evidence.witnesses, evidence.policy), its checkpoints are submitted as well, so\nthat two archives witness each other with one command each. Never restore an earlier state of witness/, and never use\nits key twice: the witness would sign two histories."
)]
pub struct WitnessArgs {
    /// Where to listen; port 0 picks one (else witness.bind)
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// The key of a log, or a file with its keys, one per line; repeatable, in addition to witness.logs
    #[arg(long, value_name = "KEY")]
    pub log: Vec<String>,
    /// The name of the witness (else witness.name, or one derived from its key)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print the key, created if missing, and exit
    #[arg(long)]
    pub key: bool,
}

/// `evidence`
#[derive(Debug, Args)]
pub struct EvidenceArgs {
    /// What to do
    #[command(subcommand)]
    pub what: EvidenceCommand,
}

/// What `evidence` does.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Print the newest checkpoint, to publish or to mail
    Checkpoint,
    /// Print the keys of the log, oldest first
    Keys,
    /// Add what is not in the log yet, sign a checkpoint, and request time stamps
    Extend,
    /// Print check.py, which checks a bundle with openssl and Python alone
    Checker,
    /// Replace the key of the log; a leaf records the change, signed by the old key
    NewKey {
        /// The old key is lost: start with a new one that the old key does not sign
        #[arg(long)]
        lost: bool,
    },
}

/// `robots`
#[derive(Debug, Args)]
pub struct RobotsArgs {
    /// The robots.txt
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// The product token
    #[arg(long, value_name = "NAME")]
    pub agent: String,
    /// The URLs
    #[arg(required = true)]
    pub urls: Vec<String>,
    /// Print the rule that decided
    #[arg(long)]
    pub explain: bool,
    /// Whether a Crawl-delay ends its group; by the standard it does not
    #[arg(long, value_name = "HOW", default_value = RobotsReading::NAMES[0], value_parser = RobotsReading::NAMES)]
    pub reading: String,
}

/// `surt`
#[derive(Debug, Args)]
pub struct SurtArgs {
    /// The URLs (else from stdin, one per line)
    pub urls: Vec<String>,
}

/// `config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do
    #[command(subcommand)]
    pub what: ConfigCommand,
}

/// What `config` does.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its value and where it came from
    Show,
    /// Print problems by key
    Check,
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the archive in this directory
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}
