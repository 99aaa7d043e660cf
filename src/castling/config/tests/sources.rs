//! Statements of data sources, and grants that name them.

use super::expect;

#[test]
fn statements_of_data_sources() {
    let head = "[datasources.m]\nurl = \"sqlite:m.db\"\n";
    let writes = "add write = true to the data source, or write a select";
    expect(
        &format!(
            "{head}password_file = \"a\"\npassword_env = \"A\"\n[datasources.m.queries]\na = \"select 1; select 2\"\n\
             b = \"select ':x\"\nc = \"select ?\"\nd = \"delete from t where x = :x\"\ne = \"attach 'x' as y\"\n\
             good = \"select x from t where x = :x;\"\n"
        ),
        &[
            "c.toml:6: statement a: it contains several statements — give each statement a name of its own",
            "c.toml:7: statement b: a string is not closed — close it",
            "c.toml:8: statement c: `?` is not a parameter here — write parameters as :name",
            &format!("c.toml:9: statement d: `delete` writes, and this data source is read-only — {writes}"),
            "c.toml:10: statement e: a statement cannot begin with `attach` — write one that begins with select, with or \
             values, or on a source with write = true insert, update, delete, replace, merge or call",
        ],
    );
    expect(&format!("{head}write = true\nqueries = {{ d = \"delete from t where x = :x\" }}\n"), &[]);
}

#[test]
fn grants_of_statements_name_what_is_declared() {
    let text = "[plugins.auth-sql]\nfile = \"a\"\ngrants = [\n\"sql:members/credentials\",\n\"sql:members/credential\",\n\
                \"sql:others/credentials\",\n\"sql\",\n\"sessions.close\"]\n[datasources.members]\nurl = \"sqlite:m.db\"\n\
                queries = { credentials = \"select 1\" }\n";
    expect(
        text,
        &[
            "c.toml:5: grant \"sql:members/credential\": the data source members has no statement \"credential\" — add it to \
             [datasources.members.queries], or use one of: credentials",
            "c.toml:6: grant \"sql:others/credentials\": there is no data source \"others\" — declare [datasources.others], or \
             correct the grant",
        ],
    );
}
