// The results of the calls of Java's Admin, for KafkaSame.java.

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialDeletion;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;

class KafkaAdmin {
  final KafkaSame same;
  final Admin admin;
  final String topic;

  KafkaAdmin(KafkaSame same) {
    this.same = same;
    admin = same.admin;
    topic = same.prefix + "-admin";
  }

  void run() throws Exception {
    cluster();
    topics();
    records();
    users();
  }

  /** Says that each node is reached at a port that the script expects. */
  void cluster() throws Exception {
    var ports = List.of(KafkaClient.environment("KAFKA_PORTS", "").split(" "));
    var found = admin.describeCluster();
    var nodes = new TreeSet<String>();
    for (var node : found.nodes().get()) nodes.add(node.id() + (ports.contains(String.valueOf(node.port())) ? "" : " at port " + node.port()));
    same.say("cluster", found.clusterId().get(), nodes, found.controller().get() != null);
    same.tell("features", () -> new TreeMap<>(admin.describeFeatures().featureMetadata().get().finalizedFeatures()));
    same.tell("voters", () -> admin.describeMetadataQuorum().quorumInfo().get().voters().stream().map(each -> each.replicaId()).sorted().toList());
    same.tell("folders of logs", () -> admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).size());
    var broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
    same.tell("settings of a broker", () -> admin.describeConfigs(List.of(broker)).all().get().get(broker).entries().size());
    same.tell("rights", () -> admin.describeAcls(AclBindingFilter.ANY).values().get().size());
    same.tell("tokens", () -> admin.describeDelegationToken().delegationTokens().get().size());
  }

  String described() throws Exception {
    var found = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    long led = found.partitions().stream().filter(each -> each.leader() != null && each.replicas().size() == each.isr().size()).count();
    return found.partitions().size() + " partitions, complete " + led + ", internal " + found.isInternal();
  }

  /** Waits until a description is as expected, because brokers learn of a change one after the other. */
  String eventually(String expected, java.util.concurrent.Callable<String> description) throws Exception {
    String found = "";
    long begin = System.nanoTime();
    while (KafkaClient.seconds(begin) < 20) {
      found = description.call();
      if (found.equals(expected)) break;
      Thread.sleep(100);
    }
    return found;
  }

  void topics() throws Exception {
    var created = new NewTopic(topic, 3, (short) -1).configs(Map.of("retention.ms", "7200000", "max.message.bytes", "900000"));
    same.tell("created", () -> admin.createTopics(List.of(created)).numPartitions(topic).get());
    same.tell("created again", () -> admin.createTopics(List.of(created)).all().get());
    same.tell("too many replicas", () -> admin.createTopics(List.of(new NewTopic(topic + "x", 1, (short) 99))).all().get());
    same.tell("described", () -> eventually("3 partitions, complete 3, internal false", this::described));
    same.tell("more partitions", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get());
    same.tell("described", () -> eventually("5 partitions, complete 5, internal false", this::described));
    same.tell("fewer partitions", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get());
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    var longer = new AlterConfigOp(new ConfigEntry("retention.ms", "9000000"), AlterConfigOp.OpType.SET);
    same.tell("setting", () -> setting(resource));
    same.tell("altered", () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(longer))).all().get());
    same.tell("setting", () -> eventually("9000000 DYNAMIC_TOPIC_CONFIG", () -> setting(resource)));
    var wrong = new AlterConfigOp(new ConfigEntry("retention.ms", "long"), AlterConfigOp.OpType.SET);
    same.tell("wrong setting", () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(wrong))).all().get());
    same.tell("listed", () -> admin.listTopics().names().get().contains(topic));
    var first = new TopicPartition(topic, 0);
    same.tell("election", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(first)).partitions().get().get(first).map(KafkaClient::name).orElse("done"));
    var reassigned = Map.of(first, Optional.of(new NewPartitionReassignment(List.of(1))));
    same.tell("reassigned", () -> admin.alterPartitionReassignments(reassigned).all().get());
    same.tell("replicas", () -> eventually("1", () -> String.valueOf(
        admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().get(0).replicas().size())));
    same.tell("reassignments", () -> eventually("0", () -> String.valueOf(admin.listPartitionReassignments().reassignments().get().size())));
  }

  String setting(ConfigResource resource) throws Exception {
    var entry = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms");
    return entry.value() + " " + entry.source();
  }

  void records() throws Exception {
    same.send(topic, 40, 4);
    var partition = new TopicPartition(topic, 1);
    var specs = new TreeMap<String, OffsetSpec>(Map.of("earliest", OffsetSpec.earliest(), "latest", OffsetSpec.latest(), "newest",
        OffsetSpec.maxTimestamp(), "by time", OffsetSpec.forTimestamp(KafkaSame.TIME + 20)));
    for (var spec : specs.entrySet()) {
      same.tell(spec.getKey(), () -> {
        var found = admin.listOffsets(Map.of(partition, spec.getValue())).partitionResult(partition).get();
        return found.offset() + " " + found.timestamp();
      });
    }
    same.tell("producers", () -> admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().size());
    same.tell("deleted records", () -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(partition).get().lowWatermark());
    same.tell("earliest", () -> admin.listOffsets(Map.of(partition, OffsetSpec.earliest())).partitionResult(partition).get().offset());
    same.tell("too many", () -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(99))).all().get());
    same.tell("deleted", () -> admin.deleteTopics(List.of(topic)).all().get());
    same.tell("gone", () -> eventually("UnknownTopicOrPartitionException", () -> {
      try {
        return described();
      } catch (Exception error) {
        return KafkaClient.name(error);
      }
    }));
  }

  void users() {
    var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, topic));
    var quota = new ClientQuotaAlteration.Op("producer_byte_rate", 1e6);
    same.tell("quota", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(entity, List.of(quota)))).all().get());
    var filter = ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.CLIENT_ID, topic)));
    same.tell("quotas", () -> eventually("{producer_byte_rate=1000000.0}", () -> {
      var found = new HashMap<String, Double>();
      admin.describeClientQuotas(filter).entities().get().values().forEach(found::putAll);
      return found.toString();
    }));
    var mechanism = ScramMechanism.SCRAM_SHA_512;
    var credential = new UserScramCredentialUpsertion(topic, new ScramCredentialInfo(mechanism, 4096), "password");
    same.tell("user", () -> admin.alterUserScramCredentials(List.of(credential)).all().get());
    same.tell("users", () -> eventually("4096", () -> String.valueOf(
        admin.describeUserScramCredentials(List.of(topic)).description(topic).get().credentialInfos().stream().map(each -> each.iterations())
            .map(String::valueOf).collect(Collectors.joining()))));
    same.tell("user deleted", () -> admin.alterUserScramCredentials(List.of(new UserScramCredentialDeletion(topic, mechanism))).all().get());
    same.tell("no user", () -> eventually("ResourceNotFoundException", () -> {
      try {
        return "found " + admin.describeUserScramCredentials(List.of(topic)).description(topic).get().credentialInfos().size();
      } catch (Exception error) {
        return KafkaClient.name(error);
      }
    }));
  }
}
