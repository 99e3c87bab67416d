// The Java client for tests/kafka.sh and tests/e2e/kafka_clients_test.sh; clients.md has the commands.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class KafkaClient {
  static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  /** Returns the settings of a client; `more` has keys and values in turn. */
  static Properties settings(Object... more) {
    var settings = new Properties();
    settings.put("bootstrap.servers", environment("KAFKA_SERVER", ""));
    settings.put("client.id", environment("KAFKA_CLIENT_ID", "java"));
    settings.put("request.timeout.ms", environment("KAFKA_REQUEST_TIMEOUT", "30000"));
    settings.put("retry.backoff.ms", "50");
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", StringSerializer.class.getName());
    settings.put("key.deserializer", StringDeserializer.class.getName());
    settings.put("value.deserializer", StringDeserializer.class.getName());
    String ca = environment("KAFKA_CA", "");
    String mechanism = environment("KAFKA_SASL", "");
    if (!ca.isEmpty()) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", ca);
    }
    if (!ca.isEmpty() || !mechanism.isEmpty()) {
      settings.put("security.protocol", (mechanism.isEmpty() ? "" : "SASL_") + (ca.isEmpty() ? "PLAINTEXT" : "SSL"));
    }
    if (!mechanism.isEmpty()) {
      settings.put("sasl.mechanism", mechanism);
      settings.put("sasl.jaas.config", login(mechanism));
    }
    for (int i = 0; i < more.length; i += 2) settings.put(more[i], more[i + 1]);
    return settings;
  }

  static String login(String mechanism) {
    String modules = "org.apache.kafka.common.security.";
    String user = environment("KAFKA_USER", "");
    if (mechanism.equals("OAUTHBEARER")) {
      return modules + "oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"" + user + "\";";
    }
    String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
    String password = environment("KAFKA_PASSWORD", "");
    return modules + module + " required username=\"" + user + "\" password=\"" + password + "\";";
  }

  static Throwable cause(Throwable error) {
    while (error instanceof ExecutionException && error.getCause() != null) error = error.getCause();
    return error;
  }

  static String name(Throwable error) {
    return cause(error).getClass().getSimpleName();
  }

  static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  static Properties producerSettings(String mode) {
    var settings =
        settings("linger.ms", "0", "delivery.timeout.ms", environment("KAFKA_DELIVERY_TIMEOUT", "60000"),
            "max.block.ms", environment("KAFKA_DELIVERY_TIMEOUT", "60000"), "acks", mode.equals("acks0") ? "0" : "all",
            "enable.idempotence", String.valueOf(!mode.equals("plain") && !mode.equals("acks0")));
    if (mode.startsWith("tx=")) settings.put("transactional.id", mode.substring(3));
    return settings;
  }

  static void produce(String topic, int count, String mode) throws Exception {
    int delivered = 0;
    var errors = new TreeMap<String, Integer>();
    double longest = 0;
    long begin = System.nanoTime();
    boolean transactional = mode.startsWith("tx=");
    try (var producer = new KafkaProducer<String, String>(producerSettings(mode))) {
      if (transactional) producer.initTransactions();
      for (int i = 0; i < count; i++) {
        long start = System.nanoTime();
        try {
          if (transactional) producer.beginTransaction();
          producer.send(new ProducerRecord<>(topic, 0, "key", String.valueOf(i))).get();
          if (transactional) producer.commitTransaction();
          delivered++;
        } catch (ExecutionException | KafkaException error) {
          errors.merge(name(error), 1, Integer::sum);
        }
        longest = Math.max(longest, seconds(start));
        Thread.sleep(Long.parseLong(environment("KAFKA_PAUSE", "0")));
      }
      double throttled = producer.metrics().entrySet().stream()
          .filter(metric -> metric.getKey().name().equals("produce-throttle-time-max"))
          .mapToDouble(metric -> ((Number) metric.getValue().metricValue()).doubleValue()).max().orElse(0);
      report(delivered, errors, longest, seconds(begin), throttled > 0);
    }
  }

  static void report(int delivered, TreeMap<String, Integer> errors, double longest, double total, boolean throttled) {
    int failed = errors.values().stream().mapToInt(Integer::intValue).sum();
    System.out.printf("delivered=%d failed=%d error=%s longest=%.1f total=%.1f throttled=%s%n", delivered, failed,
        errors.isEmpty() ? "-" : String.join(",", errors.keySet()), longest, total, throttled ? "yes" : "no");
  }

  static void consume(String topic, String group, int count, String protocol) {
    var settings = settings("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
        "default.api.timeout.ms", "20000", "group.protocol", protocol);
    if (protocol.equals("classic")) {
      settings.put("session.timeout.ms", "6000");
      settings.put("heartbeat.interval.ms", "200");
    }
    int[] assigned = {0};
    int read = 0;
    String failed = "-";
    var different = new HashSet<String>();
    long begin = System.nanoTime();
    double end = Double.parseDouble(environment("KAFKA_PATIENCE", "40"));
    boolean complete = false;
    try (var consumer = new KafkaConsumer<String, String>(settings)) {
      consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
          if (!partitions.isEmpty()) assigned[0]++;
        }
      });
      while (seconds(begin) < end) {
        try {
          for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
            read++;
            different.add(record.partition() + ":" + record.value());
          }
          if (different.size() >= count) consumer.commitSync();
        } catch (KafkaException error) {
          failed = name(error);
        }
        // More records, and more assignments, may follow for a while after all numbers were there.
        if (!complete && different.size() >= count) {
          complete = true;
          end = Math.min(end, seconds(begin) + 1.5);
        }
      }
    }
    System.out.printf("read=%d different=%d assigned=%d error=%s%n", read, different.size(), assigned[0], failed);
  }

  static void lag(String topic) {
    var partition = new TopicPartition(topic, 0);
    var only = Set.of(partition);
    try (var consumer = new KafkaConsumer<String, String>(settings("enable.auto.commit", "false"))) {
      consumer.assign(only);
      consumer.seekToBeginning(only);
      int read = 0;
      long begin = System.nanoTime();
      while (seconds(begin) < 2) read += consumer.poll(Duration.ofMillis(100)).count();
      var lag = consumer.currentLag(partition);
      System.out.printf("read=%d lag=%d end=%d%n", read, lag.isPresent() ? lag.getAsLong() : -1,
          consumer.endOffsets(only).get(partition));
    }
  }

  static void login() throws Exception {
    var settings = settings("default.api.timeout.ms", environment("KAFKA_DELIVERY_TIMEOUT", "10000"),
        "request.timeout.ms", "5000");
    try (var admin = Admin.create(settings)) {
      var nodes = new ArrayList<>(admin.describeCluster().nodes().get(20, TimeUnit.SECONDS));
      System.out.println("logged in, brokers " + nodes.size());
    } catch (ExecutionException error) {
      System.out.println(name(error) + ": " + cause(error).getMessage());
    }
  }

  public static void main(String[] words) throws Exception {
    switch (words[0]) {
      case "same" -> new KafkaSame(words[1]).run(Arrays.asList(words).subList(2, words.length));
      case "produce" -> produce(words[1], Integer.parseInt(words[2]), words[3]);
      case "consume" -> consume(words[1], words[2], Integer.parseInt(words[3]), words.length > 4 ? words[4] : "classic");
      case "lag" -> lag(words[1]);
      case "login" -> login();
      default -> throw new IllegalArgumentException(words[0]);
    }
    System.exit(0);
  }
}
