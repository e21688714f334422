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
    /// text for people, json for programs; the help of a command lists what it takes
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "For every command")]
    pub format: Option<String>,
    /// Say nothing but data, errors, and what had to be repaired
    #[arg(long, short, global = true, help_heading = "For every command")]
    pub quiet: bool,
    /// Say more; repeatable
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
            .help("What to print: for people, or for programs")
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
    /// Fetch what is due when it is due, until a signal comes; SIGHUP reloads the jobs
    Watch(WatchArgs),
    /// The web reader, Memento, CDX and replay server, until a signal comes
    Serve(ServeArgs),
    /// A capture in Chromium at its true address, answered from the archive alone; or a picture of it
    View(ViewArgs),
    /// What comes next, when, and the fact that set that time
    Due(DueArgs),
    /// What is in the archive, per host and in all
    Status,
    /// The captures of a URL, oldest first
    Captures(CapturesArgs),
    /// One capture: its text, bytes, headers or record
    Show(ShowArgs),
    /// The versions of a page and the changes between them
    History(HistoryArgs),
    /// Two captures compared
    Diff(DiffArgs),
    /// For every sentence: the version that brought it, and the one that last changed it
    Blame(BlameArgs),
    /// Every typed change in the archive, newest first
    Changes(ChangesArgs),
    /// Full text over all versions: words, phrases, fields
    Search(SearchArgs),
    /// Since when and until when a phrase stood, and where
    When(WhenArgs),
    /// Quotations with their speakers
    Quotes(QuotesArgs),
    /// One story in several outlets: shared quotations, figures that differ, copied text
    Story(StoryArgs),
    /// A citation of one capture, with its digest; of the words in it with --quote
    Cite(CiteArgs),
    /// Reread every record, recompute every digest, check the evidence log
    Verify(VerifyArgs),
    /// The records of any WARC or ARC in a new file, each packed by itself
    Recompress(RecompressArgs),
    /// The whole records of a damaged file in a new one; what is damaged is set aside
    Repair(RepairArgs),
    /// An evidence bundle of one capture, checkable without this program; or check one
    Prove(ProveArgs),
    /// The evidence log: its newest checkpoint, its keys, bringing it up to date
    Evidence(EvidenceArgs),
    /// Rebuild the index from the WARC files alone
    Reindex,
    /// Take WARC files of other programs, and what other archives captured of a page, into the archive
    Import(ImportArgs),
    /// Write a part of the archive, or a whole site as it stood, to a file that other programs read
    Export(ExportArgs),
    /// Captures, versions, changes, quotations and figures as Parquet, by month, for DuckDB, Spark and pandas
    Tables(TablesArgs),
    /// Move where captures are kept to another backend, and compare both sides
    Migrate(MigrateArgs),
    /// The index lines of any WARC files, sorted, without an archive
    Index(IndexArgs),
    /// What a robots.txt says to an agent
    Robots(RobotsArgs),
    /// The SURT urlkey of URLs
    Surt(SurtArgs),
    /// Remove a capture's bytes everywhere by order, and leave a signed tombstone
    Purge(PurgeArgs),
    /// Cosign checkpoints of other archives' logs
    Witness(WitnessArgs),
    /// Other archives, and how their captures of a page differ from ours
    Peer(PeerArgs),
    /// Attest other archives' TLS sessions without seeing them
    Relay(RelayArgs),
    /// The settings and where they came from
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
    /// Where (else as for every command)
    pub dir: Option<PathBuf>,
}

/// Flags of whatever uses the network.
#[derive(Debug, Args, Clone, Default)]
pub struct NetworkArgs {
    /// Give an address by hand, as in curl; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDR[:PORT]", help_heading = "Network")]
    pub resolve: Vec<String>,
    /// Allow loopback and private addresses
    #[arg(long, help_heading = "Network")]
    pub allow_private: bool,
    /// The whole User-Agent
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
    /// How many links away from a seed pages are followed
    #[arg(long, value_name = "N")]
    pub depth: Option<u64>,
    /// Capture images, styles, scripts and fonts with each page
    #[arg(long)]
    pub requisites: bool,
    /// Take only what the schedule says is due
    #[arg(long)]
    pub due: bool,
    /// Stop after N pages, what they need to be shown counted as well
    #[arg(long, value_name = "N")]
    pub pages_max: Option<u64>,
    /// Print what would be fetched; fetch nothing but robots.txt
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with 4 when a URL failed
    #[arg(long)]
    pub strict: bool,
    /// Flags of whatever uses the network
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// `watch`
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Follow this job: a file, or a name under config/jobs/; repeatable (else all that are there)
    #[arg(long, value_name = "FILE")]
    pub job: Vec<String>,
    /// Answer there what `serve` answers, in the same process; port 0 picks one and prints it
    #[arg(long, value_name = "ADDR:PORT")]
    pub serve: Option<String>,
    /// Flags of whatever uses the network
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen (else serve.bind, 127.0.0.1:8080); port 0 picks one and prints it
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// Where to listen as another origin for replay alone, so that captures share none with the reader
    #[arg(long, value_name = "ADDR:PORT")]
    pub replay_bind: Option<String>,
    /// Where to listen as a proxy that answers from the archive at true addresses, for other programs
    #[arg(long, value_name = "ADDR:PORT")]
    pub replay_proxy: Option<String>,
}

