"""Dictionaries in browsers: made of what pages have in common, fetched and used by a real Chromium, and never of what one visitor
alone was sent."""
import base64
import contextlib
import hashlib
import http.client
import pathlib
import random
import re
import socket
import ssl
import sys

import balancers
import front
import harness
import origin
from chromium import Chromium
from curl import curl
from harness import Pair, wait_until

PATH = "/.well-known/railgun/dictionary/"
CHROMIUM = '"Chromium";v="156", "Not-A.Brand";v="24"'
NAVIGATION = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-CH-UA": CHROMIUM}


def words(count, seed):
    source = random.Random(seed)
    return " ".join("".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(count))


HEADER = pathlib.Path(__file__).resolve().parents[2] / "railgund/dictionary/freshness.h"
TESTED_CHROMIUM = int(re.search(r"kTestedChromium = (\d+)", HEADER.read_text())[1])
FRAME = "".join(f'<nav class="part-{i}"><a href="/{i}">{words(12, i)}</a></nav>\n' for i in range(400))  # what all pages share


def text_of(path):
    return f"<h1>{path}</h1>\n" + "".join(f"<p>{words(40, path + str(i))}</p>\n" for i in range(10))


def page(handler):
    """A page of the template; of a visitor who is logged in also what is for him alone."""
    path = handler.path
    name = re.search(r"session=(\w+)", handler.headers.get("Cookie", ""))
    own = f'<p>Hello <b>{name[1]}</b>, your token is canary-{name[1]}</p>\n' if name else ""
    body = f"<!doctype html><title>{path}</title>\n{own}{FRAME}{text_of(path)}{own}".encode()
    fields = [("Cache-Control", "private, no-store" if name else "max-age=0")]
    # As applications do it: a cookie for whoever has none, one that is deleted, one that changes with each answer.
    if "given" in path and not handler.headers.get("Cookie"):
        fields.append(("Set-Cookie", "name=of-this-visitor; Path=/"))
    if "deleted" in path:
        fields.append(("Set-Cookie", "old=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/"))
    if "again" in path:
        fields.append(("Set-Cookie", f"{handler.headers.get('Cookie')}; Path=/; HttpOnly"))
    if "changes" in path:
        fields.append(("Set-Cookie", f"name=another-{random.random()}; Path=/"))
    if "off" in path:
        fields.append(("Railgun-Dictionary", "off"))
    handler.answer(body, fields=fields)


@contextlib.contextmanager
def pair_of(**settings):
    server = origin.serve({"*": page})
    trusted = {"trusted.proxies": "127.0.0.1", **settings}
    with Pair(server.server_port, host="localhost", sender=trusted) as pair:
        pair.host = f"localhost:{pair.port}"
        yield pair
    server.shutdown()


def get(pair, path, **fields):
    """(status, fields by name in lower case, body)"""
    status, got, body = pair.get(path, {name.replace("_", "-"): value for name, value in fields.items()})
    return status, {name.lower(): value for name, value in got.items()}, body


def offered(pair, path="/front"):
    """Where the dictionary is that a navigation is offered; None: it is offered none."""
    link = get(pair, path, **NAVIGATION)[1].get("link", "")
    found = re.fullmatch(rf'<({PATH}[0-9a-f]{{64}})>; rel="compression-dictionary"', link)
    return found and found[1]


def visit_from_everywhere(pair, count=12, session=False, kind="visit"):
    for number in range(count):
        fields = {"X-Forwarded-For": f"198.51.{number}.7"}
        if session:
            fields["Cookie"] = f"session=visitor{number}"
        assert get(pair, f"/{kind}-{number}", **fields)[0] == 200


def dictionary(pair):
    """The dictionary's address and text, once there is one."""
    wait_until(lambda: offered(pair), "a dictionary is offered")
    path = offered(pair)
    status, fields, text = get(pair, path)
    assert status == 200 and hashlib.sha256(text).hexdigest() == path.removeprefix(PATH)
    assert fields["use-as-dictionary"] == 'match="/*", match-dest=("document")', fields
    assert "immutable" in fields["cache-control"] and fields["vary"] == "Accept-Encoding", fields
    return path, text


