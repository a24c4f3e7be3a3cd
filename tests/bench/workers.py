"""Part of ./dev bench scale: CPU time and memory by the number of workers.

The page and the load of ./dev bench (92,516 bytes, 32 of them new in every answer; wrk), the same count of workers at both
ends. More workers than processors show what they cost each other: links, caches and origin connections are shared."""
import json
import pathlib
import tempfile

import harness
import pair as bench

CONNECTIONS = 32


class Links(bench.QuietPair):
    """Waits until so many links are up."""

    def __init__(self, origin_port, settings, count):
        super().__init__(origin_port, settings)
        self.count = count

    def link_is_up(self):
        status, output, _ = harness.ctl(self.sender, "status", "--json")
        links = json.loads(output)["links"] if status == 0 else []
        return sum(link["state"] == "up" for link in links) == self.count


def measure(counts, seconds, rounds):
    page = bench.page_with_mark()
    found = {}
    with tempfile.TemporaryDirectory(prefix="railgun-workers-") as name:
        folder = pathlib.Path(name)
        script = folder / "report.lua"
        script.write_text(bench.REPORT)
        with bench.nginx_origin(folder, page) as origin_port:
            for count in counts:
                with Links(origin_port, {"workers": count}, count * harness.LANES) as pair:
                    chain = pair.chain()
                    chain.check(page)
                    chain.run(1, CONNECTIONS, script)
                    chain.rounds.clear()
                    for _ in range(rounds):
                        chain.run(seconds, CONNECTIONS, script)
                    memory = {daemon: getattr(pair, daemon).resident_bytes() for daemon in ("sender", "listener")}
                    found[count] = chain.medians() | memory
    return found


def report(counts, seconds=4, rounds=3):
    print(f"warm page of {bench.PAGE_BYTES:,} bytes, {CONNECTIONS} connections, medians of {rounds} rounds of {seconds} s; "
          "CPU in ms a request, memory at most")
    print(f"{'workers':>7}{'req/s':>8}{'sender CPU':>12}{'listener CPU':>14}{'both':>8}{'to one':>8}{'link bytes':>12}"
          f"{'sender MB':>11}{'listener MB':>13}")
    found = measure(counts, seconds, rounds)
    first = next(iter(found.values()))["pair_cpu"]
    for count, row in found.items():
        print(f"{count:7}{row['requests_per_second']:8.0f}{row['edge_cpu']:12.3f}{row['far_cpu']:14.3f}{row['pair_cpu']:8.3f}"
              f"{row['pair_cpu'] / first:8.2f}{row['hop_bytes']:12,.0f}{row['sender'] / 2**20:11.0f}"
              f"{row['listener'] / 2**20:13.0f}")


def report_links(count=300):
    """Resident memory of a further link, of each end."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="railgun-links-") as name, \
            bench.nginx_origin(pathlib.Path(name), bench.page_with_mark()) as origin_port:
        for links in (1, 1 + count):
            with Links(origin_port, {"wan.lanes": links}, links) as pair:
                found[links] = {end: bench.resident_now(getattr(pair, end).process.pid) for end in ("sender", "listener")}
    print(f"a link, of {count}: " + ", ".join(
        f"{(found[1 + count][end] - found[1][end]) / count / 1024:.0f} KB at the {end}" for end in ("sender", "listener")))
