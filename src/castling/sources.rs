//! A look at the foreign databases of a configuration.

use std::sync::Arc;

use runtime::{SystemClock, Tasks};
use settings::{Complaint, join};
use storage::source::{Inspection, Report, SourceError, SourceOptions, inspect};

use crate::config::{Config, Problems, sources};

/// A source and what was found there.
pub struct Looked {
    pub name: String,
    pub found: Result<Inspection, Complaint>,
}

/// Looks at all sources at once; each is given the time that its own settings allow.
pub async fn look(config: &Config) -> Vec<Looked> {
    let tasks = Tasks::new();
    let looking: Vec<_> = sources(config)
        .into_iter()
        .map(|options| tasks.spawn("look at a data source", look_at(options)))
        .collect();
    let mut looked = Vec::new();
    for one in looking {
        // One that panicked has been logged.
        looked.extend(one.await);
    }
    looked
}

async fn look_at(options: SourceOptions) -> Looked {
    let found = inspect(&options, Arc::new(SystemClock)).await;
    let found = found.map_err(|error| away(&options, &error));
    Looked { name: options.name, found }
}

fn away(options: &SourceOptions, error: &SourceError) -> Complaint {
    let remedy = match options.url.starts_with("sqlite:") {
        true => "create the file, or correct url; the server starts without it",
        false => {
            "start the database server, or correct url, password_file and password_env; the server starts without it"
        }
    };
    Complaint::new(format!("data source {}: {error}", options.name), remedy)
}

/// Reports what was found: an error for a statement that cannot be run, a warning for one that costs too much and for a
/// source that cannot be reached.
pub fn report(looked: &[Looked], problems: &mut Problems) {
    for Looked { name, found } in looked {
        let path = join("datasources", name);
        let inspection = match found {
            Ok(inspection) => inspection,
            Err(complaint) => {
                problems.warning(&join(&path, "url"), complaint.clone());
                continue;
            }
        };
        for report in &inspection.statements {
            let path = join(&join(&path, "queries"), &report.name);
            errors(report).for_each(|complaint| problems.error(&path, complaint));
            warnings(report).for_each(|complaint| problems.warning(&path, complaint));
        }
    }
}

/// Looks at sources that come into force, and logs what is wrong with their statements: a server starts without them. One that cannot be
/// reached is logged when it is used.
pub async fn log_faults(options: Vec<SourceOptions>) {
    for options in options {
        let Looked { name, found } = look_at(options).await;
        let statements = found.map(|inspection| inspection.statements).unwrap_or_default();
        for complaint in statements.iter().flat_map(errors) {
            let (datasource, error, remedy) = (&name, complaint.message, complaint.remedy);
            tracing::error!(datasource, error, remedy, "a statement cannot be run");
        }
    }
}

/// Why the statement cannot be run.
pub fn errors(report: &Report) -> impl Iterator<Item = Complaint> + '_ {
    let complaint = move |finding: &storage::Finding| complaint(report, finding);
    report.errors.iter().map(complaint)
}

/// What it costs more than it has to.
pub fn warnings(report: &Report) -> impl Iterator<Item = Complaint> + '_ {
    let complaint = move |finding: &storage::Finding| complaint(report, finding);
    report.warnings.iter().map(complaint)
}

fn complaint(report: &Report, finding: &storage::Finding) -> Complaint {
    Complaint::new(format!("statement {}: {}", report.name, finding.what), finding.remedy.clone())
}

/// `name (type), name`
pub fn typed(columns: &[(String, String)]) -> String {
    let one = |(name, kind): &(String, String)| match kind.as_str() {
        "" => name.clone(),
        kind => format!("{name} ({kind})"),
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}
