//! What can go wrong with a call, and how the agent and the record are told.

use journeys::puppet::{Act, Heard};
use std::time::Duration;

/// How a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// Nothing is wrong.
    None,
    /// The server says other things first.
    Talkative,
    /// The tool says that it failed.
    ToolError,
    /// The server answers with an error.
    RpcError,
    /// The answer comes in small pieces.
    Trickle,
    /// The server never answers, and the agent takes the call back.
    Cancelled,
    /// The server never answers, and the agent goes.
    Gone,
    /// The agent uses the id of a request that is under way.
    IdReused,
    /// The server prints what is no message before it answers.
    Noise,
    /// The server answers something else, and then the agent takes the call back.
    WrongId,
    /// The server's process ends, or its connection does, before anything is said.
    Dies,
    /// The answer breaks off.
    Cut,
    /// The stream breaks off before the answer.
    CutStream,
    /// The answer is no JSON.
    Garbage,
    /// The answer is an error page.
    ErrorPage,
    /// The server turns the request away unread.
    TooLarge,
    /// The answer would be larger than any may be.
    Oversize,
    /// The server takes the request and has nothing to say.
    NoAnswer,
}

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// What the agent hears.
    pub(super) heard: Answer,
    /// What the record says.
    pub(super) status: &'static str,
}

/// What an agent hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The server's own answer.
    Own,
    /// The wallet's error, with this reason.
    Wallet(&'static str),
    /// Nothing at all.
    Nothing,
    /// That the server is down: it could not be reached, or its connection broke as the call went out.
    Down,
}

impl Answer {
    /// The reason in the wallet's error; none in the server's own answer.
    pub(super) const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Wallet(reason) => Some(reason),
            Self::Down => Some("unreachable"),
            Self::Own | Self::Nothing => None,
        }
    }
}

impl Fault {
    /// Those that a server behind an address has, the common ones more often.
    pub(super) const OVER_HTTP: [Self; 20] = [
        Self::None,
        Self::None,
        Self::None,
        Self::Talkative,
        Self::Talkative,
        Self::ToolError,
        Self::RpcError,
        Self::Trickle,
        Self::Cancelled,
        Self::Gone,
        Self::IdReused,
        Self::WrongId,
        Self::Dies,
        Self::Cut,
        Self::CutStream,
        Self::Garbage,
        Self::ErrorPage,
        Self::TooLarge,
        Self::Oversize,
        Self::NoAnswer,
    ];
    /// Those of a process.
    pub(super) const OVER_STDIO: [Self; 12] = [
        Self::None,
        Self::None,
        Self::None,
        Self::Talkative,
        Self::ToolError,
        Self::RpcError,
        Self::Trickle,
        Self::Cancelled,
        Self::IdReused,
        Self::Noise,
        Self::Noise,
        Self::WrongId,
    ];
    /// Those after which a process has to be started anew, which takes longer.
    pub(super) const DEADLY: [Self; 2] = [Self::Dies, Self::Gone];

    /// Its name on the wire.
    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// What is right when it happens.
    pub(super) const fn end(self) -> End {
        let (heard, status) = match self {
            Self::None | Self::Talkative | Self::Trickle | Self::IdReused | Self::Noise => {
                (Answer::Own, "ok")
            }
            Self::ToolError | Self::RpcError => (Answer::Own, "failed"),
            Self::Cancelled | Self::Gone => (Answer::Nothing, "cancelled"),
            Self::WrongId
            | Self::Dies
            | Self::Cut
            | Self::CutStream
            | Self::Garbage
            | Self::ErrorPage
            | Self::Oversize
            | Self::NoAnswer => (Answer::Wallet("outcome_unknown"), "unknown"),
            Self::TooLarge => (Answer::Wallet("unreachable"), "failed"),
        };
        End { heard, status }
    }

    /// The same over stdio, where a line that is no answer leaves the call open.
    pub(super) fn end_over_stdio(self) -> End {
        if self == Self::WrongId { Self::Cancelled.end() } else { self.end() }
    }

    fn named(name: &str) -> Self {
        let all = Self::OVER_HTTP.into_iter().chain(Self::OVER_STDIO);
        all.into_iter().find(|fault| fault.name() == name).unwrap_or(Self::None)
    }
}

/// What the server does about a call, by its arguments.
pub(super) fn script(heard: &Heard) -> Vec<Act> {
    if heard.method != "tools/call" {
        return vec![];
    }
    let how = heard.value(&["params", "arguments", "how"]);
    let answer = || heard.result(r#"{"content":[{"type":"text","text":"done"}]}"#);
    let remark = || {
        Act::Say(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"at work"}}"#.into())
    };
    let page = |status: &str, length: usize, body: &str| {
        Act::Bytes(format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into())
    };
    match Fault::named(how.as_str().unwrap_or_default()) {
        Fault::None => vec![Act::Say(answer())],
        Fault::Talkative => vec![remark(), remark(), Act::Say(answer())],
        Fault::ToolError => vec![Act::Say(heard.result(r#"{"content":[],"isError":true}"#))],
        Fault::RpcError => vec![Act::Say(heard.error(r#"{"code":-32099,"message":"not today"}"#))],
        Fault::Trickle => vec![remark(), Act::Trickle(answer())],
        Fault::Cancelled | Fault::Gone => vec![Act::Never],
        Fault::IdReused => vec![Act::Wait(Duration::from_millis(60)), Act::Say(answer())],
        Fault::Noise => {
            vec![Act::Bytes(b"listening on nothing\n{\"half\":\n\n\xff\xfe\n".to_vec()), Act::Say(answer())]
        }
        Fault::WrongId => vec![Act::Say(answer().replacen("\"id\":", "\"id\":\"not\",\"was\":", 1))],
        Fault::Dies => vec![Act::HangUp],
        Fault::Cut => vec![page("200 OK", 1000, r#"{"jsonrpc":"2.0","id":"#), Act::HangUp],
        Fault::CutStream => vec![remark(), Act::HangUp],
        Fault::Garbage => vec![page("200 OK", 9, "not JSON!")],
        Fault::ErrorPage => vec![page("500 Internal Server Error", 5, "sorry")],
        Fault::TooLarge => vec![page("413 Content Too Large", 0, "")],
        Fault::Oversize => vec![page("200 OK", 1 << 30, "{"), Act::HangUp],
        Fault::NoAnswer => vec![page("202 Accepted", 0, "")],
    }
}
