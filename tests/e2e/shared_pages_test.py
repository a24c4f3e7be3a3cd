"""What several visitors with sessions of their own were sent is known for the next one: whole when it is the same, and what pages
have in common when each has something of its own."""
import random
import re
import sys

import harness
import origin

SHARED_BY = 3  # isolate.shared_by
PICTURE = b"\x89PNG" + random.Random(1).randbytes(9_000)


def text(seed):
    source = random.Random(seed)
    words = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(600)]
    return "".join(f"<p id={n}>{' '.join(source.choice(words) for _ in range(20))}</p>\n" for n in range(80))


ARTICLE = text("article")


def account(request):
    """An article beside what is the visitor's own."""
    name = request.headers["Cookie"].partition("=")[2]
    request.answer(f"<html><input name=token value={random.random()}>{ARTICLE}<aside>{text(name)}</aside></html>".encode())


ROUTES = {"/picture.png": lambda request: request.answer(PICTURE, content_type="image/png"), "/account": account}


def visit(pair, path, number, network=None):
    """Bytes on the link for this visitor's request."""
    before = len(taken(pair))
    status, _, _ = pair.get(path, {"Cookie": f"session=visitor{number}", "X-Forwarded-For": network or f"198.51.{number}.7"})
    assert status == 200
    harness.wait_until(lambda: len(taken(pair)) > before, "the answer is logged")
    return taken(pair)[-1]


def taken(pair):
    return [int(took) for took in re.findall(r" bytes as (\d+),", pair.sender.log.read_text())]


def test_a_picture_is_known_for_all_once_several_visitors_were_sent_it():
    server = origin.serve(ROUTES)
    with harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        costs = [visit(pair, "/picture.png", number) for number in range(SHARED_BY + 10)]
    server.shutdown()
    assert all(cost == len(PICTURE) for cost in costs[:SHARED_BY]), costs
    assert all(cost < 10 for cost in costs[SHARED_BY:]), costs


def test_what_pages_of_several_visitors_have_in_common_is_known_for_the_next():
    server = origin.serve(ROUTES)
    with harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        whole = [visit(pair, "/account", number) for number in range(SHARED_BY)]
        later = visit(pair, "/account", SHARED_BY)
    server.shutdown()
    # The visitor's own half is as large as the article, and crosses.
    assert min(whole) / 3 < later < min(whole) * 2 / 3, (whole, later)


def test_an_address_with_a_session_in_it_is_known_by_its_shape():
    server = origin.serve(ROUTES)
    source = random.Random(2)

    def address():
        return f"/account?token={source.randbytes(16).hex()}&_={source.randrange(10 ** 15, 10 ** 16)}"
    with harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        whole = [visit(pair, address(), number) for number in range(SHARED_BY)]
        later = visit(pair, address(), SHARED_BY)
        # One visitor's own half is not known for another, whoever asks for the same address.
        own = address()
        visit(pair, own, SHARED_BY + 1)
        others = visit(pair, own, SHARED_BY + 2)
    server.shutdown()
    assert min(whole) / 3 < later < min(whole) * 2 / 3, (whole, later)
    assert min(whole) / 3 < others < min(whole) * 2 / 3, (whole, others)


def test_one_visitor_with_many_cookies_is_one():
    server = origin.serve(ROUTES)
    with harness.Pair(server.server_port, sender={"trusted.proxies": "127.0.0.1"}) as pair:
        costs = [visit(pair, "/account", number, "203.0.113.9") for number in range(2 * SHARED_BY)]
    server.shutdown()
    assert min(costs) > 0.9 * costs[0], costs


if __name__ == "__main__":
    harness.run_tests(sys.modules[__name__])
