#!/usr/bin/env python3
"""An older version's sender with this version's listener, and the other way round: every answer is as the origin sends it, and what
both versions know is used. `./dev test-versions [VERSION…]` runs it; VERSION is a tag or commit (the last release, and the oldest
commit whose links are of today's version). Older versions are built once, in ~/.cache/railgun-versions (or $XDG_CACHE_HOME)."""
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
import origin

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "railgun-versions"
OLDEST_OF_TODAYS_LINK = "a1bc1e4"  # answers to all methods are compared: version 2 of the link (doc/PROTOCOL.md, "Greeting")
WARM = 0.1  # a warm page takes at most this share of itself on the link


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def built(version):
    """The folder with that version's programs."""
    commit = git("rev-parse", "--verify", f"{version}^{{commit}}")
    folder = CACHE / commit
    programs = folder / "build/release/bin"
    if (folder / "is-built").exists():
        return programs
    print(f"building {version} in {folder} (once; some minutes)", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["git", "archive", commit], capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", folder], input=archive, check=True)
    for step in (["cmake", "--preset", "release"],
                 ["cmake", "--build", "--preset", "release", "--target", "railgund", "railgunctl"]):
        done = subprocess.run(step, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"./dev test-versions: {version}: {' '.join(step)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    (folder / "is-built").touch()
    return programs


def text(seed, count):
    source = random.Random(seed)
    words = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(900)]
    return " ".join(source.choice(words) for _ in range(count))


BODY = "".join(f"<p>{text(n, 90)}</p>\n" for n in range(80))
PICTURE = b"\x89PNG" + random.Random(3).randbytes(20_000)
SCRIPT = "".join(f"function f{n}(a) {{ return '{text(n + 500, 30)}' + a; }}\n" for n in range(200)).encode()


def page(name, number):
    return f"<html><head><title>{name}</title></head><body><h1>{name}: {number}</h1>\n{BODY}</body></html>".encode()


class Site:
    """Each answer differs from the one before in a number."""

    def __init__(self):
        self.number = 0
        self.server = origin.serve({"/script.js": self.script, "/moved/other-name.js": self.script, "/picture.png": self.picture,
                                    "/packed": self.packed, "/chunks": self.chunks, "/empty": self.empty, "/echo": self.echo,
                                    "*": self.page})

    def next_page(self, request):
        self.number += 1
        self.sent = page(request.path, self.number)
        return self.sent

    def page(self, request):
        posted = b"".join(request.body_pieces())
        status = 404 if request.path.startswith("/none") else 200
        request.answer(self.next_page(request) + posted, status=status, fields=[("Cache-Control", "max-age=60")])
        self.sent += posted

    def script(self, request):
        self.sent = SCRIPT
        request.answer(SCRIPT, content_type="text/javascript", fields=[("ETag", '"one"')])

    def picture(self, request):
        self.sent = PICTURE
        request.answer(PICTURE, content_type="image/png")

    def packed(self, request):
        request.answer(gzip.compress(self.next_page(request)), fields=[("Content-Encoding", "gzip")])

    def chunks(self, request):
        whole = self.next_page(request)
        request.begin_chunks()
        for at in range(0, len(whole), 9000):
            request.chunk(whole[at:at + 9000])
        request.chunk(b"")

    def empty(self, request):
        self.sent = b""
        request.answer(status=204)

    def echo(self, request):
        self.sent = b"".join(request.body_pieces())
        request.answer(self.sent, content_type="application/octet-stream")


ECHOED = 300_000  # bytes

REQUESTS = [(path, {}) for path in ("/", "/news/one", "/news/two", "/script.js", "/moved/other-name.js", "/picture.png", "/packed",
                                    "/chunks", "/none", "/empty", "/search?_=17959912118")]
REQUESTS += [("/", {"method": "HEAD"}), ("/api", {"method": "POST", "body": b'{"query":1}'}),
             ("/echo", {"method": "PUT", "body": random.Random(4).randbytes(ECHOED)}),
             ("/mine", {"headers": {"Cookie": "session=ann"}}), ("/mine", {"headers": {"Cookie": "session=bob"}})]
STATUS = {"/none": 404, "/empty": 204}


def counted(daemon):
    done = subprocess.run([daemon.programs / "railgunctl", "--socket", daemon.settings["control.socket"], "stats", "--json"],
                          capture_output=True, text=True, check=True, timeout=harness.PATIENCE)
    return json.loads(done.stdout)


def use(sender, listener):
    """Bytes on the link of a first and of a second round of all requests, as shares of the bodies."""
    site = Site()
    pair = harness.Pair(site.server.server_port)
    pair.sender.programs, pair.listener.programs = sender, listener
    shares, passed = [], 0
    with pair:
        before = 0
        for _ in range(2):
            bodies = 0
            for path, more in REQUESTS:
                status, _, body = pair.get(path, **more)
                expected = b"" if more.get("method") == "HEAD" else site.sent
                assert (status, body) == (STATUS.get(path, 200), expected), \
                    f"{more.get('method', 'GET')} {path}: {status}, {len(body)} bytes instead of {len(expected)}"
                passed += 1
                bodies += len(body) if path != "/echo" else 0
            harness.wait_until(lambda: counted(pair.sender)["requests_completed"] >= passed, "all answers are counted")
            coded = counted(pair.sender)["railgun"]["coded_bytes"]
            # What is echoed is another client's data each time, and no text.
            shares.append((coded - before - ECHOED) / bodies)
            before = coded
    site.server.shutdown()
    return shares


def main(versions):
    if not versions:
        tags = git("tag", "--sort=-creatordate", "--merged", "HEAD").split()
        versions = [*tags[:1], OLDEST_OF_TODAYS_LINK]
    failed = False
    for version in versions:
        old = built(version)
        for name, sender, listener in ((f"sender {version}, listener today", old, harness.BIN),
                                       (f"sender today, listener {version}", harness.BIN, old)):
            first, second = use(sender, listener)
            # Of the bodies of the second round, pictures and answers to other methods may cross whole with old ends.
            good = second <= WARM
            failed = failed or not good
            print(f"{name}: first round {first:.3f} of the bodies on the link, second {second:.3f}{'' if good else ': NO DELTAS'}",
                  flush=True)
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
