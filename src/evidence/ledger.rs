//! Where each leaf comes from: its place in a WARC file, or the text of a statement.
//!
//! ```text
//! positions    16 bytes a leaf, by index:
//!               0  ff ff ff ff  number of the file (u32, big endian), or 80 00 00 00: a statement
//!               4  ww ww ww ww  raw bytes of its member before the record; length of the statement
//!               8  oo … oo      offset of its member in the file, or of the text in `statements`
//! files        the names of WARC files, a line each; the line is the number
//! statements   "@INDEX LENGTH", a line feed, and the leaf's text; one after the other
//! ```
//!
//! Nothing here is trusted: a position only says where to look, and what is found there must give
//! the hash that the log holds. What is beyond the newest checkpoint is what an unfinished run
//! left, and is written over.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::leaf::Statement;
use super::summary::Summary;

/// The length of a position.
pub const POSITION_LEN: usize = 16;
const STATEMENT: u32 = 0x8000_0000;

/// Where a leaf comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// A record: the number of its file, the offset of its member, raw bytes before it in that.
    Record(u32, u64, u32),
    /// A statement: where its text begins and how long it is.
    Statement(u64, u32),
}

impl Position {
    /// The position as bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; POSITION_LEN] {
        let (file, aux, offset) = match self {
            Self::Record(file, offset, within) => (file, within, offset),
            Self::Statement(offset, length) => (STATEMENT, length, offset),
        };
        let mut out = [0; POSITION_LEN];
        out[..4].copy_from_slice(&file.to_be_bytes());
        out[4..8].copy_from_slice(&aux.to_be_bytes());
        out[8..].copy_from_slice(&offset.to_be_bytes());
        out
    }

    /// Reads a position.
    #[must_use]
    pub fn parse(bytes: [u8; POSITION_LEN]) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        let (file, aux) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let offset = u64::from_be_bytes(rest);
        if file == STATEMENT {
            Self::Statement(offset, aux)
        } else {
            Self::Record(file, offset, aux)
        }
    }
}

/// The ledger of a log, open.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    positions: Option<File>,
    names: Vec<String>,
    /// A file has more than one number where others came between two stretches of it.
    numbers: HashMap<String, Vec<u32>>,
    /// The number of the last record leaf: those after it have no smaller one.
    last_used: u32,
    names_len: u64,
    statements: Vec<(u64, Statement)>,
    statements_len: u64,
    /// How many bytes of `statements` were not read, since a summary has what still counts of them.
    summed: u64,
    /// Positions that are not written yet, from `written` on.
    pending: Vec<u8>,
    pending_names: String,
    pending_statements: String,
    written: u64,
}

fn read_if_there(path: &Path) -> io::Result<String> {
    match std::fs::read(path) {
        // Invalid UTF-8 is damage, which shows as a line that cannot be read.
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(why) => Err(why),
    }
}

