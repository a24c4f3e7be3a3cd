"""railgunctl as a person uses it, against a daemon that is absent, hostile, or answers as doc/CONTROL.md says."""
import json
import pathlib
import socket
import tempfile
import threading

from harness import DENIED, FAILED, OK, UNREACHABLE, USAGE
from harness import railgunctl as ctl


class Daemon:
    """Answers each connection with the same bytes, and keeps what it was asked."""

    def __init__(self, path, answer):
        self.answer = answer
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                line = connection.makefile("rb").readline()
                self.requests.append(json.loads(line))
                try:
                    connection.sendall(self.answer)
                except OSError:
                    pass


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def answer(result):
    return json.dumps({"ok": True, "version": 1, "result": result}).encode() + b"\n"


def test_decode():
    code, out, _ = ctl("decode", "151df128a1 2.05 0.009465 0031 5360")
    expect(code == OK, code)
    for part in ["2.05 %", "9.465 ms", "flag 0x01", "flag 0x10", "flag 0x20", "5360"]:
        expect(part in out, f"{part} is missing in {out}")
    expect("0x02" not in out, out)
    code, out, _ = ctl("decode", "--json", "CF-Railgun: 151df128a1 stream 0.5 8048 5360")
    decoded = json.loads(out)
    expect(decoded["passage"] == "stream" and decoded["origin_seconds"] == 0.5 and decoded["flags"] == "8048", out)
    code, out, _ = ctl("decode", "0031")
    expect(code == OK and out.count("flag 0x") == 3, out)
    code, out, _ = ctl("decode", "direct (starting new WAN connection)")
    expect("starting new WAN connection" in out, out)
    code, _, err = ctl("decode", "hello there")
    expect(code == FAILED and "expected" in err, err)


def test_usage():
    for wrong in [[], ["nonsense"], ["log-level"], ["log-level", "6"], ["purge"], ["purge", "--all", "http://a/"],
                  ["railgun"], ["railgun", "create", "a"], ["railgun", "create", "a", "--host", "b", "--expires", "soon"]]:
        code, _, err = ctl(*wrong)
        expect(code == USAGE and err, f"{wrong}: {code} {err}")
    code, out, _ = ctl("--help")
    expect(code == OK and "Exit codes" in out, out)
    for command in ["status", "top", "links", "sites", "stats", "reload", "purge", "log-level", "drain", "activate", "decode"]:
        code, out, _ = ctl(command, "--help")
        expect(code == OK and "Example: railgunctl " + command in out, f"{command}: {out}")


def test_no_daemon(folder):
    for command in [["status"], ["reload"], ["railgun", "list"], ["activate", "x"]]:
        code, out, err = ctl("--socket", f"{folder}/none.sock", *command)
        expect(code == UNREACHABLE and "is railgund running?" in err, f"{command}: {code} {err}")
    code, out, err = ctl("status", "--json", "--socket", f"{folder}/none.sock")
    expect(code == UNREACHABLE and json.loads(out)["ok"] is False and not err, out + err)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(f"{folder}/stale.sock")
    stale.close()
    code, _, err = ctl("--socket", f"{folder}/stale.sock", "status")
    expect(code == UNREACHABLE and "refused" in err, err)


def test_status(folder):
    status = {"role": "sender", "version": "9.9", "state": "running", "uptime_seconds": 7200, "pid": 42,
              "traffic": {"requests": 10, "delta": 9, "page_bytes": 1000, "link_bytes": 10},
              "links": [{"peer": "192.0.2.1:2408", "state": "up", "round_trip_seconds": 0.02}],
              "problems": [{"severity": "warning", "text": "memcached is small", "advice": "give it 1 GB"}]}
    daemon = Daemon(f"{folder}/status.sock", answer(status))
    at = ["--socket", f"{folder}/status.sock"]
    code, out, _ = ctl(*at, "status")
    expect(code == OK, code)
    for part in ["railgund 9.9 (sender)", "delta 90.0 %", "99.0 %", "192.0.2.1:2408", "20 ms", "give it 1 GB"]:
        expect(part in out, f"{part} is missing in {out}")
    code, out, _ = ctl(*at, "links", "--json")
    expect(json.loads(out)[0]["peer"] == "192.0.2.1:2408", out)
    code, out, _ = ctl(*at, "top", "--count", "2", "--every", "0.1")
    expect(code == OK and out.count("requests/s") == 2, out)
    expect(daemon.requests[0] == {"version": 1, "command": "status", "arguments": {}}, daemon.requests[0])
    status["problems"][0]["severity"] = "error"
    daemon.answer = answer(status)
    code, _, _ = ctl(*at, "status")
    expect(code == FAILED, "an error makes status fail")


