#!/usr/bin/python3
"""An XMPP client for xmpp_test.sh and xmpp_starttls_test.sh, with the library slixmpp.

    xmpp_client.py PORT USER listen           prints messages to USER until "end"
    xmpp_client.py PORT USER send TO BODY...  sends each message to TO, then disconnects
    xmpp_client.py PORT USER ping             prints whether the server answers a ping
    xmpp_client.py PORT USER stay             stays connected, with pings every two seconds
    xmpp_client.py PORT USER resume           breaks its connection, and resumes its stream
    xmpp_client.py PORT HOST component TO BODY...  as send, but as the component HOST

Events of the stream are printed as "* ...". XMPP_CA, a PEM file, makes STARTTLS mandatory.
XMPP_UNMANAGED turns off stream management (XEP-0198).
"""
import asyncio
import logging
import os
import sys

import slixmpp

port, user, command, *rest = sys.argv[1:]
managed = os.environ.get("XMPP_UNMANAGED") is None
logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


def say(text):
    print(text, flush=True)


class Client(slixmpp.ClientXMPP):
    broken = False

    def __init__(self):
        super().__init__(f"{user}@localhost/{command}", "secret", plugin_config={
            "xep_0199": {"keepalive": command == "stay", "interval": 2, "timeout": 2}})
        for plugin in ("xep_0030", "xep_0198", "xep_0199"):
            if plugin != "xep_0198" or managed:
                self.register_plugin(plugin)
        self["feature_mechanisms"].unencrypted_plain = True
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("message_error", self.on_message)
        self.add_event_handler("stream_error", lambda error: say(f"* stream error {error['condition']} {error['see_other_host'] or ''}"))
        self.add_event_handler("presence_available", lambda one: say(f"* {one['from'].bare} came"))
        self.add_event_handler("presence_unavailable", lambda one: say(f"* {one['from'].bare} went"))
        self.add_event_handler("tls_success", lambda _: say("* secured"))
        self.add_event_handler("ssl_invalid_chain", lambda _: say("* not trusted"))
        self.add_event_handler("disconnected", lambda _: say("* disconnected"))
        self.add_event_handler("sm_enabled", lambda _: say("* managed"))
        self.add_event_handler("session_resumed", lambda _: say("* resumed"))
        self.add_event_handler("sm_failed", lambda _: say("* not resumed"))

    def again(self):
        if "XMPP_CA" in os.environ:
            self.ca_certs = os.environ["XMPP_CA"]
            self.connect(("127.0.0.1", int(port)), force_starttls=True)
        else:
            self.connect(("127.0.0.1", int(port)), force_starttls=False, disable_starttls=True)

    async def start(self, _):
        self.send_presence()
        say("* ready")
        if command == "send":
            for body in rest[1:]:
                self.send_message(f"{rest[0]}@localhost", body, mtype="chat")
            # The server answers after everything that it received before.
            await self["xep_0199"].ping("localhost", timeout=10)
            self.disconnect()
        if command == "resume" and not self.broken:
            self.broken = True
            await asyncio.sleep(0.5)
            self.end_session_on_disconnect = False
            self.abort()
            self.loop.call_later(0.5, self.again)
        if command == "ping":
            try:
                await self["xep_0199"].ping("localhost", timeout=3)
                say("* pong")
            except slixmpp.exceptions.IqTimeout:
                say("* no pong")
            except slixmpp.exceptions.IqError as error:
                say(f"* {error.iq['error']['condition']}")
            self.disconnect()

    def on_message(self, message):
        if message["type"] == "error":
            return say(f"* {message['error']['condition']}")
        if message["body"]:
            say(message["body"])
        if message["body"] == "end":
            # The server keeps unacknowledged stanzas for the next session.
            if managed:
                self["xep_0198"].send_ack()
            self.loop.call_later(0.2, self.disconnect)


class Component(slixmpp.ComponentXMPP):
    def __init__(self):
        super().__init__(user, "secret", "127.0.0.1", int(port))
        self.add_event_handler("session_start", self.start)

    def again(self):
        self.connect()

    async def start(self, _):
        for body in rest[1:]:
            self.send_message(f"{rest[0]}@localhost", body, mtype="chat", mfrom=user)
        await asyncio.sleep(0.5)
        self.disconnect()


client = Component() if command == "component" else Client()
client.again()
over = client.loop.create_future()
if command not in ("stay", "resume"):
    client.add_event_handler("disconnected", lambda _: over.done() or over.set_result(None))
try:
    client.loop.run_until_complete(asyncio.wait_for(over, 60))
except asyncio.TimeoutError:
    say("* nothing more came for a minute")
    sys.exit(1)
