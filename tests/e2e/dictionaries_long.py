"""10,000 pages (or as many as the argument says) for 16 visitors by both ways of browser.dictionary, while the sender is reloaded,
upgraded in place, stopped and killed, the listener too, and memory is so little that dictionaries and pages are evicted: no page
is wrong, none is coded against what its browser lacks, none is stale. For release builds: others take more memory than it allows."""
import collections
import hashlib
import http.client
import itertools
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time

import harness
import origin
import succession
from dictionary_browser import CHROMIUM, FIREFOX, Browser, Wrong

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
BETWEEN = 250  # pages, between two events
THREADS = 4
SITES = [f"{name}.test" for name in ("one", "two", "three", "four")] + ["direct.test"]
FILES = [f"/script/app{kind}.js?ver=" for kind in "abcd"]
PATHS = [f"/{kind}/{number}" for kind in ("changing", "tagged", "forbidden", "fresh", "chunked", "tiny", "large")
         for number in range(4)] + ["/index.php?title=A_b&x=1", "/index.php?title=C:d(e)*"]
MEMORY = {"browser.memory": ("1M", "2M", "64M"), "browser.pages_memory": ("1M", "2M", "64M")}
COUNTER = itertools.count(1)


def words(count, seed):
    source = random.Random(seed)
    return " ".join("".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(count))


PARTS = {site: [f'<nav class="part-{i}"><a href="/{i}">{words(12, site + str(i))}</a></nav>\n' for i in range(1200)]
         for site in SITES}
TEXTS = [words(40, f"text {i}") for i in range(500)]


class Tagged:
    """Pages with an ETag change now and then. A client that asks after a change must see it."""

    def __init__(self):
        self.versions = collections.Counter()

    def asked(self, name):
        if random.random() < 0.3:
            self.versions[name] += 1
        return self.versions[name]


TAGGED = Tagged()


def page(handler):
    """Its first line proves the rest, and says for whom and for which request it was made."""
    path, site = handler.path, handler.headers["Host"].partition(":")[0]
    visitor = re.search(r"session=(\w+)", handler.headers.get("Cookie", ""))
    kind = path.split("/")[1]
    visitor = visitor[1] if visitor and kind != "script" else ""
    is_tagged = kind == "tagged"
    mark = str(TAGGED.asked(site + path)) if is_tagged else f"{next(COUNTER)}-{handler.headers['X-Nonce']}"
    own = f"<p>Hello {visitor}, your token is canary-{visitor}</p>\n" if visitor else ""
    lines = PARTS[site][:{"tiny": 5, "large": 1200}.get(kind, 300)]
    source = random.Random(mark)
    text = own + "".join(lines) + "".join(f"<p>{source.choice(TEXTS)}</p>\n" for _ in range(8)) + path + mark + own
    first = f"<!doctype html>{site}{path} {visitor or '-'} {mark} {hashlib.sha256(text.encode()).hexdigest()}\n"
    body = (first + text).encode()
    fields = {"forbidden": [("Cache-Control", "private, no-store")], "fresh": [("Cache-Control", "max-age=5")],
              "script": [("Cache-Control", "public, max-age=86400")],
              "tagged": [("Cache-Control", "no-cache"), ("ETag", f'"{visitor}{mark}"')],
              "chunked": []}.get(kind, [("Cache-Control", "private, max-age=0" if visitor else "max-age=0")])
    if is_tagged and f'"{visitor}{mark}"' in handler.headers.get("If-None-Match", ""):
        handler.send_response(304)
        for name, value in fields:
            handler.send_header(name, value)
        handler.end_headers()
    elif kind == "chunked":
        handler.begin_chunks()
        for begin in range(0, len(body), 9000):
            handler.chunk(body[begin:begin + 9000])
        handler.chunk(b"")
    else:
        handler.answer(body, fields=fields)


def judge(body, site, path, visitor, nonce, least_version):
    first, _, text = body.partition(b"\n")
    words_of_it = first.decode(errors="replace").removeprefix("<!doctype html>").split(" ")
    if len(words_of_it) != 4 or words_of_it[3] != hashlib.sha256(text).hexdigest() or words_of_it[:2] != [site + path, visitor or "-"]:
        raise Wrong("wrong", f"{site}{path} for {visitor or 'nobody'}: {len(body)} bytes that begin {body[:160]!r}")
    mark = words_of_it[2]
    if path.startswith("/tagged"):
        if int(mark) < least_version:
            raise Wrong("stale", f"{site}{path}: version {mark}, the origin had {least_version} before")
    elif mark.partition("-")[2] != nonce:
        raise Wrong("stale", f"{site}{path}: made for request {mark}, not for {nonce}")


