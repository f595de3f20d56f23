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
pub(crate) use record::{page, since, total, uncertain};
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
