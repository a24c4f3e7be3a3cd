"""Trailers through the pair and directly, in both protocols: those that a client accepts, and none that must not be one."""
import contextlib
import socket
import sys

import harness
import http2_client
import origin
from raw_origin import Origin, read_until

FORBIDDEN = "Set-Cookie: evil=1\r\nHost: evil\r\nContent-Length: 3\r\n"


@contextlib.contextmanager
def front_of(behave, direct):
    """A pair in front of an origin that does `behave`; the sender goes direct if it is to."""
    raw = Origin(behave)
    try:
        with harness.Pair(raw.port, direct=direct, sender={"http2.clear": 1}) as pair:
            if direct:
                pair.listener.stop()
            yield pair
    finally:
        raw.close()


def with_trailers(content_type):
    def behave(connection, _):
        connection.sendall((f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
                            f"5\r\nhello\r\n0\r\n{FORBIDDEN}X-Sum: 5d41402a\r\n\r\n").encode())

    return behave


def test_a_client_of_http1_gets_those_that_it_accepts():
    for content_type in ("text/html", "application/octet-stream"):
        for direct in (False, True):
            with front_of(with_trailers(content_type), direct) as pair:
                for fields, end in (("TE: trailers\r\nConnection: TE\r\n", b"\r\n0\r\nX-Sum: 5d41402a\r\n\r\n"),
                                    ("", b"\r\n0\r\n\r\n")):
                    with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
                        client.sendall(f"GET / HTTP/1.1\r\nHost: site.test\r\n{fields}\r\n".encode())
                        got = read_until(client, b"\r\n0\r\n")
                        got += read_until(client, b"\r\n\r\n") if not got.endswith(b"\r\n\r\n") else b""
                        assert got.endswith(b"hello" + end), (content_type, direct, got)


def test_a_client_of_http2_gets_those_that_it_accepts():
    for direct in (False, True):
        with front_of(with_trailers("text/html"), direct) as pair:
            connection = socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE)
            with http2_client.Client(connection, "http") as client:
                for fields, expected in (([("te", "trailers")], [("x-sum", "5d41402a")]), ([], [])):
                    stream = client.ask(fields=fields)
                    events = client.wait(stream, http2_client.h2.events.StreamEnded)
                    body = b"".join(e.data for e in events if isinstance(e, http2_client.h2.events.DataReceived))
                    trailers = [f for e in events if isinstance(e, http2_client.h2.events.TrailersReceived) for f in e.headers]
                    assert (body, trailers) == (b"hello", expected), (direct, body, trailers)


def test_an_origin_gets_those_of_a_request():
    heard = []

    def take(handler):
        body = b""
        while not body.endswith(b"\r\n\r\n"):
            body += handler.rfile.readline()
        heard.append(body)
        handler.answer(b"ok")

    server = origin.serve({"/": take})
    for direct in (False, True):
        with harness.Pair(server.server_port, direct=direct) as pair:
            if direct:
                pair.listener.stop()
            with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
                client.sendall(("POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n0\r\n"
                                f"{FORBIDDEN}X-Forwarded-For: 203.0.113.9\r\nX-Up: 1\r\n\r\n").encode())
                assert read_until(client, b"\r\n\r\nok").startswith(b"HTTP/1.1 200")
            assert heard.pop() == b"2\r\nup\r\n0\r\nX-Up: 1\r\n\r\n"
    server.shutdown()


def test_too_many_are_refused():
    with front_of(with_trailers("text/html"), False) as pair:
        with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
                           b"".join(b"X-%d: %s\r\n" % (i, b"x" * 200) for i in range(60)) + b"\r\n")
            assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 400")


harness.run_tests(sys.modules[__name__])
