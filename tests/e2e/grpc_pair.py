"""gRPC as Debian's python3-grpcio speaks it, through a sender and a listener: a program of its own, for the system's Python.
Arguments: the cases to run; before them, "--tls FOLDER" for TLS at both ends, with ca.pem, site.pem and site.key of the folder.
Prints "ok NAME" for each; any failure is an exception. The cases are those of gRPC's own interoperability tests that need no
account of a cloud, and a few of ours.

The program prints the server's port on the first line of output and reads the sender's port from input, so that whoever runs
this can put the pair between them."""
import concurrent.futures
import pathlib
import sys
import threading

import grpc

from grpc_service import INITIAL, SERVICE, TRAILING, WAIT, Service, Tap, Watch, message, raw

BINARY = b"\xab\xab\xab"
REQUEST_BYTES, RESPONSE_BYTES = 271828, 314159  # of a large call
TLS = {}  # of a program with --tls: ca.pem, site.pem and site.key
PORT = {}  # "": the sender, "tapped": a tap in front of it


class Client:
    def __init__(self, port):
        # A connection of its own, also where another client has one to the same address.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        if TLS:
            self.channel = grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(TLS["ca.pem"]), options=[
                ("grpc.ssl_target_name_override", "site.test"), *options])
        else:
            self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.default_authority", "site.test"), *options])

    def call(self, kind, name, service=SERVICE):
        return getattr(self.channel, kind)(f"/{service}/{name}", request_serializer=raw, response_deserializer=raw)

    def unary(self, request, name="UnaryCall", **more):
        return self.call("unary_unary", name)(request, timeout=WAIT, **more)

    def duplex(self, requests, **more):
        return self.call("stream_stream", "FullDuplexCall")(requests, **{"timeout": WAIT, **more})


def status_of(ask):
    try:
        ask()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call did not fail")


def same(got, expected):
    assert got == expected, (got, expected)


# The cases of gRPC's own list, under their names there.


def case_empty_unary(client, _):
    same(client.unary(b"", name="EmptyCall"), b"")


def case_large_unary(client, _):
    same(client.unary(message(REQUEST_BYTES, size=RESPONSE_BYTES)), bytes(RESPONSE_BYTES))


def case_client_streaming(client, _):
    sizes = (27182, 8, 1828, 45904)
    same(client.call("stream_unary", "StreamingInputCall")((message(size) for size in sizes), timeout=WAIT), b"74922")


def case_server_streaming(client, _):
    sizes = [31415, 9, 2653, 58979]
    got = client.call("unary_stream", "StreamingOutputCall")(message(sizes=sizes), timeout=WAIT)
    same([len(piece) for piece in got], sizes)


def case_ping_pong(client, _):
    """Each answer comes before the next request is made."""
    answered = threading.Semaphore(1)
    exchanges = [(27182, 31415), (8, 9), (1828, 2653), (45904, 58979)]

    def ask():
        for sent, wanted in exchanges:
            assert answered.acquire(timeout=WAIT)
            yield message(sent, sizes=[wanted])
        assert answered.acquire(timeout=WAIT)

    got = []
    for piece in client.duplex(ask()):
        got.append(len(piece))
        answered.release()
    same(got, [wanted for _, wanted in exchanges])


def case_ping_pong_often(client, _):
    """Thousands of small messages, each answered before the next."""
    answered = threading.Semaphore(1)

    def ask():
        for i in range(3000):
            assert answered.acquire(timeout=WAIT)
            yield message(sizes=[i % 10])

    count = 0
    for piece in client.duplex(ask()):
        same(len(piece), count % 10)
        count += 1
        answered.release()
    same(count, 3000)


def case_many_small_answers(client, _):
    got = client.call("unary_stream", "StreamingOutputCall")(message(sizes=[5] * 10_000), timeout=WAIT)
    same([len(piece) for piece in got], [5] * 10_000)


def case_many_small_requests(client, _):
    same(client.call("stream_unary", "StreamingInputCall")((message(1) for _ in range(10_000)), timeout=WAIT), b"10000")


def case_empty_stream(client, _):
    same(list(client.duplex(iter(()))), [])


