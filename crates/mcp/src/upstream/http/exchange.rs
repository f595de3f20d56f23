//! One message out, and everything that comes back for it.

use super::body::{self, Answer};
use super::headers::{self, SESSION};
use super::{HttpUpstream, Session};
use crate::message::{Kind, Message, RawId};
use crate::upstream::sse::Decoder;
use crate::upstream::{Incoming, Outgoing, UpstreamError};
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

impl<'a> Exchange<'a> {
    /// Sends the message and passes on what comes back, until it is answered.
    pub(super) async fn run(
        upstream: &'a HttpUpstream,
        out: &'a Outgoing,
    ) -> Result<Option<Message>, UpstreamError> {
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

    async fn post(&self, message: &Message) -> Result<Option<Message>, UpstreamError> {
        let session = if self.initializes { Session::default() } else { self.upstream.session() };
        let mut headers = headers::for_message(message, &session);
        headers.extend(self.headers.clone());
        let mut request = self.upstream.request(Method::POST, headers);
        *request.body_mut() = Some(message.bytes().clone().into());
        let response = self.upstream.ask(request).await?;
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
                let message = body::message(response, limits).await?;
                if self.awaits(&message) {
                    Ok(Some(self.answered(message)))
                } else {
                    Err(UpstreamError::NoAnswer)
                }
            }
            (Answer::Events(response), Some(_)) => self.read_stream(response).await,
            (Answer::Failed(response), Some(id)) => {
                Ok(Some(self.answered(body::failure(response, limits, id).await?)))
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
        let response = self.upstream.ask(self.upstream.request(Method::GET, headers)).await?;
        match body::sort(response, session.id.is_some())? {
            Answer::Events(response) => Ok(response),
            Answer::Failed(response) => Err(body::status(response, &self.upstream.limits).await),
            Answer::Nothing | Answer::Json(_) => Err(UpstreamError::NoAnswer),
        }
    }

    /// Passes on what a stream says. One that ends too early is taken up again where the server allows it: where it numbered
    /// its events (legacy resumption), or where nothing in particular is awaited.
    async fn read_stream(&self, mut response: Response) -> Result<Option<Message>, UpstreamError> {
        let mut decoder = Decoder::default();
        let mut empty = 0;
        loop {
            let end = match self.read_to_end(&mut response, &mut decoder).await {
                Ok(Some(answer)) => {
                    body::drain(response);
                    return self.in_order(answer).await;
                }
                Ok(None) => UpstreamError::Broke { what: "the stream ended".into() },
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

    /// The awaited answer, if it came before the stream's end.
    async fn read_to_end(
        &self,
        response: &mut Response,
        decoder: &mut Decoder,
    ) -> Result<Option<Message>, UpstreamError> {
        let limit = self.upstream.limits.message;
        while let Some(chunk) = body::chunk(response, self.silence).await? {
            decoder.feed(&chunk);
            while let Some(event) = decoder.next() {
                if !event.is_message() {
                    continue;
                }
                let message = Message::parse(event.data)?;
                if self.awaits(&message) {
                    return Ok(Some(self.answered(message)));
                }
                self.pass_on(message).await?;
            }
            if decoder.waiting() > limit {
                return Err(UpstreamError::TooLarge { limit });
            }
        }
        Ok(None)
    }

    fn awaits(&self, message: &Message) -> bool {
        self.awaited.is_some() && message.kind().is_response() && message.id() == self.awaited
    }

    /// The answer, noted where it begins the session.
    fn answered(&self, answer: Message) -> Message {
        if self.initializes {
            let version = answer.member_text(&["protocolVersion"]);
            let version = version.and_then(|version| HeaderValue::try_from(version.as_ref()).ok());
            self.upstream.change_session(|session| session.version = version);
        }
        answer
    }

    /// An answer must not overtake what came before it on its stream.
    async fn in_order(&self, answer: Message) -> Result<Option<Message>, UpstreamError> {
        if !self.spoken.load(Ordering::Relaxed) {
            return Ok(Some(answer));
        }
        self.pass_on(answer).await?;
        Ok(None)
    }

    async fn pass_on(&self, message: Message) -> Result<(), UpstreamError> {
        self.spoken.store(true, Ordering::Relaxed);
        let incoming = Incoming::Message { message, during: self.awaited.cloned() };
        let sent = self.upstream.inbox.send(incoming).await;
        sent.map_err(|_| UpstreamError::Broke { what: "nobody listens any more".into() })
    }
}
