//! Tools that say or ask something before they answer.

use crate::content::says;
use crate::dialogue::{Dialogue, Turn, given};
use crate::rpc::{Failure, meta};
use crate::server::Call;
use crate::toolbox::USER_NAME;
use serde_json::{Value, json};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(50);
/// Longer than the edge keeps a silent stream open.
const LONG: Duration = Duration::from_millis(1500);

type Outcome = Result<Value, Failure>;

pub async fn progress(call: Call) -> Outcome {
    steps(&call).await;
    Ok(says("The work is done."))
}

pub async fn streaming(call: Call) -> Outcome {
    const DIALOGUE: Dialogue = Dialogue {
        rounds: &[&[USER_NAME]],
        sealed: false,
        finish: |answers| format!("Hello, {}!", given(answers, "user_name", "name")),
    };
    steps(&call).await;
    Ok(match DIALOGUE.turn(&call)? {
        Turn::Asks(result) => result,
        Turn::Ends(words) => says(words),
    })
}

/// Tells how far it is, if the client wants to know.
async fn steps(call: &Call) {
    let Some(token) = call.meta("progressToken") else { return };
    for done in [0, 50, 100] {
        call.notify(
            "notifications/progress",
            json!({"progressToken": token, "progress": done, "total": 100}),
        );
        tokio::time::sleep(STEP).await;
    }
}

pub async fn logging(call: Call) -> Outcome {
    for words in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        log(&call, words);
        tokio::time::sleep(STEP).await;
    }
    Ok(says("The work is done, and logged."))
}

pub async fn wanted_log(call: Call) -> Outcome {
    if call.meta(meta::LOG_LEVEL).is_some() {
        log(&call, "Somebody wants to hear this");
    }
    tokio::time::sleep(STEP).await;
    Ok(says("The work is done."))
}

fn log(call: &Call, words: &str) {
    call.notify("notifications/message", json!({"level": "info", "logger": "conformance", "data": words}));
}

pub async fn reconnection() -> Outcome {
    tokio::time::sleep(LONG).await;
    Ok(says("The stream was closed, and the answer came all the same."))
}

pub async fn sampling(call: Call) -> Outcome {
    let prompt = call.argument("prompt").as_str().unwrap_or_default();
    let message = json!({"role": "user", "content": {"type": "text", "text": prompt}});
    let answer =
        asked(&call, "sampling", "sampling/createMessage", json!({"messages": [message], "maxTokens": 100}));
    let answer = answer.await?;
    Ok(says(format!("LLM response: {}", answer["content"]["text"].as_str().unwrap_or_default())))
}

pub async fn elicitation(call: Call) -> Outcome {
    let message = call.argument("message").as_str().unwrap_or("Please answer").to_owned();
    let properties = json!({"username": {"type": "string"}, "email": {"type": "string"}});
    let answer = form(&call, &message, properties, &["username", "email"]).await?;
    Ok(says(format!("User response: {answer}")))
}

pub async fn defaults(call: Call) -> Outcome {
    let properties = json!({
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    });
    let answer = form(&call, "Please look at these defaults", properties, &[]).await?;
    Ok(says(format!("Elicitation completed: {answer}")))
}

pub async fn choices(call: Call) -> Outcome {
    let titled = |noun: &str| {
        json!([
            {"const": "value1", "title": format!("First {noun}")},
            {"const": "value2", "title": format!("Second {noun}")},
            {"const": "value3", "title": format!("Third {noun}")},
        ])
    };
    let plain = json!(["option1", "option2", "option3"]);
    let properties = json!({
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled("Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
    });
    let answer = form(&call, "Please choose", properties, &[]).await?;
    Ok(says(format!("Elicitation completed: {answer}")))
}

/// Shows the user a form; what came of it, in words.
async fn form(call: &Call, message: &str, properties: Value, required: &[&str]) -> Result<String, Failure> {
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    let params = json!({"message": message, "requestedSchema": schema});
    let answer = asked(call, "elicitation", "elicitation/create", params).await?;
    let action = answer["action"].as_str().unwrap_or("none");
    Ok(format!("action={action}, content={}", answer["content"]))
}

async fn asked(call: &Call, capability: &str, method: &str, params: Value) -> Outcome {
    if call.declares(capability) {
        call.ask(method, params).await
    } else {
        Err(Failure::new(Failure::REQUEST, format!("the client does not declare {capability}")))
    }
}
