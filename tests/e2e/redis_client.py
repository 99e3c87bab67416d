#!/usr/bin/python3
"""A Redis client for redis_messages_test.sh, with the library redis-py.

  redis_client.py PORT COMMAND...        sends each command; prints replies, errors as "* Class: text"
  redis_client.py PORT pipe COMMAND...   sends all commands at once
  redis_client.py PORT multi COMMAND...  sends all commands in a transaction
  redis_client.py PORT listen CHANNEL    prints published messages until "end"
  redis_client.py PORT bytes FILE        sends the bytes of FILE, half-closes, and prints all received bytes
"""
import os
import socket
import sys
import threading

import redis


def shown(reply):
    if isinstance(reply, Exception):
        return f"* {type(reply).__name__}: {reply}"
    return reply


def run(client, lines):
    for line in lines:
        try:
            print(client.execute_command(*line.split()), flush=True)
        except redis.RedisError as error:
            print(shown(error), flush=True)


def listen(client, channel):
    subscriber = client.pubsub()
    subscriber.subscribe(channel)
    for message in subscriber.listen():
        if message["type"] == "subscribe":
            print("* ready", flush=True)
            continue
        print(message["data"], flush=True)
        if message["data"] == "end":
            return


def pipe(client, lines, transaction):
    pipeline = client.pipeline(transaction=transaction)
    for line in lines:
        pipeline.execute_command(*line.split())
    try:
        for reply in pipeline.execute(raise_on_error=False):
            print(shown(reply), flush=True)
    except redis.RedisError as error:
        print(shown(error), flush=True)


def send_bytes(port, name):
    """Sends the bytes of a file a few at a time, as a slow client would, and prints the response."""
    link = socket.create_connection(("127.0.0.1", port))
    with open(name, "rb") as file:
        said = file.read()

    def send():
        for at in range(0, len(said), 7):
            link.sendall(said[at : at + 7])

    sender = threading.Thread(target=send)
    sender.start()
    while True:
        part = link.recv(65536)
        if not part:
            break
        sys.stdout.buffer.write(part)
    sender.join()


def main():
    port, what, *rest = sys.argv[1:]
    if what == "bytes":
        return send_bytes(int(port), rest[0])
    client = redis.Redis(port=int(port), decode_responses=True, socket_timeout=float(os.environ.get("PATIENCE", "1.5")) if what != "listen" else None,
                         single_connection_client=what not in ("listen",))
    if what == "listen":
        return listen(client, rest[0])
    if what in ("pipe", "multi"):
        return pipe(client, rest, what == "multi")
    return run(client, [what, *rest])


try:
    main()
except redis.RedisError as error:
    print(shown(error), flush=True)