def test_socket_is_found_in_the_configuration(folder):
    Daemon(f"{folder}/configured.sock", answer({"role": "listener"}))
    pathlib.Path(folder, "railgun.conf").write_text(f"role = listener\ncontrol.socket = {folder}/configured.sock\n")
    code, out, err = ctl("--config", f"{folder}/railgun.conf", "status")
    expect(code == OK and "listener" in out, err)


def test_requests(folder):
    daemon = Daemon(f"{folder}/requests.sock", answer({"railgun": {"name": "paris", "hosts": ["a"]}, "token": "rg-secret"}))
    at = ["--socket", f"{folder}/requests.sock"]
    code, out, _ = ctl(*at, "railgun", "create", "paris", "--host", "a.example", "--host", "b.example", "--uses", "2",
                       "--expires", "2h")
    expect(code == OK and "railgunctl activate rg-secret" in out, out)
    expect(daemon.requests[-1]["arguments"] == {"name": "paris", "hosts": ["a.example", "b.example"], "uses": 2,
                                                "expires_seconds": 7200}, daemon.requests[-1])
    ctl(*at, "purge", "http://a.example/b")
    expect(daemon.requests[-1]["command"] == "purge" and daemon.requests[-1]["arguments"]["url"] == "http://a.example/b", "purge")
    ctl(*at, "log-level", "5")
    expect(daemon.requests[-1]["arguments"] == {"level": 5}, "log-level")
    daemon.answer = answer({"changed": ["lan.timeout"], "needs_restart": ["wan.port"]})
    code, out, _ = ctl(*at, "reload")
    expect(code == OK and "lan.timeout" in out and "after a restart:\n  wan.port" in out, out)


def test_errors_and_hostile_daemons(folder):
    daemon = Daemon(f"{folder}/errors.sock", b'{"ok":false,"version":1,"error":{"code":"denied","text":"root only"}}\n')
    at = ["--socket", f"{folder}/errors.sock"]
    code, _, err = ctl(*at, "reload")
    expect(code == DENIED and "root only" in err, err)
    daemon.answer = b'{"ok":false,"version":1,"error":{"code":"invalid","text":"railgun.conf:3: what"}}\n'
    code, _, err = ctl(*at, "reload")
    expect(code == FAILED and "railgun.conf:3" in err, err)
    for rubbish in [b"\n", b"[]\n", b"\xff\xfe\n", b"{" * 100000 + b"\n", b'{"ok":true,"version":1,"result":{"links":7}}\n']:
        daemon.answer = rubbish
        code, _, err = ctl(*at, "status")
        expect(code == FAILED and err, f"{rubbish[:20]}: {code} {err}")
    for cut in [b"", b'{"ok":true', b"x" * (5 << 20)]:
        daemon.answer = cut
        code, _, err = ctl(*at, "status")
        expect(code == UNREACHABLE and err, f"{cut[:20]}: {code} {err}")
    daemon.answer = answer({"role": "\x1b[2J\x07", "version": "1"})
    code, out, _ = ctl(*at, "status")
    expect("\x1b" not in out and "\x07" not in out, "control characters reach the terminal")


with tempfile.TemporaryDirectory() as scratch:
    test_decode()
    test_usage()
    test_no_daemon(scratch)
    test_status(scratch)
    test_socket_is_found_in_the_configuration(scratch)
    test_requests(scratch)
    test_errors_and_hostile_daemons(scratch)
print("railgunctl: all passed")
