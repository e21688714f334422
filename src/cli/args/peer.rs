//! The flags of `peer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `peer`
#[derive(Debug, Args)]
#[command(
    after_help = "Both archives add each other, with the same --share: what stands there, and nothing else, is asked for and answered.\n`serve` answers at /peer. Every answer is proved by the log of the archive that gives it; what cannot be proved is\nlisted as such and never compared."
)]
pub struct PeerArgs {
    /// What to do
    #[command(subcommand)]
    pub what: PeerCommand,
}

/// What `peer` does.
#[derive(Debug, Subcommand)]
pub enum PeerCommand {
    /// Print the keys that another archive enters for this one, made where there are none
    Key,
    /// Enter another archive, or change its entry
    Add(PeerAddArgs),
    /// List the archives that are entered
    List,
    /// Take the entry of an archive out
    Remove {
        /// Its name
        name: String,
    },
    /// Compare the captures that others have of pages with those of this archive
    Compare(PeerCompareArgs),
    /// Check a file that `compare --bundles` wrote: both proofs, and the comparison made again
    Check {
        /// The file
        file: PathBuf,
        /// A key of the log of the archive that wrote it
        #[arg(long, value_name = "KEY")]
        ours: String,
        /// A key of the log of the other
        #[arg(long, value_name = "KEY")]
        theirs: String,
    },
}

/// `peer add`
#[derive(Debug, Args)]
pub struct PeerAddArgs {
    /// What it is called here: letters, digits, - and _
    pub name: String,
    /// The address of its server
    pub url: String,
    /// Its key, as its `peer key` prints it first
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// A key of its log, as its `peer key` prints it second
    #[arg(long, value_name = "KEY")]
    pub log: String,
    /// What is exchanged: a host, or an address that stands for all that begin with it; repeatable
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
    after_help = "same-text: a reader sees the same. furniture-only: the article says the same. variant: a wall, a failure, another\nlanguage, address or notation explains it. differs: the article says something else, with its changes as `diff` has\nthem. A difference is confirmed where this archive has captures before and after theirs that agree with each other.\nFeeds list variants and differences."
)]
pub struct PeerCompareArgs {
    /// The pages; without one, all that this archive captured in the window of what is shared
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
    /// Compare at most N captures of a page with each peer, the newest
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
