"""From nothing to a delta with a token: create, activate, serve; then all that must be refused, and revocation."""
import json
import shutil
import signal
import socket
import stat
import sys
import threading
import time

import certified
from activated import HOST, World
from harness import DENIED, OK, PATIENCE, UNREACHABLE, answers, ctl, run_tests, wait_until
from succession import upgrade


def test_from_nothing_to_a_delta():
    for dials in (False, True):
        with World(dials) as world:
            begun = time.monotonic()
            token = world.create()
            assert world.show()["status"] == "INI"
            code, out, err = world.activate(token)
            assert code == OK and "Activated as paris" in out, out + err
            wait_until(world.links_up, "the link is up")
            assert world.get("/a")[0] == 200
            wait_until(lambda: world.get("/a")[1].split()[1] not in ("stream", "normal"), "a delta")
            print(f"from create to the first delta: {time.monotonic() - begun:.2f} s{' (listener dials)' if dials else ''}")
            railgun = world.show()
            assert railgun["status"] == "V" and railgun["uses_left"] == 0 and len(railgun["serials"]) == 1, railgun
            assert railgun["addresses"] == ([] if dials else [f"127.0.0.1:{world.link_port}"]), railgun
            assert world.get("/a", host="other.example.com")[0] != 200
            for file in (world.folder / "listener-state").iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_tokens_are_refused_each_for_its_reason():
    with World() as world:
        world.activate(world.create("used"))
        wait_until(world.links_up, "the link is up")
        used = world.create("twice")
        assert world.activate(used)[0] == OK
        deleted = world.create("deleted")
        ctl(world.sender, "railgun", "delete", "deleted")
        disabled = world.create("disabled")
        ctl(world.sender, "railgun", "disable", "disabled")
        for token, reason in ((used, "used already"), (deleted, "was deleted"), (disabled, "is disabled")):
            code, _, err = world.activate(token)
            assert code == DENIED and "Invalid or missing railgun token or tag" in err and reason in err, err
            wait_until(lambda: reason in world.sender.log.read_text(), "the sender's log tells, too")
        for token in ("rubbish", used[:-6], used + "aaaa"):
            code, _, err = world.activate(token)
            assert code != OK and "Activation Failed" in err, f"{token}: {err}"
        assert used not in world.sender.log.read_text() + world.listener.log.read_text()
        assert world.get("/a")[0] == 200


def test_another_sender_never_sees_the_secret():
    with World() as world, World() as stranger:
        token = world.create()
        world.sender.stop()
        stranger.sender.stop()
        # The stranger now answers where the token points.
        stranger.sender.settings["activation.listen"] = f"127.0.0.1:{world.activation_port}"
        stranger.sender.start()
        wait_until(lambda: answers(world.activation_port), "the stranger answers")
        code, _, err = world.activate(token)
        assert code == DENIED and "fingerprint" in err, err


def test_delete_closes_links_and_keeps_out():
    for dials in (False, True):
        with World(dials) as world:
            assert world.activate(world.create())[0] == OK
            wait_until(world.links_up, "the link is up")
            assert ctl(world.sender, "railgun", "delete", "paris")[0] == OK
            wait_until(lambda: not world.links_up(), "the link is closed")
            time.sleep(1.5)  # the listener of a pair that dials in comes back meanwhile
            assert not world.links_up() and world.get("/a")[0] != 200


def test_everything_survives_a_restart():
    with World() as world:
        assert world.activate(world.create())[0] == OK
        wait_until(world.links_up, "the link is up")
        for daemon in (world.sender, world.listener):
            daemon.stop()
            daemon.start()
            wait_until(lambda: ctl(daemon, "status")[0] != UNREACHABLE, f"{daemon.name} answers")
        wait_until(lambda: world.links_up(), "the link is up again")
        assert world.get("/a")[0] == 200
        assert ctl(world.sender, "reload")[0] == OK
        assert world.get("/a")[0] == 200, "a reload forgot the railguns"


def test_a_token_in_the_configuration_is_used_at_the_first_start():
    with World() as world:
        world.listener.stop()
        world.listener.settings["activation.token"] = world.create()
        world.listener.settings["activation.railgun_host"] = "127.0.0.1"
        world.listener.start()
        wait_until(world.links_up, "the link is up")


