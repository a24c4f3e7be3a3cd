"""A pair whose sender speaks TLS to visitors, and the certificates for it."""
import contextlib
import http.client
import ipaddress
import os
import pathlib
import socket
import ssl
import subprocess

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
        extension.write_text("subjectAltName=" + ",".join(f"{'IP' if is_address(name) else 'DNS'}:{name}" for name in names) + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                "-CAcreateserial", "-days", days, "-extfile", extension, "-out", f"{to}.pem",
                *(["-set_serial", serial] if serial else []))
        os.chmod(f"{to}.key", 0o600)


def is_address(name):
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    return False


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Front:
    """A pair whose sender speaks TLS, too. Its certificates: of site.test, and of *.two.test in two kinds."""

    def __init__(self, routes, origin_port=None, **sender):
        """`origin_port`: of an origin that is there; there are no routes then."""
        self.server = None if origin_port else origin.serve(routes)
        origin_port = origin_port or self.server.server_port
        self.tls_port = harness.free_port()
        self.pair = harness.Pair(origin_port, sender={
            "listen.tls": f"127.0.0.1:{self.tls_port}", "tls.directory": "TO_BE_SET", **sender})
        # The origin speaks no TLS, whatever the visitor came by.
        (self.pair.folder / "nat.conf").write_text(f"default = http://127.0.0.1:{origin_port}\n")
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
        if self.server:
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

    def session_resumed(self, other=None, version="-tls1_3"):
        """Whether a session from here is resumed at `other` (or here)."""
        session = self.pair.folder / "session.pem"

        def talk(port, *options):
            return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "site.test", version,
                                   "-ign_eof", *options], capture_output=True, text=True, timeout=harness.PATIENCE,
                                  input="GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n").stdout
        talk(self.tls_port, "-sess_out", session)
        return "Reused, " in talk((other or self).tls_port, "-sess_in", session)

    def counters(self):
        text = harness.ctl(self.pair.sender, "stats")[1]
        return {line.split(":")[0].strip().removeprefix("railgun."): line.split(":", 1)[1].strip()
                for line in text.splitlines() if ":" in line}
