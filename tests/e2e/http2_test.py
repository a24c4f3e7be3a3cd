"""Visitors speak HTTP/2 (RFC 9113): curl, nghttp, h2load, python3-h2 and Chromium."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading

import harness
from front import Front
from http2_client import DATA, GOAWAY, PING, Attacker, Client, connect, h2, headers, ping
from websocket import frame, messages, websocket

PAGE = b"<html>" + b"".join(b"line %d of a page\n" % i for i in range(5000)) + b"</html>"


def run(*arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=harness.PATIENCE)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def address(front, path):
    return f"https://site.test:{front.tls_port}{path}"


def curl(front, *arguments):
    return run("curl", "-s", "--cacert", front.authority.certificate, "--resolve",
               f"site.test:{front.tls_port}:127.0.0.1", *arguments)


def test_curl_gets_the_same_bytes_by_either_protocol():
    def seen(handler):
        handler.answer(f"proto={handler.headers['X-Forwarded-Proto']} cookie={handler.headers['Cookie']}".encode())
    with Front({"/page": lambda handler: handler.answer(PAGE), "/seen": seen}) as front:
        for protocol, version in (("--http2", "2"), ("--http1.1", "1.1")):
            with tempfile.NamedTemporaryFile() as page:
                told = curl(front, protocol, "-o", page.name, "-w", "%{http_version} %{http_code}", address(front, "/page"))
                assert told == f"{version} 200" and pathlib.Path(page.name).read_bytes() == PAGE, told
            assert curl(front, protocol, "-b", "a=1; b=2", address(front, "/seen")) == "proto=https cookie=a=1; b=2"
            assert curl(front, protocol, "--compressed", address(front, "/page")).encode() == PAGE
            head = curl(front, protocol, "-I", address(front, "/page"))
            assert f"HTTP/{version} 200" in head and f"content-length: {len(PAGE)}" in head.lower(), head
        counted = front.counters()
        assert counted["http2_clients_accepted"] == "4" and counted["http2_requests"] == "4", counted


def test_http2_can_be_switched_off():
    with Front({"*": lambda handler: handler.answer(b"page")}, http2=0) as front:
        assert curl(front, "--http2", "-w", " %{http_version}", address(front, "/")) == "page 1.1"


def test_http2_in_clear_is_a_setting():
    for clear in (1, 0):
        with Front({"*": lambda handler: handler.answer(b"page")}, **{"http2.clear": clear}) as front:
            there = f"http://127.0.0.1:{front.pair.port}/"
            done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "-H", "Host: site.test", there],
                                  capture_output=True, text=True, timeout=harness.PATIENCE)
            assert (done.stdout == "page") == (clear == 1), done
            assert run("curl", "-s", "-H", "Host: site.test", there) == "page"
            # An upgrade to it hides no request from the policy: it is ignored.
            assert run("curl", "-s", "--http2", "-w", " %{http_version}", "-H", "Host: site.test", there) == "page 1.1"


def test_nghttp_and_h2load_find_nothing_wrong():
    with Front({"*": lambda handler: handler.answer(PAGE)}) as front:
        there = f"https://127.0.0.1:{front.tls_port}"
        told = run("nghttp", "-nv", "--no-verify-peer", "-H:authority: site.test", *(f"{there}/{i}" for i in range(3)))
        assert told.count(":status: 200") == 3 and "RST_STREAM" not in told, told
        told = run("h2load", "-n300", "-c5", "-m20", "-H:authority: site.test", f"{there}/page")
        assert "300 succeeded, 0 failed, 0 errored" in told, told


def test_many_requests_share_a_connection_and_a_slow_one_holds_up_nobody():
    going_on = threading.Event()

    def slow(handler):
        going_on.wait(harness.PATIENCE)
        handler.answer(b"late")
    with Front({"/page": lambda handler: handler.answer(PAGE), "/slow": slow}) as front:
        with Client(connect(front)) as client:
            late = [client.ask("/slow") for _ in range(5)]
            streams_of_pages = [client.ask("/page") for _ in range(40)]
            for stream in streams_of_pages:
                assert client.answer(stream)[2] == PAGE
            going_on.set()
            for stream in late:
                assert client.answer(stream)[2] == b"late"


def test_uploads_of_any_size():
    def echo(handler):
        handler.answer(str(sum(len(piece) for piece in handler.body_pieces())).encode())
    with Front({"/echo": echo}) as front, Client(connect(front)) as client:
        body = os.urandom(3_000_000)
        assert client.get("/echo", method="POST", body=body)[2] == b"3000000"
        length = [("content-length", "3000000"), ("expect", "100-continue")]
        assert client.get("/echo", method="POST", body=body, fields=length)[2] == b"3000000"


def tunnel_bytes(front):
    counters = front.counters()
    return int(counters["tunnel_bytes"]), int(counters["tunnel_link_bytes"])


def test_a_websocket_echoes_beside_pages():
    with Front({"/socket": websocket, "/page": lambda handler: handler.answer(PAGE)}) as front:
        with Client(connect(front)) as client:
            while not client.h2.remote_settings.enable_connect_protocol:
                client.receive()
            stream = client.ask("/socket", method="CONNECT", ends=False,
                                fields=[(":protocol", "websocket"), ("sec-websocket-version", "13")])
            head = client.wait(stream, h2.events.ResponseReceived)[-1]
            assert dict(head.headers)[":status"] == "200" and "sec-websocket-accept" not in dict(head.headers), head
            for text in messages(100):
                client.send(stream, frame(1, text, mask=True))
                expected, got = frame(1, text, mask=False), b""
                while len(got) < len(expected):
                    got += client.wait(stream, h2.events.DataReceived)[-1].data
                assert got == expected
            tunnel, link = tunnel_bytes(front)
            assert tunnel > 2 * sum(map(len, messages(100))) and link * 2 < tunnel, (tunnel, link)
            source = random.Random(3)
            for size in (1, 125, 126, 65_535, 300_000):
                payload = source.randbytes(size)
                client.send(stream, frame(2, payload, mask=True))
                expected, got = frame(2, payload, mask=False), b""
                while len(got) < len(expected):
                    got += client.wait(stream, h2.events.DataReceived)[-1].data
                assert got == expected, size
                assert client.get("/page")[2] == PAGE
            client.send(stream, frame(8, b"\x03\xe8", mask=True), ends=True)
            client.wait(stream, h2.events.StreamEnded)


def test_a_drain_cuts_no_answer():
    going_on = threading.Event()

    def slow(handler):
        going_on.wait(harness.PATIENCE)
        handler.answer(b"the whole answer")
    with Front({"/slow": slow}) as front, Attacker(connect(front)) as client:
        client.send(headers(1))
        harness.wait_until(lambda: front.counters()["http2_requests"] == "1", "the request is there")
        stopper = threading.Thread(target=front.pair.sender.stop)
        stopper.start()
        # GOAWAY that names no stream; then, when its ping is answered, the last one that is served.
        while (got := client.next_frame())[0] != GOAWAY:
            pass
        assert got[3] == (2**31 - 1).to_bytes(4, "big") + bytes(4), got
        kind, _, _, opaque = client.next_frame()
        assert kind == PING
        client.send(headers(3) + ping(1, opaque))
        got = client.next_frame()
        assert got == (GOAWAY, 0, 0, b"\0\0\0\3" + bytes(4)), got
        going_on.set()
        bodies = {1: b"", 3: b""}
        while got := client.next_frame():
            if got[0] == DATA:
                bodies[got[2]] += got[3]
        assert set(bodies.values()) == {b"the whole answer"}, bodies
        stopper.join()


def test_chromium_loads_a_page_and_its_parts():
    browser = shutil.which("chromium")
    assert browser is not None, "chromium is not installed"
    parts = "".join(f'<script src="/part{i}.js"></script>' for i in range(40))
    page = f"<html><body><script>total=0</script>{parts}<script>document.title='sum '+total;" \
           "document.body.innerHTML='<p>sum '+total+' by '+performance.getEntriesByType('navigation')[0].nextHopProtocol" \
           "+'</p>'</script></body></html>"
    routes = {f"/part{i}.js": (lambda i: lambda handler: handler.answer(f"total+={i};".encode(),
                                                                       content_type="text/javascript"))(i)
              for i in range(40)}
    with Front({"/": lambda handler: handler.answer(page.encode()), **routes}) as front:
        with tempfile.TemporaryDirectory() as profile:
            told = run(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                       "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
                       "--ignore-certificate-errors", "--host-resolver-rules=MAP site.test 127.0.0.1",
                       "--virtual-time-budget=20000", "--dump-dom", address(front, "/"))
        assert "sum 780 by h2" in told, told


harness.run_tests(sys.modules[__name__])
