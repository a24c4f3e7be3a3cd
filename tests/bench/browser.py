#!/usr/bin/env python3
"""./dev bench browser: what real applications cost on a visitor's own line, in Chromium over HTTPS and HTTP/2, by the two ways of
browser.dictionary, beside gzip -6 of the same page. Bytes are what Chromium says that the document took on the line, with the
compressed head; of a page that has not changed since (304), the head alone.

again: the second visit of a page (way `page`), at a site that others visited before. first: a page of a site that the browser knows,
visited for the first time (way `site`), of a public site; shared: the same when each visitor has a cookie of his own, so only what
visitors share may be used.

upgrade: scripts and styles of two releases, downloaded with npm, whose names or queries hold the version: what the later ones take in a
browser that has the former ones.

CPU: of the sender, for one page in dcz beside one in zstd, over what the page costs without a coding."""
import argparse
import base64
import contextlib
import gzip
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "applications")]
import harness  # noqa: E402
import installed  # noqa: E402
from chromium import Chromium  # noqa: E402
from front import Front  # noqa: E402
from visitor import keep_cookies  # noqa: E402

PAUSE = 1.5  # seconds until a browser has kept what it may
BARS = {"again": 0.05, "first": 0.40, "shared": 0.55, "upgrade": 0.15, "cpu": 0.5}
MEANT = {"again": "second visit of a page", "first": "first visit of another page", "shared": "the same, only what visitors share"}
# Of the npm registry: package, the releases, the file.
RELEASES = [("jquery", "3.6.0", "3.6.1", "dist/jquery.min.js"), ("jquery", "3.6.1", "3.7.1", "dist/jquery.min.js"),
            ("bootstrap", "5.3.2", "5.3.3", "dist/css/bootstrap.min.css"), ("bootstrap", "5.2.3", "5.3.3", "dist/css/bootstrap.min.css"),
            ("bootstrap", "5.2.3", "5.3.3", "dist/js/bootstrap.bundle.min.js"), ("leaflet", "1.9.3", "1.9.4", "dist/leaflet.js"),
            ("vue", "3.4.20", "3.4.21", "dist/vue.global.prod.js"), ("alpinejs", "3.13.5", "3.13.7", "dist/cdn.min.js"),
            ("react-dom", "18.2.0", "18.3.1", "umd/react-dom.production.min.js"), ("htmx.org", "1.9.10", "1.9.12", "dist/htmx.min.js")]
# Chromium mistrusts authorities that are not public, for dictionaries.
KNOWN_ROOT = "--disable-features=CompressionDictionaryTransportRequireKnownRootCert"
# Pages of one template, more than those that the tests ask for.
PAGES = {"mediawiki": [f"/index.php?title={title}" for title in installed.TITLES],
         "dokuwiki": ["/doku.php?id=" + name for name in
                      ("wiki:syntax", "wiki:dokuwiki", "wiki:welcome", "playground:playground", "start&do=index", "start&do=recent")],
         "django": ["/admin/login/", "/admin/login/?next=/one", "/admin/login/?next=/two"]}


def line_bytes(browser, is_wanted):
    """The id of a request since the last visit began, and what its answer took."""
    with browser.arrived:
        request = next(e["params"]["requestId"] for e in browser.events if e["method"] == "Network.requestWillBeSent"
                       and is_wanted(e["params"]))

        def took():
            return [e["params"]["encodedDataLength"] for e in browser.events
                    if e["method"] == "Network.loadingFinished" and e["params"]["requestId"] == request]
        assert browser.arrived.wait_for(took, harness.PATIENCE), "the answer did not end"
        return request, took()[0]


def document_bytes(browser, address):
    """Of one visit: what the document took on the line as Chromium counts it, what gzip -6 makes of its text, and the text's bytes."""
    browser.visit(address)
    request, took = line_bytes(browser, lambda asked: asked["type"] == "Document")
    text = browser.command("Network.getResponseBody", requestId=request)["body"].encode()
    return took, len(gzip.compress(text, 6)), len(text)


@contextlib.contextmanager
def front_of(application, mode):
    with tempfile.TemporaryDirectory(prefix="railgun-bench-") as folder, \
            installed.APPLICATIONS[application](pathlib.Path(folder)) as (port, _), \
            Front({}, port, **{"browser.dictionary": mode, "trusted.proxies": "127.0.0.1", "log.level": 0}) as front:
        yield front


