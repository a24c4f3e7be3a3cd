"""The sender speaks TLS to visitors (listen.tls, tls.directory)."""
import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import harness
import origin


class Authority:
    """Makes certificates for visitors in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.certificate = self.folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=visitors' authority", "-keyout", self.folder / "ca.key", "-out", self.certificate)

    def issue(self, to, names, key="ec", days=30, serial=None):
        """Writes TO.pem and TO.key."""
        to = pathlib.Path(to)
        kind = ["-newkey", "rsa:2048"] if key == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        request, extension = self.folder / "request.pem", self.folder / "extension.cnf"
        openssl("req", *kind, "-nodes", "-subj", f"/CN={names[0]}", "-keyout", f"{to}.key", "-out", request)
        extension.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                "-CAcreateserial", "-days", days, "-extfile", extension, "-out", f"{to}.pem",
                *(["-set_serial", serial] if serial else []))
        os.chmod(f"{to}.key", 0o600)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Front:
    """A pair whose sender speaks TLS, too. Its certificates: of site.test, and of *.two.test in two kinds."""

    def __init__(self, routes, **sender):
        self.server = origin.serve(routes)
        self.tls_port = harness.free_port()
        self.pair = harness.Pair(self.server.server_port, sender={
            "listen.tls": f"127.0.0.1:{self.tls_port}", "tls.directory": "TO_BE_SET", **sender})
        # The origin speaks no TLS, whatever the visitor came by.
        (self.pair.folder / "nat.conf").write_text(f"default = http://127.0.0.1:{self.server.server_port}\n")
        self.directory = self.pair.folder / "tls"
        self.directory.mkdir()
        self.pair.sender.settings["tls.directory"] = self.directory
        self.authority = Authority(self.pair.folder / "authority")
        self.authority.issue(self.directory / "default", ["site.test"])
        self.authority.issue(self.directory / "two-ec", ["*.two.test"])
        self.authority.issue(self.directory / "two-rsa", ["*.two.test"], key="rsa")
        self.context = ssl.create_default_context(cafile=str(self.authority.certificate))

    def __enter__(self):
        self.pair.__enter__()
        return self

    def __exit__(self, *why):
        self.pair.__exit__(*why)
        self.server.shutdown()

    def connect(self, name="site.test", context=None):
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=harness.PATIENCE)
        return (context or self.context).wrap_socket(plain, server_hostname=name)

    def get(self, path="/", headers=None, connection=None):
        """Status, fields and body of one request over TLS. `connection`: goes on after it."""
        own = connection is None
        connection = connection or self.connection()
        connection.request("GET", path, headers={"Host": "site.test", **(headers or {})})
        answer = connection.getresponse()
        got = answer.status, dict(answer.getheaders()), answer.read()
        if own:
            connection.close()
        return got

    def connection(self):
        made = http.client.HTTPConnection("127.0.0.1", self.tls_port, timeout=harness.PATIENCE)
        made.sock = self.connect()
        return made

    def certificate_for(self, name, *options):
        """The names in the certificate that a client with these options of openssl s_client is shown, and its key."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-servername", name, *options],
                              input="", capture_output=True, text=True, timeout=harness.PATIENCE)
        if "BEGIN CERTIFICATE" not in done.stdout:
            return None, done.stdout + done.stderr
        shown = subprocess.run(["openssl", "x509", "-noout", "-text"], input=done.stdout, capture_output=True, text=True)
        names = [line.strip() for line in shown.stdout.splitlines() if "DNS:" in line]
        return names[0].replace("DNS:", ""), "RSA" if "rsaEncryption" in shown.stdout else "EC"

    def counters(self):
        text = harness.ctl(self.pair.sender, "stats")[1]
        return {line.split(":")[0].strip().removeprefix("railgun."): line.split(":", 1)[1].strip()
                for line in text.splitlines() if ":" in line}


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


harness.run_tests(sys.modules[__name__])
