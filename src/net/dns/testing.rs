//! A name server on loopback.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hashbrown::HashMap;
use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use parking_lot::Mutex;
use runtime::SeededRandom;
use tokio::net::UdpSocket;

use super::Resolver;

/// The questions it is asked are noted; it serves while a test's future runs.
pub(crate) struct Zone {
    socket: UdpSocket,
    records: HashMap<(String, RecordType), Vec<RData>>,
    /// Names with an answer other than their records; `None` for no answer at all.
    codes: HashMap<String, Option<ResponseCode>>,
    asked: Mutex<Vec<String>>,
}

impl Zone {
    pub(crate) async fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        Zone { socket, records: HashMap::new(), codes: HashMap::new(), asked: Mutex::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) fn resolver(&self) -> Resolver {
        Resolver::with_servers(&[self.address()], Arc::new(SeededRandom::new(7))).unwrap()
    }

    /// An address of a host.
    pub(crate) fn host(mut self, name: &str, address: &str) -> Self {
        let data = RData::from(address.parse::<IpAddr>().unwrap());
        self.records.entry((name.to_owned(), data.record_type())).or_default().push(data);
        self
    }

    /// An SRV record: priority, weight, port, target.
    pub(crate) fn srv(mut self, name: &str, record: (u16, u16, u16, &str)) -> Self {
        let (priority, weight, port, target) = record;
        let srv = SRV::new(priority, weight, port, Name::from_ascii(target).unwrap());
        self.records.entry((name.to_owned(), RecordType::SRV)).or_default().push(RData::SRV(srv));
        self
    }

    /// A name whose questions are answered with this code; `None`: not at all.
    pub(crate) fn code(mut self, name: &str, code: impl Into<Option<ResponseCode>>) -> Self {
        self.codes.insert(name.to_owned(), code.into());
        self
    }

    /// What has been asked, as `TYPE name`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    /// Answers questions as long as the future runs.
    pub(crate) async fn during<T>(&self, run: impl Future<Output = T>) -> T {
        tokio::select! {
            result = run => result,
            () = self.serve() => panic!("the name server has ended"),
        }
    }

    async fn serve(&self) {
        let mut buffer = [0; 4096];
        while let Ok((count, from)) = self.socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..count]).unwrap();
            if let Some(answer) = self.answer(&question) {
                self.socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        }
    }

    fn answer(&self, question: &Message) -> Option<Message> {
        let query = question.queries[0].clone();
        let name = query.name().to_ascii().to_ascii_lowercase().trim_end_matches('.').to_owned();
        self.asked.lock().push(format!("{} {name}", query.query_type()));
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.metadata.response_code = match self.codes.get(&name) {
            Some(code) => (*code)?,
            None if self.records.keys().any(|(known, _)| *known == name) => ResponseCode::NoError,
            None => ResponseCode::NXDomain,
        };
        let found = self.records.get(&(name, query.query_type())).into_iter().flatten();
        for data in found {
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()));
        }
        answer.add_query(query);
        Some(answer)
    }
}
