"""A real memcached on a Unix socket, for the end-to-end tests."""
import os
import pwd
import signal
import socket
import subprocess

import harness


class Memcached:
    """Use as a context manager."""

    def __init__(self, folder):
        self.socket = folder / "memcached.sock"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(["memcached", "-u", pwd.getpwuid(os.geteuid()).pw_name, "-s", self.socket, "-m", "64"])
        harness.wait_until(self.socket.exists, "memcached listens")

    def ask(self, command, end):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.PATIENCE)
            client.connect(str(self.socket))
            client.sendall(command)
            answer = b""
            while not answer.endswith(end):
                piece = client.recv(65536)
                assert piece, "memcached closed the connection"
                answer += piece
            return answer.decode()

    def _figure(self, name):
        lines = self.ask(b"stats\r\n", b"END\r\n").splitlines()
        return next(int(line.split()[2]) for line in lines if line.startswith(f"STAT {name} "))

    def items(self):
        return self._figure("curr_items")

    def stored(self):
        return self._figure("total_items")

    def flush(self):
        self.ask(b"flush_all\r\n", b"OK\r\n")

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait(harness.PATIENCE)
