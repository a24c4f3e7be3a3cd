#!/usr/bin/env python3
"""./dev bench references: what answers cost on the link when the other end knows most of them already, under another
name, of another type, or from another request. An origin of ours makes each kind of traffic; numbers are bytes of
bodies on the link (coded_bytes of the sender), for each answer after those that teach. Nothing here depends on the
machine's speed. Names of rows given as arguments run these alone. With --pages DIR the pages of that folder instead (RESOURCE/0001,
0002, …): what the first of each resource costs, and what those of a site (--sites) cost when each is asked for once, in random order."""
import argparse
import ctypes
import hashlib
import json
import pathlib
import random
import re
import socket
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
import origin  # noqa: E402
import websocket  # noqa: E402


def words(seed, count):
    source = random.Random(seed)
    vocabulary = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(2000)]
    return [source.choice(vocabulary) for _ in range(count)]


def html(seed, size):
    """A page of about that size: a template's markup around a text of made-up words."""
    source, parts, length = random.Random(seed), ["<!doctype html><html><head><meta charset=utf-8><title>Page</title>"
                                                  "<link rel=stylesheet href=/style.css></head><body>"], 0
    text = iter(words(seed, size))
    while length < size:
        line = " ".join(next(text) for _ in range(12))
        parts.append(f'<div class="entry" id="e{source.getrandbits(32):x}"><a href="/{line.split()[0]}">{line[:20]}</a>'
                     f"<p>{line}</p></div>\n")
        length += len(parts[-1])
    return "".join(parts) + "</body></html>"


TEMPLATE = html(1, 63_000)


def post(name):
    """A page of the template: 70 bytes are its own."""
    own = hashlib.sha256(name.encode()).hexdigest() + "-title"
    return TEMPLATE.replace("<p>", f"<h1>{own}</h1><p>", 1).encode()


def script(seed, modules):
    """A bundle of modules of about 4 KB each."""
    return "".join(f"define('m{seed}-{number}',function(require,exports){{" + "".join(
        f"var {a}=require('{b}');exports.{b}=function({a}){{return {a}.{b}+{len(a)};}};" for a, b in
        zip(words(number, 60), words(number + 1000, 60))) + "});\n" for number in modules).encode()


def series(first, count=2000):
    """A moving window of numbers, as a chart's data."""
    rows = []
    for at in range(first, first + count):
        source = random.Random(at)
        rows.append([at, *(round(source.gauss(50, 20), 4) for _ in range(4))])
    return json.dumps({"labels": ["time", "user", "system", "wait", "nice"], "data": rows}).encode()


def status_report(number):
    """A poll's answer: mostly the same each time."""
    source = random.Random(7)
    facts = {f"{word}.{i}": source.randint(0, 10**6) for i, word in enumerate(words(8, 1200))}
    facts["now"], facts["requests"] = 1795991211 + number, 1000 + number * 3
    return json.dumps(facts).encode()


def font(seed, size=20_000):
    return random.Random(seed).randbytes(size)


class Rows:
    """One pair for each row, so that no row teaches another."""

    def __init__(self, settings):
        self.settings = settings
        self.results = {}

    def run(self, name, bar, steps, taught, **more):
        """`steps`: requests as (path, content type, body, and optionally more for Pair.get); the first `taught` of them
        are not counted."""
        served = {}

        def answer(request):
            for _ in request.body_pieces():
                pass  # the connection is kept: the next request begins behind it
            status, content_type, body = served["next"]
            request.answer(body, status=status, content_type=content_type, fields=[("Cache-Control", "max-age=60")])

        server = origin.serve({"*": answer})
        with harness.Pair(
                server.server_port, sender={**self.settings, **more}, listener={**self.settings, **more}) as pair:
            costs = []
            for path, content_type, body, *rest in steps:
                served["next"] = (200, content_type, body)
                before = coded_bytes(pair)
                status, _, got = pair.get(path, **(rest[0] if rest else {}))
                if status != 200 or got != body:
                    sys.exit(f"bench: {name}: wrong answer for {path}: {status}, {len(got)} bytes")
                costs.append(coded_bytes(pair, before) - before)
        counted = costs[taught:]
        self.results[name] = {"bytes": sum(counted) / len(counted), "bar": bar, "answers": len(counted),
                              "page": sum(len(step[2]) for step in steps[taught:]) / len(counted)}


