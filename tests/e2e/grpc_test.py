"""gRPC end to end: the client and the server of python3-grpcio, a sender and a listener between them."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import harness
from front import Authority

PROGRAM = harness.HERE / "grpc_pair.py"
# Those with a pair of their own are named below.
CASES = [name for name in re.findall(r"^def case_(\w+)", PROGRAM.read_text(), re.M)
         if not name.startswith(("thousand", "server_that"))]
# Debian's package is for Debian's Python.
PYTHON = "/usr/bin/python3"


def run(cases, direct=False, sender=None, listener=None, tls=None):
    """`tls`: a folder of certificates for both ends, and the sender's port."""
    folder, port = tls or (None, None)
    options = ["--tls", folder] if tls else []
    program = subprocess.Popen([PYTHON, str(PROGRAM), *options, *cases], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        origin = f"{'h2' if tls else 'h2c'}://127.0.0.1:{int(program.stdout.readline())}"
        way = {"site.site.test.origin": origin} if direct else {}
        with harness.Pair(0, sender={"http2.clear": 1, **way, **(sender or {})}, nat=f"default = {origin}\n",
                          listener=listener) as pair:
            if direct:
                pair.listener.stop()
            out, _ = program.communicate(f"{port or pair.port}\n", timeout=10 * harness.PATIENCE)
            assert program.returncode == 0 and out.splitlines() == [f"ok {case}" for case in cases], out
    finally:
        program.kill()
        program.wait()


def test_every_case_over_a_link():
    run(CASES)


def test_every_case_directly():
    run(CASES, direct=True)


def test_every_case_over_tls():
    with tempfile.TemporaryDirectory(prefix="railgun-grpc-") as name:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        authority.issue(folder / "site", ["site.test"])
        (folder / "visitors").mkdir()
        for ending in ("pem", "key"):
            shutil.copy(folder / f"site.{ending}", folder / f"visitors/default.{ending}")
        port = harness.free_port()
        # A tap cannot read the flags of messages under TLS.
        run([case for case in CASES if "compressed" not in case], listener={"ca.bundle": authority.certificate},
            sender={"listen.tls": f"127.0.0.1:{port}", "tls.directory": folder / "visitors"}, tls=(folder, port))


def test_a_server_that_ends_connections():
    for direct in (False, True):
        run(["server_that_ends_connections"], direct=direct)


def test_a_thousand_streams_at_once_on_ten_connections():
    run(["thousand_on_ten_connections"])


def test_a_thousand_streams_at_once_on_one_connection():
    run(["thousand_on_one_connection"], sender={"http2.streams": 1000})


harness.run_tests(sys.modules[__name__])
