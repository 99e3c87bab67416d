#include "rules/faults/common/queue_limit.h"

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::int64_t kMostPackets = 1'000'000;

// Returns the number in "20 packets", or nothing.
std::optional<std::int64_t> packets_in(std::string_view text) {
  for (const std::string_view noun : {" packets", " packet"}) {
    if (!text.ends_with(noun)) continue;
    const auto count = text.substr(0, text.size() - noun.size());
    return parse_whole_number(count, kMostPackets);
  }
  return std::nullopt;
}

}  // namespace

Result<QueueLimit> ValueKind<QueueLimit>::read(const Node& node) {
  using Unit = QueueLimit::Unit;
  constexpr auto kHint =
      R"(e.g. "128 KiB", "50 ms" or "20 packets", at least 1 B, 1 ns or 1 packet)";
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a size, a duration or a number of packets");
  QueueLimit limit;
  if (const auto packets = packets_in(*text)) {
    limit = {.unit = Unit::kPackets, .packets = *packets};
  } else if (const auto bytes = parse_bytes(*text)) {
    limit = QueueLimit::of(*bytes);
  } else if (const auto time = parse_duration(*text)) {
    limit = {.unit = Unit::kTime, .time = *time};
  }
  if (limit.bytes.count > 0 || limit.time > Duration::zero() || limit.packets > 0) return limit;
  return config_error(in_quotes(*text) + " is not the length of a queue", kHint);
}

std::string ValueKind<QueueLimit>::print(const QueueLimit& value) {
  if (value.unit == QueueLimit::Unit::kPackets) return count_of(value.packets, "packet");
  return value.unit == QueueLimit::Unit::kTime ? to_text(value.time) : to_text(value.bytes);
}

}  // namespace brownout::rules
