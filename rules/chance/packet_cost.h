// PacketCost computes how many bytes a packet occupies on a physical link, including link-layer
// overhead. The parameters are those of `rate` in tc-netem(8) (overhead, cell, cell_overhead) and
// of mpu in tc-tbf(8) (minimum). An ATM link, for example, has cells of 48 bytes with an overhead
// of 5 bytes. Plain values; any thread.
#pragma once

#include <algorithm>

#include "rules/base/units.h"

namespace brownout::rules {

struct PacketCost {
  Bytes overhead{};       // added to each packet
  Bytes minimum{};        // least size of a packet with its overhead
  Bytes cell{};           // size of the cells that carry a packet; 0 for a link without cells
  Bytes cell_overhead{};  // added to each cell

  // Payload of a full segment of TCP (RFC 9293, 3.7.1) in an Ethernet frame: a stream counts as
  // segments of this size.
  static constexpr std::int64_t kSegment = 1460;

  bool is_free() const { return overhead.count == 0 && minimum.count == 0 && cell.count == 0; }

  // Returns the bytes on the link for a packet of this size.
  std::int64_t of_packet(std::int64_t bytes) const {
    const auto whole = std::max(bytes + overhead.count, minimum.count);
    if (cell.count == 0) return whole;
    return (whole + cell.count - 1) / cell.count * (cell.count + cell_overhead.count);
  }
  // Returns the bytes on the link for the part of a stream from `begin` to `end`, both counted from
  // the start of a segment. The costs of parts add up to the cost of the whole, however the stream
  // is divided.
  std::int64_t of_stream(std::int64_t begin, std::int64_t end) const {
    return up_to(end) - up_to(begin);
  }

 private:
  std::int64_t up_to(std::int64_t bytes) const {
    const auto rest = bytes % kSegment;
    return bytes / kSegment * of_packet(kSegment) + (rest > 0 ? of_packet(rest) : 0);
  }
};

}  // namespace brownout::rules
