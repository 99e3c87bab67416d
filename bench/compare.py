"""Does the measurements of compare.sh: starts the proxies, runs the load on each in turn, and prints the table."""
import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import tempfile
import time

THREADS = 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"port {port}: expected a server to listen within 10 s, but none does")


class Peer:
    """A process that listens on `port` and forwards to the server."""

    def __init__(self, name, port, command=None, stdin=None):
        self.name, self.port, self.process = name, port, None
        if command:
            self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until_open(port)

    def pids(self):
        mine = [self.process.pid]
        listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
        for parent in mine:
            mine += [pid for pid, ppid in pairs if ppid == parent]
        return mine

    def rss_kib(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/status") as status:
                total += sum(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return total

    def stop(self):
        if self.process:
            if self.process.stdin:
                self.process.stdin.close()
            self.process.terminate()
            self.process.wait()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def brownout_config(folder, name, port, server, rules="", listener=""):
    return write(folder, name, f'''version = 1
seed = 1
[[upstream]]
name = "server"
servers = ["127.0.0.1:{server}"]
[[listener]]
name = "bench"
listen = "127.0.0.1:{port}"
upstream = "server"
{listener}
{rules}''')


def haproxy_config(folder, port, server):
    return write(folder, "haproxy.cfg", f'''global
  nbthread {THREADS}
  maxconn 6000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option splice-auto
listen bench
  bind 127.0.0.1:{port} backlog 4096
  server one 127.0.0.1:{server}
''')


def nginx_config(folder, port, server):
    module = "/usr/lib/nginx/modules/ngx_stream_module.so"
    load = f"load_module {module};" if os.path.exists(module) else ""
    return write(folder, "nginx.conf", f'''{load}
worker_processes {THREADS};
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
daemon off;
events {{ worker_connections 9000; }}
stream {{
  server {{ listen 127.0.0.1:{port} backlog=4096 reuseport; proxy_pass 127.0.0.1:{server}; tcp_nodelay on; proxy_timeout 1h; }}
}}
''')


# Returns the median of `ask(port)` for each peer. Each round measures all peers, so that a slow
# minute of the machine affects all of them.
def medians(rounds, ports, ask):
    samples = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            value = ask(port)
            if value is not None:
                samples[name].append(value)
    return {name: statistics.median(values) for name, values in samples.items() if values}


# Returns the ratio of brownout to the best measured competitor. Above 1 brownout is better.
def ratio(values, better, rivals):
    others = [values[name] for name in rivals if name in values]
    if not others or not values.get("brownout"):
        return None
    return values["brownout"] / max(others) if better == "more" else min(others) / values["brownout"]


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows = []

    def load(self, *words):
        run = subprocess.run([self.options.load, *map(str, words)], capture_output=True, text=True)
        return json.loads(run.stdout) if run.returncode == 0 else {}

    def measure(self, label, peers, words, key, better="more", unit=""):
        self.add(label, medians(self.options.rounds, {peer.name: peer.port for peer in peers},
                                lambda port: self.load(words[0], port, *words[1:]).get(key)), better, unit)

    def add(self, label, values, better, unit):
        self.rows.append({"row": label, "unit": unit, "better": better, "values": values,
                          "ratio": ratio(values, better, ("haproxy", "nginx"))})
        print(f"  measured: {label}", flush=True)

    def idle_memory(self, peers, count):
        values = {}
        for peer in peers:
            if peer.process is None:
                continue
            before = peer.rss_kib()
            idle = subprocess.Popen([self.options.load, "idle", str(peer.port), str(count)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            opened = json.loads(idle.stdout.readline() or '{"open":0}')["open"]
            if opened:
                values[peer.name] = max(0.0, (peer.rss_kib() - before) / opened)
            idle.stdin.close()
            idle.wait()
        self.add(f"RSS per idle connection, {count}", values, "less", "KiB")

    # Lateness is the round trip with a latency of 20 ms in one direction, minus 20 ms, minus the
    # direct round trip.
    # Both runs have the same load: each connection sends every 50 ms, evenly spread over the
    # connections.
    def lateness(self, direct, slow):
        words = ("ping", 100, self.options.seconds, 50)
        results = {"p50_us": [], "p99_us": []}
        for _ in range(self.options.rounds):
            base = self.load(words[0], direct.port, *words[1:])
            felt = self.load(words[0], slow.port, *words[1:])
            for key, values in results.items():
                values.append(felt[key] - 20000 - base["p50_us"])
        for key, values in results.items():
            self.add(f"lateness of a 20 ms latency, 100 connections, {key[:3]}",
                     {"brownout": statistics.median(values)}, "less", "us")


def print_table(rows, last="splice", note="ratio: brownout over the better of HAProxy and nginx; above 1 is better, in every row"
                "\nsplice: brownout with forwarding = \"splice\""):
    names = ["direct", "brownout", "haproxy", "nginx", last]
    print(f"\n{'':52}" + "".join(f"{name:>12}" for name in names) + f"{'ratio':>8}")
    for row in rows:
        unit = f" ({row['unit']})" if row.get("unit") else ""
        cells = "".join(f"{row['values'][n]:>12,.1f}" if n in row["values"] else f"{'-':>12}" for n in names)
        ratio = f"{row['ratio']:>7.2f}x" if row["ratio"] else f"{'':>8}"
        print(f"{row['row'] + unit:<52}{cells}{ratio}")
    print("\n" + note)


def read_options():
    parser = argparse.ArgumentParser()
    for name in ("brownout", "load", "json"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return parser.parse_args()


def write_json(options, rows, **more):
    os.makedirs(os.path.dirname(options.json) or ".", exist_ok=True)
    with open(options.json, "w") as file:
        json.dump({"machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
                   **more, "rounds": options.rounds, "seconds": options.seconds, "rows": rows},
                  file, indent=2)
    print(f"written: {options.json}")


def main():
    options = read_options()
    bench = Bench(options)
    peers = []
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        try:
            server = free_port()
            direct = Peer("direct", server, [options.load, "serve", str(server)], subprocess.PIPE)
            peers.append(direct)
            def add(name, command):
                port = free_port()
                peers.append(Peer(name, port, command(port)))
                return peers[-1]

            run = [options.brownout, "run", "--workers", str(THREADS), "--log-level", "off", "--api", "127.0.0.1:0"]
            brownout = add("brownout", lambda p: run + [brownout_config(folder, "plain.toml", p, server)])
            haproxy = add("haproxy", lambda p: ["haproxy", "-f", haproxy_config(folder, p, server), "-db"])
            nginx = add("nginx", lambda p: ["nginx", "-c", nginx_config(folder, p, server)])
            rule = '''[[rule]]
match = { direction = "upstream" }
fault = { type = "latency", delay = "20ms" }
'''
            slow = add("slow", lambda p: run + [brownout_config(folder, "slow.toml", p, server, rule)])
            spliced = add("splice", lambda p: run + [brownout_config(
                folder, "splice.toml", p, server, listener='forwarding = "splice"')])
            all_four = [direct, brownout, haproxy, nginx]
            seconds = options.seconds
            # Measure memory first, before any process has grown.
            bench.idle_memory([brownout, haproxy, nginx], 5000)
            bench.measure("req/s, 1 connection", all_four, ("ping", 1, seconds), "per_second")
            bench.measure("p50, 1 connection", all_four, ("ping", 1, seconds), "p50_us", "less", "us")
            bench.measure("req/s, 64 connections", all_four, ("ping", 64, seconds), "per_second")
            bench.measure("p99, 64 connections", all_four, ("ping", 64, seconds), "p99_us", "less", "us")
            bench.measure("new connections/s", all_four, ("connect", 32, seconds), "per_second")
            bench.measure("throughput, 1 stream", all_four + [spliced], ("stream", 1, seconds), "gbit_per_second",
                          unit="Gbit/s")
            bench.measure("throughput, 4 streams", all_four + [spliced], ("stream", 4, seconds), "gbit_per_second",
                          unit="Gbit/s")
            bench.lateness(direct, slow)
        finally:
            for peer in peers:
                peer.stop()
    print_table(bench.rows)
    write_json(options, bench.rows, threads=THREADS)


if __name__ == "__main__":
    main()
