"""Calls every function of the published Python client of Toxiproxy (toxiproxy-python).

  PYTHONPATH=MODULES toxiproxy_client.py API_PORT UPSTREAM_PORT
"""
import socket
import sys
import time

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

api, upstream = int(sys.argv[1]), f"127.0.0.1:{sys.argv[2]}"


def raises(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind:
        return
    raise AssertionError(f"{kind.__name__} is expected")


def talk(proxy):
    """Sends five bytes; returns the reply and the seconds that it took."""
    host, port = proxy.listen.rsplit(":", 1)
    begin = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"hello")
        reply = client.recv(5, socket.MSG_WAITALL)
    return reply, time.monotonic() - begin


toxiproxy = Toxiproxy()
toxiproxy.update_api_consumer("127.0.0.1", api)
assert toxiproxy.running()
assert toxiproxy.version() == b'{"version": "2.13.0"}\n', toxiproxy.version()
assert toxiproxy.proxies() == {}

proxy = toxiproxy.create(name="chat", upstream=upstream)
assert proxy.listen.startswith("127.0.0.1:") and proxy.enabled
assert talk(proxy)[0] == b"hello"
raises(ProxyExists, toxiproxy.create, name="chat", upstream=upstream)
assert toxiproxy.get_proxy("nobody") is None

proxy.add_toxic(type="latency", attributes={"latency": 200})
proxy.add_toxic(type="slicer", name="pieces", stream="upstream", toxicity=0.5,
                attributes={"average_size": 2, "size_variation": 2})
toxics = proxy.toxics()
assert sorted(toxics) == ["latency_downstream", "pieces"], toxics
assert toxics["pieces"].toxicity == 0.5 and toxics["pieces"].stream == "upstream"
assert proxy.get_toxic("latency_downstream").attributes["latency"] == 200
reply, seconds = talk(proxy)
assert reply == b"hello" and seconds >= 0.19, seconds
raises(ProxyExists, proxy.add_toxic, type="latency")
raises(InvalidToxic, proxy.add_toxic, type="nonsense")
raises(InvalidToxic, proxy.add_toxic, type="slicer")
assert proxy.destroy_toxic("pieces")
raises(NotFound, proxy.destroy_toxic, "pieces")

with proxy.down():
    raises(ConnectionRefusedError, talk, proxy)
assert toxiproxy.reset()
assert proxy.toxics() == {}
assert talk(proxy)[0] == b"hello"

made = toxiproxy.populate([{"name": "chat", "upstream": upstream, "listen": proxy.listen},
                           {"name": "other", "upstream": upstream}])
assert [each.name for each in made] == ["other"] and talk(made[0])[0] == b"hello"
assert toxiproxy.destroy(made[0])
toxiproxy.destroy_all()
assert toxiproxy.proxies() == {}
print("ok: the Python client, through every call it has")
