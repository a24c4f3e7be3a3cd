"""Debian's Firefox ESR without a window, driven by WebDriver BiDi (w3c.github.io/webdriver-bidi): messages of JSON over a WebSocket."""
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import websocket
from harness import PATIENCE, wait_until

PROGRAM = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), "firefox-esr")
PREFERENCES = {
    "network.dns.localDomains": "site.test",  # at 127.0.0.1
    "datareporting.policy.dataSubmissionEnabled": False, "app.normandy.enabled": False, "app.update.auto": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,", "browser.safebrowsing.downloads.enabled": False, "extensions.update.enabled": False,
}


class Firefox:
    """A browser with one page and a profile of its own. Use as a context manager."""

    def __enter__(self):
        self.profile = pathlib.Path(tempfile.mkdtemp(prefix="railgun-firefox-"))
        (self.profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                                                      for name, value in PREFERENCES.items()))
        log = self.profile / "log"
        with open(log, "wb") as to:
            self.process = subprocess.Popen([PROGRAM, "--headless", "--no-remote", "--profile", self.profile,
                                             "--remote-debugging-port", "0", "about:blank"], stdin=subprocess.DEVNULL, stdout=to,
                                            stderr=to, env={**os.environ, "HOME": str(self.profile)}, start_new_session=True)
        wait_until(lambda: "BiDi listening on" in log.read_text(errors="replace"), "Firefox has started")
        self._connect(int(re.search(r"BiDi listening on ws://127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))[1]))
        self.last = 0
        told = self.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self.version = int(told["capabilities"]["browserVersion"].split(".")[0])
        self.page = self.command("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *_):
        self.socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # a session of its own: the browser and its helpers
        self.process.wait(PATIENCE)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _connect(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET /session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            assert line, head
            head += line
        assert head.startswith(b"HTTP/1.1 101") and websocket.accept_of(key).encode() in head, head

    def command(self, method, **parameters):
        self.last += 1
        message = json.dumps({"id": self.last, "method": method, "params": parameters}).encode()
        self.socket.sendall(websocket.frame(1, message, mask=True))
        while True:
            answer = json.loads(websocket.read_frame(self.file)[1])
            if answer.get("id") == self.last:  # others are events
                assert answer["type"] == "success", (method, answer)
                return answer["result"]

    def visit(self, url):
        """Shows a page, and gives its text as the browser decoded it."""
        self.command("browsingContext.navigate", context=self.page, url=url, wait="complete")
        return self.evaluate("document.documentElement.outerHTML")

    def reload(self):
        self.command("browsingContext.reload", context=self.page, wait="complete")

    def evaluate(self, script):
        """The value of an expression in the page, as JSON has it; a promise is waited for."""
        got = self.command("script.evaluate", expression=f"Promise.resolve({script}).then(JSON.stringify)",
                           target={"context": self.page}, awaitPromise=True)
        assert got["type"] == "success", got
        return json.loads(got["result"]["value"])
