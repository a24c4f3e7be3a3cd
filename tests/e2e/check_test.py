"""railgunctl check on both ends of a pair, and with one thing wrong at a time."""
import contextlib
import json
import os
import pathlib
import sys
import tarfile
import tempfile
import time

from harness import Certificates, FAILED, OK, USAGE, Pair, free_port, railgunctl, run_tests, wait_until
from memcached import Memcached
from origin import Nginx, serve, serve_repetition

origin = serve_repetition()


def check(daemon, *more):
    code, out, err = railgunctl("--config", str(daemon.config), "check", "--json", *more)
    assert not err, err
    return code, json.loads(out)["findings"]


def row(findings, name):
    """The one row of that name."""
    rows = [finding for finding in findings if finding["name"] == name]
    assert len(rows) == 1, f"{name}: {rows or findings}"
    return rows[0]


def expect(findings, name, grade, *parts):
    found = row(findings, name)
    assert found["grade"] == grade, found
    for part in parts:
        assert part in found["seen"] + found["advice"], f"{part} is missing in {found}"
    assert found["advice"] or grade not in ("warning", "error"), found


@contextlib.contextmanager
def lone(role="listener", **settings):
    """One end of a pair, not started."""
    pair = Pair(origin.server_port)
    daemon = getattr(pair, role)
    daemon.settings.update(settings)
    daemon.write()
    try:
        yield pair, daemon
    finally:
        pair.__exit__(None)


def test_a_good_pair_has_no_error():
    with Pair(origin.server_port, direct=True) as pair:
        # The link's round trip is measured a moment after it is up, and a busy machine may seem far from itself.
        looks = []
        wait_until(lambda: looks.append(check(pair.listener)) or row(looks[-1][1], "place")["grade"] == "ok",
                   "the listener knows its place")
        code, findings = looks[-1]
        assert code == OK, findings
        for name in ("config", "daemon", "links", "authority", "private key", "port", "origin", "place", "file limit",
                     "permissions", "disk: state"):
            expect(findings, name, "ok")
        expect(findings, "memcached", "not applicable")
        code, findings = check(pair.sender)
        assert code == OK, findings
        for name in ("links", "listener", "clients", "direct origin"):
            expect(findings, name, "ok")
        expect(findings, "listener", "ok", "accepts this machine")
        code, out, _ = railgunctl("--config", str(pair.listener.config), "check")
        assert code == OK and "0 errors" in out and max(map(len, out.splitlines())) <= 80, out


def test_with_the_daemon_down_the_rest_is_looked_at():
    with lone() as (_, listener):
        code, findings = check(listener)
        assert code == FAILED
        expect(findings, "daemon", "error", "systemctl start railgund")
        expect(findings, "port", "unknown")
        expect(findings, "file limit", "unknown")
        for name in ("config", "origin", "private key", "permissions"):
            expect(findings, name, "ok")


def test_a_listener_that_is_away_and_a_port_that_is_taken():
    with Pair(origin.server_port) as pair:
        pair.listener.stop()
        code, findings = check(pair.sender)
        assert code == FAILED
        expect(findings, "listener", "error", "nothing listens")
        web = serve({"*": lambda handler: handler.answer(b"")}, pair.link_port)
        expect(check(pair.sender)[1], "listener", "error", "does not speak TLS")
        web.shutdown()
        web.server_close()


def test_origins_that_do_not_answer():
    for target, parts in ((f"127.0.0.1:{free_port()}", ("refused", "start the web server")),
                          (f"https://127.0.0.1:{origin.server_port}", ("HTTPS",)),
                          ("no-such-host.invalid", ("no-such-host.invalid",))):
        with lone() as (pair, listener):
            (pair.folder / "nat.conf").write_text(f"www.example.com = {target}\n")
            code, findings = check(listener, "--timeout", "2")
            assert code == FAILED
            expect(findings, "origin", "error", "www.example.com", *parts)
            expect(findings, "place", "unknown")
    broken = serve({"*": lambda handler: handler.answer(b"", status=503)})
    with lone() as (pair, listener):
        (pair.folder / "nat.conf").write_text(f"*.example.com = 127.0.0.1:{broken.server_port}\n")
        expect(check(listener)[1], "origin", "warning", "503")
        (pair.folder / "nat.conf").write_text("")
        expect(check(listener)[1], "origin", "unknown", "--host")
        code, findings = check(listener, "--host", f"localhost:{origin.server_port}")
        expect(findings, "origin", "ok", "status 200")


