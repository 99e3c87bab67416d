"""Does the measurements of exec.sh: each round measures all rows one after the other."""
import json
import statistics
import subprocess
import tempfile
import time

from compare import THREADS, Peer, brownout_config, free_port, read_options, write, write_json

STARTS_PER_ROUND = 20
# The kernel removes a network namespace some time after its last process has ended. The next start
# must not wait for that.
PAUSE_S = 0.05


def start_ms(command):
    time.sleep(PAUSE_S)
    begin = time.perf_counter()
    subprocess.run(command + ["date", "+%s%N"], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.server, self.front = free_port(), free_port()
        self.peers = [Peer("server", self.server, [options.load, "serve", str(self.server)], stdin=subprocess.PIPE)]
        config = brownout_config(folder, "explicit.toml", self.front, self.server)
        self.peers.append(Peer("explicit", self.front, [options.brownout, "run", config, "--workers", str(THREADS),
                                                        "--log-level", "off", "--api", "off"]))
        rules = write(folder, "exec.toml", "version = 1\nseed = 1\n")
        self.exec = [options.brownout, "exec", rules, "--workers", str(THREADS), "--"]

    def load(self, kind, port, before=()):
        mode, connections = kind
        # Start in a session of its own, as the peers are. The scheduler gives each session an equal
        # share of the processors (autogroup in sched(7)).
        out = subprocess.run([*before, "setsid", "-w", self.options.load, mode, str(port), connections, str(self.options.seconds)],
                             capture_output=True, text=True, check=True).stdout
        return json.loads(out)

    def stop(self):
        for peer in self.peers:
            peer.stop()


ROWS = (("req/s, 64 connections", ("ping", "64"), "per_second"),
        ("new connections/s", ("connect", "32"), "per_second"),
        ("throughput, 4 streams (Gbit/s)", ("stream", "4"), "gbit_per_second"))


def main():
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        bench = Bench(options, folder)
        starts = {"bare": [], "exec": []}
        rows = {label: {"explicit": [], "exec": []} for label, _, _ in ROWS}
        try:
            for _ in range(options.rounds):
                for _ in range(STARTS_PER_ROUND):
                    starts["bare"].append(start_ms([]))
                    starts["exec"].append(start_ms(bench.exec))
                for label, kind, key in ROWS:
                    rows[label]["explicit"].append(bench.load(kind, bench.front)[key])
                    rows[label]["exec"].append(bench.load(kind, bench.server, bench.exec)[key])
        finally:
            bench.stop()
    bare, own = (statistics.median(starts[kind]) for kind in ("bare", "exec"))
    result = {"start_ms": {"bare": bare, "exec": own, "added": own - bare}}
    print(f"a command, start to end         bare {bare:8.1f} ms   exec {own:8.1f} ms   added {own - bare:.1f} ms")
    for label, kinds in rows.items():
        explicit, intercepted = (statistics.median(kinds[kind]) for kind in ("explicit", "exec"))
        result[label] = {"explicit": explicit, "exec": intercepted, "ratio": intercepted / explicit}
        print(f"{label:<34} explicit {explicit:>10,.1f}   exec {intercepted:>10,.1f}   {intercepted / explicit:.2f}x")
    print("exec over an explicit listener; above 1 is better")
    write_json(options, result)


if __name__ == "__main__":
    main()
