"""Early hints from memory (site.HOST.early_hints): what the last version of a page named, before the origin has made the next one."""
import sys
import threading

import harness
from chromium import Chromium
from front import Front
from http2_client import Client, connect

import h2.events

ON = {"site.site.test.early_hints": "on"}
HEAD = ('<!doctype html><html><head><title>a page</title><link rel="stylesheet" href="/style.css">'
        '<link rel=preload as=script href="/app.js?a=1&amp;b=2"></head>')
LINKS = ["</style.css>; rel=preload; as=style", "</app.js?a=1&b=2>; rel=preload; as=script"]


def page(handler):
    """Says who asks for it, and has a style of his own."""
    for _ in handler.body_pieces():
        pass
    who = handler.headers.get("Cookie", "")
    own = f'<link rel=stylesheet href="/of/{who}.css">' if who else ""
    handler.answer((HEAD.replace("</head>", own + "</head>") + f"<body>{who}</body></html>").encode())


def hints_of(client, path="/", **more):
    """The Link fields of the interim answers, and the body."""
    events = client.wait(client.ask(path, **more), h2.events.StreamEnded)
    links = [value for event in events if isinstance(event, h2.events.InformationalResponseReceived)
             for name, value in event.headers if name == "link"]
    return links, b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))


def test_the_last_versions_links_come_before_the_next_one():
    with Front({"*": page}, **ON) as front, Client(connect(front)) as client:
        assert hints_of(client)[0] == []
        links, body = hints_of(client)
        assert links == LINKS and body.startswith(HEAD[:50].encode()), (links, body)
        assert hints_of(client, fields=[("sec-fetch-mode", "navigate")])[0] == LINKS
        # Not for what a script fetches, for another page, for another method.
        assert hints_of(client, fields=[("sec-fetch-mode", "cors")])[0] == []
        assert hints_of(client, "/other")[0] == []
        assert hints_of(client, method="POST", body=b"x")[0] == []
        counters = front.counters()
        assert counters["hints_sent"] == "2", counters["hints_sent"]
        # HTTP/1.1 clients get none.
        raw = front.connect()
        raw.sendall(b"GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n")
        got = b""
        while b"</html>" not in got:
            got += raw.recv(65536)
        raw.close()
        assert got.startswith(b"HTTP/1.1 200 ") and b" 103 " not in got, got[:200]


def test_nobody_hears_of_another_visitors_page():
    with Front({"*": page}, **ON) as front, Client(connect(front)) as client:
        for _ in range(2):
            links, _ = hints_of(client, fields=[("cookie", "alice")])
        assert links == [*LINKS, "</of/alice.css>; rel=preload; as=style"], links
        for fields in ([], [("cookie", "bob")]):
            links, _ = hints_of(client, fields=fields)
            assert not any("alice" in link for link in links), (fields, links)


def test_none_without_the_setting():
    with Front({"*": page}) as front, Client(connect(front)) as client:
        assert hints_of(client)[0] == hints_of(client)[0] == []


def test_chromium_asks_for_the_style_while_the_origin_works():
    """About one visit in ten, Chromium makes nothing of a 103 that it got (its Network domain does not report it either)."""
    asked, visits = threading.Event(), []

    def slow(handler):
        visits.append(handler.path)
        # The origin works until the style was asked for, or until it is clear that this visit is without.
        seen = len(visits) > 1 and asked.wait(harness.PATIENCE / 10)
        handler.answer((HEAD + f"<body><p id=seen>{seen}</p></body></html>").encode(), fields=[("Cache-Control", "no-store")])

    def style(handler):
        asked.set()
        handler.answer(b"p { color: red }", content_type="text/css", fields=[("Cache-Control", "no-store")])

    def script(handler):
        handler.answer(b"", content_type="text/javascript", fields=[("Cache-Control", "no-store")])

    with Front({"/page": slow, "/style.css": style, "/app.js": script, "*": page}, **ON) as front:
        browser = Chromium(f"--host-resolver-rules=MAP site.test 127.0.0.1:{front.tls_port}", "--ignore-certificate-errors")
        with browser:
            for _ in range(10):
                asked.clear()
                _, text = browser.visit("https://site.test/page")
                if '<p id="seen">True</p>' in text:
                    break
            assert '<p id="seen">True</p>' in text, (visits, text)


harness.run_tests(sys.modules[__name__])