def held(path):
    return ":" + base64.b64encode(bytes.fromhex(path.removeprefix(PATH))).decode() + ":"


def number_of(pair, name):
    stats = harness.ctl(pair.sender, "stats", "--json")[1]
    return int(re.search(rf'"{name}": (\d+)', stats)[1])


def test_chromium_gets_of_another_page_what_differs():
    with pair_of() as pair, Chromium() as browser:
        visit_from_everywhere(pair)
        path, _ = dictionary(pair)
        sent = number_of(pair, "dictionaries_sent")
        first, dom = browser.visit(f"http://localhost:{pair.port}/first")
        assert text_of("/first") in dom
        wait_until(lambda: number_of(pair, "dictionaries_sent") > sent, "Chromium fetches the dictionary")
        # It keeps it a moment after the last byte has come.
        tries = 0
        while number_of(pair, "answers_dcz") == 0:
            assert (tries := tries + 1) < 100
            later, dom = browser.visit(f"http://localhost:{pair.port}/later-{tries}")
            assert text_of(f"/later-{tries}") in dom
        assert later < 0.4 * first, (first, later)
        again, dom = browser.visit(f"http://localhost:{pair.port}/again")
        assert text_of("/again") in dom and again < 0.4 * first, (first, again)
        assert not [url for url in browser.requests() if PATH in url], "it has it already"
        assert " dcz" in harness.ctl(pair.sender, "status")[1]
        print(f"        first {first}, later {later}, again {again} bytes")


def test_a_dictionary_holds_nothing_of_one_visitor():
    with pair_of() as pair:
        visit_from_everywhere(pair, session=True)
        path, text = dictionary(pair)
        assert b"part-17" in text
        for word in (b"canary", b"visitor", b"Hello"):
            assert word not in text, word


def test_answers_with_cookies_are_samples_unless_a_visitor_gets_another_name():
    for kind, session in (("given", False), ("deleted", False), ("deleted", True), ("again", True)):
        with pair_of() as pair:
            visit_from_everywhere(pair, session=session, kind=kind)
            text = dictionary(pair)[1]
            assert b"canary" not in text and b"part-7" in text
    with pair_of() as pair:
        visit_from_everywhere(pair, session=True, kind="changes")
        assert offered(pair) is None and number_of(pair, "dictionaries_made") == 0


def test_one_visitor_with_many_sessions_is_one_visitor():
    with pair_of() as pair:
        for number in range(30):
            get(pair, f"/visit-{number}", Cookie=f"session=visitor{number}")
        assert number_of(pair, "dictionaries_made") == 0
        assert offered(pair) is None


