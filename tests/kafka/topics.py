"""Topics for tests/kafka.sh.

  topics.py PORT create TOPIC[@NODE]...   creates topics with one partition: on all nodes, or on NODE alone
  topics.py PORT count TOPIC...           prints the number of records in each that a consumer can read
"""
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

SECONDS = 120
server = {"bootstrap.servers": "127.0.0.1:" + sys.argv[1], "log_level": 0}


def create(*words):
    admin = AdminClient(server)
    wanted = []
    for word in words:
        topic, _, node = word.partition("@")
        wanted.append(NewTopic(topic, 1, replica_assignment=[[int(node)]]) if node else NewTopic(topic, 1, 3))
    for future in admin.create_topics(wanted, request_timeout=SECONDS).values():
        try:
            future.result()
        except KafkaException as error:
            # librdkafka may have asked twice.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    begin = time.monotonic()
    while time.monotonic() < begin + SECONDS:
        found = admin.list_topics(timeout=SECONDS).topics
        if all(topic.topic in found and found[topic.topic].partitions[0].leader >= 0 for topic in wanted):
            return
        time.sleep(0.1)
    sys.exit("some topics have no leader")


def count(*topics):
    consumer = Consumer({**server, "group.id": "count", "enable.partition.eof": True, "isolation.level": "read_committed",
                         "enable.auto.commit": False})
    for topic in topics:
        consumer.assign([TopicPartition(topic, 0, 0)])
        found = 0
        while True:
            message = consumer.poll(SECONDS)
            if message is None:
                sys.exit(f"{topic} has no end within {SECONDS} s")
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    break
                sys.exit(str(message.error()))
            found += 1
        print(found, end=" ")
    consumer.close()


globals()[sys.argv[2]](*sys.argv[3:])
