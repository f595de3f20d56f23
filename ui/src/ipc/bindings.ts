// Generated from src-tauri/src/view.rs by `cargo test -p countersign-app bindings`. Do not edit.

/**
 * Facts about this wallet.
 */
export type About = { 
/**
 * The app's version.
 */
version: string, 
/**
 * Where the wallet's files are.
 */
home: string, 
/**
 * Where agents connect.
 */
socket: string, 
/**
 * Where agents come in over HTTP; none while they can't.
 */
endpoint: string | null, 
/**
 * Whether a passphrase seals it, rather than the system's keyring.
 */
passphrase: boolean, 
/**
 * How many receipts there are.
 */
receipts: number, };

/**
 * An agent in a list. Whether it works or waits is told by the calls under way and the questions.
 */
export type Agent = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where it stands.
 */
state: "pending" | "enrolled" | "paused" | "revoked", 
/**
 * How many connections it has open.
 */
sessions: number, 
/**
 * How many of its delegations hold now.
 */
delegations: number, 
/**
 * Its last call.
 */
lastCall: string | null, };

/**
 * Everything about one agent.
 */
export type AgentDetail = { 
/**
 * As in the list.
 */
agent: Agent, 
/**
 * `did:key` of its holder key.
 */
did: string, 
/**
 * Programs the human accepted for it.
 */
programs: Array<Program>, 
/**
 * What it may do, server by server; those that hold first, then ended ones of the last days.
 */
grants: Array<Grant>, 
/**
 * Today's figures.
 */
today: Today, 
/**
 * Today's calls, oldest first.
 */
notches: Array<Notch>, 
/**
 * Its last calls, newest first.
 */
last: Array<Entry>, 
/**
 * How a client is pointed at the wallet for it.
 */
enrolment: Enrolment, };

/**
 * The human's answer.
 */
export type Answer = { "answer": "allow", 
/**
 * How far.
 */
reach: Reach, } | { "answer": "deny", 
/**
 * Whether the agent is paused as well.
 */
pause: boolean, };

/**
 * When the human is asked.
 */
export type Approval = "never" | "once" | "session" | "always";

/**
 * One argument.
 */
export type Argument = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value: a string as it is, anything else as JSON.
 */
value: string, 
/**
 * What it was, as kept, in the last call of this tool that was approved by itself, if it differs.
 */
was: string | null, };

/**
 * What an agent is, before the human says that a client is it.
 */
export type Becomes = "new" | "first" | "known" | "another";

/**
 * What can be checked about a receipt.
 */
export type Check = "signature" | "chain" | "delegation" | "proof";

/**
 * One check and how it went.
 */
export type Checked = { 
/**
 * What was checked.
 */
check: Check, 
/**
 * Whether it holds.
 */
holds: boolean, };

/**
 * What the human is about to sign, for one agent and one server.
 */
export type Draft = { 
/**
 * Who may.
 */
agent: string, 
/**
 * Where.
 */
server: string, 
/**
 * Which tools. With no tool, resource or prompt nothing is granted, and the draft is refused.
 */
tools: Array<DraftTool>, 
/**
 * Which resources: a URI, or a prefix that ends in `*`.
 */
resources: Array<string>, 
/**
 * Which prompts, by the server's name.
 */
prompts: Array<string>, 
/**
 * Until when, at most 90 days from now.
 */
until: string, 
/**
 * Whether delegations of this agent for this server that hold now end with this one.
 */
replaces: boolean, };

/**
 * One tool in a draft.
 */
export type DraftTool = { 
/**
 * The server's name for it.
 */
name: string, 
/**
 * The definition the human saw in the form; another one is refused.
 */
definition: string, 
/**
 * Whether the human is asked.
 */
approval: Approval, 
/**
 * Calls in all.
 */
calls: number | null, 
/**
 * Calls a minute.
 */
perMinute: number | null, };

/**
 * What a client needs to be this agent. No secret: the shim reads its own from a file only this account can read.
 */
