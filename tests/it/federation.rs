//! Federation with a real Prosody and a real ejabberd: what users of both servers do (`tests/clients/federation.py`).

mod network;
mod peers;
mod run;
