"""./dev demo: a pair on loopback in front of an origin, and what crosses the link for each request."""
import argparse
import http.client
import re
import sys
import time
import urllib.parse

import harness
import news_origin

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
    "Cookie": "session=5f1c7a90c2e84b3d",
}


def fetch(port, host, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Host": host, **BROWSER})
    answer = connection.getresponse()
    body = answer.read()
    milliseconds = (time.perf_counter() - begun) * 1000
    connection.close()
    return answer.status, body, milliseconds, answer.getheader("Cf-Railgun") or "-"


def coded_bytes(pair):
    """What stood for the last page on the link, without its head and framing: the sender's log says it."""
    lines = re.findall(r"bytes as (\d+),", pair.sender.log.read_text())
    return f"{int(lines[-1]):,}" if lines else "-"


def main():
    options = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    options.add_argument("--once", action="store_true", help="print the table and exit")
    options.add_argument("--origin", help="http://HOST:PORT of your own web server, instead of the built-in page")
    options.add_argument("--listen", default="127.0.0.1:8080", help="address of the sender (127.0.0.1:8080)")
    options.add_argument("--requests", type=int, default=12, help="number of requests (12)")
    chosen = options.parse_args()

    if chosen.origin:
        origin = urllib.parse.urlsplit(chosen.origin)
        if origin.scheme not in ("http", "https") or not origin.hostname:
            options.error("--origin: expected http://HOST:PORT")
        target = f"{origin.scheme}://{origin.hostname}:{origin.port or (443 if origin.scheme == 'https' else 80)}"
        host, path = origin.netloc, origin.path or "/"
        origin_port = None
    else:
        origin_port = news_origin.serve()
        host, path = chosen.listen, "/"
        target = f"127.0.0.1:{origin_port}"
    address, _, port = chosen.listen.rpartition(":")
    if not port.isdigit():
        options.error("--listen: expected ADDR:PORT")
    if not chosen.once and harness.answers(int(port)):
        sys.exit(f"demo: port {port} is in use: choose another with --listen ADDR:PORT")

    pair = harness.Pair(origin_port or 0, host="default", relay=True,
                        sender={"listen": f"127.0.0.1:{harness.free_port()}" if chosen.once else chosen.listen})
    (pair.folder / "nat.conf").write_text(f"default = {target}\n")
    pair.port = int(pair.sender.settings["listen"].rpartition(":")[2])
    with pair:
        print(f"origin {target} -> listener -> link (TLS 1.3) -> sender, page versions in memory\n")
        print(f"{'':>4} {'page':>9} {'to listener':>12} {'to sender':>10} {'delta':>8} {'of page':>9} {'ms':>8}  Cf-Railgun")
        totals = [0, 0, 0]
        before = pair.relay.counts()
        for number in range(1, chosen.requests + 1):
            status, body, milliseconds, header = fetch(pair.port, host, path)
            after = pair.relay.counts()
            up, down = after[0] - before[0], after[1] - before[1]
            before = after
            delta = coded_bytes(pair)
            share = f"{100 * (up + down) / len(body):.2f} %" if body else "-"
            print(f"{number:>4} {len(body):>9,} {up:>12,} {down:>10,} {delta:>8} {share:>9} {milliseconds:>8.1f}  {header}"
                  + ("" if status == 200 else f"  (status {status})"), flush=True)
            totals = [totals[0] + len(body), totals[1] + up, totals[2] + down]
            time.sleep(0.2)
        link = totals[1] + totals[2]
        print(f"\ntotal {totals[0]:,} bytes of pages, {link:,} bytes on the link both ways, all framing counted: "
              f"{100 * link / max(totals[0], 1):.2f} %")
        if chosen.once:
            return
        print(f"\nThe sender keeps running at http://{chosen.listen}{path} until Ctrl-C.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print()


main()
