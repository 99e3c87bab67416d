"""Servers, clients and a Brownout between them, for the checks of the comparison page."""
import contextlib
import http.server
import itertools
import json
import os
import re
import socket
import socketserver
import subprocess
import threading
import time

ports = itertools.count(20000)
ports_lock = threading.Lock()
brownout = None
folder = None


def free_port():
    with ports_lock:
        return next(ports)


def expect(holds, seen):
    """Fails a check. `seen` is what was measured."""
    if not holds:
        raise AssertionError(f"measured: {seen}")


def between(low, value, high, what):
    expect(low <= value <= high, f"{what} = {value}, expected {low} to {high}")


# ---- Brownout

HEAD = 'version = 1\nseed = 7\n'


def listener(port, server=None, protocol="tcp", keys="", name="front"):
    upstream = f'upstream = "127.0.0.1:{server}"\n' if isinstance(server, int) else server or ""
    return f'[[listener]]\nname = "{name}"\nprotocol = "{protocol}"\nlisten = "127.0.0.1:{port}"\n{upstream}\n{keys}\n'


class Proxy:
    """A running Brownout. `events()` are the lines of its event log."""

    def __init__(self, text, api=False, options=()):
        self.path = os.path.join(folder, f"rules-{free_port()}.toml")
        self.text = HEAD + text
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.text)
        self.api = free_port() if api else None
        where = f"127.0.0.1:{self.api}" if api else "off"
        self.log = open(self.path + ".log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [brownout, "run", self.path, "--events", self.path + ".jsonl", "--drain", "0s", "--api", where, *options],
            stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder)

    def wait(self, count):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with open(self.path + ".log", encoding="utf-8") as log:
                if len(re.findall(r"listener \S+: (?:127|unix)", log.read())) >= count:
                    return self
            time.sleep(0.02)
        with open(self.path + ".log", encoding="utf-8") as log:
            raise AssertionError(f"Brownout does not listen with this file:\n{self.text}\n{log.read()}")

    def metrics(self):
        return curl(f"http://127.0.0.1:{self.api}/metrics").body

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def events(self):
        with open(self.path + ".jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]


@contextlib.contextmanager
def run(text, count=1, **options):
    proxy = Proxy(text, **options)
    try:
        yield proxy.wait(count)
    finally:
        proxy.stop()


@contextlib.contextmanager
def front(rules, server, protocol="tcp", keys="", before="", **options):
    """A listener before a server on this port; the value is the listener's port and the proxy."""
    port = free_port()
    with run(before + listener(port, server, protocol, keys) + "".join(rules), **options) as proxy:
        proxy.port = port
        yield proxy


def executed(rules, *command, text="", timeout=30, environment=None):
    """Runs a command under `brownout exec`; the value is its exit code and its output."""
    path = os.path.join(folder, f"exec-{free_port()}.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD + text + "".join(rules))
    done = subprocess.run([brownout, "exec", path, "--", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=timeout, text=True, cwd=folder,
                          env={**os.environ, **(environment or {})})
    return done


# ---- streams

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class Source(socketserver.BaseRequestHandler):
    """Sends what the first line asks for: a number of bytes."""

    def handle(self):
        with contextlib.suppress(OSError, ValueError):
            left = int(self.request.makefile().readline())
            block = b"x" * 65536
            while left > 0:
                self.request.sendall(block[:min(left, len(block))])
                left -= len(block)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass


@contextlib.contextmanager
def serve(handler, kind=Server):
    server = kind(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def tcp(rules, handler=Echo, **options):
    with serve(handler) as server, front(rules, server.server_address[1], **options) as proxy:
        proxy.server = server
        yield proxy


def connect(port, timeout=10, source=None):
    client = socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=source)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def round_trip(client, data=b"x"):
    begin = time.monotonic()
    client.sendall(data)
    got = b""
    while len(got) < len(data):
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {len(got)} bytes")
        got += piece
    return time.monotonic() - begin, got


def round_trips(port, count, **options):
    """Seconds that each of these one-byte messages takes to the echo server and back."""
    with connect(port, **options) as client:
        return [round_trip(client)[0] for _ in range(count)]


def download(port, size, timeout=30):
    """Seconds that a download from a Source takes."""
    with connect(port, timeout) as client:
        begin = time.monotonic()
        client.sendall(f"{size}\n".encode())
        got = 0
        while got < size:
            piece = client.recv(1 << 20)
            if not piece:
                break
            got += len(piece)
        return got, time.monotonic() - begin


def outcome(port, timeout=1.0, source=None):
    """What a client of an echo server meets: "works", "hangs" (connect), "silent", "refused",
    "reset" or "closed"."""
    try:
        client = connect(port, timeout, source)
    except TimeoutError:
        return "hangs"
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    except OSError as error:
        return os.strerror(error.errno)
    with client:
        try:
            round_trip(client)
            return "works"
        except TimeoutError:
            return "silent"
        except ConnectionResetError:
            return "reset"
        except ConnectionError:
            return "closed"


# ---- datagrams

class Datagrams:
    """A UDP server that notes what arrives, and a client before Brownout."""

    def __init__(self, proxy, server):
        self.proxy, self.server = proxy, server
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.connect(("127.0.0.1", proxy.port))

    def burst(self, count, size=8, gap=0.0, quiet=0.4):
        """Sends numbered datagrams; returns what arrived: a list of (number, seconds, datagram)."""
        arrived, begin = [], time.monotonic()

        def receive():
            self.server.settimeout(quiet)
            with contextlib.suppress(TimeoutError):
                while True:
                    data = self.server.recv(65536)
                    arrived.append((int.from_bytes(data[:4], "big"), time.monotonic() - begin, data))
        self.server.settimeout(quiet)
        reader = threading.Thread(target=receive)
        reader.start()
        for number in range(count):
            self.client.send(number.to_bytes(4, "big") + bytes(size - 4))
            if gap or number % 32 == 31:
                time.sleep(gap or 0.002)
        reader.join()
        return arrived


@contextlib.contextmanager
def udp(rules, **options):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    server.bind(("127.0.0.1", 0))
    with server, front(rules, server.getsockname()[1], "udp", **options) as proxy:
        lab = Datagrams(proxy, server)
        with lab.client:
            yield lab


# ---- HTTP

class Web(http.server.BaseHTTPRequestHandler):
    """Answers with what the request was, as JSON; /size/N answers with N bytes; X-Want-Status and
    X-Want-Header choose status and a header."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        self.server.seen.append((self.command, self.path))
        reply = json.dumps({"method": self.command, "path": self.path, "body": body, "page": 1,
                            "headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        if self.path.startswith("/size/"):
            reply = b"x" * int(self.path.split("/")[2])
        if self.path.startswith("/json/"):
            reply = b'{"data": {"user": "ann", "age": 7}, "text": "the cat and the cat"}'
        if self.path.startswith("/tokens/"):
            reply = json.dumps({"usage": {"total_tokens": int(self.path.split("/")[2])}}).encode()
        self.send_response(int(self.headers.get("x-want-status") or 200))
        self.send_header("content-type", "application/json")
        if self.path.endswith("/gzip"):
            import gzip
            reply = gzip.compress(reply)
            self.send_header("content-encoding", "gzip")
        if want := self.headers.get("x-want-header"):
            self.send_header(*want.split(": "))
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *arguments):
        pass


class WebServer(http.server.ThreadingHTTPServer):
    request_queue_size = 512

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = []

    def handle_error(self, request, client_address):
        pass


class Reply:
    def __init__(self, done, seconds):
        self.code, self.seconds, self.raw = done.returncode, seconds, done.stdout
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = re.match(r"HTTP/\S+ (\d+)", lines[0])
        self.status = int(found.group(1)) if found else None
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        self.body = (body if found else done.stdout).decode("utf-8", "replace")
        self.bytes = body

    def __repr__(self):
        return f"curl exit {self.code}, status {self.status}, {self.headers}, body {self.body[:200]!r}, {self.seconds:.2f} s"

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(f"expected JSON: {self}") from None


def curl(url, *options, timeout=10):
    begin = time.monotonic()
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", str(timeout), *options, url], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return Reply(done, time.monotonic() - begin)


@contextlib.contextmanager
def http_front(rules, **options):
    """An HTTP listener before a Web server. `get(path, curl option...)` sends a request."""
    with serve(Web, WebServer) as server, front(rules, server.server_address[1], "http", **options) as proxy:
        proxy.server = server
        proxy.get = lambda path="/", *arguments, **named: curl(
            f"http://127.0.0.1:{proxy.port}{path}", *arguments, **named)
        yield proxy


# ---- DNS

ZONE = '''[[zone]]
name = "lab"
records = ["example.org. 60 IN A 192.0.2.1", "www.example.org. 60 IN A 192.0.2.2", "www.example.org. 60 IN AAAA 2001:db8::2",
           "chaos-mesh.org. 60 IN A 192.0.2.3", "other.test. 60 IN A 192.0.2.9"]
'''


class Dns:
    def __init__(self, port):
        self.port = port

    def ask(self, name, kind="A", patience=2):
        """The response code, the data of the answers and the seconds."""
        begin = time.monotonic()
        done = subprocess.run(["dig", "+tries=1", f"+timeout={patience}", "+nocookie", "-p", str(self.port), "@127.0.0.1", name, kind],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.monotonic() - begin
        code = re.search(r"status: (\w+)", done.stdout)
        answers = re.findall(rf"^\S+\s+\d+\s+IN\s+(?:{kind}|CNAME)\s+(\S+)$", done.stdout, re.M)
        return code.group(1) if code else "no answer", answers, seconds


@contextlib.contextmanager
def dns(rules, **options):
    """A dns listener that answers from ZONE."""
    with front(rules, 'zone = "lab"\n', "dns", before=ZONE, **options) as proxy:
        yield Dns(proxy.port)