export type Enrolment = { 
/**
 * The agent.
 */
agent: Agent, 
/**
 * The program a client starts: an absolute path.
 */
command: string, 
/**
 * Its arguments.
 */
args: Array<string>, 
/**
 * Where a client that logs in by itself finds the wallet over HTTP; none while it can't.
 */
endpoint: string | null, };

/**
 * A line of the log. A call has one, that of the receipt that closed or denied it; questions about it have none.
 */
export type Entry = { 
/**
 * Its number in the record.
 */
seq: number, 
/**
 * When.
 */
at: string, 
/**
 * What kind of receipt, by its name in the record: `call.closed`, `agent.paused`, …
 */
kind: string, 
/**
 * Who, if an agent did it.
 */
agent: string | null, 
/**
 * Where, if a server is concerned.
 */
server: string | null, 
/**
 * The tool, prompt or resource, if it is about one.
 */
tool: string | null, 
/**
 * Its arguments in one short line, secrets struck out.
 */
gist: string, 
/**
 * Whether the human was asked for this one.
 */
asked: boolean, 
/**
 * What came of it.
 */
outcome: Outcome, 
/**
 * How long the server took.
 */
tookUs: number | null, };

/**
 * Something changed. Applying the same event twice changes nothing more.
 */
export type Event = { "kind": "wallet", 
/**
 * As it is now.
 */
wallet: Wallet, } | { "kind": "agent", 
/**
 * As it is now.
 */
agent: Agent, } | { "kind": "servers", 
/**
 * All of them, by name.
 */
servers: Array<Server>, } | { "kind": "asked", 
/**
 * All of it.
 */
question: Question, } | { "kind": "answered", 
/**
 * Which.
 */
id: string, } | { "kind": "started", 
/**
 * The call.
 */
work: Work, } | { "kind": "ended", 
/**
 * Which.
 */
call: string, } | { "kind": "recorded", 
/**
 * Its line in the log.
 */
entry: Entry, } | { "kind": "settings", 
/**
 * As they are now.
 */
settings: Settings, } | { "kind": "theme", 
/**
 * Light or dark.
 */
theme: Theme, };

/**
 * Why a command did nothing. Never holds a secret.
 */
export type Failure = { 
/**
 * A stable code: `locked`, `deaf`, `name_taken`, `bad_url`, `bad_command`, `wrong_passphrase`, `keyring`, `login`,
 * `upstream`, `gone`, `cancelled`, `internal`, or a broker's own.
 */
code: string, 
/**
 * What happened and what to do next, for the human.
 */
sentence: string, };

/**
 * What of the record is wanted. Absent members filter nothing.
 */
export type Filter = { 
/**
 * Words found anywhere in a receipt.
 */
text?: string, 
/**
 * One agent.
 */
agent?: string, 
/**
 * One server.
 */
server?: string, 
/**
 * One kind of result.
 */
result?: ResultKind, 
/**
 * Not older than this.
 */
since?: string, 
/**
 * Older than this line, to read on.
 */
before?: number, 
/**
 * How many at most; 200 if absent, never more than 1,000.
 */
limit?: number, };

/**
 * What one delegation allows on one server.
 */
export type Grant = { 
/**
 * The delegation.
 */
delegation: string, 
/**
 * Where it stands.
 */
state: "not_yet" | "active" | "expired" | "revoked" | "spent", 
/**
 * On which server.
 */
server: string, 
/**
 * Tools.
 */
tools: Array<GrantedTool>, 
/**
 * Resources by URI or prefix.
 */
resources: Array<string>, 
/**
 * Prompts by name.
 */
prompts: Array<string>, 
/**
 * When it was signed.
 */
signed: string, 
/**
 * Until when.
 */
until: string, };

/**
 * One granted tool and its budget.
 */
