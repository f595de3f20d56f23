// An agent: an official TypeScript SDK, unchanged, driven by one JSON object on stdin.
//
//   {"sdk": "sdk" | "client", "command": ["countersign", "connect", …], "together": false,
//    "requests": [{"method": "tools/call", "params": {"name": …, "arguments": …}}, …]}
//
// With "url" in place of "command" it goes over HTTP and logs in by itself, as the client "name".
// "sdk" is @modelcontextprotocol/sdk (legacy era), "client" is @modelcontextprotocol/client (either era).
// It says yes to elicitation and answers sampling itself. Prints {"server", "version", "results", "progress"}.
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { provider } from './login.mjs';

const script = JSON.parse(await text(process.stdin));
const info = { name: 'journey', version: '1.0.0' };
const options = { capabilities: { sampling: {}, elicitation: {}, roots: {} } };
const answers = {
  'sampling/createMessage': () => ({ model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled by the agent' } }),
  'elicitation/create': ({ params }) => ({ action: 'accept', content: filled(params.requestedSchema) }),
  'roots/list': () => ({ roots: [{ uri: 'file:///tmp', name: 'tmp' }] }),
};
const progress = [];

const make = { sdk: legacy, client: either }[script.sdk ?? 'sdk'];
const client = await (script.url ? overHttp(new URL(script.url)) : overStdio(script.command));

const results = [];
if (script.together) results.push(...(await Promise.all(script.requests.map(answerTo))));
else for (const request of script.requests) results.push(await answerTo(request));
const version = client.getNegotiatedProtocolVersion?.() ?? null;
const tokens = client.login?.tokens() ?? null;
console.log(JSON.stringify({ tokens, server: client.getServerVersion() ?? null, version, results, progress }));
await client.close();

async function answerTo({ method, params = {} }) {
  const call = {
    'tools/list': () => client.listTools(params),
    'tools/call': () => client.tool(params, { onprogress: (step) => progress.push(step) }),
    'resources/list': () => client.listResources(params),
    'resources/read': () => client.readResource(params),
    'prompts/list': () => client.listPrompts(params),
    'prompts/get': () => client.getPrompt(params),
    ping: () => client.ping(),
  }[method];
  try {
    return { result: await call() };
  } catch (error) {
    return { error: { code: error.code ?? null, message: error.message } };
  }
}

async function overStdio([command, ...args]) {
  const client = await make();
  await client.connect(client.stdio({ command, args, env: process.env, stderr: 'inherit' }));
  return client;
}

// The first connection is refused, and sends the human to the wallet; the second one has the tokens.
async function overHttp(url) {
  const login = await provider(script.name);
  const first = await make();
  const transport = first.http(url, { authProvider: login });
  const refused = await first.connect(transport).then(
    () => null,
    (error) => error,
  );
  if (refused === null) throw new Error('let in without a login');
  const answer = await Promise.race([login.answered(), pause(60_000, null, { ref: false })]);
  if (answer === null) throw refused;
  if (!answer.get('code')) {
    console.log(JSON.stringify({ refused: answer.get('error') }));
    process.exit(0);
  }
  await first.finish(transport, answer);
  const client = await make();
  await client.connect(client.http(url, { authProvider: login }));
  client.login = login;
  return client;
}

async function legacy() {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const types = await import('@modelcontextprotocol/sdk/types.js');
  const client = new Client(info, options);
  client.setRequestHandler(types.CreateMessageRequestSchema, answers['sampling/createMessage']);
  client.setRequestHandler(types.ElicitRequestSchema, answers['elicitation/create']);
  client.setRequestHandler(types.ListRootsRequestSchema, answers['roots/list']);
  client.tool = (params, options) => client.callTool(params, undefined, options);
  client.stdio = (launch) => new StdioClientTransport(launch);
  client.http = (url, options) => new StreamableHTTPClientTransport(url, options);
  client.finish = (transport, answer) => transport.finishAuth(answer.get('code'));
  return client;
}

async function either() {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const client = new Client(info, { ...options, versionNegotiation: { mode: 'auto' } });
  for (const [method, answer] of Object.entries(answers)) client.setRequestHandler(method, answer);
  client.tool = (params, options) => client.callTool(params, options);
  client.stdio = (launch) => new StdioClientTransport(launch);
  client.http = (url, options) => new StreamableHTTPClientTransport(url, options);
  client.finish = (transport, answer) => transport.finishAuth(answer);
  return client;
}

// The least a form asks for.
function filled(schema) {
  const value = ({ type, enum: choices }) => choices?.[0] ?? { string: 'yes', boolean: true, number: 1, integer: 1, array: [] }[type];
  const required = (schema?.required ?? []).map((name) => [name, value(schema.properties[name])]);
  return Object.fromEntries(required);
}
