"""Checks of tools that act on packets: netem, tbf, Chaos Mesh's network chaos, clouds, pumba, Clumsy."""
import os
import re
import statistics
import time

import lab
from checks import (alike, changes, check, delays, doubles, each, limits, loses, outcomes, overtakes)
from lab import between, expect

ALL = "All packet tools, counted once"
NETEM = "netem(8), tbf(8)"


@check(ALL, "`connect()` that hangs, since SYNs are lost")
def _(row):
    outcomes(row.rules, "hangs")


@check(ALL, "loss makes a bulk TCP stream slow")
def _(row):
    # Mathis et al.: 1.22 x 1460 B / (50 ms x sqrt(1%)) is 356 kB/s.
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 1_500_000)
        between(356_000 / 2, got / seconds, 356_000 * 2, "bytes per second")


@check(ALL, "\"all but\" these ports or networks")
def _(row):
    outcomes(row.rules, "reset")
    outcomes([row.rules[0].replace("10.0.0.0/8", "127.0.0.0/8")], "works")


@check(ALL, "choose by source port")
def _(row):
    with lab.tcp(row.rules) as proxy:
        expect(lab.outcome(proxy.port, source=("127.0.0.1", 40003)) == "reset", "port 40003 is not hit")
        expect(lab.outcome(proxy.port, source=("127.0.0.1", 39003)) == "works", "port 39003 is hit")


@check(ALL, "on and off again, periodically")
def _(row):
    with lab.tcp(row.rules) as proxy:
        seen = []
        end = time.monotonic() + 2.4
        while time.monotonic() < end:
            seen.append(lab.outcome(proxy.port))
            time.sleep(0.05)
        turns = sum(1 for before, after in zip(seen, seen[1:]) if before != after)
        expect(turns >= 4 and set(seen) == {"works", "reset"}, seen)


@check(NETEM, "delay, jitter, correlation")
def _(row):
    with lab.tcp(row.rules) as proxy:
        trips = lab.round_trips(proxy.port, 15)
        between(0.17, statistics.mean(trips), 0.24, "mean round trip")
        expect(statistics.stdev(trips) > 0.003, f"no jitter: {trips}")


@check(NETEM, "distribution: four")
def _(row):
    for name in ("uniform", "normal", "pareto", "paretonormal"):
        delays([row.rules[0].replace("paretonormal", name)], 0.08, 0.14)


@check(NETEM, "loss random, correlation")
def _(row):
    # The formula of netem narrows the distribution of the draws, so fewer than 10% are lost.
    loses(row.rules, 0.004, 0.1)
    loses([row.rules[0].replace('correlation = "25%"', 'correlation = "0%"')], 0.07, 0.13)


@check(NETEM, "loss gemodel")
def _(row):
    with lab.udp(row.rules) as net:
        numbers = [number for number, _, _ in net.burst(4000)]
        between(0.12, 1 - len(numbers) / 4000, 0.29, "share of lost datagrams (20% in the limit)")
        gaps = [after - before - 1 for before, after in zip(numbers, numbers[1:]) if after - before > 1]
        between(3.5, statistics.mean(gaps), 6.5, "mean length of a burst (5)")


@check(NETEM, "loss state, 2 states")
def _(row):
    loses(row.rules, 0.12, 0.22, 4000)


@check(NETEM, "distribution: own table file")
def _(row):
    with open(os.path.join(lab.folder, "wifi.dist"), "w", encoding="utf-8") as file:
        file.write("# two values\n-16384 16384\n")
    with lab.tcp(row.rules) as proxy:
        trips = lab.round_trips(proxy.port, 20)
        # Each direction takes 20 or 60 ms.
        between(0.04, min(trips), 0.08, "shortest")
        expect(any(0.075 < trip < 0.115 for trip in trips), trips)


@check(NETEM, "loss state, 3 or 4 states")
def _(row):
    p13, p31, p32, p23, p14 = (float(share) / 100 for share in re.findall(r'p\d\d = "(\d+)%"', row.rules[0]))
    state = [1, 0, 0, 0]
    for _ in range(2000):
        one, two, three, four = state
        state = [one * (1 - p13 - p14) + three * p31 + four, two * (1 - p23) + three * p32,
                 one * p13 + two * p23 + three * (1 - p31 - p32), one * p14]
    lost = state[2] + state[3]
    loses(row.rules, lost - 0.05, lost + 0.05, 5000)


@check(NETEM, "corrupt: correlation")
def _(row):
    changes(row.rules, 0.4, 0.6)


