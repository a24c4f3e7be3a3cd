"""Upgrades in place: a new process takes over from one that the harness has started."""
import ctypes
import os
import signal
import subprocess
import time

import harness

PR_SET_CHILD_SUBREAPER = 36


def upgrade(daemon, pid_file, meanwhile=lambda: None):
    """A new program takes the old one's place, also in the harness. `meanwhile`: done once the new one serves."""
    # Whose parent has ended becomes our child.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = pid_file.read_text()
    daemon.process.send_signal(signal.SIGUSR2)
    harness.wait_until(lambda: pid_file.read_text() not in ("", before), f"a new {daemon.name} serves")
    meanwhile()
    assert daemon.process.wait(harness.PATIENCE) == 0, "how the old one ended"
    daemon.process = Successor(int(pid_file.read_text()))


class Successor:
    """What Popen offers, for a process that was not started from here but became our child when its parent ended."""

    def __init__(self, pid):
        self.pid = pid
        self.code = None

    def poll(self):
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("railgund", seconds)
            time.sleep(0.02)
        return self.code

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
