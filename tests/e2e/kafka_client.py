"""A Kafka client for kafka_test.sh and kafka_records_test.sh, with librdkafka (confluent-kafka).

  kafka_client.py PORT create TOPIC PARTITIONS          creates a topic
  kafka_client.py PORT brokers TOPIC                    prints the brokers, and the leaders of the topic
  kafka_client.py PORT produce TOPIC COUNT [KEY=VALUE]  sends numbered records one by one, prints "COUNT delivered"
                                                        and each kind of error; KEY is a setting of librdkafka
  kafka_client.py PORT consume TOPIC GROUP COUNT        reads COUNT different records, prints how many records there
                                                        were, how many were different, and the number of assignments
  kafka_client.py PORT count TOPIC                      prints the number of records in partition 0
  kafka_client.py PORT end TOPIC                        prints the end of partition 0, as the broker tells it
  kafka_client.py PORT put TOPIC KEYS [KEY=VALUE]       sends a record for each key of a list "a,b", all in one batch to
                                                        partition 0, with the value "value-KEY" and the header tenant =
                                                        KEY; prints as produce does
  kafka_client.py PORT read TOPIC FROM SECONDS [KEY=VALUE]
                                                        reads partition 0 from this offset on, prints the offset, the key
                                                        and the value of each record, and the age of its timestamp in
                                                        hours if it has another; prints each kind of error once

If KAFKA_CA is set, it connects through TLS, and trusts the certificates in that file.
"""
import collections
import os
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

SECONDS = 40
server = {"bootstrap.servers": "127.0.0.1:" + sys.argv[1], "log_level": 0}
if "KAFKA_CA" in os.environ:
    server |= {"security.protocol": "ssl", "ssl.ca.location": os.environ["KAFKA_CA"]}


def settings(words):
    return dict(word.split("=", 1) for word in words)


def create(topic, partitions):
    admin = AdminClient(server)  # must live until the topic is there
    admin.create_topics([NewTopic(topic, int(partitions), 1)], request_timeout=SECONDS)[topic].result()
    print("created")


def brokers(topic):
    found = AdminClient(server).list_topics(topic, timeout=SECONDS)
    print(*(f"{broker.id}@{broker.host}:{broker.port}" for broker in found.brokers.values()))
    print("leaders", *(part.leader for part in found.topics[topic].partitions.values()))


def produce(topic, count, *words):
    told = collections.Counter()
    throttled = []
    producer = Producer({**server, "linger.ms": 0, "throttle_cb": lambda event: throttled.append(event.throttle_time),
                         **settings(words)})
    for number in range(int(count)):
        producer.produce(topic, str(number), callback=lambda error, _: told.update([error.name() if error else "delivered"]))
        producer.flush(SECONDS)
    producer.poll(0.2)
    if throttled:
        told["throttled"] = len(throttled)
    print(*(f"{number} {what}" for what, number in sorted(told.items())))


def consume(topic, group, count):
    assigned = []
    consumer = Consumer({**server, "group.id": group, "auto.offset.reset": "earliest", "session.timeout.ms": 6000,
                         "heartbeat.interval.ms": 200})
    consumer.subscribe([topic], on_assign=lambda _, parts: assigned.append(len(parts)))
    seen = collections.Counter()
    end = time.monotonic() + SECONDS
    # More records, and more assignments, may follow for a while after all numbers were there.
    while time.monotonic() < end:
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            seen[message.value()] += 1
        if len(seen) >= int(count):
            end = min(end, time.monotonic() + 1.5)
    consumer.close()
    print(sum(seen.values()), len(seen), len(assigned))


def watermarks(topic):
    consumer = Consumer({**server, "group.id": "none"})
    return consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=SECONDS)


def count(topic):
    low, high = watermarks(topic)
    print(high - low)


def end(topic):
    print(watermarks(topic)[1])


def put(topic, keys, *words):
    told = collections.Counter()
    producer = Producer({**server, "linger.ms": 100, **settings(words)})
    for key in keys.split(","):
        producer.produce(topic, "value-" + key, key, partition=0, headers={"tenant": key},
                         callback=lambda error, _: told.update([error.name() if error else "delivered"]))
    producer.flush(SECONDS)
    print(*(f"{number} {what}" for what, number in sorted(told.items())))


def read(topic, first, seconds, *words):
    consumer = Consumer({**server, "group.id": "none", "fetch.wait.max.ms": 100, "enable.partition.eof": True,
                         **settings(words)})
    consumer.assign([TopicPartition(topic, 0, int(first))])
    end = time.monotonic() + float(seconds)
    errors = set()
    while time.monotonic() < end:
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error() is not None:
            if message.error().name() == "_PARTITION_EOF":
                break
            if message.error().name() not in errors:
                print(message.error().name())
            errors.add(message.error().name())
            continue
        hours = round((time.time() - message.timestamp()[1] / 1000) / 3600)
        text = (message.value() or b"null").decode(errors="backslashreplace")
        print(f"{message.offset()}:{message.key().decode()}={text}" + (f"@{hours}h" if hours else ""))
    consumer.close()


globals()[sys.argv[2]](*sys.argv[3:])
