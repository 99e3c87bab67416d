// Fuzzes Redis connections with any bytes. The input alternates between bytes of the client and of
// the server; each byte 0xff switches sides.
#include <cstdint>

#include "rules/protocols/codec/codec_of.h"
#include "tests/fuzz/message_fuzz.h"

using namespace brownout;

namespace {

struct BothWays final : messages::MessageTunnel::Owner {
  void tunnel_bytes(rules::Direction direction, codecs::ByteView bytes) override {
    out[static_cast<std::size_t>(direction)] += codecs::text_of(bytes);
  }
  void tunnel_finished(rules::Direction) override {}
  void tunnel_closed(rules::Close) override { closed = true; }
  void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {}
  void tunnel_report(std::string_view, std::string_view) override {}
  std::string out[2];
  bool closed = false;
};

// Runs a connection in both directions. If `untouched`, no rule matches, and the output must equal
// the input. Otherwise the connection may end, because a rule dropped a reply.
void both_ways(const rules::Config& config, codecs::ByteView bytes, std::size_t piece,
               bool untouched) {
  BothWays ends;
  messages::MessageTunnel tunnel(static_cast<messages::MessageTunnel::Owner&>(ends),
                                 messages::codec_of(config.listeners.front()), test::flow_of(1));
  const auto set = rules::RuleSet::activate(config.rules, 1, {});
  tunnel.set_rules(*set, {});
  std::string in[2];
  auto direction = rules::Direction::kUpstream;
  while (!bytes.empty()) {
    const auto text = codecs::text_of(bytes);
    const auto end = std::min(text.find('\xff'), text.size());
    for (std::size_t at = 0; at < end; at += piece) {
      const auto part = bytes.subspan(at, std::min(piece, end - at));
      in[static_cast<std::size_t>(direction)] += codecs::text_of(part);
      tunnel.push(direction, part, {});
    }
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
    direction = direction == rules::Direction::kUpstream ? rules::Direction::kDownstream
                                                         : rules::Direction::kUpstream;
  }
  tunnel.finish(rules::Direction::kUpstream, {});
  tunnel.finish(rules::Direction::kDownstream, {});
  if (!untouched) return;
  require(!ends.closed);
  require(ends.out[0] == in[0]);
  require(ends.out[1] == in[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const auto config = test::config_of(
      "[[rule]]\nmatch = { key = \"none.such\" }\nfault = { type = \"drop\" }", "redis");
  static const auto none = test::config_of("", "redis");
  static const auto acting = test::config_of(
      "[[rule]]\nmatch = { command = [\"set\", \"exec\"] }\nfault = { type = \"reject\" }\n"
      "[[rule]]\nmatch = { command = \"incr\" }\n"
      "fault = { type = \"duplicate\", share = \"100%\" }\n"
      "[[rule]]\nmatch = { command = \"get\", direction = \"downstream\" }\n"
      "fault = { type = \"drop\" }\n"
      "[[rule]]\nfault = { type = \"replace\", text = \"other\" }",
      "redis");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto piece = 1U + data[0];
  test::passes(none, bytes, piece);
  test::passes(config, bytes, piece);
  test::differential(config, bytes);
  both_ways(none, bytes, piece, true);
  both_ways(config, bytes, piece, true);
  both_ways(acting, bytes, piece, false);
  return 0;
}
