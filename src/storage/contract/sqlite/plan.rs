use super::*;
use crate::dialect::Dialect;
use crate::statement::{Call, Shape, Statement, Text};

async fn plan(bed: &Bed, sql: &str) -> Vec<String> {
    let shape = Shape::Own(format!("EXPLAIN QUERY PLAN {sql}"));
    let call = Call { statement: Statement::Tables, shape, args: &[] };
    let rows = bed.store.readers().fetch(call).await.unwrap();
    rows.iter().map(|row| row.text(3).unwrap()).collect()
}

/// A `SELECT` without a table and the rows of an `INSERT` are "scanned" too.
fn scans(step: &str) -> bool {
    let constant = step.ends_with("CONSTANT ROW") || step.ends_with("VALUES CLAUSE");
    (step.starts_with("SCAN") && !constant) || step.contains("TEMP B-TREE")
}

#[tokio::test]
async fn no_hot_statement_scans_a_table_or_sorts() {
    let bed = Bed::new().await;
    let mut held = 0;
    for statement in Statement::ALL.iter().filter(|statement| statement.hot()) {
        let Text::Built(sql) = statement.repeat(3, &[]).text(Dialect::Sqlite) else { panic!() };
        for step in plan(&bed, &sql).await {
            assert!(!scans(&step), "{}: {step}", statement.definition().name);
            held += 1;
        }
    }
    assert!(held > 20, "{held} steps in all");
}

/// See `.cargo/config.toml`.
#[tokio::test]
async fn a_statement_is_not_planned_again_for_each_limit() {
    let bed = Bed::new().await;
    let sql = "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_QPSG'".to_owned();
    let call = Call { statement: Statement::Tables, shape: Shape::Own(sql), args: &[] };
    assert_eq!(bed.store.readers().fetch(call).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_scan_would_be_noticed() {
    let bed = Bed::new().await;
    for sql in ["SELECT id FROM account WHERE local = ?", "SELECT id FROM account ORDER BY created_us"] {
        assert!(plan(&bed, sql).await.iter().any(|step| scans(step)), "{sql}");
    }
}

#[tokio::test]
async fn every_account_column_leads_an_index_and_refers_to_the_account() {
    let bed = Bed::new().await;
    let tables = bed.store.account_tables();
    assert!(tables.len() >= 4, "{tables:?}");
    for table in tables.iter() {
        let steps = plan(&bed, &format!("DELETE FROM {table} WHERE account_id IN (?, ?)")).await;
        assert!(steps.iter().all(|step| !scans(step)), "{table}: {steps:?}");
        let sql = format!("SELECT \"table\", \"on_delete\" FROM pragma_foreign_key_list('{table}')");
        let call = Call { statement: Statement::Tables, shape: Shape::Own(sql), args: &[] };
        let rows = bed.store.readers().fetch(call).await.unwrap();
        let keys: Vec<_> = rows.iter().map(|row| (row.text(0).unwrap(), row.text(1).unwrap())).collect();
        assert_eq!(keys, [("account".to_owned(), "CASCADE".to_owned())], "{table}");
    }
}