export type GrantedTool = { 
/**
 * The server's name for it.
 */
name: string, 
/**
 * A title for people, as the server gave it, or the name.
 */
title: string, 
/**
 * What calling it may do.
 */
risk: Risk, 
/**
 * Whether the human is asked.
 */
approval: Approval, 
/**
 * Calls in all, if limited.
 */
calls: number | null, 
/**
 * Calls so far.
 */
used: number, 
/**
 * Calls a minute, if limited.
 */
perMinute: number | null, 
/**
 * Calls within the last minute.
 */
usedThisMinute: number, 
/**
 * Whether the server changed it since: it is refused until signed anew.
 */
changed: boolean, };

/**
 * Who signs.
 */
export type Identity = { 
/**
 * The human's name for it.
 */
name: string, 
/**
 * `did:key` of the human.
 */
did: string, };

/**
 * Whether the system's keyring can be used.
 */
export type Keyring = { "state": "asked" } | { "state": "ready" } | { "state": "unavailable", 
/**
 * Why, as a sentence.
 */
why: string, };

/**
 * A link of the chain.
 */
export type Link = { 
/**
 * Its number.
 */
seq: number, 
/**
 * SHA-256 of its line, hex.
 */
hash: string, };

/**
 * A locked wallet.
 */
export type Locked = { 
/**
 * Whether a passphrase opens it, rather than the system's keyring.
 */
passphrase: boolean, 
/**
 * Since when, if it was locked while running.
 */
since: string | null, };

/**
 * What the wallet shows the server. Never a token.
 */
export type Login = { "state": "none" } | { "state": "header", 
/**
 * The header's name.
 */
name: string, } | { "state": "loggedOut" } | { "state": "waiting" } | { "state": "loggedIn", 
/**
 * When the wallet renews it, if it says when it ends.
 */
expires: string | null, 
/**
 * What the login covers, as the server said.
 */
scopes: Array<string>, 
/**
 * What the server wants besides, if it turned a call away for it; logging in again asks for both.
 */
wants: Array<string> | null, } | { "state": "ended", 
/**
 * When.
 */
at: string, } | { "state": "unreadable", 
/**
 * Why, as a sentence.
 */
why: string, };

/**
 * What a new server wants to be shown.
 */
export type NewCredential = { "kind": "none" } | { "kind": "header", 
/**
 * The header's name.
 */
name: string, 
/**
 * Its value.
 */
value: Typed, } | { "kind": "oAuth" };

/**
 * A server to be added. The human saw all of it in the form.
 */
export type NewServer = { 
/**
 * Its name: lower-case letters, digits, single hyphens.
 */
name: string, 
/**
 * How it is reached.
 */
transport: NewTransport, };

/**
 * How a new server is reached.
 */
export type NewTransport = { "kind": "stdio", 
/**
 * The program.
 */
command: string, 
/**
 * Its arguments, one each.
 */
args: Array<string>, 
/**
 * Its working directory, if not the human's home.
 */
cwd: string | null, 
/**
 * Its environment beyond the minimum.
 */
env: Array<NewVariable>, } | { "kind": "http", 
/**
 * The endpoint: https, or http on this machine.
 */
url: string, 
/**
 * What it wants to be shown.
 */
credential: NewCredential, };

/**
 * A variable for a new server's environment.
 */
export type NewVariable = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value: kept in the vault if secret.
 */
value: Typed, 
/**
 * Whether it is secret.
 */
secret: boolean, };

/**
 * A call as a notch of the tally.
 */
export type Notch = { 
/**
 * Whose.
 */
agent: string, 
/**
 * When.
 */
at: string, 
/**
 * Whether the human was asked.
 */
asked: boolean, 
/**
 * Whether it was refused.
 */
refused: boolean, };

/**
 * An open wallet: all that the lists and Home show.
 */
