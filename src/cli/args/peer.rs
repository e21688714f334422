//! The flags of `peer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `peer`
#[derive(Debug, Args)]
#[command(
    after_help = "Both archives add each other with the same --share: only what it covers is requested and answered. `serve` answers at\n/peer. Every answer is proved by the log of the answering archive; what cannot be proved is listed as such and never\ncompared."
)]
pub struct PeerArgs {
    /// What to do
    #[command(subcommand)]
    pub what: PeerCommand,
}

/// What `peer` does.
#[derive(Debug, Subcommand)]
pub enum PeerCommand {
    /// Print the keys with which another archive adds this one, created if missing
    Key,
    /// Add another archive, or change its entry
    Add(PeerAddArgs),
    /// List the archives that were added
    List,
    /// Remove the entry of an archive
    Remove {
        /// Its name
        name: String,
    },
    /// Compare other archives' captures of pages with those of this archive
    Compare(PeerCompareArgs),
    /// Check a file that `compare --bundles` wrote: verify both proofs and repeat the comparison
    Check {
        /// The file
        file: PathBuf,
        /// A key of the log of the archive that wrote it
        #[arg(long, value_name = "KEY")]
        ours: String,
        /// A key of the log of the other archive
        #[arg(long, value_name = "KEY")]
        theirs: String,
    },
}

/// `peer add`
#[derive(Debug, Args)]
pub struct PeerAddArgs {
    /// Its name in this archive: letters, digits, - and _
    pub name: String,
    /// The address of its server
    pub url: String,
    /// Its key, as its `peer key` prints it first
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// A key of its log, as its `peer key` prints it second
    #[arg(long, value_name = "KEY")]
    pub log: String,
    /// What is exchanged: a host, or an address for all that begin with it; repeatable
    #[arg(long, value_name = "HOST-OR-URL", required = true)]
    pub share: Vec<String>,
    /// Only captures from this time on
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only captures up to this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// `peer compare`
#[derive(Debug, Args)]
#[command(
    after_help = "same-text: the visible text is the same. furniture-only: the article is the same. variant: a wall, a failure, or\nanother language, address or notation explains the difference. differs: the article differs; its changes are listed as\nby `diff`. A difference is confirmed if this archive has captures before and after theirs that agree with each other.\nFeeds list variants and differences."
)]
pub struct PeerCompareArgs {
    /// The pages (else all shared pages that this archive captured in the window)
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// Only with this peer; repeatable
    #[arg(long, value_name = "NAME")]
    pub with: Vec<String>,
    /// From this time on (else 7 days before --to)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Up to this time (else now)
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Compare at most the newest N captures of a page with each peer
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// Only variants and differences
    #[arg(long)]
    pub differences: bool,
    /// Write both proofs of every variant and difference into this directory
    #[arg(long, value_name = "DIR")]
    pub bundles: Option<PathBuf>,
    /// Exit with 4 when something differs in substance
    #[arg(long)]
    pub exit_code: bool,
}
