//! A change in words, as the confirmation shows it. Written by the wallet from what will be done, never by who asks.

use super::{Change, LoginForm, Refusal};
use crate::{Broker, Draft, GrantDraft, ToolDraft};
use domain::{
    ApprovalMode, Becomes, Credential, EnvValue, Launch, Question, Reach, Subject, ToolSearch, Transport,
};
use mcp::upstream::stdio::Resolved;

impl Change {
    /// The change as one sentence.
    ///
    /// # Errors
    /// When it is about something that is not there.
    pub(super) fn sentence(&self, broker: &Broker) -> Result<String, Refusal> {
        Ok(match self {
            Self::AddServer(form) => format!("Add the server {}", form.name),
            Self::Login(form) => format!("Log in to {}", broker.server(&form.server)?.server.name),
            Self::AddAgent(name) => format!("Add the agent {name}"),
            Self::SetToolSearch { agent, search } => {
                let agent = &broker.agent(agent)?.name;
                match search {
                    ToolSearch::Off => format!("Show {agent} all its tools"),
                    ToolSearch::On => format!("Let {agent} search for its tools"),
                    ToolSearch::Above(few) => {
                        format!("Let {agent} search for its tools when there are more than {few}")
                    }
                }
            }
            Self::ResumeAgent(name) => format!("Let {} work again", broker.agent(name)?.name),
            Self::ResumeAll => "Let every agent work again".into(),
            Self::Delegate(draft) => format!("Sign a delegation for {}", broker.agent(&draft.agent)?.name),
            Self::Allow { id, reach } => {
                broker.check_reach(id, *reach)?;
                question_sentence(&broker.question(id)?)
            }
        })
    }

    /// What exactly, line by line.
    pub(super) fn details(&self, broker: &Broker) -> Vec<String> {
        match self {
            Self::AddServer(form) => transport_lines(&form.transport),
            Self::Login(form) => login_lines(broker, form),
            Self::AddAgent(_) => vec!["It may do nothing until you sign a delegation for it.".into()],
            Self::SetToolSearch { .. } => vec!["It may use the same tools either way.".into()],
            Self::ResumeAgent(_) | Self::ResumeAll => {
                vec!["Delegations that still hold are usable again.".into()]
            }
            Self::Delegate(draft) => draft_lines(draft),
            Self::Allow { id, reach } => {
                broker.question(id).map(|question| question_lines(&question, *reach)).unwrap_or_default()
            }
        }
    }
}

fn login_lines(broker: &Broker, form: &LoginForm) -> Vec<String> {
    let resource = broker.server(&form.server).map(|view| view.server.resource()).ok();
    let client = form.client.as_ref().map(|client| {
        let secret = if client.secret.is_some() { ", with its secret" } else { "" };
        format!("As the client {:?}{secret}, now and at every later login.", client.id)
    });
    resource.into_iter().chain(client).collect()
}

fn transport_lines(transport: &Transport) -> Vec<String> {
    match transport {
        Transport::Stdio(launch) => launch_lines(launch),
        Transport::Http { url, credential } => {
            let shown = match credential {
                Credential::None => "It is shown no credential.".into(),
                Credential::Header { name } => format!("It is shown the secret header {name}."),
                Credential::OAuth => "It is shown a login (OAuth).".into(),
            };
            vec![url.to_string(), shown]
        }
    }
}

/// The whole command, its file first as it will be started, then one argument a line, so that nothing hides in a long one.
fn launch_lines(launch: &Launch) -> Vec<String> {
    let file = Resolved::find(launch)
        .map_or_else(|_| launch.command.clone(), |found| found.launch().command.clone());
    let mut lines = vec![format!("Runs {file:?}")];
    lines.extend(launch.args.iter().map(|arg| format!("with {arg:?}")));
    lines.extend(launch.cwd.iter().map(|cwd| format!("in {cwd:?}")));
    lines.extend(launch.env.iter().map(|(name, value)| match value {
        EnvValue::Plain(value) => format!("{name}={value:?}"),
        EnvValue::Secret => format!("{name} from the vault"),
    }));
    lines
}

fn draft_lines(draft: &Draft) -> Vec<String> {
    let mut lines: Vec<String> = draft.grants.iter().flat_map(grant_lines).collect();
    lines.push(format!("For {}. Everything else is refused.", span(draft.lasts)));
    lines
}

fn grant_lines(grant: &GrantDraft) -> Vec<String> {
    let server = &grant.server;
    let tools = grant.tools.iter().map(|tool| tool_line(server.as_str(), tool));
    let resources = grant.resources.iter().map(|resource| format!("{server}: read {}", resource.uri));
    let prompts = grant.prompts.iter().map(|prompt| format!("{server}: the prompt {}", prompt.name));
    tools.chain(resources).chain(prompts).collect()
}

fn tool_line(server: &str, tool: &ToolDraft) -> String {
    let asked = match tool.approval {
        ApprovalMode::Never => "without asking",
        ApprovalMode::Once => "asking once for the same arguments",
        ApprovalMode::Session => "asking once a session",
        ApprovalMode::Always => "asking every time",
    };
    let calls = tool.limits.calls.map(|calls| format!(", {calls} calls in all")).unwrap_or_default();
    let pace = tool.limits.per_minute.map(|pace| format!(", {pace} a minute")).unwrap_or_default();
    format!("{server}: {} {asked}{calls}{pace}", tool.name)
}

fn span(lasts: std::time::Duration) -> String {
    let minutes = lasts.as_secs().div_ceil(60);
    match (minutes / (24 * 60), minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn question_sentence(question: &Question) -> String {
    match &question.subject {
        Subject::Call { agent, server, target, .. } => {
            format!("Let {agent} use {} on {server}", target.name)
        }
        Subject::Connect { agent, peer, .. } => {
            format!("Accept {} as {agent}", peer.program.path.display())
        }
        Subject::Authorize { agent, program, endpoint, .. } => {
            format!("Let {} in at {} as {agent}", program.path.display(), endpoint.path())
        }
        Subject::Confirm { sentence, .. } => sentence.clone(),
    }
}

fn question_lines(question: &Question, reach: Reach) -> Vec<String> {
    let reach = match reach {
        Reach::Once => "For this call alone.".into(),
        Reach::Session => "For this session, with the same arguments.".into(),
        Reach::Tool => "For this tool with any arguments, in this session.".into(),
        Reach::Until { until } => format!("Until {until}, with the same arguments."),
        Reach::Always => "As long as the delegation holds, with the same arguments.".into(),
    };
    match &question.subject {
        Subject::Call { arguments, .. } => vec![format!("Arguments: {arguments}"), reach],
        Subject::Connect { peer, .. } => vec![format!("Its content is {}.", peer.program.sha256)],
        Subject::Authorize { becomes, client, document, redirect, program, .. } => {
            let mut lines =
                vec![format!("It calls itself {client:?}, and waits for the answer at {redirect}.")];
            lines.extend(document.iter().map(|document| format!("It is described at {document}.")));
            lines.push(format!("Its content is {}.", program.sha256));
            lines.push(standing(*becomes).into());
            lines
        }
        Subject::Confirm { details, .. } => details.clone(),
    }
}

const fn standing(becomes: Becomes) -> &'static str {
    match becomes {
        Becomes::New => "The agent is new: it may do nothing until you sign a delegation for it.",
        Becomes::First => {
            "You have named the agent: this would be its first program, and may do all that you delegated to it."
        }
        Becomes::Known => "The agent is known with this program.",
        Becomes::Another => "The agent is known with another program: this one may then do all that it may.",
    }
}
