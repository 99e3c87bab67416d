// DeliveryTrace is the recorded capacity of a link, in the format of mahimahi (mm-link(1)): each
// line has the time in milliseconds at which the link can deliver 1500 bytes. Times never decrease;
// a time that occurs n times is an opportunity to deliver n packets. After its last time the trace
// begins again. Blank lines, and the rest of a line after #, are ignored.
//
//   0
//   4        at 0 ms one packet, at 4 ms two, at 9 ms one; then at 9 + 0 ms, 9 + 4 ms...
//   4
//   9
//
// Opportunities are numbered from 0, over all repetitions. Copies share the times. Immutable; any
// thread.
#pragma once

#include <memory>
#include <vector>

#include "rules/schema/file_text.h"

namespace brownout::rules {

class DeliveryTrace {
 public:
  static constexpr std::size_t kMost = 1'000'000;       // limit of lines
  static constexpr std::uint32_t kLatest = 86'400'000;  // limit of times: a day
  static constexpr std::int64_t kPacket = 1500;         // bytes of each opportunity

  // An error names the line.
  static Result<DeliveryTrace> parse(std::string_view text);

  // Returns the time of an opportunity, counted from the start of the trace.
  Duration at(std::uint64_t opportunity) const;
  // Returns the first opportunity at or after this time.
  std::uint64_t first_from(Duration time) const;
  Duration period() const { return std::chrono::milliseconds(times_->back()); }
  std::size_t size() const { return times_->size(); }

 private:
  std::shared_ptr<const std::vector<std::uint32_t>> times_;
};

template <>
struct ValueKind<DeliveryTrace> {
  static std::string name() { return std::string(kFilePath); }
  static Result<DeliveryTrace> read(const Node& node);
  static std::string print(const DeliveryTrace&) { return "..."; }
};

}  // namespace brownout::rules
