"""How an agent logs in over HTTP with the official Python SDK, and a browser that goes where it is sent; see login.mjs."""

import asyncio
import contextlib
import http.server
import threading
import urllib.parse

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata


class Kept:
    """Tokens and registration, in memory."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


@contextlib.asynccontextmanager
async def over_http(url, name):
    answered = asyncio.get_running_loop().create_future()
    listener, redirect = listen(answered)
    metadata = OAuthClientMetadata(
        client_name=name,
        redirect_uris=[redirect],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    browsing = []

    async def visit(address):
        browsing.append(asyncio.create_task(browse(address, redirect)))

    async def answer():
        said = await answered
        one = {key: values[0] for key, values in said.items()}
        return AuthorizationCodeResult(code=one["code"], state=one.get("state"), iss=one.get("iss"))

    auth = OAuthClientProvider(url, metadata, Kept(), visit, answer)
    try:
        async with httpx2.AsyncClient(auth=auth, timeout=60) as client:
            yield streamable_http_client(url, http_client=client)
    finally:
        listener.shutdown()


def listen(answered):
    loop = asyncio.get_running_loop()

    class Callback(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            said = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            loop.call_soon_threadsafe(lambda: answered.done() or answered.set_result(said))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    listener = http.server.HTTPServer(("127.0.0.1", 0), Callback)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.server_address[1]}/callback"


async def browse(address, redirect):
    async with httpx2.AsyncClient(timeout=60) as browser:
        while True:
            page = await browser.get(address)
            if page.is_redirect:
                address = urllib.parse.urljoin(address, page.headers["location"])
            elif address.startswith(redirect):
                return
            elif 'http-equiv="refresh"' in page.text:
                await asyncio.sleep(0.2)
            else:
                raise RuntimeError(f"the browser is stuck at {address}: {page.status_code}")