def test_a_folder_that_cannot_be_written_changes_nothing():
    with World() as world:
        token = world.create()
        shutil.rmtree(world.folder / "listener-state")
        code, _, err = world.activate(token)
        assert code != OK and "listener-state" in err, err
        assert world.show()["uses_left"] == 1, "the token was spent"
        shutil.rmtree(world.folder / "sender-state")
        code, _, err = ctl(world.sender, "railgun", "create", "rome", "--host", HOST)
        assert code != OK and "registry.json" in err, err
        assert "rome" not in ctl(world.sender, "railgun", "list")[1]


def test_sigquit_finishes_what_was_begun_and_gives_the_activation_up():
    pages = certified.Origin()
    try:
        with World(origin_port=pages.port) as world:
            world.join()
            answers_got = []
            client = threading.Thread(target=lambda: answers_got.append(world.ask("/slow", {"X-Nonce": "n", "X-Hold": "1"})))
            client.start()
            wait_until(lambda: pages.held() == 1, "the origin has the request")
            world.listener.process.send_signal(signal.SIGQUIT)
            wait_until(lambda: world.show()["status"] == "D", "the sender knows before the request has ended")
            assert not answers_got
            pages.release()
            client.join()
            status, _, body = answers_got[0]
            assert status == 200 and certified.is_right(body, "/slow", "n"), (status, body[:100])
            assert world.listener.process.wait(PATIENCE) == 0
            assert "deactivated as paris" in world.listener.log.read_text()
            railgun = world.show()
            assert railgun["deactivated"] and not railgun["addresses"] and not railgun["serials"], railgun
            assert "deactivated" in ctl(world.sender, "railgun", "list")[1]

            state = world.folder / "listener-state"
            assert not (state / "certificate.pem").exists() and not (state / "key.pem").exists()
            assert stat.S_IMODE((state / "deactivated").stat().st_mode) == 0o700
            assert stat.S_IMODE((state / "deactivated" / "key.pem").stat().st_mode) == 0o600
            # Nor does the next start come back by itself, or what was put away by hand.
            world.start(world.listener)
            assert "no certificate" in ctl(world.listener, "status")[1]
            world.listener.stop()
            for file in (state / "deactivated").iterdir():
                shutil.copy(file, state)
            world.start(world.listener)
            assert not world.links_up() and world.get("/a")[0] == 421
            world.listener.stop()
            (state / "certificate.pem").unlink()
            world.listener.settings["activation.token"] = world.create("rome")
            world.start(world.listener)
            wait_until(world.links_up, "a fresh token makes a link")
            assert world.show("rome")["status"] == "V"
    finally:
        pages.stop()


def test_sigquit_without_the_sender_is_told_and_ends():
    with World() as world:
        world.join()
        world.sender.stop()
        assert world.listener.stop(signal.SIGQUIT) == 0
        log = world.listener.log.read_text()
        assert "the sender did not answer" in log and "railgunctl railgun delete paris" in log, log[-600:]
        assert not (world.folder / "listener-state" / "certificate.pem").exists()
        world.start(world.sender)
        assert world.show()["status"] == "V"
        assert ctl(world.sender, "railgun", "delete", "paris")[0] == OK


def test_an_upgrade_in_place_hands_activation_over():
    with World(sender={"timeout.client_head": 600}) as world:
        world.join()
        # Half a request keeps the old process draining, however slow the machine is.
        half = socket.create_connection(("127.0.0.1", world.port))
        half.sendall(b"GET /a HTTP/1.1\r\nHo")
        old = world.sender.process

        def meanwhile():
            wait_until(lambda: json.loads(ctl(world.sender, "status", "--json")[1]).get("pid", old.pid) != old.pid,
                       "the new process has the control socket")
            wait_until(lambda: ctl(world.sender, "railgun", "create", "rome", "--host", HOST, "--uses", "2")[0] == OK,
                       "the new process makes railguns")
            code, _, err = world.activate(world.create("milan"))
            assert code == OK, err
            assert old.poll() is None, "the old process had ended by itself: nothing was shown"
            half.sendall(b"st: " + HOST.encode() + b"\r\nConnection: close\r\n\r\n")
            assert b" 200 " in half.makefile("rb").readline(), "the request that the old process had begun"
            half.close()

        upgrade(world.sender, world.folder / "sender.pid", meanwhile)
        assert world.show("milan")["status"] == "V" and world.show("paris")["status"] == "V"
        assert world.get("/a")[0] == 200


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
