"""Senders and listeners that know each other by activation: no certificate is made by hand."""
import http.client
import json
import pathlib
import shutil
import subprocess
import tempfile

from harness import OK, PATIENCE, UNREACHABLE, Daemon, ctl, free_port, wait_until
from origin import serve_repetition

HOST = "www.example.com"
origin = serve_repetition()


class World:
    """A sender and a listener that have never met: no certificate anywhere."""

    def __init__(self, dials=False, sender=None, listener=None, origin_port=origin.server_port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-test-"))
        self.mounts = []  # disks of its own, which a test has put under its folders
        self.port, self.link_port, self.activation_port = free_port(), free_port(), free_port()
        (self.folder / "nat.conf").write_text(f"default = 127.0.0.1:{origin_port}\n")
        self.sender = self._daemon("sender", {
            "role": "sender", "listen": f"127.0.0.1:{self.port}", "activation.listen": f"127.0.0.1:{self.activation_port}",
            "activation.address": f"127.0.0.1:{self.activation_port}", "pid.file": self.folder / "sender.pid", **(sender or {})})
        listener = {"role": "listener", "wan.ip": "127.0.0.1", "wan.port": self.link_port, "map.file": self.folder / "nat.conf",
                    "pid.file": self.folder / "listener.pid", **(listener or {})}
        if dials:
            sender_port = free_port()
            self.sender.settings.update({"wan.accept": 1, "wan.ip": "127.0.0.1", "wan.port": sender_port})
            listener["wan.dial"] = f"127.0.0.1:{sender_port}"
        self.listener = self._daemon("listener", listener)

    def _daemon(self, name, settings):
        (self.folder / f"{name}-state").mkdir(mode=0o700)
        return Daemon(self.folder, name, {"workers": 1, "log.level": 1, "state.directory": self.folder / f"{name}-state",
                                          "control.socket": self.folder / f"{name}.sock", **settings})

    def __enter__(self):
        for daemon in (self.sender, self.listener):
            self.start(daemon)
        return self

    def start(self, daemon):
        daemon.start()
        wait_until(lambda: ctl(daemon, "status")[0] != UNREACHABLE, f"{daemon.name} answers")

    def __exit__(self, kind, *_):
        if kind is not None:
            print("".join(f"--- {d.name}\n{d.log.read_text()[-4000:]}" for d in (self.sender, self.listener)))
        for daemon in (self.sender, self.listener):
            daemon.stop()
        for folder in self.mounts:
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(self.folder)

    def create(self, name="paris", *more):
        code, out, err = ctl(self.sender, "railgun", "create", name, "--host", HOST, "--json", *more)
        assert code == OK, err
        return json.loads(out)["token"]

    def show(self, name="paris"):
        return json.loads(ctl(self.sender, "railgun", "show", name, "--json")[1])

    def activate(self, token):
        return ctl(self.listener, "activate", token)

    def join(self, *more):
        """From create to a link."""
        code, _, err = self.activate(self.create("paris", *more))
        assert code == OK, err
        wait_until(self.links_up, "the link is up")

    def get(self, path="/", host=HOST):
        """Status and Cf-Railgun."""
        status, fields, _ = self.ask(path, {"Host": host})
        return status, fields.get("Cf-Railgun")

    def ask(self, path="/", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Host": HOST, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def links_up(self):
        return [link for link in json.loads(ctl(self.sender, "links", "--json")[1]) if link["state"] == "up"]
