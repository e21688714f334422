//! Rows of one table and month as Parquet files of a bounded size.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::base::{DigestAlgorithm, Hasher};
use crate::parquet::Writer;

use super::spool::Spool;
use super::{Month, Part, Table, TablesError};

/// A finished part that is not at its final place yet.
#[derive(Debug)]
pub(super) struct Staged {
    /// Where it is.
    pub path: PathBuf,
    /// The final part.
    pub part: Part,
}

/// The folder of a table's month.
pub(super) fn folder(table: Table, month: Month) -> String {
    format!("{}/month={month}", table.name())
}

/// Writes the rows of a table's month to files in `staging`, each of about `bytes_max` at most.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn write(
    (table, month): (Table, Month),
    spool: &mut Spool,
    staging: &Path,
    software: &str,
    bytes_max: u64,
) -> Result<Vec<Staged>, TablesError> {
    let mut staged = Vec::new();
    let mut is_last = false;
    while !is_last {
        let number = staged.len();
        let path = staging.join(format!("{}-{month}-{number:05}.parquet", table.name()));
        let failed = |why| TablesError::file("writing", path.display())(why);
        let file = File::create(&path).map_err(failed)?;
        let out = BufWriter::with_capacity(1 << 18, file);
        let mut writer = Writer::new(out, table.columns(), software).map_err(failed)?;
        let mut rows = 0;
        is_last = loop {
            let Some(pushed) = spool.next_row(|row| writer.row(row)).map_err(failed)? else {
                break true;
            };
            pushed.map_err(failed)?;
            rows += 1;
            if writer.written() >= bytes_max {
                break false;
            }
        };
        let out = writer.finish().map_err(failed)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        // The rows ended where a part was full.
        if rows == 0 {
            std::fs::remove_file(&path).map_err(failed)?;
            break;
        }
        let (digest, bytes) = digest(&path).map_err(failed)?;
        let file = format!("{}/part-{number:05}.parquet", folder(table, month));
        staged.push(Staged { path, part: Part { file, rows, bytes, digest } });
    }
    Ok(staged)
}

fn digest(path: &Path) -> io::Result<(String, u64)> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let length = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((hasher.finish().to_string(), length))
}
