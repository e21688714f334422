//! Runs over growing archives: updated tables equal tables written from scratch, whatever failed meanwhile.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::history::PageReader;
use crate::history::testing::Archive;
use crate::readings::{DERIVED_BYTES_MAX, Readings};

const A: &str = "The board met on Tuesday in the old harbour house, the harbour master said.";
const B: &str = "It counted 12 boats at the eastern pier that morning, before the ferry left.";
const B2: &str = "It counted 15 boats at the eastern pier that morning, before the ferry left.";
const B3: &str = "It counted 90 boats at the eastern pier that morning, before the ferry left.";
const SAID: &str = "“Nobody asked us about any of it,” said Piet Hals, the mayor of the town.";

/// The hours of a month; the archive's time begins on 17 March 2030.
const MONTH: i64 = 24 * 30;

pub(super) fn options() -> Options {
    Options { software: "tests".to_owned(), part_bytes_max: PART_BYTES_MAX, rebuild: false }
}

pub(super) fn run(
    archive: &Archive,
    target: &dyn Target,
    options: &Options,
) -> Result<Updated, TablesError> {
    let reader = archive.reader();
    let readings = Readings::open(&archive.root().join("derived"), DERIVED_BYTES_MAX);
    update(&mut PageReader::cached(&reader, &readings), target, options, &mut |_| {})
}

/// The files of the tables, by name.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).unwrap().flatten() {
            let name = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(name);
            } else if name != Path::new("_lock") {
                found.insert(
                    name.to_str().unwrap().to_owned(),
                    std::fs::read(entry.path()).unwrap(),
                );
            }
        }
    }
    found
}

/// The tables as written from scratch, without stored state of the pages.
pub(super) fn from_scratch(archive: &Archive) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let reader = archive.reader();
    update(&mut PageReader::new(&reader), &folder, &options(), &mut |_| {}).unwrap();
    tree(dir.path())
}

fn months(updated: &Updated, table: Table) -> Vec<String> {
    updated.written.get(&table).into_iter().flatten().map(ToString::to_string).collect()
}

fn rows(updated: &Updated, table: Table) -> u64 {
    updated.manifest.parts(table).map(|part| part.rows).sum()
}

/// The captures, one step after the other; some of them late, as by an import.
pub(super) type Step = fn(&mut Archive);

pub(super) const STEPS: [Step; 8] = [
    |archive| {
        archive.page("http://courier.example/a", 1, &[A, B, SAID]);
        archive.page("http://other.example/b", 2, &[A, B]);
        archive.failure("http://courier.example/lost", 3, "timeout", "");
    },
    // The same words a month later: the version of the month before was seen for longer.
    |archive| archive.page("http://courier.example/a", MONTH, &[A, B, SAID]),
    |archive| archive.page("http://courier.example/a", 2 * MONTH, &[A, B2, SAID]),
    // A redirect whose page is not known yet, and later is.
    |archive| {
        let to = "Location: http://other.example/new\r\n";
        archive.response("http://other.example/b", MONTH, "301 Moved Permanently", to, "");
    },
    |archive| archive.page("http://other.example/new", 2 * MONTH, &[A, B3, SAID]),
    // Imported: between two captures, and before all.
    |archive| archive.page("http://courier.example/a", 30, &[A, B2, SAID]),
    |archive| archive.page("http://courier.example/a", -3 * MONTH, &[A, B3]),
    // A page that was not HTML before.
    |archive| {
        archive.status("http://courier.example/late", 4, 404);
        archive.page("http://courier.example/late", 3 * MONTH, &[A, B]);
    },
];

#[test]
fn tables_that_are_brought_up_to_date_equal_those_that_are_rebuilt() {
    let mut archive = Archive::new();
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(&dir.path().join("tables")).unwrap();
    assert!(matches!(run(&archive, &folder, &options()), Err(TablesError::Nothing)));
    for (at, step) in STEPS.iter().enumerate() {
        step(&mut archive);
        let updated = run(&archive, &folder, &options()).unwrap();
        assert_eq!(updated.notes.len(), 0, "{:?}", updated.notes);
        let (found, expected) = (tree(&dir.path().join("tables")), from_scratch(&archive));
        let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "after step {at}");
        assert!(found == expected, "after step {at}");
        let again = run(&archive, &folder, &options()).unwrap();
        assert!(again.written.is_empty(), "nothing is new after step {at}");
        match at {
            0 => {
                assert_eq!(months(&updated, Table::Captures), ["2030-03"]);
                let counted = Table::ALL.map(|table| rows(&updated, table));
                assert_eq!(counted, [3, 2, 0, 1, 4], "rows of each table");
            }
            1 => {
                assert_eq!(months(&updated, Table::Captures), ["2030-04"]);
                assert_eq!(months(&updated, Table::Versions), ["2030-03", "2030-04"]);
                assert_eq!(months(&updated, Table::Figures), ["2030-04"]);
                assert_eq!(rows(&updated, Table::Versions), 2);
            }
            2 => {
                assert_eq!(months(&updated, Table::Changes), ["2030-05"]);
                assert_eq!(rows(&updated, Table::Changes), 1, "12 became 15");
            }
            _ => {}
        }
    }
    let rebuilt = run(&archive, &folder, &Options { rebuild: true, ..options() }).unwrap();
    assert!(months(&rebuilt, Table::Captures).len() > 4);
    assert!(tree(&dir.path().join("tables")) == from_scratch(&archive));
}

/// A folder whose disk fails at the step of this number.
struct Failing {
    folder: Folder,
    left: Cell<usize>,
}

