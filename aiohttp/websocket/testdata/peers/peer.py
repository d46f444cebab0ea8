"""Python's websockets as a peer: `peer.py client URL` talks to an echo server,
`peer.py wait URL` says how the server closes, `peer.py server` is one and prints its
address."""

import asyncio
import sys

import websockets


async def echo(socket, *_):
    try:
        async for message in socket:
            if message == "ping me":
                await socket.ping(b"x")
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass


async def serve():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=8 << 20) as server:
        print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def talk(url):
    socket = await websockets.connect(url, subprotocols=["echo"], max_size=8 << 20)
    assert socket.subprotocol == "echo", socket.subprotocol
    for size in 0, 1, 125, 126, 65535, 65536, 1000000:
        for sent in "κ" * size, b"abc" * size:
            await socket.send(sent)
            assert await socket.recv() == sent, size
    await socket.send(["frag", "men", "ts"])
    assert await socket.recv() == "fragments"
    await (await socket.ping(b"hello"))
    await socket.close(4000, "bye")
    assert (socket.close_code, socket.close_reason) == (4000, "bye"), (socket.close_code, socket.close_reason)
    print("compressed: " + str(bool(socket.extensions)).lower())


async def wait(url):
    socket = await websockets.connect(url)
    print("open", flush=True)
    await socket.wait_closed()
    print("closed %d" % socket.close_code)


asyncio.run(serve() if sys.argv[1] == "server" else {"client": talk, "wait": wait}[sys.argv[1]](sys.argv[2]))
