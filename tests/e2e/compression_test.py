"""Pages compressed for visitors: the same bytes as from the origin after decoding, in every coding and both ways, and
what an answer's head says of it. curl decodes br, gzip and zstd itself."""
import contextlib
import gzip
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zlib

import harness
import origin
from curl import curl

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "chromium")
PAGE_FIELDS = (("ETag", '"v1"'), ("Accept-Ranges", "bytes"), ("Digest", "x"), ("Cache-Control", "max-age=1"))


def words(count, seed):
    source = random.Random(seed)
    stock = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(500)]
    return " ".join(source.choice(stock) for _ in range(count))


PAGE = f"<!doctype html><p>{words(14000, 1)}</p>".encode()  # about 92,000 bytes


def get(pair, path, fields=None):
    """(status, fields by name in lower case, body)"""
    status, got, body = pair.get(path, fields)
    return status, {name.lower(): value for name, value in got.items()}, body


def with_change(number):
    return PAGE.replace(b"<p>", f"<p>{random.Random(number).getrandbits(128):032x} ".encode(), 1)


def page(handler):
    """Changes in each answer; compares entity tags as text, as some applications do."""
    if handler.headers.get("If-None-Match") == '"v1"':
        handler.send_response(304)
        handler.send_header("ETag", '"v1"')
        handler.end_headers()
        return
    if handler.headers.get("Range") == "bytes=0-9":
        handler.answer(PAGE[:10], 206, [("Content-Range", f"bytes 0-9/{len(PAGE)}")])
        return
    number = int(handler.path.partition("?")[2] or 0)
    handler.answer(with_change(number), fields=PAGE_FIELDS)


def slow(handler):
    handler.begin_chunks(handler.path.partition("?")[2] or "text/html")
    handler.chunk(b"data: first\n\n")
    handler.server.go_on.wait(harness.PATIENCE)
    handler.chunk(b"data: second\n\n")
    handler.chunk(b"")


ROUTES = {
    "/page": page,
    "/small": lambda handler: handler.answer(b"a" * 255),
    "/fixed": lambda handler: handler.answer(PAGE, fields=[("Cache-Control", "no-transform")]),
    "/image": lambda handler: handler.answer(PAGE, content_type="image/png"),
    "/coded": lambda handler: handler.answer(zlib.compress(PAGE), fields=[("Content-Encoding", "deflate")]),
    "/slow": slow,
}


@contextlib.contextmanager
def pair_of(direct=False, **settings):
    server = origin.serve(ROUTES)
    server.go_on = threading.Event()
    with harness.Pair(server.server_port, sender=settings, direct=direct) as pair:
        pair.origin = server
        yield pair
    server.shutdown()


@contextlib.contextmanager
def direct_pair():
    """A sender whose listener is gone: it asks the origin itself."""
    with pair_of(direct=True) as pair:
        pair.listener.stop()
        harness.wait_until(lambda: "direct" in get(pair, "/small")[1].get("cf-railgun", ""), "requests go direct")
        yield pair


def check_codings(pair, path="/page?{}"):
    for coding in ("zstd", "br", "gzip", "gzip, deflate, br, zstd"):
        for number in range(4):
            answer = curl(pair.port, path.format(number), "--compressed", "-H", f"Accept-Encoding: {coding}")
            assert answer.body == with_change(number), f"{coding} {number}: {answer.fields}"
            assert answer.field("content-encoding") == coding.split(", ")[-1], answer.fields
            assert answer.field("vary") == "Accept-Encoding", answer.fields
            assert answer.field("etag") == 'W/"v1"', answer.fields
            for name in ("content-length", "digest", "accept-ranges"):
                assert answer.field(name) is None, answer.fields


def test_pages_over_a_link_come_in_every_coding():
    with pair_of() as pair:
        check_codings(pair)


def test_pages_fetched_directly_come_in_every_coding():
    with direct_pair() as pair:
        check_codings(pair)


def test_a_visitor_who_takes_nothing_gets_the_page_as_it_is():
    with pair_of() as pair:
        for accept in (None, "identity", "deflate", "gzip;q=0"):
            status, fields, body = get(pair, "/page?1", {"Accept-Encoding": accept} if accept else None)
            assert status == 200 and body == with_change(1) and "content-encoding" not in fields, fields
            assert fields["vary"] == "Accept-Encoding" and fields["etag"] == '"v1"', fields
            assert fields["content-length"] == str(len(body)), fields