@check(NETEM, "rate: packet overhead, cells; tbf mpu")
def _(row):
    # A segment of 1460 B with 28 B fills 31 cells, which take 31 x 53 B = 1643 B.
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 100_000)
        between(0.94 * 100_000 * 1460 / 1643, got / seconds, 1.06 * 100_000 * 1460 / 1643, "bytes per second")


@check(NETEM, "slot")
def _(row):
    with lab.udp(row.rules) as net:
        arrived = net.burst(30)
        expect(len(arrived) == 30, f"{len(arrived)} of 30 arrive")
        bursts = 1 + sum(1 for before, after in zip(arrived, arrived[1:]) if after[1] - before[1] > 0.05)
        expect(bursts == 3, f"{bursts} bursts")


@check(NETEM, "corrupt")
def _(row):
    changes(row.rules, 0.25, 0.35)


@check(NETEM, "duplicate, correlation")
def _(row):
    doubles(row.rules, 0.05, 0.2)
    doubles([row.rules[0].replace('correlation = "25%"', 'correlation = "0%"')], 0.16, 0.24)


@check(NETEM, "reorder, correlation, gap")
def _(row):
    overtakes(row.rules, 0.02, 0.30)


@check(NETEM, "rate")
def _(row):
    limits(row.rules, 100_000)


@check(NETEM, "seed")
def _(row):
    def run():
        with lab.udp(row.rules) as net:
            return [number for number, _, _ in net.burst(300)]
    first, second = run(), run()
    expect(first == second and 150 < len(first) < 270, (first, second))


@check(NETEM, "tbf rate, burst, limit")
def _(row):
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 60_000)
        between(0.3, seconds, 0.5, "seconds for 60 kB, 20 kB of them at once")


@check(NETEM, "tbf peakrate, minburst")
def _(row):
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 50_000)
        between(0.2, seconds, 0.35, "seconds for a burst of 50 kB at the peak rate")
        got, seconds = lab.download(proxy.port, 150_000)
        between(0.9, seconds, 1.3, "seconds for 150 kB, 50 kB of them as a burst")


@check(NETEM, "limit (packets)")
def _(row):
    with lab.udp(row.rules) as net:
        between(2, len(net.burst(40, size=500)), 6, "datagrams that pass a queue of 3")


@check(NETEM, "tbf latency")
def _(row):
    with lab.udp(row.rules) as net:
        arrived = net.burst(60, size=1000)
        between(0.05, max(seconds for _, seconds, _ in arrived), 0.2, "longest wait in the queue")


# ---- Chaos Mesh, Gremlin, FIS, Azure, Litmus, pumba, Clumsy

def five(row):
    """delay, loss, duplicate, corrupt, reorder: whichever of them the row names."""
    for rules in each(row.rules):
        text = rules[0]
        if '"latency"' in text:
            delays(rules, 0.03, 0.2)
        elif '"loss"' in text:
            loses(rules, 0.06, 0.28)
        elif '"duplicate"' in text:
            doubles(rules, 0.4, 0.6)
        elif '"corrupt"' in text:
            changes(rules, 0.42, 0.58)
        elif '"reorder"' in text:
            overtakes(rules, 0.1, 0.45)
        elif "8 Mbit/s" in text:
            limits(rules, 1_000_000, 1_000_000)
        elif '"bandwidth"' in text:
            with lab.udp(rules) as net:
                between(8, len(net.burst(60, size=1000)), 40, "datagrams that pass a full queue")
        else:
            raise AssertionError(f"no check for {text}")


CLUMSY = "Clumsy, Link Conditioner, Charles, DevTools"
alike(five, ("Chaos Mesh", "delay loss duplicate corrupt reorder"), ("Gremlin", "latency; packet loss, corrupt"),
      ("AWS FIS", "packet loss"), ("Azure Chaos Studio", "latency, packet loss"),
      ("Litmus", "network latency loss corruption duplication rate"), (CLUMSY, "DevTools WebRTC loss, queue, reordering"))


@check(CLUMSY, "Clumsy lag, drop, reorder, tamper, RST")
def _(row):
    five(row)
    outcomes(['[[rule]]\nprobability = "100%"\nper = "chunk"\nfault = { type = "reset" }\n'], "reset")


@check("Chaos Mesh", "bandwidth: limit, buffer, peakrate")
def _(row):
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 60_000)
        between(0.4, seconds, 0.7, "seconds for 60 kB, 10 kB of them at once")


