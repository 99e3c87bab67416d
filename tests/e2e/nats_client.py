"""A NATS client for nats_faults_test.sh, with the library for Python. See also nats_client.js.

  nats_client.py PORT listen SUBJECT [QUEUE]   prints published messages until "end"
  nats_client.py PORT say SUBJECT WORD...      publishes each word, then disconnects
  nats_client.py PORT ask SUBJECT WORD...      sends requests, and prints the answers
  nats_client.py PORT stay                     prints connection events until reconnected

Connection events are printed as "* ...". NATS_CA makes TLS mandatory.
"""
import asyncio
import os
import ssl
import sys

import nats

port, command, *rest = sys.argv[1:]


def tell(text):
    print(f"* {text}", flush=True)


async def main():
    again = asyncio.Event()

    async def on_error(error):
        tell(str(error) or type(error).__name__)

    async def on_disconnect():
        tell("disconnected")

    async def on_reconnect():
        tell("connected again")
        again.set()

    options = {}
    if "NATS_CA" in os.environ:
        options = {"tls": ssl.create_default_context(cafile=os.environ["NATS_CA"]), "tls_hostname": "localhost"}
    connection = await nats.connect(
        f"nats://localhost:{port}" if options else f"nats://127.0.0.1:{port}",
        name=command,
        connect_timeout=10,
        allow_reconnect=command == "stay",
        max_reconnect_attempts=50,
        reconnect_time_wait=0.1,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
        **options,
    )
    if command == "listen":
        subscription = await connection.subscribe(rest[0], queue=rest[1] if len(rest) > 1 else "")
        await connection.flush()
        tell("ready")
        async for message in subscription.messages:
            print(message.data.decode(), flush=True)
            if message.data == b"end":
                break
    if command == "say":
        for word in rest[1:]:
            await connection.publish(rest[0], word.encode())
    if command == "ask":
        for word in rest[1:]:
            try:
                print((await connection.request(rest[0], word.encode(), timeout=1.5)).data.decode())
            except Exception as error:  # an error of the library
                tell(type(error).__name__)
    if command == "stay":
        tell("ready")
        await asyncio.wait_for(again.wait(), 30)
    await connection.close()


try:
    asyncio.run(main())
except Exception as error:
    tell(f"failed: {error}")
    sys.exit(1)
