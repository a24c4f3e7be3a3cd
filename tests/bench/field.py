"""Ten ways in which proxies and tunnels fail in the field, as one command: what visitors notice, beside its bar.
`./dev bench field [NAME...]`; --answers, --requests: more for a longer run. One worker for each end.

kills      SIGKILL of either end under load: right pages or clean errors, and service within 2 s of the start
flushes    memcached emptied ten times a second: every page right, no error
soak       requests over 20,000 addresses with memory.limit = 64M: resident memory within 10 % of what it was at 100,000
blackout   a line that swallows everything for 5 s: a right page within 1 s of its end
loss       1 % loss, 50 ms, 10 Mbit/s, cubic: small answers beside a large one on the same link, p99 within 3 round trips
slow       5,000 connections that send heads, send bodies or read answers slowly: others' p99 within 2 x idle, no error
messages   hostile and odd messages: tests/e2e/http_test.py
idle       10,000 idle clients: 2,100 bytes each, no CPU
reloads    20 reloads of each end with new certificates, 5 upgrades of each: no request fails
bodies     100 MB each way, and bodies of every size and framing: the origin's bytes

blackout and loss need root, for network namespaces of their own."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/e2e"), str(TOP / "tests/bench")]
import attacks  # noqa: E402
import certified  # noqa: E402
import harness  # noqa: E402
import line  # noqa: E402
import pair as bench  # noqa: E402
import succession  # noqa: E402
import transfer  # noqa: E402
from memcached import Memcached  # noqa: E402

QUIET = {"log.level": 0}
SOAK_ADDRESSES = 20_000
SOAK_FIRST = 100_000
SLOW = 5000
DEADLINES = ("timeout.client_head", "timeout.client_body", "timeout.client_write", "timeout.client_idle")
DEADLINE = 15  # seconds
# Most of the readers wait a minute until an origin's connection is free for them, get 503, and then one deadline of their own.
LAST_DEADLINE = 60 + 3 * DEADLINE


@contextlib.contextmanager
def certified_pair(**more):
    pages = certified.Origin()
    try:
        with harness.Pair(pages.port, **more) as pair:
            yield pair
    finally:
        pages.stop()


def kills(options):
    slowest = 0
    with certified_pair() as pair, certified.Load(pair, clients=32) as load:
        for victim in 3 * (pair.listener, pair.sender):
            victim.stop(signal.SIGKILL)
            errors = len(load.errors)
            harness.wait_until(lambda: len(load.errors) > errors, "a request fails")
            victim.start()
            slowest = max(slowest, certified.seconds_to_a_right_page(pair))
            load.wait_for_right(50)
    return (f"{load.right} right pages, {len(load.wrong)} wrong, {len(load.errors)} clean errors; back after {slowest:.2f} s",
            slowest < 2 and not load.wrong)


def flushes(options):
    with tempfile.TemporaryDirectory(prefix="railgun-memcached-") as folder, Memcached(pathlib.Path(folder)) as memcached:
        store = {"memcached.servers": memcached.socket, "memory.limit": "1M", "reference.page_limit": "200K"}
        with certified_pair(listener=store, sender=store) as pair, certified.Load(pair, clients=32, paths=40) as load:
            end, count = time.monotonic() + 15, 0
            while time.monotonic() < end:
                memcached.flush()
                count += 1
                time.sleep(0.1)
    return (f"{count} flushes, {load.right} right pages, {len(load.wrong)} wrong, {len(load.errors)} errors",
            not load.errors and not load.wrong)


def soak(options):
    """The page is the same at all addresses but for 32 bytes: each address has versions of its own all the same."""
    script = f"""request = function() return wrk.format("GET", "/soak/" .. math.random(1, {SOAK_ADDRESSES})) end