def silences(rules, outcomes_of_new):
    """A connection that is open when the rule starts falls silent, and a new one meets one of these outcomes."""
    with lab.tcp(['[[rule]]\nstart = "400ms"\n' + rules[0].removeprefix("[[rule]]\n")]) as proxy:
        with lab.connect(proxy.port, 1) as client:
            lab.round_trip(client)
            time.sleep(0.6)
            try:
                lab.round_trip(client)
                expect(False, "an open connection works")
            except TimeoutError:
                pass
        seen = lab.outcome(proxy.port)
        expect(seen in outcomes_of_new, f"a new connection {seen}, expected one of {outcomes_of_new}")


@check("Chaos Mesh", "partition to / from / both")
def _(row):
    silences(row.rules, ("hangs", "silent"))
    outcomes(['[[rule]]\nfault = { type = "unplug" }\n'], "hangs")


@check("Chaos Mesh", "mode fixed-percent")
def _(row):
    with lab.tcp(row.rules) as proxy:
        def seen():
            return [lab.outcome(proxy.port, source=(f"127.0.0.{n}", 0)) for n in range(2, 42)]
        first = seen()
        between(10, first.count("reset"), 30, "clients of 40 that are hit")
        expect(first == seen(), "other clients are hit the second time")


@check("Chaos Mesh", "mode one, fixed")
def _(row):
    with lab.tcp(row.rules) as proxy:
        seen = [lab.outcome(proxy.port, source=(f"127.0.0.{client}", 0)) for client in (2, 3, 4, 2, 3, 4, 5)]
        expect(seen == ["reset", "reset", "works", "reset", "reset", "works", "works"], seen)


@check("Chaos Mesh", "connections already open")
def _(row):
    with lab.tcp(row.rules) as proxy:
        with lab.connect(proxy.port) as client:
            between(0, lab.round_trip(client)[0], 0.15, "round trip before the rule starts")
            time.sleep(0.7)
            between(0.38, lab.round_trip(client)[0], 0.7, "round trip on the same connection")


alike(lambda row: outcomes(row.rules, "hangs"), ("Gremlin", "blackhole"), ("AWS FIS", "blackhole port"))


@check("Azure Chaos Studio", "network disconnect with filters")
def _(row):
    silences(row.rules, ("hangs",))


alike(lambda row: outcomes(row.rules, "reset"), ("Gremlin", "IPs, hostnames, remote ports, protocol"),
      (CLUMSY, "Clumsy filter language"))


@check("Azure Chaos Studio", "NSG rule")
def _(row):
    firewall = '[[firewall]]\nname = "nsg"\nrules = [{ action = "accept" }]\n'
    with lab.tcp(row.rules, before=firewall) as proxy:
        expect(lab.outcome(proxy.port) == "reset", "the port is not blocked")


@check("AWS FIS", "latency: jitter, sources, traffic type")
def _(row):
    delays(row.rules, 0.06, 0.11)


@check("AWS FIS", "flows percent")
def _(row):
    with lab.tcp(row.rules) as proxy:
        slow = sum(1 for _ in range(30) if lab.round_trips(proxy.port, 1)[0] > 0.3)
        between(7, slow, 23, "slow connections of 30")


@check("pumba, comcast, tcset", "pumba netem")
def _(row):
    delays(row.rules, 0.09, 0.13)


@check("pumba, comcast, tcset", "iptables loss random")
def _(row):
    loses(row.rules, 0.15, 0.25)


@check("pumba, comcast, tcset", "iptables loss nth")
def _(row):
    with lab.udp(row.rules) as net:
        numbers = [number for number, _, _ in net.burst(30)]
        expect(numbers == [n for n in range(30) if n % 3 != 2], numbers)


@check("pumba, comcast, tcset", "targets, ports, duration")
def _(row):
    with lab.tcp(row.rules) as proxy:
        expect(lab.outcome(proxy.port) == "reset", "the target is not hit")
        time.sleep(0.8)
        expect(lab.outcome(proxy.port) == "works", "the fault outlives its duration")


@check("pumba, comcast, tcset", "comcast: slow and fast lane")
def _(row):
    with lab.tcp(row.rules) as proxy:
        between(0.19, min(lab.round_trips(proxy.port, 3, source=("127.0.0.2", 0))), 0.4, "slow lane")
        between(0.019, min(lab.round_trips(proxy.port, 3, source=("127.0.0.3", 0))), 0.15, "fast lane")


@check("pumba, comcast, tcset", "tcset direction, network, src-network, rate, delay")
def _(row):
    delays(row.rules, 0.048, 0.09)