@contextlib.contextmanager
def browser_at(front):
    with Chromium(f"--host-resolver-rules=MAP site.test 127.0.0.1:{front.tls_port}", KNOWN_ROOT,
                  authority=front.authority.certificate) as browser:
        yield browser


def again(application):
    """Each page twice, after others have been here. The browser keeps it a moment after it has shown it. Of pages that it must not
    keep (`no-store`) it has the site's dictionary alone."""
    with front_of(application, "page") as front, browser_at(front) as browser:
        visit(front, PAGES[application], cookies=True)
        time.sleep(PAUSE)
        found = []
        for path in PAGES[application]:
            browser.visit("https://site.test" + path)
            time.sleep(PAUSE)
            found.append(document_bytes(browser, "https://site.test" + path))
        return found


def visit(front, pages, cookies):
    """Twelve visitors, each from a network of his own, each keeping the cookies that the application gives him (and one of his own)."""
    for number in range(12):
        jar = {"own": f"visitor{number}"} if cookies else {}
        for path in (pages[number % len(pages)], pages[(number + 1) % len(pages)]):
            own = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
            connection = front.connection()
            connection.request("GET", path, headers={"Host": "site.test", "X-Forwarded-For": f"198.51.{number}.7", **own})
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 404), (path, answer.status)
            keep_cookies(jar, answer)
            connection.close()


def first(application, cookies=False):
    """Others have been here, the browser visits one page to get the dictionary, and then each other page once."""
    with front_of(application, "site") as front, browser_at(front) as browser:
        pages = PAGES[application]
        visit(front, pages, cookies)
        time.sleep(PAUSE)
        browser.visit("https://site.test" + pages[0])
        if front.counters()["dictionaries"] == "0":  # it would not have saved enough
            print(f"{application}: no dictionary was made of what visitors {'with cookies ' if cookies else ''}share", file=sys.stderr)
        else:
            harness.wait_until(lambda: front.counters()["dictionaries_sent"] != "0", "the browser fetches the dictionary")
        time.sleep(PAUSE)
        return [document_bytes(browser, "https://site.test" + path) for path in pages[1:]]


def shared(application):
    return first(application, cookies=True)


def release(folder, package, version, path):
    """A file of a package of npm's registry."""
    unpacked = folder / f"{package}-{version}"
    if not unpacked.exists():
        unpacked.mkdir()
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=unpacked, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "xzf", *unpacked.glob("*.tgz")], cwd=unpacked, check=True)
    return (unpacked / "package" / path).read_bytes()


def upgrade():
    """Each file in the two ways in which applications name versions. (name, x gzip -6 of the later one)"""
    files = {}  # by address

    def page(handler):
        address = base64.urlsafe_b64decode(handler.path.partition("?")[2].encode()).decode()
        tag = f'<script src="{address}"></script>' if ".js" in address else f'<link rel="stylesheet" href="{address}">'
        handler.answer(f"<!doctype html>{tag}<p>text</p>".encode(), fields=[("Cache-Control", "no-store")])

    def part(handler):
        kind = "text/css" if ".css" in handler.path else "text/javascript"
        handler.answer(files[handler.path], content_type=kind, fields=[("Cache-Control", "public, max-age=31536000")])

    found = []
    with tempfile.TemporaryDirectory(prefix="railgun-bench-") as folder, \
            Front({"*": part, "/page": page}, **{"log.level": 0}) as front, browser_at(front) as browser:
        for place, (package, *versions, path) in enumerate(RELEASES):
            texts = [release(pathlib.Path(folder), package, version, path) for version in versions]
            for form in (f"/{place}/{{name}}?ver={{version}}", f"/{place}/{{stem}}.{{hash}}{{ending}}"):
                name = pathlib.PurePosixPath(path)
                for version, text in zip(versions, texts):
                    address = form.format(name=name.name, stem=name.stem, ending=name.suffix, version=version,
                                          hash=hashlib.sha256(text).hexdigest()[:8])
                    files[address] = text
                    browser.visit("https://site.test/page?" + base64.urlsafe_b64encode(address.encode()).decode())
                    _, took = line_bytes(browser, lambda asked: asked["request"]["url"].endswith(address))
                    time.sleep(PAUSE)
                found.append((f"{package} {versions[0]} to {versions[1]}, {name.name}", took / len(gzip.compress(texts[1], 6))))
    return found


