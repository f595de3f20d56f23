// An MCP server behind a login: a certified authorization server (oidc-provider) and, on another port, a resource
// server made with the official SDK. Prints one line of JSON with its addresses when it is ready.
//
//   node protected-server.mjs '{"ttl": 3600}'
//   node protected-server.mjs '{"client": {"client_id": "x", …}}'   that client alone, and no dynamic registration
//
// GET  /stats     what the two have seen: token requests by grant, calls that took effect, proofs, headers
// POST /control   {"ttl": seconds, "tokenDelay": milliseconds, "down": bool, "hidePkce": bool, "wants": "scope for write_note"}
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import express from 'express';
import Provider, { errors } from 'oidc-provider';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const settings = { ttl: 3600, tokenDelay: 0, down: false, hidePkce: false, client: null, wants: null, ...JSON.parse(process.argv[2] ?? '{}') };
const stats = { token: {}, refused: [], revocations: 0, unauthorized: 0, issued: [], calls: [], proofs: [], headers: [] };
const resourceServer = { client_id: 'resource', client_secret: randomUUID() };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const [authorization, resource] = [createServer(), createServer()];
const issuer = await listen(authorization);
const origin = await listen(resource);
const mcp = `${origin}/mcp`;
const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;

authorization.on('request', authorizationServer().callback());
resource.on('request', resourceApp());
console.log(JSON.stringify({ mcp, issuer, stats: `${origin}/stats`, control: `${origin}/control` }));

