"""A client of websockify, on Debian's python3-websockets: a program of its own, for the system's Python. Arguments: a ws:// URL
whose target echoes bytes, and ends the connection after "quit". Prints what it saw, as JSON."""
import asyncio
import hashlib
import json
import sys

import websockets

PATIENCE = 120  # seconds; when a wait counts as hanging


def connect(url):
    return websockets.connect(url, subprotocols=["binary"], max_size=None, open_timeout=PATIENCE, close_timeout=PATIENCE,
                              ping_interval=None)


async def echo(socket, message):
    """Sends a message, or one in fragments; the echo, which may come in other messages."""
    sent = message if isinstance(message, bytes) else b"".join(message)
    await socket.send(message)
    got = b""
    while len(got) < len(sent):
        got += await socket.recv()
    assert got == sent, f"{len(got)} of {len(sent)} bytes, or other ones"
    return hashlib.sha256(got).hexdigest()


async def one(url):
    async with connect(url) as socket:
        seen = {"subprotocol": socket.subprotocol,
                "echoes": [await echo(socket, bytes(i % 251 for i in range(size))) for size in
                           (1, 125, 126, 65_535, 65_536, 1_000_000)],
                "fragments": await echo(socket, [b"one " * 1000, b"two " * 1000, b"three"])}
        await (await socket.ping(b"are you there"))
    seen["close"] = socket.close_code
    return seen


async def quits(url):
    """The application's target ends the connection."""
    async with connect(url) as socket:
        await socket.send(b"quit")
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed:
            return socket.close_code, socket.close_reason


async def many(url):
    async def talk(number):
        async with connect(url) as socket:
            return [await echo(socket, b"connection %d, message %d" % (number, i)) for i in range(20)]
    return await asyncio.gather(*(talk(number) for number in range(50)))


async def main(url):
    seen = {"one": await one(url), "quits": await quits(url), "many": await many(url)}
    print(json.dumps(seen))


asyncio.run(asyncio.wait_for(main(sys.argv[1]), PATIENCE))
