"""Odd methods and odd but legal targets reach the origin unchanged: over a link and directly, from clients of HTTP/1.1 and
HTTP/2, to origins of both."""
import socket
import sys

import harness
import http2_client
import http2_origin
import raw_origin

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE", "BREW", "M-SEARCH", "VERSION-CONTROL", "QUERY",
           "get", "x", "!#$%&'*+-.^_`|~aZ9", "A" * 24)
TARGETS = ("/", "//", "//other.test/a", "/a//b/", "/a/./b/../c", "/..", "/%7Euser/%2e%2E/%2f", "/a%00b%0D%0A", "/%e4%F6", "/?",
           "/?a=b&&c==&?d/e?", "/??", "/;p=1;q", "/a:b@c!$&'()*+,=-._~", "/http://other.test/", "/:80", "/*", "/a?*",
           "/" + "long/" * 800, "/?" + "x=y&" * 800)
REQUESTS = [*((method, "/a?b") for method in METHODS), *(("GET", target) for target in TARGETS), ("OPTIONS", "*")]


def tell(connection, head):
    """Answers with the first line of the request; to HEAD in a field."""
    line = head.partition("\r\n")[0]
    body = b"" if line.startswith("HEAD ") else line.encode()
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nX-Line-Bytes: {len(line)}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


def tell_over_http2(fields):
    line = f"{fields[':method']} {fields[':path']} HTTP/1.1"
    body = b"" if line.startswith("HEAD ") else line.encode()
    told = [("content-type", "application/octet-stream"), ("x-line-bytes", str(len(line))), ("content-length", str(len(body)))]
    return 200, told, body, "whole"


class Http1:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)

    def ask(self, method, target):
        self.socket.sendall(f"{method} {target} HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n".encode())
        got = raw_origin.read_until(self.socket, b"\r\n\r\n")
        head, _, body = got.partition(b"\r\n\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n")[1:])}
        while method != "HEAD" and len(body) < int(fields["content-length"]):
            body += self.socket.recv(65536)
        return int(head.split()[1]), fields, body

    def close(self):
        self.socket.close()


class Http2:
    def __init__(self, port):
        self.client = http2_client.Client(socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE), scheme="http")

    def ask(self, method, target):
        return self.client.get(target, method=method)

    def close(self):
        self.client.socket.close()


def check(direct, over_http2):
    origin = http2_origin.Origin(tell_over_http2) if over_http2 else raw_origin.Origin(tell)
    target = f"h2c://127.0.0.1:{origin.port}" if over_http2 else f"http://127.0.0.1:{origin.port}"
    way = {"site.site.test.origin": target} if direct else {}
    try:
        with harness.Pair(0, nat=f"default = {target}\n", sender={"http2.clear": 1, **way}) as pair:
            if direct:
                pair.listener.stop()
            for kind in (Http1, Http2):
                client = kind(pair.port)
                for method, target in REQUESTS:
                    status, fields, body = client.ask(method, target)
                    line = f"{method} {target} HTTP/1.1"
                    assert status == 200 and int(fields["x-line-bytes"]) == len(line), (kind, line, status, fields, body)
                    assert method == "HEAD" or body == line.encode(), (kind, line, body)
                client.close()
            client = Http1(pair.port)
            for target, expected in (("http://site.test/a//b?", "GET /a//b?"), ("HTTP://SITE.TEST/%41", "GET /%41"),
                                     ("http://site.test?q", "GET /?q"), ("http://site.test", "GET /")):
                assert client.ask("GET", target)[2] == f"{expected} HTTP/1.1".encode(), target
            # RFC 9112 3.2.4
            assert client.ask("OPTIONS", "http://site.test")[2] == b"OPTIONS * HTTP/1.1"
            client.close()
    finally:
        origin.close()


def test_over_a_link():
    check(direct=False, over_http2=False)


def test_over_a_link_to_an_origin_of_http2():
    check(direct=False, over_http2=True)


def test_directly():
    check(direct=True, over_http2=False)


def test_directly_to_an_origin_of_http2():
    check(direct=True, over_http2=True)


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
