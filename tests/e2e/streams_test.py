"""Many requests at once, answers that come little by little, WebSockets, and bodies much larger than any buffer."""
import base64
import concurrent.futures
import json
import os
import random
import signal
import socket
import sys
import threading
import time

import harness
import origin
import transfer
from websocket import accept_of, frame, messages, read_frame, websocket

# The origin answers no request before it has all of them.
TOGETHER = 100
ALL_HERE = threading.Barrier(TOGETHER, timeout=harness.PATIENCE)


def answer_together(handler):
    ALL_HERE.wait()
    handler.answer(b"<p>page " + handler.path.encode() + b"</p>" + b"x" * 500)


def test_a_hundred_requests_are_at_the_origin_at_once():
    server = origin.serve({"*": answer_together})
    with harness.Pair(server.server_port) as pair, concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        for number, (status, _, body) in pool.map(lambda n: (n, pair.get(f"/{n}")), range(TOGETHER)):
            assert status == 200 and f"page /{number}<".encode() in body, (number, status, body[:100])
    server.shutdown()


EVENTS = 40
ARRIVED = threading.Semaphore(0)


def events(handler):
    """Writes an event only when the one before has arrived at the client. Says in each when it was written."""
    handler.begin_chunks(handler.headers.get("X-Type"))
    for number in range(EVENTS):
        handler.chunk(b"data: %d %.6f\n\n" % (number, time.monotonic()))
        if not ARRIVED.acquire(timeout=harness.PATIENCE):
            return
    handler.chunk(b"")


def delays(pair, content_type):
    """Seconds from the origin's writing of each event to its arrival, in order of size."""
    found = []
    with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nX-Type: "
                       + content_type.encode() + b"\r\n\r\n")
        text = b""
        while piece := client.recv(65536):
            arrived = time.monotonic()
            text += piece
            while b"\n\n" in text:
                event, _, text = text.partition(b"\n\n")
                if b"data: " in event:
                    found.append(arrived - float(event.split(b"data: ")[1].split()[1]))
                    ARRIVED.release()
    assert len(found) == EVENTS, f"{len(found)} events of {EVENTS} came"
    return sorted(found)


def test_events_arrive_as_the_origin_writes_them():
    server = origin.serve({"/events": events})
    with harness.Pair(server.server_port) as pair:
        for content_type in ("text/event-stream", "text/html"):
            for turn in ("first", "second"):
                found = delays(pair, content_type)
                print(f"        {content_type}, {turn} time: median {found[EVENTS // 2] * 1000:.1f} ms, "
                      f"slowest {found[-1] * 1000:.1f} ms")
    server.shutdown()


