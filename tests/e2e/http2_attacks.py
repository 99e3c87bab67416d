"""Attacks on an HTTP/2 server, for http2_attacks_test.sh: `http2_attacks.py PORT NAME [SECONDS]`.

Runs one attack on a connection of its own, until the server ends the connection or the time is over,
and prints "ended", the error code of GOAWAY if one came, and the number of frames sent; or "goes on".
"""
import socket
import struct
import sys
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.encoder = hpack.Encoder()
        self.next = 1
        self.sent = 0
        self.input = b""
        self.code = None
        self.socket.sendall(PREFACE + frame(SETTINGS))

    def head(self, path="/hello", method="GET", more=()):
        return self.encoder.encode([(":method", method), (":path", path), (":scheme", "http"), (":authority", "h"), *more])

    def stream(self):
        self.next += 2
        return self.next - 2

    def send(self, *frames):
        self.sent += len(frames)
        self.socket.sendall(b"".join(frames))

    def drain(self, wait=0.0):
        """Reads what has arrived; returns False once the server has ended the connection."""
        end = time.monotonic() + wait
        while True:
            self.socket.settimeout(max(0.0, end - time.monotonic()))
            try:
                some = self.socket.recv(1 << 16)
            except (BlockingIOError, TimeoutError):
                self.socket.settimeout(20)
                return True
            if not some:
                return False
            self.input += some
            while len(self.input) >= 9:
                size = int.from_bytes(self.input[:3], "big")
                if len(self.input) < 9 + size:
                    break
                if self.input[3] == GOAWAY:
                    self.code = int.from_bytes(self.input[13:17], "big")
                self.input = self.input[9 + size:]


def rapid_reset(it):
    for _ in range(50):
        stream = it.stream()
        it.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, it.head()), frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))


def continuation(it):
    if it.next == 1:
        it.send(frame(HEADERS, END_STREAM, it.stream(), it.head()))
    it.send(*[frame(CONTINUATION, 0, 1, it.encoder.encode([("x", "y")])) for _ in range(10)])


def large_continuation(it):
    if it.next == 1:
        it.send(frame(HEADERS, END_STREAM, it.stream(), it.head()))
    it.send(frame(CONTINUATION, 0, 1, it.encoder.encode([("x%d" % it.sent, "y" * 15000)], huffman=False)))


def settings(it):
    it.send(*[frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535 + i)) for i in range(50)])


def ping(it):
    it.send(*[frame(PING, 0, 0, b"12345678") for _ in range(100)])


def unread_ping(it):
    it.reads = False
    it.send(*[frame(PING, 0, 0, b"12345678") for _ in range(100)])


def empty_data(it):
    if it.next == 1:
        it.send(frame(HEADERS, END_HEADERS, it.stream(), it.head("/upload", "POST")))
    it.send(*[frame(DATA, 0, 1) for _ in range(50)])


def empty_continuation(it):
    if it.next == 1:
        it.send(frame(HEADERS, END_STREAM, it.stream(), it.head()))
    it.send(*[frame(CONTINUATION, 0, 1) for _ in range(10)])


def priority(it):
    it.send(*[frame(PRIORITY, 0, 1001 + 2 * i, struct.pack(">IB", 0, 7)) for i in range(100)])


def window_updates(it):
    it.send(*[frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) for _ in range(200)])


def hpack_bomb(it):
    """One large field enters the table; then each byte repeats it: 4000 bytes of output for one of input."""
    if it.next == 1:
        it.send(frame(HEADERS, END_HEADERS | END_STREAM, it.stream(), it.head(more=[("bomb", "x" * 3900)])))
    known = it.head(more=[("bomb", "x" * 3900)])
    it.send(frame(HEADERS, END_HEADERS | END_STREAM, it.stream(), known + known[-1:] * 16000))


def malformed(it):
    it.send(*[frame(HEADERS, END_HEADERS | END_STREAM, it.stream(), it.encoder.encode([(":method", "GET"), ("Upper", "x")])) for _ in range(20)])


def zero_window(it):
    """Asks for large bodies and lets none of their data through; then resets and asks again."""
    if it.next == 1:
        it.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
    if it.next < 2 * 256:
        it.send(*[frame(HEADERS, END_HEADERS | END_STREAM, it.stream(), it.head("/endless")) for _ in range(64)])
    time.sleep(0.05)


def made_you_reset(it):
    """WINDOW_UPDATE of zero is an error of the stream, which the server must reset (CVE-2025-8671)."""
    for _ in range(20):
        stream = it.stream()
        it.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, it.head()), frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0)))


def beyond_limit(it):
    """Opens far more streams than the server allows, none of which ends."""
    it.send(*[frame(HEADERS, END_HEADERS, it.stream(), it.head("/upload", "POST")) for _ in range(100)])


def main():
    port, name = int(sys.argv[1]), sys.argv[2]
    end = time.monotonic() + float(sys.argv[3] if len(sys.argv) > 3 else 3)
    it = Connection(port)
    it.reads = True
    it.socket.settimeout(20)
    ended = False
    while not ended and time.monotonic() < end:
        try:
            globals()[name](it)
            ended = it.reads and not it.drain()
        except TimeoutError:
            print("the server does not read", end=" ")
            break
        except OSError:
            ended = True
    if ended:
        try:
            it.drain(0.2)
        except OSError:
            pass
    print("ended" if ended else "goes on", it.code, it.sent)


main()
