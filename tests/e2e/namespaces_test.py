"""As a new user would, on two machines with addresses of their own (network namespaces): from the packages' settings to
the first delta with nothing edited, and what a break of the line costs. As a program: a visitor inside one of them."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import certified
from harness import BIN, PATIENCE, run_tests, wait_until

HOST = "www.example.com"
EDGE, ORIGIN = "10.211.55.1", "10.211.55.2"
TOP = pathlib.Path(__file__).resolve().parents[2]

# Folders that a package makes, empty, and settings as they come; seen by this machine alone.
FURNISH = """
set -e
mount -t tmpfs none /run; mkdir -p /run/railgun
mount -t tmpfs none /var/lib; mkdir -p /var/lib/railgun; chmod 0700 /var/lib/railgun
mount -t tmpfs none /var/log; mkdir -p /var/log/railgun
mkdir {folder}/etc
for name in passwd group nsswitch.conf ssl ld.so.cache ld.so.conf localtime; do
  [ ! -e /etc/$name ] || cp -a /etc/$name {folder}/etc/
done
mkdir {folder}/etc/railgun
cp {top}/conf/railgun.conf {top}/conf/railgun-nat.conf {folder}/etc/railgun/
echo '127.0.0.1 localhost' > {folder}/etc/hosts
for line in {hosts}; do echo "$line" | tr = ' ' >> {folder}/etc/hosts; done
mount --bind {folder}/etc /etc
hostname {name}
ip link set lo up
echo furnished
exec sleep 600
"""


class Machine:
    def __init__(self, folder, name, hosts):
        self.name = name
        self.namespace = f"railgun-{os.getpid()}-{name}"
        self.folder = folder / name
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.processes = []
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        script = FURNISH.format(folder=self.folder, top=TOP, name=name, hosts=" ".join(hosts))
        self.keeper = subprocess.Popen(["ip", "netns", "exec", self.namespace, "unshare", "-m", "-u", "--propagation",
                                        "private", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        assert self.keeper.stdout.readline() == "furnished\n", "the machine cannot be furnished"

    def inside(self, *command):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", "-m", "-u", *map(str, command)]

    def run(self, *command):
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=2 * PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def start(self, *command, **more):
        self.processes.append(subprocess.Popen(self.inside(*command), **more))
        return self.processes[-1]

    def railgund(self, *options):
        with open(self.log, "ab") as log:
            return self.start(BIN / "railgund", "--stderr", *options, stdout=log, stderr=log)

    def railgunctl(self, *command):
        return self.run(BIN / "railgunctl", *command)

    def remove(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stdout.close()
        subprocess.run(["ip", "netns", "del", self.namespace], check=True)


class Line:
    """Two machines and the line between them."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-test-"))
        self.machines = []
        try:
            # What DNS says: on the origin's own network the site is at home.
            self.edge = self._machine("edge", [f"{EDGE}=edge"])
            self.origin = self._machine("origin", [f"{EDGE}=edge", f"127.0.0.1={HOST}"])
            ends = [f"rg{os.getpid() % 100000}{end}" for end in "ab"]
            subprocess.run(["ip", "link", "add", ends[0], "netns", self.edge.namespace, "type", "veth", "peer", "name", ends[1],
                            "netns", self.origin.namespace], check=True)
            for machine, device, address in ((self.edge, ends[0], EDGE), (self.origin, ends[1], ORIGIN)):
                subprocess.run(["ip", "-n", machine.namespace, "addr", "add", f"{address}/24", "dev", device], check=True)
                subprocess.run(["ip", "-n", machine.namespace, "link", "set", device, "up"], check=True)
            self.devices = ends
            self.origin.start(sys.executable, TOP / "tests/e2e/certified.py", "80")
        except BaseException:
            self.__exit__(None)
            raise
        return self

    def _machine(self, name, hosts):
        machine = Machine(self.folder, name, hosts)
        self.machines.append(machine)
        return machine

    def __exit__(self, kind, *_):
        if kind is not None:
            print("".join(f"--- {m.name}\n{m.log.read_text()[-4000:] if m.log.exists() else ''}" for m in self.machines))
        for machine in self.machines:
            machine.remove()
        shutil.rmtree(self.folder)

    def visit(self, path):
        """Status and Cf-Railgun of a page as a visitor near the sender gets it, checked."""
        code, out, err = self.edge.run(sys.executable, __file__, "visit", path)
        assert code == 0, err
        return json.loads(out)

    def set_broken(self, broken):
        """Frames go to a machine that is not there: lost without a word, as on a broken line."""
        for machine, device, other in ((self.edge, self.devices[0], ORIGIN), (self.origin, self.devices[1], EDGE)):
            change = ["replace", other, "lladdr", "02:00:00:00:00:99", "dev", device, "nud", "permanent"]
            subprocess.run(["ip", "-n", machine.namespace, "neigh", *(change if broken else ["del", other, "dev", device])],
                           check=True)

    def join(self):
        """The commands of a new user, after the daemons of the packages run. Gives the seconds to the first delta."""
        begun = time.monotonic()
        self.edge.railgund("--role", "sender")
        self.origin.railgund()
        for machine in self.machines:
            wait_until(lambda: '"role"' in machine.railgunctl("status", "--json")[1], f"the daemon of {machine.name}")
        code, out, err = self.edge.railgunctl("railgun", "create", "paris", "--host", HOST)
        assert code == 0, err
        code, out, err = self.origin.railgunctl("activate", re.search(r"railgunctl activate (\S+)", out)[1])
        assert code == 0 and "Activated as paris" in out, out + err
        wait_until(lambda: self.visit("/news")["status"] == 200, "the first page")
        wait_until(lambda: self.visit("/news")["railgun"].split()[1] not in ("stream", "normal"), "the first delta")
        return time.monotonic() - begun


