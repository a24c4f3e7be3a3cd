"""What clients see when something breaks under load: right pages or clean errors, never a wrong byte, and service soon
again; and that reloading and stopping in order break nothing."""
import contextlib
import pathlib
import random
import signal
import socket
import ssl
import sys
import tempfile
import threading

import certified
import harness
from memcached import Memcached


@contextlib.contextmanager
def certified_pair(**more):
    pages = certified.Origin()
    try:
        with harness.Pair(pages.port, **more) as pair:
            yield pair, pages
    finally:
        if pages.process.poll() is None:
            pages.stop()


def test_killing_any_program_under_load_gives_no_wrong_byte():
    with certified_pair() as (pair, pages), certified.Load(pair) as load:
        for name, victim in (("listener", pair.listener), ("sender", pair.sender), ("origin", pages)):
            for _ in range(2):
                victim.stop(signal.SIGKILL)
                errors = len(load.errors)
                harness.wait_until(lambda: len(load.errors) > errors, f"a request fails without the {name}")
                victim.start()
                took = certified.seconds_to_a_right_page(pair)
                print(f"        {name} killed: a right page {took * 1000:.0f} ms after it was started again")
                load.wait_for_right(20)
        print(f"        {load.right} right pages, {len(load.errors)} clean errors")


def test_memcached_may_freeze_forget_and_die_without_anybody_noticing():
    with tempfile.TemporaryDirectory(prefix="railgun-memcached-") as folder, Memcached(pathlib.Path(folder)) as memcached:
        # Memory for a few pages only, so that the store is asked all the time.
        store = {"memcached.servers": memcached.socket, "memory.limit": "1M", "reference.page_limit": "200K"}
        with certified_pair(listener=store, sender=store) as (pair, _), certified.Load(pair, paths=20) as load:
            load.wait_for_right(15)
            for _ in range(10):
                memcached.flush()
                load.wait_for_right(2)
            memcached.freeze()
            load.wait_for_right(30)
            memcached.thaw()
            load.wait_for_right(15)
            memcached.kill()
            load.wait_for_right(30)
            memcached.start()
            load.wait_for_right(15)
            print(f"        {load.right} right pages, {len(load.errors)} errors, the slowest {load.slowest * 1000:.0f} ms")
            assert not load.errors, load.errors[:5]


def test_reloading_under_load_fails_no_request():
    with certified_pair() as (pair, _), certified.Load(pair) as load:
        certified.reload_both(pair, load, 2)
        assert not load.errors, load.errors[:5]
        print(f"        {load.right} right pages, certificates renewed twice on the way")


def test_stopping_in_order_finishes_what_was_begun():
    for name in ("sender", "listener"):
        with certified_pair() as (pair, pages):
            daemon = getattr(pair, name)
            answers = []
            client = threading.Thread(target=lambda: answers.append(pair.get("/slow", {"X-Nonce": "slow", "X-Hold": "1"})))
            client.start()
            harness.wait_until(lambda: pages.held() == 1, "the origin has the request")
            daemon.process.send_signal(signal.SIGTERM)
            port = pair.port if name == "sender" else pair.link_port
            harness.wait_until(lambda: not harness.answers(port), f"the {name} takes no new connections")
            assert daemon.process.poll() is None and not answers, f"the {name} did not wait for the answer"
            pages.release()
            client.join()
            assert daemon.stop() == 0, f"the {name}'s exit status"
            status, _, body = answers[0]
            assert status == 200 and certified.is_right(body, "/slow", "slow"), (name, status, body[:100])
            daemon.start()


def test_without_a_listener_the_origin_is_asked_directly():
    with certified_pair(direct=True) as (pair, pages):
        pair.listener.stop(signal.SIGKILL)
        status, fields, body = pair.get("/", {"X-Nonce": "n"})
        assert status == 200 and certified.is_right(body, "/", "n"), (status, body[:100])
        assert fields["Cf-Railgun"].startswith("direct ("), fields
        pages.stop()
        status, _, body = pair.get("/")
        assert status == 527 and b"site.test" in body, (status, body)
        pages.start()
        pair.listener.start()
        harness.wait_until(lambda: "direct" not in pair.get("/", {"X-Nonce": "n"})[1]["Cf-Railgun"],
                           "requests go through the listener again")


