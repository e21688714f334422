//! One file for each command: options in, library call, output.

pub mod blame;
pub mod captures;
pub mod changes;
pub mod cite;
pub mod config;
pub mod crawl;
pub mod demo;
pub mod diff;
pub mod dry_run;
pub mod due;
pub mod evidence;
pub mod history;
pub mod init;
pub mod prove;
pub mod quotes;
pub mod reference;
pub mod reindex;
pub mod robots;
pub mod serve;
pub mod show;
pub mod status;
pub mod surt;
pub mod verify;
pub mod wacz;
pub mod watch;
pub mod when;