export type Open = { 
/**
 * Who signs.
 */
identity: Identity, 
/**
 * Questions that wait, oldest first.
 */
questions: Array<Question>, 
/**
 * Every agent, by name; revoked ones too.
 */
agents: Array<Agent>, 
/**
 * Every server, by name.
 */
servers: Array<Server>, 
/**
 * Calls under way.
 */
work: Array<Work>, 
/**
 * The last hour's calls, oldest first.
 */
hour: Array<Notch>, 
/**
 * Today's figures.
 */
today: Today, 
/**
 * The number of the newest receipt these figures know; receipts recorded later come as events.
 */
newest: number | null, 
/**
 * Whether all agents are paused.
 */
allPaused: boolean, 
/**
 * Whether the record verified when the app started; `None` until all of it is read.
 */
recordWhole: boolean | null, 
/**
 * The settings.
 */
settings: Settings, 
/**
 * What Settings tells about this wallet.
 */
about: About, };

/**
 * What came of a call, or of anything else that left a receipt.
 */
export type Outcome = { "result": "allowed" } | { "result": "failed", 
/**
 * The server's words, or what went wrong on the way.
 */
why: string, } | { "result": "refused", 
/**
 * A stable code.
 */
code: string, 
/**
 * Why, in words for the human.
 */
why: string, } | { "result": "unknown" } | { "result": "noted" };

/**
 * Lines of the log, newest first.
 */
export type Page = { 
/**
 * The lines.
 */
entries: Array<Entry>, 
/**
 * How many receipts there are in all, unfiltered.
 */
total: number, 
/**
 * Whether older ones match too.
 */
more: boolean, };

/**
 * One argument a tool takes.
 */
export type Parameter = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its JSON type, `any` if the schema does not say.
 */
kind: string, 
/**
 * Whether it must be given.
 */
required: boolean, };

/**
 * An executable, as the operating system tells it.
 */
export type Program = { 
/**
 * Absolute path.
 */
path: string, 
/**
 * `sha-256:…` of its bytes.
 */
sha256: string, 
/**
 * The process, if it runs.
 */
pid: number | null, };

/**
 * A prompt as its server describes it.
 */
export type Prompt = { 
/**
 * The server's name for it.
 */
name: string, 
/**
 * What the server says it asks.
 */
description: string, };

/**
 * A question for the human.
 */
export type Question = { 
/**
 * Unique.
 */
id: string, 
/**
 * What it is about.
 */
subject: Subject, 
/**
 * When it was asked.
 */
asked: string, 
/**
 * When it ends, and nothing is sent.
 */
expires: string, };

/**
 * How far a yes reaches, always bound to agent, server and tool definition, and but for [`Reach::Tool`] to the exact
 * arguments.
 */
export type Reach = "once" | "session" | "tool" | "hour" | "always";

/**
 * One receipt in full.
 */
export type Receipt = { 
/**
 * As in the log.
 */
entry: Entry, 
/**
 * The arguments as kept, secrets struck out.
 */
arguments: Array<Argument>, 
/**
 * Digest of the arguments as sent.
 */
argumentsDigest: string | null, 
/**
 * Digest of the tool's definition.
 */
definition: string | null, 
/**
 * The agent's program.
 */
program: Program | null, 
/**
 * The delegation that allowed it.
 */
delegation: string | null, 
/**
 * When that was signed.
 */
signed: string | null, 
/**
 * Bytes of the server's answer.
 */
bytes: number | null, 
/**
 * Digest of the server's answer.
 */
answerDigest: string | null, 
/**
 * What was checked just now.
 */
checks: Array<Checked>, 
/**
 * The line before, this one, the line after: each exists or not.
 */
previous: Link | null, 
/**
 * This one.
 */
this: Link, 
/**
 * The line after.
 */
next: Link | null, 
/**
 * The signed line itself, to be copied or verified elsewhere.
 */
line: string, };

/**
 * A resource, or all resources of a family.
 */
export type Resource = { 
/**
 * What is granted: its URI, or a prefix that ends in `*`.
 */
uri: string, 
/**
 * A title for people, or the name.
 */
title: string, 
/**
 * What the server says it is.
 */
description: string, };

/**
 * A kind of result to filter by.
 */
