#!/usr/bin/env python3
"""./dev bench: the pair beside nginx -> nginx over keep-alive TLS 1.3 with mutual certificates, in one run.

Both chains have the same origin and the same page: 92,516 bytes, of which 32 are new in every answer. One worker for
each process. Rounds alternate between the chains, so that whatever else the machine does meets both; the table shows
medians. Bytes on the hop are what the kernel counts as sent by the sockets of both of its ends: everything but the
TCP and IP headers (of nginx, whose connections end with the client's, up to the last 0.2 s of a round). CPU is the kernel's run time of each process."""
import argparse
import contextlib
import json
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
import segments  # noqa: E402

HOST = "bench.test"
PAGE_BYTES = 92_516
BARS = {"speed": 0.5, "cpu": 3.0, "hop": 400, "idle": 2100, "segments": 2}  # at least, else at most
IDLE_CLIENTS = 10_000
NGINX = shutil.which("nginx", path="/usr/sbin:/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

REPORT = """
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def page_with_mark():
    """The page with the mark where the 32 new bytes go. Words and numbers as a page has them, compressible like one
    (to a quarter), without a character that means something in nginx's configuration."""
    source = random.Random(1)
    words = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(900)]
    parts = ["<!doctype html><html><head><title>Bench</title></head><body><p>Visit @MARK@</p>\n"]
    size = len(parts[0]) - len("@MARK@") + 32
    while size < PAGE_BYTES:
        text = " ".join(source.choice(words) for _ in range(40))
        parts.append(f"<article id=s{source.getrandbits(40):x}><h2>{text[:50]}</h2><p>{text}</p></article>\n")
        size += len(parts[-1])
    page = "".join(parts)
    return page[:len(page) - (size - PAGE_BYTES)]


def set_page(page):
    """nginx takes at most 4 KB a word: the page is put together from variables."""
    before, after = page.split("@MARK@")
    pieces = [before, "$request_id"] + [after[at:at + 3500] for at in range(0, len(after), 3500)]
    names, lines = [], []
    for number, piece in enumerate(pieces):
        if piece.startswith("$"):
            names.append(piece)
        else:
            names.append(f"${{piece{number}}}")
            lines.append(f'set $piece{number} "{piece}";')
    return "\n".join(lines) + f'\nreturn 200 "{"".join(names)}";'


class Nginx:
    """One nginx with one worker, in the foreground."""

    def __init__(self, folder, name, http):
        self.folder = folder / name
        self.folder.mkdir()
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
worker_rlimit_nofile {resource.getrlimit(resource.RLIMIT_NOFILE)[1]};
events {{ worker_connections 15000; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 600s; default_type text/html;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_buffers 16 16k; proxy_max_temp_file_size 0;
  {http}
}}""")
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-e", self.folder / "error.log", "-c", config])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def family(pid):
    """The process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_seconds(pid):
    """What the process, its children and all their threads have run."""
    total = 0
    for member in family(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def pss_bytes(pid):
    """Memory of the process and its children, shared pages divided among those who share them."""
    total = 0
    for member in family(pid):
        found = re.search(r"^Pss:\s+(\d+) kB", pathlib.Path(f"/proc/{member}/smaps_rollup").read_text(), re.M)
        total += int(found.group(1)) * 1024
    return total


def resident_now(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def hop_counters(port):
    """Bytes sent by every socket of a connection to that port, by its two addresses."""
    listing = subprocess.run(["ss", "-tinH", f"( sport = :{port} or dport = :{port} )"], check=True,
                             capture_output=True, text=True).stdout
    lines = [line for line in listing.splitlines() if line.strip()]
    counters = {}
    for place, facts in zip(lines[::2], lines[1::2]):
        sent = re.search(r"bytes_sent:(\d+)", facts)
        counters[tuple(place.split()[3:5])] = int(sent.group(1)) if sent else 0
    return counters


def get(port, path="/"):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer.partition(b"\r\n\r\n")[::2]


class Chain:
    """A way from the client to the origin over one hop."""

    def __init__(self, name, port, hop_port, edge_pid, far_pid, accept=None):
        """`accept`: the Accept-Encoding of the client."""
        self.name, self.port, self.hop_port, self.edge_pid, self.far_pid = name, port, hop_port, edge_pid, far_pid
        self.accept = accept
        self.rounds = []

    def check(self, page):
        before, after = page.encode().split(b"@MARK@")
        for _ in range(3):
            head, body = get(self.port)
            right = len(body) == PAGE_BYTES and body.startswith(before) and body.endswith(after)
            if not head.startswith(b"HTTP/1.1 200") or not right:
                sys.exit(f"bench: {self.name} answers wrongly: {head[:200]!r}, {len(body)} bytes: {body[:200]!r}")

    def run(self, seconds, connections, script):
        before, edge, far = hop_counters(self.hop_port), cpu_seconds(self.edge_pid), cpu_seconds(self.far_pid)
        wrk = subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, "-H", f"Host: {HOST}",
                                *(["-H", f"Accept-Encoding: {self.accept}"] if self.accept else []),
                                f"http://127.0.0.1:{self.port}/"], stdout=subprocess.PIPE, text=True)
        # nginx closes its connections on the hop when wrk leaves, and their counters go with them.
        hop = dict(before)
        while wrk.poll() is None:
            hop |= hop_counters(self.hop_port)
            time.sleep(0.2)
        output = wrk.stdout.read()
        edge, far = cpu_seconds(self.edge_pid) - edge, cpu_seconds(self.far_pid) - far
        hop = sum(count - before.get(place, 0) for place, count in (hop | hop_counters(self.hop_port)).items())
        numbers = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", output)
        if numbers is None:
            sys.exit(f"bench: {self.name}: wrk failed: {output}")
        requests, microseconds, received, p50, p99, errors = map(int, numbers.groups())
        if errors or requests == 0 or (received < requests * PAGE_BYTES and not self.accept):
            sys.exit(f"bench: {self.name}: {errors} of {requests} requests failed\n{output}")
        self.rounds.append({"requests": requests, "requests_per_second": requests / microseconds * 1e6, "p50_ms": p50 / 1000,
                            "p99_ms": p99 / 1000, "edge_cpu": edge / requests * 1000, "far_cpu": far / requests * 1000,
                            "pair_cpu": (edge + far) / requests * 1000, "hop_bytes": hop / requests,
                            "client_bytes": received / requests})

    def medians(self):
        return {key: statistics.median(one[key] for one in self.rounds) for key in self.rounds[0]}


