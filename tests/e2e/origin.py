"""Origins for the end-to-end tests: a Python server whose routes are functions, and Debian's nginx in front of files."""
import http.server
import pathlib
import shutil
import subprocess
import tempfile
import threading

import harness


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; a route is a function that is given this."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _route(self):
        route = self.server.routes.get(self.path.partition("?")[0]) or self.server.routes.get("*")
        if route is None:
            self.answer(b"no such page at the origin\n", status=404)
        else:
            route(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_PROPFIND = do_REPORT = _route

    def log_message(self, *_):
        pass

    def answer(self, body=b"", status=200, fields=(), content_type="text/html; charset=utf-8"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_raw(self, everything, close=True):
        """Writes an answer byte for byte as given."""
        self.wfile.write(everything)
        self.wfile.flush()
        if close:
            self.close_connection = True

    def begin_chunks(self, content_type="text/html; charset=utf-8"):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, piece):
        """One chunk, flushed; the empty one ends the body."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def body_pieces(self):
        """The request's body, whichever way it is framed."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                while size:
                    piece = self.rfile.read1(min(size, 65536))
                    size -= len(piece)
                    yield piece
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read1(min(left, 65536))
            if not piece:
                return
            left -= len(piece)
            yield piece


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients go away in some tests


def serve(routes, port=0):
    """Starts an origin in the background: `.server_port` says where, `.routes` may be changed."""
    server = Server(("127.0.0.1", port), Handler)
    server.routes = routes
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_repetition():
    """An origin whose pages are the same words over and over, and their path."""
    text = b"<html>" + b"the same words again and again " * 1000
    return serve({"*": lambda handler: handler.answer(text + handler.path.encode() + b"</html>")})


class Nginx:
    """Serves the files of a temporary folder; or, as the web server in front, what `proxied` (a URL) serves. Use as a
    context manager. `more`: of the server's configuration; FOLDER in it is the temporary folder."""

    def __init__(self, php_socket=None, proxied=None, more=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="railgun-nginx-"))
        self.root = self.folder / "root"
        self.root.mkdir()
        self.port = harness.free_port()
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind}; "
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        php = f"""location ~ \\.php$ {{ fastcgi_pass unix:{php_socket};
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param QUERY_STRING $query_string; fastcgi_param HTTP_COOKIE $http_cookie;
            fastcgi_param REDIRECT_STATUS 200; }}""" if php_socket else ""
        front = f"""location / {{ proxy_pass {proxied}; proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}""" if proxied else ""
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log stderr;
            events {{ worker_connections 1024; }}
            http {{ access_log off; {temporary} types {{ text/html html; application/octet-stream bin; text/css css; }}
              server {{ listen 127.0.0.1:{self.port}; root {self.root}; gzip off; {php} {front}
              {more.replace('FOLDER', str(self.folder))} }} }}""")

    def __enter__(self):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
        self.process = subprocess.Popen([program, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr"],
                                        stderr=open(self.folder / "errors", "wb"))
        harness.wait_until(lambda: harness.answers(self.port), "nginx answers")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.PATIENCE)
        shutil.rmtree(self.folder)
