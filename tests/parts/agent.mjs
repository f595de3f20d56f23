// An agent: an official TypeScript SDK, unchanged, driven by one JSON object on stdin.
//
//   {"sdk": "sdk" | "client", "command": ["countersign", "connect", …], "together": false,
//    "requests": [{"method": "tools/call", "params": {"name": …, "arguments": …}}, …]}
//
// "sdk" is @modelcontextprotocol/sdk (legacy era), "client" is @modelcontextprotocol/client (either era).
// It says yes to elicitation and answers sampling itself. Prints {"server", "version", "results", "progress"}.
import { text } from 'node:stream/consumers';

const script = JSON.parse(await text(process.stdin));
const info = { name: 'journey', version: '1.0.0' };
const options = { capabilities: { sampling: {}, elicitation: {}, roots: {} } };
const answers = {
  'sampling/createMessage': () => ({ model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled by the agent' } }),
  'elicitation/create': ({ params }) => ({ action: 'accept', content: filled(params.requestedSchema) }),
  'roots/list': () => ({ roots: [{ uri: 'file:///tmp', name: 'tmp' }] }),
};
const progress = [];

const client = await { sdk: legacy, client: either }[script.sdk ?? 'sdk']();
const [command, ...args] = script.command;
await client.connect(client.stdio({ command, args, env: process.env, stderr: 'inherit' }));

const results = [];
if (script.together) results.push(...(await Promise.all(script.requests.map(answerTo))));
else for (const request of script.requests) results.push(await answerTo(request));
const version = client.getNegotiatedProtocolVersion?.() ?? null;
console.log(JSON.stringify({ server: client.getServerVersion() ?? null, version, results, progress }));
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

async function legacy() {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const types = await import('@modelcontextprotocol/sdk/types.js');
  const client = new Client(info, options);
  client.setRequestHandler(types.CreateMessageRequestSchema, answers['sampling/createMessage']);
  client.setRequestHandler(types.ElicitRequestSchema, answers['elicitation/create']);
  client.setRequestHandler(types.ListRootsRequestSchema, answers['roots/list']);
  client.tool = (params, options) => client.callTool(params, undefined, options);
  client.stdio = (launch) => new StdioClientTransport(launch);
  return client;
}

async function either() {
  const { Client } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const client = new Client(info, { ...options, versionNegotiation: { mode: 'auto' } });
  for (const [method, answer] of Object.entries(answers)) client.setRequestHandler(method, answer);
  client.tool = (params, options) => client.callTool(params, options);
  client.stdio = (launch) => new StdioClientTransport(launch);
  return client;
}

// The least a form asks for.
function filled(schema) {
  const value = ({ type, enum: choices }) => choices?.[0] ?? { string: 'yes', boolean: true, number: 1, integer: 1, array: [] }[type];
  const required = (schema?.required ?? []).map((name) => [name, value(schema.properties[name])]);
  return Object.fromEntries(required);
}