function listen(server) {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`));
  });
}

function authorizationServer() {
  const provider = new Provider(issuer, {
    clients: [{ ...resourceServer, redirect_uris: [], response_types: [], grant_types: [] }, settings.client].filter(Boolean),
    cookies: { keys: [randomUUID()] },
    scopes: ['openid', 'offline_access'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverything,
    ttl: { AccessToken: () => settings.ttl, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600 },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: !settings.client },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === resourceServer.client_id },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, asked) => {
          if (asked !== mcp) throw new errors.InvalidTarget();
          return { audience: mcp, scope: 'notes notes:write', accessTokenFormat: 'opaque', accessTokenTTL: settings.ttl };
        },
      },
    },
  });
  provider.use(watchTokens);
  provider.use(signInAtOnce(provider));
  return provider;
}

// Whoever opens the page is Ada, and agrees: the person's part is played by whoever opens the address.
function signInAtOnce(provider) {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    await provider.interactionDetails(ctx.req, ctx.res);
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'ada' }, consent: {} });
  };
}

async function grantEverything(ctx) {
  const grant = new ctx.oidc.provider.Grant({
    clientId: ctx.oidc.client.clientId,
    accountId: ctx.oidc.session.accountId,
  });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(mcp, 'notes notes:write');
  await grant.save();
  return grant;
}

async function watchTokens(ctx, next) {
  await next();
  if (settings.hidePkce && ctx.path.startsWith('/.well-known/')) delete ctx.body.code_challenge_methods_supported;
  if (ctx.path === '/token/revocation' && ctx.status === 200) stats.revocations += 1;
  if (ctx.path !== '/token') return;
  const grant = ctx.oidc?.params?.grant_type ?? 'none';
  stats.token[grant] = (stats.token[grant] ?? 0) + 1;
  stats.issued.push(...[ctx.body?.access_token, ctx.body?.refresh_token].filter(Boolean));
  if (ctx.status !== 200) stats.refused.push({ grant, body: ctx.body });
  await pause(settings.tokenDelay);
}

function resourceApp() {
  const app = express();
  app.get('/.well-known/oauth-protected-resource/mcp', (_, answer) =>
    answer.json({ resource: mcp, authorization_servers: [issuer], scopes_supported: ['notes'] }));
  app.get('/stats', (_, answer) => answer.json(stats));
  app.post('/control', express.json(), (request, answer) => answer.json(Object.assign(settings, request.body)));
  const sessions = new Map();
  app.all('/mcp', guard, express.json({ limit: '64mb' }), (request, answer) => serve(sessions, request, answer));
  return app;
}

async function guard(request, answer, next) {
  if (settings.down) return request.socket.destroy();
  const token = request.headers.authorization?.replace(/^Bearer /i, '');
  const claims = token && (await introspect(token));
  if (claims?.active && claims.aud === mcp) {
    answer.locals.scopes = claims.scope.split(' ');
    return next();
  }
  stats.unauthorized += 1;
  answer.status(401).set('WWW-Authenticate', `Bearer resource_metadata="${metadata}", scope="notes"`).end();
}

async function introspect(token) {
  const { client_id, client_secret } = resourceServer;
  const answer = await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ token }),
  });
  return answer.json();
}

async function serve(sessions, request, answer) {
  const { authorization: _, ...headers } = request.headers;
  stats.headers.push(headers);
  if (request.body?.method === 'tools/call') {
    const { name, arguments: given, _meta } = request.body.params;
    stats.proofs.push({ name, arguments: given, meta: _meta ?? null, header: headers['countersign-proof'] ?? null });
  }
  if (settings.wants && request.body?.params?.name === 'write_note' && !answer.locals.scopes.includes(settings.wants)) {
    const challenge = `Bearer error="insufficient_scope", scope="${settings.wants}", resource_metadata="${metadata}"`;
    return answer.status(403).set('WWW-Authenticate', challenge).end();
  }
  let transport = sessions.get(headers['mcp-session-id']);
  if (!transport && headers['mcp-session-id']) return answer.status(404).end();
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await tools().connect(transport);
  }
  const failure = failures[request.body?.method === 'tools/call' && request.body.params.name];
  if (failure) return failure(answer);
  await transport.handleRequest(request, answer, request.body);
}

// Tools that fail as no well-behaved server would.
const failures = {
  die: (answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.write('data: {"jsonrpc"', () => answer.socket.destroy());
  },
  garble: (answer) => answer.type('html').send('<html>This is not MCP.</html>'),
};

function tools() {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  const text = (value) => ({ content: [{ type: 'text', text: value }] });
  const effect = (name, given) => stats.calls.push({ name, arguments: given, at: Date.now() });

  server.registerTool('read_note', { description: 'Reads a note', inputSchema: { title: z.string() }, annotations: { readOnlyHint: true } },
    async (given) => (effect('read_note', given), text(`The note ${given.title} is empty.`)));
  server.registerTool('write_note', { description: 'Writes a note', inputSchema: { title: z.string(), text: z.string() } },
    async (given) => (effect('write_note', given), text(`Written: ${given.title}`)));
  server.registerTool('delete_notes', { description: 'Deletes every note', inputSchema: {}, annotations: { destructiveHint: true } },
    async (given) => (effect('delete_notes', given), text('All gone.')));
  server.registerTool('show_authorization', { description: 'Says the Authorization header it was given, in several spellings', inputSchema: {} },
    async (_, { requestInfo }) => text(spellings(requestInfo.headers.authorization.replace(/^Bearer /i, '')).join('\n')));
  server.registerTool('wait', { description: 'Takes its time', inputSchema: { ms: z.number() } },
    async (given, { signal }) => {
      effect('wait', given);
      await Promise.race([pause(given.ms), new Promise((_, stop) => { signal.onabort = () => stop(new Error('cancelled')); })])
        .catch((reason) => { effect('cancelled', given); throw reason; });
      return text('Done waiting.');
    });
  server.registerTool('big', { description: 'Answers with many bytes', inputSchema: { bytes: z.number() } },
    async ({ bytes }) => text('x'.repeat(bytes)));
  for (const name of Object.keys(failures)) server.registerTool(name, { description: 'Fails', inputSchema: {} }, async () => text(''));
  server.registerResource('rules', 'notes://rules', { description: 'House rules' },
    async (uri) => ({ contents: [{ uri: uri.href, text: 'Be kind.' }] }));
  server.registerPrompt('summarise', { description: 'Asks for a summary' },
    async () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'Summarise my notes.' } }] }));
  return server;
}

// As it is, in base64 (alone and inside a larger text), in a URL, in JSON with escapes, and in hex.
function spellings(secret) {
  return [
    secret,
    btoa(secret),
    btoa(`Authorization: Bearer ${secret}`),
    [...secret].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
    [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    Buffer.from(secret).toString('hex'),
  ];
}
