"""HTTP through the pair as real clients and origins speak it: nginx and a Python program as origins, curl and raw
sockets as clients."""
import contextlib
import gzip
import hashlib
import http.client
import json
import pathlib
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import harness
import news_origin
import origin
from curl import curl


def get(pair, path, fields=None):
    """(status, fields by name in lower case, body)"""
    status, got, body = pair.get(path, fields)
    return status, {name.lower(): value for name, value in got.items()}, body


def raw(port, request, patience=harness.PATIENCE):
    """Sends bytes and reads until the other end closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(request)
        everything = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                everything += piece
        return everything


def same(got, wanted, what):
    assert got == wanted, f"{what}: {got!r:.200} instead of {wanted!r:.200}"


def text_of(count, seed):
    """Text of so many bytes, in which nothing long repeats within 100,000."""
    words = random.Random(seed).choices(news_origin.WORDS, k=min(count, 100_000) // 4 + 1)
    text = " ".join(words).encode()
    return (text * (count // len(text) + 1))[:count]


def test_bodies_of_every_size_equal_the_origins():
    sizes = [0, 1, 63, 64, 65, 100, 4096, 16383, 16384, 16385, 65535, 65536, 92516, 1 << 20, 20_000_000]
    with origin.Nginx() as nginx, harness.Pair(nginx.port) as pair:
        for size in sizes:
            for kind in ("html", "bin"):
                body = text_of(size, size) if kind == "html" else random.Random(size).randbytes(size)
                path = f"/{size}.{kind}"
                (nginx.root / path[1:]).write_bytes(body)
                straight = curl(nginx.port, path)
                for time in ("first", "second"):
                    through = curl(pair.port, path)
                    same(through.status, 200, f"{path}, {time} time")
                    assert through.body == body, f"{path}, {time} time: {len(through.body)} other bytes"
                    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
                        same(through.field(name), straight.field(name), f"{path} {name}")
                    if time == "second" and kind == "html" and 64 <= size <= 1 << 20:
                        assert through.field("cf-railgun") and "normal" not in through.field("cf-railgun"), through.fields


def test_conditional_ranged_and_old_requests_at_nginx():
    with origin.Nginx() as nginx, harness.Pair(nginx.port) as pair:
        body = text_of(50_000, 1)
        (nginx.root / "page.html").write_bytes(body)
        full = curl(pair.port, "/page.html")
        head = curl(pair.port, "/page.html", "--head")
        same((head.status, head.field("content-length"), head.field("etag")), (200, "50000", full.field("etag")), "HEAD")
        fresh = curl(pair.port, "/page.html", "-H", f"If-None-Match: {full.field('etag')}")
        same((fresh.status, fresh.body), (304, b""), "If-None-Match")
        same(curl(pair.port, "/page.html", "-H", 'If-None-Match: "another"').body, body, "If-None-Match of another")
        part = curl(pair.port, "/page.html", "-r", "100-299")
        same((part.status, part.body, part.field("content-range")), (206, body[100:300], "bytes 100-299/50000"), "range")
        parts = curl(pair.port, "/page.html", "-r", "0-9,20-29")
        assert parts.status == 206 and "multipart/byteranges" in parts.field("content-type"), parts.fields
        beyond = curl(pair.port, "/page.html", "-r", "60000-")
        same(beyond.status, 416, "a range beyond the end")
        old = curl(pair.port, "/page.html", "--http1.0")
        same((old.status, old.body), (200, body), "HTTP/1.0")
        missing = curl(pair.port, "/missing.html")
        same((missing.status, missing.body), (404, curl(nginx.port, "/missing.html").body), "404")
        after = curl(pair.port, "/page.html")
        same(after.body, body, "the page after all that")


def echo(handler):
    digest, count = hashlib.sha256(), 0
    for piece in handler.body_pieces():
        digest.update(piece)
        count += len(piece)
    handler.answer(json.dumps({"method": handler.command, "path": handler.path, "bytes": count,
                               "sha256": digest.hexdigest(), "fields": handler.headers.items()}).encode(),
                   content_type="application/json")


PAGE = news_origin.page(1, 0)
ROUTES = {
    "/echo": echo,
    "/empty": lambda handler: handler.answer_raw(b"HTTP/1.1 204 No Content\r\nX-Kept: yes\r\n\r\n", close=False),
    "/until-close": lambda handler: handler.answer_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + PAGE),
    "/old": lambda handler: handler.answer_raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE),
    "/trailers": lambda handler: handler.answer_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"%x\r\n%s\r\n0\r\nX-Sum: 12345\r\n\r\n" % (len(PAGE), PAGE), close=False),
    "/gzip": lambda handler: handler.answer(gzip.compress(PAGE), fields=[("Content-Encoding", "gzip"), ("ETag", '"v1"')]),
    "/hop": lambda handler: handler.answer_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive, X-Private\r\n"
        b"X-Private: secret\r\nKeep-Alive: timeout=99\r\nProxy-Connection: x\r\nX-Public: yes\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello", close=False),
    "/hints": lambda handler: handler.answer_raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", close=False),
    "/cut": lambda handler: handler.answer_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\nonly this"),
    "/garbage": lambda handler: handler.answer_raw(b"\x00\x01\x02 this is not HTTP\r\n\r\n"),
    "/hang-up": lambda handler: handler.answer_raw(b""),
    "/page": lambda handler: handler.answer(PAGE),
}


@contextlib.contextmanager
def python_pair(**more):
    server = origin.serve(ROUTES)
    with harness.Pair(server.server_port, **more) as pair:
        yield pair
    server.shutdown()


def test_request_bodies_however_they_are_framed():
    with python_pair() as pair, tempfile.TemporaryDirectory(prefix="railgun-body-") as folder:
        for size in (0, 1, 1000, 70_000, 3_000_000):
            body = random.Random(size).randbytes(size)
            file = pathlib.Path(folder, "body")
            file.write_bytes(body)
            for method in ("POST", "PUT", "PATCH"):
                for extra in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")):
                    answer = curl(pair.port, "/echo?q=1", "-X", method, "--data-binary", f"@{file}",
                                  "-H", "Content-Type: application/octet-stream", *extra)
                    got = json.loads(answer.body)
                    same((answer.status, got["method"], got["path"], got["bytes"], got["sha256"]),
                         (200, method, "/echo?q=1", size, hashlib.sha256(body).hexdigest()), f"{method} {size} {extra}")
        for method in ("DELETE", "OPTIONS"):
            same(json.loads(curl(pair.port, "/echo", "-X", method).body)["method"], method, "the method")


def test_field_names_have_the_usual_form_at_both_ends():
    with python_pair() as pair:
        request = b"GET /echo HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nX-Requested-With: a\r\nSOAPAction: b\r\n\r\n"
        for _ in range(2):
            head, _, body = raw(pair.port, request).partition(b"\r\n\r\n")
            names = [line.split(b":")[0].decode() for line in head.split(b"\r\n")[1:]]
            assert "Content-Type" in names and names == [name[0].upper() + name[1:] for name in names], names
            asked = [name for name, _ in json.loads(body)["fields"]]
            assert {"X-Requested-With", "SOAPAction"} <= set(asked), asked


def test_a_request_without_a_host_is_told_so():
    with python_pair(sender={"site.default.listeners": "127.0.0.1:1"}) as pair:
        answer = raw(pair.port, b"GET / HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ") and b"no Host field" in answer, answer
        answer = raw(pair.port, b"GET /page HTTP/1.0\r\nHost: site.test\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(PAGE), answer[:200]


def test_expect_continue_is_answered_before_the_body_is_sent():
    with python_pair() as pair, socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: site.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
                       b"Connection: close\r\n\r\n")
        interim = client.recv(4096)
        assert interim.startswith(b"HTTP/1.1 100 "), interim
        client.sendall(b"hello")
        rest = b""
        while piece := client.recv(4096):
            rest += piece
        assert rest.startswith(b"HTTP/1.1 200 ") and hashlib.sha256(b"hello").hexdigest().encode() in rest, rest
        assert b'"Expect"' not in rest, "Expect was passed on after it was answered"


def test_answers_however_the_origin_frames_them():
    with python_pair() as pair:
        for _ in range(2):
            status, fields, body = get(pair, "/empty")
            same((status, body, fields.get("x-kept")), (204, b"", "yes"), "204")
            for path in ("/until-close", "/old", "/trailers", "/page"):
                status, fields, body = get(pair, path)
                same((status, hashlib.sha256(body).digest()), (200, hashlib.sha256(PAGE).digest()), path)
                assert "x-sum" not in fields and "trailer" not in fields, fields
            status, fields, body = get(pair, "/gzip", {"Accept-Encoding": "gzip"})
            same((status, fields.get("content-encoding"), gzip.decompress(body)), (200, "gzip", PAGE), "gzip for a visitor who takes it")
            status, fields, body = get(pair, "/gzip")
            same((status, fields.get("content-encoding"), body), (200, None, PAGE), "gzip for a visitor who does not")
            same(fields.get("etag"), 'W/"v1"', "the validator of what gzip was undone of")
            hints = raw(pair.port, b"GET /hints HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n")
            assert hints.startswith(b"HTTP/1.1 103 "), hints
            assert hints.split(b"\r\n\r\n")[1].startswith(b"HTTP/1.1 200 ") and hints.endswith(b"hello"), hints
        # On the wire: the trailer section is empty, and an HTTP/1.0 client sees no chunks.
        request = b"GET /trailers HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n"
        answer = raw(pair.port, request)
        assert answer.endswith(b"\r\n0\r\n\r\n") and b"x-sum" not in answer.lower(), answer[-60:]
        answer = raw(pair.port, request.replace(b"HTTP/1.1", b"HTTP/1.0"))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == PAGE and b"chunked" not in head.lower(), head


def test_fields_between_hops_stay_between_them():
    with python_pair(sender={"trusted.proxies": "10.9.8.7"}) as pair:
        _, fields, body = get(pair, "/hop")
        same((body, fields.get("x-public")), (b"hello", "yes"), "the answer")
        assert not fields.keys() & {"x-private", "keep-alive", "proxy-connection"}, fields
        answer = raw(pair.port, b"GET /hop HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n").lower()
        assert b"\r\nset-cookie: a=1\r\n" in answer and b"\r\nset-cookie: b=2\r\n" in answer, answer
        sent = (b"GET /echo HTTP/1.1\r\nHost: site.test\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: gzip, trailers\r\n"
                b"Keep-Alive: 5\r\nProxy-Authorization: Basic x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Other: kept\r\n"
                b"Accept-Encoding: deflate\r\nCookie: a=1; b=2\r\nCf-Railgun: mine\r\n\r\n")
        answer = raw(pair.port, sent)
        at_origin = {name.lower(): value for name, value in json.loads(answer.partition(b"\r\n\r\n")[2])["fields"]}
        for name in ("x-mine", "keep-alive", "cf-railgun"):
            assert name not in at_origin, f"{name} reached the origin: {at_origin}"
        same((at_origin["te"], at_origin["connection"]), ("trailers", "TE"), "what we take of an answer")
        same(at_origin["x-forwarded-for"], "127.0.0.1", "X-Forwarded-For from somebody who is no proxy of ours")
        assert at_origin["via"].startswith("1.1 railgun-"), at_origin
        same((at_origin["x-forwarded-proto"], at_origin["x-other"]), ("http", "kept"), "X-Forwarded-Proto")
        same((at_origin["accept-encoding"], at_origin["cookie"], at_origin["host"]), ("identity", "a=1; b=2", "site.test"),
             "what the origin is asked")
    with python_pair(sender={"trusted.proxies": "10.9.8.7 127.0.0.0/8"}) as pair:
        at_origin = dict((name.lower(), value) for name, value in
                         json.loads(pair.get("/echo", {"X-Forwarded-For": "6.6.6.6"})[2])["fields"])
        same(at_origin["x-forwarded-for"], "6.6.6.6, 127.0.0.1", "X-Forwarded-For from a trusted proxy")


def test_connections_are_kept_and_requests_may_be_pipelined():
    with python_pair() as pair:
        connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=harness.PATIENCE)
        for number in range(20):
            connection.request("GET", f"/echo?{number}", headers={"Host": "site.test"})
            same(json.loads(connection.getresponse().read())["path"], f"/echo?{number}", "the path")
            kept = connection.sock
            assert kept is not None and (number == 0 or kept is first), "the connection was closed"
            first = kept
        connection.close()
        request = b"".join(b"GET /echo?p%d HTTP/1.1\r\nHost: site.test\r\n%s\r\n" % (n, b"Connection: close\r\n" if n == 19 else b"")
                           for n in range(20))
        answer = raw(pair.port, request)
        places = [answer.find(b'"/echo?p%d"' % n) for n in range(20)]
        assert places == sorted(places) and -1 not in places and answer.count(b"HTTP/1.1 200 ") == 20, places


def test_bad_requests_get_a_clear_answer():
    with python_pair() as pair:
        def status(request):
            return int(raw(pair.port, request).split(b" ")[1])
        ok = b"GET /page HTTP/1.1\r\nHost: site.test\r\n"
        same(status(ok + b"X-Big: " + b"a" * 40_000 + b"\r\n\r\n"), 431, "a head of 40 KB")
        for bad in (b"GARBAGE\r\n\r\n", b"GET /page HTTP/1.1\r\n\r\n", ok + b"Host: site.test\r\n\r\n",
                    ok + b"Bad Name: 1\r\n\r\n", ok + b"X: 1\n\r\n\r\n", ok + b" folded\r\n\r\n",
                    ok + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", ok + b"Content-Length: -1\r\n\r\n",
                    b"GET /a b HTTP/1.1\r\nHost: site.test\r\n\r\n"):
            same(status(bad), 400, repr(bad))
        answer = raw(pair.port, b"GET / HTTP/1.1\r\nHost: other.test:8080\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 421 ") and b"site.other.test.listeners" in answer, answer
        same(pair.get("/page")[2], PAGE, "the page after all that")


def test_bad_origins_get_a_clear_answer():
    with python_pair() as pair:
        for path in ("/garbage", "/hang-up"):
            status, _, body = pair.get(path)
            assert status == 527 and b"site.test" in body, (path, status, body)
        for _ in range(2):
            answer = raw(pair.port, b"GET /cut HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n")
            # What was cut short at the origin must not look whole to the client.
            head, _, body = answer.partition(b"\r\n\r\n")
            whole = b"content-length: 1000" not in head.lower() and not head.startswith(b"HTTP/1.1 527")
            assert not whole and len(body) != 1000, answer
        same(pair.get("/page")[2], PAGE, "the page after all that")


def test_an_https_origin_must_show_a_certificate_for_the_host():
    with tempfile.TemporaryDirectory(prefix="railgun-https-") as folder:
        authority = harness.Certificates(pathlib.Path(folder))
        for name in ("site.test", "other.test"):
            authority.issue(name)
        for name, status in (("site.test", 200), ("other.test", 520)):
            asked_for = []
            server = origin.Server(("127.0.0.1", 0), origin.Handler)
            server.routes = ROUTES
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pathlib.Path(folder, f"{name}.pem"), pathlib.Path(folder, f"{name}.key"))
            context.sni_callback = lambda _, server_name, __: asked_for.append(server_name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            nat = pathlib.Path(folder, "nat.conf")
            nat.write_text(f"default = https://127.0.0.1:{server.server_port}\n")
            with harness.Pair(0, listener={"map.file": nat, "ca.bundle": authority.ca}) as pair:
                got, _, body = pair.get("/page")
                same(got, status, f"the origin shows {name}")
                assert body == PAGE if status == 200 else b"certificate" in body, body[:200]
                same(asked_for, ["site.test"], "the name in the TLS greeting")
            server.shutdown()


def test_php_page_with_a_session_crosses_as_a_delta():
    with tempfile.TemporaryDirectory(prefix="railgun-php-") as folder:
        php_socket = pathlib.Path(folder, "php.sock")
        php = subprocess.Popen(["php-cgi", "-d", f"session.save_path={folder}", "-d", "zlib.output_compression=0",
                                "-b", php_socket])
        try:
            harness.wait_until(php_socket.exists, "php-cgi listens")
            with origin.Nginx(php_socket) as nginx, harness.Pair(nginx.port) as pair:
                (nginx.root / "index.php").write_text(
                    "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; ?>\n" + text_of(30_000, 7).decode()
                    + "\n<p>Visit <?= $_SESSION['n'] ?> of <?= session_id() ?></p>\n")
                jar = pathlib.Path(folder, "jar")
                for visit in range(1, 5):
                    answer = curl(pair.port, "/index.php", "-b", jar, "-c", jar)
                    assert answer.status == 200 and f"Visit {visit} of".encode() in answer.body, answer.body[-200:]
                    assert "no-store" in answer.field("cache-control"), answer.fields
                ratio = float(answer.field("cf-railgun").split()[1])
                assert ratio < 2, answer.field("cf-railgun")
        finally:
            php.terminate()
            php.wait(harness.PATIENCE)


harness.run_tests(sys.modules[__name__])
