//! Values of the server itself, such as the secret from which salts of unknown users are derived.

use crate::statement::Statement;
use crate::writer::Commit;
use crate::{StorageError, Store};

/// The repository of settings; from [`Store::settings`]. A name has at most 255 bytes.
pub struct Settings<'a>(pub(crate) &'a Store);

impl Settings<'_> {
    /// The value under that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.0.readers().first(Statement::SettingGet.with(&[name.into()])).await?;
        row.map(|row| row.bytes(0)).transpose()
    }

    pub fn set(&self, name: &str, value: &[u8]) -> Commit<()> {
        self.0.queue((name.to_owned(), value.to_vec()), |connection, (name, value)| {
            Box::pin(async move {
                let args = [name.as_str().into(), value.as_slice().into()];
                connection.execute(Statement::SettingPut.with(&args)).await?;
                Ok(Ok(()))
            })
        })
    }

    /// Deletes the value; `false` if there was none.
    pub fn delete(&self, name: &str) -> Commit<bool> {
        self.0.queue(name.to_owned(), |connection, name| {
            Box::pin(async move {
                let deleted =
                    connection.execute(Statement::SettingDelete.with(&[name.as_str().into()])).await?;
                Ok(Ok(deleted > 0))
            })
        })
    }
}