def coded_bytes(pair, more_than=None):
    """What crossed so far. An answer is counted once all of it was passed on, a moment after its client has it."""
    def now():
        code, output, error = harness.ctl(pair.sender, "stats", "--json")
        if code != harness.OK:
            sys.exit(f"bench: railgunctl stats: {error}")
        return json.loads(output)["railgun"]["coded_bytes"]
    if more_than is not None:
        harness.wait_until(lambda: now() > more_than, "the answer is counted")
    return now()


def brotli(data, quality=5):
    library = ctypes.CDLL("libbrotlienc.so.1")
    size = ctypes.c_size_t(len(data) + 1000)
    out = ctypes.create_string_buffer(size.value)
    if not library.BrotliEncoderCompress(quality, 22, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out):
        sys.exit("bench: brotli failed")
    return size.value


def zstd(data, level=19):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = library.ZSTD_compressBound.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    return library.ZSTD_compress(out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)), level)


HTML, JS, JSON, RSS = "text/html; charset=utf-8", "text/javascript", "application/json", "application/rss+xml"
ANN = {"headers": {"Cookie": "session=ann"}}


def trailing_slashes(rows):
    rows.run("trailing slashes", 300, [(f"/post/{n}/", HTML, post(n)) for n in words(20, 8)], 1)


def folder_of_types(rows):
    steps = []
    for n, name in enumerate(words(21, 8)):
        steps += [(f"/post/{name}", HTML, post(name)),
                  (f"/post/run{name}", JS, script(n, range(n * 9, n * 9 + 9))),
                  (f"/post/feed{name}", RSS, b"<rss>" + b" ".join(w.encode() for w in words(n, 3000)) + b"</rss>")]
    steps.append(("/post/last", HTML, post("last")))
    rows.run("page beside scripts and feeds", 375, steps, len(steps) - 1)


def polls(rows):
    rows.run("poll with a number", 100,
             [(f"/api/status?_={1795991211829 + n * 1013}", JSON, status_report(n)) for n in range(12)], 2)


def ordered_parameters(rows):
    rows.run("order of parameters", 300, [("/list?sort=date&dir=up", HTML, post("list")),
                                          ("/list?dir=up&sort=date", HTML, post("list"))], 1)


def hashed_names(rows):
    new = script(1, [*range(60), 70])
    rows.run("bundle with a hash and a module more", 3000,
             [("/static/app.3f2a9c1b.js", JS, script(1, range(60))), ("/static/app.90ce11d2.js", JS, new)], 1)


def other_names(rows):
    bundle = script(1, range(60))
    rows.run("the same bundle under another name", 300,
             [("/static/all.js", JS, bundle), ("/assets/v-next/scripts/everything.js", JS, bundle)], 1)


def changed_names(rows):
    rows.run("bundle under another name and a module more", 3000,
             [("/static/all.js", JS, script(1, range(60))),
              ("/assets/v-next/scripts/everything.js", JS, script(1, [*range(60), 70]))], 1)


def charts(rows):
    # The best of fast, strong and zstd takes 822.
    rows.run("moving window of numbers", 838, [(f"/data?after={n}", JSON, series(n)) for n in range(0, 500, 50)], 2)


def fonts(rows):
    steps = [(f"/{n}.woff2", "font/woff2", font(n)) for n in range(5)]
    rows.run("fonts once more", 5, steps + steps, len(steps))


def icons(rows):
    steps = [(f"/{n}.png", "image/png", b"\x89PNG" + font(n, 2_000)) for n in range(5)]
    rows.run("icons once more", 5, steps + steps, len(steps))


def unsafe_methods(rows):
    steps = [("/graphql", JSON, status_report(n), {**ANN, "method": "POST", "body": f'{{"n":{n}}}'}) for n in range(8)]
    rows.run("answers to POST", 150, steps, 2)


