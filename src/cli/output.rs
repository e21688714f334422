//! Where output goes: data to stdout, messages to stderr; when there is colour.
//!
//! The one place of the program that prints. Whatever is printed may come from a page, a URL, a header
//! or the name of a file, so all of it goes through [`printable`]; JSON keeps every value and is
//! escaped; only the bytes of a capture are written as they are, and never to a terminal.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::args::{ColorWhen, Global, formats_of};
use super::exit::CliError;
use crate::base::printable::{self, Stream};

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How to print.
#[derive(Debug, Clone)]
pub struct Output {
    format: &'static str,
    is_asked: bool,
    quiet: bool,
    verbose: u8,
    color_out: bool,
    color_err: bool,
    terminal_out: bool,
    terminal_err: bool,
}

impl Output {
    /// As the flags and the environment say, for the command of this name.
    ///
    /// # Errors
    /// A usage error where the command does not print what `--format` names.
    pub fn new(global: &Global, command: &str) -> Result<Self, CliError> {
        let formats = formats_of(command);
        let format = match &global.format {
            None => None,
            Some(given) => match formats.iter().find(|known| *known == given) {
                Some(known) => Some(*known),
                // The command's own flag refuses it, and so does that of the program.
                None => {
                    let known = formats.join(", ");
                    let what = format!("--format {given:?}: {command} prints {known}");
                    return Err(CliError::usage(what));
                }
            },
        };
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let color = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !no_color,
        };
        Ok(Self {
            format: format.or(formats.first().copied()).unwrap_or("text"),
            is_asked: format.is_some(),
            quiet: global.quiet,
            verbose: global.verbose,
            color_out: color(io::stdout().is_terminal()),
            color_err: color(io::stderr().is_terminal()),
            terminal_out: io::stdout().is_terminal(),
            terminal_err: io::stderr().is_terminal(),
        })
    }

    /// `--format`, one of those that the command takes; the first of them where nothing was asked for.
    #[must_use]
    pub fn format_name(&self) -> &'static str {
        self.format
    }

    /// Whether `--format` was given.
    #[must_use]
    pub fn format_is_asked(&self) -> bool {
        self.is_asked
    }

    /// `--format` of a command that knows text and json.
    #[must_use]
    pub fn format(&self) -> Format {
        if self.format == "json" { Format::Json } else { Format::Text }
    }

    /// Whether stdout takes colour.
    #[must_use]
    pub fn color(&self) -> bool {
        self.color_out
    }

    /// Whether stderr takes colour.
    #[must_use]
    pub fn color_err(&self) -> bool {
        self.color_err
    }

    /// How wide lines of text may be: as the shell says, else as the terminal does; 40 to 100, since longer lines
    /// read badly.
    #[must_use]
    pub fn line_columns(&self) -> usize {
        let of_shell = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        of_shell.or_else(|| self.terminal_columns()).unwrap_or(100).clamp(40, 100)
    }

    /// How many cells a line of the terminal has that data goes to.
    fn terminal_columns(&self) -> Option<usize> {
        let size =
            rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|_| self.terminal_out)?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// Whether messages go to a terminal.
    #[must_use]
    pub fn on_terminal(&self) -> bool {
        self.terminal_err
    }

    /// Whether only data and errors are wanted.
    #[must_use]
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// How often `--verbose` was given.
    #[must_use]
    pub fn verbose(&self) -> u8 {
        self.verbose
    }

    /// A line of data. A line end inside of it is shown, so that it stays one line.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn line(&self, text: &str) -> io::Result<()> {
        print(&[&printable::line(text), "\n"])
    }

    /// Lines of data, as [`Self::line`] prints each.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn lines(&self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// A line of data whose fields are separated by tabs.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn fields(&self, fields: &[&str]) -> io::Result<()> {
        let fields: Vec<_> = fields.iter().map(|field| printable::line(field)).collect();
        print(&[&fields.join("\t"), "\n"])
    }

    /// Data of several lines, as it is: no line end is added.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn text(&self, text: &str) -> io::Result<()> {
        print(&[&printable::lines(text)])
    }

    /// The same with colours in it, and words of another direction set apart (see
    /// [`printable::styled`]).
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn styled(&self, text: &str) -> io::Result<()> {
        print(&[&printable::styled(text)])
    }

    /// Rows of data as aligned columns below their names; numbers right-aligned where `right` says so.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn table(&self, head: &[&str], right: &[bool], rows: &[Vec<String>]) -> io::Result<()> {
        print(&[&table(head, right, rows), "\n"])
    }

    /// Bytes of a capture: exactly as they are, unless they go to a terminal, which would interpret them.
    #[must_use]
    pub fn bytes(&self) -> Bytes<'_> {
        Bytes { out: self, shown: self.terminal_out.then(Stream::default), is_altered: false }
    }

    /// An object as one line of JSON.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.json_line(&serde_json::to_string(value).map_err(io::Error::other)?)
    }

    /// A line of JSON that is serialised already.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn json_line(&self, text: &str) -> io::Result<()> {
        print(&[&printable::json(text), "\n"])
    }

    /// A piece of a line of JSON, cut between two values.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn json_piece(&self, text: &str) -> io::Result<()> {
        print(&[&printable::json(text)])
    }

    /// A change to the archive that was not requested: a repair, something set aside, a log that
    /// does not follow. A line to stderr, quiet or not: the operator should see it.
    pub fn warn(&self, note: &str) {
        tell(&format!("pressmark: {}", printable::line(note)));
    }

    /// A message: a line to stderr, unless quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            tell(&printable::line(text));
        }
    }
}

