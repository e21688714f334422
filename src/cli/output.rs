//! Where output goes: data to stdout, talk to stderr; when there is colour.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::args::{ColorWhen, Global};
use super::exit::CliError;

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
    format: Option<String>,
    quiet: bool,
    verbose: u8,
    color_out: bool,
    color_err: bool,
    terminal_err: bool,
}

impl Output {
    /// As the flags and the environment say.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let color = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !no_color,
        };
        Self {
            format: global.format.clone(),
            quiet: global.quiet,
            verbose: global.verbose,
            color_out: color(io::stdout().is_terminal()),
            color_err: color(io::stderr().is_terminal()),
            terminal_err: io::stderr().is_terminal(),
        }
    }

    /// `--format`, one of `known`; the first of them where nothing was said.
    ///
    /// # Errors
    /// A usage error that lists what is known.
    pub fn format_of(&self, known: &[&'static str]) -> Result<&'static str, CliError> {
        let Some(given) = &self.format else { return Ok(known.first().copied().unwrap_or("text")) };
        known.iter().find(|k| *k == given).copied().ok_or_else(|| {
            CliError::usage(format!(
                "unknown format {given:?} here; known are {}",
                known.join(", ")
            ))
        })
    }

    /// `--format` of a command that knows text and json.
    ///
    /// # Errors
    /// A usage error that lists what is known.
    pub fn format(&self) -> Result<Format, CliError> {
        Ok(if self.format_of(&["text", "json"])? == "json" { Format::Json } else { Format::Text })
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

    /// Whether talk goes to a terminal.
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

    /// A line of data.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")
    }

    /// A piece of a line of data.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn piece(&self, text: &str) -> io::Result<()> {
        io::stdout().lock().write_all(text.as_bytes())
    }

    /// Raw bytes of data.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// An object as one line of JSON.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.line(&serde_json::to_string(value).map_err(io::Error::other)?)
    }

    /// What became of the archive that was not asked for: a repair, something set aside, a log that
    /// does not follow. A line to stderr, quiet or not: whoever runs this unattended should hear it.
    #[expect(clippy::print_stderr, reason = "the command line is where talk is printed")]
    pub fn warn(&self, note: &str) {
        eprintln!("pressmark: {note}");
    }

    /// Talk: a line to stderr, unless quiet.
    #[expect(clippy::print_stderr, reason = "the command line is where talk is printed")]
    pub fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

/// Rows of text as aligned columns, the last one unpadded; numbers right-aligned where `right` says so.
#[must_use]
pub fn table(head: &[&str], right: &[bool], rows: &[Vec<String>]) -> String {
    let width_of = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = head.iter().map(|h| width_of(h)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(width_of(cell));
        }
    }
    let render = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        let last = widths.len().saturating_sub(1);
        for (i, cell) in cells.enumerate() {
            let pad = widths.get(i).map_or(0, |w| w.saturating_sub(width_of(cell)));
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
