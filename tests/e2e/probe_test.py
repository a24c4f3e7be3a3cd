"""railgunctl probe against a listener, against everything else that may listen on a port, and against nothing."""
import contextlib
import json
import pathlib
import socket
import ssl
import sys
import tempfile
import threading

from harness import (DENIED, FAILED, OK, UNREACHABLE, USAGE, Certificates, Pair, answers, free_port, railgunctl, run_tests,
                     wait_until)
from origin import serve_repetition

NOWHERE = "/nonexistent/railgun.conf"
origin = serve_repetition()


def probe(port, *more, config=NOWHERE, host="127.0.0.1"):
    code, out, err = railgunctl("--config", str(config), "probe", f"{host}:{port}", *more)
    assert not err, err
    return code, out


def verdict(port, *more, **where):
    code, out = probe(port, "--json", *more, **where)
    return code, json.loads(out)


@contextlib.contextmanager
def server(handle):
    """A server that gives each connection to `handle` and then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def run():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        handle(connection)
        threading.Thread(target=run, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def tls_server(certificates, protocols=(), lowest=ssl.TLSVersion.TLSv1_2, highest=ssl.TLSVersion.TLSv1_3, demands=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = lowest, highest
    context.load_cert_chain(certificates.folder / "listener.pem", certificates.folder / "listener.key")
    if protocols:
        context.set_alpn_protocols(protocols)
    if demands:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.ca)

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)
    return server(handle)


def test_a_listener_is_seen_with_and_without_a_certificate():
    with Pair(origin.server_port) as pair, tempfile.TemporaryDirectory() as folder:
        code, seen = verdict(pair.link_port)
        assert code == OK and seen["verdict"] == "railgun" and "link" not in seen, seen
        assert seen["tls"]["protocol"] == "railgun/1" and seen["tls"]["demands_certificate"], seen
        assert seen["tls"]["certificate"]["issuer"] == "test authority" and seen["round_trip_seconds"] > 0, seen

        code, seen = verdict(pair.link_port, config=pair.sender.config)
        assert seen["tls"]["group"] in ("x25519", "X25519MLKEM768"), seen["tls"]
        assert code == OK and seen["link"]["role"] == "listener" and seen["link"]["highest_version"] == 2, seen
        assert len(seen["link"]["round_trips_seconds"]) == 5 and len(seen["own_authority"]["sha256"]) == 64, seen
        code, out = probe(pair.link_port, config=pair.sender.config)
        for part in ("link version 1", "echoes over the link", "accepts this machine", seen["tls"]["certificate"]["sha256"]):
            assert part in out, f"{part} is missing in\n{out}"
        assert max(map(len, out.splitlines())) <= 80, out

        # A name, and a certificate of another authority.
        assert verdict(pair.link_port, host="localhost")[0] == OK
        stranger = pathlib.Path(folder, "stranger.conf")
        stranger.write_text("role = sender\nlisten = 127.0.0.1:1\nsite.default.listeners = 127.0.0.1\n" + "".join(
            f"{key} = {value}\n" for key, value in Certificates(pathlib.Path(folder)).settings("sender").items()))
        code, seen = verdict(pair.link_port, config=stranger)
        assert code == DENIED and seen["verdict"] == "refused by railgun", seen
        assert pair.get("/a")[0] == 200


def test_an_expired_certificate_is_told():
    pair = Pair(origin.server_port)
    pair.certificates.issue("listener", days=0)
    try:
        pair.listener.start()
        wait_until(lambda: answers(pair.link_port), "the listener answers")
        code, seen = verdict(pair.link_port)
        assert code == FAILED and seen["verdict"] == "bad certificate", seen
        assert "EXPIRED" in probe(pair.link_port)[1]
    finally:
        pair.__exit__(None)


def test_a_link_without_tls_is_told():
    with Pair(origin.server_port, listener={"wan.tls": 0}, sender={"wan.tls": 0}) as pair:
        code, seen = verdict(pair.link_port)
        assert code == FAILED and seen["verdict"] == "link without tls", seen


def test_nothing_is_there():
    code, seen = verdict(free_port())
    assert code == UNREACHABLE and seen["verdict"] == "refused", seen
    code, out = probe(2408, "--timeout", "2", host="no-such-host.invalid")
    assert code == UNREACHABLE and "no-such-host.invalid" in out and "-> " in out, out
    # A full backlog drops what comes after it, as a firewall does.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with contextlib.ExitStack() as waiting:
            for _ in range(4):
                client = waiting.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(full.getsockname())
            code, seen = verdict(full.getsockname()[1], "--timeout", "0.5")
            assert code == UNREACHABLE and seen["verdict"] == "timeout" and "firewall" in seen["advice"], seen


def test_something_else_is_there():
    code, seen = verdict(origin.server_port)
    assert code == FAILED and seen["verdict"] == "not tls" and seen["first_bytes"], seen
    with server(lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n") or connection.recv(4096)) as port:
        code, seen = verdict(port)
        assert code == FAILED and seen["verdict"] == "not tls", seen
        assert "\"220 mail.example ESMTP\"" in probe(port)[1]
    with server(lambda connection: connection.recv(4096) and threading.Event().wait(60)) as port:
        code, seen = verdict(port, "--timeout", "0.5")
        assert code == FAILED and seen["verdict"] == "silent", seen
    with server(lambda connection: None) as port:
        code, seen = verdict(port)
        assert code == FAILED and seen["verdict"] == "closed", seen


def test_another_tls_is_there():
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(pathlib.Path(folder))
        for name, options in (("a web server", {"protocols": ["http/1.1"]}), ("something", {}),
                              ("something that demands a certificate", {"demands": True}),
                              ("an old server", {"highest": ssl.TLSVersion.TLSv1_2}),
                              ("a server of HTTP/2 alone", {"protocols": ["h2"]})):
            with tls_server(certificates, **options) as port:
                code, seen = verdict(port, "--timeout", "30")
                assert code == FAILED and seen["verdict"] == "not railgun", f"{name}: {seen}"
                assert seen["tls"]["demands_certificate"] == options.get("demands", False), f"{name}: {seen}"


def test_usage():
    for wrong in ([], ["host:70000"], ["host:port"], ["host", "--timeout", "0"], ["host", "two"]):
        code, _, err = railgunctl("probe", *wrong)
        assert code == USAGE and err, f"{wrong}: {code} {err}"
    code, out, _ = railgunctl("probe", "--help")
    assert code == OK and "Example: railgunctl probe" in out, out


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
