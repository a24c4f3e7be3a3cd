"""Runs real pairs on loopback for the end-to-end tests, the demo and the benchmark: certificates, configuration files,
daemons, and a relay in the middle of the link that counts its bytes."""
import atexit
import contextlib
import functools
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("RAILGUN_BIN", "build/dev/bin")).resolve()

# Seconds after which something that must happen counts as hanging. Not a measure of speed: no test fails because the machine
# is busy. What is measured is printed, compared within one run, or belongs in tests/bench/.
PATIENCE = 60

# Exit codes of railgunctl.
OK, FAILED, USAGE, UNREACHABLE, DENIED = range(5)


@functools.cache
def for_everyone(name):
    """A copy of one of our programs that every user may run: the build may lie in a folder that only its owner may enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-bin-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    shutil.copy(BIN / name, folder / name)
    (folder / name).chmod(0o755)
    return folder / name


def railgunctl(*arguments, **more):
    """Its exit code, standard output and standard error. With `user=`, it runs as that user, who is in no group of ours."""
    program = BIN / "railgunctl"
    if "user" in more:
        program, more = for_everyone("railgunctl"), {"group": more["user"], "extra_groups": [], **more}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PATIENCE, **more)
    return done.returncode, done.stdout, done.stderr


def ctl(daemon, *arguments, **more):
    """The same, against that daemon."""
    return railgunctl("--socket", daemon.settings["control.socket"], *arguments, **more)


RESERVED = []


def free_port():
    """A TCP port that the kernel gives to nobody else while this process runs. Connections to it are refused until a program
    listens there. The program must set SO_REUSEADDR, as all do that we run."""
    socket_that_reserves = socket.socket()
    socket_that_reserves.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    socket_that_reserves.bind(("127.0.0.1", 0))
    RESERVED.append(socket_that_reserves)
    return socket_that_reserves.getsockname()[1]


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


def is_sanitized():
    """Whether railgund is an instrumented build, several times slower."""
    return b"__asan_init" in (BIN / "railgund").read_bytes()


def answers(port):
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    return False


class Certificates:
    """A throw-away authority and one certificate for each end, made with openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                  "-subj", "/CN=test authority", "-keyout", folder / "ca.key", "-out", self.ca)
        for name in ("listener", "sender"):
            self.issue(name)

    def _run(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name, days=2):
        key, request, cert = (self.folder / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                  "-keyout", key, "-out", request)
        self._run("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                  "-days", str(days), "-out", cert)
        os.chmod(key, 0o600)

    def settings(self, name):
        return {"cert.file": self.folder / f"{name}.pem", "key.file": self.folder / f"{name}.key", "link.ca_file": self.ca}


class Daemon:
    """One railgund."""

    def __init__(self, folder, name, settings):
        self.name = name
        self.config = folder / f"{name}.conf"
        self.log = folder / f"{name}.log"
        self.settings = dict(settings)
        self.process = None
        self.prefix = []  # what its command begins with, such as `ip netns exec NAME`
        self.programs = BIN  # the folder of railgund, and of the railgunctl of the same build

    def write(self):
        self.config.write_text("".join(f"{key} = {value}\n" for key, value in self.settings.items()))

    def start(self):
        self.write()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, self.programs / "railgund", "--stderr", "--config", self.config], stdout=log, stderr=log)
        return self

    def stop(self, with_signal=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop:\n{self.log.read_text()[-3000:]}")
        self.process = None
        return code

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Relay:
    """A TCP relay that counts what passes each way: every byte that the two ends write to the link's sockets."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.to_listener = 0
        self.to_sender = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        # Ends accept(), which would take a connection of the next socket that gets the same descriptor.
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()

    def _accept(self):
        while True:
            try:
                sender, _ = self.server.accept()
            except OSError:
                return
            try:
                listener = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                sender.close()
                continue
            for end in (sender, listener):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(sender, listener, "to_listener"), daemon=True).start()
            threading.Thread(target=self._pass, args=(listener, sender, "to_sender"), daemon=True).start()

    def _pass(self, source, target, counter):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                setattr(self, counter, getattr(self, counter) + len(piece))
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def counts(self):
        """(to the listener, to the sender), once nothing has moved for a moment."""
        before = None
        while before != (before := (self.to_listener, self.to_sender)):
            time.sleep(0.005)
        return before


LANES = 2  # links of a worker to a listener, if wan.lanes does not say otherwise


class Pair:
    """An origin's listener and a sender in front of it. Use as a context manager."""

    def __init__(self, origin_port, host="site.test", listener=None, sender=None, relay=False, direct=False, nat=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-test-"))
        self.host = host
        self.certificates = Certificates(self.folder)
        self.link_port = free_port()
        self.port = free_port()
        map_file = self.folder / "nat.conf"
        map_file.write_text(nat or f"default = 127.0.0.1:{origin_port}\n")
        self.listener = Daemon(self.folder, "listener", {
            "role": "listener", "wan.ip": "127.0.0.1", "wan.port": self.link_port, "map.file": map_file, "workers": 1,
            "state.directory": self._folder("listener-state"), "control.socket": self.folder / "listener.sock",
            "log.level": 1, **self.certificates.settings("listener"), **(listener or {})})
        self.relay = Relay(self.link_port) if relay else None
        site = {f"site.{host}.listeners": f"127.0.0.1:{self.relay.port if relay else self.link_port}"}
        if direct:
            site[f"site.{host}.origin"] = f"http://127.0.0.1:{origin_port}"
        self.sender = Daemon(self.folder, "sender", {
            "role": "sender", "listen": f"127.0.0.1:{self.port}", "workers": 1,
            "state.directory": self._folder("sender-state"), "control.socket": self.folder / "sender.sock",
            "log.level": 1, **self.certificates.settings("sender"), **site, **(sender or {})})

    def _folder(self, name):
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return folder

    def __enter__(self):
        try:
            self.listener.start()
            self.sender.start()
            wait_until(lambda: answers(self.port), "the sender answers")
            wait_until(self.link_is_up, "the link is up")
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def link_is_up(self):
        """All links to the listener are."""
        links = int(self.sender.settings["workers"]) * int(self.sender.settings.get("wan.lanes", LANES))
        return self.sender.log.read_text().count(" is up\n") >= links

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.logs())
        for daemon in (self.sender, self.listener):
            daemon.stop()
        if self.relay:
            self.relay.close()
        shutil.rmtree(self.folder)

    def logs(self):
        return "".join(f"--- {d.name}\n{d.log.read_text()[-4000:] if d.log.exists() else ''}" for d in (self.sender, self.listener))

    def get(self, path="/", headers=None, method="GET", body=None, timeout=PATIENCE):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers={"Host": self.host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def run_tests(module):
    """Runs every function whose name begins with test_, in order; the exit status says how it went."""
    failed = 0
    tests = [(name, function) for name, function in vars(module).items() if name.startswith("test_")]
    for name, function in tests:
        begun = time.monotonic()
        try:
            function()
            print(f"ok      {name} ({time.monotonic() - begun:.2f} s)", flush=True)
        except Exception as error:  # a failed test must not hide the next one
            failed += 1
            import traceback
            traceback.print_exc()
            print(f"FAILED  {name}: {error}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not tests else 0)
