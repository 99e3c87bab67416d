// Checks for message codecs with any bytes. Bytes that pass through a tunnel, cut at any place,
// must not change. Messages must be the same after they are read, written and read again.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rules/protocols/codec/message_tunnel.h"
#include "tests/fuzz/require.h"
#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

struct FuzzSink final : messages::MessageTunnel::Owner {
  void tunnel_bytes(rules::Direction, codecs::ByteView bytes) override {
    out += codecs::text_of(bytes);
  }
  void tunnel_finished(rules::Direction) override {}
  void tunnel_closed(rules::Close) override { require(false); }
  void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {
    require(false);
  }
  void tunnel_report(std::string_view, std::string_view) override { ++reports; }
  std::string out;
  int reports = 0;
};

inline void passes(const rules::Config& config, codecs::ByteView bytes, std::size_t piece) {
  FuzzSink sink;
  messages::MessageTunnel tunnel(static_cast<messages::MessageTunnel::Owner&>(sink),
                                 codec_for(config.listeners.front()), flow_of(1));
  const auto set = rules::RuleSet::activate(config.rules, 1, {});
  tunnel.set_rules(*set, {});
  for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    tunnel.push(rules::Direction::kUpstream, rest.first(std::min(piece, rest.size())), {});
  }
  tunnel.finish(rules::Direction::kUpstream, {});
  require(sink.reports <= 1);
  require(sink.out == codecs::text_of(bytes));
}

// Returns the payloads of all complete messages. `anew` receives the same messages, each written as
// if a rule had changed it.
inline std::vector<std::string> payloads_of(const rules::Config& config, codecs::ByteView bytes,
                                            std::string* anew, bool ends) {
  const auto codec = codec_for(config.listeners.front());
  auto& reader = codec->reader(rules::Direction::kUpstream);
  std::vector<std::string> payloads;
  const auto take = [&](const codecs::Bytes& payload,
                        std::shared_ptr<const rules::Message> message) {
    payloads.emplace_back(codecs::text_of(payload));
    if (anew == nullptr) return;
    auto chunk = rules::Chunk::of(payload, std::move(message));
    chunk.mutable_bytes();
    *anew += codecs::text_of(codec->write(chunk, rules::Direction::kUpstream));
  };
  while (!bytes.empty()) {
    auto step = reader.next(bytes, true);
    if (!step.broken.empty()) return payloads;
    require((step.taken > 0 || step.ended) && step.taken <= bytes.size());
    bytes = bytes.subspan(step.taken);
    if (step.ended) take(step.ended->payload, step.ended->message);
  }
  if (auto last = ends ? reader.last() : std::nullopt) take(last->payload, last->message);
  return payloads;
}

// `ends`: whether the stream ends after the bytes, which may complete a message.
inline void differential(const rules::Config& config, codecs::ByteView bytes, bool ends = false) {
  std::string anew;
  const auto once = payloads_of(config, bytes, &anew, ends);
  require(payloads_of(config, codecs::bytes_of(anew), nullptr, ends) == once);
}

}  // namespace brownout::test
