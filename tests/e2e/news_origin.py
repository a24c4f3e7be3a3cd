"""The demo's origin: a page of a news home page's size (about 92 KB) in which a clock, a counter and a few stories
change. Deterministic, so that runs can be compared."""
import http.server
import random
import threading
import time

WORDS = ("minister council river market report station island engine harbour budget winter signal bridge summer court "
         "garden letter doctor record museum valley copper island forest player season border planet vessel library "
         "teacher village railway weather chapter science student meeting company product history").split()
PAGE_BYTES = 92 * 1024


def sentence(source, length):
    words = [source.choice(WORDS) for _ in range(length)]
    return " ".join(words).capitalize() + "."


def story(number):
    source = random.Random(number)
    picture = f"https://static.example/{source.getrandbits(64):016x}.jpg"
    return (f'<article class="story story--medium" id="s{number}"><a href="/news/{number}-{source.choice(WORDS)}">'
            f'<img loading="lazy" class="story__picture" src="{picture}" width="320" height="180" alt="{sentence(source, 5)}">'
            f'<h2 class="story__title">{sentence(source, 8)}</h2></a><p class="story__text">{sentence(source, 24)} '
            f'{sentence(source, 18)}</p><footer class="story__more"><time datetime="2026-01-{source.randint(10, 28)}T'
            f'{source.randint(10, 23)}:{source.randint(10, 59)}Z">{source.randint(2, 58)} min</time> '
            f'<span class="story__count">{source.randint(1, 900)}</span></footer></article>\n')


def page(count, seconds):
    """The page as it is on the count-th request: every seventh time a new story enters at the top."""
    head = ('<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The Daily Demo</title>'
            '<link rel="stylesheet" href="/site.css"></head><body><header><h1>The Daily Demo</h1>'
            f'<p class="clock">{time.strftime("%H:%M:%S", time.gmtime(seconds))}</p>'
            f'<p class="counter">You are visitor {1000000 + count}</p></header><main>\n')
    tail = "</main><footer>All of it invented.</footer></body></html>\n"
    newest = 500 + count // 7
    parts = [head]
    size = len(head) + len(tail)
    number = newest
    while size < PAGE_BYTES:
        parts.append(story(number))
        size += len(parts[-1])
        number -= 1
    return ("".join(parts) + tail).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    count = 0

    def do_GET(self):
        with Handler.lock:
            Handler.count += 1
            count = Handler.count
        body = page(count, time.time()) if self.path == "/" else b"not here\n"
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8" if self.path == "/" else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "private, max-age=0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve():
    """Starts the origin in the background; gives its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