init = function() math.randomseed(os.time()) end""" + bench.REPORT
    limit = {**QUIET, "memory.limit": "64M"}
    page = bench.page_with_mark()
    with tempfile.TemporaryDirectory(prefix="railgun-soak-") as name:
        folder = pathlib.Path(name)
        (folder / "soak.lua").write_text(script)
        with bench.nginx_origin(folder, page) as origin_port, \
                harness.Pair(origin_port, host=bench.HOST, listener=limit, sender=limit) as pair:
            chain = bench.Chain("soak", pair.port, pair.link_port, pair.sender.process.pid, pair.listener.process.pid)
            done, first, most = 0, 0, 0
            while done < options.requests:
                chain.run(10, 32, folder / "soak.lua")
                done += chain.rounds[-1]["requests"]
                held = attacks.resident(pair)
                if done < SOAK_FIRST:
                    continue
                first, most = first or held, max(most, held)
    return (f"{done:,} requests, {first >> 20} MB at {SOAK_FIRST:,}, {most >> 20} MB at most",
            most <= first * 1.1)


@contextlib.contextmanager
def pair_on_a_line(lanes=harness.LANES, **figures):
    """The sender here, the listener and its origin at the other end of a line."""
    with line.Line(**figures) as wan, \
            subprocess.Popen([*wan.inside, sys.executable, attacks.__file__, "serve"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True) as server:
        pair = harness.Pair(int(server.stdout.readline()), listener=QUIET, sender={**QUIET, "wan.lanes": lanes})
        pair.listener.prefix = wan.inside
        pair.listener.settings["wan.ip"] = line.THERE
        pair.sender.settings["site.site.test.listeners"] = f"{line.THERE}:{pair.link_port}"
        with pair:
            yield pair, wan
        server.stdin.close()


def small(pair):
    """Seconds of a small answer; its status."""
    begun = time.monotonic()
    status, _, _ = pair.get("/small")
    return time.monotonic() - begun, status


def percentile(times, percent):
    return sorted(times)[len(times) * percent // 100]


def blackout(options):
    worst, statuses = 0, []
    with pair_on_a_line(delay_seconds=0.025, rate=10e6) as (pair, wan):
        for _ in range(3):
            small(pair)
            wan.swallow(True)
            waiting = [threading.Thread(target=lambda: statuses.append(small(pair)[1])) for _ in range(8)]
            for thread in waiting:
                thread.start()
            time.sleep(5)
            wan.swallow(False)
            begun = time.monotonic()
            while small(pair)[1] != 200:
                time.sleep(0.02)
            worst = max(worst, time.monotonic() - begun)
            for thread in waiting:
                thread.join()
    return f"a right page {worst:.2f} s after the line; those that waited: {sorted(set(statuses))}", worst <= 1


def loss(options):
    times, round_trip = [], 0.05
    with pair_on_a_line(options.lanes, delay_seconds=round_trip / 2, rate=10e6, loss=0.01) as (pair, _):
        stopping = threading.Event()

        def load_the_link():
            while not stopping.is_set():
                with attacks.ask(pair.port, "/big", "Connection: close\r\n") as client:
                    while not stopping.is_set() and client.recv(65536):
                        pass

        def visit():
            while not stopping.is_set():
                times.append(small(pair)[0])
        threads = [threading.Thread(target=work) for work in (load_the_link, visit, visit, visit, visit)]
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        stopping.set()
        for thread in threads:
            thread.join()
    slow = percentile(times, 99)
    return (f"{len(times)} small answers: p50 {percentile(times, 50) * 1000:.0f} ms, p99 {slow * 1000:.0f} ms, "
            f"{slow / round_trip:.1f} round trips", slow <= 3 * round_trip)


def from_elsewhere(port, small_buffer=False):
    """A connection of another visitor than those who measure."""
    client = socket.socket()
    if small_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(harness.PATIENCE)
    client.bind(("127.0.0.2", 0))
    client.connect(("127.0.0.1", port))
    return client


def slow_kinds():
    """What each of the slow ones says at first, and then again and again; whether it reads little."""
    head = b" HTTP/1.1\r\nHost: site.test\r\n"
    return {"heads": (b"GET / HTTP/1.1\r\n", b"X: y\r\n", False),
            "bodies": (b"POST /u" + head + b"Content-Length: 100000\r\n\r\n", b"x", False),
            "readers": (b"GET /big" + head + b"\r\n", b"", True)}


def open_after(pair, seconds):
    """Clients' connections that are open then, or none as soon as none is."""
    for _ in range(seconds):
        counted = int(re.search(r"railgun\.clients_open: (\d+)", harness.ctl(pair.sender, "stats")[1])[1])
        if counted == 0:
            break
        time.sleep(1)
    return counted


