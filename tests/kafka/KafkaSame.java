// The results of the Java client, in a form that is the same for each run: see clients.md.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

public class KafkaSame {
  static final long TIME = 1700000000000L;
  static final int SECONDS = 120;
  static final String FOX = "the quick brown fox ".repeat(8);

  final String prefix;
  Admin admin;

  KafkaSame(String prefix) {
    this.prefix = prefix;
  }

  void run(List<String> only) throws Exception {
    try (var opened = Admin.create(KafkaClient.settings())) {
      admin = opened;
      if (wants(only, "codecs")) codecs();
      if (wants(only, "groups")) group("classic");
      if (wants(only, "groups")) group("consumer");
      if (wants(only, "share")) share();
      if (wants(only, "transactions")) transactions();
      if (wants(only, "transactions")) exactlyOnce();
      if (wants(only, "errors")) errors();
      if (wants(only, "admin")) new KafkaAdmin(this).run();
    }
  }

  static boolean wants(List<String> only, String part) {
    return only.isEmpty() || only.contains(part);
  }

  void say(Object... words) {
    var line = new StringBuilder();
    for (Object word : words) line.append(word).append(' ');
    System.out.println(line.toString().stripTrailing().replace(prefix, "PREFIX"));
  }

  /** Says the result of an action, or the name of its error. */
  void tell(String what, Callable<Object> action) {
    try {
      say(what, action.call());
    } catch (Throwable error) {
      say(what, KafkaClient.name(error));
    }
  }

  String topic(String name, int partitions) throws Exception {
    String topic = prefix + "-" + name;
    admin.createTopics(List.of(new NewTopic(topic, partitions, (short) -1))).all().get();
    return topic;
  }

  static List<TopicPartition> partitions(String topic, int number) {
    return IntStream.range(0, number).mapToObj(each -> new TopicPartition(topic, each)).collect(Collectors.toList());
  }

  static String digest(Collection<String> lines) throws Exception {
    byte[] bytes = MessageDigest.getInstance("SHA-256").digest(String.join("\n", lines).getBytes(UTF_8));
    return HexFormat.of().formatHex(bytes).substring(0, 12);
  }

  static ProducerRecord<String, String> record(String topic, int partition, int i) {
    String value = i % 7 == 3 ? null : i == 10 ? FOX.repeat(2000) : i + " " + FOX;
    var record = new ProducerRecord<>(topic, partition, TIME + i, i % 5 == 4 ? null : "key" + i, value);
    record.headers().add("number", String.valueOf(i).getBytes(UTF_8));
    if (i % 3 == 0) record.headers().add("nothing", null);
    return record;
  }

  void send(String topic, int count, int partitions, Object... more) throws Exception {
    var settings = KafkaClient.settings(more);
    settings.put("linger.ms", "20");
    try (var producer = new KafkaProducer<String, String>(settings)) {
      var sent = new ArrayList<Future<RecordMetadata>>();
      for (int i = 0; i < count; i++) sent.add(producer.send(record(topic, i % partitions, i)));
      producer.flush();
      var offsets = new TreeSet<String>();
      for (var each : sent) offsets.add(each.get().partition() + ":" + each.get().offset());
      say("sent", count, digest(offsets), offsets.first());
    }
  }

