"""Part of ./dev bench scale: resident memory of both ends over many requests for many URLs with little room.

nginx puts each answer together of a template that all pages share, 32 bytes that are new each time, and text of the page's
own, a file of a temporary folder; wrk asks for pages at random. Resident memory is looked at after each slice."""
import contextlib
import pathlib
import random
import subprocess
import tempfile
import time

import harness
import pair as bench

CONNECTIONS = 8
SLICES = 20
# What doc/OPERATIONS.md, "Memory", states besides memory.limit: the program at its start, and requests under way.
BASE_BYTES = (12 + 32) << 20
ASK = """
math.randomseed(os.time())
request = function() return wrk.format("GET", "/page/" .. math.random(0, {last})) end
"""


def write_pages(folder, count, own_bytes):
    """Lines of a pool, each with a number of its own: text that compresses like text, made quickly."""
    source = random.Random(7)
    words = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(900)]
    lines = [" ".join(source.choice(words) for _ in range(24)) for _ in range(20_000)]
    average = sum(map(len, lines)) // len(lines) + 25
    folder.mkdir()
    for number in range(count):
        own = "".join(f"<p id=s{source.getrandbits(40):x}>{line}</p>\n" for line in source.choices(lines, k=own_bytes // average))
        (folder / str(number)).write_text(own)
    return "".join(f"<li id=t{source.getrandbits(40):x}>{line}</li>\n" for line in source.choices(lines, k=own_bytes // average))


@contextlib.contextmanager
def origin(folder, count, page_bytes):
    folder.chmod(0o755)  # nginx may read it as another user
    template = write_pages(folder / "own", count, page_bytes // 2)
    pages = folder / "pages"
    pages.mkdir()
    (pages / "page.html").write_text(
        template + '<!--# echo var="request_id" -->\n<!--# include virtual="/own/$number" -->')
    port = harness.free_port()
    nginx = bench.Nginx(folder, "origin", f"""server {{ listen 127.0.0.1:{port} backlog=4096; ssi on; root {folder};
      location ~ ^/page/(?<number>[0-9]+)$ {{ rewrite ^ /pages/page.html break; }} location /small {{ return 200 "ok"; }} }}""")
    try:
        harness.wait_until(lambda: harness.answers(port), "the origin answers")
        yield port
    finally:
        nginx.stop()


def report(requests, urls, page_bytes, limit_mb):
    with tempfile.TemporaryDirectory(prefix="railgun-long-") as name:
        folder = pathlib.Path(name)
        script = folder / "ask.lua"
        script.write_text(ASK.format(last=urls - 1) + bench.REPORT)
        with origin(folder, urls, page_bytes) as port, bench.QuietPair(port, {"memory.limit": f"{limit_mb}M"}) as pair:
            ask(pair, script, requests, urls, limit_mb)


def ask(pair, script, requests, urls, limit_mb):
    """wrk runs for a time, not for a count: slices of a few seconds until all were asked."""
    daemons = {"sender": pair.sender, "listener": pair.listener}
    asked, received, begun = 0, 0, time.monotonic()
    seen = {name: [] for name in daemons}
    slice_requests = max(requests // SLICES, 1)
    next_look = slice_requests
    while asked < requests:
        wrk = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", "-d5s", "-s", script, "-H", f"Host: {bench.HOST}",
                              f"http://127.0.0.1:{pair.port}/"], capture_output=True, text=True, check=True)
        numbers = [int(word) for word in wrk.stdout.split("RESULT", 1)[1].split()[:6]]
        if numbers[5] != 0:
            raise SystemExit(f"scale: {numbers[5]} requests failed\n{wrk.stdout}")
        asked += numbers[0]
        received += numbers[2]
        if asked < next_look:
            continue
        next_look = asked + slice_requests
        for name, daemon in daemons.items():
            seen[name].append((asked, bench.resident_now(daemon.process.pid)))
        print(f"  {asked:>9,} requests, {time.monotonic() - begun:5.0f} s: " + ", ".join(
            f"{name} {sizes[-1][1] / 2**20:.0f} MB" for name, sizes in seen.items()), flush=True)
    print(f"{asked:,} requests for {urls:,} URLs at random, {received / asked:,.0f} bytes an answer, memory.limit {limit_mb} MB")
    for name, sizes in seen.items():
        after = [size for count, size in sizes if count >= min(100_000, requests // 2)]
        bound = limit_mb * 1.1 + BASE_BYTES / 2**20
        print(f"  {name}: resident at most {max(after) / 2**20:.0f} MB (bar: {bound:.0f}), least {min(after) / 2**20:.0f} after "
              f"the first requests: within {100 * (max(after) / min(after) - 1):.0f} % (bar: 10 %)")
