"""A balancer in front of the sender names its clients by the PROXY protocol (listen.proxy_protocol)."""
import socket
import struct
import subprocess
import sys

import harness
from front import Front

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def seen(handler):
    handler.answer(f"for={handler.headers['X-Forwarded-For']} proto={handler.headers['X-Forwarded-Proto']}\n".encode())


def proxied_front(**more):
    front = Front({"*": seen}, **{"trusted.proxies": "127.0.0.0/8", **more})
    front.pair.sender.settings["listen.proxy_protocol"] = f"127.0.0.1:{front.pair.port} 127.0.0.1:{front.tls_port}"
    return front


def ask(port, header, wrap=None):
    """The answer to a request after the header; nothing if the connection is cut."""
    client = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
    try:
        client.sendall(header)
        client = wrap(client) if wrap else client
        client.sendall(b"GET / HTTP/1.1\r\nHost: site.test\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer
    except ConnectionError:
        return b""
    finally:
        client.close()


def test_the_client_is_whom_the_header_names():
    with proxied_front() as front:
        def wrap(plain):
            return front.context.wrap_socket(plain, server_hostname="site.test")
        version1 = b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"
        version2 = SIGNATURE + b"\x21\x21\x00\x24" + socket.inet_pton(socket.AF_INET6, "2001:db8::1") * 2 + struct.pack(">HH", 1, 2)
        # The client is no trusted proxy: what it claims of itself is dropped.
        assert b"for=192.0.2.1 proto=http\n" in ask(front.pair.port, version1)
        assert b"for=2001:db8::1 proto=http\n" in ask(front.pair.port, version2)
        assert b"for=192.0.2.1 proto=https\n" in ask(front.tls_port, version1, wrap)
        assert b"for=2001:db8::1 proto=https\n" in ask(front.tls_port, version2, wrap)
        # A health check: the balancer speaks for itself, and it is trusted.
        assert b"for=203.0.113.9, 127.0.0.1 " in ask(front.pair.port, SIGNATURE + b"\x20\x00\x00\x00")
        for wrong in (b"", b"PROXY TCP4 x y 1 2\r\n", SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12)):
            assert ask(front.pair.port, wrong) == b"", wrong
        done = subprocess.run(["curl", "-sS", "--haproxy-protocol", "-H", "Host: site.test", f"http://127.0.0.1:{front.pair.port}/"],
                              capture_output=True, timeout=harness.PATIENCE)
        assert b"for=127.0.0.1" in done.stdout, done


def test_strangers_cannot_name_a_client():
    with proxied_front() as front:
        front.pair.sender.settings["trusted.proxies"] = "192.0.2.0/24"
        front.pair.sender.write()
        assert harness.ctl(front.pair.sender, "reload")[0] == 0
        assert ask(front.pair.port, b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n") == b""
        harness.wait_until(lambda: "only trusted.proxies may connect there" in front.pair.sender.log.read_text(), "the log says so")


harness.run_tests(sys.modules[__name__])
