"""Balancers that tests put in front of the sender. Each context gives the port that the balancer listens on."""
import contextlib
import os
import pathlib
import subprocess

import harness


@contextlib.contextmanager
def serving(command, port, folder, **environment):
    log_file = pathlib.Path(folder, "balancer.log")
    with open(log_file, "wb") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        harness.wait_until(lambda: harness.answers(port) or process.poll() is not None, f"{command[0]} answers")
        assert process.poll() is None, log_file.read_text()
        yield
    finally:
        process.terminate()
        process.wait(harness.PATIENCE)


@contextlib.contextmanager
def haproxy(folder, mode, lines):
    port = harness.free_port()
    config = pathlib.Path(folder, "haproxy.conf")
    config.write_text(f"defaults\n mode {mode}\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n timeout tunnel 60s\n" +
                      lines.format(port=port))
    with serving(["haproxy", "-db", "-f", config], port, folder):
        yield port


@contextlib.contextmanager
def caddy(folder, lines):
    port = harness.free_port()
    config = pathlib.Path(folder, "Caddyfile")
    config.write_text("{\n admin off\n auto_https off\n}\n" + lines.format(port=port))
    with serving(["caddy", "run", "--config", config, "--adapter", "caddyfile"], port, folder, HOME=str(folder)):
        yield port


def haproxy_that_ends_tls(folder, authority, host, sender_port):
    """HAProxy with a certificate for `host`, as doc/OPERATIONS.md says to set it up."""
    authority.issue(folder / "web", [host])
    both = folder / "web.both"
    both.write_text((folder / "web.key").read_text() + (folder / "web.pem").read_text())
    return haproxy(folder, "http", f"listen web\n bind 127.0.0.1:{{port}} ssl crt {both} alpn h2,http/1.1\n"
                   " http-request del-header X-Forwarded-For\n option forwardfor\n"
                   f" http-request set-header X-Forwarded-Proto https\n server sender 127.0.0.1:{sender_port}\n")