def cpu():
    """The sender's CPU seconds for 1,000 pages over what they cost uncoded: dcz against the page before, and zstd."""
    from pair import HOST, QuietPair, cpu_seconds, get, nginx_origin, page_with_mark
    with tempfile.TemporaryDirectory(prefix="railgun-bench-") as folder:
        page = page_with_mark()
        with nginx_origin(pathlib.Path(folder), page) as port, QuietPair(port) as pair:
            pair.sender.settings |= {"browser.dictionary": "page", "trusted.proxies": "127.0.0.1"}
            pair.sender.write()
            assert harness.ctl(pair.sender, "reload")[0] == 0
            secure = {"X-Forwarded-Proto": "https", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none",
                      "Sec-CH-UA": '"Chromium";v="156"'}

            def spend(fields):
                given = [word for name, value in {**secure, **fields}.items() for word in ("-H", f"{name}: {value}")]
                before = cpu_seconds(pair.sender.process.pid)
                done = subprocess.run(["wrk", "-t1", "-c8", "-d2s", "-H", f"Host: {HOST}", *given, f"http://127.0.0.1:{pair.port}/"],
                                      capture_output=True, text=True, check=True).stdout
                return (cpu_seconds(pair.sender.process.pid) - before) / int(done.split(" requests in")[0].split()[-1]) * 1000

            body = get(pair.port)[1]
            status, fields, body = pair.get("/", {**secure, "Accept-Encoding": "identity"})
            held = ":" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
            dcz = {"Accept-Encoding": "zstd, dcz", "Available-Dictionary": held}
            assert pair.get("/", {**secure, **dcz})[1].get("Content-Encoding") == "dcz", pair.get("/", {**secure, **dcz})[1]
            rounds = [[spend({"Accept-Encoding": "identity"}), spend(dcz), spend({"Accept-Encoding": "zstd"})] for _ in range(3)]
            plain, with_dcz, zstd = (statistics.median(column) for column in zip(*rounds))
    return {"plain": plain, "dcz": with_dcz, "zstd": zstd}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench browser", description=__doc__)
    parser.add_argument("applications", nargs="*", help=f"of {', '.join(PAGES)} (all)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    if unknown := set(options.applications) - set(PAGES):
        sys.exit(f"bench browser: no application {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}")
    names = options.applications or list(PAGES)
    result = {way.__name__: {name: way(name) for name in names} for way in (again, first, shared)}
    result["upgrade"] = upgrade()
    result["cpu"] = cpu()
    if options.json:
        return print(json.dumps(result, indent=1))
    print(f"bytes for the document, x gzip -6 of it{'':6}" + "".join(f"{name:>12}" for name in names) + f"{'median':>9}{'bar':>7}")
    for way, meant in MEANT.items():
        ratios = [[took / beside for took, beside, _ in result[way][name]] for name in names]
        medians = [statistics.median(of_one) for of_one in ratios]
        median = statistics.median(one for of_one in ratios for one in of_one)
        print(f"{meant:45}" + "".join(f"{one:12.3f}" for one in medians) + f"{median:9.3f}{BARS[way]:7.2f}  "
              f"{'met' if median <= BARS[way] else 'missed'}")
    print("\nbytes of these documents, on average: plain, gzip -6 without a head, what Chromium took")
    for way, meant in MEANT.items():
        for name in names:
            took, beside, plain = (statistics.mean(column) for column in zip(*result[way][name]))
            print(f"  {name + ', ' + meant:60}{plain:10.0f}{beside:10.0f}{took:10.0f}")
    median = statistics.median(one for _, one in result["upgrade"])
    print(f"\nscripts and styles after an upgrade, x gzip -6: median {median:.3f}, bar {BARS['upgrade']}: "
          f"{'met' if median <= BARS['upgrade'] else 'missed'}")
    for name, one in result["upgrade"]:
        print(f"  {name:60}{one:8.3f}")
    plain, dcz, zstd = (result["cpu"][kind] for kind in ("plain", "dcz", "zstd"))
    ratio = (dcz - plain) / (zstd - plain)
    print(f"\nCPU of the sender, s for 1,000 pages of 92 KB: plain {plain:.3f}, dcz {dcz:.3f}, zstd {zstd:.3f}; what dcz adds is "
          f"{ratio:.2f} x what zstd adds (bar {BARS['cpu']}: {'met' if ratio <= BARS['cpu'] else 'missed'})")


if __name__ == "__main__":
    main()
