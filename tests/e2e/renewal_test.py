"""Certificates that live for seconds are renewed at two thirds of it, and no request notices."""
import sys
import threading
import time

from activated import World
from harness import ctl, run_tests, wait_until

LIFE = 20  # seconds; a third of it must do for a renewal, however busy the machine is


def test_certificates_are_renewed_under_load_without_a_broken_request():
    with World(sender={"activation.certificate_life": LIFE}) as world:
        begun = time.monotonic()
        world.join()
        first = world.show()["serials"]
        own = world.folder / "sender-state" / "certificate.pem"
        before = own.read_text()
        stopping, right, wrong = threading.Event(), [], []

        def visit(number):
            while not stopping.is_set():
                status, _ = world.get(f"/{number}")
                (right if status == 200 else wrong).append(status)
                time.sleep(0.02)

        visitors = [threading.Thread(target=visit, args=(number,)) for number in range(3)]
        for visitor in visitors:
            visitor.start()
        try:
            wait_until(lambda: set(world.show()["serials"]) - set(first), "the listener's certificate is renewed")
            took = time.monotonic() - begun
            assert took > LIFE / 2, f"renewed after {took:.1f} s already"
            wait_until(lambda: own.read_text() != before, "the sender's own is renewed")
            time.sleep(max(0, begun + LIFE + 1 - time.monotonic()))  # until the first ones have ended
        finally:
            stopping.set()
            for visitor in visitors:
                visitor.join()
        assert len(right) > 50 and not wrong, f"{len(right)} right, {len(wrong)} wrong: {wrong[:5]}"
        print(f"        {len(right)} requests while certificates of {LIFE} s were renewed after {took:.1f} s, none failed")
        assert "could not be renewed" not in world.listener.log.read_text()
        # New links are made with the new ones, and with no others: those on the disk have ended but for them.
        for daemon in (world.listener, world.sender):
            daemon.stop()
            world.start(daemon)
            wait_until(world.links_up, f"a link after a restart of the {daemon.name}")
        assert world.get("/again")[0] == 200
        assert ctl(world.listener, "status")[0] == 0 or "expired" not in ctl(world.listener, "status")[1]


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
