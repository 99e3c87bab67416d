// QueueLimit is the maximum length of a queue of datagrams, in one of three units:
//
//   "128 KiB"      bytes
//   "50 ms"        the bytes that pass at the rate of the link within this time (`latency` of
//                  tc-tbf(8))
//   "20 packets"   datagrams (`limit` of tc-netem(8))
//
// Plain values; any thread.
#pragma once

#include <limits>

#include "rules/schema/schema.h"

namespace brownout::rules {

struct QueueLimit {
  enum class Unit { kBytes, kTime, kPackets };
  Unit unit = Unit::kBytes;
  Bytes bytes{};
  Duration time{};
  std::int64_t packets = 0;

  static QueueLimit of(Bytes bytes) { return {.bytes = bytes}; }

  // Returns how many bytes may wait, for a link with this rate.
  std::int64_t most_bytes(Rate rate) const {
    if (unit == Unit::kBytes) return bytes.count;
    if (unit == Unit::kPackets) return std::numeric_limits<std::int64_t>::max();
    const auto seconds = std::chrono::duration<double>(time).count();
    const auto most = seconds * static_cast<double>(rate.bits_per_second) / 8;
    return static_cast<std::int64_t>(std::min(most, 1e15));
  }
  std::size_t most_packets() const {
    return unit == Unit::kPackets ? static_cast<std::size_t>(packets)
                                  : std::numeric_limits<std::size_t>::max();
  }
};

template <>
struct ValueKind<QueueLimit> {
  static std::string name() { return "size, duration or \"N packets\""; }
  static Result<QueueLimit> read(const Node& node);
  static std::string print(const QueueLimit& value);
};

}  // namespace brownout::rules