def test_whoever_cannot_use_a_dictionary_gets_the_page_without():
    with pair_of() as pair:
        visit_from_everywhere(pair)
        path, _ = dictionary(pair)
        can = {**NAVIGATION, "Accept-Encoding": "gzip, br, zstd, dcb, dcz", "Available-Dictionary": held(path)}
        assert get(pair, "/a", **can)[1]["content-encoding"] == "dcz"
        vary = get(pair, "/a", **can)[1]["vary"]
        assert vary == "Accept-Encoding, Available-Dictionary", vary
        unknown = ":" + base64.b64encode(bytes(32)).decode() + ":"
        for changed in ({"Available-Dictionary": unknown}, {"Available-Dictionary": "x"}, {"Accept-Encoding": "zstd, dcz;q=0"},
                        {"Accept-Encoding": "zstd, *"}, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-site"}):
            status, fields, _ = get(pair, "/a", **{**can, **changed})
            assert status == 200 and fields["content-encoding"] == "zstd", (changed, fields)
            assert fields["vary"] == vary, fields
        twice = curl(pair.port, "/a", *(part for name, value in can.items() for part in ("-H", f"{name}: {value}")),
                     "-H", f"Available-Dictionary: {held(path)}", host=pair.host)
        assert twice.field("content-encoding") == "zstd", twice.fields
        # The page names the origin's wish, which reaches no visitor.
        status, fields, _ = get(pair, "/off", **can)
        assert fields["content-encoding"] == "zstd" and "railgun-dictionary" not in fields, fields
        assert get(pair, path.replace(path[-1], "0" if path[-1] != "0" else "1"))[0] == 200  # the origin answers
        # Nobody is offered what he has, or has no use for.
        assert "link" not in get(pair, "/a", **can)[1]
        for changed in ({"Sec-Fetch-Dest": "empty"}, {"Sec-CH-UA": '"Chromium";v="129"'}):
            assert "link" not in get(pair, "/a", **{**NAVIGATION, **changed})[1], changed


def test_a_site_that_is_switched_off_has_none():
    for settings in ({"browser.dictionary": "off"}, {"site.localhost.dictionary": "off"}):
        with pair_of(**settings) as pair:
            visit_from_everywhere(pair)
            assert number_of(pair, "dictionaries_made") == 0
            assert get(pair, "/a", **NAVIGATION)[1]["vary"] == "Accept-Encoding"


def test_a_connection_without_tls_has_none():
    with pair_of() as pair:
        visit_from_everywhere(pair)
        dictionary(pair)
        pair.sender.settings["site.site.test.listeners"] = pair.sender.settings["site.localhost.listeners"]
        pair.sender.write()
        assert harness.ctl(pair.sender, "reload")[0] == 0
        pair.host = "site.test"
        for number in range(12):
            get(pair, f"/visit-{number}", **{"X-Forwarded-For": f"198.51.{number}.7"})
        assert offered(pair) is None
        # A front that is trusted says that there is TLS.
        for number in range(12):
            get(pair, f"/visit-{number}", **{"X-Forwarded-For": f"198.51.{number}.7", "X-Forwarded-Proto": "https"})
        NAVIGATION["X-Forwarded-Proto"] = "https"
        try:
            wait_until(lambda: offered(pair), "a dictionary is offered behind the front")
        finally:
            del NAVIGATION["X-Forwarded-Proto"]


@contextlib.contextmanager
def nginx_that_ends_tls(folder, authority, host, sender_port):
    certificate, port = folder / "front", harness.free_port()
    authority.issue(certificate, [host])
    with origin.Nginx(more=f"""listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}.pem; ssl_certificate_key {certificate}.key;
            location / {{ proxy_pass http://127.0.0.1:{sender_port}; proxy_http_version 1.1; proxy_set_header Host $http_host;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; }}"""):
        yield port


def dictionaries_through(balancer):
    """A balancer that ends TLS and is in trusted.proxies: a dictionary is made, offered, fetched and used."""
    with pair_of() as pair:
        authority = front.Authority(pair.folder / "authority")
        context = ssl.create_default_context(cafile=str(authority.certificate))

        def ask(path, visitor=1, **fields):
            """From another address of this machine for each visitor."""
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=harness.PATIENCE)
            connection.sock = context.wrap_socket(
                socket.create_connection(("127.0.0.1", port), harness.PATIENCE, (f"127.0.7.{visitor}", 0)), server_hostname="localhost")
            connection.request("GET", path, headers={"Host": "localhost", **{n.replace("_", "-"): v for n, v in fields.items()}})
            answer = connection.getresponse()
            got = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
            connection.close()
            return got

        with balancer(pair.folder, authority, "localhost", pair.port) as port:
            for visitor in range(1, 13):
                assert ask(f"/visit-{visitor}", visitor)[0] == 200
            wait_until(lambda: "link" in ask("/front", **NAVIGATION)[1], "a dictionary is offered")
            path = re.search(rf"{PATH}[0-9a-f]{{64}}", ask("/front", **NAVIGATION)[1]["link"])[0]
            status, fields, text = ask(path)
            assert status == 200 and hashlib.sha256(text).hexdigest() == path.removeprefix(PATH), fields
            can = {**NAVIGATION, "Accept-Encoding": "gzip, zstd, dcz", "Available-Dictionary": held(path)}
            status, fields, body = ask("/another", **can)
            assert fields["content-encoding"] == "dcz" and body[8:40] == hashlib.sha256(text).digest(), fields
            assert "Available-Dictionary" in fields["vary"], fields