fn append_at(path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    // What an unfinished run left behind goes: it is beyond every checkpoint.
    file.set_len(at)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Ledger {
    /// Opens the ledger of a log of this size, with all statements.
    ///
    /// # Errors
    /// When a file cannot be read. Damage shows where a leaf is looked up.
    pub fn open(dir: &Path, size: u64) -> io::Result<Self> {
        Self::open_along(dir, size, None)
    }

    /// As [`Self::open`], without the statements that a summary leaves out.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn open_along(dir: &Path, size: u64, summary: Option<Summary>) -> io::Result<Self> {
        let text = read_if_there(&dir.join("files"))?;
        let whole = text.rfind('\n').map_or("", |at| &text[..=at]);
        let names: Vec<String> = whole.lines().map(str::to_owned).collect();
        let mut numbers: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, name) in (0..).zip(&names) {
            numbers.entry(name.clone()).or_default().push(number);
        }
        let path = dir.join("statements");
        let (mut statements, summed, text) = match summary {
            None => (Vec::new(), 0, read_if_there(&path)?),
            Some(summary) => match read_from(&path, summary.until)? {
                Some(text) => (summary.statements, summary.until, text),
                // It states more than the file holds.
                None => (Vec::new(), 0, read_if_there(&path)?),
            },
        };
        let (later, length) = read_statements(&text, size);
        statements.extend(later);
        let length = summed + length;
        let positions = match File::open(dir.join("positions")) {
            Ok(file) => Some(file),
            Err(why) if why.kind() == io::ErrorKind::NotFound => None,
            Err(why) => return Err(why),
        };
        let mut ledger = Self {
            dir: dir.to_owned(),
            positions,
            names,
            numbers,
            last_used: 0,
            names_len: whole.len() as u64,
            statements,
            statements_len: length,
            summed,
            pending: Vec::new(),
            pending_names: String::new(),
            pending_statements: String::new(),
            written: size,
        };
        // Positions that are missing are damage, which shows where one is looked up.
        if let Ok(Some((_, Position::Record(number, ..)))) = ledger.record_before(size) {
            ledger.last_used = number;
        }
        Ok(ledger)
    }

    /// The names of files by number.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers of a file, in the order in which they were given.
    #[must_use]
    pub fn numbers(&self, name: &str) -> &[u32] {
        self.numbers.get(name).map_or(&[], Vec::as_slice)
    }

    /// The number for the next leaf of a file: its own where no other file came since, else a new
    /// one, so that leaves are in the order of numbers and places.
    pub fn number_for(&mut self, name: &str) -> u32 {
        let own = self.numbers(name).last().copied();
        if let Some(number) = own.filter(|number| *number >= self.last_used) {
            return number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(STATEMENT - 1);
        self.names.push(name.to_owned());
        self.numbers.entry(name.to_owned()).or_default().push(number);
        self.pending_names.push_str(name);
        self.pending_names.push('\n');
        number
    }

    /// How many bytes of statements a summary stands for, and how many there are.
    pub(super) fn statements_summed(&self) -> (u64, u64) {
        (self.summed, self.statements_len)
    }

    /// The statements with their leaf indexes, oldest first; where the log was opened by a summary, those that still count.
    #[must_use]
    pub fn statements(&self) -> &[(u64, Statement)] {
        &self.statements
    }

    /// Adds the position of a record.
    pub fn add_record(&mut self, number: u32, offset: u64, within: u32) {
        self.last_used = number;
        self.pending.extend(Position::Record(number, offset, within).bytes());
    }

    /// Adds a statement as the leaf of this index.
    pub fn add_statement(&mut self, index: u64, statement: Statement) {
        let whole = statement_text(index, &statement);
        let head = whole.find('\n').map_or(0, |end| end + 1);
        let at = self.statements_len + (self.pending_statements.len() + head) as u64;
        let length = u32::try_from(whole.len() - head).unwrap_or(u32::MAX);
        self.pending.extend(Position::Statement(at, length).bytes());
        self.pending_statements.push_str(&whole);
        self.statements.push((index, statement));
    }

    /// How many positions wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len() / POSITION_LEN
    }

    /// Writes positions that wait, so that memory stays flat; nothing is synced.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn spill(&mut self) -> io::Result<()> {
        let path = self.dir.join("positions");
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.write_all_at(&self.pending, self.written * POSITION_LEN as u64)?;
        self.written += self.waiting() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Writes all that waits and puts it on the disk.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn write(&mut self) -> io::Result<()> {
        self.spill()?;
        let path = self.dir.join("positions");
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        file.set_len(self.written * POSITION_LEN as u64)?;
        file.sync_all()?;
        self.positions = Some(file);
        if !self.pending_names.is_empty() {
            append_at(&self.dir.join("files"), self.names_len, self.pending_names.as_bytes())?;
            self.names_len += self.pending_names.len() as u64;
            self.pending_names.clear();
        }
        if !self.pending_statements.is_empty() {
            let text = std::mem::take(&mut self.pending_statements);
            append_at(&self.dir.join("statements"), self.statements_len, text.as_bytes())?;
            self.statements_len += text.len() as u64;
        }
        Ok(())
    }

    /// The position of a leaf.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn position(&self, index: u64) -> io::Result<Position> {
        let mut bytes = [0; POSITION_LEN];
        let file = self.positions.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(&mut bytes, index * POSITION_LEN as u64)?;
        Ok(Position::parse(bytes))
    }

    /// The positions from the first leaf on, as they are on the disk.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub fn all(&self) -> io::Result<impl Iterator<Item = io::Result<Position>> + use<>> {
        let mut input =
            io::BufReader::with_capacity(256 * 1024, File::open(self.dir.join("positions"))?);
        Ok(std::iter::repeat_with(move || {
            let mut bytes = [0; POSITION_LEN];
            input.read_exact(&mut bytes).map(|()| Position::parse(bytes))
        }))
    }

    /// The last record before leaf `index`, and its own index.
    fn record_before(&self, mut index: u64) -> io::Result<Option<(u64, Position)>> {
        while index > 0 {
            index -= 1;
            let position = self.position(index)?;
            if matches!(position, Position::Record(..)) {
                return Ok(Some((index, position)));
            }
        }
        Ok(None)
    }

    /// The last record leaf, among the first `size`, at or before this place. Records are logged
    /// file by file and in order, so this is a binary search.
    ///
    /// # Errors
    /// When positions cannot be read.
    pub fn at_or_before(&self, size: u64, place: Position) -> io::Result<Option<(u64, Position)>> {
        let (mut low, mut high) = (0, size);
        // Every record leaf below `low` is at or before the place, none at `high` or above is.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record_before(middle + 1)? {
                Some((at, position)) if at >= low && position > place => high = at,
                _ => low = middle + 1,
            }
        }
        self.record_before(low)
    }
}

