"""A line between two network namespaces with a delay, a rate, loss and blackouts, for measurements: TUN devices, and a process
that carries their packets. TCP on it is the kernel's own. Needs root. The machine's network is left alone: the namespace of
whoever uses it must be its own (`unshare -n`)."""
import collections
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import time

HERE, THERE = "10.99.44.1", "10.99.44.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
CLONE_NEWNET = 0x40000000
PACKET = 2048


def run(*command):
    subprocess.run(command, check=True)


class Line:
    """Use as a context manager. `inside`: what to put before a command to run it at the other end. `rate`: bits a second each
    way; `queue_bytes` wait for it at most."""

    def __init__(self, delay_seconds, rate, loss=0.0, queue_bytes=128 * 1024):
        self.name = f"railgun-{os.getpid()}"
        self.inside = ["ip", "netns", "exec", self.name]
        self.figures = [delay_seconds, rate, loss, queue_bytes]

    def __enter__(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "netns", "add", self.name)
        self.carrier = None
        try:
            run(*self.inside, "ip", "link", "set", "lo", "up")
            self.carrier = subprocess.Popen([sys.executable, __file__, self.name, *map(str, self.figures)],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert self.carrier.stdout.readline() == "ready\n"
            for inside, address in (([], HERE), (self.inside, THERE)):
                run(*inside, "ip", "addr", "add", f"{address}/30", "dev", "line0")
                run(*inside, "ip", "link", "set", "line0", "up")
                run(*inside, "ip", "route", "replace", "10.99.44.0/30", "dev", "line0", "src", address, "congctl", "cubic")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.carrier is not None:
            self.carrier.stdin.close()
            self.carrier.wait()
            self.carrier.stdout.close()
        run("ip", "netns", "del", self.name)

    def swallow(self, everything):
        """True: no packet arrives any more."""
        self.carrier.stdin.write("1" if everything else "0")
        self.carrier.stdin.flush()


def open_tun(namespace=None):
    """A device `line0` in that namespace, or in this process's own."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as own:
        if namespace:
            with open(f"/run/netns/{namespace}", "rb") as other:
                assert libc.setns(other.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"line0", IFF_TUN | IFF_NO_PI))
        assert libc.setns(own.fileno(), CLONE_NEWNET) == 0
    return tun


def carry(namespace, delay, rate, loss, queue_bytes):
    ends = [open_tun(), open_tun(namespace)]
    print("ready", flush=True)
    dice = random.Random(1)
    under_way = [collections.deque(), collections.deque()]  # of packets to each end: when it arrives, the packet
    free_at = [0.0, 0.0]
    swallows = False
    while True:
        now = time.monotonic()
        for end, packets in zip(ends, under_way):
            while packets and packets[0][0] <= now:
                try:
                    os.write(end, packets.popleft()[1])
                except OSError:
                    pass  # the device is not up yet
        next_at = min((packets[0][0] for packets in under_way if packets), default=now + 1)
        ready, _, _ = select.select([*ends, sys.stdin], [], [], max(next_at - now, 0))
        if sys.stdin in ready:
            word = os.read(0, 100)
            if not word:
                return
            swallows = word.endswith(b"1")
        for index, end in enumerate(ends):
            if end not in ready:
                continue
            for _ in range(64):
                try:
                    packet = os.read(end, PACKET)
                except BlockingIOError:
                    break
                now, to = time.monotonic(), 1 - index
                begins = max(now, free_at[to])
                if swallows or dice.random() < loss or (begins - now) * rate / 8 > queue_bytes:
                    continue
                free_at[to] = begins + len(packet) * 8 / rate
                under_way[to].append((free_at[to] + delay, packet))


if __name__ == "__main__":
    carry(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
