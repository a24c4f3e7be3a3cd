"""Pages that prove themselves: each names the request it answers and carries the checksum of all the rest, so that a
client knows a wrong byte, a stale page and a mixture of two when it gets one. As a program: the origin that serves them."""
import contextlib
import functools
import hashlib
import http.client
import itertools
import signal
import subprocess
import sys
import threading
import time

import harness
import news_origin
import origin

COUNTER = itertools.count()
NEWS = functools.lru_cache(maxsize=4)(news_origin.page)


def page(path, nonce):
    text = NEWS(next(COUNTER) // 50, 0).replace(b"</main>", f"<p>{path} for {nonce}</p></main>".encode())
    return f"{path} {nonce} {hashlib.sha256(text).hexdigest()}\n".encode() + text


def is_right(body, path, nonce):
    first, _, text = body.partition(b"\n")
    return first == f"{path} {nonce} {hashlib.sha256(text).hexdigest()}".encode()


HELD = []


def serve_page(handler):
    if handler.headers.get("X-Hold"):
        released = threading.Event()
        HELD.append(released)
        released.wait()
    for _ in handler.body_pieces():
        pass
    body = page(handler.path, handler.headers.get("X-Nonce"))
    if hash(body) % 2:
        handler.answer(body)
    else:
        handler.begin_chunks()
        handler.chunk(body[:10_000])
        handler.chunk(body[10_000:])
        handler.chunk(b"")


def reload_both(pair, load, answers):
    """Reloads both daemons 20 times, with `answers` right pages after each time; every tenth time with new certificates."""
    for number in range(1, 21):
        for daemon in (pair.listener, pair.sender):
            if number % 10 == 0:
                pair.certificates.issue(daemon.name)
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: daemon.log.read_text().count("configuration read again") >= number,
                               f"the {daemon.name} reloads")
        load.wait_for_right(answers)


class Origin:
    """The origin in a process of its own, which can be killed and started again at the same port."""

    def __init__(self):
        self.port = harness.free_port()
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port)])
        harness.wait_until(lambda: harness.answers(self.port), "the origin answers")

    def held(self):
        """How many requests with X-Hold it has and has not answered."""
        return int(self._ask("/held"))

    def release(self):
        """Answers those."""
        self._ask("/release")

    def _ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=harness.PATIENCE)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def stop(self, with_signal=signal.SIGKILL):
        self.process.send_signal(with_signal)
        self.process.wait(harness.PATIENCE)


class Load:
    """Clients that ask for pages without pause and check each. Use as a context manager: at its end no answer may have
    been wrong."""

    # What a client may see of a failure: an answer of ours that says so.
    ERRORS = (502, 503, 504, 520, 527)

    def __init__(self, pair, clients=4, paths=8):
        self.pair, self.paths = pair, paths
        self.right, self.errors, self.wrong, self.slowest = 0, [], [], 0.0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for_right(20)
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.wrong, f"{len(self.wrong)} wrong answers, such as {self.wrong[0]}"

    def wait_for_right(self, more):
        """Until so many further right answers have come."""
        target = self.right + more
        harness.wait_until(lambda: self.right >= target or self.wrong,
                           f"{more} more right answers; the last errors: {self.errors[-3:]}")

    def _run(self, client):
        connection = http.client.HTTPConnection("127.0.0.1", self.pair.port, timeout=harness.PATIENCE)
        for number in itertools.count():
            if self.stopping.is_set():
                break
            path, nonce = f"/{number % self.paths}", f"{client}-{number}"
            begun = time.monotonic()
            outcome = self._ask(connection, path, nonce)
            if outcome is None:
                # A kept connection that was closed while idle: every client asks once more (RFC 9112 9.3.1).
                outcome = self._ask(connection, path, nonce) or "closed without an answer, twice"
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - begun)
                if outcome == "right":
                    self.right += 1
                elif outcome.startswith("wrong"):
                    self.wrong.append(outcome)
                else:
                    self.errors.append(outcome)
            if outcome != "right":
                time.sleep(0.01)
        connection.close()

    def _ask(self, connection, path, nonce):
        """"right", a clean error, "wrong …", or None for a kept connection that had been closed."""
        was_kept = connection.sock is not None
        try:
            connection.request("GET", path, headers={"Host": self.pair.host, "X-Nonce": nonce})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if was_kept and isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
                return None
            return f"{type(error).__name__}: {error}"
        if answer.status == 200 and is_right(body, path, nonce):
            return "right"
        if answer.status in self.ERRORS and len(body) < 1000:
            return f"{answer.status} {body.decode()}"
        return f"wrong: {path} for {nonce}: {answer.status}, {len(body)} bytes that begin {body[:120]!r}"


def seconds_to_a_right_page(pair):
    """From now until the pair gives a right page again."""
    def is_served():
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, _, body = pair.get("/again", {"X-Nonce": "again"})
            assert status != 200 or is_right(body, "/again", "again"), body[:120]
            return status == 200

    begun = time.monotonic()
    harness.wait_until(is_served, "a right page")
    return time.monotonic() - begun


def say_held(handler):
    handler.answer(str(len(HELD)).encode())


def release(handler):
    while HELD:
        HELD.pop().set()
    handler.answer()


if __name__ == "__main__":
    origin.serve({"*": serve_page, "/held": say_held, "/release": release}, int(sys.argv[1]))
    threading.Event().wait()
