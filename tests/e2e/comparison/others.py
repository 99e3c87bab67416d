"""Checks of the rest: streams by Toxiproxy's names, DNS, Redis, TLS, exec, rehearsals, metrics."""
import glob
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

import lab
from checks import alike, check, each, outcomes, program
from lab import between, expect

TOXIPROXY = "Toxiproxy"


# ---- Toxiproxy

@check(TOXIPROXY, "all toxics, down")
def _(row):
    with lab.tcp(row.rules) as proxy, lab.connect(proxy.port) as client:
        # Ten pieces, with a pause after each.
        between(0.17, lab.round_trip(client, b"x" * 1000)[0], 2, "seconds")
    toxics = [("latency", {"latency": 100}), ("bandwidth", {"rate": 100}), ("slow_close", {"delay": 10}), ("timeout", {"timeout": 50}),
              ("reset_peer", {"timeout": 10}), ("slicer", {"average_size": 10, "size_variation": 1, "delay": 10}),
              ("limit_data", {"bytes": 100}), ("packet_loss", {"loss_rate": 0.1})]
    with toxiproxy() as call, lab.serve(lab.Echo) as server:
        for kind, attributes in toxics:
            call("POST", "/proxies", {"name": kind, "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{server.server_address[1]}"})
            made = call("POST", f"/proxies/{kind}/toxics", {"type": kind, "attributes": attributes})
            expect(made["type"] == kind and made["stream"] == "downstream", made)
        port = int(call("GET", "/proxies/latency")["listen"].rsplit(":", 1)[1])
        between(0.1, lab.round_trips(port, 1)[0], 0.5, "round trip")
        call("POST", "/proxies/latency", {"enabled": False})
        expect(lab.outcome(port) == "refused", "a proxy that is down accepts")


@check(TOXIPROXY, "stream, toxicity, names")
def _(row):
    with lab.tcp(row.rules, api=True) as proxy:
        slow = sum(1 for _ in range(30) if lab.round_trips(proxy.port, 1)[0] > 0.19)
        between(7, slow, 23, "slow connections of 30")
        expect('rule="half"' in proxy.metrics(), "the rule has no name in the metrics")


