"""gRPC as Debian's python3-grpcio speaks it, through a sender and a listener: a program of its own, for the system's Python.
Arguments: the cases to run. Prints "ok NAME" for each; any failure is an exception. The cases are those of gRPC's own
interoperability tests that need no account of a cloud, and a few of ours.

The program prints the server's port on the first line of output and reads the sender's port from input, so that whoever runs
this can put the pair between them. Messages are a line of JSON and a payload of zeros, because no protobuf compiler is needed
for these."""
import concurrent.futures
import json
import socket
import sys
import threading

import grpc

SERVICE = "railgun.test.TestService"
WAIT = 60  # seconds; when a wait counts as hanging
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
BINARY = b"\xab\xab\xab"
REQUEST_BYTES, RESPONSE_BYTES = 271828, 314159  # of a large call
PORT = {}  # "": the sender, "tapped": a tap in front of it


def raw(data):
    return data


def message(payload_bytes=0, /, **asked):
    return json.dumps(asked).encode() + b"\n" + bytes(payload_bytes)


def parse(data):
    head, _, payload = data.partition(b"\n")
    assert not payload.strip(b"\0"), "the payload is not zeros"
    return json.loads(head or b"{}"), len(payload)


class Watch:
    """What the server notes of one call, which names it in its metadata."""

    def __init__(self, service):
        self.begun, self.ended = threading.Event(), threading.Event()
        name = str(len(service.watches))
        service.watches[name] = self
        self.metadata = (("x-watch", name),)


class Service(grpc.GenericRpcHandler):
    def __init__(self):
        self.watches = {}

    def watch(self, context):
        """Notes that the call has begun, and when it ends. Nothing: nobody asks for that."""
        watch = self.watches.get(dict(context.invocation_metadata()).get("x-watch"))
        if watch:
            context.add_callback(watch.ended.set)
            watch.begun.set()
        return watch

    def service(self, details):
        service, _, name = details.method[1:].rpartition("/")
        kinds = {"EmptyCall": (grpc.unary_unary_rpc_method_handler, lambda request, _: request),
                 "UnaryCall": (grpc.unary_unary_rpc_method_handler, self.unary),
                 "StreamingInputCall": (grpc.stream_unary_rpc_method_handler, self.streaming_input),
                 "StreamingOutputCall": (grpc.unary_stream_rpc_method_handler, self.streaming_output),
                 "FullDuplexCall": (grpc.stream_stream_rpc_method_handler, self.full_duplex),
                 "Slow": (grpc.unary_unary_rpc_method_handler, self.slow)}
        if service != SERVICE or name not in kinds:
            return None
        make, behave = kinds[name]
        return make(behave, request_deserializer=raw, response_serializer=raw)

    def echo_metadata(self, context):
        given = dict(context.invocation_metadata())
        if INITIAL in given:
            context.send_initial_metadata(((INITIAL, given[INITIAL]),))
        if TRAILING in given:
            context.set_trailing_metadata(((TRAILING, given[TRAILING]),))

    def echo_status(self, asked, context):
        if "code" in asked:
            code = next(code for code in grpc.StatusCode if code.value[0] == asked["code"])
            context.abort(code, asked.get("message", ""))

    def unary(self, request, context):
        asked, _ = parse(request)
        self.echo_metadata(context)
        self.echo_status(asked, context)
        if asked.get("compressed"):
            context.set_compression(grpc.Compression.Gzip)
        return bytes(asked.get("size", 0))

    def streaming_input(self, requests, context):
        return b"%d" % sum(parse(piece)[1] for piece in requests)

    def streaming_output(self, request, context):
        for size in parse(request)[0]["sizes"]:
            yield bytes(size)

    def full_duplex(self, requests, context):
        self.echo_metadata(context)
        self.watch(context)
        for piece in requests:
            asked, _ = parse(piece)
            self.echo_status(asked, context)
            for size in asked.get("sizes", ()):
                yield bytes(size)

    def slow(self, request, context):
        self.watch(context).ended.wait(WAIT)
        return request


class Tap:
    """Passes one HTTP/2 connection in clear on to a port, and notes the compressed flag of each gRPC message on it."""

    def __init__(self, target):
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.flags = {"up": [], "down": []}
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            origin = socket.create_connection(("127.0.0.1", self.target() if callable(self.target) else self.target))
            for end in (client, origin):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.pass_on, args=(client, origin, "up", 24), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(origin, client, "down", 0), daemon=True).start()

    def pass_on(self, source, target, way, preface_bytes):
        waiting, skip, messages = b"", preface_bytes, {}
        try:
            while piece := source.recv(65536):
                waiting += piece
                if skip and len(waiting) >= skip:
                    waiting, skip = waiting[skip:], 0
                while not skip and len(waiting) >= 9 and len(waiting) >= 9 + int.from_bytes(waiting[:3], "big"):
                    size, kind, frame_flags = int.from_bytes(waiting[:3], "big"), waiting[3], waiting[4]
                    if kind == 0:
                        body = waiting[9:9 + size]
                        if frame_flags & 8:
                            body = body[1:len(body) - body[0]]
                        self.note(messages, waiting[5:9], body, way)
                    waiting = waiting[9 + size:]
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note(self, messages, stream, data, way):
        held = messages.get(stream, b"") + data
        while len(held) >= 5 and len(held) >= 5 + int.from_bytes(held[1:5], "big"):
            self.flags[way].append(held[0])
            held = held[5 + int.from_bytes(held[1:5], "big"):]
        messages[stream] = held


class Client:
    def __init__(self, port):
        # A connection of its own, also where another client has one to the same address.
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[
            ("grpc.default_authority", "site.test"), ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)])

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


def main():
    service = Service()
    served = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=1100), handlers=(service,))
    port = served.add_insecure_port("127.0.0.1:0")
    served.start()
    taps = {"service": service, "server": Tap(port), "client": Tap(lambda: PORT[""])}
    is_load = any("thousand" in name for name in sys.argv[1:])
    print(port if is_load else taps["server"].port, flush=True)
    PORT[""] = int(sys.stdin.readline())
    PORT["tapped"] = taps["client"].port
    client = Client(PORT[""])
    for name in sys.argv[1:]:
        globals()["case_" + name](client, taps)
        print("ok", name, flush=True)
    served.stop(None)


main()
