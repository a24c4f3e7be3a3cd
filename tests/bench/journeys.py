"""Journeys through real applications (./dev bench references journeys [APPLICATION…]): log in, browse, edit, upload, search, log out,
with an empty browser cache each time. Bytes of bodies on the link, beside gzip -6 of what the origin sent (what is no text, as it
is); the first journey, and the median of three that follow when three other visitors have been there. Each edits and searches
something else. With --whole, the answers that
cost most of the last journey."""
import json
import pathlib
import re
import statistics
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "applications")]
import harness  # noqa: E402
import installed  # noqa: E402
from installed import PASSWORD, TITLES  # noqa: E402
from visitor import Forms, Visitor, picture  # noqa: E402

# On the link against gzip: of later journeys, and of the first.
BARS = {"wordpress": 1 / 60, "mediawiki": 1 / 40, "django": 1 / 40, "dokuwiki": 1 / 40, "phpmyadmin": 1 / 20, "netdata": 1 / 40}
FIRST = 0.75
# What so many visitors were sent alike is everybody's (isolate.shared_by); then come the later journeys.
SHARED_BY = 3
LATER = 3
LOGGED = re.compile(r" I [A-Z]+ (\S+) \d+ (\d+) bytes as (\d+),")


def wordpress(visitor, number):
    title = TITLES[number % len(TITLES)].lower()
    _, fields = Forms(visitor.visit("/wp-login.php")).with_field("pwd")
    visitor.visit("/wp-login.php", {**fields, "log": "admin", "pwd": PASSWORD, "wp-submit": "Log In"})
    for path in ("/", "/one/", "/two/", "/three/", "/wp-admin/edit.php"):
        text = visitor.visit(path)
    post = re.search(rf'post=(\d+)&amp;action=edit" aria-label="&#8220;{title}', text, re.IGNORECASE)[1]
    nonce = re.search(r'createNonceMiddleware\( "(\w+)"', visitor.visit(f"/wp-admin/post.php?post={post}&action=edit"))[1]
    content = f"<!-- wp:paragraph --><p>An addition of journey {number}.</p><!-- /wp:paragraph -->"
    status, _, page, _ = visitor.ask(f"/wp-json/wp/v2/posts/{post}?_locale=user", "POST", json.dumps({"id": int(post), "content": content}),
                                     "application/json", {"X-WP-Nonce": nonce, "X-HTTP-Method-Override": "PUT"})
    assert status == 200, (status, page[:500])
    visitor.visit(f"/{title}/")
    _, fields = Forms(visitor.visit("/wp-admin/media-new.php?browser-uploader")).with_field("_wpnonce")
    visitor.visit("/wp-admin/media-new.php", {**fields, "html-upload": "Upload"},
                  {"async-upload": (f"picture{number}.png", "image/png", picture(number))})
    visitor.visit(f"/?s=journey+{number}")
    text = visitor.visit("/wp-admin/profile.php")
    visitor.visit(re.search(r'href="([^"]*wp-login\.php\?action=logout[^"]*)"', text)[1])


def mediawiki(visitor, number):
    title = TITLES[number % len(TITLES)]
    action, fields = Forms(visitor.visit("/index.php?title=Special:UserLogin")).with_field("wpPassword")
    visitor.visit(action, {**fields, "wpName": "Admin", "wpPassword": PASSWORD})
    for name in ("One", "Two", "Three", "Special:RecentChanges"):
        visitor.visit(f"/index.php?title={name}")
    action, fields = Forms(visitor.visit(f"/index.php?title={title}&action=edit")).with_field("wpTextbox1")
    fields["wpTextbox1"] += f"\nAn addition of journey {number}.\n"
    visitor.visit(action, {**{name: value for name, value in fields.items() if name != "wpPreview"}, "wpSave": "Save"})
    action, fields = Forms(visitor.visit("/index.php?title=Special:Upload")).with_field("wpDestFile")
    visitor.visit(action, {**fields, "wpDestFile": f"Picture{number}.png", "wpUpload": "Upload file"},
                  {"wpUploadFile": (f"Picture{number}.png", "image/png", picture(number))})
    visitor.visit(f"/index.php?title={title}&action=history")
    visitor.visit(f"/index.php?search=addition+of+journey+{number}")
    action, fields = Forms(visitor.visit("/index.php?title=Special:UserLogout")).with_field("wpEditToken")
    visitor.visit(action, fields)


def django(visitor, number):
    action, fields = Forms(visitor.visit("/admin/login/?next=/admin/")).with_field("password")
    visitor.visit(action or "/admin/login/?next=/admin/", {**fields, "username": "admin", "password": PASSWORD})
    visitor.visit("/admin/auth/user/")
    action, fields = Forms(visitor.visit("/admin/auth/user/add/")).with_field("password1")
    text = visitor.visit("/admin/auth/user/add/", {**fields, "username": f"visitor{number}", "password1": "another-pass-word",
                                                   "password2": "another-pass-word", "_save": "Save"})
    assert "Change user" in text, text[-2000:]
    action, fields = Forms(text).with_field("email")
    visitor.visit(visitor.where, {**fields, "email": f"visitor{number}@site.test", "is_active": "on", "_save": "Save"})
    visitor.visit(f"/admin/auth/user/?q=visitor{number}")
    visitor.visit("/admin/auth/group/")
    visitor.visit("/admin/auth/group/add/")
    visitor.visit("/admin/password_change/")
    visitor.visit("/admin/logout/")


