"""Visitors who do wrong, on purpose or not: they read no answers, read or send too slowly, leave without a word. Each is held to
a limit, and others are served meanwhile."""
import contextlib
import pathlib
import re
import select
import socket
import sys
import threading
import time

from harness import PATIENCE, Pair, ctl, is_sanitized, run_tests, wait_until

HOST = "Host: site.test\r\n"
MEMORY_BAR = 16 << 20  # a sanitized build keeps freed memory for a while and is not held to it


class Origin:
    """Hands each connection to `serve(socket, head, rest)`; knows how many are open. Use as a context manager."""

    def __init__(self, serve):
        self.serve = serve
        self.open = set()
        self.heads = []
        self.server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.open.add(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError):
            received = b""
            while True:
                while b"\r\n\r\n" not in received:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    received += piece
                else:
                    head, _, rest = received.partition(b"\r\n\r\n")
                    self.heads.append(head)
                    received = self.serve(connection, head, rest)
                    if received is not None:
                        continue
                break
        connection.close()
        self.open.discard(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Ends accept(), which would take a connection of the next socket that gets the same descriptor.
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def answer(connection, body=b"ok\n", content_type=b"text/plain"):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def take_body(connection, head, rest):
    """The whole body of a request; what follows it is not expected."""
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    chunked = b"transfer-encoding: chunked" in head.lower()
    while len(rest) < length or (chunked and not rest.endswith(b"0\r\n\r\n")):
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the request was cut")
        rest += piece
    return rest


def serve(connection, head, rest):
    """Pages, uploads, tunnels, slow answers."""
    path = head.split()[1]
    if path == b"/ws":
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        while piece := connection.recv(65536):
            if piece == b"last words":
                connection.sendall(b"and mine")
                return None
            connection.sendall(b"got " + piece)
        connection.sendall(b"goodbye")
        return None
    if path == b"/big":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 16777216\r\n\r\n")
        for _ in range(256):
            connection.sendall(bytes(65536))
        return b""
    if path.startswith(b"/slow"):
        # Until the test says so, or the other end leaves.
        deadline = time.monotonic() + PATIENCE
        while not RELEASED.is_set() and time.monotonic() < deadline:
            if select.select([connection], [], [], 0.02)[0] and connection.recv(1, socket.MSG_PEEK) == b"":
                return None
        answer(connection, b"late\n")
        return b""
    body = take_body(connection, head, rest)
    answer(connection, b"got %d\n" % len(body) if body else b"ok\n")
    return b""


RELEASED = threading.Event()


def connect(pair, small=False):
    client = socket.socket()
    if small:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", pair.port))
    return client


def ask(pair, text):
    client = connect(pair)
    client.sendall(text.encode())
    return client


def read_all(client):
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            received += piece
    return received


def is_cut(client):
    """Whether the other end has closed, after at most a moment."""
    with contextlib.suppress(OSError):
        client.settimeout(0.05)
        while client.recv(65536):
            pass
        return True
    return False


def resident(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def sockets_in_close_wait(port):
    return sum(line.split()[3] == "08" and int(line.split()[1].split(":")[1], 16) == port
               for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])


def pour(client, text, most):
    """Sends `text` again and again until the other end takes no more for a moment, or `most` bytes are sent."""
    client.settimeout(1)
    sent = 0
    with contextlib.suppress(TimeoutError, OSError):
        while sent < most:
            client.sendall(text)
            sent += len(text)
    return sent


def requests_started(pair):
    return int(re.search(r"requests_started: (\d+)", ctl(pair.sender, "stats")[1]).group(1))


def test_answers_that_nobody_reads_are_bounded():
    requests = {
        "ours": "GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n",
        "ours, HTTP/1.0": "GET /x HTTP/1.0\r\nHost: other.test\r\nConnection: keep-alive\r\n\r\n",
        "ours, HEAD": "HEAD /x HTTP/1.1\r\nHost: other.test\r\n\r\n",
        "100 Continue": f"POST /x HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        "the origin's": f"GET /x HTTP/1.1\r\n{HOST}\r\n",
    }
    # What the kernel takes of the answers for one client is not ours to bound. An answer has more than 100 bytes.
    kernel_holds = int(pathlib.Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])
    with Origin(serve) as origin, Pair(origin.port, sender={"log.level": 0}, listener={"log.level": 0}) as pair:
        before = resident(pair.sender)
        for name, request in requests.items():
            begun = requests_started(pair)
            client = connect(pair, small=True)
            poured = pour(client, request.encode() * (60000 // len(request)), 32 << 20)
            assert pair.get("/a")[0] == 200
            answered = requests_started(pair) - begun
            grown = resident(pair.sender) - before
            print(f"        {name}: {poured >> 10} KB of requests sent, {answered} answered, {grown >> 10} KB more")
            assert answered * 100 < kernel_holds + (128 << 10), name
            assert is_sanitized() or grown < MEMORY_BAR, name
            client.close()


def check_closed_tabs(pair, origin):
    tabs = []
    for _ in range(50):
        tab = ask(pair, f"GET /ws HTTP/1.1\r\n{HOST}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        assert tab.recv(65536).startswith(b"HTTP/1.1 101 ")
        tab.sendall(b"hello")
        assert tab.recv(65536) == b"got hello"
        tabs.append(tab)
    assert len(origin.open) >= 50, (len(origin.open), len(origin.heads))
    for tab in tabs:
        tab.shutdown(socket.SHUT_WR)
        tab.close()
    wait_until(lambda: not origin.open, "the origin has no tunnel left")
    wait_until(lambda: sockets_in_close_wait(pair.port) == 0, "no socket of the sender is in CLOSE-WAIT")


def test_closed_tabs_leave_nothing_behind():
    with Origin(serve) as origin, Pair(origin.port) as pair:
        check_closed_tabs(pair, origin)
        # More of them than the origin may have connections: each is given back.
        assert pair.get("/a")[0] == 200


def test_closed_tabs_leave_nothing_behind_without_a_link():
    with Origin(serve) as origin, Pair(origin.port, direct=True) as pair:
        pair.listener.stop()
        check_closed_tabs(pair, origin)


def test_a_half_closed_tunnel_carries_the_other_direction():
    with Origin(serve) as origin, Pair(origin.port) as pair:
        upgrade = f"GET /ws HTTP/1.1\r\n{HOST}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        client = ask(pair, upgrade)
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"goodbye"
        # The origin's end likewise.
        client = ask(pair, upgrade)
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        client.sendall(b"last words")
        assert read_all(client) == b"and mine"
        client.close()
        wait_until(lambda: not origin.open, "the origin has no tunnel left")


def test_a_client_that_has_only_asked_is_answered():
    for direct in (False, True):
        RELEASED.clear()
        with Origin(serve) as origin, Pair(origin.port, direct=direct) as pair:
            if direct:
                pair.listener.stop()
            client = ask(pair, f"GET /slow HTTP/1.1\r\n{HOST}\r\n")
            client.shutdown(socket.SHUT_WR)
            wait_until(lambda: origin.heads, "the origin is asked")
            RELEASED.set()
            received = read_all(client)
            assert received.startswith(b"HTTP/1.1 200 ") and received.endswith(b"late\n"), received


def test_a_client_that_leaves_is_cancelled_where_that_is_set():
    RELEASED.clear()
    with Origin(serve) as origin, Pair(origin.port, sender={"clients.half_close": "cancel"}) as pair:
        client = ask(pair, f"GET /slow HTTP/1.1\r\n{HOST}\r\n")
        wait_until(lambda: len(origin.open) == 1, "the origin is asked")
        client.close()
        wait_until(lambda: not origin.open, "the origin is told")
        stats = ctl(pair.sender, "stats")[1].splitlines()
        assert "railgun.requests_aborted: 1" in stats and "railgun.requests_failed: 0" in stats, stats


def test_slow_readers_and_senders_are_ended():
    settings = {"clients.min_rate": "100K", "timeout.client_write": 2, "timeout.client_body": 2}
    with Origin(serve) as origin, Pair(origin.port, sender=settings) as pair:
        reader = connect(pair, small=True)
        reader.sendall(f"GET /big HTTP/1.1\r\n{HOST}\r\n".encode())
        sender = ask(pair, f"POST /u HTTP/1.1\r\n{HOST}Content-Length: 1000000\r\n\r\n")
        deadline = time.monotonic() + PATIENCE
        reader_is_cut = sender_is_cut = False
        while not (reader_is_cut and sender_is_cut):
            assert time.monotonic() < deadline, f"still served: {reader_is_cut=} {sender_is_cut=}"
            time.sleep(0.1)
            with contextlib.suppress(TimeoutError):
                reader.settimeout(0.01)
                try:
                    reader_is_cut = reader_is_cut or not reader.recv(200)
                except ConnectionResetError:
                    reader_is_cut = True
            try:
                sender.send(b"x" * 100)
            except OSError:
                sender_is_cut = True
        assert pair.get("/a")[0] == 200


def test_slow_bodies_take_no_connection_to_the_origin():
    for framing in ("Content-Length: 4096", "Transfer-Encoding: chunked"):
        with Origin(serve) as origin, Pair(origin.port, listener={"origin.connections": 4},
                                           sender={"request.streamed": 2}) as pair:
            slow = [ask(pair, f"POST /u HTTP/1.1\r\n{HOST}{framing}\r\n\r\n") for _ in range(100)]
            for client in slow:
                client.sendall(b"1\r\nx\r\n" if "chunked" in framing else b"x")
            time.sleep(1.5)  # longer than a body of unknown length is waited for
            for _ in range(20):
                assert pair.get("/a")[0] == 200
            assert len(origin.open) <= 4
            # They are served when they have sent theirs.
            slow[-1].sendall(b"0\r\n\r\n" if "chunked" in framing else b"x" * 4095)
            assert slow[-1].recv(65536).startswith(b"HTTP/1.1 200 ")
            for client in slow:
                client.close()


def test_a_chunked_body_reaches_the_origin_with_its_length():
    for direct in (False, True):
        with Origin(serve) as origin, Pair(origin.port, direct=direct) as pair:
            if direct:
                pair.listener.stop()
            client = ask(pair, f"POST /u HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            assert b"got 5\n" in client.recv(65536)
            assert b"content-length: 5" in origin.heads[-1].lower(), origin.heads[-1]


def test_more_clients_than_the_limit():
    RELEASED.clear()
    with Origin(serve) as origin, Pair(origin.port, sender={"clients.limit": 3}) as pair:
        wait_until(lambda: ctl(pair.sender, "stats")[1].count("railgun.clients_open: 0"), "no client is left from the start")
        idle = [ask(pair, f"GET /a HTTP/1.1\r\n{HOST}\r\n") for _ in range(3)]
        for client in idle:
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        # The one that has been idle for longest makes room, each time.
        busy = [ask(pair, f"GET /slow HTTP/1.1\r\n{HOST}\r\n") for _ in range(3)]
        for client in idle:
            assert read_all(client) == b""
        # Not its connections: some of them are left from before, and who has not asked yet would make room.
        wait_until(lambda: sum(b"/slow" in head for head in list(origin.heads)) == 3, "the origin is asked by all")
        refused = ask(pair, f"GET /a HTTP/1.1\r\n{HOST}\r\n")
        received = read_all(refused)
        assert received.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in received, received
        RELEASED.set()
        for client in busy:
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        stats = ctl(pair.sender, "stats")[1]
        assert "railgun.clients_rejected: 1" in stats and "railgun.clients_displaced: 3" in stats, stats
        wait_until(lambda: "clients.limit (3) is reached" in pair.sender.log.read_text(), "the log names the limit")
        assert "were rejected" in ctl(pair.sender, "status")[1]


def test_a_displaced_client_that_stays_takes_no_place():
    """Each went on counting until it closed, so a few visits used up all idle clients, and then others got 503."""
    with Origin(serve) as origin, Pair(origin.port, sender={"clients.limit": 3}) as pair:
        def clients_open(count):
            return f"railgun.clients_open: {count}\n" in ctl(pair.sender, "stats")[1]
        wait_until(lambda: clients_open(0), "no client is left from the start")
        idle = [connect(pair) for _ in range(3)]
        wait_until(lambda: clients_open(3), "all are there")
        for _ in range(6):
            assert pair.get("/a")[0] == 200
            wait_until(lambda: clients_open(2), "the visitor has left")
        for client in idle:
            client.close()


run_tests(sys.modules[__name__])
