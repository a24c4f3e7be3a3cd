"""Origins that are busy, silent, or break the rules: raw sockets play them, and each does just what is said here."""
import contextlib
import gzip
import socket
import struct
import sys
import threading

import harness
import http2_client
from http2_client import h2
from raw_origin import Origin, read_until

PAGE = b"<html>" + b"".join(b"<p>line %d</p>\n" % i for i in range(1000))


def answer(connection, body, fields="", content_type="text/html"):
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{fields}"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def streams_or_page(connection, head):
    if "/stream" in head:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        connection.recv(1)  # until it is closed
        return "close"
    answer(connection, b"page", content_type="text/plain")
    return None


def ask(pair, target, method="GET", fields="", body=b"", host="site.test", version="1.1"):
    client = socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE)
    client.sendall(f"{method} {target} HTTP/{version}\r\nHost: {host}\r\n{fields}\r\n".encode() + body)
    return client


def test_connections_in_use_are_named_within_the_timeout():
    origin = Origin(streams_or_page)
    settings = {"origin.connections": 4, "lan.timeout": 2}
    with harness.Pair(origin.port, listener=settings) as pair, contextlib.ExitStack() as clients:
        readers = [clients.enter_context(ask(pair, "/stream")) for _ in range(4)]
        for client in readers:
            read_until(client, b"data: 1")
        status, fields, body = pair.get("/page")
        assert status == 503 and b"origin.connections" in body, (status, body)
        assert int(fields["Retry-After"]) > 0, fields
        harness.wait_until(lambda: "origin.connections" in pair.listener.log.read_text(), "the log names the limit")
        # A plain end may come from a client that still reads (clients.half_close); a reset says that it has left.
        for client in readers:
            reset(client)
        harness.wait_until(lambda: pair.get("/page")[0] == 200, "the connections are free again")
    origin.close()


def test_streams_leave_connections_for_pages():
    origin = Origin(streams_or_page)
    with harness.Pair(origin.port, listener={"origin.connections": 64}) as pair, contextlib.ExitStack() as clients:
        refused = 0
        for _ in range(70):
            client = clients.enter_context(ask(pair, "/stream"))
            refused += read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 503")
        assert 0 < refused < 70, refused
        for _ in range(5):
            assert pair.get("/page")[0] == 200
    origin.close()


def refuse(connection, _):
    connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
    return "close"


def test_an_early_refusal_arrives():
    origin = Origin(refuse, receive_buffer=8192)
    with harness.Pair(origin.port) as pair, harness.Pair(origin.port, listener={}, direct=True) as other:
        for number in range(20):
            for way in (pair, other):
                chunked = number % 2
                fields = "Transfer-Encoding: chunked\r\n" if chunked else "Content-Length: 5000000\r\n"
                with ask(way, "/u", "POST", fields) as client:
                    sender = threading.Thread(target=send_much, args=(client, chunked))
                    sender.start()
                    got = read_until(client, b"too large")
                    client.shutdown(socket.SHUT_RDWR)
                    sender.join()
                assert got.startswith(b"HTTP/1.1 413"), got
    origin.close()


def send_much(client, chunked):
    piece = b"u" * 10000
    with contextlib.suppress(OSError):
        for _ in range(500):
            client.sendall(b"2710\r\n" + piece + b"\r\n" if chunked else piece)


def test_a_gzip_body_without_its_check_is_shown_and_not_kept():
    coded = gzip.compress(PAGE)[:-8]
    origin = Origin(lambda connection, _: answer(connection, coded, "Content-Encoding: gzip\r\n"))
    with harness.Pair(origin.port) as pair:
        for count in (1, 2):
            status, fields, body = pair.get("/p", headers={"Accept-Encoding": "gzip"})
            if fields.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert status == 200 and body == PAGE, (status, len(body))
            assert sum("GET /p " in head for head in origin.heads) == count, origin.heads
        harness.wait_until(lambda: "without its check" in pair.listener.log.read_text(), "the log tells of it")
    origin.close()


