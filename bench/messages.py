"""Does the measurements of messages.sh: each round measures all paths one after the other."""
import json
import os
import statistics
import subprocess
import tempfile

from compare import THREADS, Peer, brownout_config, free_port, read_options, write_json

WAYS = ("direct", "plain", "protocol", "one rule")
RULES = {
    "nats": '[[rule]]\nmatch = { subject = "never.comes" }\nfault = { type = "drop" }\n',
    "redis": '[[rule]]\nmatch = { key = "never:comes" }\nfault = { type = "drop" }\n',
}


def publish(options, port, count):
    """Core NATS: one connection publishes messages of 32 bytes, another subscribes."""
    payload = "x" * 32
    hello = 'CONNECT {"verbose":false}\\r\\n'
    out = subprocess.run(
        [options.load, "relay", str(port), str(count), hello + "SUB bench 1\\r\\nPING\\r\\n", hello + "PING\\r\\n",
         f"PUB bench 32\\r\\n{payload}\\r\\n", f"MSG bench 1 32\\r\\n{payload}\\r\\n", "PONG\\r\\n"],
        capture_output=True, text=True)
    if out.returncode != 0:
        raise SystemExit(f"port {port}: expected all {count} messages to arrive, got: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)["per_second"]


def set_values(options, port, count):
    """Redis: 50 connections SET values of 32 bytes, each with sixteen commands in flight."""
    out = subprocess.run(["redis-benchmark", "-p", str(port), "-t", "set", "-n", str(count), "-P", "16", "-d", "32", "--csv"],
                         capture_output=True, text=True, check=True).stdout
    return float(out.splitlines()[-1].split(",")[1].strip('"'))


def measure(options, folder, protocol, server, load, count):
    peers = [Peer("direct", server[0], server[1])]
    ports = {"direct": server[0]}
    for way in WAYS[1:]:
        ports[way] = free_port()
        rules = brownout_config(folder, f"{protocol}-{way}.toml", ports[way], server[0],
                                rules=RULES[protocol] if way == "one rule" else "",
                                listener="" if way == "plain" else f'protocol = "{protocol}"')
        peers.append(Peer(way, ports[way], [options.brownout, "run", rules, "--workers", str(THREADS), "--log-level", "off",
                                            "--api", "off"]))
    rates = {way: [] for way in WAYS}
    try:
        for _ in range(options.rounds):
            for way in WAYS:
                rates[way].append(load(options, ports[way], count))
    finally:
        for peer in peers:
            peer.stop()
    median = {way: statistics.median(some) for way, some in rates.items()}
    print(f"{protocol}: messages/s   " + "   ".join(f"{way} {rate:,.0f}" for way, rate in median.items()))
    ratios = {}
    for way in WAYS[2:]:
        each = [got / plain for got, plain in zip(rates[way], rates["plain"])]
        ratios[way] = statistics.median(each)
        print(f"  {way} over a plain TCP listener: {ratios[way]:.2f}x ({min(each):.2f} to {max(each):.2f}); above 1 is better")
    return {"messages_per_second": median, "over_plain": ratios}


def main():
    options = read_options()
    quick = options.seconds <= 1
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        nats, redis = free_port(), free_port()
        results = {
            "nats": measure(options, folder, "nats", (nats, ["nats-server", "-a", "127.0.0.1", "-p", str(nats)]), publish,
                            200_000 if quick else 2_000_000),
            "redis": measure(options, folder, "redis", (redis, ["redis-server", "--port", str(redis), "--save", ""]),
                             set_values, 200_000 if quick else 1_000_000),
        }
    write_json(options, results)


if __name__ == "__main__":
    main()
