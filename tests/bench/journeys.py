"""Journeys through real applications (./dev bench references journeys [APPLICATION…]): log in, browse, edit, upload, search, log out,
with an empty browser cache each time. Bytes of bodies on the link, beside gzip -6 of what the origin sent (what is no text, as it
is); the first journey, and the median of three that follow when three other visitors have been there. Each edits and searches
something else. With --whole, the answers that
cost most of the last journey."""
import contextlib
import gzip
import html.parser
import http.client
import json
import pathlib
import random
import re
import statistics
import sys
import tempfile
import urllib.parse
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "applications")]
import browsing  # noqa: E402
import harness  # noqa: E402

# On the link against gzip: of later journeys, and of the first.
BARS = {"mediawiki": 1 / 40, "django": 1 / 40, "dokuwiki": 1 / 40}
FIRST = 0.75
# What so many visitors were sent alike is everybody's (isolate.shared_by); then come the later journeys.
SHARED_BY = 3
LATER = 3
TEXT = re.compile(r"text/|javascript|json|xml|svg")
PART = re.compile(r"""(?:src|href)=["']([^"'<>\s]+)""")
LOGGED = re.compile(r" I [A-Z]+ (\S+) \d+ (\d+) bytes as (\d+),")


class Forms(html.parser.HTMLParser):
    """The fields of each form of a page, as a browser would send them back."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.area = [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append(({"action": given.get("action") or ""}, {}))
        elif self.forms and tag in ("input", "textarea") and given.get("name"):
            if given.get("type") not in ("submit", "checkbox", "radio", "file", "image"):
                self.forms[-1][1][given["name"]] = given.get("value") or ""
            self.area = given["name"] if tag == "textarea" else None

    def handle_data(self, data):
        if self.area and self.forms:
            self.forms[-1][1][self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None

    def with_field(self, name):
        """The address and the fields of the form that has this field."""
        for attributes, fields in self.forms:
            if name in fields:
                return attributes["action"], dict(fields)
        raise AssertionError(f"no form with {name}: {[list(fields) for _, fields in self.forms]}")


class Visitor:
    """A browser with an empty cache: keeps cookies, follows redirects, and loads each part of a page once."""

    def __init__(self, pair, number):
        self.network, self.pair, self.jar, self.held = f"198.51.{number}.7", pair, {}, set()
        self.answers = self.gzipped = 0
        self.where = "/"
        self.connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=harness.PATIENCE)

    def ask(self, path, method="GET", body=None, content_type=None):
        fields = {"Host": "site.test", "User-Agent": "journey", "X-Forwarded-Proto": "https",
                  "X-Forwarded-For": self.network, "Accept": "*/*",
                  "Referer": f"https://site.test{self.where}"}
        if self.jar:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if content_type:
            fields["Content-Type"] = content_type
        self.connection.request(method, path, body=body, headers=fields)
        answer = self.connection.getresponse()
        page = answer.read()
        browsing.keep_cookies(self.jar, answer)
        kind = answer.headers.get("Content-Type", "")
        self.answers += 1
        self.gzipped += len(gzip.compress(page, 6)) if TEXT.search(kind) else len(page)
        if location := answer.headers.get("Location"):
            return self.ask(self.resolve(path, location))
        return answer.status, kind, page, path

    @staticmethod
    def resolve(base, link):
        url = urllib.parse.urlsplit(urllib.parse.urljoin(f"https://site.test{base}", html.unescape(link)))
        return (url.path or "/") + (f"?{url.query}" if url.query else "")

    def visit(self, path, fields=None, files=None):
        """A page by its address, or by sending a form; then its parts. The page's text."""
        method, body, content_type = "GET", None, None
        if files is not None:
            method, (body, content_type) = "POST", multipart(fields, files)
        elif fields is not None:
            method, body, content_type = "POST", urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"
        status, kind, page, self.where = self.ask(self.resolve(self.where, path), method, body, content_type)
        assert status < 400, (path, status, page[:500])
        text = page.decode("utf-8", "replace")
        if "html" in kind:
            self.load_parts(self.where, text)
        return text

    def load_parts(self, base, text):
        found = [link for link in PART.findall(text) if re.search(r"\.(css|js|png|svg|gif|ico|jpg|woff2?)\b|load\.php|(css|js|jquery)\.php", link)]
        for part in dict.fromkeys(found):
            url = urllib.parse.urljoin(f"https://site.test{base}", html.unescape(part))
            path = self.resolve(base, part)
            if not url.startswith("https://site.test/") or path in self.held or "detail.php" in path or "title=File" in path:
                continue
            self.held.add(path)
            _, kind, page, _ = self.ask(path)
            if "css" in kind:
                links = re.findall(r"""url\(["']?(?!data:)([^"')]+)""", page.decode("utf-8", "replace"))
                self.load_parts(path, " ".join(f'src="{link}"' for link in links))


