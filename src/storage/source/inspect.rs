//! A look at a foreign database, for `castling check`: whether each statement can be prepared, what it takes and returns,
//! and what it would cost.

use runtime::SharedClock;

use super::columns::Described;
use super::link::{GRACE, Link};
use super::plan;
use super::{Query, SourceError, SourceOptions};
use crate::check::Finding;

/// A source whose database was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Its statements, in the order of their names.
    pub statements: Vec<Report>,
}

/// What the database says about a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The statement's name.
    pub name: String,
    /// Each parameter and the type that the database finds for it; empty if it does not tell.
    pub parameters: Vec<(String, String)>,
    /// Each column and its type; empty if the database does not know it.
    pub columns: Vec<(String, String)>,
    /// Why the statement cannot be run, or its result not be returned.
    pub errors: Vec<Finding>,
    /// What costs more than it has to.
    pub warnings: Vec<Finding>,
}

/// Connects, and prepares each statement; runs none of them.
///
/// # Errors
/// The database cannot be reached, or the options are mistaken.
pub async fn inspect(options: &SourceOptions, clock: SharedClock) -> Result<Inspection, SourceError> {
    let queries = options.parsed()?;
    let mut link = Link::connect(options, &clock).await?;
    let mut found = Inspection::default();
    for query in &queries {
        let looking = Box::pin(look(&mut link, query, options));
        let report = match tokio::time::timeout(options.statement.saturating_add(GRACE), looking).await {
            Ok(report) => report?,
            Err(_) => return Err(SourceError::Deadline(options.statement)),
        };
        found.statements.push(report);
    }
    link.close().await;
    Ok(found)
}

/// # Errors
/// The database went away.
async fn look(link: &mut Link, query: &Query, options: &SourceOptions) -> Result<Report, SourceError> {
    let mut report = Report { name: query.name().to_owned(), ..Report::default() };
    let described = match link.describe(query).await {
        Ok(described) => described,
        Err(error @ (SourceError::Unavailable(_) | SourceError::Silent(_))) => return Err(error),
        Err(error) => {
            report.errors.push(refused(query, &error));
            return Ok(report);
        }
    };
    let kinds = query.parameters().iter().enumerate();
    report.parameters = kinds
        .map(|(at, name)| (name.clone(), described.types.get(at).cloned().unwrap_or_default()))
        .collect();
    report.errors.extend(unfit(query, &described));
    report.columns = described.columns;
    match plan::warnings(link, query, options).await {
        Ok(warnings) => report.warnings = warnings,
        Err(error @ (SourceError::Unavailable(_) | SourceError::Silent(_))) => return Err(error),
        // It can be prepared: a plan that is not given, as for want of a privilege, is no fault of it.
        Err(error) => tracing::debug!(statement = query.name(), %error, "no plan"),
    }
    Ok(report)
}

/// The database's own complaint, with a remedy by its words.
fn refused(query: &Query, error: &SourceError) -> Finding {
    let what = match error {
        SourceError::Database(why) => why.clone(),
        other => other.to_string(),
    };
    let says = |word: &str| what.to_ascii_lowercase().contains(word);
    let remedy = if says("data type of parameter") || says("ambiguous") && says("parameter") {
        let name = named(query, &what).unwrap_or("name");
        format!("write the type, as in :{name}::text")
    } else if says("column") {
        "correct the name of the column, or write what is not a column as a :parameter or in quotes".into()
    } else if says("no such table") || says("relation") || says("table") {
        "correct the name of the table, or the database in url".into()
    } else if says("denied") {
        "grant the user of url what the statement needs".into()
    } else if says("operator does not exist") {
        "write the type, as in :name::uuid, or cast the column".into()
    } else {
        "correct the statement; try it in the database's own client with values in place of the :names".into()
    };
    Finding { what, remedy }
}

/// The parameter of `$1` in PostgreSQL's words.
fn named<'a>(query: &'a Query, words: &str) -> Option<&'a str> {
    let (_, rest) = words.split_once('$')?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let at: usize = digits.parse().ok()?;
    query.parameters().get(at.checked_sub(1)?).map(String::as_str)
}

/// Placeholders that are not parameters, columns that cannot be told apart or returned.
fn unfit(query: &Query, described: &Described) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (has, written) = (described.parameters, query.places().len());
    if has != written {
        findings.push(Finding {
            what: format!("the database finds {has} parameters, and {written} are written"),
            remedy: "write each parameter as :name, outside of quotes and comments".into(),
        });
    }
    for (at, (name, _)) in described.columns.iter().enumerate() {
        if described.columns.iter().take(at).any(|(earlier, _)| earlier == name) {
            findings.push(Finding {
                what: format!("two columns are called {name}"),
                remedy: "name one of them otherwise, with AS".into(),
            });
        }
    }
    for (name, kind) in &described.unreturnable {
        findings.push(Finding {
            what: match kind.as_str() {
                "" => format!("column {name} has a type that cannot be returned"),
                kind => format!("column {name} has the type {kind}, which cannot be returned"),
            },
            remedy: format!("cast it to text, as in cast({name} as text), or leave it out"),
        });
    }
    findings
}
