//! A request to the database: a value that can be sent again, whole, on another connection.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Transaction};

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

/// Begins a transaction that writes. The settings last as long as it does, as a pooler wants it.
///
/// Its commit is durable: one that the server may still lose would be one that a later mark passes over, or
/// would take the number of a lease back. And its locks do not outlast a client that stopped in the middle of
/// it or was cut off: another client waits for them at most [`IDLE_MAX`]. `lock_max` is how long a lock is
/// waited for.
pub(super) async fn begin(
    client: &mut Client,
    lock_max: Option<Duration>,
) -> Result<Transaction<'_>, Failure> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    let sql = "SELECT set_config('synchronous_commit', 'on', true)
            WHERE current_setting('synchronous_commit') = 'off'
         UNION ALL SELECT set_config('idle_in_transaction_session_timeout', $1::int8::text, true)
         UNION ALL SELECT set_config('tcp_user_timeout', $2::int8::text, true)
         UNION ALL SELECT set_config('lock_timeout', $3::int8::text, true) WHERE $3 > 0";
    let values = [
        Value::Number(millis(IDLE_MAX)),
        Value::Number(millis(UNSENT_MAX)),
        Value::Number(lock_max.map_or(0, millis)),
    ];
    transaction.query_typed(sql, &typed(&values)).await?;
    Ok(transaction)
}

/// After so long between two statements of one transaction the server ends it.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// After so long in which nothing of an answer arrives the server ends the connection.
const UNSENT_MAX: Duration = Duration::from_secs(30);

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
