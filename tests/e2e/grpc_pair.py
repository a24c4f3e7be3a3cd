"""gRPC as Debian's python3-grpcio speaks it, through a sender and a listener: a program of its own, for the system's Python.
Argument: the cases to run, or "load". Prints "ok NAME" for each; any failure is an exception.

The server tells its port on the first line of output and reads the sender's port from input, so that whoever runs this can
put the pair between them."""
import concurrent.futures
import sys
import threading

import grpc

SERVICE = "railgun.test.Echo"
WAIT = 60  # when a wait counts as hanging


def raw(data):
    return data


class Echo(grpc.GenericRpcHandler):
    def __init__(self):
        self.cancelled = threading.Event()
        self.begun = threading.Event()

    def service(self, details):
        kinds = {"Unary": (grpc.unary_unary_rpc_method_handler, self.unary),
                 "Fail": (grpc.unary_unary_rpc_method_handler, self.fail),
                 "Slow": (grpc.unary_unary_rpc_method_handler, self.slow),
                 "Sum": (grpc.stream_unary_rpc_method_handler, self.sum),
                 "Count": (grpc.unary_stream_rpc_method_handler, self.count),
                 "Talk": (grpc.stream_stream_rpc_method_handler, self.talk)}
        name = details.method.rpartition("/")[2]
        if name not in kinds:
            return None
        make, behave = kinds[name]
        return make(behave, request_deserializer=raw, response_serializer=raw)

    def unary(self, request, context):
        given = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-head", given.get("x-mine", "none")),))
        context.set_trailing_metadata((("x-tail", "behind"), ("x-data-bin", bytes(range(256)))))
        return request

    def fail(self, request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "there is no such thing, \u00fcberhaupt")

    def slow(self, request, context):
        context.add_callback(self.cancelled.set)
        self.begun.set()
        self.cancelled.wait(WAIT)
        return request

    def sum(self, requests, context):
        return str(sum(len(piece) for piece in requests)).encode()

    def count(self, request, context):
        for i in range(int(request)):
            yield b"%d" % i * 1000

    def talk(self, requests, context):
        for piece in requests:
            yield piece[::-1]


class Client:
    def __init__(self, port):
        # A connection of its own, also where another client has one to the same address.
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[
            ("grpc.default_authority", "site.test"), ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)])

    def call(self, kind, name):
        return getattr(self.channel, kind)(f"/{SERVICE}/{name}", request_serializer=raw, response_deserializer=raw)


def case_unary(client, _):
    for size in (0, 1, 1000, 1_000_000):
        sent = bytes(i % 251 for i in range(size))
        got, call = client.call("unary_unary", "Unary").with_call(sent, metadata=(("x-mine", "there"),), timeout=WAIT)
        assert got == sent, (size, len(got))
        assert dict(call.initial_metadata())["x-head"] == "there", call.initial_metadata()
        tail = dict(call.trailing_metadata())
        assert tail["x-tail"] == "behind" and tail["x-data-bin"] == bytes(range(256)), tail
        assert call.code() == grpc.StatusCode.OK


def status_of(ask):
    try:
        ask()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call did not fail")


def case_trailers_only(client, _):
    code, details = status_of(lambda: client.call("unary_unary", "Fail")(b"x", timeout=WAIT))
    assert (code, details) == (grpc.StatusCode.NOT_FOUND, "there is no such thing, \u00fcberhaupt"), (code, details)
    code, _ = status_of(lambda: client.call("unary_unary", "NoSuchMethod")(b"x", timeout=WAIT))
    assert code == grpc.StatusCode.UNIMPLEMENTED, code


def case_client_stream(client, _):
    got = client.call("stream_unary", "Sum")((b"x" * 10_000 for _ in range(50)), timeout=WAIT)
    assert got == b"500000", got


def case_server_stream(client, _):
    got = list(client.call("unary_stream", "Count")(b"200", timeout=WAIT))
    assert got == [b"%d" % i * 1000 for i in range(200)], len(got)


def case_both_streams(client, _):
    """Each answer comes before the next request is made."""
    answered = threading.Semaphore(1)

    def ask():
        for i in range(20):
            assert answered.acquire(timeout=WAIT)
            yield b"message %d" % i

    got = []
    for piece in client.call("stream_stream", "Talk")(ask(), timeout=WAIT):
        got.append(piece[::-1])
        answered.release()
    assert got == [b"message %d" % i for i in range(20)], got


def case_cancel(client, server):
    server.begun.clear()
    server.cancelled.clear()
    call = client.call("unary_unary", "Slow").future(b"x")
    assert server.begun.wait(WAIT)
    call.cancel()
    assert server.cancelled.wait(WAIT), "the server was not told"


def case_deadline(client, server):
    server.cancelled.clear()
    code, _ = status_of(lambda: client.call("unary_unary", "Slow")(b"x", timeout=0.5))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED, code
    assert server.cancelled.wait(WAIT), "the server was not told"


def load(port):
    """A thousand streams that are open at the same time, on ten connections."""
    clients = [Client(port) for _ in range(10)]
    go_on = threading.Event()

    def ask():
        yield b"first"
        assert go_on.wait(WAIT)
        yield b"last"

    calls = [client.call("stream_stream", "Talk")(ask(), timeout=2 * WAIT) for client in clients for _ in range(100)]
    assert all(next(call) == b"tsrif" for call in calls)
    go_on.set()
    assert all(list(call) == [b"tsal"] for call in calls)


def main():
    server = Echo()
    is_load = sys.argv[1:] == ["load"]
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=1100 if is_load else 20)
    served = grpc.server(pool, handlers=(server,))
    print(served.add_insecure_port("127.0.0.1:0"), flush=True)
    served.start()
    port = int(sys.stdin.readline())
    if is_load:
        load(port)
        print("ok load", flush=True)
    else:
        client = Client(port)
        for name in sys.argv[1:]:
            globals()["case_" + name](client, server)
            print("ok", name, flush=True)
    served.stop(None)


main()
