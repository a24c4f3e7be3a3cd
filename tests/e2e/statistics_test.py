"""The statistics of a real pair: JSON, Prometheus, the last hour, tokens, hostile clients, stats.url and stats.log."""
import base64
import http.client
import http.server
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from harness import BIN, FAILED, LANES, OK, PATIENCE, Pair, ctl, free_port, run_tests, wait_until
from memcached import Memcached
from origin import serve_repetition
from statistics_client import TOKEN, ask, listening, own_address

origin = serve_repetition()


def ask_raw(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            return answer.readline().decode()


def statistics(port):
    return json.loads(ask(port)[2])


def check_prometheus(text):
    """The text format as a scraper reads it: heads before samples, buckets that add up."""
    types, buckets = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} twice"
            types[name] = kind
            continue
        if line.startswith("# HELP "):
            continue
        match = re.fullmatch(r'([a-z_0-9]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)', line)
        assert match, line
        name, labels, value = match.group(1), match.group(2) or "", float(match.group(3))
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in types or types.get(family) == "histogram", f"{name} has no head"
        if name.endswith("_bucket"):
            series = (family, re.sub(r',?le="[^"]*"', "", labels))
            assert value >= buckets.get(series, 0), f"{line}: less than the bucket before it"
            buckets[series] = value
        elif name.endswith("_count") and types.get(family) == "histogram":
            assert buckets[(family, labels or "{}")] == value, line
    assert len(types) > 30 and len(buckets) >= 7, (types, buckets)


def test_both_ends_say_what_they_measured():
    ports = free_port(), free_port()
    with Pair(origin.server_port, sender=listening(ports[0]), listener=listening(ports[1])) as pair:
        for _ in range(3):
            assert pair.get("/s")[0] == 200
        for port, role, work in ((ports[0], "sender", "decode"), (ports[1], "listener", "encode")):
            wait_until(lambda: statistics(port)["requests_completed"] == 3, f"the {role} has counted")
            stats = statistics(port)
            ours = stats["railgun"]
            assert ours["role"] == role and stats["delta_compression_ratio"] > 5000, stats
            latency = ours["latency_seconds"]
            assert latency["total"]["count"] == 3 and 0 < latency["total"]["p50"] <= latency["total"]["p99"], latency
            assert latency["origin"]["count"] == 3 and latency[work]["count"] == 3 and latency[work]["mean"] > 0, latency
            assert latency["store"] == {"count": 0, "mean": None, "p50": None, "p90": None, "p99": None}, latency
            assert ours["delta_size_bytes"]["count"] == ours["answers_delta"] >= 1, ours
            assert 0 < ours["delta_ratio"]["p50"] < 0.1 < ours["page_size_bytes"]["p50"], ours
            assert ours["sites"]["site.test"]["requests"] == 3 and ours["sites"]["site.test"]["saved_bytes"] > 0, ours
            assert [link["up"] for link in ours["links"]] == [LANES], ours["links"]
            metrics = ask(port, "/metrics")[2].decode()
            check_prometheus(metrics)
            assert f'railgun_latency_seconds_count{{phase="{work}"}} 3\n' in metrics, metrics
            assert 'railgun_site_requests_total{site="site.test"} 3\n' in metrics, metrics
        assert statistics(ports[0])["railgun"]["latency_seconds"]["link"]["count"] == 3
        code, out, _ = ctl(pair.sender, "sites", "--json")
        assert code == OK and json.loads(out)[0]["requests"] == 3, out
        assert "railgun.latency_seconds.total.p99: " in ctl(pair.sender, "stats")[1]


def test_memcached_is_measured_and_missed():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="railgun-memcached-") as folder, Memcached(pathlib.Path(folder)) as memcached:
        store = {"memcached.servers": memcached.socket}
        with Pair(origin.server_port, sender=listening(port, **store)) as pair:
            assert pair.get("/s")[0] == 200
            wait_until(lambda: statistics(port)["railgun"]["latency_seconds"]["store"]["count"] == 1, "the look-up is measured")
            assert "railgun_store_up 1\n" in ask(port, "/metrics")[2].decode()
            memcached.kill()

            def is_down():
                assert pair.get(f"/{time.monotonic()}")[0] == 200  # looks something up
                return "railgun_store_up 0\n" in ask(port, "/metrics")[2].decode()

            wait_until(is_down, "memcached counts as down")
            memcached.start()  # for the end of the block


def test_strangers_names_are_bounded():
    port = free_port()
    with Pair(origin.server_port, host="default", sender=listening(port)) as pair:
        connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=PATIENCE)
        for i in range(230):
            connection.request("GET", "/s", headers={"Host": f"h{i}.test"})
            connection.getresponse().read()
        connection.close()
        sites = statistics(port)["railgun"]["sites"]
        assert len(sites) == 201 and sites["(other)"]["requests"] == 30, (len(sites), sites.get("(other)"))
        code, out, _ = ctl(pair.sender, "sites", "--json")
        assert code == OK and json.loads(out)[0]["requests"] == 230, out


