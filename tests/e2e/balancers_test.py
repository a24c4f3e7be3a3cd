"""HAProxy and Caddy in front of the sender, as doc/OPERATIONS.md says to set them up (nginx: unix_socket_test)."""
import json
import subprocess
import sys

import harness
import origin
from balancers import caddy, haproxy, haproxy_that_ends_tls
from front import Authority, Front

VISITOR = "127.0.0.2"


def page(handler):
    """Who asked for what; a page of which little changes."""
    body = b"".join(handler.body_pieces())
    told = {name: handler.headers[name] for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Host")}
    handler.answer(json.dumps({**told, "body": len(body), "padding": "a page that stays as it is. " * 200}).encode())


def ask(port, authority, *more):
    """The fields and the JSON of an answer over HTTPS."""
    done = subprocess.run(["curl", "-sS", "--max-time", "30", "--http2", "--compressed", "-D", "-", "--interface", VISITOR, "--cacert",
                           authority.certificate, "--resolve", f"site.test:{port}:127.0.0.1", "-H", "Host: site.test", *more,
                           f"https://site.test:{port}/"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    assert head.startswith("HTTP/2 200"), head
    return head.lower(), json.loads(body)


def check(port, authority, told):
    """Pages, the second one by a delta; a POST; `told`: what the origin learns of a visitor that lies about itself."""
    harness.wait_until(lambda: "cf-railgun: " in ask(port, authority)[0], "the pair answers")
    ask(port, authority)
    head, answer = ask(port, authority, "-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Forwarded-Proto: gopher")
    assert "cf-railgun: direct" not in head and "content-encoding: " in head, head
    assert (answer["X-Forwarded-For"], answer["X-Forwarded-Proto"]) == (told, "https"), answer
    assert ask(port, authority, "--data-binary", "x" * 100_000)[1]["body"] == 100_000


def test_haproxy_passes_tls_through_and_names_the_visitor():
    front = Front({"*": page}, **{"trusted.proxies": "127.0.0.1"})
    front.pair.sender.settings["listen.proxy_protocol"] = f"127.0.0.1:{front.tls_port}"
    with front, haproxy(front.pair.folder, "tcp", "listen web\n bind 127.0.0.1:{port}\n server sender 127.0.0.1:" +
                        f"{front.tls_port} send-proxy-v2\n") as port:
        check(port, front.authority, VISITOR)


def test_haproxy_ends_tls():
    server = origin.serve({"*": page})
    pair = harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"})
    (pair.folder / "nat.conf").write_text(f"default = http://127.0.0.1:{server.server_port}\n")
    authority = Authority(pair.folder / "authority")
    with pair, haproxy_that_ends_tls(pair.folder, authority, "site.test", pair.port) as port:
        check(port, authority, f"{VISITOR}, 127.0.0.1")
    server.shutdown()


def test_caddy_ends_tls():
    server = origin.serve({"*": page})
    pair = harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"})
    pair.sender.settings["listen"] += f" unix:{pair.folder}/web.sock"
    (pair.folder / "nat.conf").write_text(f"default = http://127.0.0.1:{server.server_port}\n")
    authority = Authority(pair.folder / "authority")
    authority.issue(pair.folder / "web", ["site.test"])
    with pair, caddy(pair.folder, f"https://site.test:{{port}} {{{{\n tls {pair.folder}/web.pem {pair.folder}/web.key\n"
                     f" reverse_proxy unix/{pair.folder}/web.sock\n}}}}\n") as port:
        check(port, authority, f"{VISITOR}, 127.0.0.1")
    server.shutdown()


harness.run_tests(sys.modules[__name__])
