"""Visitors who take their answers slowly or not at all: others on the same link notice nothing."""
import contextlib
import pathlib
import socket
import sys
import threading
import time

import harness
import origin

BODY = 16 * 1024 * 1024


def big(handler):
    """Bytes that no delta makes small, until the client leaves."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/octet-stream")
    handler.send_header("Content-Length", str(BODY))
    handler.end_headers()
    piece = bytes(range(256)) * 256
    with contextlib.suppress(OSError):
        for _ in range(BODY // len(piece)):
            handler.wfile.write(piece)


def small(handler):
    handler.answer(b"yes", content_type="text/plain")


def ask_for_big(pair):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(harness.PATIENCE)
    client.connect(("127.0.0.1", pair.port))
    client.sendall(b"GET /big HTTP/1.1\r\nHost: site.test\r\n\r\n")
    assert client.recv(1).startswith(b"H")
    return client


def times_of_small(pair, count=20):
    times = []
    for _ in range(count):
        begun = time.monotonic()
        status, _, body = pair.get("/small")
        assert status == 200 and body == b"yes", (status, body)
        times.append(time.monotonic() - begun)
    return sorted(times)


def others_notice_nothing(pair, before):
    """The readers stand still meanwhile: whoever had to wait for them would have no answer at all."""
    during = times_of_small(pair)
    print(f"        the slowest of 20 small answers: {before[-1] * 1000:.1f} ms before, {during[-1] * 1000:.1f} ms during")


def most_unsent(port):
    """The most bytes that the kernel holds for one client of that port."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    queues = [int(line.split()[4].split(":")[0], 16) for line in lines if int(line.split()[1].split(":")[1], 16) == port]
    return max(queues)


def test_silent_readers_stop_nobody_else():
    server = origin.serve({"/big": big, "/small": small})
    # A sanitized build keeps freed memory for a while; here it is not what is tested.
    memory = {"memory.limit": "1G"}
    with harness.Pair(server.server_port, listener=memory, sender=memory) as pair, contextlib.ExitStack() as clients:
        before = times_of_small(pair)
        for _ in range(120):
            clients.enter_context(ask_for_big(pair))
        time.sleep(2)
        others_notice_nothing(pair, before)
        held = most_unsent(pair.port)
        print(f"        the kernel holds at most {held >> 10} KB for a client")
        assert held < 256 << 10, held
    server.shutdown()


def test_readers_that_trickle_stop_nobody_else():
    server = origin.serve({"/big": big, "/small": small})
    with harness.Pair(server.server_port) as pair, contextlib.ExitStack() as clients:
        before = times_of_small(pair)
        slow = [clients.enter_context(ask_for_big(pair)) for _ in range(40)]
        done = threading.Event()

        def trickle():
            while not done.wait(0.1):
                for client in slow:
                    client.recv(2048)

        reader = threading.Thread(target=trickle)
        reader.start()
        try:
            time.sleep(2)
            others_notice_nothing(pair, before)
        finally:
            done.set()
            reader.join()
    server.shutdown()


harness.run_tests(sys.modules[__name__])