def case_client_compressed_unary(client, taps):
    """The flag of each message is the client's, where the server reads it."""
    for compression, flag in ((grpc.Compression.Gzip, 1), (grpc.Compression.Deflate, 1), (grpc.Compression.NoCompression, 0)):
        taps["server"].flags["up"].clear()
        same(client.unary(message(REQUEST_BYTES, size=RESPONSE_BYTES), compression=compression), bytes(RESPONSE_BYTES))
        same(taps["server"].flags["up"], [flag])


def case_server_compressed_unary(_, taps):
    """The flag of each message is the server's, where the client reads it."""
    client = Client(PORT["tapped"])
    for compressed in (True, False):
        taps["client"].flags["down"].clear()
        same(client.unary(message(REQUEST_BYTES, size=RESPONSE_BYTES, compressed=compressed)), bytes(RESPONSE_BYTES))
        same(taps["client"].flags["down"], [int(compressed)])
    client.channel.close()


def case_client_compressed_streaming(client, taps):
    taps["server"].flags["up"].clear()
    got = client.call("stream_unary", "StreamingInputCall")((message(size) for size in (27182, 45904)), timeout=WAIT,
                                                            compression=grpc.Compression.Gzip)
    same(got, b"73086")
    same(taps["server"].flags["up"], [1, 1])


def case_custom_metadata(client, _):
    sent = ((INITIAL, "test_initial_metadata_value"), (TRAILING, BINARY))
    request = message(REQUEST_BYTES, size=RESPONSE_BYTES)
    got, call = client.call("unary_unary", "UnaryCall").with_call(request, metadata=sent, timeout=WAIT)
    same(got, bytes(RESPONSE_BYTES))
    stream = client.duplex(iter([message(REQUEST_BYTES, sizes=[RESPONSE_BYTES])]), metadata=sent)
    same([len(piece) for piece in stream], [RESPONSE_BYTES])
    for done in (call, stream):
        same(dict(done.initial_metadata()).get(INITIAL), "test_initial_metadata_value")
        same(dict(done.trailing_metadata()).get(TRAILING), BINARY)
        same(done.code(), grpc.StatusCode.OK)


def case_any_binary_metadata(client, _):
    for value in (b"", bytes(range(256)), b"\0" * 5000):
        _, call = client.call("unary_unary", "UnaryCall").with_call(message(), metadata=((TRAILING, value),), timeout=WAIT)
        same(dict(call.trailing_metadata()).get(TRAILING), value)


def same_status(client, code, text):
    asked = message(code=code.value[0], message=text)
    same(status_of(lambda: client.unary(asked)), (code, text))
    same(status_of(lambda: list(client.duplex(iter([asked])))), (code, text))


def case_status_code_and_message(client, _):
    same_status(client, grpc.StatusCode.UNKNOWN, "test status message")


def case_special_status_message(client, _):
    same_status(client, grpc.StatusCode.UNKNOWN, "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")


def case_every_status_code(client, _):
    for code in grpc.StatusCode:
        if code != grpc.StatusCode.OK:
            same_status(client, code, f"this is {code.name}")


def case_status_behind_messages(client, _):
    """The status is in the trailers, behind what came before it."""
    got = []

    def ask():
        for piece in client.duplex(iter([message(sizes=[1000, 2000]), message(code=10, message="no further")])):
            got.append(len(piece))

    same(status_of(ask), (grpc.StatusCode.ABORTED, "no further"))
    same(got, [1000, 2000])


def case_unimplemented_method(client, _):
    same(status_of(lambda: client.unary(b"", name="UnimplementedCall"))[0], grpc.StatusCode.UNIMPLEMENTED)


def case_unimplemented_service(client, _):
    call = client.call("unary_unary", "UnimplementedCall", service="railgun.test.UnimplementedService")
    same(status_of(lambda: call(b"", timeout=WAIT))[0], grpc.StatusCode.UNIMPLEMENTED)


def never(gate):
    assert gate.wait(2 * WAIT)
    yield from ()


def case_cancel_after_begin(client, _):
    gate = threading.Event()
    call = client.call("stream_unary", "StreamingInputCall").future(never(gate), timeout=WAIT)
    call.cancel()
    same(call.code(), grpc.StatusCode.CANCELLED)
    gate.set()


