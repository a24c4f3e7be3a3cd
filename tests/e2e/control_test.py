"""railgunctl and a real pair: status, stats, links, sites, config, reload, log-level, purge, rights, drain."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

from harness import BIN, DENIED, FAILED, LANES, OK, PATIENCE, UNREACHABLE, Pair, ctl, free_port, run_tests, wait_until
from origin import serve_repetition

origin = serve_repetition()


def status(daemon):
    code, out, err = ctl(daemon, "status", "--json")
    assert code in (OK, FAILED), err
    return json.loads(out)


def test_a_pair_is_seen_from_both_ends():
    with Pair(origin.server_port) as pair:
        for _ in range(3):
            assert pair.get("/a")[0] == 200
        wait_until(lambda: status(pair.sender)["traffic"]["delta"] >= 1, "a delta is counted")
        sender, listener = status(pair.sender), status(pair.listener)
        assert (sender["role"], listener["role"]) == ("sender", "listener")
        assert sender["pid"] == pair.sender.process.pid
        both = ["up"] * LANES
        assert [link["state"] for link in sender["links"]] == both and sender["links"][0]["dialed"], sender["links"]
        assert [link["state"] for link in listener["links"]] == both and not listener["links"][0]["dialed"]
        assert sender["sites"][0]["host"] == "site.test" and sender["sites"][0]["links_up"] == LANES, sender["sites"]
        assert sender["traffic"]["page_bytes"] > 90_000 > sender["traffic"]["link_bytes"], sender["traffic"]
        assert not [p for p in sender["problems"] if p["severity"] == "error"], sender["problems"]

        stats = json.loads(ctl(pair.listener, "stats", "--json")[1])
        assert stats["requests_completed"] == 3 and stats["bytes_retrieved"] > 90_000, stats
        assert 0 < stats["delta_compression_ratio"] <= 10_000 and stats["wan_starts"] == LANES, stats
        assert "requests_completed: 3" in ctl(pair.listener, "stats")[1]
        assert "site.test" in ctl(pair.sender, "sites")[1]
        assert "up" in ctl(pair.sender, "links")[1]
        assert sender["links"][0]["tls_group"] in ("x25519", "X25519MLKEM768"), sender["links"]
        assert sender["links"][0]["tls_group"] == listener["links"][0]["tls_group"], listener["links"]
        assert "memory" in ctl(pair.sender, "status")[1]

        code, out, _ = ctl(pair.sender, "purge", "http://site.test/a")
        assert code == OK and "Purged" in out, out
        assert json.loads(ctl(pair.sender, "purge", "--all", "--json")[1])["pages"] >= 0
        assert status(pair.sender)["memory"]["references"] == 0
        assert pair.get("/a")[0] == 200


def test_reload_says_what_changed_and_a_bad_file_changes_nothing():
    with Pair(origin.server_port) as pair:
        pair.listener.settings["lan.timeout"] = 7
        pair.listener.settings["wan.port"] = 1
        pair.listener.write()
        code, out, err = ctl(pair.listener, "reload")
        assert code == OK and "lan.timeout: 30 -> 7" in out, out + err
        assert "after a restart:\n  wan.port" in out, out
        shown = ctl(pair.listener, "config", "show")[1]
        assert "lan.timeout = 7" in shown and "   # after a restart: 1\n" in shown, shown
        # What waits for a restart is told again.
        code, out, err = ctl(pair.listener, "reload")
        assert code == OK and "lan.timeout" not in out and "after a restart:\n  wan.port" in out, out + err
        pair.listener.config.write_text("role = listener\nlan.timeuot = 9\n")
        code, _, err = ctl(pair.listener, "reload")
        assert code == FAILED and "listener.conf:2" in err and "lan.timeuot" in err, err
        assert "lan.timeout = 7" in ctl(pair.listener, "config", "show")[1]
        assert ctl(pair.listener, "log-level", "5")[0] == OK
        assert pair.get("/b")[0] == 200
        # The cores compose a line for each request only at this level.
        assert ctl(pair.sender, "log-level", "5")[0] == OK
        assert pair.get("/a?logged")[0] == 200
        wait_until(lambda: "GET site.test/a?logged 200" in pair.sender.log.read_text(), "the request is logged")


def test_a_reload_moves_the_log_to_another_syslog():
    with tempfile.TemporaryDirectory(prefix="railgun-syslog-") as folder:
        servers = {}
        for name in ("first", "second"):
            servers[name] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            servers[name].bind(f"{folder}/{name}.sock")
            servers[name].settimeout(PATIENCE)
        config = pathlib.Path(folder, "railgun.conf")
        text = f"role = listener\nwan.ip = 127.0.0.1\nwan.port = {free_port()}\nwan.tls = 0\nworkers = 1\nlog.level = 1\n"
        config.write_text(text + f"syslog.addr = {folder}/first.sock\n")
        daemon = subprocess.Popen([BIN / "railgund", "--config", config])
        try:
            while b"serves as a listener" not in servers["first"].recv(4096):
                pass
            config.write_text(text + f"syslog.addr = {folder}/second.sock\n")
            daemon.send_signal(signal.SIGHUP)
            while b"configuration read again" not in servers["second"].recv(4096):
                pass
        finally:
            daemon.terminate()
            assert daemon.wait(PATIENCE) == 0


def test_only_root_and_the_daemons_user_may_change_things():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return
    with Pair(origin.server_port) as pair:
        path = pathlib.Path(pair.sender.settings["control.socket"])
        pair.folder.chmod(0o755)
        # nobody cannot even connect; a member of the socket's group may read.
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        code, _, err = ctl(pair.sender, "status", **nobody)
        assert code == DENIED and "permission denied" in err, f"{code} {err}"
        os.chown(path, -1, 65534)
        assert ctl(pair.sender, "status", **nobody)[0] == OK
        for change in (["reload"], ["drain"], ["purge", "--all"], ["log-level", "1"], ["railgun", "delete", "a"]):
            code, _, err = ctl(pair.sender, *change, **nobody)
            assert code == DENIED and "only root" in err, f"{change}: {code} {err}"
        assert pair.get("/c")[0] == 200


def test_a_missing_link_is_told_with_advice():
    with Pair(origin.server_port) as pair:
        pair.listener.stop()
        wait_until(lambda: not status(pair.sender)["sites"][0]["links_up"], "the link is gone")
        # Too early to complain: the daemon gives itself ten seconds to dial.
        wait_until(lambda: any("no link" in p["text"] for p in status(pair.sender)["problems"]), "the missing link is told")
        code, out, _ = ctl(pair.sender, "status")
        assert code == FAILED and "no link can serve site.test" in out and "railgunctl probe" in out, out


def test_drain_ends_the_daemon():
    with Pair(origin.server_port) as pair:
        code, out, err = ctl(pair.sender, "drain")
        assert code == OK and "Draining" in out, err
        wait_until(lambda: pair.sender.process.poll() is not None, "the sender ends")
        assert pair.sender.process.returncode == 0
        code, _, err = ctl(pair.sender, "status")
        assert code == UNREACHABLE, err


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
