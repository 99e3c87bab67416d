"""Does the measurements of http.sh."""
import os
import re
import subprocess
import tempfile

from compare import (Peer, THREADS, brownout_config, free_port, medians, print_table, ratio, read_options, write,
                     write_json)

CIPHER = "TLS_AES_256_GCM_SHA384"


def certificate(folder):
    key, pem = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", pem, "-days", "2", "-subj", "/CN=localhost"],
                   check=True, capture_output=True)
    return pem, key


def nginx(folder, name, servers):
    return write(folder, f"{name}.conf", f'''worker_processes {THREADS};
worker_rlimit_nofile 20000;
pid {folder}/{name}.pid;
error_log {folder}/{name}.err;
daemon off;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
{servers}
}}
''')


def origin(folder, port):
    """Separate processes: a proxy in the same processes as its origin would save a process switch per request."""
    return nginx(folder, "origin", f'''
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 "hello\\n"; }} location /big {{ root {folder}; }} }}''')


def nginx_proxy(folder, server, http, tls, pem, key):
    return nginx(folder, "proxy", f'''
  upstream origin {{ server 127.0.0.1:{server}; keepalive 128; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{http} reuseport; location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
  server {{ listen 127.0.0.1:{tls} ssl reuseport; ssl_certificate {pem}; ssl_certificate_key {key};
           location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }}''')


def haproxy(folder, port, server):
    return write(folder, "haproxy.cfg", f'''global
  nbthread {THREADS}
  maxconn 6000
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:{port} backlog 4096
  http-reuse always
  server one 127.0.0.1:{server}
''')


class Bench:
    def __init__(self, options):
        self.options, self.rows = options, []

    def wrk(self, url, connections):
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{max(1, int(self.options.seconds))}", "--latency", url],
                             capture_output=True, text=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
        bytes_per_second = re.search(r"Transfer/sec:\s+([\d.]+)(KB|MB|GB)", out)
        scale = {"us": 1, "ms": 1e3, "s": 1e6, "KB": 1e3, "MB": 1e6, "GB": 1e9}
        return {"rate": float(rate[1]) if rate else None,
                "p99": float(p99[1]) * scale[p99[2]] if p99 else None,
                "mb": float(bytes_per_second[1]) * scale[bytes_per_second[2]] / 1e6 if bytes_per_second else None}

    def handshakes(self, port):
        out = subprocess.run(["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time",
                              str(max(1, int(self.options.seconds))), "-ciphersuites", CIPHER],
                             capture_output=True, text=True).stdout
        found = re.search(r"(\d+) connections in (\d+) real seconds", out)
        return float(found[1]) / float(found[2]) if found else None

    def measure(self, label, ports, ask, better="more"):
        values = medians(self.options.rounds, ports, ask)
        rivals = ("haproxy", "nginx") if "nginx" in ports else ("direct",)
        self.rows.append({"row": label, "better": better, "values": values, "ratio": ratio(values, better, rivals)})
        print(f"  measured: {label}", flush=True)


def main():
    options = read_options()
    bench = Bench(options)
    peers = []
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "big"), "wb") as file:
            file.write(os.urandom(10_000_000))
        os.chmod(os.path.join(folder, "big"), 0o644)
        pem, key = certificate(folder)
        server, nginx_http, nginx_tls, ha, plain, slow, tls, echo, websocket, dropping = (free_port() for _ in range(10))
        try:
            peers.append(Peer("origin", server, ["nginx", "-c", origin(folder, server)]))
            peers.append(Peer("nginx", nginx_http, ["nginx", "-c", nginx_proxy(folder, server, nginx_http, nginx_tls, pem, key)]))
            peers.append(Peer("haproxy", ha, ["haproxy", "-q", "-f", haproxy(folder, ha, server)]))
            run = [options.brownout, "run", "--workers", str(THREADS), "--no-watch", "--log-level", "error", "--api", "127.0.0.1:0"]
            http = 'protocol = "http"'
            rule = '[[rule]]\nmatch = { path = "/nobody" }\nfault = { type = "abort" }'
            peers.append(Peer("brownout", plain, run + [brownout_config(folder, "plain.toml", plain, server, "", http)]))
            peers.append(Peer("rules", slow, run + [brownout_config(folder, "rules.toml", slow, server, rule, http)]))
            given = f'{http}\ntls = {{ certificate = "{pem}", key = "{key}" }}'
            peers.append(Peer("tls", tls, run + [brownout_config(folder, "tls.toml", tls, server, "", given)]))
            node = {**os.environ, "NODE_PATH": "/usr/share/nodejs"}
            load = ["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "websocket_load.js")]
            os.environ.update(node)
            peers.append(Peer("echo", echo, load + ["server", str(echo)]))
            messages = 'protocol = "websocket"'
            drop = '[[rule]]\nmatch = { text = "nobody says this" }\nfault = { type = "drop" }'
            peers.append(Peer("ws", websocket, run + [brownout_config(folder, "ws.toml", websocket, echo, "", messages)]))
            peers.append(Peer("wsr", dropping, run + [brownout_config(folder, "wsr.toml", dropping, echo, drop, messages)]))

            ports = {"direct": server, "brownout": plain, "haproxy": ha, "nginx": nginx_http, "rules": slow}
            for connections in (1, 64):
                bench.measure(f"HTTP req/s, {connections} connections", ports,
                              lambda port, c=connections: bench.wrk(f"http://127.0.0.1:{port}/", c)["rate"])
            bench.measure("HTTP p99, 64 connections (us)", ports,
                          lambda port: bench.wrk(f"http://127.0.0.1:{port}/", 64)["p99"], "less")
            secure = {"brownout": tls, "nginx": nginx_tls}
            bench.measure("TLS handshakes/s (full, one client)", secure, bench.handshakes)
            bench.measure("TLS req/s, 64 connections", secure,
                          lambda port: bench.wrk(f"https://127.0.0.1:{port}/", 64)["rate"])
            bench.measure("TLS throughput, 4 connections (MB/s)", secure,
                          lambda port: bench.wrk(f"https://127.0.0.1:{port}/big", 4)["mb"])

            def echoes(port):
                out = subprocess.run(load + ["client", str(port), "16", str(options.seconds)], capture_output=True, text=True)
                return float(out.stdout) if out.returncode == 0 and out.stdout else None

            bench.measure("WebSocket messages/s, 16 sockets", {"direct": echo, "brownout": websocket, "rules": dropping}, echoes)
        finally:
            for peer in peers:
                peer.stop()
    print_table(bench.rows, "rules",
                "ratio: brownout over the better of HAProxy and nginx (WebSocket: over direct); above 1 is better, in every row"
                "\nrules: brownout with a rule that looks at every request or message and acts on none")
    write_json(options, bench.rows, threads=THREADS)


if __name__ == "__main__":
    main()
