#!/usr/bin/env python3
"""./dev simulate-fleet: what a fleet of senders and listeners needs, and what breaks first, by a model.

The model is fitted to measurements of a real pair (--measure writes them to tests/bench/fleet_figures.json) and compared with
measurements that it was not fitted to (--check). doc/CAPACITY.md has the formulas and the table that this prints.
RAILGUN_BIN names the build."""
import argparse
import json
import math
import pathlib
import random
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
import origin  # noqa: E402
import scale  # noqa: E402

FIGURES = pathlib.Path(__file__).with_name("fleet_figures.json")
MB = 2**20
# The model is to be within so much of what is measured.
TOLERANCE = 0.2
# Other work on the machine only adds to CPU time, so the least of so many runs counts.
RUNS = 3


# --- measuring a real pair

class ChangingPages:
    """A page of `size` bytes for each address, half of it its template's. `changing` bytes of it are new in each answer."""

    def __init__(self, size, changing):
        self.size, self.changing = size, changing
        self.template = scale.text_of(random.Random(2), size // 2)
        self.source = random.Random(3)
        self.lock = threading.Lock()

    def answer(self, handler):
        with self.lock:
            new = scale.text_of(self.source, self.changing)
        own = scale.text_of(random.Random(handler.path), self.size - len(self.template) - self.changing)
        handler.answer(self.template + new + own)


def pair_for(pages, **settings):
    server = origin.serve({"*": pages.answer})
    quiet = {"log.level": 0, "workers": 1, **settings}
    return scale.QuietPair(server.server_port, listener=dict(quiet), sender=dict(quiet))


def counted(daemon):
    """All counters, by name."""
    everything = json.loads(harness.ctl(daemon, "stats", "--json")[1])
    return {**everything, **everything["railgun"]}


def run_milliseconds(daemon):
    """What its threads have run, by the kernel's count in nanoseconds."""
    tasks = pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def asked(pair, paths):
    """CPU milliseconds of each end and bytes on the link for each of these requests."""
    client = scale.Client(pair)
    ran = {name: run_milliseconds(daemon) for name, daemon in scale.both(pair)}
    bytes_before = counted(pair.sender)
    for path in paths:
        client.get(path)
    now = counted(pair.sender)
    link = sum(now[name] - bytes_before[name] for name in ("wan_bytes_sent", "wan_bytes_received"))
    result = {name: (run_milliseconds(daemon) - ran[name]) / len(paths) for name, daemon in scale.both(pair)}
    return {**result, "link_bytes": link / len(paths)}


def least(measured):
    """The least of each figure of several runs."""
    runs = [measured() for _ in range(RUNS)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def warm(size, changing):
    """The same few pages again and again."""
    return least(lambda: warm_once(size, changing))


def new(size):
    """Pages that nobody asked for before, of a template that is known."""
    return least(lambda: new_once(size))


def warm_once(size, changing, requests=2000):
    with pair_for(ChangingPages(size, changing)) as pair:
        paths = [f"/page/{number % 4}" for number in range(requests)]
        asked(pair, paths[:300])
        return asked(pair, paths)


def new_once(size, requests=300):
    with pair_for(ChangingPages(size, 32)) as pair:
        asked(pair, [f"/first/{number}" for number in range(20)])
        return asked(pair, [f"/first/x{number}" for number in range(requests)])


def kept(size, limit_mb=24):
    """Bytes of memory for each version when there is no room for all."""
    with pair_for(ChangingPages(size, 32), **{"memory.limit": f"{limit_mb}M"}) as pair:
        count = int(limit_mb * MB / (size / 4))
        asked(pair, [f"/page/{number}" for number in range(count)])
        memory = scale.memory_of(pair.sender)
        return memory["reference_bytes"] / memory["references"]


def found(pages, limit_mb, size=40_000):
    """The share of requests for pages at random that find a version of their own page."""
    with pair_for(ChangingPages(size, 32), **{"memory.limit": f"{limit_mb}M"}) as pair:
        asked(pair, [f"/page/{number}" for number in range(pages)])
        source = random.Random(4)
        client = scale.Client(pair)
        before = counted(pair.sender)["found_exact"]
        requests = 600
        for _ in range(requests):
            client.get(f"/page/{source.randrange(pages)}")
        return (counted(pair.sender)["found_exact"] - before) / requests


# --- the model

def line_through(first, second):
    """(a, b) of a + b * x through two points."""
    (x0, y0), (x1, y1) = first, second
    slope = (y1 - y0) / (x1 - x0)
    return y0 - slope * x0, slope


class Model:
    """All is linear in the size of the page, or of what is new in it."""

    def __init__(self, figures):
        self.figures = figures

    def at(self, name, x):
        intercept, slope = self.figures[name]
        return intercept + slope * x

    def warm_ms(self, end, size):
        return self.at(f"warm {end} ms", size)

    def new_ms(self, end, size):
        return self.at(f"new {end} ms", size)

    def warm_bytes(self, changing):
        return self.at("warm link bytes", changing)

    def new_bytes(self, size):
        return self.at("new link bytes", size)

    def kept_bytes(self, size):
        return self.at("kept bytes", size)

    def pages_in(self, memory_bytes, size):
        return memory_bytes / self.kept_bytes(size)


def share_found(pages, room, exponent):
    """Of requests for `pages` pages, how many are for one of the `room` pages that are asked for most: the share of a Zipf
    distribution with this exponent (0: all alike). The cache keeps by frequency, so it comes close to that."""
    if room >= pages:
        return 1.0
    if exponent == 0:
        return room / pages

    def sum_to(count):
        # The first thousand one by one, the rest as an integral.
        exact = min(count, 1000)
        total = sum(rank ** -exponent for rank in range(1, int(exact) + 1))
        if count > exact:
            power = 1 - exponent
            total += ((count ** power - exact ** power) / power) if power else math.log(count / exact)
        return total

    return sum_to(room) / sum_to(pages)


def measure():
    sizes, changes = (10_000, 90_000), (32, 4_000)
    points = {size: warm(size, 32) for size in sizes}
    news = {size: new(size) for size in sizes}
    figures = {}
    for end in ("sender", "listener"):
        figures[f"warm {end} ms"] = line_through(*((size, points[size][end]) for size in sizes))
        figures[f"new {end} ms"] = line_through(*((size, news[size][end]) for size in sizes))
    by_change = {change: warm(40_000, change)["link_bytes"] for change in changes}
    figures["warm link bytes"] = line_through(*((change, by_change[change]) for change in changes))
    figures["new link bytes"] = line_through(*((size, news[size]["link_bytes"]) for size in sizes))
    figures["kept bytes"] = line_through(*((size, kept(size)) for size in sizes))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"written: {FIGURES}")


def check(model):
    size, change = 45_000, 1_000
    measured_warm, measured_new = warm(size, 32), new(size)
    room = model.pages_in(12 * MB, 40_000)
    pages = int(room * 2.5)
    rows = [(f"CPU of a warm page of {size} bytes, {end}, ms", measured_warm[end], model.warm_ms(end, size))
            for end in ("sender", "listener")]
    rows += [(f"CPU of a new page of {size} bytes, {end}, ms", measured_new[end], model.new_ms(end, size))
             for end in ("sender", "listener")]
    rows += [
        (f"bytes on the link, {change} new ones in a page", warm(40_000, change)["link_bytes"], model.warm_bytes(change)),
        (f"bytes on the link, a new page of {size} bytes", measured_new["link_bytes"], model.new_bytes(size)),
        (f"memory of a version of {size} bytes", kept(size), model.kept_bytes(size)),
        (f"share found, {pages} pages at random, room for {room:.0f}", found(pages, 12), share_found(pages, room, 0)),
    ]
    worst = 0
    print(f"{'':66} {'measured':>10} {'model':>10} {'off by':>7}")
    for name, real, modelled in rows:
        off = modelled / real - 1
        worst = max(worst, abs(off))
        print(f"{name:66} {real:10.3f} {modelled:10.3f} {off:+7.0%}")
    print(f"the worst is off by {worst:.0%}; at most {TOLERANCE:.0%} is allowed")
    return worst <= TOLERANCE


# --- fleets

# name, edges, listeners, URLs, requests a second of all edges, memory of each end in bytes, cores of each end
FLEETS = [
    ("one small machine each", 1, 1, 10_000, 50, 256 * MB, 1),
    ("a shop", 2, 1, 100_000, 500, 1024 * MB, 2),
    ("a newspaper", 10, 2, 1_000_000, 5_000, 4096 * MB, 4),
    ("a large site", 100, 8, 10_000_000, 50_000, 16 * 1024 * MB, 8),
    ("a thousand edges", 1000, 40, 100_000_000, 500_000, 64 * 1024 * MB, 16),
]
PAGE_BYTES, CHANGING_BYTES, EXPONENT = 60_000, 500, 0.9


def needs(model, edges, listeners, urls, requests, memory, cores):
    """What of each resource is used, as a share of what there is; links of a listener, share found, bytes a request."""
    room = model.pages_in(memory, PAGE_BYTES)
    at_edge = share_found(urls, room, EXPONENT)
    # Every edge holds versions of its own: while a page changes, no two edges were sent the same one. A listener has those of the
    # pages that it is asked for, from all edges.
    wanted = min(urls, room) * edges / listeners
    at_listener = min(1.0, share_found(min(urls, room) * edges, room * listeners, EXPONENT) if wanted > room else 1.0)
    warm_share = at_edge * at_listener
    per_edge, per_listener = requests / edges, requests / listeners

    def cores_for(end, rate):
        milliseconds = warm_share * model.warm_ms(end, PAGE_BYTES) + (1 - warm_share) * model.new_ms(end, PAGE_BYTES)
        return rate * milliseconds / 1000

    link = warm_share * model.warm_bytes(CHANGING_BYTES) + (1 - warm_share) * model.new_bytes(PAGE_BYTES)
    return {
        "sender's CPU": cores_for("sender", per_edge) / cores,
        "listener's CPU": cores_for("listener", per_listener) / cores,
        "sender's memory": urls / room,
        "listener's memory": wanted / room,
        "links": edges * cores * harness.LANES,  # of a listener: from each worker of each edge
        "found": warm_share,
        "link": link,
    }


def table(model):
    print(f"Pages of {PAGE_BYTES:,} bytes of which {CHANGING_BYTES} change, asked for by Zipf {EXPONENT}; shares of what there is, "
          "over 1: not enough for all.\n")
    print("| fleet | edges, listeners | URLs | requests/s | sender's CPU | listener's CPU | sender's memory | listener's memory "
          "| links of a listener | found | bytes a request on links | first to run out |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, edges, listeners, urls, requests, memory, cores in FLEETS:
        used = needs(model, edges, listeners, urls, requests, memory, cores)
        resources = {key: value for key, value in used.items() if key not in ("links", "found", "link")}
        first = max(resources, key=resources.get)
        print(f"| {name} | {edges}, {listeners} | {urls:,} | {requests:,} | " +
              " | ".join(f"{resources[key]:.2f}" for key in resources) +
              f" | {used['links']:,} | {used['found']:.2f} | {used['link']:,.0f} | {first} |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--measure", action="store_true", help="fit the model to a real pair anew")
    arguments.add_argument("--check", action="store_true", help="compare the model with a real pair at other sizes")
    options = arguments.parse_args()
    if options.measure:
        measure()
    model = Model(json.loads(FIGURES.read_text()))
    if options.check and not check(model):
        sys.exit(1)
    table(model)


if __name__ == "__main__":
    main()
