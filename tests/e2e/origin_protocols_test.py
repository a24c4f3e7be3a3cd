"""Origins over HTTP/2, in clear and under TLS, and over Unix sockets: nginx is the origin."""
import concurrent.futures
import pathlib
import random
import sys
import tempfile

import harness
import origin

SIZES = (0, 1, 1000, 65_535, 65_536, 400_000, 3_000_000)
TELL = "add_header X-Protocol $server_protocol always;"


def fill(nginx):
    for size in SIZES:
        (nginx.root / f"{size}.bin").write_bytes(random.Random(size).randbytes(size))
        (nginx.root / f"{size}.html").write_bytes((b"<p>the same words again</p>\n" * (size // 28 + 1))[:size])


def compare(nginx, pair, protocol):
    """Every file, with many requests at once, is what the origin has; each came by this protocol."""
    names = [f"{size}.{kind}" for size in SIZES for kind in ("bin", "html")] * 3

    def get(name):
        status, fields, body = pair.get(f"/{name}")
        assert (status, fields.get("x-protocol") or fields.get("X-Protocol")) == (200, protocol), (name, status, fields)
        assert body == (nginx.root / name).read_bytes(), f"{name}: {len(body)} other bytes"

    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(get, names))
    status, _, body = pair.get("/missing.html")
    assert status == 404 and b"nginx" in body, (status, body)
    status, fields, body = pair.get("/1000.bin", method="HEAD")
    assert (status, body) == (200, b"") and {k.lower(): v for k, v in fields.items()}["content-length"] == "1000", fields


def through(nginx, target, protocol, listener=None):
    with harness.Pair(0, nat=f"default = {target}\n", listener=listener) as pair:
        compare(nginx, pair, protocol)
    with harness.Pair(0, nat="default = 127.0.0.1:9\n",
                      sender={"site.site.test.origin": target, **(listener or {})}) as pair:
        pair.listener.stop()
        compare(nginx, pair, protocol)


def test_http2_in_clear():
    port = harness.free_port()
    with origin.Nginx(more=f"listen 127.0.0.1:{port} http2; {TELL}") as nginx:
        fill(nginx)
        through(nginx, f"h2c://127.0.0.1:{port}", "HTTP/2.0")


def test_http2_by_alpn_where_the_origin_has_it():
    with tempfile.TemporaryDirectory(prefix="railgun-alpn-") as folder:
        authority = harness.Certificates(pathlib.Path(folder))
        authority.issue("site.test")
        keys = f"ssl_certificate {folder}/site.test.pem; ssl_certificate_key {folder}/site.test.key; {TELL}"
        for offer, scheme, protocol in (("http2", "h2", "HTTP/2.0"), ("", "h2", "HTTP/1.1"), ("http2", "https", "HTTP/1.1")):
            port = harness.free_port()
            with origin.Nginx(more=f"listen 127.0.0.1:{port} ssl {offer}; {keys}") as nginx:
                fill(nginx)
                through(nginx, f"{scheme}://127.0.0.1:{port}", protocol, listener={"ca.bundle": authority.ca})


def test_unix_sockets():
    with origin.Nginx(more=f"listen unix:FOLDER/http.sock; {TELL}") as nginx:
        fill(nginx)
        through(nginx, f"unix:{nginx.folder}/http.sock", "HTTP/1.1")
    with origin.Nginx(more=f"listen unix:FOLDER/h2.sock http2; {TELL}") as nginx:
        fill(nginx)
        through(nginx, f"h2c://unix:{nginx.folder}/h2.sock", "HTTP/2.0")
    with harness.Pair(0, nat="default = unix:/nonexistent/app.sock\n") as pair:
        assert pair.get("/")[0] == 527
        harness.wait_until(lambda: "/nonexistent/app.sock: no such file" in pair.listener.log.read_text(), "the log says why")


harness.run_tests(sys.modules[__name__])
