//! Rows of a foreign table, as they come: a task reads ahead, a little.

use std::time::Duration;

use futures_core::Stream;
use runtime::Tasks;
use sqlx::mysql::MySql;
use sqlx::postgres::Postgres;
use sqlx::sqlite::Sqlite;
use sqlx::{Executor as _, Row as _};
use tokio::sync::mpsc;

use super::columns::Foreign;
use super::link::Link;
use super::packed::unpack;
use super::scan::{KeyedRows, TableRow};
use super::tables_sql::own;
use super::{SourceError, Value};

/// The most rows, and about the most bytes, that are handed over at once.
const ROWS: usize = 256;
const BYTES: usize = 1 << 18;

/// What is read.
pub(super) struct Reading {
    pub sql: String,
    pub texts: Vec<String>,
    /// The rows of a key are in one value, with so many columns before those that they are ordered by.
    pub packed: Option<usize>,
    pub limit: Duration,
}

type Chunk = Result<Vec<KeyedRows>, SourceError>;

/// The rows of a scan. If it is dropped, reading ends.
pub struct Cursor {
    chunks: mpsc::Receiver<Chunk>,
    groups: std::vec::IntoIter<KeyedRows>,
    key: Value,
    rows: std::vec::IntoIter<TableRow>,
}

impl Cursor {
    pub(super) fn start(mut link: Link, reading: Reading, tasks: &Tasks) -> Self {
        let (sender, chunks) = mpsc::channel(2);
        // It ends by itself when nobody takes what it has read.
        drop(tasks.spawn("foreign table", async move {
            let read = read(&mut link, reading, &sender).await;
            if let Err(error) = read {
                let _ = sender.send(Err(error)).await;
            }
            link.close().await;
        }));
        Self { chunks, groups: Vec::new().into_iter(), key: Value::Null, rows: Vec::new().into_iter() }
    }

    /// The next row, with its key in front; `None` at the end.
    ///
    /// # Errors
    /// The database failed. What follows is not known.
    pub async fn next(&mut self) -> Result<Option<TableRow>, SourceError> {
        loop {
            if let Some(mut row) = self.rows.next() {
                row.insert(0, self.key.clone());
                return Ok(Some(row));
            }
            match self.next_rows().await? {
                Some((key, rows)) => (self.key, self.rows) = (key, rows.into_iter()),
                None => return Ok(None),
            }
        }
    }

    /// The next rows of one key, some or all of them; `None` at the end.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_rows(&mut self) -> Result<Option<KeyedRows>, SourceError> {
        loop {
            if let Some(rows) = self.groups.next() {
                return Ok(Some(rows));
            }
            match self.chunks.recv().await {
                Some(groups) => self.groups = groups?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// Its caller has gone, or it has all been sent.
async fn read(
    link: &mut Link,
    Reading { sql, texts, packed, limit }: Reading,
    to: &mpsc::Sender<Chunk>,
) -> Result<(), SourceError> {
    macro_rules! query {
        ($database:ty) => {
            texts.iter().fold(sqlx::query::<$database>(own(sql)), |query, text| query.bind(text.clone()))
        };
    }
    match link {
        Link::Sqlite(link) => {
            let _running = link.timer.start(limit);
            pass_on::<Sqlite>(link.connection.fetch(query!(Sqlite)), packed, to).await
        }
        Link::Postgres(connection) => {
            pass_on::<Postgres>(connection.fetch(query!(Postgres)), packed, to).await
        }
        Link::Mariadb(connection) => pass_on::<MySql>(connection.fetch(query!(MySql)), packed, to).await,
    }
}

async fn pass_on<D: Foreign>(
    mut rows: std::pin::Pin<Box<dyn Stream<Item = Result<D::Row, sqlx::Error>> + Send + '_>>,
    packed: Option<usize>,
    to: &mpsc::Sender<Chunk>,
) -> Result<(), SourceError> {
    let (mut chunk, mut count, mut bytes) = (Vec::<KeyedRows>::new(), 0, 0);
    while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await {
        let row = row.map_err(D::failure)?;
        let mut values =
            (1..row.len()).map(|column| D::raw(&row, column)).collect::<Result<TableRow, _>>()?;
        let key = D::raw(&row, 0)?;
        count += 1;
        bytes += values.iter().map(Value::size).sum::<usize>();
        match (packed, chunk.last_mut()) {
            (Some(columns), _) => chunk.push((key, unpack(values.pop().unwrap_or_default(), columns)?)),
            (None, Some((last, rows))) if *last == key => rows.push(values),
            (None, _) => chunk.push((key, vec![values])),
        }
        if count >= ROWS || bytes >= BYTES {
            (count, bytes) = (0, 0);
            if to.send(Ok(std::mem::take(&mut chunk))).await.is_err() {
                return Ok(());
            }
        }
    }
    // Whoever has gone misses nothing.
    let _ = to.send(Ok(chunk)).await;
    Ok(())
}