def breaks_off(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    reset(connection)
    return "close"


def test_an_answer_that_breaks_off_is_not_taken_for_whole():
    origin = Origin(breaks_off)
    with harness.Pair(origin.port) as pair:
        with ask(pair, "/p", fields="Connection: close\r\n") as client:
            got = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := client.recv(65536):
                    got += piece
        assert got.startswith(b"HTTP/1.1 527") or not got.endswith(b"0\r\n\r\n"), (got[:40], got[-20:])
    origin.close()


def second_request_is_reset():
    count = {}

    def behave(connection, head):
        count[connection] = count.get(connection, 0) + 1
        if count[connection] == 1:
            return answer(connection, b"ok", content_type="text/plain")
        reset(connection)
        return "close"
    return behave


def test_a_request_without_a_body_is_sent_again():
    origin = Origin(second_request_is_reset())
    with harness.Pair(origin.port) as pair:
        for method in ("GET", "DELETE", "PUT", "OPTIONS"):
            assert pair.get("/first")[0] == 200
            with ask(pair, "/x", method, "Content-Length: 0\r\n") as client:
                got = read_until(client, b"\r\n\r\n")
            assert got.startswith(b"HTTP/1.1 200"), (method, got)
        assert pair.get("/first")[0] == 200
        with ask(pair, "/x", "POST", "Content-Length: 0\r\n") as client:
            got = read_until(client, b"\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 527"), got
        assert sum("POST" in head for head in origin.heads) == 1, origin.heads
    origin.close()


def test_a_head_does_not_wait_for_its_body():
    for content_type in ("application/json", "text/html", "text/event-stream", "image/png"):
        read = threading.Event()

        def hold_back(connection, _, content_type=content_type, read=read):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type.encode() +
                               b"\r\nTransfer-Encoding: chunked\r\n\r\n")
            if read.wait(harness.PATIENCE):
                connection.sendall(b"2\r\n{}\r\n0\r\n\r\n")

        origin = Origin(hold_back)
        for direct in (False, True):
            with harness.Pair(origin.port, direct=direct) as pair:
                if direct:
                    pair.listener.stop()
                for method in ("GET", "POST"):
                    for version in ("1.1", "1.0"):
                        read.clear()
                        with ask(pair, "/watch", method, "Content-Length: 0\r\n", version=version) as client:
                            head = read_until(client, b"\r\n\r\n")
                            assert head.startswith(b"HTTP/1.1 200"), head
                            read.set()
                            read_until(client, b"{}")
        origin.close()


def test_interim_answers_arrive_before_the_answer():
    read = threading.Event()

    def hint(connection, _):
        for link in (b"/style.css", b"/more.css"):
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <" + link + b">; rel=preload; as=style\r\n\r\n")
        if read.wait(harness.PATIENCE):
            answer(connection, PAGE)

    origin = Origin(hint)
    for direct in (False, True):
        with harness.Pair(origin.port, direct=direct, sender={"http2.clear": 1}) as pair:
            if direct:
                pair.listener.stop()
            for method in ("GET", "HEAD", "POST"):
                read.clear()
                with ask(pair, "/p", method, "Content-Length: 0\r\n") as client:
                    hints = read_until(client, b"/more.css>; rel=preload; as=style\r\n\r\n")
                    assert hints.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>"), hints
                    read.set()
                    assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
            read.clear()
            with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as connection:
                client = http2_client.Client(connection, scheme="http")
                stream = client.ask("/p")
                for link in ("/style.css", "/more.css"):
                    fields = dict(client.wait(stream, h2.events.InformationalResponseReceived)[-1].headers)
                    assert fields[":status"] == "103" and fields["link"].startswith(f"<{link}>"), fields
                read.set()
                assert client.answer(stream)[0] == 200
            # Clients of HTTP/1.0 do not know them.
            with ask(pair, "/p", version="1.0") as client:
                assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    origin.close()


harness.run_tests(sys.modules[__name__])
