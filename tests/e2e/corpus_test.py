"""Every body of the page corpus, in sequence, through the pair: byte for byte, and in how few bytes on the link. The
corpus is a folder `shared/corpus` beside the checkout; corpus_reference.tsv says what zstd makes of it."""
import http.client
import pathlib
import sys
import tarfile

import harness
import origin

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent.parent.parent / "shared" / "corpus"
TYPES = {"html": "text/html; charset=utf-8", "json": "application/json", "rss": "application/rss+xml",
         "js": "application/javascript", "css": "text/css"}


def reference():
    """What zstd makes of each resource: {name: (bodies, bytes, coded first body, coded others)}"""
    found = {}
    for line in (HERE / "corpus_reference.tsv").read_text().splitlines():
        if not line.startswith("#"):
            name, *numbers = line.split("\t")
            found[name] = tuple(map(int, numbers))
    return found


def resources():
    """(name, kind, bodies) of each resource."""
    lines = (CORPUS / "MANIFEST.tsv").read_text().splitlines()[1:]
    for name, kind in (line.split("\t")[:2] for line in lines if line):
        with tarfile.open(CORPUS / f"{name}.tar.xz") as tar:
            members = sorted((member for member in tar if member.isfile()), key=lambda member: member.name)
            yield name, kind, [tar.extractfile(member).read() for member in members]


def report(name, row):
    size, first_zstd, first_link, zstd, link = row
    print(f"        {name:24}{size:11,} | {first_zstd:10,} {first_link:10,} | {zstd:10,} {link:10,} {link / zstd:.2f}",
          flush=True)


def test_the_corpus_arrives_byte_for_byte_in_few_bytes():
    if not CORPUS.is_dir():
        print(f"skipped: there is no page corpus in {CORPUS}")
        return
    body, content_type = b"", ""
    server = origin.serve({"*": lambda handler: handler.answer(body, content_type=content_type)})
    wanted = reference()
    totals = [0] * 5
    with harness.Pair(server.server_port, relay=True) as pair:
        client = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=60)
        print(f"        {'':24}{'page bytes':>11} | {'first body':>21} | {'others, as deltas':>26}")
        print(f"        {'':35} | {'zstd':>10} {'link':>10} | {'zstd':>10} {'link':>10} {'':>4}")
        for name, kind, bodies in resources():
            count, size, *by_zstd = wanted[name]
            assert (count, size) == (len(bodies), sum(map(len, bodies))), f"{name}: not the corpus that was measured"
            content_type = TYPES[kind.partition("-")[0]]
            marks = [sum(pair.relay.counts())]
            for number, body in enumerate(bodies):
                # Versions of one page have one address; pages of one site have their own in one folder.
                path = f"/{name}/{number}" if kind == "html-cross-url" else f"/{name}"
                client.request("GET", path, headers={"Host": pair.host})
                answer = client.getresponse()
                assert answer.status == 200 and answer.read() == body, f"{name} {number + 1}: other bytes"
                if number in (0, count - 1):
                    marks.append(sum(pair.relay.counts()))
            row = [size, by_zstd[0], marks[1] - marks[0], by_zstd[1], marks[2] - marks[1]]
            report(name, row)
            totals = [total + figure for total, figure in zip(totals, row)]
        client.close()
    report("all", totals)
    by_zstd, on_link = totals[1] + totals[3], totals[2] + totals[4]
    print(f"        zstd -19 {by_zstd:,} bytes, the link {on_link:,} bytes, all framing counted: {on_link / by_zstd:.2f}")
    assert on_link <= 1.4 * by_zstd, f"{on_link} bytes on the link, zstd alone makes {by_zstd}"
    assert totals[4] <= 1.4 * totals[3], f"{totals[4]} bytes on the link for deltas, zstd alone makes {totals[3]}"
    server.shutdown()


harness.run_tests(sys.modules[__name__])