/// `view`
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// The URL; a time may stand behind it: URL@TIME
    pub url: String,
    /// The capture closest to this time (the newest without it)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Opens no window, and writes a picture of the page to this file (PNG)
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Replaces that file where it is there
    #[arg(long, requires = "screenshot")]
    pub force: bool,
    /// The window in pixels (else that in which the page was rendered, 1280x1024 where it was not)
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = viewport)]
    pub viewport: Option<(u32, u32)>,
    /// Which time the scripts of the page see; with that of the capture their random numbers are the same each time
    #[arg(long, value_name = "WHICH", default_value = "now")]
    pub clock: ClockArg,
}

/// Which time the scripts of a page see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    /// The time it is
    Now,
    /// That of the capture
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
    /// Every URL of its host and the hosts below it
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
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What `show` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowAs {
    /// The article
    Text,
    /// The payload, its content coding undone
    Html,
    /// The response bytes exactly as received
    Http,
    /// The response head
    Headers,
    /// The WARC record
    Record,
    /// What the page says, as JSON
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
    /// The page as it was sent, also where it was sent without its text
    #[arg(long, conflicts_with = "rendered")]
    pub plain: bool,
    /// The page as a browser had it once its scripts had run (a history of its own)
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
    /// A URL; or two of FILE or URL@TIME
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
    after_help = "Kinds: headline, byline,\npublished, modified, text-added, text-removed, text-edited, text-moved, quote-added,\nquote-removed, quote-altered, quote-reattributed, figure-changed, date-changed, name-changed,\nclaim-changed, correction, update-note, retraction, gone, restored, reverted, redirected,\npaywalled, image-changed, link-changed."
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
    /// Of these kinds; repeatable, or parted by commas
    #[arg(long, value_name = "KIND", num_args = 1.., value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Of pages of this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only where neither a notice nor the declared date says so
    #[arg(long)]
    pub stealth: bool,
    /// Only of this weight or more, from 1 (minor) to 5 (grave)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub weight: u8,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Which text of the pages
    #[command(flatten)]
    pub which: FormArgs,
}

/// `search`
#[derive(Debug, Args)]
#[command(
    after_help = "Queries: all words have to stand in one version of the page.\n  harbour strike          both words\n  \"harbour strike\"        these words, one after the other\n  harb*                   words that begin so\n  -ferry                  not in that version\n  headline: byline: speaker: quote:   words there: speaker:\"Ann Lee\"\n  host:courier.example    pages of this host\n  date:2026-04            versions seen then; date:2026-04..2026-06"
)]
pub struct SearchArgs {
    /// The words; case, accents and the shape of quotation marks do not count
    #[arg(required_unless_present = "saved", value_name = "QUERY")]
    pub query: Vec<String>,
    /// The search of this name in search.saved
    #[arg(long, value_name = "NAME", conflicts_with = "query")]
    pub saved: Option<String>,
    /// When the words came and went, the newest first, in place of pages; feeds are always of that
    #[arg(long)]
    pub events: bool,
    /// Only what came and went since this time (30 days ago without it)
    #[arg(long, value_name = "TIME", conflicts_with = "since_last")]
    pub since: Option<String>,
    /// Only what came and went since the last call with this name
    #[arg(long, value_name = "NAME")]
    pub since_last: Option<String>,
    /// On pages of this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// In versions that were seen at this time or later
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// In versions that were seen before the end of this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which come first: the best, or those with the newest passages
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
    /// The best first
    Relevance,
    /// The newest first
    Time,
}