def test_origins_over_http2_and_sockets():
    port = free_port()
    more = f"listen 127.0.0.1:{port} http2; listen unix:FOLDER/http.sock; listen unix:FOLDER/h2.sock http2;"
    with Nginx(more=more) as nginx, lone() as (pair, listener):
        (nginx.root / "index.html").write_text("hello")
        plain, sockets = f"127.0.0.1:{nginx.port}", nginx.folder
        (sockets / "left.sock").touch()
        for target, grade, parts in (
                (f"h2c://127.0.0.1:{port}", "ok", ("status 200 over HTTP/2",)),
                (f"unix:{sockets}/http.sock", "ok", ("status 200, connected",)),
                (f"h2c://unix:{sockets}/h2.sock", "ok", ("status 200 over HTTP/2",)),
                (f"h2c://{plain}", "error", ("http:// instead of h2c://",)),
                (f"http://127.0.0.1:{port}", "error", ("h2c://",)),
                (f"h2c://unix:{sockets}/http.sock", "error", ("unix: instead of h2c://",)),
                (f"unix:{sockets}/none.sock", "error", ("no such file", "start the application")),
                (f"unix:{sockets}/left.sock", "error", ("refused", "nothing listens on the socket"))):
            (pair.folder / "nat.conf").write_text(f"www.example.com = {target}\n")
            code, findings = check(listener)
            expect(findings, "origin", grade, *parts)
        sender = pair.sender
        sender.settings["site.site.test.origin"] = f"h2c://unix:{sockets}/h2.sock"
        sender.write()
        expect(check(sender)[1], "direct origin", "ok", "status 200 over HTTP/2")


def test_an_https_origin_that_offers_http2_or_not():
    with tempfile.TemporaryDirectory() as folder:
        keys = Certificates(pathlib.Path(folder))
        keys.issue("www.example.com")
        port, old_port = free_port(), free_port()
        files = f"ssl_certificate {folder}/www.example.com.pem; ssl_certificate_key {folder}/www.example.com.key;"
        with Nginx(more=f"listen 127.0.0.1:{port} ssl http2; {files}") as nginx:
            (nginx.root / "index.html").write_text("hello")
            with lone(**{"ca.bundle": keys.ca}) as (pair, listener):
                (pair.folder / "nat.conf").write_text(f"www.example.com = h2://127.0.0.1:{port}\n")
                expect(check(listener)[1], "origin", "ok", "status 200 over HTTP/2")
        with Nginx(more=f"listen 127.0.0.1:{old_port} ssl; {files}") as nginx:
            (nginx.root / "index.html").write_text("hello")
            with lone(**{"ca.bundle": keys.ca}) as (pair, listener):
                (pair.folder / "nat.conf").write_text(f"www.example.com = h2://127.0.0.1:{old_port}\n")
                expect(check(listener)[1], "origin", "ok", "over HTTP/1.1 (it does not offer HTTP/2)")


