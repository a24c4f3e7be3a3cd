"""The sender speaks TLS to visitors (listen.tls, tls.directory)."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

import harness
from front import Front


def seen(handler):
    """A page that says what the origin was told of the visitor."""
    handler.answer(f"proto={handler.headers['X-Forwarded-Proto']} for={handler.headers['X-Forwarded-For']}\n".encode())


def test_pages_come_over_tls_and_the_origin_knows():
    with Front({"*": seen}) as front:
        status, fields, body = front.get("/page")
        assert status == 200 and body == b"proto=https for=127.0.0.1\n", (status, body)
        assert "Cf-Railgun" in fields, fields
        assert front.pair.get("/page")[2] == b"proto=http for=127.0.0.1\n"
        # A page over http is no reference for the one over https (page keys have the scheme).
        many = front.connection()
        assert [front.get("/again", connection=many)[0] for _ in range(5)] == [200] * 5
        many.close()
        # What a visitor claims does not count.
        assert front.get("/", {"X-Forwarded-Proto": "http"})[2].startswith(b"proto=https")
        counted = front.counters()
        assert counted["client_handshakes"] == "3" and counted["client_handshakes_open"] == "0", counted


def test_versions_ciphers_and_certificates():
    with Front({"*": seen}) as front:
        for name, options, want in (
                ("site.test", [], ("site.test", "EC")), ("a.two.test", [], ("*.two.test", "EC")),
                ("a.two.test", ["-sigalgs", "rsa_pss_rsae_sha256"], ("*.two.test", "RSA")),
                ("a.two.test", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], ("*.two.test", "RSA")),
                ("A.Two.Test", ["-tls1_2"], ("*.two.test", "EC")), ("unknown.test", [], ("site.test", "EC"))):
            assert front.certificate_for(name, *options) == want, (name, options, front.certificate_for(name, *options))
        for options in (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-SHA"],
                        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"]):
            assert front.certificate_for("site.test", *options)[0] is None, options
        client = ssl.create_default_context(cafile=str(front.authority.certificate))
        for offered, agreed in ((["http/1.1"], "http/1.1"), ([], None)):
            if offered:
                client.set_alpn_protocols(offered)
            else:
                client = ssl.create_default_context(cafile=str(front.authority.certificate))
            with front.connect(context=client) as connection:
                assert connection.selected_alpn_protocol() == agreed
        client.set_alpn_protocols(["smtp"])
        try:
            front.connect(context=client)
            raise AssertionError("a protocol that is not HTTP was accepted")
        except ssl.SSLError:
            pass
        assert subprocess.run(["curl", "-sS", "--cacert", front.authority.certificate, "--resolve",
                               f"site.test:{front.tls_port}:127.0.0.1", f"https://site.test:{front.tls_port}/x"],
                              capture_output=True, timeout=harness.PATIENCE).stdout.startswith(b"proto=https")


def test_plain_http_on_the_tls_port_is_told():
    with Front({"*": seen}) as front:
        with socket.create_connection(("127.0.0.1", front.tls_port), timeout=harness.PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: site.test\r\n\r\n")
            answer = b""
            while piece := client.recv(4096):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer, answer
        with socket.create_connection(("127.0.0.1", front.tls_port), timeout=harness.PATIENCE) as client:
            client.sendall(b"\x00\x01\x02 what is this")
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP" not in client.recv(4096)
        harness.wait_until(lambda: front.counters()["client_handshakes_failed"] == "2", "both are counted")


def test_certificates_that_cannot_be_used_are_left_out():
    front = Front({"*": seen})
    shutil.copy(front.directory / "two-ec.pem", front.directory / "broken.pem")
    shutil.copy(front.directory / "two-rsa.key", front.directory / "broken.key")
    with front:
        log = front.pair.sender.log
        harness.wait_until(lambda: "the key does not belong to the certificate" in log.read_text(), "the log says so")
        assert front.get("/")[0] == 200
    # With none at all, plain HTTP is served all the same: a client of ACME may be about to bring the first.
    front = Front({"*": seen})
    for file in front.directory.iterdir():
        file.unlink()
    with front:
        assert front.pair.get("/")[0] == 200
        try:
            front.connect()
            raise AssertionError("there is no certificate")
        except OSError:
            pass
        front.authority.issue(front.directory / "first", ["site.test"])
        code, out, err = harness.ctl(front.pair.sender, "reload")
        assert code == 0, out + err
        harness.wait_until(lambda: front.certificate_for("site.test")[0] == "site.test", "the first certificate serves")


def test_a_reload_changes_certificates_and_cuts_no_connection():
    with Front({"*": seen}) as front:
        kept = front.connection()
        assert front.get("/", connection=kept)[0] == 200
        failures, stop = [], threading.Event()

        def load():
            while not stop.is_set():
                try:
                    assert front.get("/load")[0] == 200
                except Exception as error:  # whatever goes wrong is the finding
                    failures.append(repr(error))
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        before = front.connect().getpeercert()["serialNumber"]
        for _ in range(5):
            front.authority.issue(front.directory / "default", ["site.test"])
            assert harness.ctl(front.pair.sender, "reload")[0] == 0
        harness.wait_until(lambda: front.connect().getpeercert()["serialNumber"] != before, "the new certificate is shown")
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures, failures[:3]
        assert front.get("/", connection=kept)[0] == 200
        kept.close()


def test_strangers_that_say_nothing_keep_nobody_out():
    with Front({"*": seen}, **{"tls.handshakes": 16}) as front:
        idle = [socket.create_connection(("127.0.0.1", front.tls_port), timeout=harness.PATIENCE) for _ in range(100)]
        assert front.get("/")[0] == 200
        counted = front.counters()
        assert int(counted["client_handshakes_dropped"]) >= 92, counted
        assert int(counted["client_handshakes_open"]) <= 8, counted
        # Those that are left are closed at their deadline.
        harness.wait_until(lambda: front.counters()["client_handshakes_open"] == "0", "none is left")
        for connection in idle:
            connection.close()


def test_sessions_are_resumed_here_and_at_another_edge():
    with Front({"*": seen}) as front:
        assert front.session_resumed() and front.session_resumed(version="-tls1_2")
        harness.wait_until(lambda: front.counters()["client_handshakes_resumed"] == "2", "both are counted")
        assert harness.ctl(front.pair.sender, "reload")[0] == 0
        assert front.session_resumed()
    with tempfile.TemporaryDirectory() as folder:
        secret = pathlib.Path(folder) / "secret"
        secret.write_text("5" * 64 + "\n")
        secret.chmod(0o600)
        with Front({"*": seen}, **{"tls.ticket_file": secret}) as one, \
             Front({"*": seen}, **{"tls.ticket_file": secret}) as other, Front({"*": seen}) as stranger:
            for version in ("-tls1_2", "-tls1_3"):
                assert one.session_resumed(other, version)
                assert not one.session_resumed(stranger, version)
            # A file that others may read is no secret. What it holds is never shown.
            secret.chmod(0o644)
            code, out, err = harness.ctl(other.pair.sender, "reload")
            assert code == 0
            assert not one.session_resumed(other)
            assert "tls.ticket_file" in harness.ctl(other.pair.sender, "status")[1]
            secret.chmod(0o600)
            secret.write_text("5" * 63 + "\n")
            assert harness.ctl(other.pair.sender, "reload")[0] == 0
            harness.wait_until(lambda: "64 hexadecimal" in other.pair.sender.log.read_text(), "the log says what is wrong")
            assert "55555" not in other.pair.sender.log.read_text()


def test_http_is_redirected_and_answers_get_fixed_fields():
    fields = "Strict-Transport-Security: max-age=600; includeSubDomains | Alt-Svc: clear | X-Frame-Options: DENY"
    own = {"/own": lambda handler: handler.answer(b"own", fields=[("X-Frame-Options", "SAMEORIGIN")]), "*": seen}
    with Front(own, **{"redirect.https": 308, "answer.fields": fields}) as front:
        status, got, _ = front.pair.get("/a?b=c", {"Host": "site.test:80"})
        assert status == 308 and got["Location"] == f"https://site.test:{front.tls_port}/a?b=c", (status, got)
        assert "Strict-Transport-Security" not in got and got["Alt-Svc"] == "clear", got
        assert front.pair.get("/upload", method="POST", body=b"x" * 100000)[0] == 308
        assert front.pair.get("/", {"Host": "other.test"})[0] == 421, "only what is served"
        status, got, _ = front.get("/")
        assert status == 200 and got["Strict-Transport-Security"] == "max-age=600; includeSubDomains", got
        assert got["X-Frame-Options"] == "DENY", got
        assert front.get("/own")[1]["X-Frame-Options"] == "SAMEORIGIN"
        # What a visitor claims is no https.
        assert front.pair.get("/", {"X-Forwarded-Proto": "https"})[0] == 308
        front.pair.sender.settings["trusted.proxies"] = "127.0.0.1"
        front.pair.sender.write()
        assert harness.ctl(front.pair.sender, "reload")[0] == 0
        harness.wait_until(lambda: front.pair.get("/", {"X-Forwarded-Proto": "https"})[0] == 200, "a proxy's word counts")
        assert front.pair.get("/", {"X-Forwarded-Proto": "http"})[0] == 308


def test_status_and_check_name_certificates_and_days():
    front = Front({"*": seen})
    front.authority.issue(front.directory / "short", ["short.test"], days=5)
    with front:
        _, out, _ = harness.ctl(front.pair.sender, "status")
        line = next(line for line in out.splitlines() if "short.test" in line)
        # Whole days: a certificate for five days has four left, or five in the second in which it was made.
        assert line.split()[:2] == ["short.test", "EC"] and line.split()[2] in ("4", "5"), out
        assert re.search(r"the certificate for short\.test .* expires in [45] days", out), out
        assert "the certificate for site.test" not in out, out
        listed = json.loads(harness.ctl(front.pair.sender, "status", "--json")[1])["certificates"]
        assert {tuple(each["names"]) for each in listed} == {("site.test",), ("*.two.test",), ("short.test",)}, listed
        _, out, _ = harness.railgunctl("--config", front.pair.sender.config, "--socket",
                                       front.pair.sender.settings["control.socket"], "check")
        assert re.search(r"short\.test \(EC\): [45] days left", out), out
        assert re.search(r"\*\.two\.test \(RSA\): (29|30) days left", out), out
        # Left out at the next reload, which says so.
        (front.directory / "short.key").write_text("nothing")
        code, out, err = harness.ctl(front.pair.sender, "reload")
        assert code == 0
        assert "certificate left out" in harness.ctl(front.pair.sender, "status")[1]


def test_large_pages_and_uploads():
    page = os.urandom(100) * 30000

    def echo(handler):
        handler.answer(str(len(handler.rfile.read(int(handler.headers["Content-Length"])))).encode())
    with Front({"/page": lambda handler: handler.answer(page), "/echo": echo}) as front:
        assert front.get("/page")[2] == page
        connection = front.connection()
        connection.request("POST", "/echo", body=page, headers={"Host": "site.test"})
        assert connection.getresponse().read() == str(len(page)).encode()
        connection.close()


def test_a_scanner_finds_nothing_weak():
    with Front({"*": seen}) as front:
        for name in ("site.test", "www.two.test"):
            done = subprocess.run(["sslscan", "--xml=-", f"--sni-name={name}", f"127.0.0.1:{front.tls_port}"], capture_output=True,
                                  text=True, timeout=harness.PATIENCE)
            found = xml.etree.ElementTree.fromstring(done.stdout).find("ssltest")
            spoken = {(each.get("type"), each.get("version")) for each in found.iter("protocol") if each.get("enabled") == "1"}
            assert spoken == {("tls", "1.2"), ("tls", "1.3")}, spoken
            assert all(each.get("vulnerable") == "0" for each in found.iter("heartbleed"))
            assert found.find("renegotiation").get("supported") == "0"
            assert not any(each.get("supported") == "1" for each in found.iter("compression"))
            ciphers = list(found.iter("cipher"))
            assert len(ciphers) >= 6, done.stdout
            for cipher in ciphers:
                assert cipher.get("strength") in ("strong", "acceptable") and int(cipher.get("bits")) >= 128, cipher.attrib
                assert any(kind in cipher.get("cipher") for kind in ("GCM", "POLY1305")), cipher.attrib
                assert cipher.get("curve"), f"{cipher.attrib}: no forward secrecy"


harness.run_tests(sys.modules[__name__])
