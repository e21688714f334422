//! The crawl log: one line for each URL, appended when its records are durable.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::outcome::Finished;

/// The open crawl log.
#[derive(Debug)]
pub struct CrawlLog(File);

impl CrawlLog {
    /// Opens `crawl.log` in `dir` to append to.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(dir: &Path) -> io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(dir.join("crawl.log")).map(Self)
    }

    /// Appends the line in one write, so that two lines never mix and a kill cuts none in two.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, done: &Finished) -> io::Result<()> {
        let mut line = done.log_line();
        line.push('\n');
        self.0.write_all(line.as_bytes())
    }
}
