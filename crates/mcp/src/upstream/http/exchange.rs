//! One message out, and everything that comes back for it.

use super::body::{self, Answer};
use super::headers::{self, SESSION};
use super::{HttpUpstream, Session};
use crate::flow::{FLOWS_FROM, Reply};
use crate::message::{Kind, Message, RawId};
use crate::upstream::sse::Decoder;
use crate::upstream::{Incoming, Outgoing, UpstreamError};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Response;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// How often in a row a stream is taken up again that then says nothing.
const RESUMES: u32 = 5;
/// The wait before that, unless the server names one.
const RETRY: Duration = Duration::from_secs(1);
/// The longest such wait, whatever the server says.
const RETRY_MAX: Duration = Duration::from_secs(30);

/// One exchange with a server.
pub(super) struct Exchange<'a> {
    upstream: &'a HttpUpstream,
    /// The caller's headers, for every request of the exchange.
    headers: &'a HeaderMap,
    /// The request whose answer ends the exchange.
    awaited: Option<&'a RawId>,
    /// Its answer begins the session.
    initializes: bool,
    /// The longest silence; none for a stream that is meant to be quiet.
    silence: Option<Duration>,
    /// Something else came before the answer, and is in the inbox.
    spoken: AtomicBool,
}

/// What was heard of a stream.
enum Heard {
    /// The awaited answer.
    Answer(Reply),
    /// The beginning of a message too large to hold.
    Large(Bytes),
    /// The end.
    End,
}

impl<'a> Exchange<'a> {
    /// Sends the message and passes on what comes back, until it is answered.
    pub(super) async fn run(
        upstream: &'a HttpUpstream,
        out: &'a Outgoing,
    ) -> Result<Option<Reply>, UpstreamError> {
        let Outgoing { message, headers } = out;
        let is_request = matches!(message.kind(), Kind::Request { .. });
        let quiet = message.method() == Some("subscriptions/listen");
        let exchange = Self {
            upstream,
            headers,
            awaited: message.id().filter(|_| is_request),
            initializes: message.method() == Some("initialize"),
            silence: (!quiet).then_some(upstream.limits.silence),
            spoken: AtomicBool::new(false),
        };
        exchange.post(message).await
    }

    /// Keeps a GET stream open until the server has no more to say.
    pub(super) async fn listen(
        upstream: &'a HttpUpstream,
        headers: &'a HeaderMap,
    ) -> Result<(), UpstreamError> {
        let spoken = AtomicBool::new(false);
        let exchange = Self { upstream, headers, awaited: None, initializes: false, silence: None, spoken };
        let heard = match exchange.get(None).await {
            Ok(response) => exchange.read_stream(response).await.map(drop),
            Err(error) => Err(error),
        };
        match heard {
            Err(UpstreamError::Status { status: 404 | 405, .. }) => Ok(()),
            heard => heard,
        }
    }

    async fn post(&self, message: &Message) -> Result<Option<Reply>, UpstreamError> {
        let session = if self.initializes { Session::default() } else { self.upstream.session() };
        let mut headers = headers::for_message(message, &session);
        headers.extend(self.headers.clone());
        let response = self.upstream.ask(Method::POST, headers, message.bytes().clone()).await?;
        if self.initializes {
            let id = response.headers().get(SESSION).cloned();
            self.upstream.change_session(|session| *session = Session { id, version: None });
        }
        let answer = match body::sort(response, session.id.is_some()) {
            // What wants no answer may be thanked for in any words.
            Err(UpstreamError::NotMcp { .. }) if self.awaited.is_none() => return Ok(None),
            answer => answer?,
        };
        let limits = &self.upstream.limits;
        match (answer, self.awaited) {
            (Answer::Failed(response), None) => Err(body::status(response, limits).await),
            (_, None) => Ok(None),
            (Answer::Nothing, Some(_)) => Err(UpstreamError::NoAnswer),
            (Answer::Json(response), Some(_)) => {
                let reply = body::reply(response, limits).await?;
                if self.awaits(&reply) {
                    Ok(Some(self.answered(reply)))
                } else {
                    Err(UpstreamError::NoAnswer)
                }
            }
            (Answer::Events(response), Some(_)) => self.read_stream(response).await,
            (Answer::Failed(response), Some(id)) => {
                Ok(Some(Reply::Whole(body::failure(response, limits, id).await?)))
            }
        }
    }

