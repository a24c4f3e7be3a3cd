#!/usr/bin/env python3
"""./dev bench front: pages compressed for visitors, by the sender and by an nginx that does it at the edge of a chain of two
(gzip, level 6), in one run.

Requests a second: the page and the rounds of ./dev bench, once for each Accept-Encoding. Bytes: the body of each answer as
the client gets it, for the same page and, with DIR, for each file of DIR/RESOURCE/0001, 0002, ... in that order; every one
is decoded (by curl) and compared with the origin's.

HTTP/2 over TLS: h2load with as many connections, one request at a time on each, beside an nginx with TLS and HTTP/2 in front
of the same hop; the memory that an idle client takes at the edge, and the CPU time of a new connection, full and resumed.

Also when the first byte of a slow page is there, coded and not, and what an access log costs."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import first_byte
import handshakes
import http2
from pair import HOST, QuietPair, nginx_chain, nginx_origin, page_with_mark, run_rounds

import origin  # noqa: E402  (pair.py has put tests/e2e on the path)

GZIP = "gzip on; gzip_comp_level 6; gzip_min_length 0; gzip_proxied any; gzip_types *; gzip_vary on;"
CODINGS = ("gzip", "zstd", "br")


def body(port, path, accept, decode):
    """The body of an answer as sent, or decoded."""
    return subprocess.run(["curl", "-sS", "-f", "-H", f"Host: {HOST}", "-H", f"Accept-Encoding: {accept}",
                           *(["--compressed"] if decode else []), f"http://127.0.0.1:{port}{path}"],
                          check=True, capture_output=True).stdout


class LoggingPair(QuietPair):
    """Its sender writes an access log."""

    def __init__(self, origin_port):
        super().__init__(origin_port)
        self.sender.settings |= {"access.log": self.folder / "access.log"}

    def chain(self):
        chain = super().chain()
        chain.name = "railgun, log"
        return chain


def measure_speed(folder, origin_port, page, options):
    coded = folder / "coded"
    coded.mkdir()
    with nginx_chain(folder, origin_port) as plain, nginx_chain(coded, origin_port, GZIP) as gzip, \
            QuietPair(origin_port) as pair, LoggingPair(origin_port) as logging:
        gzip.name, gzip.accept = "nginx gzip -6", "gzip"
        chains = [plain, gzip, pair.chain(), logging.chain()]
        for coding in CODINGS:
            one = pair.chain()
            one.name, one.accept = f"railgun {coding}", coding
            chains.append(one)
        return run_rounds(chains, page, folder, options)


def measure_http2(folder, origin_port, page, options):
    beside = folder / "http2"
    beside.mkdir()
    with http2.http2_chains(beside, origin_port) as chains:
        result = run_rounds(chains, page, folder, options)
        for chain in chains:
            result[chain.name]["idle_bytes"] = http2.idle_bytes(chain, options.idle)
        for name, row in handshakes.measure(chains, options.rounds, options.handshakes).items():
            result[name]["handshake_ms"] = row
    return result


def measure_bytes(folder, versions):
    """Bytes by resource and way; each resource's files in their order."""
    bodies = {"/small": b"small"}  # by which the pair finds out that its link is up

    def answer(handler):
        handler.answer(bodies[handler.path])

    server = origin.serve({"*": answer})
    sizes = {}
    beside = folder / "beside"
    beside.mkdir()
    with nginx_chain(beside, server.server_port, GZIP) as nginx, QuietPair(server.server_port) as pair:
        for resource in sorted({file.parent for file in versions}):
            row = sizes.setdefault(resource.name, dict.fromkeys(("page", "nginx gzip -6", *CODINGS), 0))
            path = f"/{resource.name}"
            for file in sorted(file for file in versions if file.parent == resource):
                bodies[path] = file.read_bytes()
                row["page"] += len(bodies[path])
                row["nginx gzip -6"] += len(body(nginx.port, path, "gzip", False))
                for coding in CODINGS:
                    row[coding] += len(body(pair.port, path, coding, False))
                    if body(pair.port, path, coding, True) != bodies[path]:
                        sys.exit(f"bench: {file} in {coding} is not what the origin sent")
    server.shutdown()
    return sizes


