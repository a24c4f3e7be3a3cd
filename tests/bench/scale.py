#!/usr/bin/env python3
"""./dev bench scale: what pages cost in memory, and what a crawler costs in CPU.

1. Memory of a kept page, of 92 KB and of 2 KB: what the cache charges, and resident memory of both ends, after each of
   COUNT pages was asked for once (cold) and a second time with 32 new bytes (warm). Room enough for all.
2. Resident memory of both ends with 3,000 URLs of 92 KB and memory.limit as it is by default.
3. CPU of both ends for each page of a crawler: new addresses of one template, half of each page new; beside nginx with gzip -6.
4. Share of answers that are deltas in the ten seconds before and after an upgrade in place of each end, with URLS pages of
   92 KB asked for at random, and what the new process says that it took over.
5. Look-ups in three memcached servers of which one is killed and started again, empty: hit rates, errors and wrong bytes;
   without replicas, and with one of each version.
   Memory for a few of the pages alone, so that versions come from memcached.
6. CPU of a warm page, memory and requests a second with 1, 2, 4, 8 and 64 workers; memory of a link.
7. Resident memory over REQUESTS requests for 20,000 URLs with memory.limit = 64M.
One worker for each end but in 6. RAILGUN_BIN names the build."""
import argparse
import http.client
import json
import os
import pathlib
import pwd
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
import long_run  # noqa: E402
import origin  # noqa: E402
import succession  # noqa: E402
import workers  # noqa: E402
from pair import cpu_seconds  # noqa: E402


def text_of(source, count):
    """So many bytes of text that zstd -1 compresses to 37 %."""
    words = WORDS
    parts, size = [], 0
    while size < count:
        line = f"<p id=s{source.getrandbits(40):x}>" + " ".join(source.choice(words) for _ in range(24)) + "</p>\n"
        parts.append(line)
        size += len(line)
    return "".join(parts)[:count].encode()


_letters = random.Random(1)
WORDS = ["".join(_letters.choice("aeioubcdfglmnprst") for _ in range(_letters.randint(2, 9))) for _ in range(900)]


class Pages:
    """Pages of one template: `shared` bytes are the same in all, the others belong to the address; 32 bytes are new in
    every answer."""

    def __init__(self, size, shared):
        self.own_bytes = size - shared - 32
        self.template = text_of(random.Random(2), shared)
        self.asked = 0

    def answer(self, handler):
        self.asked += 1
        own = text_of(random.Random(handler.path), self.own_bytes)
        handler.answer(self.template + b"%032d" % self.asked + own)


class Client:
    def __init__(self, pair):
        self.connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=60)
        self.host = pair.host

    def get(self, path):
        self.connection.request("GET", path, headers={"Host": self.host})
        answer = self.connection.getresponse()
        if answer.status != 200:
            sys.exit(f"scale: {path}: status {answer.status}")
        self.share = answer.getheader("Cf-Railgun", "").split()[1:2]
        return answer.read()

    def get_share(self, path):
        """Percent of the page that crossed the link; 100 if there was no delta."""
        self.get(path)
        return float(self.share[0]) if self.share and self.share[0][0].isdigit() else 100.0


class QuietPair(harness.Pair):
    """Logs errors alone, so the link is found out by a request."""

    def link_is_up(self):
        return self.get("/up")[0] == 200


def make_pair(pages, settings):
    server = origin.serve({"*": pages.answer})
    return QuietPair(server.server_port, listener={"log.level": 0, **settings}, sender={"log.level": 0, **settings})


def both(pair):
    return (("listener", pair.listener), ("sender", pair.sender))


def memory_of(daemon):
    return json.loads(harness.ctl(daemon, "status", "--json")[1])["memory"]


