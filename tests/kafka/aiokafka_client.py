"""aiokafka for tests/kafka.sh and tests/e2e/kafka_clients_test.sh; clients.md has the commands."""
import asyncio
import logging
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

import clients
from clients import SECONDS, Reads, Said, Sends, digest, environment, line, record

logging.disable(logging.CRITICAL)


class Tokens(AbstractTokenProvider):
    async def token(self):
        return clients.token()[0]


def settings(**more):
    found = {"bootstrap_servers": clients.SERVER, "client_id": environment("KAFKA_CLIENT_ID", "aiokafka"),
             "security_protocol": clients.PROTOCOL, "ssl_context": clients.ssl_context(), "request_timeout_ms": clients.REQUEST_TIMEOUT,
             "retry_backoff_ms": 50}
    if clients.SASL:
        found["sasl_mechanism"] = clients.SASL
        if clients.SASL == "OAUTHBEARER":
            found["sasl_oauth_token_provider"] = Tokens()
        else:
            found.update(sasl_plain_username=clients.USER, sasl_plain_password=clients.PASSWORD)
    return {**found, **more}


def member(group, **more):
    return settings(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, session_timeout_ms=10000,
                    heartbeat_interval_ms=200, **more)


def name(error):
    return type(error).__name__


async def produce(topic, count, mode):
    sends = Sends()
    of_mode = {"idempotent": {"enable_idempotence": True}, "plain": {"acks": "all"}, "acks0": {"acks": 0}}
    producer = AIOKafkaProducer(**settings(**of_mode.get(mode, {"transactional_id": mode[3:]})))
    await producer.start()
    for number in range(int(count)):
        start = time.monotonic()
        error = None
        try:
            if mode.startswith("tx="):
                async with producer.transaction():
                    await producer.send_and_wait(topic, str(number).encode(), key=b"key", partition=0)
            else:
                await producer.send_and_wait(topic, str(number).encode(), key=b"key", partition=0)
        except KafkaError as thrown:
            error = name(thrown)
        sends.add(error, start)
        await asyncio.sleep(clients.PAUSE)
    sends.report()
    await producer.stop()


class Assignments(ConsumerRebalanceListener):
    def __init__(self, reads):
        self.reads = reads

    async def on_partitions_revoked(self, revoked):
        pass

    async def on_partitions_assigned(self, assigned):
        self.reads.assigned += bool(assigned)


async def consume(topic, group, count):
    reads = Reads(int(count))
    consumer = AIOKafkaConsumer(**member(group))
    consumer.subscribe([topic], listener=Assignments(reads))
    try:
        await asyncio.wait_for(consumer.start(), clients.PATIENCE)
    except (KafkaError, asyncio.TimeoutError) as error:
        reads.error = name(error)
        reads.end = 0
    while reads.go_on():
        try:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for each in records:
                    reads.add(each.partition, each.value)
            if len(reads.seen) >= reads.count:
                await consumer.commit()
        except KafkaError as error:
            reads.error = name(error)
    await consumer.stop()
    reads.report()


async def lag(topic):
    at = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(**settings(auto_offset_reset="earliest"))
    await consumer.start()
    consumer.assign([at])
    begin = time.monotonic()
    read = 0
    while time.monotonic() < begin + 2:
        read += sum(map(len, (await consumer.getmany(timeout_ms=100)).values()))
    seen = consumer.highwater(at) or 0
    end = (await consumer.end_offsets([at]))[at]
    print(f"read={read} lag={seen - await consumer.position(at)} end={end}")
    await consumer.stop()


async def login():
    admin = AIOKafkaAdminClient(**settings())
    try:
        await asyncio.wait_for(admin.start(), 10)
        print("logged in, brokers", len((await admin.describe_cluster())["brokers"]))
    except (KafkaError, asyncio.TimeoutError) as error:
        print(f"{name(error)}: {error}")
    await admin.close()


def sendable(i):
    """Returns a record that aiokafka can send: all headers have values, and key or value is there."""
    key, value, headers, moment = record(i)
    return key if key or value else b"key", value, [(each, text or b"") for each, text in headers], moment


