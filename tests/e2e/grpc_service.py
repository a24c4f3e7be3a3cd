"""The server of the gRPC tests, and a tap that looks at the messages on a connection. Messages are a line of JSON and a payload of
zeros, because no protobuf compiler is needed for these."""
import json
import socket
import threading

import grpc

SERVICE = "railgun.test.TestService"
WAIT = 60  # seconds; when a wait counts as hanging
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


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
    """Passes HTTP/2 connections in clear on to a port, and notes the compressed flag of each gRPC message on them."""

    def __init__(self, target):
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.flags = {"up": [], "down": []}
        self.connections = 0  # so far
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            self.connections += 1
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
