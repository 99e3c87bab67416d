"""Parts that the Kafka clients in Python share: settings from the environment, results, records. See clients.md."""
import base64
import collections
import hashlib
import json
import os
import ssl
import time

TIME = 1700000000000
FOX = "the quick brown fox " * 8
SECONDS = 120


def environment(name, otherwise=""):
    return os.environ.get(name) or otherwise


SERVER = environment("KAFKA_SERVER")
CA = environment("KAFKA_CA")
SASL = environment("KAFKA_SASL")
USER = environment("KAFKA_USER")
PASSWORD = environment("KAFKA_PASSWORD")
PORTS = environment("KAFKA_PORTS").split()
REQUEST_TIMEOUT = int(environment("KAFKA_REQUEST_TIMEOUT", "30000"))
DELIVERY_TIMEOUT = int(environment("KAFKA_DELIVERY_TIMEOUT", "60000"))
PAUSE = int(environment("KAFKA_PAUSE", "0")) / 1000
PATIENCE = float(environment("KAFKA_PATIENCE", "40"))
PROTOCOL = ("SASL_" if SASL else "") + ("SSL" if CA else "PLAINTEXT")


def token():
    """Returns a token of OAUTHBEARER without a signature, and when it ends."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": USER, "iat": int(now), "exp": int(now) + 3600})
    words = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join(words) + ".", now + 3600


def ssl_context():
    return ssl.create_default_context(cafile=CA) if CA else None


class Said:
    """Prints results with the prefix left out."""

    def __init__(self, prefix):
        self.prefix = prefix

    def say(self, *words):
        print(" ".join(str(word) for word in words).replace(self.prefix, "PREFIX"), flush=True)

    def wants(self, only, part):
        return not only or part in only


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def record(i):
    """Returns key, value, headers and time of the record with number i."""
    value = None if i % 7 == 3 else FOX * 2000 if i == 10 else f"{i} {FOX}"
    key = None if i % 5 == 4 else f"key{i}"
    headers = [("number", str(i).encode())] + ([("nothing", None)] if i % 3 == 0 else [])
    return key and key.encode(), value and value.encode(), headers, TIME + i


def line(partition, offset, moment, key, value, headers):
    return f"{partition} {offset:08d} {moment} {key} {value} {headers}"


class Sends:
    """Counts the results of sends, and the longest of them."""

    def __init__(self):
        self.delivered = 0
        self.errors = collections.Counter()
        self.longest = 0
        self.begin = time.monotonic()
        self.throttled = False

    def add(self, error, start):
        if error is None:
            self.delivered += 1
        else:
            self.errors[error] += 1
        self.longest = max(self.longest, time.monotonic() - start)

    def report(self):
        print(f"delivered={self.delivered} failed={sum(self.errors.values())} error={','.join(sorted(self.errors)) or '-'}"
              f" longest={self.longest:.1f} total={time.monotonic() - self.begin:.1f} throttled={'yes' if self.throttled else 'no'}")


class Reads:
    """Counts the records that a consumer reads, and says how long to go on."""

    def __init__(self, count):
        self.count = count
        self.read = 0
        self.seen = set()
        self.assigned = 0
        self.error = "-"
        self.end = time.monotonic() + PATIENCE
        self.complete = False

    def add(self, partition, value):
        self.read += 1
        self.seen.add((partition, value))

    def go_on(self):
        # More records, and more assignments, may follow for a while after all numbers were there.
        if not self.complete and len(self.seen) >= self.count:
            self.complete = True
            self.end = min(self.end, time.monotonic() + 1.5)
        return time.monotonic() < self.end

    def report(self):
        print(f"read={self.read} different={len(self.seen)} assigned={self.assigned} error={self.error}")