def multipart(fields, files):
    edge, parts = "----journey", []
    for name, value in fields.items():
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, (file, kind, data) in files.items():
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: {kind}\r\n\r\n'
                     .encode() + data + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def picture(number):
    """A PNG of 24 x 24 whose pixels are made up."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    rows = b"".join(b"\0" + random.Random(number * 100 + row).randbytes(72) for row in range(24))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", (24).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0") + chunk(b"IDAT", zlib.compress(rows)) + \
        chunk(b"IEND", b"")


def mediawiki(visitor, number):
    title = browsing.TITLES[number % len(browsing.TITLES)]
    action, fields = Forms(visitor.visit("/index.php?title=Special:UserLogin")).with_field("wpPassword")
    visitor.visit(action, {**fields, "wpName": "Admin", "wpPassword": "a-long-pass-word"})
    for name in ("One", "Two", "Three", "Special:RecentChanges"):
        visitor.visit(f"/index.php?title={name}")
    action, fields = Forms(visitor.visit(f"/index.php?title={title}&action=edit")).with_field("wpTextbox1")
    fields["wpTextbox1"] += f"\nAn addition of journey {number}.\n"
    visitor.visit(action, {**{name: value for name, value in fields.items() if name != "wpPreview"}, "wpSave": "Save"})
    action, fields = Forms(visitor.visit("/index.php?title=Special:Upload")).with_field("wpDestFile")
    visitor.visit(action, {**fields, "wpDestFile": f"Picture{number}.png", "wpUpload": "Upload file"},
                  {"wpUploadFile": (f"Picture{number}.png", "image/png", picture(number))})
    visitor.visit(f"/index.php?title={title}&action=history")
    visitor.visit(f"/index.php?search=addition+of+journey+{number}")
    action, fields = Forms(visitor.visit("/index.php?title=Special:UserLogout")).with_field("wpEditToken")
    visitor.visit(action, fields)


def django(visitor, number):
    action, fields = Forms(visitor.visit("/admin/login/?next=/admin/")).with_field("password")
    visitor.visit(action or "/admin/login/?next=/admin/", {**fields, "username": "admin", "password": "a-long-pass-word"})
    visitor.visit("/admin/auth/user/")
    action, fields = Forms(visitor.visit("/admin/auth/user/add/")).with_field("password1")
    text = visitor.visit("/admin/auth/user/add/", {**fields, "username": f"visitor{number}", "password1": "another-pass-word",
                                                   "password2": "another-pass-word", "_save": "Save"})
    assert "Change user" in text, text[-2000:]
    action, fields = Forms(text).with_field("email")
    visitor.visit(visitor.where, {**fields, "email": f"visitor{number}@site.test", "is_active": "on", "_save": "Save"})
    visitor.visit(f"/admin/auth/user/?q=visitor{number}")
    visitor.visit("/admin/auth/group/")
    visitor.visit("/admin/auth/group/add/")
    visitor.visit("/admin/password_change/")
    visitor.visit("/admin/logout/")


def dokuwiki(visitor, number):
    words = ("syntax", "wiki", "page", "media", "list")
    for page in ("wiki:welcome", "wiki:syntax", "wiki:dokuwiki", "wiki:welcome&do=login", "start&do=index", "start&do=recent",
                 "wiki:syntax&do=backlink", f"start&do=search&q={words[number % len(words)]}"):
        visitor.visit(f"/doku.php?id={page}")


JOURNEYS = {one.__name__: one for one in (mediawiki, django, dokuwiki)}


@contextlib.contextmanager
def serving(name):
    with tempfile.TemporaryDirectory(prefix="railgun-bench-") as folder:
        folder = pathlib.Path(folder)
        with browsing.APPLICATIONS[name](folder) as (port, _):
            if name == "django":
                browsing.run(browsing.PYTHON, "manage.py", "createsuperuser", "--noinput", "--username", "admin", "--email",
                             "admin@site.test", cwd=folder, env={"DJANGO_SUPERUSER_PASSWORD": "a-long-pass-word", "PATH": "/usr/bin:/bin"})
            if name == "mediawiki":
                with open(folder / "LocalSettings.php", "a") as settings:
                    settings.write(f"$wgEnableUploads = true; $wgUploadDirectory = '{folder}/uploads'; $wgUseImageMagick = false;\n")
                (folder / "uploads").mkdir()
            yield port


def travel(name, shows_whole=False):
    """For each journey its bytes on the link, and gzip's."""
    with serving(name) as port, harness.Pair(port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        costs, answers, coded = [], 0, 0
        for number in range(SHARED_BY + LATER):
            visitor = Visitor(pair, number)
            begin = pair.sender.log.stat().st_size
            JOURNEYS[name](visitor, number)
            answers += visitor.answers

            def totals():
                return json.loads(harness.ctl(pair.sender, "stats", "--json")[1])
            harness.wait_until(lambda: totals()["requests_completed"] >= answers, "all answers are counted")
            now = totals()["railgun"]["coded_bytes"]
            costs.append((now - coded, visitor.gzipped, visitor.answers))
            coded = now
        if shows_whole:
            lines = LOGGED.findall(pair.sender.log.read_bytes()[begin:].decode())
            for path, page, took in sorted(lines, key=lambda line: -int(line[2]))[:12]:
                print(f"    {path[:110]}: {page} bytes as {took}")
            stats = harness.ctl(pair.sender, "stats")[1].splitlines()
            print("\n".join(line for line in stats if line.startswith(("railgun.whole_", "railgun.found_"))))
    return costs


def main(names, shows_whole):
    if unknown := set(names) - set(JOURNEYS):
        sys.exit(f"bench references journeys: no application {', '.join(sorted(unknown))}; there are {', '.join(JOURNEYS)}")
    result = {}
    for name in names or JOURNEYS:
        costs = travel(name, shows_whole)
        later = statistics.median(took / beside for took, beside, _ in costs[SHARED_BY:])
        first = costs[0][0] / costs[0][1]
        result[name] = {"first": first, "later": later, "bytes": [took for took, _, _ in costs], "gzip": [beside for _, beside, _ in costs]}
        print(f"{name:12} {costs[0][2]:4} answers  first {first:.3f} of gzip -6 (bar {FIRST}: {'met' if first <= FIRST else 'MISSED'})   "
              f"later 1/{1 / later:.0f} (bar 1/{1 / BARS[name]:.0f}: {'met' if later <= BARS[name] else 'MISSED'})", flush=True)
    return result