def test_dictionaries_are_offered_and_used_through_nginx_that_ends_tls():
    dictionaries_through(nginx_that_ends_tls)


def test_dictionaries_are_offered_and_used_through_haproxy_that_ends_tls():
    dictionaries_through(balancers.haproxy_that_ends_tls)


def test_chromium_gets_of_a_page_that_it_has_what_is_new_and_never_shows_an_old_one():
    count = iter(range(1, 1000))

    def counted(handler):
        handler.answer(f"<!doctype html><p id=n>{next(count)}</p>\n{FRAME}".encode(), fields=[("Cache-Control", "no-cache")])

    server = origin.serve({"*": counted})
    with Pair(server.server_port, host="localhost", sender={"browser.dictionary": "page"}) as pair, Chromium() as browser:
        shown = lambda: int(browser.evaluate("document.getElementById('n').textContent"))
        if browser.version() < TESTED_CHROMIUM:
            for _ in range(5):
                browser.visit(f"http://localhost:{pair.port}/page")
            assert number_of(pair, "answers_dcz_page") == 0, "a browser that nobody tested got the fields of way page"
            print(f"        Chromium {browser.version()} gets plain pages, as it was not tested")
            return
        for path in ("/page", "/index.php?title=A_b&x=1"):
            url = f"http://localhost:{pair.port}{path}"
            first, _ = browser.visit(url)
            last = shown()
            coded = number_of(pair, "answers_dcz_page")
            tries = 0
            while number_of(pair, "answers_dcz_page") == coded:  # it keeps a page a moment after it has shown it
                assert (tries := tries + 1) < 50
                again, _ = browser.visit(url)
                assert shown() > last
                last = shown()
            assert again < 0.05 * first, (path, first, again)
            print(f"        {path}: first {first}, again {again} bytes")
            # In all ways in which a page is asked for, it is the newest.
            fetch = "fetch('%s').then(a => a.text()).then(t => Number(/id=n>(\\d+)/.exec(t)[1]))"
            frame = ("new Promise(done => { const f = document.createElement('iframe'); f.src = location.href;"
                     " f.onload = () => done(Number(f.contentDocument.getElementById('n').textContent)); document.body.append(f); })")
            for script in (fetch % path, fetch % path, frame, fetch % path):
                got = browser.evaluate(script)
                assert got > last, (script, got, last)
                last = got
            browser.reload()
            assert shown() > last
            last = shown()
            browser.visit(url)
            assert shown() > last
    server.shutdown()


def test_only_browsers_that_show_no_old_page_are_told_to_keep_it():
    with pair_of(**{"browser.dictionary": "page"}) as pair:
        fields = get(pair, "/a", **NAVIGATION)[1]
        assert "stale-while-revalidate" in fields["cache-control"] and 'match="/a"' in fields["use-as-dictionary"], fields
        assert "Sec-Fetch-Dest" in fields["vary"], fields
        firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:170.0) Gecko/20100101 Firefox/170.0"
        for changed in ({"Sec-CH-UA": '"Chromium";v="155"'}, {"Sec-CH-UA": "", "User-Agent": firefox}, {"Sec-Fetch-Dest": "empty"},
                        {"Sec-Fetch-Dest": "iframe"}, {"Cookie": "session=visitor1"}, {"Authorization": "Basic eA=="}):
            fields = get(pair, "/a", **{**NAVIGATION, **changed})[1]
            assert "stale" not in fields["cache-control"] and "use-as-dictionary" not in fields, (changed, fields)
            assert "Sec-Fetch-Dest" in fields["vary"], fields


def script(handler):
    version = re.search(r"[?=](\d[\d.]*)", handler.path)[1]
    text = "".join(f"function part{i}() {{ return '{words(12, i)}'; }}\n" for i in range(300)) + f"window.version = '{version}';\n"
    control = "private, max-age=600" if "own" in handler.path else "no-cache" if "asked" in handler.path else "public, max-age=600"
    handler.answer(text.encode(), content_type="text/javascript", fields=[("Cache-Control", control)])


