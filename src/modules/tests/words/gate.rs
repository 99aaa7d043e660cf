//! A gate that decides once the test says so.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use kernel::{About, BindError, BindRequest, Hold, Module, Registrar, SessionAbout};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use xmpp::StanzaError;

use crate::tests::bench::{Bench, Client};

struct Door {
    /// How many requests may be decided.
    decided: Arc<Semaphore>,
    refused: Mutex<bool>,
    /// The resources that were asked for, and what became of the question.
    log: Arc<Mutex<Vec<String>>>,
}

impl Door {
    fn new(decided: usize) -> Arc<Self> {
        Arc::new(Self {
            decided: Arc::new(Semaphore::new(decided)),
            refused: Mutex::new(false),
            log: Arc::default(),
        })
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }
}

/// Writes that a question was dropped.
struct Open(Arc<Mutex<Vec<String>>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().push("over".into());
    }
}

impl Module for Door {
    fn about(&self) -> About {
        About { name: "door".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.gate(move |_, request| {
            let wanted = request.resource.as_deref().unwrap_or("any");
            self.log.lock().push(format!("{}/{wanted}", request.account));
            let (open, decided) = (Open(self.log.clone()), self.decided.clone());
            let this = self.clone();
            Box::pin(async move {
                let _open = open;
                decided.acquire().await.unwrap().forget();
                match *this.refused.lock() {
                    true => Err(StanzaError::not_allowed().text("closed")),
                    false => Ok(()),
                }
            })
        });
    }
}

fn request(client: &Client, resource: Option<&str>) -> BindRequest {
    BindRequest {
        account: client.resource().account().clone(),
        resource: resource.map(str::to_owned),
        about: about(client),
        login: None,
    }
}

fn about(client: &Client) -> SessionAbout {
    client.resource().about()
}

/// Whether it is still waiting.
async fn waits<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

fn refusal(bound: Result<Hold, BindError>) -> Option<BindError> {
    bound.err()
}

#[tokio::test]
async fn a_refused_client_is_not_bound_and_replaces_nobody() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let door = Door::new(3);
    bench.serve(vec![door.clone()]).await;
    *door.refused.lock() = true;
    let bound = bench.kernel.bind(request(&anna, Some("a"))).await;
    let expected = StanzaError::not_allowed().text("closed");
    assert_eq!(refusal(bound), Some(BindError::Refused(expected)));
    assert_eq!(door.log(), ["anna@chess.example/a", "over"]);
    assert!(!anna.resource().is_closed() && anna.hold().ending().is_none());
    assert_eq!(bench.kernel.counters().refused_binds.get(), 1);
    let bound = bench.kernel.bind(request(&anna, Some("\u{7}"))).await;
    assert_eq!(refusal(bound), Some(BindError::BadResource), "the gate is not asked");
    assert_eq!(door.log(), [""; 0]);
    *door.refused.lock() = false;
    assert_eq!(bench.bind("anna@chess.example/b").await.resource().jid().as_str(), "anna@chess.example/b");
    drop(bench.bind("anna@chess.example").await);
    assert_eq!(door.log(), ["anna@chess.example/b", "over", "anna@chess.example/any", "over"]);
    assert_eq!(bench.kernel.counters().refused_binds.get(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_while_the_gate_is_asked_leaves_nothing_behind() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let door = Door::new(0);
    bench.serve(vec![door.clone()]).await;
    {
        let mut binding = pin!(bench.kernel.bind(request(&anna, Some("a"))));
        assert!(waits(binding.as_mut()).await);
        assert_eq!(door.log(), ["anna@chess.example/a"]);
    }
    assert_eq!(door.log(), ["over"]);
    // Nothing is locked while the gate is asked.
    bench.serve(Vec::new()).await;
    let other = bench.bind("anna@chess.example/b").await;
    let account = other.resource().account().clone();
    assert!(!anna.resource().is_closed());
    assert_eq!(account.resources().len(), 2);
}

#[tokio::test]
async fn what_has_changed_while_the_gate_was_asked_counts() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let door = Door::new(0);
    bench.serve(vec![door.clone()]).await;
    let host = anna.resource().host().clone();
    let login = Some(Arc::new(host.begin_login("anna")));
    let mut revoked = pin!(bench.kernel.bind(BindRequest { login, ..request(&anna, Some("b")) }));
    let mut gone = pin!(bench.kernel.bind(request(&anna, Some("c"))));
    assert!(waits(revoked.as_mut()).await && waits(gone.as_mut()).await);
    bench.kernel.password_changed(anna.resource().account(), Some(anna.resource())).await;
    door.decided.add_permits(1);
    assert_eq!(refusal(revoked.await), Some(BindError::Revoked));
    bench.kernel.delete_account(&host, "anna", None).await.unwrap();
    door.decided.add_permits(1);
    assert_eq!(refusal(gone.await), Some(BindError::Gone));
    assert_eq!(bench.kernel.session_count(), 0);
}

#[tokio::test]
async fn a_session_that_is_resumed_is_not_asked() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.hold().manage();
    let token = anna.hold().make_resumable(300);
    let door = Door::new(0);
    bench.serve(vec![door.clone()]).await;
    anna.hold().detach().await;
    let (account, about) = (anna.bare(), about(&anna));
    drop(anna);
    let hold = bench.kernel.resume(&account, token, 0, about).await.ok().unwrap();
    assert_eq!(hold.jid().as_str(), "anna@chess.example/a");
    assert_eq!(door.log(), [""; 0]);
}

#[tokio::test]
async fn a_gate_that_does_not_answer_in_time_refuses() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let door = Door::new(0);
    bench.serve(vec![door.clone()]).await;
    tokio::time::pause();
    let bound = bench.kernel.bind(request(&anna, Some("b"))).await;
    let refused =
        matches!(refusal(bound), Some(BindError::Refused(error)) if error.kind == xmpp::ErrorType::Wait);
    assert!(refused);
    assert_eq!(door.log(), ["anna@chess.example/b", "over"]);
}
