"""Does the measurements of datagrams.sh."""
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

from compare import brownout_config, free_port, read_options, write, write_json

# An unlimited rate, and a rate at which no path should lose datagrams.
FLOODS = [("as fast as it can", 0), ("200,000/s offered", 200_000)]


def nginx_config(folder, port, server):
    module = "/usr/lib/nginx/modules/ngx_stream_module.so"
    load = f"load_module {module};" if os.path.exists(module) else ""
    return write(folder, "nginx.conf", f'''{load}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
daemon off;
events {{ worker_connections 4096; }}
stream {{
  server {{ listen 127.0.0.1:{port} udp; proxy_pass 127.0.0.1:{server}; proxy_timeout 60s; }}
}}
''')


def unbound_config(folder, name, port, body):
    return write(folder, name, f'''server:
  interface: 127.0.0.1
  port: {port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/{name}.pid"
  use-syslog: no
  logfile: "{folder}/{name}.log"
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  so-rcvbuf: 0
{body}
''')


RESOLVER = '\n'.join(['  local-zone: "bench." static'] +
                     [f'  local-data: "n{i}.bench. 60 IN A 192.0.2.{i % 250}"' for i in range(1000)])
# Turn off caching, because cached answers would not be forwarded.
FORWARDER = '''  module-config: "iterator"
  msg-cache-size: 0
  rrset-cache-size: 0
  cache-max-ttl: 0
  outgoing-range: 4096
  num-queries-per-thread: 2048
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{server}
'''


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.processes = []
        self.rows = []

    def start(self, command, **extra):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True,
                                   **{"stdout": subprocess.DEVNULL, **extra})
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()

    def brownout(self, name, port, server, protocol, rules=""):
        self.start([self.options.brownout, "run", "--workers", "1", "--log-level", "off", "--api", "127.0.0.1:0",
                    brownout_config(self.folder, name, port, server, rules, f'protocol = "{protocol}"')])

    def add(self, label, samples, unit, rival):
        values = {name: statistics.median(one) for name, one in samples.items() if one}
        ratio = values["brownout"] / values[rival] if values.get(rival) else None
        self.rows.append({"row": label, "unit": unit, "values": values, "ratio": ratio})
        print(f"  measured: {label}", flush=True)

    def udp(self):
        sink, through, nginx, slow = (free_port() for _ in range(4))
        server = self.start([self.options.load, "udp-serve", str(sink)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
        self.brownout("udp.toml", through, sink, "udp")
        self.brownout("udp_latency.toml", slow, sink, "udp",
                      '[[rule]]\nfault = { type = "latency", delay = "5ms" }')
        self.start(["nginx", "-c", nginx_config(self.folder, nginx, sink)])
        time.sleep(1)
        ports = {"direct": sink, "brownout": through, "nginx": nginx, "latency": slow}

        def received():
            server.stdin.write("\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())["received"]

        for label, rate in FLOODS:
            samples = {name: [] for name in ports}
            for _ in range(self.options.rounds):
                for name, port in ports.items():
                    before = received()
                    subprocess.run([self.options.load, "udp-flood", str(port), "4",
                                    str(self.options.seconds), str(rate)], capture_output=True, check=True)
                    time.sleep(0.2)
                    samples[name].append((received() - before) / self.options.seconds)
            self.add(f"UDP datagrams/s that arrive, {label}", samples, "", "nginx")

    def dns(self):
        resolver, forwarder, through, ruled = (free_port() for _ in range(4))
        self.start(["unbound", "-c", unbound_config(self.folder, "resolver.conf", resolver, RESOLVER)])
        self.start(["unbound", "-c", unbound_config(self.folder, "forwarder.conf", forwarder,
                                                    FORWARDER.format(server=resolver))])
        self.brownout("dns.toml", through, resolver, "dns")
        self.brownout("dns_ttl.toml", ruled, resolver, "dns",
                      '[[rule]]\nfault = { type = "ttl", ttl = "5s" }')
        queries = write(self.folder, "queries", "".join(f"n{i}.bench A\n" for i in range(1000)))
        time.sleep(1)
        samples = {name: [] for name in ("direct", "brownout", "unbound", "ttl")}
        for _ in range(self.options.rounds):
            for name, port in zip(samples, (resolver, through, forwarder, ruled)):
                output = subprocess.run(
                    ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", queries, "-l",
                     str(int(self.options.seconds)), "-c", "8", "-q", "200"],
                    capture_output=True, text=True).stdout
                rate = re.search(r"Queries per second:\s+([\d.]+)", output)
                lost = re.search(r"Queries lost:\s+(\d+)", output)
                samples[name].append(float(rate.group(1)) if rate else 0)
                if lost and int(lost.group(1)) > 0:
                    print(f"  {name}: {lost.group(1)} queries lost")
        self.add("DNS queries/s", samples, "", "unbound")

    def print_table(self):
        names = ["direct", "brownout", "nginx", "unbound", "latency", "ttl"]
        print(f"\n{'':52}" + "".join(f"{name:>12}" for name in names) + f"{'ratio':>8}")
        for row in self.rows:
            cells = "".join(f"{row['values'][n]:>12,.0f}" if n in row["values"] else f"{'-':>12}"
                            for n in names)
            print(f"{row['row']:<52}{cells}" + (f"{row['ratio']:>7.2f}x" if row["ratio"] else ""))
        print("\nratio: brownout, without rules, over nginx or unbound; one worker each"
              "\nlatency, ttl: brownout with a rule of that name on every datagram or answer")


def main():
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        bench = Bench(options, folder)
        try:
            bench.udp()
            bench.dns()
        finally:
            bench.stop()
    bench.print_table()
    write_json(options, bench.rows)


if __name__ == "__main__":
    main()