def dokuwiki(visitor, number):
    words = ("syntax", "wiki", "page", "media", "list")
    for page in ("wiki:welcome", "wiki:syntax", "wiki:dokuwiki", "wiki:welcome&do=login", "start&do=index", "start&do=recent",
                 "wiki:syntax&do=backlink", f"start&do=search&q={words[number % len(words)]}"):
        visitor.visit(f"/doku.php?id={page}")


def phpmyadmin(visitor, number):
    _, fields = Forms(visitor.visit("/index.php")).with_field("pma_password")
    text = visitor.visit("/index.php?route=/", {**fields, "pma_username": "root", "pma_password": PASSWORD})
    token = re.search(r'token:"([^"]+)"', text)[1]
    query = {"ajax_request": "true", "ajax_page_request": "true", "token": token}

    def go(route, fields=None, files=None, **more):
        """What its scripts ask for when somebody follows a link, or sends a form; the page is in JSON."""
        if fields is None and files is None:
            more |= query | {"_nocache": f"{time.time_ns()}"}
        text = visitor.visit(f"/index.php?route={route}&" + urllib.parse.urlencode(more), fields and fields | query, files)
        answer = json.loads(text)
        assert answer["success"], (route, text[:1000])
        return answer

    visitor.visit("/index.php?route=/navigation&ajax_request=1", {"server": "1", "token": token})
    go("/database/structure", db="library")
    for table in ("books", "readers"):
        go("/sql", db="library", table=table, pos="0")
        go("/table/structure", db="library", table=table)
    go("/sql", db="library", table="books", pos="25")
    go("/sql", {"db": "library", "table": "books", "sql_query": f"UPDATE books SET text = 'An edition of journey {number}.' WHERE id = {number + 1}"})
    go("/sql", db="library", table="books", pos="0")
    go("/database/import", db="library")
    go("/import", {"db": "library", "import_type": "database", "format": "sql", "charset_of_file": "utf-8", "sql_compatibility": "NONE"},
       {"import_file": ("readers.sql", "application/sql", f"INSERT INTO readers VALUES ({number}, 'Reader {number}');\n".encode())})
    go("/database/search", {"db": "library", "criteriaSearchString": f"journey {number}", "criteriaSearchType": "1",
                            "criteriaTables[]": "books", "submit_search": "Go"})
    visitor.visit("/index.php?route=/logout", {"token": token})


def netdata(visitor, number):
    """The dashboard has no log-in. Its scripts ask for the charts on the screen each second."""
    visitor.visit("/")
    for path in ("/api/v1/info", "/api/v1/charts", "/api/v1/alarms?all", "/api/v1/registry?action=hello"):
        visitor.ask(path)
    charts = ("system.cpu", "system.load", "system.ram", "system.io", "system.net", "system.processes", "system.intr", "mem.available")
    for second in range(6):
        for chart in charts[:8 - number % 2]:
            visitor.ask(f"/api/v1/data?chart={chart}&format=json&points={120 + number}&group=average&gtime=0&options=ms%7Cflip%7Cjsonwrap%7C"
                        f"nonzero&after=-{120 + number}&_={time.time_ns() // 1000000}")
        time.sleep(1)


JOURNEYS = {one.__name__: one for one in (wordpress, mediawiki, django, dokuwiki, phpmyadmin, netdata)}


def travel(name, shows_whole=False):
    """For each journey its bytes on the link, and gzip's."""
    with tempfile.TemporaryDirectory(prefix="railgun-bench-") as folder, \
            installed.APPLICATIONS[name](pathlib.Path(folder)) as (port, _), \
            harness.Pair(port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        costs, answers, coded = [], 0, 0
        for number in range(SHARED_BY + LATER):
            visitor = Visitor(pair, number)
            begin = pair.sender.log.stat().st_size
            JOURNEYS[name](visitor, number)
            answers += visitor.answers

            def totals():
                return json.loads(harness.ctl(pair.sender, "stats", "--json")[1])
            harness.wait_until(lambda: totals()["requests_completed"] >= answers, "all answers are counted")
            now = totals()["railgun"]["coded_bytes"]
            costs.append((now - coded, visitor.gzipped, visitor.answers))
            coded = now
        if shows_whole:
            lines = LOGGED.findall(pair.sender.log.read_bytes()[begin:].decode())
            for path, page, took in sorted(lines, key=lambda line: -int(line[2]))[:12]:
                print(f"    {path[:110]}: {page} bytes as {took}")
            stats = harness.ctl(pair.sender, "stats")[1].splitlines()
            print("\n".join(line for line in stats if line.startswith(("railgun.whole_", "railgun.found_"))))
    return costs


def main(names, shows_whole):
    if unknown := set(names) - set(JOURNEYS):
        sys.exit(f"bench references journeys: no application {', '.join(sorted(unknown))}; there are {', '.join(JOURNEYS)}")
    result = {}
    for name in names or JOURNEYS:
        costs = travel(name, shows_whole)
        later = statistics.median(took / beside for took, beside, _ in costs[SHARED_BY:])
        first = costs[0][0] / costs[0][1]
        result[name] = {"first": first, "later": later, "bytes": [took for took, _, _ in costs], "gzip": [beside for _, beside, _ in costs]}
        print(f"{name:12} {costs[0][2]:4} answers  first {first:.3f} of gzip -6 (bar {FIRST}: {'met' if first <= FIRST else 'MISSED'})   "
              f"later 1/{1 / later:.0f} (bar 1/{1 / BARS[name]:.0f}: {'met' if later <= BARS[name] else 'MISSED'})", flush=True)
    return result
