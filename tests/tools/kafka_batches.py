#!/usr/bin/env python3
"""Prints the batches of librdkafka and kafka-python in recorded_batches.txt (tests/rules/protocols/kafka).

librdkafka sends Produce requests to a small server, which offers only those versions of the
protocol that lead to the message format wanted. kafka-python writes the batches directly.

  pip install confluent-kafka kafka-python python-snappy lz4 zstandard xxhash
  tests/tools/kafka_batches.py
"""
import socket
import struct
import threading

import confluent_kafka
from kafka.record.memory_records import MemoryRecordsBuilder

FOX = b"the quick brown fox " * 8
TIME = 1700000000000
RECORDS = ((b"k1", b"first " + FOX, TIME), (None, b"second " + FOX, TIME + 5), (b"k3", None, TIME - 7))
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
PRODUCE, FETCH, METADATA, COORDINATOR, VERSIONS = 0, 1, 3, 10, 18
# The newest versions of Produce and Fetch for each message format. zstd needs Produce 7 and Fetch 10.
NEWEST = {0: (1, 1), 1: (2, 2), 2: (7, 10)}


def text(word):
    return struct.pack(">h", len(word)) + word


def answer(api, version, body, port, magic, found):
    if api == VERSIONS:
        produce, fetch = NEWEST[magic]
        rows = ((PRODUCE, produce), (FETCH, fetch), (METADATA, 1), (COORDINATOR, 0), (VERSIONS, 0))
        unsupported = 35 if version > 0 else 0
        return struct.pack(">hi", unsupported, len(rows)) + b"".join(struct.pack(">hhh", key, 0, most) for key, most in rows)
    if api == METADATA:
        rack, controller, internal = (struct.pack(">h", -1), struct.pack(">i", 1), b"\0") if version == 1 else (b"", b"", b"")
        broker = struct.pack(">ii", 1, 1) + text(b"127.0.0.1") + struct.pack(">i", port) + rack + controller
        partition = struct.pack(">ihiiiiii", 1, 0, 0, 1, 1, 1, 1, 1)
        return broker + struct.pack(">ih", 1, 0) + text(b"t") + internal + partition
    assert api == PRODUCE
    at = 2 + max(struct.unpack_from(">h", body)[0], 0) if version >= 3 else 0
    at += 2 + 4 + 4  # acks, timeout, number of topics
    at += 2 + struct.unpack_from(">h", body, at)[0] + 4 + 4  # topic, number of partitions, partition
    size, = struct.unpack_from(">i", body, at)
    found.append(body[at + 4:at + 4 + size])
    behind = (struct.pack(">q", -1) if version >= 2 else b"") + (struct.pack(">q", 0) if version >= 5 else b"")
    throttle = struct.pack(">i", 0) if version >= 1 else b""
    return struct.pack(">i", 1) + text(b"t") + struct.pack(">iihq", 1, 0, 0, 0) + behind + throttle


def serve(connection, port, magic, found):
    stream = connection.makefile("rb")
    while len(head := stream.read(4)) == 4:
        request = stream.read(struct.unpack(">i", head)[0])
        api, version, correlation, client = struct.unpack_from(">hhih", request)
        reply = struct.pack(">i", correlation) + answer(api, version, request[10 + max(client, 0):], port, magic, found)
        connection.sendall(struct.pack(">i", len(reply)) + reply)


def accept(listener, magic, found):
    while True:
        connection, _ = listener.accept()
        port = listener.getsockname()[1]
        threading.Thread(target=serve, args=(connection, port, magic, found), daemon=True).start()


def of_librdkafka(magic, compression):
    found = []
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listener, magic, found), daemon=True).start()
    producer = confluent_kafka.Producer({
        "bootstrap.servers": "127.0.0.1:%d" % listener.getsockname()[1], "broker.address.family": "v4",
        "compression.type": compression, "linger.ms": 100, "message.timeout.ms": 8000})
    for index, (key, value, time) in enumerate(RECORDS):
        headers = {"headers": [("h", b"x"), ("n", None)]} if magic == 2 and index == 0 else {}
        producer.produce("t", key=key, value=value, timestamp=time, partition=0, **headers)
    assert producer.flush(9) == 0
    return found[0]


def of_kafka_python(magic, compression):
    builder = MemoryRecordsBuilder(magic=magic, compression_type=COMPRESSIONS.index(compression), batch_size=4096)
    for index, (key, value, time) in enumerate(RECORDS):
        headers = [("h", b"x")] if magic == 2 and index == 0 else []
        builder.append(timestamp=time if magic else None, key=key, value=value, headers=headers)
    builder.close()
    return bytes(builder.buffer())


for client, write in (("librdkafka", of_librdkafka), ("kafka-python", of_kafka_python)):
    for magic in (0, 1, 2):
        for compression in COMPRESSIONS:
            if compression != "zstd" or magic == 2:
                print("%s-v%d-%s" % (client, magic, compression), write(magic, compression).hex(), flush=True)
