"""The access log (access.log, access.format)."""
import json
import re
import sys

import harness
import origin


def pair_with_log(name, **more):
    pages = {"/page": lambda handler: handler.answer(b"<p>the same text</p>" * 500), "*": lambda handler: handler.answer(b"short")}
    server = origin.serve(pages)
    pair = harness.Pair(server.server_port, sender=more)
    pair.sender.settings["access.log"] = pair.folder / name
    return pair, server


def lines_of(path, count):
    harness.wait_until(lambda: path.exists() and len(path.read_text().splitlines()) >= count, f"{count} lines in {path.name}")
    return path.read_text().splitlines()


def test_json_has_the_pairs_numbers():
    pair, server = pair_with_log("access.json", **{"access.format": "json"})
    with pair:
        for _ in range(2):
            assert pair.get("/page", {"User-Agent": 'a"b', "Referer": "http://site.test/"})[0] == 200
        assert pair.get("/x", {"Host": "other.test"})[0] == 421
        first, second, refused = map(json.loads, lines_of(pair.folder / "access.json", 3))
        assert first["way"] == "full" and second["way"] == "delta", (first, second)
        assert second["page_bytes"] == second["bytes"] == 10000 and 0 < second["link_bytes"] < 100, second
        assert second["ratio_percent"] < 1 and second["seconds"] >= second["link_seconds"] >= second["origin_seconds"] > 0, second
        assert second["client"] == "127.0.0.1" and second["user_agent"] == 'a"b' and second["target"] == "/page", second
        assert refused["status"] == 421 and refused["way"] == "own" and refused["host"] == "other.test", refused
    server.shutdown()


def test_server_timing_is_for_those_who_ask_for_it():
    pair, server = pair_with_log("access.log", **{"header.timing": 1})
    with pair:
        fields = pair.get("/page")[1]
        assert re.fullmatch(r"full, link;dur=\d+\.\d, origin;dur=\d+\.\d", fields["Server-Timing"]), fields
        pair.sender.settings["header.timing"] = 0
        pair.sender.write()
        assert harness.ctl(pair.sender, "reload")[0] == 0
        assert "Server-Timing" not in pair.get("/page")[1]
    server.shutdown()


def test_combined_goes_to_a_new_file_after_a_reload():
    pair, server = pair_with_log("access.log", **{"trusted.proxies": "127.0.0.1"})
    with pair:
        path = pair.folder / "access.log"
        assert pair.get("/one", {"X-Forwarded-For": "192.0.2.1"})[0] == 200
        line, = lines_of(path, 1)
        assert re.fullmatch(r'192\.0\.2\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /one HTTP/1\.1" 200 5 "-" "-"', line), line
        # As logrotate does it.
        path.rename(pair.folder / "access.log.1")
        assert harness.ctl(pair.sender, "reload")[0] == 0
        assert pair.get("/two")[0] == 200
        assert "/two" in lines_of(path, 1)[0] and "/two" not in (pair.folder / "access.log.1").read_text()
        # A disk that is full stops nothing, and is counted.
        pair.sender.settings["access.log"] = "/dev/full"
        pair.sender.write()
        assert harness.ctl(pair.sender, "reload")[0] == 0
        assert pair.get("/three")[0] == 200
        harness.wait_until(lambda: "dropped_access_lines: 1" in harness.ctl(pair.sender, "stats")[1], "the lost line is counted")
    server.shutdown()


def test_query_strings_stay_out_of_the_logs():
    pair, server = pair_with_log("access.log", **{"log.query": "names"})
    pair.listener.settings["log.query"] = "none"
    for daemon in (pair.sender, pair.listener):
        daemon.settings["log.level"] = 1
    with pair:
        assert pair.get("/page?token=secret&secret", {"Referer": "http://site.test/?code=secret"})[0] == 200
        line, = lines_of(pair.folder / "access.log", 1)
        assert '"GET /page?token=*&* HTTP/1.1"' in line and '"http://site.test/?code=*"' in line, line
        for daemon, shown in ((pair.sender, "/page?token=*&*"), (pair.listener, "/page?*")):
            harness.wait_until(lambda: f"site.test{shown} " in daemon.log.read_text(), f"the {daemon.name}'s line")
            assert "secret" not in daemon.log.read_text()
    server.shutdown()


harness.run_tests(sys.modules[__name__])
