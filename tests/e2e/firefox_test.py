"""A real Firefox at the front door, over HTTPS and HTTP/2: right pages, and never an old one, whatever dictionaries it is offered."""
import pathlib
import random
import re
import sys

import harness
from firefox import Firefox
from front import Front


def words(count, seed):
    source = random.Random(seed)
    return " ".join("".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(count))


FRAME = "".join(f'<nav class="part-{i}"><a href="/{i}">{words(12, i)}</a></nav>\n' for i in range(200))  # what all pages share


def text_of(path):
    return f"<h1>{path}</h1>\n" + "".join(f"<p>{words(40, path + str(i))}</p>\n" for i in range(10))


HEADER = pathlib.Path(__file__).resolve().parents[2] / "railgund/dictionary/request.cc"
FIRST_THAT_USES_THEM = int(re.search(r"kFirefox = (\d+)", HEADER.read_text())[1])


class Pages:
    """Pages of one template, each with the number of its answer."""

    def __init__(self):
        self.answers = 0

    def __call__(self, handler):
        if handler.path == "/favicon.ico":
            return handler.answer(b"", status=404)
        self.answers += 1
        handler.answer(f"<!doctype html><title>{handler.path}</title>\n<p id=n>{self.answers}</p>\n{FRAME}{text_of(handler.path)}".encode(),
                       fields=[("Cache-Control", "max-age=0")])


def in_mode(mode):
    pages = Pages()
    return pages, Front({"*": pages}, **{"browser.dictionary": mode, "trusted.proxies": "127.0.0.1"})


def url(front, path):
    return f"https://site.test:{front.tls_port}{path}"


def shown(browser):
    return int(browser.evaluate("document.getElementById('n').textContent"))


def test_every_way_of_asking_for_a_page_shows_the_newest():
    for mode in ("page", "site", "off"):
        pages, front = in_mode(mode)
        with front, Firefox() as browser:
            for path in ("/page", "/index.php?title=A_b&x=1"):
                last = 0
                fetch = "fetch('%s').then(a => a.text()).then(t => Number(/id=n>(\\d+)/.exec(t)[1]))" % path
                frame = ("new Promise(done => { const f = document.createElement('iframe'); f.src = location.href;"
                         " f.onload = () => done(Number(f.contentDocument.getElementById('n').textContent));"
                         " document.body.append(f); })")
                for way in ("visit", "visit", fetch, fetch, frame, "reload", fetch, "visit"):
                    if way == "visit":
                        assert text_of(path).replace("&", "&amp;") in browser.visit(url(front, path)), (mode, path)
                    elif way == "reload":
                        browser.reload()
                    number = shown(browser) if way in ("visit", "reload") else browser.evaluate(way)
                    assert number == pages.answers > last, (mode, path, way, number, pages.answers, last)
                    last = number
            spoken = browser.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
            assert spoken == "h2", spoken


def test_pages_are_right_and_coded_by_a_dictionary_from_the_version_on_that_uses_them():
    pages, front = in_mode("site")
    with front, Firefox() as browser:
        # Others have been here, so there is a dictionary.
        for number in range(12):
            fields = {"X-Forwarded-For": f"198.51.{number}.7", "Host": f"site.test:{front.tls_port}"}
            assert front.get(f"/visit-{number}", fields)[0] == 200
        harness.wait_until(lambda: front.counters()["dictionaries"] == "1", "a dictionary is made")
        for number in range(5):
            path = f"/firefox-{number}"
            assert text_of(path) in browser.visit(url(front, path)) and shown(browser) == pages.answers
        if browser.version < FIRST_THAT_USES_THEM:
            assert (front.counters()["dictionaries_sent"], front.counters()["answers_dcz"]) == ("0", "0")
            return
        visits = 0
        while front.counters()["answers_dcz"] == "0":  # it fetches the dictionary when it has nothing else to do
            assert (visits := visits + 1) < 100, "Firefox uses no dictionary"
            path = f"/later-{visits}"
            assert text_of(path) in browser.visit(url(front, path)) and shown(browser) == pages.answers


harness.run_tests(sys.modules[__name__])
