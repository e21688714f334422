//! Queries: captures by urlkey (see `scan`) and by payload, counts of hosts, sizes.

use std::collections::VecDeque;

use tokio_postgres::Row;

use super::PostgresCaptures;
use super::failure::Failure;
use super::request::Value;
use super::row::{columns, digest_bytes, payload_of};
use super::scan::answers;
use crate::archive::{Answers, ArchiveError, Capture, Captures, HostCount, HostCounts, Query};
use crate::base::surt::{host_of_key, plain_host, urlkey, usable};
use crate::base::{Digest, Timestamp};

impl Captures for PostgresCaptures {
    fn scan(&self, query: &Query) -> Answers<'_> {
        Box::new(answers(self, query))
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE payload = $1 AND digest = $2 ORDER BY at, file, \"offset\", key LIMIT 1",
            columns(),
            self.table("capture")
        );
        let values = vec![Value::Number(payload_of(digest)), Value::Bytes(digest_bytes(digest))];
        let rows = self.select("looking a payload up", sql, values)?;
        Ok(self.captures_of(&rows)?.pop())
    }

    fn hosts(&self) -> HostCounts<'_> {
        Box::new(Hosts { captures: self, after: None, page: VecDeque::new(), ended: false })
    }

    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
        let urlkey = urlkey(url);
        let host = host_of_key(&urlkey).unwrap_or("").as_bytes();
        let key = host[..usable(host)].to_vec();
        let sql = format!("SELECT {HOST_COLUMNS} FROM {} WHERE key = $1", self.table("host"));
        let rows = self.select("counting a host", sql, vec![Value::Bytes(key)])?;
        let count = rows.first().map(|row| host_count(row).map(|(_, count)| count));
        count.transpose().map_err(|why| self.unsound(&why))
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        let sizes = ["capture", "host", "file"]
            .map(|table| format!("pg_total_relation_size(to_regclass('{}'))", self.table(table)));
        let sql = format!("SELECT ({})::int8", sizes.join(" + "));
        let rows = self.select("reading its size", sql, Vec::new())?;
        let bytes = rows.first().map(|row| row.try_get::<_, Option<i64>>(0)).transpose();
        let bytes = bytes.map_err(|why| self.unsound(&why.into()))?;
        Ok(bytes.flatten().and_then(|bytes| u64::try_from(bytes).ok()))
    }
}

const HOST_COLUMNS: &str = "key, captures, bytes, first, last";

fn host_count(row: &Row) -> Result<(Vec<u8>, HostCount), Failure> {
    let key: Vec<u8> = row.try_get(0)?;
    let number = |at: usize| -> Result<u64, Failure> {
        let number: i64 = row.try_get(at)?;
        u64::try_from(number).map_err(|_| Failure::Row("a count below nothing".to_owned()))
    };
    let count = HostCount {
        host: plain_host(&String::from_utf8_lossy(&key)),
        captures: number(1)?,
        bytes: number(2)?,
        first: Timestamp::from_unix_micros(row.try_get(3)?),
        last: Timestamp::from_unix_micros(row.try_get(4)?),
    };
    Ok((key, count))
}

/// Counts of all hosts, page by page.
struct Hosts<'a> {
    captures: &'a PostgresCaptures,
    after: Option<Vec<u8>>,
    page: VecDeque<HostCount>,
    ended: bool,
}

impl Hosts<'_> {
    fn next_page(&mut self) -> Result<(), ArchiveError> {
        const PAGE: usize = 5_000;
        let table = self.captures.table("host");
        let (condition, values) = match self.after.take() {
            Some(after) => ("WHERE key > $1 ", vec![Value::Bytes(after)]),
            None => ("", Vec::new()),
        };
        let sql =
            format!("SELECT {HOST_COLUMNS} FROM {table} {condition}ORDER BY key LIMIT {PAGE}");
        let rows = self.captures.select("counting hosts", sql, values)?;
        self.ended = rows.len() < PAGE;
        for row in &rows {
            let (key, count) = host_count(row).map_err(|why| self.captures.unsound(&why))?;
            self.page.push_back(count);
            self.after = Some(key);
        }
        Ok(())
    }
}

impl Iterator for Hosts<'_> {
    type Item = Result<HostCount, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && !self.ended
            && let Err(error) = self.next_page()
        {
            self.ended = true;
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}
