"""For ./dev bench front: when the first byte of a slow page is at the visitor, coded and not. The origin sends the page's start
at once and the rest half a second later, so an edge that gathers a page before it codes it is half a second late."""
import contextlib
import socket
import statistics
import time

from pair import HOST, QuietPair

import harness  # noqa: E402  (pair.py has put tests/e2e on the path)
import raw_origin  # noqa: E402

START, REST = b"<html><head><title>Slow</title></head>" + b"<p>start</p>" * 300, b"<p>rest</p>" * 300
PAUSE = 0.5
REQUESTS = 7
WAYS = ("identity", "gzip", "zstd", "br")


def answer(connection, head):
    if head.startswith("GET /small "):
        return connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" %
                       (len(START) + len(REST)) + START)
    time.sleep(PAUSE)
    connection.sendall(REST)


def first_byte(port, coding):
    """Seconds from the request to the body's first byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE) as client:
        begun = time.perf_counter()
        client.sendall(f"GET /slow HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n".encode())
        text, since = b"", None
        while piece := client.recv(65536):
            text += piece
            body = text.partition(b"\r\n\r\n")[2].partition(b"\r\n")[2]  # after a chunk's size, or the body's first line
            if since is None and (body or (coding == "identity" and text.partition(b"\r\n\r\n")[2])):
                since = time.perf_counter() - begun
        head = text.partition(b"\r\n\r\n")[0].lower()
        if (coding != "identity") != (f"content-encoding: {coding}".encode() in head) or since is None:
            raise SystemExit(f"bench: a wrong answer to Accept-Encoding: {coding}: {head!r}")
        return since


def measure():
    """{coding: median milliseconds}."""
    with contextlib.closing(raw_origin.Origin(answer)) as slow, QuietPair(slow.port) as pair:
        times = {way: [] for way in WAYS}
        for way in WAYS:
            first_byte(pair.port, way)  # the page is kept now, and what is coded later is a delta
        for _ in range(REQUESTS):
            for way in WAYS:
                times[way].append(first_byte(pair.port, way) * 1000)
        return {way: statistics.median(values) for way, values in times.items()}