/// The text of a file after its first bytes; `None` where it is shorter.
fn read_from(path: &Path, from: u64) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why),
    };
    if file.metadata()?.len() < from {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A statement as it is in `statements`.
pub(super) fn statement_text(index: u64, statement: &Statement) -> String {
    let text = statement.text();
    format!("@{index} {}\n{text}", text.len())
}

/// The statements in a text whose leaves are below `size`, and how many bytes of it they are.
pub(super) fn read_statements(text: &str, size: u64) -> (Vec<(u64, Statement)>, u64) {
    let mut statements = Vec::new();
    let mut at = 0;
    while let Some((index, length, begins)) = statement_head(text, at) {
        let Some(statement) = text.get(begins..begins + length).and_then(Statement::parse) else {
            break;
        };
        if index >= size {
            break;
        }
        statements.push((index, statement));
        at = begins + length;
    }
    (statements, at as u64)
}

fn statement_head(text: &str, at: usize) -> Option<(u64, usize, usize)> {
    let (head, _) = text.get(at..)?.split_once('\n')?;
    let (index, length) = head.strip_prefix('@')?.split_once(' ')?;
    let (index, length) = (index.parse::<u64>().ok()?, length.parse::<usize>().ok()?);
    let canonical = head == format!("@{index} {length}") && length < 1 << 20;
    canonical.then_some((index, length, at + head.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adopted(name: &str) -> Statement {
        Statement::Adopted { name: name.to_owned() }
    }

    #[test]
    fn leaves_are_found_by_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path(), 0).unwrap();
        let mut index = 0;
        let mut places = Vec::new();
        for name in ["b", "a", "c"] {
            let number = ledger.number_for(name);
            ledger.add_statement(index, adopted(name));
            index += 1;
            for n in 0..300_u64 {
                let within = u32::from(n % 7 == 0);
                ledger.add_record(number, n * 10, within);
                places.push((index, Position::Record(number, n * 10, within)));
                index += 1;
                if n == 150 {
                    ledger.spill().unwrap();
                    ledger.add_statement(index, adopted("x"));
                    ledger.add_statement(index + 1, adopted("y"));
                    index += 2;
                }
            }
        }
        ledger.write().unwrap();
        let ledger = Ledger::open(dir.path(), index).unwrap();
        assert_eq!(ledger.statements().len(), 9);
        for (leaf, place) in &places {
            assert_eq!(ledger.at_or_before(index, *place).unwrap(), Some((*leaf, *place)));
        }
        let Position::Record(_, offset, _) = places[10].1 else { unreachable!() };
        let between = Position::Record(0, offset + 5, 0);
        assert_eq!(ledger.at_or_before(index, between).unwrap(), Some(places[10]));
        assert_eq!(ledger.at_or_before(0, between).unwrap(), None);
        let last = Position::Record(u32::MAX >> 1, 0, 0);
        assert_eq!(ledger.at_or_before(index, last).unwrap(), places.last().copied());
    }

    #[test]
    fn what_an_unfinished_run_left_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path(), 0).unwrap();
        ledger.add_statement(0, adopted("kept"));
        ledger.write().unwrap();
        let mut unfinished = Ledger::open(dir.path(), 1).unwrap();
        unfinished.number_for("f");
        unfinished.add_statement(1, adopted("lost"));
        unfinished.add_record(0, 77, 0);
        unfinished.write().unwrap();
        let mut again = Ledger::open(dir.path(), 1).unwrap();
        assert_eq!(again.statements(), [(0, adopted("kept"))]);
        assert_eq!(again.numbers("f"), [0], "a name may stay: it has no leaf");
        again.add_statement(1, adopted("new"));
        again.write().unwrap();
        let last = Ledger::open(dir.path(), 2).unwrap();
        assert_eq!(last.statements()[1], (1, adopted("new")));
        assert!(last.position(2).is_err());
    }
}
