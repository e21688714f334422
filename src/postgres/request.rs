//! What is asked of the database: a value that can be asked again, whole, on another connection.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::failure::Failure;

/// One request: at most one transaction. Sent again where the connection is lost, also when its commit
/// may have been lost with it, so that doing it twice has to be the same as doing it once.
pub(super) trait Request: Send + Sync + 'static {
    type Answer: Send + 'static;

    /// What is being done, for messages.
    fn doing(&self) -> &'static str;

    /// How long one try may take.
    fn time_max(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn ask<'a>(
        &'a self,
        client: &'a mut Client,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send + 'a;
}

/// A value of a statement.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Bytes(Vec<u8>),
    Number(i64),
    Id(i32),
    Text(String),
    ManyBytes(Vec<Vec<u8>>),
    ManyIds(Vec<i32>),
    ManySmall(Vec<i16>),
    ManyBools(Vec<bool>),
    ManyMaybeBytes(Vec<Option<Vec<u8>>>),
    ManyNumbers(Vec<Option<i64>>),
    Bool(bool),
    /// None is NULL.
    MaybeManyBytes(Option<Vec<Vec<u8>>>),
}

impl Value {
    /// The value and its type, as an unnamed statement takes them.
    pub(super) fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Bytes(bytes) => (bytes, Type::BYTEA),
            Self::Number(number) => (number, Type::INT8),
            Self::Id(id) => (id, Type::INT4),
            Self::Text(text) => (text, Type::TEXT),
            Self::ManyBytes(list) => (list, Type::BYTEA_ARRAY),
            Self::ManyIds(list) => (list, Type::INT4_ARRAY),
            Self::ManySmall(list) => (list, Type::INT2_ARRAY),
            Self::ManyBools(list) => (list, Type::BOOL_ARRAY),
            Self::ManyMaybeBytes(list) => (list, Type::BYTEA_ARRAY),
            Self::ManyNumbers(list) => (list, Type::INT8_ARRAY),
            Self::Bool(is) => (is, Type::BOOL),
            Self::MaybeManyBytes(list) => (list, Type::BYTEA_ARRAY),
        }
    }
}

/// The values of a statement, typed.
pub(super) fn typed(values: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values.iter().map(Value::typed).collect()
}

/// One statement, which is a transaction of its own.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) doing: &'static str,
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Request for Statement {
    type Answer = Vec<Row>;

    fn doing(&self) -> &'static str {
        self.doing
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Vec<Row>, Failure> {
        Ok(client.query_typed(&self.sql, &typed(&self.values)).await?)
    }
}
