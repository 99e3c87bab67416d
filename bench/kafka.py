"""Does the measurements of kafka.sh: each round measures all paths one after the other."""
import os
import re
import statistics
import subprocess
import tempfile

from compare import THREADS, Peer, brownout_config, free_port, read_options, write, write_json
from http2 import processor_time

LIBS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "kafka-bench", "*")
JAVA = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", LIBS]
WAYS = ("direct", "plain", "kafka", "topics", "text")
RULES = {
    "topics": '[[rule]]\nmatch = { topic = "never.comes" }\nfault = { type = "drop" }\n',
    "text": '[[rule]]\nmatch = { api = "Produce", text = "never comes" }\nfault = { type = "drop" }\n',
}
RECORD = 100  # bytes


def broker(folder, direct, behind, announced):
    """`behind` is the port that clients reach through the plain TCP listener at `announced`."""
    controller = free_port()
    config = write(folder, "broker.properties", f'''process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=DIRECT://127.0.0.1:{direct},BEHIND://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=DIRECT://127.0.0.1:{direct},BEHIND://127.0.0.1:{announced}
inter.broker.listener.name=DIRECT
controller.listener.names=CONTROLLER
listener.security.protocol.map=DIRECT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
''')
    tools = ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", config]
    subprocess.run(JAVA + tools, check=True, capture_output=True)
    return Peer("broker", direct, JAVA + ["kafka.Kafka", config])


def tool(arguments):
    out = subprocess.run(JAVA + arguments, capture_output=True, text=True)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: {out.stdout}{out.stderr}")
    return out.stdout


def produce(port, topic, count):
    out = tool(["org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", str(count), "--record-size",
                str(RECORD), "--throughput", "-1", "--producer-props", f"bootstrap.servers=127.0.0.1:{port}", "acks=1"])
    found = re.findall(r"([\d.]+) records/sec \(([\d.]+) MB/sec\).* (\d+) ms 99th", out)
    if not found:
        raise SystemExit(f"port {port}: expected a result of ProducerPerformance, got: {out}")
    return {"rate": float(found[-1][0]), "mb": float(found[-1][1]), "p99": float(found[-1][2])}


def consume(port, topic, count):
    out = tool(["org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", f"127.0.0.1:{port}", "--topic", topic,
                "--messages", str(count), "--hide-header"])
    fields = [field.strip() for field in out.strip().splitlines()[-1].split(",")]
    return {"rate": float(fields[9] if len(fields) > 9 else fields[5]), "mb": float(fields[8] if len(fields) > 9 else fields[3])}


def start_all(options, folder, direct, behind, plain):
    peers = {}
    for way in WAYS[1:]:
        port = plain if way == "plain" else free_port()
        first = free_port()
        listener = "" if way == "plain" else f'protocol = "kafka"\nbrokers = "follow"\nbroker_ports = {first}'
        rules = brownout_config(folder, f"{way}.toml", port, behind if way == "plain" else direct, RULES.get(way, ""), listener)
        peers[way] = Peer(way, port, [options.brownout, "run", rules, "--workers", str(THREADS), "--log-level", "off", "--api", "off"])
    return peers


def main():
    options = read_options()
    count = 200_000 if options.seconds <= 1 else 2_000_000
    direct, behind, plain = free_port(), free_port(), free_port()
    results = {way: {"produce": [], "consume": []} for way in WAYS}
    peers = {}
    with tempfile.TemporaryDirectory(prefix="brownout-bench-") as folder:
        server = broker(folder, direct, behind, plain)
        try:
            peers = start_all(options, folder, direct, behind, plain)
            for number in range(options.rounds):
                for way in WAYS:
                    port = direct if way == "direct" else peers[way].port
                    before = processor_time(peers[way]) if way in peers else 0
                    topic = f"{way}-{number}"
                    made = produce(port, topic, count)
                    used = processor_time(peers[way]) - before if way in peers else 0
                    results[way]["produce"].append({**made, "cpu": used * 1e3 / (count * RECORD / 1e6)})
                    results[way]["consume"].append(consume(port, topic, count))
        finally:
            for peer in [*peers.values(), server]:
                peer.stop()
    write_json(options, table(results))


def table(results):
    """Prints medians, and the ratios to a plain TCP listener with their spread; above 1 is better."""
    rows = []
    for way, measured in results.items():
        row = {"way": way}
        for what in ("produce", "consume"):
            rate = statistics.median(one["rate"] for one in measured[what])
            each = [one["rate"] / other["rate"] for one, other in zip(measured[what], results["plain"][what])]
            row[what] = rate
            row[f"{what}_over_plain"] = statistics.median(each)
            print(f"{way:7} {what}: {rate:>10,.0f} records/s, {statistics.median(one['mb'] for one in measured[what]):6.1f} MB/s, "
                  f"{statistics.median(each):.2f} of plain TCP ({min(each):.2f} to {max(each):.2f})")
        row["p99"] = statistics.median(one["p99"] for one in measured["produce"])
        row["cpu"] = statistics.median(one["cpu"] for one in measured["produce"])
        print(f"{way:7} p99 of producing {row['p99']:.0f} ms, processor time {row['cpu']:.2f} ms per MB")
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