class toxiproxy:
    """A running `brownout toxiproxy`; the value calls its API."""

    def __init__(self, *options):
        self.port, self.options = lab.free_port(), options

    def __enter__(self):
        self.process = subprocess.Popen([lab.brownout, "toxiproxy", "-port", str(self.port), *self.options],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                self("GET", "/version")
                return self
            except (OSError, urllib.error.URLError):
                time.sleep(0.02)
        raise AssertionError("brownout toxiproxy does not answer")

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()

    def __call__(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read().decode()
        try:
            return json.loads(text)
        except ValueError:
            return text


@check(TOXIPROXY, "populate, reset, version, config file")
def _(row):
    with lab.serve(lab.Echo) as server:
        proxies = [{"name": "chat", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{server.server_address[1]}"}]
        path = os.path.join(lab.folder, "toxiproxy.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(proxies, file)
        with toxiproxy("-config", path) as call:
            expect("chat" in call("GET", "/proxies"), "the file's proxy is missing")
            expect("version" in str(call("GET", "/version")), "no version")
            call("POST", "/proxies/chat/toxics", {"type": "latency", "attributes": {"latency": 10}})
            call("POST", "/reset")
            expect(call("GET", "/proxies/chat/toxics") == [], "a toxic after reset")
            made = call("POST", "/populate", proxies + [{**proxies[0], "name": "other"}])
            expect([proxy["name"] for proxy in made["proxies"]] == ["chat", "other"], made)


@check(TOXIPROXY, "CLI")
def _(row):
    # The routes in the order in which toxiproxy-cli calls them for `create`, `toxic add`, `inspect`, `toggle`, `toxic update`,
    # `toxic remove`, `list` and `delete`.
    with toxiproxy() as call:
        call("POST", "/proxies", {"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"})
        call("POST", "/proxies/a/toxics", {"name": "", "type": "latency", "stream": "upstream", "toxicity": 1.0,
                                          "attributes": {"latency": 10}})
        expect(call("GET", "/proxies/a")["toxics"][0]["name"] == "latency_upstream", "the toxic's default name")
        call("POST", "/proxies/a", {"name": "a", "enabled": False})
        call("POST", "/proxies/a/toxics/latency_upstream", {"toxicity": 0.5, "attributes": {"latency": 20}})
        call("DELETE", "/proxies/a/toxics/latency_upstream")
        expect(call("GET", "/proxies")["a"]["toxics"] == [], "a toxic after its removal")
        call("DELETE", "/proxies/a")


@check(TOXIPROXY, "metrics of proxies")
def _(row):
    with lab.serve(lab.Echo) as server, toxiproxy("-proxy-metrics") as call:
        call("POST", "/proxies", {"name": "chat", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{server.server_address[1]}"})
        lab.round_trips(int(call("GET", "/proxies/chat")["listen"].rsplit(":", 1)[1]), 1)
        text = call("GET", "/metrics")
        expect(re.search(r'toxiproxy_proxy_sent_bytes_total\{.*proxy="chat"', text), text[:500])


@check(TOXIPROXY, "runtime metrics")
def _(row):
    with toxiproxy("-runtime-metrics") as call:
        expect("process_resident_memory_bytes" in call("GET", "/metrics"), "no metrics of the process")


# ---- streams

@check("MockServer", "TCP chaos")
def _(row):
    with lab.tcp(row.rules, lab.Source) as proxy:
        got, seconds = lab.download(proxy.port, 500)
        between(0.4, seconds, 1.5, "seconds for 50 pieces")


@check("Mountebank", "TCP reset")
def _(row):
    outcomes(row.rules, "reset")


@check("Mountebank", "TCP random data then close")
def _(row):
    with lab.tcp(row.rules) as proxy, lab.connect(proxy.port) as client:
        client.sendall(b"x" * 256)
        got = b""
        while piece := client.recv(65536):
            got += piece
        expect(len(got) == 256 and got != b"x" * 256, got)


@check("Envoy, Istio", "circuit breakers")
def _(row):
    with lab.tcp(row.rules) as proxy, lab.connect(proxy.port) as first, lab.connect(proxy.port) as second:
        lab.round_trip(first), lab.round_trip(second)
        expect(lab.outcome(proxy.port) == "reset", "a third connection works")


@check("fault (fault-project)", "jitter with a frequency")
def _(row):
    with lab.tcp(row.rules) as proxy, lab.connect(proxy.port) as client:
        slow = fast = 0
        end = time.monotonic() + 12
        while time.monotonic() < end and not (slow and fast):
            took = lab.round_trip(client)[0]
            slow, fast = slow + (took > 0.09), fast + (took < 0.05)
            time.sleep(0.1)
        expect(slow and fast, f"{slow} slow, {fast} fast")


@check("fault (fault-project)", "several windows in one schedule")
def _(row):
    with lab.tcp(row.rules) as proxy:
        seen, begin = [], time.monotonic()
        for at in (0.1, 0.6, 1.1):
            time.sleep(max(0, begin + at - time.monotonic()))
            seen.append(lab.outcome(proxy.port))
        expect(seen == ["reset", "works", "reset"], seen)


# ---- DNS

def answers(code):
    """A check that a query for a known name gets this response code, or "no answer"."""
    def measure(row):
        with lab.dns(row.rules) as names:
            seen = names.ask("www.example.org")[0]
            expect(seen == code, f"{seen}, expected {code}")
    return measure


alike(answers("SERVFAIL"), ("Chaos Mesh", "DNS error"), ("fault (fault-project)", "dns"))
check("Gremlin", "DNS")(answers("no answer"))
check("Azure Chaos Studio", "DNS failure, return code")(answers("REFUSED"))


@check("Chaos Mesh", "DNS random")
def _(row):
    with lab.dns(row.rules) as names:
        seen = {names.ask("www.example.org")[1][0] for _ in range(5)}
        expect(len(seen) >= 4 and "192.0.2.2" not in seen, seen)


@check("Chaos Mesh", "DNS patterns * and ?")
def _(row):
    with lab.dns(row.rules) as names:
        expect(names.ask("chaos-mesh.org")[0] == "SERVFAIL", "the pattern does not match")
        expect(names.ask("www.example.org")[1] == ["192.0.2.2"], "the pattern matches another name")


@check("Litmus", "dns-error, substring")
def _(row):
    with lab.dns(row.rules) as names:
        expect(names.ask("chaos-mesh.org")[0] == "NXDOMAIN", "the substring does not match")
        expect(names.ask("www.example.org")[0] == "NOERROR", "another name is hit")


@check("Clumsy, Link Conditioner, Charles, DevTools", "NLC High Latency DNS")
def _(row):
    with lab.dns(row.rules) as names:
        between(3, names.ask("www.example.org", patience=5)[2], 4, "seconds")


@check("Litmus", "dns-spoof name to name")
def _(row):
    with lab.dns(row.rules) as names:
        expect(names.ask("www.example.org")[1] == ["192.0.2.9"], "another answer")


# ---- Redis

def redis_cli(port, *words):
    return subprocess.run(["redis-cli", "-p", str(port), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=10).stdout.strip()


class redis:
    def __init__(self, rules):
        self.rules, self.port = rules, lab.free_port()

    def __enter__(self):
        self.server = program("redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1", port=self.port)
        self.server.__enter__()
        self.front = lab.front(self.rules, self.port, "redis")
        return self.front.__enter__()

    def __exit__(self, *error):
        self.front.__exit__(*error)
        self.server.__exit__(*error)


@check("Envoy, Istio", "Redis: delay by command")
def _(row):
    with redis(row.rules) as proxy:
        begin = time.monotonic()
        expect(redis_cli(proxy.port, "SET", "GET", "1") == "OK", "SET fails")
        between(0, time.monotonic() - begin, 0.28, "seconds of a SET")
        begin = time.monotonic()
        expect(redis_cli(proxy.port, "GET", "GET") == "1", "GET fails")
        between(0.3, time.monotonic() - begin, 1, "seconds of a GET")


@check("Envoy, Istio", "Redis: error by command")
def _(row):
    with redis(row.rules) as proxy:
        expect(redis_cli(proxy.port, "SET", "a", "1") == "OK", "SET fails")
        expect(redis_cli(proxy.port, "GET", "a") == "ERR injected", "no error")
        expect(redis_cli(proxy.port, "SET", "a", "2") == "OK", "the connection is broken")


# ---- TLS

class folder_ca:
    """A folder with the CA of `brownout ca init`."""

    def __enter__(self):
        self.path = os.path.join(lab.folder, f"ca-{lab.free_port()}")
        subprocess.run([lab.brownout, "ca", "init", "--folder", self.path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *error):
        pass

    def curl(self, port, path="/"):
        return lab.curl(f"https://localhost:{port}{path}", "--cacert", f"{self.path}/ca.pem", "--resolve",
                        f"localhost:{port}:127.0.0.1")


@check("Chaos Mesh", "TLS")
def _(row):
    with folder_ca() as ca, lab.serve(lab.Web, lab.WebServer) as server, \
            lab.front(row.rules, server.server_address[1], "http", f'tls = {{ ca = "{ca.path}" }}') as proxy:
        expect(ca.curl(proxy.port, "/bad").status == 503, "not hit")
        expect(ca.curl(proxy.port, "/good").status == 200, "another path is hit")


@check("Gremlin", "certificate expiry (a check)")
def _(row):
    with folder_ca() as ca, lab.serve(lab.Web, lab.WebServer) as server, \
            lab.front(row.rules, server.server_address[1], "tls", f'tls = {{ ca = "{ca.path}" }}') as proxy:
        reply = ca.curl(proxy.port)
        expect(reply.code == 60, f"curl accepts an expired certificate: {reply}")


# ---- exec

def names_listener(*names):
    records = ", ".join(f'"{name}. 60 IN A 127.0.0.{number}"' for number, name in enumerate(names, 1))
    return f'[[zone]]\nname = "lab"\nrecords = [{records}]\n' + \
        lab.listener(0, 'zone = "lab"\nintercept = "redirect"\nports = [53]\n', "dns", name="dns")


def only(rules, hit, missed):
    """Under exec, a request to the name `hit` fails and one to `missed` works."""
    with lab.serve(lab.Web, lambda _, handler: lab.WebServer(("0.0.0.0", 0), handler)) as server:
        port = server.server_address[1]
        done = lab.executed(rules, "sh", "-c", f"curl -s -o /dev/null http://{hit}:{port}/; echo $?; "
                            f"curl -s -o /dev/null http://{missed}:{port}/; echo $?", text=names_listener(hit, missed))
        codes = done.stdout.split()
        expect(codes[0] != "0" and codes[1] == "0", (codes, done.stderr))


@check("Chaos Mesh", "externalTargets with domains")
def _(row):
    only(row.rules, "a.test", "b.test")


alike(lambda row: only(row.rules, "bucket.s3.eu-west-1.amazonaws.test", "ec2.eu-west-1.amazonaws.test"),
      ("AWS FIS", "disrupt-connectivity, cross-region"), ("Gremlin", "providers, tags"))


@check("Azure Chaos Studio", "isolation")
def _(row):
    with lab.serve(lab.Web, lab.WebServer) as server:
        done = lab.executed(row.rules, "curl", "-s", "--connect-timeout", "1", f"http://127.0.0.1:{server.server_address[1]}/")
        expect(done.returncode == 28, f"curl ends with {done.returncode}")
        expect(not server.seen, "the server is reached")


@check("fault (fault-project)", "capture by process")
def _(row):
    with lab.serve(lab.Web, lab.WebServer) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        expect(lab.executed(row.rules, "curl", "-s", url).returncode != 0, "the command's connection works")
        expect(lab.curl(url).status == 200, "another program's connection fails")


@check("Dev Proxy", "HTTPS of any host, decrypted")
def _(row):
    key, certificate = (os.path.join(lab.folder, name) for name in ("https-key.pem", "https-cert.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                    "-subj", "/CN=api.test", "-addext", "subjectAltName=DNS:api.test"], check=True, stderr=subprocess.DEVNULL)
    port = lab.free_port()
    with program("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", certificate, "-www", "-quiet", port=port):
        keys = f'intercept = "redirect"\nports = [{port}]\ntls = {{}}\nupstream_tls = {{ ca = "{certificate}" }}\n'
        text = names_listener("api.test") + lab.listener(0, keys, "tls", name="tls")
        for path, wanted in (("/v1/orders", "503"), ("/other", "200")):
            done = lab.executed(row.rules, "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"https://api.test:{port}{path}",
                                text=text)
            expect(done.stdout == wanted, (path, done.stdout, done.stderr))


# ---- rehearsals

REHEARSAL = '''[scenario]
name = "refused"
time_scale = "20x"
%s
[[phase]]
name = "outage"
for = "40s"
rules = ["gone"]
[[rule]]
name = "gone"
fault = { type = "refuse" }
[[probe]]
name = "users"
kind = "tcp"
endpoints = ["front"]
every = "1s"
timeout = "1s"
reuse = false
'''


def rehearse(text):
    path = os.path.join(lab.folder, f"rehearsal-{lab.free_port()}.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return subprocess.run([lab.brownout, "rehearse", path, "--report", path + ".report"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=60, cwd=lab.folder)


def stops(row):
    """A rehearsal whose users fail is stopped by `stop_if`, with exit code 3."""
    with lab.serve(lab.Echo) as server:
        front = lab.HEAD + lab.listener(lab.free_port(), server.server_address[1])
        text = REHEARSAL % 'stop_if = { probe = "users", above = "50%", over = "5s" }'
        done = rehearse(front + text)
        expect("all faults end at once" in done.stdout and done.returncode == 3, (done.returncode, done.stdout[-1500:]))


check("AWS FIS", "stop conditions")(stops)


@check("MockServer", "experiments, SLO verdict, auto-halt")
def _(row):
    stops(row)
    with lab.serve(lab.Echo) as server:
        front = lab.HEAD + lab.listener(lab.free_port(), server.server_address[1])
        for least, code in (("0%", 0), ("90%", 1)):
            wanted = f'[[expect]]\nname = "slo"\nphase = "outage"\nprobe = "users"\nmetric = "availability"\nat_least = "{least}"\n'
            done = rehearse(front + REHEARSAL % "" + wanted)
            expect(done.returncode == code, (done.returncode, done.stdout[-1500:]))


# ---- other ways that a rule cannot show

@check("Chaos Mesh", "pod selectors, cron Schedule")
def _(row):
    path = os.path.join(os.path.dirname(__file__), "../../../examples/kubernetes/sidecar.yaml")
    with open(path, encoding="utf-8") as file:
        expect("kind: Pod" in file.read(), "no example of a sidecar")


@check("pumba, comcast, tcset", "containers by name")
def _(row):
    path = os.path.join(os.path.dirname(__file__), "../../../examples/compose/compose.yaml")
    with open(path, encoding="utf-8") as file:
        expect("services:" in file.read(), "no example of a compose service")


@check("fault (fault-project)", "packet duplication on TCP")
def _(row):
    port = lab.free_port()
    path = os.path.join(lab.folder, "duplicate-tcp.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(lab.HEAD + lab.listener(port, 9) + '[[rule]]\nfault = { type = "duplicate", share = "20%" }\n')
    done = subprocess.run([lab.brownout, "check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expect(done.returncode == 1 or "duplicate" in done.stdout, done.stdout)


# ---- PostgreSQL

def postgres_programs():
    versions = glob.glob("/usr/lib/postgresql/*/bin")
    expect(versions, "no PostgreSQL below /usr/lib/postgresql")
    return max(versions, key=lambda path: int(path.split("/")[4]))


class postgres:
    """A server of PostgreSQL with the table accounts. It refuses to run as root."""

    def __init__(self, rules):
        self.rules, self.port = rules, lab.free_port()
        self.folder = os.path.join(lab.folder, f"postgres-{self.port}")
        self.user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if subprocess.run([*self.user, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            self.user = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]

    def __enter__(self):
        os.mkdir(self.folder)
        os.chmod(lab.folder, 0o711)
        if self.user[0] == "setpriv":
            os.chown(self.folder, 65534, 65534)
        data, programs = os.path.join(self.folder, "data"), postgres_programs()
        subprocess.run([*self.user, f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], check=True,
                       cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.server = program("env", "-C", self.folder, *self.user, f"{programs}/postgres", "-D", data, "-p", str(self.port),
                              "-h", "127.0.0.1", "-k", "", "-F", port=self.port)
        self.server.__enter__()
        end = time.monotonic() + 20
        while psql(self.port, "create table if not exists accounts (amount int)").returncode != 0:
            expect(time.monotonic() < end, "the server of PostgreSQL does not begin")
            time.sleep(0.1)
        self.front = lab.front(self.rules, self.port, "postgres")
        return self.front.__enter__()

    def __exit__(self, *error):
        self.front.__exit__(*error)
        self.server.__exit__(*error)


def psql(port, *statements):
    commands = [word for statement in statements for word in ("-c", statement)]
    return subprocess.run(["psql", "-X", "-A", "-t", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-v",
                           "VERBOSITY=sqlstate", *commands], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)


@check("fault (fault-project)", "PostgreSQL deadlock, SQLSTATE")
def _(row):
    with postgres(row.rules) as proxy:
        expect(psql(proxy.port, "insert into accounts values (1)").returncode == 0, "an insert fails")
        seen = psql(proxy.port, "update accounts set amount = 2").stdout.strip()
        expect(seen == "ERROR:  40P01", seen)
        expect(psql(proxy.port, "select amount from accounts").stdout.strip() == "1", "the update was run")


@check("fault (fault-project)", "gRPC plugins")
def _(row):
    class Shout(lab.socketserver.BaseRequestHandler):
        """A program that passes a client's bytes to the server, and changes its answers."""

        def handle(self):
            with lab.connect(self.server.behind) as behind:
                while data := self.request.recv(65536):
                    behind.sendall(data)
                    self.request.sendall(behind.recv(65536).upper())

    with lab.serve(lab.Echo) as server, lab.tcp(row.rules, Shout) as proxy:
        proxy.server.behind = server.server_address[1]
        with lab.connect(proxy.port) as client:
            seconds, got = lab.round_trip(client, b"hello")
        expect(got == b"HELLO", got)
        between(0.1, seconds, 2, "seconds")
