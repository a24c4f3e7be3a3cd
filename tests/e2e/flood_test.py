"""Wrong tokens by the thousand: they activate nobody, are answered no faster than the limits allow, and keep no right token
and no visitor out. What they cost in time is measured by ./dev bench tokens."""
import json
import subprocess
import sys
import time

from activated import World
from harness import BIN, OK, PATIENCE, run_tests, wait_until

RATE = 1000  # wrong tokens a second, where the machine is fast enough
SECONDS = 4
# The limits of railgund/app/activation_server.h: (at once, a second after that).
FROM_ONE_ADDRESS, IN_ALL = (20, 1), (200, 200)


class Flood:
    """The attacker, from so many addresses. Use as a context manager: it ends with the block, or after `seconds`."""

    def __init__(self, world, addresses, seconds):
        self.command = [BIN / "token_flood", *map(str, (world.activation_port, RATE, seconds, addresses))]

    def __enter__(self):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        if not self.is_over():
            self.process.terminate()
            self.process.communicate()

    def is_over(self):
        return self.process.poll() is not None

    def result(self, end_now=False):
        """What became of the tokens: counts, and the seconds it took."""
        if end_now:
            self.process.terminate()
        out, _ = self.process.communicate(timeout=2 * PATIENCE)
        return {**json.loads(out), "seconds": time.monotonic() - self.begun}


def check(result, limit):
    at_once, a_second = limit
    assert result["let_in"] == 0, result
    assert result["answered"] <= at_once + a_second * (result["seconds"] + 1), result
    assert result["answered"] + result["turned_away"] > result["attempts"] * 0.8, result


def attack(world, addresses, limit):
    with Flood(world, addresses, SECONDS) as flood:
        visits = 0
        while not flood.is_over():
            assert world.get("/a")[0] == 200
            visits += 1
        result = flood.result()
    check(result, limit)
    print(f"        {result['attempts']} wrong tokens from {addresses} address(es) in {result['seconds']:.1f} s: "
          f"{result['answered']} answered, {result['turned_away']} turned away; {visits} visits meanwhile")
    return result


def test_a_flood_from_one_address_is_turned_away_before_tls():
    with World() as world:
        world.join()
        result = attack(world, 1, FROM_ONE_ADDRESS)
        assert result["turned_away"] > result["answered"], result
        log = world.sender.log.read_text()
        assert "rejected 127.1.0.1: over the rate limit" in log and log.count("no such token") <= 2 * result["answered"], "the log is flooded"


def test_a_flood_from_everywhere_is_held_to_a_rate():
    with World() as world:
        world.join()
        attack(world, 2000, IN_ALL)


def test_a_right_token_gets_in_during_the_flood():
    with World() as world:
        world.join()
        for addresses in (1, 2000):
            token = world.create(f"from-{addresses}")
            refused = world.sender.log.read_text().count("no such token")
            with Flood(world, addresses, 4 * PATIENCE) as flood:
                wait_until(lambda: world.sender.log.read_text().count("no such token") > refused, "the flood has begun")
                begun = time.monotonic()
                code, out, err = world.activate(token)
                took = time.monotonic() - begun
                assert not flood.is_over(), "the flood was over before: nothing was shown"
                assert code == OK, err
                check(flood.result(end_now=True), FROM_ONE_ADDRESS if addresses == 1 else IN_ALL)
            print(f"        a right token beside {RATE} wrong ones a second from {addresses} address(es): {took:.2f} s")
        wait_until(world.links_up, "the links stand")


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
