//! Every tool.

use crate::content::{audio, fails, image, resource, result, says, text};
use crate::dialogue::{Ask, Dialogue, Input, field, given};
use crate::jobs;
use crate::live;
use crate::methods::now;
use crate::rpc::{Era, Eras, Failure};
use crate::server::Call;
use crate::tools::{Run, Tool};
use serde_json::{Value, json};

const fn tool(name: &'static str, description: &'static str, run: Run) -> Tool {
    Tool { name, description, eras: Eras::Both, input: nothing, run }
}

const fn legacy(tool: Tool) -> Tool {
    Tool { eras: Eras::Only(Era::Legacy), ..tool }
}

const fn modern(tool: Tool) -> Tool {
    Tool { eras: Eras::Only(Era::Modern), ..tool }
}

const fn taking(input: fn() -> Value, tool: Tool) -> Tool {
    Tool { input, ..tool }
}

/// The first must do without arguments: the suite calls it so.
pub const TOOLS: &[Tool] = &[
    tool(
        "test_simple_text",
        "Says one sentence",
        Run::Plain(|_| Ok(says("This is a simple text response for testing."))),
    ),
    tool("test_image_content", "Shows a picture", Run::Plain(|_| Ok(result([image()])))),
    tool("test_audio_content", "Plays a sound", Run::Plain(|_| Ok(result([audio()])))),
    tool(
        "test_embedded_resource",
        "Hands over a resource",
        Run::Plain(|_| {
            let embedded = "This is an embedded resource content.";
            Ok(result([resource("test://embedded-resource", "text/plain", embedded)]))
        }),
    ),
    tool(
        "test_multiple_content_types",
        "Says, shows and hands over",
        Run::Plain(|_| {
            let embedded = r#"{"test":"data","value":123}"#;
            let embedded = resource("test://mixed-content-resource", "application/json", embedded);
            Ok(result([text("Multiple content types test:"), image(), embedded]))
        }),
    ),
    tool(
        "test_error_handling",
        "Always fails",
        Run::Plain(|_| Ok(fails("This tool intentionally returns an error for testing"))),
    ),
    tool("test_tool_with_progress", "Tells how far it is", Run::Live(|call| Box::pin(live::progress(call)))),
    taking(
        schema_2020_12,
        tool(
            "json_schema_2020_12_tool",
            "Has an input schema with much of what JSON Schema 2020-12 has",
            Run::Plain(|call| Ok(says(format!("Called with {}", call.params["arguments"])))),
        ),
    ),
    taking(
        || one("name", "string"),
        tool(
            "greet",
            "Greets by name",
            Run::Plain(|call| {
                Ok(says(format!("Hello, {}!", call.argument("name").as_str().unwrap_or("you"))))
            }),
        ),
    ),
    legacy(tool("test_tool_with_logging", "Logs its steps", Run::Live(|call| Box::pin(live::logging(call))))),
    legacy(tool(
        "test_reconnection",
        "Is silent for so long that its stream is closed",
        Run::Live(|_| Box::pin(live::reconnection())),
    )),
    legacy(taking(
        || one("prompt", "string"),
        tool("test_sampling", "Asks the client's model", Run::Live(|call| Box::pin(live::sampling(call)))),
    )),
    legacy(taking(
        || one("message", "string"),
        tool("test_elicitation", "Asks the user", Run::Live(|call| Box::pin(live::elicitation(call)))),
    )),
    legacy(tool(
        "test_elicitation_sep1034_defaults",
        "Asks the user, with defaults",
        Run::Live(|call| Box::pin(live::defaults(call))),
    )),
    legacy(tool(
        "test_elicitation_sep1330_enums",
        "Asks the user to choose",
        Run::Live(|call| Box::pin(live::choices(call))),
    )),
    modern(tool(
        "test_missing_capability",
        "Needs a client with a model",
        Run::Plain(|call| match call.declares("sampling") {
            true => Ok(says("The client declares sampling.")),
            false => Err(Failure::capability(json!({"sampling": {}}))),
        }),
    )),
    modern(tool(
        "test_streaming_elicitation",
        "Tells how far it is, then asks the user",
        Run::Live(|call| Box::pin(live::streaming(call))),
    )),
    modern(tool(
        "test_logging_tool",
        "Logs, for those who want to hear it",
        Run::Live(|call| Box::pin(live::wanted_log(call))),
    )),
    tool(
        "test_trigger_tool_change",
        "Tells listeners that the tools have changed",
        Run::Plain(|call| Ok(changed(call, "notifications/tools/list_changed"))),
    ),
    tool(
        "test_trigger_prompt_change",
        "Tells listeners that the prompts have changed",
        Run::Plain(|call| Ok(changed(call, "notifications/prompts/list_changed"))),
    ),
    modern(taking(
        || {
            json!({"type": "object", "properties": {
                "region": {"type": "string", "description": "Where", "x-mcp-header": "Region"},
            }})
        },
        tool(
            "test_param_header",
            "Takes a parameter that is also a header",
            Run::Plain(|call| Ok(says(format!("Region: {}", call.argument("region"))))),
        ),
    )),
    modern(tool(
        "test_input_required_result_elicitation",
        "Greets by the name the user gives",
        Run::Dialogue(Dialogue {
            rounds: &[&[USER_NAME]],
            sealed: false,
            finish: |answers| format!("Hello, {}!", given(answers, "user_name", "name")),
        }),
    )),
    modern(tool(
        "test_input_required_result_sampling",
        "Asks the client's model about a capital",
        Run::Dialogue(Dialogue {
            rounds: &[&[Input {
                key: "sample_request",
                ask: Ask::Sample { prompt: "What is the capital of France?", tokens: 100 },
            }]],
            sealed: false,
            finish: |answers| format!("The model says: {}", answers["sample_request"]["content"]),
        }),
    )),
    modern(tool(
        "test_input_required_result_list_roots",
        "Asks the client for its folders",
        Run::Dialogue(Dialogue {
            rounds: &[&[Input { key: "roots_request", ask: Ask::Roots }]],
            sealed: false,
            finish: |answers| format!("The roots are: {}", answers["roots_request"]["roots"]),
        }),
    )),
    modern(tool(
        "test_input_required_result_request_state",
        "Asks, and wants its state back",
        Run::Dialogue(Dialogue { rounds: &[&[CONFIRM]], sealed: true, finish: |_| "state-ok".into() }),
    )),
    modern(tool(
        "test_input_required_result_multiple_inputs",
        "Asks three things at once",
        Run::Dialogue(Dialogue {
            rounds: &[&[
                USER_NAME,
                Input { key: "greeting", ask: Ask::Sample { prompt: "Generate a greeting", tokens: 50 } },
                Input { key: "client_roots", ask: Ask::Roots },
            ]],
            sealed: true,
            finish: |answers| format!("{} has answered all of it.", given(answers, "user_name", "name")),
        }),
    )),
    modern(tool(
        "test_input_required_result_multi_round",
        "Asks one thing after the other",
        Run::Dialogue(Dialogue {
            rounds: &[
                &[field("step1", "Step 1: What is your name?", "name", "string")],
                &[field("step2", "Step 2: What is your favorite color?", "color", "string")],
            ],
            sealed: true,
            finish: |answers| {
                let (name, color) = (given(answers, "step1", "name"), given(answers, "step2", "color"));
                format!("{name} likes {color}.")
            },
        }),
    )),
    modern(tool(
        "test_input_required_result_tampered_state",
        "Asks, and notices a state that was changed",
        Run::Dialogue(Dialogue { rounds: &[&[CONFIRM]], sealed: true, finish: |_| "integrity-ok".into() }),
    )),
    modern(tool(
        "test_input_required_result_capabilities",
        "Asks only what the client can answer",
        Run::Dialogue(Dialogue {
            rounds: &[&[
                USER_NAME,
                Input { key: "sample_request", ask: Ask::Sample { prompt: "Say hello", tokens: 20 } },
            ]],
            sealed: false,
            finish: |_| "capabilities-ok".into(),
        }),
    )),
    modern(taking(
        || {
            json!({"type": "object", "properties": {
                "seconds": {"type": "number"},
                "label": {"type": "string"},
            }})
        },
        tool("slow_compute", "Computes for as long as is said", Run::Job(jobs::SLOW_COMPUTE)),
    )),
    modern(tool("failing_job", "Fails after a second", Run::Job(jobs::FAILING))),
    modern(tool("protocol_error_job", "Ends in a protocol error", Run::Job(jobs::PROTOCOL_ERROR))),
    modern(taking(
        || one("filename", "string"),
        tool("confirm_delete", "Asks before it deletes nothing", Run::Job(jobs::CONFIRM_DELETE)),
    )),
    modern(tool("multi_input", "Asks two things at once", Run::Job(jobs::MULTI_INPUT))),
    modern(tool(
        "test_tool_with_task",
        "Asks for a name, then goes on as a task",
        Run::Live(|call| now(jobs::after_dialogue(&call))),
    )),
];

pub const USER_NAME: Input = field("user_name", "What is your name?", "name", "string");
const CONFIRM: Input = field("confirm", "Please confirm", "ok", "boolean");

fn changed(call: &Call, what: &'static str) -> Value {
    // Nobody may be listening.
    let _ = call.house.changes.send(what);
    says("The listeners are told.")
}

fn nothing() -> Value {
    json!({"type": "object", "properties": {}})
}

fn one(name: &str, kind: &str) -> Value {
    json!({"type": "object", "properties": {name: {"type": kind}}, "required": [name]})
}

fn schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}
