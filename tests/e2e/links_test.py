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


def asked(daemon):
    return statistics(daemon)["requests_started"]


def test_listeners_share_a_site_by_their_weights():
    server = origin.serve({"*": lambda handler: handler.answer(handler.path.encode(), content_type="text/plain")})
    pair = harness.Pair(server.server_port)
    other_port = harness.free_port()
    other = harness.Daemon(pair.folder, "other", {**pair.listener.settings, "wan.port": other_port,
                                                  "control.socket": pair.folder / "other.sock"})
    pair.sender.settings |= {
        f"site.{pair.host}.listeners": f"127.0.0.1:{pair.link_port} 127.0.0.1:{other_port}",
        f"site.{pair.host}.weights": "3 1", "link.slow_start": 0}
    pages = [f"/{chr(97 + number % 26)}{chr(97 + number // 26)}/page" for number in range(200)]

    def visit():
        before = {daemon.name: asked(daemon) for daemon in (pair.listener, other) if daemon.process}
        for page in pages:
            status, _, body = pair.get(page)
            assert status == 200 and body == page.encode(), (page, status)
        return {daemon.name: asked(daemon) - before[daemon.name] for daemon in (pair.listener, other) if daemon.process}

    def links_up(count):
        harness.wait_until(lambda: pair.sender.log.read_text().count(" is up\n") >= count, f"{count} links are up")

    try:
        other.start()
        with pair:
            links_up(2 * harness.LANES)
            first = visit()
            assert 120 <= first["listener"] <= 180 and first["listener"] + first["other"] == len(pages), first
            assert visit() == first, "a page stays with its listener"
            other.stop()
            assert visit() == {"listener": len(pages)}, "the pages of the one that has stopped"
            other.start()
            links_up(3 * harness.LANES)
            assert visit() == first, "they are back"
            # A standby is asked only when there is no other.
            pair.sender.settings[f"site.{pair.host}.weights"] = "1 0"
            pair.sender.write()
            assert harness.ctl(pair.sender, "reload")[0] == harness.OK
            assert visit() == {"listener": len(pages), "other": 0}
    finally:
        other.stop()


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
