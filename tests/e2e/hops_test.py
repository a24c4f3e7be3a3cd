"""Max-Forwards (RFC 9110 7.6.2), and a site that is an IPv6 address: over a link and directly, from clients of HTTP/1.1 and
HTTP/2."""
import sys

import harness
import origin
from curl import curl

VERSIONS = ("--http1.1", "--http2-prior-knowledge")
IPV6 = "2001:db8::7"


def tell(handler):
    """What the origin is asked."""
    handler.answer(f"{handler.command} {handler.headers['Host']} {handler.headers['Max-Forwards']}".encode(), content_type="text/plain")


def ways(host):
    """The pair over its link, then without."""
    server = origin.serve({"*": tell})
    with harness.Pair(server.server_port, host=host, direct=True, sender={"http2.clear": 1}) as pair:
        yield "link", pair
        pair.listener.stop()
        harness.wait_until(lambda: b"direct" in (curl(pair.port, "/", host=host).field("cf-railgun") or "").encode(),
                           "the sender goes directly")
        yield "direct", pair
    server.shutdown()


def test_the_last_hop_answers_what_may_go_no_further():
    for way, pair in ways("site.test"):
        for version in VERSIONS:
            def ask(method, forwards, version=version, pair=pair):
                return curl(pair.port, "/", version, "-X", method, "-H", f"Max-Forwards: {forwards}")

            ours = ask("OPTIONS", 0)
            assert ours.status == 200 and b"last hop" in ours.body, (way, version, ours.status, ours.body)
            refused = ask("TRACE", 0)
            assert refused.status == 405 and refused.field("allow") == "OPTIONS", (way, version, refused.status)
            # One less at each of the hops: both ends of a link are one proxy.
            passed = ask("OPTIONS", 5)
            assert passed.status == 200 and passed.body == b"OPTIONS site.test 4", (way, version, passed.body)
            # Of other methods the field says nothing.
            assert ask("GET", 0).body == b"GET site.test 0", (way, version)


def test_a_site_may_be_an_ipv6_address():
    for way, pair in ways(f"[{IPV6}]"):
        for version in VERSIONS:
            for host in (f"[{IPV6}]", "[2001:DB8:0:0::7]", f"[{IPV6}]:80"):
                answer = curl(pair.port, "/page", version, host=host)
                assert answer.status == 200 and answer.body == f"GET {host.lower()} None".encode(), (way, version, host, answer.status, answer.body)
            other = curl(pair.port, "/page", version, host="[2001:db8::8]")
            assert other.status == 421, (way, version, other.status)


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
