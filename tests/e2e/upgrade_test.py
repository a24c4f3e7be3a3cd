"""Upgrades in place, again and again, under load: no request may fail, whatever kind it is, and nobody has to ask twice."""
import http.client
import itertools
import pathlib
import signal
import sys
import tempfile
import threading
import time

import certified
import harness
import succession

UPGRADES = 10


class Visitors:
    """Clients that never ask again. `kept` ones use their connection as long as it is offered, the others one a request;
    some upload. Use as a context manager."""

    KINDS = (("GET", True), ("GET", False), ("POST", True), ("POST", False))

    def __init__(self, pair):
        self.pair = pair
        self.right, self.failed, self.deltas = 0, [], 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=kind) for kind in self.KINDS]

    def __enter__(self):
        # Each worker has a link of its own.
        workers = self.pair.sender.settings["workers"]
        harness.wait_until(lambda: self.pair.sender.log.read_text().count(" is up\n") >= workers * harness.LANES, "all links are up")
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.failed, f"{len(self.failed)} of {self.right + len(self.failed)} failed, such as {self.failed[:3]}"

    def wait_for(self, more):
        target = self.right + more
        harness.wait_until(lambda: self.right >= target or self.failed, f"{more} more answers")

    def _run(self, method, kept):
        connection = None
        for number in itertools.count():
            if self.stopping.is_set():
                break
            if connection is None or not kept:
                connection = http.client.HTTPConnection("127.0.0.1", self.pair.port, timeout=harness.PATIENCE)
            outcome, header = self._ask(connection, method, f"/{number % 4}", f"{method}-{kept}-{number}")
            if not kept:
                connection.close()
            with self.lock:
                self.right += outcome == "right"
                self.deltas += " 00" in header
                if outcome != "right":
                    self.failed.append(f"{time.time():.3f} {method} {'kept' if kept else 'new'}: {outcome}")
            if outcome != "right":
                connection = None

    def _ask(self, connection, method, path, nonce):
        try:
            body = b"u" * 50_000 if method == "POST" else None
            connection.request(method, path, body=body, headers={"Host": self.pair.host, "X-Nonce": nonce})
            answer = connection.getresponse()
            page = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}", ""
        if answer.status == 200 and certified.is_right(page, path, nonce):
            return "right", answer.getheader("Cf-Railgun", "")
        return f"{answer.status}, {len(page)} bytes that begin {page[:120]!r}", ""


def upgrade_under_load(end, workers):
    pages = certified.Origin()
    try:
        with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
            pid_file = pathlib.Path(folder, "pid")
            settings = {"listener": {"workers": workers}, "sender": {"workers": workers}}
            settings[end]["pid.file"] = pid_file
            with harness.Pair(pages.port, **settings) as pair, Visitors(pair) as visitors:
                visitors.wait_for(20)
                for _ in range(UPGRADES):
                    succession.upgrade(getattr(pair, end), pid_file)
                    visitors.wait_for(20)
                print(f"        {end}: {UPGRADES} upgrades, {visitors.right} right answers, {len(visitors.failed)} failed")
    finally:
        pages.stop()


def test_upgrading_a_listener_fails_no_request():
    upgrade_under_load("listener", 2)


def test_upgrading_a_sender_fails_no_request():
    upgrade_under_load("sender", 2)


def test_upgrading_both_at_once_fails_no_request():
    pages = certified.Origin()
    try:
        with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
            files = {name: pathlib.Path(folder, name) for name in ("listener", "sender")}
            with harness.Pair(pages.port, **{name: {"pid.file": file} for name, file in files.items()}) as pair, \
                    Visitors(pair) as visitors:
                visitors.wait_for(20)
                for _ in range(3):
                    both = [threading.Thread(target=succession.upgrade, args=(getattr(pair, name), file))
                            for name, file in files.items()]
                    for thread in both:
                        thread.start()
                    for thread in both:
                        thread.join()
                    visitors.wait_for(20)
                print(f"        both: 3 upgrades, {visitors.right} right answers, {len(visitors.failed)} failed")
    finally:
        pages.stop()


def test_a_successor_that_does_not_come_up_changes_nothing():
    pages = certified.Origin()
    try:
        with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
            pid_file = pathlib.Path(folder, "pid")
            with harness.Pair(pages.port, listener={"pid.file": pid_file}) as pair, Visitors(pair) as visitors:
                good = pair.listener.config.read_text()
                pair.listener.config.write_text(good + "no.such = setting\nwan.port = many\n")
                before = pair.listener.process.pid
                pair.listener.process.send_signal(signal.SIGUSR2)
                harness.wait_until(lambda: "started the new railgund" in pair.listener.log.read_text(), "the successor starts")
                visitors.wait_for(50)
                assert int(pid_file.read_text()) == before
                pair.listener.config.write_text(good)
                succession.upgrade(pair.listener, pid_file)
                visitors.wait_for(20)
    finally:
        pages.stop()


harness.run_tests(sys.modules[__name__])
