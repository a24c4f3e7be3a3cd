"""Links and the control socket when others misuse their ports: peers that never say who they are, operators' sockets that
are held by silent clients."""
import contextlib
import json
import resource
import socket
import subprocess
import sys

import harness
import origin

DESCRIPTORS = 256


class SmallDaemon(harness.Daemon):
    """A daemon that may open few files."""

    def start(self):
        self.write()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [harness.BIN / "railgund", "--stderr", "--config", self.config], stdout=log, stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)))
        return self


def statistics(daemon):
    code, out, err = harness.ctl(daemon, "stats", "--json")
    assert code == harness.OK, err
    return json.loads(out)


def silent_connections(stack, port, count):
    """Connections that send nothing. The daemon may close any of them."""
    for _ in range(count):
        with contextlib.suppress(OSError):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE))


def test_strangers_on_the_link_port_take_nothing_from_links_and_origins():
    server = origin.serve({"/": lambda handler: handler.answer(b"yes", content_type="text/plain")})
    pair = harness.Pair(server.server_port)
    pair.listener = SmallDaemon(pair.folder, "listener", pair.listener.settings)
    with pair, contextlib.ExitStack() as strangers:
        silent_connections(strangers, pair.link_port, 300)
        for _ in range(20):
            assert pair.get()[0] == 200
        counted = statistics(pair.listener)["railgun"]
        assert counted["handshakes_dropped"] > 200 and counted["descriptors_refused"] == 0, counted
        assert counted["handshakes_open"] <= 32, "one address has more than half"
        # A new link comes up between them.
        pair.sender.stop()
        log = pair.sender.log.read_text().count("is up")
        pair.sender.start()
        silent_connections(strangers, pair.link_port, 100)
        harness.wait_until(lambda: pair.sender.log.read_text().count("is up") > log, "the new link is up")
        harness.wait_until(lambda: harness.answers(pair.port) and pair.get()[0] == 200, "it serves")


def test_silent_clients_of_the_control_socket_lock_nobody_out():
    server = origin.serve({"/": lambda handler: handler.answer(b"yes", content_type="text/plain")})
    with harness.Pair(server.server_port) as pair, contextlib.ExitStack() as silent:
        for _ in range(100):
            client = silent.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(pair.sender.settings["control.socket"]))
        for _ in range(5):
            code, _, err = harness.ctl(pair.sender, "status")
            assert code == harness.OK, err


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
