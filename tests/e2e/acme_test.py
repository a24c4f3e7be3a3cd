"""Certificates by ACME (acme.directory, deploy-certificate): real clients against pebble, the test server of Let's Encrypt."""
import contextlib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading

import harness
from front import Authority, Front

HOOK = pathlib.Path(__file__).resolve().parents[2] / "conf" / "deploy-certificate.sh"


@contextlib.contextmanager
def pebble(front):
    """An ACME server for which every name is at 127.0.0.1, where it fetches challenges from the sender's port for HTTP."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        authority = Authority(folder / "authority")
        authority.issue(folder / "server", ["127.0.0.1"])  # a bare system knows no localhost
        port, management, dns, names = (harness.free_port() for _ in range(4))
        (folder / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(folder / "server.pem"), "privateKey": str(folder / "server.key"),
            "httpPort": front.pair.port, "tlsPort": front.tls_port, "ocspResponderURL": "",
            "externalAccountBindingRequired": False}}))
        with open(folder / "log", "w") as log:
            started = [
                subprocess.Popen(["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{dns}",
                                  "-management", f"127.0.0.1:{names}", "-http01", "", "-https01", "", "-tlsalpn01", ""],
                                 stdout=log, stderr=log),
                subprocess.Popen(["pebble", "-config", folder / "pebble.json", "-dnsserver", f"127.0.0.1:{dns}"], stdout=log,
                                 stderr=log, env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"})]
        try:
            harness.wait_until(lambda: harness.answers(port), "pebble answers")
            yield f"https://127.0.0.1:{port}/dir", authority.certificate
        except BaseException:
            print((folder / "log").read_text()[-4000:])
            raise
        finally:
            for process in started:
                process.terminate()
                process.wait()


def environment(front, authority):
    return {**os.environ, "REQUESTS_CA_BUNDLE": str(authority), "RAILGUN_TLS_DIRECTORY": str(front.directory), "RAILGUN_GROUP": "",
            "RAILGUN_RELOAD": f"{harness.BIN / 'railgunctl'} --socket {front.pair.sender.settings['control.socket']} reload"}


def run(*arguments, **more):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=harness.PATIENCE, **more)
    assert done.returncode == 0, done.stdout + done.stderr


def serial(front, name="site.test"):
    """Of the certificate that is shown; pebble's authority is made anew each time, so nobody verifies it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with front.connect(name, context) as connection:
        return connection.getpeercert(binary_form=True)


@contextlib.contextmanager
def empty_front(**more):
    """A sender that has no certificate yet."""
    front = Front({"*": lambda handler: handler.answer(b"the origin's\n")}, **more)
    for file in front.directory.iterdir():
        file.unlink()
    challenges = front.pair.folder / "acme"
    challenges.mkdir()
    front.pair.sender.settings["acme.directory"] = challenges
    with front:
        yield front, challenges


@contextlib.contextmanager
def load(front):
    """Requests over TLS all the time; none may fail."""
    failures, answered, stop = [], [0], threading.Event()
    front.context = ssl.create_default_context()
    front.context.check_hostname, front.context.verify_mode = False, ssl.CERT_NONE

    def ask():
        while not stop.is_set():
            try:
                assert front.get("/")[0] == 200
                answered[0] += 1
            except Exception as error:  # whatever goes wrong is the finding
                failures.append(repr(error))
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
        begun = answered[0]
        harness.wait_until(lambda: answered[0] > begun + 3 or failures, "requests go on")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[:3]


def test_certbot_issues_and_renews_under_load():
    # Browsers are sent to https; the authority's requests are not.
    with empty_front(**{"redirect.https": 308}) as (front, challenges), pebble(front) as (server, authority):
        folder = front.pair.folder / "certbot"
        more = ["--config-dir", folder, "--work-dir", folder, "--logs-dir", folder, "--server", server, "--non-interactive"]
        env = environment(front, authority)
        run("certbot", "certonly", *more, "--agree-tos", "--register-unsafely-without-email", "--webroot", "-w", challenges,
            "-d", "site.test", "-d", "www.site.test", "--deploy-hook", HOOK, env=env)
        first = serial(front)
        assert front.certificate_for("www.site.test")[0] in ("site.test, www.site.test", "www.site.test, site.test")
        assert (front.directory / "site.test" / "privkey.pem").stat().st_mode & 0o777 == 0o640
        with load(front):
            run("certbot", "renew", *more, "--force-renewal", "--no-random-sleep-on-renew", env=env)
            harness.wait_until(lambda: serial(front) != first, "the renewed certificate is shown")


def test_dehydrated_issues_and_renews():
    with empty_front() as (front, challenges), pebble(front) as (server, authority):
        folder = front.pair.folder / "dehydrated"
        folder.mkdir()
        settings = folder / "config"
        settings.write_text(f'CA="{server}"\nBASEDIR="{folder}"\nWELLKNOWN="{challenges}"\nHOOK="{HOOK}"\n'
                            f'CURL_OPTS="--cacert {authority}"\nKEY_ALGO=prime256v1\nLOCKFILE="{folder}/lock"\n')
        env = environment(front, authority)
        run("dehydrated", "--register", "--accept-terms", "-f", settings, env=env)
        run("dehydrated", "-c", "-f", settings, "-d", "site.test", env=env)
        first = serial(front)
        with load(front):
            run("dehydrated", "-c", "-x", "-f", settings, "-d", "site.test", env=env)
            harness.wait_until(lambda: serial(front) != first, "the renewed certificate is shown")


def test_challenges_are_files_of_the_folder_alone():
    with empty_front() as (front, challenges):
        path = "/.well-known/acme-challenge/"
        (challenges / "token").write_text("token.thumbprint")
        (front.pair.folder / "outside").write_text("secret")
        (challenges / "link").symlink_to(front.pair.folder / "outside")
        status, fields, body = front.pair.get(path + "token", {"Host": "nobody.test"})
        assert (status, body) == (200, b"token.thumbprint"), (status, body)
        assert front.pair.get(path + "token", method="HEAD")[1]["Content-Length"] == "16"
        # Whatever else is asked for is the origin's to answer.
        for other in ("link", "none", "../outside", "..%2foutside", "a/../token", "token?x"):
            assert front.pair.get(path + other)[2] in (b"the origin's\n", b""), other
        assert front.pair.get(path + "token", method="POST", body=b"x")[2] == b"the origin's\n"


harness.run_tests(sys.modules[__name__])
