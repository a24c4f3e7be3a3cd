"""What visitors notice while others of the same sender do wrong: the times of small answers before and beside each attack, and the
memory that it takes. The bar: no error, the 99th percentile within twice the idle one (times under 5 ms count as 5 ms, which is
what a busy machine adds), and 32 MB more for both daemons together. `./dev bench attacks [NAME...]`."""
import contextlib
import json
import os
import pathlib
import random
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import http2_client  # noqa: E402
import origin  # noqa: E402
import pair as bench  # noqa: E402

SECONDS = 6
FLOOR = 0.005
BAR_BYTES = 32 << 20
BIG = 16 << 20
PAGE = random.Random(3).randbytes(46_000).hex().encode()


def connect(port, small=False):
    client = socket.socket()
    if small:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(harness.PATIENCE)
    client.connect(("127.0.0.1", port))
    return client


def ask(port, path, fields="", method="GET", host="site.test", small=False):
    client = connect(port, small)
    client.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
    return client


class Attack:
    """What the attackers hold, until the end of the `with`; `every` is done again and again by a thread."""

    def __init__(self):
        self.held = contextlib.ExitStack()
        self.stopping = threading.Event()
        self.threads = []

    def hold(self, client):
        return self.held.enter_context(client)

    def every(self, seconds, work):
        def run():
            while not self.stopping.wait(seconds):
                with contextlib.suppress(OSError):
                    work()
        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.held.close()


def nothing(attack, pair):
    pass


def unread_errors(attack, pair):
    clients = [attack.hold(connect(pair.port, small=True)) for _ in range(4)]
    for client in clients:
        client.setblocking(False)
    requests = b"GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n" * 1000

    def pour():
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(requests)
    attack.every(0.01, pour)


def silent_readers(attack, pair):
    for _ in range(200):
        attack.hold(ask(pair.port, "/big", small=True))


def silent_streams(attack, pair):
    """1,000 requests on 10 connections of HTTP/2. Of another visitor: connections to the origin are shared by address."""
    head = [(":method", "GET"), (":scheme", "http"), (":authority", "site.test"), (":path", "/big")]
    for _ in range(10):
        client = http2_client.Client(attack.hold(socket.create_connection(("127.0.0.1", pair.port), harness.PATIENCE,
                                                                          ("127.0.0.2", 0))))
        client.receive()
        for _ in range(100):
            client.h2.send_headers(client.h2.get_next_available_stream_id(), head, end_stream=True)
        client.flush()


def trickling_readers(attack, pair):
    clients = [attack.hold(ask(pair.port, "/big", small=True)) for _ in range(40)]
    attack.every(0.1, lambda: [client.recv(2048) for client in clients])


def event_streams(attack, pair):
    for _ in range(260):
        attack.hold(ask(pair.port, "/stream"))


def slow_bodies(attack, pair):
    clients = [attack.hold(ask(pair.port, "/u", "Content-Length: 4096\r\n", "POST")) for _ in range(260)]
    attack.every(1, lambda: [client.send(b"x") for client in clients])


def slow_heads(attack, pair):
    clients = [attack.hold(connect(pair.port)) for _ in range(1000)]
    attack.every(1, lambda: [client.send(b"GET / HTTP/1.1\r\n"[:1]) for client in clients])


def resets(attack, pair):
    def leave():
        with ask(pair.port, "/big") as client:
            client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    attack.every(0.005, leave)


def link_strangers(attack, pair):
    for _ in range(300):
        attack.hold(connect(pair.link_port))


def more_clients_than_the_limit(attack, pair):
    for _ in range(600):
        attack.hold(connect(pair.port))


ATTACKS = [nothing, unread_errors, silent_readers, silent_streams, trickling_readers, event_streams, slow_bodies, slow_heads, resets,
           link_strangers, more_clients_than_the_limit]
SENDER = {more_clients_than_the_limit: {"clients.limit": 300}, silent_streams: {"http2.clear": 1}}


def serve():
    """The origin, in a process of its own."""
    def big(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Content-Length", str(BIG))
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(BIG >> 16):
                handler.wfile.write(bytes(65536))

    def stream(handler):
        handler.begin_chunks("text/event-stream")
        handler.chunk(b"data: 1\n\n")
        time.sleep(3600)

    def page(handler):
        handler.answer(PAGE[:1000] + os.urandom(16).hex().encode() + PAGE[1000:])

    server = origin.serve({"/big": big, "/stream": stream, "/page": page, "*": lambda handler: handler.answer(b"yes", content_type="text/plain")})
    print(server.server_port, flush=True)
    sys.stdin.read()


def visit(port):
    """A visitor, in a process of its own: the seconds of each answer, and how many failed."""
    times, errors, first = [], 0, ""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            with ask(port, "/small", "Connection: close\r\n") as client:
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
            good = answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"yes")
            first = first or ("" if good else answer[:100].decode(errors="replace"))
        except OSError as error:
            good, first = False, first or str(error)
        times.append(time.monotonic() - begun)
        errors += not good
        time.sleep(0.005)
    print(json.dumps({"times": sorted(times), "errors": errors, "first": first}))


def visitor(pair):
    out = subprocess.run([sys.executable, __file__, "visit", str(pair.port)], capture_output=True, text=True, check=True).stdout
    found = json.loads(out)
    times = found["times"]
    if found["errors"]:
        print(f"        the first error: {found['first']!r}")
    return times[len(times) // 2], times[len(times) * 99 // 100], found["errors"]


def resident(pair):
    return sum(bench.resident_now(daemon.process.pid) for daemon in (pair.sender, pair.listener))


def measure(attack_on, origin_port):
    quiet = {"log.level": 0}
    with harness.Pair(origin_port, listener=quiet, sender={**quiet, **SENDER.get(attack_on, {})}) as pair:
        _, idle, _ = visitor(pair)
        memory = resident(pair)
        with Attack() as attack:
            attack_on(attack, pair)
            time.sleep(3)  # until what they ask for has filled what it can
            middle, slow, errors = visitor(pair)
            grown = max(resident(pair) - memory, 0)
    ratio = max(slow, FLOOR) / max(idle, FLOOR)
    passes = ratio <= 2 and errors == 0 and grown <= BAR_BYTES
    print(f"{attack_on.__name__:30} {idle * 1000:9.1f} {middle * 1000:8.1f} {slow * 1000:8.1f} {ratio:6.2f} {errors:7} {grown >> 20:6}  "
          f"{'ok' if passes else 'MISSED'}", flush=True)
    return passes


def main(names):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    with subprocess.Popen([sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline())
        print(f"{'milliseconds of a small answer':30} {'idle p99':>9} {'p50':>8} {'p99':>8} {'ratio':>6} {'errors':>7} {'MB':>6}")
        results = [measure(attack, port) for attack in ATTACKS if not names or attack.__name__ in names]
        server.stdin.close()
    return 0 if all(results) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["visit"]:
        visit(int(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