/// A message of several lines to stderr: an error with its hint, or how a command is used. Where it cannot be
/// written (a closed pipe, a full disk) it is lost: that is no reason to stop, and a panic could not be reported either.
pub fn tell(text: &str) {
    tell_to(&mut io::stderr().lock(), text);
}

fn tell_to(to: &mut impl Write, text: &str) {
    let written = writeln!(to, "{}", printable::lines(text)).and_then(|()| to.flush());
    drop(written);
}

fn print(pieces: &[&str]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    pieces.iter().try_for_each(|piece| out.write_all(piece.as_bytes()))
}

/// Where the bytes of a capture go, piece by piece.
#[derive(Debug)]
pub struct Bytes<'a> {
    out: &'a Output,
    shown: Option<Stream>,
    is_altered: bool,
}

impl Bytes<'_> {
    /// The next bytes.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match &mut self.shown {
            None => out.write_all(bytes)?,
            Some(stream) => {
                let text = stream.push(bytes);
                self.is_altered |= is_altered(&text);
                out.write_all(text.as_bytes())?;
            }
        }
        out.flush()
    }

    /// The end: what was held back is written, and a message says where a terminal was shown something
    /// else than the bytes.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn end(self) -> io::Result<()> {
        let Some(stream) = self.shown else { return Ok(()) };
        let text = stream.end();
        let is_altered = self.is_altered || is_altered(&text);
        self.out.text(&text)?;
        if is_altered {
            self.out.say(
                "pressmark: bytes that are not text are shown as symbols; redirect the output to get the original bytes",
            );
        }
        Ok(())
    }
}

/// Whether a text has signs in place of what was not printed.
fn is_altered(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{2400}'..='\u{2421}' | '\u{fffd}'))
}

/// Rows of text as aligned columns, the last one unpadded; numbers right-aligned where `right` says so.
/// Widths are those of a terminal, and what a cell holds stays in its cell.
fn table(head: &[&str], right: &[bool], rows: &[Vec<String>]) -> String {
    let clean = |row: &Vec<String>| -> Vec<String> {
        row.iter().map(|cell| printable::line(cell).into_owned()).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(clean).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| printable::width(h)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(printable::width(cell));
        }
    }
    let render = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        let last = widths.len().saturating_sub(1);
        for (i, cell) in cells.enumerate() {
            let pad = widths.get(i).map_or(0, |w| w.saturating_sub(printable::width(cell)));
            if right.get(i).copied().unwrap_or(false) {
                line.push_str(&" ".repeat(pad));
                line.push_str(cell);
            } else {
                line.push_str(cell);
                if i < last {
                    line.push_str(&" ".repeat(pad));
                }
            }
            if i < last {
                line.push_str("  ");
            }
        }
        line
    };
    let mut lines = vec![render(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|row| render(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn messages_that_cannot_be_written_are_dropped() {
        tell_to(&mut Closed, "there are more pages");
        let mut printed = Vec::new();
        tell_to(&mut printed, "there are more pages");
        assert_eq!(printed, b"there are more pages\n");
    }

    #[test]
    fn columns_are_aligned_by_the_cells_of_a_terminal() {
        let rows =
            [["a.example", "1", "東京で火事"], ["münchen", "100", "x"], ["東京", "20", "y\nz"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|c| (*c).to_owned()).collect()).collect();
        let expected = "\
host       count  title
a.example      1  東京で火事
münchen      100  x
東京          20  y␊z";
        assert_eq!(table(&["host", "count", "title"], &[false, true, false], &rows), expected);
    }
}
