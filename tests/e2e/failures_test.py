"""What goes wrong around the daemons: full disks, folders that cannot be written, missing rights, a daemon that is down,
tokens that are no good, clocks that are off. Each is told with what to do, and nothing is lost by it."""
import contextlib
import glob
import json
import os
import signal
import subprocess
import sys

from activated import HOST, World
from harness import DENIED, FAILED, OK, UNREACHABLE, ctl, is_sanitized, run_tests, wait_until

DAY = 24 * 3600


@contextlib.contextmanager
def small_disk(world, folder):
    """A disk of 1 MB of its own under that folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", folder], check=True)
    world.mounts.append(folder)
    yield lambda option: subprocess.run(["mount", "-o", "remount," + option, folder], check=True)


def fill(folder):
    with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def may_mount():
    if os.environ.get("RAILGUN_OWN_MOUNTS") == "1":
        return True
    print("skipped: needs root and a mount namespace (unshare -m)")
    return False


def test_a_full_disk_at_the_sender_loses_nothing_and_is_told():
    if not may_mount():
        return
    world = World()
    state = world.folder / "sender-state"
    with small_disk(world, state), world:
        world.join()
        token = world.create("milan")
        fill(state)
        book = (state / "registry.json").read_bytes()
        for command in (["create", "rome", "--host", HOST], ["disable", "paris"], ["delete", "paris"]):
            code, _, err = ctl(world.sender, "railgun", *command)
            assert code == FAILED and "No space left" in err and "make room" in err and str(state) in err, f"{command}: {err}"
        code, _, err = world.activate(token)
        assert code != OK and "No space left" in err, err
        assert (state / "registry.json").read_bytes() == book
        assert world.get("/a")[0] == 200 and world.show()["status"] == "V" and world.show("milan")["uses_left"] == 1
        (state / "filler").unlink()
        assert world.activate(token)[0] == OK, "the token was lost"
        world.sender.stop()
        world.start(world.sender)
        wait_until(world.links_up, "the link is up again")


def test_a_full_disk_at_the_listener_costs_no_token():
    if not may_mount():
        return
    world = World()
    state = world.folder / "listener-state"
    with small_disk(world, state), world:
        token = world.create()
        fill(state)
        code, _, err = world.activate(token)
        assert code != OK and "No space left" in err and "make room" in err, err
        assert world.show()["uses_left"] == 1
        (state / "filler").unlink()
        assert world.activate(token)[0] == OK
        wait_until(world.links_up, "the link is up")
        # What there is goes on working, through a restart too.
        fill(state)
        world.listener.stop()
        world.start(world.listener)
        wait_until(world.links_up, "the link is up")
        assert world.get("/a")[0] == 200


def test_a_sender_that_begins_on_a_full_disk_goes_on_when_there_is_room():
    if not may_mount():
        return
    world = World()
    state = world.folder / "sender-state"
    with small_disk(world, state):
        fill(state)
        with world:
            code, _, err = ctl(world.sender, "railgun", "create", "paris", "--host", HOST)
            assert code == FAILED and "No space left" in err and "make room" in err, err
            (state / "filler").unlink()
            world.join()


def test_full_disks_for_logs_and_bundles():
    if not may_mount():
        return
    world = World()
    logs = world.folder / "logs"
    logs.mkdir()
    with small_disk(world, logs):
        fill(logs)
        world.sender.settings["stderr.file"] = logs / "panic.log"
        with world:
            world.join()
            assert world.get("/a")[0] == 200
            code, _, err = ctl(world.sender, "support-bundle", "-o", logs / "bundle.tar.gz")
            assert code == FAILED and str(logs) in err, err
            assert not (logs / "bundle.tar.gz").exists() or (logs / "bundle.tar.gz").stat().st_size == 0


def test_a_folder_that_became_read_only_is_told():
    if not may_mount():
        return
    world = World()
    state = world.folder / "sender-state"
    with small_disk(world, state) as remount, world:
        world.join()
        remount("ro")
        code, _, err = ctl(world.sender, "railgun", "create", "rome", "--host", HOST)
        assert code in (FAILED, DENIED) and "Read-only" in err and "can be written" in err, err
        assert world.get("/a")[0] == 200
        remount("rw")
        assert ctl(world.sender, "railgun", "create", "rome", "--host", HOST)[0] == OK


def test_who_has_no_right_is_told_which_he_lacks():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return
    with World() as world:
        world.folder.chmod(0o755)
        for command in (["status"], ["railgun", "list"], ["reload"]):
            code, _, err = ctl(world.sender, *command, user=65534)
            assert code == DENIED and "as root, or join the group railgun" in err, err


def test_a_daemon_that_is_down_is_told_by_every_command():
    world = World()
    with world:
        world.sender.stop()
        for command in (["status"], ["stats"], ["links"], ["sites"], ["railgun", "list"], ["railgun", "create", "a", "--host", "b"],
                        ["activate", "railgun1x"], ["reload"], ["config", "show"], ["drain"], ["purge", "--all"], ["log-level", "1"]):
            code, out, err = ctl(world.sender, *command)
            assert code == UNREACHABLE and not out and "railgund" in err, f"{command}: {code} {out}{err}"


def test_tokens_that_are_no_good_are_told_apart():
    with World() as world:
        book = world.folder / "sender-state" / "registry.json"
        tokens = {name: world.create(name) for name in ("used", "expired", "deleted", "disabled", "forgotten", "given-up")}
        for name in ("given-up", "used"):
            assert world.activate(tokens[name])[0] == OK
            if name == "given-up":
                world.listener.stop(signal.SIGQUIT)
                world.start(world.listener)
        ctl(world.sender, "railgun", "delete", "deleted")
        ctl(world.sender, "railgun", "disable", "disabled")
        world.sender.stop()
        entries = json.loads(book.read_text())
        entries["entries"] = [entry for entry in entries["entries"] if entry["railgun"]["name"] != "forgotten"]
        for entry in entries["entries"]:
            if entry["railgun"]["name"] == "expired":
                entry["railgun"]["expires"] -= 3 * DAY
        book.write_text(json.dumps(entries))
        world.start(world.sender)
        reasons = {"used": "used already", "expired": "has expired", "deleted": "was deleted", "disabled": "is disabled",
                   "forgotten": "no such token", "given-up": "deactivated by its listener"}
        for name, reason in reasons.items():
            code, _, err = world.activate(tokens[name])
            assert code == DENIED and "Invalid or missing railgun token or tag" in err and reason in err, f"{name}: {err}"
        code, _, err = world.activate(tokens["used"][:40])
        assert code == FAILED and "incomplete or mistyped" in err, err


def test_a_host_that_the_certificate_lacks_is_named_with_what_to_do():
    with World() as world:
        world.sender.stop()
        world.sender.settings["site.other.test.listeners"] = f"127.0.0.1:{world.link_port}"
        world.start(world.sender)
        world.join()
        wait_until(lambda: world.get("/a")[0] == 200, "the host of the token is served")
        status, _, body = world.ask("/a", {"Host": "other.test"})
        assert status == 527 and b"its listener's certificate is not for this host" in body, (status, body)
        assert b"127.0.0.1" not in body, "visitors are told where the listener is"

        def is_logged():
            log = world.sender.log.read_text()
            return f"its certificate is for {HOST} and not for other.test" in log and "--host other.test" in log

        wait_until(is_logged, "the log names the certificate's host and what to do")


class FakedClock:
    """Daemons that start while it lasts see their clock off by so many days."""

    LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [None])[0]

    def __init__(self, days):
        self.settings = {"LD_PRELOAD": self.LIBRARY, "FAKETIME": f"{days:+d}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                         "FAKETIME_NO_CACHE": "1"}

    @classmethod
    def works(cls):
        if cls.LIBRARY is None or is_sanitized():
            print("skipped: needs libfaketime and a build without sanitizers")
            return False
        with cls(-10):
            then = subprocess.run(["date", "+%s"], capture_output=True, text=True).stdout
        now = subprocess.run(["date", "+%s"], capture_output=True, text=True).stdout
        if int(now) - int(then) < 9 * DAY:
            print("skipped: libfaketime does not work here")
            return False
        return True

    def __enter__(self):
        os.environ.update(self.settings)

    def __exit__(self, *_):
        for name in self.settings:
            del os.environ[name]


def test_clocks_that_are_a_day_apart_are_borne_and_told():
    if not FakedClock.works():
        return
    for days in (-1, 1):
        with World() as world:
            world.listener.stop()
            with FakedClock(days):
                world.listener.start()
            wait_until(lambda: ctl(world.listener, "status")[0] != UNREACHABLE, "the listener answers")
            world.join()
            assert world.get("/a")[0] == 200
            told = "1 d 0 h behind" if days < 0 else "1 d 0 h ahead of"
            assert told in world.listener.log.read_text(), world.listener.log.read_text()[-800:]
            there = "ahead of" if days < 0 else "behind"
            assert f"1 d 0 h {there} that of the listener" in world.sender.log.read_text(), world.sender.log.read_text()[-800:]


def test_clocks_that_are_ten_days_apart_cost_no_token_and_are_named():
    if not FakedClock.works():
        return
    with World() as world:
        token = world.create()
        for days, words in ((-10, "10 d 0 h behind the sender's"), (10, "10 d 0 h ahead of the sender's")):
            world.listener.stop()
            with FakedClock(days):
                world.listener.start()
            wait_until(lambda: ctl(world.listener, "status")[0] != UNREACHABLE, "the listener answers")
            code, _, err = world.activate(token)
            assert code == FAILED and words in err and "the token was not used" in err, err
            assert world.show()["uses_left"] == 1
        # The clock is set wrong later on: the link's end says so.
        world.listener.stop()
        world.start(world.listener)
        assert world.activate(token)[0] == OK
        wait_until(world.links_up, "the link is up")
        world.listener.stop()
        world.listener.log.unlink()
        with FakedClock(-10):
            world.listener.start()
        wait_until(lambda: "is not valid before" in world.listener.log.read_text(), "the listener names the clocks")
        line = next(line for line in world.listener.log.read_text().splitlines() if "is not valid before" in line)
        assert "set the clock that is wrong" in line, line
        print("       ", line)


if __name__ == "__main__":
    # In a mount namespace of its own, where that can be had: small disks are mounted there.
    if os.environ.get("RAILGUN_OWN_MOUNTS") is None:
        works = os.geteuid() == 0 and subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode == 0
        os.environ["RAILGUN_OWN_MOUNTS"] = "1" if works else "0"
        if works:
            os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv])
    run_tests(sys.modules[__name__])
