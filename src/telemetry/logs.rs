//! Where log lines go and what they look like. What a line quotes may come from a page or the name of
//! a file, so a line is made printable as it is written, and stays one line.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::base::printable;
use crate::crawl::log::opened;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object each.
    Json,
}

/// The file that lines go to. Clones share it.
#[derive(Debug, Clone)]
pub struct LogFile(Arc<Mutex<Opened>>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Opens a file to append to.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = opened(path)?;
        Ok(Self(Arc::new(Mutex::new(Opened { path: path.to_owned(), file }))))
    }

    /// Opens the file at its path again, after it was moved away.
    ///
    /// # Errors
    /// When it cannot be opened; then lines go to the file as before.
    pub fn reopen(&self) -> io::Result<()> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.file = opened(&log.path)?;
        Ok(())
    }
}

/// One line on its way to the file.
#[derive(Debug)]
pub struct Line(LogFile);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0).0.lock().unwrap_or_else(PoisonError::into_inner).file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.clone())
    }
}

/// Sends log lines of `level` and graver to `file` from now on, or to stderr. The first call in a
/// process counts; later ones change nothing.
pub fn start(level: &str, form: Form, file: Option<&LogFile>) {
    let level: LevelFilter = level.parse().unwrap_or(LevelFilter::INFO);
    let file = file.cloned();
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(move || -> Lines<Box<dyn Write>> {
            let to: Box<dyn Write> = match &file {
                Some(file) => Box::new(file.make_writer()),
                None => Box::new(io::stderr()),
            };
            Lines { form, to }
        })
        .with_ansi(false)
        .with_target(false);
    // A logger that was set up before stays in use.
    let _ = match form {
        Form::Text => lines.try_init(),
        Form::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// Writes lines that come whole, one in each call.
struct Lines<W> {
    form: Form,
    to: W,
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let (text, end) = text.strip_suffix('\n').map_or((&*text, ""), |text| (text, "\n"));
        let printed = match self.form {
            Form::Text => printable::line(text),
            Form::Json => printable::json(text),
        };
        // In one call, so that lines of several threads do not mix.
        self.to.write_all(format!("{printed}{end}").as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a subscriber of this form writes for an event with hostile values.
    fn logged(form: Form) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        let lines = tracing_subscriber::fmt()
            .with_writer(move || Lines { form, to: to.clone() })
            .with_ansi(false)
            .without_time();
        let hostile = "a\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}b\nERROR forged\u{200b}";
        let event = || tracing::warn!(url = %hostile, file = ?hostile, "{hostile}");
        match form {
            Form::Text => tracing::subscriber::with_default(lines.finish(), event),
            Form::Json => tracing::subscriber::with_default(lines.json().finish(), event),
        }
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_of_the_log_is_one_line_without_controls() {
        for form in [Form::Text, Form::Json] {
            let text = logged(form);
            let line = text.strip_suffix('\n').unwrap();
            let bad = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!line.contains(bad), "{form:?}: {text:?}");
        }
        let json: serde_json::Value = serde_json::from_str(&logged(Form::Json)).unwrap();
        let said = json["fields"]["url"].as_str().unwrap();
        assert_eq!(said, "a\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}b\nERROR forged\u{200b}");
    }

    #[test]
    fn a_log_that_was_moved_away_is_reopened_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watch.log");
        let log = LogFile::open(&path).unwrap();
        log.make_writer().write_all(b"one\n").unwrap();
        std::fs::rename(&path, dir.path().join("watch.log.1")).unwrap();
        log.make_writer().write_all(b"two\n").unwrap();
        log.reopen().unwrap();
        log.make_writer().write_all(b"three\n").unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(
            (read("watch.log.1").as_str(), read("watch.log").as_str()),
            ("one\ntwo\n", "three\n")
        );
        std::fs::remove_dir_all(dir.path()).unwrap();
        assert!(log.reopen().is_err());
        log.make_writer().write_all(b"kept\n").unwrap();
    }
}
