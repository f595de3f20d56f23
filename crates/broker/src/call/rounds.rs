//! A modern server that wants input ends the call and has it sent again, with the answers. A modern agent does that itself; for a
//! legacy one it is done here: the agent is asked, and the same call goes on under the same permit, each time with a new id and a
//! new proof.

use super::send::Proved;
use super::{Known, Sealed, Trip};
use crate::end::Cut;
use crate::link::Link;
use crate::random;
use crate::session::Held;
use mcp::era::Era;
use mcp::flow::Reply;
use mcp::translate::input::Required;
use mcp::{Message, RawId};
use serde_json::{Value, json};
use std::sync::Arc;

/// How often a server may want more before it is not heard any more.
const ROUNDS: usize = 10;

impl Trip<'_> {
    /// Sends, and goes on for as long as the server wants input that the agent can give.
    pub(super) async fn exchanges(
        &self,
        known: &Known,
        link: &mut Arc<Link>,
        sealed: &mut Sealed,
    ) -> Result<Reply, Cut> {
        if let Some(answer) = self.follow(link, sealed).await? {
            return Ok(Reply::Whole(answer));
        }
        let mut answer = self.exchange(known, link, sealed).await?;
        if self.session.is_modern() || link.era() == Era::Legacy {
            return Ok(answer);
        }
        let mut _heard: Option<Held> = None;
        for _ in 0..ROUNDS {
            // What a server wants is never so large.
            let Reply::Whole(whole) = &answer else { return Ok(answer) };
            let required = match Required::read(whole) {
                Ok(None) => return Ok(answer),
                Ok(Some(required)) => required,
                Err(nonsense) => return Err(Cut::unknown(&self.call.server, &nonsense)),
            };
            let Some(id) = self.wanted.request.id() else { return Err(Cut::Withdrawn) };
            let responses = match self.session.ask_agent(link, id, &required).await {
                Ok(responses) => responses,
                Err(error) => return Ok(Reply::Whole(failure(id, &error))),
            };
            let next = RawId::text(&random::make_id());
            let request = required.retry(&self.wanted.request, responses).edit().id(next.clone()).finish();
            self.prove_again(known, sealed, &request)?;
            _heard = self.session.goes_on_under(id, &next);
            answer = self.exchange(known, link, sealed).await?;
        }
        Err(Cut::unknown(&self.call.server, &"it wanted input again and again"))
    }

    /// Modern servers have no request for hearing of one resource: it becomes part of what the link hears.
    async fn follow(&self, link: &Link, sealed: &mut Sealed) -> Result<Option<Message>, Cut> {
        let Some(id) = sealed.message.id().filter(|_| link.era() == Era::Modern) else { return Ok(None) };
        match self.wanted.method.as_ref() {
            "resources/subscribe" => {
                link.subscribe(&self.call.target.name).await.map_err(|fault| self.cut(fault))?;
            }
            "resources/unsubscribe" => link.unsubscribe(&self.call.target.name),
            _ => return Ok(None),
        }
        let answer = Message::response(id, &json!({}));
        // The proof stayed here.
        sealed.shown.clear();
        Ok(Some(answer))
    }

    fn prove_again(&self, known: &Known, sealed: &mut Sealed, request: &Message) -> Result<(), Cut> {
        let gone = || Cut::unknown(&self.call.server, &"the wallet can't prove it once more");
        let holder =
            sealed.attachment.as_ref().and_then(|attachment| attachment.holder()).ok_or_else(gone)?;
        let proved = Proved::make(self, known, request, &sealed.presentation, holder)?;
        sealed.message = proved.message;
        sealed.header = proved.header;
        sealed.shown.push(proved.shown);
        Ok(())
    }
}

fn failure(id: &RawId, error: &Value) -> Message {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or(-32603);
    let message = error.get("message").and_then(Value::as_str).unwrap_or("the agent gave no answer");
    Message::failure(Some(id), code, message, error.get("data"))
}