def memory_a_page(size, count):
    pages = Pages(size, size // 2)
    with make_pair(pages, {"memory.limit": "4G"}) as pair:
        client = Client(pair)
        client.get("/warm-up")
        before = {name: memory_of(daemon) for name, daemon in both(pair)}
        for visit in ("cold", "warm"):
            for number in range(count):
                client.get(f"/page/{number}")
            for name, daemon in both(pair):
                now = memory_of(daemon)
                versions = now["references"] - before[name]["references"]
                charged = (now["reference_bytes"] - before[name]["reference_bytes"]) / max(versions, 1)
                resident = (now["resident_bytes"] - before[name]["resident_bytes"]) / count
                print(f"page of {size:>6} bytes, {visit}, {name:8}: charged {charged:>9,.0f} a version "
                      f"({versions} versions), resident {resident:>9,.0f} a page")


def resident(count):
    pages = Pages(92_516, 46_000)
    with make_pair(pages, {}) as pair:
        client = Client(pair)
        peak = {name: 0 for name, _ in both(pair)}
        for number in range(count):
            client.get(f"/page/{number}")
            if number % 100 == 99:
                for name, daemon in both(pair):
                    peak[name] = max(peak[name], daemon.resident_bytes())
        for name, daemon in both(pair):
            now = memory_of(daemon)
            print(f"{count} URLs, default limit, {name:8}: resident {daemon.resident_bytes() / 2**20:.0f} MB, at most "
                  f"{peak[name] / 2**20:.0f} MB, {now['references']} versions in {now['reference_bytes'] / 2**20:.0f} MB")


def nginx_with_gzip(server_port):
    """What a page costs nginx, which asks the origin and compresses: the work that a pair is compared with."""
    gzip = "gzip on; gzip_comp_level 6; gzip_types *; gzip_http_version 1.0; gzip_proxied any;"
    return origin.Nginx(more=f"location /first/ {{ {gzip} proxy_pass http://127.0.0.1:{server_port}; }}")


def cpu_of_nginx(port, process, paths):
    """Milliseconds of CPU a page, and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    before, received = cpu_seconds(process.pid), 0
    for path in paths:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        received += len(connection.getresponse().read())
    return (cpu_seconds(process.pid) - before) / len(paths) * 1000, received / len(paths)


def crawler(count, effort):
    pages = Pages(92_516, 46_000)
    server = origin.serve({"*": pages.answer})
    paths = [f"/first/x{number}" for number in range(count)]
    quiet = {"log.level": 0}
    with nginx_with_gzip(server.server_port) as nginx, QuietPair(
            server.server_port, listener=quiet | {"delta.effort": effort}, sender=quiet) as pair:
        client = Client(pair)
        for number in range(20):
            client.get(f"/first/{number}")
        cpu_of_nginx(nginx.port, nginx.process, paths[:20])
        before = {name: cpu_seconds(daemon.process.pid) for name, daemon in both(pair)}
        for path in paths:
            client.get(path)
        spent = {name: (cpu_seconds(daemon.process.pid) - before[name]) / count * 1000 for name, daemon in both(pair)}
        site = json.loads(harness.ctl(pair.sender, "stats", "--json")[1])["railgun"]["sites"][pair.host]
        theirs, gzip_bytes = cpu_of_nginx(nginx.port, nginx.process, paths)
        print(f"crawler, delta.effort = {effort}, {count} new pages of 92 KB, half of each new: "
              f"{site['coded_bytes'] / site['requests']:,.0f} bytes on the link a page (gzip -6: {gzip_bytes:,.0f}), "
              + ", ".join(f"{name} {ms:.2f} ms" for name, ms in spent.items())
              + f", both {sum(spent.values()):.2f} ms a page: {sum(spent.values()) / theirs:.2f} x nginx with gzip -6 "
              f"({theirs:.2f} ms; bar 1.5)")
    server.shutdown()


def share_of_deltas(client, source, count, seconds):
    """Of requests for pages at random in so many seconds: (deltas, all)."""
    deltas = asked = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        asked += 1
        deltas += client.get_share(f"/page/{source.randrange(count)}") < 50
    return deltas, asked


def upgrade(count):
    pages = Pages(92_516, 46_000)
    source = random.Random(4)
    with tempfile.TemporaryDirectory(prefix="railgun-scale-") as folder:
        files = {name: pathlib.Path(folder, name) for name in ("listener", "sender")}
        server = origin.serve({"*": pages.answer})
        settings = {name: {"log.level": 1, "memory.limit": "1G", "pid.file": file} for name, file in files.items()}
        with harness.Pair(server.server_port, **settings) as pair:
            client = Client(pair)
            for number in range(count):
                client.get(f"/page/{number}")
            for name in files:
                before = share_of_deltas(client, source, count, 10)
                succession.upgrade(getattr(pair, name), files[name])
                client = Client(pair)
                after = share_of_deltas(client, source, count, 10)
                said = [line for line in getattr(pair, name).log.read_text().splitlines() if "took over" in line][-1]
                print(f"upgrade of the {name}, {count} pages: deltas {before[0] / before[1]:.3f} of {before[1]} answers before, "
                      f"{after[0] / after[1]:.3f} of {after[1]} after; {said.split(': ', 1)[1]}")
        server.shutdown()


class Servers:
    """Three memcached servers on ports of their own. Use as a context manager."""

    def __init__(self):
        self.ports = [harness.free_port() for _ in range(3)]
        self.processes = {}

    def start(self, port):
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.processes[port] = subprocess.Popen(["memcached", "-u", user, "-l", "127.0.0.1", "-p", str(port), "-m", "256"])
        harness.wait_until(lambda: harness.answers(port), "memcached listens")

    def kill(self, port):
        process = self.processes.pop(port)
        process.kill()
        process.wait()

    def __enter__(self):
        for port in self.ports:
            self.start(port)
        return self

    def __exit__(self, *_):
        for port in list(self.processes):
            self.kill(port)


def memcached(count, replicas):
    pages = Pages(20_000, 4_000)
    source = random.Random(5)
    right = {f"/page/{number}": text_of(random.Random(f"/page/{number}"), pages.own_bytes) for number in range(count)}
    wrong = asked = 0

    def lookups(daemon):
        counted = json.loads(harness.ctl(daemon, "stats", "--json")[1])["railgun"]
        return counted["store_hits"], counted["store_gets"]

    def visit(client, pair, seconds):
        """The sender's hit rate over so many seconds of requests at random."""
        nonlocal wrong, asked
        hits, gets = lookups(pair.sender)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            path = f"/page/{source.randrange(count)}"
            asked += 1
            wrong += not client.get(path).endswith(right[path])
        now_hits, now_gets = lookups(pair.sender)
        return (now_hits - hits) / max(now_gets - gets, 1)

    with Servers() as servers:
        store = {"memcached.servers": " ".join(f"127.0.0.1:{port}" for port in servers.ports), "memory.limit": "1M",
                 "memcached.replicas": replicas, "reference.page_limit": "256K"}
        with make_pair(pages, store) as pair:
            client = Client(pair)
            for _ in range(2):
                for path in right:
                    client.get(path)
            before = visit(client, pair, 10)
            servers.kill(servers.ports[0])
            during = visit(client, pair, 10)
            servers.start(servers.ports[0])
            started = time.monotonic()
            for path in right:
                client.get(path)
            back = time.monotonic() - started
            after = visit(client, pair, 10)
    print(f"memcached, 3 servers, {replicas} replicas, {count} pages: hit rate {before:.2f}; one killed {during:.2f} ({during / before:.2f} of it); "
          f"{back:.1f} s after its return {after:.2f} ({after / before:.2f}); {asked} answers, {wrong} wrong, 0 errors")


PARTS = ["memory", "resident", "crawler", "upgrade", "memcached", "workers", "long"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("parts", nargs="*", default=PARTS, help=f"{', '.join(PARTS)} (default: all)")
    arguments.add_argument("--count", type=int, default=200, help="pages of the memory and crawler parts")
    arguments.add_argument("--urls", type=int, default=3000, help="URLs of the resident and upgrade parts")
    arguments.add_argument("--requests", type=int, default=1_000_000, help="requests of the long part")
    arguments.add_argument("--page", type=int, default=92_516, help="bytes of a page of the long part")
    arguments.add_argument("--effort", default="auto", help="delta.effort in the crawler part")
    options = arguments.parse_args()
    if "memory" in options.parts:
        memory_a_page(92_516, options.count)
        memory_a_page(2_048, options.count * 4)
    if "resident" in options.parts:
        resident(options.urls)
    if "crawler" in options.parts:
        crawler(options.count, options.effort)
    if "upgrade" in options.parts:
        upgrade(options.urls)
    if "memcached" in options.parts:
        memcached(options.count, 0)
        memcached(options.count, 1)
    if "workers" in options.parts:
        workers.report([1, 2, 4, 8, 64])
        workers.report_links()
    if "long" in options.parts:
        long_run.report(options.requests, 20_000, options.page, 64)


if __name__ == "__main__":
    main()
