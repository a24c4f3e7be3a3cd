"""A visitor's browser as far as dictionaries go (RFC 9842): it keeps those that answers offer, names one with each request, and
decodes answers that are coded against it. It believes nothing: what it cannot explain by what it was sent raises Wrong."""
import base64
import ctypes
import gzip
import hashlib
import re

ZSTD = ctypes.CDLL("libzstd.so.1")
for function in ("ZSTD_createDCtx", "ZSTD_decompress_usingDict", "ZSTD_isError", "ZSTD_freeDCtx"):
    getattr(ZSTD, function).restype = ctypes.c_void_p if function == "ZSTD_createDCtx" else ctypes.c_size_t
MOST_PAGE_BYTES = 2 << 20
MAGIC = bytes.fromhex("5e2a4d1820000000")
CHROMIUM, FIREFOX = "Chromium", "Firefox"


class Wrong(Exception):
    """`kind` is what the closing line counts it under."""

    def __init__(self, kind, why):
        super().__init__(f"{kind}: {why}")
        self.kind = kind


def unpack_zstd(coded, dictionary=b""):
    """The text; its checksum, if the frame has one, is checked by the library."""
    room = ctypes.create_string_buffer(MOST_PAGE_BYTES)
    state = ctypes.c_void_p(ZSTD.ZSTD_createDCtx())
    size = ZSTD.ZSTD_decompress_usingDict(state, room, ctypes.c_size_t(len(room)), coded, ctypes.c_size_t(len(coded)),
                                          dictionary, ctypes.c_size_t(len(dictionary)))
    ZSTD.ZSTD_freeDCtx(state)
    if ZSTD.ZSTD_isError(ctypes.c_size_t(size)):
        raise Wrong("wrong", "zstd cannot decode the answer")
    return room.raw[:size]


def words_of(fields, name):
    return [word.strip().lower() for word in fields.get(name, "").split(",") if word.strip()]


class Dictionary:
    def __init__(self, text, match):
        self.text, self.match = text, match
        self.hash = hashlib.sha256(text).digest()
        # A pattern without a query is for any query.
        self.pattern = re.compile(".*".join(map(re.escape, match.split("*"))) + ("" if "?" in match else r"(\?.*)?"))


