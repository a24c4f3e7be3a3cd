"""curl as a visitor."""
import pathlib
import subprocess
import tempfile


class Answer:
    def __init__(self, head, body):
        # Interim answers come before: the last head counts.
        lines = head.strip().split("\r\n\r\n")[-1].split("\r\n")
        self.version, status, *_ = lines[0].split(" ")
        self.status = int(status)
        self.fields = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines[1:] if ": " in line)]
        self.body = body

    def field(self, name):
        return next((value for key, value in self.fields if key == name), None)


def curl(port, path, *more, host="site.test"):
    with tempfile.TemporaryDirectory(prefix="railgun-curl-") as folder:
        head, body = pathlib.Path(folder, "head"), pathlib.Path(folder, "body")
        body.touch()
        subprocess.run(["curl", "-sS", "--max-time", "60", "-D", head, "-o", body, "-H", f"Host: {host}",
                        *map(str, more), f"http://127.0.0.1:{port}{path}"], check=True)
        return Answer(head.read_bytes().decode("latin-1"), body.read_bytes())
