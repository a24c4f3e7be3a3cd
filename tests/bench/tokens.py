#!/usr/bin/env python3
"""./dev bench tokens: what 1,000 wrong tokens a second cost visitors and the sender, beside the time before."""
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from activated import World  # noqa: E402
from flood_test import FROM_ONE_ADDRESS, IN_ALL, SECONDS, Flood, check  # noqa: E402

# Requests during the flood may take at most so many times as long as before, and so many seconds more.
BARS = ((0.5, 3, 0.01), (0.99, 3, 0.1))


def load(world, seconds):
    """Two visitors for so long: the times of their requests, sorted."""
    times = []
    until = time.monotonic() + seconds

    def visit():
        while (begun := time.monotonic()) < until:
            assert world.get("/a")[0] == 200
            times.append(time.monotonic() - begun)
            time.sleep(0.005)

    visitors = [threading.Thread(target=visit) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return sorted(times)


def at(share, times):
    return times[int(len(times) * share)]


def measure(addresses, limit):
    with World() as world:
        world.join()
        before = load(world, 2)
        cpu = world.sender.cpu_seconds()
        with Flood(world, addresses, SECONDS) as flood:
            during = load(world, SECONDS - 0.5)
            result = flood.result()
        cpu = (world.sender.cpu_seconds() - cpu) / SECONDS
    check(result, limit)
    print(f"{result['attempts'] / SECONDS:.0f} wrong tokens a second from {addresses} address(es): {result['answered']} "
          f"answered, {result['turned_away']} turned away; requests at p50 and p99 {at(0.5, before) * 1000:.1f} and "
          f"{at(0.99, before) * 1000:.1f} ms before, {at(0.5, during) * 1000:.1f} and {at(0.99, during) * 1000:.1f} ms during; "
          f"the sender took {cpu * 100:.0f} % of a core, the attacker {result['cpu_seconds'] / SECONDS * 100:.0f} %")
    return all(at(share, during) < factor * at(share, before) + more for share, factor, more in BARS)


results = [measure(1, FROM_ONE_ADDRESS), measure(2000, IN_ALL)]
sys.exit(0 if all(results) else "a bar was missed")
