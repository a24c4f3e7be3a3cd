"""For ./dev bench front: what new TLS connections cost the edge, full handshakes and resumed ones, beside nginx with the same
OpenSSL and the same certificate. Each connection ends in good order after the handshake, without a request."""
import concurrent.futures
import socket
import ssl
import statistics

from pair import HOST, cpu_seconds

CLIENTS = 8  # at once
REQUEST = f"GET /small HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


def connect(context, port, session=None):
    client = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname=HOST,
                                 session=session)
    if client.session_reused != (session is not None):
        raise SystemExit("bench: a session was " + ("resumed" if client.session_reused else "not resumed"))
    return client


def ticket(context, port):
    """A session to be resumed: tickets come with the first answer."""
    with connect(context, port) as client:
        client.sendall(REQUEST)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"bench: {answer[:200]!r} on a new TLS connection")
        return client.session


def milliseconds(chain, count, resumed):
    """CPU time of the edge for one connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    session = ticket(context, chain.tls_port) if resumed else None
    before = cpu_seconds(chain.edge_pid)
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        for one in [clients.submit(lambda: connect(context, chain.tls_port, session).unwrap().close()) for _ in range(count)]:
            one.result()
    return (cpu_seconds(chain.edge_pid) - before) / count * 1000


def measure(chains, rounds, count):
    """{chain: {"full": ms of CPU, "resumed": ms of CPU}}, medians of rounds in turn."""
    found = {chain.name: {"full": [], "resumed": []} for chain in chains}
    for _ in range(rounds):
        for chain in chains:
            for kind, times in found[chain.name].items():
                times.append(milliseconds(chain, count, kind == "resumed"))
    return {name: {kind: statistics.median(times) for kind, times in kinds.items()} for name, kinds in found.items()}