def test_a_clock_that_disagrees_with_the_origins():
    def yesterday(handler):
        handler.send_response_only(200)
        handler.send_header("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 86400)))
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    with lone() as (pair, listener):
        (pair.folder / "nat.conf").write_text(f"default = 127.0.0.1:{serve({'*': yesterday}).server_port}\n")
        expect(check(listener)[1], "clock", "error", "1 d 0 h apart", "timedatectl")


def test_memcached_missing_small_and_of_small_items():
    with lone(**{"memcached.servers": f"127.0.0.1:{free_port()}"}) as (pair, listener):
        code, findings = check(listener)
        assert code == FAILED
        expect(findings, "memcached", "error", "refused", "systemctl status memcached")
        listener.settings["memcached.servers"] = f"127.0.0.1:{origin.server_port}"
        listener.write()
        expect(check(listener)[1], "memcached", "error", "not memcached")
        store = Memcached(pair.folder)
        with store:
            listener.settings.update({"memcached.servers": store.socket, "memcached.limit": "4M"})
            listener.write()
            code, findings = check(listener)
            expect(findings, "memcached", "warning", "64.0 MiB", "-m 1024")
            expect(findings, "item limit", "warning", "1.0 MiB", "4.0 MiB", "-I 5m")
            listener.settings["memcached.limit"] = "1M"
            listener.write()
            expect(check(listener)[1], "item limit", "ok")
            store.freeze()
            expect(check(listener, "--timeout", "0.5")[1], "memcached", "error", "timeout")
            store.thaw()


def test_certificates_keys_and_modes():
    with lone() as (pair, listener):
        pair.certificates.issue("listener", days=0)
        code, findings = check(listener)
        assert code == FAILED
        expect(findings, "certificate", "error", "EXPIRED", "cert.file")
        key = pair.folder / "listener.key"
        os.chmod(key, 0o644)
        expect(check(listener)[1], "permissions", "error", "0644", f"chmod 0600 {key}")
        key.write_bytes((pair.folder / "sender.key").read_bytes())
        expect(check(listener)[1], "private key", "error", "does not belong")
        key.unlink()
        expect(check(listener)[1], "private key", "error", "no such file")
    with lone(**{"stats.token": "a-token-that-is-secret", "cert.file": "", "key.file": "", "link.ca_file": ""}) as (_, listener):
        os.chmod(listener.config, 0o644)
        findings = check(listener)[1]
        expect(findings, "certificate", "error", "railgunctl activate TOKEN")
        expect(findings, "permissions", "warning", "0644", "chmod 0640")


def test_a_state_folder_that_is_not_there():
    with lone(**{"state.directory": "/nonexistent/railgun"}) as (_, listener):
        expect(check(listener)[1], "disk: state", "error", "/nonexistent/railgun", "install -d")


def test_settings_that_are_wrong_or_not_there():
    with lone(**{"wan.port": "many"}) as (_, listener):
        code, findings = check(listener)
        assert code == FAILED
        expect(findings, "config", "error", "wan.port", "a number from 1 to 65535")
        assert "slow start" in {finding["name"] for finding in findings}
    code, out, _ = railgunctl("--config", "/nonexistent/railgun.conf", "check", "--socket", "/nonexistent/socket")
    assert code == FAILED and "/nonexistent/railgun.conf" in out and "2 errors" in out, out


def test_who_may_not_look_is_told_so():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return
    with Pair(origin.server_port) as pair:
        os.chmod(pair.folder, 0o755)
        os.chmod(pair.listener.config, 0o644)
        code, out, err = railgunctl("--config", str(pair.listener.config), "check", "--json", user=65534)
        findings = json.loads(out)["findings"]
        expect(findings, "daemon", "unknown", "root")
        expect(findings, "private key", "unknown", "root")
        os.chmod(pair.listener.config, 0o600)
        code, out, err = railgunctl("--config", str(pair.listener.config), "check", "--json", user=65534)
        expect(json.loads(out)["findings"], "config", "unknown", "root")


def test_the_support_bundle_has_it():
    with Pair(origin.server_port) as pair, tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "bundle.tar.gz")
        code, _, err = railgunctl("--config", str(pair.listener.config), "support-bundle", "-o", str(output))
        assert code == OK, err
        with tarfile.open(output) as bundle:
            text = bundle.extractfile("railgun-support/check.txt").read().decode()
        assert "ok       daemon" in text and "0 errors" in text, text


def test_usage():
    for wrong in (["more"], ["--timeout", "0"], ["--host"]):
        code, _, err = railgunctl("check", *wrong)
        assert code == USAGE and err, f"{wrong}: {code} {err}"
    code, out, _ = railgunctl("check", "--help")
    assert code == OK and "Example: railgunctl check" in out, out


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
