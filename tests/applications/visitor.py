"""A visitor as a browser without scripts: keeps cookies, follows redirects, loads the parts of a page, sends forms, and counts what
its answers would have taken in gzip."""
import gzip
import html.parser
import http.client
import http.cookies
import random
import re
import urllib.parse
import zlib

import harness

TEXT = re.compile(r"text/|javascript|json|xml|svg")
PART = re.compile(r"""(?:src|href)=["']([^"'<>\s]+)""")
LOADED = re.compile(r"\.(css|js|png|svg|gif|ico|jpg|woff2?)\b|load(-scripts|-styles)?\.php|(css|js|jquery|messages)\.php")


def keep_cookies(jar, answer):
    """Changes the cookies (name to value) as a browser does that gets this answer (of http.client)."""
    for line in answer.headers.get_all("Set-Cookie", []):
        for name, morsel in http.cookies.SimpleCookie(line).items():
            if morsel["max-age"] == "0":
                jar.pop(name, None)
            else:
                jar[name] = morsel.value


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

    def ask(self, path, method="GET", body=None, content_type=None, more=None):
        """Status, type, body and at last the address, behind redirects. `more`: fields of the head."""
        fields = {"Host": "site.test", "User-Agent": "Mozilla/5.0 journey", "X-Forwarded-Proto": "https",
                  "X-Forwarded-For": self.network, "Accept": "*/*",
                  "Referer": f"https://site.test{self.where}", **(more or {})}
        if self.jar:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if content_type:
            fields["Content-Type"] = content_type
        self.connection.request(method, path, body=body, headers=fields)
        answer = self.connection.getresponse()
        page = answer.read()
        keep_cookies(self.jar, answer)
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
        found = [link for link in PART.findall(text) if LOADED.search(link)]
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
