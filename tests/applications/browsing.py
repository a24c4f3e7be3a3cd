#!/usr/bin/env python3
"""Real applications behind a sender that is the front door, over HTTPS: MediaWiki, DokuWiki, Django's administration. Each page,
and each part that it names on the same site, by curl over HTTP/2 and HTTP/1.1 and in each coding, has to be what the origin sends;
and Chromium has to load the same parts, and to show the same text. `./dev test-applications [NAME…]` runs it."""
import contextlib
import html
import pathlib
import re
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import installed
from chromium import Chromium
from curl import curl
from front import Front
from installed import run

WAYS = [(version, coding) for version in ("--http1.1", "--http2") for coding in ("identity", "gzip", "br", "zstd")]
PIECE = re.compile(rb"[0-9A-Za-z]+")
TIME = re.compile(r"\d{10,}")  # in an address
PART = re.compile(r"""(?:src|href)=["']?([^"'\s>]+)""")


APPLICATIONS = {name: installed.APPLICATIONS[name] for name in ("mediawiki", "dokuwiki", "django")}


class Original:
    """What the origin itself sends. Pages have tokens, times and ids that differ each time; what several answers of the origin have
    in common is what has to arrive."""

    def __init__(self, ask):
        self.ask = ask
        self.samples = [ask(), ask()]

    def is_like(self, text):
        """More answers of the origin are asked for before the text is called another: a time may be the same by chance."""
        for _ in range(4):
            if text in self.samples or self._is_like(text):
                return True
            time.sleep(1.1)
            self.samples.append(self.ask())
        return False

    def _is_like(self, text):
        if any(PIECE.split(sample) != PIECE.split(text) for sample in self.samples):
            return False
        columns = zip(*map(PIECE.findall, self.samples))
        return all(len(set(column)) > 1 or column[0] == piece for column, piece in zip(columns, PIECE.findall(text)))


def parts_of(path, page):
    """Paths on the same site that a page names and a browser loads by itself, or might."""
    found = set()
    for link in PART.findall(page.decode("utf-8", "replace")):
        url = urllib.parse.urljoin(f"https://site.test{path}", html.unescape(link))
        if re.search(r"\.(css|js|png|svg|gif|ico|jpg)\b|load\.php|(css|js|jquery)\.php", url) and url.startswith("https://site.test/"):
            found.add(url.removeprefix("https://site.test").partition("#")[0])
    return sorted(found)


def compare(front, origin_port, path):
    """Every way of asking for it."""
    # What the listener tells an origin of its visitor.
    told = ["-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-Host: site.test", "-H", "Accept-Encoding: identity"]
    first = curl(origin_port, path, *told)
    original = Original(lambda: curl(origin_port, path, *told).body)
    wrong = 0
    for version, coding in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            got = pathlib.Path(folder, "body")
            got.touch()
            status = run("curl", "-sS", version, "--max-time", "60", "--cacert", front.authority.certificate, "--resolve",
                         f"site.test:{front.tls_port}:127.0.0.1", "-H", "Host: site.test", "-H", f"Accept-Encoding: {coding}",
                         *([] if coding == "identity" else ["--compressed"]), "-o", got, "-w", "%{http_code} %{http_version}",
                         f"https://site.test:{front.tls_port}{path}").split()
            body = got.read_bytes()
        if status != [str(first.status), version.removeprefix("--http")] or not original.is_like(body):
            wrong += 1
            print(f"  WRONG: {path} by {version}, {coding}: {status}, {len(body)} bytes; the origin: {first.status}, "
                  f"{len(first.body)} bytes")
    return first, wrong


def show(arguments, base, path):
    """What Chromium loads (path, status) and shows, on a second visit with nothing cached."""
    with Chromium(*arguments) as browser:
        browser.command("Network.setCacheDisabled", cacheDisabled=True)
        for _ in range(2):
            browser.visit(base + path)
            time.sleep(1)  # for what scripts ask for after the load event
        text = browser.evaluate("document.body.innerText").encode()
        with browser.arrived:
            loaded = {(TIME.sub("TIME", e["params"]["response"]["url"].removeprefix(base)), e["params"]["response"]["status"])
                      for e in browser.events if e["method"] == "Network.responseReceived"
                      if e["params"]["response"]["url"].startswith(base)}
            failed = [e["params"] for e in browser.events if e["method"] == "Network.loadingFailed"]
            spoken = {e["params"]["response"]["protocol"] for e in browser.events if e["method"] == "Network.responseReceived"
                      if e["params"]["response"]["url"].startswith(base)}
    return loaded, text, failed, spoken


def browse(front, origin_port, path):
    def direct():
        return show([f"--host-resolver-rules=MAP site.test:80 127.0.0.1:{origin_port}"], "http://site.test", path)
    expected = direct()[0]
    original = Original(lambda: direct()[1])
    loaded, text, failed, spoken = show([f"--host-resolver-rules=MAP site.test 127.0.0.1:{front.tls_port}",
                                         "--ignore-certificate-errors"], "https://site.test", path)
    if loaded != expected or failed or spoken != {"h2"} or not original.is_like(text):
        print(f"  WRONG: {path} in Chromium: failed {failed}, protocols {spoken}, only through the sender {loaded - expected}, only "
              f"direct {expected - loaded}, text of {len(text)} and {len(original.samples[0])} bytes")
        return len(loaded), 1
    return len(loaded), 0


def use(name):
    with tempfile.TemporaryDirectory(prefix=f"railgun-{name}-") as folder, contextlib.ExitStack() as stack:
        origin_port, pages = stack.enter_context(APPLICATIONS[name](pathlib.Path(folder)))
        front = stack.enter_context(Front({}, origin_port))
        wrong, parts, bytes_in_all = 0, set(), 0
        for path in pages:
            first, more = compare(front, origin_port, path)
            wrong += more
            bytes_in_all += len(first.body)
            parts |= set(parts_of(path, first.body))
        for path in sorted(parts):
            first, more = compare(front, origin_port, path)
            wrong += more
            bytes_in_all += len(first.body)
        asked = len(WAYS) * (len(pages) + len(parts))
        loaded = 0
        for path in pages[:2]:
            count, more = browse(front, origin_port, path)
            loaded += count
            wrong += more
        print(f"{name}: {len(pages)} pages and {len(parts)} parts ({bytes_in_all:,} bytes) in {asked} answers, and {loaded} answers "
              f"in Chromium: {wrong} wrong", flush=True)
        return wrong == 0


def main(names):
    unknown = set(names) - set(APPLICATIONS)
    if unknown:
        sys.exit(f"./dev test-applications: no application {', '.join(sorted(unknown))}; there are {', '.join(APPLICATIONS)}")
    return all([use(name) for name in names or APPLICATIONS])


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
