"""WebSocket frames (RFC 6455), and an origin's handler that echoes them."""
import base64
import hashlib
import json
import os
import struct


def frame(opcode, payload, mask):
    length = len(payload)
    head = bytes([0x80 | opcode])
    bit = 0x80 if mask else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    if not mask:
        return head + payload
    key = os.urandom(4)
    pad = (key * (length // 4 + 1))[:length]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")


def read_frame(file):
    first, second = file.read(2)
    length = second & 0x7F
    if length == 126:
        length, = struct.unpack(">H", file.read(2))
    elif length == 127:
        length, = struct.unpack(">Q", file.read(8))
    key = file.read(4) if second & 0x80 else bytes(4)
    payload = file.read(length)
    pad = (key * (length // 4 + 1))[:length]
    return first & 0x0F, (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")


def messages(count):
    """Texts as applications send them: JSON that repeats, with numbers that do not."""
    return [json.dumps({"type": "update", "room": "lobby", "user": {"id": 4711 + i % 5, "name": "A Visitor", "status": "online"},
                        "position": {"x": i * 7919 % 1000, "y": i * 104729 % 1000}, "time": 1795991211829 + 137 * i}).encode()
            for i in range(count)]


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def websocket(handler):
    handler.send_response(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", accept_of(handler.headers["Sec-WebSocket-Key"]))
    handler.end_headers()
    handler.close_connection = True
    while True:
        opcode, payload = read_frame(handler.rfile)
        handler.wfile.write(frame(opcode, payload, mask=False))
        if opcode == 8:
            return
