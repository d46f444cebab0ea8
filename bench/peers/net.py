"""An echo server on asyncio or uvloop, in callbacks. Prints its port, ends when standard input closes.

usage: net.py asyncio|uvloop echo|tls --loops 1 [--identity PEM]
"""

import argparse
import asyncio
import ctypes
import gc
import os
import ssl
import sys
import threading


class Echo(asyncio.Protocol):
    __slots__ = ("transport",)

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def control():
    trim = ctypes.CDLL(None).malloc_trim
    for _ in sys.stdin:  # "settle": collect and give free memory back
        gc.collect()
        trim(0)
        print("settled", flush=True)
    os._exit(0)


async def serve(identity):
    tls = None
    if identity:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(identity)
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=4096, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=control, daemon=True).start()
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("loop", choices=["asyncio", "uvloop"])
    parser.add_argument("serves", choices=["echo", "tls"])
    parser.add_argument("--loops", type=int, choices=[1])
    parser.add_argument("--identity")
    options = parser.parse_args()
    if options.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(serve(options.identity))


main()
