// How an agent logs in over HTTP: what a client of the official SDKs has to bring along, and a browser that goes where it is sent.
import http from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** An OAuth client that keeps everything in memory, and listens for its answer at a port of its own. */
export async function provider(name) {
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  const server = http.createServer((request, response) => {
    answer(new URL(request.url, redirectUrl).searchParams);
    response.end('You may close this page.');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const redirectUrl = `http://127.0.0.1:${server.address().port}/callback`;
  const kept = {};
  return {
    redirectUrl,
    clientMetadata: {
      client_name: name,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    redirectToAuthorization: (url) => void browse(url, redirectUrl).catch((error) => console.error(error)),
    answered: () => answered,
  };
}

/** Goes where a browser would: after redirects, and anew to a page that says so, until the client has its answer. */
async function browse(url, redirectUrl) {
  for (;;) {
    const response = await fetch(url, { redirect: 'manual' });
    const to = response.headers.get('location');
    if (to) url = new URL(to, url);
    else if (String(url).startsWith(redirectUrl)) return;
    else if (/http-equiv="refresh"/.test(await response.text())) await pause(200);
    else throw new Error(`the browser is stuck at ${url}: ${response.status}`);
  }
}
