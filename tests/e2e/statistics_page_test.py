"""The page of the statistics in headless Chromium: drawn from a real pair, and what it says when there is nothing to draw,
when the daemon goes away, and when names are hostile."""
import html
import http.server
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

from harness import LANES, PATIENCE, Pair, free_port, run_tests, wait_until
from origin import serve_repetition
from statistics_client import TOKEN, ask, listening, own_address

CHARTS = ("savings", "requests", "latency", "links")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "chromium")

origin = serve_repetition()


def browse(url, *wanted):
    """(what Chromium printed, its console's lines) when it has been on the page for some seconds of its own time."""
    with tempfile.TemporaryDirectory(prefix="railgun-browser-", ignore_cleanup_errors=True) as profile:
        # The sandbox needs rights that containers and root do not have; nothing but our own page is visited.
        done = subprocess.run([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                               "--disable-background-networking", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
                               f"--user-data-dir={profile}", "--enable-logging=stderr", "--log-level=0",
                               "--virtual-time-budget=4000", *wanted, url], capture_output=True, timeout=4 * PATIENCE,
                              env={**os.environ, "HOME": profile})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode(), [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]


def state(dom):
    return re.search(r'<body[^>]* data-state="(\w+)"', dom).group(1)


def drawn(dom, chart):
    """The shapes in a chart: their outlines."""
    figure = re.search(rf'<figure[^>]*data-chart="{chart}".*?</figure>', dom, re.S).group(0)
    return [outline for outline in re.findall(r'<path class="(?:line|area)[^"]*"[^>]* d="([^"]+)"', figure) if len(outline) > 20]


def text_of(dom):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<(script|style)>.*?</\1>", "", dom, flags=re.S))))


def some_traffic(pair, port):
    for _ in range(3):
        before = json.loads(ask(port, "/history.json")[2])["samples"]
        for _ in range(5):
            assert pair.get("/s")[0] == 200
        wait_until(lambda: json.loads(ask(port, "/history.json")[2])["samples"] > before, "another sample")


def test_both_roles_are_drawn_without_a_word_on_the_console():
    ports = free_port(), free_port()
    with Pair(origin.server_port, sender=listening(ports[0]), listener=listening(ports[1])) as pair:
        some_traffic(pair, ports[0])
        for port, role in ((ports[0], "sender"), (ports[1], "listener")):
            dom, console = browse(f"http://127.0.0.1:{port}/", "--dump-dom")
            text = text_of(dom)
            assert state(dom) == "live" and not console, (state(dom), console)
            for chart in ("savings", "requests", "latency"):
                assert drawn(dom, chart), f"{role}: {chart} is not drawn: {text}"
            assert f"Railgun {role}" in text and "site.test" in text and f"{LANES} up" in text, text
            assert re.search(r"Kept off the link since the start \d+\.\d+ %", text), text
            if role == "sender":
                assert re.search(r"Found by Answers Kept off the link The same page \d+", text), text
                assert re.search(r"Reason Answers On the link .*No reference known \d+", text), text
            assert "NaN" not in dom and "undefined" not in text and "Infinity" not in dom, text
        for size in ((1280, 1500), (500, 2200)):
            shot = pair.folder / "page.png"
            browse(f"http://127.0.0.1:{ports[0]}/", f"--window-size={size[0]},{size[1]}", f"--screenshot={shot}")
            picture = shot.read_bytes()
            assert picture.startswith(b"\x89PNG") and len(picture) > 30_000, len(picture)
            assert struct.unpack(">II", picture[16:24]) == size, picture[16:24]
            shot.unlink()


def test_a_browser_from_elsewhere_names_the_token_as_password():
    address = own_address()
    if address is None:
        print("skipped: this machine has no address but loopback")
        return
    port = free_port()
    with Pair(origin.server_port, sender={"stats.enabled": 1, "stats.listen": f"0.0.0.0:{port}", "stats.token": TOKEN}):
        dom, console = browse(f"http://me:{TOKEN}@{address}:{port}/", "--dump-dom")
        assert state(dom) == "live" and not console, (dom[:500], console)


class StandIn:
    """Serves the daemon's page, with its policy, and JSON of the test's making."""

    def __init__(self, page, policy, history, stats, good_for=10**9):
        left = [good_for]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/":
                    return self.answer(page, "text/html; charset=utf-8")
                left[0] -= 1
                if left[0] < 0:
                    self.close_connection = True
                    return None
                return self.answer(json.dumps(history if "history" in self.path else stats).encode(), "application/json")

            def answer(self, body, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


def test_what_it_says_of_nothing_of_silence_and_of_hostile_names():
    port = free_port()
    with Pair(origin.server_port, sender=listening(port)) as pair:
        some_traffic(pair, port)
        _, fields, page = ask(port, fields={"Accept": "text/html"})
        policy = fields["Content-Security-Policy"]
        history, stats = json.loads(ask(port, "/history.json")[2]), json.loads(ask(port)[2])

    empty = {name: [] if isinstance(value, list) else value for name, value in history.items()} | {"samples": 0}
    fresh = json.loads(json.dumps(stats))
    ours = fresh["railgun"]
    ours.update(page_bytes=0, coded_bytes=0, sites={}, links=[], uptime_seconds=0.4)
    ours["latency_seconds"] = {name: {"count": 0, "mean": None, "p50": None, "p90": None, "p99": None} for name in ours["latency_seconds"]}
    dom, console = browse(StandIn(page, policy, empty, fresh).url, "--dump-dom")
    text = text_of(dom)
    assert state(dom) == "live" and not console, console
    assert text.count("Taking the first samples") == 4 and "no listener is reached" in text and "Nothing has crossed" in text, text
    assert not any(drawn(dom, chart) for chart in CHARTS) and "NaN" not in dom, text

    # Two answers, then nothing more: what was drawn stays, and a banner says since when.
    dom, _ = browse(StandIn(page, policy, history, stats, good_for=2).url, "--dump-dom")
    text = text_of(dom)
    assert state(dom) == "gone" and re.search(r"Nothing from the daemon since \d\d:\d\d:\d\d\. Trying again", text), text
    assert drawn(dom, "requests"), text

    bad = "<img src=x onerror=console.error(1)>\"'&"
    stats["railgun"]["sites"] = {bad: stats["railgun"]["sites"]["site.test"]}
    stats["railgun"]["links"][0]["peer"] = history["links"][0]["peer"] = bad
    dom, console = browse(StandIn(page, policy, history, stats).url, "--dump-dom")
    assert state(dom) == "live" and not console and "<img" not in dom, console
    assert bad in text_of(dom), text_of(dom)


run_tests(sys.modules[__name__])
