# aiohttp on uvloop, for the http suite. Writes its port, then a line for each line it reads; ends with its input.
import asyncio, gc, json, sys
import uvloop
from aiohttp import web

async def plaintext(request):
    return web.Response(body=b"Hello, World!", content_type="text/plain")

async def make_json(request):
    return web.Response(text=json.dumps({"message": "Hello, World!", "numbers": [1, 2, 3]}), content_type="application/json")

async def post(request):
    body = await request.read()
    return web.Response(body=str(len(body)).encode(), content_type="text/plain")

async def ws(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket

async def main():
    app = web.Application()
    app.router.add_route("*", "/", {"plaintext": plaintext, "json": make_json, "post": post, "ws": ws}[sys.argv[1]])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        gc.collect()
        print("settled", flush=True)

uvloop.install()
asyncio.run(main())