export type ResultKind = "allowed" | "asked" | "refused" | "failed" | "unknown";

/**
 * What calling a tool may do, from its annotations.
 */
export type Risk = "reads" | "writes" | "unknown" | "destroys";

/**
 * What seals the wallet at rest. The human chooses; nothing falls back silently.
 */
export type Seal = { "by": "keyring" } | { "by": "passphrase", 
/**
 * What the human typed.
 */
passphrase: Typed, };

/**
 * A server in a list.
 */
export type Server = { 
/**
 * Its name.
 */
name: string, 
/**
 * How it is reached.
 */
transport: Transport, 
/**
 * Its login.
 */
login: Login, 
/**
 * How it does.
 */
status: Status, 
/**
 * How many granted tools changed since they were signed.
 */
changedTools: number, };

/**
 * Everything about one server.
 */
export type ServerDetail = { 
/**
 * As in the list.
 */
server: Server, 
/**
 * What it offers, asked just now.
 */
tools: Tools, 
/**
 * Agents that have a delegation for it.
 */
usedBy: Array<string>, 
/**
 * Calls that wait for it.
 */
waiting: Array<Work>, 
/**
 * What the record tells of the server itself lately, its logins above all; oldest first.
 */
happened: Array<Entry>, };

/**
 * What the human set.
 */
export type Settings = { 
/**
 * Light, dark, or as the system.
 */
theme: Theme, 
/**
 * Lock after so many minutes without the human; `None` is never.
 */
lockAfterMinutes: number | null, 
/**
 * Whether a waiting question shows a notification.
 */
notify: boolean, 
/**
 * Whether the wallet starts with the session.
 */
autostart: boolean, };

/**
 * What came of signing.
 */
export type Signed = { 
/**
 * The new delegation.
 */
delegation: string, 
/**
 * How many older ones ended with it.
 */
replaced: number, };

/**
 * How the program that asks stands to the ones accepted for its agent.
 */
export type Standpoint = "same" | "changed";

/**
 * How a server does.
 */
export type Status = { "state": "unknown" } | { "state": "answers" } | { "state": "fails", 
/**
 * What happened, and what to do.
 */
why: Failure, };

/**
 * What Emergency stop did.
 */
export type Stopped = { 
/**
 * When it was pressed.
 */
at: string, 
/**
 * How long after that the last byte left the machine.
 */
quietMs: number, 
/**
 * Calls that were sent and not answered: they may have gone through.
 */
uncertain: Array<Entry>, 
/**
 * Calls that ended without being sent.
 */
ended: number, 
/**
 * Questions closed as denied.
 */
denied: number, 
/**
 * Agents paused.
 */
paused: number, 
/**
 * Whether a passphrase opens the wallet again.
 */
passphrase: boolean, };

/**
 * What a question is about.
 */
export type Subject = { "kind": "call", 
/**
 * Who asks.
 */
agent: string, 
/**
 * Its process.
 */
program: Program, 
/**
 * Whether it is the one the human accepted.
 */
standpoint: Standpoint, 
/**
 * Where to.
 */
server: string, 
/**
 * The server's name for the tool, prompt or resource.
 */
tool: string, 
/**
 * A title for people, as the server gave it, or the name.
 */
title: string, 
/**
 * What calling it may do.
 */
risk: Risk, 
/**
 * What the delegation says about asking.
 */
approval: Approval, 
/**
 * Every argument, in the order it will be sent.
 */
arguments: Array<Argument>, 
/**
 * How many bytes they are.
 */
bytes: number, 
/**
 * When a call of this tool was last approved by itself, if ever; `was` in the arguments compares with it.
 */
approvedBefore: string | null, 
/**
 * Until when the delegation holds: as long as "always" reaches.
 */
until: string, 
/**
 * What the answer is bound to.
 */
digest: string, } | { "kind": "connect", 
/**
 * Who it says it is.
 */
agent: string, 
/**
 * Its process.
 */
program: Program, 
/**
 * What the human accepted for this agent before; empty the first time.
 */
known: Array<Program>, } | { "kind": "authorize", 
/**
 * The agent it would be.
 */
agent: string, 
/**
 * What that agent is so far.
 */
becomes: Becomes, 
/**
 * What the client calls itself: foreign text, and no proof of anything.
 */
client: string, 
/**
 * The address of the client's own document, if that is how it is known.
 */
document: string | null, 
/**
 * Where the answer goes.
 */
redirect: string, 
/**
 * The path of the endpoint it would reach.
 */
endpoint: string, 
/**
 * The process that listens where the answer goes.
 */
program: Program, 
/**
 * What the human accepted for this agent before.
 */
known: Array<Program>, } | { "kind": "confirm", 
/**
 * The change as one sentence.
 */
sentence: string, 
/**
 * What exactly, line by line.
 */
details: Array<string>, };