def print_tables(result):
    base = result["speed"]["nginx gzip -6"]["requests_per_second"]
    own = result["speed"]["railgun"]["requests_per_second"]
    print(f"{'chain':16}{'req/s':>8}{'x nginx+gzip':>14}{'x railgun':>11}{'edge CPU s/1k':>15}{'bytes/answer':>14}")
    for name, row in result["speed"].items():
        print(f"{name:16}{row['requests_per_second']:8.0f}{row['requests_per_second'] / base:14.2f}"
              f"{row['requests_per_second'] / own:11.2f}{row['edge_cpu']:15.4f}{row['client_bytes']:14,.0f}")
    base = result["http2"]["nginx h2"]
    print(f"\n{'HTTP/2 over TLS':16}{'req/s':>8}{'x nginx':>9}{'edge CPU s/1k':>15}{'x nginx':>9}{'bytes/idle client':>19}")
    for name, row in result["http2"].items():
        print(f"{name:16}{row['requests_per_second']:8.0f}{row['requests_per_second'] / base['requests_per_second']:9.2f}"
              f"{row['edge_cpu']:15.4f}{row['edge_cpu'] / base['edge_cpu']:9.2f}{row['idle_bytes']:19,.0f}")
    print(f"\n{'new TLS connections':20}{'full: CPU ms':>14}{'nginx / it':>12}{'resumed: CPU ms':>17}{'nginx / it':>12}")
    for name, row in result["http2"].items():
        print(f"{name:20}" + "".join(f"{row['handshake_ms'][kind]:{width}.3f}{base['handshake_ms'][kind] / row['handshake_ms'][kind]:12.2f}"
                                     for kind, width in (("full", 14), ("resumed", 17))))
    print("\nfirst byte of a slow page, ms: " + ", ".join(f"{way} {ms:.1f}" for way, ms in result["first_byte_ms"].items()))
    print(f"\n{'pages':24}{'bytes':>12}{'nginx gzip -6':>15}" + "".join(f"{coding:>12}{'x':>7}" for coding in CODINGS))
    rows = dict(result["bytes"])
    rows["all"] = {key: sum(row[key] for row in rows.values()) for key in next(iter(rows.values()))}
    for name, row in rows.items():
        nginx = row["nginx gzip -6"]
        print(f"{name:24}{row['page']:12,}{nginx:15,}" +
              "".join(f"{row[coding]:12,}{row[coding] / nginx:7.3f}" for coding in CODINGS))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench front", description=__doc__)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="page versions: DIR/RESOURCE/0001, 0002, ...")
    parser.add_argument("--rounds", type=int, default=5, help="of each chain (5)")
    parser.add_argument("--seconds", type=int, default=3, help="of each round (3)")
    parser.add_argument("--connections", type=int, default=32, help="of the client (32)")
    parser.add_argument("--idle", type=int, default=1000, help="HTTP/2 clients that wait (1000)")
    parser.add_argument("--handshakes", type=int, default=300, help="TLS connections of each kind and round (300)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-bench-"))
    try:
        page = page_with_mark()
        sample = folder / "versions" / "bench-page"
        sample.mkdir(parents=True)
        for number in range(4):
            (sample / f"{number:04}").write_text(page.replace("@MARK@", f"{number * 0x9e3779b97f4a7c15f39cc0605cedc834 % 2**128:032x}"))
        versions = list(sample.iterdir()) + (list(options.folder.glob("*/*")) if options.folder else [])
        with nginx_origin(folder, page) as origin_port:
            result = {"http2": measure_http2(folder, origin_port, page, options),
                      "speed": measure_speed(folder, origin_port, page, options)}
        result["first_byte_ms"] = first_byte.measure()
        result["bytes"] = measure_bytes(folder, versions)
    finally:
        shutil.rmtree(folder)
    print(json.dumps(result, indent=1)) if options.json else print_tables(result)


if __name__ == "__main__":
    main()
