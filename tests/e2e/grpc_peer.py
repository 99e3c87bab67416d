"""Server and client for grpc_test.sh, in Python: `grpc_peer.py server PORT`, or `grpc_peer.py client
CHECK[,CHECK...] NAME=TARGET...` (`all` means every check), where a target is HOST:PORT, or
tls:HOST:PORT with the CA's certificate in $CA. The client prints "NAME CHECK RESULT" for each check;
grpc_peer.js prints the same. Messages are bytes without a schema.
"""
import base64
import concurrent.futures
import hashlib
import os
import sys
import threading
import time

import grpc

SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
DETAILS = bytes(range(256))
CODES = {code.value[0]: code for code in grpc.StatusCode}
KEEPALIVE = [("grpc.keepalive_time_ms", 300), ("grpc.keepalive_timeout_ms", 2000), ("grpc.keepalive_permit_without_calls", 1),
             ("grpc.http2.max_pings_without_data", 0)]
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


# The server's methods.

def say(text):
    sys.stdout.write(text + "\n")  # in one piece, since threads write at once
    sys.stdout.flush()


def seen(context, key):
    return [value for name, value in context.invocation_metadata() if name == key]


def echo(request, context):
    context.send_initial_metadata([("x-echo", value) for value in seen(context, "x-ask")] + [("x-echo-bin", value) for value in seen(context, "x-ask-bin")])
    context.set_trailing_metadata([("x-last", "word"), ("x-last-bin", b"\0\xff")])
    return request


def large(request, context):
    """An echo, which needs no metadata, of which each byte is the next one."""
    context.set_compression(grpc.Compression.Gzip)
    return request


def fail(request, context):
    code, text = request.decode().split(" ", 1)
    context.set_trailing_metadata([("grpc-status-details-bin", DETAILS)])
    context.abort(CODES[int(code)], text)


def fail_late(request, context):
    yield b"first"
    yield b"second"
    context.abort(grpc.StatusCode.DATA_LOSS, "late")


def sleep(request, context):
    ended = threading.Event()
    context.add_callback(ended.set)
    ended.wait(10)
    say(f"{request.decode()} cancelled")
    return b""


def tell(request, context):
    """Sends messages until the client cancels."""
    context.add_callback(lambda: say(f"{request.decode()} cancelled"))
    for number in range(1000):
        yield b"%d" % number
        time.sleep(0.01)


def count(request, context):
    """As many messages as asked, of the size asked: "NUMBER SIZE PAUSE_MS"."""
    number, size, pause = map(int, request.split())
    for at in range(number):
        yield b"%d " % at + b"x" * size
        time.sleep(pause / 1000)


def collect(requests, context):
    got = list(requests)
    return b"%d %s" % (len(got), hashlib.sha256(b"".join(got)).hexdigest().encode())


def chat(requests, context):
    yield from requests


class Methods(grpc.GenericRpcHandler):
    unary = {"Echo": echo, "Large": large, "Fail": fail, "Sleep": sleep}
    down = {"FailLate": fail_late, "Tell": tell, "Count": count}

    def service(self, details):
        service, name = details.method[1:].split("/")
        if service != "test.Peer":
            return None
        if name in self.unary:
            return grpc.unary_unary_rpc_method_handler(self.unary[name])
        if name in self.down:
            return grpc.unary_stream_rpc_method_handler(self.down[name])
        return {"Collect": grpc.stream_unary_rpc_method_handler(collect), "Chat": grpc.stream_stream_rpc_method_handler(chat)}.get(name)


def serve(port):
    options = [("grpc.http2.min_recv_ping_interval_without_data_ms", 10), ("grpc.http2.min_ping_interval_without_data_ms", 10),
               ("grpc.keepalive_permit_without_calls", 1), *UNLIMITED]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(300), handlers=[Methods()], options=options)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    say("serving")
    server.wait_for_termination()


# The client's checks. Each returns a result in words.

class Client:
    def __init__(self, name, target, options=()):
        self.name = name
        options = [*UNLIMITED, ("grpc.use_local_subchannel_pool", 1), *options]
        if target.startswith("tls:"):
            with open(os.environ["CA"], "rb") as ca:
                self.channel = grpc.secure_channel(target[4:], grpc.ssl_channel_credentials(ca.read()), options=options)
        else:
            self.channel = grpc.insecure_channel(target, options=options)
        self.unary = lambda method: self.channel.unary_unary(f"/test.Peer/{method}")
        self.down = lambda method: self.channel.unary_stream(f"/test.Peer/{method}")


def code_of(error):
    return error.code().value[0]


def failure(call):
    try:
        call()
        return "no error"
    except grpc.RpcError as error:
        return code_of(error)


def metadata_text(metadata, name):
    """The values of `name`, which a peer may have joined, and of `name`-bin."""
    texts = ", ".join(value for key, value in metadata if key == name)
    return " ".join([texts, *(base64.b64encode(value).decode() for key, value in metadata if key == f"{name}-bin")])


def digest(some):
    return hashlib.sha256(some).hexdigest()[:8]


