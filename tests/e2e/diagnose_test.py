"""railgunctl diagnose: a page through the pair and directly, and each way in which that can fail."""
import gzip
import hashlib
import itertools
import json
import sys

from harness import FAILED, OK, UNREACHABLE, USAGE, Pair, free_port, railgunctl, run_tests, wait_until
from origin import Nginx, serve

TEXT = b"<html>" + b"".join(b"<p>paragraph %d of many that stay</p>" % number for number in range(1500)) + b"</html>"
COUNTER = itertools.count()


def gzipped(handler):
    handler.answer(gzip.compress(TEXT, mtime=0), fields=[("Content-Encoding", "gzip")])


origin = serve({
    "/still": lambda handler: handler.answer(TEXT),
    "/moving": lambda handler: handler.answer(TEXT + b"<p>visitor %d</p>" % next(COUNTER)),
    "/gzip": gzipped,
    "/cookie": lambda handler: handler.answer(TEXT + (handler.headers.get("Cookie") or "none").encode()),
    "/missing": lambda handler: handler.answer(b"no such page", status=404),
    "/close": lambda handler: handler.answer_raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + TEXT),
})
other = serve({"*": lambda handler: handler.answer(b"another site")})


def diagnose(pair, path, *more, config=None):
    code, out, err = railgunctl("--config", str(config or pair.sender.config), "--json", "diagnose", f"http://{pair.host}{path}",
                                *more)
    return code, (json.loads(out) if out else None), err


def test_a_page_through_the_pair_and_directly():
    with Pair(origin.server_port, direct=True) as pair:
        code, seen, err = diagnose(pair, "/still", "--count", "3")
        assert code == OK, f"{seen} {err}"
        assert seen["sameness"] == "same" and seen["railgun"] == "enabled", seen
        assert seen["body_hash"] == hashlib.sha1(TEXT).hexdigest() and seen["body_size"] == f"{len(TEXT)} bytes", seen
        assert (seen["method"], seen["host_name"], seen["http_status"]) == ("GET", pair.host, 200), seen
        assert (seen["response_status"], seen["protocol"], seen["connection_close"]) == ("200 OK", "HTTP/1.1", False), seen
        roles = [fetch["role"] for fetch in seen["fetches"]]
        assert roles == ["warming up", "measured", "measured", "measured", "direct", "direct"], roles
        assert seen["fetches"][3]["passage"] == "delta" and seen["fetches"][3]["ratio_percent"] < 1, seen["fetches"][3]
        assert seen["fetches"][3]["seconds"]["total"] > 0 and seen["fetches"][3]["origin_seconds"] > 0, seen["fetches"][3]

        code, out, _ = railgunctl("--config", str(pair.sender.config), "diagnose", f"http://{pair.host}/still")
        for part in ("pair, warm-up", "pair, measured", "direct", "identical to the origin", "crossed the link", "SHA-1"):
            assert part in out, f"{part} is missing in\n{out}"
        assert code == OK and max(map(len, out.splitlines())) <= 80, out


def test_pages_of_all_kinds():
    with Pair(origin.server_port, direct=True) as pair:
        for path, sameness in (("/moving", "moving"), ("/gzip", "same"), ("/missing", "same"), ("/close", "same")):
            code, seen, err = diagnose(pair, path)
            assert code == OK and seen["sameness"] == sameness, f"{path}: {seen} {err}"
        assert diagnose(pair, "/missing")[1]["http_status"] == 404
        assert diagnose(pair, "/gzip")[1]["body_hash"] == hashlib.sha1(TEXT).hexdigest()
        code, seen, _ = diagnose(pair, "/cookie", "-H", "Cookie: a=1")
        assert code == OK and seen["body_hash"] == hashlib.sha1(TEXT + b"a=1").hexdigest(), seen