def open_websocket(client):
    """Gives the file to read from."""
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(f"GET /socket HTTP/1.1\r\nHost: site.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    file = client.makefile("rb")
    assert b" 101 " in file.readline(), "no 101"
    fields = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(": ")
        fields[name.lower()] = value
    assert fields["sec-websocket-accept"] == accept_of(key) and fields["upgrade"].lower() == "websocket", fields
    return file


def tunnel_bytes(daemon):
    """Of tunnels: their own, and those on the link that stood for them."""
    code, out, err = harness.ctl(daemon, "stats", "--json")
    assert code == harness.OK, err
    counters = json.loads(out)["railgun"]
    return counters["tunnel_bytes"], counters["tunnel_link_bytes"]


def test_messages_of_a_websocket_cross_as_what_is_new_in_them():
    server = origin.serve({"/socket": websocket})
    with harness.Pair(server.server_port) as pair:
        with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
            file = open_websocket(client)
            texts = messages(300)
            for text in texts:
                # Each one arrives and comes back before the next is sent: nothing waits for more.
                client.sendall(frame(1, text, mask=True))
                assert read_frame(file) == (1, text)
            plain = sum(2 * len(text) for text in texts)
            for daemon in (pair.sender, pair.listener):
                tunnel, link = tunnel_bytes(daemon)
                print(f"        {tunnel} bytes as {link}")
                assert plain < tunnel < plain + 12 * len(texts) + 1000, (plain, tunnel)
                assert link * 3 < tunnel, (tunnel, link)
            # What is random passes as it is.
            source = random.Random(5)
            before = tunnel_bytes(pair.sender)
            for _ in range(40):
                payload = source.randbytes(20_000)
                writer = threading.Thread(target=client.sendall, args=(frame(2, payload, mask=True),))
                writer.start()
                assert read_frame(file) == (2, payload)
                writer.join()
            tunnel, link = (after - earlier for after, earlier in zip(tunnel_bytes(pair.sender), before))
            assert tunnel < link < tunnel + tunnel // 50, (tunnel, link)
    server.shutdown()


def test_a_websocket_echoes_through_the_pair():
    server = origin.serve({"/socket": websocket, "/page": lambda handler: handler.answer(b"a page")})
    with harness.Pair(server.server_port) as pair:
        with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
            file = open_websocket(client)
            source = random.Random(3)
            for size in (1, 125, 126, 65535, 65536, 500_000):
                payload = source.randbytes(size)
                writer = threading.Thread(target=client.sendall, args=(frame(2, payload, mask=True),))
                writer.start()
                assert read_frame(file) == (2, payload), f"the echo of {size} bytes"
                writer.join()
            assert pair.get("/page")[2] == b"a page", "an ordinary request beside it"
            client.sendall(frame(8, b"\x03\xe8", mask=True))
            assert read_frame(file) == (8, b"\x03\xe8"), "the closing frame"
            assert file.read() == b"", "the connection stays open"
    server.shutdown()


def test_a_post_with_a_body_becomes_a_tunnel():
    """As the client of a container engine does it: a command in the body, then its input and output."""
    def attach(handler):
        command = b"".join(handler.body_pieces())
        handler.send_response(101)
        handler.send_header("Upgrade", "tcp")
        handler.send_header("Connection", "Upgrade")
        handler.end_headers()
        handler.close_connection = True
        handler.wfile.write(command + b" runs\n")
        for line in handler.rfile:
            handler.wfile.write(line.upper())
        handler.wfile.write(b"bye\n")

    def refuse(handler):
        handler.answer(b"no: " + b"".join(handler.body_pieces()), status=409, content_type="text/plain")

    server = origin.serve({"/attach": attach, "/refuse": refuse})
    for direct in (False, True):
        with harness.Pair(server.server_port, direct=direct) as pair:
            if direct:
                pair.listener.stop()
            for body in (b'{"Cmd":"cat"}', b"", b"x" * 100_000):
                with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
                    client.sendall(b"POST /attach HTTP/1.1\r\nHost: site.test\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n"
                                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
                    file = client.makefile("rb")
                    assert b" 101 " in file.readline(), "no 101"
                    while file.readline().strip():
                        pass
                    assert file.readline() == body + b" runs\n"
                    client.sendall(b"one\ntwo\n")
                    assert file.readline() + file.readline() == b"ONE\nTWO\n"
                    client.shutdown(socket.SHUT_WR)  # the origin sees the end, and what it still says arrives
                    assert file.read() == b"bye\n"
            with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
                client.sendall(b"POST /refuse HTTP/1.1\r\nHost: site.test\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n"
                               b"Content-Length: 4\r\n\r\nbody")
                got = b""
                while b"no: body" not in got:
                    piece = client.recv(65536)
                    assert piece, got
                    got += piece
                assert got.startswith(b"HTTP/1.1 409 "), got
    server.shutdown()


def test_a_silent_websocket_ends_after_timeout_upgrade():
    """A setting of one end is enough, whichever it is; a reload changes it for connections that are open."""
    ended = threading.Semaphore(0)

    def silent(handler):
        handler.send_response(101)
        handler.send_header("Upgrade", "websocket")
        handler.send_header("Connection", "Upgrade")
        handler.end_headers()
        handler.close_connection = True
        handler.rfile.read()
        ended.release()

    def opened(pair):
        client = socket.create_connection(("127.0.0.1", pair.port), timeout=20)
        client.sendall(b"GET /socket HTTP/1.1\r\nHost: site.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        assert b" 101 " in head, head
        return client

    server = origin.serve({"/socket": silent})
    for name in ("sender", "listener"):
        with harness.Pair(server.server_port, **{name: {"timeout.upgrade": 1}}) as pair, opened(pair) as client:
            assert client.recv(1) == b"", f"the {name}'s timeout.upgrade"
            assert ended.acquire(timeout=20), f"the origin does not see the end ({name})"
    with harness.Pair(server.server_port) as pair, opened(pair) as client:
        pair.sender.settings["timeout.upgrade"] = 1
        pair.sender.write()
        pair.sender.process.send_signal(signal.SIGHUP)
        assert client.recv(1) == b"", "after a reload"
        assert ended.acquire(timeout=20), "the origin does not see the end after a reload"
    server.shutdown()


def test_200_megabytes_pass_both_ways():
    transfer.pass_both_ways(200_000_000)


harness.run_tests(sys.modules[__name__])
