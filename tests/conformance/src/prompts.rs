//! The prompts, and completion of their arguments.

use crate::content::{image, resource, text};
use crate::dialogue::{Ask, Dialogue, Input, Turn};
use crate::rpc::{Era, Eras, Failure};
use crate::server::Call;
use serde_json::{Value, json};

struct Prompt {
    name: &'static str,
    description: &'static str,
    eras: Eras,
    arguments: &'static [&'static str],
    body: Body,
}

enum Body {
    /// Messages made of the arguments.
    Messages(fn(&Call) -> Vec<Value>),
    /// One message, after the client was asked something.
    Dialogue(Dialogue),
}

const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "test_simple_prompt",
        description: "One message",
        eras: Eras::Both,
        arguments: &[],
        body: Body::Messages(|_| vec![text("This is a simple prompt for testing.")]),
    },
    Prompt {
        name: "test_prompt_with_arguments",
        description: "One message that repeats two arguments",
        eras: Eras::Both,
        arguments: &["arg1", "arg2"],
        body: Body::Messages(|call| {
            let (one, two) = (word(call, "arg1"), word(call, "arg2"));
            vec![text(format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }),
    },
    Prompt {
        name: "test_prompt_with_embedded_resource",
        description: "A resource, and a message about it",
        eras: Eras::Both,
        arguments: &["resourceUri"],
        body: Body::Messages(|call| {
            let embedded = "Embedded resource content for testing.";
            vec![
                resource(word(call, "resourceUri"), "text/plain", embedded),
                text("Please process the embedded resource above."),
            ]
        }),
    },
    Prompt {
        name: "test_prompt_with_image",
        description: "A picture, and a message about it",
        eras: Eras::Both,
        arguments: &[],
        body: Body::Messages(|_| vec![image(), text("Please analyze the image above.")]),
    },
    Prompt {
        name: "test_input_required_result_prompt",
        description: "A message about what the user says the context is",
        eras: Eras::Only(Era::Modern),
        arguments: &[],
        body: Body::Dialogue(Dialogue {
            rounds: &[&[Input {
                key: "user_context",
                ask: Ask::Field {
                    message: "What context should the prompt use?",
                    name: "context",
                    kind: "string",
                },
            }]],
            sealed: false,
            finish: |answers| {
                let context = answers["user_context"]["content"]["context"].as_str().unwrap_or("none");
                format!("Work in this context: {context}")
            },
        }),
    },
];

pub fn list(era: Era) -> Value {
    let described = PROMPTS.iter().filter(|prompt| prompt.eras.include(era)).map(describe);
    json!({"prompts": described.collect::<Vec<_>>()})
}

pub fn get(call: &Call) -> Result<Value, Failure> {
    let prompt = PROMPTS.iter().find(|it| call.params["name"] == it.name && it.eras.include(call.era));
    let prompt = prompt.ok_or_else(|| Failure::params(format!("no prompt {}", call.params["name"])))?;
    let contents = match &prompt.body {
        Body::Messages(messages) => messages(call),
        Body::Dialogue(dialogue) => match dialogue.turn(call)? {
            Turn::Asks(result) => return Ok(result),
            Turn::Ends(words) => vec![text(words)],
        },
    };
    let messages: Vec<Value> =
        contents.into_iter().map(|content| json!({"role": "user", "content": content})).collect();
    Ok(json!({"description": prompt.description, "messages": messages}))
}

/// Completes a prompt's argument from words that fit any of them.
pub fn complete(call: &Call) -> Result<Value, Failure> {
    const WORDS: [&str; 4] = ["paris", "park", "party", "test"];
    let begun = call.params["argument"]["value"].as_str();
    let begun = begun.ok_or_else(|| Failure::params("argument.value is missing"))?;
    let values: Vec<&str> = WORDS.into_iter().filter(|word| word.starts_with(begun)).collect();
    Ok(json!({"completion": {"total": values.len(), "values": values, "hasMore": false}}))
}

fn describe(prompt: &Prompt) -> Value {
    let mut described = json!({"name": prompt.name, "description": prompt.description});
    if !prompt.arguments.is_empty() {
        let required = |name| json!({"name": name, "description": format!("The {name}"), "required": true});
        described["arguments"] = prompt.arguments.iter().map(required).collect();
    }
    described
}

fn word<'a>(call: &'a Call, name: &str) -> &'a str {
    call.argument(name).as_str().unwrap_or_default()
}