def websocket_messages(rows):
    """Both directions of an echo. The bar is what permessage-deflate of both ends takes with a context (RFC 7692), and a fifth more."""
    texts = websocket.messages(320)
    taught = 20
    server = origin.serve({"/socket": websocket.websocket})
    with harness.Pair(server.server_port, sender=rows.settings, listener=rows.settings) as pair:
        def counters():
            code, output, error = harness.ctl(pair.sender, "stats", "--json")
            if code != harness.OK:
                sys.exit(f"bench: railgunctl stats: {error}")
            return json.loads(output)["railgun"]
        with socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
            client.sendall(b"GET /socket HTTP/1.1\r\nHost: site.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            file = client.makefile("rb")
            while file.readline().strip():
                pass
            for n, text in enumerate(texts):
                if n == taught:
                    before = counters()
                client.sendall(websocket.frame(1, text, mask=True))
                if websocket.read_frame(file) != (1, text):
                    sys.exit(f"bench: message {n} came back wrong")
            after = counters()
    coder = zlib.compressobj(6, zlib.DEFLATED, -15)
    deflated = [len(coder.compress(text) + coder.flush(zlib.Z_SYNC_FLUSH)) - 4 for text in texts][taught:]
    count = 2 * (len(texts) - taught)
    # Heads of frames: two bytes, and four of a key from the client.
    bar = 1.2 * (2 * sum(deflated) + (2 + 6) * len(deflated)) / count
    rows.results["WebSocket messages"] = {
        "bytes": (after["tunnel_link_bytes"] - before["tunnel_link_bytes"]) / count, "bar": bar, "answers": count,
        "page": (after["tunnel_bytes"] - before["tunnel_bytes"]) / count}
    server.shutdown()


def type_of(page):
    """By what it begins with."""
    start = page.lstrip()[:100].lower()
    if start.startswith((b"{", b"[")):
        return JSON
    if start.startswith(b"<?xml"):
        return RSS
    return HTML if start.startswith(b"<") else "text/css" if re.match(rb"(/\*|@|\*|\.)", start) else JS


def pages_of(rows, folder, sites):
    """The first page of each resource, on a pair that knows nothing; and all pages of those that are sites, which have other
    addresses and one template, in a random order."""
    for resource in sorted(path for path in folder.iterdir() if path.is_dir()):
        pages = [path.read_bytes() for path in sorted(resource.iterdir())]
        kind = type_of(pages[0])
        rows.run(f"first of {resource.name}", brotli(pages[0]), [("/first", kind, pages[0])], 0)
        if resource.name in sites:
            random.Random(resource.name).shuffle(pages)
            steps = [(f"/{word}/{n}", kind, page) for n, (word, page) in enumerate(zip(words(resource.name, len(pages)), pages))]
            alone = sum(zstd(page) for page in pages) / len(pages)
            rows.run(f"each of {resource.name} once", alone / 4, steps, 0)


def first_visits(rows):
    pages = [html(seed, 40_000).encode() for seed in range(50, 58)]
    bar = sum(brotli(page) for page in pages) / len(pages)
    # Each on a pair of its own folder and template: nothing is known of it.
    for n, page in enumerate(pages):
        rows.run(f"first visit {n}", brotli(page), [(f"/{n}", HTML, page)], 0)
    found = [rows.results.pop(f"first visit {n}") for n in range(len(pages))]
    gzip = sum(len(zlib.compress(page, 6)) for page in pages) / len(pages)
    rows.results["first visits"] = {"bytes": sum(one["bytes"] for one in found) / len(found), "bar": bar,
                                    "answers": len(found), "page": sum(map(len, pages)) / len(pages), "gzip": gzip}


ROWS = [trailing_slashes, folder_of_types, polls, ordered_parameters, hashed_names, other_names, changed_names, charts, fonts, icons,
        unsafe_methods, websocket_messages, first_visits]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench references", description=__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(row.__name__ for row in ROWS) +
                        "; or journeys [APPLICATION…]: through real applications")
    parser.add_argument("--pages", type=pathlib.Path, help="measure the pages of this folder instead")
    parser.add_argument("--sites", nargs="+", default=["booksamillion-products", "cnn-articles", "fr-sections"], help="resources of DIR whose pages have "
                        "addresses of their own (%(default)s)")
    parser.add_argument("--effort", default="auto", help="delta.effort of both ends (auto)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--whole", action="store_true", help="journeys: show the answers that cost most")
    options = parser.parse_args()
    if options.rows[:1] == ["journeys"]:
        import journeys
        result = journeys.main(options.rows[1:], options.whole)
        return print(json.dumps(result, indent=1)) if options.json else None
    rows = Rows({"delta.effort": options.effort})
    if options.pages:
        pages_of(rows, options.pages, options.sites)
    for row in ROWS if not options.pages else []:
        if not options.rows or row.__name__ in options.rows:
            row(rows)
    if options.json:
        return print(json.dumps(rows.results, indent=1))
    print(f"{'answers that are mostly known':40}{'page':>10}{'on the link':>13}{'bar':>9}")
    for name, row in rows.results.items():
        met = "" if not row["bar"] else "met" if row["bytes"] <= row["bar"] else "MISSED"
        print(f"{name:40}{row['page']:10,.0f}{row['bytes']:13,.0f}{row['bar'] or '-':>9,.0f}   {met}"
              if row["bar"] else f"{name:40}{row['page']:10,.0f}{row['bytes']:13,.0f}{'-':>9}")


if __name__ == "__main__":
    main()