class Visitors:
    def __init__(self, pair):
        self.pair = pair
        self.right, self.again, self.not_modified = 0, 0, 0
        self.found = collections.Counter()
        self.lock = threading.Lock()
        self.local = threading.local()
        self.stopping = threading.Event()
        self.browsers = []
        for number in range(16):
            name = f"visitor{number}" if number % 2 else ""
            self.browsers.append((name, Browser(self.ask, FIREFOX if number % 6 == 5 else CHROMIUM,
                                                f"session={name}" if name else "", f"198.51.{number}.7")))
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(THREADS)]

    def ask(self, host, path, fields):
        """One request, again as often as the sender is away."""
        deadline = time.monotonic() + harness.PATIENCE
        while True:
            try:
                connection = getattr(self.local, "connection", None)
                if connection is None:
                    connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.pair.port, timeout=harness.PATIENCE)
                connection.request("GET", path, headers={"Host": host, "X-Nonce": self.local.nonce, **fields})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status not in (502, 503, 504, 527):
                    self.not_modified += answer.status == 304
                    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
            except (OSError, http.client.HTTPException):
                self.local.connection.close()
                self.local.connection = None
            if time.monotonic() > deadline:
                raise AssertionError("no answer")
            with self.lock:
                self.again += 1
            time.sleep(0.05)

    def _run(self, number):
        source = random.Random(number)
        own = self.browsers[number::THREADS]
        for count in itertools.count():
            if self.stopping.is_set():
                return
            name, browser = source.choice(own)
            # Few addresses most of the time, so that a browser comes back before what it holds has been evicted.
            site, path = source.choice(SITES), source.choice(PATHS if source.random() < 0.4 else PATHS[::9])
            self.local.nonce = f"{number}.{count}"
            least = TAGGED.versions[site + path]
            try:
                what = source.random()
                if what < 0.2:  # each version is another one
                    path, least = source.choice(FILES) + self.local.nonce, 0
                    body, _ = browser.load(site, path, "script")
                else:
                    body, _ = browser.load(site, path, "empty") if what < 0.3 else browser.navigate(site, path)
                judge(body, site, path, "" if what < 0.2 else name, self.local.nonce, least)
                with self.lock:
                    self.right += 1
            except Exception as error:
                kind = error.kind if isinstance(error, Wrong) else "wrong"
                with self.lock:
                    self.found[kind] += 1
                print(f"        {kind}: {error}", flush=True)

    def total(self):
        return self.right + sum(self.found.values())

    def line(self):
        coded = {way: sum(browser.coded[way] for _, browser in self.browsers) for way in ("site", "page", "file")}
        return (f"{self.total()} pages: {self.found['wrong']} wrong, {self.found['lacking']} coded against what the browser lacks, "
                f"{self.found['stale']} stale; dcz {coded['site']} by a site's dictionary and {coded['page']} by the page before, {coded['file']} scripts by an earlier one, "
                f"{self.not_modified} not modified, {self.again} asked again"), coded


class Events:
    """What happens to the daemons, one thing after the other."""

    def __init__(self, pair, files):
        self.pair, self.files = pair, files
        self.source = random.Random(7)

    def control(self, *words):
        """A new process gets the control socket a moment after it serves."""
        harness.wait_until(lambda: harness.ctl(self.pair.sender, "status")[0] == harness.OK, "the sender answers railgunctl")
        code, said, why = harness.ctl(self.pair.sender, *words)
        assert code == harness.OK, said + why

    def reload(self, way):
        """Another way, other limits."""
        sender = self.pair.sender
        sender.settings |= {"browser.dictionary": way, "site.two.test.dictionary": self.source.choice(("off", "site", "page"))}
        sender.settings |= {name: self.source.choice(values) for name, values in MEMORY.items()}
        sender.write()
        self.control("reload")
        return f"reload: {way}, {sender.settings['browser.memory']} and {sender.settings['browser.pages_memory']}"

    def upgrade_sender(self):
        succession.upgrade(self.pair.sender, self.files["sender"])
        return "the sender is upgraded in place"

    def upgrade_listener(self):
        succession.upgrade(self.pair.listener, self.files["listener"])
        return "the listener is upgraded in place"

    def restart_sender(self):
        with_signal = self.source.choice((signal.SIGTERM, signal.SIGKILL))
        self.pair.sender.stop(with_signal)
        self.pair.sender.start()
        return f"the sender is started again after {with_signal.name}"

    def restart_listener(self):
        self.pair.listener.stop(signal.SIGKILL)
        self.pair.listener.start()
        return "the listener is started again after SIGKILL"

    def purge(self):
        self.control("purge", "--all")
        return "all pages are purged"


def test_no_page_is_wrong_stale_or_coded_against_what_its_browser_lacks():
    server = origin.serve({"*": page})
    address = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
        files = {name: pathlib.Path(folder, name) for name in ("sender", "listener")}
        settings = {"trusted.proxies": "127.0.0.1", "browser.dictionary": "site", "pid.file": files["sender"], "workers": 2,
                    "memory.limit": "48M", "site.direct.test.origin": address, "log.level": 0}
        with harness.Pair(server.server_port, host=SITES[0], sender=settings, nat=f"default = {address}\n",
                          listener={"pid.file": files["listener"], "memory.limit": "48M"}) as pair:
            pair.sender.settings |= {f"site.{name}.listeners": pair.sender.settings[f"site.{SITES[0]}.listeners"] for name in SITES[1:-1]}
            pair.sender.write()
            events = Events(pair, files)
            events.control("reload")
            order = itertools.cycle([lambda: events.reload("page"), events.upgrade_listener, events.purge, lambda: events.reload("page"),
                                     events.restart_listener, events.upgrade_sender, lambda: events.reload("page"),
                                     lambda: events.reload("site"), events.restart_sender])
            visitors = Visitors(pair)
            for thread in visitors.threads:
                thread.start()
            try:
                target = 0
                while target < PAGES:
                    target = min(PAGES, target + BETWEEN)
                    before = visitors.total()
                    while visitors.total() < target:
                        harness.wait_until(lambda: visitors.total() > before, "another page comes")
                        before = visitors.total()
                        time.sleep(0.02)
                    print(f"        {visitors.line()[0]}; {next(order)()}", flush=True)
            finally:
                visitors.stopping.set()
                for thread in visitors.threads:
                    thread.join()
            line, coded = visitors.line()
            print(f"        {line}")
            assert not visitors.found, line
            if PAGES >= 5000:
                assert min(coded.values()) > PAGES / 200, f"hardly any answer was coded: {line}"
    server.shutdown()


harness.run_tests(sys.modules[__name__])