impl Failing {
    fn step(&self) -> Result<(), TablesError> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(TablesError::file("writing", "a test")(io::ErrorKind::StorageFull.into())),
        }
    }
}

impl Target for Failing {
    fn place(&self, name: &str) -> String {
        self.folder.place(name)
    }

    fn lock(&self) -> Result<Box<dyn Any>, TablesError> {
        self.folder.lock()
    }

    fn staging(&self) -> Result<PathBuf, TablesError> {
        self.step().and_then(|()| self.folder.staging())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TablesError> {
        self.folder.read(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TablesError> {
        self.step().and_then(|()| self.folder.write(name, bytes))
    }

    fn put(&self, staged: &Path, part: &Part) -> Result<(), TablesError> {
        self.step().and_then(|()| self.folder.put(staged, part))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, TablesError> {
        self.folder.list(folder)
    }

    fn remove(&self, name: &str) -> Result<(), TablesError> {
        self.step().and_then(|()| self.folder.remove(name))
    }
}

#[test]
fn a_run_that_fails_at_any_step_is_made_good_by_the_next() {
    let mut archive = Archive::new();
    let small = Options { part_bytes_max: 1, ..options() };
    STEPS[..3].iter().for_each(|step| step(&mut archive));
    // The initial state: the tables of the first captures, one row group a file.
    let before = tempfile::tempdir().unwrap();
    run(&archive, &Folder::open(before.path()).unwrap(), &small).unwrap();
    STEPS[3..].iter().for_each(|step| step(&mut archive));
    let expected = from_scratch(&archive);
    let mut failures = 0;
    for steps in 0.. {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in tree(before.path()) {
            std::fs::create_dir_all(dir.path().join(&name).parent().unwrap()).unwrap();
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let folder = Folder::open(dir.path()).unwrap();
        let failing = Failing { folder: folder.clone(), left: Cell::new(steps) };
        let failed = run(&archive, &failing, &options());
        if let Err(why) = &failed {
            assert!(why.is_out_of_disk(), "{why}");
            failures += 1;
            let manifest = Manifest::load(&folder).unwrap().unwrap();
            assert!(
                manifest.marks["a.warc"]
                    < std::fs::metadata(archive.root().join("warc/a.warc")).unwrap().len()
            );
        }
        run(&archive, &folder, &options()).unwrap();
        assert!(tree(dir.path()) == expected, "failed at step {steps}");
        if failed.is_ok() {
            break;
        }
    }
    assert!(failures > 20, "{failures}");
}

#[test]
fn files_are_of_a_bounded_size_and_keep_the_order() {
    let mut archive = Archive::new();
    STEPS[0](&mut archive);
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let small = Options { part_bytes_max: 1, ..options() };
    let updated = run(&archive, &folder, &small).unwrap();
    let parts: Vec<(&str, u64)> =
        updated.manifest.parts(Table::Captures).map(|part| (&*part.file, part.rows)).collect();
    let name = |n: usize| format!("captures/month=2030-03/part-{n:05}.parquet");
    assert_eq!(parts, [(&*name(0), 1), (&*name(1), 1), (&*name(2), 1)]);
    // Larger files replace all of them.
    run(&archive, &folder, &Options { rebuild: true, ..options() }).unwrap();
    assert!(tree(dir.path()) == from_scratch(&archive));
}

#[test]
fn what_is_no_table_of_this_archive_is_left_alone() {
    let mut archive = Archive::new();
    STEPS[0](&mut archive);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letters.txt"), "mine").unwrap();
    let error = Folder::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("letters.txt"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    run(&archive, &folder, &options()).unwrap();
    let lock = folder.lock().unwrap();
    assert!(matches!(run(&archive, &folder, &options()), Err(TablesError::Locked { .. })));
    drop(lock);
    let mut manifest = Manifest::load(&folder).unwrap().unwrap();
    manifest.marks = BTreeMap::from([("other.warc.gz".to_owned(), 7)]);
    manifest.save(&folder).unwrap();
    let error = run(&archive, &folder, &options()).unwrap_err();
    assert!(matches!(error, TablesError::Taken { .. }), "{error}");
    manifest.form = 99;
    manifest.save(&folder).unwrap();
    let error = run(&archive, &folder, &options()).unwrap_err().to_string();
    assert!(error.contains("format 99"), "{error}");
    folder.write("_manifest.json", b"{").unwrap();
    assert!(matches!(run(&archive, &folder, &options()), Err(TablesError::Manifest { .. })));
}

/// The page that describes the tables has their columns, in order, with their types.
#[test]
fn every_column_is_described() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/tables.md");
    let page = std::fs::read_to_string(page).unwrap();
    for table in Table::ALL {
        let section =
            page.split("\n## ").find(|section| section.starts_with(&format!("`{}`", table.name())));
        let section = section.unwrap_or_else(|| panic!("no section on {}", table.name()));
        let described: Vec<String> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|line| line.split('|').take(2).map(str::trim).collect::<Vec<_>>().join(" "))
            .collect();
        let columns: Vec<String> = table
            .columns()
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    crate::parquet::Kind::Text => "text",
                    crate::parquet::Kind::Int16 => "int16",
                    crate::parquet::Kind::Int32 => "int32",
                    crate::parquet::Kind::Int64 => "int64",
                    crate::parquet::Kind::Double => "double",
                    crate::parquet::Kind::Bool => "bool",
                    crate::parquet::Kind::Time => "time",
                };
                format!("{}` {kind}", column.name)
            })
            .collect();
        assert_eq!(described, columns, "{}", table.name());
    }
}
