"""Clients of HTTP/2: one on python3-h2 that behaves, and frames by hand for one that does not."""
import socket
import ssl
import struct
import sys

# Where Debian's package python3-h2 is: a Python that is not Debian's does not look there.
sys.path.append("/usr/lib/python3/dist-packages")
import h2.config
import h2.connection
import h2.events

import harness

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
ENHANCE_YOUR_CALM = 11


def connect(front, protocol="h2"):
    """A TLS connection to the sender of `front` that has agreed on HTTP/2."""
    context = ssl.create_default_context(cafile=str(front.authority.certificate))
    context.set_alpn_protocols([protocol])
    connection = front.connect(context=context)
    assert connection.selected_alpn_protocol() == protocol
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Client:
    """One connection. Requests may run side by side: events are kept for their streams."""

    def __init__(self, connection, scheme="https"):
        self.socket = connection
        self.scheme = scheme
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events = {}
        self.goaways = []
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def ask(self, path="/", method="GET", fields=(), body=None, ends=True):
        """Sends a request; its stream."""
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", self.scheme), (":authority", "site.test"), (":path", path), *fields]
        self.h2.send_headers(stream, head, end_stream=body is None and ends)
        self.flush()
        self.send(stream, body or b"", ends and body is not None)
        return stream

    def send(self, stream, data, ends=False):
        while data:
            size = min(len(data), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size == 0:
                self.receive()
                continue
            self.h2.send_data(stream, data[:size])
            data = data[size:]
            self.flush()
        if ends:
            self.h2.end_stream(stream)
            self.flush()

    def receive(self):
        """Takes what comes next. False: the connection has ended."""
        data = self.socket.recv(65536)
        for event in self.h2.receive_data(data) if data else ():
            if isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if isinstance(event, h2.events.ConnectionTerminated):
                self.goaways.append((event.last_stream_id, event.error_code))
            if getattr(event, "stream_id", None):
                self.events.setdefault(event.stream_id, []).append(event)
        self.flush()
        return bool(data)

    def wait(self, stream, kind):
        """The events of `stream` up to the first of this kind, which is the last."""
        while True:
            events = self.events.get(stream, [])
            for i, event in enumerate(events):
                if isinstance(event, kind):
                    self.events[stream] = events[i + 1:]
                    return events[:i + 1]
                assert not isinstance(event, h2.events.StreamReset), f"stream {stream} was reset: {event}"
            assert self.receive(), f"the connection ended while stream {stream} waited for {kind.__name__}"

    def answer(self, stream):
        """Status, fields and body."""
        events = self.wait(stream, h2.events.StreamEnded)
        head = [event for event in events if isinstance(event, h2.events.ResponseReceived)][0]
        fields = dict(head.headers)
        body = b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
        return int(fields.pop(":status")), fields, body

    def get(self, path="/", **more):
        return self.answer(self.ask(path, **more))


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def block(fields):
    """HPACK literals that are not indexed."""
    return b"".join(bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)


GET = [(":method", "GET"), (":scheme", "https"), (":authority", "site.test"), (":path", "/slow")]


def headers(stream, fields=tuple(GET), ends=True):
    return frame(HEADERS, 4 | ends, stream, block(fields))


def ping(flags=0, opaque=bytes(8)):
    return frame(PING, flags, 0, opaque)


class Attacker:
    """Sends bytes by hand and reads what comes back, frame by frame."""

    def __init__(self, connection, settings=b""):
        self.socket = connection
        self.socket.settimeout(harness.PATIENCE)
        self.received = b""
        self.sent_all = True
        self.send(PREFACE + frame(SETTINGS, 0, 0, settings) + frame(SETTINGS, 1, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False: the other end has closed."""
        try:
            self.socket.sendall(data)
        except OSError:
            self.sent_all = False
        return self.sent_all

    def next_frame(self):
        """Type, flags, stream and payload; nothing at the end."""
        while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
            try:
                data = self.socket.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            self.received += data
        size = int.from_bytes(self.received[:3], "big")
        kind, flags, stream = self.received[3], self.received[4], int.from_bytes(self.received[5:9], "big")
        payload, self.received = self.received[9:9 + size], self.received[9 + size:]
        return kind, flags, stream, payload

    def goaway_code(self):
        """The code of the last GOAWAY before the end; nothing if there was none."""
        code = None
        while got := self.next_frame():
            if got[0] == GOAWAY:
                code = int.from_bytes(got[3][4:8], "big")
        return code