def have_namespaces():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return False
    name = f"railgun-{os.getpid()}-trial"
    works = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    works = works and subprocess.run(["ip", "netns", "exec", name, "unshare", "-m", "-u", "--propagation", "private", "sh", "-c",
                                      "mount -t tmpfs none /mnt && hostname trial && ip link add trial0 type veth peer name trial1"],
                                     capture_output=True).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    if not works:
        print("skipped: no network namespaces can be made here")
    return works


def test_a_new_user_has_a_delta_and_edits_no_file():
    if not have_namespaces():
        return
    with Line() as line:
        took = line.join()
        print(f"        from the start of the daemons to the first delta: {took:.2f} s")
        assert line.visit("/news")["right"]
        code, out, err = line.edge.railgunctl("status")
        assert ORIGIN in out and "[error]" not in out and "ERROR" not in out, out + err
        railgun = json.loads(line.edge.railgunctl("railgun", "show", "paris", "--json")[1])
        assert railgun["addresses"] == [f"{ORIGIN}:2408"] and railgun["status"] == "V", railgun
        for machine in line.machines:
            for name in ("railgun.conf", "railgun-nat.conf"):
                kept = (machine.folder / "etc/railgun" / name).read_text()
                assert kept == (TOP / "conf" / name).read_text(), f"{name} was edited"


def test_a_line_that_breaks_for_five_seconds_costs_no_byte_and_no_request_its_end():
    if not have_namespaces():
        return
    with Line() as line:
        line.join()
        visitor = line.edge.start(sys.executable, __file__, "load", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        visits = []
        reader = threading.Thread(target=lambda: visits.extend(map(json.loads, visitor.stdout)))
        reader.start()

        def right_after(moment):
            return sorted(visit["ended"] for visit in visits.copy() if visit["outcome"] == "right" and visit["ended"] > moment)

        wait_until(lambda: len(right_after(0)) > 5, "pages before the line breaks")
        line.set_broken(True)
        time.sleep(5)
        line.set_broken(False)
        mended_at = time.time()
        wait_until(lambda: len(right_after(mended_at)) > 5, "pages after the line is mended")
        visitor.stdin.close()  # it goes when its requests have ended
        assert visitor.wait(PATIENCE) == 0
        reader.join()
        bad = [visit["outcome"] for visit in visits if visit["outcome"] not in ("right", "error")]
        assert not bad, f"{len(bad)} of {len(visits)}, such as {bad[:3]}"
        slowest = max(visit["ended"] - visit["began"] for visit in visits)
        print(f"        {len(right_after(0))} right pages of {len(visits)}; the first {right_after(mended_at)[0] - mended_at:.2f} s "
              f"after the line was mended, the slowest request {slowest:.1f} s")
        assert line.visit("/after")["right"]


def ask(connection, path, nonce):
    connection.request("GET", path, headers={"Host": HOST, "X-Nonce": nonce})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Cf-Railgun"), answer.read()


def visit(path):
    connection = http.client.HTTPConnection(EDGE, 80, timeout=PATIENCE)
    status, railgun, body = ask(connection, path, "one")
    print(json.dumps({"status": status, "railgun": railgun, "right": certified.is_right(body, path, "one")}))


def load():
    """Visits until standard input ends; says what came of each in a line. Their ends are all clean if each is "right" or an
    "error" that the sender answered."""
    stopping, printing = threading.Event(), threading.Lock()

    def run(number):
        count = 0
        while not stopping.is_set():
            count += 1
            path, nonce, began = f"/{number}", f"{number}-{count}", time.time()
            connection = http.client.HTTPConnection(EDGE, 80, timeout=PATIENCE)
            outcome = "right"
            try:
                status, _, body = ask(connection, path, nonce)
                if status in certified.Load.ERRORS:
                    outcome = "error"
                elif status != 200 or not certified.is_right(body, path, nonce):
                    outcome = f"wrong: {status}, {len(body)} bytes"
            except (OSError, http.client.HTTPException) as error:
                outcome = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                connection.close()
            line = json.dumps({"began": began, "ended": time.time(), "outcome": outcome}) + "\n"
            with printing:
                sys.stdout.write(line)
                sys.stdout.flush()
            time.sleep(0.02)

    visitors = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for visitor in visitors:
        visitor.start()
    sys.stdin.read()
    stopping.set()
    for visitor in visitors:
        visitor.join()


if __name__ == "__main__":
    if sys.argv[1:2] == ["visit"]:
        visit(sys.argv[2])
    elif sys.argv[1:2] == ["load"]:
        load()
    else:
        run_tests(sys.modules[__name__])
