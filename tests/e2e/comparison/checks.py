"""The registry of checks, and what several of them measure."""
import contextlib
import socket
import statistics
import time

import lab
from lab import between, expect

registry = {}


def check(section, capability):
    """Registers a check under the two names that its row has on the page."""
    def register(function):
        name = f"{section}: {capability}"
        assert name not in registry, f"two checks are called {name}"
        registry[name] = function
        return function
    return register


def alike(function, *rows):
    """Registers one check for several rows that mean the same."""
    for section, capability in rows:
        check(section, capability)(function)


def delays(rules, low, high, count=12):
    """The median round trip over TCP, in seconds, is between low and high."""
    with lab.tcp(rules) as proxy:
        between(low, statistics.median(lab.round_trips(proxy.port, count)), high, "median of round trips")


def loses(rules, low, high, count=1500):
    """The share of datagrams that are lost is between low and high."""
    with lab.udp(rules) as net:
        between(low, 1 - len(net.burst(count)) / count, high, "share of lost datagrams")


def changes(rules, low, high, count=1000):
    """The share of datagrams with a changed byte is between low and high."""
    with lab.udp(rules) as net:
        arrived = net.burst(count, size=64)
        broken = sum(1 for _, _, data in arrived if any(data[4:]) or int.from_bytes(data[:4], "big") >= count)
        between(low, broken / count, high, "share of changed datagrams")


def doubles(rules, low, high, count=1000):
    """Datagrams that arrive twice, as a share of all, are between low and high."""
    with lab.udp(rules) as net:
        numbers = [number for number, _, _ in net.burst(count)]
        between(low, (len(numbers) - len(set(numbers))) / count, high, "share of copies")


def overtakes(rules, low, high, count=500):
    """The share of datagrams that arrive ahead of an earlier one is between low and high."""
    with lab.udp(rules) as net:
        numbers = [number for number, _, _ in net.burst(count, gap=0.001)]
        early = sum(1 for place, number in enumerate(numbers) if any(n < number for n in numbers[place + 1:place + 80]))
        between(low, early / count, high, "share of datagrams that overtake")


def limits(rules, rate, size=100_000):
    """A download arrives at this rate, in bytes per second, within 15%."""
    with lab.tcp(rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, size)
        expect(got == size, f"{got} of {size} bytes")
        between(0.85 * rate, size / seconds, 1.15 * rate, "bytes per second")


def outcomes(rules, wanted, keys="", **named):
    with lab.tcp(rules, keys=keys) as proxy:
        seen = lab.outcome(proxy.port, **named)
        expect(seen == wanted, f"a client meets {seen!r}, expected {wanted!r}")


def statuses(proxy, count, path="/", *options):
    return [proxy.get(path, *options).status for _ in range(count)]


def share(values, value):
    return sum(1 for element in values if element == value) / len(values)


def acts(rules, hit, missed, status=503):
    """Requests with the first options get this status, those with the second get 200. Options are
    tuples of a path and options of curl."""
    with lab.http_front(rules) as proxy:
        for request in hit:
            reply = proxy.get(*request)
            expect(reply.status == status, f"{request}: {reply}")
        for request in missed:
            reply = proxy.get(*request)
            expect(reply.status == 200, f"{request}: {reply}")


def fails(rules, code, path="/", *options):
    """curl ends with this exit code."""
    with lab.http_front(rules) as proxy:
        reply = proxy.get(path, *options)
        expect(reply.code == code, reply)


def each(rules):
    """The rules one by one, for rows that name several faults."""
    return [[rule] for rule in rules]


@contextlib.contextmanager
def program(*command, port):
    """A server program that listens on this port."""
    import subprocess
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               cwd=lab.folder)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"{command[0]} does not listen on port {port}")
        yield process
    finally:
        process.terminate()
        process.wait()
