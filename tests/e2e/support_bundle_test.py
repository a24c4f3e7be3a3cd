"""support-bundle: complete, bounded, and without a secret, wherever one was planted."""
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import time

BIN = pathlib.Path(os.environ.get("RAILGUN_BIN", "build/dev/bin"))
PEM = "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def bundle(root, output, *more):
    return subprocess.run([BIN / "railgunctl", "support-bundle", "--root", root, "-o", output, *more], capture_output=True,
                          text=True, timeout=60)


def contents(path):
    with tarfile.open(path) as tar:
        return {pathlib.Path(m.name).name: tar.extractfile(m).read().decode() for m in tar.getmembers()}


def write(root, path, text):
    file = pathlib.Path(root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def plant(root):
    write(root, "/etc/railgun/railgun.conf",
          "role = listener\nmap.file = /etc/railgun/map.conf\nwan.port = 2408\n"
          "activation.token = CANARY0a\n#activation.token = CANARY0b\nstats.token=CANARY0c\n"
          "stats.url = https://me:CANARY0d@stats.example/in?key=CANARY0e\nmy password CANARY0f\n"
          "cert.file = /etc/railgun/link.pem\nkey.file = /etc/railgun/link.key\n"
          + PEM.format("EC PRIVATE KEY", "CANARY0g"))
    write(root, "/etc/railgun/map.conf", "default = 127.0.0.1\n# old: https://u:CANARY1a@10.0.0.1\n")
    write(root, "/etc/railgun/link.pem", PEM.format("PRIVATE KEY", "CANARY2a") + PEM.format("CERTIFICATE", "MIIBfirst"))
    write(root, "/etc/railgun/link.key", PEM.format("PRIVATE KEY", "CANARY2b"))
    write(root, "/var/lib/railgun/authority.pem", PEM.format("CERTIFICATE", "MIIBsecond"))
    write(root, "/var/lib/railgun/authority.key", PEM.format("EC PRIVATE KEY", "CANARY3a"))
    write(root, "/var/lib/railgun/registry.json", '{"token":"CANARY3b"}')
    write(root, "/var/log/railgun/panic.log", "signal 11 at 0x0\nlast request: GET /a?session=CANARY4a\nCookie: CANARY4b\n")
    write(root, "/var/log/syslog",
          "Jan 1 sshd: accepted password for CANARY5x from elsewhere\n"
          "Jan 1 railgund[7]: started\nJan 1 railgund[7]: token CANARY5a refused\n"
          "Jan 1 railgund[7]: got CANARY0a again\nJan 1 railgund[7]: GET http://a/?q=CANARY5b\n"
          "Jan 1 railgund[7]: Set-Cookie: a=CANARY5c\nJan 1 railgund[7]: key CANARY5dabcdefghijklmnopqrstuvwxyz0123456789\n")


def test_canaries_stay_home(scratch):
    root = f"{scratch}/root"
    plant(root)
    done = bundle(root, f"{scratch}/a.tar.gz")
    expect(done.returncode == 0, done.stderr)
    files = contents(f"{scratch}/a.tar.gz")
    for name, text in files.items():
        expect("CANARY" not in text, f"{name}: {text}")
    expect("CANARY" not in done.stdout, done.stdout)
    expect("wan.port = 2408" in files["railgun.conf"] and "default = 127.0.0.1" in files["railgun-nat.conf"], files)
    expect("railgund[7]: started" in files["log.txt"] and "sshd" not in files["log.txt"], files["log.txt"])
    expect("signal 11" in files["panic.log"], files["panic.log"])
    expect("MIIBfirst" in files["certificates.pem"] and "MIIBsecond" in files["certificates.pem"], files["certificates.pem"])
    expect("railgun.conf:4: activation.token" in files["MANIFEST.txt"], files["MANIFEST.txt"])
    expect("status.json: no daemon answers" in files["MANIFEST.txt"], files["MANIFEST.txt"])
    expect("kernel Linux" in files["system.txt"], files["system.txt"])
    expect(os.stat(f"{scratch}/a.tar.gz").st_mode & 0o077 == 0, "others may read the bundle")


def test_nothing_there(scratch):
    done = bundle(f"{scratch}/nothing", f"{scratch}/b.tar.gz", "--json")
    expect(done.returncode == 0, done.stderr)
    missing = "\n".join(json.loads(done.stdout)["missing"])
    for name in ["railgun.conf", "railgun-nat.conf", "status.json", "panic.log", "log.txt", "certificates"]:
        expect(name in missing, f"{name} is not said to be missing: {missing}")


def test_large_logs_are_bounded(scratch):
    root = f"{scratch}/large"
    with open(_made(f"{root}/var/log/messages"), "w") as log:
        for number in range(400_000):
            log.write(f"Jan 1 host railgund[7]: line {number} of a long log with quite some text in every line of it\n")
    begin = time.monotonic()
    done = bundle(root, f"{scratch}/c.tar.gz")
    seconds = time.monotonic() - begin
    expect(done.returncode == 0, done.stderr)
    text = contents(f"{scratch}/c.tar.gz")["log.txt"]
    expect(len(text) <= 10 << 20 and "line 399999 of" in text, f"{len(text)} bytes of log")
    print(f"a bundle of {len(text)} bytes of log: {seconds:.1f} s, {os.path.getsize(f'{scratch}/c.tar.gz')} bytes")


def _made(path):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    return path


def test_places_that_cannot_be_written(scratch):
    pathlib.Path(scratch, "exists").write_text("mine")
    done = bundle(f"{scratch}/nothing", f"{scratch}/exists")
    expect(done.returncode == 1 and "exists" in done.stderr, done.stderr)
    expect(pathlib.Path(scratch, "exists").read_text() == "mine", "a file was overwritten")
    done = bundle(f"{scratch}/nothing", f"{scratch}/no/such/folder.tar.gz")
    expect(done.returncode == 1 and "No such file" in done.stderr, done.stderr)
    os.symlink(f"{scratch}/exists", f"{scratch}/link")
    done = bundle(f"{scratch}/nothing", f"{scratch}/link")
    expect(done.returncode == 1, "a link was followed")


def test_pipes_and_folders_in_place_of_files(scratch):
    root = f"{scratch}/odd"
    os.mkfifo(_made(f"{root}/etc/railgun/railgun.conf"))
    os.mkfifo(_made(f"{root}/var/log/syslog"))
    os.makedirs(f"{root}/var/log/railgun/panic.log")
    done = bundle(root, f"{scratch}/d.tar.gz")
    expect(done.returncode == 0, done.stderr)


with tempfile.TemporaryDirectory() as folder:
    test_canaries_stay_home(folder)
    test_nothing_there(folder)
    test_large_logs_are_bounded(folder)
    test_places_that_cannot_be_written(folder)
    test_pipes_and_folders_in_place_of_files(folder)
print("support-bundle: all passed")
