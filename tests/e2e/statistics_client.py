"""Asking stats.listen, for the tests of the statistics."""
import contextlib
import http.client
import socket

from harness import PATIENCE

TOKEN = "a-token-of-enough-letters"


def listening(port, **more):
    return {"stats.enabled": 1, "stats.listen": f"127.0.0.1:{port}", **more}


def ask(port, path="/", fields=None, method="GET", address="127.0.0.1", timeout=PATIENCE):
    """(status, fields, body) of one request."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request(method, path, headers=fields or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def own_address():
    """An address of this machine that is not loopback, or nothing."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address
    return None