    /// Opens a stream, at its beginning or after the event `last`.
    async fn get(&self, last: Option<&str>) -> Result<Response, UpstreamError> {
        let session = self.upstream.session();
        let mut headers = headers::for_session(&session);
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(last) = last.and_then(|id| HeaderValue::try_from(id).ok()) {
            headers.insert("last-event-id", last);
        }
        headers.extend(self.headers.clone());
        let response = self.upstream.ask(Method::GET, headers, Bytes::new()).await?;
        match body::sort(response, session.id.is_some())? {
            Answer::Events(response) => Ok(response),
            Answer::Failed(response) => Err(body::status(response, &self.upstream.limits).await),
            Answer::Nothing | Answer::Json(_) => Err(UpstreamError::NoAnswer),
        }
    }

    /// Passes on what a stream says. One that ends too early is taken up again where the server allows it: where it numbered
    /// its events (legacy resumption), or where nothing in particular is awaited.
    async fn read_stream(&self, mut response: Response) -> Result<Option<Reply>, UpstreamError> {
        let mut decoder = Decoder::default();
        let mut empty = 0;
        loop {
            let end = match self.read_to_end(&mut response, &mut decoder).await {
                Ok(Heard::Answer(answer)) => {
                    body::drain(response);
                    return self.in_order(answer).await;
                }
                Ok(Heard::Large(first)) => {
                    let flow = body::flow_of_event(first, response, &self.upstream.limits).await?;
                    return match flow {
                        flow if self.awaits(&flow) => self.in_order(self.answered(flow)).await,
                        _ => Err(UpstreamError::NoAnswer),
                    };
                }
                Ok(Heard::End) => UpstreamError::Broke { what: "the stream ended".into() },
                Err(error @ UpstreamError::Broke { .. }) => error,
                Err(error) => return Err(error),
            };
            empty = if decoder.has_spoken() { 0 } else { empty + 1 };
            if empty > RESUMES || (self.awaited.is_some() && decoder.last_id.is_none()) {
                return Err(end);
            }
            sleep(decoder.retry.unwrap_or(RETRY).min(RETRY_MAX)).await;
            decoder = decoder.resumed();
            response = self.get(decoder.last_id.as_deref()).await?;
        }
    }

    /// Reads up to the awaited answer, or one that may be it and is large.
    async fn read_to_end(
        &self,
        response: &mut Response,
        decoder: &mut Decoder,
    ) -> Result<Heard, UpstreamError> {
        let limit = self.upstream.limits.message;
        while let Some(chunk) = body::chunk(response, self.silence).await? {
            decoder.feed(&chunk);
            while let Some(event) = decoder.next() {
                if !event.is_message() {
                    continue;
                }
                let said = Reply::Whole(Message::parse(event.data)?);
                if self.awaits(&said) {
                    return Ok(Heard::Answer(self.answered(said)));
                }
                self.pass_on(said).await?;
            }
            if self.awaited.is_some()
                && let Some(first) = decoder.large(FLOWS_FROM)
            {
                return Ok(Heard::Large(first));
            }
            if decoder.waiting() > limit {
                return Err(UpstreamError::TooLarge { limit });
            }
        }
        Ok(Heard::End)
    }

    fn awaits(&self, reply: &Reply) -> bool {
        let answers = match reply {
            Reply::Whole(message) => message.kind().is_response(),
            Reply::Flowing(_) => true,
        };
        self.awaited.is_some() && answers && reply.id() == self.awaited
    }

    /// The answer, noted where it begins the session.
    fn answered(&self, answer: Reply) -> Reply {
        if let Reply::Whole(answer) = &answer
            && self.initializes
        {
            let version = answer.member_text(&["protocolVersion"]);
            let version = version.and_then(|version| HeaderValue::try_from(version.as_ref()).ok());
            self.upstream.change_session(|session| session.version = version);
        }
        answer
    }

    /// An answer must not overtake what came before it on its stream.
    async fn in_order(&self, answer: Reply) -> Result<Option<Reply>, UpstreamError> {
        if !self.spoken.load(Ordering::Relaxed) {
            return Ok(Some(answer));
        }
        self.pass_on(answer).await?;
        Ok(None)
    }

    async fn pass_on(&self, said: Reply) -> Result<(), UpstreamError> {
        self.spoken.store(true, Ordering::Relaxed);
        let incoming = match said {
            Reply::Whole(message) => Incoming::Message { message, during: self.awaited.cloned() },
            Reply::Flowing(flow) => Incoming::Flow(flow),
        };
        let sent = self.upstream.inbox.send(incoming).await;
        sent.map_err(|_| UpstreamError::Broke { what: "nobody listens any more".into() })
    }
}
