"""Does the measurements of http2.sh: each round measures all proxies one after the other."""
import os
import re
import shutil
import statistics
import subprocess
import tempfile

from compare import THREADS, Peer, brownout_config, free_port, read_options, write, write_json

TICKS = os.sysconf("SC_CLK_TCK")
STREAMS = {1: (1, 1), 64: (4, 16), 512: (4, 128)}  # streams: connections, streams of each


def haproxy(folder, port, server):
    return write(folder, "haproxy.cfg", f'''global
  nbthread {THREADS}
  maxconn 6000
  tune.h2.max-concurrent-streams 256
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:{port} proto h2
  http-reuse always
  server one 127.0.0.1:{server} proto h2
''')


def envoy(folder, name, port, server, faults):
    fault = '''
          - name: envoy.filters.http.fault
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
              abort: { http_status: 503, percentage: { numerator: 100 } }
              headers: [{ name: ":path", string_match: { exact: "/nobody" } }]''' if faults else ""
    return write(folder, f"{name}.yaml", f'''static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          codec_type: HTTP2
          route_config:
            virtual_hosts: [{{ name: all, domains: ["*"], routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: server }} }}] }}]
          http_filters:{fault}
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: server
    connect_timeout: 5s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    load_assignment:
      cluster_name: server
      endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {server} }} }} }} }}] }}]
''')


def processor_time(peer):
    """Seconds that the processes of the peer have used."""
    total = 0
    for pid in peer.pids():
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def load(options, folder, peer, streams):
    """Returns requests per second, the p99 in us, the peer's processor time per request in us, and the number
    of requests that failed."""
    connections, each = STREAMS[streams]
    log = os.path.join(folder, "h2load.log")
    if os.path.exists(log):
        os.remove(log)
    before = processor_time(peer)
    out = subprocess.run(["h2load", "-t1", f"-c{connections}", f"-m{each}", f"--duration={max(1, int(options.seconds))}",
                          f"--log-file={log}", f"http://127.0.0.1:{peer.port}/hello"], capture_output=True, text=True).stdout
    used = processor_time(peer) - before
    done = re.search(r"requests: .* (\d+) succeeded, (\d+) failed", out)
    rate = re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", out)
    if not done or not rate or int(done[1]) == 0 or int(done[2]) * 100 > int(done[1]):
        raise SystemExit(f"{peer.name}: expected at least 99% of the requests to succeed, got: {out}")
    with open(log) as file:
        times = sorted(int(line.split("\t")[2]) for line in file)
    return {"rate": float(rate[1]), "p99": times[len(times) * 99 // 100], "cpu": used * 1e6 / int(done[1]),
            "failed": int(done[2])}


def start_all(options, folder, server):
    run = [options.brownout, "run", "--workers", str(THREADS), "--no-watch", "--log-level", "error", "--api", "off"]
    rule = '[[rule]]\nmatch = { path = "/nobody" }\nfault = { type = "abort" }'

    def brownout(name, rules):
        port = free_port()
        config = brownout_config(folder, f"{name}.toml", port, server, rules, 'protocol = "http"')
        with open(config) as file:
            text = file.read().replace('[[listener]]', 'http = "2"\n[[listener]]', 1)
        return Peer(name, port, run + [write(folder, f"{name}.toml", text)])

    peers = [brownout("brownout", ""), brownout("rule", rule)]
    port = free_port()
    peers.append(Peer("nghttpx", port, ["nghttpx", f"-f127.0.0.1,{port};no-tls", f"-b127.0.0.1,{server};;proto=h2", f"-n{THREADS}",
                                        "--no-ocsp", "--errorlog-file=/dev/null", f"--pid-file={folder}/nghttpx.pid"]))
    port = free_port()
    peers.append(Peer("haproxy", port, ["haproxy", "-q", "-f", haproxy(folder, port, server)]))
    if shutil.which("envoy"):
        for name, faults in (("envoy", False), ("envoy fault", True)):
            port = free_port()
            config = envoy(folder, name.replace(" ", "-"), port, server, faults)
            peers.append(Peer(name, port, ["envoy", "-c", config, "--concurrency", str(THREADS), "--disable-hot-restart", "-l", "off"]))
    return peers


def main():
    options = read_options()
    peers, rows = [], []
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        os.chmod(folder, 0o755)
        write(folder, "hello", "hello\n")
        server = free_port()
        origin = Peer("origin", server, ["nghttpd", "--no-tls", "-a127.0.0.1", f"-n{THREADS}", f"-d{folder}", str(server)])
        try:
            peers = start_all(options, folder, server)
            for streams in STREAMS:
                seen = {peer.name: [] for peer in peers}
                for _ in range(options.rounds):
                    for peer in peers:
                        seen[peer.name].append(load(options, folder, peer, streams))
                rows += table(streams, seen)
        finally:
            for peer in [*peers, origin]:
                peer.stop()
    write_json(options, rows, threads=THREADS)


def table(streams, seen):
    """Prints the medians, and the ratios with their spread; above 1, Brownout is better."""
    print(f"{streams} streams")
    rows = []
    for name, all_of in seen.items():
        median = {key: statistics.median(one[key] for one in all_of) for key in ("rate", "p99", "cpu")}
        text = f"  {name:12} {median['rate']:>9,.0f} req/s   p99 {median['p99']:>7,.0f} us   {median['cpu']:>6.1f} us of processor time"
        failed = sum(one["failed"] for one in all_of)
        if failed > 0:
            text += f"   {failed:,} requests failed"
        own = seen["rule" if name == "envoy fault" else "brownout"]
        row = {"streams": streams, "peer": name, **median}
        if name not in ("brownout", "rule"):
            for key, better in (("rate", 1), ("cpu", -1)):
                each = [(mine[key] / other[key]) ** better for mine, other in zip(own, all_of)]
                row[f"{key}_ratio"] = statistics.median(each)
                text += f"   {key} {statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})"
        print(text, flush=True)
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
