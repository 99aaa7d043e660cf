//! Where clients log in.

use std::sync::Arc;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use client::Transport;

use crate::Plan;

/// Source addresses of the generator.
const SOURCES: usize = 8;

/// One server, and the accounts there.
pub struct Place {
    pub server: Arc<client::Place>,
    pub domain: String,
    pub password: String,
}

impl Place {
    pub fn new(plan: &Plan) -> Result<Self> {
        let address = format!("{}:{}", plan.host, plan.port).parse()?;
        let mut server = client::Place::new(address, &plan.domain, plan.transport)?;
        (server.sources, server.bare) = (SOURCES, plan.bare);
        Ok(Self { server: server.into(), domain: plan.domain.clone(), password: plan.password.clone() })
    }
}

/// Reads a transport's name on the command line.
pub fn transports() -> impl TypedValueParser<Value = Transport> {
    PossibleValuesParser::new(Transport::ALL.map(Transport::name)).try_map(|name| name.parse::<Transport>())
}
