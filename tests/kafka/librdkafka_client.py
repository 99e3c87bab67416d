"""librdkafka (confluent-kafka) for tests/kafka.sh and tests/e2e/kafka_clients_test.sh; clients.md has the commands."""
import sys
import time

from confluent_kafka import (Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, Producer,
                             TopicCollection, TopicPartition)
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
                                   OffsetSpec, ResourceType, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialDeletion, UserScramCredentialUpsertion)

import clients
from clients import SECONDS, Reads, Said, Sends, digest, environment, line, record


def settings(**more):
    found = {"bootstrap.servers": clients.SERVER, "client.id": environment("KAFKA_CLIENT_ID", "librdkafka"), "log_level": 0,
             "security.protocol": clients.PROTOCOL, "socket.timeout.ms": clients.REQUEST_TIMEOUT, "retry.backoff.ms": 50,
             "reconnect.backoff.max.ms": 1000}
    if clients.CA:
        found["ssl.ca.location"] = clients.CA
    if clients.SASL:
        found["sasl.mechanism"] = clients.SASL
        if clients.SASL == "OAUTHBEARER":
            found["oauth_cb"] = lambda _: clients.token()
        else:
            found["sasl.username"] = clients.USER
            found["sasl.password"] = clients.PASSWORD
    found.update({key.replace("_", "."): value for key, value in more.items() if not key.endswith("_cb")})
    found.update({key: value for key, value in more.items() if key.endswith("_cb")})
    return found


def member(group, protocol="classic", **more):
    found = settings(group_id=group, group_protocol=protocol, auto_offset_reset="earliest", enable_auto_commit=False, **more)
    if protocol == "classic":
        found.update({"session.timeout.ms": 10000, "heartbeat.interval.ms": 200})
    return found


def name(error):
    if isinstance(error, KafkaException):
        error = error.args[0]
    return error.name() if isinstance(error, KafkaError) else type(error).__name__


def produce(topic, count, mode):
    sends = Sends()
    told = []
    of_mode = {"idempotent": {"enable.idempotence": True}, "plain": {"acks": "all"}, "acks0": {"acks": "0"}}
    producer = Producer({
        **settings(linger_ms=0, throttle_cb=lambda _: setattr(sends, "throttled", True)), "request.timeout.ms": clients.REQUEST_TIMEOUT,
        "message.timeout.ms": clients.DELIVERY_TIMEOUT, **of_mode.get(mode, {"transactional.id": mode[3:], "transaction.timeout.ms": 60000})})
    if mode.startswith("tx="):
        producer.init_transactions(SECONDS)
    for number in range(int(count)):
        start = time.monotonic()
        told.clear()
        error = None
        try:
            if mode.startswith("tx="):
                producer.begin_transaction()
            producer.produce(topic, str(number), "key", partition=0, callback=lambda error, _: told.append(error))
            producer.flush(clients.DELIVERY_TIMEOUT / 1000 + 10)
            error = name(told[0]) if told and told[0] else None if told else "nothing"
            if mode.startswith("tx=") and error is None:
                producer.commit_transaction(SECONDS)
        except KafkaException as thrown:
            error = name(thrown)
        sends.add(error, start)
        time.sleep(clients.PAUSE)
    producer.poll(0.2)
    sends.report()


def consume(topic, group, count, protocol="classic"):
    reads = Reads(int(count))
    consumer = Consumer(member(group, protocol))

    def assigned(_, partitions):
        reads.assigned += bool(partitions)

    consumer.subscribe([topic], on_assign=assigned)
    while reads.go_on():
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error():
            reads.error = name(message.error())
            continue
        reads.add(message.partition(), message.value())
        if len(reads.seen) >= reads.count:
            try:
                consumer.commit(asynchronous=False)
            except KafkaException as error:
                reads.error = name(error)
    consumer.close()
    reads.report()


def lag(topic):
    consumer = Consumer(member("none", enable_partition_eof=False))
    at = TopicPartition(topic, 0, 0)
    consumer.assign([at])
    begin = time.monotonic()
    read = 0
    while time.monotonic() < begin + 2:
        message = consumer.poll(0.1)
        read += message is not None and message.error() is None
    seen = consumer.get_watermark_offsets(at, cached=True)[1]
    end = consumer.get_watermark_offsets(at, timeout=SECONDS)[1]
    consumer.close()
    print(f"read={read} lag={seen - read} end={end}")


