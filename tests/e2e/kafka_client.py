"""A Kafka client for kafka_test.sh, with librdkafka (confluent-kafka).

  kafka_client.py PORT create TOPIC PARTITIONS          creates a topic
  kafka_client.py PORT brokers TOPIC                    prints the brokers, and the leaders of the topic
  kafka_client.py PORT produce TOPIC COUNT [KEY=VALUE]  sends numbered records one by one, prints "COUNT delivered"
                                                        and each kind of error; KEY is a setting of librdkafka
  kafka_client.py PORT consume TOPIC GROUP COUNT        reads COUNT different records, prints how many records there
                                                        were, how many were different, and the number of assignments
  kafka_client.py PORT count TOPIC                      prints the number of records in partition 0
  kafka_client.py PORT end TOPIC                        prints the end of partition 0, as the broker tells it

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


globals()[sys.argv[2]](*sys.argv[3:])