def slow(options):
    texts, passes = [], True
    with subprocess.Popen([sys.executable, attacks.__file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as server:
        port = int(server.stdout.readline())
        for kind, (first, again, reads_little) in slow_kinds().items():
            with harness.Pair(port, listener=QUIET, sender={**QUIET, **dict.fromkeys(DEADLINES, DEADLINE)}) as pair, \
                    attacks.Attack() as attack:
                _, idle, _ = attacks.visitor(pair)
                clients = []
                for _ in range(SLOW):
                    clients.append(attack.hold(from_elsewhere(pair.port, reads_little)))
                    clients[-1].sendall(first)

                def go_on():
                    for client in clients:
                        with contextlib.suppress(OSError):
                            client.send(again)
                if again:
                    attack.every(1, go_on)
                time.sleep(2)
                _, p99, errors = attacks.visitor(pair)
                ratio = max(p99, attacks.FLOOR) / max(idle, attacks.FLOOR)
                left = open_after(pair, LAST_DEADLINE)
                texts.append(f"{kind} {ratio:.2f} x, {errors} errors, {left} open after their deadline")
                passes = passes and ratio <= 2 and errors == 0 and left == 0
        server.stdin.close()
    return f"{SLOW} each: " + "; ".join(texts), passes


def messages(options):
    done = subprocess.run([sys.executable, TOP / "tests/e2e/http_test.py"], capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1], done.returncode == 0


def idle(options):
    page = bench.page_with_mark()
    with tempfile.TemporaryDirectory(prefix="railgun-idle-") as name:
        folder = pathlib.Path(name)
        with bench.nginx_origin(folder, page) as origin_port, bench.QuietPair(origin_port) as pair:
            cost = bench.idle_cost(pair.chain(), bench.IDLE_CLIENTS)
    return (f"{cost['clients']:,} clients: {cost['bytes_each']:,.0f} bytes each, {cost['cpu_percent']:.1f} % CPU",
            cost["bytes_each"] <= bench.BARS["idle"] and cost["cpu_percent"] < 1)


def reloads(options):
    with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
        files = {name: pathlib.Path(folder, name) for name in ("listener", "sender")}
        with certified_pair(**{name: {"pid.file": file} for name, file in files.items()}) as pair, \
                certified.Load(pair, clients=32) as load:
            certified.reload_both(pair, load, options.answers // 30)
            for _ in range(5):
                for daemon in (pair.listener, pair.sender):
                    succession.upgrade(daemon, files[daemon.name])
                    load.wait_for_right(options.answers // 30)
    return (f"40 reloads, 10 upgrades, {load.right} right pages, {len(load.errors)} failed, {len(load.wrong)} wrong",
            not load.errors and not load.wrong)


def bodies(options):
    transfer.pass_both_ways(100 << 20)
    done = subprocess.run([sys.executable, TOP / "tests/e2e/http_test.py"], capture_output=True, text=True)
    wanted = ("test_bodies_of_every_size_equal_the_origins", "test_conditional_ranged_and_old_requests_at_nginx",
              "test_answers_however_the_origin_frames_them")
    good = [name for name in wanted if f"ok      {name}" in done.stdout]
    return f"100 MB each way; {len(good)} of {len(wanted)} tests of bodies", len(good) == len(wanted)


WAYS = [kills, flushes, soak, blackout, loss, slow, messages, idle, reloads, bodies]
ON_A_LINE = (blackout, loss)


def measure(way, options):
    if way not in ON_A_LINE or options.inside:
        return way(options)
    if os.geteuid() != 0:
        return "not measured: needs root", False
    done = subprocess.run(["unshare", "-n", sys.executable, __file__, "--inside", "--seconds", str(options.seconds), "--lanes",
                           str(options.lanes), way.__name__],
                          stdout=subprocess.PIPE, text=True)
    return tuple(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else ("failed", False)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench field", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *(way.__name__ for way in WAYS)], metavar="NAME")
    parser.add_argument("--answers", type=int, default=100_000, help="of reloads (100,000)")
    parser.add_argument("--requests", type=int, default=200_000, help="of soak (200,000)")
    parser.add_argument("--seconds", type=int, default=30, help="of loss (30)")
    parser.add_argument("--lanes", type=int, default=harness.LANES, help=f"wan.lanes of loss ({harness.LANES})")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = []
    for way in WAYS:
        if options.names and way.__name__ not in options.names:
            continue
        text, passes = measure(way, options)
        results.append(passes)
        if options.inside:
            print(json.dumps([text, passes]))
        else:
            print(f"{way.__name__:10} {'ok' if passes else 'MISSED':7} {text}", flush=True)
    return 0 if all(results) or options.inside else 1


if __name__ == "__main__":
    sys.exit(main())
