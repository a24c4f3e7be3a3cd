"""A log that nobody reads, or that is not there: requests go on, and whoever starts the daemon learns why it ended."""
import fcntl
import os
import socket
import subprocess
import sys
import time

import harness
import origin

REQUESTS = 300
PIPE_SIZE = 1031  # F_SETPIPE_SZ of fcntl(2), which this Python does not name


class QuietPair(harness.Pair):
    """A pair whose sender logs elsewhere than to its file: it is up when a request passes."""

    def link_is_up(self):
        return self.get("/")[0] == 200


def page(handler):
    handler.answer(b"<p>" + handler.path.encode())


def start_with(daemon, errors, *options):
    """Starts the daemon with that descriptor as its standard error."""
    daemon.write()
    daemon.log.touch()
    daemon.process = subprocess.Popen([harness.BIN / "railgund", *options, "--config", daemon.config], stderr=errors)


def requests_pass(pair):
    for number in range(REQUESTS):
        assert pair.get(f"/{number}", timeout=10)[0] == 200, number


def test_a_pipe_that_nobody_reads_stops_nothing():
    server = origin.serve({"*": page})
    reading, writing = os.pipe()
    fcntl.fcntl(writing, PIPE_SIZE, 4096)
    pair = QuietPair(server.server_port)
    pair.sender.start = lambda: start_with(pair.sender, writing, "--stderr")
    with pair:
        requests_pass(pair)
        begun = time.monotonic()
        assert pair.sender.stop() == 0
        print(f"        stopped in {time.monotonic() - begun:.1f} s")
    os.close(writing)
    text = b""
    while piece := os.read(reading, 65536):
        text += piece
    os.close(reading)
    assert b"listening on" in text, text
    server.shutdown()


def test_a_syslog_that_stands_still_stops_nothing():
    server = origin.serve({"*": page})
    pair = QuietPair(server.server_port)
    path = pair.folder / "log"
    syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    syslog.bind(str(path))
    pair.sender.settings["syslog.addr"] = path
    pair.sender.start = lambda: start_with(pair.sender, subprocess.DEVNULL)
    with pair:
        requests_pass(pair)
        assert b"railgund[" in syslog.recv(65536)
    syslog.close()
    server.shutdown()


def test_a_start_that_fails_says_why_on_standard_error():
    taken = socket.create_server(("127.0.0.1", 0))
    pair = harness.Pair(1)
    syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for has_syslog in (False, True):
        path = pair.folder / f"log-{has_syslog}"
        if has_syslog:
            syslog.bind(str(path))
        pair.sender.settings |= {"syslog.addr": path, "listen": f"127.0.0.1:{taken.getsockname()[1]}"}
        pair.sender.write()
        done = subprocess.run([harness.BIN / "railgund", "--config", pair.sender.config], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 1, done
        assert "address already in use" in done.stderr, done
    syslog.close()
    taken.close()


def test_without_a_syslog_the_log_goes_to_standard_error():
    server = origin.serve({"*": page})
    pair = QuietPair(server.server_port)
    errors = pair.folder / "errors"
    pair.sender.settings["syslog.addr"] = pair.folder / "nothing-here"

    def start():
        with open(errors, "wb") as file:
            start_with(pair.sender, file)

    pair.sender.start = start
    with pair:
        pair.get("/page")
        harness.wait_until(lambda: "serves as a sender" in errors.read_text(), "the log is on standard error")
    server.shutdown()


harness.run_tests(sys.modules[__name__])
