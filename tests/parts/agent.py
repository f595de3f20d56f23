"""An agent: the official Python SDK, unchanged, driven by one JSON object on stdin; see agent.mjs.

It probes for the modern era first and falls back to the legacy one, as the SDK does by default.
"""

import asyncio
import contextlib
import json
import os
import sys

import login
from mcp import Client, MCPError, StdioServerParameters, types


async def sampled(_context, _params):
    content = types.TextContent(type="text", text="sampled by the agent")
    return types.CreateMessageResult(model="none", role="assistant", content=content)


async def accepted(_context, _params):
    return types.ElicitResult(action="accept", content={})


async def answer(client, request):
    params = request.get("params", {})
    calls = {
        "tools/list": client.list_tools,
        "tools/call": lambda: client.call_tool(params["name"], params.get("arguments", {})),
        "resources/list": client.list_resources,
        "resources/read": lambda: client.read_resource(params["uri"]),
        "prompts/list": client.list_prompts,
        "prompts/get": lambda: client.get_prompt(params["name"], params.get("arguments")),
    }
    try:
        result = await calls[request["method"]]()
        return {"result": result.model_dump(mode="json", by_alias=True, exclude_none=True)}
    except MCPError as error:
        return {"error": {"code": error.error.code, "message": error.error.message}}


async def main():
    script = json.load(sys.stdin)
    async with contextlib.AsyncExitStack() as stack:
        if "url" in script:
            server = await stack.enter_async_context(login.over_http(script["url"], script["name"]))
        else:
            command, *args = script["command"]
            server = StdioServerParameters(command=command, args=args, env=dict(os.environ))
        await work(script, server)


async def work(script, server):
    async with Client(server, sampling_callback=sampled, elicitation_callback=accepted) as client:
        answers = [answer(client, request) for request in script["requests"]]
        results = await asyncio.gather(*answers) if script.get("together") else [await one for one in answers]
        print(json.dumps({"version": client.protocol_version, "results": results}))


asyncio.run(main())