class QuietPair(harness.Pair):
    """Logs as much as nginx does here: errors. `settings`: of both ends."""

    def __init__(self, origin_port, settings=None):
        settings = {"log.level": 0, **(settings or {})}
        super().__init__(origin_port, host=HOST, listener=settings, sender=settings)

    def link_is_up(self):
        return get(self.port, "/small")[0].startswith(b"HTTP/1.1 200")

    def chain(self):
        return Chain("railgun", self.port, self.link_port, self.sender.process.pid, self.listener.process.pid)


@contextlib.contextmanager
def nginx_origin(folder, page):
    port = harness.free_port()
    nginx = Nginx(folder, "origin", f"""server {{ listen 127.0.0.1:{port} backlog=4096;
      location / {{ {set_page(page)} }} location /small {{ return 200 "ok"; }} }}""")
    try:
        harness.wait_until(lambda: harness.answers(port), "the origin answers")
        yield port
    finally:
        nginx.stop()


@contextlib.contextmanager
def nginx_chain(folder, origin_port, edge_settings=""):
    certificates = harness.Certificates(folder)
    port, hop_port = harness.free_port(), harness.free_port()

    def tls(prefix, name, verify):
        return (f"{prefix}_certificate {folder}/{name}.pem; {prefix}_certificate_key {folder}/{name}.key; "
                f"{prefix}_protocols TLSv1.3; {verify}")

    far = Nginx(folder, "far", f"""upstream origin {{ server 127.0.0.1:{origin_port}; keepalive 64; keepalive_requests 100000000; }}
      server {{ listen 127.0.0.1:{hop_port} ssl;
      {tls("ssl", "listener", f"ssl_client_certificate {certificates.ca}; ssl_verify_client on;")}
      location / {{ proxy_pass http://origin; }} }}""")
    edge = Nginx(folder, "edge", f"""upstream far {{ server 127.0.0.1:{hop_port}; keepalive 64; keepalive_requests 100000000; }}
      server {{ listen 127.0.0.1:{port} backlog=4096; {edge_settings}
      location / {{ proxy_pass https://far;
      {tls("proxy_ssl", "sender", f"proxy_ssl_trusted_certificate {certificates.ca}; proxy_ssl_verify on; "
           "proxy_ssl_name listener; proxy_ssl_session_reuse on;")} }} }}""")
    try:
        harness.wait_until(lambda: harness.answers(port), "nginx answers")
        yield Chain("nginx", port, hop_port, edge.process.pid, far.process.pid)
    finally:
        edge.stop()
        far.stop()


def idle_cost(chain, count):
    """Opens keep-alive clients, each with one request behind it; gives bytes and CPU percent of the edge."""
    for _ in range(20):
        get(chain.port, "/small")
    request = f"GET /small HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    before = pss_bytes(chain.edge_pid)
    clients = []
    try:
        while len(clients) < count:
            batch = [socket.create_connection(("127.0.0.1", chain.port), timeout=20)
                     for _ in range(min(100, count - len(clients)))]
            clients += batch
            for client in batch:
                client.sendall(request)
            for client in batch:
                if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                    sys.exit(f"bench: {chain.name} refuses one of {count} clients")
        time.sleep(1)
        bytes_each = (pss_bytes(chain.edge_pid) - before) / count
        begun, cpu = time.monotonic(), cpu_seconds(chain.edge_pid)
        time.sleep(2)
        cpu_percent = 100 * (cpu_seconds(chain.edge_pid) - cpu) / (time.monotonic() - begun)
    finally:
        for client in clients:
            client.close()
    return {"clients": count, "bytes_each": bytes_each, "cpu_percent": cpu_percent}


