// Prints the batches of the Java client in recorded_batches.txt (tests/rules/protocols/kafka),
// written by the class that KafkaProducer uses.
//
//   java -cp 'DIRECTORY/*' tests/tools/KafkaBatches.java    # kafka-clients 4.4.0 and its compressors

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;

public class KafkaBatches {
  static final long TIME = 1700000000000L;
  static final long APPEND_TIME = TIME + 9000;
  static final String FOX = "the quick brown fox ".repeat(8);

  static MemoryRecords batch(
      int magic, CompressionType type, boolean appendTime, long producerId, boolean transactional) {
    var builder =
        MemoryRecords.builder(
            ByteBuffer.allocate(4096),
            (byte) magic,
            Compression.of(type).build(),
            appendTime ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
            appendTime ? 40 : 0,
            APPEND_TIME,
            producerId,
            (short) (producerId < 0 ? -1 : 3),
            producerId < 0 ? -1 : 17,
            transactional,
            -1);
    long time = magic == 0 ? -1 : TIME;
    Header[] headers = {
      new RecordHeader("h", "x".getBytes()), new RecordHeader("n", (byte[]) null)
    };
    byte[] first = ("first " + FOX).getBytes();
    if (magic == 2) {
      builder.append(time, "k1".getBytes(), first, headers);
    } else {
      builder.append(time, "k1".getBytes(), first);
    }
    builder.append(magic == 0 ? -1 : time + 5, null, ("second " + FOX).getBytes());
    builder.append(magic == 0 ? -1 : time - 7, "k3".getBytes(), null);
    return builder.build();
  }

  static void print(String name, MemoryRecords records) {
    byte[] bytes = new byte[records.buffer().remaining()];
    records.buffer().get(bytes);
    System.out.println("java-" + name + " " + HexFormat.of().formatHex(bytes));
  }

  public static void main(String[] arguments) {
    for (int magic = 0; magic <= 2; magic++) {
      for (CompressionType type : CompressionType.values()) {
        if (type == CompressionType.ZSTD && magic < 2) continue;
        print("v" + magic + "-" + type.name, batch(magic, type, false, -1, false));
      }
    }
    print("v2-transactional", batch(2, CompressionType.NONE, false, 4000, true));
    print("v2-append-time", batch(2, CompressionType.GZIP, true, -1, false));
    print("v1-append-time", batch(1, CompressionType.GZIP, true, -1, false));
    var marker = new EndTransactionMarker(ControlRecordType.COMMIT, 11);
    print(
        "v2-commit",
        MemoryRecords.withEndTransactionMarker(50, TIME + 123, 7, 4000, (short) 3, marker));
  }
}