  /** Reads all records of a topic without a group. */
  List<String> read(String topic, int number, String isolation) throws Exception {
    var found = new TreeSet<String>();
    var partitions = partitions(topic, number);
    try (var consumer = new KafkaConsumer<String, String>(KafkaClient.settings("isolation.level", isolation, "check.crcs", "true"))) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      long begin = System.nanoTime();
      while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each)) && KafkaClient.seconds(begin) < SECONDS) {
        for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) {
          found.add(String.format("%d %08d %d %s %s %s %s", each.partition(), each.offset(), each.timestamp(), each.timestampType(), each.key(),
              each.value(), each.headers()));
        }
      }
    }
    return new ArrayList<>(found);
  }

  void codecs() throws Exception {
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      String coded = topic("codec-" + codec, 3);
      send(coded, 60, 3, "compression.type", codec);
      var records = read(coded, 3, "read_uncommitted");
      say("codec", codec, records.size(), digest(records), records.get(0));
    }
    String topic = topic("acks", 1);
    int sent = 0;
    for (String acks : List.of("all", "1", "0")) {
      sent += 20;
      send(topic, 20, 1, "acks", acks, "enable.idempotence", "false", "max.in.flight.requests.per.connection", "1");
      // Without acks=all, the records may not be on all brokers yet.
      var records = read(topic, 1, "read_uncommitted");
      for (long begin = System.nanoTime(); records.size() < sent && KafkaClient.seconds(begin) < SECONDS;) records = read(topic, 1, "read_uncommitted");
      say("acks", acks, records.size(), digest(records));
    }
  }

  static Object[] member(String group, String protocol) {
    Object[] both = {"group.id", group, "group.protocol", protocol, "auto.offset.reset", "earliest", "enable.auto.commit", "false"};
    if (!protocol.equals("classic")) return both;
    var more = new ArrayList<>(List.of(both));
    more.addAll(List.of("session.timeout.ms", "10000", "heartbeat.interval.ms", "300"));
    return more.toArray();
  }

  void group(String protocol) throws Exception {
    String topic = topic("group-" + protocol, 4);
    String group = prefix + "-group-" + protocol;
    send(topic, 40, 4);
    var seen = new TreeSet<String>();
    try (var first = new KafkaConsumer<String, String>(KafkaClient.settings(member(group, protocol)));
        var second = new KafkaConsumer<String, String>(KafkaClient.settings(member(group, protocol)))) {
      var members = List.of(first, second);
      members.forEach(each -> each.subscribe(List.of(topic)));
      long begin = System.nanoTime();
      while (KafkaClient.seconds(begin) < SECONDS) {
        for (var each : members) {
          each.poll(Duration.ofMillis(100)).forEach(record -> seen.add(record.partition() + ":" + record.offset()));
        }
        boolean shared = members.stream().allMatch(each -> each.assignment().size() == 2);
        if (shared && seen.size() == 40 && members.stream().allMatch(KafkaSame::committed)) break;
      }
      say("group", protocol, "members", first.assignment().size(), second.assignment().size(), "records", seen.size());
      tell("state", () -> {
        var found = admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
        return found.groupState() + " " + found.type() + " " + found.members().size() + " " + found.partitionAssignor();
      });
      tell("state of a classic group", () -> admin.describeClassicGroups(List.of(group)).all().get().get(group).state());
    }
    offsets(topic, group, protocol);
  }

  static boolean committed(KafkaConsumer<String, String> member) {
    var ends = member.endOffsets(member.assignment());
    try {
      if (!ends.keySet().stream().allMatch(each -> member.position(each) == ends.get(each))) return false;
      member.commitSync();
      return true;
    } catch (KafkaException error) {
      return false;
    }
  }

  Map<TopicPartition, Long> offsets(String group) throws Exception {
    var found = new TreeMap<TopicPartition, Long>((a, b) -> a.toString().compareTo(b.toString()));
    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((at, offset) -> {
      if (offset != null) found.put(at, offset.offset());
    });
    return found;
  }

  void offsets(String topic, String group, String protocol) throws Exception {
    var partition = new TopicPartition(topic, 1);
    tell("listed", () -> admin.listGroups().all().get().stream().filter(each -> each.groupId().equals(group))
        .map(each -> each.protocol() + " " + each.type()).collect(Collectors.joining(",")));
    say("committed", offsets(group));
    admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(3, "note"))).all().get();
    say("altered", offsets(group));
    var again = new HashSet<String>();
    try (var consumer = new KafkaConsumer<String, String>(KafkaClient.settings(member(group, protocol)))) {
      consumer.subscribe(List.of(topic));
      long begin = System.nanoTime();
      while (again.size() < 7 && KafkaClient.seconds(begin) < SECONDS) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> again.add(record.partition() + ":" + record.offset()));
      }
    }
    say("read again", new TreeSet<>(again));
    tell("offset deleted", () -> admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get());
    say("rest", offsets(group));
    tell("group deleted", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    tell("deleted again", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
  }

  void share() throws Exception {
    String topic = topic("share", 2);
    String group = prefix + "-share";
    send(topic, 30, 2);
    var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    var earliest = new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
    admin.incrementalAlterConfigs(Map.of(resource, List.of(earliest))).all().get();
    var accepted = new TreeSet<String>();
    var released = new TreeSet<String>();
    try (var consumer = new KafkaShareConsumer<String, String>(KafkaClient.settings("group.id", group, "share.acknowledgement.mode", "explicit"))) {
      consumer.subscribe(List.of(topic));
      long begin = System.nanoTime();
      while (accepted.size() < 30 && KafkaClient.seconds(begin) < SECONDS) {
        for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(200))) {
          String id = each.partition() + ":" + each.offset();
          boolean release = each.offset() % 4 == 0 && released.add(id);
          if (!release) accepted.add(id);
          consumer.acknowledge(each, release ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
        }
        consumer.commitSync();
      }
      tell("share group", () -> admin.describeShareGroups(List.of(group)).all().get().get(group).members().size());
    }
    say("shared", accepted.size(), digest(accepted), "released", released.size());
  }

  void transactions() throws Exception {
    String topic = topic("transactions", 2);
    String id = prefix + "-transactions";
    try (var producer = new KafkaProducer<String, String>(KafkaClient.settings("transactional.id", id));
        var newer = new KafkaProducer<String, String>(KafkaClient.settings("transactional.id", id))) {
      producer.initTransactions();
      for (int round = 0; round < 4; round++) {
        producer.beginTransaction();
        for (int i = 0; i < 5; i++) producer.send(record(topic, i % 2, i + round * 100));
        producer.flush();
        if (round == 1) {
          tell("transaction", () -> {
            var found = admin.describeTransactions(List.of(id)).all().get().get(id);
            return found.state() + " " + found.topicPartitions().size() + " " + found.transactionTimeoutMs();
          });
        }
        if (round % 2 == 0) producer.commitTransaction();
        if (round % 2 == 1) producer.abortTransaction();
      }
      var committed = read(topic, 2, "read_committed");
      say("committed", committed.size(), digest(committed), "all", read(topic, 2, "read_uncommitted").size());
      tell("listed", () -> admin.listTransactions().all().get().stream().filter(each -> each.transactionalId().equals(id)).count());
      newer.initTransactions();
      tell("fenced", () -> {
        producer.beginTransaction();
        producer.send(record(topic, 0, 900)).get();
        producer.commitTransaction();
        return "not";
      });
    }
  }

  /** Reads, processes and writes in transactions, of which every second is aborted and repeated. */
  void exactlyOnce() throws Exception {
    String input = topic("input", 3);
    String output = topic("output", 3);
    String group = prefix + "-exactly-once";
    send(input, 30, 3);
    var settings = KafkaClient.settings(member(group, "classic"));
    settings.put("isolation.level", "read_committed");
    settings.put("max.poll.records", "7");
    try (var consumer = new KafkaConsumer<String, String>(settings);
        var producer = new KafkaProducer<String, String>(KafkaClient.settings("transactional.id", group))) {
      producer.initTransactions();
      consumer.subscribe(List.of(input));
      long begin = System.nanoTime();
      int done = 0;
      for (int round = 0; done < 30 && KafkaClient.seconds(begin) < SECONDS;) {
        var records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        var next = new HashMap<TopicPartition, OffsetAndMetadata>();
        for (ConsumerRecord<String, String> each : records) {
          producer.send(new ProducerRecord<>(output, each.partition(), each.key(), each.partition() + ":" + each.offset()));
          next.put(new TopicPartition(input, each.partition()), new OffsetAndMetadata(each.offset() + 1));
        }
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        if (round++ % 2 == 0) {
          producer.abortTransaction();
          var before = consumer.committed(consumer.assignment());
          for (var at : consumer.assignment()) consumer.seek(at, before.get(at) == null ? 0 : before.get(at).offset());
        } else {
          producer.commitTransaction();
          done += records.count();
        }
      }
    }
    var values = read(output, 3, "read_committed").stream().map(each -> each.split(" ")[5]).sorted().toList();
    say("exactly once", values.size(), new HashSet<>(values).size(), digest(values), offsets(group));
  }

  void errors() throws Exception {
    String topic = topic("errors", 1);
    try (var producer = new KafkaProducer<String, String>(KafkaClient.settings("max.request.size", "5000000", "max.block.ms", "2000"))) {
      tell("too large", () -> producer.send(new ProducerRecord<>(topic, FOX.repeat(20000))).get().offset());
      tell("no such topic", () -> producer.send(new ProducerRecord<>(prefix + "-missing", "x")).get().offset());
      tell("no such partition", () -> producer.send(new ProducerRecord<>(topic, 9, "k", "x")).get().offset());
      tell("no name of a topic", () -> producer.send(new ProducerRecord<>("a b", "x")).get().offset());
    }
    try (var consumer = new KafkaConsumer<String, String>(KafkaClient.settings("auto.offset.reset", "none"))) {
      var partition = partitions(topic, 1);
      consumer.assign(partition);
      consumer.seek(partition.get(0), 99);
      tell("no such offset", () -> consumer.poll(Duration.ofSeconds(5)).count());
    }
  }
}
