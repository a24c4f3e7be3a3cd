"""For ./dev bench front: HTTP/2 over TLS, the sender beside an nginx with TLS and HTTP/2 in front of the same hop."""
import contextlib
import re
import socket
import ssl
import subprocess
import sys
import time

from pair import HOST, PAGE_BYTES, Chain, QuietPair, cpu_seconds, nginx_chain, pss_bytes

import front  # noqa: E402  (pair.py has put tests/e2e on the path)
import harness  # noqa: E402
import http2_client  # noqa: E402


class Http2Chain(Chain):
    """A chain whose edge speaks HTTP/2 over TLS at `tls_port`. The plain port is for checks."""

    def __init__(self, plain, name, tls_port):
        super().__init__(name, plain.port, plain.hop_port, plain.edge_pid, plain.far_pid)
        self.tls_port = tls_port

    def run(self, seconds, connections, script):
        edge, far = cpu_seconds(self.edge_pid), cpu_seconds(self.far_pid)
        output = subprocess.run(["h2load", "-t1", f"-c{connections}", f"-D{seconds}", f"-H:authority: {HOST}",
                                 f"https://127.0.0.1:{self.tls_port}/"], capture_output=True, text=True, check=True).stdout
        edge, far = cpu_seconds(self.edge_pid) - edge, cpu_seconds(self.far_pid) - far
        rate = re.search(r"finished in .*?, ([\d.]+) req/s", output)
        counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", output)
        received = re.search(r"traffic: .*?\((\d+)\) total", output)
        if not (rate and counts and received) or counts.group(1) == "0" or counts.group(2) != "0" or counts.group(3) != "0":
            sys.exit(f"bench: {self.name}: h2load failed: {output}")
        requests = int(counts.group(1))
        if int(received.group(1)) < requests * PAGE_BYTES:
            sys.exit(f"bench: {self.name}: pages are too short\n{output}")
        self.rounds.append({"requests_per_second": float(rate.group(1)), "edge_cpu": edge / requests * 1000,
                            "far_cpu": far / requests * 1000, "client_bytes": int(received.group(1)) / requests})


@contextlib.contextmanager
def http2_chains(folder, origin_port):
    """nginx and the pair, with the same certificate."""
    directory = folder / "tls"
    directory.mkdir()
    front.Authority(folder / "authority").issue(directory / "default", [HOST])
    nginx_port, sender_port = harness.free_port(), harness.free_port()
    edge = (f"listen 127.0.0.1:{nginx_port} ssl http2 backlog=4096; ssl_certificate {directory}/default.pem; "
            f"ssl_certificate_key {directory}/default.key; ssl_session_cache shared:s:10m; ssl_protocols TLSv1.2 TLSv1.3;")
    beside = folder / "beside"
    beside.mkdir()
    pair = QuietPair(origin_port)
    pair.sender.settings |= {"listen.tls": f"127.0.0.1:{sender_port}", "tls.directory": directory, "clients.requests": 0}
    # The origin speaks no TLS, whatever the visitor came by.
    (pair.folder / "nat.conf").write_text(f"default = http://127.0.0.1:{origin_port}\n")
    with nginx_chain(beside, origin_port, edge) as nginx, pair:
        yield [Http2Chain(nginx, "nginx h2", nginx_port), Http2Chain(pair.chain(), "railgun h2", sender_port)]


def idle_bytes(chain, count):
    """Memory of the edge for each of `count` HTTP/2 clients that have had one answer and wait."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    request = http2_client.PREFACE + http2_client.frame(http2_client.SETTINGS, 0, 0) + http2_client.headers(
        1, [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", "/small")])
    clients, before = [], 0
    for number in range(count + 100):
        if number == 100:  # what the first ones take is not theirs alone
            before = pss_bytes(chain.edge_pid)
        plain = socket.create_connection(("127.0.0.1", chain.tls_port), timeout=20)
        clients.append(context.wrap_socket(plain, server_hostname=HOST))
        clients[-1].sendall(request)
        text = b""
        while b"ok" not in text:
            text += clients[-1].recv(4096)
        clients[-1].sendall(http2_client.frame(http2_client.SETTINGS, 1, 0))
    time.sleep(1)
    bytes_each = (pss_bytes(chain.edge_pid) - before) / count
    for client in clients:
        client.close()
    return bytes_each
