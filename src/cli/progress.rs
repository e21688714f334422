//! Progress: a bar on a terminal, a line at intervals elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::base::ByteSize;
use crate::base::printable::line;
use crate::crawl::{Finished, Observer, Outcome};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar over a known amount of bytes.
pub struct Bar {
    bar: ProgressBar,
    out: Output,
    what: &'static str,
    last: Instant,
}

impl Bar {
    /// A bar that says what is being done.
    #[must_use]
    pub fn new(out: &Output, what: &'static str) -> Self {
        let bar = if out.on_terminal() && !out.quiet() {
            ProgressBar::new(0).with_style(style("{prefix} {bar:30} {percent:>3}% eta {eta} {msg}"))
        } else {
            ProgressBar::hidden()
        };
        bar.set_prefix(what);
        Self { bar, out: out.clone(), what, last: Instant::now() }
    }

    /// Moves it.
    pub fn set(&mut self, done: u64, all: u64, message: &str) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(line(message).into_owned());
        if !self.out.on_terminal() && self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            self.out.say(&format!(
                "{}: {} of {}, {message}",
                self.what,
                ByteSize(done),
                ByteSize(all)
            ));
        }
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are ours and tested by use; the plain style is a safe fallback.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Shows a crawl as it goes.
pub struct CrawlProgress {
    bar: ProgressBar,
    out: Output,
    begun: Instant,
    last_line: Instant,
    done: u64,
    bytes: u64,
    last_url: String,
}

impl CrawlProgress {
    /// A progress line for one crawl.
    #[must_use]
    pub fn new(out: &Output) -> Self {
        let bar = if out.on_terminal() && !out.quiet() {
            ProgressBar::new_spinner().with_style(style("{spinner} {msg}"))
        } else {
            ProgressBar::hidden()
        };
        let now = Instant::now();
        Self {
            bar,
            out: out.clone(),
            begun: now,
            last_line: now,
            done: 0,
            bytes: 0,
            last_url: String::new(),
        }
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for CrawlProgress {
    fn finished(&mut self, done: &Finished) {
        self.done += 1;
        self.bytes += done.bytes;
        done.uri.as_str().clone_into(&mut self.last_url);
        if self.out.verbose() > 0 {
            let what = match &done.outcome {
                Outcome::Fetched { status, stored, .. } => {
                    let status = status.map_or_else(|| "-".to_owned(), |s| s.to_string());
                    format!("{status} {stored:?}")
                }
                Outcome::Failed { step, why } => format!("failed: {step}: {why}"),
                Outcome::Refused { why } => format!("refused: {why}"),
                Outcome::RobotsUnreachable { why } => format!("not fetched: {why}"),
            };
            let said = format!("{what} {}", done.uri);
            if self.bar.is_hidden() { self.out.say(&said) } else { self.bar.println(line(&said)) }
        }
    }

    fn note(&mut self, what: &str) {
        let line = format!("pressmark: {what}");
        if self.bar.is_hidden() { self.out.say(&line) } else { self.bar.println(line) }
    }

    fn progress(&mut self, _fetched: u64, in_flight: usize, queued: u64) {
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        let rate = self.done as f64 / seconds;
        let eta = if rate > 0.0 && queued > 0 {
            let left = Duration::from_secs_f64((queued as f64 / rate).min(1e9));
            format!(
                ", about {} left",
                crate::config::value::print_duration(Duration::from_secs(left.as_secs()))
            )
        } else {
            String::new()
        };
        let said = format!(
            "{} done, {} in flight, {queued} queued, {rate:.1}/s, {}{eta}  {}",
            self.done,
            in_flight,
            ByteSize(self.bytes),
            self.last_url
        );
        if self.bar.is_hidden() {
            if self.last_line.elapsed() >= LINE_EVERY {
                self.last_line = Instant::now();
                self.out.say(&said);
            }
        } else {
            self.bar.set_message(line(&said).into_owned());
            self.bar.tick();
        }
    }
}