/// `when`
#[derive(Debug, Args)]
pub struct WhenArgs {
    /// The words; case, white space and the shape of quotation marks and dashes do not count
    pub phrase: String,
    /// On pages of this host
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
    /// The pages of the archive with these words instead, as `search` finds them
    #[arg(long, value_name = "QUERY", conflicts_with = "targets")]
    pub search: Option<String>,
    /// The pages of the archive that a job takes in: its file, or its name; with --search those with the words
    #[arg(long, value_name = "FILE", conflicts_with = "targets")]
    pub job: Vec<String>,
    /// With --search or --job: at most this many articles
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub limit: u64,
    /// The stories of the archive instead: articles of several hosts on the same one
    #[arg(long, conflicts_with_all = ["targets", "search", "job", "at", "over_time", "from", "to", "plain", "rendered"])]
    pub clusters: bool,
    /// With --clusters: those with an article captured at this time or later
    #[arg(long, value_name = "TIME", requires = "clusters")]
    pub since: Option<String>,
    /// The articles as they were at this time (else the newest)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Also what each outlet changed, and which others had that before
    #[arg(long)]
    pub over_time: bool,
    /// The same, of versions captured at this time or later
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The same, of versions not captured after this time
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
    /// Words that have to stand in that capture; a link to them goes with the citation
    #[arg(long, value_name = "TEXT")]
    pub quote: Option<String>,
    /// The form
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
    /// A checkpoint of the log that was published or kept elsewhere: the log must still hold it; repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub checkpoint: Vec<PathBuf>,
}

/// `import`
#[derive(Debug, Args)]
#[command(
    after_help = "Files are copied into imported/ of the archive byte for byte, with a record of where each came from,\nand each is taken once. The WARC files of a WACZ are compared with its list of files. What is damaged\nis refused; what was refused, or found wrong, makes the exit code 4.\n\nA URL is the address of a Memento TimeMap: the captures that it lists are fetched from their archive, as that\narchive has them, and stand in the history of the page, marked as that archive's."
)]
pub struct ImportArgs {
    /// WARC and ARC files, plain or packed, WACZ packages, and addresses of TimeMaps
    #[arg(required = true, value_name = "PATH-OR-URL")]
    pub paths: Vec<String>,
    /// Take what is damaged, too, as far as it can be read
    #[arg(long)]
    pub lenient: bool,
    /// Of a TimeMap: not before this time
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Of a TimeMap: not after this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Of a TimeMap: at most so many captures that are not here yet, the oldest first
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
    after_help = "The name of FILE says what it is: .wacz, .warc.gz, .warc.zst, .warc, .cdxj or .parquet; --format\nwhere it does not. --format zipnum makes a folder: index lines in compressed blocks. Records are copied byte for byte, requests with their cookies too. The same archive and the\nsame arguments give the same bytes."
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
    /// A whole site as it stood: of each URL the capture nearest before --at, with what its pages need
    #[arg(long, value_name = "HOST", requires = "at")]
    pub site: Option<String>,
    /// The time of --site
    #[arg(long, value_name = "TIME", requires = "site")]
    pub at: Option<String>,
    /// Replace the file where there is one
    #[arg(long)]
    pub force: bool,
    /// How to report what was written, and what the archive lacks
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub report: ReportArg,
}

/// `tables`
#[derive(Debug, Args)]
#[command(
    after_help = "Run it again to bring the tables up to date: only months that newer captures touch are written\nagain. One run at a time writes a folder, and a crawl may go on meanwhile."
)]
pub struct TablesArgs {
    /// The folder to write to, which is made where it is missing, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR-OR-S3-URL")]
    pub to: String,
    /// Write every month again
    #[arg(long)]
    pub rebuild: bool,
    /// Begin another file when one has reached this length
    #[arg(long, value_name = "BYTES", default_value = "128 MiB")]
    pub file_bytes: ByteSize,
}

/// `migrate`
#[derive(Debug, Args)]
#[command(
    after_help = "Where captures are kept now, the configuration of this command says; where to, that of --to. The source\nstays as it is. A move that was interrupted goes on when it is run again; no crawl may run meanwhile."
)]
pub struct MigrateArgs {
    /// The configuration to move to; only its file is read, no environment and no --set
    #[arg(long, value_name = "CONFIG")]
    pub to: PathBuf,
}

/// Which digests index lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DigestArg {
    /// What the records say; SHA-1 of the payload where they say nothing
    Keep,
    /// SHA-1 of the payload
    Sha1,
    /// SHA-256 of the payload
    Sha256,
}

/// `index`
#[derive(Debug, Args)]
#[command(
    after_help = "Lines are those of cdxj-indexer and pywb (cdxj), and of the Wayback Machine with eleven columns\n(cdx). The body of a POST or PUT request is part of its key. Damage is reported on stderr, and\nmakes the exit code 4."
)]
pub struct IndexArgs {
    /// WARC and ARC files, WACZ packages, folders of them, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which digests: those of the records, or recomputed ones
    #[arg(long, value_name = "WHICH", default_value = "keep")]
    pub digest: DigestArg,
    /// Read at most this many files at once (else as many as there are cores)
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
}

