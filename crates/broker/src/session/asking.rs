//! What servers ask of the agent: passed on where both speak the legacy era, asked in a modern server's stead where its answer
//! wants input, and kept for the agent's next call where only its server can ask in between.

use super::asked::{Asker, Question};
use super::parked::Pending;
use super::{Session, lock};
use crate::link::Link;
use crate::voice::Voice;
use mcp::era::Era;
use mcp::translate::capabilities::can_answer;
use mcp::translate::input::{self, Required};
use mcp::{Kind, Message, RawId};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Why a call can't go on: what a server wants to know can't be had. A JSON-RPC error.
pub(crate) type Unanswered = Value;

impl Session {
    /// The agent's answer to a question goes back to who asked, and to nobody else.
    pub(super) fn answered(&self, message: &Message) {
        let Some(question) = message.id().and_then(|id| lock(&self.asked).answered(id)) else { return };
        match question.asker {
            Asker::Server(id) => {
                if let Some(link) = question.link.upgrade() {
                    link.leave_errand(message.edit().id(id).finish());
                }
            }
            // A call that has ended meanwhile wants no answer.
            Asker::Call(call) => drop(call.send(message.clone())),
        }
    }

    /// How far the agent is with a server's own question; for that server alone, under its own token.
    pub(super) fn progressed(&self, message: &Message) {
        let token = message.member(&["progressToken"]).and_then(RawId::parse);
        let place = token.and_then(|token| lock(&self.asked).progress(&token));
        if let Some((link, token)) = place {
            link.leave_errand(message.edit().param("progressToken", &token).finish());
        }
    }

    /// A server asks something (sampling, elicitation, roots) by a request of its own.
    pub(crate) async fn question_from(&self, link: &Arc<Link>, message: Message, during: Option<&RawId>) {
        let Kind::Request { id, method } = message.kind() else { return };
        if method.as_ref() == "ping" {
            return link.leave_errand(Message::response(id, &json!({})));
        }
        if !self.may_hear(link) {
            return;
        }
        if self.is_modern() && link.era() == Era::Legacy {
            return self.keep_question(link, &message, during);
        }
        let ours = self.make_question_id(link);
        let token = message.params().pointer("/_meta/progressToken").cloned();
        let asked = message.edit().id(ours.clone());
        let asked = match &token {
            Some(_) => asked.meta("progressToken", &ours.to_value()),
            None => asked,
        };
        self.note(Question { ours, link: Arc::downgrade(link), asker: Asker::Server(id.clone()), token });
        self.say_in_place(during, asked.finish()).await;
    }

    /// A server takes a question back: the agent knows it by another id.
    pub(super) fn taken_back(&self, link: &Arc<Link>, message: &Message) -> Option<Message> {
        let theirs = message.member(&["requestId"]).and_then(RawId::parse)?;
        let question = lock(&self.asked).taken_back(link, &theirs)?;
        Some(message.edit().param("requestId", &question.ours.to_value()).finish())
    }

    fn make_question_id(&self, link: &Link) -> RawId {
        RawId::text(&format!("{}:{}", link.server.name, crate::random::make_id()))
    }

    fn note(&self, question: Question) {
        let forgotten = lock(&self.asked).add(question);
        let Some(Question { asker: Asker::Server(id), link, .. }) = forgotten else { return };
        if let Some(link) = link.upgrade() {
            let sentence = "too many questions wait for the agent";
            link.leave_errand(Message::failure(Some(&id), -32000, sentence, None));
        }
    }

    /// A legacy server's question to a modern agent, which hears it when its call is answered.
    fn keep_question(&self, link: &Arc<Link>, message: &Message, during: Option<&RawId>) {
        let Some(theirs) = message.id() else { return };
        let key = crate::random::make_id();
        let question = input::Question::of_request(key, message)
            .filter(|question| can_answer(self.capabilities(), &question.method, &question.params));
        let Some(question) = question else {
            let sentence = "the agent can't be asked this";
            return link.leave_errand(Message::failure(Some(theirs), -32601, sentence, None));
        };
        let pending = Pending { question, theirs: theirs.clone(), link: Arc::downgrade(link) };
        let left = match self.under_way.takes_questions(during, &link.server.name) {
            Some(call) => {
                call.try_send(pending).err().map(tokio::sync::mpsc::error::TrySendError::into_inner)
            }
            None => link.keep_until_asked(pending),
        };
        if left.is_some() {
            let sentence = "too many questions wait for the agent";
            link.leave_errand(Message::failure(Some(theirs), -32000, sentence, None));
        }
    }

    /// What a legacy server asked while there was no call to bring it belongs to this one.
    pub(crate) fn ask_now(&self, link: &Link, id: &RawId) {
        for pending in link.take_unasked() {
            let call = self.under_way.takes_questions(Some(id), &link.server.name);
            if call.is_none_or(|call| call.try_send(pending).is_err()) {
                tracing::debug!(server = %link.server.name, "a question was lost");
            }
        }
    }

    /// Asks a legacy agent what a modern server wants to know before it goes on with the call `during`.
    pub(crate) async fn ask_agent(
        &self,
        link: &Arc<Link>,
        during: &RawId,
        required: &Required,
    ) -> Result<Map<String, Value>, Unanswered> {
        let can =
            |question: &&input::Question| can_answer(self.capabilities(), &question.method, &question.params);
        if let Some(question) = required.questions.iter().find(|question| !can(question)) {
            return Err(unanswered(&format!(
                "the server asks for {}, which this agent can't answer",
                question.method
            )));
        }
        let asked = required.questions.iter().map(|question| async {
            let answer = self.ask_one(link, during, question).await?;
            question.answered(&answer).map(|result| (question.key.clone(), result))
        });
        let answers = futures_util::future::try_join_all(asked).await?;
        Ok(answers.into_iter().collect())
    }

    async fn ask_one(
        &self,
        link: &Arc<Link>,
        during: &RawId,
        question: &input::Question,
    ) -> Result<Message, Unanswered> {
        let ours = self.make_question_id(link);
        let gone = || unanswered("the agent can't be asked any more");
        let (voice, request) =
            self.placed(Some(during), question.to_request(ours.clone())).ok_or_else(gone)?;
        let (tell, answer) = oneshot::channel();
        let asker = Asker::Call(tell);
        self.note(Question { ours: ours.clone(), link: Arc::downgrade(link), asker, token: None });
        let waits = Waits { session: self, voice, ours };
        self.say(&waits.voice, request).await;
        answer.await.map_err(|_| gone())
    }
}

/// A question that waits for its answer. When the call it is for ends before, the agent hears that it need not go on with it.
struct Waits<'a> {
    session: &'a Session,
    voice: Voice,
    ours: RawId,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if lock(&self.session.asked).answered(&self.ours).is_some() {
            let params = json!({ "requestId": self.ours.to_value(), "reason": "the call has ended" });
            let message = Message::notification("notifications/cancelled", &params);
            self.voice.say_now(self.session.clean(message));
        }
    }
}

fn unanswered(sentence: &str) -> Unanswered {
    json!({ "code": crate::end::UPSTREAM, "message": sentence })
}
