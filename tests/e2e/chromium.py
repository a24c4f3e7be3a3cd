"""Debian's Chromium without a window, driven over its debugging pipe (Chrome DevTools Protocol): messages of JSON, each ended by
a null byte, on descriptors 3 and 4."""
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

from harness import PATIENCE

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "chromium")

# The sandbox needs rights that containers and root do not have; nothing but our own pages is visited.
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-sync", "--disable-extensions", "--disable-component-update",
             "--remote-debugging-pipe", "about:blank"]


class Chromium:
    """A browser with one page and a profile of its own. Use as a context manager."""

    def __init__(self, *arguments, authority=None):
        """`authority`: a certificate of an authority that is trusted (needs certutil of libnss3-tools). Over HTTPS dictionaries are
        used only with a trusted one, and only with --disable-features=CompressionDictionaryTransportRequireKnownRootCert unless
        it is a public one."""
        self.arguments, self.authority = arguments, authority

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="railgun-chromium-")
        if self.authority:
            store = os.path.join(self.profile, ".pki/nssdb")
            os.makedirs(store)
            for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "authority", "-i", self.authority]):
                subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True)
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        # Above 3 and 4, which they become in the browser.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
        os.close(to_browser)
        os.close(from_browser)
        self.process = subprocess.Popen(
            [PROGRAM, f"--user-data-dir={self.profile}", *self.arguments, *ARGUMENTS], pass_fds=(3, 4),
            preexec_fn=lambda: [os.dup2(end, place) for end, place in zip(ends, (3, 4))], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.profile}, start_new_session=True)
        for end in ends:
            os.close(end)
        self.answers, self.events, self.last, self.session = {}, [], 0, None
        self.arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        target = next(t for t in self.command("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.command("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.command(domain + ".enable")
        self.command("Page.setLifecycleEventsEnabled", enabled=True)
        self.frame, self.loader = self.command("Page.getFrameTree")["frameTree"]["frame"]["id"], None
        return self

    def version(self):
        """Its first number."""
        return int(self.command("Browser.getVersion")["product"].split("/")[1].split(".")[0])

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # a session of its own: the browser and its helpers
        self.process.wait(PATIENCE)
        os.close(self.write_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _read(self):
        held = b""
        with open(self.read_end, "rb", buffering=0) as pipe:
            while piece := pipe.read(1 << 20):
                *messages, held = (held + piece).split(b"\0")
                with self.arrived:
                    for message in map(json.loads, messages):
                        if "id" in message:
                            self.answers[message["id"]] = message
                        else:
                            self.events.append(message)
                    self.arrived.notify_all()

    def command(self, method, **parameters):
        self.last += 1
        number = self.last
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        with self.arrived:
            assert self.arrived.wait_for(lambda: number in self.answers, PATIENCE), f"no answer to {method}"
            answer = self.answers.pop(number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def evaluate(self, script):
        """The value of an expression in the page; a promise is waited for."""
        got = self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def visit(self, url):
        """Shows a page. (bytes that its answer took, with its head; its text as the browser decoded it)"""
        with self.arrived:
            self.events.clear()
        went = self.command("Page.navigate", url=url)
        assert not went.get("errorText"), (url, went["errorText"])
        self._loaded(lambda loader: loader == went["loaderId"])
        return self.evaluate("[performance.getEntriesByType('navigation')[0].transferSize, document.documentElement.outerHTML]")

    def reload(self):
        """As a script of the page does it."""
        before = self.loader
        self.evaluate("setTimeout(() => location.reload()), 0")
        self._loaded(lambda loader: loader != before)

    def _loaded(self, wanted):
        """Waits until the page has the load event of a document, its frames' not among them. An event that comes late, of the
        document before, is none of it: each names its loader."""
        def loads():
            return [e["params"]["loaderId"] for e in self.events
                    if e["method"] == "Page.lifecycleEvent" and e["params"]["name"] == "load" and
                    e["params"]["frameId"] == self.frame and wanted(e["params"]["loaderId"])]

        with self.arrived:
            assert self.arrived.wait_for(loads, PATIENCE), "the browser loaded nothing"
            self.loader = loads()[-1]

    def requests(self):
        """The URLs that were asked for since the last visit began."""
        with self.arrived:
            return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
