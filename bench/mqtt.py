"""Does the measurements of mqtt.sh: each round measures all paths one after the other."""
import json
import os
import statistics
import subprocess
import tempfile

from compare import THREADS, Peer, brownout_config, free_port, read_options, write, write_json

MESSAGES = 100_000
QUICK = 10_000


def exchange(tool, port, count):
    out = subprocess.run(["setsid", "-w", tool, str(port), str(port), "2", str(count), "10"], capture_output=True, text=True,
                         check=True).stdout
    result = json.loads(out)
    if result["lost"] or result["doubled"] or result["reordered"]:
        raise SystemExit(f"expected every message exactly once and in order, got: {out}")
    return count / result["seconds"]


def main():
    options = read_options()
    count = MESSAGES if options.seconds > 1 else QUICK
    tool = os.path.join(os.path.dirname(options.load), "../tests/brownout_numbered_mqtt")
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        broker, plain, mqtt = free_port(), free_port(), free_port()
        config = write(folder, "mosquitto.conf", f"listener {broker} 127.0.0.1\nallow_anonymous true\n"
                                                 "max_queued_messages 0\nmax_inflight_messages 0\n")
        peers = [Peer("broker", broker, ["mosquitto", "-c", config])]
        for name, port, listener in (("plain", plain, ""), ("mqtt", mqtt, 'protocol = "mqtt"')):
            rules = brownout_config(folder, f"{name}.toml", port, broker, listener=listener)
            peers.append(Peer(name, port, [options.brownout, "run", rules, "--workers", str(THREADS), "--log-level", "off",
                                           "--api", "off"]))
        rates = {"direct": [], "plain": [], "mqtt": []}
        try:
            for _ in range(options.rounds):
                for name, port in (("direct", broker), ("plain", plain), ("mqtt", mqtt)):
                    rates[name].append(exchange(tool, port, count))
        finally:
            for peer in peers:
                peer.stop()
    median = {name: statistics.median(some) for name, some in rates.items()}
    print(f"{count:,} messages at QoS 2, both ways through the listener: none lost, doubled or out of order")
    print("messages/s   " + "   ".join(f"{name} {rate:,.0f}" for name, rate in median.items()))
    ratio = median["mqtt"] / median["plain"]
    print(f"protocol = \"mqtt\" over a plain TCP listener: {ratio:.2f}x; above 1 is better")
    write_json(options, {"messages_per_second": median, "mqtt_over_plain": ratio}, messages=count)


if __name__ == "__main__":
    main()
