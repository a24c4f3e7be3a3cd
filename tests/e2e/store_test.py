"""Page versions in a real memcached outlive both daemons, and pages that must not be stored are not."""
import json
import pathlib
import sys
import tempfile

import harness
import news_origin
import origin
from memcached import Memcached


class Count:
    value = 0

    @classmethod
    def page(cls, handler, fields=()):
        cls.value += 1
        handler.answer(news_origin.page(cls.value, 0), fields=fields)


ROUTES = {"/page": Count.page, "/kept-out": lambda handler: Count.page(handler, [("Cache-Control", "private, no-store")])}


def share_of_page(fields):
    """Percent of the page that crossed the link, or None if there was no delta."""
    share = fields["Cf-Railgun"].split()[1]
    return None if share in ("stream", "normal") else float(share)


def test_a_restarted_pair_finds_its_references_in_memcached():
    server = origin.serve(ROUTES)
    with tempfile.TemporaryDirectory(prefix="railgun-memcached-") as folder, Memcached(pathlib.Path(folder)) as memcached:
        store = {"memcached.servers": memcached.socket}
        with harness.Pair(server.server_port, listener=store, sender=store) as pair:
            _, fields, _ = pair.get("/page")
            assert share_of_page(fields) > 5, f"nothing to compare the first page with: {fields}"
            seen = []
            # A sender waits only milliseconds for its store, so a busy machine may need more than one restart.
            while not seen or (seen[-1] >= 2 and len(seen) < 10):
                harness.wait_until(lambda: memcached.stored() >= 2 * Count.value, "both ends store the page")
                for daemon in (pair.listener, pair.sender):
                    assert daemon.stop() == 0, daemon.name
                    daemon.log.unlink()
                pair.__enter__()
                status, fields, body = pair.get("/page")
                assert status == 200 and body == news_origin.page(Count.value, 0), "the page after the restart"
                seen.append(share_of_page(fields))
            assert seen[-1] < 2, f"no first page after a restart is a delta: {seen}"
            for daemon in (pair.listener, pair.sender):
                each, = json.loads(harness.ctl(daemon, "status", "--json")[1])["store"]["servers"]
                assert each["address"] == str(memcached.socket) and each["state"] == "up" and each["hits"] >= 1, each
            print(f"        the first answer after restart {len(seen)}: {fields['Cf-Railgun']}")
    server.shutdown()


def test_what_says_no_store_never_reaches_memcached():
    server = origin.serve(ROUTES)
    with tempfile.TemporaryDirectory(prefix="railgun-memcached-") as folder, Memcached(pathlib.Path(folder)) as memcached:
        store = {"memcached.servers": memcached.socket}
        with harness.Pair(server.server_port, listener=store, sender=store) as pair:
            for _ in range(3):
                _, fields, _ = pair.get("/kept-out")
            assert share_of_page(fields) < 2, f"kept in memory it is a reference all the same: {fields}"
            pair.get("/page")
            harness.wait_until(lambda: memcached.items() == 2, "the other page is stored by both ends")
            assert memcached.stored() == 2, f"{memcached.stored()} items were ever stored"
    server.shutdown()


harness.run_tests(sys.modules[__name__])