def test_without_a_listener_and_an_origin_the_answer_is_527():
    with certified_pair() as (pair, _):
        pair.listener.stop(signal.SIGKILL)
        status, _, body = pair.get("/")
        assert status == 527 and b"site.test" in body and len(body) < 500, (status, body)
        (pair.folder / "sorry.html").write_text("<h1>Back soon</h1>")
        pair.sender.settings["site.site.test.error_page"] = pair.folder / "sorry.html"
        pair.sender.write()
        assert harness.ctl(pair.sender, "reload")[0] == 0
        status, fields, body = pair.get("/")
        assert status == 527 and body == b"<h1>Back soon</h1>" and fields["Content-Type"].startswith("text/html"), body
        pair.listener.start()
        certified.seconds_to_a_right_page(pair)


def test_only_certificates_of_the_pair_make_a_link():
    with certified_pair() as (pair, _), tempfile.TemporaryDirectory(prefix="railgun-others-") as folder:
        others = harness.Certificates(pathlib.Path(folder))
        port = harness.free_port()
        settings = dict(pair.sender.settings) | others.settings("sender") | {
            "listen": f"127.0.0.1:{port}", "control.socket": pathlib.Path(folder, "control.sock"), "state.directory": folder}
        for what, replaced in (("a certificate of another authority", {}),
                               ("another authority's certificate, ours trusted", {"link.ca_file": pair.certificates.ca})):
            stranger = harness.Daemon(pathlib.Path(folder), "stranger", settings | replaced).start()
            try:
                harness.wait_until(lambda: harness.answers(port), "the stranger answers")
                harness.wait_until(lambda: "cannot reach" in stranger.log.read_text() or "is down" in stranger.log.read_text(),
                                   "the stranger is told")
                ours, pair.port = pair.port, port
                status, _, body = pair.get("/")
                pair.port = ours
                assert status == 527, (what, status, body)
            finally:
                stranger.stop()
            print("       ", next(line for line in stranger.log.read_text().splitlines()
                                  if "cannot reach" in line or "is down" in line)[32:])
            stranger.log.unlink()
        certified.seconds_to_a_right_page(pair)


def read_to_the_end(connection):
    everything = b""
    with contextlib.suppress(OSError):
        while piece := connection.recv(65536):
            everything += piece
    return everything


def test_garbage_on_the_link_port_ends_its_connection_alone():
    with certified_pair() as (pair, _), certified.Load(pair, clients=1) as load:
        def connect():
            return socket.create_connection(("127.0.0.1", pair.link_port), timeout=harness.PATIENCE)
        for garbage in (b"GET / HTTP/1.1\r\nHost: site.test\r\n\r\n", b"\x00" * 1000, random.Random(1).randbytes(100_000),
                        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(505)):
            with connect() as connection:
                with contextlib.suppress(OSError):
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                answer = read_to_the_end(connection)
                assert b"HTTP" not in answer and len(answer) < 200, answer
        idle = [connect() for _ in range(20)]

        # TLS as it should be, with the sender's certificate; inside it, what no railgun says.
        context = ssl.create_default_context(cafile=pair.certificates.ca)
        context.check_hostname = False
        context.load_cert_chain(pair.certificates.folder / "sender.pem", pair.certificates.folder / "sender.key")
        for what, bytes_inside in (("not our protocol", b"GET / HTTP/1.1\r\n\r\n"), ("random", random.Random(2).randbytes(5000)),
                                   ("a version to come", b"RAILGUN\n\x63\x63" + bytes(2))):
            with connect() as plain, context.wrap_socket(plain) as connection:
                connection.sendall(bytes_inside)
                answer = read_to_the_end(connection)
                print(f"        {what}: {bytes(byte if 32 <= byte < 127 else 46 for byte in answer[-90:]).decode()}")

        # An old TLS, and nobody's certificate.
        for limit in (lambda c: setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_2), lambda c: None):
            context = ssl.create_default_context(cafile=pair.certificates.ca)
            context.check_hostname = False
            limit(context)
            refused = False
            try:
                with connect() as plain, context.wrap_socket(plain) as connection:
                    connection.sendall(b"RG")
                    refused = connection.recv(100) == b""
            except OSError:
                refused = True
            assert refused, "a link without a certificate, or with old TLS"
        for connection in idle:
            connection.close()
        load.wait_for_right(20)
        assert not load.errors, load.errors[:5]


harness.run_tests(sys.modules[__name__])