def login():
    told = []
    admin = AdminClient(settings(error_cb=told.append))
    try:
        admin.poll(0.1)
        print("logged in, brokers", len(admin.list_topics(timeout=8).brokers))
    except KafkaException as error:
        admin.poll(0.1)
        own = [each for each in told if each.code() not in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)]
        found = own[0] if own else error.args[0]
        print(f"{name(found)}: {found.str()}")


class Same(Said):
    def __init__(self, prefix):
        super().__init__(prefix)
        self.admin = AdminClient(settings())

    def tell(self, what, action):
        try:
            self.say(what, action())
        except Exception as error:  # pylint: disable=broad-except
            self.say(what, name(error))

    def topic(self, short, partitions, **config):
        topic = f"{self.prefix}-{short}"
        self.admin.create_topics([NewTopic(topic, partitions, config=config)])[topic].result()
        self.eventually(partitions, lambda: sum(
            part.leader >= 0 for part in self.admin.list_topics(topic, timeout=SECONDS).topics[topic].partitions.values()))
        return topic

    @staticmethod
    def eventually(expected, description):
        """Waits until a description is as expected, because brokers learn of a change one after the other."""
        begin = time.monotonic()
        while (found := description()) != expected and time.monotonic() < begin + 20:
            time.sleep(0.1)
        return found

    def send(self, topic, count, partitions, **more):
        offsets = set()
        producer = Producer(settings(linger_ms=20, **more))
        for i in range(count):
            key, value, headers, moment = record(i)
            producer.produce(topic, value, key, partition=i % partitions, headers=headers, timestamp=moment, callback=lambda error, message:
                             offsets.add(name(error) if error else f"{message.partition()}:{message.offset()}"))
        self.say("sent", count, "left", producer.flush(SECONDS), digest(sorted(offsets)))

    def read(self, topic, number, isolation="read_uncommitted"):
        consumer = Consumer(settings(group_id="none", isolation_level=isolation, check_crcs=True, enable_partition_eof=True,
                                     enable_auto_commit=False))
        consumer.assign([TopicPartition(topic, part, 0) for part in range(number)])
        found = []
        ended = set()
        begin = time.monotonic()
        while len(ended) < number and time.monotonic() < begin + SECONDS:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                ended.add(message.partition() if message.error().code() == KafkaError._PARTITION_EOF else name(message.error()))
                continue
            found.append(line(message.partition(), message.offset(), message.timestamp(), message.key(), message.value(), message.headers()))
        consumer.close()
        return sorted(found)

    def codecs(self):
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            topic = self.topic("codec-" + codec, 3)
            self.send(topic, 60, 3, compression_type=codec, enable_idempotence=True)
            records = self.read(topic, 3)
            self.say("codec", codec, len(records), digest(records), records[:1])
        topic = self.topic("acks", 1)
        for times, acks in enumerate(("all", "1", "0"), 1):
            self.send(topic, 20, 1, acks=acks)
            self.eventually(20 * times, lambda: len(self.read(topic, 1)))
            records = self.read(topic, 1)
            self.say("acks", acks, len(records), digest(records))

    def groups(self, protocol):
        topic = self.topic("group-" + protocol, 4)
        group = f"{self.prefix}-group-{protocol}"
        self.send(topic, 40, 4)
        members = [Consumer(member(group, protocol)) for _ in range(2)]
        for each in members:
            each.subscribe([topic])
        seen = set()
        begin = time.monotonic()
        while time.monotonic() < begin + SECONDS:
            for each in members:
                for message in each.consume(50, 0.1):
                    if not message.error():
                        seen.add((message.partition(), message.offset()))
            if len(seen) == 40 and all(len(each.assignment()) == 2 for each in members) and all(map(self.committed, members)):
                break
        self.say("group", protocol, *(len(each.assignment()) for each in members), len(seen))
        described = self.admin.describe_consumer_groups([group])[group].result()
        self.say("state", described.state.name, described.type.name, len(described.members))
        for each in members:
            each.close()
        self.offsets(topic, group, protocol)

    @staticmethod
    def committed(consumer):
        if not all(part.offset == 10 for part in consumer.position(consumer.assignment())):
            return False
        try:
            consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=False)
            return True
        except KafkaException:
            return False

    def offsets_of(self, group):
        found = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
        return sorted((part.topic, part.partition, part.offset) for part in found.topic_partitions)

    def offsets(self, topic, group, protocol):
        self.say("committed", self.offsets_of(group))
        listed = self.admin.list_consumer_groups().result().valid
        self.say("listed", [each.type.name for each in listed if each.group_id == group])
        altered = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 1, 3)])
        self.tell("altered", lambda: len(self.admin.alter_consumer_group_offsets([altered])[group].result().topic_partitions))
        self.say("committed", self.offsets_of(group))
        consumer = Consumer(member(group, protocol))
        consumer.subscribe([topic])
        again = set()
        begin = time.monotonic()
        while len(again) < 7 and time.monotonic() < begin + SECONDS:
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                again.add((message.partition(), message.offset()))
        consumer.close()
        self.say("read again", sorted(again))
        self.tell("group deleted", lambda: self.admin.delete_consumer_groups([group])[group].result())
        self.tell("deleted again", lambda: self.admin.delete_consumer_groups([group])[group].result())

    def transactions(self):
        topic = self.topic("transactions", 2)
        older, newer = (Producer(settings(transactional_id=self.prefix + "-transactions")) for _ in range(2))
        older.init_transactions(SECONDS)
        for transaction in range(4):
            older.begin_transaction()
            for i in range(5):
                key, value, headers, moment = record(i + transaction * 100)
                older.produce(topic, value, key, partition=i % 2, headers=headers, timestamp=moment)
            older.flush(SECONDS)
            (older.commit_transaction if transaction % 2 == 0 else older.abort_transaction)(SECONDS)
        committed = self.read(topic, 2, "read_committed")
        self.say("committed", len(committed), digest(committed), "all", len(self.read(topic, 2)))
        newer.init_transactions(SECONDS)

        def fenced():
            older.begin_transaction()
            older.produce(topic, "x", partition=0)
            older.commit_transaction(SECONDS)

        self.tell("fenced", fenced)

    def exactly_once(self):
        """Reads, processes and writes in transactions, of which every second is aborted and repeated."""
        source, output = self.topic("input", 3), self.topic("output", 3)
        group = self.prefix + "-exactly-once"
        self.send(source, 30, 3)
        consumer = Consumer(member(group, isolation_level="read_committed"))
        producer = Producer(settings(transactional_id=group))
        producer.init_transactions(SECONDS)
        consumer.subscribe([source])
        done = number = 0
        begin = time.monotonic()
        while done < 30 and time.monotonic() < begin + SECONDS:
            messages = [message for message in consumer.consume(7, 0.5) if not message.error()]
            if not messages:
                continue
            producer.begin_transaction()
            for message in messages:
                producer.produce(output, f"{message.partition()}:{message.offset()}", message.key(), partition=message.partition())
            parts = consumer.assignment()
            producer.send_offsets_to_transaction(consumer.position(parts), consumer.consumer_group_metadata())
            number += 1
            if number % 2:
                producer.abort_transaction(SECONDS)
                for part in consumer.committed(parts, SECONDS):
                    consumer.seek(TopicPartition(source, part.partition, max(part.offset, 0)))
            else:
                producer.commit_transaction(SECONDS)
                done += len(messages)
        consumer.close()
        values = sorted(each.split("b'")[-1] for each in self.read(output, 3, "read_committed"))
        self.say("exactly once", len(values), len(set(values)), digest(values), self.offsets_of(group))

    def errors(self):
        topic = self.topic("errors", 1)
        producer = Producer(settings(message_max_bytes=5000000, message_timeout_ms=3000))
        told = []
        for what, *words in (("too large", topic, clients.FOX * 20000), ("no such topic", self.prefix + "-missing", "x"),
                             ("no name of a topic", "a b", "x")):
            told.clear()
            producer.produce(*words, callback=lambda error, _: told.append(name(error) if error else "delivered"))
            producer.flush(SECONDS)
            self.say(what, *told)
        consumer = Consumer(settings(group_id="none", auto_offset_reset="error"))
        consumer.assign([TopicPartition(topic, 0, 99)])
        message = consumer.poll(SECONDS)
        self.say("no such offset", name(message.error()))
        consumer.close()

    def administration(self):
        found = self.admin.describe_cluster().result()
        nodes = sorted((node.id, str(node.port) in clients.PORTS or node.port) for node in found.nodes)
        self.say("cluster", found.cluster_id, nodes, found.controller is not None)
        topic = self.topic("admin", 3, **{"retention.ms": "7200000"})
        self.tell("created again", lambda: self.admin.create_topics([NewTopic(topic, 3)])[topic].result())
        self.tell("too many replicas", lambda: self.admin.create_topics([NewTopic(topic + "x", 1, 99)])[topic + "x"].result())
        self.tell("more partitions", lambda: self.admin.create_partitions([NewPartitions(topic, 5)])[topic].result())

        def described():
            parts = self.admin.describe_topics(TopicCollection([topic]))[topic].result().partitions
            return len(parts), sum(part.leader is not None and len(part.replicas) == len(part.isr) for part in parts)

        self.tell("described", lambda: self.eventually((5, 5), described))
        resource = ConfigResource(ResourceType.TOPIC, topic)
        wanted = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
            ConfigEntry("retention.ms", "9000000", incremental_operation=AlterConfigOpType.SET)])

        def setting():
            return self.admin.describe_configs([resource])[resource].result()["retention.ms"].value

        self.tell("setting", setting)
        self.tell("altered", lambda: self.admin.incremental_alter_configs([wanted])[wanted].result())
        self.tell("setting", lambda: self.eventually("9000000", setting))
        self.records(topic)
        self.users(topic)
        self.tell("deleted", lambda: self.admin.delete_topics([topic])[topic].result())
        self.tell("deleted again", lambda: self.eventually("", lambda: self.deleted_again(topic)) or "UNKNOWN_TOPIC_OR_PART")

    def deleted_again(self, topic):
        try:
            self.admin.delete_topics([topic])[topic].result()
        except KafkaException as error:
            return "" if name(error) == "UNKNOWN_TOPIC_OR_PART" else name(error)
        return "deleted"

    def records(self, topic):
        self.send(topic, 40, 4)
        at = TopicPartition(topic, 1)

        def offset(spec):
            found = self.admin.list_offsets({at: spec}, isolation_level=IsolationLevel.READ_COMMITTED)[at].result()
            return found.offset, found.timestamp

        for what, spec in (("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest()), ("newest", OffsetSpec.max_timestamp()),
                           ("by time", OffsetSpec.for_timestamp(clients.TIME + 20))):
            self.tell(what, lambda wanted=spec: offset(wanted))
        upto = TopicPartition(topic, 1, 4)
        self.tell("deleted records", lambda: self.admin.delete_records([upto])[upto].result().low_watermark)
        self.tell("earliest", lambda: offset(OffsetSpec.earliest()))

    def users(self, user):
        mechanism = ScramMechanism.SCRAM_SHA_256
        added = UserScramCredentialUpsertion(user, ScramCredentialInfo(mechanism, 4096), b"password")
        self.tell("user", lambda: self.admin.alter_user_scram_credentials([added])[user].result())

        def credentials():
            try:
                found = self.admin.describe_user_scram_credentials([user])[user].result().scram_credential_infos
            except KafkaException as error:
                return name(error)
            return [(each.mechanism.name, each.iterations) for each in found]

        self.tell("users", lambda: self.eventually([("SCRAM_SHA_256", 4096)], credentials))
        self.tell("user deleted", lambda: self.admin.alter_user_scram_credentials([UserScramCredentialDeletion(user, mechanism)])[user].result())


def same(prefix, *only):
    run = Same(prefix)
    parts = {"codecs": [run.codecs], "groups": [lambda: run.groups("classic"), lambda: run.groups("consumer")],
             "transactions": [run.transactions, run.exactly_once], "errors": [run.errors], "admin": [run.administration]}
    for part, steps in parts.items():
        if run.wants(only, part):
            for step in steps:
                step()


globals()[sys.argv[1]](*sys.argv[2:])
