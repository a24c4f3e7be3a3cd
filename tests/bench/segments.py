"""A row of ./dev bench: an origin that writes an answer's head and its body apart, as Python's and many other servers do. With
Nagle's algorithm, which such servers leave on, the body waits until the head was confirmed; a receiver that confirms late makes each
request on a kept connection cost 40 ms."""
import contextlib
import socket
import statistics
import time

import raw_origin  # pair.py has put tests/e2e on the path

REQUESTS = 100
BODY = b"x" * 5000


def answer(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(BODY))
    connection.sendall(BODY)


@contextlib.contextmanager
def origin():
    with contextlib.closing(raw_origin.Origin(answer)) as made:
        yield made.port


def median_ms(port, host):
    """Of requests one after the other on one connection."""
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client, client.makefile("rb") as file:
        for _ in range(REQUESTS):
            begun = time.perf_counter()
            client.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            length = 0
            while (line := file.readline()) != b"\r\n":
                if not line:
                    raise SystemExit("bench: the connection ended")
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            body = file.read(length)
            times.append(time.perf_counter() - begun)
            if body != BODY:
                raise SystemExit(f"bench: a wrong body of {len(body)} bytes")
    return statistics.median(times) * 1000