def case_cancel_after_first_response(client, taps):
    """The server is told, too."""
    watch, gate = Watch(taps["service"]), threading.Event()

    def ask():
        yield message(27182, sizes=[31415])
        yield from never(gate)

    call = client.duplex(ask(), metadata=watch.metadata)
    same(len(next(call)), 31415)
    call.cancel()
    same(status_of(lambda: next(call))[0], grpc.StatusCode.CANCELLED)
    assert watch.ended.wait(WAIT), "the server was not told"
    gate.set()


def case_cancel_before_answer(client, taps):
    watch = Watch(taps["service"])
    call = client.call("unary_unary", "Slow").future(b"x", metadata=watch.metadata)
    assert watch.begun.wait(WAIT)
    call.cancel()
    assert watch.ended.wait(WAIT), "the server was not told"


def case_timeout_on_sleeping_server(client, _):
    gate = threading.Event()

    def ask():
        yield message(27182)
        yield from never(gate)

    same(status_of(lambda: list(client.duplex(ask(), timeout=0.001)))[0], grpc.StatusCode.DEADLINE_EXCEEDED)
    gate.set()


def case_deadline_at_the_server(client, taps):
    """The server of a call whose deadline has passed is told, if it has heard of the call at all."""
    watch = Watch(taps["service"])
    code, _ = status_of(lambda: client.call("unary_unary", "Slow")(b"x", timeout=0.5, metadata=watch.metadata))
    same(code, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert not watch.begun.is_set() or watch.ended.wait(WAIT), "the server was not told"


def case_concurrent_large_unary(client, _):
    call = client.call("unary_unary", "UnaryCall")
    calls = [call.future(message(REQUEST_BYTES, size=RESPONSE_BYTES), timeout=5 * WAIT) for _ in range(200)]
    assert all(one.result() == bytes(RESPONSE_BYTES) for one in calls)


def case_server_that_ends_connections(client, taps):
    """The server ends each connection in order after a moment: no call fails for it, and none is cut."""
    tap, sizes = taps["server"], list(range(20))

    def stream():
        for size in sizes:
            yield message(sizes=[size])
            for _ in range(5):
                same(client.unary(message(1000, size=3000)), bytes(3000))

    while tap.connections < 5:
        same([len(piece) for piece in client.duplex(stream())], sizes)


# Streams that are all open before the first of them may end.


def open_at_once(clients, streams):
    go_on = threading.Event()

    def ask():
        yield message(sizes=[5])
        assert go_on.wait(2 * WAIT)
        yield message(sizes=[7])

    calls = [client.duplex(ask(), timeout=4 * WAIT) for client in clients for _ in range(streams)]
    assert all(len(next(call)) == 5 for call in calls)
    go_on.set()
    assert all([len(piece) for piece in call] == [7] for call in calls)


def case_thousand_on_ten_connections(_, __):
    open_at_once([Client(PORT[""]) for _ in range(10)], 100)


def case_thousand_on_one_connection(client, _):
    open_at_once([client], 1000)


# Of a server for a case that is the first.
OPTIONS = {"server_that_ends_connections": [("grpc.max_connection_age_ms", 100), ("grpc.max_connection_age_grace_ms", 600_000)]}


def main():
    names = sys.argv[1:]
    if names[0] == "--tls":
        TLS.update({name: pathlib.Path(names[1], name).read_bytes() for name in ("ca.pem", "site.pem", "site.key")})
        names = names[2:]
    service = Service()
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=1100)
    served = grpc.server(pool, handlers=(service,), options=OPTIONS.get(names[0], ()))
    port = (served.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(TLS["site.key"], TLS["site.pem"])])) if TLS
            else served.add_insecure_port("127.0.0.1:0"))
    served.start()
    taps = {"service": service, "server": Tap(port), "client": Tap(lambda: PORT[""])}
    is_load = any("thousand" in name for name in names)
    print(port if is_load or TLS else taps["server"].port, flush=True)
    PORT[""] = int(sys.stdin.readline())
    PORT["tapped"] = taps["client"].port
    client = Client(PORT[""])
    for name in names:
        globals()["case_" + name](client, taps)
        print("ok", name, flush=True)
    served.stop(None)


main()
