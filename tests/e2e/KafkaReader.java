// Reads COUNT records of partition 0 of a topic with Kafka's own consumer, which fetches in sessions
// (KIP-227), one record in each response. Prints how many records there were, and how many differ.
//
//   java -cp 'build/kafka/*' tests/e2e/KafkaReader.java PORT TOPIC COUNT
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class KafkaReader {
    public static void main(String[] arguments) {
        Map<String, Object> settings = Map.of("bootstrap.servers", "127.0.0.1:" + arguments[0], "max.partition.fetch.bytes", 1);
        var bytes = new ByteArrayDeserializer();
        int wanted = Integer.parseInt(arguments[2]);
        int read = 0;
        Set<Long> offsets = new HashSet<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings, bytes, bytes)) {
            var partition = List.of(new TopicPartition(arguments[1], 0));
            consumer.assign(partition);
            consumer.seekToBeginning(partition);
            long end = System.nanoTime() + Duration.ofSeconds(40).toNanos();
            while (offsets.size() < wanted && System.nanoTime() < end) {
                for (var record : consumer.poll(Duration.ofMillis(200))) {
                    ++read;
                    offsets.add(record.offset());
                }
            }
        }
        System.out.println(read + " " + offsets.size());
    }
}