/**
 * Light or dark.
 */
export type Theme = "system" | "light" | "dark";

/**
 * Figures of one day, by the human's calendar.
 */
export type Today = { 
/**
 * Calls, refused ones too.
 */
calls: number, 
/**
 * How many of them asked the human.
 */
asked: number, 
/**
 * How many were refused.
 */
refused: number, 
/**
 * Half of the answered ones took no longer.
 */
medianMs: number | null, };

/**
 * A tool as its server describes it.
 */
export type Tool = { 
/**
 * The server's name for it.
 */
name: string, 
/**
 * A title for people, or the name.
 */
title: string, 
/**
 * What the server says it does.
 */
description: string, 
/**
 * What calling it may do.
 */
risk: Risk, 
/**
 * Pins the definition.
 */
definition: string, 
/**
 * What it is called with.
 */
parameters: Array<Parameter>, 
/**
 * Granted to some agent with another definition: those calls are refused.
 */
changed: boolean, };

/**
 * What a server offers.
 */
export type Tools = { "state": "listed", 
/**
 * Tools.
 */
tools: Array<Tool>, 
/**
 * Resources, and families of them as prefixes.
 */
resources: Array<Resource>, 
/**
 * Prompts.
 */
prompts: Array<Prompt>, } | { "state": "failed", 
/**
 * Why.
 */
why: Failure, };

/**
 * How a server is reached.
 */
export type Transport = { "kind": "stdio", 
/**
 * The program.
 */
command: string, 
/**
 * Its arguments.
 */
args: Array<string>, 
/**
 * Its working directory, if not the human's home.
 */
cwd: string | null, 
/**
 * Names of the variables it is given; values are not shown.
 */
env: Array<string>, } | { "kind": "http", 
/**
 * The endpoint.
 */
url: string, };

/**
 * A secret the human typed. It comes in and never goes out: no `Serialize`, no `Clone`, nothing to print.
 */
export type Typed = string;

/**
 * Whether the whole record is whole.
 */
export type Verdict = { 
/**
 * Whether nothing is missing, altered or out of order.
 */
whole: boolean, 
/**
 * How many receipts were read.
 */
receipts: number, 
/**
 * What is wrong, one sentence each; empty when whole.
 */
faults: Array<string>, };

/**
 * What the main window shows.
 */
export type Wallet = { "phase": "new", 
/**
 * A name to begin with, such as the login name.
 */
suggested: string, 
/**
 * Whether the system's keyring can seal it.
 */
keyring: Keyring, } | { "phase": "locked" } & Locked | { "phase": "stopped" } & Stopped | { "phase": "open" } & Open | { "phase": "unusable", 
/**
 * What happened, and what to do.
 */
sentence: string, 
/**
 * Where its files are.
 */
home: string, };

/**
 * A call under way.
 */
export type Work = { 
/**
 * The call.
 */
call: string, 
/**
 * Who called.
 */
agent: string, 
/**
 * Where.
 */
server: string, 
/**
 * What: a tool, a prompt or a resource, by the server's name for it.
 */
tool: string, 
/**
 * Since when.
 */
since: string, };
