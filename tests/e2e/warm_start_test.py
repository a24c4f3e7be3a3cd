"""Page versions and statistics outlive the process: an upgrade in place hands them over, cache.directory keeps them over a
stop."""
import json
import os
import pathlib
import random
import re
import sys
import tempfile

import harness
import origin
import statistics_client
import succession

PAGES = 30


class Site:
    """Pages that have nothing in common with each other, so each is a delta only against an earlier version of its own."""

    def __init__(self, fields=()):
        self.asked = 0
        self.fields = fields

    def answer(self, handler):
        self.asked += 1
        own = random.Random(handler.path).randbytes(6000).hex()
        handler.answer(f"<p>{own}</p><p>answer {self.asked}</p>".encode(), fields=self.fields)


def share_of_page(fields):
    """Percent of the page that crossed the link; 100 if there was no delta."""
    share = fields["Cf-Railgun"].split()[1]
    return 100 if share in ("stream", "normal", "direct") else float(share)


def deltas(pair, pages=range(PAGES)):
    """How many of the pages are deltas, each asked for once."""
    count = 0
    for number in pages:
        status, fields, body = pair.get(f"/{number}")
        own = random.Random(f"/{number}").randbytes(6000).hex()
        assert status == 200 and body.startswith(f"<p>{own}</p>".encode()), (number, status, body[:80])
        count += share_of_page(fields) < 5
    return count


def serve(site=None):
    return origin.serve({"*": (site or Site()).answer})


def upgraded_ends(ends):
    server = serve()
    port = harness.free_port()
    with tempfile.TemporaryDirectory(prefix="railgun-pid-") as folder:
        files = {name: pathlib.Path(folder, name) for name in ("listener", "sender")}
        settings = {name: {"pid.file": file} for name, file in files.items()}
        settings["sender"].update(statistics_client.listening(port))
        with harness.Pair(server.server_port, **settings) as pair:
            assert deltas(pair) <= 1, "the first visits"
            assert deltas(pair) == PAGES, "the second visits"
            requests = counted(port)
            for end in ends:
                succession.upgrade(getattr(pair, end), files[end])
            for end in ends:
                assert taken_over(getattr(pair, end)) >= PAGES
                text = getattr(pair, end).log.read_text()
                assert "control.socket" not in text and "stats.listen" not in text, f"what is as it should be is no error: {text}"
            found = deltas(pair)
            assert found == PAGES, f"{found} of {PAGES} are deltas after the upgrade of {ends}"
            if "sender" in ends:
                # Once the old process has left the port to the new one.
                harness.wait_until(lambda: counted(port) >= requests + PAGES, "the counters go on")
                assert counted(port) <= requests + PAGES + 1
    server.shutdown()


def taken_over(daemon):
    """How many versions the daemon has taken over."""
    text = daemon.log.read_text()
    return int(re.search(r"page versions from .*: took over (\d+) ", text).group(1))


def counted(port):
    """Requests, as the sender that has the port counts them."""
    try:
        return json.loads(statistics_client.ask(port)[2])["requests_started"]
    except (OSError, ValueError):
        return 0


def test_an_upgraded_listener_goes_on_with_deltas():
    upgraded_ends(["listener"])


def test_an_upgraded_sender_goes_on_with_deltas():
    upgraded_ends(["sender"])


def test_two_upgraded_ends_go_on_with_deltas():
    upgraded_ends(["listener", "sender"])


def restart(pair, meanwhile=lambda: None):
    for daemon in (pair.listener, pair.sender):
        assert daemon.stop() == 0, daemon.name
    meanwhile()
    for daemon in (pair.listener, pair.sender):
        daemon.log.unlink()
    pair.__enter__()


def with_directories(work, fields=()):
    server = serve(Site(fields))
    with tempfile.TemporaryDirectory(prefix="railgun-cache-") as folder:
        places = {name: pathlib.Path(folder, name) for name in ("listener", "sender")}
        for place in places.values():
            place.mkdir()
        settings = {name: {"cache.directory": place} for name, place in places.items()}
        with harness.Pair(server.server_port, **settings) as pair:
            deltas(pair)
            work(pair, {name: place / "versions" for name, place in places.items()})
    server.shutdown()


def read_again(daemon):
    harness.wait_until(lambda: "page versions from" in daemon.log.read_text(), f"the {daemon.name} reads its file")


def test_a_directory_keeps_versions_over_a_stop():
    def work(pair, files):
        for _ in range(2):
            restart(pair)
            for daemon in (pair.listener, pair.sender):
                read_again(daemon)
                assert taken_over(daemon) >= PAGES
                assert files[daemon.name].stat().st_mode & 0o777 == 0o600
            found = deltas(pair)
            assert found == PAGES, f"{found} of {PAGES} are deltas after the restart"
    with_directories(work)


def test_pages_for_memory_only_are_not_written():
    def work(pair, files):
        restart(pair)
        for daemon in (pair.listener, pair.sender):
            read_again(daemon)
            assert taken_over(daemon) == 0
        assert deltas(pair) == 0
    with_directories(work, [("Cache-Control", "no-store")])


def test_a_damaged_file_gives_what_comes_before_the_damage():
    def damage(files):
        for file in files.values():
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)

    def work(pair, files):
        restart(pair, lambda: damage(files))
        for daemon in (pair.listener, pair.sender):
            harness.wait_until(lambda: "damaged; the rest is left" in daemon.log.read_text(), f"the {daemon.name} says so")
            read_again(daemon)
        found = deltas(pair)
        assert PAGES // 4 <= found < PAGES, found
        assert deltas(pair) == PAGES
    with_directories(work)


def test_a_file_that_is_something_else_is_left():
    def replace(files):
        files["listener"].write_bytes(os.urandom(100_000))
        files["sender"].chmod(0o622)

    def work(pair, files):
        restart(pair, lambda: replace(files))
        harness.wait_until(lambda: "not a snapshot of this version" in pair.listener.log.read_text(), "the listener says so")
        harness.wait_until(lambda: "alone can write" in pair.sender.log.read_text(), "the sender says so")
        deltas(pair)
        assert deltas(pair) == PAGES
        # The next stop writes them anew.
        restart(pair)
        for daemon in (pair.listener, pair.sender):
            read_again(daemon)
        assert deltas(pair) == PAGES
    with_directories(work)


def test_a_directory_that_is_not_there_is_reported():
    server = serve()
    with harness.Pair(server.server_port, sender={"cache.directory": "/nowhere/at/all"}) as pair:
        deltas(pair, range(3))
        assert pair.sender.stop() == 0
        text = pair.sender.log.read_text()
        assert "cache.directory: /nowhere/at/all/versions: its folder does not exist" in text, text
        pair.sender.start()
    server.shutdown()


harness.run_tests(sys.modules[__name__])
