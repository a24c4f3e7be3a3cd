"""gRPC end to end: the client and the server of python3-grpcio, a sender and a listener between them."""
import subprocess
import sys

import harness

CASES = ["unary", "trailers_only", "client_stream", "server_stream", "both_streams", "cancel", "deadline"]
# Debian's package is for Debian's Python.
PYTHON = "/usr/bin/python3"


def run(cases, direct=False):
    program = subprocess.Popen([PYTHON, str(harness.HERE / "grpc_pair.py"), *cases], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        origin = f"h2c://127.0.0.1:{int(program.stdout.readline())}"
        with harness.Pair(0, sender={"http2.clear": 1, **({"site.site.test.origin": origin} if direct else {})},
                          nat=f"default = {origin}\n") as pair:
            if direct:
                pair.listener.stop()
            out, _ = program.communicate(f"{pair.port}\n", timeout=harness.PATIENCE)
        assert program.returncode == 0 and out.splitlines() == [f"ok {case}" for case in cases], out
    finally:
        program.kill()
        program.wait()


def test_every_kind_of_call_over_a_link():
    run(CASES)


def test_every_kind_of_call_directly():
    run(CASES, direct=True)


def test_a_thousand_streams_at_once():
    run(["load"])


harness.run_tests(sys.modules[__name__])