def test_the_endpoint_is_strict_and_knows_its_paths():
    port = free_port()
    with Pair(origin.server_port, listener=listening(port)) as pair:
        assert pair.get("/s")[0] == 200
        status, fields, body = ask(port)
        assert status == 200 and fields["Content-Type"] == "application/json" and json.loads(body)["requests_started"] == 1
        assert ask(port, "/stats.json")[0] == 200
        status, fields, body = ask(port, "/metrics?x", method="HEAD")
        assert status == 200 and body == b"" and int(fields["Content-Length"]) > 1000, fields
        assert fields["Content-Type"].startswith("text/plain; version=0.0.4")
        status, fields, body = ask(port, fields={"Accept": "text/html,application/xhtml+xml"})
        assert status == 200 and fields["Content-Type"] == "text/html; charset=utf-8" and b"<svg" in body
        assert "default-src 'none'" in fields["Content-Security-Policy"], fields
        assert fields["X-Content-Type-Options"] == "nosniff" and fields["Cache-Control"] == "no-store", fields
        assert ask(port, "/etc/passwd")[0] == 404
        assert ask(port, method="DELETE")[0] == 405
        assert ask(port, fields={"Host": "evil.example"})[0] == 403  # a name that a stranger pointed here
        assert ask(port, fields={"Host": "localhost"})[0] == 200
        for request, expected in ((b"hello\r\n\r\n", "400"), (b"GET / HTTP/1.1\r\n\r\n", "400"), (b"GET /" + b"x" * 9000, "414"),
                                  (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 9000, "431"),
                                  (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400")):
            assert expected in ask_raw(port, request), request[:40]
        wait_until(lambda: json.loads(ask(port, "/history.json")[2])["samples"] >= 2, "there are samples")
        history = json.loads(ask(port, "/history.json")[2])
        assert sum(history["requests"]) <= 1 and len(history["time"]) == history["samples"], history
        assert pair.get("/s")[0] == 200


def test_clients_that_say_nothing_keep_nobody_out():
    port = free_port()
    with Pair(origin.server_port, sender=listening(port)) as pair:
        silent = []
        for i in range(150):
            client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            client.sendall(b"" if i % 3 == 0 else b"GET / HTTP/1.1\r\nHo" if i % 3 == 1 else b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            silent.append(client)
        for _ in range(5):
            assert ask(port)[0] == 200
            assert pair.get("/s")[0] == 200
        for client in silent:
            client.close()
        # A request whose bytes trickle without end is ended by its deadline.
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")

            def has_ended():
                try:
                    slow.sendall(b"x")
                    return not slow.recv(1000)
                except TimeoutError:
                    return False
                except OSError:
                    return True

            wait_until(has_ended, "the end of a trickling request")
        assert ask(port)[0] == 200


def test_others_than_this_machine_need_the_token():
    address = own_address()
    if address is None:
        print("skipped: this machine has no address but loopback")
        return
    port = free_port()
    settings = {"stats.enabled": 1, "stats.listen": f"0.0.0.0:{port}", "stats.token": TOKEN}
    with Pair(origin.server_port, sender=settings):
        assert ask(port)[0] == 200
        status, fields, body = ask(port, address=address)
        assert status == 401 and fields["WWW-Authenticate"].startswith("Basic ") and TOKEN.encode() not in body, fields
        assert ask(port, "/metrics", {"Authorization": f"Bearer {TOKEN}x"}, address=address)[0] == 401
        assert ask(port, "/metrics", {"Authorization": f"Bearer {TOKEN}"}, address=address)[0] == 200
        basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
        assert ask(port, "/", {"Authorization": f"Basic {basic}", "Accept": "text/html"}, address=address)[0] == 200


def test_an_open_address_without_a_token_is_refused():
    with Pair(origin.server_port) as pair:
        for settings, expected in (({"stats.listen": "0.0.0.0:24088"}, "stats.token must be set"),
                                   ({"stats.interval": "10ms"}, "less than a second")):
            pair.listener.settings.update({"stats.enabled": 1, **settings})
            pair.listener.write()
            done = subprocess.run([BIN / "railgund", "--check", "--config", pair.listener.config], capture_output=True, text=True)
            assert done.returncode != 0 and expected in done.stdout + done.stderr, done


class Receiver:
    """What stats.url names. `behave` is given each request; without it the answer is 204."""

    def __init__(self, port=0, context=None):
        outer = self
        self.posts, self.fields, self.behave = [], [], None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.fields.append(dict(self.headers))
                outer.posts.append(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.behave:
                    outer.behave(self)
                else:
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # whose post was given up

        self.server = Server(("127.0.0.1", port), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def posting(url, **more):
    return {"stats.enabled": 1, "stats.url": url, "stats.interval": "1s", **more}


def post_problems(daemon):
    code, out, err = ctl(daemon, "status", "--json")
    assert code in (OK, FAILED), err
    return [problem["text"] for problem in json.loads(out)["problems"] if "posted" in problem["text"]]


def test_posts_arrive_each_interval():
    receiver = Receiver()
    with Pair(origin.server_port, listener=posting(f"http://me:pass@127.0.0.1:{receiver.port}/in", **{"stats.log": 1})) as pair:
        assert pair.get("/s")[0] == 200
        before = len(receiver.posts)
        wait_until(lambda: len(receiver.posts) >= before + 2, "two posts have come")
        posted = json.loads(receiver.posts[-1])
        assert posted["requests_completed"] == 1 and posted["railgun"]["role"] == "listener", posted
        fields = receiver.fields[-1]
        assert fields["Content-Type"] == "application/json" and fields["Authorization"] == "Basic bWU6cGFzcw==", fields
        assert post_problems(pair.listener) == []
        line = next(line for line in pair.listener.log.read_text().splitlines() if "statistics {" in line)
        assert json.loads(line[line.index("{"):])["railgun"]["latency_seconds"], line
    receiver.close()


def test_a_receiver_that_refuses_is_told_once_and_found_again():
    port = free_port()
    with Pair(origin.server_port, listener=posting(f"http://me:secret@127.0.0.1:{port}/in?secret")) as pair:
        wait_until(lambda: post_problems(pair.listener), "status says it")
        time.sleep(2.5)  # two more tries
        text, = post_problems(pair.listener)
        assert f"http://127.0.0.1:{port}: " in text and "secret" not in text, text
        log = pair.listener.log.read_text()
        assert log.count("cannot be posted") == 1 and "secret" not in log, log
        receiver = Receiver(port)
        wait_until(lambda: receiver.posts and not post_problems(pair.listener), "it works again")
        wait_until(lambda: "are posted to" in pair.listener.log.read_text(), "the log says it")
        receiver.close()


def test_answers_that_are_errors_huge_or_never_come():
    receiver = Receiver()

    def fail_with(status, **fields):
        def behave(request):
            request.send_response(status)
            for name, value in fields.items():
                request.send_header(name, value)
            request.send_header("Content-Length", "0")
            request.end_headers()
        return behave

    def answer_without_end(request):
        request.send_response(200)
        request.end_headers()
        for _ in range(100_000):
            request.wfile.write(b"x" * 65536)

    def answer_head_without_end(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(100_000):
            request.wfile.write(b"X-%d: %s\r\n" % (i, b"x" * 1000))

    receiver.behave = fail_with(500)
    with Pair(origin.server_port, listener=posting(f"http://127.0.0.1:{receiver.port}/")) as pair:
        def wait_for(part):
            wait_until(lambda: any(part in text for text in post_problems(pair.listener)), part)
        wait_for("it answers 500")
        receiver.behave = fail_with(302, Location="http://127.0.0.1:1/")
        wait_for("redirection")
        receiver.behave = answer_without_end
        wait_until(lambda: not post_problems(pair.listener), "an answer's body does not matter")
        receiver.behave = answer_head_without_end
        wait_until(lambda: post_problems(pair.listener), "a head without end is refused")
        receiver.behave = None
        wait_until(lambda: not post_problems(pair.listener), "it works again")
        begun, before = time.monotonic(), len(receiver.posts)
        receiver.behave = lambda request: time.sleep(3600)
        wait_for("no answer within 10 seconds")
        # One after the other: no second post while one waits.
        assert len(receiver.posts) - before <= 2 + (time.monotonic() - begun) / 10, receiver.posts
        assert pair.get("/s")[0] == 200
    receiver.server.server_close()


def test_https_is_checked():
    with Pair(origin.server_port) as pair:
        made = pair.certificates
        request = pair.folder / "receiver.csr"
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=receiver",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", pair.folder / "receiver.key", "-out", request],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", made.ca, "-CAkey", made.folder / "ca.key", "-CAcreateserial",
                        "-copy_extensions", "copy", "-days", "2", "-out", pair.folder / "receiver.pem"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.folder / "receiver.pem", pair.folder / "receiver.key")
        receiver = Receiver(context=context)
        pair.listener.stop()
        pair.listener.settings.update(posting(f"https://localhost:{receiver.port}/", **{"ca.bundle": made.ca, "validate.cert": 0}))
        pair.listener.start()
        wait_until(lambda: receiver.posts, "a post over TLS has come")
        assert post_problems(pair.listener) == []
        # The certificate is for localhost alone; stats.url is read anew at a reload.
        pair.listener.settings["stats.url"] = f"https://127.0.0.1:{receiver.port}/"
        pair.listener.write()
        assert ctl(pair.listener, "reload")[0] == OK
        wait_until(lambda: post_problems(pair.listener), "another name is not trusted")
        count = len(receiver.posts)
        time.sleep(1.5)
        assert len(receiver.posts) == count
        receiver.close()


run_tests(sys.modules[__name__])
