#!/usr/bin/env python3
"""Protocols whose clients ask much of HTTP, once to their server and once through a pair: WebDAV (litmus), git with 50 MB, an apt
repository, a container registry, WebSockets of websockify, the tests for HTTP caches. Each has to end the same both ways. `./dev
test-clients [NAME…]` runs it."""
import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Pair, free_port, wait_until

MODULES = "mpm_event authz_core alias mime env dav dav_fs cgid setenvif"
PATIENCE = 600
CACHE_TESTS_VERSION = "0.4.5"


def run(*command, folder=None, **more):
    """What a program printed; its end with an error is ours."""
    done = subprocess.run([str(word) for word in command], cwd=folder, timeout=PATIENCE, capture_output=True, text=True, **more)
    assert done.returncode == 0, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@contextlib.contextmanager
def serving(command, port, log, **more):
    """A server of our own, until the end."""
    with open(log, "wb") as to:
        process = subprocess.Popen([str(word) for word in command], stdout=to, stderr=to, **more)
    try:
        wait_until(lambda: harness.answers(port), "the server answers")
        yield
    finally:
        process.terminate()
        process.wait(harness.PATIENCE)


@contextlib.contextmanager
def apache(folder, extra):
    """Apache on a port; `extra`: more of its configuration."""
    port = free_port()
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES.split())
    # Root's server becomes nobody, who then has to own what it writes to.
    user = "User nobody\nGroup nogroup\n" if os.getuid() == 0 else ""
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/error.log\nDefaultRuntimeDir {folder}\n"
        f"Listen 127.0.0.1:{port}\nDocumentRoot {folder}/www\nTypesConfig /dev/null\n{modules}{user}ScriptSock {folder}/cgi\n"
        f"DavLockDB {folder}/locks/dav\n<Directory />\nRequire all granted\n</Directory>\n{extra}")
    for name in ("www", "locks"):
        (folder / name).mkdir(exist_ok=True)
    if os.getuid() == 0:
        folder.chmod(0o755)
        run("chown", "-R", "nobody:nogroup", folder / "www", folder / "locks")
    with serving(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", folder / "apache.conf"], port, folder / "apache.log"):
        yield port


def webdav(folder):
    """litmus: how many of its tests each of its parts passed."""
    with apache(folder, "<Location /dav>\nDav On\n</Location>\n") as port:
        (folder / "www/dav").mkdir()
        if os.getuid() == 0:
            run("chown", "nobody:nogroup", folder / "www/dav")

        def use(base):
            done = subprocess.run(["litmus", "-k", base + "/dav/"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
            return re.findall(r"summary for .*|\d+\. \S+\.+ FAIL.*", done.stdout)
        yield port, use


def git(folder):
    """Push and clone of 50 MB, a second push, a fetch; what the clones hold in the end."""
    # An image of its own: git asks its server whose repository it is.
    environment = f"SetEnv GIT_PROJECT_ROOT {folder}/www/git\nSetEnv GIT_HTTP_EXPORT_ALL 1\nSetEnv HOME {folder}\n"
    (folder / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    (folder / ".gitconfig").chmod(0o644)
    with apache(folder, environment + "ScriptAlias /git/ /usr/lib/git-core/git-http-backend/\n") as port:
        def use(base):
            place = pathlib.Path(tempfile.mkdtemp(dir=folder))
            bare = folder / "www/git" / place.name
            run("git", "init", "-q", "--bare", "-b", "main", bare)
            run("git", "-C", bare, "config", "http.receivepack", "true")
            if os.getuid() == 0:
                run("chown", "-R", "nobody:nogroup", folder / "www/git")
            work = place / "work"
            run("git", "init", "-q", "-b", "main", work)
            identity = ["-c", "user.name=A", "-c", "user.email=a@site.test"]
            date = {**os.environ, "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
            source = random.Random(1)
            for i in range(50):
                (work / f"{i}.bin").write_bytes(source.randbytes(1 << 20))
            for turn in ("first", "second"):
                (work / "text").write_text("".join(f"{turn} line {i}\n" for i in range(1000)))
                run("git", "add", "-A", folder=work)
                run("git", *identity, "commit", "-qm", turn, folder=work, env=date)
                run("git", "push", "-q", f"{base}/git/{place.name}", "main", folder=work)
                if turn == "first":
                    run("git", "clone", "-q", f"{base}/git/{place.name}", place / "clone")
            run("git", "pull", "-q", folder=place / "clone")
            run("git", "fsck", "--strict", folder=place / "clone")
            return run("git", "log", "--format=%H %s", folder=place / "clone").splitlines()
        yield port, use


def apt(folder):
    """Updates and downloads from a repository that changes in between."""
    repository = folder / "www/apt"

    def publish(version):
        tree = folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        (tree / "DEBIAN/control").write_text(f"Package: tiny\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@site.test>\n"
                                             f"Description: a package\n")
        (tree / "data").write_bytes(random.Random(version).randbytes(2 << 20))
        run("dpkg-deb", "--root-owner-group", "-b", tree, repository / f"tiny_{version}_all.deb",
            env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
        (repository / "Packages").write_text(run("apt-ftparchive", "packages", ".", folder=repository))
        (repository / "Release").write_text(run("apt-ftparchive", "release", ".", folder=repository))
        # apt asks for what is newer than the second of its last copy.
        for name in ("Packages", "Release"):
            os.utime(repository / name, (1_700_000_000 + 60 * version,) * 2)

    with apache(folder, "") as port:
        repository.mkdir()

        def use(base):
            for old in repository.iterdir():
                old.unlink()
            place = pathlib.Path(tempfile.mkdtemp(dir=folder))
            for name in ("state/lists/partial", "cache/archives/partial", "etc"):
                (place / name).mkdir(parents=True)
            (place / "etc/list").write_text(f"deb [trusted=yes] {base}/apt ./\n")
            options = [f"Dir::State={place}/state", f"Dir::Cache={place}/cache", f"Dir::Etc::SourceList={place}/etc/list",
                       "Dir::Etc::SourceParts=/dev/null", "Dir::State::status=/dev/null", "APT::Sandbox::User=root",
                       "Acquire::http::Proxy::localhost=DIRECT"]
            options = [word for option in options for word in ("-o", option)]
            seen = []
            for version in (1, 2):
                publish(version)
                for _ in range(2):  # the second time it has not changed
                    run("apt-get", *options, "update")
                run("apt-get", *options, "download", "tiny", folder=place)
                found = sorted(place.glob("*.deb"))
                seen.append([(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in found])
            return seen
        yield port, use


def registry(folder):
    """An image of 20 MB goes to a registry and comes back."""
    port = free_port()
    (folder / "registry.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n")
    image = folder / "image"
    (image / "blobs/sha256").mkdir(parents=True)

    def blob(data, media):
        name = hashlib.sha256(data).hexdigest()
        (image / "blobs/sha256" / name).write_bytes(data)
        return {"mediaType": media, "digest": "sha256:" + name, "size": len(data)}

    layer = run_bytes("tar", "-c", "-C", str(make_layer(folder)), "--mtime=@0", "--sort=name", ".")
    kind = "application/vnd.oci.image."
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode(), kind + "config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config,
                                "layers": [blob(layer, kind + "layer.v1.tar")]}).encode(), kind + "manifest.v1+json")
    (image / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (image / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {**manifest, "annotations": {"org.opencontainers.image.ref.name": "one"}}]}))
    policy = folder / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')

    with serving(["docker-registry", "serve", folder / "registry.yml"], port, folder / "registry.log"):
        def use(base):
            place = pathlib.Path(tempfile.mkdtemp(dir=folder))
            there = f"docker://{base.removeprefix('http://')}/{place.name.replace('_', '-')}:one"
            skopeo = ["skopeo", "--policy", policy, "copy", "--preserve-digests"]
            run(*skopeo, "--dest-tls-verify=false", f"oci:{image}:one", there)
            run(*skopeo, "--src-tls-verify=false", there, f"oci:{place}/back:one")
            blobs = {file.name for file in (place / "back/blobs/sha256").iterdir()}
            return sorted(blobs), blobs == {file.name for file in (image / "blobs/sha256").iterdir()}
        yield port, use


def cache_tests(folder):
    """The tests for HTTP caches of the npm registry, which tell what an intermediary does to caching: the result of each."""
    run("npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error",
        f"http-cache-tests@{CACHE_TESTS_VERSION}")
    package = folder / "node_modules/http-cache-tests"
    port = free_port()

    def settings(**more):
        """The settings of the package's programs, as `npm run` gives them."""
        given = {"protocol": "http", "port": port, "id": "", "pidfile": folder / "pid", **more}
        names = [f"npm_{kind}config_{name}" for kind in ("", "package_") for name in given]
        return {**os.environ, **dict(zip(names, map(str, 2 * list(given.values()))))}

    with serving(["node", package / "server/server.mjs"], port, folder / "server.log", cwd=package, env=settings()):
        unreadable = {}

        def use(base):
            out = run("node", "--no-warnings", package / "cli.mjs", folder=package, env=settings(base=base))
            results = json.loads(out[out.index("{"):])
            assert len(results) > 100, out
            # Where the client cannot read the origin's answer, a proxy answers with an error of its own: failed, both ways.
            # So does the pair to the Transfer-Encoding of headers-store-Transfer-Encoding, which this client does not look at.
            if not unreadable:
                broken = [name for name, result in results.items() if result is not True and result[0] == "FetchError"]
                unreadable.update(dict.fromkeys([*broken, "headers-store-Transfer-Encoding"], "failed"))
            for name, result in results.items():
                results[name] = "passed" if result is True else unreadable.get(name) or result
            return [f"{name}: {result}" for name, result in results.items()]
        yield port, use


class Echo(socketserver.StreamRequestHandler):
    """Sends back what comes, up to "quit"."""

    def handle(self):
        while (piece := self.rfile.read1(65536)) and piece != b"quit":
            self.wfile.write(piece)


def websocket(folder):
    """websockify, which carries TCP connections over WebSockets, in front of a server that echoes."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as echo:
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        port = free_port()
        command = ["/usr/bin/websockify", f"127.0.0.1:{port}", f"127.0.0.1:{echo.server_address[1]}"]
        with serving(command, port, folder / "websockify.log"):
            def use(base):
                client = pathlib.Path(__file__).with_name("websocket_client.py")
                # Debian's package is for Debian's Python.
                seen = json.loads(run("/usr/bin/python3", client, base.replace("http:", "ws:") + "/"))
                return [f"{name}: {value}" for name, value in seen.items()]
            yield port, use
        echo.shutdown()


def run_bytes(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE).stdout


def make_layer(folder):
    layer = folder / "layer"
    layer.mkdir()
    (layer / "data").write_bytes(random.Random(2).randbytes(20 << 20))
    return layer


def main(names):
    parts = {"webdav": webdav, "git": git, "apt": apt, "registry": registry, "websocket": websocket, "cache-tests": cache_tests}
    unknown = [name for name in names if name not in parts]
    if unknown:
        sys.exit(f"test-clients: there is no {' '.join(unknown)}; there are {' '.join(parts)}")
    bad = []
    for name in names or parts:
        with tempfile.TemporaryDirectory(prefix="railgun-clients-") as temporary:
            folder = pathlib.Path(temporary)
            with contextlib.contextmanager(parts[name])(folder) as (port, use):
                begun = time.monotonic()
                alone = use(f"http://localhost:{port}")
                between = time.monotonic()
                with Pair(port, host="localhost", sender={"host.ports": port}) as pair:
                    through = use(f"http://localhost:{pair.port}")
                ended = time.monotonic()
            same = alone == through
            print(f"{'ok    ' if same else 'FAILED'}  {name}: {between - begun:.1f} s alone, {ended - between:.1f} s through the pair")
            for line in alone if name == "webdav" else ():
                print("        " + line)
            if name == "cache-tests":
                passed = sum(line.endswith(": passed") for line in alone)
                print(f"        {len(alone)} tests, of which {passed} pass without a cache and without the pair")
            if not same:
                bad.append(name)
                print("        alone:   " + "\n                 ".join(str(line) for line in alone if line not in through))
                print("        through: " + "\n                 ".join(str(line) for line in through if line not in alone))
    sys.exit(1 if bad else 0)


main(sys.argv[1:])
