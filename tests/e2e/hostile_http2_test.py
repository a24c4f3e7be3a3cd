"""Visitors that abuse HTTP/2, each attack by its name. It ends with GOAWAY (ENHANCE_YOUR_CALM), is counted, costs the
origin little and the sender bounded memory, while another client is served."""
import socket
import struct
import sys
import threading

import harness
import http2_client
from front import Front
from http2_client import (CONTINUATION, DATA, ENHANCE_YOUR_CALM, HEADERS, PING, PRIORITY, PRIORITY_UPDATE, RST_STREAM,
                          SETTINGS, WINDOW_UPDATE, Attacker, Client, block, connect, frame)

# Of a connection in clear.
GET = [(name, "http" if name == ":scheme" else value) for name, value in http2_client.GET]

PAGE = b"<html>" + b"".join(b"line %d of a page\n" % i for i in range(50_000)) + b"</html>"
# What one attack may add to the sender's resident memory. An attacker's connection may hold a megabyte of uploads and a
# quarter of answers; the rest is the allocator's, and what a request takes on its way.
# (AddressSanitizer keeps what was freed.)
MEMORY = 512 << 20 if harness.is_sanitized() else 24 << 20


def headers(stream, fields=tuple(GET), ends=True):
    return http2_client.headers(stream, fields, ends)


def streams(count):
    return range(1, 2 * count, 2)


def set_window(size):
    return struct.pack(">HI", 4, size)


def rapid_reset(attacker):
    for stream in streams(100_000):
        if not attacker.send(headers(stream) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))):
            return


def made_you_reset(attacker):
    for stream in streams(100_000):
        if not attacker.send(headers(stream) + frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 2**31 - 1))):
            return


def continuation_flood(attacker):
    attacker.send(frame(HEADERS, 0, 1, block(GET)))
    while attacker.send(frame(CONTINUATION, 0, 1, block([("x", "y" * 100)]) * 100)):
        pass


def header_bomb(attacker):
    value = b"x" * 3800
    size = bytes([0x7F, (3800 - 127) % 128 + 128, (3800 - 127) // 128])
    for stream in streams(1000):
        bomb = block(GET) + b"\x40\x01x" + size + value + bytes([0x80 | 62]) * 12_000
        if not attacker.send(frame(HEADERS, 5, stream, bomb)):
            return


def cookie_crumbs(attacker):
    for stream in streams(10_000):
        if not attacker.send(headers(stream, GET + [("cookie", "a=b")] * 500)):
            return


def settings_flood(attacker):
    while attacker.send(frame(SETTINGS, 0, 0, set_window(1000)) * 100):
        pass


def ping_flood(attacker):
    while attacker.send(frame(PING, 0, 0, bytes(8)) * 100):
        pass


def empty_data(attacker):
    attacker.send(headers(1, ends=False))
    while attacker.send(frame(DATA, 0, 1) * 1000):
        pass


def priority_flood(attacker):
    attacker.send(headers(1))
    while attacker.send(frame(PRIORITY, 0, 1, bytes(4) + b"x") * 100):
        pass


def priority_update_flood(attacker):
    attacker.send(headers(1))
    while attacker.send(frame(PRIORITY_UPDATE, 0, 0, struct.pack(">I", 1) + b"u=1") * 100):
        pass


def window_dribble(attacker):
    attacker.send(headers(1, GET[:3] + [(":path", "/page")]))
    while attacker.send(frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1)) * 10):
        pass


def too_many_streams(attacker):
    while attacker.next_frame()[:2] != (SETTINGS, 1):
        pass  # our acknowledgement of its settings has come, too
    for stream in streams(10_000):
        if not attacker.send(headers(stream)):
            return


def pinned_streams(attacker):
    for stream in streams(100):
        attacker.send(headers(stream, GET[:3] + [(":path", f"/page?{stream}")]))


# The attack, what it may be counted as, and its SETTINGS. Streams that the sender is about to reset are still open: their
# number may be noticed first.
ATTACKS = [
    (rapid_reset, "resets", b""), (made_you_reset, "faults streams", b""), (continuation_flood, "continuations", b""),
    (header_bomb, "heads", b""), (cookie_crumbs, "heads", b""), (settings_flood, "settings", b""),
    (ping_flood, "pings", b""), (empty_data, "empty_data", b""), (priority_flood, "priorities", b""),
    (priority_update_flood, "priorities", b""), (window_dribble, "window_updates", set_window(0)),
    (too_many_streams, "streams", b""), (pinned_streams, "pinned", set_window(0)),
]


def test_each_attack_ends_while_another_client_is_served():
    asleep = threading.Event()
    asked = []

    def slow(handler):
        asked.append(handler.path)
        asleep.wait(harness.PATIENCE)
        handler.answer(b"late")

    with Front({"/slow": slow, "*": lambda handler: handler.answer(PAGE)},
               **{"timeout.client_write": 2, "clients.min_rate": 0, "memory.limit": "4096m", "http2.clear": 1}) as front, Client(connect(front)) as client:
        assert client.get("/page")[2] == PAGE
        def ended(reasons):
            counted = front.counters()
            return sum(int(counted[f"http2_ended_{reason}"]) for reason in reasons.split())

        for attack, reasons, settings in ATTACKS:
            counted = ended(reasons)
            before, cpu = front.pair.sender.resident_bytes(), front.pair.sender.cpu_seconds()
            del asked[:]
            # In clear: a thread reads while another one sends, which Python's TLS sockets do not allow.
            with Attacker(socket.create_connection(("127.0.0.1", front.pair.port)), settings) as attacker:
                code = []
                reader = threading.Thread(target=lambda: code.append(attacker.goaway_code()))
                if attack is not too_many_streams:
                    reader.start()
                worker = threading.Thread(target=attack, args=(attacker,))
                worker.start()
                while worker.is_alive():
                    assert client.get("/page")[2] == PAGE, attack.__name__
                if attack is too_many_streams:
                    reader.start()
                reader.join(harness.PATIENCE)
                assert client.get("/page")[2] == PAGE, attack.__name__
            after = front.pair.sender.resident_bytes()
            print(f"        {attack.__name__}: {len(asked)} requests at the origin, "
                  f"{(after - before) / 1e6:.1f} MB, {front.pair.sender.cpu_seconds() - cpu:.2f} s of CPU")
            # A reset may overtake the GOAWAY; the count tells.
            assert code in ([ENHANCE_YOUR_CALM], [None]), (attack.__name__, code)
            harness.wait_until(lambda: ended(reasons) == counted + 1, f"{attack.__name__} is counted")
            assert after - before < MEMORY, (attack.__name__, before, after)
            # Of rapid reset, a few: most are cancelled before they are looked at.
            assert len(asked) <= 600, (attack.__name__, len(asked))
        asleep.set()


harness.run_tests(sys.modules[__name__])
