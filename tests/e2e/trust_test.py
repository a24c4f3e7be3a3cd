"""What visitors, senders and listeners may choose, claim and learn (doc/SECURITY.md)."""
import contextlib
import json
import random
import socket
import subprocess
import sys

import harness
import origin


def raw(port, request):
    """The whole answer to a request, written byte for byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE) as client:
        client.sendall(request)
        answer = b""
        with contextlib.suppress(OSError):
            while piece := client.recv(65536):
                answer += piece
        return answer


def status(port, host, target="/", version="1.1"):
    answer = raw(port, f"GET {target} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    return int(answer.split()[1])


@contextlib.contextmanager
def pair_with(routes, map_text=None, **more):
    server = origin.serve(routes)
    pair = harness.Pair(server.server_port, **more)
    if map_text is not None:
        (pair.folder / "nat.conf").write_text(map_text)
    try:
        with pair:
            yield pair
    finally:
        server.shutdown()


def spellings(port):
    """Ways to name a port of this machine in a Host."""
    return [f"127.0.0.1:{port}", f"2130706433:{port}", f"0x7f000001:{port}", f"127.1:{port}", f"0177.0.0.1:{port}",
            f"0:{port}", f"[::1]:{port}", f"[::ffff:127.0.0.1]:{port}", f"[::]:{port}", f"localhost:{port}",
            f"127.0.0.1.:{port}", f"site.test:{port}"]


def test_a_host_chooses_no_port_and_no_inner_address():
    asked = []
    inner = origin.serve({"*": lambda handler: (asked.append(handler.path), handler.answer(b"secret"))})
    for map_text in ("site.test = 127.0.0.1\n", "default = 127.0.0.1\n", ""):
        with pair_with({}, map_text, host="default") as pair:
            for host in spellings(inner.server_port):
                for version in ("1.1", "1.0"):
                    got = status(pair.port, host, version=version)
                    assert got in (400, 421), f"{map_text!r} {host} {version}: {got}"
                got = status(pair.port, host, f"http://{host}/")
                assert got in (400, 421), f"{map_text!r} {host}, absolute form: {got}"
            for host in ("169.254.169.254", "[fe80::1]", "localhost") if map_text == "" else ():
                assert status(pair.port, host) == 421, host
            if map_text == "":
                harness.wait_until(lambda: "map file" in pair.listener.log.read_text(), "the log names the cure")
    assert not asked, asked
    # What a line names is served, and so is every port that the sender listens on.
    with pair_with({"*": lambda handler: handler.answer(b"page")}) as pair:
        for host in ("site.test", "site.test:80", "SITE.test:443", f"site.test:{pair.port}"):
            assert status(pair.port, host) == 200, host
    with pair_with({}, f"localhost = 127.0.0.1:{inner.server_port}\n", host="default") as pair:
        assert status(pair.port, "localhost") == 200 and asked


def echo(handler):
    handler.answer(json.dumps([[name, value] for name, value in handler.headers.items()]).encode(),
                   content_type="application/json")


def seen_by_origin(pair, fields):
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    answer = raw(pair.port, f"GET /echo HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n{head}\r\n".encode())
    body = answer.partition(b"\r\n\r\n")[2]
    return [(name.lower(), value) for name, value in json.loads(body[body.index(b"["):body.rindex(b"]") + 1])]


def test_only_trusted_proxies_say_who_the_visitor_is():
    claims = [("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-For", "203.0.113.9"), ("X_Forwarded_For", "6.6.6.6"),
              ("X_Real_IP", "6.6.6.6"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "443")]
    for more in ({}, {"direct": True}):
        with pair_with({"*": echo}, sender={"trusted.proxies": "127.0.0.1"}, **more) as pair:
            if more:
                pair.listener.stop()
                harness.wait_until(lambda: "is down" in pair.sender.log.read_text(), "the link is down")
            seen = seen_by_origin(pair, claims)
            assert ("x-forwarded-for", "10.0.0.1, 203.0.113.9, 127.0.0.1") in seen, seen
            assert ("x-real-ip", "203.0.113.9") in seen and ("x-forwarded-proto", "https") in seen, seen
            assert not [value for _, value in seen if value == "6.6.6.6"], seen
    with pair_with({"*": echo}) as pair:
        seen = dict(seen_by_origin(pair, claims))
        assert seen["x-forwarded-for"] == seen["x-real-ip"] == "127.0.0.1", seen
        assert seen["x-forwarded-proto"] == "http" and "x-forwarded-port" not in seen, seen
        assert "6.6.6.6" not in seen.values(), seen
        harness.wait_until(lambda: "trusted.proxies" in pair.sender.log.read_text(), "the log names the setting")
        assert status(pair.port, "site.test", "https://site.test/") == 421


def test_a_request_that_comes_back_is_told_so_at_once():
    with pair_with({}) as pair:
        (pair.folder / "nat.conf").write_text(f"default = 127.0.0.1:{pair.port}\n")
        harness.ctl(pair.listener, "reload")
        assert status(pair.port, "site.test") == 508
        harness.wait_until(lambda: all(part in pair.sender.log.read_text() for part in ("loop", "map file")),
                           "the log names the loop and the cure")
    sender = {"site.loop.test.listeners": f"127.0.0.1:{harness.free_port()}"}
    with pair_with({}, sender=sender) as pair:
        pair.sender.settings["site.loop.test.origin"] = f"http://127.0.0.1:{pair.port}"
        pair.sender.write()
        harness.ctl(pair.sender, "reload")
        assert status(pair.port, "loop.test") == 508
    # Two pairs, one behind the other, are no loop.
    with pair_with({"*": echo}) as behind, pair_with({}, f"default = 127.0.0.1:{behind.port}\n") as front:
        via = dict(seen_by_origin(front, []))["via"]
        assert len(set(via.split(", "))) == 2, via


def certify(pair, name, hosts):
    """A new certificate for one end that names these hosts."""
    folder = pair.folder
    extension = folder / "names.ext"
    extension.write_text("subjectAltName = " + ", ".join(f"DNS:{host}" for host in hosts) + "\n")
    subprocess.run(["openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", pair.certificates.ca, "-CAkey",
                    folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", extension, "-out",
                    folder / f"{name}.pem"], check=True, stderr=subprocess.DEVNULL)


def test_names_in_certificates_bind_both_ends():
    routes = {"*": lambda handler: handler.answer(b"page")}
    for name, hosts, served in (("sender", ["other.test"], False), ("sender", ["other.test", "*.test"], True),
                                ("sender", ["sender.railgun"], True), ("listener", ["site.test"], True)):
        server = origin.serve(routes)
        pair = harness.Pair(server.server_port)
        certify(pair, name, hosts)
        with pair:
            got = status(pair.port, "site.test")
            assert got == (200 if served else 421), (name, hosts, got)
            if not served:
                harness.wait_until(lambda: "link.hosts" in pair.listener.log.read_text(), "the log names the setting")
                pair.listener.settings["link.hosts"] = "site.test"
                pair.listener.write()
                harness.ctl(pair.listener, "reload")
                assert status(pair.port, "site.test") == 200
        server.shutdown()


def test_a_link_whose_authority_is_trusted_no_more_is_cut():
    with pair_with({"*": lambda handler: handler.answer(b"page")}) as pair:
        assert status(pair.port, "site.test") == 200
        other = pair.folder / "other"
        other.mkdir()
        strange = harness.Certificates(other)
        pair.listener.settings["link.ca_file"] = strange.ca
        pair.listener.write()
        harness.ctl(pair.listener, "reload")
        harness.wait_until(lambda: "not trusted any more" in pair.listener.log.read_text(), "the link is cut")


def text_of(count, seed):
    source = random.Random(seed)
    return " ".join("".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(count // 8)).encode()


def test_a_visitors_page_is_a_reference_for_that_visitor_alone():
    """Prints what isolation costs: bytes on the link for each kind of visit."""
    page = text_of(30_000, 1)

    def shop(handler):
        who = handler.headers.get("Cookie", "nobody")
        token = f"token {random.Random(who).getrandbits(64):016x}".encode()
        personal = text_of(2000, who) if who != "nobody" else b""
        handler.answer(b"<html>" + page + personal + token + handler.path.encode() + b"</html>")

    for setting in (1, 0):
        ends = {"isolate.visitors": setting}
        with pair_with({"*": shop}, listener=ends, sender={**ends, "header.exact": 1}, relay=True) as pair:
            def visit(cookie, path="/"):
                before = pair.relay.counts()[1]
                answer = pair.get(path, {"Cookie": cookie} if cookie else {})
                assert answer[0] == 200
                return pair.relay.counts()[1] - before
            cold = visit(None)
            again = visit(None)
            ann = visit("session=ann")
            ann_again = visit("session=ann")
            bob = visit("session=bob")
            bob_again = visit("session=bob")
            print(f"        isolate.visitors = {setting}: cold {cold}, again {again}, first of a visitor {ann} and {bob}, "
                  f"again {ann_again} and {bob_again} bytes to the sender")
            assert again < cold / 20 and ann < cold / 5 and bob < cold / 5, "everybody's version serves all"
            assert ann_again < cold / 20 and bob_again < cold / 20, "a visitor's own version serves the visitor"


def test_no_length_tells_of_another_visitors_page():
    """Bob guesses Ann's token; his page repeats what he asks for. With the right guess it is as long as with wrong ones."""
    page = text_of(20_000, 2)

    def reflect(handler):
        token = b"token=493817;" if "ann" in handler.headers.get("Cookie", "") else b""
        handler.answer(page + token + handler.path.partition("?")[2].encode())

    with pair_with({"*": reflect}) as pair:
        pair.get("/p?x", {"Cookie": "session=ann"})

        def bytes_for(guess, bob):
            pair.get(f"/p?token={guess};{bob}", {"Cookie": f"session={bob}"})
            line = f"/p?token={guess};{bob} 200 "
            harness.wait_until(lambda: line in pair.sender.log.read_text(), "the log says what was sent")
            return int(pair.sender.log.read_text().rpartition(line)[2].split()[3].rstrip(","))
        # Each guess by a visitor of its own and for a page of its own: none is compared with another, or shared by three.
        right = [bytes_for("493817", f"r{i}") for i in range(5)]
        wrong = [bytes_for(f"{i}93816", f"w{i}") for i in range(5)]
        print(f"        right guesses {right}, wrong ones {wrong}")
        # Each is compressed by itself, whose sizes differ by a few bytes. Ann's page as a reference makes it a few bytes.
        assert max(right + wrong) - min(right + wrong) <= 16 and min(right) > 1000, (right, wrong)


harness.run_tests(sys.modules[__name__])
