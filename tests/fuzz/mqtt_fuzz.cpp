// Any bytes as MQTT: what is read and written again is read the same; and through a tunnel, cut
// anywhere, they come out as they went in.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxy/codecs/mqtt.h"
#include "proxy/messages/message_tunnel.h"
#include "proxy/messages/mqtt_codec.h"
#include "tests/support/virtual_world.h"

using namespace brownout;
using codecs::ByteView;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void differential(ByteView bytes, std::uint8_t level) {
  const auto read = codecs::read_mqtt(bytes, level);
  if (!read) return;
  const auto own = read->packet.connect ? read->packet.connect->level : level;
  const auto written = codecs::write_mqtt(read->packet, own, read->payload);
  const auto again = codecs::read_mqtt(written, own);
  require(again && again->packet == read->packet);
  require(codecs::text_of(again->payload) == codecs::text_of(read->payload));
}

struct Sink final : messages::MessageTunnel::Owner {
  void tunnel_bytes(rules::Direction, ByteView bytes) override { out += codecs::text_of(bytes); }
  void tunnel_finished(rules::Direction) override {}
  void tunnel_closed(rules::Close) override { require(false); }
  void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {
    require(false);
  }
  void tunnel_report(std::string_view, std::string_view) override { ++reports; }
  std::string out;
  int reports = 0;
};

void passes(ByteView bytes, std::size_t piece, const rules::RuleSet& set) {
  Sink sink;
  messages::MessageTunnel tunnel(static_cast<messages::MessageTunnel::Owner&>(sink),
                                 std::make_unique<messages::MqttCodec>(), test::flow_of(1));
  tunnel.set_rules(set, {});
  for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    tunnel.push(rules::Direction::kUpstream, rest.first(std::min(piece, rest.size())), {});
  }
  tunnel.finish(rules::Direction::kUpstream, {});
  require(sink.reports <= 1);
  require(sink.out == codecs::text_of(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  for (const std::uint8_t level : {std::uint8_t{3}, rules::kMqtt311, rules::kMqtt5}) {
    differential(bytes, level);
  }
  static const auto none = rules::RuleSet::activate({}, 1, {});
  static const auto elsewhere = rules::RuleSet::activate(
      test::config_of(
          "[[rule]]\nmatch = { topic = \"a/b/c/d/e/f\", text = \"none such\" }\nfault = "
          "{ type = \"drop\" }",
          "mqtt")
          .rules,
      1, {});
  const std::size_t piece = data[0] % 7 + 1U;
  passes(bytes, piece, *none);
  // Nothing is dropped, so every alias is known when it is used.
  passes(bytes, piece, *elsewhere);
  return 0;
}
