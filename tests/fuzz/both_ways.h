// Runs the connection of a message protocol with any bytes of the client and of the server.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "tests/fuzz/require.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

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

// `text` has bytes of the client and of the server in turn; `change` stands between them. If
// `untouched`, no rule matches, and the output must equal the input. Otherwise the connection may
// end, because a rule dropped a reply.
inline void both_ways(const rules::Config& config, std::string_view text, std::string_view change,
                      std::size_t piece, bool untouched) {
  BothWays ends;
  messages::MessageTunnel tunnel(static_cast<messages::MessageTunnel::Owner&>(ends),
                                 messages::codec_of(config.listeners.front()), flow_of(1));
  const auto set = rules::RuleSet::activate(config.rules, 1, {});
  tunnel.set_rules(*set, {});
  std::string in[2];
  auto direction = rules::Direction::kUpstream;
  while (!text.empty()) {
    const auto end = std::min(text.find(change), text.size());
    for (std::size_t at = 0; at < end; at += piece) {
      const auto part = text.substr(at, std::min(piece, end - at));
      in[static_cast<std::size_t>(direction)] += part;
      tunnel.push(direction, codecs::bytes_of(part), {});
    }
    text.remove_prefix(std::min(end + change.size(), text.size()));
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

}  // namespace brownout::test