@check(CLUMSY, "Clumsy throttle (hold, then a batch)")
def _(row):
    with lab.udp(row.rules) as net:
        arrived = net.burst(20, quiet=1.2)
        times = [seconds for _, seconds, _ in arrived]
        expect(len(times) == 20, f"{len(times)} of 20 arrive")
        between(0.3, times[0], 1.0, "seconds until the first arrives")
        between(0, times[-1] - times[0], 0.15, "seconds between the first and the last")


@check(CLUMSY, "Charles stability, quality range")
def _(row):
    with lab.tcp(row.rules, lab.Source) as proxy, lab.connect(proxy.port) as client:
        client.sendall(b"200000\n")
        got, rates, begin, at = 0, [], time.monotonic(), 0
        while got < 200_000:
            got += len(client.recv(65536))
            if time.monotonic() - begin > 0.2:
                rates.append((got - at) / (time.monotonic() - begin))
                begin, at = time.monotonic(), got
        expect(max(rates) > 1.25 * min(rates), rates)
        between(50_000, statistics.mean(rates), 150_000, "bytes per second")


@check(CLUMSY, "NLC Very Bad Network, 100% Loss")
def _(row):
    delays(row.rules, 0.9, 2.5, 3)
    loses(['[[rule]]\nfault = { type = "loss", loss = "100%" }\n'], 1, 1, 50)


def seconds_of(preset, size):
    """How long a download takes at least, by the figures of the reference: round trip and rate."""
    reference = os.path.join(os.path.dirname(__file__), "../../../docs/reference.md")
    with open(reference, encoding="utf-8") as page:
        figures = re.search(rf"^\| `{preset}` \| \S.*? \| (.*?) \| (.*?) \|", page.read(), re.M)
    rate = re.match(r"([\d.]+) ([kM])bit/s", figures.group(1))
    delays = re.findall(r"([\d.]+)(ms|s)\b", figures.group(2))
    wait = sum(float(number) * (0.001 if unit == "ms" else 1) for number, unit in delays)
    return wait + (size * 8 / float(rate.group(1)) / (1e3 if rate.group(2) == "k" else 1e6) if rate else 0)


def network(row):
    """A preset: a download takes its rate and its delay."""
    for rules in each(row.rules):
        least = 0.8 * seconds_of(re.search(r'preset = "(.*)"', rules[0]).group(1), 20_000)
        with lab.tcp(rules, lab.Source) as proxy:
            got, seconds = lab.download(proxy.port, 20_000)
            expect(got == 20_000 and seconds > least, f"{rules}: {got} bytes in {seconds:.3f} s, at least {least:.3f} expected")


alike(network, ("pumba, comcast, tcset", "comcast profiles"), (CLUMSY, "NLC 3G, Edge, LTE, DSL, Wi-Fi"),
      (CLUMSY, "Charles presets, DevTools Fast 4G"))


@check(CLUMSY, "Charles bandwidth, latency, hosts")
def _(row):
    with lab.serve(lab.Web, lab.WebServer) as server:
        port = server.server_address[1]
        zone = '[[zone]]\nname = "lab"\nrecords = ["a.test. 60 IN A 127.0.0.1", "b.test. 60 IN A 127.0.0.1"]\n' + \
            lab.listener(0, 'zone = "lab"\nintercept = "redirect"\nports = [53]\n', "dns", name="dns")
        done = lab.executed(row.rules, "curl", "-s", "-w", "%{time_total}\n", "-o", "/dev/null", f"http://a.test:{port}/",
                            "-o", "/dev/null", f"http://b.test:{port}/", text=zone)
        slow, fast = (float(line) for line in done.stdout.split())
        expect(slow > 0.39 and fast < 0.35, (slow, fast))


@check(CLUMSY, "Charles MTU, reliability")
def _(row):
    small, broken = each(row.rules)
    with lab.tcp(small, lab.Source) as proxy, lab.connect(proxy.port) as client:
        client.sendall(b"5760\n")
        got, largest = 0, 0
        while got < 5760:
            piece = client.recv(576)
            got, largest = got + len(piece), max(largest, len(piece))
        expect(got == 5760, got)
    with lab.tcp(broken) as proxy:
        seen = [lab.outcome(proxy.port) for _ in range(30)]
        between(7, seen.count("reset"), 23, "broken connections of 30")


@check(CLUMSY, "DevTools 3G, Slow 4G, Offline")
def _(row):
    delays(row.rules, 0.3, 3, 3)
    with lab.tcp(['[[rule]]\npreset = "chrome-slow-4g"\n']) as proxy:
        between(0.1, min(lab.round_trips(proxy.port, 3)), 2, "round trip")
    outcomes(['[[rule]]\nfault = { type = "down" }\n'], "refused")
