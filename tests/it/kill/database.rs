//! The database server is killed instead, while clients write to a server that goes on.

use super::stage::{Stage, USERS};
use super::{CONFIG, soak_rounds};
use crate::fixture::{Server, add_users, until};
use crate::outage::database_server::DatabaseServer;
use crate::outage::{away, impatient};
use crate::raw::Raw;

/// How often it is killed in a short run: to recover takes it some seconds.
const KILLS: u64 = 3;

/// After how many rounds the server starts anew.
const ANEW: u64 = 5;

fn kill_the_database_again_and_again(rounds: u64) {
    let mut database = DatabaseServer::running().durable();
    let dir = impatient(CONFIG);
    add_users(dir.path(), &USERS);
    let mut server = Server::start_in(dir);
    let mut stage = Stage::default();
    for round in 1..=rounds {
        stage.compare(&server);
        stage.write(&server, true, |action| {
            action.until_some_time();
            database.kill();
            database.restart();
            recovered(&server);
            action.enough();
        });
        // The more often a database has been away lately, the later it is looked for: up to half a minute.
        if round % ANEW == 0 {
            assert_eq!(server.stats()["panics"], 0);
            let (code, dir) = server.stop();
            assert_eq!(code, Some(0));
            server = Server::start_in(dir);
        }
    }
    stage.compare(&server);
    stage.close(&server, rounds);
    assert_eq!(server.stats()["panics"], 0);
}

/// Waits until the server uses its database again.
fn recovered(server: &Server) {
    until("the database is back", || !away(server));
    until("an account can log in", || {
        let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
        let logged_in = raw.authenticate("away", "secret");
        assert!(logged_in.is_ok() || logged_in == Err("temporary-auth-failure".to_owned()), "{logged_in:?}");
        logged_in.is_ok() && !away(server)
    });
}

#[test]
#[ignore = "kills the database server"]
fn a_database_server_that_is_killed_loses_nothing_acknowledged() {
    kill_the_database_again_and_again(KILLS);
}

#[test]
#[ignore = "takes minutes and kills the database server: cargo xtask soak"]
fn soak_kill_the_database_server_and_nothing_acknowledged_is_missing() {
    kill_the_database_again_and_again(soak_rounds());
}