class Same(Said):
    async def tell(self, what, action):
        try:
            self.say(what, await action)
        except KafkaError as error:
            self.say(what, name(error))

    async def topic(self, short, partitions, **config):
        topic = f"{self.prefix}-{short}"
        answer = await self.admin.create_topics([NewTopic(topic, partitions, self.replicas, topic_configs=config)])
        self.say("topic", short, self.errors_of(answer.topic_errors))
        await self.eventually(partitions, lambda: self.led(topic))
        return topic

    async def led(self, topic):
        found = await self.admin.describe_topics([topic])
        return sum(part["leader"] >= 0 for each in found for part in each["partitions"])

    @staticmethod
    async def eventually(expected, description):
        """Waits until a description is as expected, because brokers learn of a change one after the other."""
        begin = time.monotonic()
        while (found := await description()) != expected and time.monotonic() < begin + 20:
            await asyncio.sleep(0.1)
        return found

    @staticmethod
    def errors_of(rows):
        return [for_code(row[1]).__name__ for row in rows]

    async def send(self, topic, count, partitions, **more):
        async with AIOKafkaProducer(**settings(linger_ms=20, **{"acks": "all", **more})) as producer:
            sent = []
            for i in range(count):
                key, value, headers, moment = sendable(i)
                sent.append(await producer.send(topic, value, key, partition=i % partitions, timestamp_ms=moment, headers=headers))
            found = [await each for each in sent]
        # Without acks, a record has no metadata.
        self.say("sent", count, digest(sorted(f"{each.partition}:{each.offset}" for each in found if each)))

    async def read(self, topic, number, isolation="read_uncommitted"):
        parts = [TopicPartition(topic, part) for part in range(number)]
        found = []
        async with AIOKafkaConsumer(**settings(isolation_level=isolation, auto_offset_reset="earliest")) as consumer:
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            begin = time.monotonic()
            while time.monotonic() < begin + SECONDS:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [line(each.partition, each.offset, each.timestamp, each.key, each.value, each.headers) for each in records]
                if all([await consumer.position(part) >= ends[part] for part in parts]):
                    break
        return sorted(found)

    async def codecs(self):
        for codec in (None, "gzip", "snappy", "lz4", "zstd"):
            topic = await self.topic(f"codec-{codec}", 3)
            await self.send(topic, 60, 3, compression_type=codec, enable_idempotence=True)
            records = await self.read(topic, 3)
            self.say("codec", codec, len(records), digest(records), records[:1])
        topic = await self.topic("acks", 1)
        for times, acks in enumerate(("all", 1, 0), 1):
            await self.send(topic, 20, 1, acks=acks)
            count = await self.eventually(20 * times, lambda: self.count(topic))
            self.say("acks", acks, count, digest(await self.read(topic, 1)))

    async def count(self, topic):
        return len(await self.read(topic, 1))

    async def groups(self):
        topic = await self.topic("group", 4)
        group = self.prefix + "-group"
        await self.send(topic, 40, 4)
        members = [AIOKafkaConsumer(topic, **member(group)) for _ in range(2)]
        await asyncio.gather(*(each.start() for each in members))
        seen = set()
        begin = time.monotonic()
        while time.monotonic() < begin + SECONDS:
            for each in members:
                for records in (await each.getmany(timeout_ms=100)).values():
                    seen.update((each_record.partition, each_record.offset) for each_record in records)
            if len(seen) == 40 and all(len(each.assignment()) == 2 for each in members) and all([await self.committed(each) for each in members]):
                break
        self.say("group", *(len(each.assignment()) for each in members), len(seen))
        for each in members:
            await each.stop()
        listed = [each for each in await self.admin.list_consumer_groups() if each[0] == group]
        self.say("listed", [each[:2] for each in listed])
        self.say("committed", await self.offsets_of(group))
        described = (await self.admin.describe_consumer_groups([group]))[0].groups[0]
        self.say("state", *described[:4])
        async with AIOKafkaConsumer(topic, **member(group)) as consumer:
            parts = await self.parts_of(consumer)
            await consumer.commit({TopicPartition(topic, 1): 3})
            self.say("altered", await self.offsets_of(group))
            self.say("positions", [await consumer.position(part) for part in parts])
            self.say("by time", sorted((part.partition, found.offset) for part, found in (
                await consumer.offsets_for_times({part: clients.TIME + 20 for part in parts})).items()))

    async def parts_of(self, consumer):
        await self.eventually(4, lambda: asyncio.sleep(0, len(consumer.assignment())))
        return sorted(consumer.assignment())

    @staticmethod
    async def committed(consumer):
        parts = {part: await consumer.position(part) for part in consumer.assignment()}
        if not all(offset == 10 for offset in parts.values()):
            return False
        try:
            await consumer.commit(parts)
            return True
        except KafkaError:
            return False

    async def offsets_of(self, group):
        found = await self.admin.list_consumer_group_offsets(group)
        return sorted((part.topic, part.partition, offset.offset) for part, offset in found.items())

    async def transactions(self):
        topic = await self.topic("transactions", 2)
        older, newer = (AIOKafkaProducer(**settings(transactional_id=self.prefix + "-transactions")) for _ in range(2))
        await older.start()
        for transaction in range(4):
            await older.begin_transaction()
            for i in range(5):
                key, value, _, moment = sendable(i + transaction * 100)
                await older.send(topic, value, key, partition=i % 2, timestamp_ms=moment)
            await older.flush()
            await (older.commit_transaction() if transaction % 2 == 0 else older.abort_transaction())
        committed = await self.read(topic, 2, "read_committed")
        self.say("committed", len(committed), digest(committed), "all", len(await self.read(topic, 2)))
        await newer.start()

        async def fenced():
            async with older.transaction():
                await older.send_and_wait(topic, b"x", partition=0)

        await self.tell("fenced", fenced())
        await newer.stop()
        await older.stop()

    async def exactly_once(self):
        """Reads, processes and writes in transactions, of which every second is aborted and repeated."""
        source, output = await self.topic("input", 3), await self.topic("output", 3)
        group = self.prefix + "-exactly-once"
        await self.send(source, 30, 3)
        done = number = 0
        begin = time.monotonic()
        async with AIOKafkaConsumer(source, **member(group, isolation_level="read_committed")) as consumer, AIOKafkaProducer(
                **settings(transactional_id=group)) as producer:
            while done < 30 and time.monotonic() < begin + SECONDS:
                found = await consumer.getmany(timeout_ms=500, max_records=7)
                if not found:
                    continue
                await producer.begin_transaction()
                for part, records in found.items():
                    for each in records:
                        await producer.send(output, f"{part.partition}:{each.offset}".encode(), each.key, partition=part.partition)
                await producer.send_offsets_to_transaction({part: records[-1].offset + 1 for part, records in found.items()}, group)
                number += 1
                if number % 2:
                    await producer.abort_transaction()
                    for part in consumer.assignment():
                        consumer.seek(part, await consumer.committed(part) or 0)
                else:
                    await producer.commit_transaction()
                    done += sum(map(len, found.values()))
        values = sorted(each.split("b'")[-1] for each in await self.read(output, 3, "read_committed"))
        self.say("exactly once", len(values), len(set(values)), digest(values), await self.offsets_of(group))

    async def errors(self):
        topic = await self.topic("errors", 1)
        async with AIOKafkaProducer(**{**settings(max_request_size=5000000), "request_timeout_ms": 3000}) as producer:
            await self.tell("too large", producer.send_and_wait(topic, b"x" * 3000000))
            await self.tell("no such topic", producer.send_and_wait(self.prefix + "-missing", b"x"))
        async with AIOKafkaConsumer(**settings(auto_offset_reset="none")) as consumer:
            at = TopicPartition(topic, 0)
            consumer.assign([at])
            consumer.seek(at, 99)
            await self.tell("no such offset", consumer.getone(at))

    async def administration(self):
        found = await self.admin.describe_cluster()
        nodes = sorted((each["node_id"], str(each["port"]) in clients.PORTS or each["port"]) for each in found["brokers"])
        self.say("cluster", found["cluster_id"], nodes)
        topic = await self.topic("admin", 3, **{"retention.ms": "7200000"})
        again = await self.admin.create_topics([NewTopic(topic, 3, self.replicas)])
        self.say("created again", self.errors_of(again.topic_errors))
        more = await self.admin.create_partitions({topic: NewPartitions(5)})
        self.say("more partitions", self.errors_of((row[0], row[1]) for row in more.topic_errors))
        self.say("led", await self.eventually(5, lambda: self.led(topic)))
        self.say("setting", await self.setting(topic))
        await self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "9000000"})])
        self.say("setting", await self.eventually("9000000", lambda: self.setting(topic)))
        await self.send(topic, 40, 4)
        at = TopicPartition(topic, 1)
        self.say("deleted records", list((await self.admin.delete_records({at: RecordsToDelete(4)})).values()))
        self.say("rest", len(await self.read(topic, 4)))
        self.say("listed", topic in await self.admin.list_topics())
        gone = await self.admin.delete_topics([topic])
        self.say("deleted", self.errors_of(gone.topic_error_codes))

    async def setting(self, topic):
        found = (await self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))[0]
        return next(entry[1] for resource in found.resources for entry in resource[4] if entry[0] == "retention.ms")

    async def run(self, only):
        self.admin = AIOKafkaAdminClient(**settings())
        await self.admin.start()
        self.replicas = len((await self.admin.describe_cluster())["brokers"])
        parts = {"codecs": [self.codecs], "groups": [self.groups], "transactions": [self.transactions, self.exactly_once],
                 "errors": [self.errors], "admin": [self.administration]}
        for part, steps in parts.items():
            if self.wants(only, part):
                for step in steps:
                    await step()
        await self.admin.close()


async def same(prefix, *only):
    await Same(prefix).run(only)


asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
