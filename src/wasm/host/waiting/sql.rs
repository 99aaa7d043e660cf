//! `sql`: named statements on foreign databases.

use std::sync::Arc;

use storage::source::{Source, SourceError, Value as SourceValue};
use wasmtime::Result;

use crate::bindings::castling::plugin::types::Denied;
use crate::bindings::waiting::castling::plugin::sql::{Failure, Host, Rows, Value};
use crate::state::StoreData;

type Params = Vec<(String, Value)>;

impl Host for StoreData {
    async fn query(
        &mut self,
        name: String,
        domain: u32,
        params: Params,
    ) -> Result<std::result::Result<Rows, Failure>> {
        Ok(self.statement("query", &name, domain, params).await.map(|rows| Rows {
            columns: rows.columns.to_vec(),
            rows: rows.rows.into_iter().map(|row| row.into_iter().map(given).collect()).collect(),
        }))
    }

    async fn execute(
        &mut self,
        name: String,
        domain: u32,
        params: Params,
    ) -> Result<std::result::Result<u64, Failure>> {
        Ok(self.statement("execute", &name, domain, params).await.map(|rows| rows.affected))
    }
}

impl StoreData {
    async fn statement(
        &self,
        function: &str,
        name: &str,
        domain: u32,
        params: Params,
    ) -> std::result::Result<storage::source::Rows, Failure> {
        self.granted("sql", function).map_err(|denied| refused(denied, "the plugin may not do that now"))?;
        if self.domain(domain).is_err() || !self.allows_for("sql", function, name) {
            return Err(refused(Denied::OutOfScope, "the statement is not granted"));
        }
        let (source, statement) = name
            .split_once('/')
            .ok_or_else(|| refused(Denied::BadArgument, "a statement is named source/statement"))?;
        let source = self.source(source)?;
        let values: Vec<(&str, SourceValue)> = needed(&source, statement, params.iter())
            .map(|(name, value)| (name.as_str(), taken(value)))
            .collect();
        source.query(statement, &values).await.map_err(|error| failure(&error))
    }

    fn source(&self, name: &str) -> std::result::Result<Arc<Source>, Failure> {
        let found = self.scope.services.connected.get().and_then(|connected| connected.sources.get(name));
        found.ok_or_else(|| refused(Denied::BadArgument, "there is no such data source"))
    }
}

/// Those values that the statement has a parameter for.
fn needed<'a>(
    source: &'a Source,
    statement: &'a str,
    params: impl Iterator<Item = &'a (String, Value)>,
) -> impl Iterator<Item = &'a (String, Value)> {
    let known = source.queries().find(|query| query.name() == statement).map(|query| query.parameters());
    params.filter(move |(name, _)| known.is_none_or(|known| known.contains(name)))
}

fn refused(denied: Denied, message: &str) -> Failure {
    Failure { denied: Some(denied), message: message.to_owned(), retryable: false }
}

fn failure(error: &SourceError) -> Failure {
    let denied = match error {
        SourceError::Missing(_) | SourceError::Unknown(_) | SourceError::UnknownQuery(_) => {
            Some(Denied::BadArgument)
        }
        _ => None,
    };
    Failure { denied, message: error.to_string(), retryable: error.is_temporary() }
}

/// A plugin's value as a parameter.
pub(crate) fn taken(value: &Value) -> SourceValue {
    match value {
        Value::Null => SourceValue::Null,
        Value::Bool(value) => SourceValue::Bool(*value),
        Value::Int(value) => SourceValue::Integer(*value),
        Value::Float(value) => SourceValue::Real(*value),
        Value::Text(value) => SourceValue::Text(value.clone()),
        Value::Bytes(value) => SourceValue::Bytes(value.clone()),
    }
}

/// A column's value as a plugin sees it.
fn given(value: SourceValue) -> Value {
    match value {
        SourceValue::Null => Value::Null,
        SourceValue::Bool(value) => Value::Bool(value),
        SourceValue::Integer(value) => Value::Int(value),
        SourceValue::Real(value) => Value::Float(value),
        SourceValue::Text(value) => Value::Text(value),
        SourceValue::Bytes(value) => Value::Bytes(value),
    }
}
