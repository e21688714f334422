//! The tables, by version. Each version is a text of SQL that is never changed once it was released;
//! a database is brought up step by step, by one process at a time.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Transaction};

use super::failure::Failure;
use super::request::{Request, begin};

/// What makes each version of the one before.
const VERSIONS: [&str; 4] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// The newest version.
pub(super) const NEWEST: i32 = VERSIONS.len() as i32;

/// Any number, the same in every process: one migration at a time in a database.
const LOCK: i64 = 0x7072_6573_736d_6172;

/// Brings the tables up to [`NEWEST`]; says from which version.
#[derive(Debug)]
pub(super) struct Migrate {
    pub(super) schema: String,
}

impl Request for Migrate {
    type Answer = i32;

    fn doing(&self) -> &'static str {
        "checking its tables"
    }

    fn time_max(&self) -> std::time::Duration {
        // A version may build an index over everything.
        std::time::Duration::from_secs(3600)
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<i32, Failure> {
        // In a transaction of its own, so that a user that may only read needs no more rights.
        let transaction = client.build_transaction().read_only(true).start().await?;
        let before = version(&transaction, &self.schema).await?;
        transaction.commit().await?;
        if before >= NEWEST {
            return known(before);
        }
        let transaction = begin(client, None).await?;
        let lock = "SELECT pg_advisory_xact_lock($1)";
        transaction.query_typed(lock, &[(&LOCK, Type::INT8)]).await?;
        // Another process may have done it meanwhile.
        let before = known(version(&transaction, &self.schema).await?)?;
        if before == 0 {
            let is_there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
            let there =
                transaction.query_typed_one(is_there, &[(&self.schema, Type::TEXT)]).await?;
            // Also with IF NOT EXISTS it needs a right that a schema made by others spares us.
            if !there.try_get::<_, bool>(0)? {
                transaction.batch_execute(&format!("CREATE SCHEMA {}", self.schema)).await?;
            }
        }
        for at in before..NEWEST {
            let sql = VERSIONS[usize::try_from(at).unwrap_or(0)].replace("@schema@", &self.schema);
            transaction.batch_execute(&sql).await?;
            let note = format!("INSERT INTO {}.schema_version (version) VALUES ($1)", self.schema);
            transaction.execute_typed(&note, &[(&(at + 1), Type::INT4)]).await?;
        }
        transaction.commit().await?;
        Ok(before)
    }
}

/// The version, where this program knows it.
fn known(version: i32) -> Result<i32, Failure> {
    if version > NEWEST {
        let wide = |n: i32| u64::try_from(n).unwrap_or(0);
        return Err(Failure::Newer { found: wide(version), known: wide(NEWEST) });
    }
    Ok(version)
}

/// The version of the tables; 0 where there are none.
pub(super) async fn version(transaction: &Transaction<'_>, schema: &str) -> Result<i32, Failure> {
    let table = format!("{schema}.schema_version");
    // From the catalogue itself: to_regclass answers from the connection's cache, which may not have the tables yet
    // that were made while it waited for the lock.
    let is_there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n \
                    ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'schema_version')";
    let there = transaction.query_typed_one(is_there, &[(&schema, Type::TEXT)]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let newest = format!("SELECT coalesce(max(version), 0) FROM {table}");
    Ok(transaction.query_typed_one(&newest, &[]).await?.try_get(0)?)
}
