"""An origin of HTTP/2 in clear, on python3-h2, that does just what a test says."""
import contextlib
import socket
import struct

import raw_origin
from http2_client import h2


class Origin(raw_origin.Origin):
    """Listens on loopback and answers each request, when it is whole, with `behave(fields)`: status, fields, body, and how it
    ends: "whole", "reset" (of the stream), "fin" or "cut" (of the connection, in order or not). `fields`: a dictionary of the
    request's fields and pseudo-fields."""

    def _serve(self, connection):
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        server.initiate_connection()
        heads, waiting = {}, {}  # by stream: of requests that are not whole, and the rest of answers
        with contextlib.suppress(OSError), connection:
            connection.sendall(server.data_to_send())
            while data := connection.recv(65536):
                for event in server.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        heads[event.stream_id] = dict(event.headers)
                    elif isinstance(event, h2.events.DataReceived):
                        server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        status, fields, body, how = self.behave(heads.pop(event.stream_id))
                        server.send_headers(event.stream_id, [(":status", str(status)), *fields])
                        waiting[event.stream_id] = (body, how)
                    elif isinstance(event, h2.events.StreamReset):
                        waiting.pop(event.stream_id, None)
                ends = [self._send(server, stream, waiting) for stream in list(waiting)]
                connection.sendall(server.data_to_send())
                if "cut" in ends:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if "cut" in ends or "fin" in ends:
                    return

    @staticmethod
    def _send(server, stream, waiting):
        """What the windows let out; how the answer ended, if it did."""
        body, how = waiting[stream]
        while body and (size := min(len(body), server.local_flow_control_window(stream), server.max_outbound_frame_size)):
            server.send_data(stream, body[:size])
            body = body[size:]
        waiting[stream] = (body, how)
        if body:
            return None
        del waiting[stream]
        if how == "whole":
            server.end_stream(stream)
        elif how == "reset":
            server.reset_stream(stream, error_code=h2.errors.ErrorCodes.INTERNAL_ERROR)
        return how
