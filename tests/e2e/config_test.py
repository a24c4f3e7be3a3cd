"""railgund --check: what is wrong with a settings file is said with file, line, key and what was expected."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import harness
import origin


def check(text, folder, **files):
    """(exit status, standard output, standard error) for a settings file; {file} stands for its path in what is said."""
    path = pathlib.Path(folder, "railgun.conf")
    path.write_text(text)
    for name, content in files.items():
        pathlib.Path(folder, name).write_text(content)
    done = subprocess.run([harness.BIN / "railgund", "--check", "--config", path], capture_output=True, text=True,
                          timeout=harness.PATIENCE)
    return done.returncode, done.stdout, done.stderr.replace(str(path), "{file}").replace(str(folder), "{folder}")


def test_a_good_file_is_called_good():
    with tempfile.TemporaryDirectory(prefix="railgun-config-") as folder:
        code, out, err = check("role = listener\nmap.file = map\nmemory.limit = 64M\n", folder, map="default = 127.0.0.1\n")
        assert (code, err) == (0, "") and "good" in out, (code, out, err)
        code, out, err = check("role = sender\nlisten = 127.0.0.1:80\nsite.a.test.listeners = 10.0.0.1:2408\n", folder)
        assert (code, err) == (0, "") and "good" in out, (code, out, err)


def test_a_value_may_hold_an_equals_sign():
    with tempfile.TemporaryDirectory(prefix="railgun-config-") as folder:
        code, _, err = check("stats.enabled = 1\nstats.url = https://stats.example.com/in?key=abc\n", folder)
        assert (code, err) == (0, ""), (code, err)


def test_every_fault_is_named_with_its_place():
    wanted = [
        ("role = lisener", "{file}:2: role: expected listener | sender, not 'lisener'"),
        ("wan.prot = 2408", "{file}:2: wan.prot: there is no such setting; did you mean wan.port?"),
        ("memcached.server = 127.0.0.1:11211", "did you mean memcached.servers?"),
        ("wan.port 2408", "{file}:2: expected key = value"),
        ("wan.port = 70000", "{file}:2: wan.port: expected a number from 1 to 65535, not '70000'"),
        ("wan.port = 1\nwan.port = 2", "{file}:3: wan.port: a second time, after line 2"),
        ("memory.limit = lots", "{file}:2: memory.limit: expected a number of bytes"),
        ("lan.timeout = 5x", "{file}:2: lan.timeout: expected a number of seconds"),
        ("validate.cert = perhaps", "{file}:2: validate.cert: expected 0 or 1"),
        ("wan.ip = example.com", "{file}:2: wan.ip: expected an IPv4 or IPv6 address, not 'example.com'"),
        ("role = sender\nsite.a.test.listeners = :9", "{file}:3: site.a.test.listeners: expected HOST:PORT"),
        ("role = sender\nlisten = nowhere:", "{file}:3: listen: expected"),
        ("trusted.proxies = 10.0.0.0/33", "{file}:2: trusted.proxies: expected an address, or a network"),
        ("cert.file = /etc/x.pem", "{file}:2: cert.file: cert.file and key.file are needed together"),
        ("map.file = missing", "{file}:2: map.file: {folder}/missing: no such file"),
        ("map.file = map", "{folder}/map:2: "),
    ]
    with tempfile.TemporaryDirectory(prefix="railgun-config-") as folder:
        for text, expected in wanted:
            code, out, err = check(f"# first\n{text}\n", folder, map="default = 127.0.0.1\nwhat is this\n")
            assert code == 1 and expected in err and out == "", f"{text!r}: exit status {code}, said {err!r}"
        code, _, err = check("zzz = 1\nrole = x\n", folder)
        assert code == 1 and "{file}:1: zzz" in err and "{file}:2: role" in err, f"all faults at once: {err}"


def test_what_the_settings_name_is_looked_at_too():
    with tempfile.TemporaryDirectory(prefix="railgun-config-") as folder:
        certificates = harness.Certificates(pathlib.Path(folder))
        good = certificates.settings("listener")
        text = "role = listener\n" + "".join(f"{key} = {value}\n" for key, value in good.items())
        assert check(text, folder)[0] == 0, check(text, folder)
        for key, value in (("cert.file", f"{folder}/missing.pem"), ("key.file", f"{folder}/sender.key"),
                           ("link.ca_file", good["key.file"])):
            text = "role = listener\n" + "".join(f"{name} = {value if name == key else path}\n" for name, path in good.items())
            code, _, err = check(text, folder)
            assert code == 1 and err.startswith("{file}: ") and key in err and len(err) < 500, \
                f"{key}: exit status {code}, said {err!r}"


def test_files_that_are_no_settings():
    with tempfile.TemporaryDirectory(prefix="railgun-config-") as folder:
        for what, expected in ((f"{folder}/missing.conf", "no such file"), (folder, "is a folder, not a file")):
            for more in (["--check"], ["--stderr"]):
                done = subprocess.run([harness.BIN / "railgund", *more, "--config", what], capture_output=True, text=True,
                                      timeout=harness.PATIENCE)
                assert done.returncode == 1 and done.stderr.strip() == f"{what}: {expected}", done.stderr
        binary = pathlib.Path(folder, "binary.conf")
        binary.write_bytes(os.urandom(10_000))
        done = subprocess.run([harness.BIN / "railgund", "--check", "--config", binary], capture_output=True,
                              timeout=harness.PATIENCE)
        assert done.returncode == 1 and len(done.stderr) < 20_000, done.stderr[:500]


def test_a_bad_reload_changes_nothing():
    server = origin.serve({"*": lambda handler: handler.answer(b"a page")})
    with harness.Pair(server.server_port) as pair:
        for daemon in (pair.listener, pair.sender):
            good = daemon.config.read_text()
            daemon.config.write_text(good + "wan.prot = 1\n")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: "did you mean wan.port?" in daemon.log.read_text(), "the reload is refused")
            assert pair.get("/")[2] == b"a page", f"after the {daemon.name}'s bad reload"
            daemon.config.write_text(good)
    server.shutdown()


harness.run_tests(sys.modules[__name__])
