"""A sender that listens on a Unix socket, for the web server in front of it."""
import http.client
import json
import os
import pathlib
import socket
import stat
import sys

import harness
import origin
import succession


class Connection(http.client.HTTPConnection):
    """To a Unix socket."""

    def __init__(self, path):
        super().__init__("site.test", timeout=harness.PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(harness.PATIENCE)
        self.sock.connect(self.path)


def get(path, **fields):
    connection = Connection(path)
    connection.request("GET", "/", headers=fields)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def seen(handler):
    handler.answer(f"for={handler.headers['X-Forwarded-For']} host={handler.headers['Host']}".encode())


def pair_on_socket(server, **more):
    pair = harness.Pair(server.server_port, sender=more)
    path = pair.folder / "web.sock"
    pair.sender.settings["listen"] += f" unix:{path}"
    return pair, path


def test_nginx_in_front_reaches_it():
    server = origin.serve({"*": seen})
    pair, path = pair_on_socket(server, **{"trusted.proxies": "127.0.0.1"})
    with pair, origin.Nginx(proxied=f"http://unix:{path}:") as nginx:
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=harness.PATIENCE)
        for _ in range(3):
            connection.request("GET", "/", headers={"Host": "site.test", "X-Forwarded-For": "192.0.2.7"})
            assert connection.getresponse().read() == b"for=192.0.2.7, 127.0.0.1, 127.0.0.1 host=site.test"
        connection.close()
    server.shutdown()


def test_whoever_connects_is_a_client_of_this_machine():
    server = origin.serve({"*": seen})
    pair, path = pair_on_socket(server)
    with pair:
        assert get(path) == "for=127.0.0.1 host=site.test"
        # Not trusted unless trusted.proxies says so.
        assert get(path, **{"X-Forwarded-For": "192.0.2.7"}) == "for=127.0.0.1 host=site.test"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o666
        assert f"unix:{path}" in json.loads(harness.ctl(pair.sender, "status", "--json")[1])["listening"]
        harness.wait_until(lambda: f"listening on unix:{path} for clients" in pair.sender.log.read_text(), "the log says so")
    server.shutdown()


def test_a_successor_takes_it_over_and_a_socket_that_was_left_is_replaced():
    server = origin.serve({"*": seen})
    pair, path = pair_on_socket(server)
    pid_file = pathlib.Path(pair.folder, "pid")
    pair.sender.settings["pid.file"] = pid_file
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pair:
        assert get(path) == "for=127.0.0.1 host=site.test"
        inode = os.stat(path).st_ino
        succession.upgrade(pair.sender, pid_file)
        assert get(path) == "for=127.0.0.1 host=site.test"
        assert os.stat(path).st_ino == inode, "the same socket"
    server.shutdown()


def test_a_path_that_cannot_be_is_an_error_that_says_why():
    server = origin.serve({"*": seen})
    for value, words in (("unix:web.sock", "full path"), ("unix:/" + "a" * 107, "at most 107 bytes")):
        pair = harness.Pair(server.server_port, sender={"listen": value})
        pair.sender.write()
        code, out, err = harness.railgunctl("--config", pair.sender.config, "check")
        assert code != 0 and words in out + err, (code, out, err)
    server.shutdown()


harness.run_tests(sys.modules[__name__])
