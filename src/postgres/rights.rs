//! What the user of a database may do there, checked before anything else.

use std::fmt;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::Address;
use super::failure::Failure;
use super::pool::{Link, PATIENCE};
use super::request::Request;
use super::schema::{NEWEST, version};
use crate::archive::ArchiveError;

/// A database that answered, and what its user may do. `Display` is one line for people.
#[derive(Debug, Clone)]
pub struct Rights {
    shown: String,
    server: String,
    user: String,
    schema: String,
    /// The version of the tables; 0 where there are none.
    version: i32,
    lacking: Vec<String>,
}

impl Rights {
    /// What may be done at an address. Changes nothing there.
    ///
    /// # Errors
    /// When the database does not answer, or refuses the user.
    pub fn of(address: Address) -> Result<Self, ArchiveError> {
        let (schema, shown) = (address.schema().to_owned(), address.shown());
        Link::new(address, PATIENCE)?.ask(Ask {
            schema,
            shown,
            tables: &TABLES,
            since: 1,
            stages: true,
        })
    }

    /// The same for a queue that workers share.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_queue(address: Address) -> Result<Self, ArchiveError> {
        let (schema, shown) = (address.schema().to_owned(), address.shown());
        let tables = &QUEUE_TABLES;
        Link::new(address, PATIENCE)?.ask(Ask { schema, shown, tables, since: 4, stages: false })
    }

    /// What is missing for a crawler, and how it is granted; empty where nothing is.
    #[must_use]
    pub fn lacking(&self) -> &[String] {
        &self.lacking
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shown, server, user, schema, version, .. } = self;
        write!(f, "PostgreSQL {server} answers at {shown} as {user}; ")?;
        match version {
            0 => write!(f, "schema {schema} has no tables yet"),
            version => write!(f, "the tables in schema {schema} have version {version}"),
        }
    }
}

/// The tables, and what is done with each.
const TABLES: [(&str, &[&str]); 3] = [
    ("capture", &["SELECT", "INSERT", "DELETE"]),
    ("host", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("file", &["SELECT", "INSERT", "UPDATE"]),
];

/// The same for the queue.
const QUEUE_TABLES: [(&str, &[&str]); 9] = [
    ("queue_host", &["SELECT", "INSERT", "UPDATE"]),
    ("queue_url", &["SELECT", "INSERT", "UPDATE"]),
    ("queue_memory", &["SELECT", "INSERT", "UPDATE"]),
    ("queue_worker", &["SELECT", "INSERT", "UPDATE"]),
    ("log", &["SELECT", "INSERT", "UPDATE"]),
    ("log_part", &["SELECT", "INSERT"]),
    ("log_source", &["SELECT", "INSERT", "UPDATE"]),
    ("log_checkpoint", &["SELECT", "INSERT"]),
    ("log_file", &["SELECT", "INSERT", "UPDATE"]),
];

struct Ask {
    schema: String,
    shown: String,
    tables: &'static [(&'static str, &'static [&'static str])],
    /// The version that has all of them.
    since: i32,
    /// Whether tables of a connection's own are made.
    stages: bool,
}

impl Request for Ask {
    type Answer = Rights;

    fn doing(&self) -> &'static str {
        "asking for rights"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Rights, Failure> {
        let schema = &self.schema;
        let transaction = client.build_transaction().read_only(true).start().await?;
        let about = "SELECT current_setting('server_version'), current_user::text, current_database()::text,
             has_database_privilege(current_database(), 'CREATE'),
             has_database_privilege(current_database(), 'TEMPORARY'),
             to_regnamespace($1) IS NOT NULL";
        let row = transaction.query_typed_one(about, &[(schema, Type::TEXT)]).await?;
        let (server, user, database): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let is = |row: &Row, at: usize| row.try_get::<_, bool>(at);
        let (may_create, may_stage, is_there) = (is(&row, 3)?, is(&row, 4)?, is(&row, 5)?);
        let mut lacking = Vec::new();
        let mut lacks = |right: &str, on: String| {
            lacking.push(format!(
                "{user} lacks a right that writing needs: GRANT {right} ON {on} TO {user}"
            ));
        };
        if self.stages && !may_stage {
            lacks("TEMPORARY", format!("DATABASE {database}"));
        }
        let mut found = 0;
        if is_there {
            let on_schema =
                "SELECT has_schema_privilege($1, 'USAGE'), has_schema_privilege($1, 'CREATE')";
            let row = transaction.query_typed_one(on_schema, &[(schema, Type::TEXT)]).await?;
            let (may_use, may_make) = (is(&row, 0)?, is(&row, 1)?);
            if !may_use {
                lacks("USAGE", format!("SCHEMA {schema}"));
            }
            if may_use {
                found = version(&transaction, schema).await?;
            }
            if found < NEWEST && !may_make {
                lacks("CREATE", format!("SCHEMA {schema}"));
            }
        } else if !may_create {
            lacks("CREATE", format!("DATABASE {database}"));
        }
        // Tables of an older version are upgraded by their owner.
        if found >= self.since {
            for (table, rights) in self.tables {
                for right in *rights {
                    let name = format!("{schema}.{table}");
                    let row = transaction
                        .query_typed_one(
                            "SELECT has_table_privilege($1, $2)",
                            &[(&name, Type::TEXT), (right, Type::TEXT)],
                        )
                        .await?;
                    if !is(&row, 0)? {
                        lacks(right, name);
                    }
                }
            }
        }
        transaction.commit().await?;
        let (shown, schema) = (self.shown.clone(), schema.clone());
        Ok(Rights { shown, server, user, schema, version: found, lacking })
    }
}
