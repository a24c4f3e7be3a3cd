"""An origin made of raw sockets: it does just what a test says."""
import contextlib
import socket
import threading


class Origin:
    """Listens on loopback and runs `behave(connection, head)` for each request head, on a thread a connection."""

    def __init__(self, behave, receive_buffer=None):
        self.behave = behave
        self.heads = []
        self.listening = socket.socket()
        if receive_buffer:
            self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(512)
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        held = b""
        with contextlib.suppress(OSError), connection:
            while True:
                while b"\r\n\r\n" not in held:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    held += piece
                head, _, held = held.partition(b"\r\n\r\n")
                self.heads.append(head.decode())
                if self.behave(connection, head.decode()) == "close":
                    return

    def close(self):
        # Ends accept(), which would take a connection of the next socket that gets the same descriptor.
        self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listening.close()


def read_until(client, mark):
    got = b""
    while mark not in got:
        piece = client.recv(65536)
        assert piece, got
        got += piece
    return got
