//! A way to a database server that can be closed while connections use it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Connections stay, and nothing comes through: a server that is stopped.
    Silent,
    /// Connections end, new ones at once: a server that is killed.
    Cut,
}

/// Forwards connections to a server, as long as its way is open.
pub struct Gate {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Gate {
    pub async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, watched) = watch::channel(Way::Open);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watched.borrow() == Way::Cut {
                    continue;
                }
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
                tokio::spawn(forward(from_client, to_server, watched.clone()));
                tokio::spawn(forward(from_server, to_client, watched.clone()));
            }
        });
        Self { address, way }
    }

    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut buffer = vec![0; 65_536];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            cut = way.wait_for(|way| *way == Way::Cut) => { drop(cut); 0 }
        };
        let open = way.wait_for(|way| *way != Way::Silent).await.is_ok_and(|way| *way == Way::Open);
        if read == 0 || !open || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