/// `recompress`
#[derive(Debug, Args)]
pub struct RecompressArgs {
    /// A WARC, ARC or WACZ file; - for stdin
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to make; its ending says how it is packed: .warc, .warc.gz, .warc.zst, .arc, .arc.gz
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Train a dictionary on the records first, and pack them with it (.warc.zst only)
    #[arg(long)]
    pub dictionary: bool,
    /// Replace OUT where it is there already
    #[arg(long)]
    pub force: bool,
}

/// `repair`
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// A WARC, ARC or WACZ file; - for stdin. It is never written to
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to make, which must not be there yet; what is set aside goes beside it, to
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
    /// Where the bundle goes; a name that ends in .wacz makes a signed package for replay
    #[arg(
        long,
        short,
        value_name = "FILE.zip",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    pub output: Option<PathBuf>,
    /// Replace the file where there is one
    #[arg(long, conflicts_with = "check")]
    pub force: bool,
    /// Check this bundle or package, or the folder that a bundle was unpacked into
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// With --check: the key of the log, as `evidence keys` prints it, or a file with it
    #[arg(long, value_name = "KEY", requires = "check")]
    pub key: Option<String>,
    /// A checkpoint that somebody kept; repeatable. With --check: the log must begin with it; with a
    /// URL: the bundle gets a proof for it
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// A policy (c2sp.org/tlog-policy): which witnesses count, and the quorum that is wanted. With --check the bundle fails
    /// without it; else `evidence.policy` without this
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A file with headers of Bitcoin blocks, a height, a blank and 80 bytes in hexadecimal a line, for proofs of
    /// OpenTimestamps; else `evidence.bitcoin_headers`
    #[arg(long, value_name = "FILE", requires = "check")]
    pub bitcoin_headers: Option<PathBuf>,
    /// The key of a relay whose word on a TLS session counts, or a file with keys, a line each; repeatable, beside relay.keys
    #[arg(long, value_name = "KEY", requires = "check")]
    pub relay: Vec<String>,
    /// A PEM file with the roots that certificates of servers must lead to, in place of those of the web: the list of that day
    #[arg(long, value_name = "FILE", requires = "check")]
    pub tls_roots: Option<PathBuf>,
}

/// `purge`
#[derive(Debug, Args)]
#[command(
    after_help = "Every record that holds the same payload is taken out, of whatever address; a record of the same length that says so\ncomes into its place. The log, its checkpoints and every bundle of something else verify as before. What was derived is\ndeleted and the index made anew, so the next answers take longer. Nothing brings the bytes back: look with --dry-run\nfirst. Stop what else writes into the archive, and start servers again afterwards."
)]
pub struct PurgeArgs {
    /// The URL, or URL@TIME
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub url: Option<String>,
    /// When it was captured; of the captures of the page, this has to mean one
    #[arg(long, value_name = "TIME", conflicts_with = "resume")]
    pub at: Option<String>,
    /// Why it is removed, which everyone reads who asks for the capture
    #[arg(long, value_name = "TEXT", conflicts_with = "resume")]
    pub reason: Option<String>,
    /// Only print what would be removed
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,
    /// Bring a purge that was interrupted to its end
    #[arg(long)]
    pub resume: bool,
}

/// `witness`
#[derive(Debug, Args)]
#[command(
    after_help = "Takes checkpoints of the logs it knows by POST /add-checkpoint (c2sp.org/tlog-witness) and gives the newest of each\nat /HASH/checkpoint. The first line printed is the address, the second the key that others put into their policy.\nWhere this archive names witnesses itself (evidence.witnesses, evidence.policy), its checkpoints are submitted as\nwell, so that two archives witness each other with a command each. Never set witness/ back to an earlier state, and\nnever use its key twice: the witness would sign two histories."
)]
pub struct WitnessArgs {
    /// Where to listen; port 0 picks one (else witness.bind)
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// The key of a log, or a file with its keys, a line each; repeatable, beside witness.logs
    #[arg(long, value_name = "KEY")]
    pub log: Vec<String>,
    /// The name of the witness (else witness.name, or one made from its key)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print the key, made where there is none, and end
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
    /// Add what is not in the log yet, sign a checkpoint, and ask for time stamps
    Extend,
    /// Print check.py, which checks a bundle with openssl and Python alone
    Checker,
    /// Replace the key of the log; a leaf records the change, signed by the old key
    NewKey {
        /// The old key is lost: begin with a new one that nothing signs for
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
    /// Say which rule decided
    #[arg(long)]
    pub explain: bool,
    /// Whether a Crawl-delay ends the group it stands in; by the standard it does not
    #[arg(long, value_name = "HOW", default_value = RobotsReading::NAMES[0], value_parser = RobotsReading::NAMES)]
    pub reading: String,
}

/// `surt`
#[derive(Debug, Args)]
pub struct SurtArgs {
    /// The URLs; a line each from stdin when none is given
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
    /// Every key with its value and where it came from
    Show,
    /// Problems by key
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
