"""What a crash leaves behind: a report that names the place, told once at the next start, shown by status."""
import os
import pathlib
import re
import signal
import subprocess
import sys

from harness import BIN, DENIED, OK, PATIENCE, USAGE, Pair, ctl, is_sanitized, railgunctl, run_tests, wait_until
from origin import serve_repetition

origin = serve_repetition()

# How to crash: the signal that ends the process, what the report says, and the function it names.
WAYS = {
    "segfault": (signal.SIGSEGV, "signal: SIGSEGV (11)", "write_nowhere"),
    "check": (signal.SIGABRT, "check: !asked_to_crash at ", "fail_check"),
    "exception": (signal.SIGABRT, "exception: thrown on purpose", "throw_it"),
    "overflow": (signal.SIGSEGV, "signal: SIGSEGV (11)", "recurse"),
}


def crash(daemon, how):
    code, out, err = ctl(daemon, "debug", "crash", how)
    assert code == OK and "The daemon crashed" in out, err
    return daemon.process.wait(PATIENCE)


def file_and_addresses(report):
    """The frames that lie in railgund itself."""
    return re.findall(r"^#\d+ 0x[0-9a-f]+ railgund\+(0x[0-9a-f]+)", report, re.MULTILINE)


def test_every_crash_leaves_a_report_that_the_next_start_tells_once():
    if os.geteuid() != 0:
        print("skipped: only root may crash a daemon")
        return
    for role in ("sender", "listener"):
        with Pair(origin.server_port, sender={"debug.commands": 1}, listener={"debug.commands": 1}) as pair:
            daemon = getattr(pair, role)
            panic = pair.folder / "panic.log"
            daemon.stop()
            daemon.settings["stderr.file"] = panic
            # Both ways for the sender, one for the listener: they are the same program.
            for how in WAYS if role == "sender" else ("segfault",):
                ended_by, words, function = WAYS[how]
                daemon.log.unlink()
                daemon.start()
                wait_until(lambda: "is up" in daemon.log.read_text(), "the link is up")
                wait_until(lambda: pair.get("/a")[0] == 200, "a page")
                request = pair.get("/a")[1]["Cf-Railgun"].split()[0]
                code = crash(daemon, how)
                assert code in (-ended_by, 1), f"{how}: {code}"
                report = panic.read_text().rpartition("==== railgund panic ====")[2]
                wanted = [words, function, "\nversion: ", "\nthread: ", " worker\n", "\naddress: 0x", "\nregisters: ",
                          f"\nlast request: {request}\n" if role == "sender" else "\nlast request: stream "]
                for part in wanted:
                    assert part in report, f"{how}: no {part!r} in\n{report}"
                assert re.search(r"\nbuild id: [0-9a-f]{16,}\n", report), report
                assert len(file_and_addresses(report)) > 3, report
                resolves(report, function)

                daemon.start()
                wait_until(lambda: "the last railgund crashed" in daemon.log.read_text(), "the next start tells")
                wait_until(lambda: "last_panic" in ctl(daemon, "status", "--json")[1], "the daemon answers")
                shown = ctl(daemon, "status")[1]
                assert "the previous run crashed" in shown and "request " in shown, shown
                log = daemon.log.read_text()
                assert f"| #0 0x" in log and log.count("the last railgund crashed") == 1, log[-3000:]
                daemon.stop()
                daemon.start()
                wait_until(lambda: '"role"' in ctl(daemon, "status", "--json")[1], "the daemon answers")
                assert "the previous run crashed" not in ctl(daemon, "status")[1], "told twice"
                assert daemon.log.read_text().count("the last railgund crashed") == 1
                daemon.stop()
            daemon.start()


def resolves(report, function):
    """addr2line finds the function by the addresses of the report."""
    told = subprocess.run(["addr2line", "-f", "-e", BIN / "railgund", *file_and_addresses(report)], capture_output=True,
                          text=True, timeout=PATIENCE).stdout
    assert function in told, told


def test_a_stripped_program_still_gives_addresses_that_resolve():
    if os.geteuid() != 0 or is_sanitized():
        print("skipped: needs root and a build without sanitizers")
        return
    with Pair(origin.server_port, sender={"debug.commands": 1}) as pair:
        panic = pair.folder / "panic.log"
        pair.sender.stop()
        pair.sender.settings["stderr.file"] = panic
        pair.sender.write()
        program = pair.folder / "railgund"
        subprocess.run(["strip", "-o", program, BIN / "railgund"], check=True)
        with open(pair.sender.log, "ab") as log:
            pair.sender.process = subprocess.Popen([program, "--stderr", "--config", pair.sender.config], stdout=log, stderr=log)
        wait_until(lambda: '"role"' in ctl(pair.sender, "status", "--json")[1], "the sender answers")
        crash(pair.sender, "segfault")
        report = panic.read_text()
        assert "write_nowhere" not in report, "the program is not stripped"
        resolves(report, "write_nowhere")
        pair.sender.process = None


def test_nobody_crashes_a_daemon_in_service():
    with Pair(origin.server_port) as pair:
        code, _, err = ctl(pair.sender, "debug", "crash", "segfault")
        assert code == DENIED and ("debug.commands" in err or "only root" in err), err
        assert pair.get("/a")[0] == 200
        assert "debug" not in railgunctl("--help")[1], "it is not for operators"
        assert railgunctl("debug")[0] == USAGE
    if os.geteuid() != 0:
        return
    with Pair(origin.server_port, sender={"debug.commands": 1}) as pair:
        pair.folder.chmod(0o755)
        socket = pathlib.Path(pair.sender.settings["control.socket"])
        os.chown(socket, -1, 65534)
        code, _, err = ctl(pair.sender, "debug", "crash", user=65534)
        assert code == DENIED and "only root" in err, err
        assert ctl(pair.sender, "debug", "crash", "politely")[0] not in (OK, DENIED)
        assert pair.get("/a")[0] == 200


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