def test_chromium_gets_of_a_script_what_an_upgrade_has_changed():
    version = iter("123456789")

    def with_scripts(handler):
        number = next(version)
        handler.answer(f"<!doctype html><script src='/js/app.js?ver=1.{number}'></script><script src='/js/part-{number}.min.js'>"
                       "</script><p>text</p>".encode(), fields=[("Cache-Control", "no-store")])

    server = origin.serve({"*": with_scripts, "/js/app.js": script, **{f"/js/part-{i}.min.js": named_script for i in range(10)}})
    with Pair(server.server_port, host="localhost") as pair, Chromium() as browser:
        sizes = "performance.getEntriesByType('resource').filter(e => e.name.includes('.js')).map(e => e.transferSize)"
        browser.visit(f"http://localhost:{pair.port}/")
        first = browser.evaluate(sizes)
        for _ in range(8):  # it keeps a script a moment after it has run
            browser.visit(f"http://localhost:{pair.port}/")
            again = browser.evaluate(sizes)
            if number_of(pair, "answers_dcz_file") >= 2 and max(again) < 0.2 * min(first):
                break
        assert len(first) == 2 and len(again) == 2 and max(again) < 0.2 * min(first), (first, again)
        print(f"        first {first}, after an upgrade {again} bytes")
    server.shutdown()


def named_script(handler):
    handler.path = "/js/part.js?" + re.search(r"part-(\d+)", handler.path)[1]
    script(handler)


def test_only_scripts_that_are_fresh_for_everybody_are_dictionaries_for_their_next_version():
    server = origin.serve({"*": script})
    with Pair(server.server_port, host="localhost", sender={"trusted.proxies": "127.0.0.1"}) as pair:
        part = {"Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin", "Sec-CH-UA": CHROMIUM}
        status, fields, first = get(pair, "/app.js?v=1", **part, Cookie="name=anna")
        assert fields["use-as-dictionary"] == 'match="/app.js?v=*", match-dest=("script")', fields
        assert fields["cache-control"] == "public, max-age=600", fields
        has = {"Accept-Encoding": "zstd, dcz", "Available-Dictionary": ":" + base64.b64encode(hashlib.sha256(first).digest()).decode() + ":"}
        for cookie in ("name=anna", "name=bert"):
            status, fields, body = get(pair, "/app.js?v=2", **part, **has, Cookie=cookie)
            assert fields["content-encoding"] == "dcz" and len(body) < 0.05 * len(first), (fields, len(body))
        assert get(pair, "/other.js?v=2", **part, **has)[1]["content-encoding"] == "zstd"
        assert get(pair, "/app.js?v=2", **{**part, "Sec-Fetch-Site": "cross-site"}, **has)[1]["content-encoding"] == "zstd"
        for path, changed in (("/own.js?v=1", {}), ("/asked.js?v=1", {}), ("/app.js?v=1", {"Sec-Fetch-Dest": "empty"}),
                              ("/app.js?v=1", {"Authorization": "Basic eA=="}), ("/app.js?v=1", {"Sec-Fetch-Site": "cross-site"})):
            assert "use-as-dictionary" not in get(pair, path, **{**part, **changed})[1], (path, changed)
    server.shutdown()


def test_what_one_visitor_was_sent_is_no_dictionary_for_another():
    with pair_of(**{"browser.dictionary": "page"}) as pair:
        body = get(pair, "/a", **NAVIGATION, Cookie="name=anna")[2]
        hash_of_it = ":" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        can = {**NAVIGATION, "Accept-Encoding": "zstd, dcz", "Available-Dictionary": hash_of_it}
        assert get(pair, "/a", **can, Cookie="name=anna")[1]["content-encoding"] == "dcz"
        assert get(pair, "/a", **can, Cookie="name=bert")[1]["content-encoding"] == "zstd"
        assert get(pair, "/a", **can)[1]["content-encoding"] == "zstd"


harness.run_tests(sys.modules[__name__])
