// Fuzzes MQTT inside WebSocket with any bytes, cut at any place and parsed for a rule that never
// matches. The content of the messages must not change, even if the frames differ.
#include <cstddef>
#include <cstdint>
#include <span>

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/websocket/codec/websocket.h"
#include "tests/fuzz/message_fuzz.h"

namespace brownout::test {
namespace {

struct Said {
  std::string data;
  std::vector<std::string> controls;
  bool broken = false;
  friend bool operator==(const Said&, const Said&) = default;
};

Said said_by(codecs::ByteView bytes) {
  codecs::WebSocketParser parser;
  Said said;
  std::string control;
  while (!bytes.empty() && !said.broken) {
    const auto step = parser.next(bytes);
    said.broken = step.broken;
    if (step.broken) break;
    bytes = bytes.subspan(step.taken);
    (parser.control() ? control : said.data) += codecs::text_of(parser.payload());
    if (parser.control() && step.frame_ended) said.controls.push_back(std::exchange(control, {}));
  }
  return said;
}

std::string through(const rules::RuleSet& set, codecs::ByteView bytes, std::size_t piece) {
  FuzzSink sink;
  const auto flow = flow_of(1);
  messages::MessageTunnel tunnel(static_cast<messages::MessageTunnel::Owner&>(sink),
                                 messages::codec_of_websocket("mqtt", "", flow.key()), flow);
  tunnel.set_rules(set, {});
  for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    tunnel.push(rules::Direction::kUpstream, rest.first(std::min(piece, rest.size())), {});
  }
  tunnel.finish(rules::Direction::kUpstream, {});
  require(sink.reports <= 1);
  return sink.out;
}

}  // namespace
}  // namespace brownout::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brownout;
  static const auto elsewhere = test::config_of(
      "[[rule]]\nmatch = { topic = \"a/b/c/d/e/f\", text = \"none such\" }\nfault = "
      "{ type = \"drop\" }",
      "websocket");
  static const auto set = rules::RuleSet::activate(elsewhere.rules, 1, {});
  static const auto none = rules::RuleSet::activate({}, 1, {});
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  require(test::through(*none, bytes, piece) == codecs::text_of(bytes));
  const auto out = test::through(*set, bytes, piece);
  require(test::said_by(codecs::bytes_of(out)) == test::said_by(bytes));
  return 0;
}
