//! Requests that need something from the client first: answered with `input_required`, and sent again with what was asked.

use crate::rpc::Failure;
use crate::server::Call;
use serde_json::{Map, Value, json};

/// What is asked, round after round, and what is said in the end.
pub struct Dialogue {
    pub rounds: &'static [&'static [Input]],
    /// Whether the client carries what was said so far, sealed.
    pub sealed: bool,
    pub finish: fn(&Value) -> String,
}

/// One thing that is asked, under its key.
pub struct Input {
    pub key: &'static str,
    pub ask: Ask,
}

/// What can be asked.
pub enum Ask {
    /// A form with one field.
    Field { message: &'static str, name: &'static str, kind: &'static str },
    /// A text from the client's model.
    Sample { prompt: &'static str, tokens: u32 },
    /// The client's folders.
    Roots,
}

/// Where a dialogue is after a request.
pub enum Turn {
    Asks(Value),
    Ends(String),
}

impl Dialogue {
    /// Takes what the client answered, and asks on or ends.
    pub fn turn(&self, call: &Call) -> Result<Turn, Failure> {
        let (mut round, mut answers) = self.so_far(call)?;
        let heard =
            if self.sealed && round.is_none() { &Value::Null } else { &call.params["inputResponses"] };
        let mut at = round.take().unwrap_or_default();
        while let Some(inputs) = self.rounds.get(at) {
            let inputs: Vec<&Input> = inputs.iter().filter(|it| call.declares(it.ask.capability())).collect();
            if inputs.is_empty() {
                return Err(Failure::capability(required(self.rounds[at])));
            }
            for input in &inputs {
                if let Some(answer) = heard.get(input.key).filter(|answer| input.ask.accepts(answer)) {
                    answers.insert(input.key.into(), answer.clone());
                }
            }
            let open: Vec<&Input> =
                inputs.into_iter().filter(|input| !answers.contains_key(input.key)).collect();
            if !open.is_empty() {
                return Ok(Turn::Asks(self.asking(call, &open, at, &answers)));
            }
            at += 1;
        }
        Ok(Turn::Ends((self.finish)(&Value::Object(answers))))
    }

    /// The round the client was sent into, if any, and what it answered before.
    fn so_far(&self, call: &Call) -> Result<(Option<usize>, Map<String, Value>), Failure> {
        let Some(sealed) = call.params["requestState"].as_str().filter(|_| self.sealed) else {
            return Ok((None, Map::new()));
        };
        let state = call.house.seal.open(purpose(call), sealed);
        let state = state.ok_or_else(|| Failure::params("requestState is not what was sent"))?;
        let round = state["round"].as_u64().and_then(|round| usize::try_from(round).ok());
        Ok((round, state["answers"].as_object().cloned().unwrap_or_default()))
    }

    fn asking(&self, call: &Call, open: &[&Input], round: usize, answers: &Map<String, Value>) -> Value {
        let requests: Map<String, Value> =
            open.iter().map(|input| (input.key.to_owned(), input.ask.request())).collect();
        let mut result = json!({"resultType": "input_required", "inputRequests": requests});
        if self.sealed {
            let state = json!({"round": round, "answers": answers});
            result["requestState"] = call.house.seal.close(purpose(call), &state).into();
        }
        result
    }
}

impl Ask {
    /// The request, as the client gets it.
    pub fn request(&self) -> Value {
        let params = match self {
            Self::Field { message, name, kind } => json!({
                "mode": "form",
                "message": message,
                "requestedSchema": {"type": "object", "properties": {*name: {"type": kind}}, "required": [name]},
            }),
            Self::Sample { prompt, tokens } => json!({
                "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
                "maxTokens": tokens,
            }),
            Self::Roots => json!({}),
        };
        json!({"method": self.method(), "params": params})
    }

    fn method(&self) -> &'static str {
        match self {
            Self::Field { .. } => "elicitation/create",
            Self::Sample { .. } => "sampling/createMessage",
            Self::Roots => "roots/list",
        }
    }

    fn capability(&self) -> &'static str {
        match self {
            Self::Field { .. } => "elicitation",
            Self::Sample { .. } => "sampling",
            Self::Roots => "roots",
        }
    }

    /// Whether an answer has the form of one.
    pub fn accepts(&self, answer: &Value) -> bool {
        match self {
            Self::Field { name, kind, .. } => match answer["action"].as_str() {
                Some("accept") => is_a(kind, &answer["content"][*name]),
                Some("decline" | "cancel") => true,
                _ => false,
            },
            Self::Sample { .. } => answer["content"].is_object() || answer["content"].is_array(),
            Self::Roots => answer["roots"].is_array(),
        }
    }
}

/// A form with one field, under `key`.
pub const fn field(
    key: &'static str,
    message: &'static str,
    name: &'static str,
    kind: &'static str,
) -> Input {
    Input { key, ask: Ask::Field { message, name, kind } }
}

/// What the user wrote into the field `name` of the form `key`.
pub fn given<'a>(answers: &'a Value, key: &str, name: &str) -> &'a str {
    answers[key]["content"][name].as_str().unwrap_or("nobody")
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        _ => !value.is_null(),
    }
}

fn purpose(call: &Call) -> &str {
    call.params["name"].as_str().unwrap_or_default()
}

fn required(inputs: &[Input]) -> Value {
    inputs.iter().map(|input| (input.ask.capability().to_owned(), json!({}))).collect::<Map<_, _>>().into()
}
