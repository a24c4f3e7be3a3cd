"""Large bodies through a pair, both ways, compared by checksum."""
import http.client
import json
import random
import time
import zlib

import harness
import origin

BLOCK = random.Random(1).randbytes(1 << 20)


def pieces(count):
    """`count` bytes in which nothing repeats at a fixed place: a block, each time turned a little further."""
    turn = 0
    while count > 0:
        turn = (turn + 4099) % len(BLOCK)
        piece = (BLOCK[turn:] + BLOCK[:turn])[:count]
        count -= len(piece)
        yield piece


def checksum(all_pieces):
    count, value = 0, 0
    for piece in all_pieces:
        count += len(piece)
        value = zlib.crc32(piece, value)
    return [count, value]


def download(handler):
    count = int(handler.path.rpartition("/")[2])
    handler.send_response(200)
    handler.send_header("Content-Type", handler.headers.get("X-Type") or "application/octet-stream")
    handler.send_header("Content-Length", str(count))
    handler.end_headers()
    for piece in pieces(count):
        handler.wfile.write(piece)


def upload(handler):
    handler.answer(json.dumps(checksum(handler.body_pieces())).encode(), content_type="application/json")


def read_pieces(answer):
    while piece := answer.read(1 << 18):
        yield piece


def pass_both_ways(count, content_types=("application/octet-stream",), memory_limit=None):
    """Prints seconds and the most memory each process had; `memory_limit` bytes is the most it may."""
    server = origin.serve({f"/{count}": download, "/upload": upload})
    wanted = checksum(pieces(count))
    with harness.Pair(server.server_port) as pair:
        def request(method, path, fields, body=None):
            connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=harness.PATIENCE)
            connection.request(method, path, body=body, headers={"Host": pair.host, **fields})
            return connection.getresponse()

        def report(what, begun):
            took = time.monotonic() - begun
            memory = [daemon.resident_bytes() for daemon in (pair.listener, pair.sender)]
            print(f"        {count / 1e6:.0f} MB {what}: {took:.1f} s, {count / 1e6 / took:.0f} MB/s, at most "
                  f"{memory[0] / 1e6:.1f} MB in the listener, {memory[1] / 1e6:.1f} MB in the sender", flush=True)
            assert memory_limit is None or max(memory) < memory_limit, f"{memory} bytes of memory"

        for content_type in content_types:
            begun = time.monotonic()
            answer = request("GET", f"/{count}", {"X-Type": content_type})
            got = checksum(read_pieces(answer))
            assert answer.status == 200 and got == wanted, f"download: {answer.status}, {got} instead of {wanted}"
            report(f"down as {content_type}", begun)
        begun = time.monotonic()
        answer = request("PUT", "/upload", {"Content-Length": str(count)}, pieces(count))
        got = json.loads(answer.read())
        assert answer.status == 200 and got == wanted, f"upload: {answer.status}, {got} instead of {wanted}"
        report("up", begun)
    server.shutdown()
