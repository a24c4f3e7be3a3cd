"""Answers that the origin breaks off: every kind of client can tell that they are not whole, over a link and directly, and the
next answer is whole."""
import contextlib
import itertools
import socket
import struct
import sys

import harness
import http2_client
import http2_origin
import raw_origin
from http2_client import h2

PAGE = b"<html>" + b"".join(b"<p>line %d of a page</p>\n" % i for i in range(1000)) + b"</html>"
HALF = len(PAGE) // 2
FRAMINGS = {"length": f"Content-Length: {len(PAGE)}\r\n", "chunks": "Transfer-Encoding: chunked\r\n", "end": ""}
TYPES = ("text/html", "image/png", "application/json")


def behave(connection, head):
    """The path says how: /FRAMING/TYPE/HOW, with the end of the connection or a reset in the middle; or whole."""
    _, framing, kind, subtype, how = head.split()[1].split("/")
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}/{subtype}\r\n{FRAMINGS[framing]}\r\n".encode())
    body = PAGE if how == "whole" else PAGE[:HALF]
    if framing == "chunks":
        connection.sendall(b"%x\r\n" % len(body) + body + b"\r\n" + (b"0\r\n\r\n" if how == "whole" else b""))
    else:
        connection.sendall(body)
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return None if how == "whole" and framing != "end" else "close"


def behave_over_http2(fields):
    _, framing, kind, subtype, how = fields[":path"].split("/")
    length = [("content-length", str(len(PAGE)))] if framing == "length" else []
    return 200, [("content-type", f"{kind}/{subtype}"), *length], PAGE if how == "whole" else PAGE[:HALF], how


def over_http1(port, path, version):
    """The body, or nothing if the client can tell that it is not whole."""
    with socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE) as client:
        client.sendall(f"GET {path} HTTP/{version}\r\nHost: site.test\r\nConnection: close\r\n\r\n".encode())
        got = b""
        try:
            while piece := client.recv(65536):
                got += piece
        except ConnectionResetError:
            return None
    if not got:
        return None
    head, _, body = got.partition(b"\r\n\r\n")
    if head.split()[1] != b"200":
        assert head.split()[1] == b"527", head
        return None
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n")[1:])}
    if "transfer-encoding" in fields:
        whole = b""
        while body:
            size, _, rest = body.partition(b"\r\n")
            if int(size, 16) == 0:
                return whole if rest == b"\r\n" else None
            whole, body = whole + rest[:int(size, 16)], rest[int(size, 16) + 2:]
        return None
    if "content-length" in fields and len(body) < int(fields["content-length"]):
        return None
    return body


def over_http2(port, path):
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)) as connection:
        client = http2_client.Client(connection, scheme="http")
        stream = client.ask(path)
        while True:
            events = client.events.get(stream, [])
            if any(isinstance(event, h2.events.StreamReset) for event in events):
                return None
            if any(isinstance(event, h2.events.StreamEnded) for event in events):
                status, _, body = client.answer(stream)
                assert status in (200, 527), status
                return body if status == 200 else None
            assert client.receive(), "the connection ended"


CLIENTS = {"HTTP/1.1": lambda port, path: over_http1(port, path, "1.1"),
           "HTTP/1.0": lambda port, path: over_http1(port, path, "1.0"), "HTTP/2": over_http2}


def check(origin, target, framings, ways, direct):
    """`ways`: in which the origin may break off."""
    way = {"site.site.test.origin": target} if direct else {}
    try:
        with harness.Pair(0, nat=f"default = {target}\n", sender={"http2.clear": 1, **way}) as pair:
            if direct:
                pair.listener.stop()
            for framing, kind, (client, ask), how in itertools.product(framings, TYPES, CLIENTS.items(), ways):
                got = ask(pair.port, f"/{framing}/{kind}/{how}")
                # Where the end of the connection ends the body, nothing says that there is more.
                expected = PAGE[:HALF] if (framing, how) == ("end", "fin") else None
                assert got == expected, (client, framing, kind, how, got and len(got))
                got = ask(pair.port, f"/{framing}/{kind}/whole")
                assert got == PAGE, (client, framing, kind, how, got and len(got))
    finally:
        origin.close()


def check_http1(direct):
    origin = raw_origin.Origin(behave)
    check(origin, f"http://127.0.0.1:{origin.port}", FRAMINGS, ("reset", "fin"), direct)


def check_http2(direct):
    origin = http2_origin.Origin(behave_over_http2)
    check(origin, f"h2c://127.0.0.1:{origin.port}", ("length", "none"), ("reset", "fin", "cut"), direct)


def test_over_a_link():
    check_http1(direct=False)


def test_over_a_link_from_an_origin_of_http2():
    check_http2(direct=False)


def test_directly():
    check_http1(direct=True)


def test_directly_from_an_origin_of_http2():
    check_http2(direct=True)


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