def test_other_answers_are_left_alone():
    with pair_of() as pair:
        for path, body in (("/small", b"a" * 255), ("/fixed", PAGE), ("/image", PAGE)):
            status, fields, got = get(pair, path, {"Accept-Encoding": "gzip"})
            assert status == 200 and got == body and "content-encoding" not in fields, (path, fields)
        status, fields, got = get(pair, "/coded", {"Accept-Encoding": "gzip, deflate"})
        assert fields["content-encoding"] == "deflate" and zlib.decompress(got) == PAGE, fields
        status, fields, got = get(pair, "/page", {"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
        assert status == 206 and got == PAGE[:10] and "content-encoding" not in fields, fields


def test_head_says_what_get_says():
    with pair_of() as pair:
        head = curl(pair.port, "/page?1", "-I", "-H", "Accept-Encoding: br")
        full = curl(pair.port, "/page?1", "--compressed", "-H", "Accept-Encoding: br")
        ignored = ("date", "cf-railgun", "transfer-encoding")  # HEAD may leave the last one out (RFC 9112 6.1)
        assert [field for field in head.fields if field[0] not in ignored] == \
            [field for field in full.fields if field[0] not in ignored], (head.fields, full.fields)


def test_a_page_that_is_still_right_is_not_sent_again():
    with pair_of(**{"workers": 1}) as pair:
        tag = curl(pair.port, "/page?1", "-H", "Accept-Encoding: zstd").field("etag")
        answer = curl(pair.port, "/page?1", "-H", "Accept-Encoding: zstd", "-H", f"If-None-Match: {tag}")
        assert answer.status == 304 and answer.body == b"" and answer.field("etag") == tag, answer.fields
        assert answer.field("vary") == "Accept-Encoding", answer.fields


def read_some(connection, decoder, wanted):
    """Reads a chunked gzip body until `wanted` is decoded."""
    got, held = b"", b""
    while wanted not in got:
        piece = connection.recv(65536)
        assert piece, got
        held += piece
        if b"\r\n\r\n" in held and held.startswith(b"HTTP"):
            head, _, held = held.partition(b"\r\n\r\n")
            assert b"content-encoding: gzip" in head.lower(), head
        while b"\r\n" in held:
            size, _, rest = held.partition(b"\r\n")
            count = int(size, 16)
            if len(rest) < count + 2:
                break
            got += decoder.decompress(rest[:count])
            held = rest[count + 2:]


def test_the_first_bytes_of_a_slow_page_leave_at_once():
    with pair_of() as pair, socket.create_connection(("127.0.0.1", pair.port), timeout=harness.PATIENCE) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: site.test\r\nAccept-Encoding: gzip\r\n\r\n")
        decoder = zlib.decompressobj(31)
        read_some(client, decoder, b"data: first\n\n")
        pair.origin.go_on.set()
        read_some(client, decoder, b"data: second\n\n")


def test_event_streams_are_left_alone_unless_they_are_named():
    for types, coding in ({}, None), ({"compress.types": "text/event-stream"}, "gzip"):
        with pair_of(**types) as pair:
            pair.origin.go_on.set()
            answer = curl(pair.port, "/slow?text/event-stream", "--compressed", "-H", "Accept-Encoding: gzip")
            assert answer.body == b"data: first\n\ndata: second\n\n", answer.body
            assert answer.field("content-encoding") == coding, answer.fields


def test_a_visitor_gets_no_more_bytes_than_from_an_origin_that_compresses():
    with pair_of() as pair:
        for number in range(3):
            answer = curl(pair.port, f"/page?{number}", "-H", "Accept-Encoding: gzip")
            straight = len(gzip.compress(with_change(number), 6))
            assert len(answer.body) <= straight * 1.05, (len(answer.body), straight)
            assert gzip.decompress(answer.body) == with_change(number)


def test_a_reload_changes_codings_and_off_turns_them_off():
    with pair_of() as pair:
        def coding():
            return curl(pair.port, "/page?1", "-H", "Accept-Encoding: gzip, br, zstd").field("content-encoding")
        assert coding() == "zstd"
        for setting, expected in (("gzip br", "gzip"), ("br", "br"), ("off", None)):
            pair.sender.settings["compress"] = setting
            pair.sender.write()
            assert harness.ctl(pair.sender, "reload")[0] == 0
            assert coding() == expected, (setting, coding())


def test_status_and_statistics_tell_what_visitors_got():
    with pair_of() as pair:
        curl(pair.port, "/page?1", "-H", "Accept-Encoding: zstd")
        assert "zstd" in harness.ctl(pair.sender, "status")[1]


def test_chromium_shows_the_origins_page():
    with pair_of() as pair, tempfile.TemporaryDirectory(prefix="railgun-chromium-") as folder:
        shown = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}",
                                "--host-resolver-rules=MAP site.test 127.0.0.1", "--dump-dom", f"http://site.test:{pair.port}/page?7"],
                               capture_output=True, timeout=120, text=True)
        text = with_change(7).decode().partition("<p>")[2].removesuffix("</p>")
        assert text in shown.stdout, (shown.stdout[:300], shown.stderr[-500:])
        # Browsers offer br and zstd to HTTPS and localhost alone.
        assert " gzip" in harness.ctl(pair.sender, "status")[1]


harness.run_tests(sys.modules[__name__])
