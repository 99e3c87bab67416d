// Fuzzes MQTT with any bytes. Packets must be the same after they are read, written and read again.
// Bytes that pass through a tunnel, cut at any place, must not change.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/protocols/mqtt/codec/mqtt.h"
#include "tests/fuzz/message_fuzz.h"

using namespace brownout;
using codecs::ByteView;

namespace {

void differential(ByteView bytes, std::uint8_t level) {
  const auto read = codecs::read_mqtt(bytes, level);
  if (!read) return;
  const auto own = read->packet.connect ? read->packet.connect->level : level;
  const auto written = codecs::write_mqtt(read->packet, own, read->payload);
  const auto again = codecs::read_mqtt(written, own);
  require(again && again->packet == read->packet);
  require(codecs::text_of(again->payload) == codecs::text_of(read->payload));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  for (const std::uint8_t level : {std::uint8_t{3}, rules::kMqtt311, rules::kMqtt5}) {
    differential(bytes, level);
  }
  static const auto none = test::config_of("", "mqtt");
  static const auto elsewhere = test::config_of(
      "[[rule]]\nmatch = { topic = \"a/b/c/d/e/f\", text = \"none such\" }\nfault = "
      "{ type = \"drop\" }",
      "mqtt");
  const std::size_t piece = data[0] % 7 + 1U;
  test::passes(none, bytes, piece);
  // The rule drops no packet, so each topic alias is defined before it is used.
  test::passes(elsewhere, bytes, piece);
  return 0;
}