class Browser:
    """`ask(host, path, fields)` sends a request and gives (status, fields by name in lower case, body). `kind`: CHROMIUM
    or FIREFOX. `cookie`: of this visitor; none if empty."""

    def __init__(self, ask, kind=CHROMIUM, cookie="", network="198.51.100.1"):
        self.ask = ask
        self.kind, self.cookie = kind, cookie
        self.fixed = {"X-Forwarded-For": network, "X-Forwarded-Proto": "https"}
        self.fixed |= {"Sec-CH-UA": '"Chromium";v="156", "Not-A.Brand";v="24"'} if kind == CHROMIUM else \
            {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:161.0) Gecko/20100101 Firefox/161.0"}
        self.dictionaries = {}  # (host, destination, match): Dictionary, the newest last
        self.pages = {}  # (host, path): (ETag, text)
        self.coded = {"page": 0, "site": 0, "file": 0}  # answers in dcz, by whose dictionary

    def best(self, host, path, destination):
        """The longest pattern wins, then the newest (RFC 9842 2.2.3)."""
        found = None
        for (of, to, match), dictionary in self.dictionaries.items():
            if of == host and to == destination and dictionary.pattern.fullmatch(path):
                if found is None or len(match) >= len(found.match):
                    found = dictionary
        return found

    def navigate(self, host, path):
        """The text that the browser shows, and the answer's fields."""
        return self._get(host, path, "document", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"})

    def load(self, host, path, destination):
        """The same for a part of a page: a script, a style, what fetch() asks for (`empty`)."""
        return self._get(host, path, destination, {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"})

    def _get(self, host, path, destination, more):
        fields = {**self.fixed, **more, "Sec-Fetch-Dest": destination, "Accept-Encoding": "gzip, zstd"}
        if self.cookie:
            fields["Cookie"] = self.cookie
        held = self.best(host, path, destination)
        if held:
            fields["Available-Dictionary"] = ":" + base64.b64encode(held.hash).decode() + ":"
            fields["Accept-Encoding"] += ", dcb, dcz"
        known = self.pages.get((host, path)) if destination == "document" else None
        if known:
            fields["If-None-Match"] = known[0]
        status, got, body = self.ask(host, path, fields)
        if status == 304 and known:
            return known[1], got
        if status != 200:
            raise Wrong("wrong", f"status {status}")
        text = self._decoded(got, body, held, destination)
        self._judge_freshness(got, destination)
        if destination == "document":
            self.pages.pop((host, path), None)
            if "etag" in got and "no-store" not in words_of(got, "cache-control"):
                self.pages[host, path] = (got["etag"], text)
        self._keep(host, destination, got, text)
        return text, got

    def _decoded(self, got, body, held, destination):
        coding = got.get("content-encoding", "")
        if coding == "dcz":
            if not held:
                raise Wrong("lacking", "dcz for a browser that has named no dictionary")
            if body[:8] != MAGIC or body[8:40] != held.hash:
                raise Wrong("lacking", f"coded against {body[8:40].hex()}, the browser has {held.hash.hex()}")
            if not {"accept-encoding", "available-dictionary"} <= set(words_of(got, "vary")):
                raise Wrong("wrong", f"dcz with Vary: {got.get('vary')}")
            self.coded["file" if destination != "document" else "site" if held.match == "/*" else "page"] += 1
            return unpack_zstd(body[40:], held.text)
        if coding in ("gzip", "zstd"):
            return gzip.decompress(body) if coding == "gzip" else unpack_zstd(body)
        if coding:
            raise Wrong("wrong", f"a coding that nobody asked for: {coding}")
        return body

    def _judge_freshness(self, got, destination):
        """A page is never shown again unasked: no browser but Chromium is told that it may keep one, and fetch() does not
        find what a navigation left."""
        if not any(word.startswith("stale-while-revalidate") for word in words_of(got, "cache-control")):
            return
        if self.kind != CHROMIUM or destination != "document" or "sec-fetch-dest" not in words_of(got, "vary"):
            raise Wrong("stale", f"{self.kind} may show this {destination} again: {got}")

    def _keep(self, host, destination, got, text):
        """What browsers keep: not what may not be stored, and not what is never fresh."""
        directives = words_of(got, "cache-control")
        ages = [word for word in directives if re.fullmatch(r"(max-age|stale-while-revalidate)=0*[1-9]\d*", word)]
        match = re.search(r'match="([^"]*)"', got.get("use-as-dictionary", ""))
        if match and ages and not {"no-store", "no-cache", "must-revalidate"} & set(directives):
            to = re.search(r'match-dest=\("(\w+)"\)', got["use-as-dictionary"])
            key = (host, to[1] if to else destination, match[1])
            self.dictionaries.pop(key, None)
            self.dictionaries[key] = Dictionary(text, match[1])
        link = re.search(r'<([^>]*)>; rel="compression-dictionary"', got.get("link", ""))
        if link and destination == "document":
            self._fetch_dictionary(host, link[1])

    def _fetch_dictionary(self, host, path):
        """Browsers fetch it without cookies."""
        fields = {**self.fixed, "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin",
                  "Accept-Encoding": "gzip, zstd"}
        status, got, body = self.ask(host, path, fields)
        if status != 200 or "use-as-dictionary" not in got:
            return  # the sender has been started anew meanwhile, and the origin answers
        text = self._decoded(got, body, None, "empty")
        if hashlib.sha256(text).hexdigest() != path.rpartition("/")[2]:
            raise Wrong("wrong", "a dictionary that is not what its address says")
        if b"canary" in text:
            raise Wrong("wrong", "a dictionary with what one visitor alone was sent")
        self._keep(host, "empty", got, text)
