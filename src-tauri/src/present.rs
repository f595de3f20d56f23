//! From the wallet's words to what the windows show. Reads, and changes nothing.

mod agents;
mod questions;
mod receipt;
mod record;
mod servers;
mod wallet;

pub(crate) use agents::{agent, agent_detail, enrolment};
pub(crate) use questions::question;
pub(crate) use receipt::{receipt, verdict};
pub(crate) use record::{page, since, total};
pub(crate) use servers::{server, server_detail};
pub(crate) use wallet::{theme, wallet};

use crate::view;
use broker::LiveCall;

/// A call under way.
pub(crate) fn work(call: LiveCall) -> view::Work {
    view::Work {
        call: call.id,
        agent: call.agent,
        server: call.server,
        tool: call.target.name,
        since: call.since,
    }
}

/// A call that was sent and not answered: it may have gone through.
pub(crate) fn uncertain(call: LiveCall) -> view::Entry {
    view::Entry {
        seq: 0,
        at: call.since,
        kind: "call.opened".into(),
        agent: Some(call.agent),
        server: Some(call.server),
        tool: Some(call.target.name),
        gist: String::new(),
        outcome: view::Outcome::Unknown,
        took_us: None,
    }
}