def until_failure(messages):
    """The messages before the error, joined, and the error's code."""
    got = []
    try:
        for message in messages:
            got.append(message.decode()[:9].strip())
    except grpc.RpcError as error:
        return ",".join(got) + f" then {code_of(error)}"
    return ",".join(got)


class Checks:
    def unary(it):
        return it.unary("Echo")(b"hello").decode()

    def empty(it):
        return f"{len(it.unary('Echo')(b''))} bytes"

    def many(it):
        """100 calls at once on one connection."""
        calls = [it.unary("Echo").future(b"n%d" % i) for i in range(100)]
        return f"{sum(call.result() == b'n%d' % i for i, call in enumerate(calls))} echoes"

    def large(it):
        body = os.urandom(6_000_000)
        return f"{it.unary('Echo')(body) == body}"

    def server_streaming(it):
        got = [len(message) for message in it.down("Count")(b"300 5000 0")]
        return f"{len(got)} messages, {sum(got)} bytes"

    def client_streaming(it):
        return it.channel.stream_unary("/test.Peer/Collect")(b"%d " % i * 1000 for i in range(300)).decode()

    def bidi(it):
        """Each message is sent after the answer to the one before."""
        turn = threading.Semaphore()

        def ask():
            for i in range(20):
                turn.acquire()
                yield b"turn %d" % i
        got = []
        for answer in it.channel.stream_stream("/test.Peer/Chat")(ask()):
            got.append(answer)
            turn.release()
        return f"{len(got)} turns, the last: {got[-1].decode()}"

    def empty_stream(it):
        return f"{len(list(it.channel.stream_stream('/test.Peer/Chat')(iter(()))))} messages"

    def deadline(it):
        began = time.monotonic()
        code = failure(lambda: it.unary("Sleep")(f"{it.name} deadline".encode(), timeout=0.4))
        return f"{code}, {'in time' if 0.3 < time.monotonic() - began < 3 else 'late'}"

    def cancel(it):
        call = it.unary("Sleep").future(f"{it.name} cancel".encode())
        time.sleep(0.3)
        call.cancel()
        return f"{failure(call.result)}" if not call.cancelled() else "1"

    def cancel_after_first(it):
        call = it.down("Tell")(f"{it.name} cancel_after_first".encode())
        first = next(call).decode()
        call.cancel()
        return f"{first}, {failure(lambda: list(call))}"

    def status(it):
        try:
            return it.unary("Fail")(b"9 " + SPECIAL.encode()).decode()
        except grpc.RpcError as error:
            details = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
            return f"{code_of(error)}, {'same' if error.details() == SPECIAL else repr(error.details())} text, {'same' if details == [DETAILS] else details} details"

    def status_late(it):
        return until_failure(it.down("FailLate")(b""))

    def unimplemented(it):
        return f"{failure(lambda: it.unary('Nothing')(b''))} {failure(lambda: it.channel.unary_unary('/test.Nobody/Echo')(b''))}"

    def metadata(it):
        asked = [("x-ask", "one"), ("x-ask", "two, three"), ("x-ask-bin", bytes(range(256))), ("x-ask-bin", b"\0")]
        _, call = it.unary("Echo").with_call(b"", metadata=asked)
        return f"{digest(metadata_text(call.initial_metadata(), 'x-echo').encode())} {metadata_text(call.trailing_metadata(), 'x-last')}"

    def gzip(it):
        return str(it.channel.unary_unary("/test.Peer/Large")(b"z" * 100_000, compression=grpc.Compression.Gzip) == b"z" * 100_000)

    def deflate(it):
        return str(it.channel.unary_unary("/test.Peer/Large")(b"z" * 100_000, compression=grpc.Compression.Deflate) == b"z" * 100_000)

    def keepalive(it):
        """PINGs on a connection of its own while a stream is silent."""
        quiet = Client(it.name, it.target, KEEPALIVE)
        return f"{len(list(quiet.down('Count')(b'2 1 1000')))} messages"

    # With rules.

    def lost(it):
        got = [message.split()[0].decode() for message in it.down("Count")(b"5 1 0")]
        return ",".join(got)

    def silent(it):
        return until_failure(it.down("Count")(b"5 1 0", timeout=1, metadata=[("x-quiet", "yes")]))

    def refused(it):
        return failure(lambda: it.unary("Echo")(b"refuse me"))

    def compressed(it):
        return it.channel.unary_unary("/test.Peer/Echo")(b"change me, " * 100, compression=grpc.Compression.Gzip).decode()


def checks_of(names):
    free = ["lost", "silent", "refused", "compressed"]
    return [name for name in vars(Checks) if not name.startswith("_") and name not in free] if names == "all" else names.split(",")


def run(names, target):
    it = Client(*target.split("=", 1))
    it.target = target.split("=", 1)[1]
    for name in checks_of(names):
        try:
            result = vars(Checks)[name](it)
        except Exception as error:  # also an error of the test is a result
            result = f"{type(error).__name__} {getattr(error, 'details', lambda: error)()}"
        say(f"{it.name} {name} {result}")


if sys.argv[1] == "server":
    serve(sys.argv[2])
else:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda target: run(sys.argv[2], target), sys.argv[3:]))