def test_origins_over_http2_and_sockets():
    port = free_port()
    with Nginx(more=f"listen 127.0.0.1:{port} http2; listen unix:FOLDER/http.sock;") as nginx:
        (nginx.root / "page.html").write_bytes(TEXT)
        for target in (f"h2c://127.0.0.1:{port}", f"http://unix:{nginx.folder}/http.sock"):
            with Pair(0, nat=f"default = {target}\n") as pair:
                code, seen, err = diagnose(pair, "/page.html", "--origin", target)
                assert code == OK and seen["sameness"] == "same", f"{seen} {err}"
                # On the listener, the map file says where the origin is.
                code, seen, err = diagnose(pair, "/page.html", "--sender", f"127.0.0.1:{pair.port}", config=pair.listener.config)
                assert code == OK and seen["sameness"] == "same" and seen["origin"] == target, f"{seen} {err}"
                code, seen, err = diagnose(pair, "/page.html", "--origin", "unix:/nonexistent/app.sock")
                assert code == OK and "no such file" in seen["fetches"][-1]["error"], f"{seen} {err}"


def test_without_a_direct_origin_it_says_so():
    with Pair(origin.server_port) as pair:
        code, seen, _ = diagnose(pair, "/still")
        assert code == OK and seen["origin"] is None and "site.site.test.origin" in seen["no_origin"], seen
        assert seen["sameness"] == "unknown", seen
        code, seen, _ = diagnose(pair, "/still", "--origin", f"127.0.0.1:{origin.server_port}")
        assert code == OK and seen["sameness"] == "same", seen
        code, seen, _ = diagnose(pair, "/still", "--origin", f"127.0.0.1:{free_port()}")
        assert code == OK and seen["sameness"] == "unknown" and "refused" in seen["fetches"][-1]["error"], seen


def test_a_page_that_is_not_the_origins():
    with Pair(origin.server_port) as pair:
        code, seen, _ = diagnose(pair, "/still", "--origin", f"127.0.0.1:{other.server_port}")
        assert code == FAILED and seen["sameness"] == "different" and "map.file" in seen["advice"], seen


def test_from_elsewhere_than_the_sender():
    with Pair(origin.server_port) as pair:
        code, seen, err = diagnose(pair, "/still", config=pair.listener.config)
        assert code == FAILED and "--sender" in json.dumps(seen) + err, f"{seen} {err}"
        code, seen, err = diagnose(pair, "/still", "--sender", f"127.0.0.1:{pair.port}", config=pair.listener.config)
        assert code == OK and seen["sameness"] == "same", f"{seen} {err}"
        code, seen, err = diagnose(pair, "/still", "--sender", f"127.0.0.1:{pair.port}", config="/nonexistent")
        assert code == OK and seen["origin"] is None, f"{seen} {err}"


def test_what_does_not_go_through_the_pair():
    with Pair(origin.server_port, direct=True) as pair:
        code, seen, _ = diagnose(pair, "/still", "--sender", f"127.0.0.1:{origin.server_port}")
        assert code == FAILED and "Cf-Railgun" in seen["text"], seen
        code, seen, _ = diagnose(pair, "/still", "--sender", f"127.0.0.1:{free_port()}")
        assert code == UNREACHABLE and "cannot be reached" in seen["text"], seen
        pair.listener.stop()
        wait_until(lambda: "is down" in pair.sender.log.read_text(), "the link is down")
        code, seen, _ = diagnose(pair, "/still")
        assert code == FAILED and seen["railgun"] == "disabled" and seen["fetches"][1]["passage"] == "direct", seen
    with Pair(origin.server_port) as pair:
        pair.listener.stop()
        wait_until(lambda: "is down" in pair.sender.log.read_text(), "the link is down")
        code, seen, _ = diagnose(pair, "/still")
        assert code == FAILED and seen["http_status"] == 527 and "527" in seen["text"], seen


def test_usage():
    for wrong in ([], ["www.example.com"], ["ftp://a/"], ["http://a/", "-H", "no colon"], ["http://a/", "-H", "A: b\r\nC: d"],
                  ["http://a/", "--count", "0"], ["http://a/", "--sender", "a:b"], ["http://a/", "--origin", "http://"]):
        code, _, err = railgunctl("--config", "/nonexistent", "diagnose", *wrong)
        assert code == USAGE and err, f"{wrong}: {code} {err}"
    code, out, _ = railgunctl("diagnose", "--help")
    assert code == OK and "Example: railgunctl diagnose" in out, out


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
