"""The measuring half of control.sh. Idle and polled take turns, several rounds, on one proxy."""
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time

# Python's http, not the bench of that name beside this file.
beside = sys.path.pop(0)
import http.client

sys.path.insert(0, beside)
from compare import THREADS, Peer, brownout_config, free_port, read_options, write_json

PROXIES = 1000
POLLS_PER_SECOND = 100
# What suites and `ctl` ask for, over and over; and once a second a list of everything, as a dashboard does.
POLLED = ["/api/v1/status", "/api/v1/flows", "/proxies/p1", "/version"] * 25
POLLED[50] = "/proxies"


class Api:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method, path, body=None):
        begin = time.perf_counter()
        self.connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - begin


class Poller(threading.Thread):
    """Polls at a fixed pace until it is stopped; keeps how long each answer took."""

    def __init__(self, port):
        super().__init__()
        self.api, self.times, self.over = Api(port), [], threading.Event()
        self.start()

    def run(self):
        due, count = time.perf_counter(), 0
        while not self.over.is_set():
            self.times.append(self.api.ask("GET", POLLED[count % len(POLLED)])[1])
            count += 1
            due += 1 / POLLS_PER_SECOND
            time.sleep(max(0, due - time.perf_counter()))

    def stop(self):
        self.over.set()
        self.join()
        return self.times


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def make_proxies(api, upstream):
    begin = time.perf_counter()
    for i in range(PROXIES):
        status, _ = api.ask("POST", "/proxies", {
            "name": f"p{i}", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}",
            "toxics": [{"type": "latency", "attributes": {"latency": 10}}]})
        assert status == 201, status
    return time.perf_counter() - begin


def main():
    options = read_options()
    load = lambda *words: json.loads(subprocess.run([options.load, *map(str, words)], capture_output=True, text=True, check=True).stdout)
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        server, front, api_port = free_port(), free_port(), free_port()
        peers = [Peer("server", server, [options.load, "serve", str(server)], stdin=subprocess.PIPE)]
        config = brownout_config(folder, "control.toml", front, server)
        peers.append(Peer("brownout", front, [options.brownout, "run", config, "--workers", str(THREADS), "--log-level", "off",
                                              "--api", f"127.0.0.1:{api_port}"]))
        try:
            making = make_proxies(Api(api_port), server)
            rows = {"idle": [], "polled": []}
            polls = []
            for _ in range(options.rounds):
                rows["idle"].append(load("ping", front, 64, options.seconds))
                poller = Poller(api_port)
                rows["polled"].append(load("ping", front, 64, options.seconds))
                polls += poller.stop()
        finally:
            for peer in peers:
                peer.stop()
    median = lambda kind, key: statistics.median(row[key] for row in rows[kind])
    result = {"making_1000_proxies_s": making, "api_p50_ms": statistics.median(polls) * 1000, "api_p99_ms": p99(polls) * 1000,
              "polls": len(polls)}
    print(f"a thousand proxies with a toxic each, by single requests   {making:.2f} s")
    print(f"the API under full load, {len(polls)} requests              {result['api_p50_ms']:.2f} ms (p50), {result['api_p99_ms']:.2f} ms (p99)")
    for label, key, better in (("req/s, 64 connections", "per_second", "more"), ("p99, 64 connections (us)", "p99_us", "less")):
        idle, polled = median("idle", key), median("polled", key)
        ratio = polled / idle if better == "more" else idle / polled
        result[key] = {"idle": idle, "polled": polled, "ratio": ratio}
        print(f"{label:<30} idle {idle:>12,.1f}   polled {polled:>12,.1f}   ratio {ratio:.3f}x")
    print("ratio: polled 100 times a second over idle, with 1,000 proxies defined; above 1 is better, in every row")
    write_json(options, result)


if __name__ == "__main__":
    main()
