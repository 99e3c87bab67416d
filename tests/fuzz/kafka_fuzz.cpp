// Fuzzes Kafka connections with any bytes, and the bodies of all APIs. The input alternates between
// bytes of the client and of the server; each sequence 0xff 0xfe switches sides.
#include <cstdint>

#include "rules/protocols/kafka/kafka_tree.h"
#include "tests/fuzz/both_ways.h"
#include "tests/fuzz/message_fuzz.h"

using namespace brownout;

namespace {

// A body that was read and written must be read again, with the same bytes.
void read_body(codecs::ByteView bytes, std::uint8_t key, std::uint8_t version) {
  const auto* api = rules::kafka_api(static_cast<std::int16_t>(key % 95));
  const auto wanted = static_cast<std::int16_t>(version % 20);
  if (!api->decodes(wanted)) return;
  for (const auto* schema : {&api->request, &api->response}) {
    const auto tree = rules::KafkaTree::read(*api, *schema, wanted, bytes);
    if (!tree) continue;
    const auto written = tree->write();
    const auto again = rules::KafkaTree::read(*api, *schema, wanted, written);
    require(again && again->write() == written);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  static const auto none = test::config_of("", "kafka");
  static const auto idle = test::config_of(
      "[[rule]]\nmatch = { topic = \"none.such\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { key = \"~$.\" }\nfault = { type = \"drop\" }",
      "kafka");
  static const auto acting = test::config_of(
      "[[rule]]\nmatch = { api = [\"Heartbeat\", \"JoinGroup\"] }\nfault = { type = \"reject\" }\n"
      "[[rule]]\nfault = { type = \"kafka_error\", error = \"REQUEST_TIMED_OUT\", topic = \"a*\" "
      "}\n"
      "[[rule]]\nmatch = { api = \"Metadata\", direction = \"upstream\" }\n"
      "fault = { type = \"duplicate\", share = \"100%\" }\n"
      "[[rule]]\nfault = { type = \"kafka_broker_down\", node = 2 }\n"
      "[[rule]]\nfault = { type = \"kafka_lag\" }\n"
      "[[rule]]\nfault = { type = \"kafka_records\", how = \"drop\", share = \"50%\" }\n"
      "[[rule]]\nfault = { type = \"kafka_throttle\", time = \"1s\" }",
      "kafka", "rewrite = { \"127.0.0.1:9092\" = \"localhost:1\" }");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 2), size - 2);
  const auto piece = 1U + data[0];
  read_body(bytes, data[0], data[1]);
  test::both_ways(none, codecs::text_of(bytes), "\xff\xfe", piece, true);
  test::both_ways(idle, codecs::text_of(bytes), "\xff\xfe", piece, true);
  test::both_ways(acting, codecs::text_of(bytes), "\xff\xfe", piece, false);
  return 0;
}