def run_rounds(chains, page, folder, options):
    """The chains in turn, round by round, after one that does not count: {name: medians and rounds}."""
    script = folder / "report.lua"
    script.write_text(REPORT)
    for chain in chains:
        chain.check(page)
        chain.run(1, options.connections, script)
        chain.rounds.clear()
    for _ in range(options.rounds):
        for chain in chains:
            chain.run(options.seconds, options.connections, script)
    return {chain.name: {**chain.medians(), "rounds": chain.rounds} for chain in chains}


def compare(folder, origin_port, page, options):
    with nginx_chain(folder, origin_port) as nginx, QuietPair(origin_port) as pair:
        return run_rounds([nginx, pair.chain()], page, folder, options)


def compare_idle(folder, origin_port, count):
    """Fresh processes: memory that an earlier load has left free would hide what a client costs."""
    idle_folder = folder / "idle"
    idle_folder.mkdir()
    with nginx_chain(idle_folder, origin_port) as nginx:
        found = {"nginx": idle_cost(nginx, count)}
    with QuietPair(origin_port) as pair:
        found["railgun"] = idle_cost(pair.chain(), count)
    return found


def compare_segments(folder):
    """Median milliseconds of a request."""
    own_folder = folder / "segments"
    own_folder.mkdir()
    with segments.origin() as port:
        with nginx_chain(own_folder, port) as nginx:
            found = {"nginx": segments.median_ms(nginx.port, HOST), "no proxy": segments.median_ms(port, HOST)}
        with QuietPair(port) as pair:
            found["railgun"] = segments.median_ms(pair.port, HOST)
    return found


def bars_of(result):
    ours, theirs = result["load"]["railgun"], result["load"]["nginx"]
    bars = {"speed": [ours["requests_per_second"] / theirs["requests_per_second"], f"at least {BARS['speed']}"],
            "cpu": [ours["pair_cpu"] / theirs["pair_cpu"], f"at most {BARS['cpu']}"],
            "hop": [ours["hop_bytes"], f"at most {BARS['hop']}"]}
    bars["segments"] = [result["segments"]["railgun"], f"at most {BARS['segments']}"]
    if "idle" in result:
        bars["idle"] = [result["idle"]["railgun"]["bytes_each"], f"at most {BARS['idle']}"]
    return {name: {"measured": value, "bar": bar,
                   "met": value >= BARS[name] if bar.startswith("at least") else value <= BARS[name]}
            for name, (value, bar) in bars.items()}


def print_table(result, options):
    print(f"{PAGE_BYTES:,}-byte page, 32 bytes new in every answer; {options.connections} connections, one worker each; "
          f"medians of {options.rounds} rounds of {options.seconds} s")
    print(f"{'chain':10}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'edge CPU s/1k':>15}{'far CPU s/1k':>14}"
          f"{'hop bytes/req':>15}")
    for name, row in result["load"].items():
        print(f"{name:10}{row['requests_per_second']:8.0f}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}"
              f"{row['edge_cpu']:15.4f}{row['far_cpu']:14.4f}{row['hop_bytes']:15,.0f}")
    for name, row in result.get("idle", {}).items():
        print(f"{name}: {row['clients']:,} idle clients cost {row['bytes_each']:,.0f} bytes each, "
              f"{row['cpu_percent']:.1f} % CPU")
    print("an origin that writes head and body apart, one request after the other, median: "
          + ", ".join(f"{name} {value:.1f} ms" for name, value in result["segments"].items()))
    names = {"speed": "req/s, x nginx", "cpu": "CPU of both ends, x nginx", "hop": "bytes on the hop",
             "segments": "ms, head and body apart", "idle": "bytes an idle client"}
    for name, bar in result["bars"].items():
        print(f"{names[name]:28}{bar['measured']:10,.2f}   {bar['bar']:14} {'met' if bar['met'] else 'MISSED'}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each chain (5)")
    parser.add_argument("--seconds", type=int, default=3, help="of each round (3)")
    parser.add_argument("--connections", type=int, default=32, help="of the client (32)")
    parser.add_argument("--no-idle", action="store_true", help="leave the idle clients out")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    missing = [name for name in ("wrk", "ss", "openssl") if shutil.which(name) is None] + ["nginx"] * (NGINX is None)
    if missing:
        sys.exit(f"bench: not installed: {', '.join(missing)}")

    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-bench-"))
    try:
        page = page_with_mark()
        with nginx_origin(folder, page) as origin_port:
            result = {"load": compare(folder, origin_port, page, options)}
            result["segments"] = compare_segments(folder)
            if not options.no_idle:
                result["idle"] = compare_idle(folder, origin_port, min(IDLE_CLIENTS, most_files - 200))
        result["bars"] = bars_of(result)
    finally:
        shutil.rmtree(folder)
    print(json.dumps(result, indent=1)) if options.json else print_table(result, options)


if __name__ == "__main__":
    main()
