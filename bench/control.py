"""Does the measurements of control.sh.

Three rows are measured alternately, for one second each: the proxy without polling; the proxy while its API is polled;
and the proxy while the API of another, idle proxy is polled, which shows the cost of the polling client itself.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Removes this folder from the path, to import Python's module http instead of the benchmark
# http.py.
beside = sys.path.pop(0)
import http.client

sys.path.insert(0, beside)
from compare import THREADS, Peer, brownout_config, free_port, read_options, write_json

PROXIES = 1000
POLLS_PER_SECOND = 100
# Typical API requests of test suites and `ctl`. Once a second the full list, as a dashboard
# requests it.
POLLED = ["/api/v1/status", "/api/v1/flows", "/proxies/p1", "/version"] * 25
POLLED[50] = "/proxies"
# Each row is measured in many short rounds, because the p99 varies more from minute to minute than
# polling changes it.
TURN_S = 1
TURNS_PER_ROUND = 12
TICK = os.sysconf("SC_CLK_TCK")


def make_proxies(port, upstream):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    begin = time.perf_counter()
    for i in range(PROXIES):
        body = {"name": f"p{i}", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}",
                "toxics": [{"type": "latency", "attributes": {"latency": 10}}]}
        connection.request("POST", "/proxies", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status
    return time.perf_counter() - begin


# The CPU time of the main thread, which serves the API and forwards no traffic.
def control_cpu_seconds(pid):
    with open(f"/proc/{pid}/task/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.server, self.front, self.api, self.other_api = (free_port() for _ in range(4))
        self.peers = [Peer("server", self.server, [options.load, "serve", str(self.server)], stdin=subprocess.PIPE)]
        self.start(folder, "control.toml", self.front, self.api)
        self.start(folder, "other.toml", free_port(), self.other_api)

    def start(self, folder, name, front, api):
        config = brownout_config(folder, name, front, self.server)
        self.peers.append(Peer(name, front, [self.options.brownout, "run", config, "--workers", str(THREADS), "--log-level",
                                             "off", "--api", f"127.0.0.1:{api}"]))

    def load(self):
        out = subprocess.run([self.options.load, "ping", str(self.front), "64", str(TURN_S)],
                             capture_output=True, text=True, check=True).stdout
        return json.loads(out)

    def polled(self, api):
        before = [control_cpu_seconds(peer.process.pid) for peer in self.peers[1:]]
        poller = subprocess.Popen([self.options.load, "poll", str(api), str(POLLS_PER_SECOND), str(TURN_S), *POLLED],
                                  stdout=subprocess.PIPE, text=True)
        row = self.load()
        row["poll"] = json.loads(poller.communicate()[0])
        after = [control_cpu_seconds(peer.process.pid) for peer in self.peers[1:]]
        row["control_share"] = (sum(after) - sum(before)) / TURN_S
        row["poller_share"] = row["poll"]["cpu_s"] / TURN_S
        return row

    def stop(self):
        for peer in self.peers:
            peer.stop()


def main():
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        bench = Bench(options, folder)
        rows = {"idle": [], "polled": [], "elsewhere": []}
        try:
            making = make_proxies(bench.api, bench.server)
            make_proxies(bench.other_api, bench.server)
            for _ in range(options.rounds * TURNS_PER_ROUND):
                rows["idle"].append(bench.load())
                rows["polled"].append(bench.polled(bench.api))
                rows["elsewhere"].append(bench.polled(bench.other_api))
        finally:
            bench.stop()
    median = lambda kind, key: statistics.median(row[key] for row in rows[kind])
    polls = [time for row in rows["polled"] for time in row["poll"]["times_ms"]]
    result = {"making_1000_proxies_s": making, "api_p50_ms": statistics.median(polls), "api_p99_ms": p99(polls),
              "polls": len(polls), "control_share": median("polled", "control_share"),
              "poller_share": median("polled", "poller_share")}
    print(f"a thousand proxies with a toxic each, by single requests   {making:.2f} s")
    print(f"the API under full load, {len(polls)} requests             "
          f"{result['api_p50_ms']:.2f} ms (p50), {result['api_p99_ms']:.2f} ms (p99)")
    print(f"of one core: the API {result['control_share']:.1%}, the poller {result['poller_share']:.1%}")
    for label, key, better in (("req/s, 64 connections", "per_second", "more"), ("p99, 64 connections (us)", "p99_us", "less")):
        idle, polled, elsewhere = (median(kind, key) for kind in rows)
        ratio = lambda value: value / idle if better == "more" else idle / value
        result[key] = {"idle": idle, "polled": polled, "elsewhere": elsewhere, "ratio": ratio(polled),
                       "ratio_elsewhere": ratio(elsewhere)}
        print(f"{label:<26} idle {idle:>10,.1f}   polled {polled:>10,.1f} ({ratio(polled):.3f}x)   "
              f"another polled {elsewhere:>10,.1f} ({ratio(elsewhere):.3f}x)")
    print(f"polled {POLLS_PER_SECOND} times a second, with 1,000 proxies defined; over idle, above 1 is better in every row")
    write_json(options, result)


if __name__ == "__main__":
    main()
